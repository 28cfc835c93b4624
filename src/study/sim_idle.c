/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scenario says that its simulation never looks at, because of something else it says.
 *
 * Why:   a pause between turns where sessions have one turn is a slip that nothing would show.
 * Terms: cause = why a key is idle; a key that its own default says is not said.
 */
#include "study/option.h"
#include "study/sim_parts.h"

#include <stdio.h>
#include <string.h>

/* X(NAME, words) in the order of the notes. */
#define CAUSE_LIST(X)                                                                              \
    X(TRACE, "beside a trace")                                                                     \
    X(MADE, "without a trace")                                                                     \
    X(EVEN, "by arrivals that are not gamma")                                                      \
    X(STREAM, "by an open stream")                                                                 \
    X(SINGLE, "without turns")                                                                     \
    X(LEVEL, "without diurnal")                                                                    \
    X(FIXED, "without autoscale_most")                                                             \
    X(SOUND, "without mtbf")                                                                       \
    X(ALONE, "where instances have one DP group")                                                  \
    X(PROMPT, "without dp_timeout_steps")                                                          \
    X(GROUPS, "where instances have several DP groups")                                            \
    X(EAGER, "without batch_wait_steps")                                                           \
    X(DENSE, "by a model without experts")                                                         \
    X(STEADY, "without expert_spread")                                                             \
    X(EQUALS, "without tenants")

#define X(name, words) CAUSE_##name,
typedef enum cause { CAUSE_LIST(X) CAUSE_COUNT } cause;
#undef X

#define X(name, words) words,
static const char *const cause_words[] = {CAUSE_LIST(X)};
#undef X

static const struct {
    cause cause;
    const char *path;
} rows[] = {
    {CAUSE_TRACE, "workload.input"},
    {CAUSE_TRACE, "workload.output"},
    {CAUSE_TRACE, "workload.input_sigma"},
    {CAUSE_TRACE, "workload.output_sigma"},
    {CAUSE_TRACE, "workload.input_histogram"},
    {CAUSE_TRACE, "workload.output_histogram"},
    {CAUSE_TRACE, "workload.length_ratio"},
    {CAUSE_TRACE, "workload.prefix_hit"},
    {CAUSE_TRACE, "workload.shared_prefix"},
    {CAUSE_TRACE, "workload.burstiness"},
    {CAUSE_TRACE, "workload.diurnal"},
    {CAUSE_TRACE, "workload.ramp"},
    {CAUSE_TRACE, "workload.turns"},
    {CAUSE_TRACE, "workload.tenants"},
    {CAUSE_MADE, "workload.trace_speed"},
    {CAUSE_EVEN, "workload.burstiness"},
    {CAUSE_STREAM, "workload.ramp"},
    {CAUSE_SINGLE, "workload.think"},
    {CAUSE_LEVEL, "workload.diurnal_period"},
    {CAUSE_FIXED, "serving.autoscale_high"},
    {CAUSE_FIXED, "serving.autoscale_low"},
    {CAUSE_FIXED, "serving.startup"},
    {CAUSE_SOUND, "serving.repair"},
    {CAUSE_ALONE, "serving.dp_timeout_steps"},
    {CAUSE_ALONE, "serving.dp_batching_steps"},
    {CAUSE_PROMPT, "serving.dp_batching_steps"},
    {CAUSE_GROUPS, "serving.batch_wait_steps"},
    {CAUSE_EAGER, "serving.batch_wait_share"},
    {CAUSE_DENSE, "serving.expert_skew"},
    {CAUSE_DENSE, "serving.expert_spread"},
    {CAUSE_STEADY, "serving.expert_period"},
    {CAUSE_EQUALS, "serving.order"},
};

static void find_causes(const mu_question *q, const mu_deployment *d, bool out[CAUSE_COUNT])
{
    const mu_scenario *s = q->scenario;
    const mu_serving_wish *v = &s->serving;
    mu_arrival_wish arrival = mu_scenario_arrival(s);
    bool trace = arrival == MU_ARRIVE_TRACE;
    out[CAUSE_TRACE] = trace;
    out[CAUSE_MADE] = !trace;
    out[CAUSE_EVEN] = !trace && arrival != MU_ARRIVE_GAMMA;
    out[CAUSE_STREAM] = !trace && arrival != MU_ARRIVE_CLOSED;
    out[CAUSE_SINGLE] = trace || s->turns <= 1.0;
    out[CAUSE_LEVEL] = trace || s->diurnal <= 0.0;
    out[CAUSE_FIXED] = v->autoscale_most <= 0.0;
    out[CAUSE_SOUND] = v->mtbf_s <= 0.0;
    out[CAUSE_ALONE] =
        d->decode.parallel.dp <= 1 && (!d->disaggregated || d->prefill.parallel.dp <= 1);
    out[CAUSE_PROMPT] = v->dp_timeout_steps <= 0.0 && !out[CAUSE_ALONE];
    out[CAUSE_GROUPS] = d->decode.parallel.dp > 1;
    out[CAUSE_EAGER] = v->batch_wait_steps <= 0.0;
    out[CAUSE_DENSE] = mu_model_experts(&q->model) == 0;
    out[CAUSE_STEADY] = v->expert_spread <= 0.0;
    out[CAUSE_EQUALS] = v->order == MU_ORDER_PRIORITY && !trace && s->tenants.count <= 1;
}

/* "turns, think": the last words of what is said and idle for this cause; "" if nothing is. */
static void idle_keys(cause which, const mu_scenario *scenario, char *out, size_t size)
{
    size_t length = 0;
    out[0] = '\0';
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const mu_option *option = mu_option_by_path(rows[i].path);
        if (rows[i].cause != which || !mu_option_said(option, scenario) || length >= size) {
            continue;
        }
        int written = snprintf(out + length, size - length, "%s%s", length > 0 ? ", " : "",
                               strrchr(rows[i].path, '.') + 1);
        length += written > 0 ? (size_t)written : 0;
    }
}

void mu_sim_warn_idle(const mu_question *question, const mu_deployment *deployment,
                      mu_simulation *out)
{
    bool idle[CAUSE_COUNT];
    find_causes(question, deployment, idle);
    for (int i = 0; i < CAUSE_COUNT; i++) {
        char keys[128];
        idle_keys((cause)i, question->scenario, keys, sizeof keys);
        if (idle[i] && keys[0] != '\0') {
            mu_sim_warn(out, "not looked at %s: %s", cause_words[i], keys);
        }
    }
}
