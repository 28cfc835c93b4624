/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts by part: JSON and rows of a table.
 */
#include "report/power_report.h"

#include "report/format.h"
#include "schedule/power.h"

#include <stdio.h>

json_t *mu_power_json(const mu_power_answer *power)
{
    mu_json json = mu_json_begin();
#define X(name, field, words) mu_json_put(&json, #field, mu_json_quantity(power->field, "W"));
    MU_POWER_PART_LIST(X)
#undef X
    mu_json_put(&json, "total_w", mu_json_quantity(power->total_w, "W"));
    mu_json_put(&json, "limit_w", mu_json_quantity(power->limit_w, "W"));
    mu_json_put(&json, "rated_w", mu_json_quantity(power->rated_w, "W"));
    mu_json_put(&json, "outside_w", mu_json_quantity(power->outside_w, "W"));
    mu_json_put(&json, "rack_w",
                power->rack_w.value > 0.0 ? mu_json_quantity(power->rack_w, "W") : json_null());
    mu_json_put(&json, "total_energy_per_output_token_j",
                mu_json_quantity(power->total_energy_per_output_token_j, "J"));
    mu_json_put(&json, "output_tokens_per_s_per_kw",
                mu_json_quantity(power->output_tokens_per_s_per_kw, "tokens/s/kW"));
    return mu_json_done(&json);
}

static void row(mu_table *table, const char *label, mu_quantity quantity, mu_dimension dimension,
                double of_w)
{
    char text[MU_CELL_MAX];
    char line[MU_CELL_MAX + 16];
    mu_format_quantity(quantity, dimension, text);
    if (of_w > 0.0) {
        (void)snprintf(line, sizeof line, "%s (%.0f %%)", text, 100.0 * quantity.value / of_w);
    } else {
        (void)snprintf(line, sizeof line, "%s", text);
    }
    const char *const cells[] = {label, line};
    mu_table_row(table, cells);
}

void mu_power_rows(mu_table *table, const mu_power_answer *power, mu_quantity inside_w)
{
    const mu_quantity parts[MU_POWER_PARTS] = {
#define X(name, field, words) power->field,
        MU_POWER_PART_LIST(X)
#undef X
    };
    mu_table_section(table, "Power");
    for (int i = 0; i < MU_POWER_FACILITY; i++) {
        if (parts[i].high > 0.0) {
            row(table, mu_power_words((mu_power_part)i), parts[i], MU_DIM_POWER, inside_w.value);
        }
    }
    row(table, "racks, in all", inside_w, MU_DIM_POWER, 0.0);
    row(table, "racks, chips at their limit", power->limit_w, MU_DIM_POWER, 0.0);
    row(table, "racks, every part at its limit", power->rated_w, MU_DIM_POWER, 0.0);
    row(table, mu_power_words(MU_POWER_FACILITY), parts[MU_POWER_FACILITY], MU_DIM_POWER, 0.0);
    row(table, "with the hall", power->total_w, MU_DIM_POWER, 0.0);
    row(table, "energy a token, with the hall", power->total_energy_per_output_token_j,
        MU_DIM_ENERGY, 0.0);
    if (power->rack_w.value > 0.0) {
        row(table, "heat of a full rack", power->rack_w, MU_DIM_POWER, 0.0);
    }
}
