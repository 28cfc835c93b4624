/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TensorRT-LLM, guaranteed no evict: a request is let in once the blocks of its whole answer are
 * there, so that nothing is ever taken back. Prompts join the step of the decodes.
 */
#include "serving/lane.h"

void mu_policy_TRTLLM(mu_lane *lane, double now_s)
{
    mu_admission how = {.reserve = true};
    uint32_t budget = mu_lane_continue(lane, mu_lane_budget(lane));
    (void)mu_lane_admit(lane, &how, budget, now_s);
    lane->plan.decode = lane->decoding_count > 0;
}
