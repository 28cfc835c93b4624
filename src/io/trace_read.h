/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded traffic: files of requests that were served, as a source of requests.
 *
 * What:  a CSV (columns found by name) or JSONL (keys found by name) file, .zst or plain, streamed:
 *        Azure LLM 2023 and 2024, BurstGPT, Mooncake, Bailian, and any of one's own.
 *        docs/traces.md has the names, what is tolerated and what is refused.
 * Terms: a row is a request of the file; those that failed when they were recorded are left out.
 *        The first request that is handed out arrives at time 0.
 * Bound: a line has at most MU_TRACE_LINE_MAX bytes; memory does not grow with the file. Requests
 *        come in the order of the file, which must be that of arrival.
 */
#ifndef MUSTER_IO_TRACE_READ_H
#define MUSTER_IO_TRACE_READ_H

#include "study/simulate.h"

enum { MU_TRACE_LINE_MAX = 1 << 24 };

typedef struct mu_trace_options {
    const char *path;
    double speed;   /* times are divided by it, 1e-6 .. 1e6; 2 = twice the rate */
    uint64_t skip;  /* requests left out at the start */
    uint64_t limit; /* requests handed out at most; 0 = all */
} mu_trace_options;

/**
 * A source over a file. Each open() is a reader of its own, from the start, so that several may be
 * open at once, also by several threads; each must be closed.
 *
 * open() fails with MU_E_INPUT where the file or its first request does; a later row at fault makes
 * take() fail with MU_E_INPUT, and peek() says true before it. Messages have line and column.
 *
 * Cost: hundreds of MB/s; 256 KiB of memory an open reader, more for long lines.
 * @param[in] options  copied
 * @retval MU_E_INPUT   a speed out of range
 * @retval MU_E_MEMORY
 */
mu_status mu_trace_source(const mu_trace_options *options, mu_arena *arena, mu_sim_source *out,
                          mu_error *err) MU_MUST_CHECK;

/* What a trace holds; of the requests that the options leave. */
typedef struct mu_trace_summary {
    const char *layout; /* "Azure LLM", "BurstGPT", ...; static */
    bool whole;         /* the scan came to the end of the file or the options' limit */
    uint64_t requests;
    uint64_t failed;   /* rows left out: recorded as failed */
    uint64_t late;     /* rows out of order by so little that they count as simultaneous */
    double span_s;     /* from the first arrival to the last, by the options' speed */
    double rate_per_s; /* requests - 1 over the span; 0 where that is 0 */
    double input_mean, output_mean;
    uint32_t input_max, output_max;
    uint32_t tenants;      /* highest + 1 */
    uint32_t block_tokens; /* 0 = nothing known of prefixes */
} mu_trace_summary;

/**
 * Reads the first `most` requests (0 = all) for what they are like.
 * @retval MU_E_INPUT   as open() and take() above
 * @retval MU_E_MEMORY
 */
mu_status mu_trace_summarise(const mu_trace_options *options, uint64_t most, mu_trace_summary *out,
                             mu_error *err) MU_MUST_CHECK;

#endif
