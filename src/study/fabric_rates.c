/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often parts of a system break: its rates, and rows that say where they come from.
 *
 * Bound: rates are of chips; with several ranks a chip each rank has its share of them.
 */
#include "study/fabric_parts.h"

#include "fabric/reliability.h"

#include <stdio.h>
#include <string.h>

enum { ROWS = 8 };

static const struct {
    const char *key;
    const char *label;
    const char *path;
} rows[ROWS] = {
    {"chip_failures_per_hour", "a chip fails, times an hour", "params.chip_per_hour"},
    {"chip_mend_h", "a chip is out, hours", "params.chip_mend_h"},
    {"cable_failures_per_hour", "an electrical cable fails, times an hour", "params.link_per_hour"},
    {"cable_mend_h", "an electrical cable is out, hours", "params.link_mend_h"},
    {"optics_failures_per_hour", "an optical cable fails, times an hour", "params.optics_per_hour"},
    {"optics_mend_h", "an optical cable is out, hours", "params.optics_mend_h"},
    {"switch_failures_per_hour", "a switch fails, times an hour", "params.switch_per_hour"},
    {"switch_mend_h", "a switch is out, hours", "params.switch_mend_h"},
};

mu_status mu_net_rates(const mu_net_question *q, mu_draw draw, mu_fault_rates *out, mu_error *err)
{
    mu_fault_rates rates;
    mu_status status = mu_reliability_from_catalog(q->catalog, q->system, draw, &rates, err);
    if (status == MU_OK && out != NULL) {
        rates.chip.per_hour /= q->ranks_per_chip;
        *out = rates;
    }
    return status;
}

/* Of the system's own calibration, else of the common one. */
static bool find_row(const mu_net_question *q, const char *path, mu_fact *out)
{
    char own[160];
    const char *const ids[] = {own, "fault-rates"};
    (void)snprintf(own, sizeof own, "%.140s-faults", q->system->id);
    for (int i = 0; i < 2; i++) {
        const mu_entity *entity = NULL;
        mu_error ignored = {0};
        if (mu_catalog_find(q->catalog, MU_ENTITY_CALIBRATION, ids[i], &entity, &ignored) ==
                MU_OK &&
            mu_catalog_fact(q->catalog, entity, path, false, out, &ignored) == MU_OK &&
            out->path != NULL) {
            return true;
        }
    }
    return false;
}

uint32_t mu_net_rate_rows(const mu_net_question *q, mu_net_figure out[ROWS])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        mu_fact fact;
        if (!find_row(q, rows[i].path, &fact)) {
            continue;
        }
        mu_net_figure *row = &out[count++];
        *row = (mu_net_figure){.key = rows[i].key, .label = rows[i].label};
        row->dimension = MU_DIM_NONE;
        row->quantity = (mu_quantity){fact.range.best, fact.range.low, fact.range.high};
        (void)snprintf(row->basis, sizeof row->basis, "grade %c, %s", fact.grade, fact.source);
    }
    return count;
}
