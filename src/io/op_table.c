/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of operator tables into questions.
 *
 * What:  the columns of a layout are looked up once a table; a row then fills an array of numbers.
 * Terms: a plan is a layout with its columns found in one table.
 * Bound: a bare `latency` is milliseconds, as in the tables of aiconfigurator; other units are in
 *        the name.
 */
#include "io/op_table.h"

#include "base/text.h"
#include "io/csv_read.h"
#include "io/op_layout.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    STEPS_MAX = 32,
    TIMES_MAX = 4,
    PLANS_MAX = 4,
    TABLE_NAME_MAX = 128,
    WORD_MAX = 64,
    HASHES_FIRST = 1024
};

static const double time_low_s = 1e-9;
static const double time_high_s = 1e4;

/* One column into one number. */
typedef struct step {
    int column;
    mu_op_field field;
    char how; /* '=' sets, '+' adds, '*' multiplies */
} step;

typedef struct plan {
    const mu_op_layout *layout;
    step steps[STEPS_MAX];
    uint32_t step_count;
    int time[TIMES_MAX];
    double time_unit_s[TIMES_MAX];
    uint32_t time_count;
    int kind; /* columns; -1 = none */
    int format;
    int kv;
    int spread;
    int kernel;
    int quantised;
    int version;
    int copies;
    int only; /* column that must say only_value; -1 = none */
    const char *only_value;
    mu_op_question start; /* constants set */
} plan;

typedef struct reader {
    const char *path;
    const char *chip;
    char table[TABLE_NAME_MAX];
    mu_csv *csv;
    mu_case_list *list;
    mu_op_warnings *warnings;
    plan plans[PLANS_MAX];
    uint32_t plan_count;
    uint32_t bad;
    uint32_t good;
    uint64_t *hash; /* [good] of the questions; owned */
    uint32_t hash_capacity;
    uint32_t bad_line; /* of the last bad row */
    char fault[96];
    mu_error *err;
} reader;

mu_status mu_op_warn(mu_arena *arena, mu_op_warnings *warnings, const char *where, const char *what)
{
    if (warnings->count < MU_OP_WARNINGS_MAX) {
        const char *text = mu_arena_printf(arena, "%s: %s", where, what);
        if (text == NULL) {
            return MU_E_MEMORY;
        }
        warnings->text[warnings->count] = text;
    }
    warnings->count++;
    return MU_OK;
}

mu_status mu_op_case_add(mu_case_list *list, const mu_op_question *question, const char *key,
                         double time_s, const char *fault, mu_error *err)
{
    mu_op_question *kept = MU_NEW(list->arena, mu_op_question, 1);
    mu_measure *measure = MU_NEW(list->arena, mu_measure, 1);
    if (kept == NULL || measure == NULL || key == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for the rows of a table");
    }
    *kept = *question;
    *measure = (mu_measure){.kind = MU_MEASURE_LATENCY, .value = time_s};
    mu_case c = {.id = key,
                 .source = "",
                 .engine_version = "",
                 .date = "",
                 .fit = mu_case_is_fit(key),
                 .verb = MU_CASE_OP,
                 .op = kept,
                 .fault = fault,
                 .measure_count = 1,
                 .measure = measure};
    return mu_case_list_add(list, &c, err);
}

bool mu_op_time_is_sane(double time_s)
{
    return time_s >= time_low_s && time_s <= time_high_s;
}

/* Names the row that is being read. */
static mu_status warn(reader *r, const char *what)
{
    char where[MU_ERROR_FILE_MAX + 16];
    (void)snprintf(where, sizeof where, "%.*s:%u", MU_ERROR_FILE_MAX - 1, r->path,
                   mu_csv_line(r->csv));
    if (mu_op_warn(r->list->arena, r->warnings, where, what) != MU_OK) {
        return mu_fail(r->err, MU_E_MEMORY, "no memory for warnings");
    }
    return MU_OK;
}

/* Cuts the next word off a list; false at the end. */
static bool next_word(const char **list, char word[WORD_MAX])
{
    if (*list == NULL) {
        return false;
    }
    *list += strspn(*list, " ");
    size_t length = strcspn(*list, " ");
    assert(length < WORD_MAX);
    memcpy(word, *list, length);
    word[length] = '\0';
    *list += length;
    return length > 0;
}

/* "isl:+context" of a layout; false when the column is missing. */
static bool plan_column(const mu_csv *csv, const char *word, plan *p)
{
    char column[WORD_MAX];
    bool optional = word[0] == '?';
    const char *name = optional ? word + 1 : word;
    const char *colon = strchr(name, ':');
    const char *key = colon != NULL ? colon + 1 : name;
    size_t length = colon != NULL ? (size_t)(colon - name) : strlen(name);
    memcpy(column, name, length);
    column[length] = '\0';
    char how = '=';
    if (*key == '+' || *key == '*') {
        how = *key;
    }
    int found = mu_csv_column(csv, column);
    if (found < 0) {
        return optional;
    }
    int field = mu_op_field_of(how == '=' ? key : key + 1);
    assert(field >= 0 && p->step_count < STEPS_MAX);
    p->steps[p->step_count++] = (step){.column = found, .field = (mu_op_field)field, .how = how};
    return true;
}

/* Seconds a unit of a column that is named by it; 0 when it is not a time. */
static double unit_of(const char *column)
{
    static const struct {
        const char *end;
        double unit_s;
    } units[] = {{"_us", 1e-6}, {"_ms", 1e-3}, {"_ns", 1e-9}, {"_s", 1.0}, {"latency", 1e-3}};
    size_t length = strlen(column);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t end = strlen(units[i].end);
        if (length >= end && strcmp(column + length - end, units[i].end) == 0) {
            return units[i].unit_s;
        }
    }
    return 0.0;
}

static bool plan_times(const mu_csv *csv, const mu_op_layout *layout, plan *p)
{
    static const char *const usual[] = {"latency", "latency_us", "latency_ms", "latency_s",
                                        "time_us", "time_ms",    "time_s"};
    char word[WORD_MAX];
    const char *list = layout->times;
    while (next_word(&list, word)) {
        int column = mu_csv_column(csv, word);
        if (column < 0) {
            return false;
        }
        p->time[p->time_count] = column;
        p->time_unit_s[p->time_count++] = unit_of(word);
    }
    for (size_t i = 0; p->time_count == 0 && i < sizeof usual / sizeof usual[0]; i++) {
        int column = mu_csv_column(csv, usual[i]);
        if (column >= 0) {
            p->time[0] = column;
            p->time_unit_s[0] = unit_of(usual[i]);
            p->time_count = 1;
        }
    }
    return p->time_count > 0;
}

/* A column that may be left out of a layout; false when it is named and missing. */
static bool plan_name(const mu_csv *csv, const char *column, int *out)
{
    *out = -1;
    if (column == NULL) {
        return true;
    }
    bool optional = column[0] == '?';
    *out = mu_csv_column(csv, optional ? column + 1 : column);
    return optional || *out >= 0;
}

static void plan_constants(const mu_op_layout *layout, const char *table, plan *p)
{
    char word[WORD_MAX];
    const char *list = layout->constants;
    while (next_word(&list, word)) {
        char *equals = strchr(word, '=');
        assert(equals != NULL);
        *equals = '\0';
        int field = mu_op_field_of(word);
        assert(field >= 0);
        p->start.number[field] = strtod(equals + 1, NULL);
    }
    list = layout->name_numbers;
    const char *rest = table + strlen(layout->table) - 1;
    while (layout->name_numbers != NULL && next_word(&list, word)) {
        char *end = NULL;
        p->start.number[mu_op_field_of(word)] = strtod(rest, &end);
        rest = *end == '-' ? end + 1 : end;
    }
}

/* Finds a layout's columns. False with the first missing one in `missing`. */
static bool make_plan(const reader *r, const mu_op_layout *layout, plan *p, char missing[WORD_MAX])
{
    const mu_csv *csv = r->csv;
    char word[WORD_MAX];
    *p = (plan){.layout = layout, .only = -1};
    const struct {
        const char *column;
        int *place;
    } names[] = {{layout->kind_column, &p->kind},
                 {layout->format_column, &p->format},
                 {layout->kv_column, &p->kv}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!plan_name(csv, names[i].column, names[i].place)) {
            (void)snprintf(missing, WORD_MAX, "%s", names[i].column);
            return false;
        }
    }
    const char *list = layout->columns;
    while (next_word(&list, word)) {
        if (!plan_column(csv, word, p)) {
            (void)snprintf(missing, WORD_MAX, "%.*s", (int)strcspn(word, ":"), word);
            return false;
        }
    }
    if (!plan_times(csv, layout, p)) {
        (void)snprintf(missing, WORD_MAX, "%s", layout->times != NULL ? layout->times : "latency");
        return false;
    }
    p->spread = mu_csv_column(csv, "distribution");
    p->kernel = mu_csv_column(csv, "kernel_source");
    p->quantised = mu_csv_column(csv, "quantised_input");
    p->version = mu_csv_column(csv, "version");
    p->copies = mu_csv_column(csv, "copies");
    if (layout->only != NULL) {
        p->only_value = strchr(layout->only, '=') + 1;
        (void)snprintf(word, sizeof word, "%.*s", (int)(p->only_value - 1 - layout->only),
                       layout->only);
        p->only = mu_csv_column(csv, word);
        if (p->only < 0) {
            (void)snprintf(missing, WORD_MAX, "%s", word);
            return false;
        }
    }
    p->start = mu_op_question_make(layout->kind);
    plan_constants(layout, r->table, p);
    return true;
}

static mu_status make_plans(reader *r)
{
    uint32_t count = 0;
    const mu_op_layout *layouts = mu_op_layouts(&count);
    char missing[WORD_MAX] = "";
    bool known = false;
    for (uint32_t i = 0; i < count && r->plan_count < PLANS_MAX; i++) {
        bool own = strcmp(layouts[i].table, "*") == 0;
        if (!mu_op_layout_is_for(&layouts[i], r->table) || (own && r->plan_count > 0)) {
            continue;
        }
        char this_missing[WORD_MAX] = "";
        if (make_plan(r, &layouts[i], &r->plans[r->plan_count], this_missing)) {
            r->plan_count++;
        } else if (missing[0] == '\0') {
            (void)snprintf(missing, sizeof missing, "%s", this_missing);
        }
        known = known || !own;
    }
    if (r->plan_count > 0) {
        return MU_OK;
    }
    if (known) {
        return mu_fail_at(r->err, MU_E_INPUT, r->path, 1, 0, "the column \"%s\" is missing",
                          missing);
    }
    return mu_fail_at(r->err, MU_NO, r->path, 1, 0,
                      "no known table: expected a column \"op\" (and dtype, latency_s, ...), or a "
                      "file named as one of the known tables");
}

/* NULL, or what is wrong with a cell of the row. */
static const char *read_number(const reader *r, int column, double *out)
{
    const char *cell = mu_csv_cell(r->csv, column);
    if (!mu_text_number(cell, out) || *out < 0.0) {
        return "expected a number of 0 or more";
    }
    return NULL;
}

static const char *read_time(const reader *r, const plan *p, double *out)
{
    *out = 0.0;
    for (uint32_t i = 0; i < p->time_count; i++) {
        double part = 0.0;
        if (!mu_text_number(mu_csv_cell(r->csv, p->time[i]), &part)) {
            return "the time is not a number";
        }
        if (part < 0.0) {
            return "the time is negative";
        }
        *out += part * p->time_unit_s[i];
    }
    return mu_op_time_is_sane(*out) ? NULL : "the time is not between 1 ns and 10000 s";
}

/* Whether aiconfigurator's collector of 1.3 or later took the row. */
static bool is_recent(const reader *r, const plan *p)
{
    char *end = NULL;
    unsigned long major = strtoul(mu_csv_cell(r->csv, p->version), &end, 10);
    unsigned long minor = *end == '.' ? strtoul(end + 1, NULL, 10) : 0;
    return major > 1 || (major == 1 && minor >= 3);
}

/*
 * How the collectors of aiconfigurator repeat a call. Products: five copies of the weights took
 * turns, and from 1.3 on as many as exceed L2; layers of whole networks (trt_flow) pass others in
 * between, and tables that name no version say that caches are flushed. Decode attention: caches
 * had room for keys alone before 1.3.
 */
static void read_ways(const reader *r, const plan *p, mu_op_question *q)
{
    double said = 0.0;
    q->copies = p->layout->copies;
    if (p->copies >= 0 && mu_text_number(mu_csv_cell(r->csv, p->copies), &said) && said >= 0.0) {
        q->copies = said;
    }
    if ((p->layout->flags & MU_LAYOUT_COLLECTED) == 0 || p->version < 0) {
        return;
    }
    bool recent = is_recent(r, p);
    bool network = p->kernel >= 0 && strncmp(mu_csv_cell(r->csv, p->kernel), "trt_flow", 8) == 0;
    q->copies = network ? 0.0 : recent ? MU_COPIES_OF_L2 : 5.0;
    q->aliased = q->kind == MU_OP_CASE_DECODE && !recent;
}

static const char *read_words(const reader *r, const plan *p, mu_op_question *q)
{
    const mu_csv *csv = r->csv;
    mu_dtype kv = MU_DTYPE_BF16;
    if (p->kind >= 0) {
        mu_op_case_kind kind = MU_OP_CASE_GEMM;
        const char *word = mu_csv_cell(csv, p->kind);
        if (strncmp(word, "causal_conv1d", 13) == 0) {
            word = "causal_conv1d"; /* of a whole prompt or of one token: the same work a token */
        }
        if (!mu_op_case_parse(word, &kind)) {
            return "unknown operator";
        }
        *q = mu_op_question_make(kind);
    }
    const char *format = p->format >= 0 ? mu_csv_cell(csv, p->format) : p->layout->format;
    if (!mu_op_question_format(q, format != NULL && format[0] != '\0' ? format : "bf16")) {
        return "unknown number format";
    }
    if (p->kv >= 0 && mu_csv_cell(csv, p->kv)[0] != '\0') {
        if (!mu_dtype_parse(mu_csv_cell(csv, p->kv), &kv)) {
            return "unknown format of the cache";
        }
        q->kv = kv;
    }
    if (q->kind == MU_OP_CASE_MOE && p->spread >= 0 &&
        !mu_op_question_spread(q, mu_csv_cell(csv, p->spread))) {
        return "unknown distribution over experts";
    }
    q->gated = p->kernel < 0 || strstr(mu_csv_cell(csv, p->kernel), "nongated") == NULL;
    read_ways(r, p, q);
    q->quantised = (p->layout->flags & MU_LAYOUT_QUANTISED) != 0 ||
                   (p->quantised >= 0 && strcmp(mu_csv_cell(csv, p->quantised), "true") == 0);
    return NULL;
}

static const char *read_numbers(const reader *r, const plan *p, mu_op_question *q)
{
    for (uint32_t i = 0; i < p->step_count; i++) {
        const step *s = &p->steps[i];
        double value = 0.0;
        if (mu_csv_cell(r->csv, s->column)[0] == '\0' && p->kind >= 0) {
            continue; /* tables of many operators leave empty what does not apply */
        }
        const char *fault = read_number(r, s->column, &value);
        if (fault != NULL) {
            return fault;
        }
        double *number = &q->number[s->field];
        *number = s->how == '+' ? *number + value : s->how == '*' ? *number * value : value;
    }
    if ((p->layout->flags & MU_LAYOUT_ELEMENTS) != 0) {
        q->number[MU_OP_FIELD_BYTES] *= mu_op_element_bytes(q->dtype);
    }
    if ((p->layout->flags & MU_LAYOUT_OF_EIGHT) != 0) {
        q->number[MU_OP_FIELD_RANKS] *= 8.0;
    }
    bool gathered = q->kind == MU_OP_CASE_ALL_GATHER || q->kind == MU_OP_CASE_REDUCE_SCATTER;
    if (gathered && (p->layout->flags & MU_LAYOUT_PER_RANK) != 0) {
        q->number[MU_OP_FIELD_BYTES] *= q->number[MU_OP_FIELD_RANKS];
    }
    return NULL;
}

/* NULL, or why the row cannot be asked. */
static const char *read_question(const reader *r, const plan *p, mu_op_question *q, double *time_s)
{
    const char *fault = read_time(r, p, time_s);
    if (fault == NULL) {
        fault = read_words(r, p, q);
    }
    q->target = r->chip;
    if (fault == NULL) {
        fault = read_numbers(r, p, q);
    }
    return fault != NULL ? fault : mu_op_question_fault(q, r->list->arena);
}

static mu_status keep_hash(reader *r, uint64_t hash)
{
    if (r->good == r->hash_capacity) {
        uint32_t capacity = r->hash_capacity == 0 ? HASHES_FIRST : 2 * r->hash_capacity;
        uint64_t *grown = realloc(r->hash, capacity * sizeof *grown);
        if (grown == NULL) {
            return mu_fail(r->err, MU_E_MEMORY, "no memory for the rows of %s", r->path);
        }
        r->hash = grown;
        r->hash_capacity = capacity;
    }
    r->hash[r->good++] = hash;
    return MU_OK;
}

static mu_status take_row(reader *r, const plan *p, const mu_op_question *q, double time_s)
{
    const char *key = mu_op_key(q, r->list->arena);
    if (key == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "no memory for the rows of %s", r->path);
    }
    mu_status status = keep_hash(r, mu_text_hash(key));
    return status == MU_OK ? mu_op_case_add(r->list, q, key, time_s, p->layout->refused, r->err)
                           : status;
}

static mu_status read_row(reader *r, const plan *p)
{
    mu_op_question q = p->start;
    double time_s = 0.0;
    if (p->time_count > 0 && mu_csv_cell(r->csv, p->time[0])[0] == '\0' && r->plan_count > 1) {
        return MU_OK; /* of two times in a row, this one was not measured */
    }
    mu_arena_mark mark = mu_arena_here(r->list->arena);
    const char *fault = read_question(r, p, &q, &time_s);
    if (fault != NULL) {
        r->bad++;
        r->bad_line = mu_csv_line(r->csv);
        (void)snprintf(r->fault, sizeof r->fault, "%s", fault);
        mu_arena_back(r->list->arena, mark);
        return warn(r, r->fault);
    }
    if (r->list->count >= MU_OP_ROWS_MAX) {
        return mu_fail_at(r->err, MU_E_INPUT, r->path, mu_csv_line(r->csv), 0,
                          "more than %d rows in all", MU_OP_ROWS_MAX);
    }
    mu_status status = take_row(r, p, &q, time_s);
    if (r->list->take != NULL) {
        mu_arena_back(r->list->arena, mark);
    }
    return status;
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Counts rows of this table that ask what another row asks. */
static mu_status warn_of_repeats(reader *r)
{
    qsort(r->hash, r->good, sizeof r->hash[0], by_hash);
    uint32_t repeats = 0;
    for (uint32_t i = 1; i < r->good; i++) {
        repeats += r->hash[i] == r->hash[i - 1] ? 1 : 0;
    }
    if (repeats > 0) {
        char text[96];
        (void)snprintf(text, sizeof text, "%u of %u rows ask what an earlier row asks", repeats,
                       r->good);
        return warn(r, text);
    }
    return MU_OK;
}

static bool is_for(const reader *r, const plan *p)
{
    return p->only < 0 || strcmp(mu_csv_cell(r->csv, p->only), p->only_value) == 0;
}

static mu_status read_rows(reader *r)
{
    bool more = true;
    mu_status status = MU_OK;
    while (status == MU_OK) {
        status = mu_csv_next(r->csv, &more, r->err);
        if (status != MU_OK || !more) {
            break;
        }
        bool any = false;
        for (uint32_t i = 0; i < r->plan_count && status == MU_OK; i++) {
            if (is_for(r, &r->plans[i])) {
                any = true;
                status = read_row(r, &r->plans[i]);
            }
        }
        if (status == MU_OK && !any) {
            r->bad++;
            r->bad_line = mu_csv_line(r->csv);
            (void)snprintf(r->fault, sizeof r->fault, "of a model whose shape is not known here");
            status = warn(r, r->fault);
        }
    }
    if (status == MU_OK && r->bad > 0 && r->good == 0) {
        return mu_fail_at(r->err, MU_E_INPUT, r->path, 0, 0,
                          "no row can be used; the last, line %u: %s", r->bad_line, r->fault);
    }
    if (status == MU_OK && r->good == 0) {
        return mu_fail_at(r->err, MU_E_INPUT, r->path, 0, 0, "no row can be used");
    }
    return status == MU_OK ? warn_of_repeats(r) : status;
}

/* "gemm" of "tables/h100/gemm.csv.zst" */
static bool table_name(const char *path, char out[TABLE_NAME_MAX])
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *end = strstr(name, ".csv");
    if (end == NULL || (strcmp(end, ".csv") != 0 && strcmp(end, ".csv.zst") != 0) ||
        end - name >= TABLE_NAME_MAX) {
        return false;
    }
    memcpy(out, name, (size_t)(end - name));
    out[end - name] = '\0';
    return true;
}

mu_status mu_op_table_read(const char *path, const char *chip, mu_case_list *list,
                           mu_op_warnings *warnings, mu_error *err)
{
    reader *r = malloc(sizeof *r);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    memset(r, 0, sizeof *r);
    r->path = path;
    r->chip = chip;
    r->list = list;
    r->warnings = warnings;
    r->err = err;
    mu_status status = MU_OK;
    if (!table_name(path, r->table)) {
        status = mu_fail_at(err, MU_E_INPUT, path, 0, 0,
                            "expected a file name that ends in .csv or "
                            ".csv.zst");
    }
    if (status == MU_OK) {
        status = mu_csv_open(path, &r->csv, err);
    }
    if (status == MU_OK) {
        status = make_plans(r);
    }
    if (status == MU_OK) {
        status = read_rows(r);
    }
    mu_csv_close(r->csv);
    free(r->hash);
    free(r);
    return status;
}
