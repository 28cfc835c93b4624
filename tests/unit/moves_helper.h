/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of moves: makes them, asks waves for their sends, holds them to the header's word.
 */
#ifndef MUSTER_TESTS_MOVES_HELPER_H
#define MUSTER_TESTS_MOVES_HELPER_H

#include "fabric/moves.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { RANKS_MAX = 36 };

static inline void near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-12 * fabs(want))) {
        fail_msg("got %.17g, want %.17g", got, want);
    }
}

/* Contributions of n ranks. */
static inline uint64_t all_of(uint32_t n)
{
    return (1ULL << n) - 1;
}

static inline mu_moves make(mu_arena *arena, mu_collective what, mu_pattern pattern, uint32_t ranks,
                            uint32_t inner, double bytes)
{
    mu_moves moves;
    mu_error err = {0};
    if (mu_moves_make(arena, what, pattern, ranks, inner, bytes, &moves, &err) != MU_OK) {
        fail_msg("%s over %u ranks: %s", mu_pattern_text(pattern), ranks, err.text);
    }
    return moves;
}

/* Sends of one rank in one wave, checked for range; the list has room for any. */
static inline uint32_t sends_of(const mu_waves *w, uint64_t wave, uint32_t rank, mu_send *out)
{
    uint32_t count = w->sends(w, wave, rank, out);
    assert_true(count <= w->sends_max);
    for (uint32_t i = 0; i < count; i++) {
        assert_true(out[i].to < w->ranks && out[i].to != rank && out[i].bytes >= 0.0);
    }
    return count;
}

/* Adds to pair[from * ranks + to] what waves carry from rank to rank. */
static inline void bytes_sent(const mu_waves *w, double *pair)
{
    mu_send send[RANKS_MAX];
    for (uint64_t wave = 0; wave < w->count; wave++) {
        for (uint32_t r = 0; r < w->ranks; r++) {
            uint32_t count = sends_of(w, wave, r, send);
            for (uint32_t i = 0; i < count; i++) {
                pair[(size_t)r * w->ranks + send[i].to] += send[i].bytes;
            }
        }
    }
}

/* First wave of the kind that a wave is of. */
static inline uint64_t first_like(const mu_waves *w, uint64_t wave)
{
    uint64_t times = 0;
    return mu_waves_of_kind(w, mu_waves_kind_of(w, wave), &times);
}

/* Every wave is of one kind, and every kind has as many as it says. */
static inline void expect_kinds(const mu_waves *w)
{
    uint64_t kinds = mu_waves_kinds(w);
    uint64_t sum = 0;
    for (uint64_t kind = 0; kind < kinds; kind++) {
        uint64_t times = 0;
        uint64_t found = 0;
        uint64_t first = mu_waves_of_kind(w, kind, &times);
        assert_int_equal(mu_waves_kind_of(w, first), kind);
        for (uint64_t wave = 0; wave < w->count; wave++) {
            found += mu_waves_kind_of(w, wave) == kind;
        }
        assert_true(times >= 1 && times == found);
        sum += times;
    }
    assert_int_equal(sum, w->count);
}

/* `translated`, `period` and kinds mean what the header says, whatever made the waves. */
static inline void expect_promises(const mu_waves *w)
{
    mu_send zero[RANKS_MAX];
    mu_send send[RANKS_MAX];
    mu_send again[RANKS_MAX];
    mu_send like[RANKS_MAX];
    expect_kinds(w);
    for (uint64_t wave = 0; wave < w->count; wave++) {
        uint32_t first = sends_of(w, wave, 0, zero);
        for (uint32_t r = 0; r < w->ranks; r++) {
            uint32_t count = sends_of(w, wave, r, send);
            assert_int_equal(count, sends_of(w, wave % w->period, r, again));
            assert_int_equal(count, sends_of(w, first_like(w, wave), r, like));
            assert_true(!w->translated || count == first);
            for (uint32_t i = 0; i < count; i++) {
                assert_int_equal(again[i].to, send[i].to);
                assert_int_equal(like[i].to, send[i].to);
                assert_true(again[i].bytes == send[i].bytes && like[i].bytes == send[i].bytes);
                if (w->translated) {
                    assert_int_equal(send[i].to, (zero[i].to + r) % w->ranks);
                    assert_true(send[i].bytes == zero[i].bytes);
                }
            }
        }
    }
}

#endif
