/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What judge.c, verdict.c and finish.c share. */
#ifndef DML_JUDGE_JUDGE_I_H
#define DML_JUDGE_JUDGE_I_H

#include "judge/judge.h"
#include "rules/suppress.h"
#include "xlu/xlu.h"

enum {
#define MISSING(id, name, command) DML_MISSING_##id,
#include "judge/missing.def"
#undef MISSING
    DML_MISSING_FACTS
};
#define DML_MISSING_BIT(id) ((uint64_t)1 << DML_MISSING_##id)

/* Rules whose findings the judge itself makes. */
enum judge_rule {
#define OWN(id, rule) JUDGE_##id,
#include "judge/own.def"
#undef OWN
    JUDGE_RULES
};

struct judge_rule_run {
    uint16_t rule;
    _Bool shown;
    _Bool deciding;
    _Bool same; /* what is shown is the built-in rule with its own parameters, by which verdicts go */
};

struct judge_policy {
    struct judge_policy *next;
    struct dml_policy *policy;
    const struct dml_rules *rules;
    struct dml_eval *eval;
    uint16_t *map; /* its rules in the run's */
    /* The rules to run under `settings`, which mostly are those of all files. */
    const struct dml_setting *settings;
    struct judge_rule_run *runs;
    uint32_t runs_n;
    uint16_t own[JUDGE_RULES];
};

/* Rules that decide and fired, by number in the policy's rules. */
struct blockers {
    uint16_t *v;
    uint32_t n, cap;
};

/* One file while it is judged. */
struct judging {
    struct dml_judge *j;
    struct judge_policy *p;
    const struct dml_setting *settings;
    struct dml_subject s;
    uint32_t file;
    const struct dml_rule *rule; /* of the check that runs */
    uint64_t missing;
    DML_VEC(struct dml_fired) fired;
    struct dml_waiver **waivers; /* that hold for this guest */
    uint32_t waivers_n;
    struct dml_same_user *same_user; /* where the guest names its account */
    _Bool silent, deciding, too_large, disagrees;
};

struct dml_judge {
    const struct dml_run *run;
    struct dml_arena keep, file; /* until the end; until the next file */
    struct dml_findings findings;
    struct judge_policy *policies;
    struct judge_policy *last; /* of the folder that the last file lay in */
    struct dml_sv last_dir;
    struct dml_host_answers *answers;
    struct dma_builder *builder;
    struct dml_xlu *xlu;
    DML_VEC(struct dml_judged) guests;
    DML_VEC(struct dml_same_user) users;
    DML_VEC(struct dml_stored_guest) stored;
    struct judging probing; /* the last probe */
};

/* judge.c */
uint64_t missing_bit(const char *fact);
uint8_t state_of(struct judging *g, struct dml_suppressions *s, uint16_t rule, struct dml_span span,
                 const char **waiver);
struct dml_finding make_finding(struct judging *g, const struct dml_fired *f);
enum dml_truth run_rule(struct judging *g, const struct dml_rule *rule, const struct dml_param_value *params);
int begin(struct judging *g, struct dml_judge *j, const char *path, struct dml_err *err);
_Bool decides(const struct dml_rule *rule);
_Bool in_release(const struct dml_rule *rule, dml_version xen);
int run_deciding(struct judging *g, struct blockers *out);
/* accepted.c: what baselines and waivers make of the findings, and what there is to say of them. */
int settle_accepted(struct dml_judge *const *judges, size_t n, const struct dml_run *run, struct dml_arena *a,
                    struct dml_report *report, const struct dml_finding_list *findings, struct dml_err *err);
/* verdict.c */
int keep_guest(struct judging *g, const struct blockers *blockers);
int keep_too_large(struct judging *g);
int decide_same_user(struct judging *g, struct dml_suppressions *s);
int note_stored(struct judging *g);

#endif
