/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Yield of dies.
 *
 * What:  a law mixes Poisson distributions: the mean of a die is itself drawn, from one value
 *        (Poisson), a triangle (Murphy), an exponential (Seeds) or a gamma distribution (negative
 *        binomial). The number of defects on a die then has probabilities in closed form: of the
 *        triangle they are those of two uniform means, folded.
 * Why:   harvesting asks how n defects fall on cores. Summed over n all terms are positive; the
 *        textbook sum over broken cores cancels to nothing for 144 of them.
 */
#include "economics/wafer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { DEFECTS_MAX = 4096 };

static const double REST = 1e-15; /* of probability, passed over */

static const char *const words[MU_YIELD_MODELS][2] = {
#define X(name, word, other) {word, other},
    MU_YIELD_MODEL_LIST(X)
#undef X
};

bool mu_yield_model_parse(const char *word, mu_yield_model *out)
{
    for (int i = 0; i < MU_YIELD_MODELS; i++) {
        if (strcmp(word, words[i][0]) == 0 || strcmp(word, words[i][1]) == 0) {
            *out = (mu_yield_model)i;
            return true;
        }
    }
    return false;
}

const char *mu_yield_model_text(mu_yield_model model)
{
    assert(model < MU_YIELD_MODELS);
    return words[model][0];
}

double mu_yield_clean(mu_yield_law law, double defects)
{
    assert(defects >= 0.0);
    double once = 1.0;
    switch (law.model) {
    case MU_YIELD_POISSON:
        return exp(-defects);
    case MU_YIELD_MURPHY:
        once = defects > 0.0 ? -expm1(-defects) / defects : 1.0;
        return once * once;
    case MU_YIELD_SEEDS:
        return 1.0 / (1.0 + defects);
    case MU_YIELD_NEGATIVE_BINOMIAL:
    case MU_YIELD_MODELS:
        break;
    }
    assert(law.alpha > 0.0);
    return exp(-law.alpha * log1p(defects / law.alpha));
}

/* Probabilities of n = 0, 1, 2, ... defects on a die, one after the other. */
typedef struct counter {
    mu_yield_law law;
    double mean;
    uint32_t n;
    double p;
    double poisson;              /* of n at `mean`: Murphy's */
    double above;                /* chance of more than n there */
    double uniform[DEFECTS_MAX]; /* of n where the mean is uniform up to `mean` */
} counter;

static void next_uniform(counter *c)
{
    c->poisson = c->n == 0 ? exp(-c->mean) : c->poisson * c->mean / c->n;
    c->above = c->n == 0 ? -expm1(-c->mean) : fmax(c->above - c->poisson, 0.0);
    c->uniform[c->n] = c->above / c->mean;
}

static double next_murphy(counter *c)
{
    double p = 0.0;
    next_uniform(c);
    for (uint32_t i = 0; i <= c->n; i++) {
        p += c->uniform[i] * c->uniform[c->n - i];
    }
    return p;
}

static double next_count(counter *c)
{
    double n = c->n;
    double alpha = c->law.model == MU_YIELD_SEEDS ? 1.0 : c->law.alpha;
    if (c->law.model == MU_YIELD_MURPHY) {
        c->p = next_murphy(c);
    } else if (c->n == 0) {
        c->p = mu_yield_clean(c->law, c->mean);
    } else if (c->law.model == MU_YIELD_POISSON) {
        c->p *= c->mean / n;
    } else {
        c->p *= (n - 1.0 + alpha) / n * (c->mean / (c->mean + alpha));
    }
    c->n++;
    return c->p;
}

/*
 * One more defect on dies that had alive[b] with b broken cores: elsewhere it kills, on a broken
 * core it does nothing, on a whole one it breaks it. Returns how many still live.
 */
static double one_more(double alive[], const mu_harvest *h)
{
    double sum = 0.0;
    for (uint32_t b = h->spare + 1; b-- > 0;) {
        double again = h->share * b / h->cores;
        double fresh = b > 0 ? h->share * (h->cores - b + 1) / h->cores * alive[b - 1] : 0.0;
        alive[b] = alive[b] * again + fresh;
        sum += alive[b];
    }
    return sum;
}

double mu_yield_harvested(mu_yield_law law, double defects, const mu_harvest *harvest)
{
    if (harvest->cores == 0 || harvest->spare == 0 || harvest->share <= 0.0 || defects <= 0.0) {
        return mu_yield_clean(law, defects);
    }
    assert(harvest->spare < harvest->cores && harvest->spare <= MU_HARVEST_SPARE_MAX);
    assert(harvest->share <= 1.0);
    double alive[MU_HARVEST_SPARE_MAX + 1] = {1.0};
    counter c = {.law = law, .mean = defects};
    double living = 1.0;
    double told = 0.0;
    double yield = 0.0;
    while (c.n < DEFECTS_MAX && living > REST && told < 1.0 - REST) {
        double p = next_count(&c);
        told += p;
        yield += p * living;
        living = one_more(alive, harvest);
    }
    return fmin(yield, 1.0);
}

/*
 * A root between ends of different sign: false position, the end that stays counting half
 * (Illinois), which needs some ten steps where halving needs fifty.
 */
double mu_yield_defects(mu_yield_law law, double yield, const mu_harvest *harvest)
{
    assert(yield > 0.0 && yield <= 1.0);
    double low = 0.0;
    double high = 1.0;
    double above = 1.0 - yield; /* yield too high by, at low */
    double below = mu_yield_harvested(law, high, harvest) - yield;
    while (below > 0.0 && high < 1e6) {
        low = high;
        above = below;
        high *= 2.0;
        below = mu_yield_harvested(law, high, harvest) - yield;
    }
    int stays = 0;
    for (int i = 0; i < 100 && above > 0.0 && high - low > 1e-13 * high; i++) {
        double next = low + (high - low) * above / (above - below);
        double left = mu_yield_harvested(law, next, harvest) - yield;
        if (left == 0.0) {
            return next;
        }
        if (left > 0.0) {
            low = next;
            above = left;
            below *= stays < 0 ? 0.5 : 1.0;
            stays = -1;
        } else {
            high = next;
            below = left;
            above *= stays > 0 ? 0.5 : 1.0;
            stays = 1;
        }
        if (fabs(left) < 1e-15) {
            return next;
        }
    }
    return above > 0.0 ? 0.5 * (low + high) : 0.0;
}
