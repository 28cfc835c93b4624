/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all pictures share.
 */
#include "report/svg.h"

#include <math.h>

void mu_svg_begin(FILE *out, int width, int height, const char *light, const char *dark)
{
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
            "height=\"%d\" role=\"img\">\n",
            width, height, width, height);
    fprintf(out,
            "<style>\n"
            "  .page { fill: #ffffff; }\n"
            "  text { font: 12px sans-serif; fill: #24292f; }\n"
            "  .title { font-size: 16px; font-weight: bold; }\n"
            "  .faint { fill: #57606a; }\n"
            "  .grid { stroke: #d8dee4; stroke-width: 1; }\n"
            "  .axis { stroke: #57606a; stroke-width: 1; }\n"
            "%s"
            "  @media (prefers-color-scheme: dark) {\n"
            "    .page { fill: #0d1117; }\n"
            "    text { fill: #e6edf3; }\n"
            "    .faint { fill: #9198a1; }\n"
            "    .grid { stroke: #30363d; }\n"
            "    .axis { stroke: #9198a1; }\n"
            "%s"
            "  }\n"
            "</style>\n",
            light, dark);
    fprintf(out, "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n", width, height);
}

void mu_svg_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc((unsigned char)*text < 0x20 ? ' ' : *text, out);
        }
    }
}

double mu_svg_step(double span, int ticks)
{
    static const double steps[] = {1.0, 2.0, 5.0, 10.0};
    double raw = span / ticks;
    double power = pow(10.0, floor(log10(raw)));
    for (int i = 0; i < 4; i++) {
        if (steps[i] * power >= raw * (1.0 - 1e-9)) {
            return steps[i] * power;
        }
    }
    return 10.0 * power;
}
