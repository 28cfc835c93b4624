/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside src/report only: one network of a picture, laid out.
 *
 * Terms: a panel is the drawing of one network; a spot is where one of its vertices is drawn; a row
 *        is what lies side by side: chips below, switches of a level above them. Networks without
 *        switches are drawn as a circle or a grid of chips.
 * Bound: of more than fits, one domain of every level: what hangs together with one chip, that of
 *        a broken or the hottest link where there is one.
 */
#ifndef MUSTER_REPORT_FABRIC_PANEL_H
#define MUSTER_REPORT_FABRIC_PANEL_H

#include "base/arena.h"
#include "study/fabric.h"

enum {
    MU_PANEL_WIDTH = 1120,
    MU_PANEL_SPOTS_MAX = 640,
    MU_PANEL_ROWS_MAX = MU_SWITCH_LEVELS_MAX + 1,
    MU_PANEL_LINES_MAX = 8192
};

typedef struct mu_panel_spot {
    uint32_t vertex;
    double x;
    double y;
} mu_panel_spot;

/* A cable: both ways of it. */
typedef struct mu_panel_line {
    uint32_t link; /* the busier way */
    uint32_t from; /* spots */
    uint32_t to;
    double bend; /* pixels that its middle is off the straight line */
    bool broken;
    double utilisation;
} mu_panel_line;

typedef struct mu_panel_row {
    char name[32]; /* "leaf" */
    uint32_t shown;
    uint64_t of; /* how many there are in the network */
    double y;
} mu_panel_row;

typedef struct mu_panel {
    uint32_t network;
    bool grid; /* chips alone, no switches */
    double height;
    uint32_t rows;
    mu_panel_row row[MU_PANEL_ROWS_MAX];
    uint32_t spots;
    mu_panel_spot spot[MU_PANEL_SPOTS_MAX];
    uint32_t lines;
    mu_panel_line line[MU_PANEL_LINES_MAX];
    uint64_t lines_left; /* cables between spots that were not drawn */
} mu_panel;

/** Lays a network out. `out` is large: keep it in an arena. MU_E_MEMORY. O(links). */
mu_status mu_panel_lay(mu_arena *arena, const mu_net_answer *answer, uint32_t network,
                       mu_panel *out, mu_error *err) MU_MUST_CHECK;

/** Share of its bandwidth that a link was busy with the job; 0 without one. */
double mu_panel_utilisation(const mu_net_answer *answer, uint32_t link);

#endif
