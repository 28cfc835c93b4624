/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goal:   networks are shown as they are answered: the same numbers in JSON, CSV and tables,
 *         pictures and pages that other programs read and that need nothing else.
 * Method: answers on systems of the catalogue, small and large, whole and broken; JSON and CSV read
 *         back and compared, pictures read as XML tags and their coordinates held to the page.
 */
#include "report/fabric_panel.h"
#include "report/fabric_report.h"
#include "twin_helper.h"

#include <math.h>
#include <stdlib.h>

static mu_net_question question;
static mu_net_answer answer;

static void ask(const char *system, double chips, const mu_net_wish *wish, double samples)
{
    mu_error err = {0};
    if (mu_net_question_make(t.catalog, system, chips, NULL, wish, t.arena, &question, &err) !=
        MU_OK) {
        fail_msg("%s", err.text);
    }
    question.samples = samples;
    question.seed = 1.0;
    if (mu_net_answer_question(&question, &t.work, &answer, &err) != MU_OK) {
        fail_msg("%s", err.text);
    }
}

typedef mu_status printer(FILE *out);

static mu_page page_on(FILE *out)
{
    return (mu_page){.out = out, .arena = t.arena};
}

static mu_status as_table(FILE *out)
{
    mu_page page = page_on(out);
    return mu_net_print(&page, &question, &answer, &t.err);
}

static mu_status as_csv(FILE *out)
{
    mu_page page = page_on(out);
    return mu_net_csv(&page, &question, &answer, &t.err);
}

static mu_status as_svg(FILE *out)
{
    return mu_net_svg(out, t.arena, &question, &answer, &t.err);
}

static mu_status as_html(FILE *out)
{
    return mu_net_html(out, t.arena, &question, &answer, &t.err);
}

/* What a printer prints; free() it. */
static char *printed(printer *print)
{
    static char *written;
    static size_t size;
    FILE *out = open_memstream(&written, &size);
    assert_non_null(out);
    assert_int_equal(print(out), MU_OK);
    assert_int_equal(fclose(out), 0);
    return written;
}

static void has(const char *text, const char *piece)
{
    if (strstr(text, piece) == NULL) {
        fail_msg("\"%s\" is missing in\n%.2000s", piece, text);
    }
}

static double number_at(const json_t *json, const char *key, const char *inner)
{
    const json_t *found = json_object_get(json, key);
    found = inner != NULL ? json_object_get(found, inner) : found;
    if (!json_is_number(found)) {
        fail_msg("no number at %s.%s", key, inner != NULL ? inner : "");
    }
    return json_number_value(found);
}

static void json_as_answered(void **state)
{
    const mu_net_wish wish = {.collective = "all-to-all", .ranks = "64", .fail = "ub/switch:0"};
    (void)state;
    ask("cloudmatrix-384", 0.0, &wish, 8.0);
    json_t *json = mu_net_json(&question, &answer);
    assert_non_null(json);
    assert_string_equal(json_string_value(json_object_get(json, "system")), "cloudmatrix-384");
    assert_true(number_at(json, "ranks", NULL) == 768.0);
    const json_t *networks = json_object_get(json, "networks");
    assert_int_equal(json_array_size(networks), 2);
    const json_t *ub = json_array_get(networks, 1);
    assert_string_equal(json_string_value(json_object_get(ub, "shape")), "clos");
    assert_true(number_at(ub, "bisection", "value") == answer.network[1].bisection.value);
    assert_true(number_at(ub, "switches", NULL) == 448.0);
    const json_t *traffic = json_object_get(json, "traffic");
    assert_true(number_at(traffic, "time_s", "value") == answer.traffic.time_s.value);
    assert_true(number_at(traffic, "time_s", "low") == answer.traffic.time_s.low);
    assert_true(number_at(traffic, "bus_bandwidth", "high") == answer.traffic.bus_bandwidth.high);
    const json_t *broken = json_object_get(json, "broken");
    assert_true(number_at(broken, "pairs_rerouted", NULL) == (double)answer.loss.pairs_rerouted);
    assert_true(number_at(json_object_get(json, "availability"), "all_up", "value") > 0.0);
    json_decref(json);
}

static void csv_as_json(void **state)
{
    const mu_net_wish wish = {0};
    (void)state;
    ask("hgx-h100", 0.0, &wish, 8.0);
    char *csv = printed(as_csv);
    has(csv, "system,metric,value,low,high,unit\n");
    has(csv, "hgx-h100,networks.nvlink.bandwidth_per_rank,450000000000,450000000000,450000000000,"
             "B/s\n");
    has(csv, "hgx-h100,availability.all_up,");
    has(csv, "hgx-h100,network_power_w,");
    const char *at = strstr(csv, "networks.nvlink.links.nvlink: chip to switch.count,");
    assert_non_null(at);
    assert_int_equal(strtol(strchr(at, ',') + 1, NULL, 10), answer.kind[0].count);
    free(csv);
}

static void tables(void **state)
{
    const mu_net_wish nothing = {0};
    const mu_net_wish wish = {.collective = "all-reduce", .fail = "nvlink/switch:1"};
    (void)state;
    ask("hgx-h100", 0.0, &nothing, 0.0);
    char *text = printed(as_table);
    has(text, "4 switches a domain");
    has(text, "450 GB/s");
    has(text, "Availability");
    has(text, "nvlink: chip to switch");
    free(text);
    ask("hgx-h100", 0.0, &wish, 0.0);
    text = printed(as_table);
    has(text, "Broken");
    has(text, "bandwidth left             75.0 %");
    has(text, "Hottest links");
    assert_null(strstr(text, "Availability"));
    free(text);
}

/* Tags close in order; attributes are quoted; nothing but known entities. */
static void well_formed(const char *text)
{
    const char *open[64];
    size_t length[64];
    size_t depth = 0;
    for (const char *at = strchr(text, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strchr(at, '>');
        assert_non_null(end);
        if (at[1] == '/') {
            size_t name = strcspn(at + 2, "> ");
            if (depth == 0) {
                fail_msg("</%.*s> closes nothing", (int)name, at + 2);
                return;
            }
            depth--;
            assert_true(length[depth] == name && strncmp(open[depth], at + 2, name) == 0);
        } else if (end[-1] != '/' && at[1] != '!' && strncmp(at, "<meta", 5) != 0) {
            assert_true(depth < 64);
            open[depth] = at + 1;
            length[depth++] = strcspn(at + 1, "> ");
        }
    }
    assert_int_equal(depth, 0);
    for (const char *at = strchr(text, '&'); at != NULL; at = strchr(at + 1, '&')) {
        assert_true(strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&lt;", 4) == 0 ||
                    strncmp(at, "&gt;", 4) == 0 || strncmp(at, "&quot;", 6) == 0);
    }
}

static void spots_on_page(void)
{
    mu_panel *panel = MU_NEW(t.arena, mu_panel, 1);
    assert_non_null(panel);
    for (uint32_t n = 0; n < answer.network_count; n++) {
        assert_int_equal(mu_panel_lay(t.arena, &answer, n, panel, &t.err), MU_OK);
        assert_true(panel->spots > 0 && panel->spots <= MU_PANEL_SPOTS_MAX);
        assert_true(panel->lines > 0);
        for (uint32_t i = 0; i < panel->spots; i++) {
            assert_true(panel->spot[i].x > 0.0 && panel->spot[i].x < MU_PANEL_WIDTH);
            assert_true(panel->spot[i].y > 0.0 && panel->spot[i].y < panel->height);
            for (uint32_t j = 0; j < i; j++) {
                assert_true(panel->spot[i].vertex != panel->spot[j].vertex);
                assert_true(fabs(panel->spot[i].x - panel->spot[j].x) > 1.0 ||
                            fabs(panel->spot[i].y - panel->spot[j].y) > 1.0);
            }
        }
        for (uint32_t i = 0; i < panel->lines; i++) {
            const mu_panel_line *line = &panel->line[i];
            uint32_t from = panel->spot[line->from].vertex;
            uint32_t to = panel->spot[line->to].vertex;
            const mu_topology *w = answer.topology;
            assert_true((w->from[line->link] == from && w->to[line->link] == to) ||
                        (w->from[line->link] == to && w->to[line->link] == from));
        }
    }
}

static void pictures(void **state)
{
    static const struct {
        const char *system;
        double chips;
        mu_net_wish wish;
    } of[] = {
        {"hgx-h100", 8.0, {0}},
        {"gb200-nvl72", 72.0, {.collective = "all-to-all"}},
        {"cloudmatrix-384", 384.0, {.fail = "ub/switch:400,optics:3,chip:12"}},
        {"cloudmatrix-384", 384.0, {.collective = "all-to-all", .ranks = "64", .routing = "ecmp"}},
        {"atlas-950-superpod", 8192.0, {.collective = "all-to-all"}},
        {"hgx-h100", 1024.0, {0}},
        {"l40s-server", 8.0, {.collective = "all-gather"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        mu_arena_mark mark = mu_arena_here(t.arena);
        ask(of[i].system, of[i].chips, &of[i].wish, 0.0);
        char *svg = printed(as_svg);
        has(svg, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
        has(svg, "<title>");
        well_formed(svg);
        assert_null(strstr(svg, "nan"));
        if (of[i].wish.fail != NULL) {
            has(svg, "cable broken");
        }
        free(svg);
        spots_on_page();
        mu_arena_back(t.arena, mark);
    }
}

static void pages(void **state)
{
    const mu_net_wish wish = {.collective = "all-to-all", .ranks = "64"};
    (void)state;
    ask("cloudmatrix-384", 0.0, &wish, 4.0);
    char *html = printed(as_html);
    has(html, "<!DOCTYPE html>");
    has(html, "</svg>");
    has(html, "Availability");
    has(html, "Hottest links");
    well_formed(html);
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "src="));
    assert_null(strstr(html, "href="));
    assert_null(strstr(html, "url("));
    free(html);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_as_answered), cmocka_unit_test(csv_as_json), cmocka_unit_test(tables),
        cmocka_unit_test(pictures),         cmocka_unit_test(pages),
    };
    return cmocka_run_group_tests(tests, twin_open, twin_close);
}
