/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grids of ranks without switches: n-dimensional full meshes and tori.
 *
 * What:  how many cables there are and which ranks each joins.
 * Terms: shape.h. In a mesh a spot's links of a dimension follow one another, by the other
 *        coordinate; in a torus each dimension has a kind of links up and one down, a link a spot.
 *        A ring of two has one cable, a dimension of one none.
 * Source: full mesh: Liao et al., UB-Mesh, arXiv:2503.20377.
 */
#include "fabric/shape.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

static const uint64_t NUMBERS_MAX = UINT64_C(1) << 31;

static mu_status check_shares(const mu_network_spec *spec, mu_error *err)
{
    double sum = 0.0;
    for (uint32_t i = 0; i < spec->dims; i++) {
        double share = spec->dim_share[i];
        bool needed = spec->dim[i] > 1 && spec->dims > 1;
        if (!(share >= 0.0 && share <= 1.0) || (needed && !(share >= MU_DIM_SHARE_MIN))) {
            return mu_fail(err, MU_E_INPUT,
                           "network \"%s\", dimension %u: expected a share of the bandwidth above "
                           "0 and up to 1, got %g",
                           spec->name, i, share);
        }
        sum += share;
    }
    bool unsaid = spec->dims == 1 && sum <= 0.0;
    if (!unsaid && fabs(sum - 1.0) > 1e-6) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": the dimensions' shares of bandwidth add up to %g, not 1",
                       spec->name, sum);
    }
    return MU_OK;
}

static mu_status check_dims(const mu_layout *layout, mu_error *err)
{
    const mu_network_spec *spec = layout->spec;
    if (spec->dims == 0 || spec->dims > MU_DIMS_MAX) {
        return mu_fail(err, MU_E_INPUT, "network \"%s\": expected 1 to %d dimensions, got %u",
                       spec->name, MU_DIMS_MAX, spec->dims);
    }
    uint64_t product = 1;
    uint64_t around = 0;
    for (uint32_t i = 0; i < spec->dims; i++) {
        if (spec->dim[i] == 0) {
            return mu_fail(err, MU_E_INPUT, "network \"%s\": dimension %u has no ranks", spec->name,
                           i);
        }
        product = product < NUMBERS_MAX ? product * spec->dim[i] : product;
        around += spec->dim[i];
    }
    if (product != layout->span) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": its dimensions hold %llu ranks, its span is %u", spec->name,
                       (unsigned long long)product, layout->span);
    }
    if (spec->shape == MU_SHAPE_TORUS && around > MU_ROUTE_MAX) {
        return mu_fail(err, MU_E_INPUT,
                       "network \"%s\": rings of %llu ranks together, at most %d are routed",
                       spec->name, (unsigned long long)around, MU_ROUTE_MAX);
    }
    return check_shares(spec, err);
}

mu_status mu_grid_check(mu_layout *layout, mu_error *err)
{
    mu_status status = check_dims(layout, err);
    if (status != MU_OK) {
        return status;
    }
    const mu_network_spec *spec = layout->spec;
    uint64_t spots = (uint64_t)layout->domains * layout->span;
    uint64_t link = 0;
    uint32_t stride = 1;
    layout->dims = spec->dims;
    layout->through_ranks = true;
    for (uint32_t i = 0; i < spec->dims; i++) {
        uint32_t dim = spec->dim[i];
        layout->dim[i] = dim;
        layout->by_dim[i] = mu_divisor_of(dim);
        layout->stride[i] = stride;
        stride *= dim;
        layout->up_first[i] = (uint32_t)link;
        bool mesh = spec->shape == MU_SHAPE_MESH;
        uint64_t up = mesh ? dim - 1 : dim > 1;
        link += spots * up;
        layout->down_first[i] = (uint32_t)link;
        link += !mesh && dim > 2 ? spots : 0;
        if (spots >= NUMBERS_MAX || link >= NUMBERS_MAX) {
            return mu_fail(err, MU_E_INPUT, "network \"%s\": more than 2^31 links", spec->name);
        }
    }
    layout->switches = (uint32_t)(spots - layout->ranks);
    layout->links = (uint32_t)link;
    return MU_OK;
}

static void put_mesh_dimension(mu_builder *builder, uint32_t i)
{
    const mu_layout *layout = builder->layout;
    uint32_t spots = layout->domains * layout->span;
    uint32_t dim = layout->dim[i];
    uint32_t stride = layout->stride[i];
    uint32_t first = layout->up_first[i];
    for (uint32_t a = 0; a < spots; a++) {
        uint32_t x = a / stride % dim;
        for (uint32_t y = x + 1; y < dim; y++) {
            uint32_t b = a + (y - x) * stride;
            mu_builder_cable(builder, first + a * (dim - 1) + y - 1, first + b * (dim - 1) + x,
                             mu_layout_vertex(layout, a), mu_layout_vertex(layout, b));
        }
    }
}

static void put_torus_dimension(mu_builder *builder, uint32_t i)
{
    const mu_layout *layout = builder->layout;
    uint32_t spots = layout->domains * layout->span;
    uint32_t dim = layout->dim[i];
    uint32_t stride = layout->stride[i];
    uint32_t back = dim > 2 ? layout->down_first[i] : layout->up_first[i];
    for (uint32_t a = 0; a < spots; a++) {
        uint32_t x = a / stride % dim;
        uint32_t b = x + 1 < dim ? a + stride : a - x * stride;
        mu_builder_cable(builder, layout->up_first[i] + a, back + b, mu_layout_vertex(layout, a),
                         mu_layout_vertex(layout, b));
    }
}

static void put_kind(mu_builder *builder, uint32_t i, const char *way, uint32_t first,
                     double bandwidth)
{
    const mu_layout *layout = builder->layout;
    uint32_t links = layout->domains * layout->span;
    char name[MU_LINK_NAME_MAX];
    if (layout->shape == MU_SHAPE_MESH) {
        links *= layout->dim[i] - 1;
    }
    (void)snprintf(name, sizeof name, "%s %u%s", mu_shape_text(layout->shape), i, way);
    mu_builder_kind(builder, name, first, links, bandwidth, layout->spec->latency_s,
                    layout->spec->optical[i]);
}

void mu_grid_build(mu_builder *builder)
{
    const mu_layout *layout = builder->layout;
    const mu_network_spec *spec = layout->spec;
    for (uint32_t i = 0; i < layout->dims; i++) {
        uint32_t dim = layout->dim[i];
        double share = spec->dims == 1 ? 1.0 : spec->dim_share[i];
        double bandwidth = spec->bandwidth * share;
        if (dim == 1) {
            continue;
        }
        if (layout->shape == MU_SHAPE_MESH) {
            put_kind(builder, i, "", layout->up_first[i], bandwidth / (dim - 1));
            put_mesh_dimension(builder, i);
        } else if (dim == 2) {
            put_kind(builder, i, "", layout->up_first[i], bandwidth);
            put_torus_dimension(builder, i);
        } else {
            put_kind(builder, i, " up", layout->up_first[i], bandwidth / 2.0);
            put_kind(builder, i, " down", layout->down_first[i], bandwidth / 2.0);
            put_torus_dimension(builder, i);
        }
    }
}
