/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   a program holds the model's work, however it is cut; contradictions are refused by name.
 * Method: work summed over ranks against the model's parameters (2 flop a parameter and token),
 * weights against counts, worked figures, bad cuts.
 */
#include "program/program.h"
#include "twin_helper.h"

#include <math.h>
#include <stdlib.h>

static mu_program program; /* large: kept off the stack */

static const mu_precision bf16 = {.weights = MU_DTYPE_BF16,
                                  .activations = MU_DTYPE_BF16,
                                  .experts = MU_DTYPE_BF16,
                                  .expert_activations = MU_DTYPE_BF16,
                                  .kv = MU_DTYPE_BF16,
                                  .dispatch = MU_DTYPE_BF16};

static mu_model model_of(const char *id)
{
    const mu_entity *entity;
    mu_model model;
    mu_error err = {0};
    assert_int_equal(mu_catalog_find(t.catalog, MU_ENTITY_MODEL, id, &entity, &err), MU_OK);
    const mu_node *config = mu_catalog_node(t.catalog, entity, "config", NULL);
    assert_int_equal(mu_model_read(&entity->doc, config, id, &model, &err), MU_OK);
    return model;
}

static mu_parallel cut(uint32_t tp, uint32_t pp, uint32_t dp, uint32_t ep, uint32_t moe_tp)
{
    return (mu_parallel){
        .tp = tp, .pp = pp, .cp = 1, .dp = dp, .ep = ep, .moe_tp = moe_tp, .microbatches = 1};
}

/* Matrix work of linear layers and experts of one rank for one decode token in each DP group
 * [flop]. */
static double linear_flop(const mu_program *p)
{
    double sum = 0.0;
    for (uint32_t b = 0; b < p->block_count; b++) {
        for (uint32_t i = 0; i < p->block[b].count; i++) {
            const mu_op *op = &p->op[p->block[b].first + i];
            double rows =
                (op->scope == MU_SCOPE_PREFILL || op->scope == MU_SCOPE_CONTEXT ? 0.0 : 1.0) *
                op->row_scale;
            double flop = 0.0;
            if (op->kind == MU_OP_GEMM) {
                flop = 2.0 * rows * op->u.gemm.n * op->u.gemm.k * op->u.gemm.batch;
            } else if (op->kind == MU_OP_MOE) {
                flop = 2.0 * rows * op->u.moe.pairs_per_row * (op->u.moe.gated ? 3.0 : 2.0) *
                       op->u.moe.hidden * op->u.moe.intermediate;
            }
            sum += flop * p->block[b].repeat;
        }
    }
    return sum;
}

/* Work a token needs: active parameters less the input table. */
static double wanted_flop(const mu_model *m)
{
    mu_model_params n = mu_model_count(m);
    double table = (double)m->vocab * m->hidden;
    return 2.0 * (n.active - (m->tied_embeddings ? 0.0 : table) - n.norm);
}

static void work_is_the_models(void **state)
{
    (void)state;
    const char *const ids[] = {"llama-3.1-8b", "llama-3.1-70b", "qwen3-30b-a3b", "mixtral-8x7b",
                               "deepseek-v3",  "qwen3-32b",     "kimi-k2",       "gpt-oss-120b"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        mu_model m = model_of(ids[i]);
        mu_parallel one = cut(1, 1, 1, 1, 1);
        assert_true(mu_parallel_fits(&m, &one));
        mu_program_build(&m, &one, &bf16, &program);
        /* Biases, norms and the absorbed form of MLA make small differences. */
        assert_near(linear_flop(&program), wanted_flop(&m), 0.02);
    }
}

/* Cut evenly over ranks, the work of all ranks is that of one (nothing is copied at these degrees).
 */
static void cutting_conserves_work(void **state)
{
    (void)state;
    mu_model dense = model_of("llama-3.1-70b");
    mu_parallel one = cut(1, 1, 1, 1, 1);
    mu_program_build(&dense, &one, &bf16, &program);
    double whole = linear_flop(&program);
    const uint32_t tps[] = {2, 4, 8};
    for (size_t i = 0; i < 3; i++) {
        mu_parallel p = cut(tps[i], 1, 1, 1, 1);
        mu_program_build(&dense, &p, &bf16, &program);
        assert_near(linear_flop(&program) * tps[i], whole, 1e-3);
    }
    mu_parallel staged = cut(1, 4, 1, 1, 1);
    mu_program_build(&dense, &staged, &bf16, &program);
    double head = 2.0 * dense.vocab * dense.hidden; /* counted on the heaviest stage */
    assert_near((linear_flop(&program) - head) * 4.0, whole - head, 1e-9);
}

/* Expert ranks together do dp tokens' work: one token in each of dp groups. */
static void experts_conserve_work(void **state)
{
    (void)state;
    mu_model m = model_of("qwen3-30b-a3b");
    mu_parallel one = cut(1, 1, 1, 1, 1);
    mu_program_build(&m, &one, &bf16, &program);
    double whole = linear_flop(&program);
    mu_parallel wide = cut(1, 1, 16, 16, 1);
    assert_true(mu_parallel_fits(&m, &wide));
    mu_program_build(&m, &wide, &bf16, &program);
    assert_near(linear_flop(&program), whole, 1e-9); /* 16 ranks, 16 tokens */
    mu_parallel shared = cut(4, 1, 1, 4, 1);
    mu_program_build(&m, &shared, &bf16, &program);
    double router = 2.0 * m.hidden * 128.0 * m.layers; /* on every rank */
    assert_near((linear_flop(&program) - router) * 4.0, whole - router, 1e-3);
}

/* Row bytes of the collectives around the experts; exchanges are counted. */
static double gathered_row_bytes(mu_comm what, uint32_t *exchanges)
{
    double bytes = 0.0;
    *exchanges = 0;
    for (uint32_t b = 0; b < program.block_count; b++) {
        for (uint32_t i = 0; i < program.block[b].count; i++) {
            const mu_op *op = &program.op[program.block[b].first + i];
            *exchanges += op->kind == MU_OP_EXCHANGE;
            if (op->kind == MU_OP_COLLECTIVE && op->part == MU_PART_EXPERT_COMM &&
                op->u.collective.what == what) {
                bytes = op->u.collective.row_bytes;
            }
        }
    }
    return bytes;
}

/* Gathered or sent, tokens get the same experts' work; four-bit tokens are gathered as such. */
static void gathering_does_the_same_work(void **state)
{
    (void)state;
    mu_model m = model_of("qwen3-30b-a3b");
    mu_parallel p = cut(1, 1, 8, 8, 1);
    uint32_t exchanges;
    mu_program_build(&m, &p, &bf16, &program);
    double work = linear_flop(&program);
    assert_near(gathered_row_bytes(MU_COMM_ALL_GATHER, &exchanges), 0.0, 1e-9);
    assert_true(exchanges > 0);
    p.gathers = true;
    mu_program_build(&m, &p, &bf16, &program);
    assert_near(linear_flop(&program), work, 1e-9);
    assert_near(gathered_row_bytes(MU_COMM_ALL_GATHER, &exchanges), 2.0 * m.hidden * 8.0, 1e-9);
    assert_int_equal(exchanges, 0);
    mu_precision fp4 = bf16;
    fp4.experts = fp4.expert_activations = MU_DTYPE_FP4;
    mu_program_build(&m, &p, &fp4, &program);
    double four_bits = m.hidden * mu_dtype_bytes(MU_DTYPE_FP4) * 8.0;
    assert_near(gathered_row_bytes(MU_COMM_ALL_GATHER, &exchanges), four_bits, 1e-9);
    assert_near(gathered_row_bytes(MU_COMM_REDUCE_SCATTER, &exchanges), 2.0 * m.hidden * 8.0, 1e-9);
}

static void weights_follow_the_count(void **state)
{
    (void)state;
    mu_model m = model_of("llama-3.1-8b");
    mu_parallel one = cut(1, 1, 1, 1, 1);
    mu_footprint f = mu_program_footprint(&m, &one, &bf16, 4096.0);
    assert_near(f.weights, 2.0 * 8030261248.0, 1e-3);
    assert_near(f.kv_per_token, 131072.0, 1e-9); /* 32 layers x 8 heads x 128 x 2 x 2 B */
    assert_near(f.kv_per_sequence, 0.0, 1e-9);
    mu_parallel eight = cut(8, 1, 1, 1, 1);
    mu_footprint part = mu_program_footprint(&m, &eight, &bf16, 4096.0);
    assert_near(part.weights * 8.0, f.weights, 0.01);
    assert_near(part.kv_per_token * 8.0, f.kv_per_token, 1e-9);
}

/* MLA latents are not cut by tp; 16 ranks share 8 KV heads by copying them. */
static void caches_are_cut_as_engines_cut_them(void **state)
{
    (void)state;
    mu_model mla = model_of("deepseek-v3");
    mu_parallel eight = cut(8, 1, 1, 8, 1);
    mu_footprint f = mu_program_footprint(&mla, &eight, &bf16, 4096.0);
    assert_near(f.kv_per_token, 70272.0, 1e-9);
    mu_model gqa = model_of("llama-3.1-70b");
    mu_parallel sixteen = cut(16, 1, 1, 1, 1);
    assert_near(mu_program_footprint(&gqa, &sixteen, &bf16, 4096.0).kv_per_token, 327680.0 / 8.0,
                1e-9);
}

static void refuse(const mu_model *m, mu_parallel p, const char *word)
{
    mu_error err = {0};
    assert_int_equal(mu_parallel_check(m, &p, &err), MU_E_INPUT);
    if (strstr(err.text, word) == NULL) {
        fail_msg("'%s' does not speak of %s", err.text, word);
    }
    assert_false(mu_parallel_fits(m, &p));
}

static void contradictions_are_named(void **state)
{
    (void)state;
    mu_model dense = model_of("llama-3.1-8b");
    mu_model moe = model_of("deepseek-v3");
    refuse(&dense, cut(7, 1, 1, 1, 1), "tp 7 does not divide the 32 heads");
    refuse(&dense, cut(1, 33, 1, 1, 1), "pp 33");
    refuse(&dense, cut(2, 1, 1, 2, 1), "no experts");
    refuse(&dense, cut(0, 1, 1, 1, 1), "parallel degrees");
    refuse(&moe, cut(1, 1, 32, 16, 1), "must equal");
    refuse(&moe, cut(1, 1, 320, 320, 1), "more ranks than the 256");
    mu_parallel drafts = cut(1, 1, 1, 1, 1);
    drafts.mtp = 9;
    refuse(&dense, drafts, "mtp 9");
    drafts.mtp = 1; /* as of a head trained for it */
    mu_error ok = {0};
    assert_int_equal(mu_parallel_check(&dense, &drafts, &ok), MU_OK);
    mu_parallel batches = cut(1, 1, 1, 1, 1);
    batches.microbatches = 3;
    refuse(&dense, batches, "microbatches 3");
    mu_parallel skew = cut(1, 1, 1, 1, 1);
    skew.imbalance = 0.5;
    refuse(&dense, skew, "imbalance 0.5");
}

static void rows_are_counted_by_scope(void **state)
{
    (void)state;
    mu_load load = {.prefill_sequences = 2,
                    .prefill_tokens = 100,
                    .prefill_cached = 30,
                    .decode_sequences = 8,
                    .decode_context = 8000};
    assert_near(mu_load_rows(&load, MU_SCOPE_TOKENS, 1.0), 116.0, 0.0);
    assert_near(mu_load_rows(&load, MU_SCOPE_PREFILL, 1.0), 100.0, 0.0);
    assert_near(mu_load_rows(&load, MU_SCOPE_CONTEXT, 1.0), 160.0, 0.0);
    assert_near(mu_load_rows(&load, MU_SCOPE_DECODE, 1.0), 16.0, 0.0);
    assert_near(mu_load_rows(&load, MU_SCOPE_LOGITS, 1.0), 18.0, 0.0);
}

/* An attention alone is the one inside the whole model's program, operator by operator. */
static void test_attention_alone(void **state)
{
    (void)state;
    static const char *const ids[] = {"deepseek-v3.2", "glm-5", "llama-3.1-8b"};
    static mu_program alone;
    for (size_t m = 0; m < sizeof ids / sizeof ids[0]; m++) {
        mu_model model = model_of(ids[m]);
        mu_parallel whole = cut(1, 1, 1, 1, 1);
        mu_program_build(&model, &whole, &bf16, &program);
        mu_program_build_attention(&model.group[0].attention, model.hidden, &bf16, &alone);
        assert_int_equal(alone.block_count, 1);
        assert_true(alone.op_count > 4 && alone.op_count < program.block[1].count);
        for (uint32_t i = 0; i < alone.op_count; i++) {
            const mu_op *inside = &program.op[program.block[1].first + i];
            assert_true(mu_op_hash(&alone.op[i]) == mu_op_hash(inside));
            assert_int_equal(alone.op[i].scope, inside->scope);
            assert_near(alone.op[i].row_scale, 1.0, 0.0);
        }
        assert_string_equal(alone.op[alone.op_count - 1].name, "attention_out");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_the_models),
        cmocka_unit_test(cutting_conserves_work),
        cmocka_unit_test(experts_conserve_work),
        cmocka_unit_test(gathering_does_the_same_work),
        cmocka_unit_test(weights_follow_the_count),
        cmocka_unit_test(caches_are_cut_as_engines_cut_them),
        cmocka_unit_test(contradictions_are_named),
        cmocka_unit_test(rows_are_counted_by_scope),
        cmocka_unit_test(test_attention_alone),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
