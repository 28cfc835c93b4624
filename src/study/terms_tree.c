/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a step: blocks, operators, what the chip or the fabric does of each and what the engine
 * adds.
 */
#include "study/terms_tree.h"

#include "schedule/detail.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 320, PATH_MAX_BYTES = 256 };

mu_grove mu_grove_begin(mu_arena *arena, uint32_t room)
{
    mu_grove grove = {.arena = arena, .room = room, .term = MU_NEW(arena, mu_term, room)};
    grove.failed = grove.term == NULL;
    return grove;
}

/* Siblings before this one of the same name, numbered or not. */
static uint32_t namesakes(const mu_grove *g, const char *name)
{
    uint32_t from = g->depth > 0 ? g->open[g->depth - 1] + 1 : 0;
    size_t length = strlen(name);
    uint32_t count = 0;
    for (uint32_t i = from; i < g->count; i++) {
        const mu_term *t = &g->term[i];
        bool same = strncmp(t->name, name, length) == 0 &&
                    (t->name[length] == '\0' || t->name[length] == '#');
        count += t->depth == g->depth && same ? 1 : 0;
    }
    return count;
}

static const char *keep(mu_grove *g, const char *text)
{
    const char *kept = mu_arena_text(g->arena, text, strlen(text));
    g->failed = g->failed || kept == NULL;
    return kept != NULL ? kept : "";
}

static mu_term *add(mu_grove *g, const char *name, mu_dimension dimension)
{
    char own[PATH_MAX_BYTES];
    char path[PATH_MAX_BYTES];
    if (g->failed || g->count == g->room) {
        g->failed = true;
        return NULL;
    }
    uint32_t earlier = namesakes(g, name);
    (void)snprintf(own, sizeof own, earlier > 0 ? "%.80s#%u" : "%.80s", name, earlier + 1);
    const char *above = g->depth > 0 ? g->term[g->open[g->depth - 1]].path : "";
    (void)snprintf(path, sizeof path, "%.160s%s%.90s", above, g->depth > 0 ? "." : "", own);
    mu_term *t = &g->term[g->count];
    *t = (mu_term){.name = keep(g, own),
                   .path = keep(g, path),
                   .dimension = dimension,
                   .rule = MU_RULE_GIVEN,
                   .factor = 1.0,
                   .words = "",
                   .depth = g->depth,
                   .end = g->count + 1};
    g->count++;
    return t;
}

void mu_grove_open(mu_grove *g, const char *name, mu_dimension dimension, mu_rule rule,
                   double factor)
{
    mu_term *t = add(g, name, dimension);
    assert(g->depth < sizeof g->open / sizeof g->open[0]);
    g->open[g->depth++] = g->count > 0 ? g->count - 1 : 0;
    if (t != NULL) {
        t->rule = rule;
        t->factor = factor;
    }
}

void mu_grove_close(mu_grove *g, double value)
{
    assert(g->depth > 0);
    g->depth--;
    if (!g->failed) {
        mu_term *t = &g->term[g->open[g->depth]];
        t->value = value;
        t->end = g->count;
    }
}

void mu_grove_leaf(mu_grove *g, const char *name, mu_dimension dimension, double value)
{
    mu_term *t = add(g, name, dimension);
    if (t != NULL) {
        t->value = value;
    }
}

void mu_grove_words(mu_grove *g, bool leaf, const char *format, ...)
{
    char text[WORDS_MAX];
    va_list list;
    if (g->failed || g->count == 0) {
        return;
    }
    va_start(list, format);
    (void)vsnprintf(text, sizeof text, format, list);
    va_end(list);
    uint32_t at = leaf || g->depth == 0 ? g->count - 1 : g->open[g->depth - 1];
    g->term[at].words = keep(g, text);
}

static const char *bound_text(mu_bound bound)
{
    static const char *const text[MU_BOUND_COUNT] = {
        [MU_BOUND_COMPUTE] = "compute", [MU_BOUND_MEMORY] = "memory bandwidth",
        [MU_BOUND_NETWORK] = "network", [MU_BOUND_LAUNCH] = "launch",
        [MU_BOUND_HOST] = "host",       [MU_BOUND_CAPACITY] = "memory capacity",
    };
    return text[bound];
}

/* "m 128, n 7168, k 2048, fp8_block": what the operator is asked to do. */
static void say_shape(const mu_op_detail *d, char out[WORDS_MAX / 2])
{
    const mu_op *op = d->op;
    size_t size = WORDS_MAX / 2;
    switch (op->kind) {
    case MU_OP_GEMM:
        (void)snprintf(out, size, "m %.4g, n %u, k %u%s, %s x %s", d->rows, op->u.gemm.n,
                       op->u.gemm.k, op->u.gemm.batch > 1 ? ", batched" : "",
                       mu_dtype_text(op->u.gemm.activations), mu_dtype_text(op->u.gemm.weights));
        break;
    case MU_OP_MOE:
        (void)snprintf(out, size,
                       "%.4g rows, %.4g pairs a row, %.4g of %u experts here, %u x %u, %s x %s",
                       d->rows, op->u.moe.pairs_per_row, op->u.moe.local_experts, op->u.moe.experts,
                       op->u.moe.hidden, op->u.moe.intermediate,
                       mu_dtype_text(op->u.moe.activations), mu_dtype_text(op->u.moe.weights));
        break;
    case MU_OP_ATTENTION_PREFILL:
    case MU_OP_ATTENTION_DECODE:
        (void)snprintf(out, size, "%u heads, %u KV heads, widths %u and %u, %s, cache %s%s",
                       op->u.attention.heads, op->u.attention.kv_heads, op->u.attention.qk_dim,
                       op->u.attention.v_dim, mu_dtype_text(op->u.attention.compute),
                       mu_dtype_text(op->u.attention.kv), op->u.attention.mla ? ", MLA" : "");
        break;
    default:
        (void)snprintf(out, size, "%.4g rows", d->rows);
        break;
    }
}

/* Tiles of a product; empty for others. */
static void say_tiles(const mu_op_detail *d, const mu_machine *machine, char out[WORDS_MAX / 4])
{
    out[0] = '\0';
    if (d->op->kind == MU_OP_GEMM) {
        mu_tile_time t = mu_op_tiles(d->op, machine, d->rows);
        (void)snprintf(out, WORDS_MAX / 4, "; tiles %d x %d, %.3g waves, K in %d", t.tile_m,
                       t.tile_n, t.waves, t.split);
    }
}

/* Work of a kernel beside what its matrix units and memory would take at their best. */
static void add_work(mu_grove *g, const mu_op_detail *d, const mu_machine *machine)
{
    const mu_kernel_cost *k = &d->kernel;
    double work_s = k->time_s > k->launch_s ? k->time_s - k->launch_s : 0.0;
    double peak = machine->chip.peak_flops[k->dtype];
    double matrix_s = peak > 0.0 ? k->flop / peak : 0.0;
    double memory_s = k->bytes / machine->chip.memory_bandwidth;
    char shape[WORDS_MAX / 2];
    char tiles[WORDS_MAX / 4];
    say_shape(d, shape);
    say_tiles(d, machine, tiles);
    mu_grove_open(g, "work", MU_DIM_TIME, MU_RULE_SUM, d->work);
    mu_grove_words(g, false, "%.4g, the engine's work over a benchmark's, times the kernel",
                   d->work);
    mu_grove_open(g, "kernel", MU_DIM_TIME, MU_RULE_FORMULA, 1.0);
    mu_grove_words(g, false, "%s; %s binds; %.0f %% of peak, %.0f %% of bandwidth%s", shape,
                   bound_text(k->bound), work_s > 0.0 ? 100.0 * matrix_s / work_s : 0.0,
                   work_s > 0.0 ? 100.0 * memory_s / work_s : 0.0, tiles);
    mu_grove_leaf(g, "matrix_units", MU_DIM_TIME, matrix_s);
    mu_grove_words(g, true, "%.4g GFLOP at the peak of %s", k->flop * 1e-9,
                   mu_dtype_text(k->dtype));
    mu_grove_leaf(g, "memory", MU_DIM_TIME, memory_s);
    mu_grove_words(g, true, "%.4g MB at the nominal bandwidth", k->bytes * 1e-6);
    mu_grove_close(g, work_s);
    mu_grove_close(g, work_s * d->work);
}

static void add_kernel(mu_grove *g, const mu_op_detail *d, const mu_machine *machine)
{
    const mu_engine *engine = &machine->engine;
    mu_grove_words(g, false, "%s binds", bound_text(d->kernel.bound));
    mu_grove_open(g, "launch", MU_DIM_TIME, MU_RULE_SUM, 1.0);
    mu_grove_open(g, "kernel_launch", MU_DIM_TIME, MU_RULE_SUM, engine->launch_share);
    mu_grove_words(g, false, "%.4g of the fixed time is left in a captured graph",
                   engine->launch_share);
    mu_grove_leaf(g, "fixed", MU_DIM_TIME, d->kernel.launch_s);
    mu_grove_close(g, d->kernel.launch_s * engine->launch_share);
    mu_grove_leaf(g, "gap", MU_DIM_TIME, engine->launch_gap);
    mu_grove_leaf(g, "engine", MU_DIM_TIME, d->fixed_s);
    mu_grove_close(g, d->cost.launch_s);
    add_work(g, d, machine);
}

static void add_transfer(mu_grove *g, const mu_op_detail *d, const mu_machine *machine)
{
    const mu_transfer *t = &d->transfer;
    const mu_op *op = d->op;
    double wires_s = t->time_s - t->launch_s;
    uint64_t ranks = op->kind == MU_OP_EXCHANGE ? op->u.exchange.ranks : op->u.collective.ranks;
    bool sent = t->algorithm != MU_ALGORITHM_NONE || op->kind == MU_OP_EXCHANGE;
    mu_grove_words(g, false, "%llu ranks, %s over %s, %.4g MB a rank%s", (unsigned long long)ranks,
                   op->kind == MU_OP_EXCHANGE ? "expert exchange" : mu_algorithm_text(t->algorithm),
                   sent ? machine->fabric.tier[t->tier].name : "no wire", t->wire_bytes * 1e-6,
                   d->shared ? ", on shared wires" : "");
    mu_grove_open(g, "transfer", MU_DIM_TIME, MU_RULE_SUM, machine->engine.network_slack);
    mu_grove_words(g, false, "%.4g, the engine's transfer over a benchmark's",
                   machine->engine.network_slack);
    mu_grove_leaf(g, "launch_and_latency", MU_DIM_TIME, t->launch_s);
    mu_grove_leaf(g, "wires", MU_DIM_TIME, wires_s);
    mu_grove_words(g, true, "%.4g GB/s a rank",
                   wires_s > 0.0 ? t->wire_bytes / wires_s * 1e-9 : 0.0);
    mu_grove_close(g, t->time_s * machine->engine.network_slack);
    mu_grove_leaf(g, "gap", MU_DIM_TIME, machine->engine.launch_gap);
}

/* Streams by what they do: all bear one name in the program. */
static const char *op_name(const mu_op *op)
{
    static const char *const touch[] = {
        [MU_TOUCH_NORM] = "norm",         [MU_TOUCH_ELEMENTWISE] = "elementwise",
        [MU_TOUCH_QUANTISE] = "quantise", [MU_TOUCH_EMBEDDING] = "embedding",
        [MU_TOUCH_SAMPLE] = "sample",     [MU_TOUCH_ROUTE] = "route",
        [MU_TOUCH_COPY] = "copy",
    };
    return op->kind == MU_OP_STREAM ? touch[op->u.stream.touch] : op->name;
}

static const char *block_name(const mu_block_detail *b)
{
    bool experts = false;
    for (uint32_t i = 0; i < b->block->count; i++) {
        if (b->op[i].op->draft) {
            return "draft_layers";
        }
        if (!b->block->overlap && strcmp(b->op[i].op->name, "lm_head") == 0) {
            return "head";
        }
        experts = experts || b->op[i].op->part == MU_PART_EXPERTS;
    }
    if (!b->block->overlap) {
        return b->block->count > 0 ? op_name(b->op[0].op) : "block";
    }
    return experts ? "expert_layers" : "layers";
}

static void add_block(mu_grove *g, const mu_block_detail *b, const mu_machine *machine)
{
    bool apart = b->batches != 1.0;
    double sum_s = 0.0;
    mu_grove_open(g, block_name(b), MU_DIM_TIME, MU_RULE_SUM, b->block->repeat);
    if (b->block->repeat != 1.0) {
        mu_grove_words(g, false, "%.4g of them on the heaviest pipeline stage", b->block->repeat);
    }
    if (apart) {
        mu_grove_open(g, "operators", MU_DIM_TIME, MU_RULE_SUM, b->batches);
        mu_grove_words(g, false, "%.4g micro-batches", b->batches);
    }
    for (uint32_t i = 0; i < b->block->count; i++) {
        const mu_op_detail *d = &b->op[i];
        if (!d->idle) {
            mu_grove_open(g, op_name(d->op), MU_DIM_TIME, MU_RULE_SUM, 1.0);
            if (d->transfers) {
                add_transfer(g, d, machine);
            } else {
                add_kernel(g, d, machine);
            }
            mu_grove_close(g, d->cost.time_s);
        }
        sum_s += d->cost.time_s;
    }
    if (apart) {
        mu_grove_close(g, sum_s * b->batches);
    }
    if (b->hidden_s > 0.0) {
        mu_grove_leaf(g, "hidden", MU_DIM_TIME, -b->hidden_s);
        mu_grove_words(g, true, "overlap: %.4g of what dependencies allow",
                       machine->engine.overlap_efficiency);
    }
    mu_grove_close(g, b->elapsed_s * b->block->repeat);
}

static void add_host(mu_grove *g, const mu_machine *machine, const mu_load *load, double host_s)
{
    double sequences = load->decode_sequences + load->prefill_sequences;
    mu_grove_open(g, "host", MU_DIM_TIME, MU_RULE_SUM, 1.0);
    mu_grove_leaf(g, "step", MU_DIM_TIME, machine->engine.host_step);
    mu_grove_leaf(g, "sequences", MU_DIM_TIME, machine->engine.host_per_sequence * sequences);
    mu_grove_words(g, true, "%.4g sequences", sequences);
    mu_grove_close(g, host_s);
}

void mu_grove_step(mu_grove *g, const char *name, const mu_program *program,
                   const mu_machine *machine, const mu_load *load, double stages)
{
    mu_arena *arena = g->arena;
    mu_step_detail *step = MU_NEW(arena, mu_step_detail, 1);
    if (step == NULL || !mu_step_detail_make(program, machine, load, arena, step)) {
        g->failed = true;
        return;
    }
    mu_grove_open(g, name, MU_DIM_TIME, MU_RULE_SUM, stages * step->step_factor);
    mu_grove_words(g, false,
                   "%.4g, measured over predicted%s; %.4g prompt tokens, %.4g sequences "
                   "in decode of %.4g tokens",
                   step->step_factor, stages > 1.0 ? ", times pipeline stages" : "",
                   load->prefill_tokens, load->decode_sequences,
                   load->decode_sequences > 0.0 ? load->decode_context / load->decode_sequences
                                                : 0.0);
    for (uint32_t i = 0; i < step->block_count; i++) {
        add_block(g, &step->block[i], machine);
    }
    add_host(g, machine, load, step->host_s);
    mu_grove_close(g, step->time_s * stages);
}

void mu_grove_join(mu_grove *g, const mu_grove *more)
{
    assert(g->depth == 0 && more->depth == 0);
    uint32_t count = g->count + more->count;
    mu_term *term = MU_NEW(g->arena, mu_term, count + 1);
    g->failed = g->failed || more->failed || term == NULL;
    if (g->failed) {
        return;
    }
    memcpy(term, g->term, g->count * sizeof *term);
    memcpy(term + g->count, more->term, more->count * sizeof *term);
    for (uint32_t i = g->count; i < count; i++) {
        term[i].end += g->count;
    }
    g->term = term;
    g->count = count;
    g->room = count;
}

mu_status mu_grove_done(const mu_grove *g, mu_terms *out, mu_error *err)
{
    if (g->failed) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    out->term = g->term;
    out->count = g->count;
    return MU_OK;
}
