/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Number formats.
 *
 * What:  text and size of each format, and the other names people use for them.
 * Why:   scenarios, Hugging Face configs and measurements spell the same format differently.
 * Bound: formats that the twin can compute with; anything else is unknown, never guessed.
 */
#include "base/dtype.h"

#include <assert.h>
#include <stddef.h>
#include <strings.h>

const char *mu_dtype_text(mu_dtype dtype)
{
    static const char *const texts[MU_DTYPE_COUNT] = {
#define X(name, text, bytes) text,
        MU_DTYPE_LIST(X)
#undef X
    };
    assert((unsigned)dtype < MU_DTYPE_COUNT);
    return texts[dtype];
}

double mu_dtype_bytes(mu_dtype dtype)
{
    static const double sizes_bytes[MU_DTYPE_COUNT] = {
#define X(name, text, bytes) bytes,
        MU_DTYPE_LIST(X)
#undef X
    };
    assert((unsigned)dtype < MU_DTYPE_COUNT);
    return sizes_bytes[dtype];
}

bool mu_dtype_parse(const char *text, mu_dtype *out)
{
    static const struct {
        const char *text;
        mu_dtype dtype;
    } aliases[] = {
        {"float32", MU_DTYPE_FP32},       {"float", MU_DTYPE_FP32},
        {"tensorfloat32", MU_DTYPE_TF32}, {"bfloat16", MU_DTYPE_BF16},
        {"float16", MU_DTYPE_FP16},       {"half", MU_DTYPE_FP16},
        {"float8", MU_DTYPE_FP8},         {"fp8_e4m3", MU_DTYPE_FP8},
        {"float8_e4m3fn", MU_DTYPE_FP8},  {"fp8-block", MU_DTYPE_FP8_BLOCK},
        {"nvfp4", MU_DTYPE_FP4},          {"mxfp4", MU_DTYPE_FP4},
    };
    for (int i = 0; i < MU_DTYPE_COUNT; i++) {
        if (strcasecmp(text, mu_dtype_text((mu_dtype)i)) == 0) {
            *out = (mu_dtype)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++) {
        if (strcasecmp(text, aliases[i].text) == 0) {
            *out = aliases[i].dtype;
            return true;
        }
    }
    return false;
}
