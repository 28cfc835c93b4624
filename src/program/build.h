/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/program only: the state of a program being written. */
#ifndef MUSTER_PROGRAM_BUILD_H
#define MUSTER_PROGRAM_BUILD_H

#include "program/program.h"

typedef struct mu_builder {
    mu_program *out;
    const mu_model *model;
    const mu_parallel *parallel;
    const mu_precision *precision;
    double row_scale; /* of the block being written: 1 / cp, further cut in draft passes */
    bool draft;
} mu_builder;

/** Next operator, zeroed, with the block's row scale. */
mu_op *mu_build_op(mu_builder *b, mu_op_kind kind, mu_part part, mu_scope scope, const char *name);

/** Linear layer in the model's weight format, its input quantised where the format asks for it. */
void mu_build_linear(mu_builder *b, mu_part part, mu_scope scope, const char *name, double n,
                     double k);

/** The same in bf16 (router, head). */
void mu_build_linear_bf16(mu_builder *b, mu_part part, mu_scope scope, const char *name, double n,
                          double k);

void mu_build_touch(mu_builder *b, mu_touch touch, mu_part part, mu_scope scope, double read_bytes,
                    double write_bytes);

/** Collective over tensor-parallel ranks; nothing when there is one. */
void mu_build_tensor_comm(mu_builder *b, mu_comm what, mu_scope scope, double row_bytes);

/** Norm and attention of one layer, up to the output projection (its reduction is the caller's). */
void mu_build_attention(mu_builder *b, const mu_attention *attention);

/** Norm and feed-forward of one layer, communication included. */
void mu_build_ffn(mu_builder *b, const mu_ffn *ffn);

/** Tokens leave the tensor-parallel ranks split, for expert exchange. */
bool mu_build_splits_tokens(const mu_parallel *parallel, const mu_ffn *ffn);

static inline uint32_t mu_ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

#endif
