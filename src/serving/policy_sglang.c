/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SGLang: prompts go before decodes, in steps of their own. The queue is let in while a guess of
 * what all running answers will still need finds room; the guess is a share of what they may
 * generate at most, which falls with every step and is set anew when room ran out.
 */
#include "serving/lane.h"

#include <math.h>

static const double ratio_least = 0.14 * MU_RATIO_FIRST;
static const double ratio_steps = 600.0;
static const double retracted_steps = 20.0;

/* After an eviction: what the running ones have shown, with a margin of some steps. */
static double ratio_shown(const mu_lane *lane)
{
    double emitted = 0.0;
    double most = 0.0;
    for (uint32_t i = 0; i < lane->decoding_count; i++) {
        emitted += mu_lane_emitted(lane, lane->who[i]);
        most += lane->who[i]->output;
    }
    return most > 0.0 ? fmin((emitted + retracted_steps * lane->decoding_count) / most, 1.0) : 1.0;
}

void mu_policy_SGLANG(mu_lane *lane, double now_s)
{
    mu_admission how = {.guess = true, .apart = true};
    uint32_t budget = mu_lane_continue(lane, lane->role->max_tokens);
    if (!lane->plan.preempted) {
        (void)mu_lane_admit(lane, &how, budget, now_s);
    }
    if (lane->plan.chunk_count > 0 || lane->decoding_count == 0) {
        return;
    }
    lane->plan.decode = true;
    bool before = lane->plan.preempted;
    lane->plan.preempted = false;
    mu_lane_grow(lane);
    lane->ratio =
        lane->plan.preempted
            ? ratio_shown(lane)
            : fmax(lane->ratio - (MU_RATIO_FIRST - ratio_least) / ratio_steps, ratio_least);
    lane->plan.preempted |= before;
}
