/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sandbox: what this process may no longer do once it reads what others wrote. Reading is not limited. */
#ifndef DML_SANDBOX_SANDBOX_H
#define DML_SANDBOX_SANDBOX_H

#include "base/arena.h"
#include "base/err.h"

struct dml_sandbox_ask {
    const char *const *dirs; /* existing directories in which, and below which, files may be written; the rest stays */
    uint32_t n;
    _Bool starts_programs; /* --try: Landlock forbids the mounts of its room, so only seccomp's rest is left */
};

/*
 * Shuts this process in, with the threads that it starts from now on; there is no way back. Landlock (by its ABI)
 * limits writing to `dirs` and lets nothing be executed, seccomp refuses the calls of calls.def with EPERM, in every
 * thread. What the kernel or the container does not offer is left out: *said, in `a`, tells what is in force and what
 * is not and why. A directory that cannot be opened is none that files may be written in. DML_ENOMEM.
 */
int dml_sandbox(const struct dml_sandbox_ask *ask, struct dml_arena *a, const char **said, struct dml_err *err);

#endif
