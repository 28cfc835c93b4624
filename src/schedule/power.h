/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watts of a deployment by part.
 *
 * What:  where the draw of chips in use, their hosts and network goes, and what the hall adds.
 * Terms: inside = drawn by the racks: all parts but the last; whole = at the meter of the hall.
 *        lump = the one figure that catalogues give for hosts, cooling and conversion with chips at
 *        their limit. Below it hosts draw less by a line, fans by the cube of the heat, conversion
 *        by a parabola; rated = every part at a maximum of its own.
 * Bound: docs/power.md.
 */
#ifndef MUSTER_SCHEDULE_POWER_H
#define MUSTER_SCHEDULE_POWER_H

#include "base/draw.h"
#include "catalog/catalog.h"

typedef struct mu_machine mu_machine;

/* X(NAME, field, words): the parts, in the order they are summed; the hall comes last. */
#define MU_POWER_PART_LIST(X)                                                                      \
    X(IDLE, idle_w, "chips, idle")                                                                 \
    X(COMPUTE, compute_w, "chips, compute")                                                        \
    X(MEMORY, memory_w, "chips, memory traffic")                                                   \
    X(LINKS, links_w, "links and switches")                                                        \
    X(OPTICS, optics_w, "optics")                                                                  \
    X(HOSTS, hosts_w, "hosts")                                                                     \
    X(COOLING, cooling_w, "fans and pumps")                                                        \
    X(CONVERSION, conversion_w, "power conversion")                                                \
    X(FACILITY, facility_w, "hall: cooling, distribution")

typedef enum mu_power_part {
#define X(name, field, words) MU_POWER_##name,
    MU_POWER_PART_LIST(X)
#undef X
        MU_POWER_PARTS
} mu_power_part;

/* X(field, best, low, high, min, max, doc): facts power.<field> of a system, what is taken where
 * one gives none, and what one may say. Sources: docs/power.md. */
#define MU_POWER_PARAM_LIST(X)                                                                     \
    X(cooling_share, 0.12, 0.07, 0.18, 0.0, 0.5,                                                   \
      "fans and pumps inside the racks, of their draw with chips at their limit")                  \
    X(fan_speed, 0.8, 0.65, 0.95, 0.3, 1.0, "of fans and pumps, chips at their limit, over full")  \
    X(fan_speed_idle, 0.5, 0.35, 0.7, 0.0, 1.0,                                                    \
      "the slowest, over that with chips at their limit")                                          \
    X(conversion_efficiency, 0.95, 0.92, 0.97, 0.5, 1.0,                                           \
      "power out of supplies and shelves over power in, chips at their limit")                     \
    X(loss_standing, 0.4, 0.25, 0.5, 0.0, 0.5, "of conversion's losses there: at any load")        \
    X(loss_square, 0.3, 0.2, 0.4, 0.0, 0.5, "the same: as the square of the load")                 \
    X(host_idle, 0.7, 0.5, 0.9, 0.0, 1.0, "hosts with chips idle over hosts with chips at limit")  \
    X(host_load, 0.75, 0.6, 0.9, 0.2, 1.0,                                                         \
      "hosts with chips at their limit over hosts with every part at its own")                     \
    X(outside_share, 0.5, 0.3, 0.8, 0.0, 1.0,                                                      \
      "of the network's draw: switches and optics outside the servers or racks as sold")           \
    X(optics_share, 0.3, 0.1, 0.5, 0.0, 1.0,                                                       \
      "of the network's draw; without effect where optics are listed")                             \
    X(pue, 1.25, 1.1, 1.5, 1.0, 5.0, "draw of the hall over that of its racks")

/* Per chip; hosts are the rest of the lump. */
typedef struct mu_power_split {
    double cooling_w;    /* chips at their limit */
    double conversion_w; /* chips at their limit */
    double optics_w;
    double outside_w; /* of the network: beside the servers or racks as sold */
    double fan_speed, fan_speed_idle, loss_standing, loss_square, host_idle, host_load;
    double pue;            /* >= 1 */
    double chips_per_rack; /* network racks counted; 0 = not known */
} mu_power_split;

typedef struct mu_power {
    double part_w[MU_POWER_PARTS];
    double rack_w;    /* of a rack full of the role that draws most; 0 = racks are not known */
    double limit_w;   /* of the racks, were every chip at the limit of its package */
    double rated_w;   /* of the racks, were every part at its own: >= limit_w */
    double outside_w; /* of links and optics: beside the servers or racks as sold, at any load */
} mu_power;

/**
 * Divides the lump and the network of a machine in one draw. Fans, pumps and conversion take at
 * most nine tenths of the lump, whatever the draw.
 * @param[in] machine  chip, host_w_per_chip and network_w_per_chip filled
 * @retval MU_E_INPUT  a fact is malformed
 */
mu_status mu_power_split_load(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                              const mu_machine *machine, mu_power_split *out,
                              mu_error *err) MU_MUST_CHECK;

/**
 * Watts of memory traffic of one rank over a time: at most what the rank draws above idle. Where
 * the package's limit binds, matrix units give way, memory does not.
 * @param[in] energy_j  of the rank in that time, idle draw included
 */
double mu_power_memory(const mu_machine *machine, double bytes, double energy_j, double time_s);

/** What a chip, its host and its network draw where each of its ranks draws `rank_w` [W]. */
double mu_power_per_chip(const mu_machine *machine, double rank_w);

/**
 * Adds chips of a machine.
 * @param[in] rank_w    mean draw of one rank, idle draw included
 * @param[in] memory_w  of it for memory traffic
 */
void mu_power_add(mu_power *power, const mu_machine *machine, double chips, double rank_w,
                  double memory_w);

/** What chips draw, as their own sensors have it: idle, compute and memory traffic [W]. */
double mu_power_chips(const mu_power *power);

/** What the racks draw: the sum of all parts but the hall's, in their order [W]. */
double mu_power_inside(const mu_power *power);

/** What the meter shows: the sum of all parts [W]. */
double mu_power_whole(const mu_power *power);

/** Words of a part; static. */
const char *mu_power_words(mu_power_part part);

#endif
