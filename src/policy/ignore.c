/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ignore: patterns matched as git matches them (wildmatch.c, dir.c), each directory looked at once. */
#include "policy/ignore.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/trust.h"

#define LOCAL_NAME ".dmlintignore"

enum { FILE_MAX = 1024 * 1024, PARTS_MAX = 256 };

struct pattern {
    const char *text; /* with NULs in the place of slashes between its parts */
    const char *said; /* "FILE:LINE: PATTERN" */
    uint32_t parts;   /* 1 for one that means a name in any directory */
    _Bool anchored;   /* it means a path from its file's directory on */
    _Bool negated, directories_only;
};

struct directory {
    struct directory *next; /* in its bucket */
    const struct directory *above;
    const char *path; /* absolute, "" for the root */
    const char *why;  /* it is ignored itself */
    DML_VEC(struct pattern) patterns;
};

struct dml_ignores {
    struct dml_arena arena; /* this struct lies in it */
    struct directory *buckets[256];
    DML_VEC(const char *) refused;
};

int dml_ignores_new(struct dml_ignores **out, struct dml_err *err)
{
    struct dml_arena arena = {0};
    *out = dml_new(&arena, struct dml_ignores);
    if (!*out)
        return dml_err_nomem(err);
    (*out)->arena = arena;
    return 0;
}

void dml_ignores_free(struct dml_ignores *ig)
{
    if (!ig)
        return;
    struct dml_arena arena = ig->arena;
    dml_arena_dispose(&arena);
}

/* ---- patterns ---- */

/* Blanks at the end do not count unless the last one is quoted. */
static struct dml_sv trim_end(struct dml_sv s)
{
    size_t end = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] == '\\' && i + 1 < s.len)
            i++;
        else if (s.p[i] == ' ')
            continue;
        end = i + 1;
    }
    return (struct dml_sv){s.p, end};
}

static int add_pattern(struct dml_ignores *ig, struct directory *d, const char *file, unsigned line, struct dml_sv s)
{
    struct dml_arena *a = &ig->arena;
    struct pattern p = {.said = dml_arena_printf(a, "%s:%u: %.*s", file, line, DML_SV_ARG(s)), .parts = 1};
    if (s.len && *s.p == '!') {
        p.negated = 1;
        s = (struct dml_sv){s.p + 1, s.len - 1};
    }
    if (s.len && s.p[s.len - 1] == '/') {
        p.directories_only = 1;
        s.len--;
    }
    p.anchored = s.len && memchr(s.p, '/', s.len);
    if (s.len && *s.p == '/')
        s = (struct dml_sv){s.p + 1, s.len - 1};
    if (!s.len)
        return 0;
    char *text = dml_arena_strndup(a, s.p, s.len);
    struct pattern *slot = dml_vec_add(a, &d->patterns);
    if (!p.said || !text || !slot)
        return DML_ENOMEM;
    for (size_t i = 0; i < s.len; i++)
        if (text[i] == '/') {
            text[i] = '\0';
            p.parts++;
        }
    p.text = text;
    *slot = p;
    return 0;
}

static int read_file(struct dml_ignores *ig, struct directory *d, const char *file, struct dml_err *err)
{
    struct dml_sv text;
    struct dml_err why = {""};
    int rc = dml_trusted(file, &why);
    if (rc == DML_EUNTRUSTED) {
        const char **slot = dml_vec_add(&ig->arena, &ig->refused);
        if (slot)
            *slot = dml_arena_printf(&ig->arena, "%s is not used: %s; --isolated asks for none", file, why.msg);
        return slot && *slot ? 0 : dml_err_nomem(err);
    }
    rc = rc == 0 ? dml_regular_read(&ig->arena, file, FILE_MAX, &text, &why) : rc;
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, DML_EIO, "%s: a file of ignored paths is at most %d bytes", file, FILE_MAX);
    if (rc < 0)
        return dml_err_set(err, rc, "%s", why.msg);
    if (dml_sv_starts(text, DML_SV("\xef\xbb\xbf")))
        text = (struct dml_sv){text.p + 3, text.len - 3};
    for (unsigned line = 1; rc == 0 && text.len; line++) {
        const char *end = memchr(text.p, '\n', text.len);
        struct dml_sv s = {text.p, end ? (size_t)(end - text.p) : text.len};
        text = (struct dml_sv){text.p + s.len + (end != NULL), text.len - s.len - (end != NULL)};
        if (end && s.len && s.p[s.len - 1] == '\r')
            s.len--;
        if (s.len && *s.p != '#')
            rc = add_pattern(ig, d, file, line, trim_end(s));
    }
    return rc < 0 ? dml_err_nomem(err) : 0;
}

static const char *next_part(const char *part)
{
    return part + strlen(part) + 1;
}

/* Parts of a pattern against those of a path; what ** took is made longer until the rest fits. */
static _Bool parts_match(const char *p, uint32_t p_n, const char *const *s, uint32_t s_n)
{
    const char *deep = NULL;
    uint32_t deep_n = 0, deep_at = 0, i = 0;
    for (;;) {
        if (p_n && strcmp(p, "**") == 0) {
            p = next_part(p);
            if (!--p_n)
                return i < s_n; /* all that is inside, not the directory itself */
            deep = p;
            deep_n = p_n;
            deep_at = i;
        } else if (p_n && i < s_n && fnmatch(p, s[i], 0) == 0) {
            p = --p_n ? next_part(p) : p;
            i++;
        } else if (!p_n && i == s_n) {
            return 1;
        } else if (deep && deep_at < s_n) {
            p = deep;
            p_n = deep_n;
            i = ++deep_at;
        } else
            return 0;
    }
}

/* What the nearest pattern says of a path that lies in `d`: NULL, or the one that ignores it. */
static const char *match(const struct directory *d, const char *const *parts, uint32_t n, _Bool directory)
{
    /* The last `depth` parts are those below the directory whose patterns are asked. */
    for (uint32_t depth = 1; d; d = d->above, depth++)
        for (uint32_t i = d->patterns.n; i--;) {
            const struct pattern *p = &d->patterns.v[i];
            if (p->directories_only && !directory)
                continue;
            if (p->anchored ? parts_match(p->text, p->parts, parts + n - depth, depth)
                            : fnmatch(p->text, parts[n - 1], 0) == 0)
                return p->negated ? NULL : p->said;
        }
    return NULL;
}

/* ---- directories ---- */

static int split(char *path, const char *parts[PARTS_MAX], uint32_t *n, struct dml_err *err)
{
    *n = 0;
    for (char *rest = path, *part; (part = strsep(&rest, "/"));)
        if (*part) {
            if (*n == PARTS_MAX)
                return dml_err_set(err, DML_EIO, "a path is nested deeper than %d directories", PARTS_MAX);
            parts[(*n)++] = part;
        }
    return 0;
}

/* The directory made of the first n parts, found or made. */
static int directory_of(struct dml_ignores *ig, const char *const *parts, uint32_t n, struct directory **out,
                        struct dml_err *err)
{
    struct dml_arena *a = &ig->arena;
    struct directory *above = NULL;
    for (uint32_t k = 0; k <= n; k++) {
        const char *path = k ? dml_arena_printf(a, "%s/%s", above->path, parts[k - 1]) : "";
        uint32_t h = 2166136261u;
        if (!path)
            return dml_err_nomem(err);
        for (const char *c = path; *c; c++)
            h = (h ^ (unsigned char)*c) * 16777619u;
        struct directory *d = ig->buckets[h % 256];
        while (d && strcmp(d->path, path) != 0)
            d = d->next;
        if (!d) {
            d = dml_new(a, struct directory);
            const char *file = dml_arena_printf(a, "%s/%s", path, LOCAL_NAME);
            if (!d || !file)
                return dml_err_nomem(err);
            *d = (struct directory){.next = ig->buckets[h % 256], .above = above, .path = path};
            if (above)
                d->why = above->why ? above->why : match(above, parts, k, 1);
            int rc = !d->why && access(file, F_OK) == 0 ? read_file(ig, d, file, err) : 0;
            if (rc < 0)
                return rc;
            ig->buckets[h % 256] = d;
        }
        above = d;
    }
    *out = above;
    return 0;
}

int dml_ignores_find(struct dml_ignores *ig, const char *path, _Bool directory, const char **why, struct dml_err *err)
{
    struct dml_arena scratch = {0};
    const char *parts[PARTS_MAX];
    struct directory *d = NULL;
    uint32_t n = 0;
    char *absolute = dml_path_absolute(&scratch, path);
    int rc = absolute ? split(absolute, parts, &n, err) : dml_err_nomem(err);
    *why = NULL;
    if (rc == 0 && n)
        rc = directory_of(ig, parts, n - 1, &d, err);
    if (rc == 0 && d)
        *why = d->why ? d->why : match(d, parts, n, directory);
    dml_arena_dispose(&scratch);
    return rc;
}

const char *dml_ignores_refused(const struct dml_ignores *ig, uint32_t i)
{
    return i < ig->refused.n ? ig->refused.v[i] : NULL;
}
