/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing files: temporary file, attributes, sync, rename. */
#include "base/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hold.h"
#include "base/path.h"

enum { MAX_TEMPORARIES = 10, MAX_BACKUPS = 10000, NAME_PART = 200 };

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

static _Bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static _Bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_nlink == b->st_nlink &&
           same_time(&a->st_mtim, &b->st_mtim) && same_time(&a->st_ctim, &b->st_ctim);
}

static int sync_directory(int dir)
{
    int r = fsync(dir);
    return r < 0 && errno == EINVAL ? 0 : r; /* a file system that keeps no directories to sync */
}

/* Where the kernel has no openat2: step by step, through no link. */
static int open_by_steps(const char *dir, int how)
{
    int at = open("/", how | O_DIRECTORY | O_CLOEXEC);
    for (const char *name = dir; at >= 0 && *(name += strspn(name, "/"));) {
        char part[NAME_MAX + 1];
        size_t n = strcspn(name, "/");
        if (n >= sizeof part) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, name, n);
        part[n] = '\0';
        int next = openat(at, part, how | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        close(at);
        errno = error;
        at = next;
        name += n;
    }
    return at;
}

/* The directory of a real path, to write in it (O_RDONLY) or just to be there (O_PATH): what was put in its place
 * since, a link to elsewhere, is not followed. */
static int open_directory(const char *real, int to)
{
    char dir[PATH_MAX];
    struct dml_sv d = dml_path_dir(dml_sv_of(real));
    if (d.len >= sizeof dir) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(dir, d.p, d.len);
    dir[d.len] = '\0';
    struct open_how how = {.flags = (uint64_t)to | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, dir, &how, sizeof how);
    return fd < 0 && (errno == ENOSYS || errno == EPERM) ? open_by_steps(dir, to) : fd;
}

/* A name in a directory that is held open. */
struct place {
    int dir;
    char real[PATH_MAX];
    const char *base;
};

static int open_place(const char *path, int to, struct place *p)
{
    p->dir = realpath(path, p->real) ? open_directory(p->real, to) : -1;
    p->base = dml_path_base(dml_sv_of(p->real)).p;
    return p->dir;
}

static int open_there(const struct place *p)
{
    return openat(p->dir, p->base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

int dml_file_open_to_replace(const char *path, struct dml_file_id *id)
{
    struct place p;
    struct stat file, dir;
    int fd = open_place(path, O_PATH, &p) < 0 ? -1 : open_there(&p);
    _Bool known = fd >= 0 && fstat(p.dir, &dir) == 0 && fstat(fd, &file) == 0;
    int error = known ? 0 : errno;
    *id = (struct dml_file_id){0};
    if (known && S_ISREG(file.st_mode)) {
        *id = (struct dml_file_id){file.st_dev, dir.st_dev, file.st_ino, dir.st_ino, file.st_ctim};
    } else if (fd >= 0) {
        close(fd);
        fd = -1;
    }
    if (p.dir >= 0)
        close(p.dir);
    errno = error;
    return fd;
}

/* Does `path` lie in the directory `tree`? Both are real paths. */
static _Bool inside(const char *path, const char *tree)
{
    size_t n = strlen(tree);
    return strncmp(path, tree, n) == 0 && (path[n] == '/' || (n && tree[n - 1] == '/'));
}

/* A file that has no name yet, or one of ours: .BASE.dmlint-N, locked while we live. */
struct temporary {
    int fd;
    char name[NAME_MAX + 1]; /* "" without one */
};

static void drop(int dir, struct temporary *t)
{
    if (t->name[0])
        unlinkat(dir, t->name, 0);
    if (t->fd >= 0)
        close(t->fd);
    *t = (struct temporary){-1, ""};
}

/* Removes a temporary file that a dmlint left which was killed: nobody holds its lock. */
static _Bool remove_stale(int dir, const char *name)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    _Bool stale = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
                  unlinkat(dir, name, 0) == 0;
    if (fd >= 0)
        close(fd);
    return stale;
}

static int link_fd(int fd, int dir, const char *name)
{
    char self[40];
    snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, self, dir, name, AT_SYMLINK_FOLLOW);
}

/* Gives a file a temporary name beside `base`, making the file where it has no descriptor yet. */
static int give_name(int dir, const char *base, struct temporary *t)
{
    struct dml_sv part = dml_sv_cut(dml_sv_of(base), NAME_PART);
    for (int n = 0; n < MAX_TEMPORARIES;) {
        char name[NAME_MAX + 1];
        snprintf(name, sizeof name, ".%.*s.dmlint-%d", DML_SV_ARG(part), n);
        int r = t->fd >= 0 ? link_fd(t->fd, dir, name)
                           : (t->fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (r >= 0) {
            memcpy(t->name, name, sizeof name);
            return 0;
        }
        if (errno != EEXIST)
            return -1;
        n += !remove_stale(dir, name);
        errno = EEXIST;
    }
    return -1;
}

static int open_temporary(int dir, const char *base, struct temporary *t)
{
    *t = (struct temporary){-1, ""};
    if (access("/proc/self/fd", X_OK) == 0)
        t->fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    if (t->fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
        return -1;
    if (t->fd < 0 && give_name(dir, base, t) < 0)
        return -1;
    flock(t->fd, LOCK_EX | LOCK_NB);
    return 0;
}

/* The temporary file takes the place of `base`. */
static int put_in_place(int dir, const char *base, struct temporary *t)
{
    if ((!t->name[0] && give_name(dir, base, t) < 0) || renameat(dir, t->name, dir, base) < 0)
        return -1;
    t->name[0] = '\0';
    return 0;
}

/* Gives it the name BASE SUFFIX, or BASE SUFFIX.1 and so on: what is there already stays. */
static int put_beside(int dir, const char *base, const char *suffix, struct temporary *t, unsigned *number)
{
    for (unsigned n = 0; n < MAX_BACKUPS; n++) {
        char name[NAME_MAX + 1], numbered[16] = "";
        if (n)
            snprintf(numbered, sizeof numbered, ".%u", n);
        if (snprintf(name, sizeof name, "%s%s%s", base, suffix, numbered) >= (int)sizeof name) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int r = t->name[0] ? renameat2(dir, t->name, dir, name, RENAME_NOREPLACE) : link_fd(t->fd, dir, name);
        if (r < 0 && t->name[0] && errno == EINVAL) /* not on every file system */
            r = linkat(dir, t->name, dir, name, 0) < 0 ? -1 : unlinkat(dir, t->name, 0);
        if (r == 0) {
            t->name[0] = '\0';
            *number = n;
            return 0;
        }
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

/* Writes a temporary file through to the disk, unless something failed before (`r`). Its lock is kept. */
static int finish_temporary(struct temporary *t, int r, struct dml_sv text)
{
    if (r == 0)
        r = write_all(t->fd, text);
    return r == 0 ? fsync(t->fd) : r;
}

/* A temporary file in `dir` with that text and with all that the file `from` has. */
static int make_temporary(int dir, const char *base, const char *shown, int from, const struct stat *st,
                          struct dml_sv text, struct dml_arena *a, struct temporary *t, struct dml_err *err)
{
    if (open_temporary(dir, base, t) < 0)
        return fail(err, "make a temporary file beside", shown);
    /* Owner first: changing it may take away bits of the mode. */
    int r = fchown(t->fd, st->st_uid, st->st_gid) < 0 || copy_attributes(from, t->fd, a) < 0
                ? -1
                : fchmod(t->fd, st->st_mode & 07777);
    const char *what = r < 0 ? "keep owner, mode and attributes of" : "write";
    return finish_temporary(t, r, text) < 0 ? fail(err, what, shown) : 0;
}

static int changed(const char *shown, struct dml_err *err)
{
    return dml_err_set(err, DML_EINVAL, "%s changed while it was judged; it is not written, run dmlint again", shown);
}

/* Reads what is there through `from`, which must be `old`, and a file that may be written. */
static int look_at(int from, const char *shown, struct dml_sv old, struct stat *st, struct dml_arena *a,
                   struct dml_err *err)
{
    struct dml_sv current;
    if (from < 0 || fstat(from, st) < 0)
        return fail(err, "read", shown);
    if (!S_ISREG(st->st_mode))
        return dml_err_set(err, DML_EINVAL, "%s is not a regular file and is not written", shown);
    if (st->st_nlink > 1) {
        return dml_err_set(err, DML_EINVAL, "%s has %lu hard links; writing it would part them, so it is as it was",
                           shown, (unsigned long)st->st_nlink);
    }
    int rc = dml_fd_read(a, from, shown, old.len, &current, err);
    return rc == DML_ETOOBIG || (rc == 0 && !dml_sv_eq(current, old)) ? changed(shown, err) : rc;
}

/* Is it the file that was read, in the directory in which it was? */
static int is_what_was_read(const struct place *p, const struct stat *file, const struct dml_file_id *id,
                            const char *shown, struct dml_err *err)
{
    struct stat dir;
    if (fstat(p->dir, &dir) < 0 || dir.st_dev != id->dir_dev || dir.st_ino != id->dir_ino)
        return dml_err_set(err, DML_EINVAL,
                           "another directory took the place of that of %s while it was judged; it is not written, run "
                           "dmlint again",
                           shown);
    return file->st_dev == id->dev && file->st_ino == id->ino && same_time(&file->st_ctim, &id->changed)
               ? 0
               : changed(shown, err);
}

static int replace(const struct place *p, const char *shown, const struct dml_file_id *id, struct dml_sv old,
                   struct dml_sv text, const char *backup, unsigned *number, struct dml_arena *a, struct dml_err *err)
{
    int dir = p->dir;
    const char *base = p->base;
    struct stat before, now;
    struct temporary fresh = {-1, ""}, kept = {-1, ""}; /* the new text, and the old one for the backup */
    int from = open_there(p);
    int rc = look_at(from, shown, old, &before, a, err);
    if (rc == 0 && id)
        rc = is_what_was_read(p, &before, id, shown, err);
    if (rc == 0)
        rc = make_temporary(dir, base, shown, from, &before, text, a, &fresh, err);
    /* A copy, not a second name: a kill between two steps must not leave a file with two hard links. */
    if (rc == 0 && *backup)
        rc = make_temporary(dir, base, shown, from, &before, old, a, &kept, err);
    if (rc == 0 && (fstatat(dir, base, &now, AT_SYMLINK_NOFOLLOW) < 0 || !same_file(&before, &now)))
        rc = changed(shown, err);
    if (rc == 0 && *backup && put_beside(dir, base, backup, &kept, number) < 0)
        rc = fail(err, "back up", shown);
    if (rc == 0 && put_in_place(dir, base, &fresh) < 0)
        rc = fail(err, "replace", shown);
    if (rc == 0 && sync_directory(dir) < 0)
        rc = dml_err_set(err, DML_EIO, "%s is written, but its directory could not be synced: %s", shown,
                         strerror(errno));
    drop(dir, &fresh);
    drop(dir, &kept);
    if (from >= 0)
        close(from);
    return rc;
}

int dml_file_replace(const char *path, const char *tree, const struct dml_file_id *id, struct dml_sv old,
                     struct dml_sv text, const char *backup, unsigned *number, struct dml_err *err)
{
    struct dml_arena a = {0};
    struct place p;
    char top[PATH_MAX];
    int rc;
    dml_hold_begin();
    if (open_place(path, O_RDONLY, &p) < 0 || (tree && !realpath(tree, top)))
        rc = fail(err, "find", path);
    else if (tree && !inside(p.real, top))
        rc = dml_err_set(err, DML_EINVAL, "%s is a link to %s, outside of %s; name that file itself to have it written",
                         path, p.real, tree);
    else
        rc = replace(&p, path, id, old, text, backup, number, &a, err);
    if (p.dir >= 0)
        close(p.dir);
    dml_hold_end();
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

int dml_file_create_above(const char *path)
{
    struct dml_arena a = {0};
    char *copy = dml_arena_strdup(&a, path);
    int rc = !copy ? DML_ENOMEM : make_directories(copy) < 0 ? DML_EIO : 0;
    dml_arena_dispose(&a);
    return rc;
}

int dml_file_create(const char *path, struct dml_sv text, unsigned mode, struct dml_err *err)
{
    struct dml_arena a = {0};
    char real[PATH_MAX];
    struct temporary t = {-1, ""};
    const char *base = dml_path_base(dml_sv_of(path)).p;
    struct dml_sv d = dml_path_dir(dml_sv_of(path));
    char *copy = dml_arena_strdup(&a, path), *above = dml_arena_strndup(&a, d.p, d.len);
    int rc = 0, dir = -1;
    dml_hold_begin();
    /* The real directory, opened through no link: who swaps it meanwhile gets nothing. */
    if (copy && above && make_directories(copy) == 0 && realpath(above, real)) {
        char *below = dml_arena_printf(&a, "%s/%s", real, base);
        dir = below ? open_directory(below, O_RDONLY) : -1;
    }
    if (dir < 0 || open_temporary(dir, base, &t) < 0 || finish_temporary(&t, fchmod(t.fd, (mode_t)mode), text) < 0 ||
        put_in_place(dir, base, &t) < 0)
        rc = dml_err_set(err, DML_EIO, "cannot write %s: %s", path, strerror(errno));
    else if (sync_directory(dir) < 0)
        rc = dml_err_set(err, DML_EIO, "%s is written, but its directory could not be synced: %s", path,
                         strerror(errno));
    drop(dir, &t);
    if (dir >= 0)
        close(dir);
    dml_hold_end();
    dml_arena_dispose(&a);
    return rc;
}
