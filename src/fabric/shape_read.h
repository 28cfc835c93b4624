/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of a network's shape, read from a map: one list of keys for catalogue and files.
 *
 * Terms: a map says `shape:` and, by shape, planes, rails, radix, down, up, taper, dims, shares,
 *        groups, global_share, cables, latency (shape_keys.def). How a single value is written is
 *        the caller's: a plain quantity in a file, a fact with source in the catalogue.
 * Two steps: mu_shape_read() takes what is written, mu_shape_fit() fills in the rest for a number
 * of ranks. In between the caller adds name, span and bandwidth, and may multiply ranks.
 */
#ifndef MUSTER_FABRIC_SHAPE_READ_H
#define MUSTER_FABRIC_SHAPE_READ_H

#include "base/doc.h"
#include "base/units.h"
#include "fabric/topology.h"

typedef enum mu_shape_key {
#define X(NAME, key, field, type, most, shapes, dimension, low, high) MU_SHAPE_KEY_##NAME,
#include "fabric/shape_keys.def"
#undef X
    MU_SHAPE_KEY_COUNT
} mu_shape_key;

typedef struct mu_shape_params {
    mu_network_spec spec;
    uint32_t radix;                     /* ports of a switch; 0 = levels are given */
    uint32_t given[MU_SHAPE_KEY_COUNT]; /* values written under each key; 0 = not there */
    const mu_node *node;                /* the map, for messages */
    const mu_doc *doc;
} mu_shape_params;

/* Reads one value. path: below the map ("planes", "down.1"); whole: a count, that is rounded. */
typedef struct mu_value_reader {
    mu_status (*number)(const void *context, const mu_node *node, const char *path,
                        mu_dimension dimension, bool whole, double *out, mu_error *err);
    mu_status (*word)(const void *context, const mu_node *node, const char *path, const char **out,
                      mu_error *err);
    const void *context;
} mu_value_reader;

/**
 * Reads shape and parameters of `map`, a map of `doc`; keys of others are passed over.
 *
 * @param[out] out  spec.shape and what is written; planes 1 where not; all else zero
 * @retval MU_E_INPUT  no shape or an unknown one (nearest named), a key that is not of this shape,
 *                     a list too long, a value out of range or, a count, not whole
 */
mu_status mu_shape_read(const mu_doc *doc, const mu_node *map, const mu_value_reader *values,
                        mu_shape_params *out, mu_error *err) MU_MUST_CHECK;

/**
 * Completes a spec whose name, span and bandwidth are set.
 *
 * A clos with a radix gets the fewest levels, and on top the fewest switches, that join `ranks`
 * ranks without more oversubscription than `taper` says; its span becomes what they join. Shares
 * of dimensions become such that all cables of a mesh, or all dimensions of a torus, are alike;
 * those that are given are scaled to sum to 1. Tapers are 1; cables go on like the last listed.
 *
 * @retval MU_E_INPUT  levels or dimensions that do not join the span, missing or too many values,
 *                     shares that do not sum to 1 within 10 %, more levels than MU_DIMS_MAX
 */
mu_status mu_shape_fit(mu_shape_params *params, uint64_t ranks, mu_error *err) MU_MUST_CHECK;

#endif
