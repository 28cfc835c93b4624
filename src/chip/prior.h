/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What measured chips teach of chips that nobody measured.
 *
 * What:  every calibration of the catalogue is a donor; a parameter's prior is the robust centre
 *        and the spread of its donors, carried to a chip in units that chips have in common:
 *        launches in cycles, L2 by the matrix rate, ...
 * Terms: family = chips that share silicon or calibrations (H100, H200, H800, H20): one vote.
 *        Trait = ratio of datasheet numbers that a law leans on.
 * Bound: grade D calibrations are estimates and teach nothing. A parameter without donor keeps the
 *        prior of its .def row.
 */
#ifndef MUSTER_CHIP_PRIOR_H
#define MUSTER_CHIP_PRIOR_H

#include "base/arena.h"
#include "catalog/catalog.h"
#include "chip/chip.h"

/* Of a whole chip or of one rank of it: the same. */
typedef enum mu_trait {
    MU_TRAIT_CLOCK,         /* [Hz] */
    MU_TRAIT_FLOP_PER_BYTE, /* bf16 peak over memory bandwidth */
    MU_TRAIT_CORE_FLOP,     /* bf16 flop a core does in a cycle */
    MU_TRAIT_CORE_BYTES,    /* bytes that memory gives a core in a cycle */
    MU_TRAIT_POWER,    /* bf16 peak times cubed clock over the power limit: voltage climbs too */
    MU_TRAIT_MATURITY, /* of the software: 1 is CUDA, less is younger */
    MU_TRAIT_COUNT
} mu_trait;

typedef struct mu_chip_traits {
    double value[MU_TRAIT_COUNT]; /* > 0 */
} mu_chip_traits;

/** Traits of a chip whose facts are read; its params are not looked at. */
mu_chip_traits mu_chip_traits_of(const mu_chip *chip, double maturity);

/** The same from the catalogue, facts at their best. MU_E_INPUT as mu_chip_from_catalog(). */
mu_status mu_chip_traits_read(const mu_catalog *catalog, const mu_entity *chip, mu_chip_traits *out,
                              mu_error *err) MU_MUST_CHECK;

typedef struct mu_chip_prior mu_chip_prior;

/**
 * Learns from the calibrations of a catalogue.
 *
 * @param[in] left_out  a chip whose family teaches nothing and whose calibrations are not used;
 *                      NULL for none
 * @retval MU_E_MEMORY
 * What cannot be read teaches nothing: whoever uses it is told. Cost: about a millisecond.
 */
mu_status mu_chip_prior_learn(const mu_catalog *catalog, const mu_entity *left_out, mu_arena *arena,
                              const mu_chip_prior **out, mu_error *err) MU_MUST_CHECK;

/** Prior of parameter `index` (of mu_chip_param_specs()) for a chip with these traits. */
mu_range mu_chip_prior_range(const mu_chip_prior *prior, size_t index,
                             const mu_chip_traits *traits);

/**
 * A range that a calibration (by id) states, carried to the chip that takes it: unchanged where
 * that chip is the one that was measured.
 */
mu_range mu_chip_prior_carry(const mu_chip_prior *prior, size_t index, const char *calibration,
                             mu_range range, const mu_entity *chip, const mu_chip_traits *traits);

/** Whether a calibration belongs to the family left out. */
bool mu_chip_prior_leaves_out(const mu_chip_prior *prior, const mu_entity *calibration);

#endif
