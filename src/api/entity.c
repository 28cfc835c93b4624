/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The catalogue through the public library.
 */
#include "api/handle.h"

#include "catalog/schema.h"
#include "report/entity.h"

static mu_status find_kind(const muster_context *context, const char *text, mu_entity_kind *out,
                           mu_error *err)
{
    if (context->catalog == NULL) {
        return mu_fail(err, MU_E_USAGE, "the context has no catalogue");
    }
    if (!mu_entity_kind_parse(text, out)) {
        return mu_fail(err, MU_E_USAGE,
                       "expected chip, system, engine, model, calibration, cloud, foundry, "
                       "process, recipe, region, currency or claim, found \"%.64s\"",
                       text);
    }
    return MU_OK;
}

muster_status muster_entity_count(muster_context *context, const char *kind, uint32_t *out)
{
    mu_error *err = mu_api_begin(context);
    mu_entity_kind which = MU_ENTITY_CHIP;
    mu_status status = find_kind(context, kind, &which, err);
    if (status == MU_OK) {
        *out = mu_catalog_count(context->catalog, which);
    }
    return mu_api_end(context, status);
}

muster_status muster_entity_id(muster_context *context, const char *kind, uint32_t index,
                               const char **out)
{
    mu_error *err = mu_api_begin(context);
    mu_entity_kind which = MU_ENTITY_CHIP;
    mu_status status = find_kind(context, kind, &which, err);
    if (status == MU_OK && index >= mu_catalog_count(context->catalog, which)) {
        status = mu_fail(err, MU_E_USAGE, "there are %u of kind %s, no number %u",
                         mu_catalog_count(context->catalog, which), kind, index);
    }
    if (status == MU_OK) {
        *out = mu_catalog_at(context->catalog, which, index)->id;
    }
    return mu_api_end(context, status);
}

static mu_status show(muster_context *context, const char *id, muster_answer **out, mu_error *err)
{
    const mu_entity *entity = NULL;
    json_t *json = NULL;
    mu_arena *arena = mu_arena_create(0);
    mu_status status = arena != NULL ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
    if (status == MU_OK) {
        status = mu_catalog_find_any(context->catalog, id, &entity, err);
    }
    if (status == MU_OK) {
        status = mu_entity_json(context->catalog, entity, arena, &json, err);
    }
    mu_arena_free(arena);
    return status == MU_OK ? mu_api_answer(context, json, out, err) : status;
}

muster_status muster_show(muster_context *context, const char *id, muster_answer **out)
{
    mu_error *err = mu_api_begin(context);
    mu_status status = context->catalog != NULL
                           ? show(context, id, out, err)
                           : mu_fail(err, MU_E_USAGE, "the context has no catalogue");
    return mu_api_end(context, status);
}
