/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Progress: told ten times a second at the most. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { FIRST_MS = 1000, EVERY_MS = 100 };

int dml_progress_open(struct dml_progress *p, uint32_t n, struct dml_arena *a)
{
    if (!isatty(STDERR_FILENO))
        return 0;
    clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->n = n;
    p->seen = dml_new_n(a, atomic_bool, n + 1);
    return p->seen ? 0 : DML_ENOMEM;
}

void dml_progress_step(struct dml_progress *p, uint32_t i)
{
    struct timespec now;
    if (!p->seen)
        return;
    if (!atomic_exchange(&p->seen[i], 1))
        atomic_fetch_add(&p->done, 1);
    clock_gettime(CLOCK_MONOTONIC, &now);
    unsigned long long told = atomic_load(&p->told),
                       ms = (unsigned long long)(now.tv_sec - p->start.tv_sec) * 1000 +
                            (unsigned long long)(now.tv_nsec / 1000000) -
                            (unsigned long long)(p->start.tv_nsec / 1000000);
    if (ms < FIRST_MS || ms < told + EVERY_MS || !atomic_compare_exchange_strong(&p->told, &told, ms))
        return;
    fprintf(stderr, "\r%u of %u files read", atomic_load(&p->done), p->n);
    fflush(stderr);
}

void dml_progress_end(struct dml_progress *p)
{
    if (p->seen && atomic_load(&p->told)) {
        fputs("\r\x1b[K", stderr);
        fflush(stderr);
    }
    p->seen = NULL;
}
