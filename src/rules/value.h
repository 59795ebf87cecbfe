/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Value: what a selector of a rule yields, and who yields it. The rule engine knows nothing else of guests and hosts.
 */
#ifndef DML_RULES_VALUE_H
#define DML_RULES_VALUE_H

#include <stdint.h>

#include "base/sv.h"
#include "base/version.h"
#include "text/source.h"

/* Three-valued truth; the order makes AND the minimum and OR the maximum. */
enum dml_truth { DML_NO, DML_UNKNOWN, DML_YES };

static inline enum dml_truth dml_and(enum dml_truth a, enum dml_truth b)
{
    return a < b ? a : b;
}
static inline enum dml_truth dml_or(enum dml_truth a, enum dml_truth b)
{
    return a > b ? a : b;
}
static inline enum dml_truth dml_not(enum dml_truth a)
{
    return (enum dml_truth)(DML_YES - a);
}

enum dml_value_kind {
    DML_VALUE_ABSENT,  /* known not to be there */
    DML_VALUE_UNKNOWN, /* may or may not be there */
    DML_VALUE_BOOL,
    DML_VALUE_INT,
    DML_VALUE_STRING,
    DML_VALUE_VERSION,
    DML_VALUE_ANY /* only in a catalogue: the kind shows in the value */
};

struct dml_value {
    enum dml_value_kind kind;
    struct dml_span span; /* where in the guest file it was said; DML_NO_SPAN where it was not */
    union {
        int64_t i; /* BOOL (0, 1) and INT */
        dml_version v;
        struct dml_sv s;
    } u;
};

/*
 * What a selector yields. A selector without [*]: one value, or none (absent). One with [*]: as many as the list has
 * elements, in order, where the values of a field that an element does not say are DML_VALUE_ABSENT, so that
 * `disk[*]`, `disk[*].format` and `disk[*].vdev` have the same length. `unknown`: not even the list is known.
 */
struct dml_values {
    const struct dml_value *v;
    uint32_t n;
    _Bool unknown;
};

/* Answers for one guest on one host; what it returns must live until the next dml_eval_begin. */
struct dml_provider {
    struct dml_values (*get)(void *user, uint32_t id);
    void *user;
};

/* A selector resolved. */
struct dml_selector {
    uint32_t id; /* the catalogue's own number */
    enum dml_value_kind kind;
    _Bool list;    /* has [*] */
    uint32_t base; /* with [*].field: the id of the list ("disk[*]"); otherwise its own */
};

enum dml_selector_class { DML_SELECT_KEY, DML_SELECT_FACT };

/* Which selectors and checks exist: guest keys (`memory`, `disk[*].format`) and facts (`target.xen`, `argv[*]`). */
struct dml_catalogue {
    /* 1 and *out, or 0 where there is none of that name. */
    _Bool (*resolve)(const void *user, enum dml_selector_class class, struct dml_sv name, struct dml_selector *out);
    /* A name near to one that does not exist, or NULL. */
    const char *(*nearest)(const void *user, enum dml_selector_class class, struct dml_sv name);
    /* Number of a C check, or -1; *near (may be NULL) gets a name near to one that does not exist, or NULL. */
    int (*check)(const void *user, struct dml_sv name, const char **near);
    const void *user;
};

#endif
