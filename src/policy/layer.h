/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Layer: one policy file as read, and the policy made of layers; private to policy/. */
#ifndef DML_POLICY_LAYER_H
#define DML_POLICY_LAYER_H

#include "policy/policy.h"
#include "yaml/yaml.h"

enum { DML_POLICY_FILE_MAX = 1024 * 1024, DML_POLICY_OVERRIDES = 64, DML_NO_SEVERITY = 255 };

/* A key of `rules:`, `params:` or `unsuppressible:` with what stands behind it. Nodes live as long as the policy. */
struct dml_entry {
    struct dml_sv word; /* id, prefix, name or tag; empty: params of the whole policy */
    uint8_t severity;   /* DML_NO_SEVERITY where none is said */
    _Bool locked, unsuppressible;
    const struct dml_yaml_node *at;     /* the word's place */
    const struct dml_yaml_node *params; /* mapping or NULL */
};

struct dml_override {
    const struct dml_layer *layer;
    const struct dml_sv *globs;
    uint32_t globs_n;
    const struct dml_entry *entries;
    uint32_t entries_n;
    uint32_t line;
};

/* `include:` or `exclude:`. */
struct dml_globs {
    const struct dml_sv *v;
    uint32_t n, line; /* line 0: not there */
};

struct dml_layer {
    const char *file, *name;
    const char *path, *dir; /* absolute; a built-in one has its name as path and no dir */
    struct dml_yaml yaml;
    struct dml_sv text;
    const struct dml_yaml_node *extends, *rules_dir, *rule_files, *waivers;
    const struct dml_entry *entries;
    uint32_t entries_n;
    struct dml_override *overrides;
    uint32_t overrides_n;
    uint8_t fail_on; /* DML_NO_SEVERITY where not said */
    uint32_t fail_on_line;
    const char *baseline;
    struct dml_globs include, exclude;
};

/* Settings made for one set of overrides that match. */
struct dml_made_settings {
    struct dml_made_settings *next;
    uint64_t mask;
    struct dml_setting *v;
};

struct dml_policy {
    struct dml_arena arena; /* this struct lies in it */
    const struct dml_catalogue *cat;
    _Bool discovered;                   /* nobody named it: its files must be trusted */
    DML_VEC(struct dml_layer *) layers; /* what is extended comes first */
    struct dml_rules rules;
    const struct dml_rules *rules_seen; /* as given, or &rules */
    struct dml_setting *base;
    DML_VEC(struct dml_override *) overrides;
    DML_VEC(struct dml_waiver) waivers;
    char sha256[65];
};

/* Reads one file (text already in memory) into a layer. */
int dml_layer_read(struct dml_layer *l, const char *file, struct dml_sv text, struct dml_arena *a, struct dml_err *err);
/* waivers.c: those of a layer into the policy, checked against its rules. */
int dml_layer_waivers(struct dml_policy *p, const struct dml_layer *l, struct dml_err *err);
/* Does one of the globs mean the path, as given, absolute, or as seen from the layer's directory? */
_Bool dml_layer_glob(const struct dml_layer *l, const struct dml_sv *globs, uint32_t n, const char *given,
                     const char *absolute);
/* DML_EINVAL with a suggestion where the word means no rule. */
int dml_layer_word(const struct dml_policy *p, const struct dml_layer *l, const struct dml_yaml_node *at,
                   struct dml_sv word, struct dml_err *err);

#endif
