/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Schema (draft 2020-12) of scenario files, from the option registry.
 *
 * What:  dotted paths become nested objects; a leaf's type follows from the option's.
 * Bound: says what the reader takes, short forms included; units are checked by the reader, here
 *        they are a pattern of number and unit.
 */
#include "cli/cli.h"

#include <string.h>

enum { SEGMENT_MAX = 64 };

static json_t *type_text(const char *type, const char *doc)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "type", mu_json_text(type));
    if (doc != NULL) {
        mu_json_put(&json, "description", mu_json_text(doc));
    }
    return mu_json_done(&json);
}

/* {"anyOf": [a, b]}; takes over both. */
static json_t *any_of(json_t *a, json_t *b)
{
    json_t *list = json_array();
    int failed = list == NULL;
    failed |= json_array_append_new(list, a);
    failed |= json_array_append_new(list, b);
    if (failed != 0) {
        json_decref(list);
        list = NULL;
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "anyOf", list);
    return mu_json_done(&json);
}

static json_t *word(const char *text)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "const", mu_json_text(text));
    return mu_json_done(&json);
}

static json_t *words(const char *const texts[], size_t count)
{
    json_t *list = json_array();
    int failed = list == NULL;
    for (size_t i = 0; i < count; i++) {
        failed |= json_array_append_new(list, mu_json_text(texts[i]));
    }
    if (failed != 0) {
        json_decref(list);
        list = NULL;
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "enum", list);
    return mu_json_done(&json);
}

static bool is_bare(const mu_option *option)
{
    return option->dimension == MU_DIM_COUNT || option->dimension == MU_DIM_NONE ||
           option->dimension == MU_DIM_FRACTION;
}

static json_t *number(const mu_option *option)
{
    mu_json json = mu_json_begin();
    if (!is_bare(option)) {
        mu_json_put(&json, "type", mu_json_text("string"));
        mu_json_put(&json, "pattern", mu_json_text("^[-+0-9.eE]+ *[^ ].*$"));
        return mu_json_done(&json);
    }
    mu_json_put(&json, "type",
                mu_json_text(option->dimension == MU_DIM_COUNT ? "integer" : "number"));
    mu_json_put(&json, "minimum", mu_json_number(option->low));
    mu_json_put(&json, "maximum", mu_json_number(option->high));
    return mu_json_done(&json);
}

static json_t *list_of(json_t *items, const char *most_key, int most)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "type", mu_json_text("array"));
    mu_json_put(&json, "items", items);
    mu_json_put(&json, most_key, json_integer(most));
    return mu_json_done(&json);
}

/* Takes over the members. */
static json_t *map_of(mu_json *members, int most)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "type", mu_json_text("object"));
    mu_json_put(&json, "properties", mu_json_done(members));
    mu_json_put(&json, "additionalProperties", json_false());
    mu_json_put(&json, "maxProperties", json_integer(most));
    return mu_json_done(&json);
}

/* Of which one is given: {p99: 50ms} */
static json_t *percentiles(const mu_option *option)
{
    static const char *const keys[] = {"mean", "p50", "p90", "p95", "p99"};
    mu_json members = mu_json_begin();
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        mu_json_put(&members, keys[i], number(option));
    }
    return map_of(&members, 1);
}

/* {mean: 1024, sigma: 300}, or {histogram: FILE} */
static json_t *distribution(const mu_option *option)
{
    mu_json members = mu_json_begin();
    mu_json_put(&members, "mean", number(option));
    mu_json_put(&members, "sigma", number(mu_option_by_path("workload.input_sigma")));
    mu_json_put(&members, "histogram", type_text("string", NULL));
    return map_of(&members, 2);
}

static json_t *leaf_number(const mu_option *option)
{
    if (option->type == MU_OPTION_AUTO || option->type == MU_OPTION_MONEY) {
        return any_of(number(option), word("auto"));
    }
    if (option->type == MU_OPTION_OFF) {
        return any_of(number(option), word("off"));
    }
    if (strncmp(option->path, "slo.", 4) == 0) {
        return any_of(number(option), percentiles(option));
    }
    if (strcmp(option->path, "workload.input") == 0 ||
        strcmp(option->path, "workload.output") == 0) {
        return any_of(number(option), distribution(option));
    }
    return option->dimension == MU_DIM_RATE ? any_of(number(option), type_text("number", NULL))
                                            : number(option);
}

static json_t *leaf_type(const mu_option *option)
{
    const char *dtypes[MU_DTYPE_COUNT];
    for (int i = 0; i < MU_DTYPE_COUNT; i++) {
        dtypes[i] = mu_dtype_text((mu_dtype)i);
    }
    switch (option->type) {
    case MU_OPTION_SWITCH:
        return type_text("boolean", NULL);
    case MU_OPTION_TEXT:
        return type_text("string", NULL);
    case MU_OPTION_DTYPE:
        return words(dtypes, MU_DTYPE_COUNT);
    case MU_OPTION_CHOICE:
        return words(option->word, option->words);
    case MU_OPTION_NUMBERS:
        return any_of(number(option), list_of(number(option), "maxItems", MU_NUMBERS_MAX));
    case MU_OPTION_LIST:
        return list_of(type_text("string", NULL), "maxItems", MU_WITH_MAX);
    case MU_OPTION_NUMBER:
    case MU_OPTION_AUTO:
    case MU_OPTION_MONEY:
    case MU_OPTION_OFF:
        break;
    }
    return leaf_number(option);
}

static json_t *leaf(const mu_option *option)
{
    json_t *type = leaf_type(option);
    json_t *doc = mu_json_text(option->doc);
    if (type == NULL || json_object_set_new(type, "description", doc) != 0) {
        json_decref(type);
        return NULL;
    }
    return type;
}

static json_t *object_schema(void)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "type", mu_json_text("object"));
    mu_json_put(&json, "properties", json_object());
    mu_json_put(&json, "additionalProperties", json_false());
    return mu_json_done(&json);
}

/* The object schema under `name`, made when it is not there; borrowed. */
static json_t *member_object(json_t *object, const char *name)
{
    json_t *properties = json_object_get(object, "properties");
    json_t *member = json_object_get(properties, name);
    if (member == NULL && json_object_set_new(properties, name, object_schema()) == 0) {
        member = json_object_get(properties, name);
    }
    return member;
}

static bool add_option(json_t *root, const mu_option *option)
{
    const char *path = option->path;
    json_t *object = root;
    while (object != NULL && strchr(path, '.') != NULL) {
        char name[SEGMENT_MAX];
        size_t length = strcspn(path, ".");
        length = length < sizeof name ? length : sizeof name - 1;
        memcpy(name, path, length);
        name[length] = '\0';
        object = member_object(object, name);
        path = strchr(path, '.') + 1;
    }
    return object != NULL &&
           json_object_set_new(json_object_get(object, "properties"), path, leaf(option)) == 0;
}

/* `system: id`, `deployment: auto`, `uncertainty: off` beside their maps. */
static bool add_short_form(json_t *root, const char *name, const char *path)
{
    json_t *properties = json_object_get(root, "properties");
    json_t *map = json_object_get(properties, name);
    json_t *both = any_of(leaf(mu_option_by_path(path)), json_incref(map));
    return json_object_set_new(properties, name, both) == 0;
}

mu_status mu_schema_json(FILE *out, mu_error *err)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    json_t *root = object_schema();
    bool good = root != NULL;
    for (size_t i = 0; i < count && good; i++) {
        good = add_option(root, &options[i]);
    }
    good = good && add_short_form(root, "system", "system.id") &&
           add_short_form(root, "deployment", "deployment.mode") &&
           add_short_form(root, "uncertainty", "uncertainty.samples");
    mu_json json = mu_json_begin();
    mu_json_put(&json, "$schema", mu_json_text("https://json-schema.org/draft/2020-12/schema"));
    mu_json_put(&json, "title", mu_json_text("muster scenario"));
    mu_json_put(&json, "type", mu_json_text("object"));
    mu_json_put(&json, "properties",
                good ? json_incref(json_object_get(root, "properties")) : NULL);
    mu_json_put(&json, "additionalProperties", json_false());
    json_t *schema = mu_json_done(&json);
    mu_status status = mu_json_print(schema, out, err);
    json_decref(schema);
    json_decref(root);
    return status;
}
