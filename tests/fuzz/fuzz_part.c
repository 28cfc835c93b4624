/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as parts to break, one a line: a part that is broken or one message; what is left is
 * routed by every policy over unbroken links, or there is no way.
 */
#include "fabric/faults.h"
#include "fabric/route.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static mu_topology built(mu_arena *arena)
{
    mu_network_spec specs[2] = {{.name = "mesh",
                                 .shape = MU_SHAPE_MESH,
                                 .span = 4,
                                 .bandwidth = 9e9,
                                 .planes = 1,
                                 .dims = 1,
                                 .dim = {4}},
                                {.name = "net",
                                 .shape = MU_SHAPE_CLOS,
                                 .span = 16,
                                 .bandwidth = 1e9,
                                 .planes = 2,
                                 .levels = 2,
                                 .down = {4, 4},
                                 .up = {3, 0},
                                 .optical = {false, true}}};
    mu_topology t;
    if (mu_topology_build(arena, 14, specs, 2, &t, NULL) != MU_OK) {
        abort();
    }
    return t;
}

static void break_line(mu_arena *arena, mu_topology *t, const char *line)
{
    mu_error err = {0};
    mu_status status = mu_topology_break(arena, t, line, &err);
    if (status == MU_OK ? t->whole : status != MU_E_INPUT || err.text[0] == '\0') {
        abort();
    }
}

static void route_all(mu_arena *arena, const mu_topology *t, mu_routing routing)
{
    static mu_route route;
    mu_router *router = NULL;
    if (mu_router_create(arena, t, routing, routing % 2 == 0, NULL, &router, NULL) != MU_OK) {
        abort();
    }
    for (uint32_t pair = 0; pair < t->ranks * t->ranks; pair++) {
        mu_error err = {0};
        mu_status status =
            mu_router_find(router, pair / t->ranks, pair % t->ranks, 0, &route, &err);
        if (status != MU_OK && (status != MU_NO || err.text[0] == '\0')) {
            abort();
        }
        for (uint32_t i = 0; status == MU_OK && i < route.count; i++) {
            if (!(t->bandwidth[route.link[i]] > 0.0)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512];
    if (size > sizeof text - 1) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        abort();
    }
    mu_topology t = built(arena);
    char *line = text;
    for (char *end = strchr(line, '\n'); end != NULL; end = strchr(line, '\n')) {
        *end = '\0';
        break_line(arena, &t, line);
        line = end + 1;
    }
    break_line(arena, &t, line);
    for (int routing = 0; routing < MU_ROUTING_COUNT; routing++) {
        route_all(arena, &t, (mu_routing)routing);
    }
    mu_arena_free(arena);
    return 0;
}
