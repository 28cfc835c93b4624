/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives as moves: which pattern can do what, and who makes it.
 *
 * Terms: pattern = the algorithm, named as libraries name it.
 * Bound: patterns as NCCL, MPICH and HCCL have them; what protocols add is flow_run's matter.
 */
#include "fabric/moves_make.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const double BYTES_MAX = 1e18;

static const char *const PATTERN_TEXT[MU_PATTERN_COUNT] = {
    [MU_PATTERN_RING] = "ring",         [MU_PATTERN_TREE] = "tree",
    [MU_PATTERN_HALVING] = "halving",   [MU_PATTERN_DIRECT] = "direct",
    [MU_PATTERN_PAIRWISE] = "pairwise", [MU_PATTERN_HIERARCHICAL] = "hierarchical",
    [MU_PATTERN_RAILS] = "rails",       [MU_PATTERN_SWITCH] = "switch",
};

#define BIT(pattern) (1U << MU_PATTERN_##pattern)

/* Patterns that can do a collective. */
static const uint32_t CAN[MU_COLLECTIVE_COUNT] = {
    [MU_ALL_REDUCE] = BIT(RING) | BIT(TREE) | BIT(HALVING) | BIT(DIRECT) | BIT(HIERARCHICAL) |
                      BIT(RAILS) | BIT(SWITCH),
    [MU_REDUCE_SCATTER] = BIT(RING) | BIT(HALVING) | BIT(DIRECT) | BIT(HIERARCHICAL) | BIT(RAILS),
    [MU_ALL_GATHER] = BIT(RING) | BIT(HALVING) | BIT(DIRECT) | BIT(HIERARCHICAL) | BIT(RAILS),
    [MU_BROADCAST] = BIT(RING) | BIT(TREE) | BIT(DIRECT),
    [MU_ALL_TO_ALL] = BIT(DIRECT) | BIT(PAIRWISE) | BIT(HIERARCHICAL),
    [MU_POINT_TO_POINT] = BIT(DIRECT),
};

const char *mu_pattern_text(mu_pattern pattern)
{
    return pattern < MU_PATTERN_COUNT ? PATTERN_TEXT[pattern] : "unknown";
}

bool mu_pattern_can(mu_pattern pattern, mu_collective what)
{
    return pattern < MU_PATTERN_COUNT && what < MU_COLLECTIVE_COUNT &&
           (CAN[what] >> pattern & 1U) != 0;
}

/* "ring, tree, direct" */
static void names_of(mu_collective what, char *out, size_t out_size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < MU_PATTERN_COUNT && used < out_size; i++) {
        if (mu_pattern_can((mu_pattern)i, what)) {
            const char *comma = used > 0 ? ", " : "";
            used += (size_t)snprintf(out + used, out_size - used, "%s%s", comma, PATTERN_TEXT[i]);
        }
    }
}

static bool uses_inner(mu_pattern pattern)
{
    return pattern == MU_PATTERN_HIERARCHICAL || pattern == MU_PATTERN_RAILS ||
           pattern == MU_PATTERN_TREE || pattern == MU_PATTERN_SWITCH;
}

static mu_status check_inner(const mu_moves_ask *ask, mu_error *err)
{
    if (!uses_inner(ask->pattern) || (ask->inner > 0 && ask->ranks % ask->inner == 0)) {
        return MU_OK;
    }
    return mu_fail(err, MU_E_INPUT, "%s: expected groups of a size that divides %u ranks, found %u",
                   mu_pattern_text(ask->pattern), ask->ranks, ask->inner);
}

static mu_status check_ask(const mu_moves_ask *ask, mu_error *err)
{
    if (!mu_pattern_can(ask->pattern, ask->what)) {
        char names[128];
        names_of(ask->what, names, sizeof names);
        return mu_fail(err, MU_E_INPUT, "%s cannot do %s: expected one of %s",
                       mu_pattern_text(ask->pattern), mu_collective_text(ask->what), names);
    }
    if (ask->ranks == 0) {
        return mu_fail(err, MU_E_INPUT, "%s: expected 1 rank or more, found none",
                       mu_collective_text(ask->what));
    }
    if (!(ask->bytes >= 0.0 && ask->bytes <= BYTES_MAX)) {
        return mu_fail(err, MU_E_INPUT, "%s: expected 0 to %g bytes, found %g",
                       mu_collective_text(ask->what), BYTES_MAX, ask->bytes);
    }
    if (ask->pattern == MU_PATTERN_HALVING && (ask->ranks & (ask->ranks - 1)) != 0) {
        return mu_fail(err, MU_E_INPUT,
                       "halving: expected a power of two of ranks, found %u; ring takes any",
                       ask->ranks);
    }
    return check_inner(ask, err);
}

uint64_t mu_waves_kinds(const mu_waves *waves)
{
    uint64_t kinds = 0;
    if (waves->run_count == 0) {
        return waves->period < waves->count ? waves->period : waves->count;
    }
    for (uint32_t i = 0; i < waves->run_count; i++) {
        kinds = waves->run[i].kind >= kinds ? waves->run[i].kind + 1ULL : kinds;
    }
    return kinds;
}

uint64_t mu_waves_kind_of(const mu_waves *waves, uint64_t wave)
{
    uint32_t i = 0;
    assert(wave < waves->count);
    if (waves->run_count == 0) {
        return wave % waves->period;
    }
    while (wave >= waves->run[i].end) {
        i++;
    }
    return waves->run[i].kind;
}

uint64_t mu_waves_of_kind(const mu_waves *waves, uint64_t kind, uint64_t *times)
{
    uint64_t first = waves->count;
    uint64_t begin = 0;
    if (waves->run_count == 0) {
        *times = (waves->count - kind + waves->period - 1) / waves->period;
        return kind;
    }
    *times = 0;
    for (uint32_t i = 0; i < waves->run_count; i++) {
        if (waves->run[i].kind == kind) {
            first = *times == 0 ? begin : first;
            *times += waves->run[i].end - begin;
        }
        begin = waves->run[i].end;
    }
    return first;
}

static uint32_t no_sends(const mu_waves *waves, uint64_t wave, uint32_t rank, mu_send *out)
{
    (void)waves;
    (void)wave;
    (void)rank;
    (void)out;
    return 0;
}

/* A single rank has nobody to talk to. */
static void make_nothing(mu_moves *out)
{
    *out = (mu_moves){.kind = MU_MOVES_WAVES,
                      .waves = {.ranks = 1,
                                .period = 1,
                                .waits_receipts = true,
                                .translated = true,
                                .sends = no_sends,
                                .inner = 1}};
}

mu_status mu_moves_make(mu_arena *arena, mu_collective what, mu_pattern pattern, uint32_t ranks,
                        uint32_t inner, double bytes, mu_moves *out, mu_error *err)
{
    mu_moves_ask ask = {what, pattern, ranks, inner, bytes};
    if (inner == 0 && (pattern == MU_PATTERN_SWITCH || pattern == MU_PATTERN_TREE)) {
        ask.inner = pattern == MU_PATTERN_SWITCH ? ranks : 1;
    }
    mu_status status = check_ask(&ask, err);
    if (status != MU_OK) {
        return status;
    }
    if (ranks == 1) {
        make_nothing(out);
        return MU_OK;
    }
    if (pattern == MU_PATTERN_TREE) {
        return mu_moves_tree(arena, &ask, out, err);
    }
    if (pattern == MU_PATTERN_RING && what == MU_BROADCAST) {
        return mu_moves_chain(arena, &ask, out, err);
    }
    if (pattern == MU_PATTERN_RAILS) {
        mu_moves_rails(&ask, out);
        return MU_OK;
    }
    return mu_moves_phases(arena, &ask, out, err);
}
