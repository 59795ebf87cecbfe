/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Policy: which rules are shown, how bad they are, with which parameters; never what a verdict says. */
#ifndef DML_POLICY_POLICY_H
#define DML_POLICY_POLICY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "finding/finding.h"
#include "policy/baseline.h"
#include "rules/rule.h"

/* Where a value was set: a policy file or "built-in NAME"; line 0 with the rule's own default. */
struct dml_origin {
    const char *file;
    uint32_t line;
};

/* What is in force for one rule. */
struct dml_setting {
    uint8_t severity; /* enum dml_severity; DML_OFF: not shown */
    _Bool locked;     /* no later layer, override or suppression may weaken it */
    _Bool unsuppressible;
    struct dml_origin severity_from, locked_from, unsuppressible_from;
    const struct dml_param_value *params; /* as many as the rule has; NULL: all are the rule's own */
    const struct dml_origin *params_from; /* likewise */
};

struct dml_waiver {
    const char *id, *owner, *reason, *ticket;
    const struct dml_sv *rules, *files, *guests, *hosts;
    uint32_t rules_n, files_n, guests_n, hosts_n;
    char expires[11]; /* YYYY-MM-DD: holds through that day, UTC */
    struct dml_origin from;
    const struct dml_layer *layer; /* whose directory its globs are seen from */
};

/* Whose findings waivers are asked about. */
struct dml_waive_at {
    const char *path;
    const char *guest, *host; /* names; NULL: not known, and then a waiver that is limited to some does not hold */
    const char *today;        /* YYYY-MM-DD; NULL: no waiver has expired */
};

/* A policy with everything it extends, resolved against the rules. Lives in its own arena. */
struct dml_policy;

/* A built-in policy's text. */
struct dml_builtin_policy {
    const char *name, *file, *text;
    uint32_t len;
};
extern const struct dml_builtin_policy dml_builtin_policies[];
extern const uint32_t dml_builtin_policies_n;

/*
 * Loads a policy: a built-in name, or a path (anything with a slash, or ending in .yaml or .yml). `rules` are those
 * known before it; the rule files that it names are added, see dml_policy_rules. DML_EINVAL with the place of what is
 * wrong (unknown rule or parameter, a cycle of extends, a locked setting weakened), DML_EIO, DML_ENOENT.
 */
int dml_policy_load(struct dml_policy **out, const char *name_or_path, const struct dml_rules *rules,
                    const struct dml_catalogue *cat, struct dml_err *err);
/* The same of a policy that was found and not named: DML_EUNTRUSTED where others could have written one of its files.
 */
int dml_policy_load_found(struct dml_policy **out, const char *path, const struct dml_rules *rules,
                          const struct dml_catalogue *cat, struct dml_err *err);
_Bool dml_policy_found(const struct dml_policy *p);
void dml_policy_free(struct dml_policy *p);

/* Rules with those that the policy brings; as given to dml_policy_load where it brings none. */
const struct dml_rules *dml_policy_rules(const struct dml_policy *p);
const char *dml_policy_name(const struct dml_policy *p);
/* SHA-256 over the files of the policy, of what it extends and of the rules that these name, 64 hexadecimal digits. */
const char *dml_policy_sha256(const struct dml_policy *p);
/* 1 and the severity, where the policy says what fails ("none" is DML_OFF). */
_Bool dml_policy_fail_on(const struct dml_policy *p, enum dml_severity *out, struct dml_origin *from);
/* Is a file of that path a guest, where directories are searched? */
enum dml_choice {
    DML_CHOICE_BY_NAME, /* the policy does not say: its name decides */
    DML_CHOICE_INCLUDED,
    DML_CHOICE_NOT_INCLUDED, /* `include:` names others */
    DML_CHOICE_EXCLUDED
};
/* What `include:` and `exclude:` say, and where in *from. DML_ENOMEM. */
int dml_policy_choice(const struct dml_policy *p, const char *path, enum dml_choice *out, struct dml_origin *from);
/* Path, or NULL; and the directory of the policy file that names it, below which alone it may be written. */
const char *dml_policy_baseline_file(const struct dml_policy *p, const char **dir);
uint32_t dml_policy_waivers(const struct dml_policy *p, struct dml_waiver **out);
/* The waivers that hold for a guest, by their number; the list lives in `a`. DML_ENOMEM. */
int dml_policy_waivers_at(const struct dml_policy *p, const struct dml_waive_at *at, struct dml_arena *a,
                          uint32_t **out, uint32_t *n);
/* Does the waiver silence this rule, by its index in dml_policy_rules? Not one that another policy file has locked. */
_Bool dml_waiver_silences(const struct dml_policy *p, const struct dml_waiver *w, uint32_t rule);
/* Is it a day of the calendar, written YYYY-MM-DD? */
_Bool dml_is_day(struct dml_sv s);
_Bool dml_waiver_expired(const struct dml_waiver *w, const char *today);

/* Settings that were made for sets of overrides, of one policy; the caller's, so that policies are only read. */
struct dml_settings_cache {
    struct dml_arena *arena;
    struct dml_made_settings *made;
};
/* Settings for a file, one per rule in the order of dml_policy_rules. NULL when out of memory. */
const struct dml_setting *dml_policy_for(const struct dml_policy *p, const char *path,
                                         struct dml_settings_cache *cache);
/* The same without overrides. */
const struct dml_setting *dml_policy_base(const struct dml_policy *p);

/* Writes the policy as YAML: its own text, or with `effective` every value with the place that set it. */
void dml_policy_show(struct dml_policy *p, _Bool effective, struct dml_buf *out);

/*
 * Which policy holds for a path: the nearest .dmlint.yaml upward from it, the user's
 * ($XDG_CONFIG_HOME or ~/.config)/dmlint/policy.yaml, /etc/dmlint/policy.yaml, built-in `default`. Policies are loaded
 * once, directories looked at once. One that others than root and the caller could have written, or a file that it
 * names, is passed over, which dml_policies_refused tells. Thread-safe.
 */
struct dml_policies;
int dml_policies_new(struct dml_policies **out, const struct dml_rules *rules, const struct dml_catalogue *cat,
                     struct dml_err *err);
void dml_policies_free(struct dml_policies *ps);
/* The policy for a file of that path; owned by `ps`. */
int dml_policies_for(struct dml_policies *ps, const char *path, struct dml_policy **out, struct dml_err *err);
/* Policies that were found and are not used, one message each: the i-th, or NULL. They live as long as `ps`. */
const char *dml_policies_refused(const struct dml_policies *ps, uint32_t i);

#endif
