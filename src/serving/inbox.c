/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an instance keeps requests in: a store of its own, and the inbox of those on their way to a
 * lane.
 */
#include "serving/sim.h"

#include <assert.h>
#include <math.h>

enum { INBOX_FIRST = 64 };

/* The store of requests. */

mu_seq *mu_instance_seq(mu_instance *instance, uint32_t units)
{
    mu_seq *seq = instance->spare;
    if (seq != NULL) {
        instance->spare = seq->next;
    } else {
        seq = MU_NEW(instance->arena, mu_seq, 1);
    }
    if (seq == NULL) {
        return NULL;
    }
    *seq = (mu_seq){.owner = instance};
    if (units > 0) {
        seq->unit = mu_id_take(&instance->ids, mu_id_size(units));
        seq->unit_count = units;
        if (seq->unit == NULL) {
            return NULL;
        }
    }
    return seq;
}

void mu_instance_seq_free(mu_instance *instance, mu_seq *seq)
{
    assert(seq->owner == instance);
    if (seq->unit_count > 0) {
        mu_id_give(&instance->ids, seq->unit, mu_id_size(seq->unit_count));
    }
    seq->next = instance->spare;
    instance->spare = seq;
}

/* The inbox. */

static mu_seq **inbox_at(const mu_instance *instance, uint32_t i)
{
    return &instance->inbox[(instance->inbox_from + i) & (instance->inbox_room - 1)];
}

static bool grow_inbox(mu_instance *instance)
{
    uint32_t room = instance->inbox_room > 0 ? 2 * instance->inbox_room : INBOX_FIRST;
    mu_seq **inbox = MU_NEW(instance->arena, mu_seq *, room);
    if (inbox == NULL) {
        instance->lane[0].starved = true;
        return false;
    }
    for (uint32_t i = 0; i < instance->inbox_count; i++) {
        inbox[i] = *inbox_at(instance, i);
    }
    instance->inbox = inbox;
    instance->inbox_from = 0;
    instance->inbox_room = room;
    return true;
}

static bool ready_before(const mu_seq *a, const mu_seq *b)
{
    return a->ready_s != b->ready_s ? a->ready_s < b->ready_s : a->number < b->number;
}

void mu_instance_receive(mu_instance *instance, mu_seq *seq)
{
    if (instance->inbox_count == instance->inbox_room && !grow_inbox(instance)) {
        return;
    }
    uint32_t at = instance->inbox_count++;
    while (at > 0 && ready_before(seq, *inbox_at(instance, at - 1))) {
        *inbox_at(instance, at) = *inbox_at(instance, at - 1);
        at--;
    }
    *inbox_at(instance, at) = seq;
}

mu_seq *mu_instance_unreceive(mu_instance *instance)
{
    mu_seq *seq = *inbox_at(instance, 0);
    instance->inbox_from = (instance->inbox_from + 1) & (instance->inbox_room - 1);
    instance->inbox_count--;
    return seq;
}

double mu_instance_ready(const mu_instance *instance)
{
    return instance->inbox_count > 0 ? (*inbox_at(instance, 0))->ready_s : HUGE_VAL;
}
