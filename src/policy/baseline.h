/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Baseline: findings that were there on the day it was made; only new ones count from then on. */
#ifndef DML_POLICY_BASELINE_H
#define DML_POLICY_BASELINE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

/* What a finding is known by: never a line number, so that edits elsewhere in the file leave it alone. */
struct dml_baseline_entry {
    const char *rule;  /* id */
    const char *path;  /* absolute, without . and .. */
    struct dml_sv key; /* "disk[*].format": which element of a list does not count; may be empty */
    uint64_t value;    /* see dml_baseline_value; 0: the finding has no place */
    uint32_t line;     /* in the baseline file; 0: not there yet */
};

/* Entries are sorted by path, then rule, key, value; each once. */
struct dml_baseline {
    const char *file, *absolute;
    _Bool exists;
    DML_VEC(struct dml_baseline_entry) v;
};

/*
 * Reads a baseline file; paths in it are seen from its directory. A file that is not there is an empty one with
 * `exists` 0. Lives in `a`. DML_EINVAL with the place of what is wrong, DML_EIO, DML_ENOMEM.
 */
int dml_baseline_load(struct dml_baseline *b, const char *file, _Bool named, struct dml_arena *a, struct dml_err *err);
/* A number for what stands at a finding's place; blanks do not count. Never 0. */
uint64_t dml_baseline_value(struct dml_sv text);
/* The key without the numbers of elements. In `a`; NULL as `p` when out of memory. */
struct dml_sv dml_baseline_key(struct dml_sv key, struct dml_arena *a);
/* The entry that equals `e` in all that it is known by, or NULL. */
struct dml_baseline_entry *dml_baseline_find(const struct dml_baseline *b, const struct dml_baseline_entry *e);
/* Entries of one path: how many, the first in *first. */
uint32_t dml_baseline_of(const struct dml_baseline *b, const char *path, struct dml_baseline_entry **first);
/* Adds an entry; dml_baseline_sort puts them in order and drops what is there twice. */
int dml_baseline_add(struct dml_baseline *b, const struct dml_baseline_entry *e, struct dml_arena *a);
void dml_baseline_sort(struct dml_baseline *b);
/* The file's text, JSON. */
void dml_baseline_write(const struct dml_baseline *b, struct dml_buf *out);

#endif
