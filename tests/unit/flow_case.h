/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cases of flows for tests: drawn at random in several shapes, and run on the engine.
 *
 * Terms: a trait is what makes a case harder; a case has any of them together.
 */
#ifndef MUSTER_TESTS_FLOW_CASE_H
#define MUSTER_TESTS_FLOW_CASE_H

#include "flow_reference.h"

#include <stdbool.h>

typedef enum case_shape {
    CASE_CHAIN,   /* links in a row; a flow takes a run of them */
    CASE_PARKING, /* the same, but one flow in four goes all the way, the others over one link */
    CASE_STAR,    /* a link up and a link down of every host */
    CASE_TREE,    /* leaf and spine */
    CASE_ANY,     /* any links in any order */
    CASE_SHAPES
} case_shape;

enum {
    TRAIT_EQUAL_LINKS = 1, /* all links alike: many are full at once */
    TRAIT_EQUAL_BYTES = 2, /* many flows end together */
    TRAIT_STAGGERED = 4,   /* flows join at moments of their own */
    TRAIT_CHAINED = 8,     /* half the flows start when another has ended */
    TRAIT_WEIGHTS = 16,
    TRAIT_SHARES = 32,  /* of a flow's bytes that cross a link */
    TRAIT_EMPTY = 64,   /* some flows have no bytes, or no links */
    TRAIT_BROKEN = 128, /* some links have no bandwidth */
    TRAIT_WIDE = 256,   /* bandwidths, bytes and weights of all orders of magnitude */
    TRAIT_LATENCY = 512 /* as SimGrid has it: joins after its links' latency, weight 1/latency */
};

/** A case of `flows` flows; the same for the same arguments. */
void case_draw(uint64_t seed, case_shape shape, uint32_t traits, uint32_t flows, flow_case *out);

const char *case_shape_text(case_shape shape);

/**
 * Runs a case on src/fabric/flow.h; fails the test when a link is overfull on the way or has not
 * carried the bytes of the flows that ended, or when the same engine, emptied, gives other bits the
 * second time. finish_s as reference_finish().
 */
void engine_finish(const flow_case *c, double finish_s[CASE_FLOWS]);

#endif
