/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers and deployments as people read them.
 *
 * Bound: three significant digits; programs read the JSON.
 */
#include "report/format.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void mu_format_value(double value, mu_dimension dimension, char out[MU_CELL_MAX])
{
    if (!isfinite(value)) {
        (void)snprintf(out, MU_CELL_MAX, "-");
        return;
    }
    mu_unit_print(value, dimension, out, MU_CELL_MAX);
}

void mu_format_quantity(mu_quantity quantity, mu_dimension dimension, char out[MU_CELL_MAX])
{
    char value[64];
    char low[48];
    char high[48];
    if (!isfinite(quantity.value) ||
        (quantity.low == quantity.value && quantity.high == quantity.value)) {
        mu_format_value(quantity.value, dimension, out);
        return;
    }
    mu_unit_print(quantity.value, dimension, value, sizeof value);
    mu_unit_print(quantity.low, dimension, low, sizeof low);
    mu_unit_print(quantity.high, dimension, high, sizeof high);
    (void)snprintf(out, MU_CELL_MAX, "%s [%s, %s]", value, low, high);
}

void mu_format_ratio(mu_quantity ratio, char out[MU_CELL_MAX])
{
    if (!(ratio.value > 0.0) || !isfinite(ratio.value)) {
        (void)snprintf(out, MU_CELL_MAX, "-");
    } else if (ratio.low == ratio.value && ratio.high == ratio.value) {
        (void)snprintf(out, MU_CELL_MAX, "%.2f", ratio.value);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "%.2f [%.2f, %.2f]", ratio.value, ratio.low, ratio.high);
    }
}

void mu_format_count(double value, char out[MU_CELL_MAX])
{
    char digits[64];
    if (!(fabs(value) < 1e15)) {
        (void)snprintf(out, MU_CELL_MAX, "-");
        return;
    }
    bool whole = value == floor(value) || fabs(value) >= 100.0;
    (void)snprintf(digits, sizeof digits, whole ? "%.0f" : "%.1f", value);
    size_t head = strspn(digits, "-0123456789");
    size_t used = 0;
    for (size_t i = 0; digits[i] != '\0' && used + 2 < MU_CELL_MAX; i++) {
        if (i > 0 && i < head && (head - i) % 3 == 0 && digits[i - 1] != '-') {
            out[used++] = ',';
        }
        out[used++] = digits[i];
    }
    out[used] = '\0';
}

/* Appends to a cell; what does not fit is cut. */
static void append(char out[MU_CELL_MAX], const char *format, ...) MU_PRINTF(2, 3);

static void append(char out[MU_CELL_MAX], const char *format, ...)
{
    size_t used = strlen(out);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out + used, MU_CELL_MAX - used, format, args);
    va_end(args);
}

void mu_format_cut(const mu_role *role, char out[MU_CELL_MAX])
{
    const mu_parallel *cut = &role->parallel;
    const struct {
        const char *name;
        uint32_t degree;
    } degrees[] = {{"TP", cut->tp}, {"PP", cut->pp}, {"CP", cut->cp},
                   {"DP", cut->dp}, {"EP", cut->ep}, {"expert TP", cut->moe_tp}};
    char list[MU_CELL_MAX] = "";
    for (size_t i = 0; i < sizeof degrees / sizeof degrees[0]; i++) {
        if (degrees[i].degree > 1) {
            append(list, "%s%s %u", list[0] == '\0' ? "" : ", ", degrees[i].name,
                   degrees[i].degree);
        }
    }
    (void)snprintf(out, MU_CELL_MAX, "%u x (%.150s)", role->instances,
                   list[0] == '\0' ? "1 rank" : list);
}

void mu_format_precision(const mu_precision *precision, char out[MU_CELL_MAX])
{
    out[0] = '\0';
    append(out, "%s", mu_dtype_text(precision->weights));
    if (precision->experts != precision->weights) {
        append(out, " (experts %s)", mu_dtype_text(precision->experts));
    }
    append(out, ", activations %s, KV %s", mu_dtype_text(precision->activations),
           mu_dtype_text(precision->kv));
}
