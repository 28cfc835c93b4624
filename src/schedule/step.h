/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Step time: a program on a machine.
 *
 * What:  time, energy and breakdown of one step under a load.
 * Terms: plain = walk every operator of every layer; compiled = each block once, operators that
 *        see only the number of tokens looked up in a table. Both give the same number to 1e-9
 *        (tested).
 * Bound: overlap is between compute and communication only, and at most what two micro-batches (or
 *        a shared expert) allow, times the engine's overlap efficiency.
 */
#ifndef MUSTER_SCHEDULE_STEP_H
#define MUSTER_SCHEDULE_STEP_H

#include "base/arena.h"
#include "program/program.h"
#include "schedule/machine.h"

typedef struct mu_step {
    double time_s;
    double energy_j; /* of one rank */
    double flop;     /* of one rank, matrix units */
    double bytes;    /* device memory traffic of one rank */
    double
        part_s[MU_PART_COUNT]; /* sums to time_s: overlapped time is taken from the hidden side */
    double bound_s[MU_BOUND_COUNT]; /* time by what limits it; sums to time_s */
} mu_step;

/** Walks the whole program. Cost: operators * layers. */
void mu_step_plain(const mu_program *program, const mu_machine *machine, const mu_load *load,
                   mu_step *out);

typedef struct mu_compiled mu_compiled;

/* Remembered operator costs of one machine in one draw, shared by all programs compiled for it. */
typedef struct mu_cost_book mu_cost_book;

/* Sizes of a book: for one deployment, for a search. */
enum { MU_BOOK_SMALL = 1 << 9, MU_BOOK_LARGE = 1 << 14 };

/** Belongs to the arena; NULL when out of memory. One thread at a time. slots: a power of two, 80 B
 * each. */
mu_cost_book *mu_cost_book_create(mu_arena *arena, uint32_t slots);

/** Empties the book and dedicates it to a machine (whose numbers may have changed). */
void mu_cost_book_reset(mu_cost_book *book, const mu_machine *machine);

/**
 * Prepares a program for many loads; belongs to the arena; borrows machine, program and book (which
 * must be dedicated to this machine). NULL when out of memory. One thread at a time.
 */
mu_compiled *mu_compile(const mu_program *program, const mu_machine *machine, mu_cost_book *book,
                        mu_arena *arena);

/* A transfer that others slow down. */
typedef struct mu_shared_wire {
    const char *transfer; /* operator; static */
    const char *traffic;  /* mu_rush_text() */
    uint32_t tier;        /* of the machine's fabric */
    mu_group group;
    double factor; /* > 1 */
} mu_shared_wire;

enum { MU_SHARED_WIRES_MAX = 8 };

/**
 * Transfers of a program that find wires shared, in the order of the program; at most
 * MU_SHARED_WIRES_MAX of them. None on a machine without contention.
 */
uint32_t mu_step_shared(const mu_program *program, const mu_machine *machine,
                        mu_shared_wire out[MU_SHARED_WIRES_MAX]);

/** Time only: the hot call of searches and simulators. */
double mu_compiled_time(mu_compiled *compiled, const mu_load *load);

/** The whole step. */
void mu_compiled_step(mu_compiled *compiled, const mu_load *load, mu_step *out);

#endif
