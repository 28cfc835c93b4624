/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random small scenarios.
 *
 * What:  draws depend on the level and the number alone. Half of them live on a grid of quarter
 *        seconds, so that much happens at the very same moment.
 */
#include "simulate_scenario.h"

#include "base/random.h"

typedef struct dice {
    uint64_t stream, rolled;
} dice;

static uint32_t roll(dice *d, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(mu_random_bits(20260, d->stream, d->rolled++) % (high - low + 1));
}

static bool chance(dice *d, double share)
{
    return mu_random_uniform(20260, d->stream, d->rolled++) < share;
}

static double real(dice *d, double low, double high)
{
    return low + (high - low) * mu_random_uniform(20260, d->stream, d->rolled++);
}

static formula draw_cost(dice *d, bool grid)
{
    if (grid) {
        return (formula){.base_s = 0.25 * roll(d, 1, 4)};
    }
    return (formula){.base_s = real(d, 0.1, 1.0),
                     .token_s = real(d, 0.0, 0.05),
                     .context_s = real(d, 0.0, 0.005),
                     .pair_s = real(d, 0.0, 0.001)};
}

static void draw_policy(mu_sim_role *r, scenario_level level, dice *d)
{
    r->max_sequences = roll(d, 1, 8);
    r->max_tokens = roll(d, 4, 48);
    r->chunked = true;
    if (level >= SCENARIO_POLICIES) {
        r->policy = (mu_policy)roll(d, 0, MU_POLICY_COUNT - 1);
        r->order = (mu_order)roll(d, 0, MU_ORDER_COUNT - 1);
        r->chunked = chance(d, 0.7);
        r->request_s = chance(d, 0.3) ? 0.25 * roll(d, 1, 8) : 0.0;
        r->front_s = chance(d, 0.3) ? 0.125 * roll(d, 1, 8) : 0.0;
        r->front_s_per_token = chance(d, 0.2) ? 0.03125 * roll(d, 1, 4) : 0.0;
    }
    if (level >= SCENARIO_CLOSED && chance(d, 0.5)) {
        r->mtp = roll(d, 1, 3);
        for (uint32_t k = 0; k < r->mtp; k++) {
            r->acceptance[k] = real(d, 0.2, 0.95);
        }
    }
}

/* unit_tokens: of the ids; blocks are a part of them, several, or neither. */
static void draw_cache(mu_sim_role *r, scenario_level level, uint32_t unit_tokens, dice *d)
{
    r->block_tokens = chance(d, 0.8)   ? unit_tokens / (1U << roll(d, 0, 2))
                      : chance(d, 0.5) ? unit_tokens * roll(d, 2, 3)
                                       : roll(d, 1, 20);
    r->blocks = 4096;
    if (level >= SCENARIO_TIGHT) {
        r->blocks = roll(d, 40, 200) / r->block_tokens + 1;
        r->fixed_blocks = chance(d, 0.3) ? roll(d, 1, 3) : 0;
        r->watermark = chance(d, 0.3) ? real(d, 0.0, 0.2) : 0.0;
        r->swap = chance(d, 0.3);
        r->swap_s_per_block = chance(d, 0.5) ? 0.25 : 0.0;
    }
    r->prefix_cache = level >= SCENARIO_PREFIX && chance(d, 0.8);
}

static void draw_habits(mu_sim_role *r, dice *d)
{
    r->poll_steps = chance(d, 0.4) ? roll(d, 1, 6) : 0;
    r->stream_first = chance(d, 0.4) ? roll(d, 1, 6) : 0;
    r->lag_steps = chance(d, 0.4) ? 0.5 * roll(d, 1, 6) : 0.0;
    r->dp_timeout_steps = chance(d, 0.6) ? roll(d, 1, 6) : 0;
    r->dp_batching_steps = chance(d, 0.6) ? roll(d, 1, 4) : 0;
    r->batch_wait_steps = chance(d, 0.5) ? roll(d, 1, 6) : 0;
    r->batch_wait_share = real(d, 0.1, 1.0);
    r->cold_first_s = chance(d, 0.3) ? 0.25 * roll(d, 1, 8) : 0.0;
    r->cold_full_s = chance(d, 0.3) ? 0.25 * roll(d, 1, 8) : 0.0;
}

static mu_sim_role draw_role(scenario_level level, uint32_t unit_tokens, dice *d)
{
    mu_sim_role r = {.instances = 1, .lanes = 1, .ranks = 1.0, .price = formula_price};
    draw_policy(&r, level, d);
    draw_cache(&r, level, unit_tokens, d);
    if (level >= SCENARIO_LANES) {
        r.instances = roll(d, 1, 3);
        r.lanes = roll(d, 1, 3);
    }
    if (level >= SCENARIO_HABITS) {
        draw_habits(&r, d);
    }
    return r;
}

static void draw_fleet(mu_sim_config *c, const mu_sim_role *front, dice *d)
{
    if (chance(d, 0.7)) {
        c->fleet.mtbf_s = real(d, 20.0, 80.0);
        c->fleet.repair_s = real(d, 0.5, 10.0);
    }
    if (chance(d, 0.7)) {
        c->fleet.most = front->instances + roll(d, 0, 2);
        c->fleet.high = real(d, 1.0, 6.0);
        c->fleet.low = real(d, 0.0, 1.0) * c->fleet.high;
        c->fleet.start_s = 0.25 * roll(d, 0, 8);
    }
}

/* Ids of the family's common beginning, or of an earlier request, as a session's next turn has. */
static uint64_t shared_id(const scenario *s, uint32_t parent, uint32_t family, uint32_t u)
{
    return parent < s->list.count ? s->id[parent][u] : 1000 * (family + 1) + u;
}

/* Requests begin alike; each goes its own way after some units. */
static void draw_ids(scenario *s, uint32_t k, uint32_t unit_tokens, dice *d)
{
    mu_request *q = &s->request[k];
    uint32_t family = roll(d, 0, 2);
    uint32_t parent = k > 0 && chance(d, 0.4) ? roll(d, 0, k - 1) : UINT32_MAX;
    uint32_t most = parent < k ? s->request[parent].block_count : 12;
    uint32_t shared = chance(d, 0.5) ? most : roll(d, 0, most);
    q->block_tokens = unit_tokens;
    q->block_count = (q->input + q->output) / unit_tokens + roll(d, 0, 1);
    q->block_count -= q->block_count > 0 && chance(d, 0.2) ? 1 : 0;
    q->block_count = q->block_count < REF_IDS ? q->block_count : REF_IDS;
    for (uint32_t u = 0; u < q->block_count; u++) {
        s->id[k][u] = u < shared ? shared_id(s, parent, family, u) : 100000 + 100 * k + u;
    }
    q->block = s->id[k];
}

static void draw_requests(scenario *s, scenario_level level, uint32_t unit_tokens, bool grid,
                          dice *d)
{
    double now_s = 0.0;
    double gap_s = real(d, 0.01, 1.0);
    uint32_t quarters = roll(d, 0, 4); /* between arrivals, at most */
    uint32_t longest = roll(d, 4, 40);
    s->list.request = s->request;
    s->list.count = roll(d, 3, level >= SCENARIO_LANES ? 80 : 40);
    for (uint32_t k = 0; k < s->list.count; k++) {
        now_s += grid ? 0.25 * roll(d, 0, quarters) : real(d, 0.0, 2.0 * gap_s);
        mu_request *q = &s->request[k];
        *q = (mu_request){.arrival_s = now_s,
                          .input = roll(d, 1, longest),
                          .output = chance(d, 0.15) ? 1 : roll(d, 1, longest)};
        if (level >= SCENARIO_POLICIES) {
            q->tenant = roll(d, 0, 3);
        }
        if (level >= SCENARIO_CLOSED && chance(d, 0.02)) {
            q->input = 250;
        }
        if (level >= SCENARIO_PREFIX) {
            draw_ids(s, k, unit_tokens, d);
        }
    }
}

void scenario_draw(scenario *out, scenario_level level, uint64_t n)
{
    dice d = {.stream = (uint64_t)level << 32 | n};
    memset(out, 0, sizeof *out);
    bool grid = chance(&d, 0.5);
    uint32_t unit_tokens = 4U << roll(&d, 0, 1);
    mu_sim_config *c = &out->config;
    c->seed = n;
    c->decode = draw_role(level, unit_tokens, &d);
    c->router = level >= SCENARIO_LANES ? (mu_router_rule)roll(&d, 0, MU_ROUTER_COUNT - 1) : 0;
    c->disaggregated = level >= SCENARIO_DISAGGREGATED && chance(&d, 0.7);
    if (c->disaggregated) {
        c->prefill = draw_role(level, unit_tokens, &d);
        c->transfer = (mu_sim_transfer){.latency_s = 0.25 * roll(&d, 0, 2),
                                        .bytes_per_token = roll(&d, 0, 2),
                                        .bytes_per_request = roll(&d, 0, 8),
                                        .send_bytes_per_s = 8.0 * roll(&d, 1, 8),
                                        .receive_bytes_per_s = 8.0 * roll(&d, 1, 8)};
    }
    if (level >= SCENARIO_FLEET && chance(&d, level == SCENARIO_FLEET ? 1.0 : 0.3)) {
        draw_fleet(c, c->disaggregated ? &c->prefill : &c->decode, &d);
    }
    out->cost[0] = draw_cost(&d, grid);
    out->cost[1] = draw_cost(&d, grid);
    c->prefill.price_context = &out->cost[0];
    c->decode.price_context = &out->cost[1];
    c->ttft_slo_s = chance(&d, 0.5) ? real(&d, 0.5, 5.0) : 0.0;
    c->tpot_slo_s = chance(&d, 0.5) ? real(&d, 0.5, 2.0) : 0.0;
    c->e2e_slo_s = chance(&d, 0.5) ? real(&d, 5.0, 50.0) : 0.0;
    draw_requests(out, level, unit_tokens, grid, &d);
    if (level >= SCENARIO_CLOSED && chance(&d, 0.4)) {
        out->list.clients = roll(&d, 1, 8);
        out->list.think_s = chance(&d, 0.5) ? 0.25 * roll(&d, 0, 4) : real(&d, 0.0, 2.0);
    }
}

static int role_text(const char *name, const mu_sim_role *r, char *out, size_t size)
{
    return snprintf(out, size,
                    "%s: %u x %u %d order %d seq %u tok %u%s%s block %u x %llu + %u wm %.3f%s mtp "
                    "%u req %g; ",
                    name, r->instances, r->lanes, (int)r->policy, (int)r->order, r->max_sequences,
                    r->max_tokens, r->chunked ? " chunked" : "", r->prefix_cache ? " prefix" : "",
                    r->block_tokens, (unsigned long long)r->blocks, r->fixed_blocks, r->watermark,
                    r->swap ? " swap" : "", r->mtp, r->request_s);
}

void scenario_text(const scenario *s, char *out, size_t size)
{
    const mu_sim_config *c = &s->config;
    char prefill[256] = "";
    char decode[256];
    if (c->disaggregated) {
        role_text("prefill", &c->prefill, prefill, sizeof prefill);
    }
    role_text("decode", &c->decode, decode, sizeof decode);
    snprintf(out, size, "%s%srouter %d fleet %u %.2f %.2f mtbf %.1f; %u requests, %u clients",
             prefill, decode, (int)c->router, c->fleet.most, c->fleet.high, c->fleet.low,
             c->fleet.mtbf_s, s->list.count, s->list.clients);
}
