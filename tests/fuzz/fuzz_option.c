/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as an option's text, and as a scenario file: set within limits, or one message and the
 * scenario as it was. The first byte picks the option; with 0xff the rest is a scenario.
 */
#include "io/doc_read.h"
#include "study/option.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_number(const mu_option *option)
{
    return option->type == MU_OPTION_NUMBER || option->type == MU_OPTION_AUTO ||
           option->type == MU_OPTION_OFF;
}

/* Every number is finite and in its limits, or its initial value, or the 0 of auto and off. */
static void check_scenario(const mu_scenario *scenario)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    for (size_t i = 0; i < count; i++) {
        double value = 0.0;
        if (!is_number(&options[i])) {
            continue;
        }
        memcpy(&value, (const char *)scenario + options[i].offset, sizeof value);
        demand(isfinite(value));
        demand(value == 0.0 || value == options[i].initial ||
               (value >= options[i].low && value <= options[i].high));
    }
    demand(scenario->with_count <= MU_WITH_MAX);
    demand(scenario->warning_count <= MU_SCENARIO_WARNINGS_MAX);
    demand(memchr(scenario->model, '\0', sizeof scenario->model) != NULL);
}

static void check_message(const mu_error *err)
{
    demand(err->text[0] != '\0' && strchr(err->text, '\n') == NULL);
}

static void try_option(uint8_t which, const char *text)
{
    size_t count = 0;
    const mu_option *options = mu_options(&count);
    mu_scenario scenario;
    mu_error err = {0};
    mu_scenario_init(&scenario);
    if (mu_option_set(&options[which % count], text, &scenario, &err) != MU_OK) {
        check_message(&err);
    }
    check_scenario(&scenario);
}

static void try_scenario(const char *text, size_t length)
{
    mu_arena *arena = mu_arena_create(16 << 20);
    mu_scenario scenario;
    mu_error err = {0};
    mu_doc doc;
    demand(arena != NULL);
    mu_scenario_init(&scenario);
    if (mu_doc_read_text(arena, text, length, "", MU_DOC_AUTO, &doc, &err) == MU_OK) {
        if (mu_scenario_read(&doc, &scenario, &err) != MU_OK ||
            mu_scenario_settle(&scenario, &err) != MU_OK) {
            check_message(&err);
        }
        check_scenario(&scenario);
    }
    mu_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[4096];
    if (size < 1 || size > sizeof text) {
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    if (data[0] == 0xff) {
        try_scenario(text, size - 1);
    } else {
        try_option(data[0], text);
    }
    return 0;
}
