/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claims held against the twin: a statement of the press is data, its check a question.
 *
 * Terms: an input is one operand of a claim's expressions: a fact, a date, a text that is there or
 *        not, or a term; a term is a named part: an expression over inputs before it, or a question
 *        to the engine (predict, match). The question is the last term. Everything is drawn
 *        together, so that facts that two terms share have the same luck.
 *
 *        verdict   holds where the 90 % interval of the answer lies inside the condition, fails
 *                  where it lies outside, open where it straddles or public facts cannot tell
 */
#ifndef MUSTER_STUDY_CLAIMS_H
#define MUSTER_STUDY_CLAIMS_H

#include "study/explain.h"

/* The unit of a question that is answered by yes, 1, or no, 0. */
#define MU_CLAIM_YES "yes"

typedef enum mu_claim_verdict { MU_CLAIM_HOLDS, MU_CLAIM_FAILS, MU_CLAIM_OPEN } mu_claim_verdict;

typedef enum mu_claim_input_kind {
    MU_INPUT_FACT,  /* of the catalogue; `scale` chips of it */
    MU_INPUT_DATE,  /* [years] */
    MU_INPUT_TEXT,  /* 1 where a text holds another, else 0 */
    MU_INPUT_TERM,  /* an expression */
    MU_INPUT_ENGINE /* an answer of predict or match */
} mu_claim_input_kind;

/* An operand, with what a reader wants to know of it. */
typedef struct mu_claim_input {
    mu_claim_input_kind kind;
    const char *name;    /* as written: "fact h20 memory.capacity", or the term's name */
    const char *formula; /* of a term: its expression, or the question to the engine */
    const char *command; /* of an engine term: what asks the same; NULL = nothing does */
    const char *unit;    /* SI of facts, of engine answers; "" none */
    const char *source;  /* id; "" where it is none's */
    const char *note;
    const char *text; /* TEXT, DATE: what stands there; else NULL */
    char grade;       /* '-' where it has none */
    mu_range range;   /* FACT, DATE, TEXT; of a match: its interval */
    double scale;
    mu_quantity value; /* what it was in the draws */
} mu_claim_input;

/* Where a claim holds: bounds, each open or closed. */
typedef struct mu_condition {
    bool has_low, has_high;
    bool low_open, high_open;
    double low, high;
} mu_condition;

enum { MU_CLAIM_REASON_MAX = 400 };

typedef struct mu_claim_answer {
    const mu_entity *entity;
    const char *text;
    const char *who;
    const char *date;
    const char *unit;
    bool answered; /* it has a question, and the engine did not answer no */
    mu_quantity answer;
    mu_condition condition;
    mu_claim_verdict verdict;
    char reason[MU_CLAIM_REASON_MAX];
    uint32_t input_count;
    const mu_claim_input
        *input; /* [input_count] in order of evaluation; the last is the question */
} mu_claim_answer;

/** "holds", "fails", "open". Static. */
const char *mu_claim_verdict_text(mu_claim_verdict verdict);

/** Where an interval lies by a condition. */
mu_claim_verdict mu_condition_judge(const mu_condition *condition, mu_quantity answer);

/** "above 1", "from 5.25 to 5.35" */
void mu_condition_text(const mu_condition *condition, char out[64]);

/* Answers of the engine so far: claims that ask the same ask once. */
typedef struct mu_claim_book mu_claim_book;

/** Empty; belongs to the arena. NULL when out of memory. For one catalogue. */
mu_claim_book *mu_claim_book_create(mu_arena *arena);

/**
 * Answers one claim. The result belongs to the arena of the work, as does the book's.
 *
 * @param[in] samples  draws; 0 = the point alone
 * @retval MU_E_INPUT  the claim does not parse, names what is not there, is not finite; at its
 *                     place
 * Cost: engine terms once as predict or match, then `samples` evaluations; facts: microseconds.
 */
mu_status mu_claim_check(const mu_catalog *catalog, const mu_entity *entity, double samples,
                         double seed, mu_claim_book *book, mu_work *work, mu_claim_answer *out,
                         mu_error *err) MU_MUST_CHECK;

/* What of a claim is wanted. */
typedef struct mu_claim_wish {
    double samples; /* draws; 0 = the point alone */
    double seed;
    mu_explain_wish explain;     /* metric: name of a term or fact; NULL = the answer */
    mu_explanation *explanation; /* of what it hangs on; NULL = none is wanted */
} mu_claim_wish;

/**
 * mu_claim_check() with what the answer hangs on, or a term of it.
 * @retval MU_NO       it has no answer to explain
 * @retval MU_E_USAGE  no such term, or fewer draws than it takes
 */
mu_status mu_claim_explain(const mu_catalog *catalog, const mu_entity *entity,
                           const mu_claim_wish *wish, mu_claim_book *book, mu_work *work,
                           mu_claim_answer *out, mu_error *err) MU_MUST_CHECK;

#endif
