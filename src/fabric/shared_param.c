/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a parameter in calibrations by id, holds it to its limits, draws it.
 */
#include "fabric/shared_param.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { NAME_BYTES = 160, SPECS_MAX = 16 };

/* The fact, or path == NULL where there is no such calibration or it has no such parameter. */
static mu_status find(const mu_catalog *catalog, const char *id, const char *name,
                      const mu_entity **entity, mu_fact *out, mu_error *err)
{
    char path[NAME_BYTES];
    out->path = NULL;
    if (id == NULL || mu_catalog_find(catalog, MU_ENTITY_CALIBRATION, id, entity, NULL) != MU_OK) {
        return MU_OK;
    }
    (void)snprintf(path, sizeof path, "params.%s", name);
    return mu_catalog_fact(catalog, *entity, path, false, out, err);
}

/* Written so that NaN fails. */
static bool in_limits(mu_range range, const mu_shared_param *param)
{
    return range.low >= param->min && range.best >= range.low && range.high >= range.best &&
           range.high <= param->max;
}

mu_status mu_shared_param_read(const mu_catalog *catalog, const char *own, const char *common,
                               const mu_shared_param *param, mu_draw draw, double *out,
                               mu_error *err)
{
    assert(common != NULL && param != NULL && out != NULL);
    const mu_entity *entity = NULL;
    mu_fact fact;
    mu_status status = find(catalog, own, param->name, &entity, &fact, err);
    if (status == MU_OK && fact.path == NULL) {
        status = find(catalog, common, param->name, &entity, &fact, err);
    }
    if (status != MU_OK) {
        return status;
    }
    if (fact.path == NULL) {
        return mu_fail(err, MU_E_INPUT, "calibration \"%s\" has no parameter %s", common,
                       param->name);
    }
    if (!in_limits(fact.range, param)) {
        return mu_node_fail(&entity->doc, entity->doc.root, err,
                            "%s: expected low <= best <= high from %g to %g, found %g, %g, %g",
                            param->name, param->min, param->max, fact.range.low, fact.range.best,
                            fact.range.high);
    }
    char name[NAME_BYTES];
    (void)snprintf(name, sizeof name, "calibration/%s/%s", fact.entity, param->name);
    double value = mu_draw_value(draw, name, fact.range);
    *out = value < param->min ? param->min : value > param->max ? param->max : value;
    return MU_OK;
}

static bool is_known(const char *name, const mu_shared_param *specs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(specs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *nearest(const char *name, const mu_shared_param *specs, size_t count)
{
    const char *names[SPECS_MAX];
    assert(count <= SPECS_MAX);
    for (size_t i = 0; i < count; i++) {
        names[i] = specs[i].name;
    }
    return mu_text_nearest(name, names, count);
}

mu_status mu_shared_param_check(const mu_catalog *catalog, const char *id,
                                const mu_shared_param *specs, size_t count, mu_error *err)
{
    const mu_entity *entity = NULL;
    if (mu_catalog_find(catalog, MU_ENTITY_CALIBRATION, id, &entity, NULL) != MU_OK) {
        return MU_OK;
    }
    const mu_entity *stated_by = entity;
    const mu_node *params = mu_catalog_node(catalog, entity, "params", &stated_by);
    for (uint32_t i = 0; params != NULL && i < params->count; i++) {
        const mu_node *child = &params->child[i];
        if (is_known(child->key, specs, count)) {
            continue;
        }
        const char *near = nearest(child->key, specs, count);
        return mu_node_fail(&stated_by->doc, child, err,
                            "calibration \"%s\" has no use for \"%.60s\"%s%s", id, child->key,
                            near == NULL ? "" : "; did you mean ", near == NULL ? "" : near);
    }
    return MU_OK;
}
