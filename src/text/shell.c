/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shell: words quoted where they need to be. */
#include "text/shell.h"

#include <string.h>

void dml_shell_word(struct dml_buf *out, const char *s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_";
    if (*s && !s[strspn(s, plain)]) {
        dml_buf_str(out, s);
        return;
    }
    dml_buf_char(out, '\'');
    for (; *s; s++) {
        if (*s == '\'')
            dml_buf_str(out, "'\\''");
        else
            dml_buf_char(out, *s);
    }
    dml_buf_char(out, '\'');
}
