/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source: the bytes of one input, and spans in it. Line and column are made only when something is printed. */
#ifndef DML_TEXT_SOURCE_H
#define DML_TEXT_SOURCE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/sv.h"

/* A piece of a source, in bytes. {0, 0} is its very start; DML_NO_SPAN means "no place". */
struct dml_span {
    uint32_t off, len;
};
#define DML_NO_SPAN ((struct dml_span){UINT32_MAX, 0})

static inline _Bool dml_span_none(struct dml_span s)
{
    return s.off == UINT32_MAX;
}

/* Does not own path or text; both must outlive it. `lines` is made at the first dml_source_pos. */
struct dml_source {
    const char *path;   /* as shown to the user */
    struct dml_sv text; /* at most UINT32_MAX - 1 bytes */
    uint32_t *lines;    /* offsets at which lines start */
    uint32_t line_count;
    uint32_t counted_from, counted_to, counted; /* characters of the look-up before, which the next one goes on from */
};

/* Lines and columns from 1. `column` is in bytes, `character` the same in characters of UTF-8, a byte that is part of
 * none being one. */
struct dml_pos {
    uint32_t line, column, character;
};

void dml_source_init(struct dml_source *src, const char *path, struct dml_sv text);
/* Where an offset lies; an offset past the end is the end. Builds the line table in `a` on first use; all zero when out
 * of memory. */
struct dml_pos dml_source_pos(struct dml_source *src, struct dml_arena *a, uint32_t off);
/* The text of a line (from 1) without its line end; empty where there is no such line. Needs the line table. */
struct dml_sv dml_source_line(const struct dml_source *src, uint32_t line);

static inline struct dml_sv dml_source_text(const struct dml_source *src, struct dml_span s)
{
    return dml_span_none(s) ? (struct dml_sv){"", 0} : (struct dml_sv){src->text.p + s.off, s.len};
}

#endif
