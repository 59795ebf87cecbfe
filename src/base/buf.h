/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffer: growing text with a mandatory cap. */
#ifndef DML_BASE_BUF_H
#define DML_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/sv.h"

/*
 * Owns its memory (malloc). Writing past `max` bytes or out of memory sets `failed` and drops what does not fit; check
 * once at the end. After dml_buf_init, `p` is NULL until something is written; once written it is always
 * NUL-terminated.
 */
struct dml_buf {
    char *p;
    size_t len, cap, max;
    _Bool failed;
};

void dml_buf_init(struct dml_buf *b, size_t max);
void dml_buf_dispose(struct dml_buf *b);
/* Empties it, keeping the memory. */
void dml_buf_clear(struct dml_buf *b);
void dml_buf_add(struct dml_buf *b, const void *p, size_t len);
void dml_buf_sv(struct dml_buf *b, struct dml_sv s);
void dml_buf_str(struct dml_buf *b, const char *s);
void dml_buf_char(struct dml_buf *b, char c);
void dml_buf_fill(struct dml_buf *b, char c, size_t n);
void dml_buf_printf(struct dml_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void dml_buf_vprintf(struct dml_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static inline struct dml_sv dml_buf_view(const struct dml_buf *b)
{
    return (struct dml_sv){b->p ? b->p : "", b->len};
}

#endif
