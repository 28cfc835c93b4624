/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a network that are alike.
 *
 * Source: Weisfeiler & Leman, 1968, in one dimension, on hashes of 64 bits.
 */
#include "fabric/flow_alike.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

static mu_status make_members(const job_run *run, alike *out)
{
    out->members_of = MU_NEW(run->arena, uint32_t, run->members);
    out->first_of = MU_NEW(run->arena, uint32_t, run->members);
    out->part_of_link = MU_NEW(run->arena, uint32_t, run->topology->links);
    bool made = out->members_of != NULL && out->first_of != NULL && out->part_of_link != NULL;
    return made ? MU_OK : mu_job_memory(run);
}

static mu_status make_links(const job_run *run, uint32_t parts, alike *out)
{
    out->link_parts = parts;
    out->links_of = MU_NEW(run->arena, uint32_t, parts);
    out->capacity = MU_NEW(run->arena, double, parts);
    if (out->links_of == NULL || out->capacity == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t l = 0; l < run->topology->links; l++) {
        out->links_of[out->part_of_link[l]]++;
        out->capacity[out->part_of_link[l]] = run->capacity[l];
    }
    return MU_OK;
}

mu_status mu_alike_by_kind(const job_run *run, alike *out)
{
    const mu_topology *t = run->topology;
    mu_status status = make_members(run, out);
    if (status != MU_OK) {
        return status;
    }
    for (uint32_t k = 0; k < t->kind_count; k++) {
        for (uint32_t l = t->kind[k].first; l < t->kind[k].first + t->kind[k].count; l++) {
            out->part_of_link[l] = k;
        }
    }
    out->rank_parts = 1;
    out->members_of[0] = run->members;
    return make_links(run, t->kind_count, out);
}

/* --- by sight --- */

static uint64_t both(uint64_t a, uint64_t b)
{
    return mu_mix_bits(a + mu_mix_bits(b + UINT64_C(0x9e3779b97f4a7c15)));
}

typedef struct sight {
    const job_run *run;
    uint64_t *link;   /* [links] kind and capacity */
    uint64_t *vertex; /* [vertices] */
    uint64_t *seen;   /* [vertices] of neighbours */
    uint64_t *sorted; /* scratch of [links or vertices] */
} sight;

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Sorts a copy and drops what repeats; how many are left. */
static uint32_t distinct(const sight *s, const uint64_t *hash, uint32_t count)
{
    memcpy(s->sorted, hash, count * sizeof *hash);
    qsort(s->sorted, count, sizeof *s->sorted, by_number);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || s->sorted[kept - 1] != s->sorted[i]) {
            s->sorted[kept++] = s->sorted[i];
        }
    }
    return kept;
}

/* Place of a hash among the distinct ones. */
static uint32_t place_among(const sight *s, uint64_t hash, uint32_t count)
{
    const uint64_t *found = bsearch(&hash, s->sorted, count, sizeof hash, by_number);
    return found == NULL ? 0 : (uint32_t)(found - s->sorted);
}

/* What is known without looking: kinds, rates, who takes part. */
static void first_sight(const sight *s)
{
    const mu_topology *t = s->run->topology;
    for (uint32_t k = 0; k < t->kind_count; k++) {
        for (uint32_t l = t->kind[k].first; l < t->kind[k].first + t->kind[k].count; l++) {
            uint64_t bits = 0;
            memcpy(&bits, &s->run->capacity[l], sizeof bits);
            s->link[l] = both(k, bits);
        }
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        s->vertex[v] = v < t->ranks ? 1 : 2;
    }
    for (uint32_t m = 0; m < s->run->members; m++) {
        s->vertex[place_of(s->run, m)] = 3;
    }
}

static void look_round(const sight *s)
{
    const mu_topology *t = s->run->topology;
    memset(s->seen, 0, t->vertices * sizeof *s->seen);
    for (uint32_t l = 0; l < t->links; l++) {
        s->seen[t->from[l]] += both(s->link[l], s->vertex[t->to[l]]);
        s->seen[t->to[l]] += both(s->link[l] + 1, s->vertex[t->from[l]]);
    }
    for (uint32_t v = 0; v < t->vertices; v++) {
        s->vertex[v] = both(s->vertex[v], s->seen[v]);
    }
}

static mu_status set_parts(const sight *s, alike *out)
{
    const job_run *run = s->run;
    const mu_topology *t = run->topology;
    uint32_t vertices = distinct(s, s->vertex, t->vertices);
    uint32_t *part = MU_NEW(run->arena, uint32_t, vertices);
    if (part == NULL) {
        return mu_job_memory(run);
    }
    for (uint32_t m = 0; m < run->members; m++) {
        uint32_t v = place_among(s, s->vertex[place_of(run, m)], vertices);
        if (part[v] == 0) {
            out->first_of[out->rank_parts] = m;
            part[v] = ++out->rank_parts;
        }
        out->members_of[part[v] - 1]++;
    }
    for (uint32_t l = 0; l < t->links; l++) {
        s->link[l] = both(s->link[l], both(s->vertex[t->from[l]], s->vertex[t->to[l]]));
    }
    uint32_t links = distinct(s, s->link, t->links);
    for (uint32_t l = 0; l < t->links; l++) {
        out->part_of_link[l] = place_among(s, s->link[l], links);
    }
    return make_links(run, links, out);
}

mu_status mu_alike_by_sight(const job_run *run, alike *out)
{
    const mu_topology *t = run->topology;
    uint64_t most = t->links > t->vertices ? t->links : t->vertices;
    sight s = {.run = run,
               .link = MU_NEW(run->arena, uint64_t, t->links),
               .vertex = MU_NEW(run->arena, uint64_t, t->vertices),
               .seen = MU_NEW(run->arena, uint64_t, t->vertices),
               .sorted = MU_NEW(run->arena, uint64_t, most)};
    if (s.link == NULL || s.vertex == NULL || s.seen == NULL || s.sorted == NULL) {
        return mu_job_memory(run);
    }
    mu_status status = make_members(run, out);
    if (status != MU_OK) {
        return status;
    }
    first_sight(&s);
    uint32_t before = 0;
    uint32_t count = distinct(&s, s.vertex, t->vertices);
    while (count > before) {
        before = count;
        look_round(&s);
        count = distinct(&s, s.vertex, t->vertices);
    }
    return set_parts(&s, out);
}
