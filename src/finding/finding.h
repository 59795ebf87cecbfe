/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finding: one rule that fired at one place. One store per thread; collected, sorted and deduplicated at the end. */
#ifndef DML_FINDING_FINDING_H
#define DML_FINDING_FINDING_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"
#include "text/source.h"

/* Lower is worse. */
enum dml_severity { DML_ERROR, DML_WARNING, DML_INFO, DML_HINT, DML_OFF };
extern const char *const dml_severity_names[5];

enum dml_state { DML_STATE_NEW, DML_STATE_BASELINED, DML_STATE_WAIVED, DML_STATE_SUPPRESSED };
extern const char *const dml_state_names[4];

/* Another place that belongs to a finding: "first defined here". */
struct dml_related {
    uint32_t file;
    struct dml_span span;
    struct dml_pos start, end;
    struct dml_sv message;
};

/* What a fix would put in place of a piece of the file. */
struct dml_replacement {
    struct dml_span span;
    struct dml_pos start, end;
    struct dml_sv text;
};

/*
 * `file` is a number whose order is the order of the paths (the driver numbers its sorted list); `rule` is the index
 * in the sorted rules. Line and column are made while the source is at hand: see dml_finding_place.
 */
struct dml_finding {
    uint32_t file;
    uint16_t rule;
    uint8_t severity; /* enum dml_severity, as shown */
    uint8_t state;    /* enum dml_state */
    uint8_t fix;      /* enum dml_fix_safety */
    uint8_t related_n;
    uint8_t generation; /* which look at its file made it: see struct dml_finding_filter */
    struct dml_span span;
    struct dml_pos start, end; /* all zero without a place; end is exclusive */
    struct dml_sv message;
    struct dml_sv key;    /* "disk[0].format"; empty where it is about no key */
    struct dml_sv source; /* the source line, cut at DML_SOURCE_MAX bytes; empty where nobody will print it */
    const struct dml_related *related;
    const char *waiver;                  /* id of the one that silences it, the caller's; or NULL */
    struct dml_sv reason;                /* why it is accepted, in the words of its waiver or suppression */
    const struct dml_replacement *edits; /* of its fix, in the order of the file, if somebody asked for them */
    uint32_t edits_n;
    uint64_t fingerprint; /* says whether it is the same as in an earlier run; 0: nobody asked */
    uint64_t value;       /* what a baseline knows it by beside its key; 0: nothing, or no baseline is in use */
};
enum { DML_SOURCE_MAX = 400 };

/* All zero is an empty store. Not for use by two threads. */
struct dml_findings {
    struct dml_arena arena;
    struct dml_finding_chunk *first, *last; /* so that a stored finding never moves */
    size_t n;
    struct dml_sv last_key;
    struct dml_sv last_source; /* the copied line of the finding before, to share it */
    uint32_t last_file, last_line;
};

void dml_findings_dispose(struct dml_findings *s);
/* Fills start and end from span; with `want_source`, sets `source` to the line (in the source's own memory). */
void dml_finding_place(struct dml_finding *f, struct dml_source *src, struct dml_arena *a, _Bool want_source);
/*
 * Adds a copy of *f. `message` is copied unless `message_static`; what else it has is copied always (a key
 * that equals the one before it is shared). Returns the stored finding, or NULL when out of memory.
 */
struct dml_finding *dml_findings_add(struct dml_findings *s, const struct dml_finding *f, _Bool message_static);

/* Findings of all stores, sorted by file, offset, rule (those without a place first) and each once. */
struct dml_finding_list {
    struct dml_finding **v;
    size_t n;
};
/* Of files [0, n) only findings of that generation count: a file that was judged again has older ones. */
struct dml_finding_filter {
    const uint8_t *generations; /* by file */
    uint32_t n;
};
/*
 * The same list whichever store a finding lay in. `which` may be NULL: all. 0 or DML_ENOMEM. The list lives in the
 * arena, findings in stores.
 */
int dml_findings_collect(struct dml_findings *const *stores, size_t n, const struct dml_finding_filter *which,
                         struct dml_arena *a, struct dml_finding_list *out);

/* Numbers for the summary. */
struct dml_finding_counts {
    size_t by_severity[5]; /* of state new */
    size_t by_state[4];
    size_t fixable, unsafe; /* of state new */
};
void dml_findings_count(const struct dml_finding_list *list, struct dml_finding_counts *out);

#endif
