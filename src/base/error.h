/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status codes and the caller-owned error record.
 *
 * The function that first knows the cause writes the message; callers pass it up untouched.
 * Outputs are set only on success.
 */
#ifndef MUSTER_BASE_ERROR_H
#define MUSTER_BASE_ERROR_H

#include <stdbool.h>
#include <stdint.h>

/* X(name, number, process exit code, text). Numbers are never reused; exit codes are the CLI's. */
#define MU_STATUS_LIST(X)                                                                          \
    X(MU_OK, 0, 0, "ok")                                                                           \
    X(MU_NO, 1, 1, "answered no")                                                                  \
    X(MU_E_USAGE, 2, 2, "wrong usage")                                                             \
    X(MU_E_INPUT, 3, 3, "bad input")                                                               \
    X(MU_E_MEMORY, 4, 4, "out of memory")                                                          \
    X(MU_E_SYSTEM, 5, 4, "the machine failed")                                                     \
    X(MU_E_CANCELLED, 6, 4, "cancelled")

typedef enum mu_status {
#define X(name, number, exit_code, text) name = (number),
    MU_STATUS_LIST(X)
#undef X
} mu_status;

enum { MU_ERROR_TEXT_MAX = 512, MU_ERROR_FILE_MAX = 256 };

/* What went wrong and where. line and column count from 1; 0 = not known. */
typedef struct mu_error {
    mu_status status;
    uint32_t line;
    uint32_t column;
    char file[MU_ERROR_FILE_MAX]; /* "" when the input is not a file */
    char text[MU_ERROR_TEXT_MAX]; /* one line: what was expected, what was found */
} mu_error;

#if defined(__GNUC__)
#define MU_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#define MU_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MU_PRINTF(format_index, first_index)
#define MU_MUST_CHECK
#endif

/**
 * Record a failure and return its status, so that `return mu_fail(err, MU_E_INPUT, ...)` reads
 * well. Keeps the first message: an error record that already holds a failure is left alone.
 *
 * @param[out] err     may be NULL
 * @param[in]  status  not MU_OK
 * @param[in]  format  printf format of one line without a final newline; cut at MU_ERROR_TEXT_MAX
 */
mu_status mu_fail(mu_error *err, mu_status status, const char *format, ...) MU_PRINTF(3, 4);

/** As mu_fail(), with the place in the input: file may be NULL; line, column from 1, 0 = unknown */
mu_status mu_fail_at(mu_error *err, mu_status status, const char *file, uint32_t line,
                     uint32_t column, const char *format, ...) MU_PRINTF(6, 7);

/** "file:line:column: text", with the parts that are known. Returns the length snprintf would. */
int mu_error_format(const mu_error *err, char *out, uint32_t out_size);

/** Static text of a status ("bad input"). */
const char *mu_status_text(mu_status status);

/** Exit code of the command line for a status (design contract: 0, 1, 2, 3 or 4). */
int mu_status_exit_code(mu_status status);

#endif
