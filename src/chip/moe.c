/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fused mixture-of-experts feed-forward on one rank.
 *
 * What:  two grouped products (gate and up, then down) over the experts that have tokens, the
 *        traffic of scattering, activation and gathering, and a fixed time.
 * Terms: pair = one token at one of its experts; active = experts with at least one token.
 * Bound: roofline as for dense products; grows with pairs, active experts and both widths.
 */
#include "chip/path.h"

#include "base/random.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* One grouped product of `pairs` rows over `active` experts. */
static mu_tile_time grouped(const mu_path *path, double pairs, double active, double n, double k,
                            double cold)
{
    double weights = active * n * k * path->b_bytes;
    double moved = weights * cold + pairs * (k * path->a_bytes + n * 2);
    const mu_tile_work work = {pairs / active, n,     k,   active, path->a_bytes,
                               path->b_bytes,  moved, true};
    return mu_tile_cost(&path->rates, &work);
}

mu_kernel_cost mu_chip_moe(const mu_chip *chip, const mu_moe *shape)
{
    assert(chip->memory_bandwidth > 0 && shape->imbalance >= 1);
    const mu_chip_params *p = &chip->params;
    mu_path path = mu_path_of(chip, shape->activations, shape->weights);
    mu_kernel_cost cost = {.launch_s = path.moe_launch_s * path.moe_time, .dtype = path.dtype};
    double pairs = shape->pairs * shape->imbalance;
    if (!(pairs > 0)) {
        cost.time_s = cost.launch_s;
        cost.bound = MU_BOUND_LAUNCH;
        return cost;
    }
    double active = shape->active_experts < pairs ? shape->active_experts : pairs;
    active = active > 1e-6 ? active : 1e-6;
    double most = path.peak_flops / path.rates.cores;
    path.rates.core_flops *= path.moe_efficiency;
    path.rates.core_flops = path.rates.core_flops < most ? path.rates.core_flops : most;
    path.rates.memory_bandwidth *= p->moe_bandwidth_efficiency;
    if (path.rates.memory_bandwidth > chip->memory_bandwidth) {
        path.rates.memory_bandwidth = chip->memory_bandwidth;
    }
    path.rates.fill = p->moe_fill;
    path.rates.step_s = 2 * p->moe_least_tile / most;
    double hidden = shape->hidden;
    double wide = shape->intermediate;
    double up = wide * (shape->gated ? 2 : 1);
    double weights = active * hidden * (up + wide) * path.b_bytes;
    double share = shape->warm ? p->moe_warm : 0;
    double cold = mu_path_missed(chip, weights, share);
    mu_tile_time first = grouped(&path, pairs, active, up, hidden, cold);
    mu_tile_time second = grouped(&path, pairs, active, hidden, wide, cold);
    double tokens = shape->tokens > 0 ? shape->tokens : pairs;
    double shuffle = hidden * (pairs * path.moe_pair_bytes + tokens * path.moe_token_bytes);

    cost.flop = 2 * pairs * hidden * (up + wide);
    cost.bytes = weights + pairs * (hidden * (path.a_bytes + 2) + up * 2 + wide * path.a_bytes);
    double shuffle_s = shuffle / (chip->memory_bandwidth * p->stream_bandwidth_efficiency) +
                       tokens * path.moe_token_s;
    const mu_shape_place place = mu_moe_place(chip, shape);
    double factor = mu_place_factor(chip, &place);
    double work_s = first.time_s + second.time_s + shuffle_s;
    double time_s = factor * path.moe_time * (path.moe_launch_s + work_s);
    cost.launch_s *= factor;
    double floor_s = mu_path_roofline_s(chip, &path, cost.flop, weights);
    cost.time_s = time_s > floor_s ? time_s : floor_s;
    double compute_s = first.compute_s + second.compute_s;
    double memory_s = first.memory_s + second.memory_s + shuffle_s;
    cost.bound = compute_s > memory_s ? MU_BOUND_COMPUTE : MU_BOUND_MEMORY;
    if (cost.launch_s > compute_s && cost.launch_s > memory_s) {
        cost.bound = MU_BOUND_LAUNCH;
    }
    return cost;
}

double mu_moe_active_experts(double tokens, uint32_t experts, uint32_t topk, double local)
{
    if (experts == 0 || !(tokens > 0)) {
        return 0;
    }
    double share = topk < experts ? (double)topk / experts : 1;
    if (share >= 1) {
        return local;
    }
    return local * -expm1(tokens * log1p(-share));
}

enum { DRAWS = 32, EXPERTS_MAX = 4096 };

typedef struct expert {
    double popularity;
    double pairs;
    uint32_t index;
} expert;

/* One draw of an expert's popularity: x^-alpha between low and high by its inverse CDF. */
static double popularity(double low, double high, double alpha, double u)
{
    double e = 1 - alpha;
    if (fabs(e) < 1e-6) {
        return low * pow(high / low, u);
    }
    return pow((pow(high, e) - pow(low, e)) * u + pow(low, e), 1 / e);
}

static int more_popular(const void *a, const void *b)
{
    const expert *x = a;
    const expert *y = b;
    if (x->popularity != y->popularity) {
        return x->popularity < y->popularity ? 1 : -1;
    }
    return x->index < y->index ? -1 : 1;
}

/*
 * Whole pairs by popularity, most popular expert first. The published tables draw between 0.01 and
 * 2 where pairs are few, else between 1 and 0.8 of the tokens; what rounding leaves over goes to
 * the most popular, what it gave too much is taken from the least.
 */
static void draw_experts(double tokens, double pairs, double alpha, uint64_t draw, expert list[],
                         uint32_t experts)
{
    double low = pairs > experts ? 1 : 0.01;
    double high = pairs > experts ? fmax(0.8 * tokens, 1.0) : 2;
    double total = 0;
    for (uint32_t i = 0; i < experts; i++) {
        list[i].popularity = popularity(low, high, alpha, mu_random_uniform(1, draw, i));
        list[i].index = i;
        total += list[i].popularity;
    }
    double left = pairs;
    for (uint32_t i = 0; i < experts; i++) {
        list[i].pairs = floor(list[i].popularity / total * pairs + 0.5);
        left -= list[i].pairs;
    }
    qsort(list, experts, sizeof(list[0]), more_popular);
    for (uint32_t i = 0; i < experts && left > 0.5; i++) {
        list[i].pairs += 1;
        left -= 1;
    }
    for (uint32_t i = experts; i > 0 && left < -0.5; i--) {
        double back = list[i - 1].pairs >= 1 ? 1 : 0;
        list[i - 1].pairs -= back;
        left += back;
    }
}

/* Load of the rank with the most pairs; nobody serves a token twice. */
static mu_moe_load busiest_rank(double tokens, const expert list[], uint32_t experts,
                                uint32_t local)
{
    double pairs[EXPERTS_MAX] = {0};
    double active[EXPERTS_MAX] = {0};
    mu_moe_load busiest = {0, 0};
    for (uint32_t i = 0; i < experts; i++) {
        uint32_t rank = list[i].index / local;
        pairs[rank] += fmin(list[i].pairs, tokens);
        active[rank] += list[i].pairs > 0 ? 1 : 0;
    }
    for (uint32_t rank = 0; rank < experts / local; rank++) {
        if (pairs[rank] > busiest.pairs) {
            busiest = (mu_moe_load){pairs[rank], active[rank]};
        }
    }
    return busiest;
}

/* First rank's load when tokens stride evenly over the experts, as the `balanced` rows of tables
 * do. */
static mu_moe_load balanced_load(double tokens, uint32_t experts, uint32_t topk, uint32_t local)
{
    double pairs = tokens * topk * local / experts;
    uint32_t stride = (experts + topk - 1) / topk;
    if (tokens >= experts) {
        return (mu_moe_load){pairs, local};
    }
    double hits[EXPERTS_MAX] = {0};
    uint32_t whole = (uint32_t)ceil(tokens);
    for (uint32_t t = 0; t < whole; t++) {
        double start = tokens >= stride ? t : floor((double)t * stride / tokens);
        for (uint32_t i = 0; i < topk; i++) {
            hits[((uint32_t)start + i * stride) % experts] += 1;
        }
    }
    mu_moe_load load = {0, 0};
    for (uint32_t i = 0; i < local; i++) {
        load.pairs += hits[i];
        load.active_experts += hits[i] > 0 ? 1 : 0;
    }
    return load;
}

mu_moe_load mu_moe_power_law(double tokens, uint32_t experts, uint32_t topk, uint32_t ranks,
                             double alpha)
{
    assert(experts >= 1 && experts <= EXPERTS_MAX && topk >= 1);
    assert(ranks >= 1 && experts % ranks == 0);
    uint32_t local = experts / ranks;
    if (alpha <= 0) {
        return balanced_load(tokens, experts, topk, local);
    }
    expert list[EXPERTS_MAX];
    mu_moe_load sum = {0, 0};
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        draw_experts(tokens, tokens * topk, alpha, draw, list, experts);
        mu_moe_load load = busiest_rank(tokens, list, experts, local);
        sum.pairs += load.pairs / DRAWS;
        sum.active_experts += load.active_experts / DRAWS;
    }
    return sum;
}
