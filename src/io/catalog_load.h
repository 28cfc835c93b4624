/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue as the faces use it: compiled-in documents plus a directory of the user's own.
 */
#ifndef MUSTER_IO_CATALOG_LOAD_H
#define MUSTER_IO_CATALOG_LOAD_H

#include "catalog/catalog.h"

/**
 * @param[in]  arena    the catalogue and the documents read belong to it
 * @param[in]  overlay  directory whose YAML files add to the catalogue or replace parts of it (same
 *                      kind and id); NULL for none
 * @retval MU_E_INPUT   a file of the overlay is unreadable or breaks the schema (named with place)
 * Cost: under 2 ms without an overlay.
 */
mu_status mu_catalog_load(mu_arena *arena, const char *overlay, mu_catalog **out,
                          mu_error *err) MU_MUST_CHECK;

#endif
