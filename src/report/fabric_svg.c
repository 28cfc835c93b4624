/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as a picture.
 *
 * What:  a panel a network, chips below and switches above; cables coloured by how busy the job
 *        kept them, or by what they are made of where there was none. Everything has its name and
 *        figures as a title, which viewers show on hovering.
 */
#include "report/fabric_panel.h"
#include "report/fabric_report.h"
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { HEAD = 96, LOADS = 5, THIN_LINES = 600, GAP = 12 };

static const char light[] = "  .copper { stroke: #bc6c25; }\n"
                            "  .optical { stroke: #0969da; }\n"
                            "  .load0 { stroke: #b6c2cf; }\n"
                            "  .load1 { stroke: #54aeff; }\n"
                            "  .load2 { stroke: #1a7f37; }\n"
                            "  .load3 { stroke: #d4a72c; }\n"
                            "  .load4 { stroke: #e16f24; }\n"
                            "  .load5 { stroke: #cf222e; }\n"
                            "  .broken { stroke: #cf222e; stroke-dasharray: 3 4; }\n"
                            "  .cable { fill: none; stroke-width: 1.4; stroke-opacity: 0.75; }\n"
                            "  .thin { stroke-width: 0.5; }\n"
                            "  .cable:hover { stroke-width: 4; stroke-opacity: 1; }\n"
                            "  .chip { fill: #ddf4ff; stroke: #0969da; }\n"
                            "  .switch { fill: #fbefff; stroke: #8250df; }\n"
                            "  .dead { fill: #ffebe9; stroke: #cf222e; stroke-width: 2; }\n"
                            "  .rest { fill: none; stroke: #8c959f; stroke-dasharray: 4 3; }\n"
                            "  .small { font-size: 10px; }\n"
                            "  .heading { font-weight: bold; }\n";

static const char dark[] = "    .load0 { stroke: #3d444d; }\n"
                           "    .load2 { stroke: #3fb950; }\n"
                           "    .load3 { stroke: #e3b341; }\n"
                           "    .chip { fill: #0c2d6b; stroke: #58a6ff; }\n"
                           "    .switch { fill: #3c1e70; stroke: #bc8cff; }\n"
                           "    .dead { fill: #67060c; }\n";

/* A picture under way. */
typedef struct picture {
    FILE *out;
    const mu_net_question *q;
    const mu_net_answer *a;
    bool loaded; /* a job ran */
} picture;

static int load_of(double utilisation)
{
    int load = (int)ceil(utilisation * LOADS - 1e-9);
    return load < 0 ? 0 : (load > LOADS ? LOADS : load);
}

static void line_class(const picture *p, const mu_panel_line *line, char out[16])
{
    const mu_topology *t = p->a->topology;
    if (line->broken) {
        (void)snprintf(out, 16, "broken");
    } else if (p->loaded) {
        (void)snprintf(out, 16, "load%d", load_of(line->utilisation));
    } else {
        bool optical = t->kind[p->a->survey->kind[line->link]].optical;
        (void)snprintf(out, 16, "%s", optical ? "optical" : "copper");
    }
}

static void line_title(const picture *p, const mu_panel_line *line)
{
    char name[MU_VERTEX_NAME_MAX];
    char rate[MU_CELL_MAX];
    mu_survey_link_name(p->a->survey, line->link, name);
    fputs("<title>", p->out);
    mu_svg_text(p->out, name);
    if (line->broken) {
        fputs(", broken", p->out);
    } else {
        mu_format_value(p->a->topology->bandwidth[line->link], MU_DIM_BYTE_RATE, rate);
        fprintf(p->out, ", %s", rate);
    }
    if (p->loaded && !line->broken) {
        fprintf(p->out, ", %.1f %% busy", 100.0 * line->utilisation);
    }
    fputs("</title>", p->out);
}

/* The point in the middle that an arc is drawn to. */
static void bent(const mu_panel_spot *a, const mu_panel_spot *b, double bend, double *x, double *y)
{
    double length = hypot(b->x - a->x, b->y - a->y);
    *x = (a->x + b->x) / 2.0;
    *y = (a->y + b->y) / 2.0;
    if (length > 0.0) {
        *x += 2.0 * bend * (b->y - a->y) / length;
        *y -= 2.0 * bend * (b->x - a->x) / length;
    }
}

static void draw_line(const picture *p, const mu_panel *panel, const mu_panel_line *line)
{
    char class[16];
    double x = 0.0;
    double y = 0.0;
    const mu_panel_spot *a = &panel->spot[line->from];
    const mu_panel_spot *b = &panel->spot[line->to];
    line_class(p, line, class);
    bool thin = panel->lines > THIN_LINES && !line->broken;
    fprintf(p->out, "<path class=\"cable %s%s\" d=\"M%.1f %.1f", class, thin ? " thin" : "", a->x,
            a->y);
    if (line->bend != 0.0) {
        bent(a, b, line->bend, &x, &y);
        fprintf(p->out, "Q%.1f %.1f %.1f %.1f", x, y, b->x, b->y);
    } else {
        fprintf(p->out, "L%.1f %.1f", b->x, b->y);
    }
    fputs("\">", p->out);
    line_title(p, line);
    fputs("</path>\n", p->out);
}

/* Quiet ones first, so that busy and broken ones lie on top. */
static void draw_lines(const picture *p, const mu_panel *panel)
{
    for (int load = 0; load <= LOADS + 1; load++) {
        for (uint32_t i = 0; i < panel->lines; i++) {
            const mu_panel_line *line = &panel->line[i];
            int of = line->broken ? LOADS + 1 : load_of(line->utilisation);
            if (of == load) {
                draw_line(p, panel, line);
            }
        }
    }
}

static double row_pitch(const mu_panel *panel, uint32_t row)
{
    double width = MU_PANEL_WIDTH - 240.0;
    double pitch = panel->row[row].shown > 0 ? width / panel->row[row].shown : width;
    return panel->grid ? 34.0 : fmin(pitch - 2.0, 44.0);
}

static void draw_spot(const picture *p, const mu_panel *panel, uint32_t row, uint32_t spot)
{
    const mu_topology *t = p->a->topology;
    const mu_panel_spot *at = &panel->spot[spot];
    bool chip = at->vertex < t->ranks;
    bool dead = t->dead != NULL && t->dead[at->vertex];
    uint32_t number = chip ? at->vertex : p->a->survey->place[at->vertex];
    double width = fmax(row_pitch(panel, row), 4.0);
    double height = panel->grid ? 24.0 : 26.0;
    fprintf(p->out,
            "<g><title>%s %u%s</title><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
            "height=\"%.1f\" rx=\"3\"/>",
            panel->row[row].name, number, dead ? ", broken" : "",
            dead ? "dead" : (chip ? "chip" : "switch"), at->x - width / 2.0, at->y - height / 2.0,
            width, height);
    if (width >= 18.0) {
        fprintf(p->out,
                "<text class=\"small\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%u</text>",
                at->x, at->y + 4.0, number);
    }
    fputs("</g>\n", p->out);
}

/* What of a row is not drawn, at its right. */
static void draw_rest(const picture *p, const mu_panel *panel, uint32_t row)
{
    const mu_panel_row *r = &panel->row[row];
    char all[MU_CELL_MAX];
    char more[MU_CELL_MAX];
    int x = MU_PANEL_WIDTH - 190;
    mu_format_count((double)r->of, all);
    mu_format_count((double)(r->of - r->shown), more);
    if (r->of > r->shown) {
        fprintf(p->out,
                "<rect class=\"rest\" x=\"%d\" y=\"%.1f\" width=\"170\" height=\"26\" rx=\"3\"/>"
                "<text class=\"small faint\" x=\"%d\" y=\"%.1f\">%u of %s (%s); %s more</text>\n",
                x, r->y - 13.0, x + 8, r->y + 4.0, r->shown, all, r->name, more);
    } else {
        fprintf(p->out, "<text class=\"small faint\" x=\"%d\" y=\"%.1f\">all %s (%s)</text>\n",
                x + 8, r->y + 4.0, all, r->name);
    }
}

static void panel_heading(const picture *p, const mu_panel *panel)
{
    const mu_net_network *net = &p->a->network[panel->network];
    char rate[MU_CELL_MAX];
    char cut[MU_CELL_MAX];
    mu_format_value(net->rank_bandwidth.value, MU_DIM_BYTE_RATE, rate);
    mu_format_value(net->bisection.value, MU_DIM_BYTE_RATE, cut);
    fputs("<text class=\"heading\" x=\"40\" y=\"20\">", p->out);
    mu_svg_text(p->out, net->name);
    fputs("</text>\n<text class=\"faint\" x=\"40\" y=\"38\">", p->out);
    mu_svg_text(p->out, net->words);
    fprintf(p->out, "; %s a rank, bisection %s", rate, cut);
    if (net->domains > 1) {
        fprintf(p->out, "; one of %u domains", net->domains);
    }
    if (panel->lines_left > 0) {
        fprintf(p->out, "; %llu cables not drawn", (unsigned long long)panel->lines_left);
    }
    fputs("</text>\n", p->out);
}

static void draw_panel(const picture *p, const mu_panel *panel, double top)
{
    fprintf(p->out, "<g transform=\"translate(0 %.0f)\">\n", top);
    fprintf(p->out, "<line class=\"grid\" x1=\"40\" y1=\"0\" x2=\"%d\" y2=\"0\"/>\n",
            MU_PANEL_WIDTH - 20);
    panel_heading(p, panel);
    draw_lines(p, panel);
    uint32_t spot = 0;
    for (uint32_t row = 0; row < panel->rows; row++) {
        for (uint32_t i = 0; i < panel->row[row].shown; i++) {
            draw_spot(p, panel, row, spot++);
        }
        draw_rest(p, panel, row);
    }
    fputs("</g>\n", p->out);
}

static void legend_item(FILE *out, int x, const char *class, const char *words)
{
    fprintf(out,
            "<path class=\"cable %s\" style=\"stroke-width:4\" d=\"M%d 78h22\"/>"
            "<text x=\"%d\" y=\"82\">%s</text>\n",
            class, x, x + 28, words);
}

static void draw_legend(const picture *p)
{
    if (p->loaded) {
        static const char *const words[LOADS + 1] = {"idle",    "to 20 % busy", "to 40 %",
                                                     "to 60 %", "to 80 %",      "above 80 %"};
        for (int i = 0; i <= LOADS; i++) {
            char class[16];
            (void)snprintf(class, sizeof class, "load%d", i);
            legend_item(p->out, 40 + 130 * i, class, words[i]);
        }
    } else {
        legend_item(p->out, 40, "copper", "copper");
        legend_item(p->out, 170, "optical", "optical");
    }
    if (!p->a->topology->whole) {
        legend_item(p->out, 40 + 130 * (LOADS + 1), "broken", "broken");
    }
}

static void draw_head(const picture *p)
{
    const mu_net_traffic *t = &p->a->traffic;
    char chips[MU_CELL_MAX];
    char time[MU_CELL_MAX];
    mu_format_count(p->q->chips, chips);
    fputs("<text class=\"title\" x=\"40\" y=\"30\">", p->out);
    mu_svg_text(p->out, p->q->system->name);
    fprintf(p->out, ", %s chips</text>\n<text class=\"faint\" x=\"40\" y=\"52\">", chips);
    if (p->loaded) {
        mu_format_quantity(t->time_s, MU_DIM_TIME, time);
        mu_svg_text(p->out, t->what);
        fprintf(p->out, ": %s; ", time);
        mu_svg_text(p->out, t->algorithm);
    } else {
        fprintf(p->out, "%u ranks, %u network%s", p->q->ranks, p->a->network_count,
                p->a->network_count == 1 ? "" : "s");
    }
    fputs("</text>\n", p->out);
    draw_legend(p);
}

/* All networks laid out one below the other; *height grows by them. */
static mu_status lay_panels(mu_arena *arena, const mu_net_answer *answer, mu_panel **out,
                            double *height, mu_error *err)
{
    mu_panel *panels = MU_NEW(arena, mu_panel, answer->network_count);
    if (panels == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a picture");
    }
    for (uint32_t n = 0; n < answer->network_count; n++) {
        mu_status status = mu_panel_lay(arena, answer, n, &panels[n], err);
        if (status != MU_OK) {
            return status;
        }
        *height += panels[n].height + GAP;
    }
    *out = panels;
    return MU_OK;
}

static void draw_panels(const picture *p, const mu_panel *panels, double height)
{
    double top = HEAD;
    mu_svg_begin(p->out, MU_PANEL_WIDTH, (int)height, light, dark);
    draw_head(p);
    for (uint32_t n = 0; n < p->a->network_count; n++) {
        draw_panel(p, &panels[n], top);
        top += panels[n].height + GAP;
    }
    fputs("</svg>\n", p->out);
}

mu_status mu_net_svg(FILE *out, mu_arena *arena, const mu_net_question *question,
                     const mu_net_answer *answer, mu_error *err)
{
    const picture p = {
        .out = out, .q = question, .a = answer, .loaded = answer->traffic.wire_s.value > 0.0};
    mu_arena_mark mark = mu_arena_here(arena);
    mu_panel *panels = NULL;
    double height = HEAD;
    mu_status status = lay_panels(arena, answer, &panels, &height, err);
    if (status == MU_OK && panels != NULL) {
        draw_panels(&p, panels, height);
        status = mu_stream_check(out, err);
    }
    mu_arena_back(arena, mark);
    return status;
}
