/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Supply as a picture.
 *
 * What:  above, chips a month as bars in the colour of what binds, with their interval; below, the
 *        sum as a line in its band, and what is wanted dashed.
 * Bound: one bar a month, however narrow.
 */
#include "report/supply_report.h"

#include "report/svg.h"
#include "report/table.h"

#include <math.h>

enum {
    WIDTH = 860,
    HEIGHT = 640,
    LEFT = 92,
    RIGHT = 28,
    TOP = 84,
    MIDDLE = 324,
    BELOW = 370,
    BOTTOM = 590,
    TICKS = 5
};

static const char *const styles[MU_PIECES + 1] = {"dies", "stacks", "packages", "none"};

typedef struct plot {
    FILE *out;
    const mu_supply_answer *a;
    int top, bottom;
    double y_high;
    double step;
} plot;

static double at_x(const plot *p, double month)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * month / (double)p->a->month_count;
}

static double at_y(const plot *p, double y)
{
    return p->bottom - (p->bottom - p->top) * fmin(y / p->y_high, 1.0);
}

static plot make_plot(FILE *out, const mu_supply_answer *a, int top, int bottom, double most)
{
    most = most > 0.0 && isfinite(most) ? 1.05 * most : 1.0;
    double step = mu_svg_step(most, TICKS);
    return (plot){out, a, top, bottom, step * ceil(most / step), step};
}

static void axes(const plot *p)
{
    for (int i = 0; i * p->step <= p->y_high * (1.0 + 1e-9); i++) {
        double y = at_y(p, i * p->step);
        char count[MU_CELL_MAX];
        mu_format_count(i * p->step, count);
        fprintf(p->out,
                "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
                "<text class=\"faint\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4.0, count);
    }
    uint32_t years = p->a->month_count / 12 + 1;
    uint32_t apart = years > 12 ? years / 12 + 1 : 1;
    for (uint32_t m = 0; m < p->a->month_count; m++) {
        unsigned month = (unsigned)p->a->month[m].month;
        if (month % 12 == 0 && month / 12 % apart == 0) {
            fprintf(p->out,
                    "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
                    "<text class=\"faint\" x=\"%.1f\" y=\"%d\">%u</text>\n",
                    at_x(p, m), p->top, at_x(p, m), p->bottom, at_x(p, m) + 2.0, p->bottom + 16,
                    month / 12);
        }
    }
}

static void bars(const plot *p)
{
    for (uint32_t m = 0; m < p->a->month_count; m++) {
        const mu_supply_point *t = &p->a->month[m];
        double x = at_x(p, m);
        double width = at_x(p, m + 1.0) - x;
        char month[MU_MONTH_TEXT_MAX];
        mu_month_text(t->month, month);
        fprintf(p->out,
                "<rect class=\"%s\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\">"
                "<title>%s: %.0f chips (%.0f to %.0f), bound by %s</title></rect>\n",
                styles[t->binds], x + 0.1 * width, at_y(p, t->chips.value), 0.8 * width,
                p->bottom - at_y(p, t->chips.value), month, t->chips.value, t->chips.low,
                t->chips.high, mu_piece_words(t->binds));
        if (t->chips.high > t->chips.low) {
            fprintf(p->out,
                    "<line class=\"whisker\" x1=\"%.2f\" y1=\"%.1f\" x2=\"%.2f\" "
                    "y2=\"%.1f\"/>\n",
                    x + 0.5 * width, at_y(p, t->chips.low), x + 0.5 * width,
                    at_y(p, t->chips.high));
        }
    }
}

static void sum(const plot *p, double wanted)
{
    const mu_supply_answer *a = p->a;
    fputs("<path class=\"band\" d=\"M", p->out);
    for (uint32_t m = 0; m < a->month_count; m++) {
        fprintf(p->out, " %.2f %.1f", at_x(p, m + 1.0), at_y(p, a->month[m].total.high));
    }
    for (uint32_t m = a->month_count; m-- > 0;) {
        fprintf(p->out, " %.2f %.1f", at_x(p, m + 1.0), at_y(p, a->month[m].total.low));
    }
    fputs(" Z\"/>\n<path class=\"sum\" d=\"M", p->out);
    for (uint32_t m = 0; m < a->month_count; m++) {
        fprintf(p->out, " %.2f %.1f", at_x(p, m + 1.0), at_y(p, a->month[m].total.value));
    }
    fputs("\"/>\n", p->out);
    if (wanted > 0.0 && wanted <= p->y_high) {
        fprintf(p->out, "<line class=\"limit\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>\n",
                LEFT, at_y(p, wanted), WIDTH - RIGHT, at_y(p, wanted));
    }
}

static void head(const mu_supply_picture *p, FILE *out)
{
    mu_svg_begin(out, WIDTH, HEIGHT,
                 "  .dies { fill: #0969da; }\n"
                 "  .stacks { fill: #bc4c00; }\n"
                 "  .packages { fill: #1a7f37; }\n"
                 "  .none { fill: #6e7781; }\n"
                 "  .whisker { stroke: #57606a; stroke-width: 1; stroke-opacity: 0.6; }\n"
                 "  .band { fill: #0969da; fill-opacity: 0.15; }\n"
                 "  .sum { stroke: #0969da; stroke-width: 2; fill: none; }\n"
                 "  .limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 6 4; }\n",
                 "    .dies { fill: #58a6ff; }\n"
                 "    .stacks { fill: #f0883e; }\n"
                 "    .packages { fill: #3fb950; }\n"
                 "    .whisker { stroke: #8b949e; }\n"
                 "    .band { fill: #58a6ff; }\n"
                 "    .sum { stroke: #58a6ff; }\n"
                 "    .limit { stroke: #ff7b72; }\n");
    fprintf(out, "<text class=\"title\" x=\"%d\" y=\"28\">", LEFT);
    mu_svg_text(out, p->question->wish.chip->name);
    fputs(": what can be made</text>\n", out);
    fprintf(out,
            "<text class=\"faint\" x=\"%d\" y=\"47\">chips a month%s; coloured by what there "
            "is too little of:</text>\n",
            LEFT, p->question->samples >= 1.0 ? " and their 90 % interval" : "");
    for (int i = 0; i < MU_PIECES; i++) {
        int x = LEFT + 140 * i;
        fprintf(out,
                "<rect class=\"%s\" x=\"%d\" y=\"57\" width=\"12\" height=\"12\"/>"
                "<text class=\"faint\" x=\"%d\" y=\"68\">%s</text>\n",
                styles[i], x, x + 18, mu_piece_words((mu_piece)i));
    }
}

mu_status mu_supply_svg(const mu_supply_picture *p, FILE *out, mu_error *err)
{
    const mu_supply_answer *a = p->answer;
    double most = 0.0;
    for (uint32_t m = 0; m < a->month_count; m++) {
        most = fmax(most, a->month[m].chips.high);
    }
    const plot monthly = make_plot(out, a, TOP, MIDDLE, most);
    const plot total = make_plot(out, a, BELOW, BOTTOM, a->total.high);
    head(p, out);
    axes(&monthly);
    bars(&monthly);
    fprintf(out, "<text class=\"faint\" x=\"%d\" y=\"%d\">chips in all</text>\n", LEFT, BELOW - 8);
    axes(&total);
    sum(&total, p->question->wanted);
    fputs("</svg>\n", out);
    return mu_stream_check(out, err);
}
