/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorRT-LLM, guaranteed no evict: a request is let in once the blocks of its whole answer are
 * there, so that nothing is ever taken back. Prompts join the step of the decodes.
 */
#include "serving/lane.h"

void mu_policy_TRTLLM(mu_lane *lane, double now_s)
{
    const mu_sim_role *role = lane->role;
    uint64_t decodes = (uint64_t)lane->decoding_count * (1 + role->mtp);
    uint32_t budget = decodes < role->max_tokens ? role->max_tokens - (uint32_t)decodes : 0;
    mu_admission how = {.reserve = true};
    budget = mu_lane_continue(lane, budget);
    (void)mu_lane_admit(lane, &how, budget, now_s);
    lane->plan.decode = lane->decoding_count > 0;
}
