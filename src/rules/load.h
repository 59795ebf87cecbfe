/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule files into a set of rules: what the generator and the run-time loader share. */
#ifndef DML_RULES_LOAD_H
#define DML_RULES_LOAD_H

#include "base/sha256.h"
#include "rules/rule.h"
#include "yaml/yaml.h"

/* Patterns match the whole value, bytes as they are: a newline is a character as any other, also at the end. */
#define DML_PATTERN_OPTIONS                                                                                            \
    (PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY)

/* A set being put together; everything lives in the arena. */
struct dml_rule_builder {
    struct dml_arena *arena;
    const struct dml_catalogue *cat;
    const struct dml_rules *base; /* must outlive the set: replaced built-in rules stay in use */
    DML_VEC(struct dml_rule) rules;
    DML_VEC(struct dml_slot) slots;
    DML_VEC(struct dml_shared) hosts;
    DML_VEC(struct dml_shared) kinds;
    uint32_t patterns_n;
    uint32_t old_n;         /* rules that were there before */
    _Bool discovered;       /* nobody named the policy that names the files: they must be trusted */
    _Bool named;            /* the file stands on the command line, where a pipe is fine */
    _Bool strict;           /* every rule needs a bad and a good example */
    struct dml_sha256 *sha; /* gets the text of every file that is read; NULL: none */
};

int dml_rule_builder_init(struct dml_rule_builder *b, const struct dml_rules *base, const struct dml_catalogue *cat,
                          struct dml_arena *a, _Bool strict, struct dml_err *err);
/* A file holds one rule, or a list of rules. */
int dml_rule_builder_text(struct dml_rule_builder *b, const char *path, struct dml_sv text, struct dml_err *err);
int dml_rule_builder_file(struct dml_rule_builder *b, const char *path, struct dml_err *err);
int dml_rule_builder_dir(struct dml_rule_builder *b, const char *path, struct dml_err *err);
/* The file of what examples share by name, before the rules that do. */
int dml_rule_builder_shared(struct dml_rule_builder *b, const char *path, struct dml_err *err);
/* After the rules: puts the ids of those that always remark on a kind of guests behind that kind, in every `also`. */
int dml_rule_builder_remarks(struct dml_rule_builder *b, struct dml_err *err);
void dml_rule_builder_done(struct dml_rule_builder *b, struct dml_rules *out);

/* Reads a literal of `kind` (DML_VALUE_ANY: by its look). */
int dml_lit_read(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, enum dml_value_kind kind,
                 struct dml_lit *out, struct dml_err *err);
/* Makes a text literal a version; 0 if it is none. */
_Bool dml_lit_version(struct dml_lit *lit);
/* Paths of the *.yaml files of a directory, sorted. */
int dml_yaml_files(const char *dir, struct dml_arena *a, const char ***out, uint32_t *n, struct dml_err *err);

#endif
