/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths and whole files. */
#ifndef DML_BASE_PATH_H
#define DML_BASE_PATH_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"

/*
 * Reads a whole file into the arena. At most `max` bytes: a longer file gives DML_ETOOBIG and *data holds its first
 * `max` bytes. A path of "-" is an ordinary name here. The bytes are followed by a NUL that does not count. DML_EIO
 * with a message
 * ("cannot read PATH: reason") on failure; a directory is a failure.
 */
int dml_file_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *data, struct dml_err *err);
/* The same of a regular file only, for trees that somebody made: a pipe would be waited for. */
int dml_regular_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *data, struct dml_err *err);
/* The same from an open descriptor; `name` is for messages. */
int dml_fd_read(struct dml_arena *a, int fd, const char *name, size_t max, struct dml_sv *data, struct dml_err *err);
/* "dir/name", or name where dir is NULL, empty or ".", or where name is absolute. NULL when out of memory. */
char *dml_path_join(struct dml_arena *a, const char *dir, const char *name);
/* `path` made absolute by text alone, without . and .. parts. NULL when out of memory. */
char *dml_path_absolute(struct dml_arena *a, const char *path);
/* An absolute path as seen from an absolute directory: below it by its rest, otherwise as it is. */
const char *dml_path_seen(const char *dir, const char *path);
/* The part before the last slash ("." where there is none), and the part after it. */
struct dml_sv dml_path_dir(struct dml_sv path);
struct dml_sv dml_path_base(struct dml_sv path);
/* Glob of paths: * and ? stay within a component, ** crosses them, [a-z] classes; a pattern without slash matches the
 * base name. */
_Bool dml_path_glob(const char *pattern, const char *path);

#endif
