/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unified diff: changed lines as hunks with context, as `git apply` takes them. */
#include "text/diff.h"
#include "text/edit.h"

enum { CONTEXT = 3 };

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

static void put_hunk(struct dml_buf *out, const struct dml_diff *d, const struct dml_change *c, uint32_t n)
{
    const struct dml_lines *a = &d->before, *b = &d->after;
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
            put_line(out, ' ', dml_line(a, at++));
        while (at < c[i].a1)
            put_line(out, '-', dml_line(a, at++));
        for (uint32_t k = c[i].b0; k < c[i].b1; k++)
            put_line(out, '+', dml_line(b, k));
    }
    while (at < c[n - 1].a1 + after)
        put_line(out, ' ', dml_line(a, at++));
}

int dml_udiff(const char *path, struct dml_sv before, struct dml_sv after, struct dml_buf *out)
{
    struct dml_arena arena = {0};
    struct dml_diff d;
    int rc = dml_diff_lines(&d, before, after, &arena);
    if (rc == 0 && d.n) {
        dml_buf_str(out, "--- ");
        put_path(out, "a", path);
        dml_buf_str(out, "\n+++ ");
        put_path(out, "b", path);
        dml_buf_char(out, '\n');
        for (uint32_t first = 0, end; first < d.n; first = end) {
            for (end = first + 1; end < d.n && d.v[end].a0 - d.v[end - 1].a1 <= 2 * CONTEXT; end++)
                ;
            put_hunk(out, &d, &d.v[first], end - first);
        }
    }
    dml_arena_dispose(&arena);
    return rc < 0 || out->failed ? DML_ENOMEM : 0;
}
