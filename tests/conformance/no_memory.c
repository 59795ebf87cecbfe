/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What dmlint_no_memory has in place of the C library's allocation: number NO_MEMORY_AT of the process fails; how many
 * there were is written to NO_MEMORY_COUNT at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *no_memory_malloc(size_t n);
void *no_memory_calloc(size_t n, size_t size);
void *no_memory_realloc(void *p, size_t n);

static atomic_ulong count;
static unsigned long at;
static int counts = -1; /* opened before the sandbox is shut */

__attribute__((constructor)) static void begin(void)
{
    const char *only = getenv("NO_MEMORY_AT"), *file = getenv("NO_MEMORY_COUNT");
    at = only ? strtoul(only, NULL, 10) : 0;
    counts = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    atomic_store(&count, 0);
}

__attribute__((destructor)) static void end(void)
{
    if (counts >= 0)
        dprintf(counts, "%lu\n", atomic_load(&count));
}

static _Bool fails(void)
{
    if (atomic_fetch_add(&count, 1) + 1 != at)
        return 0;
    errno = ENOMEM;
    return 1;
}

void *no_memory_malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *no_memory_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *no_memory_realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}
