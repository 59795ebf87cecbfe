/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits: order, clashes, application. */
#include "text/edit.h"

#include <stdlib.h>

_Bool dml_edits_clash(struct dml_edit a, struct dml_edit b)
{
    uint32_t a_end = a.span.off + a.span.len, b_end = b.span.off + b.span.len;
    if (!a.span.len && !b.span.len)
        return a.span.off == b.span.off;
    if (!a.span.len)
        return a.span.off >= b.span.off && a.span.off < b_end;
    if (!b.span.len)
        return b.span.off >= a.span.off && b.span.off < a_end;
    return a.span.off < b_end && b.span.off < a_end;
}

static int by_place(const void *x, const void *y)
{
    const struct dml_edit *a = x, *b = y;
    if (a->span.off != b->span.off)
        return a->span.off < b->span.off ? -1 : 1;
    return (a->span.len > b->span.len) - (a->span.len < b->span.len);
}

void dml_edits_sort(struct dml_edit *edits, uint32_t n)
{
    if (n)
        qsort(edits, n, sizeof *edits, by_place);
}

void dml_edits_apply(struct dml_sv text, const struct dml_edit *edits, uint32_t n, struct dml_buf *out)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < n; i++) {
        dml_buf_add(out, text.p + at, edits[i].span.off - at);
        dml_buf_sv(out, edits[i].text);
        at = edits[i].span.off + edits[i].span.len;
    }
    dml_buf_add(out, text.p + at, text.len - at);
}
