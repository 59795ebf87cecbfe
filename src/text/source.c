/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Source: line table and look-up. */
#include "text/source.h"

#include <string.h>

#include "text/safe.h"

void dml_source_init(struct dml_source *src, const char *path, struct dml_sv text)
{
    *src = (struct dml_source){.path = path, .text = text};
}

static _Bool index_lines(struct dml_source *src, struct dml_arena *a)
{
    const char *p = src->text.p, *end = p + src->text.len;
    uint32_t count = 1;
    for (const char *q = p; q < end && (q = memchr(q, '\n', (size_t)(end - q))); q++)
        count++;
    uint32_t *lines = dml_new_n(a, uint32_t, count);
    if (!lines)
        return 0;
    uint32_t i = 1;
    for (const char *q = p; q < end && (q = memchr(q, '\n', (size_t)(end - q))); q++)
        lines[i++] = (uint32_t)(q - p) + 1;
    src->lines = lines;
    src->line_count = count;
    return 1;
}

/* How many characters the line that starts at `from` has before `to`; one that ends behind it counts. */
static uint32_t characters(struct dml_source *src, uint32_t from, uint32_t to)
{
    uint32_t at = from, n = 0, cp;
    if (src->counted_from == from && src->counted_to <= to && src->counted_to > from) {
        at = src->counted_to; /* a line may have very many places */
        n = src->counted;
    }
    for (; at < to; n++) {
        unsigned len = (unsigned char)src->text.p[at] < 0x80 ? 1 : dml_utf8(src->text.p + at, src->text.len - at, &cp);
        at += len ? len : 1;
    }
    src->counted_from = from;
    src->counted_to = at;
    src->counted = n;
    return n;
}

struct dml_pos dml_source_pos(struct dml_source *src, struct dml_arena *a, uint32_t off)
{
    if (!src->lines && !index_lines(src, a))
        return (struct dml_pos){0, 0, 0};
    if (off > src->text.len)
        off = (uint32_t)src->text.len;
    uint32_t lo = 0, hi = src->line_count;
    while (hi - lo > 1) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (src->lines[mid] <= off)
            lo = mid;
        else
            hi = mid;
    }
    return (struct dml_pos){lo + 1, off - src->lines[lo] + 1, characters(src, src->lines[lo], off) + 1};
}

struct dml_sv dml_source_line(const struct dml_source *src, uint32_t line)
{
    if (!src->lines || line < 1 || line > src->line_count)
        return (struct dml_sv){"", 0};
    uint32_t start = src->lines[line - 1];
    uint32_t end = line < src->line_count ? src->lines[line] - 1 : (uint32_t)src->text.len;
    if (end > start && src->text.p[end - 1] == '\r')
        end--;
    return (struct dml_sv){src->text.p + start, end - start};
}
