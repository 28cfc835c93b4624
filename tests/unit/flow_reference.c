/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Progressive filling, in the order of the textbook and without any thought of speed.
 *
 * Source: Bertsekas & Gallager, Data Networks, 6.5.2.
 */
#include "flow_reference.h"

#include <math.h>
#include <stdbool.h>

typedef enum stage { HELD, COMING, FLOWING, ENDED } stage;

typedef struct solver {
    const flow_case *c;
    double now_s;
    stage at[CASE_FLOWS];
    double join_s[CASE_FLOWS];
    double left[CASE_FLOWS]; /* bytes */
    double rate[CASE_FLOWS];
    double *finish_s;
} solver;

static void start(solver *s, uint32_t flow)
{
    s->at[flow] = COMING;
    s->join_s[flow] = s->now_s + 1e-12 * (double)s->c->flow[flow].wait_ps;
}

static void end(solver *s, uint32_t flow)
{
    s->at[flow] = ENDED;
    s->finish_s[flow] = s->now_s;
    for (uint32_t i = 0; i < s->c->flows; i++) {
        if (s->at[i] == HELD && s->c->flow[i].after == (int32_t)flow) {
            start(s, i);
        }
    }
}

/* Flows whose time has come join; those with nothing to carry end at once. */
static void join(solver *s)
{
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < s->c->flows; i++) {
            if (s->at[i] == COMING && s->join_s[i] <= s->now_s) {
                const case_flow *f = &s->c->flow[i];
                s->at[i] = FLOWING;
                s->left[i] = f->bytes;
                if (f->hops == 0 || f->bytes <= 0.0) {
                    end(s, i);
                    more = true;
                }
            }
        }
    }
}

/* Level at which the next link fills, of links with flows that still rise. */
static double next_level(const solver *s, const bool rising[], const double room[], double slope[])
{
    for (uint32_t l = 0; l < s->c->links; l++) {
        slope[l] = 0.0;
    }
    for (uint32_t i = 0; i < s->c->flows; i++) {
        const case_flow *f = &s->c->flow[i];
        for (uint32_t h = 0; rising[i] && h < f->hops; h++) {
            slope[f->link[h]] += f->weight * f->share[h];
        }
    }
    double level = INFINITY;
    for (uint32_t l = 0; l < s->c->links; l++) {
        if (slope[l] > 0.0) {
            level = fmin(level, fmax(room[l], 0.0) / slope[l]);
        }
    }
    return level;
}

static bool is_stopped(const solver *s, uint32_t flow, const double room[], const double slope[],
                       double level)
{
    const case_flow *f = &s->c->flow[flow];
    for (uint32_t h = 0; h < f->hops; h++) {
        uint32_t l = f->link[h];
        if (fmax(room[l], 0.0) / slope[l] <= level * (1.0 + 1e-12)) {
            return true;
        }
    }
    return false;
}

/* All rise together; whoever meets a full link stays where he is. */
static void fill(solver *s)
{
    bool rising[CASE_FLOWS];
    double room[CASE_LINKS];
    double slope[CASE_LINKS];
    uint32_t left = 0;
    for (uint32_t i = 0; i < s->c->flows; i++) {
        rising[i] = s->at[i] == FLOWING;
        left += rising[i];
    }
    for (uint32_t l = 0; l < s->c->links; l++) {
        room[l] = s->c->capacity[l];
    }
    while (left > 0) {
        double level = next_level(s, rising, room, slope);
        bool stops[CASE_FLOWS];
        for (uint32_t i = 0; i < s->c->flows; i++) {
            stops[i] = rising[i] && is_stopped(s, i, room, slope, level);
        }
        for (uint32_t i = 0; i < s->c->flows; i++) {
            if (stops[i]) {
                const case_flow *f = &s->c->flow[i];
                s->rate[i] = level * f->weight;
                for (uint32_t h = 0; h < f->hops; h++) {
                    room[f->link[h]] -= s->rate[i] * f->share[h];
                }
                rising[i] = false;
                left--;
            }
        }
    }
}

/* The next end or joining; false when nothing will ever happen. */
static bool advance(solver *s)
{
    double next_s = INFINITY;
    for (uint32_t i = 0; i < s->c->flows; i++) {
        if (s->at[i] == COMING) {
            next_s = fmin(next_s, s->join_s[i]);
        } else if (s->at[i] == FLOWING && s->rate[i] > 0.0) {
            next_s = fmin(next_s, s->now_s + s->left[i] / s->rate[i]);
        }
    }
    if (isinf(next_s)) {
        return false;
    }
    bool ends[CASE_FLOWS] = {false};
    for (uint32_t i = 0; i < s->c->flows; i++) {
        if (s->at[i] == FLOWING && s->rate[i] > 0.0) {
            double end_s = s->now_s + s->left[i] / s->rate[i];
            ends[i] = end_s <= next_s * (1.0 + 1e-13);
            s->left[i] -= s->rate[i] * (next_s - s->now_s);
        }
    }
    s->now_s = next_s;
    for (uint32_t i = 0; i < s->c->flows; i++) {
        if (ends[i]) {
            end(s, i);
        }
    }
    return true;
}

void reference_finish(const flow_case *c, double finish_s[CASE_FLOWS])
{
    solver s = {.c = c, .finish_s = finish_s};
    for (uint32_t i = 0; i < c->flows; i++) {
        finish_s[i] = INFINITY;
        if (c->flow[i].after == CASE_FIRST) {
            start(&s, i);
        }
    }
    do {
        join(&s);
        fill(&s);
    } while (advance(&s));
}
