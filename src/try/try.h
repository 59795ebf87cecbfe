/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Try: the QEMU of this machine judges a predicted command line, shut in where it can reach nothing. */
#ifndef DML_TRY_TRY_H
#define DML_TRY_TRY_H

#include "base/arena.h"
#include "base/err.h"
#include "dmargv/dmargv.h"

/* A program that tries; only read, so that threads share it. */
struct dml_try;

/*
 * Finds the program: `program`, or where that is NULL the one that the host's facts name (NULL: none do), or one of
 * those that libxl runs. Lives in `a`. DML_ENOENT with a message where nothing can be tried, DML_ENOMEM.
 */
int dml_try_open(struct dml_try **out, const char *program, const char *of_host, struct dml_arena *a,
                 struct dml_err *err);
/* Its path. */
const char *dml_try_program(const struct dml_try *t);

enum dml_try_answer {
    DML_TRY_NOT, /* nothing was tried */
    DML_TRY_ACCEPTED,
    DML_TRY_REFUSED,
    DML_TRY_CANNOT /* it says nothing about the guest */
};
#define DML_TRY_NOWHERE UINT32_MAX

struct dml_trial {
    enum dml_try_answer answer;
    const char *message; /* QEMU's words, or why it cannot be tried; NULL where it accepted */
    uint32_t at;         /* the argument of the prediction that the message is about, or DML_TRY_NOWHERE */
};

/*
 * Runs the program with the command line of a guest that runs: as nobody, in namespaces of its own whose root holds
 * the program, its libraries, firmware and keymaps, read-only, and stand-ins for what the arguments name; without
 * network but its own loopback; with libxl's limits and some on time, memory and processes. QEMU accepts where its
 * monitor answers once all devices are made. Takes a fraction of a second, at most some. Blocks; any thread. Strings
 * live in `a`. DML_ENOMEM.
 */
int dml_try_run(const struct dml_try *t, const struct dma_result *r, struct dml_arena *a, struct dml_trial *out,
                struct dml_err *err);

#endif
