/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of judge/ share. */
#ifndef DML_JUDGE_JUDGE_I_H
#define DML_JUDGE_JUDGE_I_H

#include "judge/judge.h"
#include "rules/suppress.h"
#include "xlu/xlu.h"

enum { JUDGE_GATE_WORDS = (DML_KEY_COUNT + 63) / 64 };

/* What a guest needs for a rule to be anything but passed. */
struct judge_gate {
    uint64_t keys[JUDGE_GATE_WORDS]; /* one of them written, unless */
    _Bool any;                       /* no key is needed */
    _Bool requested;                 /* restriction asked for, or assumed */
    _Bool closed;                    /* nothing helps: by what is known of host and target the rule passes */
};

struct judge_rule_run {
    struct judge_gate gate;
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
    struct dml_settings_cache cache;
    uint16_t *map; /* its rules in the grounds' */
    uint8_t *waivers;
    /* The rules to run under `settings`, which mostly are those of all files. */
    const struct dml_setting *settings;
    struct judge_rule_run *runs;
    uint32_t runs_n;
    uint16_t own[DML_OWN_RULES], set[DML_SET_KINDS];
};

struct fired_list {
    struct dml_fired *v;
    uint32_t n, cap;
};

/* One text while it is judged. */
struct judging {
    struct dml_judge *j;
    const struct dml_judge_ask *ask; /* only while it is judged */
    _Bool too_large;
    struct dml_arena *a; /* its slot's */
    struct judge_policy *p;
    const struct dml_setting *settings;
    struct dml_subject s;
    const struct dml_rule *rule; /* of the check that runs */
    uint16_t number;             /* of the rule that runs, in the policy's rules */
    _Bool own_params;            /* it runs with the parameters that it came with */
    uint64_t missing;
    uint64_t written[JUDGE_GATE_WORDS]; /* set of keys that the guest's release reads and that are there */
    struct fired_list fired, deciding;
    uint32_t *waivers; /* that hold for this guest, by their number in the policy */
    uint32_t waivers_n;
    _Bool asks_deciding; /* the rule that runs decides: what it misses, the verdict misses */
    _Bool disagrees;
};

struct judge_slot {
    struct dml_arena a;
    struct dma_builder *builder;
    struct judging g;
};

struct dml_judge {
    const struct dml_grounds *grounds;
    struct dml_arena keep;
    struct judge_policy *policies;
    struct judge_policy *last; /* of the folder that the last file lay in */
    struct dml_sv last_dir;
    struct dml_host_answers *answers;
    struct dml_xlu *xlu;
    struct judge_slot slots[DML_JUDGE_SLOTS];
};

/* policies.c: what this thread keeps for the policy of a path, and the rules to run under its settings. */
int dml_judge_policy_for(struct dml_judge *j, const char *path, struct judge_policy **out, struct dml_err *err);
void dml_judge_plan_runs(struct judge_policy *p, const struct dml_setting *settings, const struct dml_grounds *grounds);
_Bool dml_judge_in_release(const struct dml_rule *rule, dml_version xen);
/* Is the rule shown, by the file's policy and by selection? */
_Bool dml_judge_shows(const struct judging *g, uint16_t rule);

/* judge.c */
int dml_judge_begin(struct judging **out, struct dml_judge *j, const struct dml_judge_ask *ask, struct dml_err *err);
enum dml_truth dml_judge_run_rule(struct judging *g, const struct dml_rule *rule, const struct dml_param_value *params);
/* Runs the rules that decide on the guest as it now is, and adds what fires to `deciding`, each rule once. */
int dml_judge_run_deciding(struct judging *g);
void dml_judge_fire(struct judging *g, struct fired_list *to, const struct dml_fired *f);
/* One of the judge's own rules, among those that decide. */
void dml_judge_block(struct judging *g, uint16_t rule, struct dml_span span, const char *message);

/* gates.c */
struct judge_gate dml_judge_gate(const struct judge_policy *p, const struct dml_rule *rule,
                                 const struct dml_param_value *params);
void dml_judge_see_keys(struct judging *g);
_Bool dml_judge_passes_gate(const struct judging *g, const struct judge_gate *gate);

/* settle.c: suppressions, waivers and remarks, once the rules have run. */
int dml_judge_settle(struct judging *g);
/* stand.c: `assumed` adds what stands in the way of a guest that does not ask for restriction. */
int dml_judge_stand(struct judging *g, _Bool assumed, struct dml_standing *out);

#endif
