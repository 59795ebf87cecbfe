/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error: message formatting. */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

void dml_err_say_(struct dml_err *err, const char *fmt, ...)
{
    if (!err)
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
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
    }
    return rc;
}
