/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all pictures share: the page with its colours on light and dark, escaped text, round ticks.
 *
 * Terms: classes every picture has: page, title, faint (text), grid, axis (lines).
 */
#ifndef MUSTER_REPORT_SVG_H
#define MUSTER_REPORT_SVG_H

#include <stdio.h>

/**
 * Begins a picture: root element, style sheet, page. The caller closes it with "</svg>".
 * @param[in] light  rules of the picture's own classes, indented by two
 * @param[in] dark   what of them differs on a dark page, indented by four
 */
void mu_svg_begin(FILE *out, int width, int height, const char *light, const char *dark);

/** Text with XML's characters escaped; control characters become spaces. */
void mu_svg_text(FILE *out, const char *text);

/** 1, 2 or 5 times a power of ten: the step that cuts `span` (> 0) into at most `ticks` parts. */
double mu_svg_step(double span, int ticks);

#endif
