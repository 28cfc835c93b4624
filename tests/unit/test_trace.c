/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   traces of every layout become the requests that they say, whatever the order of columns,
 *         packed or plain, for one reader or several.
 * Method: small files written here in each layout; the public traces' totals, counted by another
 *         program, where they are present.
 */
#include "trace_helper.h"

#include <pthread.h>
#include <zstd.h>

static void test_azure(void **state)
{
    (void)state;
    reading r = read_text("a.csv", "TIMESTAMP,ContextTokens,GeneratedTokens\r\n"
                                   "2023-11-16 18:15:46.6805900,374,44\r\n"
                                   "2023-11-16 18:15:50.9951690,396,109\r\n"
                                   "2023-11-17 00:00:00,879,55");
    assert_int_equal(r.count, 3);
    assert_request(&r, 0, 0.0, 374, 44);
    assert_request(&r, 1, 4.314579, 396, 109);
    assert_request(&r, 2, 20653.31941, 879, 55);
    assert_int_equal(r.request[2].block_tokens, 0);
    r = read_text("a.csv", "\xEF\xBB\xBFTIMESTAMP,ContextTokens,GeneratedTokens\n"
                           "2024-02-28T23:59:59.999999+00:00,2162,5\n"
                           "2024-02-29 01:00:00+01:00,1,6\n"
                           "2024-02-29T00:00:01.5Z,2,7\n"
                           "2024-03-01 00:00:00.123456789-0000,3,8\n\n \r\n");
    assert_int_equal(r.count, 4);
    assert_request(&r, 0, 0.0, 2162, 5);
    assert_request(&r, 1, 1e-6, 1, 6);
    assert_request(&r, 2, 1.500001, 2, 7);
    assert_request(&r, 3, 86400.123457789, 3, 8);
}

static void test_burstgpt(void **state)
{
    (void)state;
    reading r =
        read_text("b.csv", "Timestamp,Model,Request tokens,Response tokens,Total tokens,"
                           "Log Type\n5,ChatGPT,472,18,490,Conversation log\n"
                           "45,GPT-4,1087,0,1087,API log\n45.5,GPT-4,417,276,693,API log\n");
    assert_int_equal(r.count, 2);
    assert_request(&r, 0, 0.0, 472, 18);
    assert_request(&r, 1, 40.5, 417, 276);
    r = read_text("b.csv", "Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,"
                           "Total tokens,Log Type\n1,,0.1,ChatGPT,7,0,7,API log\n"
                           "2.25,x9,1.5,\"GPT, \"\"4\"\"\",8,9,17,API log\n3,,,m,1,2,3,c\n");
    assert_int_equal(r.count, 2);
    assert_request(&r, 0, 0.0, 8, 9);
    assert_request(&r, 1, 0.75, 1, 2);
}

static void test_mooncake(void **state)
{
    (void)state;
    reading r = read_text(
        "m.jsonl",
        "{\"timestamp\": 27, \"input_length\": 1300, \"output_length\": 52, \"hash_ids\": [0, 1, "
        "18446744073709551615]}\n"
        "{\"hash_ids\":[],\"output_length\":1,\"input_length\":512,\"timestamp\":3027.5}\n"
        "{\"timestamp\":1e4, \"input_length\": 1024.0, \"output_length\": 2, \"x\": [{\"y\": "
        "null}], "
        "\"hash_ids\": [ 7 , 8 ]}\n"
        "{\"timestamp\":10000, \"input_length\": 1000, \"output_length\": 30, "
        "\"hash_ids\":[3,4,5]}");
    assert_int_equal(r.count, 4);
    assert_request(&r, 0, 0.0, 1300, 52);
    assert_request(&r, 1, 3.0005, 512, 1);
    assert_request(&r, 2, 9.973, 1024, 2);
    assert_request(&r, 3, 9.973, 1000, 30);
    static const uint32_t blocks[] = {2, 0, 2, 2}; /* the last of 1300 tokens is not full */
    for (uint32_t i = 0; i < r.count; i++) {
        assert_int_equal(r.request[i].block_tokens, 512);
        assert_int_equal(r.request[i].block_count, blocks[i]);
    }
    assert_true(r.id[0][0] == 0 && r.id[0][1] == 1);
    assert_true(r.id[2][0] == 7 && r.id[2][1] == 8);
}

/* Ids beyond the prompt's are the answer's. */
static void test_mooncake_answers(void **state)
{
    (void)state;
    reading r = read_text("m.jsonl", "{\"timestamp\":0,\"input_length\":600,\"output_length\":600,"
                                     "\"hash_ids\":[1,2,3]}\n"
                                     "{\"timestamp\":0,\"input_length\":600,\"output_length\":600,"
                                     "\"hash_ids\":[1,2,3,4]}\n");
    assert_int_equal(r.count, 1);
    assert_int_equal(r.request[0].block_count, 2);
    assert_int_equal(r.take, MU_E_INPUT);
    assert_int_equal(r.err.line, 2);
    assert_string_equal(r.err.text, "expected at most 3 block ids of 512 tokens for a request of "
                                    "1200, found 4");
}

/* Seconds, 16 tokens a block, ids of the block alone: equal ids after different ones differ. */
static void test_bailian(void **state)
{
    (void)state;
    reading r =
        read_text("q.jsonl", "{\"chat_id\": 1, \"parent_chat_id\": -1, \"timestamp\": 61.114, "
                             "\"input_length\": 48, \"output_length\": 5, \"type\": \"text\", "
                             "\"turn\": 1, \"hash_ids\": [5, 6, 6]}\n"
                             "{\"chat_id\": 2, \"parent_chat_id\": 1, \"timestamp\": 62, "
                             "\"input_length\": 47, \"output_length\": 5, \"type\": \"text\", "
                             "\"turn\": 2, \"hash_ids\": [5, 6, 7]}\n"
                             "{\"chat_id\": 3, \"parent_chat_id\": -1, \"timestamp\": 62, "
                             "\"input_length\": 48, \"output_length\": 5, \"type\": \"text\", "
                             "\"turn\": 1, \"hash_ids\": [9, 6, 6]}\n");
    assert_int_equal(r.count, 3);
    assert_request(&r, 1, 0.886, 47, 5);
    assert_int_equal(r.request[0].block_tokens, 16);
    assert_int_equal(r.request[0].block_count, 3);
    assert_int_equal(r.request[1].block_count, 2);
    assert_true(r.id[0][0] == r.id[1][0] && r.id[0][1] == r.id[1][1]);
    assert_true(r.id[0][1] != r.id[0][2] && r.id[0][1] != r.id[2][1] && r.id[0][0] != r.id[2][0]);
}

static void test_own(void **state)
{
    (void)state;
    reading r =
        read_text("o.csv", "# made by hand\n Output , note,tenant,\"Input Tokens\",arrival_ms"
                           "\n 3 ,\"a,b\",7, \"12.0\" ,1000\n# more\n4,,0,1e3,1500.25\n");
    assert_int_equal(r.count, 2);
    assert_request(&r, 0, 0.0, 12, 3);
    assert_request(&r, 1, 0.50025, 1000, 4);
    assert_int_equal(r.request[0].tenant, 7);
    assert_int_equal(r.request[1].tenant, 0);
    r = read_text("o.csv", "time,timestamp,arrival_s,output,output_tokens,input,hash_ids\n"
                           "1,2,3,4,5,6,7\n1,2,4,4,5,6,7\n");
    assert_request(&r, 1, 1.0, 6, 4);
    r = read_text("o.jsonl",
                  "{\"arrival\":\"2026-01-01T00:00:00\",\"isl\":1,\"osl\":2,\"tenant\":3}\n"
                  "{\"arrival\":\"2026-01-01 00:00:01\",\"isl\":3,\"osl\":4}\n");
    assert_request(&r, 1, 1.0, 3, 4);
    assert_int_equal(r.request[0].tenant, 3);
    assert_int_equal(r.request[1].tenant, 0);
}

static void test_options(void **state)
{
    (void)state;
    const char *path =
        write_bytes("o.csv", "arrival,input,output\n10,1,1\n12,2,1\n16,3,1\n20,4,1\n", 49);
    reading r =
        read_options(&(mu_trace_options){.path = path, .speed = 4.0, .skip = 1, .limit = 2});
    assert_int_equal(r.count, 2);
    assert_request(&r, 0, 0.0, 2, 1);
    assert_request(&r, 1, 1.0, 3, 1);
    r = read_options(&(mu_trace_options){.path = path, .speed = 0.5, .skip = 3});
    assert_int_equal(r.count, 1);
    r = read_options(&(mu_trace_options){.path = path, .speed = 1.0, .skip = 4});
    assert_int_equal(r.open, MU_E_INPUT);
    assert_string_equal(r.err.text, "expected more requests than the 4 to be skipped, found 4");
    static const double speeds[] = {0.0, -1.0, 1e7, NAN, INFINITY};
    for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
        r = read_options(&(mu_trace_options){.path = path, .speed = speeds[i]});
        assert_int_equal(r.open, MU_E_INPUT);
    }
    assert_int_equal(unlink(path), 0);
}

/* Rows up to a millisecond late count as simultaneous; more is a fault. */
static void test_order(void **state)
{
    (void)state;
    reading r = read_text("o.csv", "arrival,input,output\n10,1,1\n12,2,1\n11.9995,3,1\n12,4,1\n");
    assert_request(&r, 2, 2.0, 3, 1);
    assert_request(&r, 3, 2.0, 4, 1);
    r = read_text("o.csv", "arrival,input,output\n10,1,1\n12,2,1\n11.5,3,1\n12,4,1\n");
    assert_int_equal(r.count, 2);
    assert_int_equal(r.take, MU_E_INPUT);
    assert_int_equal(r.err.line, 4);
    assert_int_equal(r.err.column, 1);
    assert_string_equal(r.err.text,
                        "expected rows in order of arrival, found one 0.5 s before the last");
    r = read_text("o.csv", "arrival,input,output\n10,1,1\n9.9991,2,1\n9.9982,3,1\n");
    assert_int_equal(r.count, 2); /* late by less each time, but not by less than the first */
    assert_int_equal(r.take, MU_E_INPUT);
}

enum { MANY = 20000 };

/* A file of many blocks, with request i at i/8 s, i + 1 in and i % 100 + 1 out. */
static char *make_many(size_t *length)
{
    char *text = malloc((size_t)MANY * 40);
    assert_non_null(text);
    int used = sprintf(text, "arrival_s,input,output,note\n");
    for (int i = 0; i < MANY; i++) {
        used += sprintf(text + used, "%.3f,%d,%d,%d\n", i / 8.0, i + 1, i % 100 + 1, i * 7919);
    }
    *length = (size_t)used;
    return text;
}

typedef struct visit {
    const mu_sim_source *source;
    int wrong; /* requests that are not as they should be; -1 = not to the end */
} visit;

static void *visit_many(void *context)
{
    visit *v = context;
    mu_arena *own = mu_arena_create(0);
    mu_traffic traffic;
    mu_error err = {0};
    double arrival_s = 0.0;
    int i = 0;
    v->wrong = -1;
    if (v->source->open(v->source->context, own, &traffic, &err) == MU_OK) {
        v->wrong = 0;
        for (; traffic.peek(traffic.context, &arrival_s); i++) {
            mu_request q = {0};
            bool ok = traffic.take(traffic.context, &q, &err) == MU_OK && q.arrival_s == i / 8.0 &&
                      q.input == (uint32_t)i + 1 && q.output == (uint32_t)i % 100 + 1;
            v->wrong += ok ? 0 : 1;
        }
        v->wrong += abs(MANY - i);
        v->source->close(v->source->context, &traffic);
    }
    mu_arena_free(own);
    return NULL;
}

static void visit_by_threads(const char *path)
{
    enum { THREADS = 4 };
    mu_sim_source source;
    mu_error err = {0};
    pthread_t thread[THREADS];
    visit v[THREADS];
    assert_int_equal(
        mu_trace_source(&(mu_trace_options){.path = path, .speed = 1.0}, arena, &source, &err),
        MU_OK);
    for (int i = 0; i < THREADS; i++) {
        v[i] = (visit){.source = &source};
        assert_int_equal(pthread_create(&thread[i], NULL, visit_many, &v[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(v[i].wrong, 0);
    }
}

/* Plain and packed, in two frames and cut short; read by several threads at once. */
static void test_many(void **state)
{
    (void)state;
    size_t length = 0;
    char *text = make_many(&length);
    const char *path = write_bytes("many.csv", text, length);
    visit_by_threads(path);
    assert_int_equal(unlink(path), 0);

    size_t half = length / 2;
    size_t room = 2 * ZSTD_compressBound(length);
    char *packed = malloc(room);
    assert_non_null(packed);
    size_t size = ZSTD_compress(packed, room, text, half, 3);
    assert_false(ZSTD_isError(size));
    size_t more = ZSTD_compress(packed + size, room - size, text + half, length - half, 3);
    assert_false(ZSTD_isError(more));
    path = write_bytes("many.csv.zst", packed, size + more);
    visit_by_threads(path);

    path = write_bytes("many.csv.zst", packed, size + more - 20);
    mu_trace_summary sum = {0};
    mu_error err = {0};
    mu_trace_options options = {.path = path, .speed = 2.0};
    assert_int_equal(mu_trace_summarise(&options, 100, &sum, &err), MU_OK);
    assert_int_equal(sum.requests, 100);
    assert_false(sum.whole);
    assert_true(fabs(sum.rate_per_s - 16.0) < 1e-9);
    assert_true(fabs(sum.input_mean - 50.5) < 1e-9);
    assert_int_equal(mu_trace_summarise(&options, 0, &sum, &err), MU_E_INPUT);
    assert_string_equal(err.text, "the compressed file ends early");
    assert_int_equal(unlink(path), 0);
    free(packed);
    free(text);
}

static void test_summary(void **state)
{
    (void)state;
    const char *text = "Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                       "1,m,10,4,0,x\n2,m,10,0,0,x\n3,m,30,8,0,x\n2.9999,m,20,9,0,x\n";
    const char *path = write_bytes("b.csv", text, strlen(text));
    mu_trace_summary sum;
    mu_error err = {0};
    assert_int_equal(
        mu_trace_summarise(&(mu_trace_options){.path = path, .speed = 0.5}, 0, &sum, &err), MU_OK);
    assert_int_equal(unlink(path), 0);
    assert_string_equal(sum.layout, "BurstGPT");
    assert_true(sum.whole);
    assert_int_equal(sum.requests, 3);
    assert_int_equal(sum.failed, 1);
    assert_int_equal(sum.late, 1);
    assert_true(sum.span_s == 4.0 && sum.rate_per_s == 0.5);
    assert_true(sum.input_mean == 20.0 && sum.output_mean == 7.0);
    assert_int_equal(sum.input_max, 30);
    assert_int_equal(sum.output_max, 9);
    assert_int_equal(sum.tenants, 1);
    assert_int_equal(sum.block_tokens, 0);
}

static int by_id(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Share of the block ids of a trace that were there before, with a cache of any size. */
static double share_seen(const char *path)
{
    enum { ALL_MAX = 1 << 19 };
    uint64_t *all = malloc(ALL_MAX * sizeof *all);
    size_t count = 0;
    mu_sim_source source;
    mu_traffic traffic;
    mu_error err = {0};
    double arrival_s = 0.0;
    mu_trace_options options = {.path = path, .speed = 1.0};
    assert_non_null(all);
    assert_int_equal(mu_trace_source(&options, arena, &source, &err), MU_OK);
    assert_int_equal(source.open(source.context, arena, &traffic, &err), MU_OK);
    while (traffic.peek(traffic.context, &arrival_s)) {
        mu_request q = {0};
        assert_int_equal(traffic.take(traffic.context, &q, &err), MU_OK);
        assert_int_equal(q.block_count, q.input / 512);
        assert_true(count + q.block_count <= ALL_MAX);
        memcpy(all + count, q.block, q.block_count * sizeof *all);
        count += q.block_count;
    }
    source.close(source.context, &traffic);
    qsort(all, count, sizeof *all, by_id);
    size_t different = 1;
    for (size_t i = 1; i < count; i++) {
        different += all[i] != all[i - 1] ? 1 : 0;
    }
    free(all);
    return 1.0 - (double)different / (double)count;
}

/* Totals of the public traces; those of the tables' README, counted by another program. */
static void test_public(void **state)
{
    (void)state;
    static const struct {
        const char *name, *layout;
        uint64_t requests;
        double span_s, input, output; /* sums of tokens */
        uint32_t input_max, output_max;
        double seen; /* share of whole blocks that were there before */
    } file[] = {
        {"azure_llm_2023_code.csv", "Azure LLM", 8819, 3435.948056, 18059974, 245896, 7437, 1899,
         0.0},
        {"azure_llm_2023_conv.csv", "Azure LLM", 19366, 3501.721937, 22361870, 4088665, 14050, 1000,
         0.0},
        {"mooncake_fast25_conversation.jsonl", "Mooncake", 12031, 3536.999, 144793823, 4122048,
         126195, 2000, 0.3819003},
        {"mooncake_fast25_synthetic.jsonl", "Mooncake", 3993, 1022.025, 61194628, 595432, 191378,
         893, 0.6594395},
    };
    const char *tables = getenv("MUSTER_TABLES");
    for (size_t i = 0; i < sizeof file / sizeof file[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/traces/%s", tables ? tables : "../shared/data",
                       file[i].name);
        if (access(path, R_OK) != 0) {
            print_message("SKIPPED: no trace %s (set MUSTER_TABLES)\n", path);
            skip();
        }
        mu_trace_summary sum;
        mu_error err = {0};
        mu_trace_options options = {.path = path, .speed = 1.0};
        if (mu_trace_summarise(&options, 0, &sum, &err) != MU_OK) {
            fail_msg("%s:%u:%u: %s", path, err.line, err.column, err.text);
        }
        assert_string_equal(sum.layout, file[i].layout);
        assert_int_equal(sum.requests, file[i].requests);
        assert_int_equal(sum.failed + sum.late, 0);
        assert_true(fabs(sum.span_s - file[i].span_s) < 1e-6);
        assert_true(fabs(sum.input_mean * (double)sum.requests - file[i].input) < 0.5);
        assert_true(fabs(sum.output_mean * (double)sum.requests - file[i].output) < 0.5);
        assert_int_equal(sum.input_max, file[i].input_max);
        assert_int_equal(sum.output_max, file[i].output_max);
        if (sum.block_tokens > 0) {
            assert_true(fabs(share_seen(path) - file[i].seen) < 5e-7);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_azure),    cmocka_unit_test(test_burstgpt),
        cmocka_unit_test(test_mooncake), cmocka_unit_test(test_mooncake_answers),
        cmocka_unit_test(test_bailian),  cmocka_unit_test(test_own),
        cmocka_unit_test(test_options),  cmocka_unit_test(test_order),
        cmocka_unit_test(test_many),     cmocka_unit_test(test_summary),
        cmocka_unit_test(test_public),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
