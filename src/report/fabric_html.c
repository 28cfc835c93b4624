/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks as a page: the picture and the tables in one file that needs nothing else.
 */
#include "report/fabric_report.h"
#include "report/svg.h"

#include <stdio.h>

static void begin(FILE *out, const mu_net_question *q)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width\">\n<title>",
          out);
    mu_svg_text(out, q->system->name);
    fputs("</title>\n<style>\n"
          ":root { color-scheme: light dark; }\n"
          "body { font: 14px sans-serif; margin: 24px; max-width: 1160px; }\n"
          "svg { max-width: 100%; height: auto; }\n"
          "table { border-collapse: collapse; margin: 16px 0; }\n"
          "th, td { text-align: left; padding: 3px 16px 3px 0; border-bottom: 1px solid #8884; "
          "vertical-align: top; }\n"
          "h2 { font-size: 16px; margin: 24px 0 0; }\n"
          "td.number, th.number { text-align: right; }\n"
          "</style>\n</head>\n<body>\n",
          out);
}

static void print_rows(FILE *out, const mu_net_row *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].section != NULL) {
            fputs(i > 0 ? "</table>\n<h2>" : "<h2>", out);
            mu_svg_text(out, rows[i].section);
            fputs("</h2>\n<table>\n", out);
        }
        fputs("<tr><td>", out);
        mu_svg_text(out, rows[i].label);
        fputs("</td><td>", out);
        mu_svg_text(out, rows[i].text);
        fputs("</td></tr>\n", out);
    }
    fputs(count > 0 ? "</table>\n" : "", out);
}

static void print_headings(FILE *out, const char *const headings[], uint32_t columns)
{
    fputs("<table>\n<tr>", out);
    for (uint32_t i = 0; i < columns; i++) {
        fprintf(out, "<th%s>", i > 0 ? " class=\"number\"" : "");
        mu_svg_text(out, headings[i]);
        fputs("</th>", out);
    }
    fputs("</tr>\n", out);
}

static void print_cells(FILE *out, char (*cells)[MU_CELL_MAX], uint32_t columns)
{
    fputs("<tr>", out);
    for (uint32_t i = 0; i < columns; i++) {
        fprintf(out, "<td%s>", i > 0 ? " class=\"number\"" : "");
        mu_svg_text(out, cells[i]);
        fputs("</td>", out);
    }
    fputs("</tr>\n", out);
}

static void print_hot(FILE *out, const mu_net_traffic *t)
{
    char cells[MU_NET_HOT_COLUMNS][MU_CELL_MAX];
    print_headings(out, mu_net_hot_headings, MU_NET_HOT_COLUMNS);
    for (uint32_t i = 0; i < t->hot_count; i++) {
        mu_net_hot_cells(&t->hot[i], cells);
        print_cells(out, cells, MU_NET_HOT_COLUMNS);
    }
    fputs("</table>\n", out);
}

static void print_links(FILE *out, const mu_net_answer *a)
{
    char cells[MU_NET_LINK_COLUMNS][MU_CELL_MAX];
    print_headings(out, mu_net_link_headings, MU_NET_LINK_COLUMNS);
    for (uint32_t k = 0; k < a->kind_count; k++) {
        mu_net_link_cells(&a->kind[k], cells);
        print_cells(out, cells, MU_NET_LINK_COLUMNS);
    }
    fputs("</table>\n", out);
}

mu_status mu_net_html(FILE *out, mu_arena *arena, const mu_net_question *question,
                      const mu_net_answer *answer, mu_error *err)
{
    mu_arena_mark mark = mu_arena_here(arena);
    mu_net_row *rows = MU_NEW(arena, mu_net_row, MU_NET_ROWS_MAX);
    if (rows == NULL) {
        return mu_fail(err, MU_E_MEMORY, "out of memory for the page");
    }
    begin(out, question);
    mu_status status = mu_net_svg(out, arena, question, answer, err);
    if (status == MU_OK) {
        print_rows(out, rows, mu_net_rows(question, answer, true, rows));
        if (answer->traffic.hot_count > 0) {
            print_hot(out, &answer->traffic);
        }
        print_links(out, answer);
        fputs("</body>\n</html>\n", out);
        status = mu_stream_check(out, err);
    }
    mu_arena_back(arena, mark);
    return status;
}
