/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The option registry and how one option is set from text.
 *
 * What:  a static table; each row names a field of mu_scenario, its scenario key, flag, dimension
 *        and limits.
 * Why:   flags, scenario files, help, schema, man page and completion all read this one table.
 * Terms: path = dotted scenario key; a role is prefill, decode or serve.
 * Bound: limits are generous sanity limits of a scenario, not of what a system can do.
 */
#include "study/option.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { TEXT_PIECE_MAX = 512 };

#define AT(field) offsetof(mu_scenario, field)

#define NUMBER(path, flag, dimension, field, low, high, initial, value, doc)                       \
    {                                                                                              \
        path, flag, MU_OPTION_NUMBER, MU_DIM_##dimension, AT(field), low, high, initial, value,    \
            doc                                                                                    \
    }
#define AUTO(path, flag, dimension, field, low, high, initial, value, doc)                         \
    {                                                                                              \
        path, flag, MU_OPTION_AUTO, MU_DIM_##dimension, AT(field), low, high, initial, value, doc  \
    }
#define OFF(path, flag, dimension, field, low, high, initial, value, doc)                          \
    {                                                                                              \
        path, flag, MU_OPTION_OFF, MU_DIM_##dimension, AT(field), low, high, initial, value, doc   \
    }
#define WORD(path, flag, type, field, value, doc)                                                  \
    {                                                                                              \
        path, flag, MU_OPTION_##type, MU_DIM_TEXT, AT(field), 0, 0, 0, value, doc                  \
    }

/* clang-format off */
/* The rows of one role: `key` is its scenario prefix, `dash` its flag prefix. */
#define ROLE(role, key, dash)                                                                      \
    NUMBER(key "instances", dash "instances", COUNT, role.instances, 0, 1e6, 0, "N",               \
           "copies of this role"),                                                                 \
    NUMBER(key "tp", dash "tp", COUNT, role.tp, 0, 1e6, 0, "N", "tensor-parallel degree"),         \
    NUMBER(key "pp", dash "pp", COUNT, role.pp, 0, 1e4, 0, "N", "pipeline stages"),                \
    NUMBER(key "cp", dash "cp", COUNT, role.cp, 0, 1e6, 0, "N", "context-parallel degree"),        \
    NUMBER(key "dp", dash "dp", COUNT, role.dp, 0, 1e6, 0, "N", "data-parallel attention groups"), \
    NUMBER(key "ep", dash "ep", COUNT, role.ep, 0, 1e6, 0, "N", "expert-parallel degree"),         \
    NUMBER(key "moe_tp", dash "moe-tp", COUNT, role.moe_tp, 0, 1e6, 0, "N",                        \
           "tensor-parallel degree inside an expert"),                                             \
    NUMBER(key "redundant_experts", dash "redundant-experts", COUNT, role.redundant_experts, 0,    \
           1e6, -1, "N", "extra expert copies in the whole EP group"),                             \
    NUMBER(key "imbalance", dash "imbalance", NONE, role.imbalance, 1, 1e3, 0, "X",                \
           "busiest expert rank over the mean"),                                                   \
    NUMBER(key "batch", dash "batch", COUNT, role.batch, 0, 1e7, 0, "N",                           \
           "sequences in decode at once, per DP group"),                                           \
    NUMBER(key "batch_tokens", dash "batch-tokens", COUNT, role.batch_tokens, 0, 1e8, 0, "N",      \
           "tokens of one prefill step, per DP group"),                                            \
    NUMBER(key "microbatches", dash "microbatches", COUNT, role.microbatches, 0, 2, 0, "N",        \
           "2 = two batches overlap compute and communication"),                                   \
    NUMBER(key "mtp", dash "mtp", COUNT, role.mtp, 0, MU_ACCEPTANCE_MAX, -1, "N",                  \
           "draft tokens a decode step"),                                                          \
    {key "acceptance", dash "acceptance", MU_OPTION_ACCEPTANCE, MU_DIM_FRACTION,                  \
     AT(role.acceptance), 0, 1, 0, "P[,P...]",                                                     \
     "probability that a draft is accepted, or a list by position"},                               \
    WORD(key "chunked_prefill", dash "chunked-prefill", SWITCH, role.chunked_prefill, "yes|no",    \
         "prefill chunks share steps with decode"),                                                \
    WORD(key "chip", dash "chip", TEXT, role.chip, "CHIP",                                         \
         "chip of this role, where it is not the system's")

static const mu_option options[] = {
    WORD("model", "model", TEXT, model, "MODEL", "model id, or the path of a config.json"),
    WORD("system.id", "system", TEXT, system, "SYSTEM", "system id"),
    AUTO("system.chips", "chips", COUNT, chips, 1, 1e7, 0, "N", "chips in use; auto = as sold"),
    WORD("with", "with", LIST, with, "ID[,ID...]", "systems or chips to hold against it"),
    WORD("engine", "engine", TEXT, engine, "ENGINE", "serving engine: its overhead profile"),
    WORD("precision.weights", "weights", DTYPE, weights, "DTYPE", "format of the linear layers"),
    WORD("precision.activations", "activations", DTYPE, activations, "DTYPE",
         "format of the linear layers' inputs"),
    WORD("precision.kv", "kv", DTYPE, kv, "DTYPE", "format of the KV cache"),
    WORD("precision.experts", "experts", DTYPE, experts, "DTYPE",
         "format of the routed experts, where it differs"),
    WORD("precision.search", "search-precision", SWITCH, search_precision, "yes|no",
         "plan also tries every narrower format the chip multiplies"),
    NUMBER("workload.input", "input", COUNT, input, 1, 1e7, 4096, "N", "input tokens a request"),
    NUMBER("workload.output", "output", COUNT, output, 1, 1e7, 1024, "N",
           "output tokens a request"),
    AUTO("workload.concurrency", "concurrency", COUNT, concurrency, 1, 1e8, 0, "N",
         "requests in flight; auto = as many as memory and the SLO allow"),
    NUMBER("workload.rate", "rate", RATE, rate, 1e-6, 1e9, 0, "RATE",
           "requests that arrive, such as 100/s"),
    NUMBER("workload.requests", "requests", COUNT, requests, 1, 1e9, 0, "N",
           "requests in all, of one length, without a rate all there at the start; endless "
           "unless said"),
    NUMBER("workload.prefix_hit", "prefix-hit", FRACTION, prefix_hit, 0, 0.999, 0, "SHARE",
           "share of the input found in the prefix cache"),
    NUMBER("slo.ttft", "ttft", TIME, ttft_s, 1e-6, 1e6, 0, "TIME", "longest time to first token"),
    NUMBER("slo.tpot", "tpot", TIME, tpot_s, 1e-6, 1e6, 0, "TIME", "longest time per output token"),
    NUMBER("slo.e2e", "e2e", TIME, e2e_s, 1e-6, 1e6, 0, "TIME", "longest time of a whole request"),
    OFF("uncertainty.samples", "uncertainty", COUNT, samples, 1, 65536, 256, "N",
        "draws for the 90 % intervals; off = points only"),
    NUMBER("uncertainty.seed", "seed", COUNT, seed, 0, 9007199254740992.0, 1, "N",
           "seed of the draws"),
    AUTO("threads", "threads", COUNT, threads, 1, 256, 0, "N",
         "threads; auto = all cores; never changes an answer"),
    WORD("deployment.mode", "mode", MODE, mode, "MODE", "auto, aggregated or disaggregated"),
    ROLE(serve, "deployment.serve.", ""),
    ROLE(prefill, "deployment.prefill.", "prefill-"),
    ROLE(decode, "deployment.decode.", "decode-"),
};
/* clang-format on */

static const char *const mode_words[] = {"auto", "aggregated", "disaggregated"};

const mu_option *mu_options(size_t *count)
{
    *count = sizeof options / sizeof options[0];
    return options;
}

const mu_option *mu_option_by_flag(const char *flag)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (options[i].flag != NULL && strcmp(options[i].flag, flag) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const mu_option *mu_option_by_path(const char *path)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        if (strcmp(options[i].path, path) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

const char *mu_mode_text(mu_mode mode)
{
    assert((size_t)mode < sizeof mode_words / sizeof mode_words[0]);
    return mode_words[mode];
}

/* The field of an option; rows and fields agree in type by construction. */
static void *field_of(const mu_option *option, mu_scenario *scenario)
{
    assert(option->offset < sizeof *scenario);
    return (char *)scenario + option->offset;
}

/* The role whose wishes hold the field, or NULL. */
static mu_role_wish *role_of(const mu_option *option, mu_scenario *scenario)
{
    static const char *const keys[] = {"deployment.serve.", "deployment.prefill.",
                                       "deployment.decode."};
    mu_role_wish *const roles[] = {&scenario->serve, &scenario->prefill, &scenario->decode};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strncmp(option->path, keys[i], strlen(keys[i])) == 0) {
            return roles[i];
        }
    }
    return NULL;
}

static mu_status check_limits(const mu_option *option, double value, const char *text,
                              mu_error *err)
{
    if (option->dimension == MU_DIM_COUNT && value != floor(value)) {
        return mu_fail(err, MU_E_INPUT, "%s: expected a whole number, found \"%.64s\"",
                       option->path, text);
    }
    if (!(value >= option->low && value <= option->high)) {
        char low[32];
        char high[32];
        mu_text_exact(option->low, low);
        mu_text_exact(option->high, high);
        return mu_fail(err, MU_E_INPUT, "%s: expected %s to %s%s%s, found \"%.64s\"", option->path,
                       low, high, mu_unit_si(option->dimension)[0] == '\0' ? "" : " ",
                       mu_unit_si(option->dimension), text);
    }
    return MU_OK;
}

/* Requests per second are the field's own habit: a bare number is one, too. */
static mu_status parse_number(const mu_option *option, const char *text, double *out, mu_error *err)
{
    double value = 0.0;
    if (!(option->dimension == MU_DIM_RATE && mu_text_number(text, &value))) {
        mu_status status = mu_unit_parse(text, option->dimension, option->path, &value, err);
        if (status != MU_OK) {
            return status;
        }
    }
    mu_status status = check_limits(option, value, text, err);
    if (status == MU_OK) {
        *out = value;
    }
    return status;
}

static mu_status set_number(const mu_option *option, const char *text, double *out, mu_error *err)
{
    bool word =
        (option->type == MU_OPTION_AUTO && strcmp(text, "auto") == 0) ||
        (option->type == MU_OPTION_OFF && (strcmp(text, "off") == 0 || strcmp(text, "0") == 0));
    if (word) {
        *out = 0.0;
        return MU_OK;
    }
    return parse_number(option, text, out, err);
}

static mu_status set_switch(const mu_option *option, const char *text, int *out, mu_error *err)
{
    static const char *const no[] = {"no", "false", "off"};
    static const char *const yes[] = {"yes", "true", "on"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
        if (strcmp(text, no[i]) == 0 || strcmp(text, yes[i]) == 0) {
            *out = strcmp(text, yes[i]) == 0;
            return MU_OK;
        }
    }
    return mu_fail(err, MU_E_INPUT, "%s: expected yes or no, found \"%.64s\"", option->path, text);
}

static mu_status set_text(const mu_option *option, const char *text, char *out, mu_error *err)
{
    size_t length = strlen(text);
    if (length == 0 || length >= MU_ID_MAX) {
        return mu_fail(err, MU_E_INPUT, "%s: expected 1 to %d characters, found %zu", option->path,
                       MU_ID_MAX - 1, length);
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            return mu_fail(err, MU_E_INPUT, "%s: a control character at position %zu", option->path,
                           i + 1);
        }
    }
    memcpy(out, text, length + 1);
    return MU_OK;
}

static mu_status set_dtype(const mu_option *option, const char *text, int *out, mu_error *err)
{
    mu_dtype dtype = MU_DTYPE_BF16;
    if (mu_dtype_parse(text, &dtype)) {
        *out = (int)dtype;
        return MU_OK;
    }
    const char *names[MU_DTYPE_COUNT];
    for (int i = 0; i < MU_DTYPE_COUNT; i++) {
        names[i] = mu_dtype_text((mu_dtype)i);
    }
    const char *near = mu_text_nearest(text, names, MU_DTYPE_COUNT);
    return mu_fail(err, MU_E_INPUT,
                   "%s: expected one of fp32 tf32 bf16 fp16 fp8 fp8_block int8 int4 fp4, "
                   "found \"%.64s\"%s%s%s",
                   option->path, text, near ? "; did you mean \"" : "", near ? near : "",
                   near ? "\"?" : "");
}

static mu_status set_mode(const mu_option *option, const char *text, mu_mode *out, mu_error *err)
{
    for (size_t i = 0; i < sizeof mode_words / sizeof mode_words[0]; i++) {
        if (strcmp(text, mode_words[i]) == 0) {
            *out = (mu_mode)i;
            return MU_OK;
        }
    }
    return mu_fail(err, MU_E_INPUT,
                   "%s: expected auto, aggregated or disaggregated, found \"%.64s\"", option->path,
                   text);
}

/* Cuts the next comma-separated piece off *text into piece; false at the end. */
static bool next_piece(const char **text, char piece[TEXT_PIECE_MAX])
{
    if (*text == NULL) {
        return false;
    }
    const char *comma = strchr(*text, ',');
    size_t length = comma != NULL ? (size_t)(comma - *text) : strlen(*text);
    if (length >= TEXT_PIECE_MAX) {
        length = TEXT_PIECE_MAX - 1;
    }
    memcpy(piece, *text, length);
    piece[length] = '\0';
    *text = comma != NULL ? comma + 1 : NULL;
    return true;
}

static mu_status set_acceptance(const mu_option *option, const char *text, mu_role_wish *role,
                                mu_error *err)
{
    assert(role != NULL);
    double list[MU_ACCEPTANCE_MAX] = {0};
    uint32_t count = 0;
    char piece[TEXT_PIECE_MAX];
    while (next_piece(&text, piece)) {
        if (count == MU_ACCEPTANCE_MAX) {
            return mu_fail(err, MU_E_INPUT, "%s: expected at most %d numbers", option->path,
                           MU_ACCEPTANCE_MAX);
        }
        mu_status status = parse_number(option, piece, &list[count], err);
        if (status != MU_OK) {
            return status;
        }
        count++;
    }
    memcpy(role->acceptance, list, sizeof list);
    role->acceptance_count = count;
    return MU_OK;
}

static mu_status set_list(const mu_option *option, const char *text, mu_scenario *scenario,
                          mu_error *err)
{
    uint32_t count = scenario->with_count;
    char piece[TEXT_PIECE_MAX];
    while (next_piece(&text, piece)) {
        if (count == MU_WITH_MAX) {
            return mu_fail(err, MU_E_INPUT, "%s: expected at most %d ids", option->path,
                           MU_WITH_MAX);
        }
        mu_status status = set_text(option, piece, scenario->with[count], err);
        if (status != MU_OK) {
            return status;
        }
        count++;
    }
    scenario->with_count = count;
    return MU_OK;
}

static mu_status set_field(const mu_option *option, const char *text, mu_scenario *scenario,
                           mu_error *err)
{
    void *field = field_of(option, scenario);
    switch (option->type) {
    case MU_OPTION_NUMBER:
    case MU_OPTION_AUTO:
    case MU_OPTION_OFF:
        return set_number(option, text, field, err);
    case MU_OPTION_SWITCH:
        return set_switch(option, text, field, err);
    case MU_OPTION_TEXT:
        return set_text(option, text, field, err);
    case MU_OPTION_DTYPE:
        return set_dtype(option, text, field, err);
    case MU_OPTION_MODE:
        return set_mode(option, text, field, err);
    case MU_OPTION_ACCEPTANCE:
        return set_acceptance(option, text, role_of(option, scenario), err);
    case MU_OPTION_LIST:
        return set_list(option, text, scenario, err);
    }
    return mu_fail(err, MU_E_USAGE, "%s: no way to set it", option->path);
}

mu_status mu_option_set(const mu_option *option, const char *text, mu_scenario *scenario,
                        mu_error *err)
{
    assert(option != NULL && text != NULL && scenario != NULL);
    mu_status status = set_field(option, text, scenario, err);
    mu_role_wish *role = role_of(option, scenario);
    mu_scenario_topic topic;
    if (mu_scenario_topic_of(option->path, &topic)) {
        scenario->place[topic] = (mu_place){0}; /* said anew, not by the file */
    }
    if (status == MU_OK && role != NULL) {
        role->given = true;
    }
    return status;
}

void mu_scenario_init(mu_scenario *scenario)
{
    memset(scenario, 0, sizeof *scenario);
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        void *field = field_of(&options[i], scenario);
        switch (options[i].type) {
        case MU_OPTION_NUMBER:
        case MU_OPTION_AUTO:
        case MU_OPTION_OFF:
            *(double *)field = options[i].initial;
            break;
        case MU_OPTION_SWITCH:
        case MU_OPTION_DTYPE:
            *(int *)field = -1;
            break;
        default:
            break; /* all zero: empty text, mode auto, no list */
        }
    }
}
