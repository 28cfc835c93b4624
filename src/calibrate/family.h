/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which parameters which operators can tell of.
 *
 * Terms: specimen = the chip and network that rows were measured on; knob = one parameter of it
 * that may be fitted; family = operators whose parameters are fitted together, by the first letters
 * of their names.
 */
#ifndef MUSTER_CALIBRATE_FAMILY_H
#define MUSTER_CALIBRATE_FAMILY_H

#include "chip/chip.h"
#include "chip/prior.h"
#include "fabric/fabric.h"
#include "study/op_case.h"

enum { MU_KNOBS_MAX = 256 };

/* One draw of chip and network; the network is empty where a chip is calibrated. */
typedef struct mu_specimen {
    mu_chip chip;
    mu_fabric fabric;
} mu_specimen;

typedef struct mu_knob {
    char name[64];
    size_t offset; /* of the double in mu_specimen */
    mu_range prior;
    double min;
    double max;
    uint64_t owners;  /* bits of the operators it is of: without rows of any it is left alone */
    uint8_t family;   /* index in the list of families */
    bool unexplained; /* measured over predicted time: 1 while fitting, its range is what is left */
    bool fixed; /* never fitted: a size that kernels are built for, or what a tier does without */
} mu_knob;

typedef struct mu_family {
    const char *name;
    const char *prefixes; /* of parameters, set apart by spaces */
    uint64_t kinds;       /* bits of mu_op_case_kind */
    bool on_system;
} mu_family;

/** In the order in which they are fitted: later ones build on what earlier ones found. Static. */
const mu_family *mu_families(uint32_t *count);

/**
 * All parameters of a chip that belong to a family; returns their number.
 *
 * @param[in] prior   what other chips teach of a chip of these traits; NULL: the .def rows
 * @param[in] traits  read only with a prior
 */
uint32_t mu_chip_knobs(const mu_chip_prior *prior, const mu_chip_traits *traits,
                       mu_knob out[MU_KNOBS_MAX]);

/**
 * All parameters of the tiers of a network, named "<tier>_<parameter>"; returns their number. The
 * prior of each is as wide as that of its kind, around what the tier has now.
 */
uint32_t mu_fabric_knobs(const mu_fabric *fabric, mu_knob out[MU_KNOBS_MAX]);

double mu_knob_get(const mu_knob *knob, const mu_specimen *subject);
void mu_knob_set(const mu_knob *knob, mu_specimen *subject, double value);

/** Logit of the place between min and max, so that no x is out of bounds; -16.2 .. 16.2. */
double mu_knob_to_x(const mu_knob *knob, double value);
double mu_knob_from_x(const mu_knob *knob, double x);

#endif
