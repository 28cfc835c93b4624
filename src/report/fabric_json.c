/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as JSON: one small function an object of the contract (docs/json.md).
 */
#include "report/fabric_report.h"

static json_t *sure(double value, const char *unit)
{
    return mu_json_quantity(mu_quantity_point(value), unit);
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

/* A list in the making; NULL once memory is out. */
static void append(json_t **list, json_t *item)
{
    if (*list == NULL || json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *levels(const mu_net_network *net)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < net->levels; i++) {
        append(&list, count(net->level_switches[i]));
    }
    return list;
}

static json_t *links(const mu_net_links *kind)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "name", mu_json_text(kind->name));
    mu_json_put(&json, "count", count(kind->count));
    mu_json_put(&json, "broken", count(kind->broken));
    mu_json_put(&json, "bandwidth", mu_json_quantity(kind->bandwidth, "B/s"));
    mu_json_put(&json, "total_bandwidth", mu_json_quantity(kind->total, "B/s"));
    mu_json_put(&json, "latency_s", mu_json_quantity(kind->latency_s, "s"));
    mu_json_put(&json, "optical", json_boolean(kind->optical));
    return mu_json_done(&json);
}

static json_t *network(const mu_net_answer *a, uint32_t n)
{
    const mu_net_network *net = &a->network[n];
    json_t *kinds = json_array();
    for (uint32_t k = 0; k < a->kind_count; k++) {
        if (a->kind[k].network == n) {
            append(&kinds, links(&a->kind[k]));
        }
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "name", mu_json_text(net->name));
    mu_json_put(&json, "shape", mu_json_text(mu_shape_text(net->shape)));
    mu_json_put(&json, "description", mu_json_text(net->words));
    mu_json_put(&json, "domain_ranks", count(net->span));
    mu_json_put(&json, "domains", count(net->domains));
    mu_json_put(&json, "planes", count(net->planes));
    mu_json_put(&json, "switches", count(net->switches));
    mu_json_put(&json, "switches_by_level", levels(net));
    mu_json_put(&json, "bandwidth_per_rank", mu_json_quantity(net->rank_bandwidth, "B/s"));
    mu_json_put(&json, "bandwidth", mu_json_quantity(net->bandwidth, "B/s"));
    mu_json_put(&json, "bisection", mu_json_quantity(net->bisection, "B/s"));
    mu_json_put(&json, "halvings", count(net->cuts));
    mu_json_put(&json, "diameter", count(net->hops));
    mu_json_put(&json, "diameter_exact", json_boolean(net->all_sources));
    mu_json_put(&json, "diameter_latency_s", mu_json_quantity(net->latency_s, "s"));
    mu_json_put(&json, "links", kinds);
    return mu_json_done(&json);
}

static json_t *networks(const mu_net_answer *a)
{
    json_t *list = json_array();
    for (uint32_t n = 0; n < a->network_count; n++) {
        append(&list, network(a, n));
    }
    return list;
}

static void put_figures(mu_json *json, const mu_net_answer *a)
{
    mu_json basis = mu_json_begin();
    for (uint32_t i = 0; i < a->figure_count; i++) {
        const mu_net_figure *f = &a->figure[i];
        mu_json_put(json, f->key, mu_json_quantity(f->quantity, mu_unit_si(f->dimension)));
        mu_json_put(&basis, f->key, mu_json_text(f->basis));
    }
    mu_json_put(json, "basis", mu_json_done(&basis));
}

static json_t *availability(const mu_net_availability *up)
{
    mu_json rates = mu_json_begin();
    mu_json basis = mu_json_begin();
    for (uint32_t i = 0; i < up->rate_count; i++) {
        mu_json_put(&rates, up->rate[i].key, mu_json_quantity(up->rate[i].quantity, ""));
        mu_json_put(&basis, up->rate[i].key, mu_json_text(up->rate[i].basis));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "all_up", mu_json_quantity(up->all_up, ""));
    mu_json_put(&json, "chips_up", mu_json_quantity(up->chips_up, ""));
    mu_json_put(&json, "bandwidth", mu_json_quantity(up->bandwidth, ""));
    mu_json_put(&json, "job_ranks", count(up->job_ranks));
    mu_json_put(&json, "job_failures_per_day", mu_json_quantity(up->job_failures_per_day, ""));
    mu_json_put(&json, "job_goodput", mu_json_quantity(up->job_goodput, ""));
    mu_json_put(&json, "checkpoint_s", mu_json_number(up->checkpoint_s));
    mu_json_put(&json, "restart_s", mu_json_number(up->restart_s));
    mu_json_put(&json, "rates", mu_json_done(&rates));
    mu_json_put(&json, "basis", mu_json_done(&basis));
    return mu_json_done(&json);
}

static json_t *broken(const mu_net_question *q, const mu_net_answer *a)
{
    const mu_net_loss *loss = &a->loss;
    json_t *parts = json_array();
    json_t *dead = json_array();
    mu_json bisection = mu_json_begin();
    for (uint32_t i = 0; i < q->job.parts; i++) {
        append(&parts, mu_json_text(q->job.part[i]));
    }
    for (uint32_t i = 0; i < loss->dead && i < MU_NET_LOST_MAX; i++) {
        append(&dead, count(loss->dead_rank[i]));
    }
    for (uint32_t n = 0; n < a->network_count; n++) {
        mu_json_put(&bisection, a->network[n].name, mu_json_number(loss->bisection_share[n]));
    }
    mu_json json = mu_json_begin();
    mu_json_put(&json, "parts", parts);
    mu_json_put(&json, "ranks_lost", count(loss->dead));
    mu_json_put(&json, "first_ranks_lost", dead);
    mu_json_put(&json, "links_lost", count(loss->links));
    mu_json_put(&json, "pairs", count(loss->pairs));
    mu_json_put(&json, "pairs_rerouted", count(loss->pairs_rerouted));
    mu_json_put(&json, "pairs_apart", count(loss->pairs_apart));
    mu_json_put(&json, "bandwidth_left", mu_json_number(loss->bandwidth_share));
    mu_json_put(&json, "bisection_left", mu_json_done(&bisection));
    return mu_json_done(&json);
}

static json_t *hottest(const mu_net_traffic *t)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < t->hot_count; i++) {
        const mu_net_hot *hot = &t->hot[i];
        mu_json json = mu_json_begin();
        mu_json_put(&json, "link", mu_json_text(hot->name));
        mu_json_put(&json, "alike", count(hot->alike));
        mu_json_put(&json, "bytes", mu_json_number(hot->bytes));
        mu_json_put(&json, "utilisation", mu_json_number(hot->utilisation));
        append(&list, mu_json_done(&json));
    }
    return list;
}

static void put_closed(mu_json *json, const mu_net_traffic *t)
{
    mu_json_put(json, "closed_form_s",
                t->has_closed ? mu_json_quantity(t->closed_s, "s") : json_null());
    mu_json_put(json, "closed_form_wire_s",
                t->has_closed ? mu_json_quantity(t->closed_wire_s, "s") : json_null());
    mu_json_put(json, "closed_form_algorithm",
                t->has_closed ? mu_json_text(t->closed_algorithm) : json_null());
}

static json_t *traffic(const mu_net_question *q, const mu_net_traffic *t)
{
    bool rated = t->algorithm_bandwidth.value > 0.0;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "what", mu_json_text(t->what));
    mu_json_put(&json, "algorithm", mu_json_text(t->algorithm));
    mu_json_put(&json, "routing", mu_json_text(mu_routing_text(q->job.routing)));
    mu_json_put(&json, "ranks", count(t->members));
    mu_json_put(&json, "copies", count(q->job.copies));
    mu_json_put(&json, "bytes", mu_json_number(t->bytes));
    mu_json_put(&json, "time_s", mu_json_quantity(t->time_s, "s"));
    mu_json_put(&json, "algorithm_bandwidth",
                rated ? mu_json_quantity(t->algorithm_bandwidth, "B/s") : json_null());
    mu_json_put(&json, "bus_bandwidth",
                rated ? mu_json_quantity(t->bus_bandwidth, "B/s") : json_null());
    mu_json_put(&json, "contention", mu_json_quantity(t->contention, ""));
    mu_json_put(&json, "wire_s", mu_json_quantity(t->wire_s, "s"));
    mu_json_put(&json, "first_rank_s", mu_json_number(t->first_s));
    put_closed(&json, t);
    mu_json_put(&json, "bound_s", sure(t->bound_s, "s"));
    mu_json_put(&json, "bound_by", mu_json_text(t->bound_by));
    mu_json_put(&json, "messages", count(t->messages));
    mu_json_put(&json, "moments", count(t->batches));
    mu_json_put(&json, "method", mu_json_text(mu_net_method_words(t->method)));
    mu_json_put(&json, "wire_bytes", mu_json_number(t->wire_bytes));
    mu_json_put(&json, "hottest", hottest(t));
    return mu_json_done(&json);
}

static json_t *warnings(const mu_net_answer *a)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < a->warning_count; i++) {
        append(&list, mu_json_text(a->warning[i]));
    }
    return list;
}

json_t *mu_net_json(const mu_net_question *question, const mu_net_answer *answer)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "system", mu_json_text(question->system->id));
    mu_json_put(&json, "name", mu_json_text(question->system->name));
    mu_json_put(&json, "chips", mu_json_number(question->chips));
    mu_json_put(&json, "ranks", count(question->ranks));
    mu_json_put(&json, "ranks_per_chip", count(question->ranks_per_chip));
    mu_json_put(&json, "networks", networks(answer));
    put_figures(&json, answer);
    mu_json_put(&json, "availability", availability(&answer->availability));
    if (question->job.parts > 0) {
        mu_json_put(&json, "broken", broken(question, answer));
    }
    if (question->job.what != MU_NET_NOTHING) {
        mu_json_put(&json, "traffic", traffic(question, &answer->traffic));
    }
    mu_json_put(&json, "warnings", warnings(answer));
    return mu_json_done(&json);
}
