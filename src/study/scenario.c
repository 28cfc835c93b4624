/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scenario files: from a document to a mu_scenario by way of the option registry.
 *
 * What:  walks the map; the dotted path of a node is looked up in the registry, so a new row there
 *        is a new key here.
 * Terms: short form = `system: id` for `system: {id: id}` and its like.
 * Bound: three levels of maps, which is what the registry's paths have.
 */
#include "base/text.h"
#include "study/option.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_CHARS = 128, KEYS_MAX = 64, LEVELS_MAX = 3 };

/* Where the walk is: one document into one scenario. */
typedef struct reader {
    const mu_doc *doc;
    mu_scenario *scenario;
    mu_error *err;
} reader;

/* Short forms: a plain value where a map is expected. */
static const struct {
    const char *map;
    const char *path;
} short_forms[] = {
    {"system", "system.id"},
    {"deployment", "deployment.mode"},
    {"uncertainty", "uncertainty.samples"},
};

static bool is_plain(const mu_node *node)
{
    return node->kind == MU_NODE_SCALAR || node->kind == MU_NODE_STRING;
}

static const char *kind_text(const mu_node *node)
{
    switch (node->kind) {
    case MU_NODE_NULL:
        return "nothing";
    case MU_NODE_LIST:
        return "a list";
    case MU_NODE_MAP:
        return "a map";
    case MU_NODE_SCALAR:
    case MU_NODE_STRING:
        break;
    }
    return "a value";
}

/* A quoted "8" is text, and a count is none. Units need quotes in JSON, so those may have them. */
static bool wants_bare_number(const mu_option *option, const mu_node *node)
{
    bool unitless = option->dimension == MU_DIM_COUNT || option->dimension == MU_DIM_NONE ||
                    option->dimension == MU_DIM_FRACTION;
    double ignored = 0.0;
    return node->kind == MU_NODE_STRING && unitless && mu_text_number(node->text, &ignored);
}

/* Sets an option from a plain node; the message gets the node's place. */
static mu_status set_plain(reader *r, const mu_option *option, const mu_node *node)
{
    if (!is_plain(node)) {
        return mu_node_fail(r->doc, node, r->err, "%s: expected %s, found %s", option->path,
                            option->dimension == MU_DIM_TEXT ? option->value
                                                             : mu_unit_hint(option->dimension),
                            kind_text(node));
    }
    if (wants_bare_number(option, node)) {
        return mu_node_fail(r->doc, node, r->err, "%s: expected a number, found the text \"%.64s\"",
                            option->path, node->text);
    }
    mu_error local = {0};
    mu_status status = mu_option_set(option, node->text, r->scenario, &local);
    if (status != MU_OK) {
        return mu_node_fail(r->doc, node, r->err, "%s", local.text);
    }
    return MU_OK;
}

/* A list: numbers by position, or ids. Joined with commas, as the registry reads them. */
static mu_status set_list(reader *r, const mu_option *option, const mu_node *node)
{
    char joined[1024] = "";
    size_t used = 0;
    if (option->type != MU_OPTION_NUMBERS && option->type != MU_OPTION_LIST) {
        return set_plain(r, option, node); /* which refuses it */
    }
    for (uint32_t i = 0; i < node->count; i++) {
        const mu_node *item = &node->child[i];
        if (!is_plain(item) || strchr(item->text, ',') != NULL || wants_bare_number(option, item)) {
            return mu_node_fail(r->doc, item, r->err, "%s: expected a plain value in the list",
                                option->path);
        }
        int length =
            snprintf(joined + used, sizeof joined - used, "%s%s", i > 0 ? "," : "", item->text);
        if (length < 0 || (size_t)length >= sizeof joined - used) {
            return mu_node_fail(r->doc, node, r->err, "%s: the list is too long", option->path);
        }
        used += (size_t)length;
    }
    mu_error local = {0};
    mu_status status = mu_option_set(option, joined, r->scenario, &local);
    return status == MU_OK ? MU_OK : mu_node_fail(r->doc, node, r->err, "%s", local.text);
}

/* The first of serving.* speaks for all of them. */
static void warn_over_time(mu_scenario *scenario, const char *path)
{
    static const char serving[] = "serving.";
    size_t length = sizeof serving - 1;
    bool whole = strncmp(path, serving, length) == 0;
    for (uint32_t i = 0; whole && i < scenario->warning_count; i++) {
        if (strncmp(scenario->warning[i], serving, length - 1) == 0) {
            return;
        }
    }
    mu_scenario_warn(scenario,
                     "%s: steady state knows no requests over time; simulate and plan --verify do",
                     whole ? "serving" : path);
}

/* `sigma` of workload.input is the key workload.input_sigma, and so on. */
static mu_status set_part(reader *r, const mu_option *option, const mu_node *node)
{
    char path[PATH_MAX_CHARS];
    if (strcmp(node->key, "mean") == 0) {
        return set_plain(r, option, node);
    }
    (void)snprintf(path, sizeof path, "%s_%s", option->path, node->key);
    const mu_option *part = mu_option_by_path(path);
    assert(part != NULL);
    return set_plain(r, part, node);
}

/* workload.input: {mean: 1024, sigma: 300}, or {histogram: FILE} */
static mu_status set_distribution(reader *r, const mu_option *option, const mu_node *node)
{
    static const char *const known[] = {"mean", "sigma", "histogram"};
    mu_status status = mu_node_known_keys(r->doc, node, known, 3, r->err);
    if (status != MU_OK) {
        return status;
    }
    bool mean = mu_node_get(node, "mean") != NULL;
    bool histogram = mu_node_get(node, "histogram") != NULL;
    if (mean == histogram || (histogram && node->count > 1)) {
        return mu_node_fail(r->doc, node, r->err,
                            "%s: expected a mean, with or without sigma, or a histogram",
                            option->path);
    }
    for (uint32_t i = 0; i < node->count && status == MU_OK; i++) {
        status = set_part(r, option, &node->child[i]);
    }
    if (status == MU_OK && node->count + histogram > 1) {
        mu_scenario_warn(r->scenario, "%s: steady state knows means only; %s is not used",
                         option->path, histogram ? "the rest of the histogram" : "sigma");
    }
    return status;
}

/* slo.tpot: {p99: 50ms} */
static mu_status set_percentile(reader *r, const mu_option *option, const mu_node *node)
{
    static const char *const known[] = {"mean", "p50", "p90", "p95", "p99"};
    mu_status status = mu_node_known_keys(r->doc, node, known, 5, r->err);
    if (status != MU_OK) {
        return status;
    }
    if (node->count != 1) {
        return mu_node_fail(r->doc, node, r->err, "%s: expected one percentile, found %u",
                            option->path, node->count);
    }
    status = set_plain(r, option, &node->child[0]);
    if (status == MU_OK && strcmp(node->child[0].key, "mean") != 0) {
        mu_scenario_warn(r->scenario, "%s: steady state knows means only; %s is held as a mean",
                         option->path, node->child[0].key);
    }
    return status;
}

const mu_role_wish *mu_scenario_main_role(const mu_scenario *scenario)
{
    return scenario->serve.given ? &scenario->serve : &scenario->decode;
}

bool mu_scenario_topic_of(const char *path, mu_scenario_topic *out)
{
    static const struct {
        const char *prefix;
        mu_scenario_topic topic;
    } topics[] = {{"model", MU_TOPIC_MODEL},
                  {"system.", MU_TOPIC_SYSTEM},
                  {"engine", MU_TOPIC_ENGINE},
                  {"deployment.", MU_TOPIC_DEPLOYMENT},
                  {"cost.region", MU_TOPIC_REGION},
                  {"cost.rent", MU_TOPIC_RENT},
                  {"cost.electricity", MU_TOPIC_ELECTRICITY},
                  {"cost.price", MU_TOPIC_PRICE},
                  {"cost.currency", MU_TOPIC_CURRENCY}};
    if (strcmp(path, "workload.trace") == 0) {
        *out = MU_TOPIC_TRACE;
        return true;
    }
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        if (strncmp(path, topics[i].prefix, strlen(topics[i].prefix)) == 0) {
            *out = topics[i].topic;
            return true;
        }
    }
    return false;
}

void mu_scenario_blame(const mu_scenario *scenario, mu_scenario_topic topic, mu_error *err)
{
    const mu_place *place = &scenario->place[topic];
    if (err == NULL || err->file[0] != '\0' || scenario->file[0] == '\0' || place->line == 0) {
        return;
    }
    (void)snprintf(err->file, sizeof err->file, "%s", scenario->file);
    err->line = place->line;
    err->column = place->column;
}

/* The first key of a topic is its place. */
static void note_place(reader *r, const mu_option *option, const mu_node *node)
{
    mu_scenario_topic topic;
    if (mu_scenario_topic_of(option->path, &topic) && r->scenario->place[topic].line == 0) {
        r->scenario->place[topic] = (mu_place){.line = node->line, .column = node->column};
    }
}

static mu_status set_option_at(reader *r, const mu_option *option, const mu_node *node)
{
    if (node->kind == MU_NODE_LIST) {
        return set_list(r, option, node);
    }
    if (node->kind == MU_NODE_MAP && strncmp(option->path, "slo.", 4) == 0) {
        return set_percentile(r, option, node);
    }
    if (node->kind == MU_NODE_MAP && (strcmp(option->path, "workload.input") == 0 ||
                                      strcmp(option->path, "workload.output") == 0)) {
        return set_distribution(r, option, node);
    }
    return set_plain(r, option, node);
}

static mu_status set_option(reader *r, const mu_option *option, const mu_node *node)
{
    mu_scenario_topic topic;
    bool known = mu_scenario_topic_of(option->path, &topic);
    mu_place before = known ? r->scenario->place[topic] : (mu_place){0};
    mu_status status = set_option_at(r, option, node);
    if (known) {
        r->scenario->place[topic] = before; /* setting forgets it, as a flag must */
    }
    note_place(r, option, node);
    if (status == MU_OK && option->over_time && strcmp(option->path, "workload.trace") != 0) {
        warn_over_time(r->scenario, option->path);
    }
    return status;
}

/* Words that may follow `prefix` ("" at the top), each once, into keys; they live in `store`. */
static uint32_t keys_below(const char *prefix, char store[KEYS_MAX][32], const char *keys[KEYS_MAX])
{
    size_t count = 0;
    size_t length = strlen(prefix);
    uint32_t found = 0;
    const mu_option *rows = mu_options(&count);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(rows[i].path, prefix, length) != 0) {
            continue;
        }
        const char *word = rows[i].path + length;
        size_t word_length = strcspn(word, ".");
        bool seen = found > 0 && strncmp(store[found - 1], word, word_length) == 0 &&
                    store[found - 1][word_length] == '\0';
        if (!seen) {
            assert(found < KEYS_MAX && word_length < sizeof store[0]);
            memcpy(store[found], word, word_length);
            store[found][word_length] = '\0';
            keys[found] = store[found];
            found++;
        }
    }
    return found;
}

static mu_status check_keys(reader *r, const mu_node *map, const char *prefix)
{
    char store[KEYS_MAX][32];
    const char *keys[KEYS_MAX];
    uint32_t count = keys_below(prefix, store, keys);
    return mu_node_known_keys(r->doc, map, keys, count, r->err);
}

static const mu_option *short_form(const char *path)
{
    for (size_t i = 0; i < sizeof short_forms / sizeof short_forms[0]; i++) {
        if (strcmp(short_forms[i].map, path) == 0) {
            return mu_option_by_path(short_forms[i].path);
        }
    }
    return NULL;
}

static void mark_given(mu_scenario *scenario, const char *path)
{
    scenario->serve.given |= strcmp(path, "deployment.serve") == 0;
    scenario->prefill.given |= strcmp(path, "deployment.prefill") == 0;
    scenario->decode.given |= strcmp(path, "deployment.decode") == 0;
}

/* A map that is being walked. */
typedef struct level {
    const mu_node *map;
    uint32_t next;
    char prefix[PATH_MAX_CHARS]; /* "deployment." */
} level;

/* One node: sets its option; or, when it is a map of the registry's, returns it in *below. */
static mu_status read_node(reader *r, const mu_node *node, const char *path, const mu_node **below)
{
    const mu_option *option = mu_option_by_path(path);
    *below = NULL;
    if (option == NULL && is_plain(node)) {
        option = short_form(path);
    }
    if (option != NULL) {
        return set_option(r, option, node);
    }
    if (node->kind != MU_NODE_MAP) {
        return mu_node_fail(r->doc, node, r->err, "%s: expected a map, found %s", path,
                            kind_text(node));
    }
    mark_given(r->scenario, path);
    *below = node;
    return MU_OK;
}

static mu_status open_level(reader *r, const mu_node *map, const char *path, level *out)
{
    out->map = map;
    out->next = 0;
    (void)snprintf(out->prefix, sizeof out->prefix, "%.120s%s", path, path[0] == '\0' ? "" : ".");
    return check_keys(r, map, out->prefix);
}

/* Maps within maps, as deep as the registry's paths. */
static mu_status read_maps(reader *r, const mu_node *root)
{
    level levels[LEVELS_MAX];
    uint32_t depth = 1;
    mu_status status = open_level(r, root, "", &levels[0]);
    while (status == MU_OK && depth > 0) {
        level *at = &levels[depth - 1];
        if (at->next == at->map->count) {
            depth--;
            continue;
        }
        char path[PATH_MAX_CHARS];
        const mu_node *node = &at->map->child[at->next++];
        const mu_node *below = NULL;
        (void)snprintf(path, sizeof path, "%s%s", at->prefix, node->key);
        status = read_node(r, node, path, &below);
        if (status == MU_OK && below != NULL) {
            assert(depth < LEVELS_MAX);
            status = open_level(r, below, path, &levels[depth++]);
        }
    }
    return status;
}

mu_status mu_scenario_read(const mu_doc *doc, mu_scenario *scenario, mu_error *err)
{
    assert(doc != NULL && scenario != NULL);
    reader r = {doc, scenario, err};
    if (doc->root == NULL || doc->root->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, doc->root, err,
                            "expected a scenario (a map with model, system, workload), found %s",
                            doc->root == NULL ? "nothing" : kind_text(doc->root));
    }
    snprintf(scenario->file, sizeof scenario->file, "%s", doc->file);
    return read_maps(&r, doc->root);
}

mu_status mu_scenario_check_steady(const mu_scenario *scenario, mu_error *err)
{
    if (scenario->trace[0] == '\0') {
        return MU_OK;
    }
    mu_status status =
        mu_fail(err, MU_E_INPUT,
                "workload.trace: a trace needs a request-level simulation (muster "
                "simulate, plan --verify), which the steady-state verbs do not do; expected "
                "input, output and concurrency or rate");
    mu_scenario_blame(scenario, MU_TOPIC_TRACE, err);
    return status;
}

mu_arrival_wish mu_scenario_arrival(const mu_scenario *scenario)
{
    if (scenario->arrival != MU_ARRIVE_AUTO) {
        return (mu_arrival_wish)scenario->arrival;
    }
    if (scenario->trace[0] != '\0') {
        return MU_ARRIVE_TRACE;
    }
    return scenario->rate > 0.0 ? MU_ARRIVE_POISSON : MU_ARRIVE_CLOSED;
}

static mu_status check_arrival(const mu_scenario *s, mu_error *err)
{
    mu_arrival_wish arrival = mu_scenario_arrival(s);
    bool trace = s->trace[0] != '\0';
    const char *what = NULL;
    if (s->rate > 0.0 && s->concurrency > 0.0) {
        what = "rate is an open stream, concurrency a closed loop; expected one of the two";
    } else if (trace && (s->rate > 0.0 || s->concurrency > 0.0)) {
        what = "a trace says when requests arrive; expected no rate and no concurrency beside it";
    } else if (trace != (arrival == MU_ARRIVE_TRACE)) {
        what = trace ? "arrivals are the trace's; expected arrival trace"
                     : "arrival trace: expected trace, the file to read";
    } else if (arrival == MU_ARRIVE_CLOSED && s->rate > 0.0) {
        what = "arrival closed: a closed loop has a concurrency, not a rate";
    } else if (arrival != MU_ARRIVE_CLOSED && !trace && s->rate <= 0.0) {
        what = "arrivals of an open stream: expected a rate, such as 10/s";
    }
    return what == NULL ? MU_OK : mu_fail_at(err, MU_E_INPUT, s->file, 0, 0, "workload: %s", what);
}

/* An instance more and one less for the same load would go on without end. */
static mu_status check_scaling(const mu_scenario *s, mu_error *err)
{
    const mu_serving_wish *v = &s->serving;
    if (v->autoscale_most <= 0.0 || v->autoscale_low <= v->autoscale_high) {
        return MU_OK;
    }
    return mu_fail_at(err, MU_E_INPUT, s->file, 0, 0,
                      "serving.autoscale_low: expected no more than autoscale_high, %.9g, found "
                      "%.9g",
                      v->autoscale_high, v->autoscale_low);
}

static mu_status check_network(const mu_scenario *s, mu_error *err)
{
    if (s->network == MU_NETWORK_FLOW || !(s->network_background > 0.0)) {
        return MU_OK;
    }
    return mu_fail_at(err, MU_E_INPUT, s->file, 0, 0,
                      "network_background: only wires that are shared have one; expected network: "
                      "flow beside it");
}

mu_status mu_scenario_settle(mu_scenario *scenario, mu_error *err)
{
    bool apart = scenario->prefill.given || scenario->decode.given;
    if (scenario->serve.given && apart) {
        return mu_fail_at(
            err, MU_E_INPUT, scenario->file, 0, 0,
            "deployment: role serve belongs to mode aggregated, prefill and decode to "
            "disaggregated; expected one of the two");
    }
    if (scenario->mode == MU_MODE_AGGREGATED && apart) {
        return mu_fail_at(err, MU_E_INPUT, scenario->file, 0, 0,
                          "deployment: mode aggregated has the one role serve, found %s",
                          scenario->decode.given ? "decode" : "prefill");
    }
    if (scenario->mode == MU_MODE_DISAGGREGATED && scenario->serve.given) {
        return mu_fail_at(err, MU_E_INPUT, scenario->file, 0, 0,
                          "deployment: mode disaggregated has the roles prefill and decode, found "
                          "serve");
    }
    if (scenario->mode == MU_MODE_AUTO && apart) {
        scenario->mode = MU_MODE_DISAGGREGATED;
    }
    if (scenario->mode == MU_MODE_AUTO && scenario->serve.given) {
        scenario->mode = MU_MODE_AGGREGATED;
    }
    mu_status status = check_arrival(scenario, err);
    if (status == MU_OK) {
        status = check_scaling(scenario, err);
    }
    return status == MU_OK ? check_network(scenario, err) : status;
}

void mu_scenario_warn(mu_scenario *scenario, const char *format, ...)
{
    if (scenario->warning_count == MU_SCENARIO_WARNINGS_MAX) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(scenario->warning[scenario->warning_count], MU_SCENARIO_WARNING_TEXT_MAX, format,
              args);
    va_end(args);
    scenario->warning_count++;
}
