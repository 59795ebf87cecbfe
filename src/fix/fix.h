/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fix: makes the changes that rules propose, each checked against what would run before it is kept. */
#ifndef DML_FIX_FIX_H
#define DML_FIX_FIX_H

#include "base/arena.h"
#include "judge/judge.h"
#include "text/edit.h"

enum { DML_FIX_ROUNDS = 10 };

/* Which fixes to make. Those of a migration are unsafe ones that it is for; see dmlint-rules(7). */
enum dml_fix_which {
    DML_FIX_ONLY_SAFE,
    DML_FIX_ALL,         /* unsafe ones, too */
    DML_FIX_TO_RESTRICT, /* safe ones, and those that ask for restriction */
    DML_FIX_TO_QEMU_XEN  /* safe ones, and those that leave qemu-xen-traditional */
};

/* A fix that was made. */
struct dml_made {
    const struct dml_rule *rule;
    const char *key;
};

/* Why a fix is withheld that somebody declined. */
#define DML_FIX_DECLINED "you said no"

/* A fix that was not made although its rule proposes it. */
struct dml_withheld {
    const struct dml_rule *rule;
    const char *key; /* the key that the finding is about, "" for none */
    const char *why;
};

struct dml_fix_result {
    struct dml_sv
        text;      /* the fixed text; equal to the input where nothing was to be done, or where it did not converge */
    uint32_t made; /* how many fixes */
    uint32_t rounds;
    _Bool changed;
    /* Rules whose fixes undo each other, so that the text stays as it was; NULL where it converged. */
    const char *fight[2];
    DML_VEC(struct dml_withheld) withheld;
    DML_VEC(struct dml_made) done; /* in the order in which they were made */
};

/* A fix that would be made, for somebody to decide; valid while it is asked. */
struct dml_fix_question {
    const struct dml_rule *rule;
    const char *key;               /* that the finding is about, "" for none */
    struct dml_sv message;         /* of the finding; may be empty */
    struct dml_sv before, after;   /* the text without and with it */
    _Bool unsafe, deletes_comment; /* the guest may notice; a comment goes with it */
};
/* Who decides: fn says whether the fix is to be made. With it, unsafe fixes are proposed, too. */
struct dml_fix_ask {
    _Bool (*fn)(void *user, const struct dml_fix_question *q);
    void *user;
};

/*
 * Fixes one text to a fixpoint: judges it, plans the fixes of all findings that are shown and not suppressed, makes
 * those that do not get in each other's way, and judges again, for at most DML_FIX_ROUNDS rounds. A fix is kept only if
 * the result parses, libxlutil accepts and reads it as dmlint does, its finding is gone, no other error appeared, and
 * the argv of the target changed no more than the rule declares; otherwise it is withheld, and so is what `ask` (NULL:
 * nobody is asked) declines. Results live in `a`. DML_ENOMEM, or what loading a policy returned.
 */
int dml_fix_text(struct dml_judge *j, const char *path, struct dml_sv text, enum dml_fix_which which,
                 const struct dml_fix_ask *ask, struct dml_arena *a, struct dml_fix_result *out, struct dml_err *err);

#endif
