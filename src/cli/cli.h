/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: a table of verbs, a table of output flags, and what a verb gets to work with.
 *
 * Terms: a verb is the first word (`predict`); an output flag says where and how to print
 *        (`--json`); all other flags are options of the scenario (study/option.h).
 */
#ifndef MUSTER_CLI_CLI_H
#define MUSTER_CLI_CLI_H

#include "catalog/catalog.h"
#include "report/answer_table.h"
#include "report/json.h"
#include "report/progress.h"
#include "study/explain.h"
#include "study/fabric.h"
#include "study/option.h"
#include "study/supply.h"

enum { MU_CLI_ARGUMENTS_MAX = 64 };

/* A run of the program: what was asked, and where the answer goes. */
typedef struct mu_cli {
    mu_arena *arena;
    mu_scenario scenario;
    bool json;
    bool csv;
    bool help;
    bool man;
    bool schema;
    bool as_is;               /* --as-is of calibrate */
    bool verify;              /* --verify of plan */
    bool explain;             /* --explain: what the answer hangs on */
    const char *explain_of;   /* --explain-of: a metric, or NULL */
    const char *explain_rows; /* --explain-rows: a count, or NULL */
    const char *explained;    /* verb whose answer `explain` takes apart, or NULL */
    const char *term;         /* --term of explain, or NULL */
    const char *depth;        /* --depth of explain, or NULL */
    const char *completion;   /* shell, or NULL */
    const char *svg;          /* file, or NULL */
    const char *html;         /* file, or NULL */
    const char *topology;     /* --topology of fabric: a file of cables, or NULL */
    const char *schedule;     /* --schedule of fabric: a file of moves, or NULL */
    mu_net_wish net;          /* the other flags of fabric */
    mu_supply_words supply;   /* the flags of supply */
    const char *timeline;     /* file, or NULL */
    const char *requests_csv; /* file, or NULL */
    const char *catalog;      /* overlay directory, or NULL */
    const char *file;         /* --scenario, or NULL */
    const char *ops;          /* directory of operator tables, or NULL */
    const char *leave_out;    /* chip that teaches nothing and is predicted by the prior, or NULL */
    const char *chip;         /* --chip of calibrate, or NULL */
    const char *network;      /* --system of calibrate, or NULL */
    const char *engine;       /* --engine of calibrate, or NULL */
    const char *output;       /* --output of calibrate, or NULL */
    const char *verb;         /* --verb: what answers the cases of validate, or NULL */
    uint32_t argument_count;
    const char *argument[MU_CLI_ARGUMENTS_MAX];
    FILE *out;
    bool colour;
} mu_cli;

/* Draws of a case where nothing was said: there are many cases. */
enum { MU_CASE_SAMPLES = 64 };

/* Draws of a simulation where nothing was said: each serves all requests. */
enum { MU_SIMULATION_SAMPLES = 32 };

/* The same where it is to be explained. */
enum { MU_EXPLAINED_SIMULATION_SAMPLES = 128 };

/* Which output flags a verb takes, beside --help. */
enum {
    MU_TAKES_TABLES = 1,   /* --json, --csv */
    MU_TAKES_CATALOG = 2,  /* --catalog */
    MU_TAKES_SCENARIO = 4, /* --scenario and every option of the registry */
    MU_TAKES_SVG = 8,
    MU_TAKES_GENERATORS = 16, /* --man, --completion, --schema */
    MU_TAKES_FILE = 32,       /* the first argument may be a scenario file */
    MU_TAKES_FIT =
        128, /* --chip, --system, --engine, --as-is, --output of calibrate; threads alone */
    MU_TAKES_TRAFFIC = 256, /* --timeline, --requests-csv; what happens over time, a trace */
    MU_TAKES_VERIFY = 512,  /* --verify; what happens over time, with it */
    MU_TAKES_WIRES = 1024,  /* what runs on a network; chips, uncertainty, seed and threads alone */
    MU_TAKES_BY = 131072,   /* --by, of what has a date */
    MU_TAKES_DRAWS = 2048,  /* uncertainty, seed and threads alone */
    MU_TAKES_SUPPLY = 4096, /* --by, --from, --defect-density, ... of supply */
    MU_TAKES_COST = 65536,  /* what owning and renting cost */
    MU_TAKES_TERMS = 262144,  /* --term, --depth of explain */
    MU_TAKES_EXPLAIN = 32768, /* --explain, --explain-of, --explain-rows */
    MU_TAKES_CASES = 64       /* --ops, --leave-out, --verb; uncertainty, seed and threads alone */
};

typedef struct mu_verb {
    const char *name;
    const char *summary;   /* one line, no full stop */
    const char *arguments; /* "SYSTEM --with CHIP|SYSTEM" */
    const char *details;   /* a paragraph of help */
    const char *example;
    unsigned takes;
    uint32_t arguments_min;
    uint32_t arguments_max;
    mu_status (*run)(mu_cli *cli, mu_error *err);
} mu_verb;

/**
 * `explain VERB ..`: that verb with the flags of explain; false where the word is no verb whose
 * answer has terms.
 * @param[out] out  of its own, for this run
 */
bool mu_verb_explained(const char *word, mu_verb *out);

/** What `cost` and `match` are asked; in the arena. */
mu_status mu_cli_ask_cost(mu_cli *cli, mu_cost_question *question, mu_error *err) MU_MUST_CHECK;
mu_status mu_cli_ask_match(mu_cli *cli, mu_question *reference, mu_question *other,
                           mu_error *err) MU_MUST_CHECK;

/** All verbs in the order of help; static. */
const mu_verb *mu_verbs(uint32_t *count);

/** MU_E_USAGE names the nearest verb. */
mu_status mu_verb_find(const char *name, const mu_verb **out, mu_error *err) MU_MUST_CHECK;

typedef struct mu_output_flag {
    const char *flag;
    const char *value; /* NULL = takes none */
    const char *doc;
    unsigned takes;    /* verbs that have any of these bits have the flag; 0 = all */
    bool adds;         /* said again it goes on behind a comma, else it replaces */
    uint32_t offset;   /* in mu_cli: of a bool where it takes no value, else of a text */
    const char *words; /* that may follow, with spaces between; NULL = anything */
} mu_output_flag;

/** All output flags; static. */
const mu_output_flag *mu_output_flags(uint32_t *count);

/**
 * Reads argv after the verb into the run: the scenario file first, then the flags over it.
 * @retval MU_E_USAGE  unknown flag (nearest named), missing or bad value, too few or many arguments
 * @retval MU_E_INPUT  the scenario file
 */
mu_status mu_cli_parse(mu_cli *cli, const mu_verb *verb, int argc, char **argv,
                       mu_error *err) MU_MUST_CHECK;

/** Draws of a verb where nothing is said. */
double mu_verb_samples(const mu_verb *verb, bool explains);

/** Whether a verb takes this option of the registry. */
bool mu_verb_takes_option(const mu_verb *verb, const mu_option *option);

/** Runs a command line whole; returns the exit code. */
int mu_cli_main(int argc, char **argv);

/** The catalogue with the overlay that was asked for. */
mu_status mu_cli_catalog(mu_cli *cli, mu_catalog **out, mu_error *err) MU_MUST_CHECK;

/* What runs a question: pool and progress bar. */
typedef struct mu_cli_work {
    mu_work work;
    mu_bar bar;
} mu_cli_work;

/** Threads as asked for, or as many as there are cores. */
mu_status mu_cli_work_begin(mu_cli *cli, mu_cli_work *out, mu_error *err) MU_MUST_CHECK;

/** Wipes the bar, stops the threads; returns the seconds since the beginning. */
double mu_cli_work_end(mu_cli_work *work);

/** The question of the scenario and what runs it; on success the caller ends the work. */
mu_status mu_cli_ask(mu_cli *cli, mu_question **question, mu_cli_work *work,
                     mu_error *err) MU_MUST_CHECK;

/** Whether --explain, --explain-of or --explain-rows was said. */
bool mu_cli_explains(const mu_cli *cli);

/** What of an answer is explained. MU_E_USAGE: rows that are none. */
mu_status mu_cli_explain_wish(const mu_cli *cli, mu_explain_wish *out, mu_error *err) MU_MUST_CHECK;

/** Where --explain or --explain-of was said: what the prediction hangs on; else NULL. */
mu_status mu_cli_explain(mu_cli *cli, const mu_question *question, const mu_prediction *prediction,
                         mu_work *work, mu_explanation **out, mu_error *err) MU_MUST_CHECK;

/** JSON carries its warnings; beside a table the first ones go to stderr by this. */
void mu_cli_warnings(const char *const warning[], uint32_t count);

/** Where tables go. */
mu_page mu_cli_page(const mu_cli *cli);

/** Prints an owned JSON tree (NULL = out of memory) and frees it. */
mu_status mu_cli_json(const mu_cli *cli, json_t *json, mu_error *err) MU_MUST_CHECK;

/** --verb says how deployments are answered: predict or simulate. */
mu_status mu_cli_check_verb(const mu_cli *cli, const char *verb, mu_error *err) MU_MUST_CHECK;

/* Generators of text from the tables; in help.c, man.c, completion.c, schema.c. */
mu_status mu_help_overview(FILE *out, mu_error *err) MU_MUST_CHECK;
mu_status mu_help_verb(FILE *out, const mu_verb *verb, mu_error *err) MU_MUST_CHECK;
mu_status mu_man_page(FILE *out, mu_error *err) MU_MUST_CHECK;
mu_status mu_completion(FILE *out, const char *shell, mu_error *err) MU_MUST_CHECK;
mu_status mu_schema_json(FILE *out, mu_error *err) MU_MUST_CHECK;

/* The verbs, one file each. */
mu_status mu_verb_chips(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_systems(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_models(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_list(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_show(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_predict(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_explain(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_simulate(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_plan(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_compare(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_match(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_cost(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_roadmap(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_claims(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_fabric(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_supply(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_validate(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_calibrate(mu_cli *cli, mu_error *err) MU_MUST_CHECK;
mu_status mu_verb_help(mu_cli *cli, mu_error *err) MU_MUST_CHECK;

#endif
