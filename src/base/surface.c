/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Piecewise linear functions on grids.
 */
#include "base/surface.h"

#include <assert.h>
#include <stddef.h>

const mu_surface mu_surface_none = {.axes = 0};

mu_surface_spot mu_surface_spot_of(const mu_surface_axis *axis, double at)
{
    uint8_t last = (uint8_t)(axis->knots - 2);
    uint8_t i = 0;
    while (i < last && at >= axis->knot[i + 1]) {
        i++;
    }
    double low = axis->knot[i];
    double beyond = (at - low) / (axis->knot[i + 1] - low);
    if (!(beyond > 0.0)) {
        beyond = 0.0;
    }
    return (mu_surface_spot){i, beyond < 1.0 ? beyond : 1.0};
}

uint32_t mu_surface_term_size(const mu_surface *surface, const mu_surface_term *term)
{
    uint32_t size = 1;
    for (uint8_t i = 0; i < term->axes; i++) {
        size *= surface->axis[term->axis[i]].knots;
    }
    return size;
}

static double along(const float *value, double beyond)
{
    return (double)value[0] + beyond * ((double)value[1] - (double)value[0]);
}

static double across(const float *value, size_t stride, double first, double second)
{
    double low = along(value, second);
    return low + first * (along(value + stride, second) - low);
}

static double term_at(const mu_surface *surface, const mu_surface_term *term,
                      const mu_surface_spot spot[])
{
    const float *value = surface->value + term->first;
    const mu_surface_spot *a = &spot[term->axis[0]];
    if (term->axes == 1) {
        return along(value + a->knot, a->beyond);
    }
    const mu_surface_spot *b = &spot[term->axis[1]];
    size_t columns = surface->axis[term->axis[1]].knots;
    if (term->axes == 2) {
        return across(value + a->knot * columns + b->knot, columns, a->beyond, b->beyond);
    }
    const mu_surface_spot *c = &spot[term->axis[2]];
    size_t depth = surface->axis[term->axis[2]].knots;
    value += (a->knot * columns + b->knot) * depth + c->knot;
    double low = across(value, depth, b->beyond, c->beyond);
    double high = across(value + columns * depth, depth, b->beyond, c->beyond);
    return low + a->beyond * (high - low);
}

double mu_surface_at(const mu_surface *surface, const double at[])
{
    assert(surface->axes <= MU_SURFACE_AXES_MAX && surface->terms <= MU_SURFACE_TERMS_MAX);
    mu_surface_spot spot[MU_SURFACE_AXES_MAX];
    for (uint8_t i = 0; i < surface->axes; i++) {
        spot[i] = mu_surface_spot_of(&surface->axis[i], at[surface->axis[i].coordinate]);
    }
    double sum = 0.0;
    for (uint8_t i = 0; i < surface->terms; i++) {
        sum += term_at(surface, &surface->term[i], spot);
    }
    return sum;
}
