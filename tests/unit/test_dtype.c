/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   every format has its text and size, and aliases lead to it.
 * Method: round trip of all, sizes worked by hand from the layout of scales.
 */
#include "base/dtype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < MU_DTYPE_COUNT; i++) {
        mu_dtype back = MU_DTYPE_COUNT;
        assert_true(mu_dtype_parse(mu_dtype_text((mu_dtype)i), &back));
        assert_int_equal(back, i);
    }
}

static void sizes(void **state)
{
    (void)state;
    assert_true(mu_dtype_bytes(MU_DTYPE_BF16) == 2.0);
    assert_true(mu_dtype_bytes(MU_DTYPE_FP8_BLOCK) == 1.0 + 4.0 / (128.0 * 128.0));
    assert_true(mu_dtype_bytes(MU_DTYPE_INT4) == 0.5 + 2.0 / 128.0);
    assert_true(mu_dtype_bytes(MU_DTYPE_FP4) == 0.5 + 1.0 / 16.0);
}

static void aliases(void **state)
{
    (void)state;
    mu_dtype out = MU_DTYPE_COUNT;
    assert_true(mu_dtype_parse("bfloat16", &out) && out == MU_DTYPE_BF16);
    assert_true(mu_dtype_parse("Half", &out) && out == MU_DTYPE_FP16);
    assert_true(mu_dtype_parse("float8", &out) && out == MU_DTYPE_FP8);
    assert_true(mu_dtype_parse("NVFP4", &out) && out == MU_DTYPE_FP4);
    assert_true(mu_dtype_parse("mxfp4", &out) && out == MU_DTYPE_FP4);
}

static void unknown(void **state)
{
    (void)state;
    mu_dtype out = MU_DTYPE_INT8;
    assert_false(mu_dtype_parse("", &out));
    assert_false(mu_dtype_parse("fp", &out));
    assert_false(mu_dtype_parse("bf16 ", &out));
    assert_int_equal(out, MU_DTYPE_INT8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(sizes),
        cmocka_unit_test(aliases),
        cmocka_unit_test(unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
