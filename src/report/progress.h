/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A progress bar on stderr for what takes over half a second on a terminal; else nothing.
 */
#ifndef MUSTER_REPORT_PROGRESS_H
#define MUSTER_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct mu_bar {
    FILE *out;      /* NULL = silent */
    double start_s; /* monotonic */
    double drawn_s; /* when last drawn; 0 = never */
} mu_bar;

/** Silent unless `out` is a terminal. */
void mu_bar_begin(mu_bar *bar, FILE *out);

/** A mu_progress function; context is the mu_bar. Never cancels. */
bool mu_bar_step(void *bar, uint64_t done, uint64_t total);

/** Wipes the bar, if there is one. */
void mu_bar_end(mu_bar *bar);

/** Seconds since mu_bar_begin(). */
double mu_bar_seconds(const mu_bar *bar);

#endif
