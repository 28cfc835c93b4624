/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation: what is loaded once, then all cases over the threads, then the scores.
 */
#include "study/validate_parts.h"

#include "base/text.h"

#include <assert.h>
#include <string.h>

/* Rows that may be fitted on, of a hundred. */
enum { FIT_OF_HUNDRED = 70 };

const char *mu_measure_text(mu_measure_kind kind)
{
    static const char *const words[MU_MEASURE_COUNT] = {
#define X(name, word) word,
        MU_MEASURE_LIST(X)
#undef X
    };
    assert((unsigned)kind < MU_MEASURE_COUNT);
    return words[kind];
}

bool mu_case_is_fit(const char *key)
{
    /* A chip goes by several names. The last bits of FNV-1a hang on the last letters: mix. */
    const char *question = strchr(key, ' ');
    uint64_t hash = mu_text_hash(question != NULL ? question : key);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    return (hash >> 32) % 100 < FIT_OF_HUNDRED;
}

void mu_case_refuse(const mu_validate_run *run, uint32_t case_index, const char *why)
{
    for (uint32_t i = 0; i < run->cases[case_index].measure_count; i++) {
        mu_outcome *outcome = &run->outcome[run->first[case_index] + i];
        outcome->answered = false;
        outcome->why = why;
    }
}

static mu_status answer_one(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const mu_validate_run *run = context;
    const mu_case *c = &run->cases[index];
    uint32_t at = (uint32_t)index;
    if (c->fault != NULL) {
        mu_case_refuse(run, at, c->fault);
        return MU_OK;
    }
    switch (c->verb) {
    case MU_CASE_PREDICT:
        return mu_service_case_answer(run, at, worker, err);
    case MU_CASE_OP:
        mu_op_case_answer(run, at, worker);
        return MU_OK;
    case MU_CASE_OTHER:
        break;
    }
    mu_case_refuse(run, at, "its verb is not answered in steady state; expected predict or op");
    return MU_OK;
}

/* Outcomes laid out in case order. */
static mu_status lay_out(mu_validate_run *run, uint32_t *outcome_count, mu_error *err)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < run->case_count; i++) {
        total += run->cases[i].measure_count;
    }
    if (total > UINT32_MAX / 8) {
        return mu_fail(err, MU_E_INPUT, "too many measures at once");
    }
    run->outcome = MU_NEW(run->arena, mu_outcome, total + 1);
    run->source = MU_NEW(run->arena, uint32_t, run->case_count + (size_t)1);
    run->first = MU_NEW(run->arena, uint32_t, run->case_count + (size_t)1);
    if (run->outcome == NULL || run->source == NULL || run->first == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %u cases", run->case_count);
    }
    uint32_t next = 0;
    for (uint32_t i = 0; i < run->case_count; i++) {
        run->first[i] = next;
        for (uint32_t k = 0; k < run->cases[i].measure_count; k++) {
            const mu_measure *measure = &run->cases[i].measure[k];
            run->outcome[next++] =
                (mu_outcome){.case_index = i, .kind = measure->kind, .measured = measure->value};
        }
    }
    *outcome_count = next;
    return MU_OK;
}

/* At most one target or set a case; the lists are as long as there are distinct ones, few. */
static mu_status load_all(mu_validate_run *run, mu_error *err)
{
    enum { SOURCES_MAX = 4096 };
    run->target = MU_NEW(run->arena, mu_op_target, SOURCES_MAX);
    run->set = MU_NEW(run->arena, mu_machine_set *, SOURCES_MAX);
    if (run->target == NULL || run->set == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for chips and systems");
    }
    mu_status status = mu_recipe_book_read(run->catalog, run->arena, &run->recipes, err);
    if (status == MU_OK) {
        status = mu_server_book_read(run->catalog, run->arena, &run->servers, err);
    }
    for (uint32_t i = 0; i < run->case_count && status == MU_OK; i++) {
        const mu_case *c = &run->cases[i];
        if (run->target_count == SOURCES_MAX || run->set_count == SOURCES_MAX) {
            return mu_fail(err, MU_E_INPUT, "more than %d chips and systems", SOURCES_MAX);
        }
        if (c->fault != NULL) {
            continue;
        }
        if (c->verb == MU_CASE_PREDICT) {
            status = mu_machine_set_find(run, i, err);
        } else if (c->verb == MU_CASE_OP) {
            status = mu_op_target_find(run, i, err);
        }
    }
    return status;
}

static void free_workers(mu_validate_run *run, uint32_t threads)
{
    for (uint32_t i = 0; i < threads; i++) {
        mu_arena_free(run->worker[i].scratch);
        mu_arena_free(run->worker[i].texts);
        mu_pool_free(run->worker[i].pool);
    }
}

static mu_status make_workers(mu_validate_run *run, uint32_t threads, mu_error *err)
{
    run->worker = MU_NEW(run->arena, mu_validate_worker, threads);
    bool ok = run->worker != NULL;
    for (uint32_t i = 0; i < threads && ok; i++) {
        run->worker[i].scratch = mu_arena_create(0);
        run->worker[i].texts = mu_arena_create(0);
        run->worker[i].pool = mu_pool_create(1);
        run->worker[i].load = MU_NEW(run->arena, mu_load_slot, MU_LOAD_SLOTS);
        ok = run->worker[i].scratch != NULL && run->worker[i].texts != NULL &&
             run->worker[i].pool != NULL && run->worker[i].load != NULL;
    }
    if (ok) {
        return MU_OK;
    }
    if (run->worker != NULL) {
        free_workers(run, threads);
    }
    return mu_fail(err, MU_E_MEMORY, "no memory for the threads");
}

/* Reasons move to the run's arena; neighbours that share one keep sharing it. */
static mu_status keep_reasons(const mu_validate_run *run, uint32_t outcome_count, mu_error *err)
{
    const char *last = NULL;
    const char *kept = NULL;
    for (uint32_t i = 0; i < outcome_count; i++) {
        const char *why = run->outcome[i].why;
        if (why == NULL) {
            continue;
        }
        if (why != last) {
            last = why;
            kept = mu_arena_text(run->arena, why, strlen(why));
        }
        if (kept == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for the reasons");
        }
        run->outcome[i].why = kept;
    }
    return MU_OK;
}

static mu_status answer_all(mu_validate_run *run, mu_work *work, uint32_t outcome_count,
                            mu_error *err)
{
    uint32_t threads = mu_pool_threads(work->pool);
    mu_status status = make_workers(run, threads, err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_pool_run(work->pool, run->case_count, 0, answer_one, run, work->progress,
                         work->progress_context, err);
    if (status == MU_OK) {
        status = keep_reasons(run, outcome_count, err);
    }
    free_workers(run, threads);
    return status;
}

/* How far a whole group may be off before its unit is doubted. */
static const double unit_doubt = 100.0;

/* Errors all near -1: predictions a hundredth or less; a median error over 100: a hundred times or
   more. */
static bool doubts_unit(const mu_score *score)
{
    bool far_below = score->n > 0 && score->bias < -1.0 + 1.0 / unit_doubt;
    return far_below || (score->n > 0 && score->median > unit_doubt);
}

/* Groups of deployments start with a measure. */
static bool is_of_operators(const char *name)
{
    size_t length = strcspn(name, "/");
    for (int i = 0; i < MU_MEASURE_COUNT; i++) {
        const char *word = mu_measure_text((mu_measure_kind)i);
        if (strlen(word) == length && strncmp(word, name, length) == 0) {
            return false;
        }
    }
    return true;
}

/* Some rows off like a unit, while most of the others are right. */
static bool slips_some(const mu_score_group *group)
{
    uint64_t slips = group->held_out.slips + group->fitted.slips;
    uint64_t others = group->held_out.n + group->fitted.n - slips;
    return slips > 0 && 2 * (group->held_out.near + group->fitted.near) > others;
}

/* Some rows of a group in one unit, the others in another. NULL when out of memory. */
static const char *mixed_units(const mu_validation *v, const mu_score_group *group, mu_arena *arena)
{
    const mu_score *parts[] = {&group->held_out, &group->fitted};
    const mu_score *first = parts[0]->slips > 0 ? parts[0] : parts[1];
    uint64_t slips = parts[0]->slips + parts[1]->slips;
    uint64_t rows = parts[0]->n + parts[1]->n;
    return mu_arena_printf(arena,
                           "%s: %llu of %llu rows are about 1000 or a million times off, the "
                           "others are not; are units mixed? The first: %s",
                           group->name, (unsigned long long)slips, (unsigned long long)rows,
                           v->cases[v->outcome[first->slip].case_index].id);
}

static mu_status add_warnings(mu_validation *v, mu_arena *arena, mu_error *err)
{
    const char **text = MU_NEW(arena, const char *, v->group_count);
    bool ok = text != NULL;
    for (uint32_t i = 1; i < v->group_count && ok; i++) {
        const mu_score_group *group = &v->group[i];
        bool doubted = doubts_unit(&group->held_out) || doubts_unit(&group->fitted);
        bool slipped = slips_some(group);
        if (!is_of_operators(group->name) || !(doubted || slipped)) {
            continue;
        }
        const char *line =
            doubted ? mu_arena_printf(arena,
                                      "%s: predicted and measured are a factor of 100 or more "
                                      "apart; is the unit of the measurements right?",
                                      group->name)
                    : mixed_units(v, group, arena);
        ok = line != NULL;
        text[v->warning_count++] = line;
    }
    v->warning = text;
    return ok ? MU_OK : mu_fail(err, MU_E_MEMORY, "no memory for warnings");
}

mu_status mu_validate(const mu_catalog *catalog, const mu_case cases[], uint32_t count,
                      const mu_validate_options *options, mu_work *work, mu_validation *out,
                      mu_error *err)
{
    assert(options->samples <= MU_VALIDATE_SAMPLES_MAX);
    mu_validate_run run = {.catalog = catalog,
                           .cases = cases,
                           .case_count = count,
                           .options = *options,
                           .arena = work->arena};
    mu_validation result = {.cases = cases, .case_count = count, .intervals = options->samples > 0};
    mu_status status = lay_out(&run, &result.outcome_count, err);
    if (status == MU_OK) {
        status = load_all(&run, err);
    }
    if (status == MU_OK) {
        status = answer_all(&run, work, result.outcome_count, err);
    }
    result.outcome = run.outcome;
    if (status == MU_OK) {
        status = mu_score_groups(cases, run.outcome, result.outcome_count, result.intervals,
                                 work->arena, &result.group, &result.group_count, err);
    }
    if (status == MU_OK) {
        status = add_warnings(&result, work->arena, err);
    }
    if (status == MU_OK) {
        *out = result;
    }
    return status;
}
