/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fitting of surfaces.
 *
 * What:  a basis of hats over each axis and products of hats over pairs (and one triple) of axes;
 *        weighted least squares with penalties, Cholesky; folds and strengths side by side.
 * Terms: unknown = one number of the basis: a constant, then a block for each axis, pair and
 *        triple. Blocks overlap: what an axis says alone the pairs need not say.
 */
#include "calibrate/surface_fit.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    UNKNOWNS_MAX = 1600,
    BLOCKS_MAX = 40,
    PARTS_MAX = 120, /* of the basis that are not zero at one point */
    STRENGTHS = 3,
    TASKS = STRENGTHS * MU_FOLDS,
    ROUNDS_FOLD = 3,
    ROUNDS_FULL = 8,
    SEED = 23,
    ROWS_AN_UNKNOWN = 3,
    ROWS_DENSE = 3000,
    FEW_AXES = 4,
    KNOTS_MOST = 12
};

static const double strengths[STRENGTHS] = {0.3, 2.0, 10.0};
static const double ridge = 0.02; /* pull to zero over pull to the neighbours */
static const double constant_pull = 1e-6;
static const double huber = 0.10;       /* residual beyond which a row counts less */
static const double dent_weight = 30.0; /* of a dent over a row */
static const double gain_least = 0.05;  /* of the error, else there is no surface */
static const double same_knot = 1e-6;

typedef struct block {
    uint8_t axes;
    uint8_t axis[MU_SURFACE_OVER_MAX];
    uint32_t first;
    uint32_t size;
} block;

/* What of the basis is not zero at a point. */
typedef struct parts {
    uint16_t place[PARTS_MAX];
    float weight[PARTS_MAX];
    uint8_t count;
} parts;

typedef struct basis {
    mu_surface frame; /* its axes */
    uint32_t blocks;
    block block[BLOCKS_MAX];
    uint32_t unknowns;
} basis;

typedef struct problem {
    const mu_surface_rows *rows;
    basis basis;
    parts *part;      /* [rows] */
    parts *moved;     /* [rows * MU_SURFACE_MOVES] */
    uint8_t *fold;    /* [rows] */
    uint32_t task;    /* first of those being run */
    uint32_t slots;   /* of scratch: one a worker, or one a task where those are fewer */
    double *scratch;  /* [slots * (unknowns + 1) * unknowns] */
    double *solution; /* [TASKS * unknowns] */
    mu_error *err;
} problem;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Distinct values of a coordinate, ascending, into value[rows]; returns their number. */
static uint32_t distinct(const mu_surface_rows *rows, uint8_t coordinate, double value[])
{
    for (uint32_t i = 0; i < rows->count; i++) {
        value[i] = rows->row[i].at[coordinate];
    }
    qsort(value, rows->count, sizeof *value, by_size);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < rows->count; i++) {
        if (isfinite(value[i]) && (kept == 0 || value[i] > value[kept - 1] + same_knot)) {
            value[kept++] = value[i];
        }
    }
    return kept;
}

/* Evenly spread over the range, each at a value that occurs. */
static void place_knots(mu_surface_axis *axis, const double value[], uint32_t count, uint32_t most)
{
    double first = value[0];
    double step = (value[count - 1] - first) / (double)(most - 1);
    uint32_t at = 0;
    axis->knots = 0;
    for (uint32_t i = 0; i < most; i++) {
        double wanted = first + step * (double)i;
        while (at + 1 < count && fabs(value[at + 1] - wanted) <= fabs(value[at] - wanted)) {
            at++;
        }
        float knot = (float)(count <= most ? value[i < count ? i : count - 1] : value[at]);
        if (axis->knots == 0 || knot > axis->knot[axis->knots - 1]) {
            axis->knot[axis->knots++] = knot;
        }
    }
}

static void add_block(basis *b, uint8_t axes, const uint8_t axis[])
{
    assert(b->blocks < BLOCKS_MAX);
    block *one = &b->block[b->blocks++];
    *one = (block){.axes = axes, .first = b->unknowns, .size = 1};
    for (uint8_t i = 0; i < axes; i++) {
        one->axis[i] = axis[i];
        one->size *= b->frame.axis[axis[i]].knots;
    }
    b->unknowns += one->size;
}

/* A block over the axes of three coordinates, where all three have one. */
static void add_triple(basis *b, const uint8_t coordinate[MU_SURFACE_OVER_MAX])
{
    uint8_t axis[MU_SURFACE_AXES_MAX];
    uint8_t found = 0;
    for (uint8_t a = 0; a < b->frame.axes; a++) {
        for (uint32_t k = 0; k < MU_SURFACE_OVER_MAX; k++) {
            if (b->frame.axis[a].coordinate == coordinate[k]) {
                axis[found++] = a;
            }
        }
    }
    if (found == MU_SURFACE_OVER_MAX) {
        add_block(b, found, axis);
    }
}

static void make_blocks(const mu_coordinates *c, basis *b)
{
    uint8_t axes = b->frame.axes;
    b->blocks = 0;
    b->unknowns = 0;
    add_block(b, 0, NULL);
    for (uint8_t i = 0; i < axes; i++) {
        add_block(b, 1, &i);
    }
    for (uint8_t i = 0; i < axes; i++) {
        for (uint8_t j = (uint8_t)(i + 1); j < axes; j++) {
            add_block(b, 2, (uint8_t[]){i, j});
        }
    }
    for (uint8_t i = 0; i < c->triples; i++) {
        add_triple(b, c->triple[i]);
    }
}

/* Most knots of a coordinate: the first of the load have most. */
static uint32_t knots_of(const mu_coordinates *c, uint8_t coordinate, uint8_t axes, bool dense)
{
    if (axes <= FEW_AXES) {
        bool second = coordinate == 1 && c->load > 1;
        return second && dense ? 12 : coordinate == 0 || dense ? 9 : 6;
    }
    return coordinate <= 1 ? 11 : coordinate < c->load ? 6 : 5;
}

/* Axes with as many knots as the rows can bear. */
static void make_basis(const mu_surface_rows *rows, double value[], basis *b)
{
    const mu_coordinates *c = mu_surface_coordinates(rows->kind);
    uint32_t bearable = rows->count / ROWS_AN_UNKNOWN;
    bearable = bearable < UNKNOWNS_MAX ? bearable : UNKNOWNS_MAX;
    uint8_t axes = 0;
    for (uint8_t i = 0; i < c->count; i++) {
        axes = (uint8_t)(axes + (distinct(rows, i, value) > 1 ? 1 : 0));
    }
    for (uint32_t fewer = 0; fewer < KNOTS_MOST; fewer++) {
        memset(b, 0, sizeof *b);
        for (uint8_t i = 0; i < c->count; i++) {
            uint32_t count = distinct(rows, i, value);
            uint32_t most = knots_of(c, i, axes, rows->count >= ROWS_DENSE);
            most = most > fewer + 2 ? most - fewer : 2;
            if (count > 1) {
                mu_surface_axis *axis = &b->frame.axis[b->frame.axes++];
                axis->coordinate = i;
                place_knots(axis, value, count, most);
            }
        }
        make_blocks(c, b);
        if (b->unknowns <= bearable) {
            return;
        }
    }
}

static void add_part(parts *p, uint32_t place, double weight)
{
    assert(p->count < PARTS_MAX);
    p->place[p->count] = (uint16_t)place;
    p->weight[p->count++] = (float)weight;
}

/* Parts in ascending order of their places. */
static void find_parts(const basis *b, const double at[], parts *out)
{
    mu_surface_spot spot[MU_SURFACE_AXES_MAX];
    for (uint8_t i = 0; i < b->frame.axes; i++) {
        spot[i] = mu_surface_spot_of(&b->frame.axis[i], at[b->frame.axis[i].coordinate]);
    }
    out->count = 0;
    for (uint32_t i = 0; i < b->blocks; i++) {
        const block *one = &b->block[i];
        for (uint32_t corner = 0; corner < 1U << one->axes; corner++) {
            uint32_t place = 0;
            double weight = 1.0;
            for (uint8_t a = 0; a < one->axes; a++) {
                const mu_surface_spot *s = &spot[one->axis[a]];
                uint32_t high = corner >> (one->axes - 1 - a) & 1;
                place = place * b->frame.axis[one->axis[a]].knots + s->knot + high;
                weight *= high != 0 ? s->beyond : 1.0 - s->beyond;
            }
            if (weight > 0.0) {
                add_part(out, one->first + place, weight);
            }
        }
    }
}

static double value_of(const parts *p, const double solution[])
{
    double sum = 0.0;
    for (uint32_t i = 0; i < p->count; i++) {
        sum += (double)p->weight[i] * solution[p->place[i]];
    }
    return sum;
}

/* matrix += weight * p p^T (lower triangle), right += weight * p * target. */
static void add_row(const parts *p, double weight, double target, uint32_t unknowns,
                    double matrix[], double right[])
{
    for (uint32_t i = 0; i < p->count; i++) {
        double scaled = weight * (double)p->weight[i];
        double *line = matrix + (size_t)p->place[i] * unknowns;
        right[p->place[i]] += scaled * target;
        for (uint32_t j = 0; j <= i; j++) {
            line[p->place[j]] += scaled * (double)p->weight[j];
        }
    }
}

/* The same of the difference of two points. */
static void add_difference(const parts *to, const parts *from, double weight, double target,
                           uint32_t unknowns, double matrix[], double right[])
{
    const parts *side[2] = {to, from};
    for (uint32_t i = 0; i < to->count + from->count; i++) {
        const parts *p = side[i < to->count ? 0 : 1];
        uint32_t at = i < to->count ? i : i - to->count;
        double scaled = weight * (double)p->weight[at] * (p == to ? 1.0 : -1.0);
        double *line = matrix + (size_t)p->place[at] * unknowns;
        right[p->place[at]] += scaled * target;
        for (uint32_t s = 0; s < 2; s++) {
            double sign = s == 0 ? scaled : -scaled;
            for (uint32_t j = 0; j < side[s]->count && side[s]->place[j] <= p->place[at]; j++) {
                line[side[s]->place[j]] += sign * (double)side[s]->weight[j];
            }
        }
    }
}

/* Pulls numbers of a block together that are neighbours along one axis. */
static void pull_along(const block *one, uint32_t stride, uint32_t knots, size_t n, double strength,
                       double matrix[])
{
    for (uint32_t k = 0; k < one->size; k++) {
        size_t here = one->first + k;
        size_t next = here + stride;
        if (k / stride % knots + 1 < knots) {
            matrix[here * n + here] += strength;
            matrix[next * n + next] += strength;
            matrix[next * n + here] -= strength;
        }
    }
}

/* Neighbours along every axis of a block are pulled together, all a little to zero. */
static void add_penalty(const basis *b, double strength, double matrix[])
{
    uint32_t n = b->unknowns;
    matrix[0] += constant_pull;
    for (uint32_t i = 1; i < b->blocks; i++) {
        const block *one = &b->block[i];
        uint32_t stride = one->size;
        for (uint32_t k = one->first; k < one->first + one->size; k++) {
            matrix[(size_t)k * n + k] += strength * ridge;
        }
        for (uint8_t a = 0; a < one->axes; a++) {
            uint32_t knots = b->frame.axis[one->axis[a]].knots;
            stride /= knots;
            pull_along(one, stride, knots, n, strength, matrix);
        }
    }
}

/* Four sums side by side, as processors like it: always in the same order. */
static double dot(const double a[], const double b[], uint32_t n)
{
    double sum[4] = {0.0};
    uint32_t whole = n & ~3U;
    for (uint32_t k = 0; k < whole; k += 4) {
        sum[0] += a[k] * b[k];
        sum[1] += a[k + 1] * b[k + 1];
        sum[2] += a[k + 2] * b[k + 2];
        sum[3] += a[k + 3] * b[k + 3];
    }
    for (uint32_t k = whole; k < n; k++) {
        sum[0] += a[k] * b[k];
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Solves matrix x = right in place by Cholesky; the matrix is positive definite by its penalty. */
static void solve(uint32_t n, double matrix[], double x[])
{
    for (uint32_t i = 0; i < n; i++) {
        double *line = matrix + (size_t)i * n;
        for (uint32_t j = 0; j <= i; j++) {
            const double *other = matrix + (size_t)j * n;
            double sum = line[j] - dot(line, other, j);
            line[j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / other[j];
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const double *line = matrix + (size_t)i * n;
        for (uint32_t k = 0; k < i; k++) {
            x[i] -= line[k] * x[k];
        }
        x[i] /= line[i];
    }
    for (uint32_t i = n; i-- > 0;) {
        x[i] /= matrix[(size_t)i * n + i];
        for (uint32_t k = 0; k < i; k++) {
            x[k] -= matrix[(size_t)i * n + k] * x[i];
        }
    }
}

/* Dents of a row under the present solution, as rows of their own. */
static void add_dents(const problem *p, uint32_t row, const double solution[], double matrix[],
                      double right[])
{
    const mu_surface_row *r = &p->rows->row[row];
    double here = value_of(&p->part[row], solution);
    for (uint8_t m = 0; m < r->moves; m++) {
        const parts *to = &p->moved[(size_t)row * MU_SURFACE_MOVES + m];
        double least = -r->move[m].growth;
        if (value_of(to, solution) - here < least) {
            add_difference(to, &p->part[row], dent_weight, least, p->basis.unknowns, matrix, right);
        }
    }
}

/* Fits to all rows but those of one fold (MU_FOLDS = none). */
static void fit_once(const problem *p, double strength, uint32_t fold, uint32_t rounds,
                     double scratch[], double solution[])
{
    uint32_t n = p->basis.unknowns;
    double *matrix = scratch;
    double *right = scratch + (size_t)n * n;
    for (uint32_t round = 0; round < rounds; round++) {
        memset(matrix, 0, ((size_t)n * n + n) * sizeof *matrix);
        for (uint32_t i = 0; i < p->rows->count; i++) {
            if (p->fold[i] == fold) {
                continue;
            }
            double residual = p->rows->row[i].residual;
            double weight = 1.0;
            if (round > 0) {
                double far = (residual - value_of(&p->part[i], solution)) / huber;
                weight = 1.0 / sqrt(1.0 + far * far);
                add_dents(p, i, solution, matrix, right);
            }
            add_row(&p->part[i], weight, residual, n, matrix, right);
        }
        add_penalty(&p->basis, strength, matrix);
        solve(n, matrix, right);
        memcpy(solution, right, n * sizeof *solution);
    }
}

static mu_status fit_fold(void *context, uint64_t index, uint32_t worker, mu_error *err)
{
    const problem *p = context;
    size_t n = p->basis.unknowns;
    uint64_t slot = p->slots < TASKS ? worker : index;
    index += p->task;
    (void)err;
    fit_once(p, strengths[index / MU_FOLDS], (uint32_t)(index % MU_FOLDS), ROUNDS_FOLD,
             p->scratch + slot * (n + 1) * n, p->solution + index * n);
    return MU_OK;
}

/* Shapes to folds where there are enough of them, else rows; returns the number of shapes. */
static uint32_t set_folds(problem *p, double scratch[])
{
    const mu_coordinates *c = mu_surface_coordinates(p->rows->kind);
    uint32_t count = p->rows->count;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = SEED;
        for (uint8_t k = c->load; k < c->count; k++) {
            int64_t place = isfinite(p->rows->row[i].at[k])
                                ? (int64_t)floor(p->rows->row[i].at[k] * 1024.0 + 0.5)
                                : 0;
            hash = mu_random_bits(SEED, hash, (uint64_t)place);
        }
        p->fold[i] = (uint8_t)(hash % MU_FOLDS);
        scratch[i] = (double)(hash >> 12);
    }
    qsort(scratch, count, sizeof *scratch, by_size);
    uint32_t shapes = 1;
    for (uint32_t i = 1; i < count; i++) {
        shapes += scratch[i] != scratch[i - 1] ? 1 : 0;
    }
    for (uint32_t i = 0; i < count && shapes < MU_SURFACE_SHAPES_MIN; i++) {
        p->fold[i] = p->rows->row[i].fold;
    }
    return shapes;
}

/* Mean relative error of rows when `value` [rows] is added to the logarithm of predictions. */
static double error_of(const mu_surface_rows *rows, const double value[])
{
    double sum = 0.0;
    for (uint32_t i = 0; i < rows->count; i++) {
        sum += fabs(expm1((value != NULL ? value[i] : 0.0) - rows->row[i].residual));
    }
    return sum / rows->count;
}

/* What the fit minimises, of a row: odd ones count by their size, not its square. */
static double loss_of(const mu_surface_rows *rows, const double value[])
{
    double sum = 0.0;
    for (uint32_t i = 0; i < rows->count; i++) {
        double far = ((value != NULL ? value[i] : 0.0) - rows->row[i].residual) / huber;
        sum += sqrt(1.0 + far * far) - 1.0;
    }
    return sum / rows->count;
}

/* Every row predicted by the fold that left it out, at one strength. */
static void predict_folds(const problem *p, uint32_t strength, double value[])
{
    size_t n = p->basis.unknowns;
    for (uint32_t i = 0; i < p->rows->count; i++) {
        const double *solution = p->solution + (strength * MU_FOLDS + p->fold[i]) * n;
        value[i] = value_of(&p->part[i], solution);
    }
}

static bool within(const block *inner, const block *outer)
{
    uint8_t found = 0;
    for (uint8_t i = 0; i < inner->axes; i++) {
        for (uint8_t j = 0; j < outer->axes; j++) {
            found = (uint8_t)(found + (inner->axis[i] == outer->axis[j] ? 1 : 0));
        }
    }
    return found == inner->axes;
}

/* Place of a number of the inner block that is at a place of the outer. */
static uint32_t inner_place(const basis *b, const block *inner, const block *outer, uint32_t place)
{
    uint32_t knot[MU_SURFACE_OVER_MAX] = {0};
    for (uint8_t j = outer->axes; j-- > 0;) {
        uint32_t knots = b->frame.axis[outer->axis[j]].knots;
        knot[j] = place % knots;
        place /= knots;
    }
    uint32_t found = 0;
    for (uint8_t i = 0; i < inner->axes; i++) {
        for (uint8_t j = 0; j < outer->axes; j++) {
            if (inner->axis[i] == outer->axis[j]) {
                found = found * b->frame.axis[inner->axis[i]].knots + knot[j];
            }
        }
    }
    return found;
}

/* Smaller blocks go into the first larger one that holds their axes; what is left are the terms. */
static void make_surface(const basis *b, double solution[], mu_surface *s, float value[])
{
    *s = b->frame;
    s->value = value;
    for (uint32_t i = 0; i < b->blocks; i++) {
        const block *inner = &b->block[i];
        uint32_t o = i + 1;
        while (o < b->blocks && !within(inner, &b->block[o])) {
            o++;
        }
        const block *outer = &b->block[o < b->blocks ? o : i];
        for (uint32_t k = 0; o < b->blocks && k < outer->size; k++) {
            solution[outer->first + k] += solution[inner->first + inner_place(b, inner, outer, k)];
        }
        if (o < b->blocks) {
            continue;
        }
        mu_surface_term *term = &s->term[s->terms++];
        *term = (mu_surface_term){.axes = inner->axes, .first = s->values};
        memcpy(term->axis, inner->axis, sizeof term->axis);
        for (uint32_t k = 0; k < inner->size; k++) {
            /* As a file holds them: whole thousandths. */
            double rounded = floor(solution[inner->first + k] * 1000.0 + 0.5);
            value[s->values++] = (float)fmin(fmax(rounded, -9999.0), 9999.0) * 1e-3F;
        }
    }
}

static bool allocate(problem *p, uint32_t workers, mu_arena *arena)
{
    size_t n = p->basis.unknowns;
    uint32_t rows = p->rows->count;
    p->slots = workers < TASKS ? workers : TASKS;
    p->part = MU_NEW(arena, parts, rows);
    p->moved = MU_NEW(arena, parts, (size_t)rows * MU_SURFACE_MOVES);
    p->scratch = MU_NEW(arena, double, p->slots *(n + 1) * n);
    p->solution = MU_NEW(arena, double, TASKS *n);
    if (p->part == NULL || p->moved == NULL || p->scratch == NULL || p->solution == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < rows; i++) {
        const mu_surface_row *row = &p->rows->row[i];
        find_parts(&p->basis, row->at, &p->part[i]);
        for (uint8_t m = 0; m < row->moves; m++) {
            find_parts(&p->basis, row->move[m].at, &p->moved[(size_t)i * MU_SURFACE_MOVES + m]);
        }
    }
    return true;
}

/* Rows left out one by one rather than by shape, at one strength. left_out [rows] */
static mu_status leave_out_rows(problem *p, uint32_t strength, mu_pool *pool, double left_out[])
{
    for (uint32_t i = 0; i < p->rows->count; i++) {
        p->fold[i] = p->rows->row[i].fold;
    }
    p->task = strength * MU_FOLDS;
    mu_status status = mu_pool_run(pool, MU_FOLDS, 1, fit_fold, p, NULL, NULL, p->err);
    if (status == MU_OK) {
        predict_folds(p, strength, left_out);
    }
    return status;
}

/* Picks the strength, then fits to all rows. left_out [rows] */
static mu_status fit_best(problem *p, mu_pool *pool, double left_out[], double *loss,
                          mu_surface_result *out)
{
    mu_status status = mu_pool_run(pool, TASKS, 1, fit_fold, p, NULL, NULL, p->err);
    if (status != MU_OK) {
        return status;
    }
    uint32_t best = 0;
    *loss = INFINITY;
    for (uint32_t s = 0; s < STRENGTHS; s++) {
        predict_folds(p, s, left_out);
        double here = loss_of(p->rows, left_out);
        if (here < *loss) {
            *loss = here;
            best = s;
        }
    }
    predict_folds(p, best, left_out);
    out->cross_validated = error_of(p->rows, left_out);
    if (out->by_shape) {
        status = leave_out_rows(p, best, pool, left_out);
    }
    fit_once(p, strengths[best], MU_FOLDS, ROUNDS_FULL, p->scratch, p->solution);
    return status;
}

/* Where a surface that proves itself is kept. */
typedef struct keep {
    double *left_out; /* [rows] */
    mu_surface *surface;
    float *value; /* [UNKNOWNS_MAX] */
} keep;

static mu_status fit_kind(const mu_surface_rows *rows, mu_pool *pool, mu_arena *arena,
                          const keep *room, mu_surface_result *out, mu_error *err)
{
    problem *p = MU_NEW(arena, problem, 1);
    uint8_t *fold = MU_NEW(arena, uint8_t, rows->count);
    double *scratch = MU_NEW(arena, double, rows->count);
    if (p == NULL || fold == NULL || scratch == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the surface of %u rows", rows->count);
    }
    *p = (problem){.rows = rows, .fold = fold, .err = err};
    make_basis(rows, scratch, &p->basis);
    out->shapes = set_folds(p, scratch);
    out->by_shape = out->shapes >= MU_SURFACE_SHAPES_MIN;
    out->before = out->cross_validated = error_of(rows, NULL);
    if (p->basis.frame.axes == 0) {
        return MU_OK;
    }
    if (!allocate(p, mu_pool_threads(pool), arena)) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the surface of %u rows", rows->count);
    }
    double loss = 0.0;
    mu_status status = fit_best(p, pool, room->left_out, &loss, out);
    if (status == MU_OK && loss <= loss_of(rows, NULL) * (1.0 - gain_least)) {
        make_surface(&p->basis, p->solution, room->surface, room->value);
        out->surface = room->surface;
    } else {
        memset(room->left_out, 0, rows->count * sizeof *room->left_out);
        out->cross_validated = out->before;
    }
    return status;
}

mu_status mu_surface_fit(const mu_surface_rows *rows, mu_pool *pool, mu_arena *arena,
                         mu_surface_result *out, mu_error *err)
{
    assert(rows->count >= MU_SURFACE_ROWS_MIN);
    const keep room = {.left_out = MU_NEW(arena, double, rows->count),
                       .surface = MU_NEW(arena, mu_surface, 1),
                       .value = MU_NEW(arena, float, UNKNOWNS_MAX)};
    if (room.left_out == NULL || room.surface == NULL || room.value == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the surface of %u rows", rows->count);
    }
    *out = (mu_surface_result){.kind = rows->kind,
                               .rows = rows->count,
                               .surface = &mu_surface_none,
                               .left_out = room.left_out};
    mu_arena_mark mark = mu_arena_here(arena);
    mu_status status = fit_kind(rows, pool, arena, &room, out, err);
    mu_arena_back(arena, mark);
    return status;
}
