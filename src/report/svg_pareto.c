/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Pareto front as SVG.
 *
 * What:  linear axes from zero with round ticks, the front as a line through its points, labels
 *        where they do not cover each other.
 * Terms: data coordinates are milliseconds and tokens/s per chip; picture coordinates pixels from
 *        the upper left.
 * Bound: labels are placed greedily, left to right; a point without room keeps its tooltip only.
 */
#include "report/svg_pareto.h"

#include "report/format.h"
#include "report/svg.h"
#include "report/table.h"

#include <assert.h>
#include <math.h>

enum {
    WIDTH = 860,
    HEIGHT = 520,
    LEFT = 84,
    RIGHT = 28,
    TOP = 64,
    BOTTOM = 62,
    TICKS = 6,
    LABELS_MAX = 64,
    LABEL_HEIGHT = 18,
    LABEL_PAD = 4,
    LABEL_CHAR_WIDTH = 6
};

/* A label's box that others must stay out of. */
typedef struct box {
    double x0, y0, x1, y1;
} box;

typedef struct chart {
    FILE *out;
    double x_max; /* ms */
    double y_max; /* tokens/s per chip */
    double x_step;
    double y_step;
    uint32_t box_count;
    box boxes[LABELS_MAX];
} chart;

static double picture_x(const chart *c, double ms)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * ms / c->x_max;
}

static double picture_y(const chart *c, double rate)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * rate / c->y_max;
}

static double tpot_ms(const mu_prediction *p)
{
    return 1e3 * p->tpot_s.value;
}

static double rate_of(const mu_prediction *p)
{
    return p->output_tokens_per_s_per_chip.value;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Axes reach past every point, its whiskers and the limit. */
static void scale(chart *c, const mu_question *question, const mu_plan *plan)
{
    double x = 1e3 * question->scenario->tpot_s;
    double y = 0.0;
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        const mu_prediction *p = &plan->pareto[i];
        x = larger(x, larger(tpot_ms(p), 1e3 * p->tpot_s.high));
        y = larger(y, larger(rate_of(p), p->output_tokens_per_s_per_chip.high));
    }
    x = x > 0.0 ? x : 1.0;
    y = y > 0.0 ? y : 1.0;
    c->x_step = mu_svg_step(1.04 * x, TICKS);
    c->y_step = mu_svg_step(1.08 * y, TICKS);
    c->x_max = c->x_step * ceil(1.04 * x / c->x_step);
    c->y_max = c->y_step * ceil(1.08 * y / c->y_step);
}

static void head(const chart *c, const mu_question *question)
{
    const mu_scenario *s = question->scenario;
    mu_svg_begin(c->out, WIDTH, HEIGHT,
                 "  .front { stroke: #0969da; stroke-width: 2; fill: none; }\n"
                 "  .whisker { stroke: #0969da; stroke-width: 1; stroke-opacity: 0.35; }\n"
                 "  .point { fill: #0969da; }\n"
                 "  .best { fill: #cf222e; }\n"
                 "  .limit { stroke: #cf222e; stroke-width: 1.5; stroke-dasharray: 6 4; }\n",
                 "    .front, .whisker { stroke: #58a6ff; }\n"
                 "    .point { fill: #58a6ff; }\n"
                 "    .best { fill: #ff7b72; }\n"
                 "    .limit { stroke: #ff7b72; }\n");
    fprintf(c->out, "<text class=\"title\" x=\"%d\" y=\"28\">", LEFT);
    mu_svg_text(c->out, question->model.id);
    fputs(" on ", c->out);
    mu_svg_text(c->out, question->system->name);
    fprintf(c->out, "</text>\n<text class=\"faint\" x=\"%d\" y=\"47\">", LEFT);
    fprintf(c->out, "Pareto front, input %.0f, output %.0f tokens%s</text>\n", s->input, s->output,
            s->samples > 0.0 ? "; whiskers: 90 % interval" : "");
}

static void axes(const chart *c)
{
    for (int i = 0; i * c->x_step <= c->x_max * (1.0 + 1e-9); i++) {
        double x = picture_x(c, i * c->x_step);
        fprintf(c->out,
                "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
                "<text class=\"faint\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                x, TOP, x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 18, i * c->x_step);
    }
    for (int i = 0; i * c->y_step <= c->y_max * (1.0 + 1e-9); i++) {
        char label[MU_CELL_MAX];
        double y = picture_y(c, i * c->y_step);
        mu_format_count(i * c->y_step, label);
        fprintf(c->out,
                "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
                "<text class=\"faint\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                LEFT, y, WIDTH - RIGHT, y, LEFT - 8, y + 4.0, label);
    }
    fprintf(c->out, "<path class=\"axis\" fill=\"none\" d=\"M%d %dV%dH%d\"/>\n", LEFT, TOP,
            HEIGHT - BOTTOM, WIDTH - RIGHT);
    fprintf(c->out,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">TPOT, time per output token (ms)"
            "</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 18);
    fprintf(c->out,
            "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">"
            "output tokens/s per chip</text>\n",
            (TOP + HEIGHT - BOTTOM) / 2);
}

/* Labels stay out of the limit's own. */
static void reserve_limit(chart *c, double limit_s)
{
    double x = picture_x(c, 1e3 * limit_s);
    assert(c->box_count == 0);
    if (limit_s > 0.0) {
        c->boxes[c->box_count++] = (box){x - 76.0, TOP, x + 2.0, TOP + LABEL_HEIGHT};
    }
}

static void limit(const chart *c, double limit_s)
{
    if (!(limit_s > 0.0)) {
        return;
    }
    double x = picture_x(c, 1e3 * limit_s);
    fprintf(c->out,
            "<line class=\"limit\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
            "<text x=\"%.1f\" y=\"%d\" text-anchor=\"end\">SLO %g ms</text>\n",
            x, TOP, x, HEIGHT - BOTTOM, x - 5.0, TOP + 12, 1e3 * limit_s);
}

static void whiskers(const chart *c, const mu_prediction *p)
{
    mu_quantity x = p->tpot_s;
    mu_quantity y = p->output_tokens_per_s_per_chip;
    fprintf(c->out,
            "<path class=\"whisker\" fill=\"none\" d=\"M%.1f %.1fH%.1fM%.1f %.1fV%.1f\"/>\n",
            picture_x(c, 1e3 * x.low), picture_y(c, y.value), picture_x(c, 1e3 * x.high),
            picture_x(c, 1e3 * x.value), picture_y(c, y.low), picture_y(c, y.high));
}

static void front_line(const chart *c, const mu_plan *plan)
{
    if (plan->pareto_count < 2) {
        return;
    }
    fputs("<polyline class=\"front\" points=\"", c->out);
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        const mu_prediction *p = &plan->pareto[i];
        fprintf(c->out, "%s%.1f,%.1f", i > 0 ? " " : "", picture_x(c, tpot_ms(p)),
                picture_y(c, rate_of(p)));
    }
    fputs("\"/>\n", c->out);
}

/* "decode 1 x (DP 320, EP 320), batch 96" */
static void describe(const mu_prediction *p, char out[MU_CELL_MAX])
{
    char cut[MU_CELL_MAX];
    char batch[MU_CELL_MAX];
    mu_format_cut(&p->deployment.decode, cut);
    mu_format_count(p->point.decode.batch, batch);
    (void)snprintf(out, MU_CELL_MAX, "%.100s, batch %.20s%s", cut, batch,
                   p->deployment.decode.parallel.mtp > 0 ? ", MTP" : "");
}

static bool overlaps(const box *a, const box *b)
{
    return a->x0 < b->x1 && b->x0 < a->x1 && a->y0 < b->y1 && b->y0 < a->y1;
}

/* Takes the room of a label when it is free and inside the picture. */
static bool take_room(chart *c, box want)
{
    bool inside = want.x0 >= LEFT + 4 && want.x1 <= WIDTH - 4 && want.y1 <= HEIGHT - BOTTOM;
    if (!inside || c->box_count == LABELS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < c->box_count; i++) {
        if (overlaps(&c->boxes[i], &want)) {
            return false;
        }
    }
    c->boxes[c->box_count++] = want;
    return true;
}

/* The text on a patch of the page's colour, so that lines under it don't cross it. */
static void label_text(const chart *c, const box *at, const char *text)
{
    fprintf(c->out,
            "<rect class=\"page\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
            "fill-opacity=\"0.85\"/><text x=\"%.1f\" y=\"%.1f\">",
            at->x0, at->y0, at->x1 - at->x0, LABEL_HEIGHT, at->x0 + LABEL_PAD, at->y0 + 13.0);
    mu_svg_text(c->out, text);
    fputs("</text>\n", c->out);
}

/* Right of the point and below the line, else left and above it. */
static void label(chart *c, const mu_prediction *p)
{
    char text[MU_CELL_MAX];
    describe(p, text);
    double width = LABEL_CHAR_WIDTH * (double)mu_text_width(text) + 2 * LABEL_PAD;
    double x = picture_x(c, tpot_ms(p));
    double y = picture_y(c, rate_of(p));
    box right = {x + 6.0, y + 2.0, x + 6.0 + width, y + 2.0 + LABEL_HEIGHT};
    box left = {x - 6.0 - width, y - 2.0 - LABEL_HEIGHT, x - 6.0, y - 2.0};
    if (take_room(c, right)) {
        label_text(c, &right, text);
    } else if (take_room(c, left)) {
        label_text(c, &left, text);
    }
}

static void point(const chart *c, const mu_prediction *p, bool best)
{
    char text[MU_CELL_MAX];
    char tpot[MU_CELL_MAX];
    char rate[MU_CELL_MAX];
    describe(p, text);
    mu_format_quantity(p->tpot_s, MU_DIM_TIME, tpot);
    mu_format_quantity(p->output_tokens_per_s_per_chip, MU_DIM_NONE, rate);
    fprintf(c->out, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"%d\"><title>",
            best ? "best" : "point", picture_x(c, tpot_ms(p)), picture_y(c, rate_of(p)),
            best ? 6 : 4);
    mu_svg_text(c->out, text);
    fprintf(c->out, ": TPOT %s, %s tokens/s per chip</title></circle>\n", tpot, rate);
}

static bool same_point(const mu_prediction *a, const mu_prediction *b)
{
    return a->tpot_s.value == b->tpot_s.value && rate_of(a) == rate_of(b);
}

mu_status mu_svg_pareto(FILE *out, const mu_question *question, const mu_plan *plan, mu_error *err)
{
    chart c = {.out = out};
    scale(&c, question, plan);
    head(&c, question);
    axes(&c);
    reserve_limit(&c, question->scenario->tpot_s);
    for (uint32_t i = 0; i < plan->pareto_count && question->scenario->samples > 0.0; i++) {
        whiskers(&c, &plan->pareto[i]);
    }
    label(&c, &plan->best);
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        if (!same_point(&plan->pareto[i], &plan->best)) {
            label(&c, &plan->pareto[i]);
        }
    }
    limit(&c, question->scenario->tpot_s);
    front_line(&c, plan);
    for (uint32_t i = 0; i < plan->pareto_count; i++) {
        point(&c, &plan->pareto[i], false);
    }
    point(&c, &plan->best, true);
    fputs("</svg>\n", out);
    return mu_stream_check(out, err);
}
