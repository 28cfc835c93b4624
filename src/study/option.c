/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one option of the registry is set from text.
 *
 * Terms: a role is prefill, decode or serve.
 */
#include "study/option.h"

#include "base/text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_PIECE_MAX = 512 };

/* The field of an option; rows and fields agree in type by construction. */
static void *field_of(const mu_option *option, mu_scenario *scenario)
{
    assert(option->offset < sizeof *scenario);
    return (char *)scenario + option->offset;
}

bool mu_option_said(const mu_option *option, const mu_scenario *scenario)
{
    const void *field = (const char *)scenario + option->offset;
    switch (option->type) {
    case MU_OPTION_NUMBER:
    case MU_OPTION_AUTO:
    case MU_OPTION_OFF:
        return *(const double *)field != option->initial;
    case MU_OPTION_SWITCH:
    case MU_OPTION_DTYPE:
        return *(const int *)field >= 0;
    case MU_OPTION_CHOICE:
        return *(const int *)field > 0;
    case MU_OPTION_TEXT:
    case MU_OPTION_MONEY:
        return *(const char *)field != '\0';
    case MU_OPTION_NUMBERS:
        return ((const mu_numbers *)field)->count > 0;
    case MU_OPTION_LIST:
        return scenario->with_count > 0;
    }
    return false;
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

/* USD are held against the limits here; what others are worth only the catalogue knows. */
static mu_status set_money(const mu_option *option, const char *text, char *out, mu_error *err)
{
    double value = 0.0;
    size_t length = mu_unit_number_length(text);
    if (strcmp(text, "auto") == 0) {
        out[0] = '\0';
        return MU_OK;
    }
    if (length == 0 || !mu_unit_may_be_money(text + length, option->dimension)) {
        mu_status status = parse_number(option, text, &value, err);
        return status == MU_OK ? set_text(option, text, out, err) : status;
    }
    if (text[0] == '-') {
        return mu_fail(err, MU_E_INPUT, "%s: expected more than 0, found \"%.64s\"", option->path,
                       text);
    }
    return set_text(option, text, out, err);
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

/* "auto, aggregated or disaggregated" */
static void list_words(const mu_option *option, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < option->words && used < size; i++) {
        const char *before = i == 0 ? "" : (i + 1 == option->words ? " or " : ", ");
        used += (size_t)snprintf(out + used, size - used, "%s%s", before, option->word[i]);
    }
}

static mu_status set_choice(const mu_option *option, const char *text, void *out, mu_error *err)
{
    static_assert(sizeof(mu_mode) == sizeof(int), "a choice is kept in an int or an enum");
    for (size_t i = 0; i < option->words; i++) {
        if (strcmp(text, option->word[i]) == 0) {
            int chosen = (int)i;
            memcpy(out, &chosen, sizeof chosen);
            return MU_OK;
        }
    }
    char words[256];
    list_words(option, words, sizeof words);
    return mu_fail(err, MU_E_INPUT, "%s: expected %s, found \"%.64s\"", option->path, words, text);
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

static mu_status set_numbers(const mu_option *option, const char *text, mu_numbers *out,
                             mu_error *err)
{
    mu_numbers list = {0};
    char piece[TEXT_PIECE_MAX];
    while (next_piece(&text, piece)) {
        if (list.count == MU_NUMBERS_MAX) {
            return mu_fail(err, MU_E_INPUT, "%s: expected at most %d numbers", option->path,
                           MU_NUMBERS_MAX);
        }
        mu_status status = parse_number(option, piece, &list.value[list.count], err);
        if (status != MU_OK) {
            return status;
        }
        list.count++;
    }
    *out = list;
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
    case MU_OPTION_MONEY:
        return set_money(option, text, field, err);
    case MU_OPTION_DTYPE:
        return set_dtype(option, text, field, err);
    case MU_OPTION_CHOICE:
        return set_choice(option, text, field, err);
    case MU_OPTION_NUMBERS:
        return set_numbers(option, text, field, err);
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
    if (status == MU_OK && option->offset == offsetof(mu_scenario, input)) {
        scenario->input_length.histogram[0] = '\0';
    }
    if (status == MU_OK && option->offset == offsetof(mu_scenario, output)) {
        scenario->output_length.histogram[0] = '\0';
    }
    return status;
}

void mu_scenario_init(mu_scenario *scenario)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    memset(scenario, 0, sizeof *scenario);
    for (size_t i = 0; i < count; i++) {
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
            break; /* all zero: empty text, the first word, no list */
        }
    }
}
