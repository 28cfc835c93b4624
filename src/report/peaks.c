/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peaks of systems side by side.
 *
 * Terms: per-chip rows come from the chip's facts, rows of the whole are those times the chips,
 *        power and price from the system's own facts scaled to the chips in use; where it states no
 *        power, that of chips at their limit with hosts and network. Rows per watt
 *        divide two of them; their limits are the widest that the limits of both allow.
 */
#include "report/peaks.h"

#include "base/text.h"
#include "report/format.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Facts of the chip, in the order of the table; `whole` rows are multiplied by the chips. */
static const struct {
    const char *key;
    const char *label;
    const char *path;
    mu_dimension dimension;
    bool whole;
} chip_rows[] = {
    {"bf16", "BF16 per chip", "peak.bf16", MU_DIM_FLOP_RATE, false},
    {"fp8", "FP8 per chip", "peak.fp8", MU_DIM_FLOP_RATE, false},
    {"int8", "INT8 per chip", "peak.int8", MU_DIM_FLOP_RATE, false},
    {"fp4", "FP4 per chip", "peak.fp4", MU_DIM_FLOP_RATE, false},
    {"memory", "memory per chip", "memory.capacity", MU_DIM_BYTES, false},
    {"bandwidth", "bandwidth per chip", "memory.bandwidth", MU_DIM_BYTE_RATE, false},
    {"scale_up", "scale-up link per chip", "links.scale_up.bandwidth", MU_DIM_BYTE_RATE, false},
    {"scale_out", "scale-out link per chip", "links.scale_out.bandwidth", MU_DIM_BYTE_RATE, false},
    {"tdp", "TDP per chip", "power.tdp", MU_DIM_POWER, false},
    {"total_bf16", "BF16, all chips", "peak.bf16", MU_DIM_FLOP_RATE, true},
    {"total_fp8", "FP8, all chips", "peak.fp8", MU_DIM_FLOP_RATE, true},
    {"total_int8", "INT8, all chips", "peak.int8", MU_DIM_FLOP_RATE, true},
    {"total_fp4", "FP4, all chips", "peak.fp4", MU_DIM_FLOP_RATE, true},
    {"total_memory", "memory, all chips", "memory.capacity", MU_DIM_BYTES, true},
    {"total_bandwidth", "bandwidth, all chips", "memory.bandwidth", MU_DIM_BYTE_RATE, true},
};

/* Facts of the system as sold, scaled to the chips in use. */
static const struct {
    const char *key;
    const char *label;
    const char *path;
    mu_dimension dimension;
} system_rows[] = {
    {"power", "power", "power.total", MU_DIM_POWER},
    {"price", "price", "price", MU_DIM_MONEY},
};

/* One row over another. */
static const struct {
    const char *key;
    const char *label;
    const char *over;
    const char *under;
} watt_rows[] = {
    {"bf16_per_w", "BF16 per W of TDP", "bf16", "tdp"},
    {"fp8_per_w", "FP8 per W of TDP", "fp8", "tdp"},
    {"total_bf16_per_w", "BF16, all chips, per W", "total_bf16", "power"},
};

enum {
    WATT_ROWS = sizeof watt_rows / sizeof watt_rows[0],
    CHIP_ROWS = sizeof chip_rows / sizeof chip_rows[0],
    SYSTEM_ROWS = sizeof system_rows / sizeof system_rows[0]
};

_Static_assert(CHIP_ROWS + SYSTEM_ROWS + WATT_ROWS + 1 <= MU_PEAKS_MAX, "room for every peak");

static mu_status read_fact(const mu_catalog *catalog, const mu_entity *entity, const char *path,
                           double scale, mu_peak *peak, mu_error *err)
{
    mu_fact fact;
    if (entity == NULL) {
        return MU_OK;
    }
    mu_status status = mu_catalog_fact(catalog, entity, path, false, &fact, err);
    if (status == MU_OK && fact.path != NULL && fact.text == NULL) {
        peak->known = true;
        peak->quantity =
            (mu_quantity){fact.range.best * scale, fact.range.low * scale, fact.range.high * scale};
    }
    return status;
}

/* Chips at their limit, hosts and network; unknown where one of the three is. */
static mu_status add_up_power(const mu_catalog *catalog, const mu_entity *system,
                              const mu_entity *chip, double chips, mu_peak *peak, mu_error *err)
{
    static const char *const paths[] = {"power.tdp", "power.host_per_chip",
                                        "power.network_per_chip"};
    mu_quantity sum = {0.0, 0.0, 0.0};
    for (int i = 0; i < 3; i++) {
        mu_peak part = {.known = false};
        mu_status status = read_fact(catalog, i == 0 ? chip : system, paths[i], chips, &part, err);
        if (status != MU_OK || !part.known) {
            return status;
        }
        sum = (mu_quantity){sum.value + part.quantity.value, sum.low + part.quantity.low,
                            sum.high + part.quantity.high};
    }
    peak->known = true;
    peak->quantity = sum;
    return MU_OK;
}

/* Chips of the system as sold; 1 for a chip. */
static double chips_as_sold(const mu_catalog *catalog, const mu_entity *system)
{
    const mu_node *node = system != NULL ? mu_catalog_node(catalog, system, "chips", NULL) : NULL;
    double chips = node != NULL && node->text != NULL ? strtod(node->text, NULL) : 1.0;
    return chips >= 1.0 ? chips : 1.0;
}

static mu_status find_parts(const mu_catalog *catalog, const mu_entity *entity,
                            const mu_entity **system, const mu_entity **chip, mu_error *err)
{
    *system = entity->kind == MU_ENTITY_SYSTEM ? entity : NULL;
    *chip = entity->kind == MU_ENTITY_CHIP ? entity : NULL;
    if (*chip != NULL) {
        return MU_OK;
    }
    const char *id = *system != NULL ? mu_catalog_text(catalog, *system, "chip") : NULL;
    if (id == NULL) {
        return mu_fail(err, MU_E_INPUT, "%s: expected a system or a chip", entity->id);
    }
    return mu_catalog_find(catalog, MU_ENTITY_CHIP, id, chip, err);
}

static const mu_peak *find_peak(const mu_peak peaks[], uint32_t count, const char *key)
{
    uint32_t i = 0;
    while (i < count && strcmp(peaks[i].key, key) != 0) {
        i++;
    }
    assert(i < count);
    return &peaks[i];
}

static void put_watt_rows(mu_peak out[MU_PEAKS_MAX], uint32_t *count)
{
    uint32_t known = *count;
    for (size_t i = 0; i < WATT_ROWS; i++) {
        const mu_peak *over = find_peak(out, known, watt_rows[i].over);
        const mu_peak *under = find_peak(out, known, watt_rows[i].under);
        mu_peak *peak = &out[(*count)++];
        peak->key = watt_rows[i].key;
        peak->label = watt_rows[i].label;
        peak->dimension = MU_DIM_FLOP_RATE;
        peak->unit = "FLOP/s/W";
        peak->known = over->known && under->known && under->quantity.low > 0.0;
        if (peak->known) {
            peak->quantity = (mu_quantity){over->quantity.value / under->quantity.value,
                                           over->quantity.low / under->quantity.high,
                                           over->quantity.high / under->quantity.low};
        }
    }
}

mu_status mu_peaks(const mu_catalog *catalog, const mu_entity *entity, double chips,
                   mu_peak out[MU_PEAKS_MAX], uint32_t *count, mu_error *err)
{
    const mu_entity *system = NULL;
    const mu_entity *chip = NULL;
    uint32_t n = 0;
    mu_status status = find_parts(catalog, entity, &system, &chip, err);
    double sold = chips_as_sold(catalog, system);
    double used = chips > 0.0 ? chips : sold;
    memset(out, 0, sizeof(mu_peak) * MU_PEAKS_MAX);
    out[n++] = (mu_peak){.key = "chips",
                         .label = "chips",
                         .quantity = mu_quantity_point(used),
                         .dimension = MU_DIM_COUNT,
                         .known = true};
    for (size_t i = 0; i < CHIP_ROWS && status == MU_OK; i++) {
        out[n].key = chip_rows[i].key;
        out[n].label = chip_rows[i].label;
        out[n].dimension = chip_rows[i].dimension;
        status = read_fact(catalog, chip, chip_rows[i].path, chip_rows[i].whole ? used : 1.0,
                           &out[n], err);
        n++;
    }
    for (size_t i = 0; i < SYSTEM_ROWS && status == MU_OK; i++) {
        out[n].key = system_rows[i].key;
        out[n].label = system_rows[i].label;
        out[n].dimension = system_rows[i].dimension;
        status = read_fact(catalog, system, system_rows[i].path, used / sold, &out[n], err);
        if (status == MU_OK && !out[n].known && system_rows[i].dimension == MU_DIM_POWER) {
            status = add_up_power(catalog, system, chip, used, &out[n], err);
        }
        n++;
    }
    if (status == MU_OK) {
        put_watt_rows(out, &n);
    }
    *count = n;
    return status;
}

mu_status mu_peaks_print(const mu_page *page, const mu_peak *const peaks[],
                         const char *const names[], uint32_t systems, uint32_t rows, mu_error *err)
{
    const char *headings[MU_TABLE_COLUMNS_MAX] = {"peak"};
    static const mu_align aligns[MU_TABLE_COLUMNS_MAX] = {MU_ALIGN_LEFT};
    assert(systems < MU_TABLE_COLUMNS_MAX);
    for (uint32_t i = 0; i < systems; i++) {
        headings[i + 1] = names[i];
    }
    mu_table *table = mu_table_create(page->arena, systems + 1, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t r = 0; r < rows; r++) {
        char text[MU_TABLE_COLUMNS_MAX][MU_CELL_MAX];
        const char *cells[MU_TABLE_COLUMNS_MAX] = {peaks[0][r].label};
        for (uint32_t i = 0; i < systems; i++) {
            const mu_peak *peak = &peaks[i][r];
            cells[i + 1] = "-";
            if (peak->known && peak->dimension == MU_DIM_COUNT) {
                mu_format_count(peak->quantity.value, text[i]);
                cells[i + 1] = text[i];
            } else if (peak->known && peak->quantity.high == 0.0) {
                cells[i + 1] = "none";
            } else if (peak->known) {
                mu_format_quantity(peak->quantity, peak->dimension, text[i]);
                cells[i + 1] = text[i];
            }
        }
        mu_table_row(table, cells);
    }
    return mu_table_print(table, page->out, page->colour, err);
}

static const char *unit_of(const mu_peak *peak)
{
    return peak->unit != NULL ? peak->unit : mu_unit_si(peak->dimension);
}

static void csv_row(mu_table *table, const char *name, const mu_peak *peak)
{
    char value[32];
    char low[32];
    char high[32];
    mu_text_exact(peak->quantity.value, value);
    mu_text_exact(peak->quantity.low, low);
    mu_text_exact(peak->quantity.high, high);
    const char *const cells[] = {name, peak->key, value, low, high, unit_of(peak)};
    mu_table_row(table, cells);
}

mu_status mu_peaks_csv(const mu_page *page, const mu_peak *const peaks[], const char *const names[],
                       uint32_t systems, uint32_t rows, mu_error *err)
{
    static const char *const headings[] = {"system", "metric", "value", "low", "high", "unit"};
    static const mu_align aligns[6] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 6, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < systems; i++) {
        for (uint32_t r = 0; r < rows; r++) {
            if (peaks[i][r].known) {
                csv_row(table, names[i], &peaks[i][r]);
            }
        }
    }
    return mu_table_csv(table, page->out, err);
}

json_t *mu_peaks_json(const mu_peak peaks[], uint32_t rows)
{
    mu_json json = mu_json_begin();
    for (uint32_t r = 0; r < rows; r++) {
        if (peaks[r].known) {
            mu_json_put(&json, peaks[r].key,
                        mu_json_quantity(peaks[r].quantity, unit_of(&peaks[r])));
        }
    }
    return mu_json_done(&json);
}
