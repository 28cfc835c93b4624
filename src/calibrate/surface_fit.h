/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Surfaces: what dense tables say of an operator beyond the parameters of its cost.
 *
 * What:  a ridge regression of log(measured / predicted) on grids over the coordinates of a kind,
 *        pulled towards neighbouring knots being equal; the pull by cross-validation that leaves
 *        out whole shapes where there are enough of them.
 * Why:   libraries choose among kernels by rules that no few parameters describe, but that change
 *        slowly over shapes.
 * Terms: shape = the coordinates that are not of the load; dent = twice the work in less time,
 *        which is fitted away.
 */
#ifndef MUSTER_CALIBRATE_SURFACE_FIT_H
#define MUSTER_CALIBRATE_SURFACE_FIT_H

#include "base/arena.h"
#include "base/pool.h"
#include "calibrate/samples.h"
#include "catalog/surfaces.h"

enum { MU_SURFACE_ROWS_MIN = 150, MU_SURFACE_SHAPES_MIN = 20, MU_SURFACE_MOVES = 3 };

/* One row, and rows of twice the work of one sort. */
typedef struct mu_surface_row {
    double at[MU_COORDINATES_MAX];
    double residual; /* log(measured / predicted) */
    uint8_t fold;    /* for kinds of few shapes */
    uint8_t moves;
    struct {
        double at[MU_COORDINATES_MAX];
        double growth;        /* log of predicted time over that of the row */
    } move[MU_SURFACE_MOVES]; /* [moves] */
} mu_surface_row;

typedef struct mu_surface_rows {
    mu_surface_kind kind;
    uint32_t count;
    const mu_surface_row *row; /* [count] that may be fitted on */
} mu_surface_rows;

typedef struct mu_surface_result {
    mu_surface_kind kind;
    uint32_t rows;
    uint32_t shapes;
    bool by_shape;             /* what was left out in turn: whole shapes, else single rows */
    double before;             /* mean relative error without the surface */
    double cross_validated;    /* of what was left out in turn, with it */
    const mu_surface *surface; /* mu_surface_none where it proved nothing */
    const double *left_out;    /* [rows] its value at each row, from a fit without that row (but
                                  with others of its shape) */
} mu_surface_result;

/**
 * @param[in]  rows  of one kind, MU_SURFACE_ROWS_MIN or more
 * @param[out] out   belongs to the arena
 * @retval MU_E_MEMORY
 * The same bytes for any number of threads. Cost: 37 least-squares problems of up to 1600 unknowns.
 */
mu_status mu_surface_fit(const mu_surface_rows *rows, mu_pool *pool, mu_arena *arena,
                         mu_surface_result *out, mu_error *err) MU_MUST_CHECK;

#endif
