/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   every entity of the catalogue can be listed and shown in every form, and running out of
 *         memory anywhere on the way is a status, not a crash.
 * Method: all kinds and all entities through text, CSV and JSON; each fact shown has a grade and a
 *         source; then the same with arenas of every size up to enough.
 */
#include "io/catalog_load.h"
#include "report/entity.h"
#include "report/peaks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static mu_catalog *load(void **state)
{
    mu_error err = {0};
    mu_catalog *catalog = NULL;
    assert_int_equal(mu_catalog_load(*state, NULL, &catalog, &err), MU_OK);
    return catalog;
}

static int set_up(void **state)
{
    *state = mu_arena_create(0);
    return *state == NULL;
}

static int tear_down(void **state)
{
    mu_arena_free(*state);
    return 0;
}

static void lists(void **state)
{
    mu_catalog *catalog = load(state);
    for (int kind = 0; kind < MU_ENTITY_KIND_COUNT; kind++) {
        mu_error err = {0};
        mu_table *table = NULL;
        json_t *json = NULL;
        uint32_t count = mu_catalog_count(catalog, (mu_entity_kind)kind);
        for (int style = MU_CELL_PEOPLE; style <= MU_CELL_EXACT; style++) {
            assert_int_equal(mu_entity_list(catalog, (mu_entity_kind)kind, (mu_cell_style)style,
                                            *state, &table, &err),
                             MU_OK);
            assert_int_equal(mu_table_rows(table), count);
        }
        assert_int_equal(mu_entity_list_json(catalog, (mu_entity_kind)kind, &json, &err), MU_OK);
        assert_int_equal(json_array_size(json), count);
        json_decref(json);
    }
}

static void check_facts(const json_t *shown)
{
    const json_t *facts = json_object_get(shown, "facts");
    for (size_t i = 0; i < json_array_size(facts); i++) {
        const json_t *fact = json_array_get(facts, i);
        const json_t *value = json_object_get(fact, "value");
        const char *grade = json_string_value(json_object_get(fact, "grade"));
        const char *source = json_string_value(json_object_get(fact, "source"));
        assert_non_null(grade);
        assert_true(grade[0] >= 'A' && grade[0] <= 'D');
        assert_true(source != NULL && source[0] != '\0');
        if (json_is_number(value)) {
            double best = json_number_value(value);
            assert_true(json_number_value(json_object_get(fact, "low")) <= best);
            assert_true(json_number_value(json_object_get(fact, "high")) >= best);
        }
    }
    assert_true(json_array_size(facts) == 0 ||
                json_array_size(json_object_get(shown, "sources")) > 0);
}

static void check_entity(const mu_catalog *catalog, const mu_entity *entity, FILE *out)
{
    mu_error err = {0};
    json_t *json = NULL;
    mu_arena *arena = mu_arena_create(0);
    mu_page page = {.out = out, .arena = arena};
    assert_int_equal(mu_entity_print(&page, catalog, entity, &err), MU_OK);
    assert_int_equal(mu_entity_csv(&page, catalog, entity, &err), MU_OK);
    assert_int_equal(mu_entity_json(catalog, entity, arena, &json, &err), MU_OK);
    assert_string_equal(json_string_value(json_object_get(json, "id")), entity->id);
    check_facts(json);
    json_decref(json);
    mu_arena_free(arena);
}

static void every_entity(void **state)
{
    mu_catalog *catalog = load(state);
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    for (int kind = 0; kind < MU_ENTITY_KIND_COUNT; kind++) {
        for (uint32_t i = 0; i < mu_catalog_count(catalog, (mu_entity_kind)kind); i++) {
            check_entity(catalog, mu_catalog_at(catalog, (mu_entity_kind)kind, i), out);
        }
    }
    fclose(out);
}

/* Peaks of the whole are those of a chip times the chips; power scales with the chips in use. */
static void peaks(void **state)
{
    mu_catalog *catalog = load(state);
    const mu_entity *system = NULL;
    mu_error err = {0};
    mu_peak sold[MU_PEAKS_MAX];
    mu_peak twice[MU_PEAKS_MAX];
    uint32_t count = 0;
    assert_int_equal(mu_catalog_find_any(catalog, "cloudmatrix-384", &system, &err), MU_OK);
    assert_int_equal(mu_peaks(catalog, system, 0.0, sold, &count, &err), MU_OK);
    assert_int_equal(mu_peaks(catalog, system, 768.0, twice, &count, &err), MU_OK);
    assert_true(sold[0].quantity.value == 384.0);
    double chip = 0.0;
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(sold[i].key, "bf16") == 0) {
            chip = sold[i].quantity.value;
        } else if (strcmp(sold[i].key, "total_bf16") == 0) {
            assert_true(sold[i].quantity.value == 384.0 * chip);
        } else if (strcmp(sold[i].key, "power") == 0 && sold[i].known) {
            assert_true(twice[i].quantity.value == 2.0 * sold[i].quantity.value);
        }
    }
    assert_true(chip > 0.0);
}

/* One pass with an arena of `limit` bytes; true when that was enough. */
static bool fits(const mu_catalog *catalog, const mu_entity *entity, size_t limit, FILE *out)
{
    mu_error err = {0};
    mu_table *table = NULL;
    mu_arena *arena = mu_arena_create(limit);
    assert_non_null(arena);
    mu_page page = {.out = out, .arena = arena};
    mu_status status =
        mu_entity_list(catalog, MU_ENTITY_SYSTEM, MU_CELL_PEOPLE, arena, &table, &err);
    if (status == MU_OK) {
        status = mu_table_print(table, out, false, &err);
    }
    if (status == MU_OK) {
        status = mu_entity_print(&page, catalog, entity, &err);
    }
    assert_true(status == MU_OK || status == MU_E_MEMORY);
    mu_arena_free(arena);
    return status == MU_OK;
}

static void out_of_memory(void **state)
{
    mu_catalog *catalog = load(state);
    const mu_entity *entity = NULL;
    mu_error err = {0};
    FILE *out = fopen("/dev/null", "w");
    size_t limit = 64;
    assert_int_equal(mu_catalog_find_any(catalog, "ascend-910c", &entity, &err), MU_OK);
    while (!fits(catalog, entity, limit, out)) {
        limit += limit / 8 + 64;
        assert_true(limit < (64 << 20));
    }
    assert_true(limit > 64);
    fclose(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_entity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(peaks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(out_of_memory, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
