/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Safe text: bytes of a guest's files made harmless for a terminal and for formats that go by lines. */
#ifndef DML_TEXT_SAFE_H
#define DML_TEXT_SAFE_H

#include "base/buf.h"
#include "base/sv.h"

/* Length of the UTF-8 character at p (n > 0 bytes are there) and *cp; 0 where it is none. */
unsigned dml_utf8(const char *p, size_t n, uint32_t *cp);
/* Does the character reorder, hide or break what stands beside it? */
_Bool dml_tricky(uint32_t cp);
/* Writes one character of `text` at *i, made harmless, and moves *i behind it; returns how many columns it takes. */
unsigned dml_safe_char(struct dml_buf *out, struct dml_sv text, size_t *i);
/*
 * Text that is safe on a terminal and in a line-based format: control bytes as \x1b, bytes that are no UTF-8 as \xff,
 * characters that turn text around or are invisible as \u202e; tabs stay with `tabs`.
 */
void dml_safe_text(struct dml_buf *out, struct dml_sv text, _Bool tabs);

#endif
