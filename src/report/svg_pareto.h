/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Pareto front of a plan as a picture: output tokens/s per chip against TPOT.
 */
#ifndef MUSTER_REPORT_SVG_PARETO_H
#define MUSTER_REPORT_SVG_PARETO_H

#include "study/answer.h"

#include <stdio.h>

/**
 * One self-contained SVG (no scripts, fonts or links), readable on light and dark pages. Points
 * carry their deployment as a tooltip, whiskers are 90 % intervals, the TPOT limit is a dashed
 * line.
 * @retval MU_E_SYSTEM the stream failed
 */
mu_status mu_svg_pareto(FILE *out, const mu_question *question, const mu_plan *plan,
                        mu_error *err) MU_MUST_CHECK;

#endif
