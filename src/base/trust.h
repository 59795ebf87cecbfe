/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose files count: what nobody but root and the caller could have written. */
#ifndef DML_BASE_TRUST_H
#define DML_BASE_TRUST_H

#include "base/err.h"

/*
 * Does the file, with every directory and link on the way to it, belong to root or to the caller (whom sudo names in
 * SUDO_UID where it ran us), and can nobody else write them? Directories with the sticky bit may be written by others,
 * and files and directories by root's group and by the caller's own group if nobody else is in it. What does not exist
 * is not judged. DML_EUNTRUSTED with a message that says which and why; DML_EIO where it cannot be said.
 */
int dml_trusted(const char *path, struct dml_err *err);

#endif
