/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unified diff: lines that differ found by the linear-space-free Myers walk, bounded, then hunks with context. */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "text/edit.h"

enum { CONTEXT = 3, STEPS_MAX = 2000 };

/* The lines of a text: starts[n] is its end. */
struct lines {
    const char *p;
    uint32_t *starts;
    uint32_t n;
};

static int split(struct lines *l, struct dml_sv text, struct dml_arena *a)
{
    DML_VEC(uint32_t) v = {0};
    *l = (struct lines){.p = text.p};
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

static struct dml_sv line(const struct lines *l, uint32_t i)
{
    return (struct dml_sv){l->p + l->starts[i], l->starts[i + 1] - l->starts[i]};
}

/* One run of changed lines: [a0, a1) of the old text became [b0, b1) of the new one. */
struct change {
    uint32_t a0, a1, b0, b1;
};
struct changes {
    struct change *v;
    uint32_t n, cap;
};

static int add_change(struct dml_arena *arena, struct changes *c, struct change one)
{
    struct change *last = c->n ? &c->v[c->n - 1] : NULL;
    if (last && last->a1 == one.a0 && last->b1 == one.b0) {
        last->a1 = one.a1;
        last->b1 = one.b1;
        return 0;
    }
    struct change *p = dml_vec_add(arena, c);
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
static int walk(const struct lines *a, const struct lines *b, struct change block, struct dml_arena *arena,
                struct changes *out)
{
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
                   dml_sv_eq(line(a, block.a0 + (uint32_t)x), line(b, block.b0 + (uint32_t)(x - k))))
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
    struct change *steps = dml_new_n(arena, struct change, (size_t)found + 1);
    if (!steps)
        return DML_ENOMEM;
    int64_t k = n - m;
    for (d = found; d > 0; d--) {
        const int64_t *last = rows[d - 1] + d - 1;
        _Bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
        int64_t from_k = down ? k + 1 : k - 1, from_x = last[from_k], from_y = from_x - from_k;
        steps[d - 1] = (struct change){block.a0 + (uint32_t)from_x, block.a0 + (uint32_t)from_x + !down,
                                       block.b0 + (uint32_t)from_y, block.b0 + (uint32_t)from_y + down};
        k = from_k;
    }
    for (d = 0; d < found; d++)
        if (add_change(arena, out, steps[d]) < 0)
            return DML_ENOMEM;
    return 0;
}

static void put_line(struct dml_buf *out, char mark, struct dml_sv text)
{
    dml_buf_char(out, mark);
    dml_buf_sv(out, text);
    if (!text.len || text.p[text.len - 1] != '\n')
        dml_buf_str(out, "\n\\ No newline at end of file\n");
}

/* A path as git writes it in a diff's head: quoted where it holds quotes, backslashes, control or 8-bit bytes. */
static void put_path(struct dml_buf *out, const char *side, const char *path)
{
    _Bool odd = 0;
    while (*path == '/' || (path[0] == '.' && path[1] == '/'))
        path++;
    for (const char *p = path; *p; p++)
        odd |= (unsigned char)*p < ' ' || (unsigned char)*p >= 127 || *p == '"' || *p == '\\';
    if (!odd) {
        dml_buf_printf(out, "%s/%s", side, path);
        return;
    }
    dml_buf_printf(out, "\"%s/", side);
    for (const char *p = path; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\')
            dml_buf_printf(out, "\\%c", c);
        else if (c < ' ' || c >= 127)
            dml_buf_printf(out, "\\%03o", c);
        else
            dml_buf_char(out, (char)c);
    }
    dml_buf_char(out, '"');
}

static void put_range(struct dml_buf *out, char mark, uint32_t start, uint32_t n)
{
    /* An empty range names the line before it. */
    dml_buf_printf(out, "%c%u", mark, n ? start + 1 : start);
    if (n != 1)
        dml_buf_printf(out, ",%u", n);
}

static void put_hunk(struct dml_buf *out, const struct lines *a, const struct lines *b, const struct change *c,
                     uint32_t n)
{
    uint32_t before = c[0].a0 < CONTEXT ? c[0].a0 : CONTEXT;
    uint32_t after = a->n - c[n - 1].a1 < CONTEXT ? a->n - c[n - 1].a1 : CONTEXT;
    uint32_t a0 = c[0].a0 - before, b0 = c[0].b0 - before;
    dml_buf_str(out, "@@ ");
    put_range(out, '-', a0, c[n - 1].a1 + after - a0);
    dml_buf_char(out, ' ');
    put_range(out, '+', b0, c[n - 1].b1 + after - b0);
    dml_buf_str(out, " @@\n");
    uint32_t at = a0;
    for (uint32_t i = 0; i < n; i++) {
        while (at < c[i].a0)
            put_line(out, ' ', line(a, at++));
        while (at < c[i].a1)
            put_line(out, '-', line(a, at++));
        for (uint32_t k = c[i].b0; k < c[i].b1; k++)
            put_line(out, '+', line(b, k));
    }
    while (at < c[n - 1].a1 + after)
        put_line(out, ' ', line(a, at++));
}

int dml_udiff(const char *path, struct dml_sv before, struct dml_sv after, struct dml_buf *out)
{
    struct dml_arena arena = {0};
    struct lines a, b;
    struct changes c = {0};
    int rc = split(&a, before, &arena);
    if (rc == 0)
        rc = split(&b, after, &arena);
    if (rc == 0 && !dml_sv_eq(before, after)) {
        struct change block = {0, a.n, 0, b.n};
        while (block.a0 < block.a1 && block.b0 < block.b1 && dml_sv_eq(line(&a, block.a0), line(&b, block.b0))) {
            block.a0++;
            block.b0++;
        }
        while (block.a0 < block.a1 && block.b0 < block.b1 &&
               dml_sv_eq(line(&a, block.a1 - 1), line(&b, block.b1 - 1))) {
            block.a1--;
            block.b1--;
        }
        rc = walk(&a, &b, block, &arena, &c);
    }
    if (rc == 0 && c.n) {
        dml_buf_str(out, "--- ");
        put_path(out, "a", path);
        dml_buf_str(out, "\n+++ ");
        put_path(out, "b", path);
        dml_buf_char(out, '\n');
        for (uint32_t first = 0, end; first < c.n; first = end) {
            for (end = first + 1; end < c.n && c.v[end].a0 - c.v[end - 1].a1 <= 2 * CONTEXT; end++)
                ;
            put_hunk(out, &a, &b, &c.v[first], end - first);
        }
    }
    dml_arena_dispose(&arena);
    return rc < 0 || out->failed ? DML_ENOMEM : 0;
}
