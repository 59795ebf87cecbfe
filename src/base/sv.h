/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* String view: bytes with a length, not NUL-terminated, not owned. */
#ifndef DML_BASE_SV_H
#define DML_BASE_SV_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct dml_sv {
    const char *p;
    size_t len;
};

#define DML_SV(literal) ((struct dml_sv){(literal), sizeof(literal) - 1})
/* For printf: printf("%.*s", DML_SV_ARG(s)). */
#define DML_SV_ARG(s) (int)(s).len, (s).p

static inline struct dml_sv dml_sv_of(const char *s)
{
    return (struct dml_sv){s, s ? strlen(s) : 0};
}

static inline _Bool dml_sv_eq(struct dml_sv a, struct dml_sv b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static inline _Bool dml_sv_is(struct dml_sv a, const char *s)
{
    return dml_sv_eq(a, dml_sv_of(s));
}

static inline _Bool dml_sv_starts(struct dml_sv a, struct dml_sv prefix)
{
    return a.len >= prefix.len && (prefix.len == 0 || memcmp(a.p, prefix.p, prefix.len) == 0);
}

/* Order by bytes, then length: <0, 0, >0. */
int dml_sv_cmp(struct dml_sv a, struct dml_sv b);
/* Without blanks, tabs, carriage returns and newlines at both ends. */
struct dml_sv dml_sv_trim(struct dml_sv s);
/* The first `max` bytes at most; a UTF-8 character that does not fit as a whole, or that ends too early, is left out.
 */
struct dml_sv dml_sv_cut(struct dml_sv s, size_t max);
/* Number of single-character edits (insert, delete, replace, swap of neighbours) from a to b, or limit + 1 if more. */
unsigned dml_sv_distance(struct dml_sv a, struct dml_sv b, unsigned limit);
/*
 * "Did you mean": the index of the one of `n` names nearest to `word`, or -1 where none is near enough to be worth
 * saying. `name(user, i)` returns name i.
 */
long dml_sv_nearest(struct dml_sv word, size_t n, struct dml_sv (*name)(const void *user, size_t i), const void *user);

#endif
