/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a claim that ask the engine: {predict: <scenario>, metric: word} and
 * {match: <scenario with system and with>, metric: word}.
 *
 * Terms: predict answers the deployment that the scenario spells out, or the best there is; its
 *        deployment stays the same in every draw. A match carries an interval of its own.
 */
#include "study/claim_parts.h"
#include "study/metrics.h"
#include "study/option.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const match_words[] = {
    "chips", "ratio", "power_ratio", "cost_ratio", "throughput_ratio", NULL};

static mu_quantity match_word(const mu_match *match, uint32_t word)
{
    const mu_quantity *const answer[] = {&match->chips, &match->ratio, &match->power_ratio,
                                         &match->cost_ratio, &match->throughput_ratio};
    return *answer[word];
}

static const char *const predict_words[MU_SERVICE_METRICS + 1] = {
#define X(field, expression) #field,
    MU_SERVICE_METRIC_LIST(X)
#undef X
};

static const char *unit_of(const mu_claim_engine *engine, const char *metric)
{
    if (engine->is_match) {
        return engine->metric == 0 ? "chips" : "";
    }
    if (strstr(metric, "tokens_per_s") != NULL) {
        return "tokens/s";
    }
    return strncmp(metric, "power", 5) == 0      ? "W"
           : strncmp(metric, "energy", 6) == 0   ? "J"
           : strncmp(metric, "requests", 8) == 0 ? "1/s"
                                                 : "s";
}

static mu_status read_metric(const mu_claim *claim, const mu_node *map, mu_claim_engine *out,
                             const char **word, mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    const char *const *words = out->is_match ? match_words : predict_words;
    const mu_node *node = mu_node_get(map, "metric");
    uint32_t count = 0;
    if (node == NULL) {
        return mu_node_fail(doc, map, err, "expected metric: (%s, ..) beside the question",
                            words[0]);
    }
    mu_status status = mu_node_text(doc, node, "metric", word, err);
    if (status != MU_OK) {
        return status;
    }
    for (; words[count] != NULL; count++) {
        if (strcmp(words[count], *word) == 0) {
            out->metric = count;
            return MU_OK;
        }
    }
    const char *near = mu_text_nearest(*word, words, count);
    return mu_node_fail(doc, node, err, "metric: unknown word \"%.60s\"; %s \"%s\"%s", *word,
                        near != NULL ? "did you mean" : "expected one such as",
                        near != NULL ? near : words[0], near != NULL ? "?" : "");
}

static mu_status make_question(const mu_claim *claim, mu_claim_engine *engine, int side,
                               mu_error *err)
{
    mu_scenario *s = &engine->scenario[side];
    if (s->model[0] == '\0' || s->system[0] == '\0') {
        return mu_fail(err, MU_E_INPUT, "expected model: and system: in the scenario");
    }
    mu_status status =
        mu_question_make(claim->catalog, s, NULL, claim->arena, &engine->question[side], err);
    return status == MU_OK ? mu_question_check_length(&engine->question[side], err) : status;
}

static mu_status make_questions(const mu_claim *claim, mu_claim_engine *engine, mu_error *err)
{
    mu_scenario *s = engine->scenario;
    if (engine->is_match != (s[0].with_count == 1)) {
        return mu_fail(err, MU_E_INPUT, "expected %s",
                       engine->is_match ? "one with: CHIP or SYSTEM" : "no with: in a prediction");
    }
    mu_status status = mu_scenario_settle(&s[0], err);
    if (status == MU_OK) {
        status = mu_scenario_check_steady(&s[0], err);
    }
    if (status == MU_OK) {
        status = make_question(claim, engine, 0, err);
    }
    if (status == MU_OK && engine->is_match) {
        s[1] = s[0];
        (void)snprintf(s[1].system, sizeof s[1].system, "%s", s[0].with[0]);
        s[1].chips = 0.0;
        status = make_question(claim, engine, 1, err);
    }
    return status;
}

/* "match gb200-nvl72 with cloudmatrix-384, deepseek-r1: ratio" */
static const char *formula_of(const mu_claim *claim, const mu_claim_engine *engine,
                              const char *metric)
{
    const mu_scenario *s = engine->scenario;
    const mu_workload *w = &engine->question[0].workload;
    char slo[64] = "";
    if (s->tpot_s > 0.0) {
        (void)snprintf(slo, sizeof slo, ", %.4g ms a token", s->tpot_s * 1e3);
    }
    return mu_arena_printf(claim->arena, "%s of %s %s%s%s, %s, %.6g tokens in, %.6g out%s", metric,
                           engine->is_match ? "match" : "predict", s->system,
                           engine->is_match ? " with " : "", engine->is_match ? s->with[0] : "",
                           s->model, w->input, w->output, slo);
}

static mu_status read_scenario(const mu_claim *claim, const mu_node *map, mu_claim_engine *out,
                               mu_error *err)
{
    static const char *const keys[] = {"predict", "match", "metric"};
    const mu_node *predict = mu_node_get(map, "predict");
    const mu_node *match = mu_node_get(map, "match");
    const mu_doc inner = {.file = claim->entity->doc.file, .root = match != NULL ? match : predict};
    mu_status status = mu_node_known_keys(&claim->entity->doc, map, keys, 3, err);
    if (status == MU_OK && (match == NULL) == (predict == NULL)) {
        status =
            mu_node_fail(&claim->entity->doc, map, err,
                         "expected an expression, or one of {predict: .., metric: ..}, {match: .., "
                         "metric: ..}, {cost: .., metric: ..} and {supply: .., metric: ..}");
    }
    if (status != MU_OK) {
        return status;
    }
    out->is_match = match != NULL;
    mu_scenario_init(&out->scenario[0]);
    status = mu_scenario_read(&inner, &out->scenario[0], err);
    out->scenario[0].samples = out->is_match ? claim->samples : 0.0;
    out->scenario[0].seed = claim->seed;
    return status;
}

mu_status mu_claim_engine_read(mu_claim *claim, const mu_node *node, const char *name,
                               mu_error *err)
{
    mu_claim_engine *engine = MU_NEW(claim->arena, mu_claim_engine, 1);
    const char *metric = "";
    mu_error inner = {0};
    if (engine == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    mu_status status = read_scenario(claim, node, engine, err);
    if (status == MU_OK) {
        status = read_metric(claim, node, engine, &metric, err);
    }
    if (status != MU_OK) {
        return status;
    }
    status = make_questions(claim, engine, &inner);
    if (status != MU_OK && inner.line > 0) {
        *err = inner;
        return status;
    }
    if (status != MU_OK) {
        return mu_node_fail(&claim->entity->doc, node, err, "claim \"%s\", %s: %s",
                            claim->entity->id, name, inner.text);
    }
    mu_claim_operand operand = {
        .engine = engine,
        .draw_name = mu_arena_printf(claim->arena, "claim/%s/%s", claim->entity->id, name)};
    mu_claim_input input = {.kind = MU_INPUT_ENGINE,
                            .name = name,
                            .formula = formula_of(claim, engine, metric),
                            .unit = unit_of(engine, metric),
                            .source = "",
                            .note = "",
                            .grade = '-',
                            .scale = 1.0};
    return operand.draw_name == NULL || input.formula == NULL
               ? mu_fail(err, MU_E_MEMORY, "no memory for a claim")
               : mu_claim_add(claim, &input, &operand, node, err);
}

/* Byte by byte: scenarios begin as zeros, so that equal ones have equal bytes. */
static bool same(const mu_scenario *a, const mu_scenario *b)
{
    const unsigned char *left = (const unsigned char *)a;
    const unsigned char *right = (const unsigned char *)b;
    size_t i = 0;
    while (i < sizeof *a && left[i] == right[i]) {
        i++;
    }
    return i == sizeof *a;
}

/* The entry of a scenario, wherever it was written; NULL: memory is out. */
static mu_claim_entry *find(mu_claim_book *book, const mu_scenario *scenario, mu_arena *arena)
{
    mu_claim_entry *entry = MU_NEW(arena, mu_claim_entry, 1);
    if (entry == NULL) {
        return NULL;
    }
    memcpy(&entry->scenario, scenario, sizeof *scenario);
    memset(entry->scenario.place, 0, sizeof entry->scenario.place);
    memset(entry->scenario.file, 0, sizeof entry->scenario.file);
    for (uint32_t i = 0; i < book->count; i++) {
        if (same(&book->entry[i]->scenario, &entry->scenario)) {
            return book->entry[i];
        }
    }
    return entry;
}

static void keep(mu_claim_book *book, mu_claim_entry *entry)
{
    if (book->count < MU_CLAIM_BOOK_MAX) {
        book->entry[book->count++] = entry;
    }
}

static mu_status ask_match(const mu_claim *claim, const mu_claim_engine *engine, mu_work *work,
                           const mu_match **out, mu_error *err)
{
    mu_claim_entry *entry = find(claim->book, &engine->scenario[0], work->arena);
    if (entry != NULL && entry->match == NULL) {
        mu_match *match = MU_NEW(work->arena, mu_match, 1);
        if (match == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
        }
        mu_status status =
            mu_match_search(&engine->question[0], &engine->question[1], work, match, err);
        if (status != MU_OK) {
            return status;
        }
        entry->match = match;
        keep(claim->book, entry);
    }
    *out = entry != NULL ? entry->match : NULL;
    return entry != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for a claim");
}

mu_status mu_claim_predict(mu_claim *claim, const mu_question *question, mu_work *work,
                           const mu_prediction **out, mu_error *err)
{
    mu_scenario *points = MU_NEW(work->arena, mu_scenario, 1);
    mu_prediction *prediction = MU_NEW(work->arena, mu_prediction, 1);
    mu_scenario *usual = MU_NEW(work->arena, mu_scenario, 1);
    if (points == NULL || prediction == NULL || usual == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    mu_scenario_init(usual);
    memcpy(points, question->scenario, sizeof *points);
    memcpy(&points->cost, &usual->cost, sizeof points->cost); /* money moves no token */
    points->samples = 0.0;                                    /* claims draw for themselves */
    mu_claim_entry *entry = find(claim->book, points, work->arena);
    if (entry == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    if (entry->prediction == NULL) {
        mu_question point = *question;
        point.scenario = points;
        mu_status status = mu_predict(&point, work, prediction, err);
        if (status != MU_OK) {
            return status;
        }
        entry->prediction = prediction;
        keep(claim->book, entry);
    }
    *out = entry->prediction;
    return MU_OK;
}

mu_status mu_claim_engine_ask(mu_claim *claim, uint32_t index, mu_work *work, mu_error *err)
{
    mu_claim_engine *engine = claim->operand[index].engine;
    if (engine->is_match) {
        const mu_match *match = NULL;
        mu_status status = ask_match(claim, engine, work, &match, err);
        if (status == MU_OK) {
            mu_quantity q = match_word(match, engine->metric);
            claim->input[index].range = (mu_range){.best = q.value, .low = q.low, .high = q.high};
        }
        return status;
    }
    const mu_prediction *found = NULL;
    mu_status status = mu_claim_predict(claim, &engine->question[0], work, &found, err);
    if (status == MU_OK) {
        assert(found != NULL);
        mu_prediction prediction = *found;
        engine->deployment = prediction.deployment;
        engine->question[0].precision = prediction.precision;
        engine->point = mu_prediction_metric(&prediction, engine->metric)->value;
    }
    return status;
}
