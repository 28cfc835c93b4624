/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The step-cost table.
 *
 * Terms: tick = a number rounded up to 12 bits behind the leading one: whole numbers to 8,192 are
 *        ticks, and beyond, tiles of a power of two stay as many as they were. cell = decode
 *        attention of as many sequences with mean contexts between two nodes, 16 an octave; powers
 *        of two, where windows and picks end, are nodes.
 * Why:   attention over prompts is a staircase (waves of blocks over cores) in three dimensions,
 *        which a grid coarse enough to be filled would smooth away: prompts like those before are
 *        remembered to the bit, others are asked of the chip.
 */
#include "schedule/step_table.h"

#include "schedule/fold.h"
#include "schedule/memo.h"
#include "schedule/tally.h"

#include <math.h>

enum {
    TICK_SHIFT = 52 - 12,
    CONTEXT_COARSE = 2, /* contexts of prompts are many, and what expands them is small */
    NODE_SHIFT = 52 - 4,
    /* Keys of rows: a tick, what it counts, of experts or not, and the imbalance. */
    KEY_SEEN = 24,
    KEY_EXPERT = 28,
    KEY_IMBALANCE = 32
};

/* Vectors kept at most: 40 to 150 bytes each, twice that in cells. */
enum { ROWS_MOST = 1 << 16, CELLS_MOST = 1 << 14, PROMPTS_MOST = 1 << 14 };

/* Imbalance: of the engine in decode and prefill, and from there on what is passed, in steps. */
enum { IMBALANCE_DECODE, IMBALANCE_PREFILL, IMBALANCE_PASSED };

static const double imbalance_steps = 512.0; /* for each 1 */
static const double imbalance_most = 4096.0;

struct mu_step_table {
    const mu_fold *fold;
    const mu_machine *machine;
    double queries; /* tokens of a decoding sequence */
    double drafts;
    double stages;
    double known_imbalance[IMBALANCE_PASSED];
    bool any_expert;
    bool used[2][MU_SEEN_COUNT]; /* own operators, experts */
    mu_memo rows;
    mu_memo decode; /* cells: sums at the lower node, and what the upper one adds */
    mu_memo prefill;
};

/* Rounded up to `coarse` bits fewer than ticks have. */
static uint64_t tick_of(double x, unsigned coarse)
{
    unsigned shift = TICK_SHIFT + coarse;
    return (mu_memo_bits(x) + ((UINT64_C(1) << shift) - 1)) >> shift << coarse;
}

static double tick_number(uint64_t tick)
{
    return mu_memo_number(tick << TICK_SHIFT);
}

/* Draft passes take a prompt once in all. */
static double number_seen(const mu_step_table *t, mu_seen what, const mu_batch *b)
{
    switch (what) {
    case MU_SEEN_TOKENS:
        return b->prefill_tokens + b->decode_sequences * t->queries;
    case MU_SEEN_TOKENS_DRAFT:
        return b->prefill_tokens + b->decode_sequences * t->drafts;
    case MU_SEEN_LOGITS:
        return b->prefill_sequences + b->decode_sequences * t->queries;
    case MU_SEEN_LOGITS_DRAFT:
        return b->prefill_sequences + b->decode_sequences * t->drafts;
    case MU_SEEN_PREFILL:
        return b->prefill_tokens;
    case MU_SEEN_CONTEXT:
        return b->prefill_context;
    case MU_SEEN_DECODE_ALONE:
    case MU_SEEN_DECODE:
    case MU_SEEN_COUNT:
        break;
    }
    return b->decode_sequences;
}

static double imbalance_of(const mu_step_table *t, uint64_t code)
{
    return code < IMBALANCE_PASSED ? t->known_imbalance[code]
                                   : 1.0 + (double)(code - IMBALANCE_PASSED) / imbalance_steps;
}

static uint64_t imbalance_code(const mu_step_table *t, double passed, const mu_batch *b)
{
    if (passed > 0.0 && t->fold->program->parallel.ep > 1) {
        double over = fmin(fmax(passed - 1.0, 0.0), imbalance_most);
        return IMBALANCE_PASSED + (uint64_t)(over * imbalance_steps + 0.5);
    }
    bool prompts = b->prefill_tokens > b->decode_sequences * t->queries;
    return prompts ? IMBALANCE_PREFILL : IMBALANCE_DECODE;
}

static void add(const mu_step_table *t, const double from[], double to[])
{
    for (uint32_t i = 0; i < t->fold->width; i++) {
        to[i] += from[i];
    }
}

static void add_seen(mu_step_table *t, bool expert, mu_seen what, uint64_t imbalance,
                     const mu_batch *batch, double sum[])
{
    double number = number_seen(t, what, batch);
    if (!t->used[expert][what] || !(number > 0.0)) {
        return;
    }
    uint64_t tick = tick_of(number, what == MU_SEEN_CONTEXT ? CONTEXT_COARSE : 0);
    uint64_t key = tick | (uint64_t)what << KEY_SEEN | (uint64_t)expert << KEY_EXPERT |
                   imbalance << KEY_IMBALANCE;
    bool fresh = false;
    double *found = mu_memo_find(&t->rows, key, &fresh);
    if (fresh) {
        mu_fold_price_rows(t->fold, expert ? MU_FOLD_EXPERT : MU_FOLD_OWN, what, tick_number(tick),
                           expert ? imbalance_of(t, imbalance) : 1.0, found);
    }
    add(t, found, sum);
}

/* Row operators, own or experts. */
static void add_rows(mu_step_table *t, bool expert, uint64_t imbalance, const mu_batch *batch,
                     double sum[])
{
    if (!(batch->prefill_tokens > 0.0)) {
        add_seen(t, expert, MU_SEEN_DECODE_ALONE, imbalance, batch, sum);
        return;
    }
    for (unsigned s = MU_SEEN_TOKENS; s < MU_SEEN_COUNT; s++) {
        add_seen(t, expert, (mu_seen)s, imbalance, batch, sum);
    }
}

static void fill_cell(mu_step_table *t, uint64_t tick, uint64_t node, double cell[])
{
    double sequences = tick_number(tick);
    double low = mu_memo_number(node << NODE_SHIFT);
    double high = mu_memo_number((node + 1) << NODE_SHIFT);
    double *rise = cell + t->fold->width;
    mu_load load = {.decode_sequences = sequences, .decode_context = sequences * low};
    mu_fold_price_attention(t->fold, MU_FOLD_DECODE, &load, cell);
    load.decode_context = sequences * high;
    mu_fold_price_attention(t->fold, MU_FOLD_DECODE, &load, rise);
    for (uint32_t i = 0; i < t->fold->width; i++) {
        rise[i] -= cell[i];
    }
}

static void add_decode(mu_step_table *t, const mu_batch *batch, double sum[])
{
    double mean = batch->decode_context / batch->decode_sequences;
    mean = mean > 1.0 ? mean : 1.0;
    uint64_t bits = mu_memo_bits(mean);
    uint64_t node = bits >> NODE_SHIFT;
    uint64_t tick = tick_of(batch->decode_sequences, 0);
    bool fresh = false;
    double *cell = mu_memo_find(&t->decode, tick | node << KEY_SEEN, &fresh);
    if (fresh) {
        fill_cell(t, tick, node, cell);
    }
    const uint64_t behind = (UINT64_C(1) << NODE_SHIFT) - 1;
    double share = (double)(bits & behind) / (double)(behind + 1);
    const double *rise = cell + t->fold->width;
    for (uint32_t i = 0; i < t->fold->width; i++) {
        sum[i] += cell[i] + share * rise[i];
    }
}

static void add_prefill(mu_step_table *t, const mu_batch *batch, double sum[])
{
    double tokens = batch->prefill_tokens;
    double cached = batch->prefill_pairs / tokens - 0.5 * tokens / batch->prefill_sequences;
    mu_load load = {.prefill_sequences = batch->prefill_sequences,
                    .prefill_tokens = tokens,
                    .prefill_cached = cached > 0.0 ? cached : 0.0};
    uint64_t key =
        mu_memo_mix(mu_memo_bits(load.prefill_sequences) ^ mu_memo_mix(mu_memo_bits(tokens)));
    key = mu_memo_mix(key ^ mu_memo_bits(load.prefill_cached)) | 1U;
    bool fresh = false;
    double *found = mu_memo_find(&t->prefill, key, &fresh);
    if (fresh) {
        mu_fold_price_attention(t->fold, MU_FOLD_PREFILL, &load, found);
    }
    add(t, found, sum);
}

/* Ticks up to a number. */
static double ticks_to(double x)
{
    const double whole = 8192.0;
    return x <= whole ? x : whole + 0.5 * whole * log2(x / whole);
}

/* A memo that so many keys fill by half; beyond `most` vectors what is rare is forgotten. */
static bool create_memo(mu_memo *memo, double keys, double most, uint32_t stride, mu_arena *arena)
{
    double slots = fmin(2.0 * keys, most);
    uint32_t bits = 5;
    while ((double)((uint64_t)MU_MEMO_WAYS << bits) < slots) {
        bits++;
    }
    return mu_memo_create(memo, bits, stride, arena);
}

/* Keys of the rows of steps with up to `tokens`: what counts sequences has few of them. */
static double row_keys(const mu_step_table *t, double tokens)
{
    double kinds = 1.0;
    for (unsigned expert = 0; expert < 2; expert++) {
        kinds += t->used[expert][MU_SEEN_TOKENS] + t->used[expert][MU_SEEN_TOKENS_DRAFT];
        kinds += t->used[expert][MU_SEEN_PREFILL] + t->used[expert][MU_SEEN_CONTEXT];
    }
    return kinds * ticks_to(tokens);
}

static void find_used(mu_step_table *t)
{
    for (unsigned s = 0; s < MU_SEEN_COUNT; s++) {
        t->used[0][s] = mu_fold_sees(t->fold, MU_FOLD_OWN, (mu_seen)s);
        t->used[1][s] = mu_fold_sees(t->fold, MU_FOLD_EXPERT, (mu_seen)s);
        t->any_expert = t->any_expert || t->used[1][s];
    }
}

mu_step_table *mu_step_table_create(const mu_program *program, const mu_machine *machine,
                                    double max_sequences, double max_tokens, mu_arena *arena)
{
    mu_step_table *t = MU_NEW(arena, mu_step_table, 1);
    mu_fold *fold = t == NULL ? NULL : mu_fold_create(program, machine, arena);
    if (fold == NULL) {
        return NULL;
    }
    t->fold = fold;
    t->machine = machine;
    t->drafts = program->parallel.mtp;
    t->queries = 1.0 + t->drafts;
    t->stages = program->parallel.pp;
    mu_load prompts = {.prefill_tokens = 1.0};
    mu_load decodes = {.decode_sequences = 1.0};
    t->known_imbalance[IMBALANCE_PREFILL] = mu_load_imbalance(program, machine, &prompts);
    t->known_imbalance[IMBALANCE_DECODE] = mu_load_imbalance(program, machine, &decodes);
    find_used(t);
    const double nodes = 16.0; /* that the mean contexts of a run stay within */
    double cells = nodes * ticks_to(max_sequences);
    bool room = create_memo(&t->rows, row_keys(t, max_tokens), ROWS_MOST, fold->width, arena) &&
                create_memo(&t->decode, cells, CELLS_MOST, 2 * fold->width, arena) &&
                create_memo(&t->prefill, ticks_to(max_tokens), PROMPTS_MOST, fold->width, arena);
    return room ? t : NULL;
}

static void sum_own(mu_step_table *t, const mu_batch *batch, double sum[])
{
    memset(sum, 0, t->fold->width * sizeof *sum);
    add_rows(t, false, 0, batch, sum);
    if (batch->decode_sequences > 0.0) {
        add_decode(t, batch, sum);
    }
    if (batch->prefill_tokens > 0.0) {
        add_prefill(t, batch, sum);
    }
}

/* Experts see what the lanes bring together, on average. */
static void sum_experts(mu_step_table *t, const mu_batch lane[], uint32_t lanes, double imbalance,
                        double sum[])
{
    memset(sum, 0, t->fold->width * sizeof *sum);
    if (!t->any_expert) {
        return;
    }
    mu_batch mean = {0};
    for (uint32_t i = 0; i < lanes; i++) {
        mean.decode_sequences += lane[i].decode_sequences;
        mean.prefill_sequences += lane[i].prefill_sequences;
        mean.prefill_tokens += lane[i].prefill_tokens;
        mean.prefill_context += lane[i].prefill_context;
    }
    mean.decode_sequences /= lanes;
    mean.prefill_sequences /= lanes;
    mean.prefill_tokens /= lanes;
    mean.prefill_context /= lanes;
    add_rows(t, true, imbalance_code(t, imbalance, &mean), &mean, sum);
}

/* What pairs of an own and the experts' sums hide. */
static double hidden_s(const mu_step_table *t, const double own[], const double experts[])
{
    double sum_s = 0.0;
    for (uint32_t i = MU_SUM_PAIRS; i < t->fold->width; i += 2) {
        double compute_s = own[i] + experts[i];
        double comm_s = own[i + 1] + experts[i + 1];
        sum_s += compute_s < comm_s ? compute_s : comm_s;
    }
    return sum_s;
}

/* Sums of a stage and a lane's share become a step: a round of all stages. */
static void finish(const mu_step_table *t, double host_s, double activity_j, mu_step_cost *out)
{
    const mu_machine *m = t->machine;
    double factor = m->engine.step_factor;
    double time_s = out->time_s * factor;
    double energy_j = mu_chip_step_energy(&m->chip, time_s, host_s * factor, activity_j);
    out->time_s = time_s * t->stages;
    out->network_s = fmax(out->network_s, 0.0) * factor * t->stages;
    out->flop *= t->stages;
    out->bytes *= t->stages;
    out->energy_j = energy_j * t->stages;
}

void mu_step_table_cost(mu_step_table *t, const mu_batch lane[], uint32_t lanes,
                        double experts_imbalance, mu_step_cost *out)
{
    const mu_engine *engine = &t->machine->engine;
    double experts[MU_SUM_MAX];
    double own[MU_SUM_MAX];
    sum_experts(t, lane, lanes, experts_imbalance, experts);
    double flop = 0.0;
    double bytes = 0.0;
    double activity_j = 0.0;
    double slowest_s = 0.0;
    double network_s = 0.0;
    double host_s = 0.0;
    for (uint32_t i = 0; i < lanes; i++) {
        sum_own(t, &lane[i], own);
        flop += own[MU_SUM_FLOP];
        bytes += own[MU_SUM_BYTES];
        activity_j += own[MU_SUM_ACTIVITY];
        double sequences = (lane[i].decode_sequences + lane[i].prefill_sequences) / t->stages;
        double hides_s = hidden_s(t, own, experts);
        double host_own_s = engine->host_per_sequence * sequences;
        double time_s = own[MU_SUM_TIME] + experts[MU_SUM_TIME] - hides_s + host_own_s;
        if (time_s >= slowest_s) {
            slowest_s = time_s;
            host_s = engine->host_step + host_own_s;
            network_s = own[MU_SUM_COMM] + experts[MU_SUM_COMM] - hides_s;
        }
    }
    out->time_s = engine->host_step + slowest_s;
    out->network_s = network_s;
    out->flop = flop / lanes + experts[MU_SUM_FLOP];
    out->bytes = bytes / lanes + experts[MU_SUM_BYTES];
    finish(t, host_s, activity_j / lanes + experts[MU_SUM_ACTIVITY], out);
}
