/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress: a line on the terminal of a run that takes more than a second. */
#ifndef DML_CLI_PROGRESS_H
#define DML_CLI_PROGRESS_H

#include <stdatomic.h>
#include <time.h>

#include "base/arena.h"
#include "base/err.h"

/* Shared by the threads of a run. All zero says nothing. */
struct dml_progress {
    struct timespec start;
    uint32_t n;
    atomic_bool *seen; /* by input; NULL: nobody looks */
    atomic_uint done;
    atomic_ullong told; /* milliseconds from the start; 0: nothing yet */
};

/* For n inputs, where standard error is a terminal. DML_ENOMEM. */
int dml_progress_open(struct dml_progress *p, uint32_t n, struct dml_arena *a);
/* Input i was read. Any thread. */
void dml_progress_step(struct dml_progress *p, uint32_t i);
/* Takes the line away, and says no more. */
void dml_progress_end(struct dml_progress *p);

#endif
