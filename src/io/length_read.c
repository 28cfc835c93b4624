/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a histogram of lengths, row by row.
 */
#include "io/length_read.h"

#include "base/text.h"
#include "io/csv_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows read so far; the lists are the reader's own until they are copied to the arena. */
typedef struct rows {
    const char *path;
    mu_csv *csv;
    int tokens_column;
    int weight_column;
    double *value;
    double *weight;
    uint32_t count;
    uint32_t room;
} rows;

static mu_status fail_here(const rows *r, mu_error *err, const char *what, const char *found)
{
    return mu_fail_at(err, MU_E_INPUT, r->path, mu_csv_line(r->csv), 0,
                      "expected %s, found \"%.64s\"", what, found);
}

static bool grow(rows *r)
{
    if (r->count < r->room) {
        return true;
    }
    uint32_t room = r->room == 0 ? 256 : 2 * r->room;
    double *value = realloc(r->value, room * sizeof *value);
    r->value = value != NULL ? value : r->value;
    double *weight = realloc(r->weight, room * sizeof *weight);
    r->weight = weight != NULL ? weight : r->weight;
    if (value == NULL || weight == NULL) {
        return false;
    }
    r->room = room;
    return true;
}

static mu_status read_row(rows *r, mu_error *err)
{
    double tokens = 0.0;
    double weight = 0.0;
    const char *cell = mu_csv_cell(r->csv, r->tokens_column);
    if (!mu_text_number(cell, &tokens) || tokens != floor(tokens) || tokens < 1.0 ||
        tokens > MU_REQUEST_TOKENS_MAX) {
        return fail_here(r, err, "a whole number of tokens, 1 to 16777216", cell);
    }
    cell = mu_csv_cell(r->csv, r->weight_column);
    if (!mu_text_number(cell, &weight) || !(weight >= 0.0 && weight <= 1e18)) {
        return fail_here(r, err, "a weight of 0 or more", cell);
    }
    if (r->count == MU_LENGTHS_MAX) {
        return mu_fail_at(err, MU_E_INPUT, r->path, mu_csv_line(r->csv), 0,
                          "expected at most %d rows", MU_LENGTHS_MAX);
    }
    if (!grow(r)) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %s", r->path);
    }
    r->value[r->count] = tokens;
    r->weight[r->count] = weight;
    r->count++;
    return MU_OK;
}

static mu_status read_rows(rows *r, mu_error *err)
{
    r->tokens_column = mu_csv_column(r->csv, "tokens");
    r->weight_column = mu_csv_column(r->csv, "weight");
    if (r->tokens_column < 0 || r->weight_column < 0) {
        return mu_fail_at(err, MU_E_INPUT, r->path, 1, 0,
                          "a histogram of lengths has the columns tokens and weight; %s is missing",
                          r->tokens_column < 0 ? "tokens" : "weight");
    }
    bool more = true;
    for (;;) {
        mu_status status = mu_csv_next(r->csv, &more, err);
        if (status != MU_OK || !more) {
            return status;
        }
        status = read_row(r, err);
        if (status != MU_OK) {
            return status;
        }
    }
}

static mu_status keep(const rows *r, mu_arena *arena, mu_length *out, mu_error *err)
{
    double total = 0.0;
    double sum = 0.0;
    for (uint32_t i = 0; i < r->count; i++) {
        total += r->weight[i];
        sum += r->weight[i] * r->value[i];
    }
    if (!(total > 0.0)) {
        return mu_fail_at(err, MU_E_INPUT, r->path, 0, 0,
                          "a histogram of lengths needs a weight above 0");
    }
    double *value = MU_NEW(arena, double, r->count);
    double *weight = MU_NEW(arena, double, r->count);
    if (value == NULL || weight == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for %s", r->path);
    }
    memcpy(value, r->value, r->count * sizeof *value);
    memcpy(weight, r->weight, r->count * sizeof *weight);
    *out = (mu_length){.kind = MU_LENGTH_EMPIRICAL,
                       .mean = sum / total,
                       .value = value,
                       .weight = weight,
                       .count = r->count};
    return MU_OK;
}

mu_status mu_length_read(const char *path, mu_arena *arena, mu_length *out, mu_error *err)
{
    rows r = {.path = path};
    mu_status status = mu_csv_open(path, &r.csv, err);
    if (status == MU_OK) {
        status = read_rows(&r, err);
    }
    if (status == MU_OK) {
        status = keep(&r, arena, out, err);
    }
    mu_csv_close(r.csv);
    free(r.value);
    free(r.weight);
    return status;
}
