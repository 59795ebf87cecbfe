/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What judge.c, verdict.c and finish.c share. */
#ifndef DML_JUDGE_JUDGE_I_H
#define DML_JUDGE_JUDGE_I_H

#include "judge/judge.h"
#include "rules/suppress.h"
#include "xlu/xlu.h"

enum {
#define MISSING(id, name) DML_MISSING_##id,
#include "judge/missing.def"
#undef MISSING
    DML_MISSING_FACTS
};
#define DML_MISSING_BIT(id) ((uint64_t)1 << DML_MISSING_##id)

/* Rules whose findings the judge itself makes. */
enum judge_rule {
    JUDGE_TOO_LARGE,
    JUDGE_DISAGREE,
    JUDGE_UNUSED,
    JUDGE_MALFORMED,
    JUDGE_SAME_USER,
    JUDGE_WITHHELD,
    JUDGE_FIGHT,
    JUDGE_STORED_DIFFERS,
    JUDGE_FILE_GONE,
    JUDGE_RULES
};

struct judge_policy {
    struct judge_policy *next;
    struct dml_policy *policy;
    const struct dml_rules *rules;
    struct dml_eval *eval;
    uint16_t *map; /* its rules in the run's */
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
struct dml_finding make_finding(struct judging *g, const struct dml_fired *f);
int run_deciding(struct judging *g, struct blockers *out);
/* verdict.c */
int keep_guest(struct judging *g, const struct blockers *blockers);
int keep_too_large(struct judging *g);
int decide_same_user(struct judging *g, struct dml_suppressions *s);
int note_stored(struct judging *g);

#endif
