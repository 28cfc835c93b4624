/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hottest links of a job, those that carry alike taken together.
 *
 * Bound: where one rank stood for all, only the busiest link of a kind is known.
 */
#include "study/fabric_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Links by what they carry over what they can, most first. */
static void insert_hot(mu_net_hot *list, uint32_t *count, const mu_net_hot *item)
{
    uint32_t at = *count;
    while (at > 0 && list[at - 1].utilisation < item->utilisation) {
        at--;
    }
    if (at == MU_NET_HOT_MAX) {
        return;
    }
    uint32_t kept = *count < MU_NET_HOT_MAX ? *count : MU_NET_HOT_MAX - 1;
    memmove(list + at + 1, list + at, (kept - at) * sizeof *list);
    list[at] = *item;
    *count = kept + 1;
}

static double share_used(double bytes, double bandwidth, double time_s)
{
    return bandwidth > 0.0 && time_s > 0.0 ? bytes / (bandwidth * time_s) : 0.0;
}

static bool alike(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* Adds a link to those of its kind that carry as much, or as one of its own. */
static void add_hot_link(const mu_net_study *s, uint32_t link, double bytes, double time_s,
                         mu_net_traffic *out)
{
    const mu_topology *t = &s->topology;
    mu_net_hot item = {.kind = s->survey.kind[link], .alike = 1, .bytes = bytes};
    item.utilisation = share_used(bytes, t->bandwidth[link], time_s);
    for (uint32_t i = 0; i < out->hot_count; i++) {
        mu_net_hot *held = &out->hot[i];
        if (held->kind == item.kind && alike(held->bytes, bytes) &&
            alike(held->utilisation, item.utilisation)) {
            held->alike++;
            return;
        }
    }
    if (out->hot_count == MU_NET_HOT_MAX &&
        item.utilisation <= out->hot[MU_NET_HOT_MAX - 1].utilisation) {
        return;
    }
    mu_survey_link_name(&s->survey, link, item.name);
    insert_hot(out->hot, &out->hot_count, &item);
}

void mu_net_find_hot(const mu_net_study *s, const double *kind_carried, mu_net_traffic *out)
{
    const mu_topology *t = &s->topology;
    for (uint32_t i = 0; out->carried != NULL && i < t->links; i++) {
        if (out->carried[i] > 0.0) {
            add_hot_link(s, i, out->carried[i], out->wire_s.value, out);
        }
    }
    for (uint32_t k = 0; out->carried == NULL && k < t->kind_count; k++) {
        mu_net_hot item = {.kind = k, .bytes = out->kind_carried_max[k]};
        item.utilisation = share_used(item.bytes, t->kind[k].bandwidth, out->wire_s.value);
        double sum = kind_carried[k];
        item.alike = item.bytes > 0.0 ? (uint64_t)llround(sum / item.bytes) : 0;
        (void)snprintf(item.name, sizeof item.name, "%s", t->kind[k].name);
        if (item.bytes > 0.0) {
            insert_hot(out->hot, &out->hot_count, &item);
        }
    }
}
