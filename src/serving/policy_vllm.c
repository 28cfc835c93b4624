/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vLLM: one budget of tokens a step. Decodes take theirs first, prompts under way go on, then the
 * queue is let in as far as budget and blocks reach; a lane that evicted lets nobody in.
 */
#include "serving/lane.h"

void mu_policy_VLLM(mu_lane *lane, double now_s)
{
    mu_lane_grow(lane);
    uint32_t budget = mu_lane_continue(lane, mu_lane_budget(lane));
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
