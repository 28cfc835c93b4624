/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace, request by request. Private to the readers of traces; trace_read.h makes traffic of it.
 */
#ifndef MUSTER_IO_TRACE_FILE_H
#define MUSTER_IO_TRACE_FILE_H

#include "io/trace_read.h"

typedef struct mu_trace_file mu_trace_file;

/**
 * Opens a trace and reads what its columns or keys are. The options' speed is in its range.
 * @param[out] out  owned: mu_trace_file_close()
 */
mu_status mu_trace_file_open(const mu_trace_options *options, mu_trace_file **out,
                             mu_error *err) MU_MUST_CHECK;

/** NULL is allowed. */
void mu_trace_file_close(mu_trace_file *file);

/**
 * The next request; *more is false at the end. Block ids are borrowed until the next call.
 * @retval MU_E_INPUT  a row at fault, or not one request in the file; then no further call
 */
mu_status mu_trace_file_next(mu_trace_file *file, mu_request *out, bool *more,
                             mu_error *err) MU_MUST_CHECK;

/** Fills layout, block_tokens, and the counts of failed and late rows so far. */
void mu_trace_file_tell(const mu_trace_file *file, mu_trace_summary *out);

#endif
