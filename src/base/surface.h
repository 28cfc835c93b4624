/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Smooth functions of a few coordinates, piecewise linear between knots.
 *
 * What:  a sum of terms, each a grid over one to three axes: linear along each axis between
 *        neighbouring knots, constant beyond the outermost.
 * Why:   what a table says of a chip's kernels beyond what a model of few parameters explains.
 * Bound: evaluation allocates nothing; 8 numbers of a grid for a term over three axes.
 */
#ifndef MUSTER_BASE_SURFACE_H
#define MUSTER_BASE_SURFACE_H

#include <stdint.h>

enum {
    MU_SURFACE_AXES_MAX = 8,
    MU_SURFACE_KNOTS_MAX = 12,
    MU_SURFACE_TERMS_MAX = 28,
    MU_SURFACE_OVER_MAX = 3,
    MU_SURFACE_VALUES_MAX = 4096
};

typedef struct mu_surface_axis {
    uint8_t coordinate;               /* place among the coordinates that are asked with */
    uint8_t knots;                    /* 2 or more */
    float knot[MU_SURFACE_KNOTS_MAX]; /* [knots] ascending */
} mu_surface_axis;

typedef struct mu_surface_term {
    uint8_t axes;                      /* 1 .. MU_SURFACE_OVER_MAX */
    uint8_t axis[MU_SURFACE_OVER_MAX]; /* [axes] places in the list of axes */
    uint16_t first; /* place of its grid in the values; the last axis runs fastest */
} mu_surface_term;

typedef struct mu_surface {
    uint8_t axes;
    uint8_t terms;
    uint16_t values;
    mu_surface_axis axis[MU_SURFACE_AXES_MAX];  /* [axes] */
    mu_surface_term term[MU_SURFACE_TERMS_MAX]; /* [terms] */
    const float *value;                         /* [values] borrowed */
} mu_surface;

/* 0 everywhere. */
extern const mu_surface mu_surface_none;

/** Numbers in the grid of a term. */
uint32_t mu_surface_term_size(const mu_surface *surface, const mu_surface_term *term);

/**
 * The sum of all terms at a point.
 * @param[in] at  coordinates, as many as the axes name; infinite ones count as beyond the last knot
 */
double mu_surface_at(const mu_surface *surface, const double at[]);

/* Where a point lies on an axis: between two knots, and how far on the way. */
typedef struct mu_surface_spot {
    uint8_t knot;  /* the lower one; at most knots - 2 */
    double beyond; /* 0 .. 1 */
} mu_surface_spot;

mu_surface_spot mu_surface_spot_of(const mu_surface_axis *axis, double at);

#endif
