/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of traces: a folder for files written on the spot, and all that comes of one of them.
 */
#ifndef MUSTER_TESTS_TRACE_HELPER_H
#define MUSTER_TESTS_TRACE_HELPER_H

#include "io/trace_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUESTS_MAX = 64, IDS_MAX = 16 };

static mu_arena *arena;
static char folder[256];

static inline int open_folder(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/muster-trace-XXXXXX", place == NULL ? "." : place);
    arena = mu_arena_create(0);
    return arena != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

static inline int close_folder(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return rmdir(folder);
}

static inline const char *path_of(const char *name)
{
    const char *path = mu_arena_printf(arena, "%s/%s", folder, name);
    assert_non_null(path);
    return path;
}

static inline const char *write_bytes(const char *name, const void *bytes, size_t length)
{
    const char *path = path_of(name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

/* All that came of a file. */
typedef struct reading {
    mu_status open, take;
    mu_error err;
    uint32_t count;
    mu_request request[REQUESTS_MAX];
    uint64_t id[REQUESTS_MAX][IDS_MAX];
} reading;

static inline void read_traffic(const mu_traffic *traffic, reading *r)
{
    double arrival_s = -1.0;
    while (r->take == MU_OK && traffic->peek(traffic->context, &arrival_s)) {
        double again_s = -2.0;
        assert_true(traffic->peek(traffic->context, &again_s));
        assert_true(again_s == arrival_s);
        assert_true(r->count < REQUESTS_MAX);
        mu_request *q = &r->request[r->count];
        r->take = traffic->take(traffic->context, q, &r->err);
        if (r->take == MU_OK) {
            assert_true(q->arrival_s == arrival_s);
            for (uint32_t i = 0; i < q->block_count && i < IDS_MAX; i++) {
                r->id[r->count][i] = q->block[i];
            }
            r->count++;
        }
    }
}

static inline reading read_options(const mu_trace_options *options)
{
    reading r = {.open = MU_OK};
    mu_sim_source source;
    mu_traffic traffic;
    r.open = mu_trace_source(options, arena, &source, &r.err);
    if (r.open == MU_OK) {
        r.open = source.open(source.context, arena, &traffic, &r.err);
    }
    if (r.open == MU_OK) {
        assert_null(traffic.ended);
        read_traffic(&traffic, &r);
        source.close(source.context, &traffic);
    }
    return r;
}

static inline reading read_bytes(const char *name, const char *bytes, size_t length)
{
    const char *path = write_bytes(name, bytes, length);
    reading r = read_options(&(mu_trace_options){.path = path, .speed = 1.0});
    assert_int_equal(unlink(path), 0);
    return r;
}

static inline reading read_text(const char *name, const char *text)
{
    return read_bytes(name, text, strlen(text));
}

static inline void assert_request(const reading *r, uint32_t i, double arrival_s, uint32_t input,
                                  uint32_t output)
{
    if (r->open != MU_OK || r->take != MU_OK || i >= r->count) {
        fail_msg("request %u of %u: line %u:%u: %s", i, r->count, r->err.line, r->err.column,
                 r->err.text);
    }
    const mu_request *q = &r->request[i];
    if (fabs(q->arrival_s - arrival_s) > 1e-12 || q->input != input || q->output != output) {
        fail_msg("request %u: %.12g s, %u in, %u out; expected %.12g s, %u, %u", i, q->arrival_s,
                 q->input, q->output, arrival_s, input, output);
    }
}

#endif
