/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A config.json read into one table of numbers and one set of switches.
 *
 * What:  finds the language model's map, its family, every known field and boolean, within limits.
 * Why:   the rest of the model layer never looks at names or JSON kinds of plain fields again.
 * Bound: null means absent, as in transformers; unknown keys are allowed (configs are full of
 * them), but one that looks like a known field that is missing draws a warning.
 */
#include "model/config.h"

#include "base/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NAMES_MAX = 5 };

typedef struct field_row {
    uint32_t low;
    uint32_t high;
    const char *names[NAMES_MAX]; /* ends with NULL */
} field_row;

static const field_row fields[MU_FIELD_COUNT] = {
#define X(name, low, high, ...) [MU_FIELD_##name] = {low, high, {__VA_ARGS__}},
    MU_FIELD_LIST(X)
#undef X
};

/* A boolean of a config and the switch it turns on. */
static const struct {
    const char *name;
    mu_trait trait;
} booleans[] = {
    {"bias", MU_TRAIT_QKV_BIAS},
    {"bias", MU_TRAIT_MLP_BIAS},
    {"use_bias", MU_TRAIT_QKV_BIAS},
    {"use_bias", MU_TRAIT_MLP_BIAS},
    {"attention_bias", MU_TRAIT_QKV_BIAS},
    {"qkv_bias", MU_TRAIT_QKV_BIAS},
    {"add_qkv_bias", MU_TRAIT_QKV_BIAS},
    {"mlp_bias", MU_TRAIT_MLP_BIAS},
    {"use_qk_norm", MU_TRAIT_QK_NORM},
    {"qk_layernorm", MU_TRAIT_QK_NORM},
    {"attn_output_gate", MU_TRAIT_OUT_GATE},
    {"use_routing_bias", MU_TRAIT_ROUTER_BIAS},
    {"sandwich_norm", MU_TRAIT_SANDWICH},
    {"parallel_attn", MU_TRAIT_PARALLEL},
    {"use_parallel_residual", MU_TRAIT_PARALLEL},
    {"multi_query", MU_TRAIT_MULTI_QUERY},
    {"new_decoder_architecture", MU_TRAIT_NEW_DECODER},
    {"use_sliding_window", MU_TRAIT_WINDOW_ON},
};

/* Fields that some families write as a list or a pattern; their readers look for that. */
static const mu_field mixed[] = {MU_FIELD_MOE_FREQ, MU_FIELD_WINDOW_PATTERN};

/* Signs of layers that this reader has no words for. */
static const char *const foreign[] = {"mamba_d_state", "ssm_state_size", "hybrid_override_pattern",
                                      "layers_block_type", "linear_attn_config"};

/* Where multi-modal configs keep the language model. */
static const char *const wrappers[] = {"text_config", "language_config", "llm_config"};

void mu_model_warn(mu_model *model, const char *format, ...)
{
    if (model->warning_count >= MU_MODEL_WARNINGS_MAX) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(model->warning[model->warning_count], MU_MODEL_WARNING_MAX, format, arguments);
    va_end(arguments);
    model->warning_count++;
}

/* A key that is there and not null. */
static const mu_node *get(const mu_node *map, const char *name)
{
    const mu_node *node = mu_node_get(map, name);
    return node == NULL || node->kind == MU_NODE_NULL ? NULL : node;
}

static const mu_node *field_node(const mu_config *config, mu_field field)
{
    for (uint32_t i = 0; i < NAMES_MAX && fields[field].names[i] != NULL; i++) {
        const mu_node *node = get(config->node, fields[field].names[i]);
        if (node != NULL) {
            return node;
        }
    }
    return NULL;
}

static bool is_mixed(mu_field field)
{
    for (size_t i = 0; i < sizeof mixed / sizeof mixed[0]; i++) {
        if (mixed[i] == field) {
            return true;
        }
    }
    return false;
}

static mu_status read_field(mu_config *config, mu_field field, mu_error *err)
{
    const mu_node *node = field_node(config, field);
    if (node == NULL || (is_mixed(field) && node->kind != MU_NODE_SCALAR)) {
        return MU_OK;
    }
    uint64_t value = 0;
    mu_status status = mu_node_count(config->doc, node, node->key, fields[field].low,
                                     fields[field].high, &value, err);
    if (status != MU_OK) {
        return status;
    }
    config->value[field] = (uint32_t)value;
    config->present[field] = true;
    return MU_OK;
}

static mu_status read_fields(mu_config *config, mu_error *err)
{
    const mu_family *family = config->family;
    for (uint32_t i = 0; i < MU_FAMILY_DEFAULTS_MAX && family->defaults[i].value != 0; i++) {
        config->value[family->defaults[i].field] = family->defaults[i].value;
        config->present[family->defaults[i].field] = true;
    }
    for (uint32_t i = 0; i < MU_FIELD_COUNT; i++) {
        mu_status status = read_field(config, (mu_field)i, err);
        if (status != MU_OK) {
            return status;
        }
    }
    return MU_OK;
}

static mu_status read_boolean(mu_config *config, const mu_node *node, mu_trait trait, mu_error *err)
{
    bool on = false;
    if (node == NULL) {
        return MU_OK;
    }
    mu_status status = mu_node_bool(config->doc, node, node->key, &on, err);
    if (status != MU_OK) {
        return status;
    }
    config->traits = on ? config->traits | (uint32_t)trait : config->traits & ~(uint32_t)trait;
    return MU_OK;
}

static mu_status read_booleans(mu_config *config, mu_error *err)
{
    for (size_t i = 0; i < sizeof booleans / sizeof booleans[0]; i++) {
        mu_status status =
            read_boolean(config, get(config->node, booleans[i].name), booleans[i].trait, err);
        if (status != MU_OK) {
            return status;
        }
    }
    const mu_node *tied = get(config->node, "tie_word_embeddings");
    tied = tied != NULL ? tied : get(config->outer, "tie_word_embeddings");
    return read_boolean(config, tied, MU_TRAIT_TIED, err);
}

static mu_status read_family(mu_config *config, mu_model *model, mu_error *err)
{
    const mu_node *node = get(config->node, "model_type");
    node = node != NULL ? node : get(config->outer, "model_type");
    const char *type = NULL;
    if (node != NULL) {
        mu_status status = mu_node_text(config->doc, node, "model_type", &type, err);
        if (status != MU_OK) {
            return status;
        }
        (void)snprintf(model->type, sizeof model->type, "%s", type);
    }
    config->family = mu_family_find(type);
    config->traits = config->family->traits;
    if (type == NULL) {
        mu_model_warn(model, "model_type is missing; read by its fields");
    } else if (config->family->type[0] == '\0') {
        mu_model_warn(model, "model_type '%.64s' is not known; read by its fields", type);
    }
    return MU_OK;
}

/* Enters a multi-modal wrapper, refuses what cannot be a config. */
static mu_status find_map(mu_config *config, const mu_node *root, mu_error *err)
{
    if (root == NULL || root->kind != MU_NODE_MAP) {
        return mu_node_fail(config->doc, root, err, "expected a model config: a map of fields");
    }
    config->outer = root;
    config->node = root;
    for (size_t i = 0; i < sizeof wrappers / sizeof wrappers[0]; i++) {
        const mu_node *inner = get(root, wrappers[i]);
        if (inner != NULL && inner->kind == MU_NODE_MAP) {
            config->node = inner;
            break;
        }
    }
    if (config->node->count > MU_MODEL_KEYS_MAX || root->count > MU_MODEL_KEYS_MAX) {
        return mu_node_fail(config->doc, root, err, "not a model config: over %d keys",
                            MU_MODEL_KEYS_MAX);
    }
    return MU_OK;
}

static bool is_known_key(const char *key)
{
    for (uint32_t i = 0; i < MU_FIELD_COUNT; i++) {
        for (uint32_t j = 0; j < NAMES_MAX && fields[i].names[j] != NULL; j++) {
            if (strcmp(fields[i].names[j], key) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* The usual name of a missing field that `key` is one or two slips away from, or NULL. */
static const char *likely_slip(const mu_config *config, const char *key)
{
    size_t length = strlen(key);
    for (uint32_t i = 0; i < MU_FIELD_COUNT; i++) {
        const char *name = fields[i].names[0];
        size_t name_length = strlen(name);
        size_t apart = length > name_length ? length - name_length : name_length - length;
        if (!config->present[i] && length >= 8 && apart <= 1 && mu_text_distance(key, name) <= 2) {
            return name;
        }
    }
    return NULL;
}

static void warn_of_keys(const mu_config *config, mu_model *model)
{
    for (uint32_t i = 0; i < config->node->count; i++) {
        const char *key = config->node->child[i].key;
        const char *name = is_known_key(key) ? NULL : likely_slip(config, key);
        if (name != NULL) {
            mu_model_warn(model, "'%.64s' is not known and was not read; is it '%s'?", key, name);
        }
    }
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        if (get(config->node, foreign[i]) != NULL) {
            mu_model_warn(model, "'%s' is not understood: such layers are read as attention",
                          foreign[i]);
        }
    }
}

static mu_status refuse_strangers(const mu_config *config, mu_error *err)
{
    static const mu_field telling[] = {MU_FIELD_LAYERS, MU_FIELD_HIDDEN, MU_FIELD_HEADS,
                                       MU_FIELD_VOCAB};
    for (size_t i = 0; i < sizeof telling / sizeof telling[0]; i++) {
        if (config->present[telling[i]]) {
            return MU_OK;
        }
    }
    return mu_node_fail(config->doc, config->node, err,
                        "not a model config: no hidden_size, num_hidden_layers, "
                        "num_attention_heads or vocab_size");
}

mu_status mu_config_open(const mu_doc *doc, const mu_node *root, mu_config *config, mu_model *model,
                         mu_error *err)
{
    *config = (mu_config){.doc = doc};
    mu_status status = find_map(config, root, err);
    if (status == MU_OK) {
        status = read_family(config, model, err);
    }
    if (status == MU_OK) {
        status = read_fields(config, err);
    }
    if (status == MU_OK) {
        status = read_booleans(config, err);
    }
    if (status == MU_OK) {
        status = refuse_strangers(config, err);
    }
    if (status == MU_OK) {
        warn_of_keys(config, model);
    }
    return status;
}

uint32_t mu_config_or(const mu_config *config, mu_field field, uint32_t fallback)
{
    assert(field < MU_FIELD_COUNT);
    return config->present[field] ? config->value[field] : fallback;
}

const char *mu_config_name(const mu_config *config, mu_field field)
{
    const mu_node *node = field_node(config, field);
    return node != NULL ? node->key : fields[field].names[0];
}

/* The key of the config nearest to a field's usual name, or NULL. */
static const mu_node *nearest_key(const mu_config *config, mu_field field)
{
    const char *name = fields[field].names[0];
    const mu_node *nearest = NULL;
    for (uint32_t i = 0; i < config->node->count; i++) {
        const mu_node *node = &config->node->child[i];
        const char *key = node->key;
        if (is_known_key(key) || mu_text_nearest(name, &key, 1) == NULL) {
            continue;
        }
        if (nearest == NULL || mu_text_distance(name, key) < mu_text_distance(name, nearest->key)) {
            nearest = node;
        }
    }
    return nearest;
}

mu_status mu_config_need(const mu_config *config, mu_field field, uint32_t *out, mu_error *err)
{
    if (config->present[field]) {
        *out = config->value[field];
        return MU_OK;
    }
    const char *name = fields[field].names[0];
    const mu_node *near = nearest_key(config, field);
    if (near != NULL) {
        return mu_node_fail(config->doc, near, err, "%s is missing; is \"%.64s\" meant for it?",
                            name, near->key);
    }
    return mu_node_fail(config->doc, config->node, err, "%s is missing", name);
}

mu_status mu_config_fail(const mu_config *config, mu_field field, mu_error *err, const char *format,
                         ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const mu_node *node = field_node(config, field);
    return mu_node_fail(config->doc, node != NULL ? node : config->node, err, "%s: %s",
                        mu_config_name(config, field), text);
}

mu_status mu_config_list(const mu_config *config, const char *key, uint32_t count,
                         const mu_node **out, mu_error *err)
{
    const mu_node *node = get(config->node, key);
    if (node != NULL && node->kind != MU_NODE_LIST) {
        return mu_node_fail(config->doc, node, err, "%s: expected a list", key);
    }
    if (node != NULL && node->count < count) {
        return mu_node_fail(config->doc, node, err,
                            "%s: expected an entry for each of %u layers, found %u", key, count,
                            node->count);
    }
    *out = node;
    return MU_OK;
}
