/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judge: all rules on one text: what fires, what is suppressed or waived, and how the guest stands. It keeps nothing.
 */
#ifndef DML_JUDGE_JUDGE_H
#define DML_JUDGE_JUDGE_H

#include "facts/subject.h"
#include "finding/finding.h"
#include "policy/policy.h"
#include "rules/rule.h"
#include "set/set.h"
#include "verdict/verdict.h"

/* What texts are judged by; the same for all texts and threads of a session, and never written to. */
struct dml_grounds {
    const struct dml_world *world;
    const struct dml_rules *rules; /* of reports: built-in ones and those that any policy brings */
    struct dml_policies *policies; /* discovers the policy of each file, or: */
    struct dml_policy *policy;     /* the one that --policy names */
    const _Bool *selected;         /* by rule of `rules`: --select and --ignore */
    size_t max_bytes;
    const char *today; /* for waivers, YYYY-MM-DD; NULL: none has expired */
    uint32_t required; /* set of protections without which no guest is ready */
};

/* Rules whose findings the judge itself makes. */
enum dml_own {
#define OWN(id, rule) DML_OWN_##id,
#include "judge/own.def"
#undef OWN
    DML_OWN_RULES
};

/* What commands and formats want to know of a run; whoever runs gathers it from all of them. */
enum dml_need {
    DML_NEED_SOURCE = 1,         /* findings keep their source line */
    DML_NEED_VERDICTS = 2,       /* how guests stand, and what they are */
    DML_NEED_VALUES = 4,         /* findings keep what a baseline knows them by */
    DML_NEED_DIGESTS = 8,        /* stored configs may be among the files, and are compared with them */
    DML_NEED_SET = 16,           /* guests are compared with each other */
    DML_NEED_EDITS = 32,         /* findings keep what their fixes would change */
    DML_NEED_FIXED = 64,         /* guests that are fixable keep what fixing changes */
    DML_NEED_FINGERPRINTS = 128, /* findings are told from others of earlier runs; DML_NEED_VALUES is added */
    /* all that report/1 says */
    DML_NEED_REPORT = DML_NEED_SOURCE | DML_NEED_VERDICTS | DML_NEED_EDITS | DML_NEED_FIXED | DML_NEED_FINGERPRINTS
};

/* Something to be said of a file that no rule found: of a fix that was withheld, or of two that fight. */
struct dml_remark {
    uint8_t own;       /* enum dml_own */
    const char *about; /* id of the rule that it is about: the remark is shown where that rule is */
    const char *message;
};

/* Slot 0 is for a text that somebody goes on to use; a fixer takes the others. */
enum { DML_JUDGE_SLOTS = 4 };

/* What the QEMU at hand refused when it was tried. */
struct dml_refused {
    const char *message;
    uint32_t at; /* index in the guest's command line, or one beyond it */
};

struct dml_judge_ask {
    const char *path;   /* as reported; decides which policy and overrides count */
    struct dml_sv text; /* where it is too_large: what was read of it */
    unsigned slot;      /* where the judgement is kept: [0, DML_JUDGE_SLOTS) */
    unsigned needs;     /* enum dml_need */
    _Bool too_large;
    /* Only the rules that decide, for the verdict of a text that somebody is trying out; nothing is shown. */
    _Bool only_deciding;
    /* Whole statements, beside which the text is one that libxlutil has agreed to: only these are given to it. Empty:
     * all of it is. */
    struct dml_span fresh;
    const struct dml_clash *clashes; /* with other guests */
    uint32_t clashes_n;
    const char *const *paths; /* of all files, for clashes */
    const struct dml_remark *remarks;
    uint32_t remarks_n;
    const struct dml_refused *refused; /* NULL: it was not */
};

/* A rule that fired at a place. */
struct dml_fired {
    uint16_t rule;    /* in the rules of the file's policy */
    uint32_t element; /* of the list that was judged, with [*] */
    struct dml_span span;
    struct dml_sv key, message;
    _Bool fixed;   /* the message lives as long as the rules */
    uint8_t state; /* enum dml_state: new, suppressed or waived; a baseline is asked at the end */
    const char *waiver;
    struct dml_sv reason; /* why it is accepted */
    int32_t clash;        /* index in the clashes that were given; -1: none */
};

/* What the rules say of one text. All of it is valid until its slot is used again. */
struct dml_judgement {
    struct dml_subject *subject;
    const struct dml_rules *rules;
    const struct dml_setting *settings; /* by rule */
    const uint16_t *map;                /* each rule in the grounds' rules */
    const struct dml_fired *fired;      /* what is shown */
    const struct dml_fired *deciding;   /* what stands in the way as it is written, whatever the policy says of it */
    uint32_t fired_n, deciding_n;
    struct dml_standing standing; /* with DML_NEED_VERDICTS */
    struct dml_member member;     /* with DML_NEED_SET */
    uint16_t unused_suppression;  /* the rule of that name, whose fix is no operation on keys */
    _Bool disagrees;              /* libxlutil reads the text otherwise */
};

struct dml_judge; /* one per thread and grounds */

int dml_judge_new(struct dml_judge **out, const struct dml_grounds *grounds, struct dml_err *err);
void dml_judge_free(struct dml_judge *j);

/* Judges one text. DML_ENOMEM, or what loading a policy returned. */
int dml_judge_text(struct dml_judge *j, const struct dml_judge_ask *ask, struct dml_judgement *out,
                   struct dml_err *err);

/*
 * Adds to the judgement of a guest that does not ask for restriction what would stand in the way if it did: the same
 * guest with nothing but dm_restrict = 1. Nothing for one that asks, or that is not applicable. DML_ENOMEM.
 */
int dml_judge_assume(struct dml_judge *j, unsigned slot, struct dml_judgement *out, struct dml_err *err);

/* The finding that something fired makes, for a report; strings are the judgement's. `file` is its number. */
void dml_judgement_finding(const struct dml_judgement *j, const struct dml_fired *f, uint32_t file, unsigned needs,
                           struct dml_finding *out);

/* A policy that this judge met, and what it saw of the policy's waivers. */
struct dml_met_policy {
    struct dml_policy *policy;
    const uint16_t *map;    /* its rules in the grounds' rules */
    const uint16_t *own;    /* by enum dml_own: that rule */
    const uint8_t *waivers; /* by waiver: DML_WAIVER_COVERS (it holds for some guest), DML_WAIVER_USED (it silenced) */
};
enum { DML_WAIVER_COVERS = 1, DML_WAIVER_USED = 2 };
/* The i-th of them; 0 behind the last. */
_Bool dml_judge_met(const struct dml_judge *j, uint32_t i, struct dml_met_policy *out);

/* What restriction gives on this target where it holds: set of protections. */
uint32_t dml_protections(const struct dml_world *w);

/* One rule about hosts, asked of this one. */
struct dml_host_row {
    uint16_t rule; /* in the rules of the policy */
    enum dml_truth fires;
    uint64_t missing; /* where it is unknown: set of facts */
    const char *message;
};
/*
 * Asks every rule whose scope is the host or an upgrade, as for a restricted HVM guest that has nothing unusual
 * (dml_host_guest), for dmlint host check. Rows in the order of ids; valid until the judge's next text. DML_ENOMEM.
 */
int dml_judge_host(struct dml_judge *j, struct dml_host_row **rows, uint32_t *n, struct dml_err *err);
extern const char dml_host_guest[];

#endif
