/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/serving only: requests at work, and one lane: its queue, cache and running batch.
 *
 * Terms: target = tokens of a request to prefill; done = those whose cache is there. context =
 *        tokens a decoding request attends to in its next step: prompt and all it has emitted.
 * What:  decoding requests of a lane advance together, so that a step costs the same however many
 *        they are: rounds are counted, and what a request has emitted follows from the round it
 *        joined in. Only drafts, which differ from request to request, are walked.
 */
#ifndef MUSTER_SERVING_LANE_H
#define MUSTER_SERVING_LANE_H

#include "serving/block_cache.h"
#include "serving/simulate.h"

/* SGLang's share of an answer that a running request is expected to grow by, at first. */
#define MU_RATIO_FIRST 0.7

typedef struct mu_seq {
    uint64_t number;
    uint64_t key;                                        /* place in the queue, before the number */
    uint64_t rank;                                       /* order of admission in its lane */
    double arrival_s, ready_s, start_s, first_s, last_s; /* first_s, start_s < 0 = not yet */
    uint32_t input, output, emitted;
    uint32_t target, done, cached;
    uint32_t tenant, client, preempted, retried;
    uint32_t draws;       /* decode steps it took, where drafts are drawn */
    uint32_t tokens_held; /* it holds the blocks of so many tokens, units included */
    uint32_t phase;       /* decoding: when its next block is due (lane.due) */
    uint64_t joined;      /* decoding: round of the lane that emitted counts up to */
    uint32_t at;          /* decoding: place in lane.who */
    uint32_t units_held;
    uint32_t unit_count;
    uint64_t *unit; /* [unit_count] ids as the lanes' caches count them */
    bool decoding;
    bool reserved;             /* all its blocks to come are taken */
    bool cached_elsewhere;     /* swapped out or handed over: only needs room to go on */
    bool late;                 /* its blocks of the next decode step are taken already */
    uint64_t planned;          /* plan of the lane that has a chunk of it */
    uint64_t swapped_blocks;   /* that lie at the host */
    double since_s;            /* counted as in hand from here on */
    struct mu_instance *owner; /* whose store it is of */
    struct mu_seq *next;
} mu_seq;

typedef struct mu_chunk {
    mu_seq *seq;
    uint32_t tokens;
} mu_chunk;

/* What a lane does in the step under way. */
typedef struct mu_lane_plan {
    bool decode;
    bool preempted;
    uint32_t chunk_count;
    mu_chunk *chunk; /* [chunk_room] */
    uint32_t chunk_room;
    uint64_t swapped_blocks; /* moved in this step, out or in */
    mu_batch batch;
} mu_lane_plan;

/* Growing arrays, all from the instance's arena. */
typedef struct mu_lane {
    const mu_sim_role *role;
    mu_arena *arena;
    mu_block_cache cache;
    mu_seq **waiting; /* a heap by (key, number) */
    uint32_t waiting_count, waiting_room;
    mu_seq **prefilling; /* in order of rank */
    uint32_t prefilling_count, prefilling_room;
    mu_seq **who; /* decoding */
    uint64_t *end_round;
    uint32_t decoding_count, decoding_room;
    mu_seq **fresh; /* joined since the last decode step */
    uint32_t fresh_count, fresh_room;
    mu_seq **given; /* came with their first token made elsewhere, given out as this plan begins */
    uint32_t given_count, given_room;
    mu_seq **unseen; /* decoding, no token seen by their clients yet */
    uint32_t unseen_count, unseen_room;
    uint32_t *due;        /* [block_tokens] decoding requests by the phase of their next block */
    uint64_t context;     /* sum over decoding requests, as of now */
    uint32_t unit_tokens; /* 0 = no prefixes */
    uint64_t round;
    uint64_t first_end; /* least end_round */
    double last_decode_s;
    uint64_t admitted;
    uint64_t plans;
    bool held;    /* prompts wait: other lanes have none */
    bool grown;   /* this plan's decode blocks are taken */
    double ratio; /* SGLang's guess of answers to come */
    mu_lane_plan plan;
    uint64_t preemptions, prompt_tokens, cached_tokens;
    bool hands_over; /* prompts alone: answers are generated elsewhere */
    bool starved;    /* an array could not grow */
} mu_lane;

mu_status mu_lane_open(mu_lane *lane, const mu_sim_role *role, mu_arena *arena, mu_error *err);

/** Ids stand for so many tokens: units, where they are whole blocks. Before any request has ids. */
void mu_lane_know_units(mu_lane *lane, uint32_t unit_tokens);

/** Blocks that hold so many tokens. */
uint64_t mu_role_blocks(const mu_sim_role *role, uint64_t tokens);
uint64_t mu_lane_blocks(const mu_lane *lane, uint64_t tokens);

uint32_t mu_lane_running(const mu_lane *lane);

/** Units of the request in this lane's cache that its prompt could start from. */
uint32_t mu_lane_hits(const mu_lane *lane, const mu_seq *seq, uint32_t *unused);

/** Puts a request into the queue. */
void mu_lane_wait(mu_lane *lane, mu_seq *seq);

/** Takes the first off the queue. */
void mu_lane_unwait(mu_lane *lane);

/** What it has emitted up to now. */
uint32_t mu_lane_emitted(const mu_lane *lane, const mu_seq *seq);

/* Planning a step: each policy is made of these. */

/** Tokens of a step that decodes leave to prompts. */
uint32_t mu_lane_budget(const mu_lane *lane);

/** Every decoding request gets its blocks of the next step; the last ones are evicted for it. */
void mu_lane_grow(mu_lane *lane);

/** Prompts under way go on, in order of admission; returns what is left of the budget. */
uint32_t mu_lane_continue(mu_lane *lane, uint32_t budget);

typedef struct mu_admission {
    bool whole;     /* prompts are never cut */
    bool reserve;   /* takes the blocks of the whole answer */
    uint32_t spare; /* blocks to leave besides, while something runs */
    bool guess;     /* what all running ones may still need must fit, by lane.ratio */
    bool apart;     /* decodes do not share the step: they don't make a long prompt wait */
} mu_admission;

/** Requests from the queue, in its order, up to the first that can't; returns what is left. */
uint32_t mu_lane_admit(mu_lane *lane, const mu_admission *how, uint32_t budget, double now_s);

/** Fills the plan's batch from what was planned. */
void mu_lane_batch(mu_lane *lane);

/** Ids up to `tokens` that are not in the cache yet become units. */
void mu_lane_enter(mu_lane *lane, mu_seq *seq, uint64_t tokens);

/** Blocks that are its own: those it holds but for its units. */
uint64_t mu_lane_private(const mu_lane *lane, const mu_seq *seq);

/** A request leaves: blocks and units go back. It must be on no list of the lane any more. */
void mu_lane_release(mu_lane *lane, mu_seq *seq);

/** Joins the decodes. */
void mu_lane_join(mu_lane *lane, mu_seq *seq);

/** Leaves the decodes; what it emitted and holds is settled. */
void mu_lane_unjoin(mu_lane *lane, mu_seq *seq);

/** Joins the prefilling ones; gets a chunk in the plan. */
void mu_lane_prefill(mu_lane *lane, mu_seq *seq);
void mu_lane_chunk(mu_lane *lane, mu_seq *seq, uint32_t tokens);

/** Its first token, made elsewhere, is given out as the step under plan begins. */
void mu_lane_give(mu_lane *lane, mu_seq *seq);

/** Its client has seen no token yet, and sees one when enough are out. */
void mu_lane_hide(mu_lane *lane, mu_seq *seq);

/** Leaves the prefilling ones. */
void mu_lane_unprefill(mu_lane *lane, const mu_seq *seq);

/** It emitted a token or more in a decode step that ended: rounds, context, what is due. */
void mu_lane_end_round(mu_lane *lane, double end_s);

/** Removes and returns any request at all, NULL when empty: an instance fails. */
mu_seq *mu_lane_pop(mu_lane *lane);

#define X(name, word, doc) void mu_policy_##name(mu_lane *lane, double now_s);
MU_POLICY_LIST(X)
#undef X

#endif
