/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roadmaps, and what is there by a date, as JSON.
 */
#include "report/roadmap_report.h"

static void put_launch(mu_json *json, const mu_launch *launch)
{
    char from[16];
    char to[16];
    char grade[2] = {launch->grade, '\0'};
    if (launch->text == NULL) {
        mu_json_put(json, "launched", json_null());
        return;
    }
    mu_date_print(launch->years.low, from);
    mu_date_print(launch->years.high, to);
    mu_json_put(json, "launched", mu_json_text(launch->text));
    mu_json_put(json, "launched_from", mu_json_text(from));
    mu_json_put(json, "launched_before", mu_json_text(to));
    mu_json_put(json, "grade", launch->grade == '-' ? json_null() : mu_json_text(grade));
    mu_json_put(json, "source",
                launch->source[0] == '\0' ? json_null() : mu_json_text(launch->source));
}

static void put_known(mu_json *json, const char *key, mu_quantity q, const char *unit)
{
    if (q.value > 0.0) {
        mu_json_put(json, key, mu_json_quantity(q, unit));
    }
}

static json_t *milestone(const mu_milestone *m)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "id", mu_json_text(m->entity->id));
    mu_json_put(&json, "kind", mu_json_text(m->entity->kind == MU_ENTITY_CHIP ? "chip" : "system"));
    mu_json_put(&json, "name", mu_json_text(m->entity->name));
    put_launch(&json, &m->launch);
    mu_json_put(&json, "chips", mu_json_number(m->chips));
    put_known(&json, "bf16", m->bf16, "flop/s");
    put_known(&json, "bits8", m->bits8, "flop/s");
    put_known(&json, "memory", m->memory, "B");
    put_known(&json, "memory_bandwidth", m->bandwidth, "B/s");
    if (m->answered) {
        mu_json_put(&json, "system", mu_json_text(m->system));
        mu_json_put(&json, "tokens_per_s_per_chip",
                    mu_json_quantity(m->tokens_per_s_per_chip, "tokens/s"));
        put_known(&json, "tokens_per_s_per_w", m->tokens_per_s_per_w, "tokens/s/W");
    } else {
        mu_json_put(&json, "why", mu_json_text(m->why));
    }
    return mu_json_done(&json);
}

json_t *mu_roadmap_json(const mu_roadmap *roadmap)
{
    json_t *list = json_array();
    for (uint32_t i = 0; list != NULL && i < roadmap->count; i++) {
        if (json_array_append_new(list, milestone(&roadmap->milestone[i])) != 0) {
            json_decref(list);
            list = NULL;
        }
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "vendor", mu_json_text(roadmap->vendor));
    mu_json_put(&json, "model", mu_json_text(roadmap->scenario->model));
    mu_json_put(&json, "input", mu_json_number(roadmap->scenario->input));
    mu_json_put(&json, "output", mu_json_number(roadmap->scenario->output));
    mu_json_put(&json, "tpot_s", mu_json_number(roadmap->scenario->tpot_s));
    mu_json_put(&json, "roadmap", list);
    return mu_json_done(&json);
}

json_t *mu_available_json(const mu_available *available)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "chip", mu_json_text(available->chip->id));
    mu_json_put(&json, "latest", mu_json_text(available->what));
    put_launch(&json, &available->launch);
    mu_json_put(&json, "in_doubt", json_boolean(available->doubtful));
    if (available->makers) {
        mu_json_put(&json, "made", mu_json_quantity(available->made, "chips"));
    } else {
        mu_json_put(&json, "why", mu_json_text(available->why));
    }
    return mu_json_done(&json);
}
