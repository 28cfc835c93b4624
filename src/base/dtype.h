/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Number formats: the words of `precision:` and what one element weighs.
 */
#ifndef MUSTER_BASE_DTYPE_H
#define MUSTER_BASE_DTYPE_H

#include <stdbool.h>

/* X(NAME, text, bytes an element including its share of scales)
 * fp8_block: one fp32 scale a 128x128 weight block (2.4e-4, kept) ; fp4: NVFP4/MXFP4, one 8-bit
 * scale per 16 (NVFP4); int4: group of 128 with a 16-bit scale. */
#define MU_DTYPE_LIST(X)                                                                           \
    X(FP32, "fp32", 4.0)                                                                           \
    X(TF32, "tf32", 4.0)                                                                           \
    X(BF16, "bf16", 2.0)                                                                           \
    X(FP16, "fp16", 2.0)                                                                           \
    X(FP8, "fp8", 1.0)                                                                             \
    X(FP8_BLOCK, "fp8_block", 1.000244140625)                                                      \
    X(INT8, "int8", 1.0)                                                                           \
    X(INT4, "int4", 0.515625)                                                                      \
    X(FP4, "fp4", 0.5625)

typedef enum mu_dtype {
#define X(name, text, bytes) MU_DTYPE_##name,
    MU_DTYPE_LIST(X)
#undef X
        MU_DTYPE_COUNT
} mu_dtype;

/** "bf16" */
const char *mu_dtype_text(mu_dtype dtype);

/** Bytes an element takes in memory, scales included. */
double mu_dtype_bytes(mu_dtype dtype);

/** Reads "bf16" (also bfloat16, float16, half, float8, nvfp4, mxfp4); false when unknown. */
bool mu_dtype_parse(const char *text, mu_dtype *out);

#endif
