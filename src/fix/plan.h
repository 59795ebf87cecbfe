/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan: from a rule's operations to edits of the text; private to fix/. */
#ifndef DML_FIX_PLAN_H
#define DML_FIX_PLAN_H

#include "judge/judge.h"
#include "text/edit.h"

struct dml_plan {
    DML_VEC(struct dml_edit) edits; /* sorted; empty: there is nothing to change, or it cannot be done mechanically */
    _Bool deletes_comment;          /* makes the fix unsafe, whatever the rule says */
    _Bool nothing;                  /* the rule has nothing to propose for this finding, which needs no words */
    const char *cannot;             /* why it cannot be done, or NULL */
};

/* Plans the operations of `rule`, or of the one that it replaces, for one finding on the judgement's tree. Edits live
 * in `a`. DML_ENOMEM. */
int dml_plan_fix(const struct dml_judgement *judgement, const struct dml_fired *fired, const struct dml_rule *rule,
                 struct dml_arena *a, struct dml_plan *out);

/*
 * For the finding of a syntax error, which no operation on keys can mend: what makes the statement at `where` one that
 * xl parses and that says the same; plan->nothing where somebody has to say what was meant. DML_ENOMEM.
 */
int dml_plan_syntax(const struct dml_cfg *cfg, struct dml_span where, struct dml_arena *a, struct dml_plan *out);
/* Is it the rule whose findings these are? */
_Bool dml_plan_of_syntax(const struct dml_rule *rule);

#endif
