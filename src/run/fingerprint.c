/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fingerprints: a finding's rule, file, key and text, and which of several such it is. No line numbers, so that an edit
 * elsewhere in the file changes none; nor numbers of list elements, as one may be put before another.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "base/sha256.h"
#include "run/run_i.h"

/* 64 bits over strings, each with its end; `n` is hashed as text. */
static uint64_t digest(const struct dml_sv *v, unsigned n)
{
    struct dml_sha256 sha;
    uint8_t bytes[32];
    uint64_t value = 0;
    dml_sha256_init(&sha);
    for (unsigned i = 0; i < n; i++) {
        dml_sha256_add(&sha, v[i]);
        dml_sha256_add(&sha, DML_SV("\0"));
    }
    dml_sha256_end(&sha, bytes);
    for (int i = 0; i < 8; i++)
        value = value << 8 | bytes[i];
    return value ? value : 1;
}

/* Findings that are alike, those that come first before the others. */
static int alike(const void *x, const void *y)
{
    const struct dml_finding *a = *(struct dml_finding *const *)x, *b = *(struct dml_finding *const *)y;
    if (a->fingerprint != b->fingerprint)
        return a->fingerprint < b->fingerprint ? -1 : 1;
    if (a->span.off != b->span.off)
        return a->span.off + 1u < b->span.off + 1u ? -1 : 1;
    return dml_sv_cmp(a->message, b->message);
}

/* Of one file: [first, end). */
static int of_file(const struct run *r, struct dml_finding **first, struct dml_finding **end, const char *here,
                   struct dml_arena *a)
{
    /* A report of a checkout is the same wherever that lies. */
    const char *path = dml_path_absolute(a, r->outcome.paths[(*first)->file]);
    struct dml_finding **v = dml_new_n(a, struct dml_finding *, (size_t)(end - first));
    uint32_t n = 0, same = 0;
    char text[24];
    if (!path || !v)
        return DML_ENOMEM;
    for (; first < end; first++) {
        struct dml_finding *f = *first;
        struct dml_sv key = dml_baseline_key(f->key, a);
        int len = snprintf(text, sizeof text, "%016llx", (unsigned long long)f->value);
        const struct dml_sv parts[] = {
            dml_sv_of(r->outcome.rules->v[f->rule].id), dml_sv_of(dml_path_seen(here, path)), key, {text, (size_t)len}};
        if (!key.p)
            return DML_ENOMEM;
        f->fingerprint = digest(parts, sizeof parts / sizeof parts[0]);
        v[n++] = f;
    }
    qsort(v, n, sizeof *v, alike);
    uint64_t last = 0;
    for (uint32_t i = 0; i < n; i++) {
        same = v[i]->fingerprint == last ? same + 1 : 0;
        last = v[i]->fingerprint;
        int len = snprintf(text, sizeof text, "%016llx %u", (unsigned long long)last, same);
        v[i]->fingerprint = same ? digest(&(struct dml_sv){text, (size_t)len}, 1) : last;
    }
    return 0;
}

int dml_run_fingerprints(struct run *r, struct dml_err *err)
{
    const struct dml_finding_list *findings = &r->outcome.findings;
    struct dml_arena a = {0};
    const char *here = dml_path_absolute(&r->a, ".");
    int rc = here ? 0 : DML_ENOMEM;
    for (size_t i = 0, end; rc == 0 && i < findings->n; i = end) {
        for (end = i; end < findings->n && findings->v[end]->file == findings->v[i]->file;)
            end++;
        dml_arena_reset(&a);
        rc = of_file(r, findings->v + i, findings->v + end, here, &a);
    }
    dml_arena_dispose(&a);
    return rc < 0 ? dml_err_nomem(err) : 0;
}
