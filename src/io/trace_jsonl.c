/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces as JSON, one object a line.
 *
 * What:  the first object says which keys are read; values of others are checked and skipped.
 * Bound: keys may come in any order. Of a key that is read there must be one in each object, but
 *        for tenants and block ids, which an object may lack.
 */
#include "io/trace_plan.h"

#include "serving/traffic.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_FIRST = 1024 };

/* Nothing but space up to the end of the line. */
static bool at_line_end(mu_scan *scan)
{
    mu_scan_space(scan);
    return scan->at == scan->end || mu_scan_fail(scan, scan->at, "one object a line");
}

bool mu_trace_plan_json(mu_scan *scan, mu_trace_plan *plan)
{
    mu_piece name[MU_TRACE_NAMES_MAX];
    int chosen[MU_TRACE_FIELDS];
    uint32_t count = 0;
    bool more = true;
    *plan = (mu_trace_plan){.json = true};
    if (!mu_scan_mark(scan, '{', "an object")) {
        return false;
    }
    for (;;) {
        mu_piece key;
        if (!mu_scan_json_key(scan, count == 0, &key, &more)) {
            return false;
        }
        if (!more) {
            break;
        }
        if (count == MU_TRACE_NAMES_MAX) {
            return mu_scan_fail(scan, key.text, "at most 256 keys");
        }
        name[count++] = key;
        if (!mu_scan_json_skip(scan)) {
            return false;
        }
    }
    if (!at_line_end(scan) || !mu_trace_choose(scan, name, count, plan, chosen)) {
        return false;
    }
    for (int i = 0; i < MU_TRACE_FIELDS; i++) {
        if (chosen[i] >= 0) {
            const mu_piece *key = &name[chosen[i]];
            plan->key_length[i] = (uint8_t)key->length; /* as that of a known name */
            memcpy(plan->key[i], key->text, key->length);
        }
    }
    return true;
}

static mu_trace_field field_of(const mu_trace_plan *plan, const mu_piece *key)
{
    for (int i = 0; i < MU_TRACE_FIELDS; i++) {
        if (key->length == plan->key_length[i] && key->length > 0 &&
            memcmp(key->text, plan->key[i], key->length) == 0) {
            return (mu_trace_field)i;
        }
    }
    return MU_TRACE_IGNORED;
}

static bool more_room(mu_scan *scan, mu_trace_row *row, uint32_t block_tokens)
{
    size_t most = 2 * (size_t)MU_REQUEST_TOKENS_MAX / block_tokens;
    if (row->block_room >= most) {
        return mu_scan_fail(scan, scan->at, "fewer block ids");
    }
    size_t room = row->block_room == 0 ? BLOCKS_FIRST : 2 * row->block_room;
    room = room < most ? room : most;
    uint64_t *grown = realloc(row->block, room * sizeof *grown);
    if (grown == NULL) {
        return mu_scan_fail(scan, scan->at, NULL);
    }
    row->block = grown;
    row->block_room = room;
    return true;
}

static bool read_blocks(mu_scan *scan, uint32_t block_tokens, mu_trace_row *row)
{
    const char *expected = mu_trace_expected(MU_TRACE_BLOCKS);
    size_t count = 0;
    row->block_count = 0;
    if (!mu_scan_mark(scan, '[', expected)) {
        return false;
    }
    mu_scan_space(scan);
    for (bool more = *scan->at != ']'; more; more = *scan->at == ',') {
        scan->at += count > 0 ? 1 : 0;
        if (*scan->at == ' ') {
            scan->at++;
        }
        mu_scan_space(scan);
        if (count == row->block_room && !more_room(scan, row, block_tokens)) {
            return false;
        }
        if (!mu_scan_whole(scan, expected, &row->block[count])) {
            return false;
        }
        count++;
        mu_scan_space(scan);
    }
    row->block_count = count;
    return mu_scan_mark(scan, ']', "a comma or the end of the list");
}

static bool read_moment(mu_scan *scan, mu_trace_row *row)
{
    bool quoted = *scan->at == '"';
    const char *start = scan->at;
    scan->at += quoted ? 1 : 0;
    if (!mu_scan_moment(scan, &row->arrival)) {
        return false;
    }
    if (quoted != row->arrival.dated || (quoted && *scan->at != '"')) {
        return mu_scan_fail(scan, start, mu_trace_expected(MU_TRACE_ARRIVAL));
    }
    scan->at += quoted ? 1 : 0;
    return true;
}

static bool read_value(const mu_trace_plan *plan, mu_scan *scan, mu_trace_field field,
                       mu_trace_row *row)
{
    row->place[field] = scan->at;
    switch (field) {
    case MU_TRACE_ARRIVAL:
        return read_moment(scan, row);
    case MU_TRACE_BLOCKS:
        return read_blocks(scan, plan->block_tokens, row);
    default:
        return mu_scan_whole(scan, mu_trace_expected(field), &row->number[field]);
    }
}

/* Whether the object had each key that all must have. */
static bool is_complete(mu_scan *scan, const mu_trace_row *row)
{
    static const char *const lacking[] = {"a key of arrival times as in the first object",
                                          "a key of input tokens as in the first object",
                                          "a key of output tokens as in the first object"};
    for (int i = MU_TRACE_ARRIVAL; i <= MU_TRACE_OUTPUT; i++) {
        if (row->place[i] == NULL) {
            return mu_scan_fail(scan, scan->end, lacking[i]);
        }
    }
    return true;
}

bool mu_trace_row_json(const mu_trace_plan *plan, mu_scan *scan, mu_trace_row *row)
{
    bool more = true;
    memset(row->place, 0, sizeof row->place);
    row->number[MU_TRACE_TENANT] = 0;
    row->block_count = 0;
    if (!mu_scan_mark(scan, '{', "an object")) {
        return false;
    }
    for (bool first = true;; first = false) {
        mu_piece key;
        if (!mu_scan_json_key(scan, first, &key, &more)) {
            return false;
        }
        if (!more) {
            break;
        }
        mu_trace_field field = field_of(plan, &key);
        if (field != MU_TRACE_IGNORED && row->place[field] != NULL) {
            return mu_scan_fail(scan, key.text, "each key once");
        }
        if (field == MU_TRACE_IGNORED ? !mu_scan_json_skip(scan)
                                      : !read_value(plan, scan, field, row)) {
            return false;
        }
    }
    return at_line_end(scan) && is_complete(scan, row);
}
