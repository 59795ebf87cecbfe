/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Held signals: a count of threads that write, and the signal that came meanwhile. */
#include "base/hold.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static atomic_int writing, came;

static void end_by(int sig)
{
    signal(sig, SIG_DFL);
    raise(sig);
}

/* Runs in any thread, at any place. */
static void note(int sig)
{
    atomic_store(&came, sig);
    if (!atomic_load(&writing))
        end_by(sig);
}

static void install(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction now, ours = {.sa_handler = note, .sa_flags = SA_RESTART};
        sigemptyset(&ours.sa_mask);
        if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
            sigaction(signals[i], &ours, NULL);
    }
}

void dml_hold_begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
    atomic_fetch_add(&writing, 1);
    if (!atomic_load(&came))
        return;
    dml_hold_end();
    for (;;)
        pause(); /* the thread that still writes ends us */
}

void dml_hold_end(void)
{
    if (atomic_fetch_sub(&writing, 1) == 1 && atomic_load(&came)) {
        int sig = atomic_load(&came);
        sigset_t one;
        sigemptyset(&one);
        sigaddset(&one, sig);
        pthread_sigmask(SIG_UNBLOCK, &one, NULL);
        end_by(sig);
    }
}
