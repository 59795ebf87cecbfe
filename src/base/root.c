/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Root: openat2 where the kernel has it, else a walk by descriptors, one step at a time and through no link unseen. */
#include "base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"

enum { MAX_DEPTH = 256, MAX_LINKS = 40 };

static _Bool is_live(const char *root)
{
    return !root || !root[strspn(root, "/")];
}

/* ---- the walk ---- */

/* The directories from the root to where we are. */
struct walk {
    int dirs[MAX_DEPTH];
    unsigned depth, links;
    char rest[2 * PATH_MAX]; /* what is still to be walked */
};

static void up_to(struct walk *w, unsigned depth)
{
    int error = errno;
    while (w->depth > depth)
        close(w->dirs[--w->depth]);
    errno = error;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

/* Puts what a link says before the rest of the way. */
static int follow(struct walk *w, int link, const char *behind)
{
    char text[PATH_MAX], next[2 * PATH_MAX];
    ssize_t n = readlinkat(link, "", text, sizeof text - 1);
    if (n < 0)
        return -1;
    text[n] = '\0';
    if (++w->links > MAX_LINKS)
        return fail(ELOOP);
    int len = snprintf(next, sizeof next, "%s%s", text, behind);
    if (len >= (int)sizeof next)
        return fail(ENAMETOOLONG);
    memcpy(w->rest, next, (size_t)len + 1);
    if (text[0] == '/')
        up_to(w, 1);
    return 0;
}

/* Opens what the last name means: never through a link, which the walk has followed, or `flags` do not want followed.
 */
static int open_last(const struct walk *w, const char *name, int flags)
{
    return openat(w->dirs[w->depth - 1], *name ? name : ".", flags | O_NOFOLLOW);
}

static int step(struct walk *w, const char *name)
{
    if (w->depth == MAX_DEPTH)
        return fail(ENAMETOOLONG);
    int next = openat(w->dirs[w->depth - 1], name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next >= 0)
        w->dirs[w->depth++] = next;
    return next;
}

static int walk(struct walk *w, int flags)
{
    char name[NAME_MAX + 1], *at = w->rest;
    for (;;) {
        at += strspn(at, "/");
        size_t n = strcspn(at, "/");
        _Bool last = !at[n + strspn(at + n, "/")], to_directory = at[n] == '/';
        if (n >= sizeof name)
            return fail(ENAMETOOLONG);
        memcpy(name, at, n);
        name[n] = '\0';
        at += n;
        if (strcmp(name, "..") == 0) {
            up_to(w, w->depth > 1 ? w->depth - 1 : 1);
            name[0] = '\0';
        } else if (strcmp(name, ".") == 0)
            name[0] = '\0';
        if (!*name) {
            if (last)
                return open_last(w, "", flags);
            continue;
        }
        int link = openat(w->dirs[w->depth - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        int r = link >= 0 ? fstat(link, &st) : -1;
        _Bool to_follow = r == 0 && S_ISLNK(st.st_mode) && (!last || to_directory || !(flags & O_NOFOLLOW));
        if (to_follow)
            r = follow(w, link, at);
        int error = errno;
        if (link >= 0)
            close(link);
        errno = error;
        if (r < 0)
            return -1;
        if (to_follow)
            at = w->rest;
        else if (last)
            return open_last(w, name, flags | (to_directory ? O_DIRECTORY : 0));
        else if (step(w, name) < 0)
            return -1;
    }
}

static int open_by_steps(int top, const char *path, int flags)
{
    struct walk w = {.dirs = {top}, .depth = 1};
    if (snprintf(w.rest, sizeof w.rest, "%s", path) >= PATH_MAX)
        return fail(ENAMETOOLONG);
    int fd = walk(&w, flags);
    up_to(&w, 1);
    return fd;
}

/* ---- what is asked for ---- */

int dml_root_open(const char *root, const char *path, int flags)
{
    flags |= O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    if (is_live(root))
        return open(path, flags);
    int top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -1;
    /* With O_PATH the kernel takes few other flags. */
    struct open_how how = {
        .flags = (uint64_t)(flags & O_PATH ? flags & (O_PATH | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW) : flags),
        .resolve = RESOLVE_IN_ROOT};
    int fd = (int)syscall(SYS_openat2, top, path, &how, sizeof how);
    /* Older kernels, containers, and somebody who moves directories while ours is looked for. */
    if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
        fd = open_by_steps(top, path, (int)how.flags);
    int error = errno;
    close(top);
    errno = error;
    return fd;
}

static void close_quietly(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

DIR *dml_root_opendir(const char *root, const char *path)
{
    int fd = dml_root_open(root, path, O_RDONLY | O_DIRECTORY);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (!d)
        close_quietly(fd);
    return d;
}

int dml_root_stat(const char *root, const char *path, _Bool through, struct stat *st)
{
    int fd = dml_root_open(root, path, O_PATH | (through ? 0 : O_NOFOLLOW));
    int r = fd >= 0 ? fstat(fd, st) : -1;
    close_quietly(fd);
    return r;
}

ssize_t dml_root_readlink(const char *root, const char *path, char *text, size_t size)
{
    int fd = dml_root_open(root, path, O_PATH | O_NOFOLLOW);
    ssize_t n = fd >= 0 ? readlinkat(fd, "", text, size) : -1;
    close_quietly(fd);
    return n;
}

char *dml_root_shown(struct dml_arena *a, const char *root, const char *path)
{
    size_t n = is_live(root) ? 0 : strlen(root);
    while (n && root[n - 1] == '/')
        n--;
    return dml_arena_printf(a, "%.*s%s", (int)n, n ? root : "", path);
}

int dml_root_read(struct dml_arena *a, const char *root, const char *path, size_t max, struct dml_sv *data,
                  struct dml_err *err)
{
    char *shown = dml_root_shown(a, root, path);
    int fd = shown ? dml_root_open(root, path, O_RDONLY) : -1;
    struct stat st;
    int rc;
    if (!shown)
        return dml_err_nomem(err);
    if (fd < 0 || fstat(fd, &st) < 0)
        rc = dml_err_set(err, DML_EIO, "cannot read %s: %s", shown, strerror(errno));
    else if (!S_ISREG(st.st_mode))
        rc = dml_err_set(err, DML_EIO, "cannot read %s: it is no regular file", shown);
    else
        rc = dml_fd_read(a, fd, shown, max, data, err);
    close_quietly(fd);
    return rc;
}
