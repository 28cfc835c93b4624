/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a trace of requests: requests in order and within bounds, then the end or one line
 * that says what is wrong. The first byte picks the name (and so the packing) and the options.
 */
#include "io/trace_read.h"

#include <jansson.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[256];

static void remove_folder(void)
{
    (void)rmdir(folder);
}

/* A folder of this run's own. */
static void make_folder(void)
{
    const char *place = getenv("TMPDIR");
    if (folder[0] != '\0') {
        return;
    }
    (void)snprintf(folder, sizeof folder, "%s/muster-fuzz-XXXXXX", place != NULL ? place : ".");
    if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0) {
        abort();
    }
}

static void must(bool truth)
{
    if (!truth) {
        abort();
    }
}

static void check_request(const mu_request *r, double before_s)
{
    must(isfinite(r->arrival_s) && r->arrival_s >= before_s);
    must(r->input >= 1 && r->input <= MU_REQUEST_TOKENS_MAX);
    must(r->output >= 1 && r->output <= MU_REQUEST_TOKENS_MAX);
    must(r->tenant < MU_TENANTS_MAX);
    must((uint64_t)r->block_count * r->block_tokens <= (uint64_t)r->input + r->output);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->block_count; i++) {
        sum += r->block[i];
    }
    volatile uint64_t sink = sum; /* the ids were read */
    (void)sink;
}

static uint64_t read_all(const mu_sim_source *source, mu_arena *arena, mu_error *err)
{
    mu_traffic traffic;
    mu_request request;
    double arrival_s = 0.0;
    double before_s = 0.0;
    uint64_t count = 0;
    mu_status status = source->open(source->context, arena, &traffic, err);
    if (status != MU_OK) {
        return 0;
    }
    must(traffic.peek(traffic.context, &arrival_s) && arrival_s == 0.0);
    while (status == MU_OK && traffic.peek(traffic.context, &arrival_s)) {
        status = traffic.take(traffic.context, &request, err);
        if (status == MU_OK) {
            must(request.arrival_s == arrival_s);
            check_request(&request, before_s);
            before_s = arrival_s;
            count++;
        }
    }
    source->close(source->context, &traffic);
    return count;
}

/* A single line that was taken whole as an object must be one for jansson, too. */
static void check_json(const char *text, size_t size)
{
    json_error_t error = {.text = ""};
    json_t *object = json_loadb(text, size, JSON_ALLOW_NUL, &error);
    must(object != NULL || json_error_code(&error) == json_error_numeric_overflow ||
         json_error_code(&error) == json_error_null_byte_in_key);
    json_decref(object);
}

static void check(const mu_trace_options *options, const char *text, size_t size)
{
    mu_arena *arena = mu_arena_create(0);
    mu_sim_source source;
    mu_error err = {0};
    mu_error again = {0};
    mu_trace_summary sum;
    if (arena == NULL || mu_trace_source(options, arena, &source, &err) != MU_OK) {
        abort();
    }
    uint64_t count = read_all(&source, arena, &err);
    must(err.status == MU_OK || (err.text[0] != '\0' && strchr(err.text, '\n') == NULL));
    must(err.status != MU_OK || count > 0);
    mu_status status = mu_trace_summarise(options, 0, &sum, &again);
    must(status == err.status && strcmp(err.text, again.text) == 0);
    must(status != MU_OK || (sum.requests == count && sum.whole && sum.input_mean >= 1.0));
    bool plain = strstr(options->path, ".zst") == NULL;
    if (plain && status == MU_OK && size > 0 && text[0] == '{' &&
        memchr(text, '\n', size) == NULL) {
        check_json(text, size);
    }
    mu_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    make_folder();
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, data[0] % 4 == 3 ? "trace.zst" : "trace");
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data + 1, 1, size - 1, file) != size - 1 || fclose(file) != 0) {
        abort();
    }
    mu_trace_options options = {.path = path,
                                .speed = 1.0 + (double)(data[0] >> 4),
                                .skip = data[0] % 4 == 1 ? 1 : 0,
                                .limit = data[0] % 4 == 2 ? 2 : 0};
    check(&options, (const char *)data + 1, size - 1);
    (void)unlink(path);
    return 0;
}
