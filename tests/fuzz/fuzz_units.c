/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a quantity: a finite number within the bounds or one message; a printed value reads
 * back. The first byte picks the dimension; the rest is the text.
 */
#include "base/units.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(double value, mu_dimension dimension)
{
    char text[64];
    if (!isfinite(value) || fabs(value) > 1e30 || (value != 0.0 && fabs(value) < 1e-30)) {
        abort();
    }
    mu_unit_print(value, dimension, text, sizeof text);
    if (text[0] == '\0' || strlen(text) >= sizeof text - 1) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256];
    if (size < 1 || size > sizeof text - 1) {
        return 0;
    }
    mu_dimension dimension = (mu_dimension)(data[0] % MU_DIM_COUNT_OF);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    double value = 42.0;
    mu_error err = {0};
    mu_status status = mu_unit_parse(text, dimension, "x", &value, &err);
    if (status == MU_OK) {
        check_value(value, dimension);
    } else if (value != 42.0 || err.text[0] == '\0' || strchr(err.text, '\n') != NULL) {
        abort();
    }
    double scale = 0.0;
    if (mu_unit_scale(text, dimension, "x", &scale, NULL) == MU_OK &&
        !(scale >= 1e-12 && scale <= 1e27)) {
        abort();
    }
    return 0;
}
