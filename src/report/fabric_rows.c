/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is to say of networks, as rows of words: the terminal and the page print the same.
 *
 * Bound: three significant digits; programs read the JSON.
 */
#include "report/fabric_report.h"
#include "report/format.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *const mu_net_link_headings[MU_NET_LINK_COLUMNS] = {"Links",  "one way", "of each",
                                                               "of all", "latency", "cable"};
const char *const mu_net_hot_headings[MU_NET_HOT_COLUMNS] = {"Hottest links", "alike", "carries",
                                                             "busy"};

/* Rows in the making. */
typedef struct rows {
    mu_net_row *row;
    uint32_t count;
    const char *section; /* of the next row */
} rows;

static void say(rows *r, const char *label, const char *format, ...) MU_PRINTF(3, 4);

static void say(rows *r, const char *label, const char *format, ...)
{
    va_list args;
    assert(r->count < MU_NET_ROWS_MAX);
    mu_net_row *row = &r->row[r->count++];
    row->section = r->section;
    r->section = NULL;
    (void)snprintf(row->label, sizeof row->label, "%s", label);
    va_start(args, format);
    (void)vsnprintf(row->text, sizeof row->text, format, args);
    va_end(args);
}

/* Part of a sentence. */
typedef struct word {
    char text[MU_CELL_MAX];
} word;

static word quantity(mu_quantity q, mu_dimension dimension)
{
    word w;
    mu_format_quantity(q, dimension, w.text);
    return w;
}

static word value(double x, mu_dimension dimension)
{
    word w;
    mu_format_value(x, dimension, w.text);
    return w;
}

static word counted(double x)
{
    word w;
    mu_format_count(x, w.text);
    return w;
}

static word times(mu_quantity q)
{
    word w;
    mu_format_ratio(q, w.text);
    return w;
}

/* Shares near 1 by what is missing of it would read better, but people ask for nines. */
static word percent(mu_quantity q)
{
    word w;
    char text[3][32];
    const double values[] = {q.value, q.low, q.high};
    for (int i = 0; i < 3; i++) {
        const char *format =
            values[i] > 0.99 ? "%.3f %%" : (values[i] > 0.0999 ? "%.1f %%" : "%.2g %%");
        (void)snprintf(text[i], sizeof text[i], format, 100.0 * values[i]);
    }
    if (q.low == q.value && q.high == q.value) {
        (void)snprintf(w.text, sizeof w.text, "%s", text[0]);
    } else {
        (void)snprintf(w.text, sizeof w.text, "%s [%s, %s]", text[0], text[1], text[2]);
    }
    return w;
}

static mu_quantity scaled(mu_quantity q, double by)
{
    return (mu_quantity){q.value * by, q.low * by, q.high * by};
}

static void switch_rows(rows *r, const mu_net_network *net)
{
    char levels[MU_CELL_MAX] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < net->levels && net->levels > 1 && used < sizeof levels; i++) {
        int wrote = snprintf(levels + used, sizeof levels - used, "%s%s", i > 0 ? " + " : ": ",
                             counted(net->level_switches[i]).text);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (net->switches > 0) {
        say(r, "switches", "%s%s", counted(net->switches).text, levels);
    }
}

static void network_rows(rows *r, const mu_net_question *q, const mu_net_network *net)
{
    double per_chip = q->ranks_per_chip;
    r->section = net->name;
    say(r, "shape", "%s", net->words);
    say(r, "domains", "%s of %s ranks", counted(net->domains).text,
        counted((double)net->span).text);
    switch_rows(r, net);
    say(r, "bandwidth a rank, one way", "%s", quantity(net->rank_bandwidth, MU_DIM_BYTE_RATE).text);
    if (q->ranks_per_chip > 1) {
        say(r, "bandwidth a chip, one way", "%s",
            quantity(scaled(net->rank_bandwidth, per_chip), MU_DIM_BYTE_RATE).text);
    }
    say(r, "bandwidth, all ranks", "%s", quantity(net->bandwidth, MU_DIM_BYTE_RATE).text);
    say(r, "bisection, one way", "%s (narrowest of %u halving%s of a domain)",
        quantity(net->bisection, MU_DIM_BYTE_RATE).text, net->cuts, net->cuts == 1 ? "" : "s");
    say(r, "diameter", "%s%u link%s, %s", net->all_sources ? "" : "at least ", net->hops,
        net->hops == 1 ? "" : "s", quantity(net->latency_s, MU_DIM_TIME).text);
}

static void figure_rows(rows *r, const mu_net_answer *a)
{
    r->section = "Cost and power";
    for (uint32_t i = 0; i < a->figure_count; i++) {
        const mu_net_figure *f = &a->figure[i];
        if (f->dimension == MU_DIM_COUNT) {
            say(r, f->label, "%s (%s)", counted(f->quantity.value).text, f->basis);
        } else {
            say(r, f->label, "%s (%s)", quantity(f->quantity, f->dimension).text, f->basis);
        }
    }
    if (a->figure_count == 0) {
        say(r, "cost and power", "not known");
    }
}

static void availability_rows(rows *r, const mu_net_answer *a)
{
    const mu_net_availability *up = &a->availability;
    r->section = "Availability";
    say(r, "time in which all parts work", "%s", percent(up->all_up).text);
    say(r, "chips up and joined, mean", "%s", percent(up->chips_up).text);
    say(r, "bandwidth left, mean", "%s", percent(up->bandwidth).text);
    say(r, "failures of a job on all ranks", "%s a day",
        quantity(up->job_failures_per_day, MU_DIM_NONE).text);
    say(r, "its time that counts", "%s (checkpoints every %s, restarts of %s)",
        percent(up->job_goodput).text, value(up->checkpoint_s, MU_DIM_TIME).text,
        value(up->restart_s, MU_DIM_TIME).text);
    for (uint32_t i = 0; i < up->rate_count; i++) {
        const mu_quantity *q = &up->rate[i].quantity;
        say(r, up->rate[i].label, "%.3g [%.3g, %.3g] (%s)", q->value, q->low, q->high,
            up->rate[i].basis);
    }
}

static void loss_rows(rows *r, const mu_net_question *q, const mu_net_answer *a)
{
    const mu_net_loss *loss = &a->loss;
    char parts[MU_CELL_MAX] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < q->job.parts && used < sizeof parts; i++) {
        int wrote =
            snprintf(parts + used, sizeof parts - used, "%s%s", i > 0 ? ", " : "", q->job.part[i]);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    r->section = "Broken";
    say(r, "parts", "%s", parts);
    say(r, "ranks lost", "%u%s%s", loss->dead, loss->dead > 0 ? ", the first is " : "",
        loss->dead > 0 ? counted(loss->dead_rank[0]).text : "");
    say(r, "links lost, one way each", "%s", counted((double)loss->links).text);
    say(r, "pairs of ranks", "%s of %s rerouted, %s joined by nothing",
        counted((double)loss->pairs_rerouted).text, counted((double)loss->pairs).text,
        counted((double)loss->pairs_apart).text);
    say(r, "bandwidth left", "%s", percent(mu_quantity_point(loss->bandwidth_share)).text);
    for (uint32_t n = 0; n < a->network_count; n++) {
        char label[MU_CELL_MAX];
        (void)snprintf(label, sizeof label, "bisection left, %s", a->network[n].name);
        say(r, label, "%s", percent(mu_quantity_point(loss->bisection_share[n])).text);
    }
}

const char *mu_net_method_words(mu_flow_method method)
{
    static const char *const words[] = {[MU_FLOW_PLAIN] = "one by one",
                                        [MU_FLOW_FOLDED] = "some ranks standing for all",
                                        [MU_FLOW_WAVES] = "wave by wave",
                                        [MU_FLOW_SYMMETRY] = "one rank standing for all"};
    return words[method];
}

static void traffic_rows(rows *r, const mu_net_question *q, const mu_net_answer *a)
{
    const mu_net_traffic *t = &a->traffic;
    r->section = "Traffic";
    say(r, "what", "%s", t->what);
    say(r, "algorithm", "%s; routing %s%s", t->algorithm, mu_routing_text(q->job.routing),
        q->job.copies > 1 ? "; several side by side" : "");
    say(r, "time", "%s", quantity(t->time_s, MU_DIM_TIME).text);
    if (t->algorithm_bandwidth.value > 0.0) {
        say(r, "algorithm bandwidth", "%s",
            quantity(t->algorithm_bandwidth, MU_DIM_BYTE_RATE).text);
        say(r, "bus bandwidth", "%s", quantity(t->bus_bandwidth, MU_DIM_BYTE_RATE).text);
    }
    if (t->has_closed) {
        say(r, "closed form", "%s (%s)", quantity(t->closed_s, MU_DIM_TIME).text,
            t->closed_algorithm);
    }
    say(r, "contention", "%s times the time of unshared wires", times(t->contention).text);
    say(r, "wires alone, flow by flow", "%s; the first rank is done after %s",
        quantity(t->wire_s, MU_DIM_TIME).text, value(t->first_s, MU_DIM_TIME).text);
    if (t->has_closed) {
        say(r, "wires alone, closed form", "%s", value(t->closed_wire_s.value, MU_DIM_TIME).text);
    }
    say(r, "bound of the wires", "%s, %.1f %% of the time they take: %s",
        value(t->bound_s, MU_DIM_TIME).text,
        t->wire_s.value > 0.0 ? 100.0 * t->bound_s / t->wire_s.value : 100.0, t->bound_by);
    say(r, "messages", "%s in %s moments, %s", counted((double)t->messages).text,
        counted((double)t->batches).text, mu_net_method_words(t->method));
    say(r, "bytes on all links", "%s", value(t->wire_bytes, MU_DIM_BYTES).text);
}

uint32_t mu_net_rows(const mu_net_question *question, const mu_net_answer *answer, bool whole,
                     mu_net_row out[MU_NET_ROWS_MAX])
{
    rows r = {.row = out};
    bool asked = question->job.what != MU_NET_NOTHING;
    if (question->job.parts > 0) {
        loss_rows(&r, question, answer);
    }
    if (answer->traffic.messages > 0 || answer->traffic.time_s.value > 0.0) {
        traffic_rows(&r, question, answer);
    }
    for (uint32_t n = 0; n < answer->network_count && (whole || !asked); n++) {
        network_rows(&r, question, &answer->network[n]);
    }
    if (whole || !asked) {
        figure_rows(&r, answer);
        availability_rows(&r, answer);
    }
    return r.count;
}

void mu_net_link_cells(const mu_net_links *links, char cells[MU_NET_LINK_COLUMNS][MU_CELL_MAX])
{
    word broken = counted((double)links->broken);
    (void)snprintf(cells[0], MU_CELL_MAX, "%s", links->name);
    if (links->broken > 0) {
        (void)snprintf(cells[1], MU_CELL_MAX, "%.64s (%.64s broken)",
                       counted((double)links->count).text, broken.text);
    } else {
        mu_format_count((double)links->count, cells[1]);
    }
    mu_format_quantity(links->bandwidth, MU_DIM_BYTE_RATE, cells[2]);
    mu_format_quantity(links->total, MU_DIM_BYTE_RATE, cells[3]);
    mu_format_quantity(links->latency_s, MU_DIM_TIME, cells[4]);
    (void)snprintf(cells[5], MU_CELL_MAX, "%s", links->optical ? "optical" : "copper");
}

void mu_net_hot_cells(const mu_net_hot *hot, char cells[MU_NET_HOT_COLUMNS][MU_CELL_MAX])
{
    (void)snprintf(cells[0], MU_CELL_MAX, "%s", hot->name);
    mu_format_count((double)hot->alike, cells[1]);
    mu_format_value(hot->bytes, MU_DIM_BYTES, cells[2]);
    (void)snprintf(cells[3], MU_CELL_MAX, "%.1f %%", 100.0 * hot->utilisation);
}
