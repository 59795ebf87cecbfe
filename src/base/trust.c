/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Trust: owners and modes along a path. */
#include "base/trust.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/num.h"
#include "base/sv.h"

enum { MAX_LINKS = 40, NSS_ROOM = 16384 };

/* The uid that counts besides root's. */
static uid_t caller(void)
{
    const char *sudo = geteuid() == 0 ? getenv("SUDO_UID") : NULL;
    uint64_t uid;
    return sudo && dml_num_decimal(dml_sv_of(sudo), UINT32_MAX - 1, &uid) ? (uid_t)uid : geteuid();
}

/* Root's group, or the caller's own: of the caller's name, and without other members. */
static _Bool group_is_ours(gid_t gid)
{
    char user_room[NSS_ROOM], group_room[NSS_ROOM];
    struct passwd user, *u = NULL;
    struct group group, *g = NULL;
    if (gid == 0)
        return 1;
    return getpwuid_r(caller(), &user, user_room, sizeof user_room, &u) == 0 && u && u->pw_gid == gid &&
           getgrgid_r(gid, &group, group_room, sizeof group_room, &g) == 0 && g &&
           strcmp(g->gr_name, u->pw_name) == 0 &&
           (!g->gr_mem[0] || (!strcmp(g->gr_mem[0], u->pw_name) && !g->gr_mem[1]));
}

static int judge(const char *path, const struct stat *st, struct dml_err *err)
{
    if (st->st_uid != 0 && st->st_uid != geteuid() && st->st_uid != caller())
        return dml_err_set(err, DML_EUNTRUSTED, "%s belongs to uid %u, who is neither root nor the caller", path,
                           (unsigned)st->st_uid);
    _Bool others = (st->st_mode & S_IWOTH) != 0;
    /* An ACL shows its mask in the place of the group, so that the group is not all that may write. */
    if (st->st_mode & S_IWGRP)
        others |= !group_is_ours(st->st_gid) || lgetxattr(path, "system.posix_acl_access", NULL, 0) > 0;
    if (others && !S_ISLNK(st->st_mode) && !(S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX))
        return dml_err_set(err, DML_EUNTRUSTED, "others than root and the caller can write %s", path);
    return 0;
}

/* Puts what the link `at` says in the place of its name: `at` becomes its directory, *rest the link and what follows.
 */
static int follow(char *at, char *rest, const char *behind, struct dml_err *err)
{
    char link[PATH_MAX], next[PATH_MAX];
    int len;
    ssize_t n = readlink(at, link, sizeof link - 1);
    if (n < 0)
        return dml_err_set(err, DML_EIO, "cannot read the link %s: %s", at, strerror(errno));
    link[n] = '\0';
    if ((len = snprintf(next, sizeof next, "%s/%s", link, behind)) >= (int)sizeof next)
        return dml_err_set(err, DML_EIO, "%s: %s", at, strerror(ENAMETOOLONG));
    memcpy(rest, next, (size_t)len + 1);
    at[link[0] == '/' ? 0 : strrchr(at, '/') - at] = '\0';
    return 0;
}

static int walk(char *at, char *rest, struct dml_err *err)
{
    unsigned links = 0;
    struct stat st;
    int rc = stat("/", &st) < 0 ? dml_err_set(err, DML_EIO, "/: %s", strerror(errno)) : judge("/", &st, err);
    for (char *name = rest; rc == 0 && *(name += strspn(name, "/"));) {
        size_t len = strcspn(name, "/"), so_far = strlen(at);
        if (len == 2 && strncmp(name, "..", 2) == 0)
            at[so_far ? strrchr(at, '/') - at : 0] = '\0';
        if ((len == 1 && *name == '.') || (len == 2 && strncmp(name, "..", 2) == 0)) {
            name += len;
            continue;
        }
        if (so_far + len + 2 > PATH_MAX)
            return dml_err_set(err, DML_EIO, "%s: %s", at, strerror(ENAMETOOLONG));
        snprintf(at + so_far, PATH_MAX - so_far, "/%.*s", (int)len, name);
        name += len;
        if (lstat(at, &st) < 0)
            return errno == ENOENT ? 0 : dml_err_set(err, DML_EIO, "%s: %s", at, strerror(errno));
        rc = judge(at, &st, err);
        if (rc < 0 || !S_ISLNK(st.st_mode))
            continue;
        if (++links > MAX_LINKS)
            return dml_err_set(err, DML_EIO, "%s: %s", at, strerror(ELOOP));
        rc = follow(at, rest, name, err);
        name = rest;
    }
    return rc;
}

int dml_trusted(const char *path, struct dml_err *err)
{
    char at[PATH_MAX] = "", rest[PATH_MAX], cwd[PATH_MAX] = "";
    if (path[0] != '/' && !getcwd(cwd, sizeof cwd))
        return dml_err_set(err, DML_EIO, "%s: %s", path, strerror(errno));
    if (snprintf(rest, sizeof rest, "%s/%s", cwd, path) >= (int)sizeof rest)
        return dml_err_set(err, DML_EIO, "%s: %s", path, strerror(ENAMETOOLONG));
    return walk(at, rest, err);
}
