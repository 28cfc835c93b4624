/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation as tables for people.
 *
 * Terms: a label column of LABEL_WIDTH places holds the tables under each other in line.
 * Bound: three significant digits; programs read the JSON.
 */
#include "report/format.h"
#include "report/power_report.h"
#include "report/settings.h"
#include "report/simulate_report.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

enum { LABEL_WIDTH = 30, LATENCY_COLUMNS = 7 };

/* A table being filled. */
typedef struct sheet {
    const mu_page *page;
    mu_table *table; /* NULL: memory is out, rows are ignored */
} sheet;

static void label_of(const char *text, char out[MU_CELL_MAX])
{
    (void)snprintf(out, MU_CELL_MAX, "%-*s", LABEL_WIDTH, text);
}

/* A table of numbers under headings; the first column holds labels. */
static sheet begin_numbers(const mu_page *page, const char *const headings[], uint32_t columns)
{
    mu_align aligns[MU_TABLE_COLUMNS_MAX] = {MU_ALIGN_LEFT};
    char first[MU_CELL_MAX];
    const char *padded[MU_TABLE_COLUMNS_MAX] = {first};
    for (uint32_t i = 1; i < columns; i++) {
        aligns[i] = MU_ALIGN_RIGHT;
        padded[i] = headings[i];
    }
    label_of(headings[0], first);
    return (sheet){page, mu_table_create(page->arena, columns, padded, aligns)};
}

/* Labels, and a text for each. */
static sheet begin_texts(const mu_page *page, const char *heading)
{
    static const char *const none[] = {"", ""};
    static const mu_align aligns[] = {MU_ALIGN_LEFT, MU_ALIGN_LEFT};
    sheet s = {page, mu_table_create(page->arena, 2, none, aligns)};
    if (s.table != NULL) {
        mu_table_section(s.table, heading);
    }
    return s;
}

static mu_status finish(const sheet *s, mu_error *err)
{
    if (s->table == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the table");
    }
    mu_status status = mu_table_print(s->table, s->page->out, s->page->colour, err);
    fputc('\n', s->page->out);
    return status;
}

static void cells_row(const sheet *s, const char *label, const char *const cells[], uint32_t count)
{
    char first[MU_CELL_MAX];
    const char *all[MU_TABLE_COLUMNS_MAX] = {first};
    label_of(label, first);
    for (uint32_t i = 0; i < count; i++) {
        all[i + 1] = cells[i];
    }
    if (s->table != NULL) {
        mu_table_row(s->table, all);
    }
}

static void row(const sheet *s, const char *label, const char *format, ...) MU_PRINTF(3, 4);

static void row(const sheet *s, const char *label, const char *format, ...)
{
    char text[MU_CELL_MAX];
    const char *const cells[] = {text};
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cells_row(s, label, cells, 1);
}

static void quantity_row(const sheet *s, const char *label, mu_quantity quantity,
                         mu_dimension dimension)
{
    char text[MU_CELL_MAX];
    mu_format_quantity(quantity, dimension, text);
    row(s, label, "%s", text);
}

/* A count as part of a sentence. */
typedef struct word {
    char text[MU_CELL_MAX];
} word;

static word counted(double value)
{
    word w;
    mu_format_count(value, w.text);
    return w;
}

static word valued(double value, mu_dimension dimension)
{
    word w;
    mu_format_value(value, dimension, w.text);
    return w;
}

static word percent(double share)
{
    word w;
    double value = 100.0 * share;
    (void)snprintf(w.text, sizeof w.text, "%.*f %%", value > 0.0 && value < 10.0 ? 1 : 0, value);
    return w;
}

static mu_status print_title(const mu_page *page, const mu_question *question,
                             const mu_simulation *s, mu_error *err)
{
    const mu_scenario *asked = question->scenario;
    const struct {
        const char *name;
        double limit_s;
    } limits[] = {{"TTFT", asked->ttft_s}, {"TPOT", asked->tpot_s}, {"end to end", asked->e2e_s}};
    fprintf(page->out, "%s%s on %s%s%s%s: %s", page->colour ? "\x1b[1m" : "", s->model, s->system,
            question->engine != NULL ? ", " : "",
            question->engine != NULL ? question->engine->id : "", page->colour ? "\x1b[0m" : "",
            s->traffic);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        if (limits[i].limit_s > 0.0) {
            fprintf(page->out, "; %s <= %s", limits[i].name,
                    valued(limits[i].limit_s, MU_DIM_TIME).text);
        }
    }
    fprintf(page->out, "%s\n\n", s->samples > 0 ? "; [90 % interval]" : "");
    return mu_stream_check(page->out, err);
}

/* "vllm, fcfs; at most 256 sequences and 8,192 tokens a step, prompts in chunks" */
static void policy_row(const sheet *s, const char *label, const mu_sim_role *role)
{
    row(s, label, "%s, %s; at most %s sequences and %s tokens a step, prompts %s",
        mu_policy_text(role->policy), mu_order_text(role->order), counted(role->max_sequences).text,
        counted(role->max_tokens).text, role->chunked ? "in chunks" : "whole");
}

static void cache_row(const sheet *s, const char *label, const mu_sim_role *role)
{
    row(s, label, "%s blocks of %u tokens a DP group%s%s", counted((double)role->blocks).text,
        role->block_tokens, role->prefix_cache ? ", prefixes kept" : "",
        role->swap ? ", evicted to the host" : "");
}

static void role_rows(const sheet *s, const char *name, const mu_role *cut, const mu_sim_role *role)
{
    char text[MU_CELL_MAX];
    char label[MU_CELL_MAX];
    mu_format_cut(cut, text);
    (void)snprintf(label, sizeof label, "%sinstances", name);
    row(s, label, "%s", text);
    (void)snprintf(label, sizeof label, "%sscheduling", name);
    policy_row(s, label, role);
    (void)snprintf(label, sizeof label, "%scache", name);
    cache_row(s, label, role);
    if (cut->parallel.mtp > 0) {
        row(s, "draft tokens (MTP)", "%u (%.2f tokens a step)", cut->parallel.mtp,
            mu_role_yield(cut));
    }
}

static mu_status print_deployment(const mu_page *page, const mu_simulation *s, mu_error *err)
{
    char text[MU_CELL_MAX];
    bool apart = s->deployment.disaggregated;
    sheet at = begin_texts(page, "Deployment");
    row(&at, "chips", "%s", counted(s->chips).text);
    row(&at, "mode", "%s", apart ? "disaggregated" : "aggregated");
    if (apart) {
        role_rows(&at, "prefill ", &s->deployment.prefill, &s->config.prefill);
    }
    role_rows(&at, apart ? "decode " : "", &s->deployment.decode, &s->config.decode);
    row(&at, "router", "%s", mu_router_text(s->config.router));
    if (s->config.fleet.most > 0) {
        row(&at, "autoscaling", "up to %u instances; %u at most ran", s->config.fleet.most,
            s->point.instances_most);
    }
    mu_format_precision(&s->precision, text);
    row(&at, "precision", "%s", text);
    return finish(&at, err);
}

/* Mean, percentiles, largest of one end of an interval. */
static void latency_row(const sheet *s, const char *label, const double value[], uint32_t count)
{
    word words[LATENCY_COLUMNS];
    const char *cells[LATENCY_COLUMNS] = {NULL};
    for (uint32_t i = 0; i < count; i++) {
        words[i] = valued(value[i], MU_DIM_TIME);
        cells[i] = words[i].text;
    }
    cells_row(s, label, cells, LATENCY_COLUMNS - 1);
}

static void latency_rows(const sheet *s, const char *label, const mu_sim_percentiles *p,
                         const mu_sim_latency *point, bool intervals)
{
    const double value[] = {p->mean.value, p->p50.value, p->p90.value,
                            p->p95.value,  p->p99.value, p->max.value};
    const double low[] = {p->mean.low, p->p50.low, p->p90.low, p->p95.low, p->p99.low, p->max.low};
    const double high[] = {p->mean.high, p->p50.high, p->p90.high,
                           p->p95.high,  p->p99.high, p->max.high};
    if (point->n == 0) {
        return;
    }
    latency_row(s, label, value, 6);
    if (intervals) {
        latency_row(s, "  90 % interval, low", low, 6);
        latency_row(s, "  high", high, 6);
    }
}

static void point_rows(const sheet *s, const char *label, const mu_sim_latency *point)
{
    mu_sim_percentiles p = mu_point_percentiles(point);
    latency_rows(s, label, &p, point, false);
}

static mu_status print_latency(const mu_page *page, const mu_simulation *s, mu_error *err)
{
    static const char *const headings[] = {"Latency", "mean", "p50", "p90", "p95", "p99", "max"};
    const mu_sim_answer *a = &s->point;
    bool intervals = s->samples > 0;
    sheet at = begin_numbers(page, headings, LATENCY_COLUMNS);
    latency_rows(&at, "TTFT", &s->ttft_s, &a->ttft_s, intervals);
    latency_rows(&at, "TPOT", &s->tpot_s, &a->tpot_s, intervals);
    latency_rows(&at, "inter-token", &s->itl_s, &a->itl_s, intervals);
    latency_rows(&at, "end to end", &s->e2e_s, &a->e2e_s, intervals);
    point_rows(&at, "wait before the first step", &a->wait_s);
    for (uint32_t i = 0; i < a->tenants && a->tenants > 1; i++) {
        char label[MU_CELL_MAX];
        (void)snprintf(label, sizeof label, "TTFT of tenant %u", i);
        point_rows(&at, label, &a->tenant_ttft_s[i]);
        (void)snprintf(label, sizeof label, "TPOT of tenant %u", i);
        point_rows(&at, label, &a->tenant_tpot_s[i]);
    }
    return finish(&at, err);
}

static bool has_slo(const mu_sim_config *config)
{
    return config->ttft_slo_s > 0.0 || config->tpot_slo_s > 0.0 || config->e2e_slo_s > 0.0;
}

static void requests_rows(const sheet *s, const mu_sim_answer *a)
{
    row(s, "requests", "%s arrived, %s answered", counted((double)a->arrived).text,
        counted((double)a->ended).text);
    if (a->rejected > 0) {
        row(s, "turned away", "%s", counted((double)a->rejected).text);
    }
    if (a->retried > 0) {
        row(s, "retried", "%s", counted((double)a->retried).text);
    }
}

static void queue_row(sheet *at, const mu_sim_answer *a)
{
    const char *end = a->stable ? "keeps up" : "grows without end";
    word ended = valued(a->ended_per_s, MU_DIM_NONE);
    if (a->arrived_per_s > 0.0) {
        row(at, "queue", "%s: %s requests/s arrive, %s are answered", end,
            valued(a->arrived_per_s, MU_DIM_NONE).text, ended.text);
    } else { /* all at once */
        row(at, "queue", "%s: %s requests/s are answered", end, ended.text);
    }
}

static mu_status print_service(const mu_page *page, const mu_simulation *s, mu_error *err)
{
    const mu_sim_answer *a = &s->point;
    sheet at = begin_texts(page, "Service");
    requests_rows(&at, a);
    row(&at, "duration", "%s", valued(a->duration_s, MU_DIM_TIME).text);
    quantity_row(&at, "requests/s", s->requests_per_s, MU_DIM_NONE);
    if (has_slo(&s->config)) {
        quantity_row(&at, "goodput, requests/s", s->goodput_requests_per_s, MU_DIM_NONE);
        row(&at, "requests that keep the SLO", "%s", percent(mu_simulation_good_share(s)).text);
    }
    quantity_row(&at, "output tokens/s", s->output_tokens_per_s, MU_DIM_NONE);
    quantity_row(&at, "output tokens/s per chip", s->output_tokens_per_s_per_chip, MU_DIM_NONE);
    quantity_row(&at, "input + output tokens/s", s->total_tokens_per_s, MU_DIM_NONE);
    row(&at, "requests in hand, mean", "%s", counted(a->in_flight).text);
    queue_row(&at, a);
    quantity_row(&at, "power", s->power_w, MU_DIM_POWER);
    quantity_row(&at, "energy per output token", s->energy_per_output_token_j, MU_DIM_ENERGY);
    if (at.table != NULL) {
        mu_power_rows(at.table, &s->power, s->power_w);
    }
    return finish(&at, err);
}

/* What is told of a role, a column each. */
typedef struct column {
    const mu_sim_role_answer *did;
    bool prefix_cache;
    double mfu, mbu, network_share;
    double energy_j; /* of its steps, all ranks */
} column;

static uint32_t columns_of(const mu_simulation *s, column out[2])
{
    uint32_t count = 0;
    if (s->deployment.disaggregated) {
        out[count++] =
            (column){&s->point.prefill,        s->config.prefill.prefix_cache,
                     s->prefill_mfu.value,     s->prefill_mbu.value,
                     s->prefill_network_share, s->config.prefill.ranks * s->point.prefill.energy_j};
    }
    out[count++] =
        (column){&s->point.decode,        s->config.decode.prefix_cache,
                 s->decode_mfu.value,     s->decode_mbu.value,
                 s->decode_network_share, s->config.decode.ranks * s->point.decode.energy_j};
    return count;
}

static double share(double part, double whole)
{
    return whole > 0.0 ? part / whole : 0.0;
}

/* What does not happen in a role, rather than a row of zeros. */
static word absent(void)
{
    return (word){"-"};
}

static word mean_and_most(double mean, double most)
{
    word w;
    (void)snprintf(w.text, sizeof w.text, "%.60s (%.60s)", counted(mean).text, counted(most).text);
    return w;
}

static word shares(double mean, double most)
{
    word w;
    (void)snprintf(w.text, sizeof w.text, "%.60s (%.60s)", percent(mean).text, percent(most).text);
    return w;
}

enum { ENGINE_ROWS = 12 };

static const char *const engine_label[ENGINE_ROWS] = {"steps",
                                                      "busy",
                                                      "sequences decoding (most)",
                                                      "prompt tokens a prefill step",
                                                      "waiting an instance (most)",
                                                      "KV cache in use (most)",
                                                      "preemptions",
                                                      "prompt tokens cached",
                                                      "MFU",
                                                      "MBU",
                                                      "network, share of busy time",
                                                      "energy of steps"};

static void engine_words(const column *c, word out[ENGINE_ROWS])
{
    const mu_sim_role_answer *r = c->did;
    const word words[ENGINE_ROWS] = {
        counted((double)r->steps),
        percent(share(r->busy_s, r->available_s)),
        r->decode_sequences_max > 0.0 ? mean_and_most(r->decode_sequences, r->decode_sequences_max)
                                      : absent(),
        r->prefill_tokens > 0.0 ? counted(r->prefill_tokens) : absent(),
        mean_and_most(r->waiting, r->waiting_max),
        shares(r->cache_share, r->cache_share_max),
        counted((double)r->preemptions),
        c->prefix_cache ? percent(share((double)r->cached_tokens, (double)r->prompt_tokens))
                        : absent(),
        percent(c->mfu),
        percent(c->mbu),
        percent(c->network_share),
        valued(c->energy_j, MU_DIM_ENERGY)};
    memcpy(out, words, sizeof words);
}

static mu_status print_engines(const mu_page *page, const mu_simulation *s, mu_error *err)
{
    static const char *const apart[] = {"Engines", "prefill", "decode"};
    column columns[2];
    word words[2][ENGINE_ROWS];
    uint32_t count = columns_of(s, columns);
    for (uint32_t i = 0; i < count; i++) {
        engine_words(&columns[i], words[i]);
    }
    sheet at = count > 1 ? begin_numbers(page, apart, 3) : begin_texts(page, "Engines");
    for (uint32_t r = 0; r < ENGINE_ROWS; r++) {
        const char *const cells[] = {words[0][r].text, words[1][r].text};
        cells_row(&at, engine_label[r], cells, count);
    }
    return finish(&at, err);
}

/* "+12 %" of the simulated over what the steady state says. */
static word difference(double simulated, double steady)
{
    word w;
    if (!(steady > 0.0) || !isfinite(simulated / steady)) {
        (void)snprintf(w.text, sizeof w.text, "-");
    } else {
        (void)snprintf(w.text, sizeof w.text, "%+.0f %%", 100.0 * (simulated / steady - 1.0));
    }
    return w;
}

static mu_status print_steady(const mu_page *page, const mu_simulation *s, mu_error *err)
{
    static const char *const headings[] = {"Against the steady state", "simulated", "steady state",
                                           "difference"};
    const struct {
        const char *label;
        mu_dimension dimension;
        double simulated, steady;
    } rows[] = {
        {"TTFT, mean", MU_DIM_TIME, s->ttft_s.mean.value, s->steady.ttft_s},
        {"TPOT, mean", MU_DIM_TIME, s->tpot_s.mean.value, s->steady.tpot_s},
        {"requests/s", MU_DIM_NONE, s->requests_per_s.value, s->steady.requests_per_s},
        {"output tokens/s", MU_DIM_NONE, s->output_tokens_per_s.value,
         s->steady.output_tokens_per_s},
    };
    sheet at = begin_numbers(page, headings, 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        word simulated = valued(rows[i].simulated, rows[i].dimension);
        word steady = valued(rows[i].steady, rows[i].dimension);
        word apart = difference(rows[i].simulated, rows[i].steady);
        bool endless = i == 0 && s->steady.overloaded; /* it has no queue to wait in */
        const char *const cells[] = {simulated.text, endless ? "without end" : steady.text,
                                     endless ? "-" : apart.text};
        cells_row(&at, rows[i].label, cells, 3);
    }
    return finish(&at, err);
}

mu_status mu_simulation_print(const mu_page *page, const mu_question *question,
                              const mu_simulation *s, mu_error *err)
{
    mu_status status = print_title(page, question, s, err);
    status = status == MU_OK ? print_deployment(page, s, err) : status;
    status = status == MU_OK ? print_latency(page, s, err) : status;
    status = status == MU_OK ? print_service(page, s, err) : status;
    status = status == MU_OK ? print_engines(page, s, err) : status;
    status = status == MU_OK && s->steady.fits ? print_steady(page, s, err) : status;
    if (status == MU_OK) {
        mu_page_notes(page, question, s->warning, s->warning_count);
        status = mu_stream_check(page->out, err);
    }
    return status;
}
