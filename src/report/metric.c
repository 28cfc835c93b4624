/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is reported of a prediction.
 */
#include "report/metric.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#define ROW(key, label, dimension, unit, field)                                                    \
    {                                                                                              \
        key, label, MU_DIM_##dimension, unit, offsetof(mu_prediction, field)                       \
    }

static const struct {
    const char *key;
    const char *label;
    mu_dimension dimension;
    const char *unit;
    size_t offset;
} rows[] = {
    ROW("ttft_s", "TTFT", TIME, "s", ttft_s),
    ROW("decode.tpot_s", "TPOT", TIME, "s", tpot_s),
    ROW("throughput.output_tokens_per_s", "output tokens/s", NONE, "tokens/s", output_tokens_per_s),
    ROW("throughput.output_tokens_per_s_per_chip", "output tokens/s per chip", NONE, "tokens/s",
        output_tokens_per_s_per_chip),
    ROW("throughput.total_tokens_per_s", "input + output tokens/s", NONE, "tokens/s",
        total_tokens_per_s),
    ROW("throughput.requests_per_s", "requests/s", NONE, "1/s", requests_per_s),
    ROW("prefill.step_s", "prefill step", TIME, "s", prefill_step_s),
    ROW("prefill.tokens_per_s_per_chip", "prefill tokens/s per prefill chip", NONE, "tokens/s",
        prefill_tokens_per_s_per_chip),
    ROW("decode.step_s", "decode step", TIME, "s", decode_step_s),
    ROW("decode.tokens_per_s_per_chip", "decode tokens/s per decode chip", NONE, "tokens/s",
        decode_tokens_per_s_per_chip),
    ROW("power_w", "power", POWER, "W", power_w),
    ROW("energy_per_output_token_j", "energy per output token", ENERGY, "J",
        energy_per_output_token_j),
    ROW("power.output_tokens_per_s_per_kw", "output tokens/s per kW", NONE, "tokens/s/kW",
        power.output_tokens_per_s_per_kw),
    ROW("power.rack_w", "heat of a full rack", POWER, "W", power.rack_w),
};

_Static_assert(sizeof rows / sizeof rows[0] <= MU_METRICS_MAX, "room for every metric");

uint32_t mu_metrics(const mu_prediction *prediction, mu_metric out[MU_METRICS_MAX])
{
    uint32_t count = (uint32_t)(sizeof rows / sizeof rows[0]);
    for (uint32_t i = 0; i < count; i++) {
        out[i] = (mu_metric){.key = rows[i].key,
                             .label = rows[i].label,
                             .dimension = rows[i].dimension,
                             .unit = rows[i].unit};
        memcpy(&out[i].quantity, (const char *)prediction + rows[i].offset, sizeof(mu_quantity));
    }
    return count;
}

const char *mu_bound_words(mu_bound bound)
{
    static const char *const words[MU_BOUND_COUNT] = {
        [MU_BOUND_COMPUTE] = "compute", [MU_BOUND_MEMORY] = "memory bandwidth",
        [MU_BOUND_NETWORK] = "network", [MU_BOUND_LAUNCH] = "launch overhead",
        [MU_BOUND_HOST] = "host time",  [MU_BOUND_CAPACITY] = "memory capacity",
    };
    assert((unsigned)bound < MU_BOUND_COUNT);
    return words[bound];
}
