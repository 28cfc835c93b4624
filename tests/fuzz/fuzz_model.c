/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a model config: a model whose counts make sense, or one message; no crash, no leak.
 */
#include "io/doc_read.h"
#include "model/model.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_counts(const mu_model *model)
{
    mu_model_params params = mu_model_count(model);
    demand(isfinite(params.total) && params.total > 0.0);
    demand(isfinite(params.mtp) && params.mtp >= 0.0);
    demand(params.active > 0.0 && params.active <= params.total);
    demand(params.routed_experts >= 0.0 && params.routed_experts <= params.total);
}

static void check_cache(const mu_model *model)
{
    double last = 0.0;
    for (uint32_t tokens = 0; tokens < 10000000; tokens = tokens * 10 + 1) {
        double bytes = mu_model_kv_bytes(model, tokens, MU_DTYPE_BF16);
        demand(isfinite(bytes) && bytes >= last);
        last = bytes;
    }
}

static void check_groups(const mu_model *model)
{
    uint32_t layers = 0;
    demand(model->group_count >= 1 && model->group_count <= MU_LAYER_GROUPS_MAX);
    for (uint32_t i = 0; i < model->group_count; i++) {
        const mu_layer_group *group = &model->group[i];
        const mu_ffn *ffn = &group->ffn;
        demand(group->attention.kv_heads > 0 && group->attention.qk_dim > 0);
        demand(group->attention.v_dim > 0 && ffn->intermediate > 0);
        demand(!ffn->moe || (ffn->topk > 0 && ffn->topk <= ffn->experts));
        demand(ffn->groups > 0 && ffn->groups_topk > 0);
        layers += group->layers;
    }
    demand(layers == model->layers && model->warning_count <= MU_MODEL_WARNINGS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_doc doc = {0};
    mu_model model = {0};
    mu_error err = {0};
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return 0;
    }
    mu_status status =
        mu_doc_read_text(arena, (const char *)data, size, "fuzz", MU_DOC_YAML, &doc, &err);
    if (status == MU_OK) {
        status = mu_model_read(&doc, doc.root, "fuzz", &model, &err);
    }
    if (status == MU_OK) {
        check_groups(&model);
        check_counts(&model);
        check_cache(&model);
    } else {
        demand(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
    }
    mu_arena_free(arena);
    return 0;
}
