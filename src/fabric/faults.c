/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Breaking parts of a network by name or at random.
 *
 * What:  a broken cable has bandwidth 0 both ways; a broken chip or switch is dead and breaks its
 *        cables.
 * Bound: O(links) a part at most. What is broken stays so; breaking it again changes nothing.
 */
#include "fabric/faults.h"

#include "base/random.h"
#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const uint32_t NONE = UINT32_MAX;

static void break_cable(mu_topology *t, uint32_t link)
{
    t->bandwidth[link] = 0.0;
    t->bandwidth[t->twin[link]] = 0.0;
    t->whole = false;
    t->uniform = false;
}

static mu_status break_vertex(mu_arena *arena, mu_topology *t, uint32_t vertex, mu_error *err)
{
    if (t->dead == NULL) {
        t->dead = MU_NEW(arena, bool, t->vertices);
        if (t->dead == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory");
        }
    }
    t->dead[vertex] = true;
    t->whole = false;
    t->uniform = false;
    for (uint32_t e = t->out_first[vertex]; e < t->out_first[vertex + 1]; e++) {
        break_cable(t, t->out_link[e]);
    }
    return MU_OK;
}

/* A cable has two links; the one it is counted by: the first, or that of the kind asked for. */
static bool counts(const mu_topology *t, const mu_link_kind *kind, uint32_t link)
{
    uint32_t twin = t->twin[link];
    return twin - kind->first >= kind->count || link <= twin;
}

/* Link of the index-th cable of a kind; NONE beyond the last, *cables then says how many. */
static uint32_t cable_of_kind(const mu_topology *t, const mu_link_kind *kind, uint64_t index,
                              uint64_t *cables)
{
    uint64_t seen = 0;
    for (uint32_t i = kind->first; i < kind->first + kind->count; i++) {
        if (counts(t, kind, i)) {
            if (seen == index) {
                return i;
            }
            seen++;
        }
    }
    *cables = seen;
    return NONE;
}

/* A kind by its whole name, or by what follows the network's. */
static const mu_link_kind *find_kind(const mu_topology *t, const char *name, size_t length)
{
    for (uint32_t i = 0; i < t->kind_count; i++) {
        const char *whole = t->kind[i].name;
        const char *colon = strstr(whole, ": ");
        const char *bare = colon != NULL ? colon + 2 : whole;
        if ((strlen(whole) == length && memcmp(whole, name, length) == 0) ||
            (strlen(bare) == length && memcmp(bare, name, length) == 0)) {
            return &t->kind[i];
        }
    }
    return NULL;
}

static mu_status no_kind(const mu_topology *t, const char *name, mu_error *err)
{
    const char *names[MU_KINDS_MAX + 4] = {"chip", "switch", "link", "optics"};
    for (uint32_t i = 0; i < t->kind_count; i++) {
        names[4 + i] = t->kind[i].name;
    }
    const char *nearest = mu_text_nearest(name, names, 4 + t->kind_count);
    return mu_fail(err, MU_E_INPUT,
                   "\"%.60s\" is no part: expected chip, switch, NETWORK/switch, link, optics or a "
                   "kind of link such as \"%s\"%s%s%s",
                   name, t->kind[0].name, nearest != NULL ? "; did you mean \"" : "",
                   nearest != NULL ? nearest : "", nearest != NULL ? "\"?" : "");
}

/* "what:number": a name, and the number behind its last colon. */
typedef struct part_name {
    char what[MU_LINK_NAME_MAX + 32];
    uint64_t number;
    uint64_t other; /* of "link:5-388" */
    bool pair;
} part_name;

/* Digits up to the end or a stop; false when there are none, or too many. */
static bool read_number(const char **at, uint64_t *out)
{
    const char *p = *at;
    *out = 0;
    while (*p >= '0' && *p <= '9' && p - *at < 10) {
        *out = *out * 10 + (uint64_t)(*p - '0');
        p++;
    }
    bool any = p != *at;
    *at = p;
    return any;
}

static mu_status read_part(const char *part, part_name *out, mu_error *err)
{
    const char *colon = strrchr(part, ':');
    bool fits = colon != NULL && (size_t)(colon - part) < sizeof out->what;
    if (fits) {
        const char *at = colon + 1;
        fits = read_number(&at, &out->number);
        out->pair = fits && *at == '-';
        if (out->pair) {
            at++;
            fits = read_number(&at, &out->other);
        }
        fits = fits && *at == '\0';
    }
    if (!fits) {
        return mu_fail(err, MU_E_INPUT,
                       "expected a part and its number, such as \"chip:17\" or \"link:5-388\", "
                       "found \"%.80s\"",
                       part);
    }
    memcpy(out->what, part, (size_t)(colon - part));
    out->what[colon - part] = '\0';
    return MU_OK;
}

static mu_status beyond(const char *what, uint64_t number, uint64_t count, mu_error *err)
{
    if (count == 0) {
        return mu_fail(err, MU_E_INPUT, "%s:%" PRIu64 " is no part: there is none of that kind",
                       what, number);
    }
    return mu_fail(err, MU_E_INPUT, "%s:%" PRIu64 " is no part: the numbers are 0 to %" PRIu64,
                   what, number, count - 1);
}

static mu_status break_pair(mu_topology *t, const part_name *name, mu_error *err)
{
    if (name->number >= t->vertices || name->other >= t->vertices) {
        return mu_fail(err, MU_E_INPUT,
                       "link:%" PRIu64 "-%" PRIu64 " is no part: the ends are 0 to %u",
                       name->number, name->other, t->vertices - 1);
    }
    uint32_t found = NONE;
    for (uint32_t e = t->out_first[name->number]; e < t->out_first[name->number + 1]; e++) {
        uint32_t link = t->out_link[e];
        bool better = found == NONE || !(t->bandwidth[found] > 0.0);
        if (t->to[link] == name->other && better) {
            found = link;
        }
    }
    if (found == NONE) {
        return mu_fail(err, MU_E_INPUT, "no cable joins %" PRIu64 " and %" PRIu64, name->number,
                       name->other);
    }
    break_cable(t, found);
    return MU_OK;
}

static mu_status break_optics(mu_topology *t, const part_name *name, mu_error *err)
{
    uint64_t before = 0;
    for (uint32_t i = 0; i < t->kind_count; i++) {
        const mu_link_kind *kind = &t->kind[i];
        bool second = kind->count > 0 && t->twin[kind->first] < kind->first;
        if (!kind->optical || second) {
            continue;
        }
        uint64_t cables = 0;
        uint32_t link = cable_of_kind(t, kind, name->number - before, &cables);
        if (link != NONE) {
            break_cable(t, link);
            return MU_OK;
        }
        before += cables;
    }
    return beyond("optics", name->number, before, err);
}

static mu_status break_switch(mu_arena *arena, mu_topology *t, const part_name *name,
                              uint32_t first, uint32_t end, mu_error *err)
{
    if (name->number >= end - first) {
        return beyond(name->what, name->number, end - first, err);
    }
    return break_vertex(arena, t, first + (uint32_t)name->number, err);
}

/* "NETWORK/switch", else a kind of link. */
static mu_status break_named(mu_arena *arena, mu_topology *t, const part_name *name, mu_error *err)
{
    const char *slash = strchr(name->what, '/');
    if (slash != NULL && strcmp(slash, "/switch") == 0) {
        size_t length = (size_t)(slash - name->what);
        for (uint32_t i = 0; i < t->network_count; i++) {
            const char *network = t->network[i].name;
            bool last = i + 1 == t->network_count;
            if (strlen(network) == length && memcmp(network, name->what, length) == 0) {
                return break_switch(arena, t, name, t->first_switch[i],
                                    last ? t->vertices : t->first_switch[i + 1], err);
            }
        }
    }
    const mu_link_kind *kind = find_kind(t, name->what, strlen(name->what));
    if (kind == NULL) {
        return no_kind(t, name->what, err);
    }
    uint64_t cables = 0;
    uint32_t link = cable_of_kind(t, kind, name->number, &cables);
    if (link == NONE) {
        return beyond(name->what, name->number, cables, err);
    }
    break_cable(t, link);
    return MU_OK;
}

mu_status mu_topology_break(mu_arena *arena, mu_topology *t, const char *part, mu_error *err)
{
    part_name name = {.pair = false};
    mu_status status = read_part(part, &name, err);
    if (status != MU_OK) {
        return status;
    }
    if (strcmp(name.what, "link") == 0 && name.pair) {
        return break_pair(t, &name, err);
    }
    if (name.pair) {
        return mu_fail(err, MU_E_INPUT, "only a link is named by two ends, not \"%.60s\"", part);
    }
    if (strcmp(name.what, "chip") == 0) {
        return break_switch(arena, t, &name, 0, t->ranks, err);
    }
    if (strcmp(name.what, "switch") == 0) {
        return break_switch(arena, t, &name, t->ranks, t->vertices, err);
    }
    if (strcmp(name.what, "optics") == 0) {
        return break_optics(t, &name, err);
    }
    if (strcmp(name.what, "link") == 0) {
        if (name.number >= t->links) {
            return beyond("link", name.number, t->links, err);
        }
        break_cable(t, (uint32_t)name.number);
        return MU_OK;
    }
    return break_named(arena, t, &name, err);
}

/* Calls for each unbroken cable of the kinds asked for, breaking it when a draw says so. */
static uint64_t pass(mu_topology *t, const mu_link_kind *only, uint64_t left, uint64_t wanted,
                     uint64_t seed)
{
    uint64_t seen = 0;
    uint32_t first = only != NULL ? only->first : 0;
    uint32_t count = only != NULL ? only->count : t->links;
    for (uint32_t i = first; i < first + count; i++) {
        uint32_t twin = t->twin[i];
        bool other = twin - first < count && twin < i;
        if (other || !(t->bandwidth[i] > 0.0)) {
            continue;
        }
        if (wanted > 0) {
            double here = (double)wanted / (double)(left - seen);
            if (mu_random_uniform(seed, 0, seen) < here) {
                break_cable(t, i);
                wanted--;
            }
        }
        seen++;
    }
    return seen;
}

mu_status mu_topology_break_random(mu_arena *arena, mu_topology *t, const char *kind,
                                   uint32_t count, uint64_t seed, mu_error *err)
{
    (void)arena;
    const mu_link_kind *only = NULL;
    if (kind[0] != '\0') {
        only = find_kind(t, kind, strlen(kind));
        if (only == NULL) {
            return no_kind(t, kind, err);
        }
    }
    uint64_t cables = pass(t, only, 0, 0, seed);
    if (count > cables) {
        return mu_fail(err, MU_E_INPUT, "cannot break %u cables: only %" PRIu64 " of them work",
                       count, cables);
    }
    (void)pass(t, only, cables, count, seed);
    return MU_OK;
}
