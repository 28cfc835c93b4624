/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   lists of moves bring everyone what their collective promises; unsound ones are named.
 * Method: contributions of ranks are followed along the needs; circles of waiting and bad numbers
 *         are put into lists by hand. One wave of any matrix beside them.
 */
#include "moves_helper.h"

#include <stdlib.h>
#include <string.h>

/*
 * Lists say no chunks, but makers put the moves of one chunk side by side: one way, each rank but
 * one has a move, and an all-reduce goes both ways.
 */
typedef struct played {
    uint32_t *chunk;    /* [moves] first move of the same chunk */
    uint64_t *carried;  /* [moves] contributions */
    uint64_t *received; /* [moves * ranks] by chunk */
} played;

/* What a move waits for brought its sender the same chunk, or is the same way's chunk before. */
static void find_chunks(const mu_move_list *list, bool broadcast, uint32_t *chunk)
{
    uint32_t size = (list->ranks - 1) * (broadcast ? 1 : 2);
    assert_int_equal(list->count % size, 0);
    for (uint32_t i = 0; i < list->count; i++) {
        const mu_move *m = &list->move[i];
        chunk[i] = i / size * size;
        for (uint32_t k = 0; k < m->need_count; k++) {
            uint32_t other = list->needs[m->need_first + k];
            const mu_move *o = &list->move[other];
            bool same = other / size == i / size;
            assert_true(same ? o->to == m->from
                             : other + size == i && o->from == m->from && o->to == m->to);
        }
    }
}

/* A move carries its sender's own, and what the moves it waits for brought; rank 0 alone has
 * something in a broadcast. True when anything was new. */
static bool carry(const mu_move_list *list, played *p, uint32_t i, bool broadcast)
{
    const mu_move *m = &list->move[i];
    uint64_t sum = broadcast && m->from != 0 ? 0 : 1ULL << m->from;
    for (uint32_t k = 0; k < m->need_count; k++) {
        uint32_t other = list->needs[m->need_first + k];
        sum |= p->chunk[other] == p->chunk[i] ? p->carried[other] : 0;
    }
    bool more = sum != p->carried[i];
    p->carried[i] = sum;
    p->received[p->chunk[i] * list->ranks + m->to] |= sum;
    return more;
}

/* The end state of every chunk; checks that bytes of all chunks make up the whole. */
static void expect_list(const mu_move_list *list, bool broadcast, double bytes)
{
    uint32_t n = list->ranks;
    played p = {.chunk = calloc(list->count, sizeof(uint32_t)),
                .carried = calloc(list->count, sizeof(uint64_t)),
                .received = calloc((size_t)list->count * n, sizeof(uint64_t))};
    find_chunks(list, broadcast, p.chunk);
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < list->count; i++) {
            more = carry(list, &p, i, broadcast) || more;
        }
    }
    double sum = 0.0;
    for (uint32_t i = 0; i < list->count; i++) {
        near(list->move[i].bytes, list->move[p.chunk[i]].bytes);
        if (p.chunk[i] != i) {
            continue;
        }
        sum += list->move[i].bytes;
        for (uint32_t r = broadcast ? 1 : 0; r < n; r++) {
            uint64_t own = broadcast ? 0 : 1ULL << r;
            assert_true((p.received[i * n + r] | own) == (broadcast ? 1 : all_of(n)));
        }
    }
    near(sum, bytes);
    free(p.chunk);
    free(p.carried);
    free(p.received);
}

static void lists_carry_all(void **state)
{
    (void)state;
    const double bytes[] = {0.0, 1.0, 1e6, 1e18};
    for (uint32_t i = 0; i < 16 * 4 * 3; i++) {
        uint32_t n = 2 + i % 16;
        double size = bytes[i / 16 % 4];
        mu_collective what = i / 64 == 0 ? MU_ALL_REDUCE : MU_BROADCAST;
        mu_pattern pattern = i / 64 == 2 ? MU_PATTERN_RING : MU_PATTERN_TREE;
        if (size > 1e6 && n > 5) {
            continue; /* many chunks: slow, and no different */
        }
        mu_arena *arena = mu_arena_create(0);
        mu_error err = {0};
        mu_moves moves = make(arena, what, pattern, n, 0, size);
        assert_int_equal(moves.kind, MU_MOVES_LIST);
        assert_int_equal(mu_moves_check(&moves.list, &err), MU_OK);
        expect_list(&moves.list, what == MU_BROADCAST, size);
        mu_arena_free(arena);
    }
}

/* Trees of groups: complete, too, for every size of group, and no rail has more to carry than its
 * share: of each tree, what a rank sends to other groups is at most what goes up once and down
 * twice. */
static void trees_of_groups(void **state)
{
    (void)state;
    const uint32_t shape[][2] = {{4, 2},  {6, 2},  {6, 3},  {8, 8},
                                 {12, 4}, {15, 5}, {16, 4}, {16, 8}};
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t n = shape[i / 2][0];
        uint32_t inner = shape[i / 2][1];
        mu_collective what = i % 2 == 0 ? MU_ALL_REDUCE : MU_BROADCAST;
        double crossing[RANKS_MAX] = {0};
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves = make(arena, what, MU_PATTERN_TREE, n, inner, 4e6);
        expect_list(&moves.list, what == MU_BROADCAST, 4e6);
        for (uint32_t k = 0; k < moves.list.count; k++) {
            const mu_move *m = &moves.list.move[k];
            if (m->from / inner != m->to / inner) {
                assert_int_equal(m->from % inner, m->to % inner);
                crossing[m->from] += m->bytes;
            }
        }
        for (uint32_t r = 0; r < n; r++) {
            double most = (what == MU_BROADCAST ? 1.0 : 2.0) * 4e6 / inner;
            assert_true(crossing[r] <= most * (1 + 1e-9));
        }
        mu_arena_free(arena);
    }
}

/* Nobody sends or gets more than twice the buffer up and down both trees; ranks with children in
 * both trees would. */
static void trees_share_the_work(void **state)
{
    (void)state;
    for (uint32_t n = 3; n <= RANKS_MAX; n++) {
        double sent[RANKS_MAX] = {0};
        double got[RANKS_MAX] = {0};
        double total = 0.0;
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves = make(arena, MU_ALL_REDUCE, MU_PATTERN_TREE, n, 0, 1e6);
        for (uint32_t i = 0; i < moves.list.count; i++) {
            const mu_move *m = &moves.list.move[i];
            sent[m->from] += m->bytes;
            got[m->to] += m->bytes;
            total += m->bytes;
        }
        near(total, 2e6 * (n - 1)); /* as a ring: the trees are optimal in all */
        for (uint32_t r = 0; r < n; r++) {
            assert_true(sent[r] <= 2e6 * (1 + 1e-9) && got[r] <= 2e6 * (1 + 1e-9));
        }
        mu_arena_free(arena);
    }
}

static void broadcast_trees_share_the_work(void **state)
{
    (void)state;
    for (uint32_t n = 3; n <= RANKS_MAX; n++) {
        double sent[RANKS_MAX] = {0};
        mu_arena *arena = mu_arena_create(0);
        mu_moves moves = make(arena, MU_BROADCAST, MU_PATTERN_TREE, n, 0, 1e6);
        for (uint32_t i = 0; i < moves.list.count; i++) {
            sent[moves.list.move[i].from] += moves.list.move[i].bytes;
        }
        for (uint32_t r = 0; r < n; r++) {
            assert_true(sent[r] <= 1e6 * (1 + 1e-9));
        }
        mu_arena_free(arena);
    }
}

static void matrix_sends_what_it_says(void **state)
{
    (void)state;
    const double bytes[9] = {7.0, 1.0, 0.0, 2.0, 7.0, 3.0, 0.0, 0.0, 7.0};
    double pair[9] = {0};
    const double want[9] = {0.0, 1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0, 0.0};
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves;
    mu_error err = {0};
    assert_int_equal(mu_moves_of_matrix(arena, 3, bytes, &moves, &err), MU_OK);
    assert_int_equal(moves.waves.count, 1);
    assert_int_equal(moves.waves.sends_max, 2);
    assert_false(moves.waves.translated);
    bytes_sent(&moves.waves, pair);
    assert_memory_equal(pair, want, sizeof want);
    mu_arena_free(arena);
}

static void even_matrix_is_translated(void **state)
{
    (void)state;
    double bytes[25];
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves;
    mu_error err = {0};
    for (uint32_t i = 0; i < 25; i++) {
        bytes[i] = (i % 5 + 5 - i / 5) % 5 == 2 ? 0.0 : 1.0 + (i % 5 + 5 - i / 5) % 5;
    }
    assert_int_equal(mu_moves_of_matrix(arena, 5, bytes, &moves, &err), MU_OK);
    assert_true(moves.waves.translated);
    expect_promises(&moves.waves);
    bytes[3] += 1.0;
    assert_int_equal(mu_moves_of_matrix(arena, 5, bytes, &moves, &err), MU_OK);
    assert_false(moves.waves.translated);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(mu_moves_of_matrix(arena, 5, bytes, &moves, &err), MU_OK);
    assert_int_equal(moves.waves.count, 0);
    mu_arena_free(arena);
}

static void bad_matrix_is_named(void **state)
{
    (void)state;
    const double bad[] = {-1.0, (double)NAN, (double)INFINITY};
    mu_arena *arena = mu_arena_create(0);
    mu_moves moves;
    for (size_t i = 0; i < 3; i++) {
        double bytes[4] = {0.0, 1.0, bad[i], 0.0};
        mu_error err = {0};
        assert_int_equal(mu_moves_of_matrix(arena, 2, bytes, &moves, &err), MU_E_INPUT);
        assert_non_null(strstr(err.text, "rank 1 to 0"));
    }
    mu_arena_free(arena);
}

/* Whatever memory there is, an answer or the failure comes back. */
static void memory_may_run_out(void **state)
{
    (void)state;
    const mu_pattern pattern[] = {MU_PATTERN_TREE, MU_PATTERN_RING, MU_PATTERN_DIRECT};
    double bytes[64] = {0.0, 1.0};
    bool short_of = false;
    bool enough = false;
    for (size_t limit = 64; limit < 1 << 20; limit += limit / 2) {
        for (size_t k = 0; k < 4; k++) {
            mu_arena *arena = mu_arena_create(limit);
            mu_moves moves;
            mu_error err = {0};
            mu_status status =
                k == 3 ? mu_moves_of_matrix(arena, 8, bytes, &moves, &err)
                       : mu_moves_make(arena, MU_BROADCAST, pattern[k], 8, 0, 1e7, &moves, &err);
            assert_true(status == MU_OK || status == MU_E_MEMORY);
            assert_true((status == MU_OK) == (err.text[0] == '\0'));
            short_of = short_of || status == MU_E_MEMORY;
            enough = enough || status == MU_OK;
            mu_arena_free(arena);
        }
    }
    assert_true(short_of && enough);
}

static void check_names(const mu_move_list *list, uint32_t where, const char *text)
{
    mu_error err = {0};
    uint32_t culprit = UINT32_MAX;
    assert_int_equal(mu_moves_check_at(list, &culprit, &err), MU_E_INPUT);
    assert_int_equal(culprit, where);
    if (strstr(err.text, text) == NULL) {
        fail_msg("\"%s\" is not in \"%s\"", text, err.text);
    }
}

static void circles_are_told(void **state)
{
    (void)state;
    /* 0 free; 1 and 3 wait for each other, 2 for them */
    const uint32_t needs[] = {1, 3, 0, 1};
    mu_move move[4] = {{.from = 0, .to = 1, .bytes = 1.0},
                       {.from = 3, .to = 4, .bytes = 1.0, .need_first = 1, .need_count = 2},
                       {.from = 1, .to = 2, .bytes = 1.0, .need_first = 0, .need_count = 1},
                       {.from = 4, .to = 3, .bytes = 1.0, .need_first = 3, .need_count = 1}};
    mu_move_list list = {.ranks = 5, .count = 4, .move = move, .needs = needs};
    check_names(&list, 1,
                "rank 3 sends to 4 (move 1) only after move 3 (rank 4 to 3), which waits for "
                "move 1");
    move[1].need_count = 0;
    mu_error err = {0};
    assert_int_equal(mu_moves_check(&list, &err), MU_OK);
    move[3].need_first = 1; /* on itself */
    check_names(&list, 3, "rank 4 sends to 3 (move 3) only after itself");
}

static void long_circles_are_cut_short(void **state)
{
    (void)state;
    enum { COUNT = 1000000 };
    mu_move *move = calloc(COUNT, sizeof *move);
    uint32_t *needs = calloc(COUNT, sizeof *needs);
    for (uint32_t i = 0; i < COUNT; i++) {
        move[i] = (mu_move){.from = i % 2, .to = 1 - i % 2, .need_first = i, .need_count = 1};
        needs[i] = (i + 1) % COUNT;
    }
    mu_move_list list = {.ranks = 2, .count = COUNT, .move = move, .needs = needs};
    check_names(&list, 0, "999994 more moves, the last of which waits for move 0");
    move[COUNT - 1].need_count = 0;
    mu_error err = {0};
    assert_int_equal(mu_moves_check(&list, &err), MU_OK);
    free(move);
    free(needs);
}

static void bad_lists_are_named(void **state)
{
    (void)state;
    const uint32_t needs[] = {7};
    const struct {
        mu_move move;
        const char *text;
    } row[] = {{{.from = 0, .to = 3}, "expected ranks 0 to 2, found 3"},
               {{.from = 9, .to = 1}, "expected ranks 0 to 2, found 9"},
               {{.from = 1, .to = 1}, "rank 1 sends to itself"},
               {{.from = 0, .to = 1, .bytes = -1.0}, "0 or more bytes, found -1"},
               {{.from = 0, .to = 1, .bytes = (double)NAN}, "0 or more bytes"},
               {{.from = 0, .to = 1, .bytes = (double)INFINITY}, "0 or more bytes, found inf"},
               {{.from = 0, .to = 1, .need_count = 1}, "waits for move 7, but there are only 2"}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        mu_move move[2] = {{.from = 0, .to = 2}, row[i].move};
        mu_move_list list = {.ranks = 3, .count = 2, .move = move, .needs = needs};
        check_names(&list, 1, row[i].text);
    }
    mu_move_list empty = {.ranks = 3};
    mu_error err = {0};
    assert_int_equal(mu_moves_check(&empty, &err), MU_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_carry_all),
        cmocka_unit_test(trees_of_groups),
        cmocka_unit_test(trees_share_the_work),
        cmocka_unit_test(broadcast_trees_share_the_work),
        cmocka_unit_test(matrix_sends_what_it_says),
        cmocka_unit_test(even_matrix_is_translated),
        cmocka_unit_test(bad_matrix_is_named),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(circles_are_told),
        cmocka_unit_test(long_circles_are_cut_short),
        cmocka_unit_test(bad_lists_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
