/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffer: growing text with a mandatory cap. */
#include "base/buf.h"

#include <stdlib.h>

#include "base/format.h"

void dml_buf_init(struct dml_buf *b, size_t max)
{
    *b = (struct dml_buf){.max = max};
}

void dml_buf_dispose(struct dml_buf *b)
{
    free(b->p);
    dml_buf_init(b, b->max);
}

void dml_buf_clear(struct dml_buf *b)
{
    b->len = 0;
    b->failed = 0;
    if (b->p)
        b->p[0] = '\0';
}

static _Bool reserve(struct dml_buf *b, size_t len)
{
    if (len > b->max || b->len > b->max - len) {
        b->failed = 1;
        return 0;
    }
    size_t need = b->len + len + 1;
    if (need <= b->cap)
        return 1;
    size_t cap = b->cap ? b->cap : 128;
    while (cap < need)
        cap *= 2;
    char *p = realloc(b->p, cap);
    if (!p) {
        b->failed = 1;
        return 0;
    }
    b->p = p;
    b->cap = cap;
    return 1;
}

void dml_buf_add(struct dml_buf *b, const void *p, size_t len)
{
    if (!reserve(b, len))
        return;
    if (len)
        memcpy(b->p + b->len, p, len);
    b->len += len;
    b->p[b->len] = '\0';
}

void dml_buf_sv(struct dml_buf *b, struct dml_sv s)
{
    dml_buf_add(b, s.p, s.len);
}

void dml_buf_str(struct dml_buf *b, const char *s)
{
    dml_buf_add(b, s, strlen(s));
}

void dml_buf_char(struct dml_buf *b, char c)
{
    dml_buf_add(b, &c, 1);
}

void dml_buf_fill(struct dml_buf *b, char c, size_t n)
{
    if (!reserve(b, n))
        return;
    memset(b->p + b->len, c, n);
    b->len += n;
    b->p[b->len] = '\0';
}

void dml_buf_vprintf(struct dml_buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    /* Mostly there is room already, and the second pass is not needed. */
    size_t room = b->cap - b->len;
    int n = dml_format(room ? b->p + b->len : NULL, room, fmt, ap);
    if (n >= 0 && (size_t)n < room && (size_t)n <= b->max - b->len) {
        b->len += (size_t)n;
    } else if (n >= 0 && reserve(b, (size_t)n)) {
        dml_format(b->p + b->len, (size_t)n + 1, fmt, again);
        b->len += (size_t)n;
    } else {
        b->failed = 1;
        if (room)
            b->p[b->len] = '\0';
    }
    va_end(again);
}

void dml_buf_printf(struct dml_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    dml_buf_vprintf(b, fmt, ap);
    va_end(ap);
}
