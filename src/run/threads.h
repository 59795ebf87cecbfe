/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads: the only place where any are started. */
#ifndef DML_RUN_THREADS_H
#define DML_RUN_THREADS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    DML_JOBS_MAX = 256,
    DML_BATCH = 16 /* of what takes microseconds */
};

/* Processors of this machine, at least 1. */
unsigned dml_jobs_auto(void);

/*
 * Calls fn(user, worker, i) once for each i in [0, n), by up to `jobs` threads, this one among them; `worker` says
 * which, from 0. A thread takes `batch` at a time. The first failure (by number where several fail) ends it, and is
 * returned with its message.
 */
int dml_each(unsigned jobs, uint32_t batch, uint32_t n,
             int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err), void *user, struct dml_err *err);
/* How many threads dml_each would use for so many: one that gets less than a batch costs more than it brings. */
unsigned dml_useful_jobs(unsigned jobs, uint32_t batch, uint32_t n);

#endif
