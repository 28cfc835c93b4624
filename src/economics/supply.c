/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The monthly balance of parts and chips.
 *
 * What:  each month parts come, chips are made of the scarcest, the rest of the parts waits.
 */
#include "economics/supply.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct {
    const char *key;
    const char *words;
} parts[MU_PIECES] = {
#define X(name, key, words) {key, words},
    MU_PIECE_LIST(X)
#undef X
};

const char *mu_piece_key(mu_piece part)
{
    return part < MU_PIECES ? parts[part].key : "none";
}

const char *mu_piece_words(mu_piece part)
{
    return part < MU_PIECES ? parts[part].words : "nothing";
}

bool mu_piece_parse(const char *key, mu_piece *out)
{
    for (int i = 0; i < MU_PIECES; i++) {
        if (strcmp(key, parts[i].key) == 0) {
            *out = (mu_piece)i;
            return true;
        }
    }
    return false;
}

/* Parts a month at a moment. */
static double rate(const mu_supply_source *s, double month)
{
    double begun = month - s->delay;
    double units = mu_ramp_at(&s->monthly, begun);
    return units > 0.0 ? units * mu_ramp_at(&s->share, begun) * mu_ramp_at(&s->per_unit, begun)
                       : 0.0;
}

/* Simpson's rule, exact for the product of three straight lines. */
static double flow(double from, double middle, double to)
{
    return (from + 4.0 * middle + to) / 6.0;
}

static double from_stock(const mu_supply_source *s, double month)
{
    bool now = s->stock_month >= month && s->stock_month < month + 1.0;
    return now ? s->stock : 0.0;
}

/* What is just before a moment: a ramp that begins in the next month has not begun in this. */
static double just_before(double month)
{
    return month - 1e-7;
}

double mu_supply_parts(const mu_supply_source *source, double month)
{
    double parts_flow = flow(rate(source, month), rate(source, month + 0.5),
                             rate(source, just_before(month + 1.0)));
    return parts_flow + from_stock(source, month);
}

/* Chips that the parts at hand allow, and of what there is too little. */
static double scarcest(const mu_supply_chain *chain, const double have[MU_PIECES], mu_piece *binds)
{
    double chips = INFINITY;
    *binds = MU_PIECES;
    for (int p = 0; p < MU_PIECES; p++) {
        if (chain->need[p] > 0.0 && have[p] / chain->need[p] < chips) {
            chips = have[p] / chain->need[p];
            *binds = (mu_piece)p;
        }
    }
    return isfinite(chips) ? chips : 0.0;
}

void mu_supply_run(const mu_supply_chain *chain, double first, uint32_t months,
                   mu_supply_month out[], double brought[])
{
    assert(chain->count <= MU_SUPPLY_SOURCES_MAX && months <= MU_SUPPLY_MONTHS_MAX);
    double kept[MU_PIECES] = {0.0};
    double total = 0.0;
    for (uint32_t s = 0; brought != NULL && s < chain->count; s++) {
        brought[s] = 0.0;
    }
    for (uint32_t m = 0; m < months; m++) {
        mu_supply_month *now = &out[m];
        *now = (mu_supply_month){0};
        for (uint32_t s = 0; s < chain->count; s++) {
            double came = mu_supply_parts(&chain->source[s], first + m);
            now->came[chain->source[s].part] += came;
            if (brought != NULL) {
                brought[s] += came;
            }
        }
        double have[MU_PIECES];
        for (int p = 0; p < MU_PIECES; p++) {
            have[p] = kept[p] + now->came[p];
        }
        double begun = scarcest(chain, have, &now->binds);
        for (int p = 0; p < MU_PIECES; p++) {
            now->used[p] = begun * chain->need[p];
            kept[p] = p == MU_PIECE_PACKAGES ? 0.0 : fmax(have[p] - now->used[p], 0.0);
            now->left[p] = kept[p];
        }
        now->chips = begun * chain->package_yield;
        total += now->chips;
        now->total = total;
    }
}

double mu_supply_when(const mu_supply_month out[], uint32_t months, double first, double chips)
{
    double before = 0.0;
    for (uint32_t m = 0; m < months; m++) {
        if (out[m].total >= chips) {
            double share = out[m].chips > 0.0 ? (chips - before) / out[m].chips : 0.0;
            return first + m + fmin(fmax(share, 0.0), 1.0);
        }
        before = out[m].total;
    }
    return INFINITY;
}
