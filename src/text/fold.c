/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fold: prose in lines. */
#include "text/fold.h"

#include <string.h>

void dml_fold(struct dml_buf *out, const char *text, const char *indent, size_t width)
{
    size_t margin = strlen(indent), column = 0;
    for (const char *p = text; *p;) {
        size_t line = strcspn(p, "\n");
        if (!line || p[0] == ' ') { /* an empty line, or one laid out by hand */
            if (column)
                dml_buf_char(out, '\n');
            if (line)
                dml_buf_printf(out, "%s%.*s", indent, (int)line, p);
            dml_buf_char(out, '\n');
            column = 0;
            p += line + (p[line] == '\n');
            continue;
        }
        for (const char *end = p + line; p < end;) {
            size_t word = strcspn(p, " \n");
            if (column && column + 1 + word > width) {
                dml_buf_char(out, '\n');
                column = 0;
            }
            dml_buf_str(out, column ? " " : indent);
            column = (column ? column + 1 : margin) + word;
            dml_buf_add(out, p, word);
            for (p += word; p < end && *p == ' '; p++)
                ;
        }
        p += *p == '\n';
    }
    if (column)
        dml_buf_char(out, '\n');
}

void dml_sgr(struct dml_buf *out, _Bool on, const char *sgr)
{
    if (on && *sgr)
        dml_buf_printf(out, "\x1b[%sm", sgr);
}

void dml_painted(struct dml_buf *out, _Bool on, const char *sgr, const char *word, size_t width)
{
    dml_sgr(out, on, sgr);
    dml_buf_str(out, word);
    dml_sgr(out, on && *sgr, "0");
    dml_buf_fill(out, ' ', width > strlen(word) ? width - strlen(word) : 0);
}
