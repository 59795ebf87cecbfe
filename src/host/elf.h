/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be read from an ELF file without running it; private to host/. */
#ifndef DML_HOST_ELF_H
#define DML_HOST_ELF_H

#include "base/arena.h"
#include "base/err.h"

struct dml_elf;

/* Opens and maps `path` of a root directory (base/root.h). DML_ENOENT where it does not exist, DML_EINVAL where it is
 * no ELF file. */
int dml_elf_open(const char *root, const char *path, struct dml_arena *a, struct dml_elf **out, struct dml_err *err);
void dml_elf_close(struct dml_elf *e);
/* The machine, as uname(1) names it; NULL where it is neither x86_64, i686, aarch64 nor arm. */
const char *dml_elf_arch(const struct dml_elf *e);
/* Does its dynamic symbol table import or export `name`? */
_Bool dml_elf_has_symbol(const struct dml_elf *e, const char *name);
/*
 * Calls `see` for every NUL-terminated constant string of at least `min` printable bytes in its read-only data, until
 * it returns 0.
 */
void dml_elf_strings(const struct dml_elf *e, size_t min, _Bool (*see)(void *user, struct dml_sv s), void *user);

#endif
