/* SPDX-License-Identifier: Apache-2.0 */
/*
 * muster calibrate: a chip's or network's parameters from measured tables.
 *
 * Bound: tables are read one after another, so that memory holds one of them and the rows kept.
 */
#include "cli/calibrate.h"

#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"
#include "io/file_write.h"
#include "io/op_figures.h"

#include <string.h>

enum { WARNINGS_MAX = 128, FAULTS_MAX = 32 };

/* Rows that cannot be asked, by reason. */
typedef struct fault {
    const char *why;
    const char *example;
    uint32_t rows;
} fault;

typedef struct run {
    mu_cli *cli;
    mu_catalog *catalog;
    const mu_entity *entity; /* chip or system */
    const mu_entity *chip;   /* it, or what it is made of */
    bool on_system;
    bool figures; /* a table of many chips is being read */
    mu_samples samples;
    mu_specimen start;
    uint64_t passed_over; /* rows of the other sort */
    uint32_t warning_count;
    const char *warning[WARNINGS_MAX];
    uint32_t fault_count;
    fault fault[FAULTS_MAX];
    mu_error *err;
} run;

static mu_status warn(run *r, const char *text)
{
    if (text == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory");
    }
    const char *kept = mu_arena_text(r->cli->arena, text, strlen(text));
    if (kept == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory");
    }
    if (r->warning_count < WARNINGS_MAX) {
        r->warning[r->warning_count++] = kept;
    }
    return MU_OK;
}

static mu_status find_subject(run *r)
{
    const mu_cli *cli = r->cli;
    if ((cli->chip == NULL) == (cli->network == NULL)) {
        return mu_fail(r->err, MU_E_USAGE,
                       "calibrate: expected --chip ID (operators), --system ID (collectives) or "
                       "--engine ID (deployments)%s",
                       cli->chip != NULL ? ", not both" : "");
    }
    r->on_system = cli->network != NULL;
    const mu_draw point = {.plan = NULL, .index = 0};
    uint32_t ranks = 1;
    mu_status status = mu_catalog_find(r->catalog, r->on_system ? MU_ENTITY_SYSTEM : MU_ENTITY_CHIP,
                                       r->on_system ? cli->network : cli->chip, &r->entity, r->err);
    if (status != MU_OK) {
        return status;
    }
    const char *name = r->on_system ? mu_catalog_text(r->catalog, r->entity, "chip") : NULL;
    status = mu_catalog_find(r->catalog, MU_ENTITY_CHIP, name != NULL ? name : r->entity->id,
                             &r->chip, r->err);
    if (status == MU_OK) {
        status = mu_chip_from_catalog(r->catalog, r->chip, point, &r->start.chip, &ranks, r->err);
    }
    if (status == MU_OK && r->on_system) {
        status =
            mu_fabric_from_catalog(r->catalog, r->entity, point, ranks, &r->start.fabric, r->err);
    }
    return status;
}

static mu_status count_fault(run *r, const mu_case *c)
{
    uint32_t i = 0;
    while (i < r->fault_count && strcmp(r->fault[i].why, c->fault) != 0) {
        i++;
    }
    if (i == r->fault_count && i < FAULTS_MAX) {
        r->fault[i].why = mu_arena_text(r->cli->arena, c->fault, strlen(c->fault));
        r->fault[i].example = mu_arena_text(r->cli->arena, c->id, strlen(c->id));
        if (r->fault[i].why == NULL || r->fault[i].example == NULL) {
            return mu_fail(r->err, MU_E_MEMORY, "out of memory");
        }
        r->fault_count++;
    }
    if (i < FAULTS_MAX) {
        r->fault[i].rows++;
    }
    return MU_OK;
}

/* A row as it is read. Texts of its question that are kept are static or copied. */
static mu_status take_case(void *context, const mu_case *c, mu_error *err)
{
    run *r = context;
    (void)err; /* it is r->err */
    if (r->figures && strcmp(c->op->target, r->chip->id) != 0) {
        return MU_OK;
    }
    if (mu_op_case_on_system(c->op->kind) != r->on_system) {
        r->passed_over++;
        return MU_OK;
    }
    mu_op_question question = *c->op;
    question.target = r->entity->id;
    if (c->fault != NULL) {
        return count_fault(r, c);
    }
    return mu_samples_add(&r->samples, &question, c->measure[0].value, r->err);
}

static mu_status take_warnings(run *r, const mu_op_warnings *warnings)
{
    uint32_t kept = warnings->count < MU_OP_WARNINGS_MAX ? warnings->count : MU_OP_WARNINGS_MAX;
    mu_status status = MU_OK;
    for (uint32_t i = 0; i < kept && status == MU_OK; i++) {
        status = warn(r, warnings->text[i]);
    }
    return status;
}

/* Figures of all chips in one table: those of this chip are taken. What is odd about the others is
   no concern of this one. */
static mu_status read_figures(run *r, const char *path, mu_case_list *list)
{
    mu_op_warnings of_all = {.count = 0};
    mu_error local = {0};
    r->figures = true;
    mu_status status = mu_op_figures_read(path, r->catalog, list, &of_all, &local);
    r->figures = false;
    if (status == MU_NO) {
        r->err->status = MU_E_INPUT; /* what the table lacks to be one of this chip */
        return MU_E_INPUT;
    }
    if (status != MU_OK && r->err->status != status) {
        *r->err = local;
    }
    return status;
}

static mu_status read_table(run *r, const char *path)
{
    mu_arena *arena = mu_arena_create(0);
    if (arena == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory");
    }
    mu_case_list list = {.arena = arena, .take = take_case, .context = r};
    mu_op_warnings warnings = {.count = 0};
    mu_status status = mu_op_table_read(path, r->entity->id, &list, &warnings, r->err);
    if (status == MU_OK) {
        status = take_warnings(r, &warnings);
    } else if (status == MU_NO) {
        status = read_figures(r, path, &list);
    }
    mu_arena_free(arena);
    return status;
}

static mu_status read_tables(run *r)
{
    mu_status status = MU_OK;
    mu_samples_begin(r->cli->arena, &r->samples);
    for (uint32_t i = 0; i < r->cli->argument_count && status == MU_OK; i++) {
        status = read_table(r, r->cli->argument[i]);
    }
    for (uint32_t i = 0; i < r->fault_count && status == MU_OK; i++) {
        const fault *f = &r->fault[i];
        status = warn(r, mu_arena_printf(r->cli->arena, "%u %s left out: %s (%s%s)", f->rows,
                                         f->rows == 1 ? "row is" : "rows are", f->why, f->example,
                                         f->rows == 1 ? "" : "; and others"));
    }
    if (status == MU_OK && r->samples.count == 0) {
        return mu_fail(r->err, MU_E_INPUT, "%s: no row of %s; %llu of %s, which --%s ID calibrates",
                       r->cli->argument[0],
                       r->on_system ? "a collective" : "an operator of one chip",
                       (unsigned long long)r->passed_over,
                       r->on_system ? "operators of one chip" : "collectives",
                       r->on_system ? "chip" : "system");
    }
    if (status == MU_OK && r->passed_over > 0) {
        status = warn(r, mu_arena_printf(r->cli->arena, "%llu rows of %s are passed over: --%s ID",
                                         (unsigned long long)r->passed_over,
                                         r->on_system ? "operators of one chip" : "collectives",
                                         r->on_system ? "chip" : "system"));
    }
    return status;
}

/* A chip's parameters are pulled to what the others teach of it, not to what it said before. */
static mu_status find_knobs(run *r, mu_knob knobs[MU_KNOBS_MAX], uint32_t *count)
{
    const mu_chip_prior *prior = NULL;
    mu_chip_traits traits;
    *count = 0;
    if (r->cli->as_is) {
        return MU_OK;
    }
    if (r->on_system) {
        *count = mu_fabric_knobs(&r->start.fabric, knobs);
        return MU_OK;
    }
    mu_status status = mu_chip_traits_read(r->catalog, r->chip, &traits, r->err);
    if (status == MU_OK) {
        status = mu_chip_prior_learn(r->catalog, r->chip, r->cli->arena, &prior, r->err);
    }
    if (status == MU_OK) {
        *count = mu_chip_knobs(prior, &traits, knobs);
    }
    return status;
}

static mu_status calibrate(run *r, mu_calibration *found)
{
    mu_knob *knobs = MU_NEW(r->cli->arena, mu_knob, MU_KNOBS_MAX);
    mu_cli_work work;
    if (knobs == NULL) {
        return mu_fail(r->err, MU_E_MEMORY, "out of memory");
    }
    uint32_t count = 0;
    mu_status status = find_knobs(r, knobs, &count);
    if (status != MU_OK) {
        return status;
    }
    status = mu_cli_work_begin(r->cli, &work, r->err);
    if (status != MU_OK) {
        return status;
    }
    status = mu_samples_finish(&r->samples, work.work.pool, r->err);
    if (status == MU_OK) {
        status = mu_calibrate(&r->samples, &r->start, knobs, count, &work.work, found, r->err);
    }
    (void)mu_cli_work_end(&work);
    for (uint32_t i = 0; status == MU_OK && i < found->warning_count; i++) {
        status = warn(r, found->warning[i]);
    }
    return status;
}

mu_status mu_verb_calibrate(mu_cli *cli, mu_error *err)
{
    mu_calibration found;
    run *r = MU_NEW(cli->arena, run, 1);
    if (r == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    r->cli = cli;
    r->err = err;
    mu_status status = mu_cli_catalog(cli, &r->catalog, err);
    if (status == MU_OK && cli->engine != NULL) {
        return mu_calibrate_engine(cli, r->catalog, err);
    }
    if (status == MU_OK) {
        status = find_subject(r);
    }
    if (status == MU_OK) {
        status = read_tables(r);
    }
    if (status == MU_OK) {
        status = calibrate(r, &found);
    }
    if (status != MU_OK) {
        return status;
    }
    mu_calibrate_answer answer = {.found = &found,
                                  .entity = r->entity,
                                  .table = cli->argument,
                                  .tables = cli->argument_count,
                                  .file = cli->output,
                                  .warning_count = r->warning_count,
                                  .warning = r->warning};
    if (cli->output != NULL) {
        status = mu_file_write(cli->output, mu_calibrate_write, &answer, err);
    }
    if (status == MU_OK && cli->json) {
        return mu_cli_json(cli, mu_calibrate_json(&answer), err);
    }
    mu_cli_warnings(r->warning, r->warning_count);
    mu_page page = mu_cli_page(cli);
    return status == MU_OK ? mu_calibrate_print(&page, &answer, err) : status;
}
