/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of a root directory: this machine's, or a copy that links in it, and whoever changes it meanwhile, do not
 * leave. */
#ifndef DML_BASE_ROOT_H
#define DML_BASE_ROOT_H

#include <dirent.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/*
 * `root` is a directory, or "", "/" or NULL for this machine; `path` begins with a slash and means what it would to a
 * process with that root. All fail with -1 or NULL and errno.
 */
/* Opens, `flags` as for open(2), of which O_CLOEXEC, O_NOCTTY and O_NONBLOCK are added. */
int dml_root_open(const char *root, const char *path, int flags);
DIR *dml_root_opendir(const char *root, const char *path);
/* What is there; with `follow` through a link at its end. */
int dml_root_stat(const char *root, const char *path, _Bool follow, struct stat *st);
ssize_t dml_root_readlink(const char *root, const char *path, char *text, size_t size);
/* Reads a regular file, as dml_regular_read does. */
int dml_root_read(struct dml_arena *a, const char *root, const char *path, size_t max, struct dml_sv *data,
                  struct dml_err *err);
/* How a path is shown: behind that of its root. NULL when out of memory. */
char *dml_root_shown(struct dml_arena *a, const char *root, const char *path);

#endif
