/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The progress bar.
 *
 * Bound: redrawn ten times a second at most.
 */
#include "report/progress.h"

#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 40 };

static const double SHOW_AFTER_S = 0.5;
static const double REDRAW_S = 0.1;

static double now_s(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void mu_bar_begin(mu_bar *bar, FILE *out)
{
    bar->out = isatty(fileno(out)) == 1 ? out : NULL;
    bar->start_s = now_s();
    bar->drawn_s = 0.0;
}

bool mu_bar_step(void *context, uint64_t done, uint64_t total)
{
    mu_bar *bar = context;
    if (bar->out == NULL || total == 0) {
        return true;
    }
    double now = now_s();
    if (now - bar->start_s < SHOW_AFTER_S || now - bar->drawn_s < REDRAW_S) {
        return true;
    }
    bar->drawn_s = now;
    double share = (double)done / (double)total;
    int full = (int)(share * BAR_WIDTH);
    fprintf(bar->out, "\r[%.*s%*s] %3.0f %%", full, "########################################",
            BAR_WIDTH - full, "", 100.0 * share);
    fflush(bar->out);
    return true;
}

void mu_bar_end(mu_bar *bar)
{
    if (bar->out != NULL && bar->drawn_s > 0.0) {
        fprintf(bar->out, "\r%*s\r", BAR_WIDTH + 10, "");
        fflush(bar->out);
    }
}

double mu_bar_seconds(const mu_bar *bar)
{
    return now_s() - bar->start_s;
}
