/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing files: temporary file, attributes, sync, rename. */
#include "base/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/path.h"

static int fail(struct dml_err *err, const char *what, const char *path)
{
    return dml_err_set(err, DML_EIO, "cannot %s %s: %s; it is as it was", what, path, strerror(errno));
}

static int write_all(int fd, struct dml_sv text)
{
    for (size_t at = 0; at < text.len;) {
        ssize_t r = write(fd, text.p + at, text.len - at);
        if (r < 0 && errno == EINTR)
            continue;
        if (r <= 0)
            return -1;
        at += (size_t)r;
    }
    return 0;
}

/* ACLs are extended attributes, too. What this file system does not let anybody set is not worth failing for:
 * EOPNOTSUPP. */
static int copy_attributes(int from, int to, struct dml_arena *a)
{
    ssize_t size = flistxattr(from, NULL, 0);
    if (size <= 0)
        return size < 0 && errno != EOPNOTSUPP ? -1 : 0;
    char *names = dml_arena_alloc(a, (size_t)size, 1);
    size = names ? flistxattr(from, names, (size_t)size) : -1;
    for (ssize_t at = 0; at < size; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t n = fgetxattr(from, names + at, NULL, 0);
        char *value = n >= 0 ? dml_arena_alloc(a, (size_t)n + 1, 1) : NULL;
        n = value ? fgetxattr(from, names + at, value, (size_t)n) : -1;
        if (n < 0 || (fsetxattr(to, names + at, value, (size_t)n, 0) < 0 && errno != EOPNOTSUPP))
            return -1;
    }
    return size < 0 ? -1 : 0;
}

static _Bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_nlink == b->st_nlink &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int sync_directory(const char *path)
{
    char dir[PATH_MAX];
    struct dml_sv d = dml_path_dir(dml_sv_of(path));
    if (d.len >= sizeof dir)
        return -1;
    memcpy(dir, d.p, d.len);
    dir[d.len] = '\0';
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int r = fd < 0 ? -1 : fsync(fd);
    if (r < 0 && errno == EINVAL)
        r = 0; /* a file system that keeps no directories to sync */
    if (fd >= 0)
        close(fd);
    return r;
}

/* Does `path` lie in the directory `tree`? Both are real paths. */
static _Bool inside(const char *path, const char *tree)
{
    size_t n = strlen(tree);
    return strncmp(path, tree, n) == 0 && (path[n] == '/' || (n && tree[n - 1] == '/'));
}

/* A temporary file beside `path`; its name is in *name. */
static int open_temporary(const char *path, struct dml_arena *a, char **name)
{
    struct dml_sv dir = dml_path_dir(dml_sv_of(path)), base = dml_path_base(dml_sv_of(path));
    *name = dml_arena_printf(a, "%.*s/.%.*s.dmlint-XXXXXX", DML_SV_ARG(dir), DML_SV_ARG(base));
    int fd = *name ? mkostemp(*name, O_CLOEXEC) : -1;
    if (fd < 0)
        *name = NULL;
    return fd;
}

/* Writes a temporary file through to the disk, unless something failed before (`r`), and closes it in any case. */
static int finish_temporary(int fd, int r, struct dml_sv text)
{
    if (r == 0)
        r = write_all(fd, text);
    if (r == 0)
        r = fsync(fd);
    int error = errno;
    if (close(fd) < 0 && r == 0)
        return errno == EINTR ? 0 : -1; /* Linux has closed it all the same, and its bytes are on the disk */
    errno = error;
    return r;
}

/* A temporary file beside `path` with that text and with all that the file `from` has. */
static int make_temporary(const char *path, const char *shown, int from, const struct stat *st, struct dml_sv text,
                          struct dml_arena *a, char **name, struct dml_err *err)
{
    int to = open_temporary(path, a, name);
    if (to < 0)
        return fail(err, "make a temporary file beside", shown);
    /* Owner first: changing it may take away bits of the mode. */
    int r = fchown(to, st->st_uid, st->st_gid) < 0 || copy_attributes(from, to, a) < 0
                ? -1
                : fchmod(to, st->st_mode & 07777);
    const char *what = r < 0 ? "keep owner, mode and attributes of" : "write";
    return finish_temporary(to, r, text) < 0 ? fail(err, what, shown) : 0;
}

static int replace(const char *path, const char *shown, struct dml_sv old, struct dml_sv text, const char *backup,
                   struct dml_arena *a, struct dml_err *err)
{
    struct stat before, now;
    struct dml_sv current;
    char *fresh = NULL, *kept = NULL; /* temporary files: the new text, and the old one for the backup */
    int rc, from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (from < 0 || fstat(from, &before) < 0) {
        rc = fail(err, "read", shown);
        goto out;
    }
    if (!S_ISREG(before.st_mode)) {
        rc = dml_err_set(err, DML_EINVAL, "%s is not a regular file and is not written", shown);
        goto out;
    }
    if (before.st_nlink > 1) {
        rc = dml_err_set(err, DML_EINVAL, "%s has %lu hard links; writing it would part them, so it is as it was",
                         shown, (unsigned long)before.st_nlink);
        goto out;
    }
    rc = dml_fd_read(a, from, shown, old.len, &current, err);
    if (rc == DML_ETOOBIG || (rc == 0 && !dml_sv_eq(current, old)))
        rc = dml_err_set(err, DML_EINVAL, "%s changed while it was judged; it is not written, run dmlint again", shown);
    if (rc == 0)
        rc = make_temporary(path, shown, from, &before, text, a, &fresh, err);
    /* A copy, not a second name: a kill between two steps must not leave a file with two hard links. */
    if (rc == 0 && *backup)
        rc = make_temporary(path, shown, from, &before, old, a, &kept, err);
    if (rc < 0)
        goto out;
    if (lstat(path, &now) < 0 || !same_file(&before, &now)) {
        rc = dml_err_set(err, DML_EINVAL, "%s changed while it was judged; it is not written, run dmlint again", shown);
        goto out;
    }
    if (kept) {
        char *name = dml_arena_printf(a, "%s%s", path, backup);
        if (!name || rename(kept, name) < 0) {
            rc = fail(err, "back up", shown);
            goto out;
        }
        kept = NULL;
    }
    if (rename(fresh, path) < 0) {
        rc = fail(err, "replace", shown);
        goto out;
    }
    fresh = NULL;
    rc = sync_directory(path) < 0
             ? dml_err_set(err, DML_EIO, "%s is written, but its directory could not be synced: %s", shown,
                           strerror(errno))
             : 0;
out:
    if (fresh)
        unlink(fresh);
    if (kept)
        unlink(kept);
    if (from >= 0)
        close(from);
    return rc;
}

int dml_file_replace(const char *path, const char *tree, struct dml_sv old, struct dml_sv text, const char *backup,
                     struct dml_err *err)
{
    struct dml_arena a = {0};
    char real[PATH_MAX], top[PATH_MAX];
    int rc;
    if (!realpath(path, real) || (tree && !realpath(tree, top)))
        rc = fail(err, "find", path);
    else if (tree && !inside(real, top))
        rc = dml_err_set(err, DML_EINVAL, "%s is a link to %s, outside of %s; name that file itself to have it written",
                         path, real, tree);
    else
        rc = replace(real, path, old, text, backup, &a, err);
    dml_arena_dispose(&a);
    return rc;
}

static int make_directories(char *path)
{
    for (char *p = path + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        int r = mkdir(path, 0777);
        *p = '/';
        if (r < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

int dml_file_create(const char *path, struct dml_sv text, unsigned mode, struct dml_err *err)
{
    struct dml_arena a = {0};
    char *copy = dml_arena_strdup(&a, path), *temporary = NULL;
    int rc = 0, fd = copy && make_directories(copy) == 0 ? open_temporary(path, &a, &temporary) : -1;
    if (fd < 0 || finish_temporary(fd, fchmod(fd, (mode_t)mode), text) < 0 || rename(temporary, path) < 0) {
        rc = dml_err_set(err, DML_EIO, "cannot write %s: %s", path, strerror(errno));
        if (temporary)
            unlink(temporary);
    } else if (sync_directory(path) < 0)
        rc = dml_err_set(err, DML_EIO, "%s is written, but its directory could not be synced: %s", path,
                         strerror(errno));
    dml_arena_dispose(&a);
    return rc;
}
