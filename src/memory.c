/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory that runs out ends the program, for it and for every library in it: libxlutil, json-c, fts and NSS take a
 * failed allocation for a fault of the file, leave something out, or crash. What is written so far is whole
 * (base/write.h).
 *
 * Part of the program only; the libraries return errors. Sanitizers have allocation for themselves.
 */
#include <stddef.h>
#include <unistd.h>

#include "cli/cli.h"

#if defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#else
#define SANITIZED 0
#endif

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !(SANITIZED)

/* The C library's own; a test has others, which fail. */
#ifndef DML_ALLOCATES
#define DML_ALLOCATES __libc_
#endif
#define PASTE(a, b)    a##b
#define EXPAND(a, b)   PASTE(a, b)
#define DML_NEXT(name) EXPAND(DML_ALLOCATES, name)
void *DML_NEXT(malloc)(size_t n);
void *DML_NEXT(calloc)(size_t n, size_t size);
void *DML_NEXT(realloc)(void *p, size_t n);

void *malloc(size_t n);
void *calloc(size_t n, size_t size);
void *realloc(void *p, size_t n);

static void *had(void *p)
{
    static const char said[] = "dmlint: out of memory\n";
    if (p)
        return p;
    (void)!write(STDERR_FILENO, said, sizeof said - 1);
    _exit(DML_EXIT_USAGE);
}

void *malloc(size_t n)
{
    return had(DML_NEXT(malloc)(n));
}

void *calloc(size_t n, size_t size)
{
    return had(DML_NEXT(calloc)(n, size));
}

void *realloc(void *p, size_t n)
{
    void *got = DML_NEXT(realloc)(p, n);
    return n ? had(got) : got; /* of nothing it is free */
}
#endif
