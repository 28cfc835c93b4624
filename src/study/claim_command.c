/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line that asks what an engine term asks, so that a reader can ask it, too.
 *
 * What:  {match: {system: a, with: [b], slo: {tpot: 50ms}}} is `muster match a --with b --tpot
 *        50ms`: keys become flags by the option registry.
 * Bound: no command where a key has no flag.
 */
#include "study/claim_parts.h"
#include "study/option.h"

#include <stdio.h>
#include <string.h>

enum { COMMAND_MAX = 600, PATH_BYTES = 96, DEPTH_MAX = 4 };

typedef struct writer {
    char text[COMMAND_MAX];
    size_t length;
    bool whole; /* every key so far has a flag */
} writer;

static void add(writer *w, const char *before, const char *text)
{
    size_t left = sizeof w->text - w->length;
    int length = snprintf(w->text + w->length, left, "%s%s", before, text);
    w->whole = w->whole && length >= 0 && (size_t)length < left;
    w->length += w->whole ? (size_t)length : 0;
}

static void add_value(writer *w, const mu_node *node)
{
    if (node->kind != MU_NODE_LIST) {
        add(w, " ", node->text != NULL ? node->text : "");
        w->whole = w->whole && node->text != NULL;
        return;
    }
    for (uint32_t i = 0; i < node->count; i++) {
        add(w, i == 0 ? " " : ",", node->child[i].text != NULL ? node->child[i].text : "");
        w->whole = w->whole && node->child[i].text != NULL;
    }
}

/* A value under its flag: "--tpot 50ms". `system` is one key of two ways to write it. */
static void add_flag(writer *w, const char *path, const mu_node *node)
{
    bool system = strcmp(path, "system") == 0;
    const mu_option *option = mu_option_by_path(system ? "system.id" : path);
    if (option == NULL || option->flag == NULL) {
        w->whole = false;
        return;
    }
    add(w, " --", option->flag);
    add_value(w, node);
}

/* A map being walked. */
typedef struct level {
    const mu_node *map;
    uint32_t next;
    size_t path; /* length of its own */
} level;

/* Every value of a scenario but that of the key `skip`: deployment, role, degree at the deepest. */
static void add_scenario(writer *w, const mu_node *scenario, const char *skip)
{
    char path[PATH_BYTES] = "";
    level levels[DEPTH_MAX] = {{.map = scenario}};
    uint32_t depth = 1;
    while (depth > 0 && w->whole) {
        level *top = &levels[depth - 1];
        if (top->next == top->map->count) {
            depth--;
            continue;
        }
        const mu_node *node = &top->map->child[top->next++];
        int length = snprintf(path + top->path, sizeof path - top->path, "%s%s",
                              top->path > 0 ? "." : "", node->key != NULL ? node->key : "");
        bool fits = length > 0 && top->path + (size_t)length < sizeof path;
        bool map = node->kind == MU_NODE_MAP;
        w->whole = fits && (!map || depth < DEPTH_MAX);
        if (!w->whole || strcmp(path, skip) == 0) {
            continue;
        }
        if (map) {
            levels[depth++] = (level){.map = node, .path = top->path + (size_t)length};
        } else {
            add_flag(w, path, node);
        }
    }
}

static const mu_node *system_of(const mu_node *scenario)
{
    const mu_node *system = mu_node_get(scenario, "system");
    return system != NULL && system->kind == MU_NODE_MAP ? mu_node_get(system, "id") : system;
}

/* Chip or foundry first, then dates. */
static void add_supply(writer *w, const mu_node *asked)
{
    static const char *const first[] = {"chip", "foundry"};
    static const char *const dates[] = {"from", "by"};
    for (int i = 0; i < 4; i++) {
        const char *key = i < 2 ? first[i] : dates[i - 2];
        const mu_node *node = mu_node_get(asked, key);
        if (node != NULL && i >= 2) {
            add(w, " --", key);
        }
        if (node != NULL) {
            add_value(w, node);
        }
    }
}

const char *mu_claim_command(const mu_node *term, mu_arena *arena)
{
    static const char *const verbs[] = {"predict", "match", "supply", "cost"};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        const mu_node *asked = mu_node_get(term, verbs[i]);
        writer w = {.whole = true};
        if (asked == NULL || asked->kind != MU_NODE_MAP) {
            continue;
        }
        add(&w, "muster ", verbs[i]);
        const mu_node *system = system_of(asked);
        bool first = (i == 1 || i == 3) && system != NULL; /* SYSTEM is an argument of theirs */
        if (i == 2) {
            add_supply(&w, asked);
        } else {
            if (first) {
                add_value(&w, system);
            }
            add_scenario(&w, asked, first ? "system" : "");
        }
        const mu_node *chips = mu_node_path(asked, "system.chips");
        if (first && chips != NULL) {
            add(&w, " --chips", "");
            add_value(&w, chips);
        }
        return w.whole ? mu_arena_text(arena, w.text, w.length) : NULL;
    }
    return NULL;
}
