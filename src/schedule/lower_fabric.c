/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which fabric an operator finds: the machine's, or one that all groups of its instance share.
 */
#include "schedule/contention.h"
#include "schedule/lower.h"
#include "schedule/step.h"

#include <string.h>

static uint32_t bit(mu_rush_kind kind)
{
    return 1U << (unsigned)kind;
}

/* What an operator sends; no kinds when it sends nothing. All-reduces have one-shot kernels. */
static mu_crowd crowd_of(const mu_program *program, const mu_op *op)
{
    mu_crowd crowd = {.instance = (uint64_t)program->ranks};
    if (op->kind == MU_OP_EXCHANGE) {
        crowd.group = (mu_group){.ranks = op->u.exchange.ranks, .stride = op->u.exchange.stride};
        crowd.kinds = bit(MU_RUSH_PEERS) | bit(MU_RUSH_PARTNERS);
    } else if (op->kind == MU_OP_COLLECTIVE) {
        crowd.group =
            (mu_group){.ranks = op->u.collective.ranks, .stride = op->u.collective.stride};
        mu_comm what = op->u.collective.what;
        crowd.kinds = bit(what == MU_COMM_SEND ? MU_RUSH_PAIRS : MU_RUSH_CHAIN) |
                      (what == MU_COMM_ALL_REDUCE ? bit(MU_RUSH_PEERS) : 0);
    }
    return crowd;
}

static bool same_crowd(const mu_crowd *a, const mu_crowd *b)
{
    return a->kinds == b->kinds && a->group.ranks == b->group.ranks &&
           a->group.stride == b->group.stride;
}

/* false when out of memory. */
static bool find(const mu_machine *machine, const mu_crowd *crowd, mu_fabric *own, bool *shared)
{
    double largest = 1.0;
    mu_error err = {0};
    bool found = mu_contention_fabric(machine->contention, &machine->fabric, crowd, own, &largest,
                                      &err) == MU_OK;
    *shared = largest > 1.0;
    return found;
}

const mu_fabric *mu_lower_fabric(const mu_program *program, const mu_machine *machine,
                                 const mu_op *op, mu_fabric *own)
{
    mu_crowd crowd = crowd_of(program, op);
    bool shared = false;
    if (machine->contention == NULL || crowd.kinds == 0 || !find(machine, &crowd, own, &shared)) {
        return &machine->fabric;
    }
    return shared ? own : &machine->fabric;
}

/* An earlier operator that sends the same; count when there is none. */
static uint32_t find_like(const mu_crowd crowds[], uint32_t count)
{
    uint32_t i = 0;
    while (i < count && !same_crowd(&crowds[i], &crowds[count])) {
        i++;
    }
    return i;
}

/* Sets *fabric where it is not the machine's; false when out of memory. */
static bool keep_fabric(const mu_machine *machine, const mu_crowd *crowd, mu_arena *arena,
                        const mu_fabric **fabric)
{
    mu_fabric own;
    bool shared = false;
    if (!find(machine, crowd, &own, &shared)) {
        return false;
    }
    if (!shared) {
        return true;
    }
    mu_fabric *kept = MU_NEW(arena, mu_fabric, 1);
    if (kept != NULL) {
        *kept = own;
        *fabric = kept;
    }
    return kept != NULL;
}

bool mu_lower_fabrics(const mu_program *program, const mu_machine *machine, mu_arena *arena,
                      const mu_fabric *fabric[])
{
    for (uint32_t i = 0; i < program->op_count; i++) {
        fabric[i] = &machine->fabric;
    }
    if (machine->contention == NULL) {
        return true;
    }
    mu_crowd crowds[MU_OPS_MAX];
    bool kept = true;
    for (uint32_t i = 0; i < program->op_count && kept; i++) {
        crowds[i] = crowd_of(program, &program->op[i]);
        uint32_t like = find_like(crowds, i);
        if (like < i) {
            fabric[i] = fabric[like];
        } else if (crowds[i].kinds != 0) {
            kept = keep_fabric(machine, &crowds[i], arena, &fabric[i]);
        }
    }
    return kept;
}

static bool is_listed(const mu_shared_wire out[], uint32_t count, const mu_shared_wire *wire)
{
    uint32_t i = 0;
    while (i < count && !(out[i].traffic == wire->traffic && out[i].tier == wire->tier &&
                          out[i].group.ranks == wire->group.ranks &&
                          out[i].group.stride == wire->group.stride)) {
        i++;
    }
    return i < count;
}

/* Factors above 1 of one operator. */
static uint32_t add_shared(const mu_machine *machine, const mu_op *op, const mu_crowd *crowd,
                           mu_shared_wire out[], uint32_t count)
{
    for (uint32_t k = 0; k < MU_RUSH_COUNT; k++) {
        for (uint32_t tier = 0; tier < machine->fabric.tier_count; tier++) {
            double factor = 1.0;
            mu_error ignored = {0};
            bool found =
                (crowd->kinds >> k & 1U) != 0 && count < MU_SHARED_WIRES_MAX &&
                mu_contention_factor(machine->contention, (mu_rush_kind)k, tier, crowd->group,
                                     crowd->instance, &factor, &ignored) == MU_OK;
            mu_shared_wire wire = {.transfer = op->name,
                                   .traffic = mu_rush_text((mu_rush_kind)k),
                                   .tier = tier,
                                   .group = crowd->group,
                                   .factor = factor};
            if (found && factor > 1.0 && !is_listed(out, count, &wire)) {
                out[count++] = wire;
            }
        }
    }
    return count;
}

uint32_t mu_step_shared(const mu_program *program, const mu_machine *machine,
                        mu_shared_wire out[MU_SHARED_WIRES_MAX])
{
    mu_crowd crowds[MU_OPS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < program->op_count && machine->contention != NULL; i++) {
        crowds[i] = crowd_of(program, &program->op[i]);
        if (crowds[i].kinds != 0 && find_like(crowds, i) == i) {
            count = add_shared(machine, &program->op[i], &crowds[i], out, count);
        }
    }
    return count;
}
