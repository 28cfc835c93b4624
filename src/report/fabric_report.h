/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Networks and what runs on them: for people, for programs, as a picture, as a page.
 */
#ifndef MUSTER_REPORT_FABRIC_REPORT_H
#define MUSTER_REPORT_FABRIC_REPORT_H

#include "report/answer_table.h"
#include "report/format.h"
#include "report/json.h"
#include "study/fabric.h"

/** Networks, links, cost, availability; then what was lost and the job, where there are any. */
mu_status mu_net_print(const mu_page *page, const mu_net_question *question,
                       const mu_net_answer *answer, mu_error *err) MU_MUST_CHECK;

/** The same as an object of named quantities (docs/json.md), owned; NULL when memory is out. */
json_t *mu_net_json(const mu_net_question *question, const mu_net_answer *answer);

/** system,metric,value,low,high,unit: the metrics are the dotted paths of the JSON. */
mu_status mu_net_csv(const mu_page *page, const mu_net_question *question,
                     const mu_net_answer *answer, mu_error *err) MU_MUST_CHECK;

/**
 * A picture: every network with its chips, switches and cables, coloured by load where a job ran.
 * Of what is more than fits, one domain of every level in full, and how many more there are.
 * Scratch in the arena is given back.
 */
mu_status mu_net_svg(FILE *out, mu_arena *arena, const mu_net_question *question,
                     const mu_net_answer *answer, mu_error *err) MU_MUST_CHECK;

/** One page that needs nothing else: the picture and the tables. */
mu_status mu_net_html(FILE *out, mu_arena *arena, const mu_net_question *question,
                      const mu_net_answer *answer, mu_error *err) MU_MUST_CHECK;

/* A number of the answer with its name; what tables, CSV and page have in common. */
typedef struct mu_net_row {
    const char *section; /* heading above, or NULL: as the row before */
    char label[MU_CELL_MAX];
    char text[2 * MU_CELL_MAX];
} mu_net_row;

enum { MU_NET_ROWS_MAX = 192 };

/**
 * Everything but links and hottest links as rows of label and text. Returns how many.
 * @param[in] whole  the networks, too, where a job was asked for
 */
uint32_t mu_net_rows(const mu_net_question *question, const mu_net_answer *answer, bool whole,
                     mu_net_row out[MU_NET_ROWS_MAX]);

/** How messages were worked out, in words. Static. */
const char *mu_net_method_words(mu_flow_method method);

/** Headings and cells of the table of links; row k of mu_net_links_cells() is of kind k. */
enum { MU_NET_LINK_COLUMNS = 6, MU_NET_HOT_COLUMNS = 4 };
extern const char *const mu_net_link_headings[MU_NET_LINK_COLUMNS];
extern const char *const mu_net_hot_headings[MU_NET_HOT_COLUMNS];
void mu_net_link_cells(const mu_net_links *links, char cells[MU_NET_LINK_COLUMNS][MU_CELL_MAX]);
void mu_net_hot_cells(const mu_net_hot *hot, char cells[MU_NET_HOT_COLUMNS][MU_CELL_MAX]);

#endif
