/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A simulation as a picture.
 *
 * What:  above, TTFT (mean and largest of a stretch of time) as lines and the requests waiting as
 *        an area with an axis of its own; below, the shares of requests whose TTFT, TPOT and end to
 *        end latency stay below a time, on a logarithmic axis. Limits of the SLO are dashed.
 * Terms: a plot maps data to picture coordinates (pixels from the upper left).
 * Bound: stretches in which no first token came leave a gap; a limit beyond the axis is left out.
 */
#include "report/format.h"
#include "report/simulate_report.h"
#include "report/svg.h"

#include <math.h>

enum {
    WIDTH = 860,
    HEIGHT = 720,
    LEFT = 84,
    RIGHT = 76,
    COURSE_TOP = 96,
    COURSE_BOTTOM = 346,
    SHARE_TOP = 430,
    SHARE_BOTTOM = 660,
    TICKS = 6,
    CURVES = 3
};

/* One of the lower curves. */
typedef struct curve {
    const char *name;
    const char *style;
    const mu_sim_latency *latency;
    double limit_s; /* 0 = none */
} curve;

typedef struct plot {
    FILE *out;
    int top, bottom;
    double x_low, x_high; /* logarithms where the axis is logarithmic */
    double y_high;        /* from 0 */
} plot;

/* A unit of time and what it is called. */
typedef struct time_unit {
    const char *name;
    double s;
} time_unit;

static double at_x(const plot *p, double x)
{
    return LEFT + (WIDTH - LEFT - RIGHT) * (x - p->x_low) / (p->x_high - p->x_low);
}

static double at_y(const plot *p, double y)
{
    return p->bottom - (p->bottom - p->top) * y / p->y_high;
}

/* The largest unit that still leaves a number of at least two. */
static time_unit unit_of(double span_s)
{
    static const time_unit units[] = {
        {"d", 86400.0}, {"h", 3600.0}, {"min", 60.0}, {"s", 1.0}, {"ms", 1e-3}};
    for (size_t i = 0; i + 1 < sizeof units / sizeof units[0]; i++) {
        if (span_s >= 2.0 * units[i].s) {
            return units[i];
        }
    }
    return (time_unit){"ms", 1e-3};
}

static void head(FILE *out, const mu_question *question, const mu_simulation *s)
{
    mu_svg_begin(out, WIDTH, HEIGHT,
                 "  .heading { font-weight: bold; }\n"
                 "  .line { stroke-width: 2; fill: none; }\n"
                 "  .thin { stroke-width: 1; stroke-opacity: 0.55; }\n"
                 "  .limit { stroke-width: 1.5; stroke-dasharray: 6 4; }\n"
                 "  .ttft { stroke: #0969da; }\n"
                 "  .tpot { stroke: #1a7f37; }\n"
                 "  .e2e { stroke: #bc4c00; }\n"
                 "  .waiting { fill: #8250df; fill-opacity: 0.2; }\n",
                 "    .ttft { stroke: #58a6ff; }\n"
                 "    .tpot { stroke: #3fb950; }\n"
                 "    .e2e { stroke: #ffa657; }\n"
                 "    .waiting { fill: #bc8cff; fill-opacity: 0.3; }\n");
    fprintf(out, "<text class=\"title\" x=\"%d\" y=\"28\">", LEFT);
    mu_svg_text(out, s->model);
    fputs(" on ", out);
    mu_svg_text(out, question->system->name);
    fprintf(out, "</text>\n<text class=\"faint\" x=\"%d\" y=\"47\">", LEFT);
    mu_svg_text(out, s->traffic);
    fputs("</text>\n", out);
}

static void horizontal(const plot *p, double y, const char *label)
{
    fprintf(p->out,
            "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
            "<text class=\"faint\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
            LEFT, at_y(p, y), WIDTH - RIGHT, at_y(p, y), LEFT - 8, at_y(p, y) + 4.0, label);
}

static void vertical(const plot *p, double x, const char *label)
{
    fprintf(p->out,
            "<line class=\"grid\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
            "<text class=\"faint\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
            at_x(p, x), p->top, at_x(p, x), p->bottom, at_x(p, x), p->bottom + 18, label);
}

/* Lines of both axes, and what they show. */
static void frame(const plot *p, const char *x_label, const char *y_label)
{
    fprintf(p->out, "<path class=\"axis\" fill=\"none\" d=\"M%d %dV%dH%d\"/>\n", LEFT, p->top,
            p->bottom, WIDTH - RIGHT);
    fprintf(p->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
            (LEFT + WIDTH - RIGHT) / 2, p->bottom + 40, x_label);
    fprintf(p->out,
            "<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>\n",
            (p->top + p->bottom) / 2, y_label);
}

/* Right-aligned above the plot; `slot` counts from the right. */
static void legend(const plot *p, int slot, const char *style, const char *name)
{
    int x = WIDTH - RIGHT - 110 * (slot + 1);
    fprintf(p->out, "<path class=\"%s\" d=\"M%d %dh20\"/><text x=\"%d\" y=\"%d\">%s</text>\n",
            style, x, p->top - 18, x + 26, p->top - 14, name);
}

static void heading(const plot *p, const char *text)
{
    fprintf(p->out, "<text class=\"heading\" x=\"%d\" y=\"%d\">%s</text>\n", LEFT, p->top - 14,
            text);
}

static double ttft_mean(const mu_sim_bin *bin)
{
    return bin->ttft_sum_s / (double)bin->ttft_n;
}

static double ttft_max(const mu_sim_bin *bin)
{
    return bin->ttft_max_s;
}

static double waiting(const mu_sim_bin *bin)
{
    return bin->steps > 0 ? bin->waiting_sum / (double)bin->steps : 0.0;
}

/* A line through the middles of the bins, broken where nothing was measured. */
static void course_line(const plot *p, const mu_sim_answer *a, const char *style,
                        double (*value)(const mu_sim_bin *bin))
{
    bool drawing = false;
    fprintf(p->out, "<path class=\"line ttft%s\" d=\"M%d %d", style, LEFT, p->bottom);
    for (uint32_t i = 0; i < a->bin_count; i++) {
        bool known = a->bin[i].ttft_n > 0;
        double middle = (i + 0.5) * a->bin_s;
        if (known) {
            fprintf(p->out, "%c%.1f %.1f", drawing ? 'L' : 'M', at_x(p, middle),
                    at_y(p, value(&a->bin[i])));
            fputs(drawing ? "" : "h0.1", p->out);
        }
        drawing = known;
    }
    fputs("\"/>\n", p->out);
}

static void waiting_area(const plot *p, const mu_sim_answer *a)
{
    fprintf(p->out, "<path class=\"waiting\" d=\"M%d %d", LEFT, p->bottom);
    for (uint32_t i = 0; i < a->bin_count; i++) {
        fprintf(p->out, "V%.1fH%.1f", at_y(p, waiting(&a->bin[i])),
                at_x(p, fmin((i + 1) * a->bin_s, p->x_high)));
    }
    fprintf(p->out, "V%d\"/>\n", p->bottom);
}

/* The axis of the area: on the right, without a grid. */
static void waiting_axis(const plot *p, double step)
{
    fprintf(p->out, "<path class=\"axis\" fill=\"none\" d=\"M%d %dV%d\"/>\n", WIDTH - RIGHT, p->top,
            p->bottom);
    for (int i = 0; i * step <= p->y_high * (1.0 + 1e-9); i++) {
        char label[MU_CELL_MAX];
        mu_format_count(i * step, label);
        fprintf(p->out, "<text class=\"faint\" x=\"%d\" y=\"%.1f\">%s</text>\n", WIDTH - RIGHT + 8,
                at_y(p, i * step) + 4.0, label);
    }
    fprintf(p->out,
            "<text transform=\"translate(%d %d) rotate(-90)\" text-anchor=\"middle\">"
            "requests waiting an instance</text>\n",
            WIDTH - 14, (p->top + p->bottom) / 2);
}

/* Makes room for `largest` in round steps; returns the step. */
static double reach(plot *p, double largest)
{
    double step = mu_svg_step(largest > 0.0 ? 1.05 * largest : 1.0, TICKS);
    p->y_high = step * fmax(1.0, ceil(1.05 * largest / step));
    return step;
}

static void course_grid(const plot *p, time_unit x_unit, time_unit y_unit, double y_step)
{
    char label[MU_CELL_MAX];
    double x_step = x_unit.s * mu_svg_step(p->x_high / x_unit.s, TICKS);
    for (int i = 0; i * x_step <= p->x_high * (1.0 + 1e-9); i++) {
        (void)snprintf(label, sizeof label, "%g", i * x_step / x_unit.s);
        vertical(p, i * x_step, label);
    }
    for (int i = 0; i * y_step <= p->y_high * (1.0 + 1e-9); i++) {
        (void)snprintf(label, sizeof label, "%g", i * y_step / y_unit.s);
        horizontal(p, i * y_step, label);
    }
}

/* The TTFT limit, where the axis reaches it; its name on a patch of the page's colour, so that
 * lines below don't cross it. */
static void course_limit(const plot *p, double limit_s)
{
    char text[MU_CELL_MAX];
    if (!(limit_s > 0.0) || limit_s > p->y_high) {
        return;
    }
    mu_format_value(limit_s, MU_DIM_TIME, text);
    fprintf(p->out,
            "<line class=\"limit ttft\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>"
            "<rect class=\"page\" x=\"%d\" y=\"%.1f\" width=\"116\" height=\"16\" "
            "fill-opacity=\"0.85\"/><text x=\"%d\" y=\"%.1f\">TTFT SLO %s</text>\n",
            LEFT, at_y(p, limit_s), WIDTH - RIGHT, at_y(p, limit_s), LEFT + 4,
            at_y(p, limit_s) - 18.0, LEFT + 6, at_y(p, limit_s) - 5.0, text);
}

static void draw_course(FILE *out, const mu_sim_answer *a, double ttft_limit_s)
{
    plot p = {.out = out, .top = COURSE_TOP, .bottom = COURSE_BOTTOM};
    plot queue = p;
    char x_label[64];
    char y_label[64];
    double slowest = 0.0;
    double longest = 0.0;
    for (uint32_t i = 0; i < a->bin_count; i++) {
        slowest = fmax(slowest, a->bin[i].ttft_max_s);
        longest = fmax(longest, waiting(&a->bin[i]));
    }
    p.x_high = a->bin_count > 0 ? a->bin_count * a->bin_s : 1.0;
    queue.x_high = p.x_high;
    double y_step = reach(&p, slowest);
    double queue_step = reach(&queue, fmax(longest, 1.0));
    time_unit x_unit = unit_of(p.x_high);
    time_unit y_unit = unit_of(p.y_high);
    (void)snprintf(x_label, sizeof x_label, "time (%s)", x_unit.name);
    (void)snprintf(y_label, sizeof y_label, "TTFT, time to first token (%s)", y_unit.name);
    course_grid(&p, x_unit, y_unit, y_step);
    waiting_area(&queue, a);
    waiting_axis(&queue, queue_step);
    frame(&p, x_label, y_label);
    course_line(&p, a, " thin", ttft_max);
    course_line(&p, a, "", ttft_mean);
    course_limit(&p, ttft_limit_s);
    heading(&p, "Over time");
    legend(&p, 2, "line ttft", "TTFT, mean");
    legend(&p, 1, "line ttft thin", "TTFT, largest");
    fprintf(out,
            "<rect class=\"waiting\" x=\"%d\" y=\"%d\" width=\"20\" height=\"10\"/>"
            "<text x=\"%d\" y=\"%d\">waiting</text>\n",
            WIDTH - RIGHT - 110, p.top - 23, WIDTH - RIGHT - 84, p.top - 14);
}

/* "500 us", "20 ms", "5 s" */
static void tick_text(double time_s, char out[MU_CELL_MAX])
{
    const char *unit = time_s < 0.99e-3 ? "us" : time_s < 0.99 ? "ms" : "s";
    double scale = time_s < 0.99e-3 ? 1e6 : time_s < 0.99 ? 1e3 : 1.0;
    (void)snprintf(out, MU_CELL_MAX, "%.6g %s", time_s * scale, unit);
}

/* Times at 1, 2 and 5; powers of ten alone where there are many decades. */
static void share_grid(const plot *p)
{
    static const double shares[] = {0.0, 0.25, 0.5, 0.75, 0.9, 1.0};
    static const double digits[] = {1.0, 2.0, 5.0};
    char label[MU_CELL_MAX];
    int most = p->x_high - p->x_low > 3.5 ? 1 : 3;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        (void)snprintf(label, sizeof label, "%.0f %%", 100.0 * shares[i]);
        horizontal(p, shares[i], label);
    }
    for (int decade = (int)floor(p->x_low); decade <= (int)ceil(p->x_high); decade++) {
        for (int i = 0; i < most; i++) {
            double x = decade + log10(digits[i]);
            if (x >= p->x_low - 1e-9 && x <= p->x_high + 1e-9) {
                tick_text(pow(10.0, x), label);
                vertical(p, x, label);
            }
        }
    }
}

/* One point a pixel: shares jump where all requests take the same time. */
static void share_curve(const plot *p, const curve *c)
{
    fprintf(p->out, "<path class=\"line %s\" d=\"", c->style);
    for (int x = LEFT; x <= WIDTH - RIGHT; x++) {
        double part = (x - LEFT) / (double)(WIDTH - LEFT - RIGHT);
        double time_s = pow(10.0, p->x_low + part * (p->x_high - p->x_low));
        double share = mu_histogram_share(c->latency->histogram, time_s);
        fprintf(p->out, "%c%d %.1f", x == LEFT ? 'M' : 'L', x, at_y(p, share));
    }
    fputs("\"/>\n", p->out);
}

static void share_limit(const plot *p, const curve *c)
{
    char text[MU_CELL_MAX];
    double x = c->limit_s > 0.0 ? log10(c->limit_s) : -HUGE_VAL;
    if (x < p->x_low || x > p->x_high) {
        return;
    }
    mu_format_value(c->limit_s, MU_DIM_TIME, text);
    fprintf(p->out,
            "<line class=\"limit %s\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"><title>%s SLO "
            "%s</title></line>\n",
            c->style, at_x(p, x), p->top, at_x(p, x), p->bottom, c->name, text);
}

/* From the fastest thousandth of any to the slowest of all, limits included. */
static void share_range(plot *p, const curve curves[])
{
    double low = HUGE_VAL;
    double high = 0.0;
    for (int i = 0; i < CURVES; i++) {
        const mu_sim_latency *l = curves[i].latency;
        if (l->n > 0 && l->histogram != NULL) {
            low = fmin(low, fmax(mu_histogram_quantile(l->histogram, 0.001), 1e-6));
            high = fmax(high, fmax(l->max, curves[i].limit_s));
        }
    }
    low = isfinite(low) ? low : 1e-3;
    p->x_low = log10(low / 1.1);
    p->x_high = log10(fmax(high * 1.1, low * 2.0));
    p->y_high = 1.0;
}

static void draw_shares(FILE *out, const mu_simulation *s)
{
    const mu_sim_config *config = &s->config;
    const curve curves[CURVES] = {
        {"TTFT", "ttft", &s->point.ttft_s, config->ttft_slo_s},
        {"TPOT", "tpot", &s->point.tpot_s, config->tpot_slo_s},
        {"end to end", "e2e", &s->point.e2e_s, config->e2e_slo_s},
    };
    plot p = {.out = out, .top = SHARE_TOP, .bottom = SHARE_BOTTOM};
    share_range(&p, curves);
    share_grid(&p);
    frame(&p, "latency, logarithmic; dashed: SLO", "requests at most that slow");
    heading(&p, "Distribution");
    for (int i = 0; i < CURVES; i++) {
        char style[32];
        (void)snprintf(style, sizeof style, "line %s", curves[i].style);
        legend(&p, CURVES - 1 - i, style, curves[i].name);
        share_limit(&p, &curves[i]);
        if (curves[i].latency->n > 0 && curves[i].latency->histogram != NULL) {
            share_curve(&p, &curves[i]);
        }
    }
}

mu_status mu_simulation_svg(FILE *out, const mu_question *question, const mu_simulation *s,
                            mu_error *err)
{
    head(out, question, s);
    draw_course(out, &s->point, s->config.ttft_slo_s);
    draw_shares(out, s);
    fputs("</svg>\n", out);
    return mu_stream_check(out, err);
}
