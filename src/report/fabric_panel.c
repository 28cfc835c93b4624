/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the chips, switches and cables of a network are drawn.
 */
#include "report/fabric_panel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    CHIPS_WHOLE = 72, /* as many chips are drawn side by side */
    CHIPS_PART = 32,  /* of more, so many */
    SWITCHES_MOST = 36,
    CIRCLE_MOST = 24,
    GRID_MOST = 16, /* chips along either side of a grid */
    LEFT = 40,
    RIGHT = 200, /* kept for what is not drawn */
    ROW_HEIGHT = 110,
    TOP = 64,
    GRID_PITCH = 52
};

static const double PI = 3.14159265358979323846;

typedef struct layout {
    const mu_net_answer *a;
    const mu_topology *t;
    const mu_survey *s;
    uint32_t network;
    mu_panel *p;
    uint32_t *spot_of; /* [vertices] spot + 1; 0 = not drawn */
    uint32_t marked;   /* a link that is to be seen; UINT32_MAX = none */
} layout;

static bool ours(const layout *l, uint32_t link)
{
    return l->t->kind[l->s->kind[link]].network == l->network;
}

double mu_panel_utilisation(const mu_net_answer *answer, uint32_t link)
{
    const mu_net_traffic *t = &answer->traffic;
    uint32_t kind = answer->survey->kind[link];
    double bandwidth = answer->topology->bandwidth[link];
    double bytes = t->carried != NULL ? t->carried[link] : t->kind_carried_max[kind];
    return bandwidth > 0.0 && t->wire_s.value > 0.0 ? bytes / (bandwidth * t->wire_s.value) : 0.0;
}

static bool is_broken(const layout *l, uint32_t link)
{
    const mu_topology *t = l->t;
    bool dead = t->dead != NULL && (t->dead[t->from[link]] || t->dead[t->to[link]]);
    return dead || !(t->bandwidth[link] > 0.0);
}

/* The first broken link of the network, else the busiest. */
static uint32_t find_marked(const layout *l)
{
    uint32_t best = UINT32_MAX;
    double most = 0.0;
    for (uint32_t i = 0; i < l->t->links; i++) {
        if (!ours(l, i)) {
            continue;
        }
        if (!l->t->whole && is_broken(l, i)) {
            return i;
        }
        double busy = l->a->traffic.carried != NULL ? mu_panel_utilisation(l->a, i) : 0.0;
        if (busy > most * (1.0 + 1e-9)) {
            most = busy;
            best = i;
        }
    }
    return best;
}

/* A chip below a vertex, or the first of the domain. */
static uint32_t anchor_of(const layout *l)
{
    const mu_topology *t = l->t;
    const mu_network_survey *net = &l->s->net[l->network];
    if (l->marked == UINT32_MAX) {
        return net->first_rank;
    }
    uint32_t from = t->from[l->marked];
    uint32_t to_end = t->to[l->marked];
    uint32_t v = l->s->level[from] <= l->s->level[to_end] ? from : to_end;
    for (uint32_t steps = 0; v >= t->ranks && steps < MU_SWITCH_LEVELS_MAX; steps++) {
        uint32_t below = v;
        for (uint32_t i = t->out_first[v]; i < t->out_first[v + 1]; i++) {
            uint32_t to = t->to[t->out_link[i]];
            below = ours(l, t->out_link[i]) && l->s->level[to] < l->s->level[below] ? to : below;
        }
        v = below;
    }
    return v < t->ranks ? v : net->first_rank;
}

static bool add_spot(layout *l, uint32_t vertex)
{
    mu_panel *p = l->p;
    if (l->spot_of[vertex] != 0 || p->spots == MU_PANEL_SPOTS_MAX) {
        return false;
    }
    p->spot[p->spots] = (mu_panel_spot){.vertex = vertex};
    l->spot_of[vertex] = ++p->spots;
    return true;
}

static uint32_t first_switch_of(const layout *l, uint32_t rank)
{
    const mu_topology *t = l->t;
    for (uint32_t i = t->out_first[rank]; i < t->out_first[rank + 1]; i++) {
        if (ours(l, t->out_link[i]) && t->to[t->out_link[i]] >= t->ranks) {
            return t->to[t->out_link[i]];
        }
    }
    return UINT32_MAX;
}

/* All chips of a small domain, else those under the anchor's first switch. */
static void choose_chips(layout *l, uint32_t anchor)
{
    const mu_topology *t = l->t;
    const mu_network_survey *net = &l->s->net[l->network];
    uint64_t span = t->network[l->network].span;
    uint32_t first = (uint32_t)(anchor / span * span);
    if (net->domain_ranks <= CHIPS_WHOLE) {
        for (uint32_t r = first; r < t->ranks && r < first + span; r++) {
            (void)add_spot(l, r);
        }
        return;
    }
    uint32_t leaf = first_switch_of(l, anchor);
    uint32_t count = 0;
    (void)add_spot(l, anchor);
    for (uint32_t i = leaf != UINT32_MAX ? t->out_first[leaf] : 0;
         leaf != UINT32_MAX && i < t->out_first[leaf + 1] && count + 1 < CHIPS_PART; i++) {
        uint32_t to = t->to[t->out_link[i]];
        count += to < t->ranks && ours(l, t->out_link[i]) && add_spot(l, to);
    }
}

/* Adds the switches of a level that a vertex has cables to; `most` of them. Returns how many. */
static uint32_t add_above(layout *l, uint32_t vertex, uint32_t level, uint32_t most)
{
    const mu_topology *t = l->t;
    uint32_t count = 0;
    for (uint32_t i = t->out_first[vertex]; i < t->out_first[vertex + 1] && count < most; i++) {
        uint32_t to = t->to[t->out_link[i]];
        if (ours(l, t->out_link[i]) && l->s->level[to] == level) {
            count += add_spot(l, to);
        }
    }
    return count;
}

static uint32_t count_above(const layout *l, uint32_t vertex, uint32_t level)
{
    const mu_topology *t = l->t;
    uint32_t count = 0;
    for (uint32_t i = t->out_first[vertex]; i < t->out_first[vertex + 1]; i++) {
        uint32_t to = t->to[t->out_link[i]];
        count += ours(l, t->out_link[i]) && l->s->level[to] == level && l->spot_of[to] == 0;
    }
    return count;
}

/*
 * Switches one level above what is drawn: of the marked link first, then vertex by vertex as long
 * as all of a vertex fit, so that what is drawn of it is whole.
 */
static uint32_t choose_level(layout *l, uint32_t from, uint32_t end, uint32_t level)
{
    uint32_t count = 0;
    const uint32_t ends[] = {l->marked != UINT32_MAX ? l->t->from[l->marked] : 0,
                             l->marked != UINT32_MAX ? l->t->to[l->marked] : 0};
    for (int i = 0; i < 2; i++) {
        if (l->marked != UINT32_MAX && l->s->level[ends[i]] == level) {
            count += add_spot(l, ends[i]);
        }
    }
    for (uint32_t s = from; s < end; s++) {
        uint32_t v = l->p->spot[s].vertex;
        bool fits = count + count_above(l, v, level) <= SWITCHES_MOST;
        if (fits || s == from) {
            count += add_above(l, v, level, SWITCHES_MOST - count);
        }
    }
    return count;
}

static void sort_spots(layout *l, uint32_t from, uint32_t end)
{
    for (uint32_t i = from + 1; i < end; i++) {
        mu_panel_spot item = l->p->spot[i];
        uint32_t at = i;
        for (; at > from && l->p->spot[at - 1].vertex > item.vertex; at--) {
            l->p->spot[at] = l->p->spot[at - 1];
        }
        l->p->spot[at] = item;
    }
    for (uint32_t i = from; i < end; i++) {
        l->spot_of[l->p->spot[i].vertex] = i + 1;
    }
}

/* The word that kinds of links have for switches of a level. */
static void name_row(const layout *l, uint32_t level, char out[32])
{
    const mu_topology *t = l->t;
    (void)snprintf(out, 32, "%s", level == 0 ? "chip" : "switch");
    for (uint32_t k = 0; k < t->kind_count && level > 0; k++) {
        const mu_link_kind *kind = &t->kind[k];
        const char *to = strstr(kind->name, " to ");
        if (kind->network == l->network && kind->count > 0 && to != NULL &&
            l->s->level[t->to[kind->first]] == level) {
            (void)snprintf(out, 32, "%s", to + 4);
            return;
        }
    }
}

static void place_row(layout *l, uint32_t from, uint32_t end, uint32_t level, uint64_t of)
{
    mu_panel_row *row = &l->p->row[l->p->rows++];
    double width = MU_PANEL_WIDTH - LEFT - RIGHT;
    double pitch = width / (end - from);
    *row = (mu_panel_row){.shown = end - from, .of = of};
    name_row(l, level, row->name);
    for (uint32_t s = from; s < end; s++) {
        l->p->spot[s].x = LEFT + (s - from + 0.5) * pitch;
    }
}

/* Chips at the bottom, the highest level on top. */
static void set_heights(layout *l)
{
    mu_panel *p = l->p;
    uint32_t at = 0;
    p->height = TOP + p->rows * ROW_HEIGHT;
    for (uint32_t i = 0; i < p->rows; i++) {
        p->row[i].y = TOP + (p->rows - 1 - i + 0.5) * ROW_HEIGHT;
        for (uint32_t s = 0; s < p->row[i].shown; s++) {
            p->spot[at++].y = p->row[i].y;
        }
    }
}

static void lay_rows(layout *l)
{
    const mu_network_survey *net = &l->s->net[l->network];
    choose_chips(l, anchor_of(l));
    uint32_t from = 0;
    uint32_t end = l->p->spots;
    sort_spots(l, from, end);
    place_row(l, from, end, 0, l->t->ranks);
    for (uint32_t level = 1; level <= net->levels && end > from; level++) {
        uint32_t count = choose_level(l, from, end, level);
        from = end;
        end += count;
        sort_spots(l, from, end);
        if (count > 0) {
            place_row(l, from, end, level, net->level_switches[level - 1]);
        }
    }
    set_heights(l);
}

/* Lengths of the two sides of a grid of chips. */
static void sides_of(const layout *l, uint32_t *columns, uint32_t *lines)
{
    const mu_network_spec *spec = &l->t->network[l->network];
    uint32_t chips = l->s->net[l->network].domain_ranks;
    *columns = spec->dims > 0 ? spec->dim[0] : (uint32_t)ceil(sqrt((double)chips));
    *lines = spec->dims > 1 ? spec->dim[1] : (chips + *columns - 1) / *columns;
    *lines = spec->dims == 1 ? 1 : *lines;
}

static void lay_circle(layout *l, uint32_t first, uint32_t chips)
{
    double radius = 36.0 + 8.0 * chips;
    for (uint32_t i = 0; i < chips && first + i < l->t->ranks; i++) {
        if (add_spot(l, first + i)) {
            double angle = 2.0 * PI * i / chips - PI / 2.0;
            mu_panel_spot *spot = &l->p->spot[l->p->spots - 1];
            spot->x = (MU_PANEL_WIDTH - RIGHT) / 2.0 + radius * cos(angle);
            spot->y = TOP + radius + 20.0 + radius * sin(angle);
        }
    }
    l->p->height = TOP + 2.0 * radius + 60.0;
}

static void lay_grid(layout *l, uint32_t first, uint32_t columns, uint32_t lines)
{
    uint32_t wide = columns < GRID_MOST ? columns : GRID_MOST;
    uint32_t high = lines < GRID_MOST ? lines : GRID_MOST;
    for (uint32_t y = 0; y < high; y++) {
        for (uint32_t x = 0; x < wide; x++) {
            uint32_t rank = first + y * columns + x;
            if (rank < l->t->ranks && add_spot(l, rank)) {
                mu_panel_spot *spot = &l->p->spot[l->p->spots - 1];
                spot->x = LEFT + 40.0 + x * (double)GRID_PITCH;
                spot->y = TOP + 40.0 + y * (double)GRID_PITCH;
            }
        }
    }
    l->p->height = TOP + 40.0 + high * (double)GRID_PITCH + 10.0;
}

static void lay_chips(layout *l)
{
    const mu_network_survey *net = &l->s->net[l->network];
    uint64_t span = l->t->network[l->network].span;
    uint32_t columns = 0;
    uint32_t lines = 0;
    sides_of(l, &columns, &lines);
    uint32_t anchor = anchor_of(l);
    uint32_t first = (uint32_t)(anchor / span * span);
    l->p->grid = true;
    if (lines == 1 && columns <= CIRCLE_MOST) {
        lay_circle(l, first, columns < net->domain_ranks ? columns : net->domain_ranks);
    } else {
        uint32_t sheet = columns * lines;
        lay_grid(l, first + (anchor - first) / sheet * sheet, columns, lines);
    }
    l->p->rows = 1;
    l->p->row[0] = (mu_panel_row){.name = "chip", .shown = l->p->spots, .of = l->t->ranks};
    l->p->row[0].y = l->p->height - 30.0;
}

/* Cables along a line of a grid pass others on an arc. */
static double bend_of(const layout *l, const mu_panel_spot *a, const mu_panel_spot *b)
{
    double distance = hypot(a->x - b->x, a->y - b->y);
    bool level = fabs(a->x - b->x) < 1.0 || fabs(a->y - b->y) < 1.0;
    return l->p->grid && level && distance > 1.5 * GRID_PITCH ? 0.16 * distance : 0.0;
}

/* One line a cable, for the busier way. */
static void add_line(layout *l, uint32_t link)
{
    const mu_topology *t = l->t;
    uint32_t from = l->spot_of[t->from[link]];
    uint32_t to = l->spot_of[t->to[link]];
    uint32_t twin = t->twin[link];
    if (!ours(l, link) || from == 0 || to == 0 || twin < link) {
        return;
    }
    if (l->p->lines == MU_PANEL_LINES_MAX) {
        l->p->lines_left++;
        return;
    }
    double there = mu_panel_utilisation(l->a, link);
    double back = mu_panel_utilisation(l->a, twin);
    mu_panel_line *line = &l->p->line[l->p->lines++];
    *line = (mu_panel_line){.link = back > there ? twin : link,
                            .from = from - 1,
                            .to = to - 1,
                            .broken = is_broken(l, link),
                            .utilisation = fmax(there, back)};
    line->bend = bend_of(l, &l->p->spot[from - 1], &l->p->spot[to - 1]);
}

mu_status mu_panel_lay(mu_arena *arena, const mu_net_answer *answer, uint32_t network,
                       mu_panel *out, mu_error *err)
{
    layout l = {
        .a = answer, .t = answer->topology, .s = answer->survey, .network = network, .p = out};
    memset(out, 0, sizeof *out);
    out->network = network;
    mu_arena_mark mark = mu_arena_here(arena);
    l.spot_of = MU_NEW(arena, uint32_t, l.t->vertices);
    if (l.spot_of == NULL) {
        return mu_fail(err, MU_E_MEMORY, "no memory for a picture");
    }
    l.marked = find_marked(&l);
    if (l.s->net[network].levels > 0) {
        lay_rows(&l);
    } else {
        lay_chips(&l);
    }
    for (uint32_t i = 0; i < l.t->links; i++) {
        add_line(&l, i);
    }
    mu_arena_back(arena, mark);
    return MU_OK;
}
