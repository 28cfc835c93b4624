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
    supply->question.chips_alone = true;
    supply->question.samples = claim->samples;
    supply->question.seed = claim->seed;
    return mu_claim_add(claim, &input, &operand, node, err);
}

static mu_status ask_chip(const mu_claim_supply *supply, mu_arena *arena, mu_claim_made *out,
                          mu_error *err)
{
    mu_supply_answer *answer = MU_NEW(arena, mu_supply_answer, 1);
    if (answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    mu_status status = mu_supply_answer_question(&supply->question, arena, answer, err);
    out->word[0] = answer->total;
    out->word[1] = answer->rate;
    return status;
}

static mu_status ask_fab(const mu_claim_supply *supply, mu_arena *arena, mu_claim_made *out,
                         mu_error *err)
{
    mu_fab_answer *answer = MU_NEW(arena, mu_fab_answer, 1);
    if (answer == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a claim");
    }
    mu_status status =
        mu_fab_answer_question(&supply->question, supply->entity, arena, answer, err);
    out->word[0] = answer->dies_ratio;
    out->word[1] = answer->year_ratio;
    out->word[2] = answer->dies;
    out->word[3] = answer->year;
    return status;
}

static const mu_claim_made *find(const mu_claim_book *book, const mu_claim_supply *supply)
{
    const mu_supply_question *q = &supply->question;
    for (uint32_t i = 0; i < book->made_count; i++) {
        const mu_claim_made *made = &book->made[i];
        if (made->entity == supply->entity && made->from == q->from && made->by == q->by &&
            made->samples == q->samples && made->seed == q->seed) {
            return made;
        }
    }
    return NULL;
}

/* From the book, or asked and put there. */
static mu_status answer(const mu_claim_supply *supply, mu_claim_book *book, mu_arena *arena,
                        mu_claim_made *out, mu_error *err)
{
    const mu_supply_question *q = &supply->question;
    const mu_claim_made *known = find(book, supply);
    if (known != NULL) {
        *out = *known;
        return MU_OK;
    }
    *out = (mu_claim_made){.entity = supply->entity,
                           .from = q->from,
                           .by = q->by,
                           .samples = q->samples,
                           .seed = q->seed};
    mu_status status = supply->entity->kind == MU_ENTITY_CHIP ? ask_chip(supply, arena, out, err)
                                                              : ask_fab(supply, arena, out, err);
    if (status == MU_OK && book->made_count < MU_CLAIM_BOOK_MAX) {
        book->made[book->made_count++] = *out;
    }
    return status;
}

mu_status mu_claim_supply_ask(mu_claim *claim, uint32_t index, mu_arena *arena, mu_error *err)
{
    const mu_claim_supply *supply = claim->operand[index].supply;
    mu_claim_made made;
    mu_status status = answer(supply, claim->book, arena, &made, err);
    if (status != MU_OK) {
        return status;
    }
    mu_quantity q = made.word[supply->metric];
    if (!(isfinite(q.value) && isfinite(q.low) && isfinite(q.high))) {
        return mu_fail(err, MU_NO, "%s has no finite answer: nobody else makes these chips",
                       supply->entity->id);
    }
    claim->input[index].range = (mu_range){.best = q.value, .low = q.low, .high = q.high};
    return MU_OK;
}
