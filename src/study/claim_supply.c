/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terms of a claim that ask what can be made:
 * {supply: {chip: ID, from: DATE, by: DATE}, metric: ..} and
 * {supply: {foundry: ID, by: DATE}, metric: ..}.
 *
 * Bound: like a match, the answer is drawn from its own interval, apart from the facts.
 */
#include "study/claim_parts.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

static const char *const chip_words[] = {"made", "made_a_month", NULL};
static const char *const fab_words[] = {"dies_ratio", "year_ratio", "dies_a_month", "year", NULL};

static mu_quantity fab_word(const mu_fab_answer *a, uint32_t word)
{
    const mu_quantity *const of[] = {&a->dies_ratio, &a->year_ratio, &a->dies, &a->year};
    return *of[word];
}

static mu_status read_word(const mu_claim *claim, const mu_node *map, const char *key,
                           const char **out, mu_error *err)
{
    const mu_node *node = mu_node_get(map, key);
    *out = NULL;
    return node == NULL ? MU_OK : mu_node_text(&claim->entity->doc, node, key, out, err);
}

/* Who is asked of, and when. */
static mu_status read_asked(const mu_claim *claim, const mu_node *map, mu_claim_supply *out,
                            const char **id, mu_error *err)
{
    static const char *const keys[] = {"chip", "foundry", "from", "by"};
    const mu_doc *doc = &claim->entity->doc;
    const char *chip = NULL;
    const char *foundry = NULL;
    mu_supply_words words = {0};
    mu_error inner = {0};
    if (map->kind != MU_NODE_MAP) {
        return mu_node_fail(doc, map, err, "supply: expected {chip: ID, from: DATE, by: DATE}");
    }
    mu_status status = mu_node_known_keys(doc, map, keys, 4, err);
    const char **const texts[] = {&chip, &foundry, &words.from, &words.by};
    for (int i = 0; i < 4 && status == MU_OK; i++) {
        status = read_word(claim, map, keys[i], texts[i], err);
    }
    if (status == MU_OK && (chip == NULL) == (foundry == NULL)) {
        status = mu_node_fail(doc, map, err, "supply: expected chip: or foundry:");
    }
    if (status != MU_OK) {
        return status;
    }
    *id = chip != NULL ? chip : foundry;
    status = mu_catalog_find(claim->catalog, chip != NULL ? MU_ENTITY_CHIP : MU_ENTITY_FOUNDRY, *id,
                             &out->entity, &inner);
    if (status == MU_OK) {
        status = mu_supply_question_make(claim->catalog, chip != NULL ? out->entity : NULL, &words,
                                         0.0, claim->arena, &out->question, &inner);
    }
    return status == MU_OK ? MU_OK : mu_node_fail(doc, map, err, "supply: %s", inner.text);
}

static mu_status read_metric(const mu_claim *claim, const mu_node *map, mu_claim_supply *out,
                             const char **word, mu_error *err)
{
    const mu_doc *doc = &claim->entity->doc;
    bool chip = out->entity->kind == MU_ENTITY_CHIP;
    const char *const *words = chip ? chip_words : fab_words;
    uint32_t count = 0;
    mu_status status = read_word(claim, map, "metric", word, err);
    for (; status == MU_OK && words[count] != NULL; count++) {
        if (*word != NULL && strcmp(words[count], *word) == 0) {
            out->metric = count;
            out->ratio = !chip && count < 2;
            return MU_OK;
        }
    }
    return status != MU_OK ? status
                           : mu_node_fail(doc, map, err, "expected metric: %s",
                                          chip ? "made or made_a_month"
                                               : "dies_ratio, year_ratio, dies_a_month or year");
}

static const char *unit_of(const mu_claim_supply *supply)
{
    bool dies = supply->entity->kind == MU_ENTITY_FOUNDRY && supply->metric == 2;
    return supply->ratio ? "" : dies ? "dies" : "chips";
}

mu_status mu_claim_supply_read(mu_claim *claim, const mu_node *node, const char *name,
                               mu_error *err)
{
    static const char *const keys[] = {"supply", "metric"};
    mu_claim_supply *supply = MU_NEW(claim->arena, mu_claim_supply, 1);
    const mu_node *map = mu_node_get(node, "supply");
    const char *id = "";
    const char *metric = "";
    if (supply == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    mu_status status = mu_node_known_keys(&claim->entity->doc, node, keys, 2, err);
    if (status == MU_OK) {
        status = read_asked(claim, map, supply, &id, err);
    }
    if (status == MU_OK) {
        status = read_metric(claim, node, supply, &metric, err);
    }
    if (status != MU_OK) {
        return status;
    }
    const mu_node *from = mu_node_get(map, "from");
    const mu_node *by = mu_node_get(map, "by");
    const char *formula = mu_arena_printf(
        claim->arena, "%s of supply %s%s%s%s%s", metric, id, from != NULL ? " from " : "",
        from != NULL ? from->text : "", by != NULL ? " by " : "", by != NULL ? by->text : "");
    mu_claim_operand operand = {
        .supply = supply,
        .draw_name = mu_arena_printf(claim->arena, "claim/%s/%s", claim->entity->id, name)};
    mu_claim_input input = {.kind = MU_INPUT_ENGINE,
                            .name = name,
                            .formula = formula,
                            .unit = unit_of(supply),
                            .source = "",
                            .note = "",
                            .grade = '-',
                            .scale = 1.0};
    if (formula == NULL || operand.draw_name == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    supply->question.samples = claim->samples;
    supply->question.seed = claim->seed;
    return mu_claim_add(claim, &input, &operand, node, err);
}

mu_status mu_claim_supply_ask(mu_claim *claim, uint32_t index, mu_arena *arena, mu_error *err)
{
    const mu_claim_supply *supply = claim->operand[index].supply;
    mu_quantity q = {0};
    mu_status status = MU_OK;
    if (supply->entity->kind == MU_ENTITY_CHIP) {
        mu_supply_answer *answer = MU_NEW(arena, mu_supply_answer, 1);
        status = answer == NULL ? mu_fail(err, MU_E_MEMORY, "no memory for a claim")
                                : mu_supply_answer_question(&supply->question, arena, answer, err);
        q = status == MU_OK ? (supply->metric == 0 ? answer->total : answer->rate) : q;
    } else {
        mu_fab_answer *answer = MU_NEW(arena, mu_fab_answer, 1);
        status = answer == NULL ? mu_fail(err, MU_E_MEMORY, "no memory for a claim")
                                : mu_fab_answer_question(&supply->question, supply->entity, arena,
                                                         answer, err);
        q = status == MU_OK ? fab_word(answer, supply->metric) : q;
    }
    if (status == MU_OK && !(isfinite(q.value) && isfinite(q.low) && isfinite(q.high))) {
        status = mu_fail(err, MU_NO, "%s has no finite answer: nobody else makes these chips",
                         supply->entity->id);
    }
    claim->input[index].range = (mu_range){.best = q.value, .low = q.low, .high = q.high};
    return status;
}
