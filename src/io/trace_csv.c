/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces as CSV.
 *
 * What:  cells are read where they lie, by the field of their column; others are passed over.
 * Bound: cells are set apart by commas; spaces around them do not count; quoted ones may hold
 *        commas and doubled quotes, no line ends.
 */
#include "io/trace_plan.h"

#include <stdio.h>
#include <string.h>

static const char end_of_cell[] = "a comma or the end of the line";

/* Behind a quoted cell that starts at `at`. */
static bool pass_quoted(mu_scan *scan)
{
    const char *p = scan->at + 1;
    for (;; p++) {
        if (*p == '\0') {
            return mu_scan_fail(scan, scan->at, "a quote that ends on its line");
        }
        if (*p == '"' && p[1] != '"') {
            break;
        }
        p += *p == '"' ? 1 : 0;
    }
    scan->at = p + 1;
    return true;
}

/* Passes a cell over; *out is what it holds, without quotes or spaces. */
static bool pass_cell(mu_scan *scan, mu_piece *out)
{
    mu_scan_space(scan);
    const char *start = scan->at;
    if (*start == '"') {
        if (!pass_quoted(scan)) {
            return false;
        }
        *out = (mu_piece){.text = start + 1, .length = (size_t)(scan->at - start - 2)};
        mu_scan_space(scan);
        return *scan->at == ',' || scan->at == scan->end ||
               mu_scan_fail(scan, scan->at, end_of_cell);
    }
    while (*scan->at != ',' && *scan->at != '\0') {
        scan->at++;
    }
    size_t length = (size_t)(scan->at - start);
    while (length > 0 && (start[length - 1] == ' ' || start[length - 1] == '\t')) {
        length--;
    }
    *out = (mu_piece){.text = start, .length = length};
    return true;
}

/* Whether there is one more cell; moves behind the comma before it. */
static bool more_cells(mu_scan *scan)
{
    bool more = *scan->at == ',';
    scan->at += more ? 1 : 0;
    return more;
}

static bool is_same(const mu_piece *a, const mu_piece *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

bool mu_trace_plan_csv(mu_scan *scan, mu_trace_plan *plan)
{
    mu_piece name[MU_TRACE_NAMES_MAX];
    int chosen[MU_TRACE_FIELDS];
    uint32_t count = 0;
    *plan = (mu_trace_plan){.json = false};
    do {
        if (count == MU_TRACE_NAMES_MAX) {
            return mu_scan_fail(scan, scan->at, "at most 256 columns");
        }
        if (!pass_cell(scan, &name[count])) {
            return false;
        }
        plan->field[count++] = MU_TRACE_IGNORED;
    } while (more_cells(scan));
    plan->columns = count;
    if (!mu_trace_choose(scan, name, count, plan, chosen)) {
        return false;
    }
    for (int i = 0; i < MU_TRACE_FIELDS; i++) {
        if (chosen[i] >= 0) {
            plan->field[chosen[i]] = (uint8_t)i;
        }
        for (uint32_t k = (uint32_t)(chosen[i] + 1); chosen[i] >= 0 && k < count; k++) {
            if (is_same(&name[k], &name[chosen[i]])) {
                return mu_scan_fail(scan, name[k].text, "each column once");
            }
        }
    }
    return true;
}

/* The value of a cell, up to the comma or the end behind it. */
static bool read_cell(mu_scan *scan, mu_trace_field field, mu_trace_row *row)
{
    mu_scan_space(scan);
    bool quoted = *scan->at == '"';
    scan->at += quoted ? 1 : 0;
    const char *start = scan->at;
    const char *expected = mu_trace_expected(field);
    row->place[field] = start;
    bool ok = field == MU_TRACE_ARRIVAL ? mu_scan_moment(scan, &row->arrival)
                                        : mu_scan_whole(scan, expected, &row->number[field]);
    if (!ok || (quoted && *scan->at != '"')) {
        return mu_scan_fail(scan, start, expected);
    }
    scan->at += quoted ? 1 : 0;
    mu_scan_space(scan);
    return *scan->at == ',' || scan->at == scan->end || mu_scan_fail(scan, start, expected);
}

bool mu_trace_row_csv(const mu_trace_plan *plan, mu_scan *scan, mu_trace_row *row)
{
    mu_piece ignored;
    uint32_t count = 0;
    do {
        if (count == plan->columns) {
            return mu_scan_fail(scan, scan->at - 1, "as many cells as the heading has");
        }
        mu_trace_field field = (mu_trace_field)plan->field[count++];
        if (field == MU_TRACE_IGNORED ? !pass_cell(scan, &ignored) : !read_cell(scan, field, row)) {
            return false;
        }
    } while (more_cells(scan));
    return count == plan->columns ||
           mu_scan_fail(scan, scan->at, "as many cells as the heading has");
}
