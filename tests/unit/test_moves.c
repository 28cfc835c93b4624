/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   moves do what their collective promises, with no byte too many or too few.
 * Method: data is simulated as sets of contributions (bit r of part p: rank r's share of p is in)
 *         carried by the moves; waves and bytes are held against closed forms; then the edges of
 *         the domain.
 */
#include "moves_helper.h"

#include <string.h>

/* What a test knows of a pattern: the parts that a message of a wave is made of, as a set. */
typedef uint64_t parts_of(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to);

/* Contributions to every part that every rank holds. */
typedef struct board {
    uint32_t ranks;
    uint64_t held[RANKS_MAX][RANKS_MAX]; /* [rank][part] */
} board;

static void begin(board *b, uint32_t n, bool gather)
{
    memset(b, 0, sizeof *b);
    b->ranks = n;
    for (uint32_t r = 0; r < n; r++) {
        for (uint32_t p = 0; p < n; p++) {
            /* all-gather: rank r has all there is of part r, and nothing else */
            b->held[r][p] = gather ? (r == p ? all_of(n) : 0) : 1ULL << r;
        }
    }
}

/* All waves; every message is of what its sender held when the wave began. */
static void play(const mu_waves *w, parts_of *parts, board *b)
{
    mu_send send[RANKS_MAX];
    for (uint64_t wave = 0; wave < w->count; wave++) {
        board after = *b;
        for (uint32_t r = 0; r < w->ranks; r++) {
            uint32_t count = sends_of(w, wave, r, send);
            for (uint32_t i = 0; i < count; i++) {
                uint64_t sent = parts(w, wave, r, send[i].to);
                near(send[i].bytes, w->bytes / w->ranks * __builtin_popcountll(sent));
                for (uint32_t p = 0; p < w->ranks; p++) {
                    after.held[send[i].to][p] |= (sent >> p & 1) != 0 ? b->held[r][p] : 0;
                }
            }
        }
        *b = after;
    }
}

static void expect_own_parts(const board *b)
{
    for (uint32_t r = 0; r < b->ranks; r++) {
        assert_true(b->held[r][r] == all_of(b->ranks));
    }
}

static void expect_all_parts(const board *b)
{
    for (uint32_t r = 0; r < b->ranks; r++) {
        for (uint32_t p = 0; p < b->ranks; p++) {
            assert_true(b->held[r][p] == all_of(b->ranks));
        }
    }
}

static void plays(mu_collective what, mu_pattern pattern, uint32_t n, uint32_t inner,
                  parts_of *parts)
{
    board b;
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves = make(arena, what, pattern, n, inner, 1e6);
    assert_int_equal(moves.kind, MU_MOVES_WAVES);
    begin(&b, n, what == MU_ALL_GATHER);
    play(&moves.waves, parts, &b);
    if (what == MU_REDUCE_SCATTER) {
        expect_own_parts(&b);
    } else {
        expect_all_parts(&b);
    }
    mu_arena_free(arena);
}

/* Ring: in wave w rank r hands on part r - 1 - w; after n - 1 waves part r is complete at r. */
static uint64_t ring_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    assert_int_equal(to, (from + 1) % w->ranks);
    return 1ULL << (from + 2 * (uint64_t)w->ranks - 1 - wave) % w->ranks;
}

/* The gathering half alone starts with one's own part. */
static uint64_t ring_gather_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    assert_int_equal(to, (from + 1) % w->ranks);
    return 1ULL << (from + w->ranks - wave) % w->ranks;
}

static void rings_carry_all(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 17; n++) {
        plays(MU_REDUCE_SCATTER, MU_PATTERN_RING, n, 0, ring_parts);
        plays(MU_ALL_REDUCE, MU_PATTERN_RING, n, 0, ring_parts);
        plays(MU_ALL_GATHER, MU_PATTERN_RING, n, 0, ring_gather_parts);
    }
}

/* Direct: first everyone sends each its part, then everyone its own to each. */
static uint64_t direct_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    (void)w;
    return 1ULL << (wave == 0 ? to : from);
}

static uint64_t direct_gather_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    (void)w;
    (void)wave;
    (void)to;
    return 1ULL << from;
}

static void direct_carries_all(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 17; n++) {
        plays(MU_REDUCE_SCATTER, MU_PATTERN_DIRECT, n, 0, direct_parts);
        plays(MU_ALL_REDUCE, MU_PATTERN_DIRECT, n, 0, direct_parts);
        plays(MU_ALL_GATHER, MU_PATTERN_DIRECT, n, 0, direct_gather_parts);
    }
}

/* Parts that agree with `to` in the bits of rank numbers that `mask` names. */
static uint64_t agreeing(uint32_t n, uint32_t to, uint32_t mask)
{
    uint64_t parts = 0;
    for (uint32_t p = 0; p < n; p++) {
        parts |= ((p ^ to) & mask) == 0 ? 1ULL << p : 0;
    }
    return parts;
}

/* Bits of rank numbers along which exchanges have been made up to and with this wave. */
static uint32_t bits_done(uint32_t n, uint32_t levels, uint64_t wave, bool near_first)
{
    uint32_t bits = (1U << (wave + 1)) - 1;
    return near_first ? bits : bits << (levels - 1 - wave) & (n - 1);
}

static uint32_t levels_of(uint32_t n)
{
    return (uint32_t)__builtin_ctz(n);
}

/* All-reduce: halving sends the half of what is left that the partner keeps; doubling sends all
 * that is complete, which is what agrees with the sender along the bits not yet doubled. */
static uint64_t halving_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    uint32_t n = w->ranks;
    uint32_t levels = levels_of(n);
    if (wave < levels) {
        return agreeing(n, to, bits_done(n, levels, wave, true));
    }
    return agreeing(n, from, (1U << (2 * levels - wave)) - 1);
}

static uint64_t halving_scatter_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    (void)from;
    return agreeing(w->ranks, to, bits_done(w->ranks, levels_of(w->ranks), wave, false));
}

static uint64_t doubling_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    (void)to;
    return agreeing(w->ranks, from, (w->ranks - 1) & ~((1U << wave) - 1));
}

static void halving_carries_all(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 32; n *= 2) {
        plays(MU_ALL_REDUCE, MU_PATTERN_HALVING, n, 0, halving_parts);
        plays(MU_REDUCE_SCATTER, MU_PATTERN_HALVING, n, 0, halving_scatter_parts);
        plays(MU_ALL_GATHER, MU_PATTERN_HALVING, n, 0, doubling_parts);
    }
}

/* Parts whose place in a group is `place`. */
static uint64_t of_place(const mu_waves *w, uint32_t place)
{
    uint64_t parts = 0;
    for (uint32_t p = place; p < w->ranks; p += w->inner) {
        parts |= 1ULL << p;
    }
    return parts;
}

/* Inside groups bundles (all parts of one place) go straight to and from the rank of that place;
 * across, parts go round a ring. */
static uint64_t across_parts(const mu_waves *w, uint64_t wave, uint32_t from, bool gather)
{
    uint64_t outer = w->ranks / w->inner;
    uint64_t group = from / w->inner + 2 * outer - (gather ? 0 : 1) - wave;
    group = outer > 0 ? group % outer : 0;
    return 1ULL << (group * w->inner + from % w->inner);
}

static uint64_t hierarchical_parts(const mu_waves *w, uint64_t wave, uint32_t from, uint32_t to)
{
    uint64_t inside = w->inner > 1 ? 1 : 0;
    uint64_t across = 2 * (w->ranks / (uint64_t)w->inner - 1);
    if (wave < inside) {
        return of_place(w, to % w->inner);
    }
    return wave < inside + across ? across_parts(w, wave - inside, from, false)
                                  : of_place(w, from % w->inner);
}

static uint64_t hierarchical_gather_parts(const mu_waves *w, uint64_t wave, uint32_t from,
                                          uint32_t to)
{
    (void)to;
    uint64_t across = w->ranks / (uint64_t)w->inner - 1;
    return wave < across ? across_parts(w, wave, from, true) : of_place(w, from % w->inner);
}

static void hierarchies_carry_all(void **state)
{
    (void)state;
    for (uint32_t n = 2; n <= 17; n++) {
        for (uint32_t inner = 1; inner <= n; inner++) {
            if (n % inner != 0) {
                continue;
            }
            plays(MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, n, inner, hierarchical_parts);
            plays(MU_REDUCE_SCATTER, MU_PATTERN_HIERARCHICAL, n, inner, hierarchical_parts);
            plays(MU_ALL_GATHER, MU_PATTERN_HIERARCHICAL, n, inner, hierarchical_gather_parts);
        }
    }
}

static void all_to_all_sends_every_pair(void **state)
{
    (void)state;
    const mu_pattern pattern[] = {MU_PATTERN_DIRECT, MU_PATTERN_PAIRWISE};
    for (uint32_t n = 2; n <= 17; n++) {
        for (size_t k = 0; k < 2; k++) {
            double pair[RANKS_MAX * RANKS_MAX] = {0};
            mu_arena *arena = mu_arena_create(0);
            mu_moves moves = make(arena, MU_ALL_TO_ALL, pattern[k], n, 0, 1e6);
            assert_int_equal(moves.waves.count, k == 0 ? 1 : n - 1);
            assert_int_equal(moves.waves.waits_receipts, k == 0);
            bytes_sent(&moves.waves, pair);
            for (uint32_t i = 0; i < n * n; i++) {
                near(pair[i], i / n == i % n ? 0.0 : 1e6 / n);
            }
            mu_arena_free(arena);
        }
    }
}

/* In two steps: who holds rank s's message to d after the first, and where it is after the second;
 * what each pair of ranks carries is held against that. */
static void all_to_all_in_two_steps(void **state)
{
    (void)state;
    const uint32_t n = 12;
    const uint32_t inner = 4;
    double want[12 * 12] = {0};
    double pair[12 * 12] = {0};
    for (uint32_t s = 0; s < n; s++) {
        for (uint32_t d = 0; d < n; d++) {
            uint32_t via = s / inner * inner + d % inner;
            want[s * n + via] += via != s ? 1e6 / n : 0.0;
            want[via * n + d] += via != d ? 1e6 / n : 0.0;
        }
    }
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves = make(arena, MU_ALL_TO_ALL, MU_PATTERN_HIERARCHICAL, n, inner, 1e6);
    assert_int_equal(moves.waves.count, 2);
    bytes_sent(&moves.waves, pair);
    for (uint32_t i = 0; i < n * n; i++) {
        near(pair[i], want[i]);
    }
    mu_arena_free(arena);
}

/* What a rank sends, and gets, in all. */
static double busiest_bytes(const mu_waves *w, bool in)
{
    double pair[RANKS_MAX * RANKS_MAX] = {0};
    double most = 0.0;
    bytes_sent(w, pair);
    for (uint32_t r = 0; r < w->ranks; r++) {
        double sum = 0.0;
        for (uint32_t k = 0; k < w->ranks; k++) {
            sum += in ? pair[k * w->ranks + r] : pair[r * w->ranks + k];
        }
        most = fmax(most, sum);
    }
    return most;
}

/* The closed form's share of a buffer in the switch: 1 + 1/fan; across 2 (m - 1)/m of 1/inner. */
static void switch_loads_as_closed_form(void **state)
{
    (void)state;
    const struct {
        uint32_t ranks, inner;
        double want;
    } row[] = {{8, 8, 1.125}, {8, 0, 1.125}, {16, 8, 1.125 + 0.125}, {6, 2, 1.5 + 2.0 / 3.0}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves =
            make(arena, MU_ALL_REDUCE, MU_PATTERN_SWITCH, row[i].ranks, row[i].inner, 1e6);
        near(busiest_bytes(&moves.waves, false), 1e6 * row[i].want);
        near(busiest_bytes(&moves.waves, true), 1e6 * row[i].want);
        mu_arena_free(arena);
    }
}

static void all_reduce_bytes_by_formula(void **state)
{
    (void)state;
    const mu_pattern pattern[] = {MU_PATTERN_RING, MU_PATTERN_DIRECT, MU_PATTERN_HALVING,
                                  MU_PATTERN_HIERARCHICAL, MU_PATTERN_RAILS};
    for (size_t k = 0; k < sizeof pattern / sizeof pattern[0]; k++) {
        for (uint32_t n = 2; n <= 32; n *= 2) {
            mu_arena *arena = mu_arena_create(0);
            mu_moves moves = make(arena, MU_ALL_REDUCE, pattern[k], n, n > 4 ? 4 : 2, 1e6);
            near(busiest_bytes(&moves.waves, false), 2.0 * (n - 1) / n * 1e6);
            near(busiest_bytes(&moves.waves, true), 2.0 * (n - 1) / n * 1e6);
            mu_arena_free(arena);
        }
    }
}

/* The rank to which a ring that has entered a group goes on, or the one in the next group. */
static uint32_t rail_target(const mu_waves *w, uint32_t rank, bool out)
{
    mu_send send[RANKS_MAX];
    uint32_t count = sends_of(w, 0, rank, send);
    for (uint32_t i = 0; i < count; i++) {
        if ((send[i].to / w->inner != rank / w->inner) == out) {
            return send[i].to;
        }
    }
    fail_msg("rank %u has no send %s its group", rank, out ? "out of" : "inside");
    return 0;
}

/* Ring k goes inner - 1 steps inside every group, then out: it must pass every rank and close. */
static void rails_are_rings(void **state)
{
    (void)state;
    const uint32_t shape[][2] = {{8, 4}, {12, 4}, {6, 2}, {15, 5}, {32, 8}, {10, 5}, {9, 3}};
    for (size_t s = 0; s < sizeof shape / sizeof shape[0]; s++) {
        uint32_t n = shape[s][0];
        uint32_t inner = shape[s][1];
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves = make(arena, MU_ALL_REDUCE, MU_PATTERN_RAILS, n, inner, 1e6);
        assert_int_equal(moves.waves.count, 2 * (n - 1));
        for (uint32_t k = 0; k < inner; k++) {
            uint64_t passed = 0;
            uint32_t at = k;
            for (uint32_t i = 0; i < n; i++) {
                passed |= 1ULL << at;
                uint32_t next = rail_target(&moves.waves, at, (i + 1) % inner == 0);
                bool closing = next < inner && at >= inner;
                assert_true(at / inner == next / inner || next % inner == at % inner ||
                            (closing && n / inner % 2 == 1));
                at = next;
            }
            assert_int_equal(at, k);
            assert_true(passed == all_of(n));
        }
        mu_arena_free(arena);
    }
}

static void waves_by_closed_form(void **state)
{
    (void)state;
    const struct {
        mu_collective what;
        mu_pattern pattern;
        uint32_t ranks, inner;
        uint64_t count, period;
        bool translated;
    } row[] = {
        {MU_ALL_REDUCE, MU_PATTERN_RING, 4096, 0, 8190, 1, true},
        {MU_ALL_GATHER, MU_PATTERN_RING, 131072, 0, 131071, 1, true},
        {MU_ALL_REDUCE, MU_PATTERN_HALVING, 4096, 0, 24, 24, false},
        {MU_REDUCE_SCATTER, MU_PATTERN_HALVING, 8, 0, 3, 3, false},
        {MU_ALL_REDUCE, MU_PATTERN_DIRECT, 5, 0, 2, 1, true},
        {MU_ALL_TO_ALL, MU_PATTERN_DIRECT, 5, 0, 1, 1, true},
        {MU_ALL_TO_ALL, MU_PATTERN_PAIRWISE, 1024, 0, 1023, 1023, true},
        {MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, 32, 8, 1 + 6 + 1, 8, false},
        {MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, 8, 8, 2, 1, true},
        {MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, 8, 1, 14, 1, true},
        {MU_ALL_TO_ALL, MU_PATTERN_HIERARCHICAL, 32, 8, 2, 2, false},
        {MU_ALL_REDUCE, MU_PATTERN_RAILS, 32, 8, 62, 1, false},
        {MU_ALL_REDUCE, MU_PATTERN_SWITCH, 72, 0, 2, 1, true},
        {MU_BROADCAST, MU_PATTERN_DIRECT, 8, 0, 1, 1, false},
        {MU_POINT_TO_POINT, MU_PATTERN_DIRECT, 8, 0, 1, 1, false},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves = make(arena, row[i].what, row[i].pattern, row[i].ranks, row[i].inner, 1e6);
        assert_int_equal(moves.kind, MU_MOVES_WAVES);
        assert_int_equal(moves.waves.count, row[i].count);
        assert_int_equal(moves.waves.period, row[i].period);
        assert_int_equal(moves.waves.translated, row[i].translated);
        mu_arena_free(arena);
    }
}

/* However many ranks, the waves of a hierarchy are of two kinds. */
static void hierarchies_have_two_kinds(void **state)
{
    (void)state;
    uint64_t times = 0;
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves = make(arena, MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, 131072, 8, 1e9);
    assert_int_equal(mu_waves_kinds(&moves.waves), 2);
    assert_int_equal(mu_waves_of_kind(&moves.waves, 0, &times), 0);
    assert_int_equal(times, 2);
    assert_int_equal(mu_waves_of_kind(&moves.waves, 1, &times), 1);
    assert_int_equal(times, 2 * 16383);
    assert_int_equal(mu_waves_kind_of(&moves.waves, moves.waves.count - 1), 0);
    mu_arena_free(arena);
}

static void every_pattern_keeps_promises(void **state)
{
    (void)state;
    const double bytes[] = {0.0, 1.0, 1e18};
    const uint32_t shape[][2] = {{2, 1}, {2, 2}, {8, 1}, {8, 2}, {8, 8}, {12, 3}, {12, 4}};
    for (uint32_t i = 0; i < MU_COLLECTIVE_COUNT * MU_PATTERN_COUNT * 3 * 7; i++) {
        mu_collective what = (mu_collective)(i % MU_COLLECTIVE_COUNT);
        mu_pattern pattern = (mu_pattern)(i / MU_COLLECTIVE_COUNT % MU_PATTERN_COUNT);
        uint32_t k = i / (MU_COLLECTIVE_COUNT * MU_PATTERN_COUNT);
        uint32_t n = shape[k % 7][0];
        if (!mu_pattern_can(pattern, what) || (pattern == MU_PATTERN_HALVING && n == 12)) {
            continue;
        }
        mu_arena *arena = mu_arena_create(0);
        mu_error err = {0};
        mu_moves moves = make(arena, what, pattern, n, shape[k % 7][1], bytes[k / 7]);
        if (moves.kind == MU_MOVES_WAVES) {
            expect_promises(&moves.waves);
        } else {
            assert_int_equal(mu_moves_check(&moves.list, &err), MU_OK);
        }
        mu_arena_free(arena);
    }
}

static void one_rank_moves_nothing(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < MU_COLLECTIVE_COUNT * MU_PATTERN_COUNT; i++) {
        mu_collective what = (mu_collective)(i % MU_COLLECTIVE_COUNT);
        mu_pattern pattern = (mu_pattern)(i / MU_COLLECTIVE_COUNT);
        if (mu_pattern_can(pattern, what)) {
            mu_arena *arena = mu_arena_create(0);
            mu_moves moves = make(arena, what, pattern, 1, 1, 1e6);
            assert_int_equal(moves.kind, MU_MOVES_WAVES);
            assert_int_equal(moves.waves.count, 0);
            mu_arena_free(arena);
        }
    }
}

static void refused(mu_collective what, mu_pattern pattern, uint32_t ranks, uint32_t inner,
                    double bytes, const char *text)
{
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves;
    mu_error err = {0};
    mu_status status = mu_moves_make(arena, what, pattern, ranks, inner, bytes, &moves, &err);
    assert_int_equal(status, MU_E_INPUT);
    if (strstr(err.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
    }
    mu_arena_free(arena);
}

static void bad_asks_are_named(void **state)
{
    (void)state;
    refused(MU_ALL_TO_ALL, MU_PATTERN_RING, 8, 0, 1.0, "expected one of direct, pairwise");
    refused(MU_ALL_REDUCE, MU_PATTERN_PAIRWISE, 8, 0, 1.0, "pairwise cannot do all-reduce");
    refused(MU_ALL_REDUCE, MU_PATTERN_HALVING, 12, 0, 1.0, "power of two");
    refused(MU_ALL_REDUCE, MU_PATTERN_HIERARCHICAL, 12, 5, 1.0, "divides 12 ranks, found 5");
    refused(MU_ALL_REDUCE, MU_PATTERN_RAILS, 12, 0, 1.0, "divides 12 ranks, found 0");
    refused(MU_ALL_REDUCE, MU_PATTERN_RING, 0, 0, 1.0, "1 rank or more");
    refused(MU_ALL_REDUCE, MU_PATTERN_RING, 8, 0, -1.0, "found -1");
    refused(MU_ALL_REDUCE, MU_PATTERN_RING, 8, 0, (double)NAN, "0 to 1e+18 bytes");
    refused(MU_ALL_REDUCE, MU_PATTERN_RING, 8, 0, (double)INFINITY, "0 to 1e+18 bytes");
    refused(MU_ALL_REDUCE, MU_PATTERN_TREE, 1U << 31, 0, 1.0, "67108864 moves");
    refused(MU_ALL_REDUCE, MU_PATTERN_COUNT, 8, 0, 1.0, "unknown cannot do");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rings_carry_all),
        cmocka_unit_test(direct_carries_all),
        cmocka_unit_test(halving_carries_all),
        cmocka_unit_test(hierarchies_carry_all),
        cmocka_unit_test(all_to_all_sends_every_pair),
        cmocka_unit_test(all_to_all_in_two_steps),
        cmocka_unit_test(switch_loads_as_closed_form),
        cmocka_unit_test(all_reduce_bytes_by_formula),
        cmocka_unit_test(rails_are_rings),
        cmocka_unit_test(waves_by_closed_form),
        cmocka_unit_test(hierarchies_have_two_kinds),
        cmocka_unit_test(every_pattern_keeps_promises),
        cmocka_unit_test(one_rank_moves_nothing),
        cmocka_unit_test(bad_asks_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
