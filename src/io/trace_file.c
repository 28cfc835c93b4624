/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of a trace as requests.
 *
 * What:  checks what scanners cannot know: lengths, tenants, the order of arrival, how many block
 *        ids a request can have; and names the place of every fault.
 * Terms: a row is late by how much it arrives before the row in front of it; up to late_s it counts
 *        as simultaneous (clocks of several front ends), beyond it the file is out of order.
 */
#include "io/trace_file.h"

#include "io/line_read.h"
#include "io/trace_plan.h"
#include "io/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOUND_MAX = 32 };

static const double late_s = 1e-3;

struct mu_trace_file {
    mu_lines *lines;
    mu_trace_plan plan;
    mu_trace_row row;
    mu_line line; /* of row */
    bool pending; /* the line is yet to be read as a row */
    double speed;
    uint64_t skip;    /* as asked for */
    uint64_t skipped; /* of them */
    uint64_t left;    /* still to be handed out */
    mu_moment origin;
    bool begun;  /* origin is set */
    double last; /* seconds from the origin by the file's clock, of the last row */
    uint64_t handed_out, failed, late;
};

static uint32_t column_of(const mu_scan *scan)
{
    uint32_t column = 1;
    for (const char *p = scan->line; p < scan->at; p++) {
        column += ((unsigned char)*p & 0xC0) != 0x80 ? 1 : 0;
    }
    return column;
}

/* What stands at the fault, short and printable. */
static void describe(const mu_scan *scan, char out[FOUND_MAX + 8])
{
    mu_text_place place;
    if (scan->at >= scan->end) {
        (void)snprintf(out, FOUND_MAX + 8, "the end of the line");
        return;
    }
    bool quoted = *scan->at == '"';
    size_t length = strcspn(scan->at + (quoted ? 1 : 0), ",}]\"");
    length += quoted ? (scan->at[length + 1] == '"' ? 2 : 1) : 0;
    length = length == 0 ? 1 : length;
    bool cut = length > FOUND_MAX;
    length = cut ? FOUND_MAX : length;
    bool text = mu_utf8_fault(scan->at, length, &place) == NULL;
    (void)snprintf(out, FOUND_MAX + 8, "\"%.*s%s\"", (int)length, scan->at, cut ? "..." : "");
    for (char *p = out; !text && *p != '\0'; p++) {
        *p = (char)((unsigned char)*p < 0x80 ? *p : '?');
    }
}

static mu_status fail_scan(const mu_trace_file *file, const mu_scan *scan, mu_error *err)
{
    char found[FOUND_MAX + 8];
    if (scan->expected == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    describe(scan, found);
    return mu_fail_at(err, MU_E_INPUT, mu_lines_path(file->lines), file->line.number,
                      column_of(scan), "expected %s, found %s", scan->expected, found);
}

static mu_scan scan_of(const mu_trace_file *file)
{
    return (mu_scan){.line = file->line.text,
                     .at = file->line.text,
                     .end = file->line.text + file->line.length,
                     .json = file->plan.json};
}

static mu_status fail_value(const mu_trace_file *file, mu_trace_field field, mu_error *err)
{
    mu_scan scan = scan_of(file);
    (void)mu_scan_fail(&scan, file->row.place[field], mu_trace_expected(field));
    return fail_scan(file, &scan, err);
}

/* The next line that says something. */
static mu_status next_line(mu_trace_file *file, bool *more, mu_error *err)
{
    for (;;) {
        mu_status status = mu_lines_next(file->lines, &file->line, more, err);
        if (status != MU_OK || !*more) {
            return status;
        }
        const char *p = file->line.text;
        while (*p == ' ' || *p == '\t') {
            p++;
        }
        if (*p != '\0' && *p != '#') {
            return MU_OK;
        }
    }
}

/* Reads the heading; of a JSONL file the first object, which is a row, too. */
static mu_status read_plan(mu_trace_file *file, mu_error *err)
{
    bool more = false;
    mu_status status = next_line(file, &more, err);
    if (status != MU_OK) {
        return status;
    }
    if (!more) {
        return mu_fail_at(err, MU_E_INPUT, mu_lines_path(file->lines), 0, 0,
                          "is empty: expected a heading and rows, or an object a line");
    }
    mu_scan scan = scan_of(file);
    mu_scan_space(&scan);
    bool json = *scan.at == '{';
    scan.json = json;
    file->pending = json;
    if (*scan.at == '[') {
        (void)mu_scan_fail(&scan, scan.at, "a CSV heading, or an object a line");
        return fail_scan(file, &scan, err);
    }
    bool ok = json ? mu_trace_plan_json(&scan, &file->plan) : mu_trace_plan_csv(&scan, &file->plan);
    return ok ? MU_OK : fail_scan(file, &scan, err);
}

/* Seconds from the origin to the row, by the file's clock. */
static double since_origin(const mu_trace_file *file)
{
    const mu_moment *now = &file->row.arrival;
    double per_s = now->dated ? 1e9 : file->plan.per_s;
    return ((double)(now->ticks - file->origin.ticks) + (now->part - file->origin.part)) / per_s;
}

/* Sets file->last; the row must not be before the last one. */
static mu_status check_order(mu_trace_file *file, mu_error *err)
{
    if (!file->begun) {
        file->origin = file->row.arrival;
        file->begun = true;
    }
    if (file->row.arrival.dated != file->origin.dated) {
        mu_scan scan = scan_of(file);
        (void)mu_scan_fail(&scan, file->row.place[MU_TRACE_ARRIVAL],
                           file->origin.dated ? "a date, as in the rows before"
                                              : "a number, as in the rows before");
        return fail_scan(file, &scan, err);
    }
    double now = since_origin(file);
    if (now < file->last - late_s) {
        mu_scan scan = scan_of(file);
        scan.at = file->row.place[MU_TRACE_ARRIVAL];
        return mu_fail_at(err, MU_E_INPUT, mu_lines_path(file->lines), file->line.number,
                          column_of(&scan),
                          "expected rows in order of arrival, found one %.6g s before the last",
                          file->last - now);
    }
    file->late += now < file->last ? 1 : 0;
    file->last = now < file->last ? file->last : now;
    return MU_OK;
}

static bool is_length(uint64_t tokens)
{
    return tokens >= 1 && tokens <= MU_REQUEST_TOKENS_MAX;
}

static mu_status check_values(const mu_trace_file *file, mu_error *err)
{
    const mu_trace_row *row = &file->row;
    for (int i = MU_TRACE_INPUT; i <= MU_TRACE_OUTPUT; i++) {
        if (!is_length(row->number[i])) {
            return fail_value(file, (mu_trace_field)i, err);
        }
    }
    if (row->number[MU_TRACE_TENANT] >= MU_TENANTS_MAX) {
        return fail_value(file, MU_TRACE_TENANT, err);
    }
    uint64_t unit = file->plan.block_tokens;
    uint64_t tokens = row->number[MU_TRACE_INPUT] + row->number[MU_TRACE_OUTPUT];
    if (row->block_count > 0 && row->block_count > (tokens + unit - 1) / unit) {
        mu_scan scan = scan_of(file);
        scan.at = row->place[MU_TRACE_BLOCKS];
        return mu_fail_at(err, MU_E_INPUT, mu_lines_path(file->lines), file->line.number,
                          column_of(&scan),
                          "expected at most %llu block ids of %llu tokens for a request of %llu, "
                          "found %zu",
                          (unsigned long long)((tokens + unit - 1) / unit),
                          (unsigned long long)unit, (unsigned long long)tokens, row->block_count);
    }
    return MU_OK;
}

/* Makes ids of blocks alone stand for all blocks before them, too (the finisher of MurmurHash3). */
static void chain(uint64_t block[], size_t count)
{
    uint64_t before = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t x = block[i] + 0x9E3779B97F4A7C15U * (before + 1);
        x = (x ^ (x >> 33)) * 0xFF51AFD7ED558CCDU;
        x = (x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53U;
        before = x ^ (x >> 33);
        block[i] = before;
    }
}

/* How many ids are of whole blocks: the last one, of prompt or answer, may not be. */
static uint32_t whole_blocks(const mu_trace_file *file)
{
    uint64_t unit = file->plan.block_tokens;
    uint64_t input = file->row.number[MU_TRACE_INPUT];
    uint64_t count = file->row.block_count;
    if (count == 0) {
        return 0;
    }
    bool answer_too = count > (input + unit - 1) / unit;
    uint64_t whole = (answer_too ? input + file->row.number[MU_TRACE_OUTPUT] : input) / unit;
    return (uint32_t)(count < whole ? count : whole);
}

static mu_request make_request(mu_trace_file *file)
{
    mu_trace_row *row = &file->row;
    if (file->handed_out == 0) {
        file->origin = row->arrival;
        file->last = 0.0;
    }
    if (file->plan.chain) {
        chain(row->block, row->block_count);
    }
    file->handed_out++;
    return (mu_request){.arrival_s = file->last / file->speed,
                        .input = (uint32_t)row->number[MU_TRACE_INPUT],
                        .output = (uint32_t)row->number[MU_TRACE_OUTPUT],
                        .tenant = (uint32_t)row->number[MU_TRACE_TENANT],
                        .block_tokens = file->plan.block_tokens,
                        .block_count = whole_blocks(file),
                        .block = row->block};
}

/* Reads the row in the line; *wanted when it is a request to be handed out. */
static mu_status read_row(mu_trace_file *file, bool *wanted, mu_error *err)
{
    mu_scan scan = scan_of(file);
    bool ok = file->plan.json ? mu_trace_row_json(&file->plan, &scan, &file->row)
                              : mu_trace_row_csv(&file->plan, &scan, &file->row);
    mu_status status = ok ? check_order(file, err) : fail_scan(file, &scan, err);
    *wanted = false;
    if (status != MU_OK) {
        return status;
    }
    const uint64_t *number = file->row.number;
    if (file->plan.zero_is_failed &&
        (number[MU_TRACE_INPUT] == 0 || number[MU_TRACE_OUTPUT] == 0)) {
        file->failed++;
        return MU_OK;
    }
    status = check_values(file, err);
    if (status == MU_OK && file->skipped < file->skip) {
        file->skipped++;
        return MU_OK;
    }
    *wanted = status == MU_OK;
    return status;
}

/* The file has ended before any request was handed out: why. */
static mu_status fail_nothing(const mu_trace_file *file, mu_error *err)
{
    const char *path = mu_lines_path(file->lines);
    if (file->skipped > 0) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0,
                          "expected more requests than the %llu to be skipped, found %llu",
                          (unsigned long long)file->skip, (unsigned long long)file->skipped);
    }
    if (file->failed > 0) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0,
                          "expected requests, found only %llu that had failed",
                          (unsigned long long)file->failed);
    }
    return mu_fail_at(err, MU_E_INPUT, path, 0, 0, "expected requests, found only a heading");
}

mu_status mu_trace_file_next(mu_trace_file *file, mu_request *out, bool *more, mu_error *err)
{
    bool wanted = false;
    *more = file->left > 0;
    while (*more && !wanted) {
        mu_status status = file->pending ? MU_OK : next_line(file, more, err);
        file->pending = false;
        if (status == MU_OK && *more) {
            status = read_row(file, &wanted, err);
        }
        if (status != MU_OK) {
            return status;
        }
    }
    if (!*more) {
        return file->handed_out == 0 ? fail_nothing(file, err) : MU_OK;
    }
    file->left--;
    *out = make_request(file);
    return MU_OK;
}

/* A trace is read more than once: it cannot come from a pipe. */
static mu_status check_kind(const char *path, mu_error *err)
{
    struct stat about;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) {
        return mu_fail_at(err, MU_E_INPUT, path, 0, 0,
                          "is no plain file: a trace is read more than once");
    }
    return MU_OK;
}

mu_status mu_trace_file_open(const mu_trace_options *options, mu_trace_file **out, mu_error *err)
{
    mu_trace_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    file->speed = options->speed;
    file->skip = options->skip;
    file->left = options->limit > 0 ? options->limit : UINT64_MAX;
    mu_status status = check_kind(options->path, err);
    if (status == MU_OK) {
        status = mu_lines_open(options->path, MU_TRACE_LINE_MAX, "a trace", &file->lines, err);
    }
    if (status == MU_OK) {
        status = read_plan(file, err);
    }
    if (status != MU_OK) {
        mu_trace_file_close(file);
        return status;
    }
    *out = file;
    return MU_OK;
}

void mu_trace_file_close(mu_trace_file *file)
{
    if (file != NULL) {
        mu_lines_close(file->lines);
        free(file->row.block);
        free(file);
    }
}

void mu_trace_file_tell(const mu_trace_file *file, mu_trace_summary *out)
{
    out->layout = file->plan.layout;
    out->block_tokens = file->plan.block_tokens;
    out->failed = file->failed;
    out->late = file->late;
}
