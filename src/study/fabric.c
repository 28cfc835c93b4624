/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fabric: what a system's networks are, and what a collective does on their wires.
 *
 * What:  the question resolved, the topology built and parts of it broken; then described
 *        (fabric_describe.c), its losses counted (fabric_loss.c), the job run (fabric_run.c).
 */
#include "study/fabric_parts.h"

#include "base/text.h"
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"
#include "fabric/wiring.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double RANKS_MOST = 16777216.0;

void mu_net_warn(mu_net_answer *out, const char *format, ...)
{
    va_list args;
    if (out->warning_count == sizeof out->warning / sizeof out->warning[0]) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(out->warning[out->warning_count++], sizeof out->warning[0], format, args);
    va_end(args);
}

static double plain_count(const mu_catalog *catalog, const mu_entity *system, const char *path)
{
    const mu_node *node = mu_catalog_node(catalog, system, path, NULL);
    double value = 0.0;
    bool read = node != NULL && node->text != NULL && mu_text_number(node->text, &value);
    return read && value >= 1.0 ? value : 0.0;
}

static mu_status read_chips(mu_net_question *q, double chips, mu_error *err)
{
    q->chips_sold = fmax(plain_count(q->catalog, q->system, "chips"), 1.0);
    double most = fmax(plain_count(q->catalog, q->system, "max_chips"), q->chips_sold);
    q->chips = chips > 0.0 ? chips : q->chips_sold;
    if (q->chips > most) {
        return mu_fail(err, MU_E_INPUT, "chips %.0f: %s grows to %.0f chips at most", q->chips,
                       q->system->id, most);
    }
    if (q->chips * q->ranks_per_chip > RANKS_MOST) {
        return mu_fail(err, MU_E_INPUT, "chips %.0f: expected at most %.0f ranks", q->chips,
                       RANKS_MOST);
    }
    q->ranks = (uint32_t)(q->chips * q->ranks_per_chip);
    return MU_OK;
}

mu_status mu_net_question_make(const mu_catalog *catalog, const char *system, double chips,
                               const mu_net_wiring *wiring, const mu_net_wish *wish,
                               mu_arena *arena, mu_net_question *out, mu_error *err)
{
    mu_net_question q = {.catalog = catalog, .wiring = wiring};
    const mu_entity *chip = NULL;
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_SYSTEM, system, &q.system, err);
    if (status == MU_OK) {
        const char *id = mu_catalog_text(catalog, q.system, "chip");
        status = mu_catalog_find(catalog, MU_ENTITY_CHIP, id != NULL ? id : "", &chip, err);
    }
    if (status == MU_OK) {
        status = mu_chip_ranks(catalog, chip, &q.ranks_per_chip, err);
    }
    if (status == MU_OK) {
        status = read_chips(&q, chips, err);
    }
    if (status == MU_OK && wiring != NULL) {
        q.ranks = wiring->ranks;
        q.chips = (double)wiring->ranks / q.ranks_per_chip;
    }
    if (status == MU_OK) {
        status = mu_net_job_read(wish, q.ranks, arena, &q.job, err);
    }
    if (status == MU_OK) {
        *out = q;
    }
    return status;
}

mu_status mu_net_specs(const mu_net_question *q, mu_draw draw, mu_network_spec *out,
                       uint32_t *count, mu_error *err)
{
    if (q->wiring != NULL) {
        *count = q->wiring->network_count;
        memcpy(out, q->wiring->network, *count * sizeof *out);
        return MU_OK;
    }
    return mu_wiring_from_catalog(q->catalog, q->system, draw, q->ranks_per_chip, q->ranks, out,
                                  count, err);
}

static mu_status build(const mu_net_study *s, mu_arena *arena, mu_topology *out, mu_error *err)
{
    const mu_net_wiring *wiring = s->q->wiring;
    if (wiring != NULL && wiring->network_count == 0) {
        return mu_topology_of_cables(arena, wiring->ranks, wiring->vertices, wiring->cable,
                                     wiring->cable_count, out, err);
    }
    return mu_topology_build(arena, s->q->ranks, s->spec, s->spec_count, out, err);
}

/* The topology twice where something breaks: as it was, and as it is. */
static mu_status build_both(mu_net_study *s, mu_error *err)
{
    mu_arena *arena = s->work->arena;
    mu_status status = build(s, arena, &s->whole, err);
    s->topology = s->whole;
    if (status == MU_OK && s->q->job.parts > 0) {
        status = build(s, arena, &s->topology, err);
    }
    for (uint32_t i = 0; i < s->q->job.parts && status == MU_OK; i++) {
        status = mu_topology_break(arena, &s->topology, s->q->job.part[i], err);
    }
    return status;
}

/* Every uncertain name of the question gets its place before the plan is frozen. */
static mu_status open_draws(mu_net_study *s, mu_error *err)
{
    const mu_net_question *q = s->q;
    mu_draw draw = {0};
    if (q->samples >= 1.0) {
        s->plan = mu_draw_plan_create(s->work->arena, (uint64_t)q->seed);
        if (s->plan == NULL) {
            return mu_fail(err, MU_E_MEMORY, "no memory for the draws");
        }
        draw.plan = s->plan;
    }
    mu_status status = mu_net_specs(q, draw, s->spec, &s->spec_count, err);
    if (status == MU_OK) {
        status =
            mu_fabric_from_catalog(q->catalog, q->system, draw, q->ranks_per_chip, &s->fabric, err);
    }
    return status == MU_OK ? mu_net_rates(q, draw, NULL, err) : status;
}

static mu_status survey_both(mu_net_study *s, mu_error *err)
{
    mu_status status = mu_survey_make(s->work->arena, &s->topology, &s->survey, err);
    if (status == MU_OK && s->q->job.parts > 0) {
        status = mu_survey_make(s->work->arena, &s->whole, &s->whole_survey, err);
    }
    return status;
}

mu_status mu_net_answer_question(const mu_net_question *question, mu_work *work, mu_net_answer *out,
                                 mu_error *err)
{
    memset(out, 0, sizeof *out);
    mu_net_study *s = MU_NEW(work->arena, mu_net_study, 1);
    if (s == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    s->q = question;
    s->work = work;
    mu_status status = open_draws(s, err);
    if (status == MU_OK) {
        status = build_both(s, err);
    }
    if (status == MU_OK) {
        status = survey_both(s, err);
    }
    if (status != MU_OK) {
        return status;
    }
    out->topology = &s->topology;
    out->survey = &s->survey;
    status = mu_net_describe(s, out, err);
    if (status == MU_OK && question->job.parts > 0) {
        status = mu_net_losses(s, out, err);
    }
    if (status == MU_OK && question->job.what != MU_NET_NOTHING) {
        status = mu_net_merge_planes(s, err);
    }
    if (status == MU_OK && question->job.what != MU_NET_NOTHING) {
        status = mu_net_run(s, out, err);
    }
    return status;
}
