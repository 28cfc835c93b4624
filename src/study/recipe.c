/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading recipes, and finding those a measured case is a row of.
 *
 * Terms: label = what a result row says of a role's degrees. Labels of published tables are of
 *        four sorts: the degrees; tensor times expert degree where it was the tensor degree; the
 *        ranks of all workers of both roles; nothing (one rank everywhere). A decode role's expert
 *        degree is often its prefill role's.
 */
#include "study/recipe.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const double degree_most = 65536.0;

static mu_status read_degree(const mu_doc *doc, const mu_node *map, const char *key, double unsaid,
                             double *out, mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    uint64_t value = 0;
    if (node == NULL) {
        *out = unsaid;
        return MU_OK;
    }
    mu_status status = mu_node_count(doc, node, key, 0, (uint64_t)degree_most, &value, err);
    *out = (double)value;
    return status;
}

static mu_status read_role(const mu_doc *doc, const mu_node *run, const char *name,
                           mu_recipe_role *out, mu_error *err)
{
    static const char *const known[] = {"workers", "tp", "pp", "ep", "dp_attention"};
    const mu_node *map = mu_node_get(run, name);
    if (map == NULL) {
        return MU_OK;
    }
    if (map->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, map, err, "%s: expected a map of degrees", name);
    }
    out->given = true;
    mu_status status = mu_node_known_keys(doc, map, known, sizeof known / sizeof *known, err);
    if (status == MU_OK) {
        status = read_degree(doc, map, "workers", 0.0, &out->workers, err);
    }
    if (status == MU_OK) {
        status = read_degree(doc, map, "tp", 1.0, &out->tp, err);
    }
    if (status == MU_OK) {
        status = read_degree(doc, map, "pp", 1.0, &out->pp, err);
    }
    if (status == MU_OK) {
        status = read_degree(doc, map, "ep", 1.0, &out->ep, err);
    }
    const mu_node *data = mu_node_get(map, "dp_attention");
    return status == MU_OK && data != NULL
               ? mu_node_bool(doc, data, "dp_attention", &out->dp_attention, err)
               : status;
}

static mu_status read_concurrencies(const mu_doc *doc, const mu_node *map, mu_recipe_run *out,
                                    mu_error *err)
{
    const mu_node *list = mu_node_get(map, "concurrency");
    if (list == NULL || list->kind != MU_NODE_LIST || list->count == 0 ||
        list->count > MU_RECIPE_CONCURRENCIES_MAX) {
        return mu_node_fail(doc, list != NULL ? list : map, err,
                            "expected concurrency: a list of 1 to %d numbers",
                            MU_RECIPE_CONCURRENCIES_MAX);
    }
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < list->count && status == MU_OK; i++) {
        status = mu_node_number(doc, &list->child[i], "concurrency", 1.0, 1e7, &out->concurrency[i],
                                err);
    }
    out->concurrency_count = list->count;
    return status;
}

static mu_status read_tokens(const mu_doc *doc, const mu_node *map, const char *key, double *out,
                             mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    return node != NULL ? mu_node_number(doc, node, key, 1.0, 1e9, out, err)
                        : mu_node_fail(doc, map, err, "expected %s: (tokens)", key);
}

static mu_status read_day(const mu_doc *doc, const mu_node *map, const char *key, const char **out,
                          mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    *out = "";
    return node != NULL ? mu_node_text(doc, node, key, out, err) : MU_OK;
}

mu_status mu_recipe_days_read(const mu_doc *doc, const mu_node *map, mu_recipe_days *out,
                              mu_error *err)
{
    mu_status status = read_day(doc, map, "from", &out->from, err);
    return status == MU_OK ? read_day(doc, map, "until", &out->until, err) : status;
}

static mu_status read_run(const mu_entity *recipe, const mu_node *map, mu_recipe_run *out,
                          mu_error *err)
{
    static const char *const known[] = {"input",  "output",         "drafts", "concurrency",
                                        "from",   "until",          "serve",  "prefill",
                                        "decode", "engine_versions"};
    const mu_doc *doc = &recipe->doc;
    if (map->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, map, err, "runs: expected a map");
    }
    *out = (mu_recipe_run){.recipe = recipe};
    mu_status status = mu_node_known_keys(doc, map, known, sizeof known / sizeof *known, err);
    if (status == MU_OK) {
        status = read_tokens(doc, map, "input", &out->input, err);
    }
    if (status == MU_OK) {
        status = read_tokens(doc, map, "output", &out->output, err);
    }
    if (status == MU_OK) {
        status = read_degree(doc, map, "drafts", 0.0, &out->drafts, err);
    }
    if (status == MU_OK) {
        status = read_concurrencies(doc, map, out, err);
    }
    if (status == MU_OK) {
        status = mu_recipe_days_read(doc, map, &out->days, err);
    }
    out->engine_versions = mu_node_get(map, "engine_versions");
    if (status == MU_OK) {
        status = read_role(doc, map, "serve", &out->serve, err);
    }
    if (status == MU_OK) {
        status = read_role(doc, map, "prefill", &out->prefill, err);
    }
    if (status == MU_OK) {
        status = read_role(doc, map, "decode", &out->decode, err);
    }
    bool whole = out->serve.given ? !out->prefill.given && !out->decode.given
                                  : out->prefill.given && out->decode.given;
    return status != MU_OK || whole
               ? status
               : mu_node_fail(doc, map, err, "expected `serve`, or `prefill` and `decode`");
}

static uint32_t count_runs(const mu_catalog *catalog)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_RECIPE); i++) {
        const mu_entity *recipe = mu_catalog_at(catalog, MU_ENTITY_RECIPE, i);
        const mu_node *runs = mu_catalog_node(catalog, recipe, "runs", NULL);
        count += runs != NULL && runs->kind == MU_NODE_LIST ? runs->count : 0;
    }
    return count;
}

/* A fact of a recipe; `unsaid` where it has none. */
static mu_status read_fact(const mu_catalog *catalog, const mu_entity *recipe, const char *path,
                           double unsaid, double *out, mu_error *err)
{
    mu_fact fact;
    mu_status status = mu_catalog_fact(catalog, recipe, path, false, &fact, err);
    if (status == MU_OK) {
        *out = fact.path != NULL ? fact.range.best : unsaid;
    }
    return status;
}

static mu_status read_traffic(const mu_catalog *catalog, const mu_entity *recipe,
                              mu_recipe_traffic *out, mu_error *err)
{
    out->recipe = recipe;
    mu_status status = read_fact(catalog, recipe, "length_ratio", 1.0, &out->length_ratio, err);
    return status == MU_OK ? read_fact(catalog, recipe, "requests_per_client", 0.0,
                                       &out->requests_per_client, err)
                           : status;
}

static mu_status read_recipe(const mu_catalog *catalog, const mu_entity *recipe,
                             mu_recipe_run run[], mu_recipe_traffic traffic[], mu_recipe_book *out,
                             mu_error *err)
{
    const mu_node *runs = mu_catalog_node(catalog, recipe, "runs", NULL);
    mu_recipe_traffic *sent = &traffic[out->traffic_count];
    mu_status status = read_traffic(catalog, recipe, sent, err);
    bool sends = sent->length_ratio < 1.0 || sent->requests_per_client > 0.0;
    out->traffic_count += status == MU_OK && sends;
    bool launches = mu_catalog_node(catalog, recipe, "servers", NULL) != NULL;
    if (status != MU_OK || (runs == NULL && (sends || launches))) {
        return status;
    }
    if (runs == NULL || runs->kind != MU_NODE_LIST) {
        return mu_node_fail(&recipe->doc, runs, err, "expected runs: a list");
    }
    for (uint32_t k = 0; k < runs->count && status == MU_OK; k++) {
        status = read_run(recipe, &runs->child[k], &run[out->count++], err);
    }
    return status;
}

mu_status mu_recipe_book_read(const mu_catalog *catalog, mu_arena *arena, mu_recipe_book *out,
                              mu_error *err)
{
    uint32_t recipes = mu_catalog_count(catalog, MU_ENTITY_RECIPE);
    mu_recipe_run *run = MU_NEW(arena, mu_recipe_run, (size_t)count_runs(catalog) + 1);
    mu_recipe_traffic *traffic = MU_NEW(arena, mu_recipe_traffic, (size_t)recipes + 1);
    if (run == NULL || traffic == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the recipes");
    }
    mu_recipe_book book = {.run = run, .traffic = traffic};
    for (uint32_t i = 0; i < recipes; i++) {
        const mu_entity *recipe = mu_catalog_at(catalog, MU_ENTITY_RECIPE, i);
        mu_status status = read_recipe(catalog, recipe, run, traffic, &book, err);
        if (status != MU_OK) {
            return status;
        }
    }
    *out = book;
    return MU_OK;
}

/* Whether a node is the text `wanted`, or a list that holds it. */
static bool holds(const mu_node *node, const char *wanted)
{
    if (node == NULL || node->kind != MU_NODE_LIST) {
        return node != NULL && node->text != NULL && strcmp(node->text, wanted) == 0;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (node->child[i].text != NULL && strcmp(node->child[i].text, wanted) == 0) {
            return true;
        }
    }
    return false;
}

static bool lists(const mu_catalog *catalog, const mu_entity *recipe, const char *path,
                  const char *wanted)
{
    return holds(mu_catalog_node(catalog, recipe, path, NULL), wanted);
}

bool mu_recipe_is_of(const mu_catalog *catalog, const mu_entity *recipe, const mu_case *c,
                     const mu_question *question, const mu_scenario *scenario)
{
    mu_dtype weights;
    const char *text = mu_catalog_text(catalog, recipe, "weights");
    bool dated = c->date[0] != '\0' && mu_catalog_node(catalog, recipe, "dates", NULL) != NULL;
    return lists(catalog, recipe, "suites", c->source) &&
           lists(catalog, recipe, "models", question->model.id) &&
           lists(catalog, recipe, "systems", question->system->id) &&
           lists(catalog, recipe, "engine", question->engine->id) && text != NULL &&
           mu_dtype_parse(text, &weights) && (int)weights == scenario->weights &&
           (!dated || lists(catalog, recipe, "dates", c->date));
}

/* Days compare as texts. */
bool mu_recipe_days_hold(const mu_recipe_days *days, const char *day)
{
    return (days->from[0] == '\0' || strcmp(day, days->from) >= 0) &&
           (days->until[0] == '\0' || strcmp(day, days->until) <= 0);
}

static bool was_current(const mu_recipe_run *run, const mu_case *c)
{
    bool then = c->date[0] == '\0' || mu_recipe_days_hold(&run->days, c->date);
    bool other = run->engine_versions != NULL && c->engine_version[0] != '\0' &&
                 !holds(run->engine_versions, c->engine_version);
    return then && !other;
}

static bool asks_the_same(const mu_recipe_run *run, const mu_scenario *scenario)
{
    if (run->input != scenario->input || run->output != scenario->output) {
        return false;
    }
    for (uint32_t i = 0; i < run->concurrency_count; i++) {
        if (run->concurrency[i] == scenario->concurrency) {
            return true;
        }
    }
    return false;
}

static double said(double degree)
{
    return degree >= 1.0 ? degree : 1.0;
}

/* How well a label agrees, from best to not at all. */
typedef enum label_fit {
    LABEL_DEGREES,
    LABEL_PRODUCT,
    LABEL_ALL,
    LABEL_NOTHING,
    LABEL_NOT
} label_fit;

static double ranks_of(const mu_recipe_role *role)
{
    return role->given ? said(role->workers) * role->tp * role->pp : 0.0;
}

static double printed_ranks(const mu_role_wish *wish)
{
    return said(wish->tp) * said(wish->dp) * said(wish->cp);
}

/*
 * Ranks that an aggregated label stands for. Where experts are spread over the ranks of attention,
 * tables print the square: four ranks as tp 16, ep 4 (dp 16 by data), or as tp 4, dp 4, ep 16.
 */
static double served_ranks(const mu_role_wish *wish)
{
    double ranks = printed_ranks(wish);
    double ep = said(wish->ep);
    if (ep > 1.0 && ranks == ep * ep) {
        return ep;
    }
    return ep > 1.0 && ranks == ep && said(wish->tp) == said(wish->dp) ? said(wish->tp) : ranks;
}

static label_fit fit_serve(const mu_role_wish *wish, const mu_recipe_role *role)
{
    double ranks = served_ranks(wish);
    if (ranks == role->tp) {
        return LABEL_DEGREES;
    }
    if (ranks == ranks_of(role)) {
        return LABEL_ALL;
    }
    return ranks == 1.0 ? LABEL_NOTHING : LABEL_NOT;
}

static label_fit fit_label(const mu_role_wish *wish, const mu_recipe_role *role, double all)
{
    double ranks = printed_ranks(wish);
    bool counted = wish->batch > 0.0 && role->workers > 0.0;
    if (counted && said(wish->instances) != role->workers) {
        return LABEL_NOT;
    }
    if (ranks == role->tp) {
        return LABEL_DEGREES;
    }
    if (ranks == role->tp * role->ep) {
        return LABEL_PRODUCT;
    }
    if (ranks == all) {
        return LABEL_ALL;
    }
    return ranks == 1.0 ? LABEL_NOTHING : LABEL_NOT;
}

static label_fit worse(label_fit a, label_fit b)
{
    return a > b ? a : b;
}

/* Aggregated labels of all ranks stand for either mode. */
static label_fit fit_run(const mu_scenario *s, const mu_recipe_run *run)
{
    double all = ranks_of(&run->prefill) + ranks_of(&run->decode);
    if (s->serve.given && run->serve.given) {
        return fit_serve(&s->serve, &run->serve);
    }
    if (s->serve.given) {
        return said(s->serve.tp) * said(s->serve.dp) == all ? LABEL_ALL : LABEL_NOT;
    }
    return run->serve.given ? LABEL_NOT
                            : worse(fit_label(&s->prefill, &run->prefill, all),
                                    fit_label(&s->decode, &run->decode, all));
}

static int agree(const mu_role_wish *wish, const mu_recipe_role *role)
{
    return (said(wish->ep) == role->ep ? 1 : 0) +
           ((said(wish->dp) > 1.0) == role->dp_attention ? 1 : 0);
}

/* Degrees besides the ranks that agree, where the label can be believed. */
static int agreements(const mu_scenario *s, const mu_recipe_run *run)
{
    if (s->serve.given) {
        mu_role_wish label = s->serve;
        bool square = served_ranks(&label) != printed_ranks(&label);
        label.ep = square ? served_ranks(&label) : label.ep;
        return run->serve.given ? agree(&label, &run->serve) : 0;
    }
    bool counted = s->decode.batch > 0.0;
    return counted ? agree(&s->prefill, &run->prefill) + agree(&s->decode, &run->decode)
                   : (said(s->prefill.ep) == run->prefill.ep ? 1 : 0);
}

static bool same_role(const mu_recipe_role *a, const mu_recipe_role *b)
{
    return a->given == b->given && a->workers == b->workers && a->tp == b->tp && a->pp == b->pp &&
           a->ep == b->ep && a->dp_attention == b->dp_attention;
}

static bool answered_alike(const mu_recipe_run *a, const mu_recipe_run *b)
{
    return a->drafts == b->drafts && same_role(&a->serve, &b->serve) &&
           same_role(&a->prefill, &b->prefill) && same_role(&a->decode, &b->decode);
}

uint32_t mu_recipe_match(const mu_recipe_book *book, const mu_catalog *catalog, const mu_case *c,
                         const mu_question *question, const mu_scenario *scenario,
                         const mu_recipe_run *out[MU_RECIPE_MATCHES_MAX])
{
    enum { AGREEMENTS_MAX = 8 };
    uint32_t count = 0;
    int best = 0;
    const mu_entity *judged = NULL;
    bool fits = false;
    bool drafts = true;
    for (uint32_t i = 0; i < book->count; i++) {
        const mu_recipe_run *run = &book->run[i];
        if (run->recipe != judged) {
            judged = run->recipe;
            fits = mu_recipe_is_of(catalog, run->recipe, c, question, scenario);
            drafts = !lists(catalog, run->recipe, "undrafted", question->model.id);
        }
        label_fit fit = fits && (drafts || run->drafts == 0.0) && asks_the_same(run, scenario) &&
                                was_current(run, c)
                            ? fit_run(scenario, run)
                            : LABEL_NOT;
        int agreed = AGREEMENTS_MAX * (int)(LABEL_NOT - fit) + agreements(scenario, run);
        if (fit == LABEL_NOT || agreed < best) {
            continue;
        }
        count = agreed > best ? 0 : count;
        best = agreed;
        bool known = false;
        for (uint32_t k = 0; k < count && k < MU_RECIPE_MATCHES_MAX && !known; k++) {
            known = answered_alike(out[k], run);
        }
        if (!known && count < MU_RECIPE_MATCHES_MAX) {
            out[count] = run;
        }
        count += known ? 0 : 1;
    }
    return count <= MU_RECIPE_MATCHES_MAX ? count : 0;
}

static void apply_role(const mu_recipe_role *role, double drafts, mu_role_wish *wish)
{
    wish->given = role->given;
    if (!role->given) {
        return;
    }
    wish->instances = role->workers;
    wish->tp = role->dp_attention ? 0.0 : role->tp;
    wish->dp = role->dp_attention ? role->tp : 0.0;
    wish->pp = role->pp;
    wish->ep = role->ep;
    wish->moe_tp = 0.0;
    wish->batch = 0.0; /* as many as are in flight */
    wish->mtp = drafts;
}

void mu_recipe_apply(const mu_recipe_run *run, mu_scenario *scenario)
{
    scenario->mode = run->serve.given ? MU_MODE_AGGREGATED : MU_MODE_DISAGGREGATED;
    apply_role(&run->serve, run->drafts, &scenario->serve);
    apply_role(&run->prefill, 0.0, &scenario->prefill);
    apply_role(&run->decode, run->drafts, &scenario->decode);
}

/* What a recipe does not say holds for any. */
static bool allows(const mu_catalog *catalog, const mu_entity *recipe, const char *path,
                   const char *wanted)
{
    return mu_catalog_node(catalog, recipe, path, NULL) == NULL ||
           lists(catalog, recipe, path, wanted);
}

const mu_recipe_traffic *mu_recipe_traffic_of(const mu_recipe_book *book, const mu_catalog *catalog,
                                              const mu_case *c, const mu_question *question)
{
    for (uint32_t i = 0; i < book->traffic_count; i++) {
        const mu_entity *recipe = book->traffic[i].recipe;
        if (lists(catalog, recipe, "suites", c->source) &&
            allows(catalog, recipe, "models", question->model.id) &&
            allows(catalog, recipe, "engine", question->engine->id)) {
            return &book->traffic[i];
        }
    }
    return NULL;
}
