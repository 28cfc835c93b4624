/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arena allocator: a chain of zeroed blocks, newest first.
 *
 * What:  hands out zeroed memory by moving a mark; frees it all at once, or back to a mark.
 * Why:   one question makes thousands of small objects that die together.
 * Terms: before = bytes handed out from older blocks; used = bytes handed out from this block.
 * Bound: memory behind a block's mark is always zero: new blocks come from calloc and giving back
 *        clears, so that an allocation costs nothing but the mark.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_FIRST = 16384, BLOCK_MAX = 1048576, ALIGNMENT = 16 };

static const size_t LIMIT_DEFAULT = (size_t)1 << 30;

struct block {
    struct block *older;
    size_t before;
    size_t size;
    size_t used;
};

struct mu_arena {
    struct block *newest; /* NULL before the first allocation */
    struct block *spare;  /* one emptied block kept for the next need, or NULL */
    size_t limit;
};

_Static_assert(sizeof(struct block) % ALIGNMENT == 0, "memory after a block's head is aligned");
_Static_assert(_Alignof(max_align_t) <= ALIGNMENT, "aligned for any type");

static unsigned char *block_memory(struct block *block)
{
    return (unsigned char *)(block + 1);
}

mu_arena *mu_arena_create(size_t limit_bytes)
{
    mu_arena *arena = calloc(1, sizeof *arena);
    if (arena != NULL) {
        arena->limit = limit_bytes == 0 ? LIMIT_DEFAULT : limit_bytes;
    }
    return arena;
}

void mu_arena_free(mu_arena *arena)
{
    if (arena == NULL) {
        return;
    }
    for (struct block *block = arena->newest; block != NULL;) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
    free(arena->spare);
    free(arena);
}

size_t mu_arena_used(const mu_arena *arena)
{
    const struct block *block = arena->newest;
    return block == NULL ? 0 : block->before + block->used;
}

/* The spare block when it is large enough, else a new one twice the size of the last. */
static struct block *block_take(mu_arena *arena, size_t need)
{
    struct block *spare = arena->spare;
    if (spare != NULL && spare->size >= need) {
        arena->spare = NULL;
        return spare;
    }
    size_t size = arena->newest == NULL ? BLOCK_FIRST : arena->newest->size * 2;
    size = size > BLOCK_MAX ? BLOCK_MAX : size;
    size = size < need ? need : size;
    struct block *block = calloc(1, sizeof *block + size);
    if (block != NULL) {
        block->size = size;
    }
    return block;
}

static bool block_add(mu_arena *arena, size_t need)
{
    size_t before = mu_arena_used(arena);
    struct block *block = block_take(arena, need);
    if (block == NULL) {
        return false;
    }
    block->older = arena->newest;
    block->before = before;
    block->used = 0;
    arena->newest = block;
    return true;
}

void *mu_arena_alloc(mu_arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > (SIZE_MAX - ALIGNMENT) / size) {
        return NULL;
    }
    size_t need = (count * size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    need = need == 0 ? ALIGNMENT : need;
    size_t handed_out = mu_arena_used(arena);
    assert(handed_out <= arena->limit);
    if (need > arena->limit - handed_out) {
        return NULL;
    }
    struct block *block = arena->newest;
    if (block == NULL || need > block->size - block->used) {
        if (!block_add(arena, need)) {
            return NULL;
        }
        block = arena->newest;
    }
    void *memory = block_memory(block) + block->used;
    block->used += need;
    return memory;
}

char *mu_arena_text(mu_arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX) {
        return NULL;
    }
    char *copy = mu_arena_alloc(arena, length + 1, 1);
    if (copy != NULL && length > 0) {
        memcpy(copy, text, length);
    }
    return copy;
}

char *mu_arena_printf(mu_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = length < 0 ? NULL : mu_arena_alloc(arena, (size_t)length + 1, 1);
    if (text != NULL) {
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

mu_arena_mark mu_arena_here(const mu_arena *arena)
{
    mu_arena_mark mark = {.block = arena->newest, .used = 0};
    if (arena->newest != NULL) {
        mark.used = arena->newest->used;
    }
    return mark;
}

/* Empties a block that is off the chain and keeps it as the spare when it is the larger one. */
static void block_retire(mu_arena *arena, struct block *block)
{
    struct block *spare = arena->spare;
    if (block->size > BLOCK_MAX || (spare != NULL && spare->size >= block->size)) {
        free(block);
        return;
    }
    free(spare);
    memset(block_memory(block), 0, block->used);
    arena->spare = block;
}

void mu_arena_back(mu_arena *arena, mu_arena_mark mark)
{
    while (arena->newest != mark.block) {
        struct block *block = arena->newest;
        assert(block != NULL); /* the mark is of this arena and not given back before */
        arena->newest = block->older;
        block_retire(arena, block);
    }
    struct block *block = arena->newest;
    if (block != NULL) {
        assert(mark.used <= block->used);
        memset(block_memory(block) + mark.used, 0, block->used - mark.used);
        block->used = mark.used;
    }
}
