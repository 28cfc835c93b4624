/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drawing cases of flows, and running them on the engine.
 *
 * Bound: hosts, leaves and spines of stars and trees are few and fixed; what varies is bandwidths,
 *        routes and loads.
 */
#include "flow_case.h"

#include "base/random.h"
#include "fabric/flow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

/* Numbers at random, one after the other. */
typedef struct dice {
    uint64_t seed;
    uint64_t thrown;
} dice;

static double unit(dice *d)
{
    return mu_random_uniform(d->seed, 17, d->thrown++);
}

static uint32_t below(dice *d, uint32_t count)
{
    return (uint32_t)(mu_random_bits(d->seed, 17, d->thrown++) % count);
}

static bool one_in(dice *d, uint32_t count)
{
    return below(d, count) == 0;
}

const char *case_shape_text(case_shape shape)
{
    static const char *const texts[CASE_SHAPES] = {"chain", "parking lot", "star", "tree", "any"};
    return texts[shape];
}

static void take(case_flow *f, uint32_t link)
{
    f->link[f->hops] = link;
    f->share[f->hops++] = 1.0;
}

static void take_run(dice *d, uint32_t links, bool parking, case_flow *f)
{
    uint32_t first = below(d, links);
    uint32_t count = 1 + below(d, links - first);
    if (parking) {
        bool through = one_in(d, 4);
        first = through ? 0 : first;
        count = through ? links : 1;
    }
    for (uint32_t i = 0; i < count; i++) {
        take(f, first + i);
    }
}

enum { HOSTS = 16, LEAVES = 4, SPINES = 4 };

/* Links: hosts up, hosts down, leaves up to each spine, spines down to each leaf. */
static void take_pair(dice *d, bool tree, case_flow *f)
{
    uint32_t from = below(d, HOSTS);
    uint32_t to = (from + 1 + below(d, HOSTS - 1)) % HOSTS;
    uint32_t a = from * LEAVES / HOSTS;
    uint32_t b = to * LEAVES / HOSTS;
    take(f, from);
    if (tree && a != b) {
        uint32_t spine = below(d, SPINES);
        take(f, 2 * HOSTS + a * SPINES + spine);
        take(f, 2 * HOSTS + LEAVES * SPINES + b * SPINES + spine);
    }
    take(f, HOSTS + to);
}

static void take_any(dice *d, uint32_t links, case_flow *f)
{
    uint32_t hops = 1 + below(d, 6);
    for (uint32_t i = 0; i < hops; i++) {
        uint32_t link = below(d, links);
        bool had = false;
        for (uint32_t h = 0; h < f->hops; h++) {
            had = had || f->link[h] == link;
        }
        if (!had) {
            take(f, link);
        }
    }
}

static uint32_t links_of(dice *d, case_shape shape)
{
    switch (shape) {
    case CASE_STAR:
        return 2 * HOSTS;
    case CASE_TREE:
        return 2 * HOSTS + 2 * LEAVES * SPINES;
    case CASE_ANY:
        return 6 + below(d, 30);
    default:
        return 2 + below(d, CASE_HOPS - 1);
    }
}

static void draw_links(dice *d, case_shape shape, uint32_t traits, flow_case *c)
{
    c->links = links_of(d, shape);
    for (uint32_t l = 0; l < c->links; l++) {
        bool broken = (traits & TRAIT_BROKEN) != 0 && one_in(d, 8);
        double spread = exp(((traits & TRAIT_WIDE) != 0 ? 16.0 : 4.0) * unit(d));
        spread = (traits & TRAIT_EQUAL_LINKS) != 0 ? 1.0 : spread;
        c->capacity[l] = broken ? 0.0 : 1e8 * spread;
        c->latency_s[l] = 1e-9 * (double)(100 + below(d, 2000));
    }
}

static void draw_load(dice *d, uint32_t traits, uint32_t index, case_flow *f)
{
    f->bytes = 1e6 * (double)(1 + below(d, 4));
    if ((traits & TRAIT_EQUAL_BYTES) == 0) {
        f->bytes =
            floor((traits & TRAIT_WIDE) != 0 ? exp(30.0 * unit(d)) : 1e5 * exp(6.0 * unit(d)));
    }
    double magnitude = (traits & TRAIT_WIDE) != 0 ? 4.0 : 1.5;
    f->weight = (traits & TRAIT_WEIGHTS) != 0 ? exp(magnitude * (2.0 * unit(d) - 1.0)) : 1.0;
    f->after = CASE_FIRST;
    if ((traits & TRAIT_CHAINED) != 0 && index > 0 && one_in(d, 2)) {
        f->after = (int32_t)below(d, index);
    }
    if ((traits & TRAIT_STAGGERED) != 0) {
        f->wait_ps = one_in(d, 3) ? 5000000000 * (int64_t)below(d, 6) : (int64_t)(2e11 * unit(d));
    }
    for (uint32_t h = 0; (traits & TRAIT_SHARES) != 0 && h < f->hops; h++) {
        f->share[h] = one_in(d, 2) ? 1.0 : 1.0 / (double)(1 + below(d, 5));
    }
    if ((traits & TRAIT_EMPTY) != 0 && one_in(d, 6)) {
        f->bytes = 0.0;
    }
    if ((traits & TRAIT_EMPTY) != 0 && one_in(d, 12)) {
        f->hops = 0;
    }
}

static void add_latency(const flow_case *c, case_flow *f)
{
    double latency_s = 0.0;
    for (uint32_t h = 0; h < f->hops; h++) {
        latency_s += c->latency_s[f->link[h]];
    }
    f->wait_ps += llround(1e12 * latency_s);
    f->weight = 1e-6 / latency_s;
}

void case_draw(uint64_t seed, case_shape shape, uint32_t traits, uint32_t flows, flow_case *out)
{
    dice d = {.seed = seed};
    *out = (flow_case){.flows = flows};
    draw_links(&d, shape, traits, out);
    for (uint32_t i = 0; i < flows; i++) {
        case_flow *f = &out->flow[i];
        if (shape == CASE_ANY) {
            take_any(&d, out->links, f);
        } else if (shape == CASE_STAR || shape == CASE_TREE) {
            take_pair(&d, shape == CASE_TREE, f);
        } else {
            take_run(&d, out->links, shape == CASE_PARKING, f);
        }
        draw_load(&d, traits, i, f);
        if ((traits & TRAIT_LATENCY) != 0) {
            add_latency(out, f);
        }
    }
    for (uint32_t l = 0; (traits & TRAIT_LATENCY) == 0 && l < out->links; l++) {
        out->latency_s[l] = 0.0;
    }
}

static void start(mu_flows *flows, const flow_case *c, uint32_t index)
{
    const case_flow *f = &c->flow[index];
    mu_flow flow = {
        .link = f->link,
        .share = index % 2 == 0 ? f->share : NULL,
        .hops = f->hops,
        .bytes = f->bytes,
        .weight = f->weight,
        .delay = f->wait_ps,
        .tag = index,
    };
    for (uint32_t h = 0; h < f->hops; h++) {
        flow.share = f->share[h] == 1.0 ? flow.share : f->share;
    }
    mu_error err = {0};
    if (mu_flows_start(flows, &flow, &err) != MU_OK) {
        fail_msg("flow %u: %s", index, err.text);
    }
}

static void assert_room(mu_flows *flows, const flow_case *c)
{
    for (uint32_t l = 0; l < c->links; l++) {
        double used = mu_flows_used(flows, l);
        double slack = 1e-9 * c->capacity[l] + 1e-3; /* links have 1e8 B/s and more, or none */
        if (!(used >= -slack && used <= c->capacity[l] + slack)) {
            fail_msg("link %u of %g B/s carries %.17g", l, c->capacity[l], used);
        }
    }
}

static void assert_carried(const mu_flows *flows, const flow_case *c, const double finish_s[])
{
    double want[CASE_LINKS] = {0.0};
    for (uint32_t i = 0; i < c->flows; i++) {
        const case_flow *f = &c->flow[i];
        for (uint32_t h = 0; !isinf(finish_s[i]) && h < f->hops; h++) {
            want[f->link[h]] += f->bytes * f->share[h];
        }
    }
    const double *got = mu_flows_carried(flows);
    for (uint32_t l = 0; l < c->links; l++) {
        if (!(fabs(got[l] - want[l]) <= 1e-9 * want[l])) {
            fail_msg("link %u carried %.17g bytes, should be %.17g", l, got[l], want[l]);
        }
    }
}

static void end_batch(mu_flows *flows, const flow_case *c, const uint64_t *tags, uint64_t count,
                      double finish_s[])
{
    uint32_t ended[CASE_FLOWS];
    for (uint64_t i = 0; i < count; i++) {
        assert_true(tags[i] < c->flows && (i == 0 || tags[i - 1] < tags[i]));
        ended[i] = (uint32_t)tags[i];
        assert_true(isinf(finish_s[ended[i]]));
        finish_s[ended[i]] = 1e-12 * (double)mu_flows_now(flows);
    }
    for (uint64_t i = 0; i < count; i++) {
        for (uint32_t next = 0; next < c->flows; next++) {
            if (c->flow[next].after == (int32_t)ended[i]) {
                start(flows, c, next);
            }
        }
    }
}

static void run_case(mu_flows *flows, const flow_case *c, double finish_s[])
{
    for (uint32_t i = 0; i < c->flows; i++) {
        finish_s[i] = INFINITY;
        if (c->flow[i].after == CASE_FIRST) {
            start(flows, c, i);
        }
    }
    const uint64_t *tags = NULL;
    uint64_t count = 0;
    mu_error err = {0};
    mu_status status = MU_OK;
    while ((status = mu_flows_next(flows, &tags, &count, &err)) == MU_OK && count > 0) {
        end_batch(flows, c, tags, count, finish_s);
        assert_room(flows, c);
    }
    if (status != MU_OK && status != MU_NO) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(status == MU_NO, mu_flows_stats(flows).active > 0);
    assert_carried(flows, c, finish_s);
}

void engine_finish(const flow_case *c, double finish_s[CASE_FLOWS])
{
    static double again_s[CASE_FLOWS];
    mu_flows *flows = NULL;
    mu_error err = {0};
    if (mu_flows_create(c->links, c->capacity, 1e-12, c->flows, &flows, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    run_case(flows, c, finish_s);
    mu_flows_reset(flows);
    run_case(flows, c, again_s);
    assert_memory_equal(again_s, finish_s, c->flows * sizeof *finish_s);
    mu_flows_free(flows);
}
