/* SPDX-License-Identifier: Apache-2.0 */
/* Inside src/study only: the tree of terms of one deployment on given machines. */
#ifndef MUSTER_STUDY_TERMS_TREE_H
#define MUSTER_STUDY_TERMS_TREE_H

#include "study/terms.h"

/* A forest under way, in preorder. */
typedef struct mu_grove {
    mu_arena *arena;
    mu_term *term;
    uint32_t count;
    uint32_t room;
    uint32_t depth;
    uint32_t open[16]; /* [depth] terms whose children come next */
    bool failed;       /* out of memory */
} mu_grove;

/** Starts with room for so many terms; failed when there is no memory. */
mu_grove mu_grove_begin(mu_arena *arena, uint32_t room);

/** A term whose children follow until it is closed; `factor` is of its rule. */
void mu_grove_open(mu_grove *grove, const char *name, mu_dimension dimension, mu_rule rule,
                   double factor);

/** Words of the innermost open term, or of the last leaf where `leaf`. */
void mu_grove_words(mu_grove *grove, bool leaf, const char *format, ...) MU_PRINTF(3, 4);

void mu_grove_close(mu_grove *grove, double value);

void mu_grove_leaf(mu_grove *grove, const char *name, mu_dimension dimension, double value);

/** Terms of a step of one role: factor * (blocks + host). `stages` of a pipeline follow. */
void mu_grove_step(mu_grove *grove, const char *name, const mu_program *program,
                   const mu_machine *machine, const mu_load *load, double stages);

/** Room for the terms of a prediction. */
enum { MU_GROVE_SERVICE = 2 * MU_OPS_MAX * 12 + 512 };

/**
 * All terms of a deployment on machines, below what is open.
 * @param[out] service  its answer there
 */
mu_status mu_grove_service(mu_grove *grove, const mu_question *question,
                           const mu_deployment *deployment, const mu_machine machines[2],
                           mu_service *service, mu_error *err) MU_MUST_CHECK;

/** Appends the trees of another; the two must be at their roots. */
void mu_grove_join(mu_grove *grove, const mu_grove *more);

/** Hands over what has grown. */
mu_status mu_grove_done(const mu_grove *grove, mu_terms *out, mu_error *err) MU_MUST_CHECK;

#endif
