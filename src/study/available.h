/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there by a date: whether a system and its chip are launched, and how many of the chip
 * can have been made.
 */
#ifndef MUSTER_STUDY_AVAILABLE_H
#define MUSTER_STUDY_AVAILABLE_H

#include "catalog/date.h"
#include "study/answer.h"

typedef struct mu_available {
    const mu_entity *chip;
    const char *what; /* id of whichever of system and chip is launched later */
    mu_launch launch; /* its; text NULL: neither says when */
    bool launched;    /* its first day lies before the end of the date */
    bool doubtful;    /* its last day does not */
    bool makers;      /* the catalogue knows who makes the chip: `made` is known */
    mu_quantity made; /* chips until then; all buyers together */
    char why[256];    /* where `makers` is false */
} mu_available;

/**
 * @param[in] by_text  a date; its last day counts
 * @retval MU_E_INPUT  it is no date
 */
mu_status mu_available_by(const mu_question *question, const char *by_text, mu_arena *arena,
                          mu_available *out, mu_error *err) MU_MUST_CHECK;

/**
 * MU_NO where it is not launched by then, in plain words; else MU_OK.
 */
mu_status mu_available_check(const mu_available *available, const char *by_text,
                             mu_error *err) MU_MUST_CHECK;

/** A remark in plain words: a launch in doubt, and how many of `needed` chips can be made. */
void mu_available_words(const mu_available *available, const char *by_text, double needed,
                        char out[400]);

#endif
