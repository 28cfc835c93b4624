/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds a vendor's entities, reads their peaks, plans the workload on each.
 *
 * Bound: a peak's interval is its published range; what a chip serves is drawn as plan draws it.
 */
#include "study/roadmap.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VENDORS_MAX = 256 };

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* The whole name, or words of it from the start of one to the end of one. */
static bool is_of(const char *vendor, const char *asked)
{
    size_t length = strlen(asked);
    for (size_t start = 0; length > 0 && vendor[start] != '\0'; start++) {
        size_t i = 0;
        if (start > 0 && vendor[start - 1] != ' ') {
            continue;
        }
        while (i < length && lower(vendor[start + i]) == lower(asked[i])) {
            i++;
        }
        if (i == length && (vendor[start + i] == '\0' || vendor[start + i] == ' ')) {
            return true;
        }
    }
    return false;
}

static bool is_vendor_kind(mu_entity_kind kind)
{
    return kind == MU_ENTITY_CHIP || kind == MU_ENTITY_SYSTEM;
}

/* Every vendor once; [VENDORS_MAX]. */
static uint32_t vendors(const mu_catalog *catalog, const char *names[VENDORS_MAX])
{
    uint32_t count = 0;
    for (int k = 0; k < MU_ENTITY_KIND_COUNT; k++) {
        mu_entity_kind kind = (mu_entity_kind)k;
        uint32_t entities = is_vendor_kind(kind) ? mu_catalog_count(catalog, kind) : 0;
        for (uint32_t i = 0; i < entities && count < VENDORS_MAX; i++) {
            const char *vendor = mu_catalog_at(catalog, kind, i)->vendor;
            uint32_t before = 0;
            while (before < count && strcmp(names[before], vendor) != 0) {
                before++;
            }
            names[count] = vendor;
            count += before == count && vendor[0] != '\0' ? 1U : 0U;
        }
    }
    return count;
}

static mu_status unknown(const mu_catalog *catalog, const char *asked, mu_error *err)
{
    const char *names[VENDORS_MAX];
    uint32_t count = vendors(catalog, names);
    const char *near = mu_text_nearest(asked, names, count);
    if (near != NULL) {
        return mu_fail(err, MU_E_INPUT, "no chip or system is of \"%.60s\"; did you mean \"%s\"?",
                       asked, near);
    }
    char all[300] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count && used + strlen(names[i]) + 3 < sizeof all; i++) {
        used +=
            (size_t)snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    return mu_fail(err, MU_E_INPUT, "no chip or system is of \"%.60s\": expected one of %s", asked,
                   all);
}

static int compare(const void *left, const void *right)
{
    const mu_milestone *a = left;
    const mu_milestone *b = right;
    if ((a->launch.text == NULL) != (b->launch.text == NULL)) {
        return a->launch.text == NULL ? 1 : -1;
    }
    if (a->launch.text != NULL && a->launch.years.best != b->launch.years.best) {
        return a->launch.years.best < b->launch.years.best ? -1 : 1;
    }
    if (a->entity->kind != b->entity->kind) {
        return a->entity->kind < b->entity->kind ? -1 : 1;
    }
    return strcmp(a->entity->id, b->entity->id);
}

mu_status mu_roadmap_find(const mu_catalog *catalog, const char *vendor, mu_arena *arena,
                          mu_milestone **out, uint32_t *count, mu_error *err)
{
    uint32_t most =
        mu_catalog_count(catalog, MU_ENTITY_CHIP) + mu_catalog_count(catalog, MU_ENTITY_SYSTEM);
    mu_milestone *list = MU_NEW(arena, mu_milestone, most + 1);
    uint32_t n = 0;
    if (list == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    for (int k = 0; k < MU_ENTITY_KIND_COUNT; k++) {
        mu_entity_kind kind = (mu_entity_kind)k;
        uint32_t entities = is_vendor_kind(kind) ? mu_catalog_count(catalog, kind) : 0;
        for (uint32_t i = 0; i < entities; i++) {
            const mu_entity *entity = mu_catalog_at(catalog, kind, i);
            if (!is_of(entity->vendor, vendor)) {
                continue;
            }
            list[n].entity = entity;
            mu_status status = mu_catalog_launch(catalog, entity, &list[n].launch, err);
            if (status != MU_OK) {
                return status;
            }
            n++;
        }
    }
    if (n == 0) {
        return unknown(catalog, vendor, err);
    }
    qsort(list, n, sizeof *list, compare);
    *out = list;
    *count = n;
    return MU_OK;
}

static mu_status read_peak(const mu_catalog *catalog, const mu_entity *chip, const char *path,
                           double chips, mu_quantity *out, mu_error *err)
{
    mu_fact fact = {0};
    mu_status status = mu_catalog_fact(catalog, chip, path, false, &fact, err);
    if (status == MU_OK && fact.path != NULL && fact.range.best * chips > out->value) {
        *out =
            (mu_quantity){fact.range.best * chips, fact.range.low * chips, fact.range.high * chips};
    }
    return status;
}

static mu_status read_peaks(const mu_catalog *catalog, mu_milestone *m, mu_error *err)
{
    const mu_entity *chip = m->entity;
    mu_status status = MU_OK;
    m->chips = 1.0;
    if (m->entity->kind == MU_ENTITY_SYSTEM) {
        const char *id = mu_catalog_text(catalog, m->entity, "chip");
        const char *chips = mu_catalog_text(catalog, m->entity, "chips");
        status = mu_catalog_find(catalog, MU_ENTITY_CHIP, id != NULL ? id : "", &chip, err);
        if (chips == NULL || !mu_text_number(chips, &m->chips)) {
            m->chips = 1.0;
        }
    }
    const struct {
        const char *path;
        mu_quantity *to;
    } rows[] = {{"peak.bf16", &m->bf16},
                {"peak.fp8", &m->bits8},
                {"peak.int8", &m->bits8},
                {"memory.capacity", &m->memory},
                {"memory.bandwidth", &m->bandwidth}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == MU_OK; i++) {
        status = read_peak(catalog, chip, rows[i].path, m->chips, rows[i].to, err);
    }
    return status;
}

static mu_quantity per_watt(const mu_prediction *p)
{
    mu_quantity kw = p->power.output_tokens_per_s_per_kw;
    return (mu_quantity){kw.value / 1e3, kw.low / 1e3, kw.high / 1e3};
}

mu_status mu_roadmap_answer(const mu_catalog *catalog, const mu_scenario *scenario, mu_work *work,
                            mu_milestone *m, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_scenario *s = MU_NEW(work->arena, mu_scenario, 1);
    mu_question *question = MU_NEW(work->arena, mu_question, 1);
    mu_prediction *prediction = MU_NEW(work->arena, mu_prediction, 1);
    mu_error inner = {0};
    mu_status status = read_peaks(catalog, m, err);
    if (s == NULL || question == NULL || prediction == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    if (status != MU_OK) {
        return status;
    }
    *s = *scenario;
    (void)snprintf(s->system, sizeof s->system, "%s", m->entity->id);
    status = mu_question_make(catalog, s, NULL, work->arena, question, &inner);
    if (status == MU_OK) {
        status = mu_predict(question, work, prediction, &inner);
    }
    if (status == MU_OK) {
        m->answered = true;
        m->tokens_per_s_per_chip = prediction->output_tokens_per_s_per_chip;
        m->tokens_per_s_per_w = per_watt(prediction);
        (void)snprintf(m->system, sizeof m->system, "%s", prediction->system);
    }
    (void)snprintf(m->why, sizeof m->why, "%.250s", inner.text);
    mu_arena_back(work->arena, mark);
    if (status != MU_OK && status != MU_NO && status != MU_E_INPUT) {
        *err = inner;
        return status;
    }
    return MU_OK;
}
