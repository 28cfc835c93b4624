/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When requests arrive: a process of mean gap 1, mapped to a rate that may swing over the day.
 *
 *     rate(t) = rate (1 + swing sin(2 pi t / period))
 *
 * What:  the n-th arrival is where the cumulated rate reaches the sum of the first n gaps, so that
 *        any kind of gaps swings.
 * Terms: position = that sum; phase = time in periods, of which one holds rate x period arrivals.
 * Bound: a position is a double: from 2^52 arrivals on, gaps round off.
 * Source: G. Marsaglia, W. W. Tsang, "A simple method for generating gamma variables", ACM TOMS 26
 *        (2000).
 */
#include "base/random.h"
#include "serving/traffic_parts.h"

#include <math.h>

static const double TWO_PI = 6.28318530717958647693;

static double uniform(const mu_arrival_process *p, uint64_t stream)
{
    return mu_random_uniform(p->seed, MU_TRAFFIC_STREAM + stream, p->number);
}

/* Gamma of shape >= 1 by rejection; one in twenty tries fails at most. */
static double gamma_above_one(const mu_arrival_process *p, double shape)
{
    double d = shape - 1.0 / 3.0;
    double c = 1.0 / sqrt(9.0 * d);
    for (uint64_t stream = MU_STREAM_GAP;; stream += 2) {
        double x = mu_normal_quantile(uniform(p, stream));
        double root = 1.0 + c * x;
        double v = root * root * root;
        if (v > 0.0 && log(uniform(p, stream + 1)) < 0.5 * x * x + d * (1.0 - v + log(v))) {
            return d * v;
        }
    }
}

/* Gap of mean 1. A shape below 1 is one above, times a power of a uniform number. */
static double gap(const mu_arrival_process *p)
{
    switch (p->kind) {
    case MU_ARRIVAL_POISSON:
        return -log(uniform(p, MU_STREAM_GAP));
    case MU_ARRIVAL_GAMMA:
        if (p->shape >= 1.0) {
            return gamma_above_one(p, p->shape) / p->shape;
        }
        return gamma_above_one(p, p->shape + 1.0) / p->shape *
               pow(uniform(p, MU_STREAM_BOOST), 1.0 / p->shape);
    default:
        return 1.0;
    }
}

/* Phase s in [0, 1] where s + swing / (2 pi) (1 - cos(2 pi s)) = share: Newton's steps, halving
 * where one leaves the bracket. */
static double phase_at(double swing, double share)
{
    double low = fmax(0.0, share - swing * (2.0 / TWO_PI));
    double high = share;
    double s = share;
    for (int i = 0; i < 64 && low < high; i++) {
        double excess = s + swing / TWO_PI * (1.0 - cos(TWO_PI * s)) - share;
        if (fabs(excess) <= 4e-16) {
            break;
        }
        *(excess > 0.0 ? &high : &low) = s;
        double next = s - excess / (1.0 + swing * sin(TWO_PI * s));
        s = next > low && next < high ? next : 0.5 * (low + high);
    }
    return s;
}

double mu_arrival_next(mu_arrival_process *p)
{
    p->position += gap(p);
    p->number++;
    double time_s = p->position / p->rate;
    if (p->swing > 0.0) {
        double periods = time_s / p->period_s;
        double whole = floor(periods);
        time_s = (whole + phase_at(p->swing, periods - whole)) * p->period_s;
    }
    p->time_s = fmax(p->time_s, time_s);
    return p->time_s;
}
