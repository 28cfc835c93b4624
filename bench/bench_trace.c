/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speed of reading traces, on one thread, with a general JSON library beside it.
 *
 * What:  files in the layouts of Azure LLM and Mooncake, made here, lengths and prefixes as in the
 *        public ones; plain and packed; read as traffic to the end, best of several rounds.
 * Bound: the files lie in the page cache: a disk may be slower.
 */
#include "bench.h"

#include "base/random.h"
#include "io/trace_read.h"

#include <jansson.h>
#include <zstd.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 5, CSV_ROWS = 2000000, JSONL_ROWS = 300000, LIBRARY_ROWS = 10000 };

static char folder[256];

static FILE *create(char path[512], const char *name)
{
    (void)snprintf(path, 512, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        stop("cannot write a file");
    }
    return file;
}

static void make_csv(char path[512])
{
    FILE *file = create(path, "azure.csv");
    (void)fprintf(file, "TIMESTAMP,ContextTokens,GeneratedTokens\r\n");
    for (uint32_t i = 0; i < CSV_ROWS; i++) {
        uint32_t s = i / 40;
        (void)fprintf(file, "2023-11-%02u %02u:%02u:%02u.%07u,%u,%u\r\n", 16 + s / 86400,
                      s / 3600 % 24, s / 60 % 60, s % 60, i % 40 * 250000,
                      1 + (uint32_t)(mu_random_bits(1, 0, i) % 7436),
                      1 + (uint32_t)(mu_random_bits(1, 1, i) % 400));
    }
    (void)fclose(file);
}

/* A third of the blocks of a prompt are some earlier one's. */
static void make_jsonl(char path[512], uint32_t rows)
{
    FILE *file = create(path, "mooncake.jsonl");
    uint64_t fresh = 0;
    for (uint32_t i = 0; i < rows; i++) {
        uint32_t input = 1 + (uint32_t)(mu_random_bits(2, 0, i) % 24000);
        uint32_t blocks = (input + 511) / 512;
        (void)fprintf(file,
                      "{\"timestamp\": %u, \"input_length\": %u, \"output_length\": %u, "
                      "\"hash_ids\": [",
                      i * 290, input, 1 + (uint32_t)(mu_random_bits(2, 1, i) % 700));
        uint64_t old = fresh > 0 ? mu_random_bits(2, 2, i) % fresh : 0;
        for (uint32_t k = 0; k < blocks; k++) {
            uint64_t id = k < blocks / 3 ? old + k : fresh++;
            (void)fprintf(file, k > 0 ? ", %llu" : "%llu", (unsigned long long)id);
        }
        (void)fprintf(file, "]}\n");
    }
    (void)fclose(file);
}

static char *slurp(const char *path, size_t *size)
{
    struct stat about;
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &about) != 0) {
        stop("cannot read a file");
    }
    *size = (size_t)about.st_size;
    char *text = malloc(*size);
    if (text == NULL || fread(text, 1, *size, file) != *size) {
        stop("cannot read a file");
    }
    (void)fclose(file);
    return text;
}

static void pack(const char *path, char packed_path[512])
{
    size_t size = 0;
    char *text = slurp(path, &size);
    size_t room = ZSTD_compressBound(size);
    char *packed = malloc(room);
    if (packed == NULL) {
        stop("out of memory");
    }
    size_t got = ZSTD_compress(packed, room, text, size, 3);
    FILE *file = create(packed_path, strstr(path, "csv") != NULL ? "a.csv.zst" : "m.jsonl.zst");
    if (ZSTD_isError(got) || fwrite(packed, 1, got, file) != got || fclose(file) != 0) {
        stop("cannot pack a file");
    }
    free(packed);
    free(text);
}

/* Requests of a whole file, and seconds to read it. */
static uint64_t read_all(const mu_sim_source *source, mu_arena *arena, double *took_s)
{
    mu_traffic traffic;
    mu_request request;
    mu_error err = {0};
    double arrival_s = 0.0;
    uint64_t count = 0;
    double start_s = now_s();
    if (source->open(source->context, arena, &traffic, &err) != MU_OK) {
        stop(err.text);
    }
    while (traffic.peek(traffic.context, &arrival_s)) {
        if (traffic.take(traffic.context, &request, &err) != MU_OK) {
            stop(err.text);
        }
        count++;
    }
    source->close(source->context, &traffic);
    *took_s = now_s() - start_s;
    return count;
}

/* `text_bytes` is the size unpacked. */
static double bench_file(const char *path, const char *what, double text_bytes, uint64_t rows)
{
    mu_arena *arena = mu_arena_create(0);
    mu_sim_source source;
    mu_error err = {0};
    double best_s = 1e9;
    if (arena == NULL || mu_trace_source(&(mu_trace_options){.path = path, .speed = 1.0}, arena,
                                         &source, &err) != MU_OK) {
        stop(err.text);
    }
    for (int i = 0; i < ROUNDS; i++) {
        double took_s = 0.0;
        if (read_all(&source, arena, &took_s) != rows) {
            stop("a file has another number of requests than was written");
        }
        best_s = took_s < best_s ? took_s : best_s;
    }
    mu_arena_free(arena);
    (void)printf("trace %-20s %5.0f MB of text: %5.0f MB/s, %6.2f M requests/s\n", what,
                 text_bytes * 1e-6, text_bytes / best_s * 1e-6, (double)rows / best_s * 1e-6);
    return text_bytes / best_s;
}

/* Bytes a second of jansson alone, on the first lines of a file. */
static double library_bytes_per_s(const char *path)
{
    size_t size = 0;
    char *text = slurp(path, &size);
    double start_s = now_s();
    const char *line = text;
    for (int i = 0; i < LIBRARY_ROWS; i++) {
        const char *end = memchr(line, '\n', size - (size_t)(line - text));
        json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
        if (object == NULL) {
            stop("jansson refuses a line");
        }
        json_decref(object);
        line = end + 1;
    }
    double bytes_per_s = (double)(line - text) / (now_s() - start_s);
    free(text);
    return bytes_per_s;
}

static double size_of(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (double)about.st_size : 0.0;
}

int main(void)
{
    char csv[512];
    char jsonl[512];
    char packed[512];
    const char *place = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/muster-bench-XXXXXX", place != NULL ? place : ".");
    if (mkdtemp(folder) == NULL) {
        stop("cannot make a folder in TMPDIR");
    }
    make_csv(csv);
    (void)bench_file(csv, "Azure LLM", size_of(csv), CSV_ROWS);
    pack(csv, packed);
    (void)bench_file(packed, "Azure LLM, .zst", size_of(csv), CSV_ROWS);
    (void)unlink(packed);
    (void)unlink(csv);
    make_jsonl(jsonl, JSONL_ROWS);
    double ours = bench_file(jsonl, "Mooncake", size_of(jsonl), JSONL_ROWS);
    double library = library_bytes_per_s(jsonl);
    (void)printf("  beside it: jansson parses the same lines at %.0f MB/s, ratio %.0f\n",
                 library * 1e-6, ours / library);
    pack(jsonl, packed);
    (void)bench_file(packed, "Mooncake, .zst", size_of(jsonl), JSONL_ROWS);
    (void)unlink(packed);
    (void)unlink(jsonl);
    return rmdir(folder) == 0 ? 0 : 1;
}
