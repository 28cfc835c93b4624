/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measured deployments answered request by request.
 *
 * Why:  published runs are closed loops of a few thousand requests that start all at once: their
 *       first wave, their queues and their percentiles are not a steady state.
 * Bound: what a run sends is what its suite is known to send; else ten requests a client, lengths
 *       within a tenth of what the row says. Measures of a single step stay those of the steady
 *       state.
 */
#include "study/validate_parts.h"

#include "study/simulate.h"

#include <math.h>

/* Prefill instances where a row does not count them: as many as keep the decode ones busy. */
static void feed_enough(const mu_question *question, const mu_service *steady, mu_deployment *d)
{
    if (d->disaggregated && question->workload.ample_prefill && steady->prefill_capacity > 0.0) {
        double times = ceil(steady->decode_capacity / steady->prefill_capacity);
        d->prefill.instances *= (uint32_t)fmin(fmax(times, 1.0), 4096.0);
    }
}

static void take_measures(const mu_sim_answer *a, double chips, double out[MU_MEASURE_COUNT])
{
    double output = (double)a->output_tokens / a->duration_s;
    double all = (double)(a->output_tokens + a->input_tokens) / a->duration_s;
    out[MU_MEASURE_TTFT_MEAN] = a->ttft_s.mean;
    out[MU_MEASURE_TTFT_P50] = a->ttft_s.p50;
    out[MU_MEASURE_TTFT_P99] = a->ttft_s.p99;
    if (a->tpot_s.n > 0) {
        out[MU_MEASURE_TPOT_MEAN] = a->tpot_s.mean;
        out[MU_MEASURE_TPOT_P50] = a->tpot_s.p50;
        out[MU_MEASURE_TPOT_P99] = a->tpot_s.p99;
    }
    out[MU_MEASURE_E2E_MEAN] = a->e2e_s.mean;
    out[MU_MEASURE_OUTPUT_RATE] = output;
    out[MU_MEASURE_TOTAL_RATE] = all;
    out[MU_MEASURE_REQUEST_RATE] = a->ended_per_s;
    out[MU_MEASURE_OUTPUT_RATE_CHIP] = output / chips;
    out[MU_MEASURE_TOTAL_RATE_CHIP] = all / chips;
    out[MU_MEASURE_RATE_CHIP] = all / chips;
}

/* Around what a row says, of clients of whom nothing is known. */
static const double unknown_least = 0.9;
static const double unknown_most = 1.1;

/*
 * The scenario as its suite's client sends it. Requests all of one length would run in lockstep for
 * ever, which no measured loop does: where nothing is known they differ a little.
 */
static void send_as(const mu_recipe_traffic *traffic, mu_scenario *scenario)
{
    if (traffic == NULL) {
        if (scenario->length_ratio >= 1.0) {
            scenario->input = ceil(scenario->input * unknown_most);
            scenario->output = ceil(scenario->output * unknown_most);
            scenario->length_ratio = unknown_least / unknown_most;
        }
        return;
    }
    if (traffic->requests_per_client > 0.0 && scenario->requests <= 0.0) {
        scenario->requests = traffic->requests_per_client * scenario->concurrency;
    }
    if (scenario->length_ratio >= 1.0) {
        scenario->length_ratio = traffic->length_ratio;
    }
}

mu_status mu_case_simulate(const mu_case_run *run, mu_work *work, double out[MU_MEASURE_COUNT],
                           mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(work->arena);
    mu_scenario *scenario = MU_NEW(work->arena, mu_scenario, 1);
    mu_question *asked = MU_NEW(work->arena, mu_question, 1);
    mu_simulation *found = MU_NEW(work->arena, mu_simulation, 1);
    if (scenario == NULL || asked == NULL || found == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a case");
    }
    *scenario = *run->question->scenario;
    *asked = *run->question;
    scenario->serving = *run->serving;
    send_as(run->traffic, scenario);
    asked->scenario = scenario;
    asked->workload.requests = scenario->requests;
    asked->workload.input = scenario->input;
    asked->workload.output = scenario->output;
    mu_deployment deployment = *run->deployment;
    feed_enough(run->question, run->steady, &deployment);
    mu_status status =
        mu_simulate_deployment(asked, &deployment, run->machines, NULL, NULL, work, found, err);
    if (status == MU_OK) {
        take_measures(&found->point, found->chips, out);
    }
    mu_arena_back(work->arena, mark);
    return status;
}
