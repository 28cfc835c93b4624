/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads failure rates out of the catalogue: eight parameters, a system's own before the common.
 */
#include "fabric/reliability.h"

#include "fabric/shared_param.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>

enum { ID_BYTES = 160 };

static const char COMMON[] = "fault-rates";

#define RATE(part)                                                                                 \
    {                                                                                              \
        part "_per_hour", 0.0, 1.0                                                                 \
    }
#define MEND(part)                                                                                 \
    {                                                                                              \
        part "_mend_h", 0.0, 1e5                                                                   \
    }

/* In the order of OFFSETS. */
static const mu_shared_param SPECS[] = {
    RATE("chip"),   MEND("chip"),   RATE("link"),   MEND("link"),
    RATE("optics"), MEND("optics"), RATE("switch"), MEND("switch"),
};

#define RATE_OF(part) offsetof(mu_fault_rates, part.per_hour)
#define MEND_OF(part) offsetof(mu_fault_rates, part.mend_h)

static const size_t OFFSETS[] = {
    RATE_OF(chip),   MEND_OF(chip),   RATE_OF(link),     MEND_OF(link),
    RATE_OF(optics), MEND_OF(optics), RATE_OF(switches), MEND_OF(switches),
};

enum { SPEC_COUNT = sizeof SPECS / sizeof SPECS[0] };

mu_status mu_reliability_from_catalog(const mu_catalog *catalog, const mu_entity *system,
                                      mu_draw draw, mu_fault_rates *out, mu_error *err)
{
    assert(catalog != NULL && out != NULL);
    assert(system == NULL || system->kind == MU_ENTITY_SYSTEM);
    char own[ID_BYTES] = "";
    if (system != NULL) {
        (void)snprintf(own, sizeof own, "%s-faults", system->id);
    }
    mu_fault_rates read;
    mu_status status = mu_shared_param_check(catalog, COMMON, SPECS, SPEC_COUNT, err);
    if (status == MU_OK) {
        status = mu_shared_param_check(catalog, own, SPECS, SPEC_COUNT, err);
    }
    for (size_t i = 0; i < SPEC_COUNT && status == MU_OK; i++) {
        double *field = (double *)(void *)((char *)&read + OFFSETS[i]);
        status = mu_shared_param_read(catalog, own, COMMON, &SPECS[i], draw, field, err);
    }
    if (status == MU_OK) {
        *out = read;
    }
    return status;
}
