/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the plain simulator share: requests, lanes, instances. */
#ifndef MUSTER_TESTS_SIMULATE_REFERENCE_PARTS_H
#define MUSTER_TESTS_SIMULATE_REFERENCE_PARTS_H

#include "simulate_reference.h"

enum { REF_PREFILL, REF_DECODE };

/* Where a request is. */
typedef enum ref_place {
    REF_ROUTER,  /* no instance is up */
    REF_INBOX,   /* of an instance; until ready_s */
    REF_WAITING, /* in a lane's queue */
    REF_TRYING,  /* being admitted: its prefix is taken, its own blocks are not */
    REF_RUNNING, /* in a lane's batch */
    REF_GONE     /* ended or rejected */
} ref_place;

typedef struct ref_request {
    mu_request asked;
    uint64_t id[REF_IDS]; /* of its units */
    uint64_t ids;
    ref_place place;
    uint32_t role, instance, lane; /* once routed */
    double ready_s;
    bool passed;     /* the front end of an instance */
    bool delivered;  /* comes with its cache from a prefill instance */
    bool swapped;    /* its cache is on the host */
    uint64_t rank;   /* order of admission in its lane */
    uint64_t target; /* tokens to prefill */
    uint64_t done;   /* of them: their cache exists */
    uint64_t emitted;
    uint64_t hold_tokens;  /* it holds blocks for so many */
    uint64_t units;        /* the first so many units are the lane's cache's, referenced by it */
    uint64_t swap_blocks;  /* that went to the host */
    uint64_t decode_steps; /* ever */
    bool admitted_before;
    bool gave_token; /* ever */
    bool seen;       /* its client has seen a token */
    double last_token_s;
    /* In the step being planned or under way. */
    uint64_t chunk; /* tokens of the target; 0 = none */
    bool decodes;
    mu_sim_record record;
} ref_request;

typedef struct ref_unit {
    uint64_t id;
    uint64_t released; /* when last: a count of the lane */
} ref_unit;

typedef struct ref_lane {
    ref_unit unit[REF_UNITS];
    uint32_t units;
    uint64_t releases, admissions;
    double ratio; /* SGLang: share of the tokens still to come that is set aside */
    /* Of the plan being made. */
    bool held; /* prompts don't go on, nobody is admitted */
    bool preempted;
    uint64_t swap_blocks; /* out and in */
} ref_lane;

typedef enum ref_state { REF_OFF, REF_STARTING, REF_UP, REF_DRAINING, REF_FAILED } ref_state;

typedef struct ref_instance {
    ref_state state;
    double up_s;      /* STARTING, FAILED: when it is up */
    double fail_s;    /* UP, DRAINING: when it fails next */
    uint64_t came_up; /* times */
    bool stepping;
    mu_sim_event step;        /* under way */
    uint64_t counted;         /* steps since it looked into its inbox */
    uint64_t waited, batched; /* plans: until all lanes had prompts, for more of them */
    uint64_t gathered;        /* plans that a single lane held prompts back in */
    bool prompts, full;       /* had a step with prompts, a full step */
    double plain_s;           /* of its last step without prompts */
    double front_free_s;      /* its front end may take the next request */
    double link_free_s;       /* it may send (prefill) or receive (decode) */
    ref_lane lane[REF_LANES];
} ref_instance;

typedef struct ref_sim {
    const mu_sim_config *config;
    const mu_traffic *traffic;
    ref_run *out;
    double now_s;
    ref_request request[REF_REQUESTS]; /* by number */
    uint32_t requests;
    uint32_t front; /* the role that takes requests */
    uint32_t
        unit_tokens; /* of all requests that have ids; 0 = none has come yet, or they don't fit */
    uint32_t id_tokens; /* of the ids as they come */
    ref_instance instance[2][REF_INSTANCES];
    uint64_t routed;
    uint64_t handed_over;
} ref_sim;

/* One lane of one instance. */
typedef struct ref_here {
    ref_sim *sim;
    const mu_sim_role *role;
    ref_lane *lane;
    uint32_t r, i, l;
} ref_here;

ref_here ref_at(ref_sim *s, uint32_t role, uint32_t instance, uint32_t lane);

bool ref_is_here(const ref_here *h, const ref_request *q);

/** Its client hears that it is over. */
void ref_tell_ended(ref_sim *s, const ref_request *q, double time_s);

/** Requests of the lane at this place: running ones by rank, waiting ones as they queue. */
uint32_t ref_list(const ref_here *h, ref_place place, ref_request *list[REF_REQUESTS]);

/** Blocks that hold so many tokens. */
uint64_t ref_blocks(const mu_sim_role *role, uint64_t tokens);

/** Blocks of the lane that nobody holds: free, or of units without references. */
int64_t ref_room(const ref_here *h);

/** Leading units of the request that the lane's cache holds, for a target of so many tokens. */
uint64_t ref_hits(const ref_here *h, const ref_request *q, uint64_t target);

/** Puts the units that lie wholly in the first `tokens` into the cache, from those it refers to. */
void ref_insert(const ref_here *h, ref_request *q, uint64_t tokens);

/** Drops its references, deepest first, and its blocks. */
void ref_release(const ref_here *h, ref_request *q);

/** Blocks for its first `tokens`, without those it refers to. */
int64_t ref_private(const ref_here *h, const ref_request *q, uint64_t tokens);

/** Gives it blocks for `tokens`; evicts what has to go. It must be running. */
void ref_take(const ref_here *h, ref_request *q, uint64_t tokens);

/** Its client sees a token once enough are out. */
void ref_see(const ref_here *h, ref_request *q);

/** Decides what the lane runs next: sets `chunk` and `decodes` of its requests. */
void ref_plan(const ref_here *h);

const mu_sim_role *ref_role(const ref_sim *s, uint32_t role);

/** Instances that a role may ever have. */
uint32_t ref_slots(const ref_sim *s, uint32_t role);

/** Requests routed to an instance that it still has. */
uint32_t ref_in_hand(const ref_sim *s, uint32_t role, uint32_t instance);

/** To an instance's inbox; it stays in the router while no instance is up. */
void ref_route(ref_sim *s, ref_request *q);

/** An instance of the front role takes requests from now on, with empty lanes. */
void ref_come_up(ref_sim *s, uint32_t i);

/** Failures, repairs and starts that are due. */
void ref_fleet_events(ref_sim *s);

/** Those that no instance could take go to one, in order of number, if any is up. */
void ref_route_waiting(ref_sim *s);

/** Scaling: after an arrival was routed, after a request left an instance, when one is empty. */
void ref_start_another(ref_sim *s);
void ref_let_one_go(ref_sim *s);
void ref_turn_off_empty(ref_sim *s);

#endif
