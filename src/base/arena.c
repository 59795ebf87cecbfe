/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arena: bump allocation in blocks that double in size; a debug build gives each allocation a block of its own. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/format.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION((p), (n))
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION((p), (n))
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

enum { FIRST_BLOCK = 16 * 1024, LAST_BLOCK = 1024 * 1024 };

struct dml_arena_block {
    struct dml_arena_block *next;
    size_t size; /* bytes in data */
    _Alignas(max_align_t) char data[];
};

void dml_arena_init(struct dml_arena *a, const struct dml_mem *mem)
{
    *a = (struct dml_arena){.mem = mem};
}

static void release(const struct dml_arena *a, struct dml_arena_block *b)
{
    UNPOISON(b->data, b->size);
    if (a->mem)
        a->mem->release(a->mem->user, b);
    else
        free(b);
}

void dml_arena_dispose(struct dml_arena *a)
{
    struct dml_arena_block *b = a->head;
    while (b) {
        struct dml_arena_block *next = b->next;
        release(a, b);
        b = next;
    }
    dml_arena_init(a, a->mem);
}

void dml_arena_reset(struct dml_arena *a)
{
    struct dml_arena_block *keep = a->head;
#ifdef DML_DEBUG_ARENA
    keep = NULL;
#endif
    if (!keep) {
        dml_arena_dispose(a);
        return;
    }
    /* The head is the newest and so the largest, unless one huge request made it: then it is worth keeping too. */
    for (struct dml_arena_block *b = keep->next; b;) {
        struct dml_arena_block *next = b->next;
        release(a, b);
        b = next;
    }
    keep->next = NULL;
    a->cur = keep->data;
    a->end = keep->data + keep->size;
    POISON(keep->data, keep->size);
    a->used = 0;
    a->failed = 0;
}

static _Bool more(struct dml_arena *a, size_t need)
{
    size_t size = a->head ? a->head->size * 2 : FIRST_BLOCK;
    if (size > LAST_BLOCK)
        size = LAST_BLOCK;
#ifdef DML_DEBUG_ARENA
    size = 0;
#endif
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(struct dml_arena_block))
        return 0;
    size_t total = sizeof(struct dml_arena_block) + size;
    struct dml_arena_block *b = a->mem ? a->mem->alloc(a->mem->user, total) : malloc(total);
    if (!b)
        return 0;
    b->next = a->head;
    b->size = size;
    a->head = b;
    a->cur = b->data;
    a->end = b->data + size;
    POISON(b->data, size);
    return 1;
}

void *dml_arena_alloc(struct dml_arena *a, size_t size, size_t align)
{
    size_t pad = (size_t)(-(uintptr_t)a->cur & (align - 1));
    if (!a->cur || pad > (size_t)(a->end - a->cur) || size > (size_t)(a->end - a->cur) - pad) {
        if (!more(a, size)) {
            a->failed = 1;
            return NULL;
        }
        pad = 0; /* blocks start at the largest alignment */
    }
    char *p = a->cur + pad;
#ifdef DML_DEBUG_ARENA
    a->cur = a->end;
#else
    a->cur = p + size;
#endif
    a->used += size;
    UNPOISON(p, size);
    return p;
}

void *dml_arena_calloc(struct dml_arena *a, size_t n, size_t size, size_t align)
{
    if (size && n > SIZE_MAX / size) {
        a->failed = 1;
        return NULL;
    }
    void *p = dml_arena_alloc(a, n * size, align);
    if (p)
        memset(p, 0, n * size);
    return p;
}

void *dml_arena_grow(struct dml_arena *a, void *old, size_t old_size, size_t new_size, size_t align)
{
#ifndef DML_DEBUG_ARENA
    if (old && (char *)old + old_size == a->cur && new_size >= old_size &&
        new_size - old_size <= (size_t)(a->end - a->cur)) {
        UNPOISON(a->cur, new_size - old_size);
        a->cur += new_size - old_size;
        a->used += new_size - old_size;
        return old;
    }
#endif
    void *p = dml_arena_alloc(a, new_size, align);
    if (p && old && old_size)
        memcpy(p, old, old_size < new_size ? old_size : new_size);
    return p;
}

_Bool dml_vec_grow_(struct dml_arena *a, void **v, uint32_t *cap, size_t size)
{
    uint32_t next = *cap ? *cap * 2 : 8;
    if (next < *cap || next > SIZE_MAX / size) {
        a->failed = 1;
        return 0;
    }
    void *p = dml_arena_grow(a, *v, *cap * size, next * size, _Alignof(max_align_t));
    if (!p)
        return 0;
    *v = p;
    *cap = next;
    return 1;
}

char *dml_arena_strndup(struct dml_arena *a, const char *s, size_t len)
{
    char *p = dml_arena_alloc(a, len + 1, 1);
    if (!p)
        return NULL;
    if (len)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *dml_arena_strdup(struct dml_arena *a, const char *s)
{
    return dml_arena_strndup(a, s, strlen(s));
}

struct dml_sv dml_arena_sv(struct dml_arena *a, struct dml_sv s)
{
    char *p = dml_arena_strndup(a, s.p, s.len);
    return p ? (struct dml_sv){p, s.len} : (struct dml_sv){NULL, 0};
}

char *dml_arena_vprintf(struct dml_arena *a, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    /* Most texts fit into what is left of the block, and need no second pass. */
    size_t room = a->cur ? (size_t)(a->end - a->cur) : 0;
    UNPOISON(a->cur, room);
    int n = dml_format(a->cur, room, fmt, ap);
    POISON(a->cur, room);
    char *p = n < 0 ? NULL : dml_arena_alloc(a, (size_t)n + 1, 1);
    if (p && (size_t)n < room) {
        va_end(again);
        return p;
    }
    if (p)
        dml_format(p, (size_t)n + 1, fmt, again);
    else
        a->failed = 1;
    va_end(again);
    return p;
}

char *dml_arena_printf(struct dml_arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *p = dml_arena_vprintf(a, fmt, ap);
    va_end(ap);
    return p;
}
