/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published figures of operators into questions.
 *
 * What:  the task gives the operator, "key=number;..." its shape, metric and unit the time.
 * Why:   papers and vendors print rates and bandwidths as often as times; with the shape beside
 *        them all three are one.
 */
#include "io/op_figures.h"

#include "base/text.h"
#include "io/csv_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_TEXT_MAX = 256, NAME_TEXT_MAX = 96, REASONS_MAX = 32, SERVER_RANKS = 8 };

/* Large enough that the rate of copying no longer hangs on the size. */
static const double copied_bytes = 1073741824.0;

/* Experts of the model whose shape published dispatch and combine figures have. */
static const double experts_dispatched_to = 256.0;

#define COLUMNS(X)                                                                                 \
    X(task, true)                                                                                  \
    X(chip, true)                                                                                  \
    X(parallelism, true)                                                                           \
    X(metric, true)                                                                                \
    X(value, true)                                                                                 \
    X(unit, true)                                                                                  \
    X(dtype_weights, true)                                                                         \
    X(chips, false)                                                                                \
    X(nodes, false)                                                                                \
    X(engine, false)                                                                               \
    X(batch_per_chip, false)                                                                       \
    X(notes, false)

typedef struct columns {
#define X(name, needed) int name;
    COLUMNS(X)
#undef X
} columns;

/* Figures that are left out, by reason. */
typedef struct reason {
    char text[128];
    uint32_t first_line;
    uint32_t rows;
} reason;

typedef struct reader {
    const char *path;
    const mu_catalog *catalog;
    mu_csv *csv;
    mu_case_list *list;
    columns at;
    reason reason[REASONS_MAX];
    uint32_t reasons;
    uint32_t taken;
    mu_error *err;
} reader;

/* "" where the table has no such column. */
static const char *cell(const reader *r, int column)
{
    return column >= 0 ? mu_csv_cell(r->csv, column) : "";
}

static bool find_columns(reader *r, const char **missing)
{
    const struct {
        const char *name;
        int *at;
        bool needed;
    } wanted[] = {
#define X(name, needed) {#name, &r->at.name, needed},
        COLUMNS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        *wanted[i].at = mu_csv_column(r->csv, wanted[i].name);
        if (*wanted[i].at < 0 && wanted[i].needed) {
            *missing = wanted[i].name;
            return false;
        }
    }
    return true;
}

/* Number of a cell; false when it holds none. */
static bool number_of(const reader *r, int column, double *out)
{
    return mu_text_number(cell(r, column), out);
}

/* Kernels that say so are of normal mode. */
static mu_op_case_kind as_engine_has_it(const reader *r, mu_op_case_kind kind)
{
    bool normal = strstr(cell(r, r->at.engine), "normal") != NULL;
    if (normal && kind == MU_OP_CASE_DISPATCH_LL) {
        return MU_OP_CASE_DISPATCH;
    }
    return normal && kind == MU_OP_CASE_COMBINE_LL ? MU_OP_CASE_COMBINE : kind;
}

static const char *read_task(const reader *r, mu_op_question *q)
{
    static const struct {
        const char *task;
        mu_op_case_kind kind;
    } tasks[] = {
        {"op_gemm", MU_OP_CASE_GEMM},
        {"op_moe", MU_OP_CASE_GEMM}, /* one product of every group */
        {"op_memory", MU_OP_CASE_STREAM},
        {"comm_allreduce", MU_OP_CASE_ALL_REDUCE},
        {"comm_allgather", MU_OP_CASE_ALL_GATHER},
        {"comm_reducescatter", MU_OP_CASE_REDUCE_SCATTER},
        {"comm_alltoall", MU_OP_CASE_ALL_TO_ALL},
        {"comm_p2p", MU_OP_CASE_SEND},
        {"comm_moe_dispatch", MU_OP_CASE_DISPATCH_LL},
        {"comm_moe_combine", MU_OP_CASE_COMBINE_LL},
    };
    const char *task = cell(r, r->at.task);
    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        if (strcmp(task, tasks[i].task) == 0) {
            *q = mu_op_question_make(as_engine_has_it(r, tasks[i].kind));
            q->quantised = q->kind == MU_OP_CASE_GEMM;
            /* DeepGEMM's own benchmark flushes caches between calls. */
            q->copies = strstr(cell(r, r->at.engine), "DeepGEMM") != NULL ? 0.0 : 1.0;
            return NULL;
        }
    }
    return "the twin has no such operator";
}

/* Spaces in the name of a chip are dashes in its id. */
static const char *read_chip(const reader *r, mu_op_question *q)
{
    char name[NAME_TEXT_MAX];
    const mu_entity *chip = NULL;
    mu_error unknown = {0};
    const char *text = cell(r, r->at.chip);
    if (strlen(text) >= sizeof name) {
        return "the catalogue does not have its chip";
    }
    (void)snprintf(name, sizeof name, "%s", text);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == ' ') {
            *c = '-';
        }
    }
    if (mu_catalog_find(r->catalog, MU_ENTITY_CHIP, name, &chip, &unknown) != MU_OK) {
        return "the catalogue does not have its chip";
    }
    q->target = chip->id;
    return NULL;
}

/* "FP16/BF16" is of either. */
static const char *read_formats(const reader *r, mu_op_question *q)
{
    char word[NAME_TEXT_MAX];
    const char *text = cell(r, r->at.dtype_weights);
    size_t length = strcspn(text, "/");
    bool products = q->kind == MU_OP_CASE_GEMM;
    if (length == 0) {
        return products ? "its number format is not said" : NULL;
    }
    (void)snprintf(word, sizeof word, "%.*s", (int)length, text);
    if (!mu_op_question_format(q, word)) {
        return "unknown number format";
    }
    return NULL;
}

/* A number of the shape by its key. Of groups, m may be the rows of one or of all. */
static const char *read_pair(const char *key, const char *text, bool grouped, mu_op_question *q)
{
    double value = 0.0;
    bool is_number = mu_text_number(text, &value);
    int field = strcmp(key, "groups") == 0        ? (int)MU_OP_FIELD_BATCH
                : strcmp(key, "m_per_group") == 0 ? (int)MU_OP_FIELD_M
                : strcmp(key, "ep") == 0          ? (int)MU_OP_FIELD_RANKS
                                                  : mu_op_field_of(key);
    bool shape = field >= 0 && strcmp(key, "batch") != 0;
    if (shape && !is_number) {
        return "its shape is not in numbers";
    }
    if (shape) {
        q->number[field] = value;
    }
    return strcmp(key, "m") == 0 && grouped ? "rows of one group or of all: not said" : NULL;
}

static const char *read_pairs(const reader *r, mu_op_question *q)
{
    char text[PAIRS_TEXT_MAX];
    const char *all = cell(r, r->at.parallelism);
    if (strlen(all) >= sizeof text) {
        return "its shape is not in numbers";
    }
    (void)snprintf(text, sizeof text, "%s", all);
    bool grouped = strcmp(cell(r, r->at.task), "op_moe") == 0;
    const char *fault = NULL;
    char *rest = NULL;
    for (char *pair = strtok_r(text, ";", &rest); pair != NULL && fault == NULL;
         pair = strtok_r(NULL, ";", &rest)) {
        char *equals = strchr(pair, '=');
        if (equals != NULL) {
            *equals = '\0';
            fault = read_pair(pair, equals + 1, grouped, q);
        }
    }
    return fault;
}

/* "hidden 7168, top-8": the number after a word, or 0. */
static double noted(const char *notes, const char *word)
{
    const char *at = strstr(notes, word);
    return at != NULL ? strtod(at + strlen(word), NULL) : 0.0;
}

/* What stands in columns of its own, or in the notes. */
static void read_rest(const reader *r, mu_op_question *q)
{
    double *x = q->number;
    double value = 0.0;
    bool collective = mu_op_case_on_system(q->kind);
    if (q->kind == MU_OP_CASE_STREAM) {
        x[MU_OP_FIELD_BYTES] = copied_bytes;
    }
    if (collective && x[MU_OP_FIELD_RANKS] == 0.0 && number_of(r, r->at.chips, &value)) {
        x[MU_OP_FIELD_RANKS] = value;
    }
    if (collective && x[MU_OP_FIELD_BYTES] == 0.0) {
        const char *notes = cell(r, r->at.notes);
        x[MU_OP_FIELD_TOKENS] = number_of(r, r->at.batch_per_chip, &value) ? value : 0.0;
        x[MU_OP_FIELD_HIDDEN] = noted(notes, "hidden ");
        x[MU_OP_FIELD_TOPK] = noted(notes, "top-");
        x[MU_OP_FIELD_EXPERTS] = experts_dispatched_to;
    }
}

/* Ranks of a collective are consecutive in the twin. */
static const char *check_ranks(const reader *r, const mu_op_question *q)
{
    double nodes = 0.0;
    if (!mu_op_case_on_system(q->kind) || !number_of(r, r->at.nodes, &nodes) || nodes <= 1.0) {
        return NULL;
    }
    return q->number[MU_OP_FIELD_RANKS] >= SERVER_RANKS * nodes
               ? NULL
               : "ranks of several servers, not all of each";
}

static double flops_of(const mu_op_question *q)
{
    const double *x = q->number;
    return q->kind == MU_OP_CASE_GEMM
               ? 2.0 * x[MU_OP_FIELD_M] * x[MU_OP_FIELD_N] * x[MU_OP_FIELD_K] * x[MU_OP_FIELD_BATCH]
               : 0.0;
}

/* How a metric becomes a time. */
static const char *read_time(const reader *r, const mu_op_question *q, double *out)
{
    static const struct {
        const char *metric;
        const char *unit;
        char how; /* 't' time, 'f' flop rate, 'b' bus bandwidth, 'm' memory bandwidth */
        double si;
    } metrics[] = {{"latency", "us", 't', 1e-6},
                   {"latency", "ms", 't', 1e-3},
                   {"latency", "s", 't', 1.0},
                   {"compute_rate", "TFLOPS", 'f', 1e12},
                   {"bus_bandwidth", "GB/s", 'b', 1e9},
                   {"max_achievable_matmul", "TFLOPS", 'f', 1e12},
                   {"memory_bandwidth", "GB/s", 'm', 1e9}};
    double value = 0.0;
    for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++) {
        if (strcmp(cell(r, r->at.metric), metrics[i].metric) != 0 ||
            strcmp(cell(r, r->at.unit), metrics[i].unit) != 0) {
            continue;
        }
        if (!number_of(r, r->at.value, &value) || !(value > 0.0)) {
            return "expected a value above 0";
        }
        value *= metrics[i].si;
        bool copied = metrics[i].how == 'm' && q->kind == MU_OP_CASE_STREAM;
        double work = metrics[i].how == 'f'   ? flops_of(q)
                      : metrics[i].how == 'b' ? mu_op_bus_bandwidth(q, 1.0)
                      : copied                ? copied_bytes
                                              : 0.0;
        *out = metrics[i].how == 't' ? value : work / value;
        return *out > 0.0 ? NULL : "a bandwidth or rate of unknown work";
    }
    return "neither a time nor a rate or bandwidth of known work";
}

/* NULL, or why the figure cannot be asked. */
static const char *read_figure(const reader *r, mu_op_question *q, double *time_s)
{
    const char *(*const part[])(const reader *, mu_op_question *) = {read_task, read_chip,
                                                                     read_formats, read_pairs};
    const char *fault = NULL;
    for (size_t i = 0; i < sizeof part / sizeof part[0] && fault == NULL; i++) {
        fault = part[i](r, q);
    }
    if (fault != NULL) {
        return fault;
    }
    read_rest(r, q);
    fault = check_ranks(r, q);
    if (fault == NULL) {
        fault = mu_op_question_fault(q, r->list->arena);
    }
    return fault != NULL ? fault : read_time(r, q, time_s);
}

static void count_reason(reader *r, const char *text)
{
    uint32_t i = 0;
    while (i < r->reasons && strncmp(r->reason[i].text, text, sizeof r->reason[i].text - 1) != 0) {
        i++;
    }
    if (i == REASONS_MAX) {
        return;
    }
    if (i == r->reasons) {
        r->reason[i] = (reason){.first_line = mu_csv_line(r->csv)};
        (void)snprintf(r->reason[i].text, sizeof r->reason[i].text, "%s", text);
        r->reasons++;
    }
    r->reason[i].rows++;
}

static mu_status read_row(reader *r)
{
    const char *task = cell(r, r->at.task);
    mu_op_question q;
    double time_s = 0.0;
    if (strncmp(task, "op_", 3) != 0 && strncmp(task, "comm_", 5) != 0) {
        return MU_OK;
    }
    const char *fault = read_figure(r, &q, &time_s);
    if (fault == NULL && !mu_op_time_is_sane(time_s)) {
        fault = "the time is not between 1 ns and 10000 s";
    }
    if (fault != NULL) {
        count_reason(r, fault);
        return MU_OK;
    }
    r->taken++;
    return mu_op_case_add(r->list, &q, mu_op_key(&q, r->list->arena), time_s, NULL, r->err);
}

static mu_status warn_of_reasons(const reader *r, mu_op_warnings *warnings)
{
    for (uint32_t i = 0; i < r->reasons; i++) {
        char where[MU_ERROR_FILE_MAX + 16];
        char text[192];
        (void)snprintf(where, sizeof where, "%.*s:%u", MU_ERROR_FILE_MAX - 1, r->path,
                       r->reason[i].first_line);
        (void)snprintf(text, sizeof text, "%u %s left out: %s", r->reason[i].rows,
                       r->reason[i].rows == 1 ? "figure is" : "figures are", r->reason[i].text);
        if (mu_op_warn(r->list->arena, warnings, where, text) != MU_OK) {
            return mu_fail(r->err, MU_E_MEMORY, "no memory for warnings");
        }
    }
    return MU_OK;
}

static mu_status read_rows(reader *r, mu_op_warnings *warnings)
{
    const char *missing = "";
    if (!find_columns(r, &missing)) {
        return mu_fail_at(r->err, MU_NO, r->path, 1, 0,
                          "no table of published figures: the column \"%s\" is missing", missing);
    }
    bool more = true;
    mu_status status = MU_OK;
    while (status == MU_OK) {
        status = mu_csv_next(r->csv, &more, r->err);
        if (status != MU_OK || !more) {
            break;
        }
        status = read_row(r);
    }
    if (status == MU_OK && r->taken == 0) {
        return mu_fail_at(
            r->err, MU_E_INPUT, r->path, 0, 0, "no figure of an operator can be used%s%s",
            r->reasons > 0 ? "; the first: " : "", r->reasons > 0 ? r->reason[0].text : "");
    }
    return status == MU_OK ? warn_of_reasons(r, warnings) : status;
}

mu_status mu_op_figures_read(const char *path, const mu_catalog *catalog, mu_case_list *list,
                             mu_op_warnings *warnings, mu_error *err)
{
    reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    r->path = path;
    r->catalog = catalog;
    r->list = list;
    r->err = err;
    mu_status status = mu_csv_open(path, &r->csv, err);
    if (status == MU_OK) {
        status = read_rows(r, warnings);
    }
    mu_csv_close(r->csv);
    free(r);
    return status;
}
