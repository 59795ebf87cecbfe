/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arena: many small allocations that die together; may be included from every room. */
#ifndef DML_BASE_ARENA_H
#define DML_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

/* Where memory comes from. NULL in place of a struct dml_mem means malloc and free. */
struct dml_mem {
    void *(*alloc)(void *user, size_t size);
    void (*release)(void *user, void *p);
    void *user;
};

struct dml_arena_block;

/*
 * All zero is a valid empty arena that uses malloc. Nothing is freed one by one. An allocation that fails returns NULL
 * and leaves `failed` set until dml_arena_reset, so that a long walk may check once at its end.
 */
struct dml_arena {
    struct dml_arena_block *head;
    char *cur, *end;
    const struct dml_mem *mem;
    size_t used; /* bytes handed out since the last reset */
    _Bool failed;
};

void dml_arena_init(struct dml_arena *a, const struct dml_mem *mem);
/* Gives everything back to the arena, keeping one block for reuse. */
void dml_arena_reset(struct dml_arena *a);
/* Gives everything back to the allocator; the arena is then as after _init. */
void dml_arena_dispose(struct dml_arena *a);

/* Uninitialised memory of `size` bytes at `align` (a power of two); NULL when out of memory. */
void *dml_arena_alloc(struct dml_arena *a, size_t size, size_t align);
/* Zeroed memory for `n` elements; NULL when out of memory or when n * size overflows. */
void *dml_arena_calloc(struct dml_arena *a, size_t n, size_t size, size_t align);
/* A copy of `old` grown from `old_size` to `new_size` bytes (in place where it was the last allocation). */
void *dml_arena_grow(struct dml_arena *a, void *old, size_t old_size, size_t new_size, size_t align);
/* NUL-terminated copies; NULL when out of memory. */
char *dml_arena_strndup(struct dml_arena *a, const char *s, size_t len);
char *dml_arena_strdup(struct dml_arena *a, const char *s);
struct dml_sv dml_arena_sv(struct dml_arena *a, struct dml_sv s);
char *dml_arena_printf(struct dml_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *dml_arena_vprintf(struct dml_arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#define dml_new(arena, type)      ((type *)dml_arena_calloc((arena), 1, sizeof(type), _Alignof(type)))
#define dml_new_n(arena, type, n) ((type *)dml_arena_calloc((arena), (n), sizeof(type), _Alignof(type)))

/* A vector in an arena: declare as `DML_VEC(struct x) xs;`, zeroed is empty, elements are xs.v[0] .. xs.v[xs.n - 1]. */
#define DML_VEC(type)                                                                                                  \
    struct {                                                                                                           \
        type *v;                                                                                                       \
        uint32_t n, cap;                                                                                               \
    }
/* Makes room for one more and returns its address (uninitialised), or NULL when out of memory. */
#define dml_vec_add(arena, vec)                                                                                        \
    ((vec)->n < (vec)->cap || dml_vec_grow_((arena), (void **)&(vec)->v, &(vec)->cap, sizeof *(vec)->v)                \
         ? &(vec)->v[(vec)->n++]                                                                                       \
         : NULL)
_Bool dml_vec_grow_(struct dml_arena *a, void **v, uint32_t *cap, size_t size);

#endif
