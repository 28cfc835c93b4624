/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Launches from the catalogue, production from the supply chain.
 *
 * Bound: what is made is all that is made of the chip, whoever buys it.
 */
#include "study/available.h"

#include "study/supply.h"

#include <stdio.h>
#include <string.h>

/* The later of two launches; one that is not said does not count. */
static mu_status find_launch(const mu_question *question, mu_available *out, mu_error *err)
{
    mu_launch system = {0};
    mu_launch chip = {0};
    mu_status status = mu_catalog_launch(question->catalog, question->system, &system, err);
    if (status == MU_OK) {
        status = mu_catalog_launch(question->catalog, question->chip, &chip, err);
    }
    if (status != MU_OK) {
        return status;
    }
    bool chip_later =
        chip.text != NULL && (system.text == NULL || chip.years.best > system.years.best);
    out->launch = chip_later ? chip : system;
    out->what = chip_later ? question->chip->id : question->system->id;
    return MU_OK;
}

/* Chips until then; a chip that nobody is known to make leaves a reason. */
static mu_status find_made(const mu_question *question, const char *by_text, mu_arena *arena,
                           mu_available *out, mu_error *err)
{
    mu_supply_words words = {.by = by_text};
    mu_supply_question asked;
    mu_error inner = {0};
    mu_supply_answer *answer = MU_NEW(arena, mu_supply_answer, 1);
    if (answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_supply_question_make(question->catalog, question->chip, &words, 0.0,
                                               arena, &asked, &inner);
    if (status == MU_OK) {
        asked.chips_alone = true;
        asked.samples = question->scenario->samples;
        asked.seed = question->scenario->seed;
        status = mu_supply_answer_question(&asked, arena, answer, &inner);
    }
    out->makers = status == MU_OK;
    out->made = status == MU_OK ? answer->total : mu_quantity_point(0.0);
    (void)snprintf(out->why, sizeof out->why, "%.250s", inner.text);
    return status == MU_E_MEMORY ? mu_fail(err, status, "out of memory") : MU_OK;
}

mu_status mu_available_by(const mu_question *question, const char *by_text, mu_arena *arena,
                          mu_available *out, mu_error *err)
{
    mu_range by = {0};
    mu_available answer = {.chip = question->chip};
    mu_status status = mu_date_parse(by_text, &by, err);
    if (status == MU_OK) {
        status = find_launch(question, &answer, err);
    }
    if (status != MU_OK) {
        return status;
    }
    bool said = answer.launch.text != NULL;
    answer.launched = !said || answer.launch.years.low < by.high;
    answer.doubtful = said && answer.launch.years.high > by.high;
    if (answer.launched) {
        status = find_made(question, by_text, arena, &answer, err);
    }
    if (status == MU_OK) {
        *out = answer;
    }
    return status;
}

mu_status mu_available_check(const mu_available *a, const char *by_text, mu_error *err)
{
    return a->launched
               ? MU_OK
               : mu_fail(err, MU_NO, "%s is not there by %s: launched %s%s%s", a->what, by_text,
                         a->launch.text, a->launch.note[0] != '\0' ? "; " : "", a->launch.note);
}

enum { COUNT_TEXT = 32 };

/* "2.2 million", "16.2 thousand", "950" */
static void count_words(double count, char out[COUNT_TEXT])
{
    if (count >= 999.5e3) {
        (void)snprintf(out, COUNT_TEXT, "%.3g million", count / 1e6);
    } else if (count >= 9999.5) {
        (void)snprintf(out, COUNT_TEXT, "%.3g thousand", count / 1e3);
    } else {
        (void)snprintf(out, COUNT_TEXT, count < 99.5 ? "%.3g" : "%.0f", count);
    }
}

static void made_words(const mu_available *a, const char *by_text, double needed, char out[224])
{
    char made[COUNT_TEXT];
    char low[COUNT_TEXT];
    char high[COUNT_TEXT];
    char times[COUNT_TEXT];
    count_words(a->made.value, made);
    count_words(a->made.low, low);
    count_words(a->made.high, high);
    count_words(a->made.value / needed, times);
    (void)snprintf(out, 224, "%s (%s to %s) can be made by %.16s: %s times the %.6g needed", made,
                   low, high, by_text, times, needed);
}

void mu_available_words(const mu_available *a, const char *by_text, double needed, char out[400])
{
    char made[224] = "how many can be made is not known";
    char doubt[128] = "";
    if (a->doubtful) {
        (void)snprintf(doubt, sizeof doubt, "%.40s is launched %.24s, which may be after %.16s; ",
                       a->what, a->launch.text, by_text);
    }
    if (a->makers) {
        made_words(a, by_text, needed, made);
    }
    (void)snprintf(out, 400, "%s%.40s: %s", doubt, a->chip->id, made);
}
