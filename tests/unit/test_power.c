/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   watts by part are the whole, and each part is what docs/power.md says.
 * Method: sums over every system of the catalogue and many draws, one machine worked by hand,
 *         monotonic properties, facts out of their limits.
 */
#include "io/doc_read.h"
#include "schedule/machine.h"
#include "study/draws.h"
#include "twin_helper.h"

#include <math.h>

static mu_machine machine_of(const char *system, mu_draw draw)
{
    mu_machine machine;
    mu_error err = {0};
    mu_machine_name name = {.system = system};
    if (mu_machine_load(t.catalog, &name, draw, &machine, &err) != MU_OK) {
        fail_msg("%s: %s", system, err.text);
    }
    return machine;
}

static mu_power power_of(const mu_machine *machine, double chips, double rank_w, double memory_w)
{
    mu_power power = {0};
    mu_power_add(&power, machine, chips, rank_w, memory_w);
    return power;
}

/* No part is negative, they sum to the whole, and that is what a chip draws alone. */
static double check_sums(const mu_machine *m, double rank_w, double memory_w)
{
    mu_power power = power_of(m, 24.0, rank_w, memory_w);
    double ranks = 24.0 * m->ranks_per_chip;
    double sum_w = 0.0;
    for (int i = 0; i < MU_POWER_PARTS; i++) {
        assert_true(power.part_w[i] >= 0.0);
        sum_w += power.part_w[i];
    }
    assert_true(sum_w == mu_power_whole(&power));
    double inside_w = mu_power_inside(&power);
    double silicon_w = power.part_w[MU_POWER_IDLE] + power.part_w[MU_POWER_COMPUTE] +
                       power.part_w[MU_POWER_MEMORY];
    double network_w = power.part_w[MU_POWER_LINKS] + power.part_w[MU_POWER_OPTICS];
    assert_near(inside_w, 24.0 * mu_power_per_chip(m, rank_w), 1e-12);
    assert_near(mu_power_whole(&power), inside_w * m->power.pue, 1e-12);
    assert_near(silicon_w, ranks * rank_w, 1e-12);
    assert_near(network_w, 24.0 * m->network_w_per_chip, 1e-12);
    assert_true(power.part_w[MU_POWER_IDLE] <= ranks * m->chip.idle_w * (1.0 + 1e-12));
    assert_true(power.limit_w >= inside_w * (1.0 - 1e-12));
    assert_true(power.rated_w >= power.limit_w * (1.0 - 1e-12));
    assert_true(power.outside_w <= network_w * (1.0 + 1e-12));
    return inside_w;
}

/* From nothing over idle to the limit: every step draws more, the last is the limit itself. */
static void check_climb(const mu_machine *m)
{
    const double room_w = m->chip.tdp_w - m->chip.idle_w;
    double last_w = check_sums(m, 0.0, 0.0);
    for (int i = 0; i <= 8; i++) {
        double rank_w = m->chip.idle_w + room_w * i / 8.0;
        double inside_w = check_sums(m, rank_w, i / 16.0 * m->chip.tdp_w);
        assert_true(inside_w > last_w);
        last_w = inside_w;
    }
    mu_power power = power_of(m, 24.0, m->chip.tdp_w, 2.0 * m->chip.tdp_w);
    assert_near(last_w, power.limit_w, 1e-12);
    assert_near(
        power.limit_w,
        24.0 * (m->ranks_per_chip * m->chip.tdp_w + m->host_w_per_chip + m->network_w_per_chip),
        1e-12);
}

static void parts_sum_over_the_catalogue(void **state)
{
    (void)state;
    mu_draw_plan *plan = mu_draw_plan_create(t.arena, 7);
    assert_non_null(plan);
    uint32_t count = mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM);
    assert_true(count > 30);
    for (uint32_t i = 0; i < count; i++) {
        const char *id = mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i)->id;
        for (uint32_t draw = 0; draw <= 32; draw++) {
            mu_machine m = machine_of(id, (mu_draw){.plan = plan, .index = draw});
            assert_true(m.power.pue >= 1.0);
            check_climb(&m);
        }
    }
}

static mu_machine plain_machine(void)
{
    mu_machine m = {.ranks_per_chip = 2, .host_w_per_chip = 300.0, .network_w_per_chip = 100.0};
    m.chip.tdp_w = 300.0;
    m.chip.idle_w = 50.0;
    m.chip.memory_bandwidth = 1e12;
    m.chip.params.energy_memory_share = 0.4;
    m.power = (mu_power_split){.cooling_w = 100.0,
                               .conversion_w = 50.0,
                               .optics_w = 30.0,
                               .outside_w = 60.0,
                               .fan_speed = 0.8,
                               .fan_speed_idle = 0.5,
                               .loss_standing = 0.2,
                               .loss_square = 0.3,
                               .host_idle = 0.5,
                               .host_load = 0.75,
                               .pue = 1.2,
                               .chips_per_rack = 32.0};
    return m;
}

/* 4 chips of 2 ranks at 200 W, of which 40 W move memory: docs/power.md has the same numbers. */
static void by_hand(void **state)
{
    (void)state;
    const double hosts_w = 150.0 * (0.5 + 0.5 * 0.6);       /* 0.6 = (200 - 50) / (300 - 50) */
    const double speed = (400.0 + 100.0 + hosts_w) / 850.0; /* heat over heat at the limit */
    const double fans_w = 100.0 * speed * speed * speed;
    const double load = (400.0 + 100.0 + hosts_w + fans_w) / 950.0;
    const double lost_w = 50.0 * (0.2 + 0.5 * load + 0.3 * load * load);
    const double inside_w = 4.0 * (400.0 + 100.0 + hosts_w + fans_w + lost_w);
    const double want_w[MU_POWER_PARTS] = {400.0, 880.0,        320.0,        280.0,         120.0,
                                           480.0, 4.0 * fans_w, 4.0 * lost_w, 0.2 * inside_w};
    mu_machine m = plain_machine();
    mu_power power = power_of(&m, 4.0, 200.0, 40.0);
    for (int i = 0; i < MU_POWER_PARTS; i++) {
        assert_near(power.part_w[i], want_w[i], 1e-12);
    }
    assert_near(fans_w, 38.81, 1e-3);
    assert_near(lost_w, 34.55, 1e-3);
    assert_near(mu_power_inside(&power), inside_w, 1e-12);
    assert_near(power.rack_w, 32.0 * inside_w / 4.0, 1e-12);
    assert_near(power.limit_w, 4.0 * (600.0 + 400.0), 1e-12);
    assert_near(power.outside_w, 4.0 * 60.0, 1e-12);
    const double most_w = 600.0 + 100.0 + 150.0 / 0.75 + 100.0 / 0.512;
    const double most = most_w / 950.0;
    const double most_lost_w = 50.0 * (0.2 + 0.5 * most + 0.3 * most * most);
    assert_near(power.rated_w, 4.0 * (most_w + most_lost_w), 1e-12);
    /* A second role that draws less adds watts, and leaves the hottest rack. */
    double rack_w = power.rack_w;
    mu_power_add(&power, &m, 4.0, 50.0, 0.0);
    assert_near(mu_power_inside(&power), inside_w + 4.0 * mu_power_per_chip(&m, 50.0), 1e-12);
    assert_true(power.rack_w == rack_w);
    mu_power nothing = power_of(&m, 0.0, 200.0, 40.0);
    assert_true(mu_power_whole(&nothing) == 0.0 && nothing.rack_w == 0.0);
}

/* Idle: fans at their slowest, hosts at their share, standing losses and what little is fed. */
static void idle_by_hand(void **state)
{
    (void)state;
    mu_machine m = plain_machine();
    mu_power power = power_of(&m, 1.0, 50.0, 0.0);
    assert_near(power.part_w[MU_POWER_HOSTS], 75.0, 1e-12);
    assert_near(power.part_w[MU_POWER_COOLING], 12.5, 1e-12);
    double load = (100.0 + 100.0 + 75.0 + 12.5) / 950.0;
    assert_near(power.part_w[MU_POWER_CONVERSION], 50.0 * (0.2 + 0.5 * load + 0.3 * load * load),
                1e-12);
}

/* 0.5e12 B in a second is half the bandwidth: 0.4 x 250 W x 0.5. */
static void memory_traffic(void **state)
{
    (void)state;
    mu_machine m = plain_machine();
    assert_near(mu_power_memory(&m, 0.5e12, 200.0, 1.0), 50.0, 1e-12);
    assert_near(mu_power_memory(&m, 1e12, 400.0, 2.0), 50.0, 1e-12);
    assert_near(mu_power_memory(&m, 1e12, 60.0, 1.0), 10.0, 1e-12);
    assert_true(mu_power_memory(&m, 1e12, 50.0, 1.0) == 0.0);
    assert_true(mu_power_memory(&m, 0.0, 0.0, 0.0) == 0.0);
}

/* The parts of the network are what the listed modules say, the lump's what is said of it. */
static void facts_are_read(void **state)
{
    (void)state;
    mu_machine m = machine_of("cloudmatrix-384", (mu_draw){0});
    assert_near(m.power.chips_per_rack, 24.0, 1e-12);
    double limit_w = m.chip.tdp_w * m.ranks_per_chip + m.host_w_per_chip + m.network_w_per_chip;
    assert_true(m.power.cooling_w > 0.0 && m.power.cooling_w < 0.2 * limit_w);
    assert_true(m.power.conversion_w > 0.0 && m.power.conversion_w < 0.1 * limit_w);
    assert_true(m.power.cooling_w + m.power.conversion_w < m.host_w_per_chip);
    mu_machine node = machine_of("hgx-h100", (mu_draw){0});
    assert_true(node.power.chips_per_rack == 0.0);
}

/* More work draws more; chips stay between idle and limit. */
static void more_in_flight_draws_more(void **state)
{
    (void)state;
    static const char *const flight[] = {"1", "4", "16", "64", "256", "1024"};
    double inside_w = 0.0;
    for (size_t i = 0; i < sizeof flight / sizeof flight[0]; i++) {
        mu_scenario s = SCENARIO("system", "hgx-h100", "model", "llama-3.1-8b", "tp", "1", "chips",
                                 "1", "concurrency", flight[i]);
        mu_question q = question_of(&s);
        mu_prediction p;
        mu_error err = {0};
        assert_int_equal(mu_predict(&q, &t.work, &p, &err), MU_OK);
        const double *part_w = p.point.power.part_w;
        double chip_w = part_w[MU_POWER_IDLE] + part_w[MU_POWER_COMPUTE] + part_w[MU_POWER_MEMORY];
        assert_true(chip_w >= q.machine.chip.idle_w * (1.0 - 1e-12));
        assert_true(chip_w <= q.machine.chip.tdp_w * (1.0 + 1e-12));
        assert_true(p.power_w.value >= inside_w * 0.99);
        assert_true(p.power_w.value == mu_power_inside(&p.point.power));
        assert_true(p.power.total_w.value == mu_power_whole(&p.point.power));
        assert_near(p.power.output_tokens_per_s_per_kw.value * p.power_w.value,
                    1e3 * p.output_tokens_per_s.value, 1e-12);
        assert_near(p.power.total_energy_per_output_token_j.value * p.output_tokens_per_s.value,
                    p.power.total_w.value, 1e-12);
        inside_w = p.power_w.value;
    }
}

/* One prediction's parts: they are the whole, and no load draws more than the limit. */
static void check_answer(const mu_prediction *p)
{
    const mu_power *power = &p->point.power;
    double sum_w = 0.0;
    for (int i = 0; i < MU_POWER_PARTS; i++) {
        assert_true(power->part_w[i] >= 0.0);
        sum_w += i < MU_POWER_FACILITY ? power->part_w[i] : 0.0;
    }
    assert_true(sum_w == p->power_w.value);
    assert_true(sum_w + power->part_w[MU_POWER_FACILITY] == p->power.total_w.value);
    assert_true(p->power_w.value <= power->limit_w * (1.0 + 1e-12));
    assert_true(power->limit_w <= power->rated_w * (1.0 + 1e-12));
    assert_near(p->energy_per_output_token_j.value * p->output_tokens_per_s.value, p->power_w.value,
                1e-12);
}

/* Answers of every system of the catalogue, from one request to as many as it takes. */
static void answers_conserve_energy(void **state)
{
    (void)state;
    static const char *const flight[] = {"1", "16", "256"};
    uint32_t answered = 0;
    for (uint32_t i = 0; i < mu_catalog_count(t.catalog, MU_ENTITY_SYSTEM); i++) {
        double last_w = 0.0;
        for (size_t f = 0; f < sizeof flight / sizeof flight[0]; f++) {
            mu_scenario s = SCENARIO("system", mu_catalog_at(t.catalog, MU_ENTITY_SYSTEM, i)->id,
                                     "model", "llama-3.1-8b", "tp", "1", "chips", "1",
                                     "concurrency", flight[f], "uncertainty", "off");
            mu_question q;
            mu_prediction p;
            mu_error err = {0};
            if (mu_question_make(t.catalog, &s, NULL, t.arena, &q, &err) != MU_OK ||
                mu_predict(&q, &t.work, &p, &err) != MU_OK) {
                continue; /* does not fit, or not one chip alone */
            }
            check_answer(&p);
            /* larger steps may move fewer bytes a second: a few per cent */
            assert_true(p.power_w.value >= last_w * 0.95);
            last_w = p.power_w.value;
            answered++;
        }
    }
    assert_true(answered > 100);
}

/* A system of one line over another's: what the lump has no room for is cut down, and said. */
static const mu_catalog *with_power(const char *lines)
{
    char text[600];
    mu_catalog *catalog = NULL;
    mu_error err = {0};
    mu_doc *docs = MU_NEW(t.arena, mu_doc, mu_builtin_doc_count + (size_t)1);
    (void)snprintf(text, sizeof text,
                   "kind: system\nid: own\nname: Own\ninherits: hgx-h100\npower:\n%s\n", lines);
    assert_non_null(docs);
    memcpy(docs, mu_builtin_docs, mu_builtin_doc_count * sizeof docs[0]);
    assert_int_equal(mu_doc_read_text(t.arena, text, strlen(text), "own.yaml", MU_DOC_YAML,
                                      &docs[mu_builtin_doc_count], &err),
                     MU_OK);
    if (mu_catalog_create(t.arena, docs, mu_builtin_doc_count + 1, mu_builtin_doc_count, &catalog,
                          &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
    return catalog;
}

static mu_status load_own(const char *lines, mu_machine *out, mu_error *err)
{
    mu_machine_name name = {.system = "own"};
    return mu_machine_load(with_power(lines), &name, (mu_draw){0}, out, err);
}

static void little_room(void **state)
{
    (void)state;
    mu_machine m;
    mu_error err = {0};
    assert_int_equal(load_own("  host_per_chip: {best: 10, unit: W, grade: D, source: "
                              "muster-estimate, note: test}\n",
                              &m, &err),
                     MU_OK);
    assert_near(m.power.cooling_w + m.power.conversion_w, 9.0, 1e-12);
    assert_int_equal(load_own("  host_per_chip: {best: 0, unit: W, grade: D, source: "
                              "muster-estimate, note: test}\n",
                              &m, &err),
                     MU_OK);
    assert_true(m.power.cooling_w == 0.0 && m.power.conversion_w == 0.0);
}

static void bad_facts(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "  pue: {best: 0.9, grade: D, source: muster-estimate, note: test}\n",
        "  cooling_share: {best: 0.7, grade: D, source: muster-estimate, note: test}\n",
        "  conversion_efficiency: {best: 0.2, grade: D, source: muster-estimate, note: test}\n",
        "  host_load: {best: 0.1, grade: D, source: muster-estimate, note: test}\n",
        "  fan_speed: {best: 0.2, grade: D, source: muster-estimate, note: test}\n",
        "  loss_square: {best: 0.6, grade: D, source: muster-estimate, note: test}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        mu_machine m;
        mu_error err = {0};
        assert_int_equal(load_own(lines[i], &m, &err), MU_E_INPUT);
        assert_non_null(strstr(err.text, "expected"));
        assert_string_equal(err.file, "own.yaml");
        assert_int_equal(err.line, 6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_sum_over_the_catalogue),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(idle_by_hand),
        cmocka_unit_test(memory_traffic),
        cmocka_unit_test(facts_are_read),
        cmocka_unit_test(more_in_flight_draws_more),
        cmocka_unit_test(answers_conserve_energy),
        cmocka_unit_test(little_room),
        cmocka_unit_test(bad_facts),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
