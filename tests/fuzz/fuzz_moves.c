/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a schedule (XML, JSON or YAML): moves that hang together and can all run, or one
 * message with its place; no crash, no leak.
 */
#include "io/moves_read.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_schedule(const mu_schedule *schedule)
{
    mu_error err = {0};
    const mu_move_list *list = &schedule->moves.list;
    demand(schedule->moves.kind == MU_MOVES_LIST && schedule->name != NULL);
    demand(schedule->ranks >= 1 && schedule->ranks == list->ranks);
    demand(mu_moves_check(list, &err) == MU_OK);
    for (uint32_t i = 0; i < list->count; i++) {
        demand(isfinite(list->move[i].bytes));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return 0;
    }
    mu_schedule schedule;
    mu_error err = {0};
    mu_status status =
        mu_schedule_read_text(arena, (const char *)data, size, "fuzz", 1e9, &schedule, &err);
    if (status == MU_OK) {
        check_schedule(&schedule);
    } else {
        demand(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
    }
    mu_arena_free(arena);
    return 0;
}
