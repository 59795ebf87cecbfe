/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding: stores with their strings shared where it is cheap, and one sorted list of all. */
#include "finding/finding.h"

#include <stdlib.h>
#include <string.h>

const char *const dml_severity_names[5] = {"error", "warning", "info", "hint", "off"};
const char *const dml_state_names[4] = {"new", "baselined", "waived", "suppressed"};

void dml_findings_dispose(struct dml_findings *s)
{
    dml_arena_dispose(&s->arena);
    *s = (struct dml_findings){0};
}

void dml_finding_place(struct dml_finding *f, struct dml_source *src, struct dml_arena *a, _Bool want_source)
{
    f->start = f->end = (struct dml_pos){0, 0, 0};
    f->source = (struct dml_sv){"", 0};
    if (dml_span_none(f->span))
        return;
    f->start = dml_source_pos(src, a, f->span.off);
    f->end = dml_source_pos(src, a, f->span.off + f->span.len);
    if (want_source)
        f->source = dml_source_line(src, f->start.line);
}

static struct dml_sv copy(struct dml_arena *a, struct dml_sv s)
{
    return s.len ? dml_arena_sv(a, s) : (struct dml_sv){"", 0};
}

enum { CHUNK = 64 };

struct dml_finding_chunk {
    struct dml_finding_chunk *next;
    uint32_t n;
    struct dml_finding v[CHUNK];
};

static struct dml_finding *room(struct dml_findings *s)
{
    if (!s->last || s->last->n == CHUNK) {
        struct dml_finding_chunk *c = dml_new(&s->arena, struct dml_finding_chunk);
        if (!c)
            return NULL;
        if (s->last)
            s->last->next = c;
        else
            s->first = c;
        s->last = c;
    }
    return &s->last->v[s->last->n];
}

struct dml_finding *dml_findings_add(struct dml_findings *s, const struct dml_finding *f, _Bool message_static)
{
    struct dml_arena *a = &s->arena;
    struct dml_finding *to = room(s);
    if (!to)
        return NULL;
    *to = *f;
    if (!message_static)
        to->message = copy(a, f->message);
    to->reason = copy(a, f->reason);
    if (!dml_sv_eq(f->key, s->last_key))
        s->last_key = copy(a, f->key);
    to->key = s->last_key;
    if (to->source.len > DML_SOURCE_MAX)
        to->source = dml_sv_cut(to->source, DML_SOURCE_MAX);
    if (to->source.len && (s->last_file != f->file || s->last_line != f->start.line || !s->last_source.p)) {
        s->last_source = copy(a, to->source);
        s->last_file = f->file;
        s->last_line = f->start.line;
    }
    if (to->source.len)
        to->source = s->last_source;
    if (f->related_n) {
        struct dml_related *related = dml_new_n(a, struct dml_related, f->related_n);
        for (unsigned i = 0; related && i < f->related_n; i++) {
            related[i] = f->related[i];
            related[i].message = copy(a, f->related[i].message);
        }
        to->related = related;
    }
    struct dml_replacement *edits = f->edits_n ? dml_new_n(a, struct dml_replacement, f->edits_n) : NULL;
    for (uint32_t i = 0; edits && i < f->edits_n; i++) {
        edits[i] = f->edits[i];
        edits[i].text = copy(a, f->edits[i].text);
    }
    to->edits = edits;
    if (a->failed)
        return NULL;
    s->last->n++;
    s->n++;
    return to;
}

/* Without a place sorts first: it is about the file as a whole. */
static int compare(const void *pa, const void *pb)
{
    const struct dml_finding *a = *(struct dml_finding *const *)pa, *b = *(struct dml_finding *const *)pb;
#define BY(field)                                                                                                      \
    if ((field(a)) != (field(b)))                                                                                      \
    return (field(a)) < (field(b)) ? -1 : 1
#define FILE_OF(f) (f)->file
#define OFFSET(f)  ((f)->span.off + 1u) /* no place wraps to 0 */
#define RULE(f)    (f)->rule
#define LENGTH(f)  (f)->span.len
    BY(FILE_OF);
    BY(OFFSET);
    BY(RULE);
    BY(LENGTH);
    int r = dml_sv_cmp(a->message, b->message);
    return r ? r : dml_sv_cmp(a->key, b->key);
}

/*
 * Sorts by file in one pass, as there are few findings to a file and often very many files, and each file's by place.
 * The result replaces *v.
 */
static int sort(struct dml_finding ***v, size_t total, struct dml_arena *a)
{
    uint32_t last = 0;
    for (size_t i = 0; i < total; i++)
        if ((*v)[i]->file > last)
            last = (*v)[i]->file;
    size_t *end =
        dml_new_n(a, size_t, (size_t)last + 1); /* by file: where its findings end, as far as they are there */
    struct dml_finding **sorted = dml_new_n(a, struct dml_finding *, total);
    if (!end || !sorted)
        return DML_ENOMEM;
    for (size_t i = 0; i < total; i++)
        if ((*v)[i]->file < last)
            end[(*v)[i]->file + 1]++;
    for (uint32_t file = 0; file < last; file++)
        end[file + 1] += end[file];
    for (size_t i = 0; i < total; i++)
        sorted[end[(*v)[i]->file]++] = (*v)[i];
    for (size_t i = 0, next; i < total; i = next) {
        next = end[sorted[i]->file];
        if (next - i > 1)
            qsort(&sorted[i], next - i, sizeof *sorted, compare);
    }
    *v = sorted;
    return 0;
}

static _Bool counts(const struct dml_finding_filter *which, const struct dml_finding *f)
{
    return !which || f->file >= which->n || f->generation == which->generations[f->file];
}

int dml_findings_collect(struct dml_findings *const *stores, size_t n, const struct dml_finding_filter *which,
                         struct dml_arena *a, struct dml_finding_list *out)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += stores[i]->n;
    *out = (struct dml_finding_list){0};
    if (!total)
        return 0;
    struct dml_finding **v = dml_new_n(a, struct dml_finding *, total);
    if (!v)
        return DML_ENOMEM;
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (struct dml_finding_chunk *c = stores[i]->first; c; c = c->next)
            for (uint32_t j = 0; j < c->n; j++)
                if (counts(which, &c->v[j]))
                    v[k++] = &c->v[j];
    total = k;
    if (!total)
        return 0;
    if (sort(&v, total, a) < 0)
        return DML_ENOMEM;
    size_t kept = 1;
    for (size_t i = 1; i < total; i++)
        if (compare(&v[kept - 1], &v[i]) != 0)
            v[kept++] = v[i];
    out->v = v;
    out->n = kept;
    return 0;
}

void dml_findings_count(const struct dml_finding_list *list, struct dml_finding_counts *out)
{
    *out = (struct dml_finding_counts){0};
    for (size_t i = 0; i < list->n; i++) {
        const struct dml_finding *f = list->v[i];
        out->by_state[f->state]++;
        if (f->state != DML_STATE_NEW)
            continue;
        out->by_severity[f->severity]++;
        out->fixable += f->fix == 1;
        out->unsafe += f->fix == 2;
    }
}
