/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   entities are found, facts read and inherited rightly, and nothing that breaks the
 *         schema gets in without its place being named.
 * Method: a small catalogue by hand; a table of faulty documents with the message each must give;
 *         then the compiled-in catalogue: all of it checks, every entity the design names is
 *         there.
 */
#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "catalog/schema.h"
#include "io/catalog_load.h"
#include "io/doc_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DOCS_MAX = 16 };

static mu_arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = mu_arena_create(0);
    return arena == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    mu_arena_free(arena);
    return 0;
}

static const char sources[] = "sources:\n"
                              "  - {id: paper, title: A paper, date: 2025-06, url: https://x.org}\n"
                              "  - {id: talk, title: A talk}\n";
static const char parent[] =
    "kind: chip\n"
    "id: old\n"
    "name: Old Chip\n"
    "vendor: Acme\n"
    "aliases: [Older, o-1]\n"
    "launched: 2024-05\n"
    "ranks_per_chip: 2\n"
    "peak:\n"
    "  bf16: {best: 300, low: 280, high: 320, unit: TFLOP/s, grade: A, source: paper}\n"
    "  int8: {best: 600, unit: TOP/s, grade: A, source: paper}\n"
    "memory:\n"
    "  capacity: {best: 64, unit: GiB, grade: A, source: paper}\n"
    "  bandwidth: {low: 1, high: 4, unit: TB/s, grade: C, source: talk}\n"
    "  type: {text: HBM2E, grade: B, source: talk}\n"
    "cores: {best: 20, grade: D, source: talk, note: counted on a photo}\n"
    "reported:\n"
    "  speed: {best: 3, unit: frogs/s, grade: C, source: talk}\n"
    "  warm_up: {best: 3, unit: ms, grade: C, source: talk}\n";
static const char child[] = "kind: chip\n"
                            "id: new\n"
                            "name: New Chip\n"
                            "inherits: Older\n"
                            "peak:\n"
                            "  bf16: {best: 400, unit: TFLOP/s, grade: A, source: paper}\n"
                            "  int8: ~\n"
                            "reported:\n"
                            "  more: {best: 1, grade: C, source: talk}\n";
static const char system_text[] =
    "kind: system\n"
    "id: box\n"
    "name: Box\n"
    "chip: new\n"
    "chips: 8\n"
    "tiers:\n"
    "  - name: link\n"
    "    kind: mesh\n"
    "    span: 8\n"
    "    bandwidth: {best: 200, unit: GB/s, grade: A, source: paper}\n"
    "  - name: net\n"
    "    span: 1024\n"
    "    bandwidth: {best: 100, unit: Gb/s, grade: A, source: paper}\n";

static mu_doc parsed(const char *text, const char *file)
{
    mu_doc doc = {0};
    mu_error err = {0};
    if (mu_doc_read_text(arena, text, strlen(text), file, MU_DOC_YAML, &doc, &err) != MU_OK) {
        fail_msg("%s:%u:%u: %s", file, err.line, err.column, err.text);
    }
    return doc;
}

/* The four good documents and up to two more. */
static mu_status create(const char *extra, const char *more, mu_catalog **out, mu_error *err)
{
    mu_doc *docs = MU_NEW(arena, mu_doc, DOCS_MAX);
    assert_non_null(docs);
    uint32_t count = 0;
    docs[count++] = parsed(child, "child.yaml");
    docs[count++] = parsed(parent, "parent.yaml");
    docs[count++] = parsed(sources, "sources.yaml");
    docs[count++] = parsed(system_text, "system.yaml");
    if (extra != NULL) {
        docs[count++] = parsed(extra, "extra.yaml");
    }
    if (more != NULL) {
        docs[count++] = parsed(more, "more.yaml");
    }
    *err = (mu_error){.status = MU_OK};
    return mu_catalog_create(arena, docs, count, 0, out, err);
}

static mu_catalog *good(void)
{
    mu_catalog *catalog = NULL;
    mu_error err;
    if (create(NULL, NULL, &catalog, &err) != MU_OK) {
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.text);
    }
    return catalog;
}

static const mu_entity *entity(const mu_catalog *catalog, mu_entity_kind kind, const char *id)
{
    const mu_entity *found = NULL;
    assert_int_equal(mu_catalog_find(catalog, kind, id, &found, NULL), MU_OK);
    return found;
}

static mu_fact fact_of(const mu_catalog *catalog, const mu_entity *of, const char *path)
{
    mu_fact fact = {0};
    mu_error err = {0};
    if (mu_catalog_fact(catalog, of, path, true, &fact, &err) != MU_OK) {
        fail_msg("%s: %s", path, err.text);
    }
    return fact;
}

static void finding(void **state)
{
    (void)state;
    mu_catalog *catalog = good();
    assert_string_equal(entity(catalog, MU_ENTITY_CHIP, "OLD")->name, "Old Chip");
    assert_string_equal(entity(catalog, MU_ENTITY_CHIP, "O-1")->id, "old");
    assert_string_equal(entity(catalog, MU_ENTITY_CHIP, "new")->vendor, "Acme");
    assert_string_equal(entity(catalog, MU_ENTITY_SYSTEM, "box")->vendor, "");
    assert_int_equal(mu_catalog_count(catalog, MU_ENTITY_CHIP), 2);
    assert_int_equal(mu_catalog_count(catalog, MU_ENTITY_CLOUD), 0);
    assert_string_equal(mu_catalog_at(catalog, MU_ENTITY_CHIP, 0)->id, "new");
    assert_string_equal(mu_catalog_at(catalog, MU_ENTITY_CHIP, 1)->id, "old");
    const mu_entity *found = NULL;
    assert_int_equal(mu_catalog_find_any(catalog, "box", &found, NULL), MU_OK);
    assert_int_equal(found->kind, MU_ENTITY_SYSTEM);

    mu_error err = {0};
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CHIP, "oldr", &found, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "unknown chip \"oldr\"; did you mean \"old"));
    err = (mu_error){.status = MU_OK};
    assert_int_equal(mu_catalog_find_any(catalog, "zzzzzzzz", &found, &err), MU_E_INPUT);
    assert_null(strstr(err.text, "did you mean"));

    assert_string_equal(mu_catalog_source(catalog, "paper")->url, "https://x.org");
    assert_null(mu_catalog_source(catalog, "nobody"));
}

static void facts(void **state)
{
    (void)state;
    mu_catalog *catalog = good();
    const mu_entity *old = entity(catalog, MU_ENTITY_CHIP, "old");
    mu_fact f = fact_of(catalog, old, "peak.bf16");
    assert_true(f.range.best == 300e12 && f.range.low == 280e12 && f.range.high == 320e12);
    assert_int_equal(f.dimension, MU_DIM_FLOP_RATE);
    assert_int_equal(f.grade, 'A');
    assert_string_equal(f.source, "paper");
    assert_string_equal(f.unit, "TFLOP/s");
    assert_string_equal(f.note, "");

    f = fact_of(catalog, old, "memory.capacity");
    assert_true(f.range.best == 64.0 * 1024 * 1024 * 1024);
    assert_true(f.range.low == f.range.best && f.range.high == f.range.best);
    f = fact_of(catalog, old, "memory.bandwidth"); /* no best: sqrt(1 * 4) */
    assert_true(f.range.best == 2e12 && f.range.low == 1e12 && f.range.high == 4e12);
    f = fact_of(catalog, old, "memory.type");
    assert_string_equal(f.text, "HBM2E");
    assert_int_equal(f.dimension, MU_DIM_TEXT);
    f = fact_of(catalog, old, "reported.speed");
    assert_true(f.range.best == 3.0 && f.dimension == MU_DIM_NONE);
    assert_string_equal(f.unit, "frogs/s");
    f = fact_of(catalog, old, "reported.warm_up");
    assert_true(f.range.best == 3e-3 && f.dimension == MU_DIM_TIME);
    assert_string_equal(mu_catalog_text(catalog, old, "launched"), "2024-05");
    assert_string_equal(mu_catalog_text(catalog, old, "memory.type"), "HBM2E");
    assert_null(mu_catalog_text(catalog, old, "note"));

    mu_error err = {0};
    assert_int_equal(mu_catalog_fact(catalog, old, "clock", true, &f, &err), MU_E_INPUT);
    assert_non_null(strstr(err.text, "\"old\" does not say its clock"));
    assert_int_equal(mu_catalog_fact(catalog, old, "clock", false, &f, NULL), MU_OK);
    assert_null(f.path);
    assert_int_equal(mu_catalog_fact(catalog, old, "colour", true, &f, NULL), MU_E_INPUT);
    assert_int_equal(mu_catalog_fact(catalog, old, "memory", false, &f, NULL), MU_E_INPUT);
}

static void inheritance(void **state)
{
    (void)state;
    mu_catalog *catalog = good();
    const mu_entity *new = entity(catalog, MU_ENTITY_CHIP, "new");
    mu_fact f = fact_of(catalog, new, "peak.bf16");
    assert_true(f.range.best == 400e12);
    assert_string_equal(f.entity, "new");
    f = fact_of(catalog, new, "memory.capacity");
    assert_string_equal(f.entity, "old");
    assert_int_equal(mu_catalog_fact(catalog, new, "peak.int8", false, &f, NULL), MU_OK);
    assert_null(f.path); /* ~ undoes it */
    const mu_entity *stated_by = NULL;
    assert_non_null(mu_catalog_node(catalog, new, "ranks_per_chip", &stated_by));
    assert_string_equal(stated_by->id, "old");
    assert_null(mu_catalog_node(catalog, new, "aliases", NULL)); /* the parent's own */

    const mu_fact *all = NULL;
    uint32_t count = 0;
    assert_int_equal(mu_catalog_facts(catalog, new, arena, &all, &count, NULL), MU_OK);
    static const char *const paths[] = {"peak.bf16",      "memory.capacity", "memory.bandwidth",
                                        "memory.type",    "cores",           "reported.more",
                                        "reported.speed", "reported.warm_up"};
    assert_int_equal(count, sizeof paths / sizeof paths[0]);
    for (uint32_t i = 0; i < count; i++) {
        assert_string_equal(all[i].path, paths[i]);
    }
}

static void named_lists(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err;
    assert_int_equal(create("kind: system\nid: box-2\nname: Box 2\ninherits: box\n"
                            "tiers:\n  - name: net\n    span: 2048\n",
                            NULL, &catalog, &err),
                     MU_OK);
    const mu_entity *box = entity(catalog, MU_ENTITY_SYSTEM, "box-2");
    assert_string_equal(mu_catalog_node(catalog, box, "tiers.net.span", NULL)->text, "2048");
    assert_true(fact_of(catalog, box, "tiers.net.bandwidth").range.best == 100e9 / 8);
    assert_true(fact_of(catalog, box, "tiers.link.bandwidth").range.best == 200e9);
    assert_null(mu_catalog_node(catalog, box, "tiers.air.span", NULL));
}

static void overlays(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err;
    assert_int_equal(create("kind: chip\nid: old\nname: Better Old\n"
                            "cores: {best: 30, grade: A, source: mine}\n",
                            "sources: [{id: mine, title: My bench}, {id: talk, title: New talk}]",
                            &catalog, &err),
                     MU_E_INPUT); /* `Older` of the parent is gone: the child's inherits: breaks */
    assert_non_null(strstr(err.text, "unknown chip \"Older\""));
    assert_string_equal(err.file, "child.yaml");
    assert_int_equal(err.line, 4);
    assert_int_equal(create("kind: chip\nid: old\nname: Better Old\naliases: [older]\n"
                            "cores: {best: 30, grade: A, source: mine}\n",
                            "sources: [{id: mine, title: My bench}, {id: talk, title: New talk}]",
                            &catalog, &err),
                     MU_OK);
    assert_int_equal(mu_catalog_count(catalog, MU_ENTITY_CHIP), 2);
    const mu_entity *old = entity(catalog, MU_ENTITY_CHIP, "old");
    assert_string_equal(old->name, "Better Old");
    assert_true(fact_of(catalog, old, "cores").range.best == 30.0);
    assert_string_equal(mu_catalog_source(catalog, "talk")->title, "New talk");
    mu_fact f;
    assert_int_equal(mu_catalog_fact(catalog, old, "peak.bf16", false, &f, NULL), MU_OK);
    assert_null(f.path); /* replaced, not merged */
}

/* A chip that adds `body` must be refused in this line with these words. */
typedef struct faulty {
    const char *body;
    uint32_t line;
    uint32_t column;
    const char *says;
} faulty;

static const faulty faulty_chips[] = {
    {"memmory: {}\n", 4, 1, "unknown key \"memmory\"; did you mean \"memory\"?"},
    {"memory:\n  bandwith: {best: 1, unit: TB/s, grade: A, source: paper}\n", 5, 3,
     "did you mean \"bandwidth\"?"},
    {"peak:\n  bf61: {best: 1, unit: TFLOP/s, grade: A, source: paper}\n", 5, 3, "\"bf16\"?"},
    {"memory: 12\n", 4, 1, "expected a map"},
    {"cores: 12\n", 4, 1, "expected a fact"},
    {"cores: {best: 12, grade: A}\n", 4, 1, "needs a source"},
    {"cores: {best: 12, grade: A, source: papre}\n", 4, 29, "did you mean \"paper\"?"},
    {"cores: {best: 12, source: paper}\n", 4, 1, "expected grade:"},
    {"cores: {best: 12, grade: E, source: paper}\n", 4, 19, "found E"},
    {"cores: {best: 12, grade: D, source: paper}\n", 4, 1, "needs a note"},
    {"cores: {best: 12, low: 13, grade: A, source: paper}\n", 4, 1, "low <= best <= high"},
    {"cores: {best: 12, high: 11, grade: A, source: paper}\n", 4, 1, "low <= best <= high"},
    {"cores: {best: -1, grade: A, source: paper}\n", 4, 9, "cores"},
    {"cores: {best: nan, grade: A, source: paper}\n", 4, 9, "cores"},
    {"cores: {best: 1e999, grade: A, source: paper}\n", 4, 9, "cores"},
    {"cores: {best: \"12\", grade: A, source: paper}\n", 4, 9, "cores"},
    {"cores: {low: 11, high: 12, grade: A, source: paper}\n", 4, 1, "cannot have grade A"},
    {"cores: {low: 11, grade: C, source: paper}\n", 4, 1, "expected best:"},
    {"cores: {best: 12, grade: A, sauce: paper, source: paper}\n", 4, 29, "\"sauce\""},
    {"cores: {best: 12, unit: GB, grade: A, source: paper}\n", 4, 19, "cores"},
    {"l2: {best: 12, grade: A, source: paper}\n", 4, 1, "expected unit: of a size"},
    {"l2: {best: 12, unit: GB/s, grade: A, source: paper}\n", 4, 16, "l2"},
    {"l2: {text: big, grade: A, source: paper}\n", 4, 6, "found text"},
    {"memory:\n  type: {best: 3, grade: A, source: paper}\n", 5, 3, "expected text:"},
    {"ranks_per_chip: 0\n", 4, 1, "ranks_per_chip"},
    {"ranks_per_chip: 1.5\n", 4, 1, "ranks_per_chip"},
    {"dies:\n", 4, 1, "expected a value"},
    {"aliases: old\n", 4, 1, "list"},
    {"aliases: [old]\n", 2, 1, "already names the chip \"old\""},
    {"calibration: [nothing]\n", 4, 15, "unknown calibration"},
    {"inherits: nobody\n", 4, 1, "unknown chip \"nobody\""},
    {"inherits: bad\n", 4, 1, "circle"},
    {"reported:\n  a.b: {best: 3, grade: A, source: paper}\n", 5, 3, "no dot"},
    {"tiers: []\n", 4, 1, "unknown key \"tiers\""},
};

static void schema(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof faulty_chips / sizeof faulty_chips[0]; i++) {
        const faulty *c = &faulty_chips[i];
        char text[512];
        (void)snprintf(text, sizeof text, "kind: chip\nid: bad\nname: Bad\n%s", c->body);
        mu_catalog *catalog = NULL;
        mu_error err;
        mu_status status = create(text, NULL, &catalog, &err);
        bool fits = status == MU_E_INPUT && strstr(err.text, c->says) != NULL &&
                    err.line == c->line && err.column == c->column &&
                    strcmp(err.file, "extra.yaml") == 0;
        if (!fits) {
            fail_msg("%s: got %d %s:%u:%u: %s", c->body, (int)status, err.file, err.line,
                     err.column, err.text);
        }
        assert_null(catalog);
    }
}

static void heads(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } bad[] = {
        {"id: x\nname: X\n", "expected kind:"},
        {"kind: chop\nid: x\nname: X\n", "did you mean \"chip\""},
        {"kind: chip\nname: X\n", "expected id:"},
        {"kind: chip\nid: Not OK\nname: X\n", "expected id:"},
        {"kind: chip\nid: x\n", "expected name:"},
        {"- kind: chip\n", "expected a map"},
        {"sources: 3\n", "list of sources"},
        {"sources: [{id: a}]\n", "title"},
        {"sources: [{id: a, title: A, ulr: x}]\n", "\"ulr\""},
        {"sources: [{id: a, title: A}, {id: a, title: B}]\n", "twice"},
        {"kind: system\nid: s\nname: S\nchip: newer\n", "unknown chip \"newer\""},
        {"kind: system\nid: s\nname: S\ntiers:\n  - kind: mesh\n", "name:"},
        {"kind: system\nid: s\nname: S\ntiers: [{name: a}, {name: a}]\n", "this name"},
        {"kind: system\nid: s\nname: S\ntiers: [{name: a, spam: 3}]\n", "did you mean \"span\""},
        {"kind: calibration\nid: c\nname: C\nparams: {x: {best: 1, unit: ms, grade: A, "
         "source: paper}}\n",
         "carries its unit"},
        {"kind: calibration\nid: c\nname: C\ngrade: A\nparams: {x: {best: 1}}\n", "source"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        mu_catalog *catalog = NULL;
        mu_error err;
        mu_status status = create(bad[i].text, NULL, &catalog, &err);
        if (status != MU_E_INPUT || strstr(err.text, bad[i].says) == NULL) {
            fail_msg("%s: got %d: %s", bad[i].text, (int)status, err.text);
        }
    }
}

static void circle(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err;
    assert_int_equal(create("kind: chip\nid: a\nname: A\ninherits: b\n",
                            "kind: chip\nid: b\nname: B\ninherits: a\n", &catalog, &err),
                     MU_E_INPUT);
    assert_non_null(strstr(err.text, "circle"));
}

static void calibration_defaults(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err;
    assert_int_equal(create("kind: calibration\nid: c\nname: C\ngrade: B\nsource: paper\n"
                            "params:\n  x_us: {best: 3, low: 2, high: 5}\n"
                            "  y: {best: -1, grade: A, source: talk}\n",
                            NULL, &catalog, &err),
                     MU_OK);
    const mu_entity *c = entity(catalog, MU_ENTITY_CALIBRATION, "c");
    mu_fact f = fact_of(catalog, c, "params.x_us");
    assert_true(f.range.best == 3.0 && f.range.high == 5.0 && f.grade == 'B');
    assert_string_equal(f.source, "paper");
    f = fact_of(catalog, c, "params.y");
    assert_true(f.range.best == -1.0 && f.grade == 'A');
    assert_string_equal(f.source, "talk");
}

/* The compiled-in catalogue. */

static void facts_are_sound(const mu_catalog *catalog, const mu_entity *e)
{
    const mu_fact *all = NULL;
    uint32_t count = 0;
    mu_error err = {0};
    if (mu_catalog_facts(catalog, e, arena, &all, &count, &err) != MU_OK) {
        fail_msg("%s: %s", e->id, err.text);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_non_null(mu_catalog_source(catalog, all[i].source));
        assert_in_range(all[i].grade, 'A', 'D');
    }
}

static void builtin_is_sound(void **state)
{
    (void)state;
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    if (mu_catalog_create(arena, mu_builtin_docs, mu_builtin_doc_count, 0, &catalog, &err)) {
        fail_msg("%s:%u:%u: %s", err.file, err.line, err.column, err.text);
    }
    for (int kind = 0; kind < MU_ENTITY_KIND_COUNT; kind++) {
        uint32_t count = mu_catalog_count(catalog, (mu_entity_kind)kind);
        assert_int_not_equal(count, 0);
        for (uint32_t i = 0; i < count; i++) {
            facts_are_sound(catalog, mu_catalog_at(catalog, (mu_entity_kind)kind, i));
        }
    }
}

/* What design section 4 says must be there. */
static void builtin_has_all(void **state)
{
    (void)state;
    static const struct {
        mu_entity_kind kind;
        const char *id;
    } named[] = {
        {MU_ENTITY_CHIP, "h20"},           {MU_ENTITY_CHIP, "h100-sxm"},
        {MU_ENTITY_CHIP, "h200-sxm"},      {MU_ENTITY_CHIP, "h800-sxm"},
        {MU_ENTITY_CHIP, "a100-sxm-80gb"}, {MU_ENTITY_CHIP, "b200-sxm"},
        {MU_ENTITY_CHIP, "b300-sxm"},      {MU_ENTITY_SYSTEM, "gb200-nvl72"},
        {MU_ENTITY_SYSTEM, "gb300-nvl72"}, {MU_ENTITY_CHIP, "ascend-910b"},
        {MU_ENTITY_CHIP, "ascend-910c"},   {MU_ENTITY_SYSTEM, "cloudmatrix-384"},
        {MU_ENTITY_CHIP, "ascend-950pr"},  {MU_ENTITY_CHIP, "ascend-950dt"},
        {MU_ENTITY_CHIP, "ppu-zw810e"},    {MU_ENTITY_CHIP, "metax-c500"},
        {MU_ENTITY_CHIP, "metax-c550"},    {MU_ENTITY_CHIP, "metax-c600"},
        {MU_ENTITY_CHIP, "mlu370-x8"},     {MU_ENTITY_CHIP, "mlu590"},
        {MU_ENTITY_CHIP, "mlu690"},        {MU_ENTITY_CHIP, "kunlun-p800"},
        {MU_ENTITY_CHIP, "kunlun-m100"},   {MU_ENTITY_CHIP, "kunlun-m300"},
        {MU_ENTITY_CHIP, "mi300x"},        {MU_ENTITY_CHIP, "mi355x"},
        {MU_ENTITY_ENGINE, "vllm"},        {MU_ENTITY_ENGINE, "sglang"},
        {MU_ENTITY_ENGINE, "trtllm"},      {MU_ENTITY_ENGINE, "mindie"},
        {MU_ENTITY_MODEL, "deepseek-r1"},  {MU_ENTITY_PROCESS, "smic-n2"},
        {MU_ENTITY_PROCESS, "tsmc-n7"},    {MU_ENTITY_PROCESS, "tsmc-n4"},
    };
    mu_catalog *catalog = NULL;
    assert_int_equal(mu_catalog_load(arena, NULL, &catalog, NULL), MU_OK);
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        const mu_entity *found = NULL;
        mu_error err = {0};
        if (mu_catalog_find(catalog, named[i].kind, named[i].id, &found, &err) != MU_OK) {
            fail_msg("%s", err.text);
        }
    }
}

/* docs/catalogue.md lists every key there is. */
static void documented(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    assert_int_equal(mu_file_read("docs/catalogue.md", 1000000, &text, &length, NULL), MU_OK);
    uint32_t count = 0;
    const mu_schema_item *items = mu_schema_items(&count);
    for (uint32_t i = 0; i < count; i++) {
        char row[MU_PATH_MAX];
        (void)snprintf(row, sizeof row, "| `%s` |", items[i].pattern);
        if (strstr(text, row) == NULL) {
            fail_msg("docs/catalogue.md lacks %s", row);
        }
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finding),
        cmocka_unit_test(facts),
        cmocka_unit_test(inheritance),
        cmocka_unit_test(named_lists),
        cmocka_unit_test(overlays),
        cmocka_unit_test(schema),
        cmocka_unit_test(heads),
        cmocka_unit_test(circle),
        cmocka_unit_test(calibration_defaults),
        cmocka_unit_test(builtin_is_sound),
        cmocka_unit_test(builtin_has_all),
        cmocka_unit_test(documented),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
