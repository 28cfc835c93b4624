/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words of the verb supply into a question.
 */
#include "study/supply.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double DEFECTS_MOST = 20.0;
static const double ALPHA_MOST = 1e6;

bool mu_launch_month(const mu_catalog *catalog, const mu_entity *entity, double *out)
{
    const char *text = mu_catalog_text(catalog, entity, "launched");
    mu_months months;
    if (text == NULL || !mu_months_parse(text, &months)) {
        return false;
    }
    *out = months.first;
    return true;
}

static mu_status read_date(const char *flag, const char *text, mu_months *out, mu_error *err)
{
    if (!mu_months_parse(text, out)) {
        return mu_fail(
            err, MU_E_INPUT,
            "%s: expected a date such as 2027-06, 2027Q2 or 2027, of 1990 to 2100, found "
            "\"%.40s\"",
            flag, text);
    }
    return MU_OK;
}

static mu_status read_dates(const mu_supply_words *words, mu_supply_question *q, mu_error *err)
{
    mu_months months;
    mu_status status = MU_OK;
    if (words->from != NULL) {
        status = read_date("--from", words->from, &months, err);
        q->from = status == MU_OK ? months.first : 0.0;
    }
    if (status == MU_OK && words->by != NULL) {
        status = read_date("--by", words->by, &months, err);
        q->by = status == MU_OK ? months.last : 0.0;
    }
    if (status == MU_OK && q->from > 0.0 && q->by > 0.0 && q->by < q->from) {
        status = mu_fail(err, MU_E_INPUT, "--by %s is before --from %s", words->by, words->from);
    }
    return status;
}

/* Nobody counts chips before they were launched. */
static mu_status check_launch(const mu_supply_words *words, const mu_supply_question *q,
                              mu_error *err)
{
    const mu_entity *chip = q->wish.chip;
    if (chip == NULL) {
        return MU_OK;
    }
    const char *launched = mu_catalog_text(q->wish.catalog, chip, "launched");
    if (q->by > 0.0 && q->launched > 0.0 && q->by < q->launched) {
        return mu_fail(err, MU_E_INPUT, "--by %s is before the launch of %s (%s)", words->by,
                       chip->id, launched);
    }
    if (q->from > 0.0 && q->launched > 0.0 && q->from < q->launched) {
        return mu_fail(err, MU_E_INPUT, "--from %s is before the launch of %s (%s)", words->from,
                       chip->id, launched);
    }
    return MU_OK;
}

static mu_status read_number(const char *flag, const char *text, double most, double *out,
                             mu_error *err)
{
    if (!mu_text_number(text, out) || !(*out > 0.0) || *out > most) {
        return mu_fail(err, MU_E_INPUT, "%s: expected a number above 0 up to %g, found \"%.40s\"",
                       flag, most, text);
    }
    return MU_OK;
}

static mu_status read_model(const char *word, mu_supply_wish *wish, mu_error *err)
{
    static const char *const words[] = {
#define X(name, text, other) text,
        MU_YIELD_MODEL_LIST(X)
#undef X
    };
    if (mu_yield_model_parse(word, &wish->model)) {
        wish->has_model = true;
        return MU_OK;
    }
    const char *near = mu_text_nearest(word, words, MU_YIELD_MODELS);
    return mu_fail(err, MU_E_INPUT,
                   "--yield-model: expected poisson, murphy, seeds or negative-binomial, found "
                   "\"%.40s\"%s%s%s",
                   word, near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
                   near != NULL ? "\"?" : "");
}

static mu_status read_yield(const mu_supply_words *words, mu_supply_wish *wish, mu_error *err)
{
    mu_status status = MU_OK;
    if (words->defect_density != NULL) {
        wish->has_defects = true;
        status = read_number("--defect-density", words->defect_density, DEFECTS_MOST,
                             &wish->defects_per_cm2, err);
    }
    if (status == MU_OK && words->alpha != NULL) {
        status = read_number("--alpha", words->alpha, ALPHA_MOST, &wish->alpha, err);
    }
    if (status == MU_OK && words->yield_model != NULL) {
        status = read_model(words->yield_model, wish, err);
    }
    return status;
}

static mu_status leave_out(const char *names, mu_arena *arena, mu_supply_wish *wish, mu_error *err)
{
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        const mu_entity *foundry = NULL;
        const char *name = mu_arena_text(arena, names, length);
        if (name == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory");
        }
        mu_error local = {0};
        if (mu_catalog_find(wish->catalog, MU_ENTITY_FOUNDRY, name, &foundry, &local) != MU_OK) {
            return mu_fail(err, MU_E_INPUT, "--without: %s", local.text);
        }
        if (wish->without_count == MU_SUPPLY_WITHOUT_MAX) {
            return mu_fail(err, MU_E_INPUT, "--without: at most %d foundries",
                           MU_SUPPLY_WITHOUT_MAX);
        }
        wish->without[wish->without_count++] = foundry->id;
        names += length + (names[length] == ',' ? 1 : 0);
    }
    return MU_OK;
}

mu_status mu_supply_question_make(const mu_catalog *catalog, const mu_entity *chip,
                                  const mu_supply_words *words, double chips, mu_arena *arena,
                                  mu_supply_question *out, mu_error *err)
{
    mu_supply_question q = {.wish = {.catalog = catalog, .chip = chip}, .wanted = chips};
    if (chip != NULL) {
        (void)mu_launch_month(catalog, chip, &q.launched);
    }
    mu_status status = read_dates(words, &q, err);
    if (status == MU_OK) {
        status = check_launch(words, &q, err);
    }
    if (status == MU_OK) {
        status = read_yield(words, &q.wish, err);
    }
    if (status == MU_OK && words->without != NULL) {
        status = leave_out(words->without, arena, &q.wish, err);
    }
    if (status == MU_OK) {
        *out = q;
    }
    return status;
}
