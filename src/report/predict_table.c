/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One deployment as a table, and several beside each other.
 */
#include "report/answer_table.h"

#include "base/text.h"
#include "report/metric.h"
#include "report/power_report.h"
#include "report/settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const mu_align two_left[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT};

static mu_status no_memory(mu_error *err)
{
    return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
}

static void row(mu_table *table, const char *label, const char *text)
{
    const char *const cells[] = {label, text};
    mu_table_row(table, cells);
}

/* With one role, "decode instances" are the instances, and its chips are all there are. */
static void add_settings(mu_table *table, const mu_prediction *p)
{
    static const char decode[] = "decode ";
    mu_setting settings[MU_SETTINGS_MAX];
    uint32_t count = mu_settings(p, settings);
    for (uint32_t i = 0; i < count; i++) {
        const char *label = settings[i].label;
        bool absent = strcmp(settings[i].text, "-") == 0;
        if (!p->deployment.disaggregated && strncmp(label, decode, sizeof decode - 1) == 0) {
            label += sizeof decode - 1;
            absent = absent || strcmp(label, "chips") == 0;
        }
        if (!absent) {
            row(table, label, settings[i].text);
        }
    }
}

static void add_metrics(mu_table *table, const mu_prediction *p)
{
    mu_metric metrics[MU_METRICS_MAX];
    uint32_t count = mu_metrics(p, metrics);
    for (uint32_t i = 0; i < count; i++) {
        char text[MU_CELL_MAX];
        bool below = strcmp(metrics[i].key, "power.rack_w") == 0; /* among the watts by part */
        if (metrics[i].quantity.value > 0.0 && !below) {
            mu_format_quantity(metrics[i].quantity, metrics[i].dimension, text);
            row(table, metrics[i].label, text);
        }
    }
}

static void add_memory(mu_table *table, const char *title, const mu_memory *m)
{
    const struct {
        const char *label;
        double bytes;
    } parts[] = {{"weights", m->weights_bytes},
                 {"KV cache", m->kv_bytes},
                 {"activations", m->activations_bytes},
                 {"capacity", m->capacity_bytes}};
    mu_table_section(table, title);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char text[MU_CELL_MAX];
        mu_format_value(parts[i].bytes, MU_DIM_BYTES, text);
        row(table, parts[i].label, text);
    }
}

/* Parts of a step that take at least a thousandth of it. */
static void add_breakdown(mu_table *table, const char *title, const mu_step *step)
{
    if (!(step->time_s > 0.0)) {
        return;
    }
    mu_table_section(table, title);
    for (int i = 0; i < MU_PART_COUNT; i++) {
        char text[MU_CELL_MAX];
        char line[MU_CELL_MAX + 16];
        if (step->part_s[i] >= 1e-3 * step->time_s) {
            mu_format_value(step->part_s[i], MU_DIM_TIME, text);
            (void)snprintf(line, sizeof line, "%s (%.0f %%)", text,
                           100.0 * step->part_s[i] / step->time_s);
            row(table, mu_part_text((mu_part)i), line);
        }
    }
}

static void add_wires(mu_table *table, const mu_question *question, const mu_prediction *p,
                      int role)
{
    static const char *const names[] = {"prefill ", "decode "};
    const mu_machine *machine = role == 0 ? &question->prefill_machine : &question->machine;
    for (uint32_t i = 0; i < p->sharing.count[role]; i++) {
        const mu_shared_wire *wire = &p->sharing.wire[role][i];
        char label[MU_CELL_MAX];
        char text[MU_CELL_MAX];
        (void)snprintf(label, sizeof label, "%s%s", p->deployment.disaggregated ? names[role] : "",
                       wire->transfer);
        (void)snprintf(text, sizeof text, "%.3g times as long on %s (%s, %llu ranks)", wire->factor,
                       machine->fabric.tier[wire->tier].name, wire->traffic,
                       (unsigned long long)wire->group.ranks);
        row(table, label, text);
    }
}

static void add_sharing(mu_table *table, const mu_question *question, const mu_prediction *p)
{
    if (p->sharing.count[0] + p->sharing.count[1] == 0 && !(p->sharing.handover > 0.0)) {
        return;
    }
    mu_table_section(table, "Shared wires");
    add_wires(table, question, p, 0);
    add_wires(table, question, p, 1);
    if (p->sharing.handover > 0.0) {
        char text[MU_CELL_MAX];
        (void)snprintf(text, sizeof text, "%.3g times as long", p->sharing.handover);
        row(table, "hand-over of the cache", text);
    }
}

static void print_title(const mu_page *page, const mu_question *question, const mu_prediction *p)
{
    char workload[MU_CELL_MAX];
    mu_workload_words(question->scenario, workload);
    fprintf(page->out, "%s%s on %s%s%s%s: %s\n\n", page->colour ? "\x1b[1m" : "", p->model,
            p->system, question->engine != NULL ? ", " : "",
            question->engine != NULL ? question->engine->id : "", page->colour ? "\x1b[0m" : "",
            workload);
}

void mu_page_notes(const mu_page *page, const mu_question *question, const char own[][192],
                   uint32_t count)
{
    for (uint32_t i = 0; i < question->scenario->warning_count; i++) {
        fprintf(page->out, "note: %s\n", question->scenario->warning[i]);
    }
    for (uint32_t i = 0; i < question->model.warning_count; i++) {
        fprintf(page->out, "note: %s\n", question->model.warning[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        fprintf(page->out, "note: %s\n", own[i]);
    }
}

mu_status mu_prediction_print(const mu_page *page, const mu_question *question,
                              const mu_prediction *p, mu_error *err)
{
    static const char *const headings[] = {"", ""};
    mu_table *table = mu_table_create(page->arena, 2, headings, two_left);
    if (table == NULL) {
        return no_memory(err);
    }
    mu_table_section(table, "Deployment");
    add_settings(table, p);
    mu_table_section(table, "Performance");
    add_metrics(table, p);
    mu_power_rows(table, &p->power, p->power_w);
    if (p->deployment.disaggregated) {
        add_memory(table, "Memory of a prefill rank", &p->point.prefill.memory);
        add_memory(table, "Memory of a decode rank", &p->point.decode.memory);
    } else {
        add_memory(table, "Memory of a rank", &p->point.decode.memory);
    }
    add_sharing(table, question, p);
    add_breakdown(table, "Prefill step", &p->point.prefill.step);
    add_breakdown(table, "Decode step", &p->point.decode.step);
    print_title(page, question, p);
    mu_status status = mu_table_print(table, page->out, page->colour, err);
    if (status == MU_OK) {
        mu_page_notes(page, question, p->warning, p->warning_count);
    }
    return status;
}

mu_status mu_prediction_csv(const mu_page *page, const mu_prediction *p, mu_error *err)
{
    const char *const name = p->system;
    return mu_compare_csv(page, &p, &name, 1, err);
}

/* One line of settings or metrics, a cell an answer. */
static void compare_settings(mu_table *table, const mu_prediction *const answers[], uint32_t count)
{
    mu_setting settings[MU_SETTINGS_MAX];
    uint32_t rows = 0;
    for (uint32_t i = 0; i < count && rows == 0; i++) {
        rows = answers[i] != NULL ? mu_settings(answers[i], settings) : 0;
    }
    for (uint32_t r = 0; r < rows; r++) {
        char text[MU_TABLE_COLUMNS_MAX][MU_CELL_MAX];
        const char *cells[MU_TABLE_COLUMNS_MAX] = {settings[r].label};
        for (uint32_t i = 0; i < count; i++) {
            mu_setting own[MU_SETTINGS_MAX];
            (void)snprintf(text[i], MU_CELL_MAX, "-");
            if (answers[i] != NULL && mu_settings(answers[i], own) == rows) {
                (void)snprintf(text[i], MU_CELL_MAX, "%s", own[r].text);
            }
            cells[i + 1] = text[i];
        }
        mu_table_row(table, cells);
    }
}

static void compare_metrics(mu_table *table, const mu_prediction *const answers[], uint32_t count)
{
    static const mu_prediction nothing;
    mu_metric metrics[MU_METRICS_MAX];
    uint32_t rows = mu_metrics(&nothing, metrics);
    for (uint32_t r = 0; r < rows; r++) {
        char text[MU_TABLE_COLUMNS_MAX][MU_CELL_MAX];
        const char *cells[MU_TABLE_COLUMNS_MAX] = {metrics[r].label};
        for (uint32_t i = 0; i < count; i++) {
            mu_metric own[MU_METRICS_MAX];
            (void)snprintf(text[i], MU_CELL_MAX, "-");
            if (answers[i] != NULL) {
                mu_metrics(answers[i], own);
            }
            if (answers[i] != NULL && own[r].quantity.high > 0.0) {
                mu_format_quantity(own[r].quantity, own[r].dimension, text[i]);
            }
            cells[i + 1] = text[i];
        }
        mu_table_row(table, cells);
    }
}

mu_status mu_compare_print(const mu_page *page, const mu_prediction *const answers[],
                           const char *const names[], uint32_t count, mu_error *err)
{
    const char *headings[MU_TABLE_COLUMNS_MAX] = {""};
    mu_align aligns[MU_TABLE_COLUMNS_MAX] = {MU_ALIGN_LEFT};
    assert(count < MU_TABLE_COLUMNS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        headings[i + 1] = names[i];
    }
    mu_table *table = mu_table_create(page->arena, count + 1, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    compare_settings(table, answers, count);
    compare_metrics(table, answers, count);
    return mu_table_print(table, page->out, page->colour, err);
}

static void csv_row(mu_table *table, const char *name, const mu_metric *metric)
{
    char value[32];
    char low[32];
    char high[32];
    bool known = metric->quantity.high > 0.0;
    mu_text_exact(metric->quantity.value, value);
    mu_text_exact(metric->quantity.low, low);
    mu_text_exact(metric->quantity.high, high);
    const char *const cells[] = {
        name, metric->key, known ? value : "", known ? low : "", known ? high : "", metric->unit};
    mu_table_row(table, cells);
}

mu_status mu_compare_csv(const mu_page *page, const mu_prediction *const answers[],
                         const char *const names[], uint32_t count, mu_error *err)
{
    static const char *const headings[] = {"system", "metric", "value", "low", "high", "unit"};
    static const mu_align aligns[6] = {MU_ALIGN_LEFT};
    mu_table *table = mu_table_create(page->arena, 6, headings, aligns);
    if (table == NULL) {
        return no_memory(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        mu_metric metrics[MU_METRICS_MAX];
        uint32_t rows = answers[i] != NULL ? mu_metrics(answers[i], metrics) : 0;
        for (uint32_t r = 0; r < rows; r++) {
            csv_row(table, names[i], &metrics[r]);
        }
        if (rows > 0) {
            mu_metric chips = {.key = "chips", .unit = "chips"};
            chips.quantity = mu_quantity_point(answers[i]->point.chips);
            csv_row(table, names[i], &chips);
        }
    }
    return mu_table_csv(table, page->out, err);
}
