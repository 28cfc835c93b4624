/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prose on a terminal.
 */
#include "report/wrap.h"

#include <stdbool.h>
#include <string.h>

void mu_wrap(FILE *out, const char *text, size_t indent, size_t column)
{
    bool first = true;
    text += strspn(text, " ");
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (!first && column + 1 + word > MU_WRAP_WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
            first = true;
        }
        fprintf(out, "%s%.*s", first ? "" : " ", (int)word, text);
        column += word + (first ? 0 : 1);
        first = false;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}
