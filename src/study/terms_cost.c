/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a bill: capital, a year, an hour of use, renting, tokens.
 *
 * Bound: in USD.
 */
#include "study/cost_parts.h"
#include "study/draws.h"
#include "study/terms_tree.h"

#include <math.h>

enum { TERMS_MAX = 128 };

static const double SECONDS_PER_HOUR = 3600.0;

/* A bill under way. */
typedef struct bill_terms {
    mu_grove *g;
    const mu_cost_question *q;
    const mu_cost_input *in;
    const mu_bill *bill;
    const double *row; /* [MU_AT_COUNT] */
    bool whole_price;
} bill_terms;

typedef struct leaf {
    const char *name;
    mu_dimension dimension;
    double value;
    const char *words;
} leaf;

/* A term of a few given ones. */
typedef struct whole {
    const char *name;
    double value;
    mu_dimension dimension;
    mu_rule rule;
    double factor;
    const char *words;
} whole;

static void add_of(mu_grove *g, const whole *of, const leaf part[], size_t parts)
{
    mu_grove_open(g, of->name, of->dimension, of->rule, of->factor);
    mu_grove_words(g, false, "%s", of->words);
    for (size_t i = 0; i < parts; i++) {
        mu_grove_leaf(g, part[i].name, part[i].dimension, part[i].value);
        if (part[i].words != NULL) {
            mu_grove_words(g, true, "%s", part[i].words);
        }
    }
    mu_grove_close(g, of->value);
}

#define PARTS(...) (const leaf[]){__VA_ARGS__}, sizeof((const leaf[]){__VA_ARGS__}) / sizeof(leaf)

static double system_usd(const mu_bill *bill)
{
    double usd = 0.0;
    for (int i = 0; i < MU_SYSTEM_PARTS; i++) {
        usd += bill->capital_usd[i];
    }
    return usd;
}

static void add_system_parts(const bill_terms *b)
{
    static const char *const how[MU_SYSTEM_PARTS] = {"price of a chip x chips",
                                                     "host of a chip x chips",
                                                     "network for each chip x chips, less optics",
                                                     "price of a module x modules",
                                                     "price of a rack x racks",
                                                     "share of the system's price"};
    for (int i = 0; i < MU_SYSTEM_PARTS; i++) {
        bool rest = b->whole_price && i == MU_CAPITAL_HOSTS;
        mu_grove_leaf(b->g, mu_capital_key(i), MU_DIM_MONEY, b->bill->capital_usd[i]);
        mu_grove_words(b->g, true, "%s%s",
                       rest ? "what the others leave of the system's price" : how[i],
                       b->whole_price && !rest ? ", at most its part of the system's price" : "");
    }
}

static void add_capital(const bill_terms *b)
{
    const mu_cost_input *in = b->in;
    const double *usd = b->bill->capital_usd;
    mu_grove_open(b->g, "capital_usd", MU_DIM_MONEY, MU_RULE_SUM, 1.0);
    mu_grove_words(b->g, false, "of %.6g chips", in->chips);
    add_system_parts(b);
    add_of(b->g,
           &(whole){mu_capital_key(MU_CAPITAL_INSTALLATION), usd[MU_CAPITAL_INSTALLATION],
                    MU_DIM_MONEY, MU_RULE_PRODUCT, 1.0, ""},
           PARTS({"share", MU_DIM_FRACTION, in->installation, NULL},
                 {"system_usd", MU_DIM_MONEY, system_usd(b->bill), NULL}));
    add_of(b->g,
           &(whole){mu_capital_key(MU_CAPITAL_POWER), usd[MU_CAPITAL_POWER], MU_DIM_MONEY,
                    MU_RULE_PRODUCT, 1.0, ""},
           PARTS({"usd_per_w", MU_DIM_MONEY, in->power_usd_per_w, NULL},
                 {"planned_w", MU_DIM_POWER, in->planned_w, "limits of chips, hosts and network"}));
    add_of(b->g,
           &(whole){mu_capital_key(MU_CAPITAL_COOLING), usd[MU_CAPITAL_COOLING], MU_DIM_MONEY,
                    MU_RULE_PRODUCT, 1.0, ""},
           PARTS({"usd_per_w", MU_DIM_MONEY, in->cooling_usd_per_w, NULL},
                 {"planned_w", MU_DIM_POWER, in->planned_w, NULL}));
    mu_grove_close(b->g, b->bill->capital_total_usd);
}

static void add_capital_year(const bill_terms *b)
{
    const mu_cost_input *in = b->in;
    const mu_bill *bill = b->bill;
    const double *usd = bill->year_usd;
    double hall_usd = bill->capital_usd[MU_CAPITAL_POWER] + bill->capital_usd[MU_CAPITAL_COOLING];
    add_of(
        b->g,
        &(whole){mu_year_key(MU_YEAR_DEPRECIATION), usd[MU_YEAR_DEPRECIATION], MU_DIM_MONEY,
                 MU_RULE_FORMULA, 1.0, "(system_usd (1 - residual) + installation_usd) / years"},
        PARTS({"system_usd", MU_DIM_MONEY, system_usd(bill), NULL},
              {"residual", MU_DIM_FRACTION, in->residual, NULL},
              {"installation_usd", MU_DIM_MONEY, bill->capital_usd[MU_CAPITAL_INSTALLATION], NULL},
              {"years", MU_DIM_NONE, in->years, NULL}));
    add_of(b->g,
           &(whole){mu_year_key(MU_YEAR_HALL), usd[MU_YEAR_HALL], MU_DIM_MONEY, MU_RULE_SUM,
                    1.0 / in->hall_years, "power distribution and cooling / their years"},
           PARTS({"hall_usd", MU_DIM_MONEY, hall_usd, NULL}));
    add_of(b->g,
           &(whole){mu_year_key(MU_YEAR_CAPITAL), usd[MU_YEAR_CAPITAL], MU_DIM_MONEY,
                    MU_RULE_FORMULA, 1.0,
                    "annuities of system, installation and hall at this rate, less depreciation"},
           PARTS({"rate", MU_DIM_FRACTION, in->cost_of_capital, NULL}));
}

static void add_electricity(const bill_terms *b)
{
    const mu_cost_input *in = b->in;
    add_of(b->g,
           &(whole){mu_year_key(MU_YEAR_ELECTRICITY), b->bill->year_usd[MU_YEAR_ELECTRICITY],
                    MU_DIM_MONEY, MU_RULE_FORMULA, 1.0,
                    "(u load_w + (1 - u) idle_w) / 1000 x pue x 8766 h x price (1 - subsidy)"},
           PARTS({"u", MU_DIM_FRACTION, in->utilisation, "utilisation"},
                 {"load_w", MU_DIM_POWER, in->load_w, "equipment in use"},
                 {"idle_w", MU_DIM_POWER, in->idle_w, "chips idle, hosts, network"},
                 {"pue", MU_DIM_NONE, in->pue, NULL},
                 {"price", MU_DIM_ENERGY_PRICE, in->electricity_usd_per_kwh, NULL},
                 {"subsidy", MU_DIM_FRACTION, in->subsidy, NULL}));
}

static void add_share(const bill_terms *b, int item, double share)
{
    add_of(b->g,
           &(whole){mu_year_key(item), b->bill->year_usd[item], MU_DIM_MONEY, MU_RULE_PRODUCT, 1.0,
                    ""},
           PARTS({"share", MU_DIM_FRACTION, share, "of the system's price, a year"},
                 {"system_usd", MU_DIM_MONEY, system_usd(b->bill), NULL}));
}

static void add_year(const bill_terms *b)
{
    const mu_cost_input *in = b->in;
    const double *usd = b->bill->year_usd;
    mu_grove_open(b->g, "year_usd", MU_DIM_MONEY, MU_RULE_SUM, 1.0);
    add_capital_year(b);
    add_electricity(b);
    add_of(b->g,
           &(whole){mu_year_key(MU_YEAR_STAFF), usd[MU_YEAR_STAFF], MU_DIM_MONEY, MU_RULE_PRODUCT,
                    1.0, ""},
           PARTS({"pay", MU_DIM_MONEY, in->staff_usd, "of one, a year"},
                 {"for_each_w", MU_DIM_NONE, in->staff_per_w, NULL},
                 {"planned_w", MU_DIM_POWER, in->planned_w, NULL}));
    add_of(b->g,
           &(whole){mu_year_key(MU_YEAR_SPACE), usd[MU_YEAR_SPACE], MU_DIM_MONEY, MU_RULE_PRODUCT,
                    1.0, ""},
           PARTS({"rack_usd", MU_DIM_MONEY, in->space_usd, "space of a rack, a year"},
                 {"racks", MU_DIM_NONE, in->racks, NULL}));
    add_share(b, MU_YEAR_MAINTENANCE, in->maintenance);
    add_share(b, MU_YEAR_SPARES, in->spares);
    mu_grove_close(b->g, b->bill->year_total_usd);
}

static void add_hours(const bill_terms *b)
{
    const mu_bill *bill = b->bill;
    double hours = b->in->chips * MU_HOURS_PER_YEAR;
    add_of(b->g,
           &(whole){"used_chip_hour_usd", bill->used_chip_hour_usd, MU_DIM_MONEY_RATE,
                    MU_RULE_FORMULA, 1.0, "chip_hour_usd / utilisation"},
           PARTS({"chip_hour_usd", MU_DIM_MONEY_RATE, bill->chip_hour_total_usd, NULL},
                 {"utilisation", MU_DIM_FRACTION, b->in->utilisation, NULL}));
    add_of(b->g,
           &(whole){"chip_hour_usd", bill->chip_hour_total_usd, MU_DIM_MONEY_RATE, MU_RULE_SUM,
                    1.0 / hours, "year_usd / (chips x 8766 h)"},
           PARTS({"year_usd", MU_DIM_MONEY, bill->year_total_usd, NULL}));
}

static void add_rent(const bill_terms *b)
{
    double rent = b->row[MU_AT_RENT];
    double idle = mu_cost_chip_hour(b->in, 0.0);
    double use = mu_cost_chip_hour(b->in, 1.0) - idle;
    add_of(b->g,
           &(whole){"margin", b->row[MU_AT_MARGIN], MU_DIM_FRACTION, MU_RULE_FORMULA, 1.0,
                    "(rent_usd - used_chip_hour_usd) / rent_usd"},
           PARTS({"rent_usd", MU_DIM_MONEY_RATE, rent, "a chip for an hour of use"},
                 {"used_chip_hour_usd", MU_DIM_MONEY_RATE, b->bill->used_chip_hour_usd, NULL}));
    add_of(b->g,
           &(whole){"break_even_utilisation", b->row[MU_AT_USE], MU_DIM_FRACTION, MU_RULE_FORMULA,
                    1.0, "a / (rent_usd - b), where that is 1 at most"},
           PARTS({"a", MU_DIM_MONEY_RATE, idle, "an hour owned and never used"},
                 {"b", MU_DIM_MONEY_RATE, use, "electricity that use adds"},
                 {"rent_usd", MU_DIM_MONEY_RATE, rent, NULL}));
}

static void add_tokens(const bill_terms *b, const mu_service *s)
{
    const mu_workload *w = &b->q->served->workload;
    const double *row = b->row;
    double hour = b->bill->used_chip_hour_usd * s->chips;
    double share = row[MU_AT_SHARE];
    mu_grove_open(b->g, "request_usd", MU_DIM_MONEY, MU_RULE_FORMULA, 1.0);
    mu_grove_words(b->g, false, "hour_usd / 3600 s / requests_per_s");
    add_of(
        b->g,
        &(whole){"hour_usd", hour, MU_DIM_MONEY_RATE, MU_RULE_PRODUCT, 1.0, "of all chips in use"},
        PARTS({"used_chip_hour_usd", MU_DIM_MONEY_RATE, b->bill->used_chip_hour_usd, NULL},
              {"chips", MU_DIM_NONE, s->chips, NULL}));
    mu_grove_leaf(b->g, "requests_per_s", MU_DIM_NONE, s->requests_per_s);
    mu_grove_words(b->g, true, "see muster explain of the prediction");
    mu_grove_close(b->g, hour / SECONDS_PER_HOUR / s->requests_per_s);
    add_of(b->g,
           &(whole){"million_output_usd", row[MU_AT_OWNED + 1], MU_DIM_MONEY, MU_RULE_FORMULA, 1.0,
                    "request_usd (1 - input_share) / output x 1e6"},
           PARTS({"request_usd", MU_DIM_MONEY, row[MU_AT_OWNED + 2], NULL},
                 {"input_share", MU_DIM_FRACTION, share, "of the deployment's time"},
                 {"output", MU_DIM_NONE, w->output, "tokens of a request"}));
    add_of(b->g,
           &(whole){"million_input_usd", row[MU_AT_OWNED], MU_DIM_MONEY, MU_RULE_FORMULA, 1.0,
                    "request_usd input_share / input x 1e6"},
           PARTS({"request_usd", MU_DIM_MONEY, row[MU_AT_OWNED + 2], NULL},
                 {"input_share", MU_DIM_FRACTION, share, NULL},
                 {"input", MU_DIM_NONE, w->input, "tokens of a request"}));
}

typedef struct priced {
    const mu_cost_question *question;
    const mu_deployment *deployment; /* NULL = the system alone */
} priced;

static mu_status grow_bill(const void *context, mu_draw draw, mu_arena *arena, mu_terms *out,
                           mu_error *err)
{
    const priced *p = context;
    mu_cost_draw d;
    mu_bill bill;
    mu_service service = {0};
    double row[MU_AT_COUNT] = {0};
    mu_grove g = mu_grove_begin(arena, TERMS_MAX);
    bool served = p->deployment != NULL;
    mu_status status = MU_OK;
    if (served) {
        status = mu_draws_answer(p->question->served, p->deployment, draw, arena, &service, err);
    }
    if (status == MU_OK) {
        status = mu_cost_draw_make(p->question, served ? &service : NULL, draw, &d, err);
    }
    if (status == MU_OK) {
        status = mu_cost_row(p->question, p->deployment, draw, arena, row, err);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_cost_bill(&d.input, &bill);
    const bill_terms b = {&g, p->question, &d.input, &bill, row, d.whole_price};
    if (served) {
        add_tokens(&b, &service);
    }
    add_hours(&b);
    add_year(&b);
    add_capital(&b);
    if (d.rent_usd > 0.0) {
        add_rent(&b);
    }
    return mu_grove_done(&g, out, err);
}

mu_status mu_terms_cost(const mu_cost_question *question, const mu_cost_answer *answer,
                        const char *wanted, mu_work *work, mu_terms *out, mu_error *err)
{
    const mu_question *served = question->served;
    priced p = {.question = question,
                .deployment = served != NULL ? &answer->prediction.deployment : NULL};
    mu_draw_plan *points = mu_draw_plan_create(work->arena, 1);
    if (points == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for terms");
    }
    mu_draw_plan_take_points(points);
    *out =
        (mu_terms){.catalog = question->catalog, .engine = served != NULL ? served->engine : NULL};
    /* Names join before an answer gives its scratch back, which the plan's would lie in. */
    mu_status status = served != NULL ? mu_draws_join(served, points, err) : MU_OK;
    if (status != MU_OK) {
        return status;
    }
    return mu_terms_find(grow_bill, &p, points, wanted, work, out, err);
}
