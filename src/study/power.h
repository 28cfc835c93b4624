/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: what predictions and simulations report of a deployment's draw. */
#ifndef MUSTER_STUDY_POWER_H
#define MUSTER_STUDY_POWER_H

#include "study/answer.h"

/* X(field of an answer that has `power`, expression); p: const mu_power *, rate: output tokens/s */
#define MU_POWER_METRIC_LIST(X, p, rate)                                                           \
    X(power.idle_w, (p)->part_w[MU_POWER_IDLE])                                                    \
    X(power.compute_w, (p)->part_w[MU_POWER_COMPUTE])                                              \
    X(power.memory_w, (p)->part_w[MU_POWER_MEMORY])                                                \
    X(power.links_w, (p)->part_w[MU_POWER_LINKS])                                                  \
    X(power.optics_w, (p)->part_w[MU_POWER_OPTICS])                                                \
    X(power.hosts_w, (p)->part_w[MU_POWER_HOSTS])                                                  \
    X(power.cooling_w, (p)->part_w[MU_POWER_COOLING])                                              \
    X(power.conversion_w, (p)->part_w[MU_POWER_CONVERSION])                                        \
    X(power.facility_w, (p)->part_w[MU_POWER_FACILITY])                                            \
    X(power.total_w, mu_power_whole(p))                                                            \
    X(power.limit_w, (p)->limit_w)                                                                 \
    X(power.rated_w, (p)->rated_w)                                                                 \
    X(power.outside_w, (p)->outside_w)                                                             \
    X(power.rack_w, (p)->rack_w)                                                                   \
    X(power.total_energy_per_output_token_j, mu_power_over(mu_power_whole(p), rate))               \
    X(power.output_tokens_per_s_per_kw, 1e3 * mu_power_over(rate, mu_power_inside(p)))

/** a / b; 0 where there is no b. */
static inline double mu_power_over(double a, double b)
{
    return b > 0.0 ? a / b : 0.0;
}

#endif
