/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   the simulator does what its words say, step by step and request by request.
 * Method: small examples worked by hand; random small scenarios against the plain simulator, from
 *         one lane and one policy up to everything at once.
 */
#include "simulate_helper.h"
#include "simulate_reference.h"
#include "simulate_scenario.h"

/* ---- one run, compared ---- */

/* What the simulator reported. */
typedef struct seen {
    mu_sim_event step[REF_STEPS];
    mu_sim_record record[REF_REQUESTS];
    uint32_t steps, records;
    mu_status status;
    mu_sim_answer answer;
} seen;

static void see_step(void *observer, const mu_sim_event *step)
{
    seen *got = observer;
    assert_true(got->steps < REF_STEPS);
    got->step[got->steps++] = *step;
}

static void see_request(void *observer, const mu_sim_record *record)
{
    seen *got = observer;
    assert_true(got->records < REF_REQUESTS);
    got->record[got->records++] = *record;
}

/* Where both part, in words; "" = nowhere. */
typedef struct parting {
    char text[512];
} parting;

static bool same(parting *p, const char *what, uint64_t index, double got, double want)
{
    bool ok = got == want || fabs(got - want) <= 1e-9 * fabs(want);
    if (!ok && p->text[0] == '\0') {
        snprintf(p->text, sizeof p->text, "%s %llu: got %.12g, want %.12g", what,
                 (unsigned long long)index, got, want);
    }
    return ok;
}

#define SAME(p, what, index, got, want, field)                                                     \
    same(p, what "." #field, index, (double)(got)->field, (double)(want)->field)

static void compare_step(parting *p, uint64_t k, const mu_sim_event *got, const mu_sim_event *want)
{
    SAME(p, "step", k, got, want, start_s);
    SAME(p, "step", k, got, want, prefill_role);
    SAME(p, "step", k, got, want, instance);
    SAME(p, "step", k, got, want, decode_sequences);
    SAME(p, "step", k, got, want, prefill_sequences);
    SAME(p, "step", k, got, want, prefill_tokens);
    SAME(p, "step", k, got, want, end_s);
    SAME(p, "step", k, got, want, running);
    SAME(p, "step", k, got, want, waiting);
    SAME(p, "step", k, got, want, cache_share);
}

static void compare_record(parting *p, uint64_t k, const mu_sim_record *got,
                           const mu_sim_record *want)
{
    SAME(p, "request", k, got, want, number);
    SAME(p, "request", k, got, want, instance);
    SAME(p, "request", k, got, want, tenant);
    SAME(p, "request", k, got, want, input);
    SAME(p, "request", k, got, want, output);
    SAME(p, "request", k, got, want, cached);
    SAME(p, "request", k, got, want, preempted);
    SAME(p, "request", k, got, want, retried);
    SAME(p, "request", k, got, want, arrival_s);
    SAME(p, "request", k, got, want, start_s);
    SAME(p, "request", k, got, want, first_token_s);
    SAME(p, "request", k, got, want, end_s);
    SAME(p, "request", k, got, want, good);
}

static void compare_role(parting *p, uint64_t r, const mu_sim_role_answer *got, const ref_run *want)
{
    double busy_s = 0.0;
    double decodes = 0.0;
    double decode_steps = 0.0;
    double waiting_most = 0.0;
    double share = 0.0;
    uint64_t steps = 0;
    for (uint32_t k = 0; k < want->steps; k++) {
        const mu_sim_event *e = &want->step[k];
        if (e->prefill_role == (r == 0)) {
            busy_s += e->end_s - e->start_s;
            share += e->cache_share * (e->end_s - e->start_s);
            decodes += e->decode_sequences;
            decode_steps += e->decode_sequences > 0.0;
            waiting_most = fmax(waiting_most, (double)e->waiting);
            steps++;
        }
    }
    same(p, "role.preemptions", r, (double)got->preemptions, (double)want->preemptions[r]);
    same(p, "role.steps", r, (double)got->steps, (double)steps);
    same(p, "role.busy_s", r, got->busy_s, busy_s);
    same(p, "role.cache_share", r, got->cache_share * busy_s, share);
    same(p, "role.decode_sequences", r, got->decode_sequences * decode_steps, decodes);
    same(p, "role.waiting_max", r, got->waiting_max, waiting_most);
    same(p, "role.prompt_tokens", r, (double)got->prompt_tokens, (double)want->prompt_tokens[r]);
    same(p, "role.cached_tokens", r, (double)got->cached_tokens, (double)want->cached_tokens[r]);
}

/* Sums over the requests that ended. */
typedef struct ended {
    double n, good, input, output, ttft_s, tpot_s, tpot_n, e2e_s, wait_s, first_s, last_s;
    double tenant_n[MU_TENANTS_MAX], tenant_ttft_s[MU_TENANTS_MAX];
} ended;

static ended add_ended(const ref_run *run)
{
    ended sum = {.n = (double)run->records};
    for (uint32_t k = 0; k < run->records; k++) {
        const mu_sim_record *r = &run->record[k];
        sum.good += r->good;
        sum.input += r->input;
        sum.output += r->output;
        sum.ttft_s += r->first_token_s - r->arrival_s;
        sum.tpot_s += r->output > 1 ? (r->end_s - r->first_token_s) / (r->output - 1) : 0.0;
        sum.tpot_n += r->output > 1;
        sum.e2e_s += r->end_s - r->arrival_s;
        sum.wait_s += r->start_s - r->arrival_s;
        sum.last_s = fmax(sum.last_s, r->end_s);
        sum.tenant_n[r->tenant] += 1.0;
        sum.tenant_ttft_s[r->tenant] += r->first_token_s - r->arrival_s;
    }
    return sum;
}

static void same_latency(parting *p, const char *what, uint64_t index, const mu_sim_latency *got,
                         double n, double sum)
{
    same(p, what, index, (double)got->n, n);
    same(p, what, index, got->mean * n, sum);
}

static void compare_bins(parting *p, const mu_sim_answer *got, const ended *want)
{
    double ended_in_bins = 0.0;
    double output = 0.0;
    double arrived = 0.0;
    for (uint32_t k = 0; k < got->bin_count; k++) {
        ended_in_bins += (double)got->bin[k].ended;
        output += (double)got->bin[k].output_tokens;
        arrived += (double)got->bin[k].arrived;
    }
    same(p, "bins.arrived", 0, arrived, (double)got->arrived);
    same(p, "bins.ended", 0, ended_in_bins, want->n);
    if (got->retried == 0) { /* else some are given out twice */
        same(p, "bins.output_tokens", 0, output, want->output);
    }
}

static void compare_answer(parting *p, const mu_sim_answer *got, const ref_run *want)
{
    ended sum = add_ended(want);
    same(p, "arrived", 0, (double)got->arrived, (double)want->arrived);
    same(p, "ended", 0, (double)got->ended, sum.n);
    same(p, "good", 0, (double)got->good, sum.good);
    same(p, "rejected", 0, (double)got->rejected, (double)want->rejected);
    same(p, "retried", 0, (double)got->retried, (double)want->retried);
    same(p, "input_tokens", 0, (double)got->input_tokens, sum.input);
    same(p, "output_tokens", 0, (double)got->output_tokens, sum.output);
    if (want->given_up > 0) {
        return; /* what was seen of them counts, and they have no record */
    }
    same(p, "duration_s", 0, got->duration_s, sum.last_s - want->first_arrival_s);
    same_latency(p, "ttft_s", 0, &got->ttft_s, sum.n, sum.ttft_s);
    same_latency(p, "tpot_s", 0, &got->tpot_s, sum.tpot_n, sum.tpot_s);
    same_latency(p, "e2e_s", 0, &got->e2e_s, sum.n, sum.e2e_s);
    same_latency(p, "wait_s", 0, &got->wait_s, sum.n, sum.wait_s);
    same_latency(p, "itl_s", 0, &got->itl_s, (double)want->itl_n, want->itl_sum_s);
    same(p, "itl_s.max", 0, got->itl_s.max, want->itl_max_s);
    for (uint32_t t = 0; t < MU_TENANTS_MAX; t++) {
        same_latency(p, "tenant_ttft_s", t, &got->tenant_ttft_s[t], sum.tenant_n[t],
                     sum.tenant_ttft_s[t]);
    }
    same(p, "sojourn_s", 0, got->sojourn_s, sum.e2e_s);
    same(p, "in_flight", 0, got->in_flight * got->duration_s, sum.e2e_s);
    compare_bins(p, got, &sum);
    compare_role(p, 0, &got->prefill, want);
    compare_role(p, 1, &got->decode, want);
}

static void compare(parting *p, const seen *got, const ref_run *want)
{
    mu_status status = want->records == 0 ? MU_NO : MU_OK;
    same(p, "status", 0, got->status, status);
    for (uint32_t k = 0; k < got->steps && k < want->steps; k++) {
        compare_step(p, k, &got->step[k], &want->step[k]);
    }
    for (uint32_t k = 0; k < got->records && k < want->records; k++) {
        compare_record(p, k, &got->record[k], &want->record[k]);
    }
    same(p, "steps", 0, got->steps, want->steps);
    same(p, "requests", 0, got->records, want->records);
    if (status == MU_OK) {
        compare_answer(p, &got->answer, want);
    }
}

/* The same traffic through both. */
static void run_both(const mu_sim_config *config, list_traffic *list, mu_arena *arena, seen *got,
                     ref_run *want)
{
    mu_error err = {0};
    mu_traffic traffic = list_open(list);
    reference_run(config, &traffic, arena, want);
    got->steps = got->records = 0;
    mu_sim_config watched = *config;
    watched.observer = got;
    watched.on_step = see_step;
    watched.on_request = see_request;
    traffic = list_open(list);
    got->status = mu_simulate(&watched, &traffic, NULL, arena, &got->answer, &err);
}

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
    static seen got;
    parting p = {""};
    run_both(&e->config, &e->list, arena, &got, &run);
    compare(&p, &got, &run);
    assert_string_equal(p.text, "");
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
 * 6 tokens a step. 0: the first prefills 4. 1: it decodes, 5 are left for the second's 10. 2: the
 * same, and the second is done with its only token at 3. 3: the first's last.
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

/* ---- random scenarios ---- */

enum { SCENARIOS = 1000 }; /* of a level */

static const char *const level_name[SCENARIO_LEVELS] = {
    "plain", "policies", "tight", "prefix", "lanes", "closed", "disaggregated", "fleet", "habits"};

/* The plain simulator's own books. */
static void check_books(const scenario *s, const ref_run *run)
{
    assert_false(run->ran_away);
    assert_int_equal(run->arrived, s->list.count);
    assert_int_equal(run->records + run->rejected, run->arrived);
    for (uint32_t k = 0; k < run->records; k++) {
        const mu_sim_record *r = &run->record[k];
        assert_true(r->arrival_s <= r->start_s && r->start_s < r->first_token_s);
        assert_true(r->first_token_s <= r->end_s && r->cached < r->input);
    }
    for (uint32_t k = 0; k < run->steps; k++) {
        assert_true(run->step[k].cache_share <= 1.0 + 1e-12 && run->step[k].cache_share >= 0.0);
    }
}

/* What occurred, so that a level that tests nothing is seen. */
typedef struct census {
    uint64_t steps, preempted, cached, evicted, swapped, retried, started, off, rejected, parted;
} census;

static void count(census *sum, const ref_run *run)
{
    sum->steps += run->steps;
    sum->preempted += run->preemptions[0] + run->preemptions[1];
    sum->cached += run->cached_tokens[0] + run->cached_tokens[1];
    sum->evicted += run->evicted;
    sum->swapped += run->swapped;
    sum->retried += run->retried;
    sum->started += run->started;
    sum->off += run->off;
    sum->rejected += run->rejected;
}

static census try_level(scenario_level level)
{
    static scenario s;
    static seen got;
    census sum = {0};
    for (uint64_t n = 0; n < SCENARIOS; n++) {
        mu_arena *arena = mu_arena_create(0);
        ref_run want;
        parting p = {""};
        scenario_draw(&s, level, n);
        run_both(&s.config, &s.list, arena, &got, &want);
        check_books(&s, &want);
        compare(&p, &got, &want);
        if (p.text[0] != '\0' && sum.parted++ < 5) {
            char text[1024];
            scenario_text(&s, text, sizeof text);
            print_error("%s %llu: %s\n  %s\n", level_name[level], (unsigned long long)n, p.text,
                        text);
        }
        count(&sum, &want);
        mu_arena_free(arena);
    }
    return sum;
}

static void random_scenarios_agree(void **state)
{
    (void)state;
    uint64_t parted = 0;
    for (scenario_level level = 0; level < SCENARIO_LEVELS; level++) {
        census c = try_level(level);
        parted += c.parted;
        assert_true(c.steps > 20 * SCENARIOS);
        assert_true(level < SCENARIO_TIGHT ||
                    (c.preempted > SCENARIOS / 2 && c.swapped > SCENARIOS / 10));
        assert_true(level < SCENARIO_PREFIX ||
                    (c.cached > 20 * SCENARIOS && c.evicted > SCENARIOS));
        assert_true(level < SCENARIO_CLOSED || c.rejected > SCENARIOS / 10);
        assert_true(
            level != SCENARIO_FLEET ||
            (c.retried > SCENARIOS / 10 && c.started > SCENARIOS / 10 && c.off > SCENARIOS / 10));
    }
    assert_int_equal(parted, 0);
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
        cmocka_unit_test(random_scenarios_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
