/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Suppressions: `# dmlint: ignore[DM1001] -- reason` and `# dmlint: file-ignore[...] -- reason` in guest files. */
#ifndef DML_RULES_SUPPRESS_H
#define DML_RULES_SUPPRESS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "finding/finding.h"
#include "rules/rule.h"
#include "text/source.h"

/* One rule named in one directive. */
struct dml_suppression {
    struct dml_span comment; /* the whole comment */
    struct dml_span word;    /* the id or name in it */
    uint32_t first, last;    /* lines it covers; last is UINT32_MAX for the file */
    uint16_t rule;           /* index in the rules */
    _Bool used, refused;     /* refused: by policy (locked or unsuppressible) */
    struct dml_sv reason;
};

/* A directive that cannot be read: a finding of its own. */
struct dml_bad_directive {
    struct dml_span span;
    const char *message; /* what is wrong and what to write; in the arena or static */
};

/* What covers the same lines for the same rule: `order[begin] .. order[end - 1]` of all. */
struct dml_suppression_group {
    uint32_t first, last, begin, end;
    uint32_t head;   /* the rule's first group: that for the file, if there is one */
    uint32_t widest; /* of the rule's others up to this one, that which ends last */
    uint16_t rule;
    _Bool used, refused; /* marked in all of them */
};

struct dml_suppressions {
    DML_VEC(struct dml_suppression) v; /* in the order of the file */
    DML_VEC(struct dml_bad_directive) bad;
    uint32_t *order;                      /* indices of v by rule and lines, the longer before the shorter */
    struct dml_suppression_group *groups; /* in that order */
    uint32_t groups_n;
};

/* A comment from `#` to before the line end. `end`: where the statement that follows it ends, 0 where none is known. */
struct dml_comment {
    struct dml_span span;
    uint32_t end;
};

/*
 * Reads the directives among a file's comments, given in their order. 0 or DML_ENOMEM. A comment alone on its line
 * covers the next line that is neither blank nor a comment and what else belongs to that statement; any other covers
 * its own line.
 */
int dml_suppressions_read(struct dml_suppressions *s, struct dml_source *src, const struct dml_comment *comments,
                          uint32_t n, const struct dml_rules *rules, struct dml_arena *a);
/*
 * Marks `used` and returns 1 if a finding of the rule that starts on `line` (1 for one without a place) is suppressed.
 * `forbidden`: the policy does not allow it for this rule; then it is marked refused and 0 returned. `reason` (may be
 * NULL) gets that of the first directive that does it, in the file's text.
 */
_Bool dml_suppressed(struct dml_suppressions *s, uint16_t rule, uint32_t line, _Bool forbidden, struct dml_sv *reason);

#endif
