/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is reported of a simulation, from what its roles did.
 *
 * Terms: in service = an instance is up, stepping or not.
 */
#include "study/sim_metrics.h"

#include <assert.h>
#include <math.h>

/* A run's figures that are not in the answer as such. */
typedef struct view {
    const mu_sim_run *run;
    double output_tokens_per_s, total_tokens_per_s, goodput_requests_per_s;
    mu_power power;
    double power_w, energy_per_output_token_j;
    double chips; /* in service, on average, where instances come and go */
    mu_sim_use prefill, decode;
} view;

static double over(double a, double b)
{
    return b > 0.0 ? a / b : 0.0;
}

/* Of the widest unit that the model's products use. */
static double peak_flops(const mu_machine *machine, const mu_precision *precision)
{
    const double *peak = machine->chip.peak_flops;
    double most = fmax(peak[precision->activations], peak[precision->expert_activations]);
    return most > 0.0 ? most : peak[MU_DTYPE_BF16];
}

mu_sim_use mu_sim_role_use(const mu_sim_role_answer *role, const mu_machine *machine,
                           const mu_precision *precision)
{
    return (mu_sim_use){.mfu = over(role->flop, role->available_s * peak_flops(machine, precision)),
                        .mbu =
                            over(role->bytes, role->available_s * machine->chip.memory_bandwidth),
                        .network_share = over(role->network_s, role->busy_s)};
}

/* Steps, idle time between them, hosts and network of the instances in service, on average. */
static void add_role_power(const mu_sim_role *role, const mu_sim_role_answer *did,
                           const mu_machine *machine, double duration_s, mu_power *power)
{
    double idle_s = fmax(did->available_s - did->busy_s, 0.0);
    double instances = over(did->available_s, duration_s);
    double chips = instances * role->ranks / machine->ranks_per_chip;
    double rank_w = over(did->energy_j + idle_s * machine->chip.idle_w, did->available_s);
    double stepping_w = mu_power_memory(machine, did->bytes, did->energy_j, did->busy_s);
    mu_power_add(power, machine, chips, rank_w, over(stepping_w * did->busy_s, did->available_s));
}

/* As deployed; with autoscaling those of the instances that were up, on average. */
static double chips_of(const mu_sim_run *run)
{
    const mu_sim_config *c = run->config;
    bool apart = c->disaggregated;
    const mu_sim_role *role = apart ? &c->prefill : &c->decode;
    const mu_sim_role_answer *did = apart ? &run->answer->prefill : &run->answer->decode;
    double up = over(did->available_s, run->answer->duration_s);
    if (c->fleet.most == 0 || !(up > 0.0)) {
        return run->chips;
    }
    double each = role->ranks / run->machines[apart ? 0 : 1].ranks_per_chip;
    return run->chips + (up - (double)role->instances) * each;
}

static view view_of(const mu_sim_run *run)
{
    const mu_sim_answer *a = run->answer;
    const mu_sim_config *c = run->config;
    view v = {.run = run, .chips = chips_of(run)};
    add_role_power(&c->decode, &a->decode, &run->machines[1], a->duration_s, &v.power);
    v.decode = mu_sim_role_use(&a->decode, &run->machines[1], &run->precision);
    if (c->disaggregated) {
        add_role_power(&c->prefill, &a->prefill, &run->machines[0], a->duration_s, &v.power);
        v.prefill = mu_sim_role_use(&a->prefill, &run->machines[0], &run->precision);
    }
    double output = (double)a->output_tokens;
    v.output_tokens_per_s = over(output, a->duration_s);
    v.total_tokens_per_s = over(output + (double)a->input_tokens, a->duration_s);
    v.goodput_requests_per_s = over((double)a->good, a->duration_s);
    v.power_w = mu_power_inside(&v.power);
    v.energy_per_output_token_j = over(v.power_w * a->duration_s, output);
    return v;
}

void mu_sim_metrics(const mu_sim_run *run, double out[MU_SIM_METRICS])
{
    const mu_sim_answer *a = run->answer;
    view made = view_of(run);
    const view *v = &made;
    uint32_t i = 0;
#define X(field, expression) out[i++] = (expression);
    MU_SIM_METRIC_LIST(X)
#undef X
    assert(i == MU_SIM_METRICS);
}

mu_quantity *mu_sim_metric(mu_simulation *simulation, uint32_t i)
{
    static const size_t offset[MU_SIM_METRICS] = {
#define X(field, expression) offsetof(mu_simulation, field),
        MU_SIM_METRIC_LIST(X)
#undef X
    };
    assert(i < MU_SIM_METRICS);
    return (mu_quantity *)(void *)((char *)simulation + offset[i]);
}
