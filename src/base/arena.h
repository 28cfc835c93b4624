/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena: many small allocations with one lifetime, freed together.
 *
 * One arena a question. Not thread-safe: one thread allocates from an arena at a time.
 */
#ifndef MUSTER_BASE_ARENA_H
#define MUSTER_BASE_ARENA_H

#include <stddef.h>

typedef struct mu_arena mu_arena;

/* Where an arena was, to roll back to. */
typedef struct mu_arena_mark {
    void *block;
    size_t used;
} mu_arena_mark;

/**
 * @param[in] limit_bytes  allocations beyond this total fail (0 = 1 GiB); bounds bad input and lets
 *                         tests fail the n-th allocation
 * @return owned arena, or NULL when memory is out
 */
mu_arena *mu_arena_create(size_t limit_bytes);

/** Frees everything ever allocated from it. NULL is allowed. */
void mu_arena_free(mu_arena *arena);

/**
 * Zeroed memory aligned for any type, belonging to the arena. NULL when out of memory, over the
 * limit or when count * size overflows. size 0 gives a valid pointer. O(1).
 */
void *mu_arena_alloc(mu_arena *arena, size_t count, size_t size);

/** Copy of text[0..length) with a final NUL, belonging to the arena. NULL when out of memory. */
char *mu_arena_text(mu_arena *arena, const char *text, size_t length);

/** printf into the arena. NULL when out of memory. */
char *mu_arena_printf(mu_arena *arena, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

mu_arena_mark mu_arena_here(const mu_arena *arena);

/** Gives back all that was allocated after the mark. */
void mu_arena_back(mu_arena *arena, mu_arena_mark mark);

/** Bytes handed out now. */
size_t mu_arena_used(const mu_arena *arena);

/* Typed sugar: MU_NEW(arena, struct foo, 12). */
#define MU_NEW(arena, type, count) ((type *)mu_arena_alloc((arena), (size_t)(count), sizeof(type)))

#endif
