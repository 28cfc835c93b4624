/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of surfaces.
 */
#include "calibrate/surface_rows.h"

#include <math.h>
#include <string.h>

/* Fields that are doubled together, MU_OP_FIELD_COUNT = no more. */
typedef struct doubled {
    mu_op_field field[2];
} doubled;

#define NONE MU_OP_FIELD_COUNT
#define F(name) MU_OP_FIELD_##name

/* What makes twice the work; returns the number of ways. */
static uint8_t moves_of(mu_op_case_kind kind, const doubled **out)
{
    static const doubled product[] = {{{F(M), NONE}}, {{F(N), NONE}}, {{F(K), NONE}}};
    static const doubled absorbed[] = {{{F(TOKENS), NONE}}, {{F(HEADS), NONE}}};
    static const doubled experts[] = {{{F(TOKENS), NONE}}, {{F(HIDDEN), NONE}}, {{F(INTER), NONE}}};
    static const doubled prefill[] = {
        {{F(BATCH), NONE}}, {{F(NEW), NONE}}, {{F(HEADS), F(KV_HEADS)}}};
    static const doubled decode[] = {
        {{F(BATCH), NONE}}, {{F(CONTEXT), NONE}}, {{F(HEADS), F(KV_HEADS)}}};
    static const doubled linear[] = {{{F(BATCH), NONE}}, {{F(TOKENS), NONE}}};
    switch (kind) {
    case MU_OP_CASE_GEMM:
        *out = product;
        return 3;
    case MU_OP_CASE_MLA_PRE:
    case MU_OP_CASE_MLA_POST:
        *out = absorbed;
        return 2;
    case MU_OP_CASE_MOE:
    case MU_OP_CASE_GROUPED:
        *out = experts;
        return 3;
    case MU_OP_CASE_PREFILL:
    case MU_OP_CASE_MLA_PREFILL:
        *out = prefill;
        return 3;
    case MU_OP_CASE_DECODE:
    case MU_OP_CASE_MLA_DECODE:
        *out = decode;
        return 3;
    case MU_OP_CASE_LINEAR_PREFILL:
        *out = linear;
        return 2;
    case MU_OP_CASE_LINEAR_DECODE:
        *out = linear;
        return 1;
    default:
        return 0;
    }
}

void mu_surface_kinds_of(const mu_samples *samples, const mu_specimen *subject, uint8_t kind[])
{
    for (uint32_t i = 0; i < samples->count; i++) {
        const mu_sample *row = &samples->row[i];
        mu_shape_place place;
        bool known = mu_op_place(&row->question, &row->load, &subject->chip, &place);
        kind[i] = (uint8_t)(known ? place.kind : MU_SURFACE_KIND_COUNT);
    }
}

static double predict(const mu_op_question *q, const mu_moe_load *load, const mu_specimen *subject)
{
    return fmax(mu_op_time(q, load, &subject->chip, &subject->fabric), 1e-30);
}

/* As steps ask: nothing stays from a call of the same before. */
static mu_op_question asked_once(const mu_op_question *q)
{
    mu_op_question once = *q;
    once.copies = 0.0;
    once.aliased = false;
    return once;
}

static void set_move(const mu_sample *sample, const doubled *move, const mu_specimen *subject,
                     mu_surface_row *row)
{
    mu_op_question q = asked_once(&sample->question);
    double here_s = predict(&q, &sample->load, subject);
    mu_moe_load load = sample->load;
    mu_shape_place place;
    for (int i = 0; i < 2 && move->field[i] != NONE; i++) {
        q.number[move->field[i]] *= 2.0;
        if (move->field[i] == F(TOKENS)) {
            load.pairs *= 2.0;
        }
    }
    (void)mu_op_place(&q, &load, &subject->chip, &place);
    memcpy(row->move[row->moves].at, place.at, sizeof place.at);
    row->move[row->moves++].growth = log(predict(&q, &load, subject) / here_s);
}

static void set_row(const mu_sample *sample, const mu_specimen *subject, mu_surface_row *row)
{
    mu_shape_place place;
    const doubled *move = NULL;
    double here_s = predict(&sample->question, &sample->load, subject);
    (void)mu_op_place(&sample->question, &sample->load, &subject->chip, &place);
    memcpy(row->at, place.at, sizeof place.at);
    row->residual = log(sample->measured_s / here_s);
    row->fold = sample->fold;
    uint8_t moves = moves_of(sample->question.kind, &move);
    for (uint8_t i = 0; i < moves; i++) {
        set_move(sample, &move[i], subject, row);
    }
}

mu_status mu_surface_rows_of(const mu_samples *samples, const mu_specimen *subject,
                             const mu_surface_choice *choice, mu_arena *arena, uint32_t place[],
                             mu_surface_rows *out, mu_error *err)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < samples->count && count < MU_SURFACE_ROWS_MAX; i++) {
        const mu_sample *row = &samples->row[i];
        bool taken =
            choice->kind[i] == (uint8_t)choice->wanted && (choice->groups >> row->group & 1) != 0;
        if (taken && !row->held_out) {
            place[count++] = i;
        }
    }
    *out = (mu_surface_rows){.kind = choice->wanted};
    if (count < MU_SURFACE_ROWS_MIN) {
        return MU_OK;
    }
    mu_surface_row *rows = MU_NEW(arena, mu_surface_row, count);
    if (rows == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the surface of %u rows", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        set_row(&samples->row[place[i]], subject, &rows[i]);
    }
    out->count = count;
    out->row = rows;
    return MU_OK;
}
