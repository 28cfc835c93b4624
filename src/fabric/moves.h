/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collectives as data: who sends how many bytes to whom, after what has arrived.
 *
 * Two forms. Waves: every rank goes through the same number of waves, sends a few messages in each,
 * and goes on when its own of that wave are through and those meant for it have come; made on the
 * fly, so that a ring over 4,096 ranks takes no memory. A list: every move names the moves it
 * waits for; for trees, pipelines, and what users bring.
 *
 * Terms: ranks are those of the group, 0 .. ranks-1; where they sit is said elsewhere.
 */
#ifndef MUSTER_FABRIC_MOVES_H
#define MUSTER_FABRIC_MOVES_H

#include "base/arena.h"
#include "base/error.h"
#include "fabric/fabric.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_send {
    uint32_t to;
    double bytes;
} mu_send;

typedef struct mu_waves mu_waves;

/* Messages that `rank` sends in `wave`, at most sends_max, none to itself; returns how many. */
typedef uint32_t mu_wave_sends(const mu_waves *waves, uint64_t wave, uint32_t rank, mu_send *out);

/* Waves that are one like the other. */
typedef struct mu_wave_run {
    uint64_t end;  /* the wave after its last; runs follow one another */
    uint32_t kind; /* runs of one kind are alike */
} mu_wave_run;

struct mu_waves {
    uint32_t ranks;
    uint64_t count;      /* waves */
    uint64_t period;     /* wave w is wave w mod period over again (>= 1) */
    uint32_t sends_max;  /* of one rank in one wave */
    bool waits_receipts; /* a rank goes on when its messages have come, too; else only its own sends
                            must be through */
    bool translated;     /* in each wave rank r sends what rank 0 sends, to ranks shifted by r
                            (mod ranks), in the same order. Not of halving, which is the same from
                            every rank only under xor. */
    mu_wave_sends *sends;
    const mu_wave_run *run; /* [run_count]; none: kinds of waves are those of a period */
    uint32_t run_count;
    double bytes;    /* for `sends`: as the collective's convention has it */
    uint32_t inner;  /* for `sends`: ranks of an inner group */
    const void *own; /* for `sends` */
};

/** How many kinds of waves there are; all waves of one kind are alike. 0 where there is no wave. */
uint64_t mu_waves_kinds(const mu_waves *waves);

/** Kind of a wave, 0 .. mu_waves_kinds() - 1. O(runs), at most 64. */
uint64_t mu_waves_kind_of(const mu_waves *waves, uint64_t wave);

/** First wave of a kind; *times: how many waves there are of it. */
uint64_t mu_waves_of_kind(const mu_waves *waves, uint64_t kind, uint64_t *times);

typedef struct mu_move {
    uint32_t from;
    uint32_t to;
    double bytes;
    uint32_t need_first; /* needs[need_first .. + need_count): moves that must have arrived */
    uint32_t need_count;
} mu_move;

typedef struct mu_move_list {
    uint32_t ranks;
    uint32_t count;
    const mu_move *move;
    const uint32_t *needs;
} mu_move_list;

typedef enum mu_moves_kind { MU_MOVES_WAVES, MU_MOVES_LIST } mu_moves_kind;

typedef struct mu_moves {
    mu_moves_kind kind;
    mu_waves waves;
    mu_move_list list;
} mu_moves;

/* What `mu_moves_make` can make. */
typedef enum mu_pattern {
    MU_PATTERN_RING,         /* all-reduce, reduce-scatter, all-gather, broadcast (a chain) */
    MU_PATTERN_TREE,         /* double binary tree, pipelined: all-reduce, broadcast; with `inner`
                                (0: 1), trees of groups, one through every place of a group */
    MU_PATTERN_HALVING,      /* recursive halving-doubling: the same as ring but broadcast */
    MU_PATTERN_DIRECT,       /* everyone to everyone at once; broadcast: rank 0 to all; point to
                                point: rank 0 to 1 */
    MU_PATTERN_PAIRWISE,     /* all-to-all in rounds, (r + i) mod n; next when one's own is over */
    MU_PATTERN_HIERARCHICAL, /* inside groups of `inner` ranks everyone to everyone, across them a
                                ring a place, inside again; all-to-all: to the place of the
                                destination, then across */
    MU_PATTERN_RAILS,        /* `inner` rings at once, each crossing between groups on a rail of its
                                own: as ring but broadcast */
    MU_PATTERN_SWITCH,       /* all-reduce added up by the switch of each group of `inner` (0: all),
                                a ring across: see below */
    MU_PATTERN_COUNT
} mu_pattern;

/** Whether a pattern can do a collective. */
bool mu_pattern_can(mu_pattern pattern, mu_collective what);

/**
 * Moves of a collective over ranks >= 1 ranks; bytes as mu_fabric_collective() takes them, 0 to
 * 1e18. `inner` (hierarchical, rails, tree, switch) divides ranks. Waves where the pattern has
 * them, else a list in the arena (tree, broadcast by ring), cut into chunks that follow one
 * another. One rank moves nothing.
 *
 * Switches have no ends of messages here. Where they add (as NVLink SHARP), a rank's buffer goes up
 * once and its part of the sum comes down, then the part goes up and all parts come down: in all
 * bytes * (1 + 1/inner) each way on a rank's links, as mu_fabric_collective() counts them. That is
 * said as two waves of half of it each, spread evenly over the other ranks of the group: the same
 * load on every rank's links, and on all planes of a switch they share. It is not what SHARP loads
 * above that switch: inner groups must sit within one.
 *
 * @retval MU_E_INPUT  a pattern that cannot do this collective (err names those that can), halving
 *                     over ranks that are no power of two, inner that does not divide ranks, more
 *                     moves than 2^26
 */
mu_status mu_moves_make(mu_arena *arena, mu_collective what, mu_pattern pattern, uint32_t ranks,
                        uint32_t inner, double bytes, mu_moves *out, mu_error *err) MU_MUST_CHECK;

/**
 * All at once whatever each rank sends to each: MoE dispatch or combine, an uneven all-to-all.
 *
 * @param[in] bytes  [ranks * ranks] bytes[from * ranks + to] >= 0; own share and 0 are not sent
 */
mu_status mu_moves_of_matrix(mu_arena *arena, uint32_t ranks, const double *bytes, mu_moves *out,
                             mu_error *err) MU_MUST_CHECK;

/**
 * Checks a list: ranks in range, no move to oneself, bytes >= 0, needs that exist, and no circle.
 *
 * @retval MU_E_INPUT  err says which; of a circle, which rank waits for what: "rank 3 sends to 4
 *                     (move 17) only after move 12 (rank 4 to 3), which waits for move 17"
 */
mu_status mu_moves_check(const mu_move_list *list, mu_error *err) MU_MUST_CHECK;

/** The same; of a fault also the first move that has it, for readers who know its line. */
mu_status mu_moves_check_at(const mu_move_list *list, uint32_t *culprit,
                            mu_error *err) MU_MUST_CHECK;

const char *mu_pattern_text(mu_pattern pattern);

#endif
