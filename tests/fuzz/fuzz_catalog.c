/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any YAML as an overlay of the compiled-in catalogue: it loads and all its facts read, or there
 * is one message; no crash, no leak. Chips and systems that load are read as machines, too.
 */
#include "catalog/builtin.h"
#include "catalog/catalog.h"
#include "chip/chip_catalog.h"
#include "fabric/fabric_catalog.h"
#include "io/doc_read.h"
#include "study/op_margin.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DOCS_MAX = 1024 };

static void require_message(mu_status status, const mu_error *err)
{
    if (status != MU_OK && (err->text[0] == '\0' || strchr(err->text, '\n') != NULL)) {
        abort();
    }
}

/* Margins of a chip, with those that hold for every chip. */
static void use_margins(const mu_catalog *catalog, mu_arena *arena)
{
    const mu_entity *chip = NULL;
    mu_op_margins margins;
    mu_error err = {0};
    mu_status status = mu_catalog_find(catalog, MU_ENTITY_CHIP, "h100-sxm", &chip, &err);
    if (status == MU_OK) {
        status = mu_op_margins_read(catalog, chip, arena, &margins, &err);
    }
    require_message(status, &err);
    for (uint32_t i = 0; status == MU_OK && i < margins.count; i++) {
        mu_margin_step step = mu_op_margin_at(&margins.item[i], 1e-5);
        if (!(step.low > 0.0 && step.low <= 1.0 && step.high >= 1.0)) {
            abort();
        }
    }
}

/* What the verbs do with an entity. */
static void use(const mu_catalog *catalog, const mu_entity *entity, mu_arena *arena)
{
    const mu_fact *facts = NULL;
    uint32_t count = 0;
    mu_error err = {0};
    mu_status status = mu_catalog_facts(catalog, entity, arena, &facts, &count, &err);
    require_message(status, &err);
    mu_draw draw = {NULL, 0};
    if (entity->kind == MU_ENTITY_CHIP) {
        mu_chip chip;
        uint32_t ranks = 0;
        err = (mu_error){.status = MU_OK};
        status = mu_chip_from_catalog(catalog, entity, draw, &chip, &ranks, &err);
        require_message(status, &err);
    }
    if (entity->kind == MU_ENTITY_SYSTEM) {
        mu_fabric fabric;
        err = (mu_error){.status = MU_OK};
        status = mu_fabric_from_catalog(catalog, entity, draw, 2, &fabric, &err);
        require_message(status, &err);
    }
}

static void load(mu_arena *arena, const char *text, size_t length)
{
    static mu_doc docs[DOCS_MAX];
    if (mu_builtin_doc_count >= DOCS_MAX) {
        abort();
    }
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof docs[0]);
    mu_doc *own = &docs[mu_builtin_doc_count];
    mu_error err = {0};
    mu_status status = mu_doc_read_text(arena, text, length, "fuzz", MU_DOC_YAML, own, &err);
    mu_catalog *catalog = NULL;
    if (status == MU_OK) {
        status = mu_catalog_create(arena, docs, mu_builtin_doc_count + 1, mu_builtin_doc_count,
                                   &catalog, &err);
    }
    require_message(status, &err);
    if (status == MU_OK) {
        use_margins(catalog, arena);
    }
    for (int kind = 0; status == MU_OK && kind < MU_ENTITY_KIND_COUNT; kind++) {
        for (uint32_t i = 0; i < mu_catalog_count(catalog, (mu_entity_kind)kind); i++) {
            const mu_entity *entity = mu_catalog_at(catalog, (mu_entity_kind)kind, i);
            if (entity->doc.root == own->root) {
                use(catalog, entity, arena);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mu_arena *arena = mu_arena_create(0);
    if (arena != NULL) {
        load(arena, (const char *)data, size);
    }
    mu_arena_free(arena);
    return 0;
}
