/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run: the one way from inputs to an outcome. Every command that judges calls it, so that all are parallel and say the
 * same. The outcome does not depend on how many threads there were.
 */
#ifndef DML_RUN_RUN_H
#define DML_RUN_RUN_H

#include "fix/fix.h"
#include "run/session.h"
#include "try/try.h"

/* A guest and its verdict. Strings are the outcome's, or static. */
struct dml_outcome_guest {
    uint32_t file; /* number of its path */
    struct dml_sv name;
    uint8_t verdict, if_host_fixed; /* enum dml_verdict */
    uint8_t running;                /* enum dml_running_state */
    _Bool requested;                /* dm_restrict is in force */
    const char *reason;             /* why it is not applicable, or NULL */
    const struct dml_blocker *blockers;
    uint16_t blockers_n;
    uint32_t protections; /* set: what restriction gives where it holds */
    uint64_t missing;     /* set of facts */
    uint32_t unseen;      /* files that it names and that are only taken to be there */
};

enum dml_message_kind { DML_MESSAGE_UNREADABLE, DML_MESSAGE_NOT_FIXED };
/* What went wrong with a file beside its findings. */
struct dml_message {
    uint32_t file;
    uint8_t kind; /* enum dml_message_kind */
    const char *text;
};

/* Why a file is not judged; rows of skips.def. */
enum dml_skip {
#define SKIP(id, name, counted, words) DML_SKIP_##id,
#include "run/skips.def"
#undef SKIP
    DML_SKIPS
};
/* A file that was found or named and is not judged. */
struct dml_skipped {
    const char *path;
    enum dml_skip why;
    const char *by; /* what excludes it, or the other path; "" */
    _Bool asks;     /* it asks for dm_restrict; of files that were not read whoever reads them says it */
};
/* "excluded", and whether such files are counted: those that are judged under another path are not. */
const char *dml_skip_name(enum dml_skip why);
_Bool dml_skip_counts(enum dml_skip why);
/* "excluded by vendor/" in a sentence. */
void dml_skip_words(const struct dml_skipped *s, struct dml_buf *out);

/* What fixing did to a file. */
struct dml_text_change {
    struct dml_sv before, after;   /* the texts, where they differ */
    struct dml_fix_result fixed;   /* without its judgement */
    _Bool changed, stored, failed; /* failed: it could not be written, so `after` is not what the file holds */
};

struct dml_outcome {
    const char *const *paths; /* those of the inputs, and behind them policy and baseline files that are spoken of */
    uint32_t files;           /* how many inputs */
    const struct dml_rules *rules;
    const struct dml_outcome_guest
        *guests; /* with DML_NEED_VERDICTS: of every input that could be read, in their order */
    uint32_t guests_n;
    struct dml_finding_list findings; /* in the order of dml_findings_collect */
    struct dml_finding_counts counts;
    const struct dml_message *messages; /* in the order of files */
    uint32_t messages_n;
    const _Bool *read;                       /* by input: could it be read */
    const struct dml_skipped *skipped;       /* inputs that are no guests, and what was left out before; by path */
    uint32_t skipped_n, skipped_counted;     /* counted: those that dml_skip_counts means */
    uint32_t checked;                        /* inputs that are not skipped */
    uint32_t unreadable, unwritten, changed; /* unwritten: could not be fixed or written; changed: texts */
    uint32_t tried[DML_TRY_CANNOT + 1];      /* by enum dml_try_answer: guests */
    const char *untried;                     /* why the first that cannot be tried cannot be; NULL: all can */
    const struct dml_text_change *changes;   /* by input; NULL where nothing was to be fixed */
};

/* Fixing, before all is judged. */
struct dml_run_fix {
    enum dml_fix_which which;
    _Bool judge_before;            /* what is judged is the text as it was */
    _Bool refuse_stored;           /* a config that xl stored is told as not fixed, and not just left alone */
    const struct dml_fix_ask *ask; /* NULL: nobody is asked; else there is one thread */
    /* With `ask`: before and after somebody is asked about a file; `after` says whether the changes are kept. */
    void (*before)(void *user, uint32_t i);
    int (*after)(void *user, uint32_t i, const struct dml_fix_result *result, _Bool *keep, struct dml_err *err);
    /* Puts a text where it belongs; what fails is a message. NULL: texts stay in memory. Called by any thread. */
    int (*store)(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed, struct dml_err *err);
};

struct dml_run_ask {
    const char *const *paths; /* as reported; sorted by bytes; no two mean one file */
    uint32_t n;
    /* Reads an input into `a`: 0; DML_ETOOBIG with what was read of it, DML_EIO with a message; else it ends the run.
     */
    int (*read)(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err);
    /* May an input that is no guest be skipped? NULL: none may. */
    _Bool (*may_skip)(void *user, uint32_t i);
    const struct dml_skipped *skipped; /* left out already, for the outcome */
    uint32_t skipped_n;
    /* Sees each text once it is judged, the last time as it counts; `keep` lives with the outcome. Any thread. */
    int (*seen)(void *user, uint32_t i, const struct dml_judgement *j, struct dml_arena *keep);
    void *user;
    const struct dml_run_fix *fix; /* NULL: nothing is changed */
    const struct dml_try *try;     /* tries those that would be ready; NULL: nothing is tried */
    unsigned needs;                /* enum dml_need, or-ed; DML_NEED_SET is added */
    unsigned jobs;
};

/*
 * Judges all inputs: each by itself, then against each other, and says what guests are, what fixing them would make of
 * them (in memory) and what repairing the host would. With `fix` their texts are changed before: a change is kept only
 * if no guest of the run is worse off, whatever the order. DML_ENOMEM, or what reading or a policy returned.
 */
int dml_run(const struct dml_session *session, const struct dml_run_ask *ask, struct dml_outcome **out,
            struct dml_err *err);
/* NULL is fine. */
void dml_outcome_free(struct dml_outcome *o);

/* What a baseline knows a finding of the outcome by. Strings in `a`, or the rules'. DML_ENOMEM. */
int dml_outcome_baseline_entry(const struct dml_outcome *o, const struct dml_finding *f, struct dml_arena *a,
                               struct dml_baseline_entry *out);
/* By entry of the baseline: is a finding of this outcome known by it? NULL where it is no baseline of the session. */
const _Bool *dml_outcome_baseline_used(const struct dml_outcome *o, const struct dml_baseline *b);

/* Inputs that lie in memory, for `read`: `user` is the array. */
int dml_run_texts(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err);

#endif
