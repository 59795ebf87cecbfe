/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error: message formatting. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#include "base/sv.h"

/* A text that fills its room was cut, maybe within a character. */
void dml_end_on_character(char *text, size_t size)
{
    size_t n = strlen(text);
    if (n + 1 >= size)
        text[dml_sv_cut((struct dml_sv){text, n}, n).len] = '\0';
}

void dml_err_say_(struct dml_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    dml_end_on_character(err->msg, sizeof err->msg);
}

int dml_err_wrap(struct dml_err *err, int rc, const char *fmt, ...)
{
    if (!err)
        return rc;
    char old[sizeof err->msg];
    memcpy(old, err->msg, sizeof old);
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    size_t used = strlen(err->msg);
    if (n >= 0 && used + 2 < sizeof err->msg) {
        memcpy(err->msg + used, ": ", 2);
        memccpy(err->msg + used + 2, old, '\0', sizeof err->msg - used - 2);
        err->msg[sizeof err->msg - 1] = '\0';
        dml_end_on_character(err->msg, sizeof err->msg);
    }
    return rc;
}
