/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waves on the wires, message by message: each rank goes on as its own messages end and come.
 *
 * Terms: early = waves for which messages that come before their rank gets there are counted.
 * Bound: a rank may run at most EARLY_MAX waves ahead of those it sends to.
 */
#include "fabric/flow_job.h"

#include <assert.h>

enum { EARLY_FIRST = 8, EARLY_MAX = 1 << 14 };

typedef struct waves_run {
    job_run *run;
    const mu_waves *waves;
    mu_send *sends; /* scratch */
    uint32_t *wave; /* [members] */
    uint32_t *open; /* [members] own messages under way */
    uint32_t *to;   /* [members * sends_max] member that a message goes to */
    uint32_t *come; /* [members * early] messages that have come, by wave mod early */
    uint32_t early;
    uint32_t *expected; /* [kinds * ranks] messages that come in a wave; NULL: none is waited for */
    uint32_t finished;  /* members */
} waves_run;

/* --- message by message --- */

static mu_status count_expected(waves_run *w)
{
    const mu_waves *waves = w->waves;
    uint32_t ranks = waves->ranks;
    w->expected = MU_NEW(w->run->arena, uint32_t, mu_waves_kinds(waves) * ranks);
    if (w->expected == NULL) {
        return mu_job_memory(w->run);
    }
    for (uint64_t kind = 0; kind < mu_waves_kinds(waves); kind++) {
        uint64_t times = 0;
        uint64_t wave = mu_waves_of_kind(waves, kind, &times);
        for (uint32_t r = 0; r < ranks; r++) {
            uint32_t count = waves->sends(waves, wave, r, w->sends);
            for (uint32_t i = 0; i < count; i++) {
                w->expected[kind * ranks + w->sends[i].to]++;
            }
        }
    }
    return MU_OK;
}

static mu_status prepare(waves_run *w)
{
    const mu_waves *waves = w->waves;
    mu_arena *arena = w->run->arena;
    uint64_t members = w->run->fold;
    w->sends = MU_NEW(arena, mu_send, waves->sends_max);
    w->wave = MU_NEW(arena, uint32_t, members);
    w->open = MU_NEW(arena, uint32_t, members);
    w->to = MU_NEW(arena, uint32_t, members * waves->sends_max);
    w->early = EARLY_FIRST;
    w->come = MU_NEW(arena, uint32_t, members * w->early);
    if (w->sends == NULL || w->wave == NULL || w->open == NULL || w->to == NULL ||
        w->come == NULL) {
        return mu_job_memory(w->run);
    }
    return waves->waits_receipts ? count_expected(w) : MU_OK;
}

static mu_status send_wave(waves_run *w, uint32_t member)
{
    uint32_t ranks = w->waves->ranks;
    uint32_t rank = member % ranks;
    uint32_t base = member - rank;
    uint64_t first = (uint64_t)member * w->waves->sends_max;
    uint32_t count = w->waves->sends(w->waves, w->wave[member], rank, w->sends);
    mu_status status = MU_OK;
    assert(count <= w->waves->sends_max);
    w->open[member] = count;
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        w->to[first + i] = (base + w->sends[i].to) % w->run->fold;
        status = mu_job_send(w->run, member, base + w->sends[i].to, w->sends[i].bytes, first + i);
    }
    return status;
}

static uint32_t *come_of(const waves_run *w, uint32_t member, uint32_t wave)
{
    return &w->come[(uint64_t)member * w->early + wave % w->early];
}

/* Counts for twice as many waves. */
static mu_status look_further(waves_run *w, uint32_t behind)
{
    if (w->early >= EARLY_MAX) {
        return mu_fail(w->run->err, MU_E_INPUT,
                       "a rank gets more than %u waves ahead of rank %u: too uneven to follow",
                       w->early, behind % w->waves->ranks);
    }
    waves_run wider = *w;
    wider.early = 2 * w->early;
    wider.come = MU_NEW(w->run->arena, uint32_t, (uint64_t)w->run->fold * wider.early);
    if (wider.come == NULL) {
        return mu_job_memory(w->run);
    }
    for (uint32_t m = 0; m < w->run->fold; m++) {
        for (uint32_t wave = w->wave[m]; wave < w->wave[m] + w->early; wave++) {
            *come_of(&wider, m, wave) = *come_of(w, m, wave);
        }
    }
    *w = wider;
    return MU_OK;
}

static bool wave_over(waves_run *w, uint32_t member)
{
    if (w->open[member] > 0) {
        return false;
    }
    if (w->expected == NULL) {
        return true;
    }
    uint64_t kind = mu_waves_kind_of(w->waves, w->wave[member]);
    uint32_t rank = member % w->waves->ranks;
    uint32_t *come = come_of(w, member, w->wave[member]);
    if (*come < w->expected[kind * w->waves->ranks + rank]) {
        return false;
    }
    *come = 0;
    return true;
}

/* Goes through waves until one has something to wait for. */
static mu_status go_on(waves_run *w, uint32_t member)
{
    mu_status status = MU_OK;
    while (status == MU_OK && w->wave[member] < w->waves->count && wave_over(w, member)) {
        w->wave[member]++;
        if (w->wave[member] == w->waves->count) {
            w->finished++;
        } else {
            status = send_wave(w, member);
        }
    }
    return status;
}

static mu_status receive(waves_run *w, uint32_t member, uint32_t wave)
{
    mu_job_note(w->run, member);
    if (w->expected == NULL) {
        return MU_OK;
    }
    while (wave >= w->wave[member] + w->early) {
        mu_status status = look_further(w, member);
        if (status != MU_OK) {
            return status;
        }
    }
    ++*come_of(w, member, wave);
    return go_on(w, member);
}

static mu_status end_message(waves_run *w, uint64_t tag)
{
    uint32_t member = (uint32_t)(tag / w->waves->sends_max);
    uint32_t wave = w->wave[member];
    mu_job_note(w->run, member);
    w->open[member]--;
    mu_status status = receive(w, w->to[tag], wave);
    return status == MU_OK ? go_on(w, member) : status;
}

static mu_status begin(waves_run *w)
{
    mu_status status = MU_OK;
    for (uint32_t m = 0; m < w->run->fold && status == MU_OK; m++) {
        if (w->waves->count == 0) {
            w->finished++;
        } else {
            status = send_wave(w, m);
        }
    }
    for (uint32_t m = 0; m < w->run->fold && status == MU_OK; m++) {
        status = go_on(w, m); /* those with nothing to do in their first waves */
    }
    return status;
}

mu_status mu_job_run_waves(job_run *run)
{
    waves_run w = {.run = run, .waves = &run->job->moves->waves};
    mu_status status = w.waves->count >= UINT32_MAX
                           ? mu_fail(run->err, MU_E_INPUT, "too many waves")
                           : mu_job_engine(run, run->fold);
    if (status == MU_OK) {
        status = prepare(&w);
    }
    if (status == MU_OK) {
        status = begin(&w);
    }
    while (status == MU_OK && w.finished < run->fold) {
        const uint64_t *tags = NULL;
        uint64_t count = 0;
        status = mu_flows_next(run->flows, &tags, &count, run->err);
        if (status == MU_OK && count == 0) {
            return mu_fail(run->err, MU_E_INPUT, "ranks wait for messages that nobody sends");
        }
        for (uint64_t i = 0; i < count && status == MU_OK; i++) {
            status = end_message(&w, tags[i]);
        }
    }
    return status;
}
