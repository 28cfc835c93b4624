/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was said of a job on a network, read.
 *
 * What:  words of flags become ranks, parts, bytes, algorithms.
 * Terms: a piece is what stands between two commas.
 * Bound: a word that says nothing is wrong usage; its message begins with the flag.
 */
#include "study/fabric.h"

#include "base/text.h"
#include "base/units.h"
#include "fabric/moves_expert.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_MAX = 128 };

static const double BYTES_MOST = 1e18;
static const double BYTES_USUAL = 64e6;

/* The next piece, spaces around it dropped; false at the end. An empty piece is one, too. */
static bool next_piece(const char **text, char out[PIECE_MAX])
{
    const char *at = *text;
    if (at == NULL) {
        return false;
    }
    const char *comma = strchr(at, ',');
    size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
    while (length > 0 && *at == ' ') {
        at++;
        length--;
    }
    while (length > 0 && at[length - 1] == ' ') {
        length--;
    }
    length = length < PIECE_MAX ? length : PIECE_MAX - 1;
    memcpy(out, at, length);
    out[length] = '\0';
    *text = comma != NULL ? comma + 1 : NULL;
    return true;
}

static uint32_t pieces_in(const char *text)
{
    uint32_t count = 1;
    for (; *text != '\0'; text++) {
        count += *text == ',';
    }
    return count;
}

/* Whole digits at `*at` up to `most`; moves behind them. */
static bool read_whole(const char **at, uint64_t most, uint64_t *out)
{
    uint64_t value = 0;
    const char *from = *at;
    while (**at >= '0' && **at <= '9') {
        value = value * 10 + (uint64_t)(**at - '0');
        if (value > most) {
            return false;
        }
        (*at)++;
    }
    *out = value;
    return *at != from;
}

static mu_status read_count(const char *flag, const char *text, uint64_t low, uint64_t most,
                            uint32_t *out, mu_error *err)
{
    uint64_t value = 0;
    const char *at = text;
    if (!read_whole(&at, most, &value) || *at != '\0' || value < low) {
        return mu_fail(err, MU_E_USAGE,
                       "--%s: expected a whole number from %llu to %llu, found \"%.64s\"", flag,
                       (unsigned long long)low, (unsigned long long)most, text);
    }
    *out = (uint32_t)value;
    return MU_OK;
}

static mu_status read_quantity(const char *flag, const char *text, mu_dimension dimension,
                               double low, double high, double *out, mu_error *err)
{
    char what[32];
    mu_error local = {0};
    double value = 0.0;
    (void)snprintf(what, sizeof what, "--%s", flag);
    if (mu_unit_parse(text, dimension, what, &value, &local) != MU_OK) {
        return mu_fail(err, MU_E_USAGE, "%s", local.text);
    }
    if (!(value >= low && value <= high)) {
        return mu_fail(err, MU_E_USAGE, "--%s: expected %g to %g %s, found \"%.64s\"", flag, low,
                       high, mu_unit_si(dimension), text);
    }
    *out = value;
    return MU_OK;
}

/* Which of names[0..count) a word is, or a failure that has the nearest or all of them. */
static mu_status read_choice(const char *flag, const char *word, const char *const names[],
                             uint32_t count, uint32_t *out, mu_error *err)
{
    char all[256] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (mu_text_distance(word, names[i]) == 0) {
            *out = i;
            return MU_OK;
        }
        int wrote = snprintf(all + used, sizeof all - used, "%s%s", i > 0 ? ", " : "", names[i]);
        used += wrote > 0 && used + (size_t)wrote < sizeof all ? (size_t)wrote : 0;
    }
    const char *near = mu_text_nearest(word, names, count);
    if (near != NULL) {
        return mu_fail(err, MU_E_USAGE, "--%s: unknown \"%.64s\"; did you mean \"%s\"?", flag, word,
                       near);
    }
    return mu_fail(err, MU_E_USAGE, "--%s: expected one of %s, found \"%.64s\"", flag, all, word);
}

/* What a list of ranks may hold. */
typedef struct rank_list {
    uint32_t ranks; /* of the system */
    uint32_t usual; /* how many where nothing is said */
    uint32_t *place;
    uint32_t count;
    bool *taken; /* [ranks] */
} rank_list;

static mu_status add_rank(rank_list *list, uint64_t rank, mu_error *err)
{
    if (rank >= list->ranks) {
        return mu_fail(err, MU_E_INPUT, "--ranks: there is no rank %llu; the last one is %u",
                       (unsigned long long)rank, list->ranks - 1);
    }
    if (list->taken[rank]) {
        return mu_fail(err, MU_E_INPUT, "--ranks: rank %llu stands there twice",
                       (unsigned long long)rank);
    }
    list->taken[rank] = true;
    list->place[list->count++] = (uint32_t)rank;
    return MU_OK;
}

static mu_status no_ranks(const char *piece, mu_error *err)
{
    return mu_fail(err, MU_E_USAGE,
                   "--ranks: expected a count (64), a run (0-63), every n-th of one (0-511:8) or a "
                   "list (0,8,16), found \"%.64s\"",
                   piece);
}

/* "5", "0-63", "0-511:8" */
static mu_status add_run(rank_list *list, const char *piece, mu_error *err)
{
    uint64_t first = 0;
    uint64_t step = 1;
    const char *at = piece;
    if (!read_whole(&at, UINT32_MAX, &first)) {
        return no_ranks(piece, err);
    }
    uint64_t last = first;
    if (*at == '-') {
        at++;
        if (!read_whole(&at, UINT32_MAX, &last)) {
            return no_ranks(piece, err);
        }
        if (*at == ':') {
            at++;
            if (!read_whole(&at, UINT32_MAX, &step)) {
                return no_ranks(piece, err);
            }
        }
    }
    if (*at != '\0' || step == 0) {
        return no_ranks(piece, err);
    }
    if (last < first) {
        return mu_fail(err, MU_E_USAGE, "--ranks: \"%.64s\" runs backwards", piece);
    }
    mu_status status = MU_OK;
    for (uint64_t rank = first; rank <= last && status == MU_OK; rank += step) {
        status = add_rank(list, rank, err);
    }
    return status;
}

/* A number alone is a count of ranks, from 0 on. */
static mu_status read_ranks_text(const char *text, rank_list *list, mu_error *err)
{
    char piece[PIECE_MAX];
    mu_status status = MU_OK;
    if (text == NULL || strspn(text, "0123456789") == strlen(text)) {
        uint32_t count = list->usual;
        if (text != NULL) {
            status = read_count("ranks", text, 1, list->ranks, &count, err);
        }
        for (uint32_t r = 0; r < count && status == MU_OK; r++) {
            status = add_rank(list, r, err);
        }
        return status;
    }
    while (status == MU_OK && next_piece(&text, piece)) {
        status = add_run(list, piece, err);
    }
    return status;
}

/* Whether the places are 0, s, 2s, ... as a group of the closed form is. */
static void find_stride(mu_net_job *job)
{
    uint32_t stride = job->members > 1 ? job->place[1] - job->place[0] : 1;
    job->in_order = job->members > 1 ? job->place[1] > job->place[0] : true;
    for (uint32_t i = 0; i < job->members && job->in_order; i++) {
        job->in_order = job->place[i] == (uint64_t)job->place[0] + (uint64_t)i * stride;
    }
    job->stride = job->in_order ? stride : 1;
}

/* Of two ranks: as said, else as far apart as numbers are. Schedules say how many they are. */
static mu_status fit_members(const mu_net_wish *wish, uint32_t ranks, mu_arena *arena,
                             mu_net_job *job, mu_error *err)
{
    bool pair = job->what == MU_NET_COLLECTIVE && job->collective == MU_POINT_TO_POINT;
    uint32_t wanted = pair ? 2 : job->members;
    if (job->what == MU_NET_SCHEDULE) {
        const mu_moves *moves = job->schedule;
        wanted = moves->kind == MU_MOVES_LIST ? moves->list.ranks : moves->waves.ranks;
    }
    if (job->members == wanted || (wish->ranks == NULL && wanted > job->members)) {
        return wanted <= job->members
                   ? MU_OK
                   : mu_fail(err, MU_E_INPUT, "%s needs %u ranks; there are %u",
                             pair ? "point-to-point" : "the schedule", wanted, ranks);
    }
    if (wish->ranks != NULL) {
        return mu_fail(err, MU_E_INPUT, "--ranks: %s needs %u ranks, found %u",
                       pair ? "point-to-point" : "the schedule", wanted, job->members);
    }
    job->members = wanted;
    if (pair) {
        uint32_t *place = MU_NEW(arena, uint32_t, 2);
        if (place == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory");
        }
        place[1] = ranks - 1;
        job->place = place;
    }
    find_stride(job);
    return MU_OK;
}

/* All ranks, unless several copies share them. */
static uint32_t usual_members(const mu_net_job *job, uint32_t ranks)
{
    uint32_t members = ranks / job->copies;
    return members > 0 ? members : 1;
}

static mu_status read_ranks(const char *text, uint32_t ranks, mu_arena *arena, mu_net_job *job,
                            mu_error *err)
{
    rank_list list = {.ranks = ranks, .usual = usual_members(job, ranks)};
    list.place = MU_NEW(arena, uint32_t, ranks);
    mu_arena_mark mark = mu_arena_here(arena);
    list.taken = MU_NEW(arena, bool, ranks);
    if (list.place == NULL || list.taken == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory");
    }
    mu_status status = read_ranks_text(text, &list, err);
    mu_arena_back(arena, mark);
    job->place = list.place;
    job->members = list.count;
    find_stride(job);
    return status;
}

static mu_status read_collective(const mu_net_wish *wish, mu_net_job *job, mu_error *err)
{
    enum { COUNT = MU_COLLECTIVE_COUNT + 2 };
    const char *names[COUNT];
    for (uint32_t i = 0; i < MU_COLLECTIVE_COUNT; i++) {
        names[i] = mu_collective_text((mu_collective)i);
    }
    names[MU_COLLECTIVE_COUNT] = "dispatch";
    names[MU_COLLECTIVE_COUNT + 1] = "combine";
    uint32_t which = 0;
    mu_status status = read_choice("collective", wish->collective, names, COUNT, &which, err);
    if (status != MU_OK) {
        return status;
    }
    job->what = MU_NET_COLLECTIVE;
    job->named = which < MU_COLLECTIVE_COUNT;
    if (which < MU_COLLECTIVE_COUNT) {
        job->collective = (mu_collective)which;
    } else {
        job->what = which == MU_COLLECTIVE_COUNT ? MU_NET_DISPATCH : MU_NET_COMBINE;
    }
    return MU_OK;
}

/* What others call the same, in our word; the word itself when nobody does. */
static const char *usual_algorithm(const char *word)
{
    static const struct {
        const char *theirs;
        mu_pattern ours;
    } same[] = {{"double-binary-tree", MU_PATTERN_TREE},
                {"halving-doubling", MU_PATTERN_HALVING},
                {"recursive-halving-doubling", MU_PATTERN_HALVING},
                {"multi-rail", MU_PATTERN_RAILS},
                {"in-network", MU_PATTERN_SWITCH},
                {"nvls", MU_PATTERN_SWITCH},
                {"sharp", MU_PATTERN_SWITCH}};
    for (size_t i = 0; word != NULL && i < sizeof same / sizeof same[0]; i++) {
        if (strcmp(word, same[i].theirs) == 0) {
            return mu_pattern_text(same[i].ours);
        }
    }
    return word;
}

static mu_status read_algorithm(const char *said, int *out, mu_error *err)
{
    const char *word = usual_algorithm(said);
    const char *names[MU_PATTERN_COUNT + 1];
    uint32_t which = MU_PATTERN_COUNT;
    for (uint32_t i = 0; i < MU_PATTERN_COUNT; i++) {
        names[i] = mu_pattern_text((mu_pattern)i);
    }
    names[MU_PATTERN_COUNT] = "auto";
    mu_status status =
        word == NULL ? MU_OK
                     : read_choice("algorithm", word, names, MU_PATTERN_COUNT + 1, &which, err);
    *out = which < MU_PATTERN_COUNT ? (int)which : -1;
    return status;
}

static mu_status read_routing(const char *word, mu_routing *out, mu_error *err)
{
    const char *names[MU_ROUTING_COUNT];
    uint32_t which = MU_ROUTING_SHORTEST;
    for (uint32_t i = 0; i < MU_ROUTING_COUNT; i++) {
        names[i] = mu_routing_text((mu_routing)i);
    }
    mu_status status =
        word == NULL ? MU_OK : read_choice("routing", word, names, MU_ROUTING_COUNT, &which, err);
    *out = (mu_routing)which;
    return status;
}

static mu_status read_parts(const char *text, mu_arena *arena, mu_net_job *job, mu_error *err)
{
    char piece[PIECE_MAX];
    if (text == NULL) {
        return MU_OK;
    }
    uint32_t most = pieces_in(text);
    if (most > MU_NET_PARTS_MAX) {
        return mu_fail(err, MU_E_USAGE, "--fail: expected at most %d parts", MU_NET_PARTS_MAX);
    }
    job->part = MU_NEW(arena, const char *, most);
    while (job->part != NULL && next_piece(&text, piece)) {
        const char *copy = mu_arena_text(arena, piece, strlen(piece));
        if (piece[0] == '\0') {
            return mu_fail(err, MU_E_USAGE,
                           "--fail: expected a part such as link:3 between commas");
        }
        if (copy == NULL) {
            break;
        }
        job->part[job->parts++] = copy;
    }
    return job->parts == most ? MU_OK : mu_fail(err, MU_E_MEMORY, "out of memory");
}

/* Background traffic being read. */
typedef struct streams {
    mu_arena *arena;
    mu_background *item;
    uint32_t count;
    uint32_t room;
    uint32_t ranks;
} streams;

static mu_status add_stream(streams *s, uint64_t from, uint64_t to, double weight, mu_error *err)
{
    if (from >= s->ranks || to >= s->ranks) {
        return mu_fail(err, MU_E_INPUT, "--background: there is no rank %llu; the last one is %u",
                       (unsigned long long)(from > to ? from : to), s->ranks - 1);
    }
    if (s->count == s->room) {
        uint32_t room = s->room > 0 ? 2 * s->room : 64;
        mu_background *grown = MU_NEW(s->arena, mu_background, room);
        if (grown == NULL) {
            return mu_fail(err, MU_E_MEMORY, "out of memory for the background");
        }
        if (s->count > 0) {
            memcpy(grown, s->item, s->count * sizeof *grown);
        }
        s->item = grown;
        s->room = room;
    }
    s->item[s->count++] = (mu_background){(uint32_t)from, (uint32_t)to, weight};
    return MU_OK;
}

static mu_status no_stream(const char *piece, mu_error *err)
{
    return mu_fail(err, MU_E_USAGE,
                   "--background: expected FROM-TO, FROM-TO:WEIGHT or all-to-all:FIRST-LAST[:WEIGHT"
                   "], found \"%.64s\"",
                   piece);
}

static mu_status add_everyone(streams *s, uint64_t first, uint64_t last, double weight,
                              mu_error *err)
{
    mu_status status = MU_OK;
    for (uint64_t a = first; a <= last && status == MU_OK; a++) {
        for (uint64_t b = first; b <= last && status == MU_OK; b++) {
            status = a == b ? MU_OK : add_stream(s, a, b, weight, err);
        }
    }
    return status;
}

static mu_status read_stream(streams *s, const char *piece, mu_error *err)
{
    static const char everyone[] = "all-to-all:";
    enum { EVERYONE_RANKS = 4096 };
    bool all = strncmp(piece, everyone, sizeof everyone - 1) == 0;
    const char *at = all ? piece + sizeof everyone - 1 : piece;
    uint64_t first = 0;
    uint64_t last = 0;
    double weight = 1.0;
    if (!read_whole(&at, UINT32_MAX, &first) || *at++ != '-' ||
        !read_whole(&at, UINT32_MAX, &last) || first == last) {
        return no_stream(piece, err);
    }
    if (*at == ':' && (!mu_text_number(at + 1, &weight) || !(weight > 0.0 && weight <= 1e6))) {
        return no_stream(piece, err);
    }
    if (*at != '\0' && *at != ':') {
        return no_stream(piece, err);
    }
    if (all && (last < first || last - first >= EVERYONE_RANKS)) {
        return mu_fail(err, MU_E_USAGE,
                       "--background: expected all-to-all of 2 to %d ranks, found \"%.64s\"",
                       EVERYONE_RANKS, piece);
    }
    return all ? add_everyone(s, first, last, weight, err)
               : add_stream(s, first, last, weight, err);
}

static mu_status read_background(const char *text, uint32_t ranks, mu_arena *arena, mu_net_job *job,
                                 mu_error *err)
{
    char piece[PIECE_MAX];
    streams s = {.arena = arena, .ranks = ranks};
    mu_status status = MU_OK;
    while (status == MU_OK && next_piece(&text, piece)) {
        status = read_stream(&s, piece, err);
    }
    job->background = s.item;
    job->background_count = s.count;
    return status;
}

/* A field of dispatch and combine: its flag, what it is when nothing is said. */
static mu_status read_experts(const mu_net_wish *wish, mu_net_experts *moe, mu_error *err)
{
    *moe = (mu_net_experts){.tokens = 128.0,
                            .topk = 8,
                            .experts = 256,
                            .token_bytes = 7168.0,
                            .skew = 0.0,
                            .low_latency = wish->low_latency};
    uint32_t tokens = 0;
    mu_status status = MU_OK;
    if (wish->tokens != NULL) {
        status = read_count("tokens", wish->tokens, 1, 1000000000, &tokens, err);
        moe->tokens = (double)tokens;
    }
    if (status == MU_OK && wish->topk != NULL) {
        status = read_count("topk", wish->topk, 1, MU_EXPERT_TOPK_MAX, &moe->topk, err);
    }
    if (status == MU_OK && wish->experts != NULL) {
        status = read_count("experts", wish->experts, 1, MU_EXPERTS_MAX, &moe->experts, err);
    }
    if (status == MU_OK && wish->token_bytes != NULL) {
        status = read_quantity("token-bytes", wish->token_bytes, MU_DIM_BYTES, 1.0, 1e9,
                               &moe->token_bytes, err);
    }
    if (status == MU_OK && wish->skew != NULL) {
        status = read_quantity("skew", wish->skew, MU_DIM_NONE, 0.0, 10.0, &moe->skew, err);
    }
    if (status == MU_OK && moe->topk > moe->experts) {
        status = mu_fail(err, MU_E_USAGE, "--topk: expected at most the %u experts, found %u",
                         moe->experts, moe->topk);
    }
    return status;
}

/* Flags that say nothing without a job, or of another job. */
static mu_status check_flags(const mu_net_wish *wish, mu_error *err)
{
    bool asked = wish->collective != NULL || wish->schedule != NULL;
    bool moe = wish->collective != NULL && (mu_text_distance(wish->collective, "dispatch") == 0 ||
                                            mu_text_distance(wish->collective, "combine") == 0);
    const struct {
        const char *flag;
        bool said;
        bool fits;
    } flags[] = {{"size", wish->size != NULL, asked && !moe},
                 {"algorithm", wish->algorithm != NULL, asked && !moe && wish->schedule == NULL},
                 {"routing", wish->routing != NULL, asked},
                 {"ranks", wish->ranks != NULL, asked},
                 {"background", wish->background != NULL, asked},
                 {"inner", wish->inner != NULL, asked && !moe && wish->schedule == NULL},
                 {"copies", wish->copies != NULL, asked},
                 {"tokens", wish->tokens != NULL, moe},
                 {"topk", wish->topk != NULL, moe},
                 {"experts", wish->experts != NULL, moe},
                 {"token-bytes", wish->token_bytes != NULL, moe},
                 {"skew", wish->skew != NULL, moe},
                 {"low-latency", wish->low_latency, moe}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (flags[i].said && !flags[i].fits) {
            return mu_fail(err, MU_E_USAGE, "fabric: --%s says nothing %s", flags[i].flag,
                           !asked ? "without --collective or --schedule"
                                  : (moe ? "of dispatch and combine" : "of this collective"));
        }
    }
    return MU_OK;
}

mu_status mu_net_size_read(const char *text, double *out, mu_error *err)
{
    *out = BYTES_USUAL;
    return text == NULL ? MU_OK
                        : read_quantity("size", text, MU_DIM_BYTES, 0.0, BYTES_MOST, out, err);
}

static mu_status read_numbers(const mu_net_wish *wish, mu_net_job *job, mu_error *err)
{
    job->copies = 1;
    mu_status status = mu_net_size_read(wish->size, &job->bytes, err);
    if (status == MU_OK && wish->inner != NULL) {
        status = read_count("inner", wish->inner, 1, UINT32_MAX, &job->inner, err);
    }
    if (status == MU_OK && wish->copies != NULL) {
        status = read_count("copies", wish->copies, 1, 1000000, &job->copies, err);
    }
    return status;
}

static mu_status read_job(const mu_net_wish *wish, uint32_t ranks, mu_arena *arena, mu_net_job *job,
                          mu_error *err)
{
    mu_status status = MU_OK;
    if (wish->schedule != NULL) {
        job->what = MU_NET_SCHEDULE;
        job->schedule = wish->schedule;
        job->schedule_name = wish->schedule_name;
        job->named = wish->schedule_known;
        job->collective = wish->schedule_does;
    } else {
        status = read_collective(wish, job, err);
    }
    if (status == MU_OK) {
        status = read_numbers(wish, job, err);
    }
    if (status == MU_OK) {
        status = read_algorithm(wish->algorithm, &job->algorithm, err);
    }
    if (status == MU_OK) {
        status = read_routing(wish->routing, &job->routing, err);
    }
    if (status == MU_OK) {
        status = read_ranks(wish->ranks, ranks, arena, job, err);
    }
    if (status == MU_OK) {
        status = fit_members(wish, ranks, arena, job, err);
    }
    if (status == MU_OK) {
        status = read_background(wish->background, ranks, arena, job, err);
    }
    return status == MU_OK ? read_experts(wish, &job->moe, err) : status;
}

mu_status mu_net_job_read(const mu_net_wish *wish, uint32_t ranks, mu_arena *arena, mu_net_job *out,
                          mu_error *err)
{
    mu_net_job job = {.algorithm = -1, .copies = 1};
    mu_status status = check_flags(wish, err);
    if (status == MU_OK) {
        status = read_parts(wish->fail, arena, &job, err);
    }
    if (status == MU_OK && (wish->collective != NULL || wish->schedule != NULL)) {
        status = read_job(wish, ranks, arena, &job, err);
    }
    if (status == MU_OK) {
        *out = job;
    }
    return status;
}
