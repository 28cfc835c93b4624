/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSCCL's XML through expat: <algo><gpu><tb><step/></tb></gpu></algo>.
 *
 * Why:   read as a stream, so that depth and size are bounded before memory is spent.
 * Bound: no document type, hence no entities; gpus and threadblocks are numbered from 0 in the
 *        order in which they stand, as MSCCL's own tools write them; attributes that say nothing
 *        about who sends what are passed over.
 */
#include "io/msccl.h"

#include "io/moves_read.h"

#include <expat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_BYTES = 65536, DEPTH_MAX = 4, BLOCKS_MAX = 4000000 };

typedef struct reader {
    XML_Parser parser;
    mu_msccl *out;
    mu_error *err;
    mu_status status;
    uint32_t depth;
    uint32_t gpus_found;
    bool chunks_by; /* nchunksperloop is given; else the most chunks of any gpu's buffers count */
    size_t block_room;
    size_t step_room;
} reader;

static uint32_t line_now(const reader *r)
{
    return (uint32_t)XML_GetCurrentLineNumber(r->parser);
}

static uint32_t column_now(const reader *r)
{
    return (uint32_t)XML_GetCurrentColumnNumber(r->parser) + 1;
}

/* Ends the reading with what has been written to err. */
static void stop(reader *r, mu_status status)
{
    r->status = status;
    (void)XML_StopParser(r->parser, XML_FALSE);
}

#define FAIL(r, ...)                                                                               \
    stop((r), mu_fail_at((r)->err, MU_E_INPUT, (r)->out->file, line_now(r), column_now(r),         \
                         __VA_ARGS__))

static const char *attribute(const char **list, const char *name)
{
    for (size_t i = 0; list[i] != NULL; i += 2) {
        if (strcmp(list[i], name) == 0) {
            return list[i + 1];
        }
    }
    return NULL;
}

static bool whole_number(const char *text, int64_t low, int64_t high, int64_t *out)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 18 || digits[length] != '\0') {
        return false;
    }
    *out = strtoll(text, NULL, 10);
    return *out >= low && *out <= high;
}

/* A whole number that must be there. */
static int64_t number(reader *r, const char *element, const char **list, const char *name,
                      int64_t low, int64_t high)
{
    int64_t value = 0;
    const char *text = attribute(list, name);
    if (r->status != MU_OK) {
        return 0;
    }
    if (text == NULL) {
        FAIL(r, "%s: expected an attribute %s", element, name);
    } else if (!whole_number(text, low, high, &value)) {
        FAIL(r, "%s: expected %s to be a whole number from %lld to %lld, found \"%s\"", element,
             name, (long long)low, (long long)high, text);
    }
    return value;
}

/* -1 says nobody. */
static uint32_t or_none(int64_t value)
{
    return value < 0 ? MU_MSCCL_NONE : (uint32_t)value;
}

/* Room for one more of an array; NULL when out of memory. */
static void *grown(void *items, uint32_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return items;
    }
    size_t more = *room < 64 ? 64 : *room * 2;
    void *moved = realloc(items, more * size);
    *room = moved != NULL ? more : *room;
    return moved;
}

static bool out_of_memory(reader *r, const void *items)
{
    if (items == NULL) {
        stop(r, mu_fail(r->err, MU_E_MEMORY, "out of memory for a schedule"));
    }
    return items == NULL;
}

static void copy_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

static void on_algo(reader *r, const char **list)
{
    copy_text(r->out->name, sizeof r->out->name, attribute(list, "name"));
    copy_text(r->out->what, sizeof r->out->what, attribute(list, "coll"));
    r->out->gpus = (uint32_t)number(r, "algo", list, "ngpus", 1, MU_SCHEDULE_RANKS_MAX);
    r->chunks_by = attribute(list, "nchunksperloop") != NULL;
    if (r->chunks_by) {
        r->out->chunks = (uint32_t)number(r, "algo", list, "nchunksperloop", 1, INT32_MAX);
    }
}

static void on_gpu(reader *r, const char **list)
{
    int64_t id = number(r, "gpu", list, "id", 0, (int64_t)r->out->gpus - 1);
    if (r->status == MU_OK && id != r->gpus_found) {
        FAIL(r, "gpu: expected id %u next, found %lld", r->gpus_found, (long long)id);
    }
    for (int i = 0; i < 2 && !r->chunks_by; i++) {
        int64_t chunks = number(r, "gpu", list, i == 0 ? "i_chunks" : "o_chunks", 0, INT32_MAX);
        r->out->chunks = chunks > r->out->chunks ? (uint32_t)chunks : r->out->chunks;
    }
    r->gpus_found++;
}

static void on_block(reader *r, const char **list)
{
    mu_msccl *out = r->out;
    uint32_t gpu = r->gpus_found - 1;
    uint32_t next = 0;
    if (out->block_count > 0 && out->block[out->block_count - 1].gpu == gpu) {
        next = out->block[out->block_count - 1].id + 1;
    }
    int64_t last = (int64_t)out->gpus - 1;
    int64_t id = number(r, "tb", list, "id", 0, INT32_MAX);
    uint32_t send_to = or_none(number(r, "tb", list, "send", -1, last));
    uint32_t receive_from = or_none(number(r, "tb", list, "recv", -1, last));
    uint32_t channel = or_none(number(r, "tb", list, "chan", -1, INT32_MAX));
    if (r->status != MU_OK) {
        return;
    }
    if (id != next) {
        FAIL(r, "tb: expected id %u next of gpu %u, found %lld", next, gpu, (long long)id);
        return;
    }
    if (send_to == gpu || receive_from == gpu) {
        FAIL(r, "tb: gpu %u has itself for a peer", gpu);
        return;
    }
    if (out->block_count == BLOCKS_MAX) {
        FAIL(r, "tb: expected at most %d threadblocks", BLOCKS_MAX);
        return;
    }
    mu_msccl_block *grew = grown(out->block, out->block_count, &r->block_room, sizeof *out->block);
    if (!out_of_memory(r, grew)) {
        out->block = grew;
        out->block[out->block_count++] = (mu_msccl_block){.line = line_now(r),
                                                          .column = column_now(r),
                                                          .gpu = gpu,
                                                          .id = next,
                                                          .send_to = send_to,
                                                          .receive_from = receive_from,
                                                          .channel = channel,
                                                          .first_step = out->step_count};
    }
}

/* Sets whether a step of a type sends and receives. */
static bool type_known(const char *type, mu_msccl_step *step)
{
    static const struct {
        const char *name;
        bool sends, receives;
    } known[] = {{"s", true, false},    {"r", false, true},   {"rcs", true, true},
                 {"rrs", true, true},   {"rrc", false, true}, {"rrcs", true, true},
                 {"cpy", false, false}, {"re", false, false}, {"nop", false, false}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, type) == 0) {
            step->sends = known[i].sends;
            step->receives = known[i].receives;
            return true;
        }
    }
    return false;
}

/* Whether a step agrees with its threadblock; says so where not. */
static bool step_fits(reader *r, const mu_msccl_step *step, const mu_msccl_block *block)
{
    if (step->sends && block->send_to == MU_MSCCL_NONE) {
        FAIL(r, "step: sends, but its threadblock has no peer to send to (send)");
    } else if (step->receives && block->receive_from == MU_MSCCL_NONE) {
        FAIL(r, "step: receives, but its threadblock has no peer to receive from (recv)");
    } else if ((step->sends || step->receives) && step->chunks == 0) {
        FAIL(r, "step: expected cnt to be 1 or more, found 0");
    } else if (r->out->step_count == MU_SCHEDULE_STEPS_MAX) {
        FAIL(r, "step: expected at most %d steps", MU_SCHEDULE_STEPS_MAX);
    }
    return r->status == MU_OK;
}

static void on_step(reader *r, const char **list)
{
    mu_msccl *out = r->out;
    mu_msccl_block *block = &out->block[out->block_count - 1];
    mu_msccl_step step = {
        .line = line_now(r), .column = column_now(r), .block = out->block_count - 1};
    int64_t s = number(r, "step", list, "s", 0, MU_SCHEDULE_STEPS_MAX);
    const char *type = attribute(list, "type");
    if (r->status == MU_OK && (type == NULL || !type_known(type, &step))) {
        FAIL(r, "step: expected a type among s, r, rcs, rrs, rrc, rrcs, cpy, re, nop, found \"%s\"",
             type != NULL ? type : "");
    }
    step.chunks = (uint32_t)number(r, "step", list, "cnt", 0, INT32_MAX);
    step.after_block = or_none(number(r, "step", list, "depid", -1, INT32_MAX));
    step.after = or_none(number(r, "step", list, "deps", -1, MU_SCHEDULE_STEPS_MAX));
    if (r->status != MU_OK || !step_fits(r, &step, block)) {
        return;
    }
    if (s != block->step_count) {
        FAIL(r, "step: expected s to be %u next, found %lld", block->step_count, (long long)s);
        return;
    }
    block->step_count++;
    block->sends += step.sends;
    block->receives += step.receives;
    mu_msccl_step *grew = grown(out->step, out->step_count, &r->step_room, sizeof *out->step);
    if (!out_of_memory(r, grew)) {
        out->step = grew;
        out->step[out->step_count++] = step;
    }
}

typedef void on_element(reader *r, const char **list);

static void XMLCALL on_start(void *context, const char *name, const char **list)
{
    static const struct {
        const char *name;
        on_element *take;
    } at[DEPTH_MAX] = {{"algo", on_algo}, {"gpu", on_gpu}, {"tb", on_block}, {"step", on_step}};
    reader *r = context;
    if (r->status != MU_OK) {
        return;
    }
    if (r->depth == DEPTH_MAX) {
        FAIL(r, "a step has nothing inside, found <%s>", name);
    } else if (strcmp(name, at[r->depth].name) != 0) {
        FAIL(r, "expected <%s>, found <%s>", at[r->depth].name, name);
    } else {
        at[r->depth++].take(r, list);
    }
}

static void XMLCALL on_end(void *context, const char *name)
{
    reader *r = context;
    (void)name;
    r->depth--;
}

static void XMLCALL on_doctype(void *context, const char *name, const char *system_id,
                               const char *public_id, int has_internal)
{
    reader *r = context;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal;
    FAIL(r, "a schedule has no document type (<!DOCTYPE)");
}

/* Steps within threadblocks that are waited for become steps of the whole file. */
static mu_status resolve_waits(mu_msccl *out, mu_error *err)
{
    for (uint32_t i = 0; i < out->step_count; i++) {
        mu_msccl_step *step = &out->step[i];
        const mu_msccl_block *own = &out->block[step->block];
        if (step->after_block == MU_MSCCL_NONE) {
            step->after = MU_MSCCL_NONE;
            continue;
        }
        uint64_t at = (uint64_t)step->block - own->id + step->after_block;
        if (at >= out->block_count || out->block[at].gpu != own->gpu) {
            return mu_fail_at(err, MU_E_INPUT, out->file, step->line, step->column,
                              "step: waits for threadblock %u (depid), which gpu %u does not have",
                              step->after_block, own->gpu);
        }
        const mu_msccl_block *other = &out->block[at];
        if (step->after >= other->step_count) {
            return mu_fail_at(err, MU_E_INPUT, out->file, step->line, step->column,
                              "step: expected deps to be a step of threadblock %u, which has %u",
                              step->after_block, other->step_count);
        }
        step->after += other->first_step;
    }
    return MU_OK;
}

static mu_status finish(const reader *r)
{
    mu_msccl *out = r->out;
    if (r->gpus_found < out->gpus) {
        return mu_fail_at(r->err, MU_E_INPUT, out->file, line_now(r), column_now(r),
                          "expected %u gpus (ngpus), found %u", out->gpus, r->gpus_found);
    }
    if (out->chunks == 0) {
        return mu_fail_at(r->err, MU_E_INPUT, out->file, line_now(r), column_now(r),
                          "expected nchunksperloop, or chunks of the gpus' buffers");
    }
    return resolve_waits(out, r->err);
}

/* In slices, so that what stops the reading stops it soon. */
static mu_status read_all(reader *r, const char *text, size_t length)
{
    for (size_t at = 0; at <= length; at += SLICE_BYTES) {
        size_t left = length - at;
        bool last = left < SLICE_BYTES;
        int slice = last ? (int)left : SLICE_BYTES;
        if (XML_Parse(r->parser, text + at, slice, last) == XML_STATUS_OK) {
            continue;
        }
        if (r->status == MU_OK) {
            enum XML_Error code = XML_GetErrorCode(r->parser);
            if (code == XML_ERROR_NO_MEMORY) {
                stop(r, mu_fail(r->err, MU_E_MEMORY, "out of memory for a schedule"));
            } else {
                FAIL(r, "not well-formed XML: %s", XML_ErrorString(code));
            }
        }
        return r->status;
    }
    return finish(r);
}

mu_status mu_msccl_parse(const char *text, size_t length, const char *file, mu_msccl *out,
                         mu_error *err)
{
    *out = (mu_msccl){.file = file};
    reader r = {.parser = XML_ParserCreate(NULL), .out = out, .err = err};
    if (r.parser == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for a schedule");
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    mu_status status = read_all(&r, text, length);
    XML_ParserFree(r.parser);
    return status;
}

void mu_msccl_free(mu_msccl *algo)
{
    free(algo->block);
    free(algo->step);
    algo->block = NULL;
    algo->step = NULL;
}
