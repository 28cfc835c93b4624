/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Supply as JSON: one small function an object of the contract (docs/supply.md).
 */
#include "report/supply_report.h"

static json_t *count(double value)
{
    return json_integer((json_int_t)value);
}

static json_t *month_text(double month)
{
    char text[MU_MONTH_TEXT_MAX];
    mu_month_text(month, text);
    return text[0] == '-' ? json_null() : mu_json_text(text);
}

/* A list in the making; NULL once memory is out. */
static void append(json_t **list, json_t *item)
{
    if (*list == NULL || json_array_append_new(*list, item) != 0) {
        json_decref(*list);
        *list = NULL;
    }
}

static json_t *die(const mu_supply_answer *a)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "width_mm", mu_json_number(a->die.width_mm));
    mu_json_put(&json, "height_mm", mu_json_number(a->die.height_mm));
    mu_json_put(&json, "area_mm2", mu_json_number(a->die.width_mm * a->die.height_mm));
    mu_json_put(&json, "critical_share", mu_json_number(a->critical_share));
    mu_json_put(&json, "cores", count(a->harvest.cores));
    mu_json_put(&json, "cores_that_may_break", count(a->harvest.spare));
    mu_json_put(&json, "core_share", mu_json_number(a->harvest.share));
    mu_json_put(&json, "dies_per_chip", mu_json_number(a->dies));
    return mu_json_done(&json);
}

static json_t *formulas(const mu_wafer *wafer, const mu_die *size)
{
    mu_json json = mu_json_begin();
    for (int f = 0; f < MU_DIE_FORMULAS; f++) {
        double dies = mu_wafer_dies_by(wafer, size, (mu_die_formula)f);
        mu_json_put(&json, mu_die_formula_text((mu_die_formula)f), mu_json_number(dies));
    }
    return mu_json_done(&json);
}

static json_t *money(mu_quantity usd)
{
    return usd.value > 0.0 ? mu_json_quantity(usd, "USD") : json_null();
}

static json_t *process(const mu_supply_answer *a, const mu_supply_die *on)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "process", mu_json_text(on->process->id));
    mu_json_put(&json, "used", json_boolean(on->used));
    mu_json_put(&json, "gross_dies", count(on->gross));
    mu_json_put(&json, "gross_dies_by_formula", formulas(&on->wafer, &a->die));
    mu_json_put(&json, "yield_model", mu_json_text(mu_yield_model_text(on->law.model)));
    mu_json_put(&json, "alpha", mu_json_number(on->law.alpha));
    mu_json_put(&json, "defect_density", mu_json_quantity(on->defects, "1/cm2"));
    mu_json_put(&json, "clean_yield", mu_json_quantity(on->clean, ""));
    mu_json_put(&json, "yield", mu_json_quantity(on->yield, ""));
    mu_json_put(&json, "good_dies", mu_json_quantity(on->good, "1/wafer"));
    mu_json_put(&json, "wafer_price", money(on->wafer_usd));
    mu_json_put(&json, "die_cost", money(on->die_usd));
    mu_json_put(&json, "cycle", mu_json_quantity(on->cycle_days, "d"));
    return mu_json_done(&json);
}

static json_t *line(const mu_supply_share *l)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "foundry", mu_json_text(l->foundry->id));
    mu_json_put(&json, "line", mu_json_text(l->line));
    mu_json_put(&json, "part", mu_json_text(mu_piece_key(l->part)));
    mu_json_put(&json, "process", l->process != NULL ? mu_json_text(l->process->id) : json_null());
    mu_json_put(&json, "parts", mu_json_quantity(l->parts, ""));
    mu_json_put(&json, "share", mu_json_quantity(l->share, ""));
    return mu_json_done(&json);
}

static json_t *by_part(const double value[MU_PIECES])
{
    mu_json json = mu_json_begin();
    for (int p = 0; p < MU_PIECES; p++) {
        mu_json_put(&json, mu_piece_key((mu_piece)p), mu_json_number(value[p]));
    }
    return mu_json_done(&json);
}

static json_t *month(const mu_supply_point *m)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "month", month_text(m->month));
    mu_json_put(&json, "chips", mu_json_quantity(m->chips, ""));
    mu_json_put(&json, "total", mu_json_quantity(m->total, ""));
    mu_json_put(&json, "bound_by", mu_json_text(mu_piece_key(m->binds)));
    mu_json_put(&json, "bound_by_share", mu_json_number(m->binds_share));
    mu_json_put(&json, "parts", by_part(m->came));
    mu_json_put(&json, "in_store", by_part(m->left));
    return mu_json_done(&json);
}

static json_t *wanted(const mu_supply_picture *p)
{
    const mu_supply_answer *a = p->answer;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "chips", mu_json_number(p->question->wanted));
    mu_json_put(&json, "reached", json_boolean(a->reached));
    mu_json_put(&json, "reached_share", mu_json_number(a->reached_share));
    mu_json_put(&json, "month", month_text(a->when.value));
    mu_json_put(&json, "month_low", month_text(a->when.low));
    mu_json_put(&json, "month_high", month_text(a->when.high));
    const mu_quantity after = {a->when.value - a->counted, a->when.low - a->counted,
                               a->when.high - a->counted};
    mu_json_put(&json, "months", mu_json_quantity(after, "months"));
    return mu_json_done(&json);
}

static json_t *system_of(const mu_supply_system *s)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "system", mu_json_text(s->system->id));
    mu_json_put(&json, "chips", mu_json_number(s->chips));
    mu_json_put(&json, "count", mu_json_quantity(s->count, ""));
    return mu_json_done(&json);
}

static json_t *service(const mu_supply_service *s)
{
    mu_json json = mu_json_begin();
    mu_json_put(&json, "model", mu_json_text(s->one.model));
    mu_json_put(&json, "system", mu_json_text(s->system->system->id));
    mu_json_put(&json, "systems", mu_json_quantity(s->system->count, ""));
    mu_json_put(&json, "output_tokens_per_s_of_one",
                mu_json_quantity(s->one.output_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "output_tokens_per_s", mu_json_quantity(s->output_tokens_per_s, "tokens/s"));
    mu_json_put(&json, "requests_per_s", mu_json_quantity(s->requests_per_s, "1/s"));
    mu_json_put(&json, "tpot_s", mu_json_quantity(s->one.tpot_s, "s"));
    mu_json_put(&json, "ttft_s", mu_json_quantity(s->one.ttft_s, "s"));
    mu_json_put(&json, "power", mu_json_quantity(s->power_w, "W"));
    return mu_json_done(&json);
}

static void put_lists(mu_json *json, const mu_supply_answer *a)
{
    json_t *processes = json_array();
    json_t *lines = json_array();
    json_t *months = json_array();
    json_t *systems = json_array();
    json_t *warnings = json_array();
    for (uint32_t i = 0; i < a->die_count; i++) {
        append(&processes, process(a, &a->on[i]));
    }
    for (uint32_t i = 0; i < a->line_count; i++) {
        append(&lines, line(&a->line[i]));
    }
    for (uint32_t i = 0; a->line_count > 0 && i < a->month_count; i++) {
        append(&months, month(&a->month[i]));
    }
    for (uint32_t i = 0; i < a->system_count; i++) {
        append(&systems, system_of(&a->system[i]));
    }
    for (uint32_t i = 0; i < a->warning_count; i++) {
        append(&warnings, mu_json_text(a->warning[i]));
    }
    mu_json_put(json, "processes", processes);
    mu_json_put(json, "lines", lines);
    mu_json_put(json, "months", months);
    mu_json_put(json, "systems", systems);
    mu_json_put(json, "warnings", warnings);
}

json_t *mu_supply_json(const mu_supply_picture *p)
{
    const mu_supply_answer *a = p->answer;
    bool made = a->line_count > 0;
    mu_json json = mu_json_begin();
    mu_json_put(&json, "chip", mu_json_text(p->question->wish.chip->id));
    mu_json_put(&json, "name", mu_json_text(p->question->wish.chip->name));
    mu_json_put(&json, "from", made ? month_text(a->counted) : json_null());
    mu_json_put(&json, "by", made ? month_text(a->last) : json_null());
    mu_json_put(&json, "total", mu_json_quantity(a->total, ""));
    mu_json_put(&json, "chips_per_month", mu_json_quantity(a->rate, "1/month"));
    mu_json_put(&json, "package_yield", mu_json_quantity(a->package_yield, ""));
    mu_json_put(&json, "die", die(a));
    mu_json_put(&json, "parts_per_chip", by_part(a->need));
    if (p->question->wanted > 0.0) {
        mu_json_put(&json, "wanted", wanted(p));
    }
    if (p->service != NULL) {
        mu_json_put(&json, "serves", service(p->service));
    }
    put_lists(&json, a);
    return mu_json_done(&json);
}
