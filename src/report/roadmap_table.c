/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Roadmaps as a table and as CSV.
 */
#include "report/roadmap_report.h"

#include "base/text.h"
#include "report/format.h"
#include "report/settings.h"

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 10, CSV_TEXTS = 8, CSV_QUANTITIES = 6 };

static void cell(mu_quantity q, mu_dimension dimension, char out[MU_CELL_MAX])
{
    if (q.value > 0.0) {
        mu_format_value(q.value, dimension, out);
    } else {
        (void)snprintf(out, MU_CELL_MAX, "-");
    }
}

static void add_row(mu_table *table, const mu_milestone *m)
{
    char text[7][MU_CELL_MAX];
    char launched[40];
    bool graded = m->launch.grade != '-';
    const char grade[] = {m->launch.grade, '\0'};
    (void)snprintf(launched, sizeof launched, "%.30s%s%s",
                   m->launch.text != NULL ? m->launch.text : "-", graded ? " " : "",
                   graded ? grade : "");
    mu_format_count(m->chips, text[0]);
    cell(m->bf16, MU_DIM_FLOP_RATE, text[1]);
    cell(m->bits8, MU_DIM_FLOP_RATE, text[2]);
    cell(m->memory, MU_DIM_BYTES, text[3]);
    cell(m->bandwidth, MU_DIM_BYTE_RATE, text[4]);
    mu_format_quantity(m->tokens_per_s_per_chip, MU_DIM_NONE, text[5]);
    mu_format_quantity(m->tokens_per_s_per_w, MU_DIM_NONE, text[6]);
    bool chip = m->entity->kind == MU_ENTITY_CHIP;
    const char *const cells[COLUMNS] = {launched,
                                        m->entity->id,
                                        chip ? "chip" : "system",
                                        text[0],
                                        text[1],
                                        text[2],
                                        text[3],
                                        text[4],
                                        m->answered ? text[5] : "-",
                                        m->answered ? text[6] : "-"};
    mu_table_row(table, cells);
}

/* The system that chip i was answered on, where no row has it; else NULL. */
static const char *elsewhere(const mu_roadmap *roadmap, uint32_t i)
{
    const mu_milestone *m = &roadmap->milestone[i];
    if (m->entity->kind != MU_ENTITY_CHIP || !m->answered) {
        return NULL;
    }
    for (uint32_t k = 0; k < roadmap->count; k++) {
        if (strcmp(roadmap->milestone[k].entity->id, m->system) == 0) {
            return NULL;
        }
    }
    return m->system;
}

/* A chip and its system have one reason: it is said once. */
static bool said_before(const mu_roadmap *roadmap, uint32_t i)
{
    for (uint32_t k = 0; k < i; k++) {
        const mu_milestone *m = &roadmap->milestone[k];
        if (!m->answered && strcmp(m->why, roadmap->milestone[i].why) == 0) {
            return true;
        }
    }
    return false;
}

static void print_remarks(FILE *out, const mu_roadmap *roadmap)
{
    const char *gap = "\n";
    for (uint32_t i = 0; i < roadmap->count; i++) {
        const mu_milestone *m = &roadmap->milestone[i];
        const char *system = elsewhere(roadmap, i);
        if (system != NULL) {
            fprintf(out, "%s%s: tokens/s on %s\n", gap, m->entity->id, system);
        } else if (!m->answered && !said_before(roadmap, i)) {
            fprintf(out, "%s%s\n", gap, m->why);
        } else {
            continue;
        }
        gap = "";
    }
}

mu_status mu_roadmap_print(const mu_page *page, const mu_roadmap *roadmap, mu_error *err)
{
    static const char *const headings[COLUMNS] = {
        "launched", "id",     "",          "chips",           "BF16",
        "8 bits",   "memory", "bandwidth", "tokens/s a chip", "tokens/s a W"};
    static const mu_align aligns[COLUMNS] = {
        MU_ALIGN_LEFT,  MU_ALIGN_LEFT,  MU_ALIGN_LEFT,  MU_ALIGN_RIGHT, MU_ALIGN_RIGHT,
        MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_RIGHT, MU_ALIGN_LEFT,  MU_ALIGN_LEFT};
    char workload[MU_CELL_MAX];
    mu_table *table = mu_table_create(page->arena, COLUMNS, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < roadmap->count; i++) {
        add_row(table, &roadmap->milestone[i]);
    }
    mu_workload_words(roadmap->scenario, workload);
    fprintf(page->out, "%s; tokens/s on %s: %s\n\n", roadmap->vendor, roadmap->scenario->model,
            workload);
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    if (status == MU_OK) {
        print_remarks(page->out, roadmap);
    }
    return status == MU_OK ? mu_stream_check(page->out, err) : status;
}

static void csv_row(mu_table *table, const mu_milestone *m)
{
    const mu_quantity quantity[CSV_QUANTITIES] = {m->bf16,
                                                  m->bits8,
                                                  m->memory,
                                                  m->bandwidth,
                                                  m->tokens_per_s_per_chip,
                                                  m->tokens_per_s_per_w};
    char number[3 * CSV_QUANTITIES][32] = {{0}};
    char chips[32];
    char from[16] = "";
    char to[16] = "";
    char grade[2] = {m->launch.grade, '\0'};
    const char *cells[CSV_TEXTS + 3 * CSV_QUANTITIES];
    uint32_t n = 0;
    if (m->launch.text != NULL) {
        mu_date_print(m->launch.years.low, from);
        mu_date_print(m->launch.years.high, to);
    }
    mu_text_exact(m->chips, chips);
    cells[n++] = m->entity->id;
    cells[n++] = m->entity->kind == MU_ENTITY_CHIP ? "chip" : "system";
    cells[n++] = m->entity->name;
    cells[n++] = m->launch.text != NULL ? m->launch.text : "";
    cells[n++] = from;
    cells[n++] = to;
    cells[n++] = m->launch.grade == '-' ? "" : grade;
    cells[n++] = chips;
    for (uint32_t i = 0; i < CSV_QUANTITIES; i++) {
        const double value[] = {quantity[i].value, quantity[i].low, quantity[i].high};
        for (uint32_t k = 0; k < 3; k++) {
            if (quantity[i].value > 0.0) {
                mu_text_exact(value[k], number[3 * i + k]);
            }
            cells[n++] = number[3 * i + k];
        }
    }
    mu_table_row(table, cells);
}

mu_status mu_roadmap_csv(const mu_page *page, const mu_roadmap *roadmap, mu_error *err)
{
    static const char *const headings[CSV_TEXTS + 3 * CSV_QUANTITIES] = {"id",
                                                                         "kind",
                                                                         "name",
                                                                         "launched",
                                                                         "launched_from",
                                                                         "launched_before",
                                                                         "grade",
                                                                         "chips",
                                                                         "bf16_flop_s",
                                                                         "bf16_low",
                                                                         "bf16_high",
                                                                         "bits8_flop_s",
                                                                         "bits8_low",
                                                                         "bits8_high",
                                                                         "memory_bytes",
                                                                         "memory_low",
                                                                         "memory_high",
                                                                         "memory_bytes_s",
                                                                         "memory_bytes_s_low",
                                                                         "memory_bytes_s_high",
                                                                         "tokens_s_per_chip",
                                                                         "tokens_s_per_chip_low",
                                                                         "tokens_s_per_chip_high",
                                                                         "tokens_s_per_w",
                                                                         "tokens_s_per_w_low",
                                                                         "tokens_s_per_w_high"};
    static const mu_align aligns[CSV_TEXTS + 3 * CSV_QUANTITIES] = {MU_ALIGN_LEFT};
    mu_table *table =
        mu_table_create(page->arena, CSV_TEXTS + 3 * CSV_QUANTITIES, headings, aligns);
    if (table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    for (uint32_t i = 0; i < roadmap->count; i++) {
        csv_row(table, &roadmap->milestone[i]);
    }
    return mu_table_csv(table, page->out, err);
}
