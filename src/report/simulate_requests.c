/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A row a request, written as it ends.
 *
 * Bound: times are rounded to a microsecond each, differences after they were taken.
 */
#include "report/digits.h"
#include "report/simulate_report.h"

#include <math.h>

enum { ROW_MAX = 16 * (MU_DIGITS_MAX + 1) };

static char *count(char *at, uint64_t value)
{
    at = mu_digits_count(at, value);
    *at++ = ',';
    return at;
}

/* Beyond what 64 bits of microseconds hold (292,000 years) it stops. */
static char *seconds(char *at, double time_s)
{
    at = mu_digits_scaled(at, llround(1e6 * fmin(fmax(time_s, -9e12), 9e12)), 6);
    *at++ = ',';
    return at;
}

void mu_requests_begin(FILE *out)
{
    fputs("number,tenant,instance,input,output,cached,arrival_s,start_s,first_token_s,end_s,"
          "ttft_s,tpot_s,preempted,retried,good\n",
          out);
}

void mu_requests_row(void *out, const mu_sim_record *r)
{
    char row[ROW_MAX];
    char *at = count(row, r->number);
    at = count(at, r->tenant);
    at = count(at, r->instance);
    at = count(at, r->input);
    at = count(at, r->output);
    at = count(at, r->cached);
    at = seconds(at, r->arrival_s);
    at = seconds(at, r->start_s);
    at = seconds(at, r->first_token_s);
    at = seconds(at, r->end_s);
    at = seconds(at, r->first_token_s - r->arrival_s);
    if (r->output > 1) {
        at = seconds(at, (r->end_s - r->first_token_s) / (r->output - 1.0));
    } else {
        *at++ = ',';
    }
    at = count(at, r->preempted);
    at = count(at, r->retried);
    *at++ = r->good ? '1' : '0';
    *at++ = '\n';
    (void)fwrite(row, 1, (size_t)(at - row), out);
}

mu_status mu_requests_end(FILE *out, mu_error *err)
{
    return mu_stream_check(out, err);
}
