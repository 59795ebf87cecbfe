/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule: one check as data. Plain tables, written by the generator for built-in rules and by the loader for a site's. */
#ifndef DML_RULES_RULE_H
#define DML_RULES_RULE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "finding/finding.h"
#include "rules/value.h"

/* TAG(word): CONTRACT section 10, in its order. */
#define DML_TAGS(TAG)                                                                                                  \
    TAG(syntax) TAG(hold) TAG(start) TAG(later) TAG(isolation) TAG(exposure) TAG(old) TAG(host) TAG(fleet)
enum dml_tag_number {
#define DML_TAG_NUMBER(word) DML_TAG_NUMBER_##word,
    DML_TAGS(DML_TAG_NUMBER) DML_TAG_COUNT
#undef DML_TAG_NUMBER
};
enum dml_tag {
#define DML_TAG_BIT(word) DML_TAG_##word = 1 << DML_TAG_NUMBER_##word,
    DML_TAGS(DML_TAG_BIT)
#undef DML_TAG_BIT
};

enum dml_confidence { DML_CONFIDENCE_RAN, DML_CONFIDENCE_SOURCE, DML_CONFIDENCE_INFERRED };
enum dml_scope { DML_SCOPE_GUEST, DML_SCOPE_HOST, DML_SCOPE_UPGRADE, DML_SCOPE_OPERATOR };
/* What puts an end to what the rule finds, where that is more than its own fix: dmlint migrate goes by it. */
enum dml_remedy {
    DML_REMEDY_OWN,         /* its fix, or what `do` says */
    DML_REMEDY_ACCOUNTS,    /* other accounts: dmlint host users */
    DML_REMEDY_QEMU_XEN,    /* leaving qemu-xen-traditional: dmlint migrate --to qemu-xen */
    DML_REMEDY_TRADITIONAL, /* it goes with qemu-xen-traditional, unless somebody decides something */
    DML_REMEDY_HARDWARE     /* likewise, and the guest gets other hardware in any case */
};
enum dml_fix_safety { DML_FIX_NONE, DML_FIX_SAFE, DML_FIX_UNSAFE, DML_FIX_MANUAL };
enum dml_expect_argv { DML_EXPECT_EQUAL, DML_EXPECT_ADDS, DML_EXPECT_CHANGES };
enum dml_fix_op_kind {
    DML_FIX_SET,
    DML_FIX_DELETE,
    DML_FIX_RENAME_KEY,
    DML_FIX_SET_FIELD,
    DML_FIX_DELETE_FIELD,
    DML_FIX_APPEND,
    DML_FIX_INSERT
};

/* Names of the words above, in their order. */
extern const char *const dml_tag_names[DML_TAG_COUNT];
extern const char *const dml_confidence_names[3], *const dml_scope_names[4], *const dml_remedy_names[5],
                                                                                 *const dml_fix_safety_names[4],
                                                                                     *const dml_expect_argv_names[3],
                                                                                         *const dml_fix_op_names[7];

/* A literal of a condition or parameter. `s` is its text always; the kind says what else holds. */
struct dml_lit {
    enum dml_value_kind kind; /* BOOL, INT, STRING or VERSION */
    uint8_t shift;            /* VERSION: low bits that were not said ("4.17" is 10) and so do not count */
    int64_t i;                /* BOOL, INT, VERSION; a pattern's number for `matches` */
    const char *s;
    uint32_t len;
};

enum dml_op {
    DML_OP_ALL,
    DML_OP_ANY,
    DML_OP_NOT,
    DML_OP_EXISTS,
    DML_OP_ABSENT,
    DML_OP_EQUALS,
    DML_OP_NOT_EQUALS,
    DML_OP_IN,
    DML_OP_NOT_IN,
    DML_OP_MATCHES,
    DML_OP_STARTS_WITH,
    DML_OP_CONTAINS,
    DML_OP_LT,
    DML_OP_LE,
    DML_OP_GT,
    DML_OP_GE,
    DML_OP_COUNT
};

enum dml_quantifier { DML_QUANT_ANY, DML_QUANT_EVERY, DML_QUANT_NONE };
enum dml_operand { DML_OPERAND_NONE, DML_OPERAND_LITS, DML_OPERAND_PARAM, DML_OPERAND_SLOT };

/* A condition is a tree in preorder: `size` nodes from this one on are its own, itself included. */
struct dml_cond {
    uint8_t op;         /* enum dml_op */
    uint8_t quantifier; /* enum dml_quantifier */
    uint8_t operand;    /* enum dml_operand */
    uint8_t compare;    /* DML_OP_COUNT: the comparison of the number, an enum dml_op */
    uint8_t left_param; /* 1: `left` is a parameter of the rule, not a slot */
    uint16_t size;
    uint16_t left;    /* slot */
    uint16_t right;   /* first literal, parameter or slot */
    uint16_t right_n; /* literals */
};

/* A selector that some rule uses; rules speak of slots, and an evaluation asks for each at most once per guest. */
struct dml_slot {
    const char *name;
    uint32_t id;
    uint8_t kind;  /* enum dml_value_kind */
    uint8_t class; /* enum dml_selector_class */
    _Bool list;
    uint16_t base; /* slot of the list itself, or its own */
};
#define DML_NO_SLOT UINT16_MAX

struct dml_param {
    const char *name;
    enum dml_value_kind kind;
    _Bool list;
    uint16_t first, n; /* literals: the default */
};

/* Literals in force for a parameter. */
struct dml_param_value {
    const struct dml_lit *v;
    uint32_t n;
};

enum dml_part_kind { DML_PART_TEXT, DML_PART_VALUE, DML_PART_PARAM, DML_PART_SLOT };
/* A piece of a message: text, ${value} of what was selected, a parameter, or a selector. */
struct dml_part {
    uint8_t kind; /* enum dml_part_kind */
    uint16_t n;   /* parameter or slot */
    const char *text;
};

struct dml_fix_op {
    uint8_t kind;                                 /* enum dml_fix_op_kind */
    _Bool number;                                 /* the value is a number, not a string */
    const char *key, *field, *to, *value, *after; /* value may hold ${...}, as a message does */
};

/* Another guest of an example, for rules that look across files. */
struct dml_example_file {
    const char *path, *cfg;
};

struct dml_example {
    const char *name, *cfg; /* cfg is NULL in an example of a host alone */
    const char *facts;      /* host facts as YAML text, or NULL */
    const char *xen, *qemu;
    const struct dml_example_file *others;
    uint16_t others_n;
    uint32_t expect_count; /* bad: how often it fires, 0 for "at least once" */
    uint32_t line;         /* bad: the line of the (first) finding, 0 for any */
    _Bool bad;
    const char *also;   /* good: ids of other rules that fire on it, and kinds of guests that it is of, with a blank
                           before and behind each; or NULL. In a built-in rule the ids that a kind means follow. */
    uint32_t yaml_line; /* where the example stands in the rule's file */
};

/*
 * What examples share by name (rules/shared/examples.yaml): a host, whose text is its facts as in struct dml_example
 * (NULL: nothing is known of it), or a kind of guests, whose text says in words what they are.
 */
struct dml_shared {
    const char *name, *text;
};

/* One rule. Strings are NUL-terminated and live as long as the set. */
struct dml_rule {
    const char *id, *name;
    uint8_t severity; /* enum dml_severity: the built-in one, which verdicts go by */
    uint8_t confidence, scope, remedy, fix_safety, expect_argv;
    _Bool builtin, replaced; /* replaced: for the loader */
    _Bool no_bad;            /* its file says why it has no bad example; only while it is read */
    const char *remark_on;   /* kinds of guests that it always fires on, written as `also` is; only while it is read */
    _Bool migration;         /* its fix is the point of the migration to restriction, whatever it changes */
    _Bool qemu_xen;          /* its fix is the point of the migration from qemu-xen-traditional */
    uint32_t tags;           /* enum dml_tag, or-ed */
    dml_version since, removed; /* Xen releases [since, removed); 0: no bound */
    const char *summary, *why, *what_to_do, *message, *fix_text;
    const char *const *references;
    const struct dml_part *parts; /* of the message; one TEXT part: the message is static */
    const uint16_t *select;       /* slots: the first is judged (per element with [*]), the others only place it */
    const struct dml_cond *conds; /* NULL with a C check */
    const struct dml_lit *lits;
    const struct dml_param *params;
    const struct dml_fix_op *fixes;
    const struct dml_example *examples;
    uint16_t references_n, parts_n, select_n, conds_n, lits_n, params_n, fixes_n, examples_n;
    int check; /* number of the C check, or -1 */
    const char *check_name;
    const char *file; /* where it was read from */
    uint32_t line;
    const struct dml_rule *replaces; /* the built-in rule of that id, by which verdicts go; NULL in a built-in one */
};

/* The rule by which verdicts go: the built-in one where a site's has taken its place. */
static inline const struct dml_rule *dml_rule_own(const struct dml_rule *rule)
{
    return rule->replaces ? rule->replaces : rule;
}

/* Do verdicts depend on it? A rule of a site never decides. */
static inline _Bool dml_rule_decides(const struct dml_rule *rule)
{
    return rule->builtin && rule->severity == DML_ERROR &&
           (rule->tags & (DML_TAG_hold | DML_TAG_start | DML_TAG_isolation));
}

/* Rules in the order of their ids, with what they share. */
struct dml_rules {
    const struct dml_rule *v;
    uint32_t n;
    const struct dml_slot *slots;
    uint32_t slots_n, patterns_n;
    const struct dml_shared *hosts, *kinds; /* that examples name */
    uint32_t hosts_n, kinds_n;
};

/* The rules of rules/, made at build time (builtin/). */
extern const struct dml_rules dml_builtin_rules;
/* The selectors and checks that there are (checks/catalogue.c). */
extern const struct dml_catalogue dml_catalogue;

/* Index of the rule with that id or name, or -1. */
long dml_rules_find(const struct dml_rules *rules, struct dml_sv id_or_name);
/* Whether a word of --select, of a policy or of a waiver means the rule: its id, a prefix of it ("DM1"), name, or tag.
 */
_Bool dml_rule_matches(const struct dml_rule *rule, struct dml_sv word);
/* 1 if the word means any rule; otherwise 0, and *near is a word that does, or NULL. */
_Bool dml_rules_word(const struct dml_rules *rules, struct dml_sv word, const char **near);

/*
 * One more rule file on top of *rules; a rule with the id of an earlier one replaces it. *rules then lives in the
 * arena. DML_EINVAL with file, line and column; nothing is changed on failure.
 */
int dml_rules_add_file(struct dml_rules *rules, const char *path, const struct dml_catalogue *cat, struct dml_arena *a,
                       struct dml_err *err);
int dml_rules_add_text(struct dml_rules *rules, const char *path, struct dml_sv text, const struct dml_catalogue *cat,
                       struct dml_arena *a, struct dml_err *err);

/*
 * Evaluation: one per thread, for any number of guests. It asks the provider for each selector at most once per guest,
 * allocates nothing while judging (but for patterns, once), and remembers which slots were unknown.
 */
struct dml_eval;
int dml_eval_new(struct dml_eval **e, const struct dml_rules *rules, struct dml_err *err);
void dml_eval_free(struct dml_eval *e);
/* The next guest. `xen` decides since/removed; 0 makes rules that have them unknown. */
void dml_eval_begin(struct dml_eval *e, const struct dml_provider *provider, dml_version xen);

/* Called where a rule fires: which element (0 without [*]) and where. */
typedef void dml_fire(void *user, const struct dml_rule *rule, uint32_t element, struct dml_span span);
/*
 * Judges the guest by a rule with a condition: YES if it fired, UNKNOWN if it did not but might, NO if it passes.
 * `params` (may be NULL) are the values in force, as many as the rule has. A rule with a C check is UNKNOWN here.
 */
enum dml_truth dml_eval_rule(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                             dml_fire *fire, void *user);
/* One comparison of a rule alone, not one of an element: for who wants to know what is the same for all guests. */
enum dml_truth dml_eval_test(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                             const struct dml_cond *c);
/* Slots whose being unknown left the last rule UNKNOWN: returns how many, the first `max` in `slots`. */
unsigned dml_eval_missing(const struct dml_eval *e, uint16_t *slots, unsigned max);
/* Whether the last rule had a pattern that gave no answer within its limit: then it must not be taken as passed. */
_Bool dml_eval_undecided(const struct dml_eval *e);
/* The message of a rule for an element; static where the rule's is, otherwise in the arena. p is NULL out of memory. */
struct dml_sv dml_eval_message(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                               uint32_t element, struct dml_arena *a);
/* The key a finding of the rule is about: the selector's name with [*] made [element]. */
struct dml_sv dml_eval_key(const struct dml_eval *e, const struct dml_rule *rule, uint32_t element,
                           struct dml_arena *a);

#endif
