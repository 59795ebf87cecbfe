/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing files so that a reader, a crash or a kill at any moment sees the old or the new one, whole. */
#ifndef DML_BASE_WRITE_H
#define DML_BASE_WRITE_H

#include <sys/types.h>
#include <time.h>

#include "base/err.h"
#include "base/sv.h"

/* Which file was read, and in which directory: what takes its place is another. All zero: none that may be written. */
struct dml_file_id {
    dev_t dev, dir_dev;
    ino_t ino, dir_ino;
    struct timespec changed; /* st_ctim: a number that is used again has another */
};

/*
 * Opens a regular file to read what may be written later, from its directory, which is reached through no link that was
 * swapped in meanwhile: a descriptor, and which file it is. -1 with `id` all zero and errno, which is 0 for what is no
 * regular file.
 */
int dml_file_open_to_replace(const char *path, struct dml_file_id *id);

/*
 * Replaces the content of an existing regular file. Its new bytes go to a temporary file beside it, which gets the old
 * one's owner, mode, ACLs and extended attributes, is synced, and takes the old one's name; the directory is synced. A
 * symlink's target is written.
 *
 * `old` is what was read and `id` of which file (NULL: whichever): where the file holds something else by now, or is
 * another, or lies in another directory, nothing is written. Where the file has several
 * hard links, or where `tree` is given and the file that a link leads to lies outside of that directory, nothing is
 * written either. With `backup` ("" for none) a copy of the old file, made in the same way, gets its name with that
 * suffix, and where there is such a file, with .1, .2 ... behind it: *number, 0 for none. A directory that was swapped
 * for a link is not followed. INT, TERM and HUP end the process only afterwards; what a kill left is removed next time.
 * DML_EIO or DML_EINVAL with a message; the file is then as it was, or, where the message says so, written but
 * not known to outlive a power failure.
 */
int dml_file_replace(const char *path, const char *tree, const struct dml_file_id *id, struct dml_sv old,
                     struct dml_sv text, const char *backup, unsigned *number, struct dml_err *err);

/* Writes a new file of that mode, and the directories above it, in the same way. An old file of that name is replaced.
 */
int dml_file_create(const char *path, struct dml_sv text, unsigned mode, struct dml_err *err);
/* Only these directories. DML_EIO, DML_ENOMEM: writing the file will say more. */
int dml_file_create_above(const char *path);

#endif
