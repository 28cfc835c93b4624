/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The draw of a deployment, divided.
 */
#include "schedule/power.h"

#include "schedule/machine.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the lump that fans, pumps and conversion take at most: hosts draw something. */
static const double most_of_lump = 0.9;

typedef struct params {
#define X(field, best, low, high, min, max, doc) double field;
    MU_POWER_PARAM_LIST(X)
#undef X
} params;

typedef struct param_row {
    const char *path;
    mu_range prior;
    double min, max;
    size_t offset;
} param_row;

static const param_row rows[] = {
#define X(field, best, low, high, min, max, doc)                                                   \
    {"power." #field, {best, low, high}, min, max, offsetof(params, field)},
    MU_POWER_PARAM_LIST(X)
#undef X
};

static double drawn(mu_draw draw, const mu_entity *system, const char *path, mu_range range)
{
    char name[256];
    (void)snprintf(name, sizeof name, "system/%s/%s", system->id, path);
    return mu_draw_value(draw, name, range);
}

static mu_status check_range(const mu_catalog *catalog, const mu_entity *system,
                             const param_row *row, mu_range range, mu_error *err)
{
    if (range.low >= row->min && range.high <= row->max) {
        return MU_OK;
    }
    const mu_entity *by = system;
    const mu_node *node = mu_catalog_node(catalog, system, row->path, &by);
    return mu_node_fail(&by->doc, node, err, "%s: expected %g to %g, found %g to %g", row->path,
                        row->min, row->max, range.low, range.high);
}

/* The fact of a system within its limits, else the prior. */
static mu_status range_of(const mu_catalog *catalog, const mu_entity *system, const param_row *row,
                          mu_range *out, mu_error *err)
{
    mu_fact fact;
    *out = row->prior;
    mu_status status = mu_catalog_fact(catalog, system, row->path, false, &fact, err);
    if (status != MU_OK || fact.path == NULL) {
        return status;
    }
    *out = fact.range;
    return check_range(catalog, system, row, fact.range, err);
}

static mu_status read_params(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                             params *out, mu_error *err)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mu_range range;
        mu_status status = range_of(catalog, system, &rows[i], &range, err);
        if (status != MU_OK) {
            return status;
        }
        double value = drawn(draw, system, rows[i].path, range); /* one in ten lies outside */
        value = fmin(fmax(value, rows[i].min), rows[i].max);
        memcpy((char *)out + rows[i].offset, &value, sizeof value);
    }
    return MU_OK;
}

/* Watts of listed transceivers per chip as sold; below 0: not listed. */
static mu_status listed_optics(const mu_catalog *catalog, const mu_entity *system, double sold,
                               mu_draw draw, double *out, mu_error *err)
{
    static const char *const paths[] = {"optics.modules", "optics.power"};
    double value[2];
    *out = -1.0;
    for (int i = 0; i < 2; i++) {
        mu_fact fact;
        mu_status status = mu_catalog_fact(catalog, system, paths[i], false, &fact, err);
        if (status != MU_OK || fact.path == NULL) {
            return status;
        }
        value[i] = drawn(draw, system, paths[i], fact.range);
    }
    *out = value[0] * value[1] / sold;
    return MU_OK;
}

/* A count of the system as sold; 0 where it is not said. */
static double count_of(const mu_catalog *catalog, const mu_entity *system, const char *path)
{
    const mu_node *node = mu_catalog_node(catalog, system, path, NULL);
    return node != NULL && node->text != NULL ? strtod(node->text, NULL) : 0.0;
}

/* Watts of a chip, its host and its network. */
typedef struct chip_draw {
    double chip_w, hosts_w, cooling_w, conversion_w;
} chip_draw;

static double limit_of(const mu_machine *machine)
{
    return machine->chip.tdp_w * machine->ranks_per_chip + machine->host_w_per_chip +
           machine->network_w_per_chip;
}

static void divide_lump(const mu_machine *machine, const params *p, mu_power_split *out)
{
    double limit_w = limit_of(machine);
    double cooling_w = p->cooling_share * limit_w;
    double conversion_w = (1.0 - p->conversion_efficiency) * limit_w;
    double most_w = most_of_lump * machine->host_w_per_chip;
    double share = cooling_w + conversion_w > most_w ? most_w / (cooling_w + conversion_w) : 1.0;
    out->cooling_w = cooling_w * share;
    out->conversion_w = conversion_w * share;
}

mu_status mu_power_split_load(const mu_catalog *catalog, const mu_entity *system, mu_draw draw,
                              const mu_machine *machine, mu_power_split *out, mu_error *err)
{
    params p = {0};
    double sold = fmax(count_of(catalog, system, "chips"), 1.0);
    double racks = count_of(catalog, system, "racks");
    double optics_w = -1.0;
    mu_status status = read_params(catalog, system, draw, &p, err);
    if (status == MU_OK) {
        status = listed_optics(catalog, system, sold, draw, &optics_w, err);
    }
    if (status != MU_OK) {
        return status;
    }
    double optics = optics_w >= 0.0 ? fmin(optics_w, machine->network_w_per_chip)
                                    : p.optics_share * machine->network_w_per_chip;
    *out = (mu_power_split){.optics_w = optics,
                            .outside_w = p.outside_share * machine->network_w_per_chip,
                            .fan_speed = p.fan_speed,
                            .fan_speed_idle = p.fan_speed_idle,
                            .loss_standing = p.loss_standing,
                            .loss_square = p.loss_square,
                            .host_idle = p.host_idle,
                            .host_load = p.host_load,
                            .pue = p.pue,
                            .chips_per_rack = racks > 0.0 ? sold / racks : 0.0};
    divide_lump(machine, &p, out);
    return MU_OK;
}

static double cube(double x)
{
    return x * x * x;
}

/* Losses where supplies give `out_w`: standing ones, those in line with it and with its square. */
static double losses(const mu_machine *machine, double out_w)
{
    const mu_power_split *s = &machine->power;
    double most_w = limit_of(machine) - s->conversion_w;
    double load = most_w > 0.0 ? out_w / most_w : 1.0;
    double line = 1.0 - s->loss_standing - s->loss_square;
    return s->conversion_w * (s->loss_standing + load * (line + load * s->loss_square));
}

static double hosts_at_limit(const mu_machine *machine)
{
    return machine->host_w_per_chip - machine->power.cooling_w - machine->power.conversion_w;
}

/* Flow goes with speed and takes away the heat, its power goes with the cube of both. */
static chip_draw draw_at(const mu_machine *machine, double rank_w)
{
    const mu_power_split *s = &machine->power;
    const mu_chip *chip = &machine->chip;
    double hosts_w = hosts_at_limit(machine);
    double room_w = chip->tdp_w - chip->idle_w;
    double busy = room_w > 0.0 ? fmin(fmax((rank_w - chip->idle_w) / room_w, 0.0), 1.0) : 1.0;
    double most_w = chip->tdp_w * machine->ranks_per_chip + hosts_w + machine->network_w_per_chip;
    chip_draw d = {.chip_w = rank_w * machine->ranks_per_chip,
                   .hosts_w = hosts_w * (s->host_idle + (1.0 - s->host_idle) * busy)};
    double heat_w = d.chip_w + d.hosts_w + machine->network_w_per_chip;
    double speed = most_w > 0.0 ? fmax(heat_w / most_w, s->fan_speed_idle) : 1.0;
    d.cooling_w = s->cooling_w * cube(speed);
    d.conversion_w = losses(machine, heat_w + d.cooling_w);
    return d;
}

/* Chips at the limit of their packages, hosts' parts at theirs, fans at full speed. */
static double rated(const mu_machine *machine)
{
    const mu_power_split *s = &machine->power;
    double out_w = machine->chip.tdp_w * machine->ranks_per_chip + machine->network_w_per_chip +
                   hosts_at_limit(machine) / s->host_load + s->cooling_w / cube(s->fan_speed);
    return out_w + losses(machine, out_w);
}

double mu_power_per_chip(const mu_machine *machine, double rank_w)
{
    chip_draw d = draw_at(machine, rank_w);
    return d.chip_w + d.hosts_w + d.cooling_w + d.conversion_w + machine->network_w_per_chip;
}

double mu_power_memory(const mu_machine *machine, double bytes, double energy_j, double time_s)
{
    const mu_chip *chip = &machine->chip;
    if (!(time_s > 0.0)) {
        return 0.0;
    }
    double room_w = fmax(chip->tdp_w - chip->idle_w, 0.0);
    double traffic_w =
        room_w * chip->params.energy_memory_share * bytes / (chip->memory_bandwidth * time_s);
    return fmin(traffic_w, fmax(energy_j / time_s - chip->idle_w, 0.0));
}

static void add_hall(mu_power *power, const mu_power *added, double pue)
{
    double inside_w = 0.0;
    for (int i = 0; i < MU_POWER_FACILITY; i++) {
        power->part_w[i] += added->part_w[i];
        inside_w += added->part_w[i];
    }
    power->part_w[MU_POWER_FACILITY] += fmax(pue - 1.0, 0.0) * inside_w;
}

void mu_power_add(mu_power *power, const mu_machine *machine, double chips, double rank_w,
                  double memory_w)
{
    const mu_power_split *split = &machine->power;
    double ranks = chips * machine->ranks_per_chip;
    double idle_w = fmin(machine->chip.idle_w, rank_w);
    double traffic_w = fmin(memory_w, rank_w - idle_w);
    chip_draw at = draw_at(machine, rank_w);
    mu_power added = {0};
    assert(chips >= 0.0 && rank_w >= 0.0 && memory_w >= 0.0);
    added.part_w[MU_POWER_IDLE] = ranks * idle_w;
    added.part_w[MU_POWER_COMPUTE] = ranks * (rank_w - idle_w - traffic_w);
    added.part_w[MU_POWER_MEMORY] = ranks * traffic_w;
    added.part_w[MU_POWER_LINKS] = chips * (machine->network_w_per_chip - split->optics_w);
    added.part_w[MU_POWER_OPTICS] = chips * split->optics_w;
    added.part_w[MU_POWER_HOSTS] = chips * at.hosts_w;
    added.part_w[MU_POWER_COOLING] = chips * at.cooling_w;
    added.part_w[MU_POWER_CONVERSION] = chips * at.conversion_w;
    add_hall(power, &added, split->pue);
    power->limit_w += chips * limit_of(machine);
    power->rated_w += chips * rated(machine);
    power->outside_w += chips * split->outside_w;
    if (chips > 0.0) {
        double rack_w = mu_power_inside(&added) / chips * split->chips_per_rack;
        power->rack_w = fmax(power->rack_w, rack_w);
    }
}

double mu_power_chips(const mu_power *power)
{
    return power->part_w[MU_POWER_IDLE] + power->part_w[MU_POWER_COMPUTE] +
           power->part_w[MU_POWER_MEMORY];
}

double mu_power_inside(const mu_power *power)
{
    double sum_w = 0.0;
    for (int i = 0; i < MU_POWER_FACILITY; i++) {
        sum_w += power->part_w[i];
    }
    return sum_w;
}

double mu_power_whole(const mu_power *power)
{
    return mu_power_inside(power) + power->part_w[MU_POWER_FACILITY];
}

const char *mu_power_words(mu_power_part part)
{
    static const char *const words[MU_POWER_PARTS] = {
#define X(name, field, text) text,
        MU_POWER_PART_LIST(X)
#undef X
    };
    assert((unsigned)part < MU_POWER_PARTS);
    return words[part];
}
