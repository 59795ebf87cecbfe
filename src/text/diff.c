/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Diff: lines that differ, found by Myers' greedy walk, bounded. */
#include "text/diff.h"

#include <string.h>

enum { STEPS_MAX = 2000 };

static int split(struct dml_lines *l, struct dml_sv text, struct dml_arena *a)
{
    DML_VEC(uint32_t) v = {0};
    *l = (struct dml_lines){.p = text.p};
    for (size_t at = 0; at < text.len;) {
        uint32_t *start = dml_vec_add(a, &v);
        if (!start)
            return DML_ENOMEM;
        *start = (uint32_t)at;
        const char *nl = memchr(text.p + at, '\n', text.len - at);
        at = nl ? (size_t)(nl - text.p) + 1 : text.len;
        l->n++;
    }
    uint32_t *end = dml_vec_add(a, &v);
    if (!end)
        return DML_ENOMEM;
    *end = (uint32_t)text.len;
    l->starts = v.v;
    return 0;
}

static int add_change(struct dml_arena *arena, struct dml_diff *c, struct dml_change one)
{
    struct dml_change *last = c->n ? &c->v[c->n - 1] : NULL;
    if (last && last->a1 == one.a0 && last->b1 == one.b0) {
        last->a1 = one.a1;
        last->b1 = one.b1;
        return 0;
    }
    struct dml_change *p = dml_vec_add(arena, c);
    if (!p)
        return DML_ENOMEM;
    *p = one;
    return 0;
}

/*
 * Myers' greedy walk between two blocks of lines that begin and end differently. Keeps the furthest point of every
 * step, so memory grows with the square of the number of differing lines; past STEPS_MAX of them the whole block counts
 * as one change.
 */
static int walk(struct dml_diff *out, struct dml_change block, struct dml_arena *arena)
{
    const struct dml_lines *a = &out->before, *b = &out->after;
    int64_t n = block.a1 - block.a0, m = block.b1 - block.b0, most = n + m < STEPS_MAX ? n + m : STEPS_MAX;
    int64_t **rows = dml_new_n(arena, int64_t *, (size_t)most + 1);
    int64_t d, found = -1;
    if (!rows)
        return DML_ENOMEM;
    for (d = 0; d <= most && found < 0; d++) {
        /* rows[d][k + d] is how far into the old block diagonal k has come after d differences. */
        rows[d] = dml_new_n(arena, int64_t, (size_t)(2 * d + 1));
        if (!rows[d])
            return DML_ENOMEM;
        for (int64_t k = -d; k <= d; k += 2) {
            int64_t x = 0;
            if (d) {
                const int64_t *last = rows[d - 1] + d - 1; /* by diagonal */
                _Bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
                x = down ? last[k + 1] : last[k - 1] + 1;
            }
            while (x < n && x - k < m && x - k >= 0 &&
                   dml_sv_eq(dml_line(a, block.a0 + (uint32_t)x), dml_line(b, block.b0 + (uint32_t)(x - k))))
                x++;
            rows[d][k + d] = x;
            if (x >= n && x - k >= m) {
                found = d;
                break;
            }
        }
    }
    if (found < 0)
        return add_change(arena, out, block);
    /* Back from the end: each step is one line taken out or put in. */
    struct dml_change *steps = dml_new_n(arena, struct dml_change, (size_t)found + 1);
    if (!steps)
        return DML_ENOMEM;
    int64_t k = n - m;
    for (d = found; d > 0; d--) {
        const int64_t *last = rows[d - 1] + d - 1;
        _Bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
        int64_t from_k = down ? k + 1 : k - 1, from_x = last[from_k], from_y = from_x - from_k;
        steps[d - 1] = (struct dml_change){block.a0 + (uint32_t)from_x, block.a0 + (uint32_t)from_x + !down,
                                           block.b0 + (uint32_t)from_y, block.b0 + (uint32_t)from_y + down};
        k = from_k;
    }
    for (d = 0; d < found; d++)
        if (add_change(arena, out, steps[d]) < 0)
            return DML_ENOMEM;
    return 0;
}

int dml_diff_lines(struct dml_diff *out, struct dml_sv before, struct dml_sv after, struct dml_arena *arena)
{
    *out = (struct dml_diff){0};
    if (split(&out->before, before, arena) < 0 || split(&out->after, after, arena) < 0)
        return DML_ENOMEM;
    if (dml_sv_eq(before, after))
        return 0;
    const struct dml_lines *a = &out->before, *b = &out->after;
    struct dml_change block = {0, a->n, 0, b->n};
    while (block.a0 < block.a1 && block.b0 < block.b1 && dml_sv_eq(dml_line(a, block.a0), dml_line(b, block.b0))) {
        block.a0++;
        block.b0++;
    }
    while (block.a0 < block.a1 && block.b0 < block.b1 &&
           dml_sv_eq(dml_line(a, block.a1 - 1), dml_line(b, block.b1 - 1))) {
        block.a1--;
        block.b1--;
    }
    return walk(out, block, arena);
}
