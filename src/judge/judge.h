/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judge: all rules on one guest file, what is suppressed, and the guest's verdict. */
#ifndef DML_JUDGE_JUDGE_H
#define DML_JUDGE_JUDGE_H

#include "facts/subject.h"
#include "finding/finding.h"
#include "policy/policy.h"
#include "report/report.h"
#include "rules/rule.h"

/* What all files of a run have in common; read by every thread. */
struct dml_run {
    const struct dml_world *world;
    const struct dml_rules *rules; /* of the report: built-in ones and those that any policy brings */
    struct dml_policies *policies; /* discovers the policy of each file, or: */
    struct dml_policy *policy;     /* the one that --policy names */
    const _Bool *selected;         /* by rule of `rules`: --select and --ignore */
    size_t max_bytes;
    _Bool want_source;   /* findings keep their source line */
    _Bool want_verdicts; /* guests that do not ask for restriction are also judged as if they did */
};

/* A guest's account, for finding others with the same. */
struct dml_same_user {
    uint32_t file;
    uint32_t guest;             /* index in the judge's guests */
    uint8_t form;               /* enum dml_form: a guest and what is stored of it share an account, and may */
    const char *user;           /* device_model_user */
    uint64_t uid;               /* DML_FACT_UNKNOWN where the host's accounts are not known */
    struct dml_finding finding; /* what to report if another guest has it too; its strings are kept */
    _Bool shown, decided;       /* shown: by policy and selection; decided: counts for the verdict */
};

/* What is remembered of a judged guest. */
struct dml_judged {
    uint32_t file;
    struct dml_sv name;
    uint64_t missing; /* set of facts, see dml_missing_name */
    struct dml_report_blocker *blockers;
    uint16_t blockers_n;
    _Bool requested;      /* dm_restrict is in force */
    _Bool applicable;     /* a QEMU in dom0 serves it */
    _Bool stored;         /* xl or libxl wrote it: no fix changes it */
    _Bool fixable;        /* nothing blocks but that restriction is not asked for */
    const char *reason;   /* why it is not applicable */
    const char *running;  /* as in struct dml_report_guest */
    uint64_t argv;        /* digest of the command line, of addresses that libxl makes up only that they are there */
    uint64_t user;        /* digest of device_model_user; 0: none */
    uint8_t device_model; /* enum dma_dm_version */
};

/* A stored config, for comparing it with the file of the same guest. Findings: what to report; strings are kept. */
struct dml_stored_guest {
    uint32_t guest; /* index in the judge's guests */
    _Bool image;    /* a saved image, no running guest */
    struct dml_finding differs, gone;
    _Bool differs_shown, gone_shown;
};

struct dml_judge; /* one per thread */

int dml_judge_new(struct dml_judge **out, const struct dml_run *run, struct dml_err *err);
void dml_judge_free(struct dml_judge *j);

/*
 * Judges one file. `file` is its number in the order of paths; `text` is its first max_bytes bytes where it is
 * `too_large`. Findings and the guest are kept until dml_judge_free. DML_ENOMEM, or what loading a policy returned.
 */
int dml_judge_file(struct dml_judge *j, uint32_t file, const char *path, struct dml_sv text, _Bool too_large,
                   struct dml_err *err);

/*
 * Adds a finding about the fixes of a file: one was withheld, or (`fight`) two undo each other. To be called behind
 * dml_judge_file of that file. DML_ENOMEM.
 */
int dml_judge_add_fix_note(struct dml_judge *j, uint32_t file, const char *path, _Bool fight, const char *message,
                           struct dml_err *err);

/* A rule that fired at a place. */
struct dml_fired {
    uint16_t rule;    /* in the rules of the file's policy */
    uint32_t element; /* of the list that was judged, with [*] */
    struct dml_span span;
    struct dml_sv key, message;
    _Bool fixed; /* the message lives as long as the rules */
    _Bool suppressed;
};

/* What the rules say of one text, for who wants to change it. All of it is valid until the judge's next file or probe.
 */
struct dml_probe {
    struct dml_subject *subject;
    const struct dml_rules *rules;
    const struct dml_setting *settings; /* by rule */
    const struct dml_fired *fired;
    uint32_t fired_n;
    const uint16_t *blockers; /* rules that decide verdicts and fire, whatever the policy says of them */
    uint32_t blockers_n;
    uint16_t unused_suppression; /* the rule of that name, whose fix is no operation on keys */
    _Bool disagrees;             /* libxlutil reads the text otherwise */
};
/* Judges a text as dml_judge_file does, without keeping anything. */
int dml_judge_probe(struct dml_judge *j, const char *path, struct dml_sv text, struct dml_probe *out,
                    struct dml_err *err);

/*
 * After the last file, in one thread: compares guests with each other, makes the verdicts and collects all findings in
 * their order. Everything lives in `a` and in the judges. DML_ENOMEM.
 */
int dml_judge_finish(struct dml_judge *const *judges, size_t n, const struct dml_run *run, struct dml_arena *a,
                     struct dml_report *report, struct dml_finding_list *findings, struct dml_err *err);

/*
 * Adds the rules of another policy that the run does not know yet, so that `run->rules` holds those of every policy, in
 * the order of their ids. The new list lives in `a`. DML_ENOMEM.
 */
int dml_judge_add_rules(struct dml_run *run, const struct dml_rules *more, struct dml_arena *a, struct dml_err *err);

/* Facts that can be missing for a verdict, as dmlint-facts(5) names them. */
const char *dml_missing_name(unsigned i);

#endif
