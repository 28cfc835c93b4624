/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lengths of requests as measured: a table with the columns tokens and weight.
 */
#ifndef MUSTER_IO_LENGTH_READ_H
#define MUSTER_IO_LENGTH_READ_H

#include "base/arena.h"
#include "serving/traffic.h"

enum { MU_LENGTHS_MAX = 1 << 20 };

/**
 * Reads a histogram (.csv or .csv.zst): tokens are whole, 1 .. MU_REQUEST_TOKENS_MAX, weights are 0
 * or more, not all 0. Its mean goes into the length.
 *
 * @param[out] out  MU_LENGTH_EMPIRICAL; its lists belong to the arena
 * @retval MU_E_INPUT   with the line at fault; more than MU_LENGTHS_MAX rows
 * @retval MU_E_MEMORY
 */
mu_status mu_length_read(const char *path, mu_arena *arena, mu_length *out,
                         mu_error *err) MU_MUST_CHECK;

#endif
