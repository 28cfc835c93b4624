/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A calibration as a file of the catalogue.
 *
 * What:  `kind: calibration` that names its chip or system, so that it is taken wherever its
 *        directory is given as an overlay; parameters it does not hold stay as they are.
 */
#include "cli/calibrate.h"

#include "catalog/schema.h"
#include "report/wrap.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { ID_MAX = 96, VALUE_COLUMNS = 98 };

/* As ids have it: anything but letters, digits and _ becomes a dash. */
static char plain_letter(char c)
{
    static const char upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    for (size_t i = 0; upper[i] != '\0'; i++) {
        if (upper[i] == c) {
            return plain[i];
        }
    }
    if (strchr(plain, c) == NULL) {
        return '-';
    }
    return c;
}

/* Letters, digits and - _ of the file's name without its ending, in small letters. */
static void stem_of(const char *file, char out[ID_MAX])
{
    const char *slash = strrchr(file, '/');
    const char *name = slash != NULL ? slash + 1 : file;
    const char *dot = strrchr(name, '.');
    size_t length = dot != NULL && dot > name ? (size_t)(dot - name) : strlen(name);
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < ID_MAX / 2; i++) {
        out[used++] = plain_letter(name[i]);
    }
    out[used] = '\0';
}

static void print_errors(FILE *out, const mu_calibration *found)
{
    fputs("  errors:\n", out);
    for (uint32_t g = 0; g < found->group_count; g++) {
        const mu_group_result *result = &found->group[g];
        const mu_row_errors *e = result->after.n > 0 ? &result->after : &result->left_out;
        char name[64];
        if (!result->fitted || e->n == 0) {
            continue;
        }
        mu_calibrate_group_name(result->group, name);
        fprintf(out, "    %s: {n: %u, mape: %.3f, median: %.3f, p90: %.3f, bias: %.3f}\n", name,
                e->n, e->mape, e->median, e->p90, e->bias);
    }
}

static void print_head(FILE *out, const mu_calibrate_answer *answer, const char *stem)
{
    char date[16] = "";
    struct tm parts;
    time_t now = time(NULL);
    if (gmtime_r(&now, &parts) != NULL) {
        (void)strftime(date, sizeof date, "%Y-%m-%d", &parts);
    }
    const mu_entity *e = answer->entity;
    const char *kind = mu_entity_kind_text(e->kind);
    fprintf(out,
            "# Written by `muster calibrate`. Ranges are 90 %%: spread of five refits that each\n"
            "# left out a fifth of the rows; *_time is the 5th to 95th percentile of measured\n"
            "# over predicted on rows that were not fitted on. Margins: [predicted up to, s; low\n"
            "# and high, measured over predicted] of rows that the fit had not seen.\n");
    fprintf(out, "kind: calibration\nid: %s-%s\n", e->id, stem);
    fprintf(out, "name: \"%s: own measurements\"\n", e->name);
    fprintf(out, "%ss: [%s]\nsource: own-measurements\ngrade: A\nfitted:\n", kind, e->id);
    fprintf(out, "  on: [own-measurements]\n  date: %s\n  rows: %llu\n", date,
            (unsigned long long)answer->found->rows);
    fprintf(out, "  split: \"seven rows in ten fitted, by a hash of the question; errors on the "
                 "others\"\n");
}

static void print_params(FILE *out, const mu_calibration *found)
{
    if (found->knob_count > 0) {
        fputs("params:\n", out);
    }
    for (uint32_t i = 0; i < found->knob_count; i++) {
        const mu_knob_result *k = &found->knob[i];
        if (k->fate == MU_KNOB_FITTED || k->fate == MU_KNOB_WIDTH) {
            fprintf(out, "  %s: {best: %.4g, low: %.4g, high: %.4g}\n", k->knob.name, k->range.best,
                    k->range.low, k->range.high);
        }
    }
}

static void print_margins(FILE *out, const mu_calibrate_answer *answer)
{
    const mu_calibration *found = answer->found;
    if (found->margin_count > 0) {
        fprintf(out, "margins:\n  of: %s\n", answer->entity->id);
    }
    for (uint32_t i = 0; i < found->margin_count; i++) {
        const mu_op_margin *m = &found->margin[i];
        fprintf(out, "  %s:\n    rows: %u\n    steps:\n", m->key, m->rows);
        for (uint32_t k = 0; k < m->step_count; k++) {
            fprintf(out, "      - [%.4g, %.3f, %.3f]\n", m->step[k].to_s, m->step[k].low,
                    m->step[k].high);
        }
    }
}

/* Values in one text over lines of VALUE_COLUMNS. */
static void print_values(FILE *out, const mu_surface *s, const mu_surface_term *term)
{
    int column = fputs("        values: \"", out) < 0 ? 0 : 17;
    uint32_t size = mu_surface_term_size(s, term);
    for (uint32_t i = 0; i < size; i++) {
        char text[16];
        int length = snprintf(text, sizeof text, "%.0f", (double)s->value[term->first + i] * 1e3);
        if (i > 0 && column + length + 2 > VALUE_COLUMNS) {
            fputs("\n          ", out);
            column = 10;
        } else if (i > 0) {
            fputc(' ', out);
            column++;
        }
        fputs(strcmp(text, "-0") == 0 ? "0" : text, out);
        column += length;
    }
    fputs("\"\n", out);
}

static void print_surface(FILE *out, const mu_surface_result *found)
{
    const mu_surface *s = found->surface;
    const char *const *names = mu_surface_coordinates(found->kind)->name;
    if (s->terms == 0) {
        fprintf(out, "  %s: none\n", mu_surface_text(found->kind));
        return;
    }
    fprintf(out, "  %s:\n    knots:\n", mu_surface_text(found->kind));
    for (uint8_t i = 0; i < s->axes; i++) {
        fprintf(out, "      %s: [", names[s->axis[i].coordinate]);
        for (uint8_t k = 0; k < s->axis[i].knots; k++) {
            fprintf(out, "%s%.9g", k > 0 ? ", " : "", (double)s->axis[i].knot[k]);
        }
        fputs("]\n", out);
    }
    fputs("    terms:\n", out);
    for (uint8_t i = 0; i < s->terms; i++) {
        const mu_surface_term *term = &s->term[i];
        fputs("      - over: [", out);
        for (uint8_t a = 0; a < term->axes; a++) {
            fprintf(out, "%s%s", a > 0 ? ", " : "", names[s->axis[term->axis[a]].coordinate]);
        }
        fputs("]\n", out);
        print_values(out, s, term);
    }
}

static void print_surfaces(FILE *out, const mu_calibration *found)
{
    if (found->surface_count > 0) {
        fputs("# Factors exp(s) on times, s in thousandths on grids over logarithms of the shape.\n"
              "surfaces:\n",
              out);
    }
    for (uint32_t i = 0; i < found->surface_count; i++) {
        print_surface(out, &found->surface[i]);
    }
}

mu_status mu_calibrate_write(void *context, FILE *out, mu_error *err)
{
    const mu_calibrate_answer *answer = context;
    const mu_calibration *found = answer->found;
    char stem[ID_MAX];
    stem_of(answer->file, stem);
    print_head(out, answer, stem);
    print_errors(out, found);
    print_params(out, found);
    print_surfaces(out, found);
    print_margins(out, answer);
    return mu_stream_check(out, err);
}
