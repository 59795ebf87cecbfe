/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rule while it is read: what condition.c, load.c and build.c share; private to rules/. */
#ifndef DML_RULES_READER_H
#define DML_RULES_READER_H

#include "rules/load.h"

enum { DML_RULE_POOL_MAX = 60000 }; /* conditions or literals of one rule */

struct dml_rule_reader {
    struct dml_rule_builder *b;
    const struct dml_yaml *y;
    struct dml_rule *rule;
    struct dml_err *err;
    DML_VEC(struct dml_cond) conds;
    DML_VEC(struct dml_lit) lits;
    DML_VEC(struct dml_part) parts;
};

/* A text in the arena, with the blanks around it taken off or left on (guest files end in a newline). NULL: nothing. */
int dml_rule_text(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, const char **out);
int dml_rule_raw_text(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, const char **out);
/* Index of a word among n, or -1. */
long dml_rule_word(struct dml_sv s, const char *const *names, size_t n);
/* One to three dotted numbers; returns how many, 0 for anything else. */
unsigned dml_rule_version(struct dml_sv s, dml_version *v);
/* One more literal of `kind`, at the end of r->lits. */
int dml_rule_add_lit(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what,
                     enum dml_value_kind kind);
/* The slot of a selector, made where it is new: of one class, or of a key before a fact. */
int dml_rule_slot(struct dml_rule_reader *r, const struct dml_yaml_node *at, enum dml_selector_class class,
                  struct dml_sv name, uint16_t *slot);
int dml_rule_any_slot(struct dml_rule_reader *r, const struct dml_yaml_node *at, struct dml_sv name, uint16_t *slot);
/* A condition, at the end of r->conds. */
int dml_rule_condition(struct dml_rule_reader *r, const struct dml_yaml_node *node);
/* "text ${name} text" as parts, at the end of r->parts. */
int dml_rule_template(struct dml_rule_reader *r, const struct dml_yaml_node *at, struct dml_sv s);
/* The examples of `rule`; node is NULL where it has none. */
int dml_rule_examples(struct dml_rule_reader *r, const struct dml_yaml_node *node, const struct dml_yaml_node *rule);
/* A whole rule. */
int dml_rule_read(struct dml_rule_builder *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                  struct dml_rule *rule, struct dml_err *err);

#endif
