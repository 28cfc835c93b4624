/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   arena memory is zeroed, aligned, bounded and given back exactly.
 * Method: sizes around the block size, marks nested and across blocks, every allocation failing in
 *         turn through the limit.
 */
#include "base/arena.h"

#include <stdbool.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool all_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void zeroed_and_aligned(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 15, 16, 17, 16384, 16385, 100000, 3000000};
    mu_arena *arena = mu_arena_create(0);
    for (size_t round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            unsigned char *memory = mu_arena_alloc(arena, sizes[i], 1);
            assert_non_null(memory);
            assert_true((uintptr_t)memory % _Alignof(max_align_t) == 0);
            assert_true(all_zero(memory, sizes[i]));
            memset(memory, 0xab, sizes[i]);
        }
    }
    mu_arena_free(arena);
}

static void empty_is_valid_and_distinct(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    void *a = mu_arena_alloc(arena, 0, 8);
    void *b = mu_arena_alloc(arena, 8, 0);
    assert_non_null(a);
    assert_non_null(b);
    assert_ptr_not_equal(a, b);
    mu_arena_free(arena);
    mu_arena_free(NULL);
}

static void overflow_is_refused(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(SIZE_MAX);
    assert_null(mu_arena_alloc(arena, SIZE_MAX, 2));
    assert_null(mu_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(mu_arena_alloc(arena, SIZE_MAX / 8 + 2, 8));
    assert_null(mu_arena_text(arena, "x", SIZE_MAX));
    assert_int_equal(mu_arena_used(arena), 0);
    mu_arena_free(arena);
}

static void limit_holds_exactly(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(64);
    assert_non_null(mu_arena_alloc(arena, 48, 1));
    assert_null(mu_arena_alloc(arena, 17, 1));
    assert_non_null(mu_arena_alloc(arena, 16, 1));
    assert_null(mu_arena_alloc(arena, 1, 1));
    assert_null(mu_arena_text(arena, "a", 1));
    assert_null(mu_arena_printf(arena, "%d", 1));
    assert_int_equal(mu_arena_used(arena), 64);
    mu_arena_free(arena);
}

static void default_limit(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    assert_null(mu_arena_alloc(arena, ((size_t)1 << 30) + 1, 1));
    mu_arena_free(arena);
}

static void back_to_marks(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    mu_arena_mark start = mu_arena_here(arena);
    char *kept = mu_arena_text(arena, "kept", 4);
    mu_arena_mark mark = mu_arena_here(arena);
    size_t used = mu_arena_used(arena);
    for (size_t i = 0; i < 100; i++) {
        unsigned char *memory = mu_arena_alloc(arena, 5000, 1);
        assert_true(all_zero(memory, 5000));
        memset(memory, 0xff, 5000);
        if (i % 10 == 9) {
            mu_arena_back(arena, mark);
            assert_int_equal(mu_arena_used(arena), used);
            assert_string_equal(kept, "kept");
        }
    }
    mu_arena_back(arena, start);
    assert_int_equal(mu_arena_used(arena), 0);
    assert_true(all_zero(mu_arena_alloc(arena, 60000, 1), 60000));
    mu_arena_free(arena);
}

static void text_copies(void **state)
{
    (void)state;
    mu_arena *arena = mu_arena_create(0);
    assert_string_equal(mu_arena_text(arena, "hello world", 5), "hello");
    assert_string_equal(mu_arena_text(arena, "", 0), "");
    assert_string_equal(mu_arena_printf(arena, "%s-%u", "ascend", 910u), "ascend-910");
    char many[20001];
    memset(many, 'y', 20000);
    many[20000] = '\0';
    assert_string_equal(mu_arena_printf(arena, "%s", many), many);
    mu_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zeroed_and_aligned),  cmocka_unit_test(empty_is_valid_and_distinct),
        cmocka_unit_test(overflow_is_refused), cmocka_unit_test(limit_holds_exactly),
        cmocka_unit_test(default_limit),       cmocka_unit_test(back_to_marks),
        cmocka_unit_test(text_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
