/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   months add up: parts made are used, in store or lost; more of anything never makes fewer
 *         chips; ramps, delays and dates are what they say; the catalogue's lines are read as
 *         written and refused where they make no sense.
 * Method: chains worked by hand, random chains, overlays of the compiled-in catalogue, the facts
 *         that the shipped lines rest on.
 */
#include "overlay_helper.h"

#include "base/random.h"
#include "study/supply_fab.h"

#include <stdlib.h>

static double date(const char *text)
{
    mu_months months = {0};
    assert_true(mu_months_parse(text, &months));
    return months.first;
}

static void dates(void **state)
{
    (void)state;
    mu_months m;
    assert_true(mu_months_parse("2025-07", &m));
    assert_near(m.first, 24306.0, 0.0);
    assert_near(m.last, 24306.0, 0.0);
    assert_true(mu_months_parse("2025Q3", &m));
    assert_near(m.first, 24306.0, 0.0);
    assert_near(m.last, 24308.0, 0.0);
    assert_true(mu_months_parse("2025h2", &m));
    assert_near(m.last, 24311.0, 0.0);
    assert_true(mu_months_parse("2025", &m));
    assert_near(m.first, 24300.0, 0.0);
    assert_near(m.last, 24311.0, 0.0);
    assert_true(mu_months_parse("2025-07-31", &m));
    assert_near(m.first, 24306.0, 0.0);
    const char *const bad[] = {"",         "20",         "2025-13",   "2025-00",
                               "2025-7",   "2025Q5",     "2025Q",     "1989",
                               "2101-01",  "2025-07x",   "x025",      "2025/07",
                               "2025-07-", "2025-07-32", "2025-07-1", "-025-07"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(mu_months_parse(bad[i], &m));
    }
    char text[MU_MONTH_TEXT_MAX];
    mu_month_text(24306.9, text);
    assert_string_equal(text, "2025-07");
    mu_month_text(INFINITY, text);
    assert_string_equal(text, "-");
}

static void ramps(void **state)
{
    (void)state;
    const mu_ramp ramp = {3, {10.0, 20.0, 30.0}, {100.0, 200.0, 50.0}};
    assert_near(mu_ramp_at(&ramp, 9.999), 0.0, 0.0);
    assert_near(mu_ramp_at(&ramp, 10.0), 100.0, 0.0);
    assert_near(mu_ramp_at(&ramp, 15.0), 150.0, 1e-12);
    assert_near(mu_ramp_at(&ramp, 20.0), 200.0, 0.0);
    assert_near(mu_ramp_at(&ramp, 24.0), 140.0, 1e-12);
    assert_near(mu_ramp_at(&ramp, 1000.0), 50.0, 0.0);
    const mu_ramp none = {0};
    assert_near(mu_ramp_at(&none, 5.0), 0.0, 0.0);
}

/* 100 wafers a month rising by 10, half of them, at 20 to 32 dies: a cubic over the month. */
static void months_are_integrals(void **state)
{
    (void)state;
    const mu_supply_source s = {.part = MU_PIECE_DIES,
                                .monthly = {2, {0.0, 12.0}, {100.0, 220.0}},
                                .share = {2, {0.0, 12.0}, {0.5, 0.74}},
                                .per_unit = {2, {0.0, 12.0}, {20.0, 32.0}},
                                .stock_month = -1.0};
    enum { STEPS = 100000 };
    for (int m = 0; m < 12; m += 5) {
        double sum = 0.0;
        for (int i = 0; i < STEPS; i++) {
            double t = m + (i + 0.5) / STEPS;
            sum += (100.0 + 10.0 * t) * (0.5 + 0.02 * t) * (20.0 + t) / STEPS;
        }
        assert_near(mu_supply_parts(&s, m), sum, 1e-3);
    }
}

static mu_supply_source flow_of(mu_piece part, double monthly, double delay)
{
    return (mu_supply_source){.part = part,
                              .monthly = {1, {0.0}, {monthly}},
                              .share = mu_ramp_always(1.0),
                              .per_unit = mu_ramp_always(1.0),
                              .delay = delay,
                              .stock_month = -1.0};
}

/* 100 dies a month, 2 a chip: 50; stacks of 8 from a store of 1000 and 80 a month; 60 packages. */
static void by_hand(void **state)
{
    (void)state;
    mu_supply_chain chain = {.count = 3, .need = {2.0, 8.0, 1.0}, .package_yield = 0.9};
    chain.source[0] = flow_of(MU_PIECE_DIES, 100.0, 2.0);
    chain.source[1] = flow_of(MU_PIECE_STACKS, 80.0, 0.0);
    chain.source[1].stock = 1000.0;
    chain.source[1].stock_month = 3.0;
    chain.source[2] = flow_of(MU_PIECE_PACKAGES, 60.0, 0.0);
    mu_supply_month month[12];
    double brought[3];
    mu_supply_run(&chain, 0.0, 12, month, brought);
    const double begun[] = {0, 0, 30, 60, 60, 50, 21.25, 10, 10, 10, 10, 10};
    /* months 2..4: 240 stacks make 30; then 1080 more, 60 packages; dies 100 a month and 90 kept */
    assert_int_equal(month[0].binds, MU_PIECE_DIES);
    assert_int_equal(month[2].binds, MU_PIECE_STACKS);
    assert_near(month[2].chips, 0.9 * begun[2], 1e-6);
    assert_int_equal(month[3].binds, MU_PIECE_PACKAGES);
    assert_near(month[3].chips, 0.9 * begun[3], 1e-6);
    assert_int_equal(month[11].binds, MU_PIECE_STACKS);
    assert_near(month[11].chips, 0.9 * begun[11], 1e-6);
    double total = 0.0;
    for (int m = 0; m < 12; m++) {
        total += month[m].chips;
    }
    assert_near(month[11].total, total, 1e-9);
    /* all 1960 stacks are used: 245 packages */
    assert_near(total, 0.9 * 1960.0 / 8.0, 1e-4);
    assert_near(brought[0], 1000.0, 1e-3);
    assert_near(brought[1], 1960.0, 1e-4);
    /* half of month 3's 54 chips come after its first half */
    assert_near(mu_supply_when(month, 12, 0.0, 27.0 + 27.0), 3.5, 1e-6);
    assert_true(isinf(mu_supply_when(month, 12, 0.0, total + 1.0)));
    assert_near(mu_supply_when(month, 12, 0.0, month[11].total), 12.0, 1e-6);
}

static mu_supply_chain random_chain(uint64_t k)
{
    mu_supply_chain chain = {.count = 6, .package_yield = 0.5 + 0.5 * mu_random_uniform(5, 0, k)};
    for (int p = 0; p < MU_PIECES; p++) {
        chain.need[p] = 1.0 + floor(4.0 * mu_random_uniform(5, 1 + (uint64_t)p, k));
    }
    for (uint64_t s = 0; s < chain.count; s++) {
        mu_supply_source *source = &chain.source[s];
        *source = flow_of((mu_piece)(s % MU_PIECES), 0.0, 9.0 * mu_random_uniform(5, 10 + s, k));
        source->monthly = (mu_ramp){3, {0.0, 20.0, 45.0}, {0.0}};
        for (uint64_t i = 0; i < 3; i++) {
            source->monthly.value[i] = 1e4 * mu_random_uniform(5, 20 + 3 * s + i, k);
        }
        source->share = mu_ramp_always(mu_random_uniform(5, 50 + s, k));
        source->stock = s % 4 == 1 ? 1e5 * mu_random_uniform(5, 60 + s, k) : 0.0;
        source->stock_month = floor(30.0 * mu_random_uniform(5, 70 + s, k));
    }
    return chain;
}

/* Parts in = parts used + in store + places in packaging that were not taken. */
static void parts_sum(void **state)
{
    enum { MONTHS = 60 };
    (void)state;
    static mu_supply_month month[MONTHS];
    for (uint64_t k = 0; k < 200; k++) {
        const mu_supply_chain chain = random_chain(k);
        double brought[MU_SUPPLY_SOURCES_MAX];
        double in[MU_PIECES] = {0.0};
        double used[MU_PIECES] = {0.0};
        double of_lines[MU_PIECES] = {0.0};
        double chips = 0.0;
        mu_supply_run(&chain, 0.0, MONTHS, month, brought);
        for (int m = 0; m < MONTHS; m++) {
            mu_piece binds = month[m].binds;
            chips += month[m].chips;
            for (int p = 0; p < MU_PIECES; p++) {
                in[p] += month[m].came[p];
                used[p] += month[m].used[p];
                assert_true(month[m].left[p] >= 0.0);
            }
            assert_true(binds < MU_PIECES);
            assert_near(month[m].left[binds], 0.0, 1e-6);
        }
        for (uint32_t s = 0; s < chain.count; s++) {
            of_lines[chain.source[s].part] += brought[s];
        }
        for (int p = 0; p < MU_PIECES; p++) {
            assert_near(of_lines[p], in[p], 1e-6 * in[p]);
            assert_near(used[p] / chain.need[p] * chain.package_yield, chips, 1e-9 * chips + 1e-9);
        }
        for (int p = 0; p < MU_PIECE_PACKAGES; p++) {
            assert_near(in[p], used[p] + month[MONTHS - 1].left[p], 1e-9 * in[p] + 1e-6);
        }
    }
}

static double chips_of(const mu_supply_chain *chain)
{
    static mu_supply_month month[60];
    mu_supply_run(chain, 0.0, 60, month, NULL);
    return month[59].total;
}

static void more_never_makes_fewer(void **state)
{
    (void)state;
    for (uint64_t k = 0; k < 200; k++) {
        const mu_supply_chain chain = random_chain(k);
        double chips = chips_of(&chain);
        for (uint32_t s = 0; s < chain.count; s++) {
            mu_supply_chain more = chain;
            more.source[s].share.value[0] *= 1.1;
            assert_true(chips_of(&more) >= chips - 1e-6);
            more = chain;
            more.source[s].delay += 1.0;
            if (chain.source[s].part == MU_PIECE_PACKAGES) {
                continue; /* places are not kept: later ones may meet more dies */
            }
            assert_true(chips_of(&more) <= chips + 1e-6);
            more = chain;
            more.source[s].stock += 1000.0;
            more.source[s].stock_month = 0.0;
            assert_true(chips_of(&more) >= chips - 1e-6);
        }
        mu_supply_chain hungry = chain;
        hungry.need[k % MU_PIECES] += 1.0;
        assert_true(chips_of(&hungry) <= chips + 1e-6);
    }
}

static const mu_entity *chip_of(const mu_catalog *catalog, const char *id)
{
    const mu_entity *chip = NULL;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_CHIP, id, &chip, NULL), MU_OK);
    return chip;
}

static mu_supply_question ask(const mu_catalog *catalog, const char *id, const char *by)
{
    mu_supply_question q;
    mu_error err = {0};
    const mu_supply_words words = {.by = by};
    if (mu_supply_question_make(catalog, chip_of(catalog, id), &words, 0.0, arena, &q, &err) !=
        MU_OK) {
        fail_msg("%s", err.text);
    }
    q.samples = 64.0;
    q.seed = 1.0;
    return q;
}

static void answer(const mu_supply_question *q, mu_supply_answer *out)
{
    mu_error err = {0};
    if (mu_supply_answer_question(q, arena, out, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

/*
 * What others said of 2025 and 2023: 653 thousand 910C (SemiAnalysis) and half a million H100 (FT);
 * 2026: 300 thousand 910C for want of memory (SemiAnalysis) to 600 thousand (Bloomberg).
 */
static void close_to_what_was_told(void **state)
{
    (void)state;
    static mu_supply_answer a;
    const mu_catalog *catalog = overlaid(NULL);
    mu_supply_question q = ask(catalog, "ascend-910c", "2025-12");
    q.from = date("2025-01");
    answer(&q, &a);
    assert_true(a.total.low < 653e3 && a.total.high > 653e3);
    assert_true(a.total.value > 400e3 && a.total.value < 800e3);
    q.from = date("2026-01");
    q.by = date("2026-12");
    answer(&q, &a);
    assert_true(a.total.low < 300e3 && a.total.high > 300e3 && a.total.value < 600e3);
    assert_int_equal(a.month[a.month_count - 1].binds, MU_PIECE_STACKS);
    q = ask(catalog, "h100-sxm", "2023-12");
    q.from = date("2023-01");
    answer(&q, &a);
    assert_true(a.total.low < 500e3 && a.total.high > 500e3);
}

/* The quoted yields come back on the very die they are of, under any law. */
static void quoted_yields_come_back(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    const mu_entity *process = NULL;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_PROCESS, "smic-n2", &process, NULL), MU_OK);
    for (int m = 0; m < MU_YIELD_MODELS; m++) {
        mu_supply_wish wish = {.catalog = catalog, .chip = chip_of(catalog, "ascend-910c")};
        wish.has_model = true;
        wish.model = (mu_yield_model)m;
        mu_gross_memo memo = {0};
        mu_die_on_process die;
        assert_int_equal(
            mu_die_on_process_read(&wish, process, (mu_draw){NULL, 0}, &memo, &die, NULL), MU_OK);
        assert_near(mu_ramp_at(&die.yield, date("2024-02")), 0.2, 1e-9);
        assert_near(mu_ramp_at(&die.yield, date("2025-02")), 0.38, 1e-9);
        assert_near(mu_ramp_at(&die.good, date("2025-02")), 0.38 * die.gross, 1e-6);
        assert_int_equal(die.gross, 85);
    }
}

static double total_of(const mu_supply_question *q)
{
    static mu_supply_answer a;
    answer(q, &a);
    return a.total.value;
}

static void more_defects_never_more_chips(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    mu_supply_question q = ask(catalog, "ascend-910c", "2026-12");
    q.samples = 0.0;
    q.wish.has_defects = true;
    double before = INFINITY;
    for (double defects = 0.01; defects < 8.0; defects *= 1.7) {
        q.wish.defects_per_cm2 = defects;
        double chips = total_of(&q);
        assert_true(chips <= before + 1e-6);
        before = chips;
    }
    /* without SMIC and the three fabs only the bank is left */
    q = ask(catalog, "ascend-910c", "2026-12");
    q.samples = 0.0;
    double all = total_of(&q);
    q.wish.without_count = 2;
    q.wish.without[0] = "smic";
    q.wish.without[1] = "huawei-fabs";
    double bank = total_of(&q);
    assert_true(bank > 0.0 && bank <= all);
    assert_true(bank <= 2300000.0 * 0.8 * 0.9 / 2.0 * 0.93 * (1.0 + 1e-9));
}

static void same_seed_same_bits(void **state)
{
    (void)state;
    static mu_supply_answer a;
    static mu_supply_answer b;
    const mu_catalog *catalog = overlaid(NULL);
    const mu_supply_question q = ask(catalog, "ascend-910c", "2026-12");
    answer(&q, &a);
    answer(&q, &b);
    assert_int_equal(a.month_count, b.month_count);
    assert_memory_equal(&a.total, &b.total, sizeof a.total);
    assert_memory_equal(a.month, b.month, a.month_count * sizeof a.month[0]);
    double shares[MU_PIECES] = {0.0};
    for (uint32_t l = 0; l < a.line_count; l++) {
        shares[a.line[l].part] += a.line[l].share.value;
    }
    for (int p = 0; p < MU_PIECES; p++) {
        assert_near(shares[p], 1.0, 1e-12);
    }
}

/* A target late in the run: some draws reach it, and it is reached when the sum says so. */
static void targets(void **state)
{
    (void)state;
    static mu_supply_answer a;
    mu_error err = {0};
    const mu_catalog *catalog = overlaid(NULL);
    mu_supply_question q = ask(catalog, "ascend-910c", "2027-06");
    q.wanted = 700000.0;
    answer(&q, &a);
    uint32_t m = (uint32_t)(floor(a.when.value) - a.counted);
    assert_true(a.reached && a.month[m].total.value >= q.wanted);
    assert_true(m == 0 || a.month[m - 1].total.value < q.wanted);
    assert_true(a.when.low <= a.when.value && a.when.value <= a.when.high);
    q.wanted = 1e7;
    assert_int_equal(mu_supply_answer_question(&q, arena, &a, &err), MU_NO);
    assert_non_null(strstr(err.text, "memory stacks"));
    assert_false(a.reached);
    assert_true(isinf(a.when.value) && a.reached_share == 0.0);
}

/* Lines share out what there is: no date has more than all of it. */
static void shares_fit(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_FOUNDRY); i++) {
        const mu_entity *foundry = mu_catalog_at(catalog, MU_ENTITY_FOUNDRY, i);
        const mu_node *lines = mu_node_get(foundry->doc.root, "lines");
        for (uint32_t l = 0; lines != NULL && l < lines->count; l++) {
            const mu_node *chips = mu_node_get(&lines->child[l], "chips");
            for (double month = date("2022-01"); month < date("2031-01"); month++) {
                double sum = 0.0;
                for (uint32_t c = 0; c < chips->count; c++) {
                    const mu_node *map = mu_node_get(&chips->child[c], "share");
                    mu_ramp ramp = {.count = map->count};
                    for (uint32_t d = 0; d < map->count; d++) {
                        ramp.month[d] = date(map->child[d].key);
                        ramp.value[d] = strtod(mu_node_get(&map->child[d], "best")->text, NULL);
                    }
                    sum += mu_ramp_at(&ramp, month);
                }
                if (sum > 1.0 + 1e-9) {
                    fail_msg("%s, line %u, month %g: shares are %g", foundry->id, l, month, sum);
                }
            }
        }
    }
}

/* Chips that lines feed come about when they are said to be sold: no later than half a year. */
static void launches_are_fed(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    static mu_supply_month month[MU_SUPPLY_MONTHS_MAX];
    uint32_t fed = 0;
    for (uint32_t i = 0; i < mu_catalog_count(catalog, MU_ENTITY_CHIP); i++) {
        const mu_supply_wish wish = {.catalog = catalog,
                                     .chip = mu_catalog_at(catalog, MU_ENTITY_CHIP, i)};
        mu_gross_memo memo = {0};
        mu_supply_plan plan;
        double launched = 0.0;
        mu_status status = mu_supply_from_catalog(&wish, (mu_draw){NULL, 0}, &memo, &plan, NULL);
        assert_true(status == MU_OK);
        if (plan.chain.count == 0) {
            continue;
        }
        assert_true(mu_launch_month(catalog, wish.chip, &launched));
        uint32_t months = (uint32_t)(fmax(plan.to, launched + 12.0) - plan.from) + 1;
        mu_supply_run(&plan.chain, plan.from, months, month, NULL);
        double when = mu_supply_when(month, months, plan.from, 500.0);
        if (!(when <= launched + 6.0 || plan.from > launched)) {
            fail_msg("%s: launched %g, 500 of it in %g", wish.chip->id, launched, when);
        }
        fed++;
    }
    assert_true(fed >= 10);
}

/* What `muster show` lists of a foundry has the shares of its chips. */
static void shares_are_shown(void **state)
{
    (void)state;
    const mu_catalog *catalog = overlaid(NULL);
    const mu_entity *smic = NULL;
    const mu_fact *facts = NULL;
    uint32_t count = 0;
    uint32_t found = 0;
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_FOUNDRY, "smic", &smic, NULL), MU_OK);
    assert_int_equal(mu_catalog_facts(catalog, smic, arena, &facts, &count, NULL), MU_OK);
    for (uint32_t i = 0; i < count; i++) {
        found += strstr(facts[i].path, "lines.advanced.chips.ascend-910c.share.") != NULL ? 1U : 0U;
        for (uint32_t k = 0; k < i; k++) {
            assert_string_not_equal(facts[i].path, facts[k].path);
        }
    }
    assert_int_equal(found, 3);
}

/* The three fabs of the news: dies of the Ascends with them over those without, by mid 2028. */
static void three_fabs(void **state)
{
    (void)state;
    static mu_fab_answer a;
    mu_error err = {0};
    const mu_catalog *catalog = overlaid(NULL);
    const mu_entity *fab = NULL;
    mu_supply_question q = ask(catalog, "ascend-910c", "2028-06");
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_FOUNDRY, "huawei-fabs", &fab, NULL), MU_OK);
    assert_int_equal(mu_fab_answer_question(&q, fab, arena, &a, &err), MU_OK);
    assert_int_equal(a.chip_count, 3);
    assert_true(a.dies_ratio.low < 3.0 && a.dies_ratio.high > 3.0);
    assert_near(a.dies_ratio.value, a.dies.value / a.dies_without.value, 1e-9);
    double dies = 0.0;
    for (uint32_t i = 0; i < a.chip_count; i++) {
        dies += a.chip[i].parts.value;
        assert_true(a.chip[i].parts.value <= a.chip[i].all.value);
    }
    assert_near(dies, a.dies.value - a.dies_without.value, 1e-6 * dies);
    /* memory and packaging, not wafers, are what holds the chips back */
    assert_true(a.year_ratio.value < 0.5 * a.dies_ratio.value);
}

#define FACT(value) "{best: " value ", grade: D, source: muster-estimate, note: own}"
#define FOUNDRY(lines) "kind: foundry\nid: own\nname: Own\nprocesses: [smic-n2]\nlines:\n" lines
#define LINE(makes, monthly, share)                                                                \
    FOUNDRY("  - name: a\n    makes: " makes "\n    monthly:\n" monthly                            \
            "    chips:\n      ascend-910c:\n        share:\n" share)

static const char *refused(const char *text)
{
    static mu_supply_answer a;
    static mu_error err;
    err = (mu_error){0};
    const mu_catalog *catalog = overlaid(text);
    const mu_supply_question q = ask(catalog, "ascend-910c", "2027-01");
    assert_int_equal(mu_supply_answer_question(&q, arena, &a, &err), MU_E_INPUT);
    return err.text;
}

static void what_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(refused(LINE("wafers", "      2025-01: " FACT("5") "\n",
                                        "          2025-01: " FACT("0.5") "\n")),
                           "expected dies, stacks or packages, found \"wafers\""));
    assert_non_null(strstr(refused(LINE("dies", "      2025-13: " FACT("5") "\n",
                                        "          2025-01: " FACT("0.5") "\n")),
                           "expected a date such as 2026-06, found 2025-13"));
    assert_non_null(
        strstr(refused(LINE("dies", "      2026-01: " FACT("5") "\n      2025-01: " FACT("5") "\n",
                            "          2025-01: " FACT("0.5") "\n")),
               "expected dates that rise, found 2025-01"));
    assert_non_null(strstr(refused(FOUNDRY("  - name: a\n    makes: dies\n    chips:\n"
                                           "      ascend-910c:\n        share:\n"
                                           "          2025-01: " FACT("0.5") "\n")),
                           "expected monthly: or stock:"));
    assert_non_null(strstr(refused(FOUNDRY("  - name: a\n    makes: dies\n    monthly:\n"
                                           "      2025-01: " FACT("5") "\n    chips:\n"
                                                                       "      ascend-910c: {}\n")),
                           "expected a share by date"));
    assert_non_null(strstr(overlay_refused(LINE("dies", "      2025-01: " FACT("5") "\n",
                                                "          2025-01: " FACT("1.5") "\n")),
                           "expected a fraction of at most 1 (100 %), found 1.5"));
    assert_non_null(strstr(overlay_refused(FOUNDRY("  - name: a\n    makes: dies\n    chips:\n"
                                                   "      ascend-910x:\n        share:\n"
                                                   "          2025-01: " FACT("0.5") "\n")),
                           "unknown chip \"ascend-910x\"; did you mean"));
}

/* What stands wrong in a line of a foundry is no chip less: it is refused, at its place. */
static void fabs_refuse(void **state)
{
    (void)state;
    static mu_fab_answer a;
    mu_error err = {0};
    const mu_entity *fab = NULL;
    const mu_catalog *catalog = overlaid(
        LINE("dies", "      2025-01: " FACT("5") "\n", "          2025-13: " FACT("0.5") "\n"));
    mu_supply_question q = ask(catalog, "ascend-910c", "2028-06");
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_FOUNDRY, "own", &fab, NULL), MU_OK);
    assert_int_equal(mu_fab_answer_question(&q, fab, arena, &a, &err), MU_E_INPUT);
    assert_int_equal(err.line, 13);
    err = (mu_error){0};
    q.by = 12.0 * 2024.0;
    catalog = overlaid(NULL);
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_FOUNDRY, "huawei-fabs", &fab, NULL), MU_OK);
    q.wish.catalog = catalog;
    assert_int_equal(mu_fab_answer_question(&q, fab, arena, &a, &err), MU_E_INPUT);
    assert_string_equal(err.text, "--by 2024-01 is before the first line of huawei-fabs (2025-12)");
}

#define CHIP(die) "kind: chip\nid: ascend-910c\nname: Own\ninherits: ascend-910b\ndies: 2\n" die

static const char *die_refused(const char *text)
{
    static mu_error err;
    mu_die die;
    err = (mu_error){0};
    const mu_catalog *catalog = overlaid(text);
    assert_int_equal(mu_die_from_catalog(catalog, chip_of(catalog, "ascend-910c"),
                                         (mu_draw){NULL, 0}, &die, &err),
                     MU_E_INPUT);
    return err.text;
}

/* Of an inherited size and one of its own a chip has its own. */
static void own_sizes(void **state)
{
    (void)state;
    mu_die die;
    mu_error err = {0};
    const mu_catalog *catalog =
        overlaid(CHIP("die:\n  area: {best: 400, unit: mm2, grade: D, source: muster-estimate, "
                      "note: own}\n"));
    assert_int_equal(mu_die_from_catalog(catalog, chip_of(catalog, "ascend-910c"),
                                         (mu_draw){NULL, 0}, &die, &err),
                     MU_OK);
    assert_near(die.width_mm * die.height_mm, 400.0, 1e-9);
}

static void dies_too_large(void **state)
{
    (void)state;
    assert_non_null(
        strstr(die_refused(CHIP("die:\n  width_mm: " FACT("34") "\n")), "larger than the reticle"));
    assert_non_null(strstr(die_refused(CHIP("die:\n  width_mm: null\n  height_mm: null\n  area: "
                                            "{best: 900, unit: mm2, grade: D, source: "
                                            "muster-estimate, note: own}\n")),
                           "larger than the reticle"));
    assert_non_null(strstr(die_refused(CHIP("die:\n  width_mm: null\n  area: null\n")),
                           "not in the catalogue"));
    assert_non_null(
        strstr(die_refused(CHIP("die:\n  width_mm: " FACT("1e-5") "\n")), "smaller than 1 x 1 mm"));
    assert_non_null(strstr(
        die_refused(CHIP("die:\n  width_mm: " FACT("10") "\n  area: "
                                                         "{best: 800, unit: mm2, grade: D, source: "
                                                         "muster-estimate, note: own}\n")),
        "has not the area of 800 mm2"));
    /* a wafer that holds no such die */
    const mu_catalog *catalog = overlaid("kind: process\nid: own\nname: Own\ninherits: smic-n2\n"
                                         "wafer:\n  diameter_mm: " FACT("30") "\n");
    const mu_entity *process = NULL;
    mu_supply_wish wish = {.catalog = catalog, .chip = chip_of(catalog, "ascend-910c")};
    mu_gross_memo memo = {0};
    mu_die_on_process die;
    mu_error err = {0};
    assert_int_equal(mu_catalog_find(catalog, MU_ENTITY_PROCESS, "own", &process, NULL), MU_OK);
    assert_int_equal(mu_die_on_process_read(&wish, process, (mu_draw){NULL, 0}, &memo, &die, &err),
                     MU_E_INPUT);
    assert_non_null(strstr(err.text, "larger than a wafer of 30 mm"));
}

static void yields_over_one(void **state)
{
    (void)state;
    assert_non_null(
        strstr(overlay_refused("kind: process\nid: own\nname: Own\ninherits: wafer-300mm\n"
                               "reference: ascend-910b\nyield:\n  2025-01: " FACT("1.2") "\n"),
               "expected a fraction of at most 1 (100 %), found 1.2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(ramps),
        cmocka_unit_test(months_are_integrals),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(parts_sum),
        cmocka_unit_test(more_never_makes_fewer),
        cmocka_unit_test(close_to_what_was_told),
        cmocka_unit_test(quoted_yields_come_back),
        cmocka_unit_test(more_defects_never_more_chips),
        cmocka_unit_test(same_seed_same_bits),
        cmocka_unit_test(targets),
        cmocka_unit_test(shares_fit),
        cmocka_unit_test(launches_are_fed),
        cmocka_unit_test(shares_are_shown),
        cmocka_unit_test(three_fabs),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(fabs_refuse),
        cmocka_unit_test(own_sizes),
        cmocka_unit_test(dies_too_large),
        cmocka_unit_test(yields_over_one),
    };
    return cmocka_run_group_tests(tests, overlay_open, overlay_close);
}
