/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings of calibration.
 */
#include "calibrate/warn.h"

#include "study/score.h"

#include <math.h>
#include <stdlib.h>

enum { NAMED_MAX = 3 };

static const double far_off = 30.0; /* times another than predicted after the fit */
static const double nearly_all = 0.9;
static const double misfit = 0.4; /* median error after the fit */

/* Takes a text of the arena; NULL = out of memory. */
static mu_status keep(mu_calibration *out, const char *text, mu_error *err)
{
    if (text == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a warning");
    }
    if (out->warning_count < MU_CALIBRATE_WARNINGS_MAX) {
        out->warning[out->warning_count++] = text;
    }
    return MU_OK;
}

mu_status mu_warn_few(mu_calibration *out, const char *family, uint32_t rows, uint32_t fit_rows,
                      mu_arena *arena, mu_error *err)
{
    return keep(out,
                mu_arena_printf(arena,
                                "%s: %u %s, %u of them to fit on (the rest is held out): at least "
                                "%d needed, its parameters stay as they were",
                                family, rows, rows == 1 ? "row" : "rows", fit_rows,
                                MU_FIT_ROWS_MIN),
                err);
}

/* Rows of a group that are off by a power of ten like a unit, by that power; *first is one. */
static uint32_t count_slips(const mu_samples *s, uint32_t group, const double before_s[], int tens,
                            const mu_sample **first)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const mu_sample *row = &s->row[i];
        if (row->group == group && before_s[i] > 0.0 &&
            mu_unit_slip(before_s[i], row->measured_s) == tens && count++ == 0) {
            *first = row;
        }
    }
    return count;
}

/* One line on `count` rows of a group whose times are off by a power of ten. */
static mu_status warn_slips(mu_calibration *out, const mu_sample_group *g, uint32_t count, int tens,
                            const mu_sample *first, mu_arena *arena, mu_error *err)
{
    const char *key = mu_op_key(&first->question, arena);
    bool all = (double)count >= nearly_all * g->rows;
    const char *times = abs(tens) == 3 ? "1000" : "a million";
    const char *text = mu_arena_printf(
        arena, "%s %s: %u of %u rows are about %s times %s than predicted%s%s",
        mu_op_case_text(g->kind), g->dtype, count, g->rows, times, tens < 0 ? "longer" : "shorter",
        all ? ": is the unit of the time right?" : ", the others are not: are units mixed? One is ",
        all ? "" : (key != NULL ? key : ""));
    return key != NULL ? keep(out, text, err)
                       : mu_fail(err, MU_E_MEMORY, "no memory for a warning");
}

/* True in *found when the unit of a group, or of a part of it, looks wrong. */
static mu_status warn_unit(mu_calibration *out, const mu_samples *s, uint32_t group,
                           const double before_s[], bool *found, mu_arena *arena, mu_error *err)
{
    static const int powers[] = {-6, -3, 3, 6};
    mu_status status = MU_OK;
    *found = false;
    for (size_t i = 0; i < sizeof powers / sizeof powers[0] && status == MU_OK; i++) {
        const mu_sample *first = NULL;
        uint32_t count = count_slips(s, group, before_s, powers[i], &first);
        if (count > 0) {
            *found = true;
            status = warn_slips(out, &s->group[group], count, powers[i], first, arena, err);
        }
    }
    return status;
}

static bool is_far_off(const mu_sample *row, double predicted_s)
{
    return predicted_s > 0.0 && fabs(log(predicted_s / row->measured_s)) > log(far_off);
}

static mu_status warn_far_off(mu_calibration *out, const mu_samples *s, uint32_t group,
                              const double after_s[], mu_arena *arena, mu_error *err)
{
    uint32_t count = 0;
    const char *named = "";
    for (uint32_t i = 0; i < s->count; i++) {
        const mu_sample *row = &s->row[i];
        if (row->group != group || !is_far_off(row, after_s[i])) {
            continue;
        }
        const char *key = count < NAMED_MAX ? mu_op_key(&row->question, arena) : "";
        if (count++ < NAMED_MAX && key != NULL) {
            named = mu_arena_printf(arena, "%s%s%s", named, named[0] != '\0' ? "; " : "", key);
        }
        if (named == NULL || key == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for a warning");
        }
    }
    if (count == 0) {
        return MU_OK;
    }
    return keep(out,
                mu_arena_printf(arena, "%u %s over %g times off what the others say: %s%s", count,
                                count == 1 ? "row is" : "rows are", far_off, named,
                                count > NAMED_MAX ? "; and others" : ""),
                err);
}

static mu_status warn_duplicates(mu_calibration *out, const mu_samples *s, mu_arena *arena,
                                 mu_error *err)
{
    if (s->duplicates == 0) {
        return MU_OK;
    }
    const char *key = mu_op_key(&s->duplicate, arena);
    if (key == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a warning");
    }
    return keep(out,
                mu_arena_printf(arena, "%u %s another row asks, too; their median is taken: %s%s",
                                s->duplicates,
                                s->duplicates == 1 ? "row asks what" : "rows ask what", key,
                                s->duplicates > 1 ? "; and others" : ""),
                err);
}

/* What the model has no words for stays far off whatever is fitted. */
static mu_status warn_misfit(mu_calibration *out, uint32_t group, mu_arena *arena, mu_error *err)
{
    const mu_group_result *result = &out->group[group];
    const mu_row_errors *left = result->after.n > 0 ? &result->after : &result->left_out;
    if (!result->fitted || left->median < misfit) {
        return MU_OK;
    }
    return keep(out,
                mu_arena_printf(arena,
                                "%s %s: half of the rows are still over %.0f %% off: the model "
                                "does not describe these kernels; do not rely on what was fitted",
                                mu_op_case_text(result->group->kind), result->group->dtype,
                                100.0 * misfit),
                err);
}

mu_status mu_warn_odd_rows(mu_calibration *out, const mu_samples *samples, const double before_s[],
                           const double after_s[], mu_arena *arena, mu_error *err)
{
    mu_status status = warn_duplicates(out, samples, arena, err);
    for (uint32_t g = 0; g < samples->group_count && status == MU_OK; g++) {
        bool unit = false;
        status = warn_unit(out, samples, g, before_s, &unit, arena, err);
        if (status == MU_OK && !unit) {
            status = warn_far_off(out, samples, g, after_s, arena, err);
        }
        if (status == MU_OK && !unit) {
            status = warn_misfit(out, g, arena, err);
        }
    }
    return status;
}
