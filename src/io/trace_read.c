/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Traces as traffic.
 *
 * What:  one request is read ahead, for peek() to know when it arrives.
 * Bound: what was read before a fault is handed out first; then take() tells the fault.
 */
#include "io/trace_read.h"

#include "io/trace_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const double speed_low = 1e-6;
static const double speed_high = 1e6;

typedef struct reader {
    mu_trace_file *file;
    mu_request next;
    bool ready;     /* next waits to be taken */
    bool over;      /* nothing comes behind it */
    mu_error fault; /* why not; MU_OK = the file has ended */
} reader;

static mu_status load(reader *r, mu_error *err)
{
    bool more = false;
    mu_status status = mu_trace_file_next(r->file, &r->next, &more, err);
    r->ready = status == MU_OK && more;
    r->over = !r->ready;
    return status;
}

static bool peek(void *context, double *arrival_s)
{
    reader *r = context;
    if (!r->ready && !r->over) {
        (void)load(r, &r->fault);
    }
    *arrival_s = r->next.arrival_s; /* of the last one where the next is at fault */
    return r->ready || r->fault.status != MU_OK;
}

static mu_status take(void *context, mu_request *out, mu_error *err)
{
    reader *r = context;
    if (!r->ready) {
        assert(r->fault.status != MU_OK);
        if (err != NULL && err->status == MU_OK) {
            *err = r->fault;
        }
        return r->fault.status;
    }
    *out = r->next;
    r->ready = false;
    return MU_OK;
}

static void close_reader(reader *r)
{
    if (r != NULL) {
        mu_trace_file_close(r->file);
        free(r);
    }
}

/* Up to the first request, so that a file without any is refused here. */
static mu_status open_source(void *context, mu_arena *arena, mu_traffic *out, mu_error *err)
{
    (void)arena; /* room for lines grows and is given back */
    reader *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = mu_trace_file_open(context, &r->file, err);
    if (status == MU_OK) {
        status = load(r, err);
    }
    if (status != MU_OK) {
        close_reader(r);
        return status;
    }
    *out = (mu_traffic){.context = r, .peek = peek, .take = take};
    return MU_OK;
}

static void close_source(void *context, mu_traffic *traffic)
{
    (void)context;
    close_reader(traffic->context);
    *traffic = (mu_traffic){0};
}

static mu_status check_options(const mu_trace_options *options, mu_error *err)
{
    if (!(options->speed >= speed_low && options->speed <= speed_high)) {
        return mu_fail(err, MU_E_INPUT, "expected a speed from %g to %g, found %g", speed_low,
                       speed_high, options->speed);
    }
    return MU_OK;
}

mu_status mu_trace_source(const mu_trace_options *options, mu_arena *arena, mu_sim_source *out,
                          mu_error *err)
{
    mu_status status = check_options(options, err);
    if (status != MU_OK) {
        return status;
    }
    mu_trace_options *kept = MU_NEW(arena, mu_trace_options, 1);
    char *path = mu_arena_text(arena, options->path, strlen(options->path));
    if (kept == NULL || path == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    *kept = *options;
    kept->path = path;
    *out = (mu_sim_source){.context = kept, .open = open_source, .close = close_source};
    return MU_OK;
}

/* Adds one request; means are sums until the end. */
static void add(mu_trace_summary *sum, const mu_request *r)
{
    sum->requests++;
    sum->span_s = r->arrival_s;
    sum->input_mean += r->input;
    sum->output_mean += r->output;
    sum->input_max = r->input > sum->input_max ? r->input : sum->input_max;
    sum->output_max = r->output > sum->output_max ? r->output : sum->output_max;
    sum->tenants = r->tenant + 1 > sum->tenants ? r->tenant + 1 : sum->tenants;
}

mu_status mu_trace_summarise(const mu_trace_options *options, uint64_t most, mu_trace_summary *out,
                             mu_error *err)
{
    mu_trace_file *file = NULL;
    mu_trace_summary sum = {0};
    mu_request request = {0};
    bool more = true;
    mu_status status = check_options(options, err);
    if (status == MU_OK) {
        status = mu_trace_file_open(options, &file, err);
    }
    while (status == MU_OK && more && (most == 0 || sum.requests < most)) {
        status = mu_trace_file_next(file, &request, &more, err);
        if (status == MU_OK && more) {
            add(&sum, &request);
        }
    }
    if (status == MU_OK) {
        double n = (double)sum.requests;
        sum.whole = !more;
        sum.rate_per_s = sum.span_s > 0.0 ? (n - 1.0) / sum.span_s : 0.0;
        sum.input_mean /= n;
        sum.output_mean /= n;
        mu_trace_file_tell(file, &sum);
        *out = sum;
    }
    mu_trace_file_close(file);
    return status;
}
