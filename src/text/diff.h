/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diff: which lines of one text became which of another; behind unified diffs and comparisons of argv. */
#ifndef DML_TEXT_DIFF_H
#define DML_TEXT_DIFF_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"

/* The lines of a text: starts[n] is its end. */
struct dml_lines {
    const char *p;
    uint32_t *starts;
    uint32_t n;
};

/* One run of changed lines: [a0, a1) of the old text became [b0, b1) of the new one. */
struct dml_change {
    uint32_t a0, a1, b0, b1;
};

struct dml_diff {
    struct dml_lines before, after;
    struct dml_change *v; /* in order; between two of them the lines are equal */
    uint32_t n, cap;
};

/* Compares two texts by lines. Everything lives in `arena` and in the texts. 0 or DML_ENOMEM. */
int dml_diff_lines(struct dml_diff *out, struct dml_sv before, struct dml_sv after, struct dml_arena *arena);

/* Line i with its newline, if it has one. */
static inline struct dml_sv dml_line(const struct dml_lines *l, uint32_t i)
{
    return (struct dml_sv){l->p + l->starts[i], l->starts[i + 1] - l->starts[i]};
}

#endif
