/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A roadmap as a picture: tokens/s a chip over the date of launch, on a logarithmic scale.
 *
 * Terms: a horizontal bar is when it may be launched, a vertical one the 90 % interval.
 * Bound: what cannot serve the workload, or says no date, is not drawn.
 */
#include "report/roadmap_report.h"

#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 960, HEIGHT = 540, LEFT = 80, RIGHT = 170, TOP = 60, BOTTOM = 50 };

typedef struct chart {
    FILE *out;
    double from, to;  /* years */
    double low, high; /* log10 of tokens/s */
} chart;

static double place_x(const chart *c, double years)
{
    return LEFT + (years - c->from) / (c->to - c->from) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const chart *c, double rate)
{
    double at = (log10(rate) - c->low) / (c->high - c->low);
    return HEIGHT - BOTTOM - at * (HEIGHT - TOP - BOTTOM);
}

static bool is_drawn(const mu_milestone *m)
{
    return m->answered && m->launch.text != NULL && m->tokens_per_s_per_chip.low > 0.0;
}

/* Whole years and powers of ten around all of them; false when there is nothing to draw. */
static bool fit(chart *c, const mu_roadmap *roadmap)
{
    bool any = false;
    c->from = c->low = HUGE_VAL;
    c->to = c->high = -HUGE_VAL;
    for (uint32_t i = 0; i < roadmap->count; i++) {
        const mu_milestone *m = &roadmap->milestone[i];
        if (is_drawn(m)) {
            c->from = fmin(c->from, floor(m->launch.years.low));
            c->to = fmax(c->to, ceil(m->launch.years.high));
            c->low = fmin(c->low, floor(log10(m->tokens_per_s_per_chip.low)));
            c->high = fmax(c->high, ceil(log10(m->tokens_per_s_per_chip.high)));
            any = true;
        }
    }
    c->to = fmax(c->to, c->from + 1.0);
    c->high = fmax(c->high, c->low + 1.0);
    return any;
}

static void line(const chart *c, const char *class, double x0, double y0, double x1, double y1)
{
    fprintf(c->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class,
            x0, y0, x1, y1);
}

static void axes(const chart *c)
{
    int years = (int)(c->to - c->from);
    for (int i = 0; i <= years; i++) {
        double x = place_x(c, c->from + i);
        line(c, "grid", x, TOP, x, HEIGHT - BOTTOM);
        fprintf(c->out,
                "<text class=\"faint\" text-anchor=\"middle\" x=\"%.1f\" y=\"%d\">%.0f"
                "</text>\n",
                x, HEIGHT - BOTTOM + 20, c->from + i);
    }
    int decades = (int)(c->high - c->low);
    for (int i = 0; i <= decades; i++) {
        double rate = pow(10.0, c->low + i);
        double y = place_y(c, rate);
        line(c, "grid", LEFT, y, WIDTH - RIGHT, y);
        fprintf(c->out, "<text class=\"faint\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">%g</text>\n",
                LEFT - 8, y + 4.0, rate);
    }
    line(c, "axis", LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
    line(c, "axis", LEFT, TOP, LEFT, HEIGHT - BOTTOM);
}

static void draw(const chart *c, const mu_milestone *m)
{
    const mu_quantity *q = &m->tokens_per_s_per_chip;
    bool chip = m->entity->kind == MU_ENTITY_CHIP;
    double x = place_x(c, m->launch.years.best);
    double y = place_y(c, q->value);
    line(c, "bar", place_x(c, m->launch.years.low), y, place_x(c, m->launch.years.high), y);
    line(c, "bar", x, place_y(c, q->low), x, place_y(c, q->high));
    fprintf(c->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"5\"><title>",
            chip ? "chip" : "system", x, y);
    mu_svg_text(c->out, m->entity->name);
    fprintf(c->out, ": %.4g (%.4g to %.4g)</title></circle>\n", q->value, q->low, q->high);
    fprintf(c->out, "<text x=\"%.1f\" y=\"%.1f\">", x + 8.0, chip ? y - 6.0 : y + 15.0);
    mu_svg_text(c->out, m->entity->id);
    fputs("</text>\n", c->out);
}

mu_status mu_roadmap_svg(FILE *out, const mu_roadmap *roadmap, mu_error *err)
{
    chart c = {.out = out};
    mu_svg_begin(out, WIDTH, HEIGHT,
                 "  .chip { fill: #0969da; }\n  .system { fill: #cf222e; }\n"
                 "  .bar { stroke: #8c959f; stroke-width: 1.5; }\n",
                 "    .chip { fill: #58a6ff; }\n    .system { fill: #ff7b72; }\n"
                 "    .bar { stroke: #6e7681; }\n");
    fprintf(out, "<text class=\"title\" x=\"%d\" y=\"28\">", LEFT);
    mu_svg_text(out, roadmap->vendor);
    fprintf(out, "</text>\n<text class=\"faint\" x=\"%d\" y=\"46\">output tokens/s a chip, ", LEFT);
    mu_svg_text(out, roadmap->scenario->model);
    fputs(", over the date of launch; chips blue, systems red</text>\n", out);
    if (fit(&c, roadmap)) {
        axes(&c);
        for (uint32_t i = 0; i < roadmap->count; i++) {
            if (is_drawn(&roadmap->milestone[i])) {
                draw(&c, &roadmap->milestone[i]);
            }
        }
    }
    fputs("</svg>\n", out);
    return mu_stream_check(out, err);
}
