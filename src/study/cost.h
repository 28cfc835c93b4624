/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a system or a deployment costs, owned or rented: questions and answers of the verb cost.
 *
 * Terms: a term is a fact of the region, or what was said in its place; an offer is what a cloud of
 *        the catalogue asks for the chip. Hours, years and use as in economics/cost.h.
 * Bound: an interval speaks of the facts that enter, drawn together with those of the prediction.
 */
#ifndef MUSTER_STUDY_COST_H
#define MUSTER_STUDY_COST_H

#include "catalog/money.h"
#include "economics/cost.h"
#include "study/answer.h"

/* X(field, path in a region, words, dimension of the fact) */
#define MU_COST_TERM_LIST(X)                                                                       \
    X(electricity, "electricity.price", "electricity", ENERGY_PRICE)                               \
    X(subsidy, "electricity.subsidy", "subsidy off the bill", FRACTION)                            \
    X(pue, "electricity.pue", "PUE", COUNT)                                                        \
    X(staff_usd, "staff.pay", "pay of one of the staff, a year", MONEY)                            \
    X(staff_per_mw, "staff.per_megawatt", "staff for each MW", NONE)                               \
    X(space_usd, "hall.rack", "space of a rack, a year", MONEY)                                    \
    X(rack_w, "hall.rack_power", "power of a rack", POWER)                                         \
    X(power_usd, "hall.power", "power distribution, for each W", MONEY)                            \
    X(cooling_usd, "hall.cooling", "cooling, for each W", MONEY)                                   \
    X(hall_s, "hall.years", "life of power and cooling", TIME)                                     \
    X(host_usd, "system.host", "host of a chip", MONEY)                                            \
    X(rack_usd, "system.rack", "a rack", MONEY)                                                    \
    X(storage, "system.storage", "storage over the system's price", FRACTION)                      \
    X(installation, "system.installation", "installation over the system's price", FRACTION)       \
    X(maintenance, "system.maintenance", "maintenance over the same, a year", FRACTION)            \
    X(spares, "system.spares", "spares over the same, a year", FRACTION)                           \
    X(system_s, "system.years", "life of the system", TIME)                                        \
    X(residual, "system.residual", "what it then fetches over its price", FRACTION)                \
    X(load, "system.load", "load over planned power", FRACTION)                                    \
    X(capital, "cost_of_capital", "cost of capital, a year", FRACTION)                             \
    X(utilisation, "utilisation", "utilisation", FRACTION)

enum {
#define X(field, path, words, dimension) MU_TERM_##field,
    MU_COST_TERM_LIST(X)
#undef X
        MU_TERM_COUNT,
    MU_MONEY_YEAR = 2026, /* whose prices all amounts are in */
    MU_OFFERS_MAX = 16,
    MU_COST_NOTES_MAX = 6
};

/* A term as it enters: SI, or the unit of its dimension. */
typedef struct mu_cost_term {
    const char *key;   /* path in a region; static */
    const char *words; /* static */
    mu_dimension dimension;
    char grade; /* '-' = said */
    mu_quantity quantity;
    const char *source; /* id; "" = said */
    const char *entity; /* who states it; "" = said */
} mu_cost_term;

/* What a cloud asks. */
typedef struct mu_cost_offer {
    const mu_entity *cloud;
    mu_quantity price; /* USD for an hour of one chip */
    char grade;
    const char *source;
} mu_cost_offer;

typedef struct mu_cost_question {
    const mu_catalog *catalog;
    const mu_scenario *scenario;
    const mu_question *served; /* what runs on it; NULL = nothing: the system alone */
    const mu_entity *system;
    const mu_entity *chip;
    const mu_entity *region;
    double chips; /* owned; with a deployment those it uses */
    double chips_sold;
    bool server;       /* sold alone: racks and the network between servers come on top */
    bool subsidised;   /* the region pays part of the power of such chips */
    double racks_sold; /* 0 = not stated */
    uint32_t offer_count;
    uint32_t local_offers; /* the first of them: of clouds of the region */
    mu_cost_offer offer[MU_OFFERS_MAX];
    int rent_from;   /* offer that counts; -1 = none, or a price */
    double rent_usd; /* where a price was said, else 0 */
    bool has_rent;
    double electricity_usd_per_kwh; /* said, 0 = the region's */
    double price_usd;               /* said of the system as sold, 0 = the catalogue's */
    mu_currency local; /* what people pay with there; USD where the region names none */
    mu_currency shown; /* that amounts of the answer are in */
} mu_cost_question;

/* Owning against renting; INFINITY stands for never. The rent is in the money of the answer. */
typedef struct mu_cost_rent {
    mu_quantity price;  /* a chip for an hour of use */
    mu_quantity use;    /* least utilisation at which owning costs no more */
    mu_quantity months; /* after which owning has cost no more */
    double use_share;   /* share of draws in which such a utilisation exists */
    double months_share;
    mu_quantity margin; /* of who owns and rents out at that price */
} mu_cost_rent;

/* What tokens cost. */
typedef struct mu_token_prices {
    mu_quantity million_input, million_output, request;
} mu_token_prices;

/* All amounts are in the question's `shown` money of one year: USD unless said. */
typedef struct mu_cost_answer {
    double chips;
    mu_quantity capital[MU_CAPITAL_COUNT];
    mu_quantity capital_total, capital_per_chip;
    mu_quantity year[MU_YEAR_COUNT];
    mu_quantity year_total;
    mu_quantity chip_hour[MU_YEAR_COUNT];
    mu_quantity chip_hour_total, used_chip_hour;
    mu_quantity load_w, planned_w; /* of the equipment, before PUE */
    bool whole_price;              /* parts are shares of a price of the whole */
    mu_cost_term term[MU_TERM_COUNT];
    bool rented;
    mu_cost_rent rent;
    bool served;
    mu_prediction prediction; /* with a deployment */
    mu_quantity input_share;  /* of the deployment's time */
    mu_token_prices owned_tokens, rented_tokens;
    uint32_t note_count;
    char note[MU_COST_NOTES_MAX][192];
} mu_cost_answer;

/**
 * Resolves system, region, offers, and prices in any currency.
 *
 * @param[in] served  question of a deployment, whose scenario is this one; NULL = the system alone
 * @retval MU_E_INPUT an unknown system, region, cloud or currency (nearest named), a price beyond
 *                    its limits, a cloud that doesn't rent the chip, more chips than the system
 *                    grows to; where a scenario's file says it, with its place
 */
mu_status mu_cost_question_make(const mu_catalog *catalog, const mu_scenario *scenario,
                                const mu_question *served, mu_cost_question *out,
                                mu_error *err) MU_MUST_CHECK;

/** What an offer asks for an hour, in the money that is shown. */
mu_quantity mu_cost_offer_price(const mu_cost_question *question, uint32_t offer);

/**
 * The bill with intervals; with a deployment that of its chips, and what its tokens cost.
 * @retval MU_E_INPUT  a region without a price, a system and chip without one
 * @retval MU_NO       the deployment doesn't fit
 */
mu_status mu_cost_answer_question(const mu_cost_question *question, mu_work *work,
                                  mu_cost_answer *out, mu_error *err) MU_MUST_CHECK;

/* X(name, unit): a figure of a bill by its name; owning and renting of a chip for an hour, of a
   million tokens. Break-evens are INFINITY where there is none. */
#define MU_COST_FIGURE_LIST(X)                                                                     \
    X(used_chip_hour_usd, "USD/h")                                                                 \
    X(chip_hour_usd, "USD/h")                                                                      \
    X(capital_usd, "USD")                                                                          \
    X(capital_per_chip_usd, "USD")                                                                 \
    X(year_usd, "USD")                                                                             \
    X(rent_usd, "USD/h")                                                                           \
    X(margin, "")                                                                                  \
    X(break_even_utilisation, "")                                                                  \
    X(break_even_months, "months")                                                                 \
    X(million_output_usd, "USD")                                                                   \
    X(million_input_usd, "USD")                                                                    \
    X(request_usd, "USD")                                                                          \
    X(rented_request_usd, "USD")                                                                   \
    X(rented_million_output_usd, "USD")                                                            \
    X(rented_million_input_usd, "USD")

enum {
#define X(name, unit) MU_FIGURE_##name,
    MU_COST_FIGURE_LIST(X)
#undef X
        MU_FIGURE_COUNT
};

/** Name and unit of a figure; static. */
const char *mu_cost_figure_name(uint32_t figure);
const char *mu_cost_figure_unit(uint32_t figure);

/**
 * The figure of that name.
 * @retval MU_E_INPUT  none of that name (nearest named), of tokens where nothing is served, of rent
 *                     where there is none
 */
mu_status mu_cost_figure_find(const mu_cost_question *question, const char *name, uint32_t *out,
                              mu_error *err) MU_MUST_CHECK;

/**
 * A figure in one draw; names join an open plan.
 * @param[in] deployment  of the question's `served`; NULL = the system alone
 */
mu_status mu_cost_figure(const mu_cost_question *question, const mu_deployment *deployment,
                         uint32_t figure, mu_draw draw, mu_arena *arena, double *out,
                         mu_error *err) MU_MUST_CHECK;

#endif
