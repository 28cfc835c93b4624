/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validation as JSON.
 *
 * Why:   hundreds of thousands of cases as one tree would take a gigabyte; each is printed and
 *        forgotten.
 */
#include "report/validate_report.h"

#include "report/json.h"

#include <stdlib.h>
#include <string.h>

static json_t *outcome_json(const mu_case *c, const mu_outcome *o)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(c->id));
    mu_json_put(&json, "metric", mu_json_text(mu_measure_text(o->kind)));
    mu_json_put(&json, "measured", mu_json_number(o->measured));
    mu_json_put(&json, "predicted", o->answered ? mu_json_number(o->predicted.value) : json_null());
    mu_json_put(&json, "low", o->answered ? mu_json_number(o->predicted.low) : json_null());
    mu_json_put(&json, "high", o->answered ? mu_json_number(o->predicted.high) : json_null());
    mu_json_put(&json, "error", o->answered ? mu_json_number(mu_outcome_error(o)) : json_null());
    mu_json_put(&json, "fit", json_boolean(c->fit));
    if (!o->answered) {
        mu_json_put(&json, "why", mu_json_text(o->why));
    }
    if (o->tight) {
        mu_json_put(&json, "memory",
                    mu_json_text("does not fit by our count; answered as if it did"));
    }
    if (o->note != NULL) {
        mu_json_put(&json, "note", mu_json_text(o->note));
    }
    if (o->server != NULL) {
        mu_json_put(&json, "server", mu_json_text(o->server));
    }
    return mu_json_done(&json);
}

/* Numbers of no rows are null, not zero. */
static json_t *score_json(const mu_score *score)
{
    mu_json json = mu_json_begin();
    bool any = score->n > 0;
    mu_json_put(&json, "n", json_integer((json_int_t)score->n));
    mu_json_put(&json, "mape", any ? mu_json_number(score->mape) : json_null());
    mu_json_put(&json, "median", any ? mu_json_number(score->median) : json_null());
    mu_json_put(&json, "p90", any ? mu_json_number(score->p90) : json_null());
    mu_json_put(&json, "coverage90", any ? mu_json_number(score->coverage90) : json_null());
    mu_json_put(&json, "bias", any ? mu_json_number(score->bias) : json_null());
    mu_json_put(&json, "width", any ? mu_json_number(score->width) : json_null());
    mu_json_put(&json, "unanswered", json_integer((json_int_t)score->unanswered));
    return mu_json_done(&json);
}

static mu_status put_line(FILE *out, const char *before, json_t *json, mu_error *err)
{
    char *text = NULL;
    if (json == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the answer");
    }
    mu_status status = mu_json_dump(json, &text, err);
    json_decref(json);
    if (status != MU_OK) {
        return status;
    }
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n') {
        length--;
    }
    fputs(before, out);
    (void)fwrite(text, 1, length, out);
    free(text);
    return MU_OK;
}

static mu_status put_cases(FILE *out, const mu_validation *v, mu_error *err)
{
    mu_status status = MU_OK;
    fputs("{\n  \"cases\": [", out);
    for (uint32_t i = 0; i < v->outcome_count && status == MU_OK; i++) {
        const mu_outcome *o = &v->outcome[i];
        status = put_line(out, i > 0 ? ",\n    " : "\n    ",
                          outcome_json(&v->cases[o->case_index], o), err);
    }
    fputs(v->outcome_count > 0 ? "\n  ],\n" : "],\n", out);
    return status;
}

static mu_status put_groups(FILE *out, const char *key, const mu_validation *v, bool fitted,
                            mu_error *err)
{
    mu_status status = MU_OK;
    uint32_t put = 0;
    fprintf(out, ",\n  \"%s\": {", key);
    for (uint32_t i = 1; i < v->group_count && status == MU_OK; i++) {
        const mu_score *score = fitted ? &v->group[i].fitted : &v->group[i].held_out;
        if (score->n + score->unanswered == 0) {
            continue;
        }
        status =
            put_line(out, put++ > 0 ? ",\n    " : "\n    ", mu_json_text(v->group[i].name), err);
        if (status == MU_OK) {
            status = put_line(out, ": ", score_json(score), err);
        }
    }
    fputs(put > 0 ? "\n  }" : "}", out);
    return status;
}

static mu_status put_texts(FILE *out, const char *key, const char *const text[], uint32_t count,
                           mu_error *err)
{
    mu_status status = MU_OK;
    fprintf(out, ",\n  \"%s\": [", key);
    for (uint32_t i = 0; i < count && status == MU_OK; i++) {
        status = put_line(out, i > 0 ? ",\n    " : "\n    ", mu_json_text(text[i]), err);
    }
    fputs(count > 0 ? "\n  ]" : "]", out);
    return status;
}

mu_status mu_validation_json(FILE *out, const mu_validation *v, mu_error *err)
{
    mu_status status = put_cases(out, v, err);
    if (status == MU_OK) {
        status = put_line(out, "  \"summary\": ", score_json(&v->group[0].held_out), err);
    }
    if (status == MU_OK) {
        status = put_line(out, ",\n  \"fit_summary\": ", score_json(&v->group[0].fitted), err);
    }
    if (status == MU_OK) {
        status = put_groups(out, "groups", v, false, err);
    }
    if (status == MU_OK) {
        status = put_groups(out, "fit_groups", v, true, err);
    }
    if (status == MU_OK && v->left_out != NULL) {
        status = put_texts(out, "left_out", v->left_out_id, v->left_out_count, err);
    }
    if (status == MU_OK) {
        status = put_texts(out, "warnings", v->warning, v->warning_count, err);
    }
    fputs("\n}\n", out);
    return status == MU_OK ? mu_stream_check(out, err) : status;
}
