/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths and whole files. */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int dml_fd_read(struct dml_arena *a, int fd, const char *name, size_t max, struct dml_sv *data, struct dml_err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", name, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", name, strerror(EISDIR));
    /* One byte past the expected size, so that the end is seen without growing. */
    size_t cap = st.st_size > 0 ? (size_t)st.st_size + 1 : 4096;
    if (cap > max + 1)
        cap = max + 1;
    char *p = dml_arena_alloc(a, cap + 1, 1);
    size_t len = 0;
    for (;;) {
        if (!p)
            return dml_err_nomem(err);
        ssize_t r = read(fd, p + len, cap - len);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            return dml_err_set(err, DML_EIO, "cannot read %s: %s", name, strerror(errno));
        if (r == 0)
            break;
        _Bool end = S_ISREG(st.st_mode) && (size_t)r < cap - len; /* a regular file has no more when it gives less */
        len += (size_t)r;
        if (len > max) {
            p[max] = '\0';
            *data = (struct dml_sv){p, max};
            return dml_err_set(err, DML_ETOOBIG, "%s is larger than %zu bytes", name, max);
        }
        if (end)
            break;
        if (len == cap) {
            size_t next = cap > (max + 1) / 2 ? max + 1 : cap * 2;
            p = dml_arena_grow(a, p, cap + 1, next + 1, 1);
            cap = next;
        }
    }
    p[len] = '\0';
    *data = (struct dml_sv){p, len};
    return 0;
}

static int read_file(struct dml_arena *a, const char *path, size_t max, _Bool regular, struct dml_sv *data,
                     struct dml_err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
    if (fd < 0)
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", path, strerror(errno));
    int rc = regular && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                 ? dml_err_set(err, DML_EIO, "cannot read %s: it is no regular file", path)
                 : dml_fd_read(a, fd, path, max, data, err);
    close(fd);
    return rc;
}

int dml_file_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *data, struct dml_err *err)
{
    return read_file(a, path, max, 0, data, err);
}

int dml_regular_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *data, struct dml_err *err)
{
    return read_file(a, path, max, 1, data, err);
}

char *dml_path_join(struct dml_arena *a, const char *dir, const char *name)
{
    if (!dir || !dir[0] || strcmp(dir, ".") == 0 || name[0] == '/')
        return dml_arena_strdup(a, name);
    size_t n = strlen(dir);
    return dml_arena_printf(a, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *dml_path_absolute(struct dml_arena *a, const char *path)
{
    char cwd[4096];
    const char *parts[2] = {path[0] == '/' || !getcwd(cwd, sizeof cwd) ? "" : cwd, path};
    char *out = dml_arena_alloc(a, strlen(parts[0]) + strlen(path) + 3, 1);
    if (!out)
        return NULL;
    size_t len = 0;
    for (int k = 0; k < 2; k++) {
        for (const char *p = parts[k]; *p;) {
            size_t n = strcspn(p, "/");
            if (n == 2 && p[0] == '.' && p[1] == '.') {
                while (len && out[--len] != '/')
                    ;
            } else if (n && !(n == 1 && p[0] == '.')) {
                out[len++] = '/';
                memcpy(out + len, p, n);
                len += n;
            }
            p += n + (p[n] == '/');
        }
    }
    if (!len)
        out[len++] = '/';
    out[len] = '\0';
    return out;
}

struct dml_sv dml_path_dir(struct dml_sv path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.p[i] == '/')
            return (struct dml_sv){path.p, i ? i : 1};
    return DML_SV(".");
}

struct dml_sv dml_path_base(struct dml_sv path)
{
    for (size_t i = path.len; i-- > 0;)
        if (path.p[i] == '/')
            return (struct dml_sv){path.p + i + 1, path.len - i - 1};
    return path;
}

/* One [class] at p (just after '['): returns the end, or NULL where it is not closed; *hit says whether c is in it. */
static const char *class_end(const char *p, char c, _Bool *hit)
{
    _Bool negate = *p == '!' || *p == '^', found = 0;
    if (negate)
        p++;
    for (const char *start = p; *p && (*p != ']' || p == start); p++) {
        if (p[1] == '-' && p[2] && p[2] != ']') {
            found |= c >= p[0] && c <= p[2];
            p += 2;
        } else
            found |= c == *p;
    }
    *hit = found != negate && c && c != '/';
    return *p ? p + 1 : NULL;
}

/* Matches with one remembered * and one remembered **: no recursion, at most quadratic. */
static _Bool glob(const char *p, const char *s)
{
    const char *star = NULL, *star_s = NULL, *deep = NULL, *deep_s = NULL;
    for (;;) {
        if (p[0] == '*' && p[1] == '*') {
            p += 2;
            if (*p == '/')
                p++;
            deep = p;
            deep_s = s;
            star = NULL;
            continue;
        }
        if (*p == '*') {
            star = ++p;
            star_s = s;
            continue;
        }
        _Bool hit = 0;
        const char *next = p + 1;
        if (*p == '?')
            hit = *s && *s != '/';
        else if (*p == '[') {
            const char *e = class_end(p + 1, *s, &hit);
            if (e)
                next = e;
            else
                hit = *s == '[';
        } else
            hit = *p == *s;
        if (hit && !*s)
            return 1;
        if (hit) {
            p = next;
            s++;
        } else if (star && *star_s && *star_s != '/') {
            p = star;
            s = ++star_s;
        } else if (deep && *deep_s) {
            p = deep;
            s = ++deep_s;
            star = NULL;
        } else
            return 0;
    }
}

_Bool dml_path_glob(const char *pattern, const char *path)
{
    if (strncmp(path, "./", 2) == 0)
        path += 2;
    if (!strchr(pattern, '/'))
        path = dml_path_base(dml_sv_of(path)).p;
    return glob(pattern, path);
}

const char *dml_path_seen(const char *dir, const char *path)
{
    size_t n = strlen(dir);
    if (n == 1)
        return path + 1;
    return strncmp(path, dir, n) == 0 && path[n] == '/' ? path + n + 1 : path;
}
