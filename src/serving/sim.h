/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/serving only: instances, what they count, and the run that holds them together.
 *
 * Terms: a run is stepped by events at instances (event.c); requests reach them by the router
 *        (router.c), come and go with fleet.c, pass from prefill to decode by transfer.c.
 */
#ifndef MUSTER_SERVING_SIM_H
#define MUSTER_SERVING_SIM_H

#include "serving/lane.h"

/* A mean in the making. */
typedef struct mu_moment {
    uint64_t n;
    double sum, max;
} mu_moment;

typedef enum mu_sim_measure {
    MU_SIM_TTFT,
    MU_SIM_TPOT,
    MU_SIM_ITL,
    MU_SIM_E2E,
    MU_SIM_WAIT,
    MU_SIM_TENANT_TTFT,
    MU_SIM_TENANT_TPOT = MU_SIM_TENANT_TTFT + MU_TENANTS_MAX,
    MU_SIM_MEASURES = MU_SIM_TENANT_TPOT + MU_TENANTS_MAX
} mu_sim_measure;

/* Percentiles in the making, one set a thread. */
typedef struct mu_sim_counts {
    mu_histogram of[MU_SIM_MEASURES];
} mu_sim_counts;

/* Bins whose width doubles when time outgrows them. */
typedef struct mu_sim_series {
    double bin_s;
    uint32_t count;
    mu_sim_bin bin[MU_SIM_BINS];
} mu_sim_series;

/* What one instance adds up; sums over instances go in order, so that bits do not depend on
 * threads. */
typedef struct mu_tally {
    uint64_t ended, rejected, retried, good;
    uint64_t input_tokens, output_tokens;
    uint64_t steps, decode_steps, prefill_steps;
    double busy_s, decode_sequences, decode_sequences_max, prefill_tokens;
    double waiting_area, waiting_max, cache_area, cache_max;
    double flop, bytes, network_s, energy_j;
    double sojourn_s, in_hand_area, in_hand_from_s;
    uint64_t in_hand;
    double last_end_s;
    double up_from_s, up_s;
    mu_moment moment[MU_SIM_MEASURES];
    mu_sim_series series;
} mu_tally;

typedef enum mu_instance_state {
    MU_INSTANCE_OFF,
    MU_INSTANCE_STARTING, /* or under repair: up at up_at_s */
    MU_INSTANCE_UP,
    MU_INSTANCE_DRAINING
} mu_instance_state;

typedef struct mu_sim mu_sim;

typedef struct mu_instance {
    mu_sim *sim;
    const mu_sim_role *role;
    uint32_t index;
    bool prefills; /* the prefill role of two */
    mu_arena *arena;
    mu_lane *lane;   /* [role.lanes] */
    mu_batch *batch; /* [role.lanes] */
    mu_instance_state state;
    bool stepping;
    mu_sim_event step; /* the one under way */
    mu_step_cost cost;
    double plain_s; /* how long the last step without prompts took */
    mu_seq **inbox; /* a ring, in order of (ready, number) */
    uint32_t inbox_from, inbox_count, inbox_room;
    uint64_t in_hand; /* routed here, neither ended nor handed on */
    double fails_s, up_at_s;
    uint32_t failures;
    double front_free_s; /* when its front end may take the next request */
    double wire_free_s;  /* when it may send (prefill) or receive (decode) the next cache */
    uint32_t polled;     /* steps since it looked into its inbox, as they count */
    uint32_t dp_waited, dp_batched;   /* steps that prompts were held back */
    uint32_t batch_waited;            /* the same, of a single lane */
    bool prompts_before, full_before; /* steps with prompts, full steps */
    mu_seq *spare;                    /* requests to use again */
    mu_id_store ids;                  /* of their units */
    mu_seq **ending;                  /* requests that end in this step */
    uint32_t ending_room;
    uint32_t heap_at; /* place in the run's heap; UINT32_MAX = not in it */
    double next_s;
    bool touched;
    mu_sim_counts *counts;
    uint32_t worker;
    mu_tally tally;
} mu_instance;

struct mu_sim {
    const mu_sim_config *config;
    const mu_traffic *traffic;
    mu_arena *arena;
    mu_instance *instance; /* [count] those that take requests first, decode instances after */
    uint32_t front;        /* how many take requests */
    uint32_t count;
    mu_instance **heap; /* [count] by (next_s, index) */
    uint32_t heap_count;
    mu_instance **touched; /* [count] whose turn it is at this moment */
    uint32_t touched_count;
    mu_instance **due; /* [count] of them, those that were when it began */
    uint64_t queue_most;
    uint32_t instances_most;
    uint32_t unit_tokens; /* of the traffic's ids as caches count them; 0 = none yet */
    uint32_t id_stride;   /* every such id of a request stands for a unit */
    uint32_t id_tokens;   /* tokens of a block as the traffic counts */
    uint64_t taken, gone; /* requests that came; that ended or were turned away */
    uint64_t routed;
    uint64_t handed_over; /* from prefill to decode, ever */
    uint64_t in_hand;     /* of the instances that take requests */
    uint64_t *id;         /* [id_room] of the request that arrives, as units */
    uint32_t id_room;
    mu_seq *backlog, *backlog_last; /* nobody is up */
    double first_arrival_s, last_arrival_s;
    mu_tally lost; /* requests no instance counts: turned away, in the backlog, on the wire */
    mu_sim_counts *counts; /* [threads] */
    char reason[160];      /* why the last one was turned away */
    bool alone;            /* instances run by themselves, in parallel */
    bool overloaded;
};

/* tally.c */

void mu_tally_take(mu_tally *tally, mu_sim_counts *counts, mu_sim_measure what, double value,
                   uint64_t times);
mu_sim_bin *mu_tally_bin(mu_tally *tally, double time_s);

/** Requests in hand change by `more`; since_s: from when on those are, or no longer are. */
void mu_tally_in_hand(mu_tally *tally, double now_s, int64_t more, double since_s);

/** The answer of a run that is over. */
mu_status mu_sim_sum(mu_sim *sim, mu_sim_answer *out, mu_error *err);

/* instance.c, inbox.c, yield.c */

mu_status mu_instance_open(mu_sim *sim, uint32_t index, mu_instance *out, mu_error *err);

/** A request of this instance's own store; NULL when memory is out. */
mu_seq *mu_instance_seq(mu_instance *instance, uint32_t units);
void mu_instance_seq_free(mu_instance *instance, mu_seq *seq);

/** Into the inbox, by ready time. */
void mu_instance_receive(mu_instance *instance, mu_seq *seq);

/** When the first of the inbox is ready; HUGE_VAL = it is empty. */
double mu_instance_ready(const mu_instance *instance);

/** Takes the first off the inbox. */
mu_seq *mu_instance_unreceive(mu_instance *instance);

/** Pulls what is ready, plans, begins a step if there is something to do. */
void mu_instance_begin(mu_instance *instance, double now_s);

/** Ends the step under way. */
void mu_instance_end(mu_instance *instance);

/** The next moment at which something happens here; HUGE_VAL = never by itself. */
double mu_instance_next(const mu_instance *instance);

/** Up, be it for those only that it has in hand. */
bool mu_instance_works(const mu_instance *instance);

/* see.c */

/** Tokens that come out at a moment. */
void mu_instance_emit(mu_instance *instance, double now_s, uint64_t tokens);

/** How much later than they are made tokens are seen [s]: some steps like those between prompts. */
double mu_instance_lag(const mu_instance *instance);

/** The first token of a request is out. */
void mu_instance_emit_first(mu_instance *instance, mu_seq *seq, double now_s);

/** Its client sees one, or will: a stream shows nothing before its first chunk is full. */
void mu_instance_see(mu_instance *instance, mu_lane *lane, mu_seq *seq, double now_s);

/** Of those whose clients saw nothing yet, all that now do. */
void mu_instance_see_hidden(mu_instance *instance, mu_lane *lane, double now_s);

/** The one token of a request, out and seen. */
void mu_instance_only_token(mu_instance *instance, mu_seq *seq, double now_s);

/** All tokens are out: counted, told, forgotten. The request holds nothing any more. */
void mu_instance_finish(mu_instance *instance, mu_seq *seq, double now_s);

/* router.c */

/** Takes one request off the traffic and brings it to an instance, the backlog, or turns it away.
 */
mu_status mu_sim_arrive(mu_sim *sim, mu_error *err);

/** To an instance by the router's rule, or to the backlog. */
void mu_sim_route(mu_sim *sim, mu_seq *seq, double now_s);
void mu_sim_route_backlog(mu_sim *sim, double now_s);

/** A request is told that it will not be answered. */
void mu_sim_turn_away(mu_sim *sim, uint32_t client, double now_s);

/** Place of a request in the queues of a role. */
uint64_t mu_sim_key(const mu_sim_role *role, const mu_seq *seq);

/** Into the inbox of an instance, whose store keeps it from now on. */
void mu_sim_bring(mu_sim *sim, mu_instance *to, mu_seq *seq);

/** The lane of an instance that a request joins. */
mu_lane *mu_sim_lane(const mu_instance *instance, const mu_seq *seq);

/* event.c */

/** This instance's turn at the present moment. */
void mu_sim_touch(mu_sim *sim, mu_instance *instance);

/** Runs all events to the end. */
mu_status mu_sim_run(mu_sim *sim, mu_error *err);

/** The same where instances do not meet, on several threads. */
mu_status mu_sim_run_alone(mu_sim *sim, mu_pool *pool, mu_error *err);

/* fleet.c */

void mu_fleet_start(mu_sim *sim);

/** Whether instances come and go at all. */
bool mu_fleet_changes(const mu_sim_fleet *fleet);

/** Failures, repairs and starts of an instance that are due. */
void mu_fleet_due(mu_instance *instance, double now_s);
void mu_fleet_arrived(mu_sim *sim, double now_s);
void mu_fleet_ended(mu_sim *sim, mu_instance *instance, double now_s);

/* transfer.c */

/** A prompt is done: its cache goes to a decode instance. */
void mu_sim_hand_over(mu_instance *from, mu_seq *seq, double now_s);

#endif
