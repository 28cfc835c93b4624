/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the columns or keys of a trace mean. Private to the readers of traces.
 *
 * Terms: a field is a number of a request; several names may stand for it, by the habits of those
 *        who publish traces. A plan says which names of one file are read.
 */
#ifndef MUSTER_IO_TRACE_PLAN_H
#define MUSTER_IO_TRACE_PLAN_H

#include "base/error.h"
#include "io/trace_scan.h"

/* X(NAME, what its names stand for, what one value of it must be) */
#define MU_TRACE_FIELD_LIST(X)                                                                     \
    X(ARRIVAL, "arrival times",                                                                    \
      "a time: a number of 0 or more, or a date such as 2023-11-16 18:15:46.68")                   \
    X(INPUT, "input tokens", "1 to 16777216 input tokens")                                         \
    X(OUTPUT, "output tokens", "1 to 16777216 output tokens")                                      \
    X(TENANT, "tenants", "a tenant, 0 to 7")                                                       \
    X(BLOCKS, "block ids", "a list of block ids, each 0 or more")

typedef enum mu_trace_field {
#define X(name, words, expected) MU_TRACE_##name,
    MU_TRACE_FIELD_LIST(X)
#undef X
        MU_TRACE_FIELDS,
    MU_TRACE_IGNORED = MU_TRACE_FIELDS
} mu_trace_field;

enum { MU_TRACE_NAMES_MAX = 256, MU_TRACE_NAME_MAX = 32 };

typedef struct mu_trace_plan {
    const char *layout;    /* static, for people */
    bool json;             /* an object a line, else CSV */
    double per_s;          /* ticks of a time in a second; dates are in nanoseconds always */
    uint32_t block_tokens; /* of a block id; 0 = there are none */
    bool chain;            /* an id stands for a block alone, not for all before it, too */
    bool zero_is_failed;   /* a request without tokens failed when it was recorded */
    uint32_t columns;      /* CSV */
    uint8_t field[MU_TRACE_NAMES_MAX];            /* CSV: [columns] mu_trace_field */
    uint8_t key_length[MU_TRACE_FIELDS];          /* JSONL; 0 = the file doesn't have it */
    char key[MU_TRACE_FIELDS][MU_TRACE_NAME_MAX]; /* JSONL: as the file writes them */
    char message[160];                            /* of a fault in the names */
} mu_trace_plan;

/* One row, as it stands in the file. */
typedef struct mu_trace_row {
    mu_moment arrival;
    uint64_t number[MU_TRACE_FIELDS];   /* input, output, tenant */
    const char *place[MU_TRACE_FIELDS]; /* where each value starts; NULL = absent */
    uint64_t *block;                    /* [block_room] owned */
    size_t block_count;
    size_t block_room;
} mu_trace_row;

/** "a tenant, 0 to 7" */
const char *mu_trace_expected(mu_trace_field field);

/**
 * Says which of a file's names stand for which field, and what layout that makes.
 *
 * @param[in]     name    [count] as the file writes them
 * @param[in,out] plan    zeroed, `json` set; all but columns and field is filled
 * @param[out]    chosen  place of each field's name; -1 = none stands for it
 * @return false with the scan at the name that may have been meant for a lacking field
 */
bool mu_trace_choose(mu_scan *scan, const mu_piece name[], uint32_t count, mu_trace_plan *plan,
                     int chosen[MU_TRACE_FIELDS]);

/** Makes a plan of the heading of a CSV file; false with the scan at the fault. */
bool mu_trace_plan_csv(mu_scan *scan, mu_trace_plan *plan);

/** The same of the first object of a JSONL file. */
bool mu_trace_plan_json(mu_scan *scan, mu_trace_plan *plan);

/**
 * One row; false with the scan at the fault. Out of memory: `expected` is NULL then.
 * Cost: some nanoseconds a value; allocates only where a row has more block ids than any before.
 */
bool mu_trace_row_csv(const mu_trace_plan *plan, mu_scan *scan, mu_trace_row *row);
bool mu_trace_row_json(const mu_trace_plan *plan, mu_scan *scan, mu_trace_row *row);

#endif
