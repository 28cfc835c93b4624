/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers: JSON text, and numbers and words by path.
 */
#include "api/handle.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENT_MAX = 128 };

mu_status mu_api_answer(muster_context *context, json_t *json, muster_answer **out, mu_error *err)
{
    muster_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL || json == NULL) {
        free(answer);
        json_decref(json);
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    answer->context = context;
    answer->json = json;
    mu_status status = mu_json_dump(json, &answer->text, err);
    if (status != MU_OK) {
        muster_answer_free(answer);
        return status;
    }
    *out = answer;
    return MU_OK;
}

void muster_answer_free(muster_answer *answer)
{
    if (answer != NULL) {
        json_decref(answer->json);
        free(answer->text);
        free(answer);
    }
}

const char *muster_answer_json(const muster_answer *answer)
{
    return answer->text;
}

/* Member of an object, or item of a list by its number; NULL when there is none. */
static const json_t *step(const json_t *json, const char *name)
{
    if (json_is_object(json)) {
        return json_object_get(json, name);
    }
    char *end = NULL;
    unsigned long index = strtoul(name, &end, 10);
    bool number = name[0] >= '0' && name[0] <= '9' && *end == '\0';
    return number && json_is_array(json) ? json_array_get(json, index) : NULL;
}

/* Cost: length of the path. */
static const json_t *find(const muster_answer *answer, const char *path)
{
    const json_t *json = answer->json;
    while (json != NULL) {
        char name[SEGMENT_MAX];
        size_t length = strcspn(path, ".");
        if (length >= sizeof name) {
            return NULL;
        }
        memcpy(name, path, length);
        name[length] = '\0';
        json = step(json, name);
        if (path[length] == '\0') {
            return json;
        }
        path += length + 1;
    }
    return NULL;
}

muster_status muster_answer_number(const muster_answer *answer, const char *path,
                                   muster_quantity *out)
{
    mu_error *err = mu_api_begin(answer->context);
    const json_t *json = find(answer, path);
    const json_t *value = json_object_get(json, "value");
    const json_t *low = json_object_get(json, "low");
    const json_t *high = json_object_get(json, "high");
    if (json_is_number(json)) {
        double number = json_number_value(json);
        *out = (muster_quantity){number, number, number};
        return MUSTER_OK;
    }
    if (json_is_number(value) && json_is_number(low) && json_is_number(high)) {
        *out = (muster_quantity){json_number_value(value), json_number_value(low),
                                 json_number_value(high)};
        return MUSTER_OK;
    }
    return mu_api_end(answer->context, mu_fail(err, MU_E_USAGE, "the answer has %s at \"%.128s\"",
                                               json == NULL ? "nothing" : "no number", path));
}

muster_status muster_answer_text(const muster_answer *answer, const char *path, const char **out)
{
    mu_error *err = mu_api_begin(answer->context);
    const json_t *json = find(answer, path);
    if (json_is_string(json)) {
        *out = json_string_value(json);
        return MUSTER_OK;
    }
    return mu_api_end(answer->context, mu_fail(err, MU_E_USAGE, "the answer has %s at \"%.128s\"",
                                               json == NULL ? "nothing" : "no text", path));
}
