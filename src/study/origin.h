/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an uncertain input comes from: a fact of the catalogue, a calibration, a prior.
 */
#ifndef MUSTER_STUDY_ORIGIN_H
#define MUSTER_STUDY_ORIGIN_H

#include "catalog/catalog.h"

typedef struct mu_origin {
    mu_dimension dimension; /* NONE where the name carries the unit */
    char grade;             /* A .. D */
    const char *source;     /* id in data/sources.yaml, or "prior"; borrowed */
    const char *title;      /* of the source, or what the prior is of; "" = none */
    const char *note;       /* "" when there is none */
} mu_origin;

/**
 * Origin of a name of a draw plan ("calibration/h100/gemm_bf16_wave").
 * @param[in] engine  whose profile drew names of no entity ("workload/acceptance"); may be NULL
 * Names that the catalogue does not know are priors of this project: grade D.
 */
mu_origin mu_origin_of(const mu_catalog *catalog, const mu_entity *engine, const char *name);

#endif
