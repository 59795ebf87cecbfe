/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Threads: numbers handed out in batches. */
#include "run/threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct work {
    int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err);
    void *user;
    uint32_t n, batch;
    atomic_size_t next;
    pthread_mutex_t lock; /* of what follows */
    int rc;
    uint32_t failed; /* the number that failed */
    struct dml_err err;
};

struct thread {
    struct work *work;
    unsigned number;
    pthread_t id;
};

unsigned dml_jobs_auto(void)
{
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus < 1 ? 1 : cpus > DML_JOBS_MAX ? DML_JOBS_MAX : (unsigned)cpus;
}

unsigned dml_useful_jobs(unsigned jobs, uint32_t batch, uint32_t n)
{
    uint32_t useful = n / batch + 1;
    jobs = jobs < useful ? jobs : (unsigned)useful;
    return jobs > DML_JOBS_MAX ? DML_JOBS_MAX : jobs ? jobs : 1;
}

static void fail(struct work *w, int rc, uint32_t i, const struct dml_err *err)
{
    pthread_mutex_lock(&w->lock);
    if (w->rc == 0 || i < w->failed) {
        w->rc = rc;
        w->failed = i;
        w->err = *err;
    }
    pthread_mutex_unlock(&w->lock);
    atomic_store(&w->next, w->n); /* the others stop, too */
}

static void *run(void *user)
{
    struct thread *t = user;
    struct work *w = t->work;
    struct dml_err err = {""};
    for (;;) {
        size_t first = atomic_fetch_add(&w->next, w->batch), end = first + w->batch < w->n ? first + w->batch : w->n;
        if (first >= end)
            return NULL;
        for (size_t i = first; i < end; i++) {
            int rc = w->fn(w->user, t->number, (uint32_t)i, &err);
            if (rc < 0) {
                fail(w, rc, (uint32_t)i, &err);
                return NULL;
            }
        }
    }
}

int dml_each(unsigned jobs, uint32_t batch, uint32_t n,
             int (*fn)(void *user, unsigned worker, uint32_t i, struct dml_err *err), void *user, struct dml_err *err)
{
    struct work w = {.fn = fn, .user = user, .n = n, .batch = batch, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct thread threads[DML_JOBS_MAX];
    unsigned started = 0;
    jobs = dml_useful_jobs(jobs, batch, n);
    for (unsigned i = 0; i < jobs; i++)
        threads[i] = (struct thread){.work = &w, .number = i};
    /* The first worker is this thread: one job needs no other. A thread that cannot be had only makes it slower. */
    while (started + 1 < jobs && pthread_create(&threads[started + 1].id, NULL, run, &threads[started + 1]) == 0)
        started++;
    run(&threads[0]);
    for (unsigned i = 1; i <= started; i++)
        pthread_join(threads[i].id, NULL);
    pthread_mutex_destroy(&w.lock);
    if (w.rc < 0 && err)
        *err = w.err;
    return w.rc;
}
