/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits: spans of a source and what stands there instead; and the unified diff of what they do. */
#ifndef DML_TEXT_EDIT_H
#define DML_TEXT_EDIT_H

#include "base/buf.h"
#include "text/source.h"

/* Replaces `span` by `text`; an empty span inserts before its offset. */
struct dml_edit {
    struct dml_span span;
    struct dml_sv text;
};

/*
 * Do two edits get in each other's way: their spans share a byte, or both insert at one place, or one inserts inside or
 * at the start of what the other replaces? Edits that touch end to start do not.
 */
_Bool dml_edits_clash(struct dml_edit a, struct dml_edit b);

/* Orders edits by offset, insertions first. */
void dml_edits_sort(struct dml_edit *edits, uint32_t n);

/* Writes `text` with the edits done; they must be sorted and must not clash. Every byte that no span covers stays. */
void dml_edits_apply(struct dml_sv text, const struct dml_edit *edits, uint32_t n, struct dml_buf *out);

/*
 * Writes a unified diff from `before` to `after` with three lines of context, as `git apply` takes it, under the names
 * a/PATH and b/PATH (leading slashes and ./ are dropped, odd bytes are quoted as git does). Nothing where the two are
 * equal. 0, or DML_ENOMEM.
 */
int dml_udiff(const char *path, struct dml_sv before, struct dml_sv after, struct dml_buf *out);

#endif
