/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ignore: .dmlintignore files, in the syntax of gitignore(5): what of a tree is no guest. */
#ifndef DML_POLICY_IGNORE_H
#define DML_POLICY_IGNORE_H

#include <stdint.h>

#include "base/err.h"

/*
 * The .dmlintignore of every directory from a path upward counts, the nearer one more. One that others than root and
 * the caller could have written is passed over, which dml_ignores_refused tells. Not for several threads at once.
 */
struct dml_ignores;
int dml_ignores_new(struct dml_ignores **out, struct dml_err *err);
/* NULL is fine. */
void dml_ignores_free(struct dml_ignores *ig);
/*
 * *why is NULL for a path that is not ignored, else "FILE:LINE: PATTERN", which lives as long as `ig`. A path below an
 * ignored directory is ignored. DML_ENOMEM; DML_EIO with a message where a file cannot be read.
 */
int dml_ignores_find(struct dml_ignores *ig, const char *path, _Bool directory, const char **why, struct dml_err *err);
/* Files that are not used, one message each: the i-th, or NULL. */
const char *dml_ignores_refused(const struct dml_ignores *ig, uint32_t i);

#endif
