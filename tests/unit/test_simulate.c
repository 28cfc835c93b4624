/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the simulator does what its words say, step by step and request by request.
 * Method: small examples worked by hand; random small scenarios against the plain simulator, from
 *         one lane and one policy up to everything at once.
 */
#include "simulate_helper.h"
#include "simulate_reference.h"

#include "base/random.h"

/* ---- examples worked by hand ---- */

typedef struct want_step {
    double start_s, end_s, decodes, prefill_tokens;
} want_step;

typedef struct want_end {
    uint64_t number;
    double start_s, first_token_s, end_s;
    uint32_t cached, preempted;
} want_end;

typedef struct example {
    mu_sim_config config;
    formula cost;
    list_traffic list;
    uint32_t steps, ends;
    const want_step *step;
    const want_end *end;
    uint64_t itl_n;
    double itl_sum_s;
} example;

/* One lane with room enough; a step takes a second. */
static mu_sim_role plain_role(mu_policy policy)
{
    return (mu_sim_role){.instances = 1,
                         .lanes = 1,
                         .policy = policy,
                         .max_sequences = 8,
                         .max_tokens = 16,
                         .chunked = true,
                         .block_tokens = 4,
                         .blocks = 100,
                         .ranks = 1.0,
                         .price = formula_price};
}

static void check_example(example *e)
{
    mu_arena *arena = mu_arena_create(0);
    ref_run run;
    e->config.prefill.price_context = &e->cost;
    e->config.decode.price_context = &e->cost;
    mu_traffic traffic = list_open(&e->list);
    reference_run(&e->config, &traffic, arena, &run);
    assert_false(run.ran_away);
    assert_int_equal(run.steps, e->steps);
    for (uint32_t k = 0; k < e->steps; k++) {
        assert_true(run.step[k].start_s == e->step[k].start_s);
        assert_true(run.step[k].end_s == e->step[k].end_s);
        assert_true(run.step[k].decode_sequences == e->step[k].decodes);
        assert_true(run.step[k].prefill_tokens == e->step[k].prefill_tokens);
    }
    assert_int_equal(run.records, e->ends);
    for (uint32_t k = 0; k < e->ends; k++) {
        assert_int_equal(run.record[k].number, e->end[k].number);
        assert_true(run.record[k].start_s == e->end[k].start_s);
        assert_true(run.record[k].first_token_s == e->end[k].first_token_s);
        assert_true(run.record[k].end_s == e->end[k].end_s);
        assert_int_equal(run.record[k].cached, e->end[k].cached);
        assert_int_equal(run.record[k].preempted, e->end[k].preempted);
    }
    assert_int_equal(run.itl_n, e->itl_n);
    assert_true(run.itl_sum_s == e->itl_sum_s);
    mu_arena_free(arena);
}

/*
 * Two requests, a step of 1 s and 1/8 s a token.
 * 0: the first prefills 8 tokens until 2 and gives out its first. 2: it decodes while the second,
 * there since 1.5, prefills 4: 5 tokens until 3.625, and both end.
 */
static void two_requests_share_a_step(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 8, .output = 2},
                                  {.arrival_s = 1.5, .input = 4, .output = 1}};
    const want_step step[] = {{0.0, 2.0, 0.0, 8.0}, {2.0, 3.625, 1.0, 4.0}};
    const want_end end[] = {{0, 0.0, 2.0, 3.625, 0, 0}, {1, 2.0, 3.625, 3.625, 0, 0}};
    example e = {.config = {.decode = plain_role(MU_POLICY_VLLM)},
                 .cost = {.base_s = 1.0, .token_s = 0.125},
                 .list = {.request = request, .count = 2},
                 .steps = 2,
                 .ends = 2,
                 .step = step,
                 .end = end,
                 .itl_n = 1,
                 .itl_sum_s = 1.625};
    check_example(&e);
}

/*
 * 6 tokens a step. 0: the first prefills 4. 1: it decodes, 5 are left for the second's 10. 2: again,
 * and the second is done with its only token at 3. 3: the first's last.
 */
static void a_prompt_is_cut_beside_a_decode(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 4, .output = 4},
                                  {.arrival_s = 0.5, .input = 10, .output = 1}};
    const want_step step[] = {
        {0.0, 1.0, 0.0, 4.0}, {1.0, 2.0, 1.0, 5.0}, {2.0, 3.0, 1.0, 5.0}, {3.0, 4.0, 1.0, 0.0}};
    const want_end end[] = {{1, 1.0, 3.0, 3.0, 0, 0}, {0, 0.0, 1.0, 4.0, 0, 0}};
    example e = {.config = {.decode = plain_role(MU_POLICY_VLLM)},
                 .cost = {.base_s = 1.0},
                 .list = {.request = request, .count = 2},
                 .steps = 4,
                 .ends = 2,
                 .step = step,
                 .end = end,
                 .itl_n = 3,
                 .itl_sum_s = 3.0};
    e.config.decode.max_tokens = 6;
    check_example(&e);
}

/*
 * 10 blocks of a token. 0: both prefill 4. 1: both decode with 5 blocks each. 2: 6 each are too
 * many: the second goes, the first decodes. 3: the second would need 6, 3 are free. 4: the first
 * has ended; the second prefills 4 + 2 and gives out its third token, 3 s after its second. 5: its
 * fourth.
 */
static void the_last_gives_way_and_is_computed_again(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 4, .output = 4},
                                  {.arrival_s = 0.0, .input = 4, .output = 4}};
    const want_step step[] = {{0.0, 1.0, 0.0, 8.0}, {1.0, 2.0, 2.0, 0.0}, {2.0, 3.0, 1.0, 0.0},
                              {3.0, 4.0, 1.0, 0.0}, {4.0, 5.0, 0.0, 6.0}, {5.0, 6.0, 1.0, 0.0}};
    const want_end end[] = {{0, 0.0, 1.0, 4.0, 0, 0}, {1, 0.0, 1.0, 6.0, 0, 1}};
    example e = {.config = {.decode = plain_role(MU_POLICY_VLLM)},
                 .cost = {.base_s = 1.0},
                 .list = {.request = request, .count = 2},
                 .steps = 6,
                 .ends = 2,
                 .step = step,
                 .end = end,
                 .itl_n = 6,
                 .itl_sum_s = 3.0 + 5.0};
    e.config.decode.block_tokens = 1;
    e.config.decode.blocks = 10;
    check_example(&e);
}

/*
 * Units of 4 tokens. The first computes 9 and leaves 2 units. The second finds both. The third, of
 * 8 tokens, finds one: its last token has to be computed.
 */
static void a_prefix_is_found(void **state)
{
    (void)state;
    const uint64_t id[] = {71, 72};
    const mu_request request[] = {
        {.arrival_s = 0.0,
         .input = 9,
         .output = 1,
         .block_tokens = 4,
         .block_count = 2,
         .block = id},
        {.arrival_s = 3.0,
         .input = 9,
         .output = 1,
         .block_tokens = 4,
         .block_count = 2,
         .block = id},
        {.arrival_s = 5.0,
         .input = 8,
         .output = 1,
         .block_tokens = 4,
         .block_count = 2,
         .block = id},
    };
    const want_step step[] = {{0.0, 2.125, 0.0, 9.0}, {3.0, 4.125, 0.0, 1.0}, {5.0, 6.5, 0.0, 4.0}};
    const want_end end[] = {
        {0, 0.0, 2.125, 2.125, 0, 0}, {1, 3.0, 4.125, 4.125, 8, 0}, {2, 5.0, 6.5, 6.5, 4, 0}};
    example e = {.config = {.decode = plain_role(MU_POLICY_VLLM)},
                 .cost = {.base_s = 1.0, .token_s = 0.125},
                 .list = {.request = request, .count = 3},
                 .steps = 3,
                 .ends = 3,
                 .step = step,
                 .end = end};
    e.config.decode.prefix_cache = true;
    check_example(&e);
}

/*
 * 8 bytes a request at 8 bytes/s and 1/4 s. 0: both prefill. The first travels from 1 to 2 and is
 * there at 2.25, when it counts as given out and decodes twice; the second travels from 2 to 3 and
 * ends when it is there.
 */
static void prefilled_requests_travel_one_after_the_other(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 8, .output = 3},
                                  {.arrival_s = 0.0, .input = 8, .output = 1}};
    const want_step step[] = {
        {0.0, 1.0, 0.0, 16.0}, {2.25, 3.25, 1.0, 0.0}, {3.25, 4.25, 1.0, 0.0}};
    const want_end end[] = {{1, 0.0, 3.25, 3.25, 0, 0}, {0, 0.0, 2.25, 4.25, 0, 0}};
    example e = {.config = {.disaggregated = true,
                            .prefill = plain_role(MU_POLICY_VLLM),
                            .decode = plain_role(MU_POLICY_VLLM),
                            .transfer = {.latency_s = 0.25,
                                         .bytes_per_token = 1.0,
                                         .send_bytes_per_s = 8.0,
                                         .receive_bytes_per_s = 16.0}},
                 .cost = {.base_s = 1.0},
                 .list = {.request = request, .count = 2},
                 .steps = 3,
                 .ends = 2,
                 .step = step,
                 .end = end,
                 .itl_n = 2,
                 .itl_sum_s = 2.0};
    check_example(&e);
}

/* Of two drafts the first is always right, the second never: 1, 3, 5 and the last of 6 tokens. */
static void drafts_are_accepted_in_order(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 4, .output = 6}};
    const want_step step[] = {
        {0.0, 1.0, 0.0, 4.0}, {1.0, 2.0, 1.0, 0.0}, {2.0, 3.0, 1.0, 0.0}, {3.0, 4.0, 1.0, 0.0}};
    const want_end end[] = {{0, 0.0, 1.0, 4.0, 0, 0}};
    example e = {.config = {.decode = plain_role(MU_POLICY_VLLM)},
                 .cost = {.base_s = 1.0},
                 .list = {.request = request, .count = 1},
                 .steps = 4,
                 .ends = 1,
                 .step = step,
                 .end = end,
                 .itl_n = 5,
                 .itl_sum_s = 3.0};
    e.config.decode.mtp = 2;
    e.config.decode.acceptance[0] = 1.0;
    check_example(&e);
}

/* The second's prompt goes first, in a step of its own, and the first's decodes wait. */
static void prompts_go_before_decodes(void **state)
{
    (void)state;
    const mu_request request[] = {{.arrival_s = 0.0, .input = 4, .output = 3},
                                  {.arrival_s = 0.5, .input = 4, .output = 1}};
    const want_step step[] = {
        {0.0, 1.0, 0.0, 4.0}, {1.0, 2.0, 0.0, 4.0}, {2.0, 3.0, 1.0, 0.0}, {3.0, 4.0, 1.0, 0.0}};
    const want_end end[] = {{1, 1.0, 2.0, 2.0, 0, 0}, {0, 0.0, 1.0, 4.0, 0, 0}};
    const mu_policy policy[] = {MU_POLICY_SGLANG, MU_POLICY_MINDIE};
    for (uint32_t k = 0; k < 2; k++) {
        example e = {.config = {.decode = plain_role(policy[k])},
                     .cost = {.base_s = 1.0},
                     .list = {.request = request, .count = 2},
                     .steps = 4,
                     .ends = 2,
                     .step = step,
                     .end = end,
                     .itl_n = 2,
                     .itl_sum_s = 3.0};
        check_example(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_requests_share_a_step),
        cmocka_unit_test(a_prompt_is_cut_beside_a_decode),
        cmocka_unit_test(the_last_gives_way_and_is_computed_again),
        cmocka_unit_test(a_prefix_is_found),
        cmocka_unit_test(prefilled_requests_travel_one_after_the_other),
        cmocka_unit_test(drafts_are_accepted_in_order),
        cmocka_unit_test(prompts_go_before_decodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
