/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: answers under draws of everything uncertain. */
#ifndef MUSTER_STUDY_DRAWS_H
#define MUSTER_STUDY_DRAWS_H

#include "base/draw.h"
#include "study/search.h"

/** A plan that knows every uncertain name of the question (still open); belongs to the arena. */
mu_status mu_draws_open(const mu_question *question, mu_arena *arena, mu_draw_plan **out,
                        mu_error *err) MU_MUST_CHECK;

/** Adds the names of another question, so that both share the luck of what they have in common. */
mu_status mu_draws_join(const mu_question *question, mu_draw_plan *plan,
                        mu_error *err) MU_MUST_CHECK;

/** The deployment in one draw. Scratch comes from the arena and is given back. */
mu_status mu_draws_answer(const mu_question *question, const mu_deployment *deployment,
                          mu_draw draw, mu_arena *arena, mu_service *out,
                          mu_error *err) MU_MUST_CHECK;

/** The same on machines already drawn: [0] prefills, [1] decodes or serves. */
mu_status mu_draws_answer_on(const mu_question *question, const mu_deployment *deployment,
                             const mu_machine machines[2], mu_arena *arena, mu_service *out,
                             mu_error *err) MU_MUST_CHECK;

/** The deployment on drawn machines: chances of drafts that were not said are drawn with them. */
mu_deployment mu_draws_deployment(const mu_question *question, const mu_deployment *deployment,
                                  const mu_machine machines[2]);

/** Column `metric` of value[samples][MU_SERVICE_METRICS]. */
void mu_metric_draws(const double *value, uint64_t samples, uint32_t metric, double out[]);

/** One arena a thread of the work's pool. */
mu_status mu_work_arenas(mu_work *work, mu_arena ***out, mu_error *err) MU_MUST_CHECK;
void mu_work_arenas_free(const mu_work *work, mu_arena **arenas);

#endif
