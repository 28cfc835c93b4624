/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MindIE: whole prompts before decodes, in steps of their own; a prompt comes in with the blocks of
 * all of it and one to begin its answer.
 */
#include "serving/lane.h"

void mu_policy_MINDIE(mu_lane *lane, double now_s)
{
    mu_admission how = {.whole = true, .apart = true, .spare = 1};
    uint32_t budget = mu_lane_continue(lane, lane->role->max_tokens);
    if (!lane->plan.preempted) {
        (void)mu_lane_admit(lane, &how, budget, now_s);
    }
    if (lane->plan.chunk_count == 0 && lane->decoding_count > 0) {
        lane->plan.decode = true;
        mu_lane_grow(lane);
    }
}
