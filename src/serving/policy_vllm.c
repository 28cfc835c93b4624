/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vLLM: one budget of tokens a step. Decodes take theirs first, prompts under way go on, then the
 * queue is let in as far as budget and blocks reach; a lane that evicted lets nobody in.
 */
#include "serving/lane.h"

void mu_policy_VLLM(mu_lane *lane, double now_s)
{
    const mu_sim_role *role = lane->role;
    mu_lane_grow(lane);
    uint64_t decodes = (uint64_t)lane->decoding_count * (1 + role->mtp);
    uint32_t budget = decodes < role->max_tokens ? role->max_tokens - (uint32_t)decodes : 0;
    budget = mu_lane_continue(lane, budget);
    if (!lane->plan.preempted) {
        mu_admission how = {0};
        (void)mu_lane_admit(lane, &how, budget, now_s);
    }
    lane->plan.decode = lane->decoding_count > 0;
}

/* TensorRT-LLM's maximum utilisation lets in what fits now and pauses the last: the same rules. */
void mu_policy_TRTLLM_MAX(mu_lane *lane, double now_s)
{
    mu_policy_VLLM(lane, now_s);
}
