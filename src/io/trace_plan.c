/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of columns and keys in traces, and the layouts they make.
 *
 * Why:   every publisher has names of his own; a table of them is one reader for all.
 * Bound: case does not count, and ' ' and '-' equal '_'. Where several names of a file stand for
 *        one field, the first of the table is read.
 */
#include "io/trace_plan.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

typedef struct known_name {
    const char *name;
    mu_trace_field field;
    double csv_per_s; /* ticks in a second, of arrivals */
    double json_per_s;
} known_name;

static const known_name known[] = {
    {"arrival_s", MU_TRACE_ARRIVAL, 1, 1},
    {"arrival_ms", MU_TRACE_ARRIVAL, 1e3, 1e3},
    {"arrival_us", MU_TRACE_ARRIVAL, 1e6, 1e6},
    {"arrival_ns", MU_TRACE_ARRIVAL, 1e9, 1e9},
    {"arrival", MU_TRACE_ARRIVAL, 1, 1},
    {"arrival_time", MU_TRACE_ARRIVAL, 1, 1},
    {"arrived_at", MU_TRACE_ARRIVAL, 1, 1},
    {"timestamp_s", MU_TRACE_ARRIVAL, 1, 1},
    {"timestamp_ms", MU_TRACE_ARRIVAL, 1e3, 1e3},
    {"timestamp_us", MU_TRACE_ARRIVAL, 1e6, 1e6},
    {"timestamp_ns", MU_TRACE_ARRIVAL, 1e9, 1e9},
    {"timestamp", MU_TRACE_ARRIVAL, 1, 1e3},
    {"time_s", MU_TRACE_ARRIVAL, 1, 1},
    {"time_ms", MU_TRACE_ARRIVAL, 1e3, 1e3},
    {"time", MU_TRACE_ARRIVAL, 1, 1},
    {"input", MU_TRACE_INPUT, 0, 0},
    {"input_tokens", MU_TRACE_INPUT, 0, 0},
    {"input_length", MU_TRACE_INPUT, 0, 0},
    {"ContextTokens", MU_TRACE_INPUT, 0, 0},
    {"context_tokens", MU_TRACE_INPUT, 0, 0},
    {"request_tokens", MU_TRACE_INPUT, 0, 0},
    {"prompt_tokens", MU_TRACE_INPUT, 0, 0},
    {"num_prefill_tokens", MU_TRACE_INPUT, 0, 0},
    {"isl", MU_TRACE_INPUT, 0, 0},
    {"output", MU_TRACE_OUTPUT, 0, 0},
    {"output_tokens", MU_TRACE_OUTPUT, 0, 0},
    {"output_length", MU_TRACE_OUTPUT, 0, 0},
    {"GeneratedTokens", MU_TRACE_OUTPUT, 0, 0},
    {"generated_tokens", MU_TRACE_OUTPUT, 0, 0},
    {"response_tokens", MU_TRACE_OUTPUT, 0, 0},
    {"completion_tokens", MU_TRACE_OUTPUT, 0, 0},
    {"num_decode_tokens", MU_TRACE_OUTPUT, 0, 0},
    {"osl", MU_TRACE_OUTPUT, 0, 0},
    {"tenant", MU_TRACE_TENANT, 0, 0},
    {"hash_ids", MU_TRACE_BLOCKS, 0, 0},
};

enum { KNOWN = sizeof known / sizeof known[0] };

const char *mu_trace_expected(mu_trace_field field)
{
    static const char *const expected[MU_TRACE_FIELDS] = {
#define X(name, words, what) what,
        MU_TRACE_FIELD_LIST(X)
#undef X
    };
    return expected[field];
}

static int plain_letter(char c)
{
    if (c == ' ' || c == '-') {
        return '_';
    }
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_name(const mu_piece *piece, const char *name)
{
    if (strlen(name) != piece->length) {
        return false;
    }
    for (size_t i = 0; i < piece->length; i++) {
        if (plain_letter(piece->text[i]) != plain_letter(name[i])) {
            return false;
        }
    }
    return true;
}

static int find(const mu_piece name[], uint32_t count, const char *wanted)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_name(&name[i], wanted)) {
            return (int)i;
        }
    }
    return -1;
}

/* At the name that is nearest to one of a lacking field; at the end where none is near. */
static bool fail_lacking(mu_scan *scan, const mu_piece name[], uint32_t count, mu_trace_plan *plan,
                         mu_trace_field lacking)
{
    static const char *const words[] = {
#define X(name, words, expected) words,
        MU_TRACE_FIELD_LIST(X)
#undef X
    };
    const char *choice[KNOWN];
    size_t choices = 0;
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].field == lacking) {
            choice[choices++] = known[i].name;
        }
    }
    const char *best = choice[0];
    const char *at = scan->end;
    uint32_t least = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++) {
        char word[2 * MU_TRACE_NAME_MAX];
        (void)snprintf(word, sizeof word, "%.*s", (int)name[i].length, name[i].text);
        const char *near = mu_text_nearest(word, choice, choices);
        if (near != NULL && mu_text_distance(word, near) < least) {
            least = mu_text_distance(word, near);
            best = near;
            at = name[i].text;
        }
    }
    (void)snprintf(plan->message, sizeof plan->message, "a %s of %s such as \"%s\"",
                   plan->json ? "key" : "column", words[lacking], best);
    return mu_scan_fail(scan, at, plan->message);
}

/* What the names say beyond the fields. */
static void name_layout(const mu_piece name[], uint32_t count, mu_trace_plan *plan,
                        const int chosen[MU_TRACE_FIELDS])
{
    const mu_piece *input = &name[chosen[MU_TRACE_INPUT]];
    plan->layout = plan->json ? "JSONL" : "CSV";
    if (is_name(input, "ContextTokens")) {
        plan->layout = "Azure LLM";
    } else if (is_name(input, "request_tokens") && find(name, count, "log_type") >= 0) {
        plan->layout = "BurstGPT";
        plan->zero_is_failed = true;
    }
    if (chosen[MU_TRACE_BLOCKS] >= 0) {
        bool bailian = find(name, count, "chat_id") >= 0;
        plan->layout = bailian ? "Bailian" : "Mooncake";
        plan->block_tokens = bailian ? 16 : 512;
        plan->chain = bailian;
        if (bailian && is_name(&name[chosen[MU_TRACE_ARRIVAL]], "timestamp")) {
            plan->per_s = 1.0;
        }
    }
}

bool mu_trace_choose(mu_scan *scan, const mu_piece name[], uint32_t count, mu_trace_plan *plan,
                     int chosen[MU_TRACE_FIELDS])
{
    for (int i = 0; i < MU_TRACE_FIELDS; i++) {
        chosen[i] = -1;
    }
    for (size_t i = 0; i < KNOWN; i++) {
        int place = find(name, count, known[i].name);
        bool readable = plan->json || known[i].field != MU_TRACE_BLOCKS;
        if (place < 0 || chosen[known[i].field] >= 0 || !readable) {
            continue;
        }
        chosen[known[i].field] = place;
        if (known[i].field == MU_TRACE_ARRIVAL) {
            plan->per_s = plan->json ? known[i].json_per_s : known[i].csv_per_s;
        }
    }
    for (int i = MU_TRACE_ARRIVAL; i <= MU_TRACE_OUTPUT; i++) {
        if (chosen[i] < 0) {
            return fail_lacking(scan, name, count, plan, (mu_trace_field)i);
        }
    }
    name_layout(name, count, plan, chosen);
    return true;
}
