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
    DML_FIX_TO_QEMU_XEN, /* safe ones, and those that leave qemu-xen-traditional */
    /* For a verdict: those of what stands in the way that DML_FIX_TO_RESTRICT makes, whatever a policy shows. */
    DML_FIX_FOR_VERDICT
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
    DML_VEC(struct dml_made) done;  /* in the order in which they were made */
    struct dml_judgement judgement; /* of the fixed text, in one of the judge's slots; not where two fixes fight */
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

struct dml_fix_job {
    struct dml_judge *judge; /* all its slots but 0 are used */
    const char *path;
    struct dml_sv text;
    enum dml_fix_which which;
    unsigned needs;                          /* of the judgement of the result */
    const struct dml_judgement *text_judged; /* of `text`, in slot 0; NULL: it is judged here */
    const struct dml_fix_ask *ask;           /* NULL: nobody is asked */
    /* What other guests have: no fix may bring it in, and none may ask for restriction beside it. */
    const struct dml_clash *bans;
    uint32_t bans_n;
    const char *const *paths; /* of all files, for what is said of bans */
};

/*
 * Fixes one text to a fixpoint: judges it, plans the fixes of all findings that are shown and not suppressed, makes
 * those that do not get in each other's way, and judges again, for at most DML_FIX_ROUNDS rounds. A fix is kept only if
 * the result parses, libxlutil accepts and reads it as dmlint does, its finding is gone, no other error appeared, no
 * other guest has what it brings in, and the argv of the target changed no more than the rule declares; otherwise it is
 * withheld, and so is what somebody who is asked declines. Results live in `a`. DML_ENOMEM, or what loading a policy
 * returned.
 */
int dml_fix_text(const struct dml_fix_job *job, struct dml_arena *a, struct dml_fix_result *out, struct dml_err *err);
/*
 * What the fix of one finding would change in the text that was judged, sorted: what is proposed, before it is tried.
 * None for one that is accepted, and where somebody has to do it by hand. Edits live in `a`.
 * DML_ENOMEM.
 */
int dml_fix_edits(const struct dml_judgement *j, const struct dml_fired *fired, struct dml_arena *a,
                  const struct dml_edit **edits, uint32_t *n);
/* Has every rule that stands in the way as it is written a fix that DML_FIX_FOR_VERDICT makes, and does any stand
 * there? */
_Bool dml_fix_could(const struct dml_judgement *j);

#endif
