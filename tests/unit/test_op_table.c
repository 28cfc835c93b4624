/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   tables of operator times are read with their units, packed or plain, and bad rows are
 *         named.
 * Method: small tables written here; the columns of every known source once.
 */
#include "io/op_table.h"

#include "io/csv_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

static mu_arena *arena;
static char folder[256];

static int open_folder(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%s/muster-tables-XXXXXX", place == NULL ? "." : place);
    arena = mu_arena_create(0);
    return arena != NULL && mkdtemp(folder) != NULL ? 0 : -1;
}

static int close_folder(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return rmdir(folder);
}

static const char *write_file(const char *name, const char *text, size_t length)
{
    const char *path = mu_arena_printf(arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

typedef struct reading {
    mu_status status;
    mu_error err;
    mu_case_list list;
    mu_op_warnings warnings;
} reading;

static reading read_as(const char *name, const char *text)
{
    reading r = {.list = {.arena = arena}};
    const char *path = write_file(name, text, strlen(text));
    r.status = mu_op_table_read(path, "h100", &r.list, &r.warnings, &r.err);
    assert_int_equal(unlink(path), 0);
    return r;
}

static void assert_row(const reading *r, uint32_t row, const char *id, double time_s)
{
    assert_int_equal(r->status, MU_OK);
    assert_true(row < r->list.count);
    assert_string_equal(r->list.item[row].id, id);
    double got = r->list.item[row].measure[0].value;
    if (fabs(got - time_s) > 1e-9 * time_s) {
        fail_msg("%s: %.12g s, expected %.12g s", id, got, time_s);
    }
    assert_true(r->list.item[row].fit == mu_case_is_fit(id));
}

static void assert_near(double got, double wanted)
{
    if (!(fabs(got - wanted) <= 1e-12)) {
        fail_msg("got %.17g, wanted %.17g", got, wanted);
    }
}

/* A bare latency is milliseconds; a unit in the name wins. */
static void test_units(void **state)
{
    (void)state;
    reading ms = read_as("gemm.csv", "gemm_dtype,m,n,k,latency\nbfloat16,80,65536,12288,1.5\n");
    assert_row(&ms, 0, "h100 gemm bf16 m=80 n=65536 k=12288", 1.5e-3);
    reading us = read_as("gemm.csv", "gemm_dtype,m,n,k,latency_us\nbf16,80,65536,12288,1500\n");
    assert_row(&us, 0, "h100 gemm bf16 m=80 n=65536 k=12288", 1.5e-3);
    reading s = read_as("gemm.csv", "gemm_dtype,m,n,k,latency_s\nbf16,80,65536,12288,0.0015\n");
    assert_row(&s, 0, "h100 gemm bf16 m=80 n=65536 k=12288", 1.5e-3);
}

/* Messages are in elements of the format; HCCL's are bytes of one rank's part. */
static void test_messages(void **state)
{
    (void)state;
    reading r = read_as("nccl.csv", "op_name,nccl_dtype,num_gpus,message_size,latency\n"
                                    "all_gather,half,8,1024,0.01\nall_reduce,int8,8,1024,0.01\n");
    assert_row(&r, 0, "h100 all_gather fp16 ranks=8 bytes=2048", 1e-5);
    assert_row(&r, 1, "h100 all_reduce int8 ranks=8 bytes=1024", 1e-5);
    r = read_as("hccl.csv", "op,ranks,message_size_bytes,latency_ms\nall_gather,8,1024,0.01\n"
                            "all_reduce,8,1024,0.01\n");
    assert_row(&r, 0, "h100 all_gather bf16 ranks=8 bytes=8192", 1e-5);
    assert_row(&r, 1, "h100 all_reduce bf16 ranks=8 bytes=1024", 1e-5);
}

static void test_layouts(void **state)
{
    (void)state;
    reading r =
        read_as("generation_attention.csv",
                "batch_size,isl,num_heads,num_key_value_heads,head_dim,window_size,"
                "attn_dtype,kv_cache_dtype,step,latency\n32,1,64,8,128,0,bfloat16,fp8,3,0.5\n");
    assert_row(&r, 0,
               "h100 generation_attention bf16 kv=fp8 batch=32 context=4 heads=64 kv_heads=8 "
               "head_dim=128",
               5e-4);
    r = read_as("moe.csv", "kernel_source,moe_dtype,num_tokens,hidden_size,inter_size,topk,"
                           "num_experts,moe_tp_size,moe_ep_size,distribution,latency\n"
                           "x_nongated,fp8,48,6144,2560,8,160,32,8,power_law_1.2,0.05\n");
    assert_row(&r, 0,
               "h100 moe fp8 spread=1.2 plain tokens=48 hidden=6144 intermediate=2560 experts=160 "
               "topk=8 moe_tp=32 ep=8",
               5e-5);
    r = read_as("mha-decode-32-8-128.csv", "dtype,kv_dtype,batch_size,kv_len,latency_us,mfu\n"
                                           "bf16,bf16,1,1024,34.9,0.0\n");
    assert_row(&r, 0,
               "h100 generation_attention bf16 batch=1 context=1024 heads=32 kv_heads=8 "
               "head_dim=128",
               34.9e-6);
    r = read_as(
        "wideep_deepep_normal.csv",
        "node_num,hidden_size,num_token,num_topk,num_experts,dispatch_sms,"
        "dispatch_transmit_us,dispatch_notify_us,combine_sms,combine_transmit_us,"
        "combine_notify_us\n1,2048,64,8,128,20,31,2,20,35,0\n1,2048,64,8,128,4,60,0,4,70,0\n");
    assert_int_equal(r.list.count, 4);
    assert_row(&r, 0, "h100 dispatch fp8 tokens=64 hidden=2048 experts=128 topk=8 ranks=8", 33e-6);
    assert_row(&r, 1, "h100 combine bf16 tokens=64 hidden=2048 experts=128 topk=8 ranks=8", 35e-6);
    assert_row(&r, 2, "h100 dispatch fp8 tokens=64 hidden=2048 experts=128 topk=8 ranks=8 cores=4",
               60e-6);
}

/* Whole modules: the shape goes with the model that a row names. */
static void test_layouts_of_models(void **state)
{
    (void)state;
    reading r = read_as("dsa_context_module.csv",
                        "model,gemm_type,kv_cache_dtype,num_heads,batch_size,isl,step,latency\n"
                        "zai-org/GLM-5,fp8_block,fp8,8,4,256,128,0.5\nother,bf16,fp8,8,4,1,0,1\n"
                        "deepseek-ai/DeepSeek-V3.2,nvfp4,bfloat16,128,1,32,0,0.4\n");
    assert_row(&r, 0,
               "h100 sparse_mla_prefill fp8_block kv=fp8 batch=4 input=256 cached=128 heads=8 "
               "head_dim=256 v_dim=256 hidden=6144 topk=2048 q_lora=2048 index_heads=32",
               5e-4);
    assert_row(&r, 1,
               "h100 sparse_mla_prefill fp4 batch=1 input=32 heads=128 head_dim=192 v_dim=128 "
               "hidden=7168 topk=2048 q_lora=1536 index_heads=64",
               4e-4);
    assert_int_equal(r.warnings.count, 1);
    assert_non_null(strstr(r.warnings.text[0], ":3: of a model"));
    r = read_as("dsa_generation_module.csv",
                "gemm_type,kv_cache_dtype,num_heads,batch_size,isl,step,latency\n"
                "bf16,bf16,8,4,1,7,0.5\n");
    assert_int_equal(r.status, MU_E_INPUT);
    assert_non_null(strstr(r.err.text, "\"model\""));
}

/* Any file with a column `op` and the keys of an operator question. */
static void test_own_layout(void **state)
{
    (void)state;
    reading r = read_as("mine.csv", "# my chip\nop,dtype,m,n,k,ranks,bytes,latency_us\n"
                                    "gemm,bf16,1,2,3,,,7\n\n\"all_reduce\",fp16,,,,8,1024, 9 \r\n");
    assert_row(&r, 0, "h100 gemm bf16 m=1 n=2 k=3", 7e-6);
    assert_row(&r, 1, "h100 all_reduce fp16 ranks=8 bytes=1024", 9e-6);
    assert_int_equal(r.warnings.count, 0);
    r = read_as("mine.csv", "op,dtype,m,n,k,quantised_input,latency_us\ngemm,int8,1,2,3,true,7\n");
    assert_row(&r, 0, "h100 gemm int8 quantised m=1 n=2 k=3", 7e-6);
    assert_true(r.list.item[0].op->quantised);
}

/* How calls were repeated: the row's word, else its collector's way. */
static void test_copies(void **state)
{
    (void)state;
    reading r = read_as("mine.csv", "op,dtype,m,n,k,copies,latency_us\ngemm,bf16,1,2,3,,7\n"
                                    "gemm,bf16,1,2,4,3,7\n");
    assert_row(&r, 1, "h100 gemm bf16 m=1 n=2 k=4", 7e-6);
    assert_near(r.list.item[0].op->copies, 1.0);
    assert_near(r.list.item[1].op->copies, 3.0);
    r = read_as("gemm.csv", "version,kernel_source,gemm_dtype,m,n,k,latency\n"
                            "1.0.0,torch_flow,bfloat16,1,2,3,7\n"
                            "1.3.0rc20,torch_flow,bfloat16,1,2,4,7\n"
                            "1.10.2,torch_flow,bfloat16,1,2,5,7\n"
                            "1.0.0,trt_flow_/x,bfloat16,1,2,6,7\n");
    const double copies[] = {5.0, MU_COPIES_OF_L2, MU_COPIES_OF_L2, 0.0};
    for (uint32_t i = 0; i < 4; i++) {
        assert_near(r.list.item[i].op->copies, copies[i]);
    }
    r = read_as("gemm.csv", "gemm_dtype,m,n,k,latency\nbfloat16,1,2,3,7\n");
    assert_near(r.list.item[0].op->copies, 0.0);
    r = read_as("generation_attention.csv",
                "version,batch_size,isl,num_heads,num_key_value_heads,head_dim,window_size,"
                "attn_dtype,kv_cache_dtype,step,latency\n1.0.0,32,1,64,8,128,0,bfloat16,fp8,3,0.5\n"
                "1.3.0,32,1,64,8,128,0,bfloat16,fp8,4,0.5\n");
    assert_true(r.list.item[0].op->aliased);
    assert_false(r.list.item[1].op->aliased);
}

static void test_bad_rows_are_named(void **state)
{
    (void)state;
    reading r = read_as("gemm.csv", "gemm_dtype,m,n,k,latency\nbf16,1,2,3,0.1\nbf16,1,2,3,-0.1\n"
                                    "bf16,1,2,3,NaN\nbf16,1,2,,0.1\nbf99,1,2,3,0.1\n"
                                    "bf16,0,2,3,0.1\nbf16,1,2,3,0.2\nbf16,1,2,3,1e9\n");
    assert_int_equal(r.status, MU_OK);
    assert_int_equal(r.list.count, 2);
    assert_int_equal(r.warnings.count, 7);
    static const char *const said[] = {":3: the time is negative",
                                       ":4: the time is not a number",
                                       ":5: expected a number of 0 or more",
                                       ":6: unknown number format",
                                       ":7: gemm: needs m above 0",
                                       ":9: the time is not between",
                                       "1 of 2 rows ask what an earlier row asks"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
        if (strstr(r.warnings.text[i], said[i]) == NULL) {
            fail_msg("%s, expected %s", r.warnings.text[i], said[i]);
        }
    }
}

static void test_bad_tables_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *table;
        mu_status status;
        const char *text;
    } bad[] = {
        {"gemm.csv", "", MU_E_INPUT, "is empty"},
        {"gemm.csv", "gemm_dtype,m,n,latency\nbf16,1,2,3\n", MU_E_INPUT, "column \"k\" is missing"},
        {"gemm.csv", "gemm_dtype,m,n,k\nbf16,1,2,3\n", MU_E_INPUT, "column \"latency\" is missing"},
        {"gemm.csv", "gemm_dtype,m,m,k,latency\n", MU_E_INPUT, "comes twice"},
        {"gemm.csv", "gemm_dtype,m,n,k,latency\n", MU_E_INPUT, "no row can be used"},
        {"gemm.csv", "gemm_dtype,m,n,k,latency\nbf16,1,2,3,-1\n", MU_E_INPUT,
         "the last, line 2: the time is negative"},
        {"gemm.csv", "gemm_dtype,m,n,k,latency\nbf16,1,2,3\n", MU_E_INPUT, "expected 5 cells"},
        {"gemm.csv", "gemm_dtype,m,n,k,latency\n\"bf16,1,2,3,4\n", MU_E_INPUT, "expected 5 cells"},
        {"what.csv", "a,b\n1,2\n", MU_NO, "no known table"},
        {"gemm.txt", "a,b\n1,2\n", MU_E_INPUT, ".csv"},
        {"gemm.csv.zst", "gemm_dtype,m,n,k,latency\nbf16,1,2,3,1\n", MU_E_INPUT,
         "cannot be unpacked"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        reading r = read_as(bad[i].name, bad[i].table);
        assert_int_equal(r.status, bad[i].status);
        if (strstr(r.err.text, bad[i].text) == NULL) {
            fail_msg("%s, expected %s", r.err.text, bad[i].text);
        }
    }
}

static void test_packed(void **state)
{
    (void)state;
    enum { ROWS = 20000, ROW_MAX = 64 };
    char *text = calloc(ROWS + 1, ROW_MAX);
    assert_non_null(text);
    size_t length = (size_t)sprintf(text, "gemm_dtype,m,n,k,latency\n");
    for (int i = 1; i <= ROWS; i++) {
        length += (size_t)sprintf(text + length, "bf16,%d,4096,4096,%d.5\n", i, i % 100);
    }
    size_t room = ZSTD_compressBound(length);
    char *packed = malloc(room);
    assert_non_null(packed);
    size_t size = ZSTD_compress(packed, room, text, length, 3);
    assert_false(ZSTD_isError(size));

    reading r = {.list = {.arena = arena}};
    const char *path = write_file("gemm.csv.zst", packed, size);
    r.status = mu_op_table_read(path, "h100", &r.list, &r.warnings, &r.err);
    assert_int_equal(r.status, MU_OK);
    assert_int_equal(r.list.count, ROWS);
    assert_row(&r, 12344, "h100 gemm bf16 m=12345 n=4096 k=4096", 45.5e-3);

    reading cut = {.list = {.arena = arena}};
    path = write_file("gemm.csv.zst", packed, size - 20);
    cut.status = mu_op_table_read(path, "h100", &cut.list, &cut.warnings, &cut.err);
    assert_int_equal(cut.status, MU_E_INPUT);
    assert_non_null(strstr(cut.err.text, "ends early"));
    assert_int_equal(unlink(path), 0);
    free(packed);
    free(text);
}

static void test_quotes_and_length(void **state)
{
    (void)state;
    const char table[] = "a, b ,c\r\n\"x,\"\"y\"\"\" , 2,\n";
    const char *path = write_file("q.csv", table, sizeof table - 1);
    mu_csv *csv = NULL;
    mu_error err = {0};
    bool more = false;
    assert_int_equal(mu_csv_open(path, &csv, &err), MU_OK);
    assert_int_equal(mu_csv_column(csv, "b"), 1);
    assert_int_equal(mu_csv_column(csv, "d"), -1);
    assert_int_equal(mu_csv_next(csv, &more, &err), MU_OK);
    assert_true(more);
    assert_string_equal(mu_csv_cell(csv, 0), "x,\"y\"");
    assert_string_equal(mu_csv_cell(csv, 1), "2");
    assert_string_equal(mu_csv_cell(csv, 2), "");
    assert_int_equal(mu_csv_line(csv), 2);
    assert_int_equal(mu_csv_next(csv, &more, &err), MU_OK);
    assert_false(more);
    mu_csv_close(csv);

    size_t length = MU_CSV_LINE_MAX + 10;
    char *line = malloc(length);
    assert_non_null(line);
    memset(line, 'x', length);
    path = write_file("q.csv", line, length);
    assert_int_equal(mu_csv_open(path, &csv, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "longer than"));
    free(line);
    assert_int_equal(unlink(path), 0);
}

static void test_folder(void **state)
{
    (void)state;
    const char *chip = mu_arena_printf(arena, "%s/910b", folder);
    assert_int_equal(mkdir(chip, 0700), 0);
    static const char table[] = "gemm_dtype,m,n,k,latency_us\nbf16,1,2,3,9\n";
    const char *known = write_file("910b/gemm.csv", table, sizeof table - 1);
    const char *unknown = write_file("910b/what.csv", "a,b\n1,2\n", 8);
    mu_case_list list = {.arena = arena};
    mu_op_warnings warnings = {.count = 0};
    mu_error err = {0};
    assert_int_equal(mu_op_tables_read(folder, &list, &warnings, &err), MU_OK);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.item[0].op->target, "ascend-910c"); /* whatever its source calls it */
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.text[0], "what.csv"));
    assert_int_equal(unlink(known), 0);
    assert_int_equal(unlink(unknown), 0);
    assert_int_equal(mu_op_tables_read(folder, &list, &warnings, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "holds no tables"));
    assert_int_equal(rmdir(chip), 0);
    mu_error none = {0};
    assert_int_equal(mu_op_tables_read(chip, &list, &warnings, &none), MU_E_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_layouts_of_models),
        cmocka_unit_test(test_own_layout),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_bad_rows_are_named),
        cmocka_unit_test(test_bad_tables_are_refused),
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_quotes_and_length),
        cmocka_unit_test(test_folder),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
