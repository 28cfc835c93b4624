/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Families of operators, fitted one after another.
 *
 * What:  which parameters have a say in which rows; the fit, from the best of a few starts; five
 *        fits that each leave out a fifth of the rows; errors and ranges.
 * Terms: say = the logarithm of some predicted time moves when the parameter does.
 */
#include "calibrate/calibrate.h"

#include "base/random.h"
#include "calibrate/fit.h"
#include "calibrate/spread.h"
#include "calibrate/surface_rows.h"
#include "calibrate/warn.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    ROWS_FITTED_MAX = 16384,
    ROWS_LOOKED_AT_MAX = 4096,
    STEPS_FULL = 80,
    STEPS_FOLD = 12,
    STARTS = 4,
    ROWS_STARTED_ON = 1024,
    STEPS_START = 30,
    SEED = 11
};

static const double say_step = 1.0;     /* of x, each way, to see what a knob has a say in */
static const double say_least = 1e-4;   /* of the logarithm of a time */
static const double say_rms = 2e-3;     /* root mean square over all rows of the family's groups */
static const double noise_least = 0.05; /* residual of a row that a model of few terms leaves */
static const double noise_most = 0.3;
static const double width_least = 0.01; /* of a range each way, relative */

typedef struct run {
    const mu_samples *samples;
    const mu_specimen *start;
    mu_work *work;
    mu_calibration *out;
    double *before_s;   /* [samples] */
    double *after_s;    /* [samples] */
    double *left_out_s; /* [samples]; 0 = never left out */
    double *factor;     /* [samples] of a surface that was fitted without the row; else 1 */
    uint8_t *surface;   /* [samples] mu_surface_kind; MU_SURFACE_KIND_COUNT = none */
    uint32_t *row;      /* [samples] scratch */
    double *scratch;    /* [samples] */
    double *moved_s;    /* [samples] scratch */
    mu_error *err;
} run;

/* One family under way. */
typedef struct family_run {
    run *r;
    uint8_t family;
    uint64_t groups; /* bits of its sample groups */
    uint64_t kinds;  /* bits of the operators in them */
    mu_regression fit;
    const mu_knob *knob[MU_FIT_KNOBS_MAX];
    mu_knob_result *result[MU_FIT_KNOBS_MAX];
    uint64_t say[MU_KNOBS_MAX]; /* by place among all knobs */
    double fold_x[MU_FIT_KNOBS_MAX][MU_FOLDS];
} family_run;

typedef enum pick { PICK_FIT, PICK_HELD_OUT, PICK_ALL } pick;

/* Rows of a family into r->row: at most `most` by hash; all but one fold (MU_FOLDS = none). */
static uint32_t pick_rows(const family_run *f, pick what, uint32_t fold, uint32_t most)
{
    const mu_samples *s = f->r->samples;
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count && count < most; i++) {
        const mu_sample *row = &s->row[i];
        bool of_family = (f->groups >> row->group & 1) != 0;
        bool picked = what == PICK_ALL || row->held_out == (what == PICK_HELD_OUT);
        if (of_family && picked && (what != PICK_FIT || row->fold != fold)) {
            f->r->row[count++] = i; /* in order of hash: the first ones are a random draw */
        }
    }
    return count;
}

static mu_regression fit_of(const family_run *f, uint32_t rows)
{
    return (mu_regression){.sample = f->r->samples->row,
                           .row = f->r->row,
                           .rows = rows,
                           .knob = f->knob,
                           .groups = f->fit.groups,
                           .knobs = f->fit.knobs,
                           .noise = f->fit.noise,
                           .pool = f->r->work->pool,
                           .arena = f->r->work->arena};
}

/* Groups in which a knob has a say, and how much over all rows at hand. */
static mu_status listen(const family_run *f, const mu_regression *fit, const mu_knob *knob,
                        uint64_t *groups, double *rms)
{
    run *r = f->r;
    double *base_s = r->scratch;
    double squares = 0.0;
    *groups = 0;
    for (int side = -1; side <= 1; side += 2) {
        mu_specimen moved = r->out->subject;
        double x = mu_knob_to_x(knob, mu_knob_get(knob, &r->out->subject));
        x = fmin(x, 4.0) + side * say_step;
        mu_knob_set(knob, &moved, mu_knob_from_x(knob, x));
        mu_status status = mu_fit_predict(fit, &moved, r->moved_s, r->err);
        if (status != MU_OK) {
            return status;
        }
        for (uint32_t i = 0; i < fit->rows; i++) {
            double change = log(r->moved_s[i] / base_s[i]);
            squares += change * change;
            if (fabs(change) > say_least) {
                *groups |= 1ULL << fit->sample[fit->row[i]].group;
            }
        }
    }
    *rms = sqrt(squares / (2.0 * fit->rows));
    return MU_OK;
}

/* Sets the fate of every knob of the family and lists those to be fitted. */
static mu_status choose_knobs(family_run *f, uint64_t say[MU_FIT_KNOBS_MAX])
{
    run *r = f->r;
    mu_regression fit = fit_of(f, pick_rows(f, PICK_ALL, MU_FOLDS, ROWS_LOOKED_AT_MAX));
    mu_status status = mu_fit_predict(&fit, &r->out->subject, r->scratch, r->err);
    f->fit.knobs = 0;
    for (uint32_t i = 0; i < r->out->knob_count && status == MU_OK; i++) {
        mu_knob_result *result = &r->out->knob[i];
        double rms = 0.0;
        if (result->knob.family != f->family || (result->knob.owners & f->kinds) == 0) {
            continue;
        }
        status = listen(f, &fit, &result->knob, &f->say[i], &rms);
        if (f->say[i] == 0) {
            result->fate = MU_KNOB_NO_SAY;
        } else if (result->knob.unexplained) {
            result->fate = MU_KNOB_WIDTH;
        } else if (rms < say_rms || result->knob.fixed) {
            result->fate = MU_KNOB_LITTLE_SAY;
        } else {
            assert(f->fit.knobs < MU_FIT_KNOBS_MAX);
            result->fate = MU_KNOB_FITTED;
            say[f->fit.knobs] = f->say[i];
            f->result[f->fit.knobs] = result;
            f->knob[f->fit.knobs++] = &result->knob;
        }
    }
    return status;
}

/* Where a fit may start: as it is now, at the priors, else anywhere in the priors. */
static void place_start(const family_run *f, uint32_t start, mu_specimen *subject)
{
    for (uint32_t k = 0; k < f->fit.knobs && start > 0; k++) {
        double u = start == 1 ? 0.5 : mu_random_uniform(SEED, start, k);
        double value = mu_range_at(f->knob[k]->prior, u);
        value = fmin(fmax(value, f->knob[k]->min), f->knob[k]->max);
        mu_knob_set(f->knob[k], subject, value);
    }
}

/* Several short fits to a few rows: the valley of the best one is taken. */
static mu_status find_valley(family_run *f, mu_specimen *subject)
{
    mu_specimen best = *subject;
    double least = INFINITY;
    mu_status status = MU_OK;
    for (uint32_t start = 0; start < STARTS && status == MU_OK; start++) {
        mu_specimen here = *subject;
        mu_fit_quality quality;
        place_start(f, start, &here);
        mu_regression fit = fit_of(f, pick_rows(f, PICK_FIT, MU_FOLDS, ROWS_STARTED_ON));
        fit.steps = STEPS_START;
        status = mu_fit_run(&fit, &here, &quality, f->r->err);
        if (status == MU_OK && quality.cost < least) {
            least = quality.cost;
            best = here;
        }
    }
    *subject = best;
    f->fit.noise = fmin(fmax(sqrt(least), noise_least), noise_most);
    return status;
}

static mu_status fit_all(family_run *f, mu_specimen *subject)
{
    mu_fit_quality quality;
    mu_status status = find_valley(f, subject);
    if (status == MU_OK) {
        mu_regression fit = fit_of(f, pick_rows(f, PICK_FIT, MU_FOLDS, ROWS_FITTED_MAX));
        fit.steps = STEPS_FULL;
        status = mu_fit_run(&fit, subject, &quality, f->r->err);
    }
    for (uint32_t k = 0; k < f->fit.knobs && status == MU_OK; k++) {
        f->result[k]->doubt = quality.doubt[k];
    }
    return status;
}

/* Each fifth of the rows predicted by what the other four fit. */
static mu_status fit_folds(family_run *f, const mu_specimen *full)
{
    run *r = f->r;
    mu_status status = MU_OK;
    for (uint32_t fold = 0; fold < MU_FOLDS && status == MU_OK; fold++) {
        mu_specimen subject = *full;
        mu_fit_quality quality;
        mu_regression fit = fit_of(f, pick_rows(f, PICK_FIT, fold, ROWS_FITTED_MAX));
        fit.steps = STEPS_FOLD;
        if (fit.knobs > 0 && fit.rows > 0) {
            status = mu_fit_run(&fit, &subject, &quality, r->err);
        }
        for (uint32_t k = 0; k < f->fit.knobs; k++) {
            f->fold_x[k][fold] = mu_knob_to_x(f->knob[k], mu_knob_get(f->knob[k], &subject));
        }
        fit.rows = pick_rows(f, PICK_ALL, MU_FOLDS, UINT32_MAX);
        if (status == MU_OK) {
            status = mu_fit_predict(&fit, &subject, r->scratch, r->err);
        }
        for (uint32_t i = 0; i < fit.rows && status == MU_OK; i++) {
            const mu_sample *row = &fit.sample[r->row[i]];
            if (!row->held_out && row->fold == fold) {
                r->left_out_s[r->row[i]] = r->scratch[i] * r->factor[r->row[i]];
            }
        }
    }
    return status;
}

static mu_status predict_family(family_run *f, const mu_specimen *subject, double by_sample_s[])
{
    run *r = f->r;
    mu_regression fit = fit_of(f, pick_rows(f, PICK_ALL, MU_FOLDS, UINT32_MAX));
    mu_status status = mu_fit_predict(&fit, subject, r->scratch, r->err);
    for (uint32_t i = 0; i < fit.rows && status == MU_OK; i++) {
        by_sample_s[r->row[i]] = r->scratch[i];
    }
    return status;
}

/* Rows whose errors say how wide a range must be: those held out, or all where they are few. */
static bool judges(const mu_sample *row, uint64_t groups, bool few)
{
    return (groups >> row->group & 1) != 0 && (row->held_out || few);
}

/* 5th and 95th percentile of measured over predicted where a knob has a say; 1 is inside. */
static void set_width(const family_run *f, mu_knob_result *result, uint64_t groups)
{
    const run *r = f->r;
    const mu_samples *s = r->samples;
    uint32_t held_out = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        held_out += judges(&s->row[i], groups, false) ? 1 : 0;
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < s->count; i++) {
        const mu_sample *row = &s->row[i];
        if (judges(row, groups, held_out < 20)) {
            double predicted_s = row->held_out ? r->after_s[i] : r->left_out_s[i];
            r->scratch[count++] = row->measured_s / predicted_s;
        }
    }
    mu_sort_numbers(r->scratch, count);
    const mu_knob *knob = &result->knob;
    double low = fmin(mu_quantile_of(r->scratch, count, 0.05), 1.0);
    double high = fmax(mu_quantile_of(r->scratch, count, 0.95), 1.0);
    result->range = (mu_range){1.0, fmax(low, knob->min), fmin(high, knob->max)};
}

static bool has_width(const family_run *f)
{
    for (uint32_t i = 0; i < f->r->out->knob_count; i++) {
        const mu_knob_result *result = &f->r->out->knob[i];
        if (result->knob.family == f->family && result->fate == MU_KNOB_WIDTH) {
            return true;
        }
    }
    return false;
}

/* Where no parameter stands for what is unexplained, all of a group carry it together. */
static mu_status residual_spreads(family_run *f, const mu_specimen *subject,
                                  double spread[MU_FIT_KNOBS_MAX])
{
    run *r = f->r;
    double rows[MU_FIT_KNOBS_MAX] = {0};
    mu_status status = MU_OK;
    for (uint32_t g = 0; g < r->samples->group_count && status == MU_OK; g++) {
        family_run one = *f;
        double here = 0.0;
        one.groups = f->groups & 1ULL << g;
        mu_regression fit = fit_of(&one, pick_rows(&one, PICK_ALL, MU_FOLDS, ROWS_LOOKED_AT_MAX));
        if (fit.rows == 0) {
            continue;
        }
        status = mu_residual_spread(&fit, subject, &here, r->err);
        for (uint32_t k = 0; k < fit.knobs; k++) {
            double weight = (fit.groups[k] >> g & 1) != 0 ? (double)fit.rows : 0.0;
            spread[k] += weight * here;
            rows[k] += weight;
        }
    }
    for (uint32_t k = 0; k < f->fit.knobs; k++) {
        spread[k] = rows[k] > 0.0 ? spread[k] / rows[k] : 0.0;
    }
    return status;
}

static mu_status set_ranges(family_run *f, const mu_specimen *subject)
{
    double residual[MU_FIT_KNOBS_MAX] = {0};
    mu_status status = MU_OK;
    if (!has_width(f)) {
        status = residual_spreads(f, subject, residual);
    }
    for (uint32_t k = 0; k < f->fit.knobs; k++) {
        const mu_knob *knob = f->knob[k];
        double best = mu_knob_get(knob, subject);
        double x = mu_knob_to_x(knob, best);
        double spread = MU_Z95 * hypot(mu_fold_error(f->fold_x[k]), residual[k]);
        double low = mu_knob_from_x(knob, x - spread);
        double high = mu_knob_from_x(knob, x + spread);
        f->result[k]->range =
            (mu_range){best, fmax(fmin(low, best / (1.0 + width_least)), knob->min),
                       fmin(fmax(high, best * (1.0 + width_least)), knob->max)};
    }
    for (uint32_t i = 0; i < f->r->out->knob_count; i++) {
        mu_knob_result *result = &f->r->out->knob[i];
        if (result->knob.family == f->family && result->fate == MU_KNOB_WIDTH) {
            set_width(f, result, f->say[i]);
        }
    }
    return status;
}

/* What is left unexplained is 1 while the rest is fitted. */
static void reset_widths(const family_run *f, mu_specimen *subject)
{
    for (uint32_t i = 0; i < f->r->out->knob_count; i++) {
        const mu_knob_result *result = &f->r->out->knob[i];
        if (result->knob.family == f->family && result->fate == MU_KNOB_WIDTH) {
            mu_knob_set(&result->knob, subject, 1.0);
        }
    }
}

/* Surfaces of dense rows are fitted anew: parameters are fitted without them. Bits of their kinds;
 * as-is those that there are. */
static uint64_t lay_surfaces_aside(const family_run *f, bool as_is, mu_specimen *subject)
{
    const mu_samples *s = f->r->samples;
    uint32_t count[MU_SURFACE_KIND_COUNT + 1] = {0};
    for (uint32_t i = 0; i < s->count; i++) {
        const mu_sample *row = &s->row[i];
        if ((f->groups >> row->group & 1) != 0 && !row->held_out) {
            count[f->r->surface[i]]++;
        }
    }
    uint64_t kinds = 0;
    for (int kind = 0; kind < MU_SURFACE_KIND_COUNT; kind++) {
        bool wanted = !as_is || subject->chip.surface[kind] != NULL;
        if (count[kind] >= MU_SURFACE_ROWS_MIN && wanted) {
            subject->chip.surface[kind] = NULL;
            kinds |= 1ULL << kind;
        }
    }
    return kinds;
}

static mu_status fit_surface(const family_run *f, mu_surface_kind kind, const mu_specimen *bare,
                             mu_specimen *subject)
{
    run *r = f->r;
    mu_arena *arena = r->work->arena;
    mu_surface_rows rows;
    uint32_t *place = MU_NEW(arena, uint32_t, MU_SURFACE_ROWS_MAX);
    if (place == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "no memory for a surface");
    }
    const mu_surface_choice choice = {kind, r->surface, f->groups};
    mu_status status = mu_surface_rows_of(r->samples, bare, &choice, arena, place, &rows, r->err);
    if (status != MU_OK || rows.count == 0) {
        return status;
    }
    mu_surface_result *result = &r->out->surface[r->out->surface_count++];
    status = mu_surface_fit(&rows, r->work->pool, arena, result, r->err);
    for (uint32_t i = 0; i < rows.count && status == MU_OK; i++) {
        r->factor[place[i]] = exp(result->left_out[i]);
    }
    subject->chip.surface[kind] = result->surface;
    return status;
}

static mu_status fit_surfaces(const family_run *f, uint64_t kinds, mu_specimen *subject)
{
    const mu_specimen bare = *subject;
    mu_status status = MU_OK;
    for (int kind = 0; kind < MU_SURFACE_KIND_COUNT && status == MU_OK; kind++) {
        if ((kinds >> kind & 1) != 0) {
            status = fit_surface(f, (mu_surface_kind)kind, &bare, subject);
        }
    }
    return status;
}

static mu_status fit_family(family_run *f)
{
    run *r = f->r;
    uint64_t say[MU_FIT_KNOBS_MAX];
    f->fit.groups = say;
    f->fit.noise = noise_least;
    mu_status status = choose_knobs(f, say);
    mu_specimen subject = r->out->subject;
    reset_widths(f, &subject);
    bool as_is = r->out->knob_count == 0;
    const mu_specimen present = subject;
    uint64_t kinds = lay_surfaces_aside(f, as_is, &subject);
    if (status == MU_OK && f->fit.knobs > 0) {
        status = fit_all(f, &subject);
    }
    const mu_specimen bare = subject;
    if (status == MU_OK) {
        status = fit_surfaces(f, kinds, &subject);
    }
    if (as_is) { /* only what they say of rows left out was wanted */
        subject = present;
        r->out->surface_count = 0;
    }
    if (status == MU_OK) {
        status = fit_folds(f, &bare);
    }
    if (status == MU_OK) {
        status = predict_family(f, &subject, r->after_s);
    }
    if (status == MU_OK) {
        status = set_ranges(f, &subject);
    }
    if (status == MU_OK) {
        r->out->subject = subject;
        for (uint32_t g = 0; g < r->samples->group_count; g++) {
            r->out->group[g].fitted |= (f->groups >> g & 1) != 0;
        }
    }
    return status;
}

static mu_row_errors errors_of(const run *r, uint32_t group, bool held_out,
                               const double predicted_s[])
{
    const mu_samples *s = r->samples;
    uint32_t count = 0;
    double *chosen_s = r->scratch;
    mu_arena_mark mark = mu_arena_here(r->work->arena);
    double *measured_s = MU_NEW(r->work->arena, double, 2 * (size_t)s->group[group].rows);
    for (uint32_t i = 0; i < s->count && measured_s != NULL; i++) {
        const mu_sample *row = &s->row[i];
        if (row->group == group && row->held_out == held_out && predicted_s[i] > 0.0) {
            chosen_s[count] = predicted_s[i];
            measured_s[count++] = row->measured_s;
        }
    }
    mu_row_errors errors = {0};
    if (measured_s != NULL) {
        errors = mu_row_errors_of(chosen_s, measured_s, count, measured_s + s->group[group].rows);
    }
    mu_arena_back(r->work->arena, mark);
    return errors;
}

static void score_groups(const run *r)
{
    for (uint32_t g = 0; g < r->out->group_count; g++) {
        mu_group_result *result = &r->out->group[g];
        if (!result->fitted) {
            continue;
        }
        result->before = errors_of(r, g, true, r->before_s);
        result->after = errors_of(r, g, true, r->after_s);
        result->left_out = errors_of(r, g, false, r->left_out_s);
    }
}

static mu_status prepare(run *r, const mu_knob knobs[], uint32_t count)
{
    mu_arena *arena = r->work->arena;
    mu_calibration *out = r->out;
    uint32_t rows = r->samples->count;
    *out = (mu_calibration){
        .subject = *r->start, .knob_count = count, .group_count = r->samples->group_count};
    out->knob = MU_NEW(arena, mu_knob_result, count + (size_t)1);
    out->group = MU_NEW(arena, mu_group_result, out->group_count);
    out->margin = MU_NEW(arena, mu_op_margin, MU_MARGINS_MAX);
    r->before_s = MU_NEW(arena, double, rows);
    r->after_s = MU_NEW(arena, double, rows);
    r->left_out_s = MU_NEW(arena, double, rows);
    r->scratch = MU_NEW(arena, double, rows);
    r->moved_s = MU_NEW(arena, double, rows);
    r->factor = MU_NEW(arena, double, rows);
    r->surface = MU_NEW(arena, uint8_t, rows);
    r->row = MU_NEW(arena, uint32_t, rows);
    if (out->knob == NULL || out->group == NULL || out->margin == NULL || r->before_s == NULL ||
        r->after_s == NULL || r->left_out_s == NULL || r->scratch == NULL || r->moved_s == NULL ||
        r->row == NULL || r->factor == NULL || r->surface == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "no memory to calibrate on %u rows", rows);
    }
    for (uint32_t i = 0; i < rows; i++) {
        r->factor[i] = 1.0;
    }
    mu_surface_kinds_of(r->samples, r->start, r->surface);
    for (uint32_t i = 0; i < count; i++) {
        out->knob[i].knob = knobs[i];
        out->knob[i].before = mu_knob_get(&knobs[i], r->start);
    }
    for (uint32_t g = 0; g < out->group_count; g++) {
        out->group[g].group = &r->samples->group[g];
    }
    return MU_OK;
}

/* Sample groups of a family, and how many of their rows may be fitted on. */
static void find_groups(family_run *f, uint64_t kinds, uint32_t *rows, uint32_t *fit_rows)
{
    const mu_samples *s = f->r->samples;
    for (uint32_t g = 0; g < s->group_count; g++) {
        if ((kinds >> s->group[g].kind & 1) != 0) {
            f->groups |= 1ULL << g;
            f->kinds |= 1ULL << s->group[g].kind;
            *rows += s->group[g].rows;
            *fit_rows += s->group[g].rows - s->group[g].held_out;
        }
    }
}

static mu_status run_families(run *r, bool on_system)
{
    uint32_t count = 0;
    const mu_family *families = mu_families(&count);
    mu_status status = MU_OK;
    uint32_t fitted = 0;
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        uint32_t rows = 0;
        uint32_t fit_rows = 0;
        family_run f = {.r = r, .family = (uint8_t)i};
        find_groups(&f, families[i].kinds, &rows, &fit_rows);
        if (families[i].on_system != on_system || rows == 0) {
            continue;
        }
        status = predict_family(&f, r->start, r->before_s);
        if (status == MU_OK && fit_rows < MU_FIT_ROWS_MIN) {
            status = mu_warn_few(r->out, families[i].name, rows, fit_rows, r->work->arena, r->err);
            continue;
        }
        if (status == MU_OK) {
            status = fit_family(&f);
        }
        r->out->rows += rows;
        fitted++;
        if (r->work->progress != NULL &&
            !r->work->progress(r->work->progress_context, i + 1, count)) {
            return mu_fail(r->err, MU_E_CANCELLED, "cancelled");
        }
    }
    if (status == MU_OK && fitted == 0) {
        return mu_fail(r->err, MU_E_INPUT,
                       "nothing to calibrate: expected %d rows or more of one operator that may be "
                       "fitted on%s%s",
                       MU_FIT_ROWS_MIN, r->out->warning_count > 0 ? "; " : "",
                       r->out->warning_count > 0 ? r->out->warning[0] : "");
    }
    return status;
}

/* Rows that no family was fitted to are predicted by what is there. */
static void predict_rest(const run *r)
{
    const mu_specimen *subject = &r->out->subject;
    for (uint32_t i = 0; i < r->samples->count; i++) {
        const mu_sample *row = &r->samples->row[i];
        if (!row->held_out && !(r->left_out_s[i] > 0.0)) {
            r->left_out_s[i] =
                mu_op_time(&row->question, &row->load, &subject->chip, &subject->fabric);
        }
    }
}

mu_status mu_calibrate(const mu_samples *samples, const mu_specimen *start, const mu_knob knobs[],
                       uint32_t count, mu_work *work, mu_calibration *out, mu_error *err)
{
    assert(count <= MU_KNOBS_MAX);
    run r = {.samples = samples, .start = start, .work = work, .out = out, .err = err};
    bool on_system = start->fabric.tier_count > 0;
    mu_status status = prepare(&r, knobs, count);
    if (status == MU_OK) {
        status = run_families(&r, on_system);
    }
    if (status == MU_OK) {
        score_groups(&r);
        predict_rest(&r);
        status =
            mu_margins_of(samples, r.left_out_s, work->arena, out->margin, &out->margin_count, err);
    }
    if (status == MU_OK) {
        status = mu_warn_odd_rows(out, samples, r.before_s, r.after_s, work->arena, err);
    }
    return status;
}
