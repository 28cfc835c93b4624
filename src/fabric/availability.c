/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is up on average, from failure rates of parts.
 *
 * What:  every part is up for a mean time of 1 / rate and down for `mend_h`, apart from the others:
 *        it is up for the share a = 1 / (1 + rate * mend). Expectations over parts are sums and
 *        products of these.
 * Terms: own links = those that leave a rank; end = the switch or chip at the other end of one.
 * Bound: exact for what is defined here; "joined" looks at a rank's own cables and their ends, not
 *        at what lies behind (a leaf all of whose uplinks are down still counts as the rest).
 * Source: alternating renewal processes: Ross, Introduction to Probability Models, 7.5.
 */
#include "fabric/faults.h"

#include <assert.h>
#include <math.h>

typedef struct shares {
    double chip;
    double link;
    double optics;
    double switches;
} shares;

static double share_of(mu_part_rate rate)
{
    assert(rate.per_hour >= 0.0 && rate.mend_h >= 0.0);
    return 1.0 / (1.0 + rate.per_hour * rate.mend_h);
}

/* A vertex that can break: a bus's ends and spare chips are no parts of their own. */
static bool is_switch(const mu_topology *t, uint32_t vertex)
{
    assert(vertex >= t->ranks);
    uint32_t n = t->network_count - 1;
    while (t->first_switch[n] > vertex) {
        n--;
    }
    mu_shape shape = t->network[n].shape;
    return shape == MU_SHAPE_SWITCH || shape == MU_SHAPE_CLOS || shape == MU_SHAPE_DRAGONFLY ||
           shape == MU_SHAPE_LINKS;
}

static double up_at(const mu_topology *t, const shares *a, uint32_t vertex)
{
    return vertex < t->ranks ? a->chip : (is_switch(t, vertex) ? a->switches : 1.0);
}

/* log of the share of time in which every part is up. */
static double all_up(const mu_topology *t, const shares *a)
{
    double sum = (double)t->ranks * log(a->chip);
    for (uint32_t v = t->ranks; v < t->vertices; v++) {
        sum += is_switch(t, v) ? log(a->switches) : 0.0;
    }
    for (uint32_t i = 0; i < t->kind_count; i++) {
        const mu_link_kind *kind = &t->kind[i];
        double one = log(kind->optical ? a->optics : a->link);
        uint32_t cables = 0;
        for (uint32_t l = kind->first; l < kind->first + kind->count; l++) {
            cables += l < t->twin[l];
        }
        sum += cables * kind->cables * one;
    }
    return exp(sum);
}

/* Own links come by kind: the kind of a link not before kind `from`. */
static uint32_t kind_from(const mu_topology *t, uint32_t from, uint32_t link)
{
    while (link >= t->kind[from].first + t->kind[from].count) {
        from++;
    }
    return from;
}

/* Whether another own link before or after e ends where it does (explicit lists only). */
static bool same_end(const mu_topology *t, uint32_t e, uint32_t other)
{
    return t->to[t->out_link[e]] == t->to[t->out_link[other]];
}

/* Share of time in which no way leads from a working rank to the end of its own link e. */
static double end_down(const mu_topology *t, const shares *a, uint32_t rank, uint32_t e,
                       double cable)
{
    double cut = 1.0 - cable;
    if (t->network[0].shape == MU_SHAPE_LINKS) {
        for (uint32_t i = t->out_first[rank]; i < t->out_first[rank + 1]; i++) {
            if (i < e && same_end(t, e, i)) {
                return 1.0; /* counted there */
            }
            cut *= i > e && same_end(t, e, i) ? 1.0 - cable : 1.0;
        }
    }
    return 1.0 - up_at(t, a, t->to[t->out_link[e]]) * (1.0 - cut);
}

static double rank_joined(const mu_topology *t, const shares *a, uint32_t rank)
{
    double apart = 1.0;
    uint32_t kind = 0;
    for (uint32_t e = t->out_first[rank]; e < t->out_first[rank + 1]; e++) {
        uint32_t link = t->out_link[e];
        kind = kind_from(t, kind, link);
        if (t->bandwidth[link] > 0.0) {
            apart *= end_down(t, a, rank, e, t->kind[kind].optical ? a->optics : a->link);
        }
    }
    return 1.0 - apart;
}

/* Expected share of the bandwidth of the ranks' own links. */
static double bandwidth_left(const mu_topology *t, const shares *a)
{
    double all = 0.0;
    double left = 0.0;
    for (uint32_t i = 0; i < t->kind_count; i++) {
        const mu_link_kind *kind = &t->kind[i];
        double cable = kind->optical ? a->optics : a->link;
        for (uint32_t l = kind->first; l < kind->first + kind->count; l++) {
            if (t->from[l] < t->ranks) {
                all += t->bandwidth[l];
                left += t->bandwidth[l] * cable * up_at(t, a, t->to[l]);
            }
        }
    }
    return all > 0.0 ? a->chip * left / all : 0.0;
}

/* A rank of the job with no more than one cable. */
static bool hangs_on_one(const mu_topology *t, uint32_t rank, uint32_t job_ranks)
{
    return rank < job_ranks && t->out_first[rank + 1] - t->out_first[rank] == 1;
}

/* Failures an hour of parts whose failure alone takes a member away. */
static double job_rate(const mu_topology *t, const mu_fault_rates *rates, uint32_t job_ranks)
{
    double rate = job_ranks * rates->chip.per_hour;
    for (uint32_t r = 0; r < job_ranks; r++) {
        if (hangs_on_one(t, r, job_ranks)) {
            uint32_t kind = kind_from(t, 0, t->out_link[t->out_first[r]]);
            rate += t->kind[kind].optical ? rates->optics.per_hour : rates->link.per_hour;
        }
    }
    for (uint32_t v = t->ranks; v < t->vertices; v++) {
        bool needed = false;
        for (uint32_t e = t->out_first[v]; e < t->out_first[v + 1] && !needed; e++) {
            needed = hangs_on_one(t, t->to[t->out_link[e]], job_ranks);
        }
        rate += needed && is_switch(t, v) ? rates->switches.per_hour : 0.0;
    }
    return rate;
}

/*
 * Work saved over time: failures come at `rate` [1/s]; a run of length T saves whole intervals of
 * `checkpoint_s`, on average c / (exp(rate c) - 1), and is followed by a restart.
 */
static double goodput(double rate, double checkpoint_s, double restart_s)
{
    double c = rate * checkpoint_s;
    double saved = c > 0.0 ? c / expm1(c) : 1.0;
    return saved / (1.0 + rate * restart_s);
}

mu_availability mu_topology_availability(const mu_topology *t, const mu_fault_rates *rates,
                                         uint32_t job_ranks, double checkpoint_s, double restart_s)
{
    assert(checkpoint_s >= 0.0 && restart_s >= 0.0);
    const shares a = {.chip = share_of(rates->chip),
                      .link = share_of(rates->link),
                      .optics = share_of(rates->optics),
                      .switches = share_of(rates->switches)};
    uint32_t members = job_ranks < t->ranks ? job_ranks : t->ranks;
    double joined = 0.0;
    for (uint32_t r = 0; r < t->ranks; r++) {
        joined += rank_joined(t, &a, r);
    }
    double rate = job_rate(t, rates, members);
    return (mu_availability){
        .all_up = all_up(t, &a),
        .chips_up = a.chip * joined / t->ranks,
        .bandwidth = bandwidth_left(t, &a),
        .job_failures_per_hour = rate,
        .job_goodput = goodput(rate / 3600.0, checkpoint_s, restart_s),
    };
}
