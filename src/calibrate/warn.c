/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings of calibration.
 */
#include "calibrate/warn.h"

#include <math.h>

enum { NAMED_MAX = 3 };

static const double far_off = 30.0; /* times another than predicted after the fit */
static const double unit_low = 2.3; /* of log10: between 200 and 5000 is near 1000 */
static const double unit_high = 3.7;
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

static bool near_unit(double ratio, int sign)
{
    double tens = sign * log10(ratio);
    return tens > unit_low && tens < unit_high;
}

/* Rows of a group that are 1000 times longer (sign -1) or shorter (1) than predicted. */
static uint32_t count_unit(const mu_samples *s, uint32_t group, const double before_s[], int sign)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        count += s->row[i].group == group && before_s[i] > 0.0 &&
                         near_unit(before_s[i] / s->row[i].measured_s, sign)
                     ? 1
                     : 0;
    }
    return count;
}

/* True in *found when a group's unit looks wrong. */
static mu_status warn_unit(mu_calibration *out, const mu_samples *s, uint32_t group,
                           const double before_s[], bool *found, mu_arena *arena, mu_error *err)
{
    const mu_sample_group *g = &s->group[group];
    *found = false;
    for (int sign = -1; sign <= 1; sign += 2) {
        uint32_t count = count_unit(s, group, before_s, sign);
        if (count == 0 || (double)count < nearly_all * g->rows) {
            continue;
        }
        *found = true;
        return keep(out,
                    mu_arena_printf(arena,
                                    "%s %s: %u of %u rows are about 1000 times %s than predicted: "
                                    "is the unit of the time right?",
                                    mu_op_case_text(g->kind), g->dtype, count, g->rows,
                                    sign < 0 ? "longer" : "shorter"),
                    err);
    }
    return MU_OK;
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
