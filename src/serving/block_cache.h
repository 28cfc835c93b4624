/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/serving only: the paged cache of one lane, with prefixes that outlive their requests.
 *
 * Terms: a unit is a run of whole blocks known by an id that stands for its tokens and all before
 *        them. Blocks are free, private to a request, or in a unit; units count their users, those
 *        without are evictable, the longest unused first. room = free + evictable.
 * Cost:  O(1) a run of units that came together; comparing ids a few bytes a unit.
 */
#ifndef MUSTER_SERVING_BLOCK_CACHE_H
#define MUSTER_SERVING_BLOCK_CACHE_H

#include "base/error.h"
#include "serving/id_store.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct mu_run mu_run;

typedef struct mu_block_cache {
    uint64_t blocks;
    uint64_t free;
    uint32_t unit_blocks; /* 0 = no prefixes */
    uint64_t evictable;   /* units */
    uint64_t units;
    mu_run *run; /* [run_room] slot 0 is the ends of the list of unused ones */
    uint32_t run_room;
    uint32_t vacant;   /* first slot not in use; 0 = none */
    uint32_t *slot_of; /* [table] hash table of slots, 0 = empty */
    uint32_t table;    /* a power of two */
    mu_id_store ids;   /* and the arena of all of it */
} mu_block_cache;

void mu_block_cache_open(mu_block_cache *cache, uint64_t blocks, mu_arena *arena);

/** Everything is free again, nothing known. */
void mu_block_cache_clear(mu_block_cache *cache);

/** Blocks that can be had. */
uint64_t mu_block_cache_room(const mu_block_cache *cache);

/** Takes n private blocks, evicting as needed; n at most the room. */
void mu_block_cache_take(mu_block_cache *cache, uint64_t n);
void mu_block_cache_give(mu_block_cache *cache, uint64_t n);

/** How many leading ids are there, of `count`; *unused = those of them that no request uses. */
uint32_t mu_block_cache_hits(const mu_block_cache *cache, const uint64_t *id, uint32_t count,
                             uint32_t *unused);

/** The leading `count` units, all there, gain a user; how many did: fewer when memory is out. */
uint32_t mu_block_cache_hold(mu_block_cache *cache, const uint64_t *id, uint32_t count);
/** The leading `count` units, as held and entered, lose one. */
void mu_block_cache_drop(mu_block_cache *cache, const uint64_t *id, uint32_t count);

/**
 * Private blocks become units with one user: ids first .. last-1, up to the first that is there
 * already or that memory lacks.
 * @return the index after the last that was entered
 */
uint32_t mu_block_cache_enter(mu_block_cache *cache, const uint64_t *id, uint32_t first,
                              uint32_t last);

#endif
