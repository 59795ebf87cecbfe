/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule file's mapping: its fields and its fix. */
#include <string.h>

#include "rules/reader.h"

int dml_rule_text(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, const char **out)
{
    struct dml_sv s;
    if (!node)
        return 0;
    int rc = dml_yaml_str(r->y, node, what, &s, r->err);
    if (rc)
        return rc;
    s = dml_sv_trim(s);
    *out = dml_arena_strndup(r->b->arena, s.p, s.len);
    return *out ? 0 : dml_err_nomem(r->err);
}

int dml_rule_raw_text(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, const char **out)
{
    struct dml_sv s;
    if (!node)
        return 0;
    int rc = dml_yaml_str(r->y, node, what, &s, r->err);
    *out = rc ? NULL : s.p;
    return rc;
}

static int names_rule(struct dml_rule_reader *r, const struct dml_yaml_node *id, const struct dml_yaml_node *name)
{
    struct dml_rule *rule = r->rule;
    int rc = dml_rule_text(r, id, "id", &rule->id);
    if (!rc)
        rc = dml_rule_text(r, name, "name", &rule->name);
    if (rc)
        return rc;
    if (strlen(rule->id) != 6 || strncmp(rule->id, "DM", 2) != 0 || strspn(rule->id + 2, "0123456789") != 4)
        return dml_yaml_err(r->y, id, r->err,
                            "an id is DM and four digits (DM9001), not \"%s\"; a site's own rules are DM9xxx",
                            rule->id);
    if (!rule->name[0] || strspn(rule->name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(rule->name))
        return dml_yaml_err(r->y, name, r->err, "a name is lower case words with hyphens, not \"%s\"", rule->name);
    if (dml_rule_word(dml_sv_of(rule->name), dml_tag_names, DML_TAG_COUNT) >= 0)
        return dml_yaml_err(r->y, name, r->err, "\"%s\" is a tag; a rule needs a name of its own", rule->name);
    return 0;
}

static int read_tags(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    int rc = dml_yaml_want(r->y, node, "tags", DML_YAML_SEQ, r->err);
    for (uint32_t i = 0; !rc && i < node->n; i++) {
        unsigned tag;
        rc = dml_yaml_enum(r->y, node->v[i], "a tag", dml_tag_names, DML_TAG_COUNT, &tag, r->err);
        if (!rc)
            r->rule->tags |= 1u << tag;
    }
    if (!rc && !r->rule->tags)
        rc = dml_yaml_err(r->y, node, r->err, "a rule needs at least one tag");
    return rc;
}

/* A bound of since/removed: "4.12" means its first release. */
static int read_bound(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, dml_version *out)
{
    struct dml_sv s;
    struct dml_err why = {""};
    if (!node)
        return 0;
    int rc = dml_yaml_str(r->y, node, what, &s, r->err);
    if (rc)
        return rc;
    if (dml_xen_version_parse(s, out, &why))
        return dml_yaml_err(r->y, node, r->err, "%s: %s", what, why.msg);
    return dml_rule_version(s, out)
               ? 0
               : dml_yaml_err(r->y, node, r->err, "%s: give a release without a suffix, such as \"4.12\"", what);
}

static int read_params(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    if (!node)
        return 0;
    int rc = dml_yaml_want(r->y, node, "params", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    struct dml_param *params = dml_new_n(r->b->arena, struct dml_param, node->n + 1);
    if (!params)
        return dml_err_nomem(r->err);
    r->rule->params = params;
    for (uint32_t i = 0; i < node->n; i++) {
        const struct dml_yaml_node *v = node->v[i];
        struct dml_param *p = &params[i];
        struct dml_sv name = node->keys[i]->text;
        if (!name.len || dml_sv_is(name, "value") ||
            strspn(name.p, "abcdefghijklmnopqrstuvwxyz0123456789_") != name.len)
            return dml_yaml_err(r->y, node->keys[i], r->err,
                                "a parameter's name is made of a-z, 0-9 and _, and is not \"value\"");
        if (v->kind == DML_YAML_MAP)
            return dml_yaml_err(r->y, v, r->err, "a parameter is a value or a list of values");
        p->name = dml_arena_strndup(r->b->arena, name.p, name.len);
        p->list = v->kind == DML_YAML_SEQ;
        p->first = (uint16_t)r->lits.n;
        p->n = p->list ? (uint16_t)v->n : 1;
        p->kind = DML_VALUE_STRING;
        for (uint32_t k = 0; !rc && k < p->n; k++) {
            rc = dml_rule_add_lit(r, p->list ? v->v[k] : v, "a parameter", DML_VALUE_ANY);
            if (!rc && k && r->lits.v[r->lits.n - 1].kind != p->kind)
                rc = dml_yaml_err(r->y, v->v[k], r->err,
                                  "all values of a parameter must be of one kind; quote the numbers");
            if (!rc)
                p->kind = r->lits.v[r->lits.n - 1].kind;
        }
        if (!rc && !p->name)
            rc = dml_err_nomem(r->err);
        if (rc)
            return rc;
        r->rule->params_n++;
    }
    return 0;
}

static int read_select(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    struct dml_sv *names;
    uint32_t n;
    if (!node)
        return 0;
    int rc = dml_yaml_strs(r->y, node, "select", r->b->arena, &names, &n, r->err);
    if (rc)
        return rc;
    uint16_t *slots = dml_new_n(r->b->arena, uint16_t, n + 1);
    if (!slots)
        return dml_err_nomem(r->err);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = dml_rule_any_slot(r, node->kind == DML_YAML_SEQ ? node->v[i] : node, names[i], &slots[i]);
    r->rule->select = slots;
    r->rule->select_n = (uint16_t)n;
    return rc;
}

static int read_references(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    struct dml_sv *list;
    uint32_t n;
    if (!node)
        return 0;
    int rc = dml_yaml_strs(r->y, node, "references", r->b->arena, &list, &n, r->err);
    if (rc)
        return rc;
    const char **refs = dml_new_n(r->b->arena, const char *, n + 1);
    if (!refs)
        return dml_err_nomem(r->err);
    for (uint32_t i = 0; i < n; i++)
        refs[i] = list[i].p;
    r->rule->references = refs;
    r->rule->references_n = (uint16_t)n;
    return 0;
}

/* ---- fixes ---- */

/* Which words each operation takes; upper case in `needs` is required. */
enum { F_KEY, F_FIELD, F_VALUE, F_FROM, F_TO, F_AFTER, F_WORDS };
static const char *const fix_words[F_WORDS] = {"key", "field", "value", "from", "to", "after"};
static const struct {
    uint8_t needs, takes; /* bits of F_* */
} fix_shapes[] = {
    [DML_FIX_SET] = {1 << F_KEY | 1 << F_VALUE, 0},
    [DML_FIX_DELETE] = {1 << F_KEY, 0},
    [DML_FIX_RENAME_KEY] = {1 << F_FROM | 1 << F_TO, 0},
    [DML_FIX_SET_FIELD] = {1 << F_KEY | 1 << F_FIELD | 1 << F_VALUE, 0},
    [DML_FIX_DELETE_FIELD] = {1 << F_KEY | 1 << F_FIELD, 0},
    [DML_FIX_APPEND] = {1 << F_KEY | 1 << F_VALUE, 0},
    [DML_FIX_INSERT] = {1 << F_KEY | 1 << F_VALUE, 1 << F_AFTER},
};

/* What a fix says of the finding itself: its key, what that can be renamed to, its value as 1 or 0. */
static _Bool own_word(unsigned kind, unsigned word, struct dml_sv text)
{
    if (word == F_KEY || word == F_FROM)
        return (kind == DML_FIX_DELETE || kind == DML_FIX_SET || kind == DML_FIX_RENAME_KEY) &&
               dml_sv_is(text, "${key}");
    return (word == F_TO && dml_sv_is(text, "${meant}")) ||
           (word == F_VALUE && kind == DML_FIX_SET && dml_sv_is(text, "${switch}"));
}

static int read_fix_op(struct dml_rule_reader *r, const struct dml_yaml_node *node, struct dml_fix_op *op)
{
    const struct dml_yaml_node *f[F_WORDS];
    const char *text[F_WORDS] = {NULL};
    unsigned kind;
    int rc = dml_yaml_want(r->y, node, "an operation", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    if (node->n != 1)
        return dml_yaml_err(r->y, node, r->err,
                            "an operation is one word with its arguments, such as delete: {key: builder}");
    rc = dml_yaml_enum(r->y, node->keys[0], "an operation", dml_fix_op_names, 7, &kind, r->err);
    if (!rc)
        rc = dml_yaml_fields(r->y, node->v[0], dml_fix_op_names[kind], fix_words, F_WORDS, f, r->err);
    for (unsigned i = 0; !rc && i < F_WORDS; i++) {
        _Bool needed = fix_shapes[kind].needs >> i & 1, taken = fix_shapes[kind].takes >> i & 1;
        if (needed && !f[i])
            return dml_yaml_err(r->y, node, r->err, "%s needs %s:", dml_fix_op_names[kind], fix_words[i]);
        if (f[i] && !needed && !taken)
            return dml_yaml_err(r->y, f[i], r->err, "%s takes no %s:", dml_fix_op_names[kind], fix_words[i]);
        uint16_t slot;
        rc = dml_rule_raw_text(r, f[i], fix_words[i], &text[i]);
        /* An old key may be renamed to or from, but each must be a key that xl knows; or it is the finding's own. */
        _Bool own = f[i] && own_word(kind, i, f[i]->text);
        if (!rc && f[i] && !own && (i == F_KEY || i == F_FROM || i == F_TO || i == F_AFTER))
            rc = dml_rule_slot(r, f[i], DML_SELECT_KEY, f[i]->text, &slot);
        if (!rc && f[i] && !own && i == F_VALUE) {
            uint32_t before = r->parts.n;
            rc = dml_rule_template(r, f[i], f[i]->text);
            r->parts.n = before;
        }
    }
    if (rc)
        return rc;
    int64_t number;
    *op = (struct dml_fix_op){.kind = (uint8_t)kind,
                              .number = f[F_VALUE] && dml_yaml_looks_int(f[F_VALUE], &number),
                              .key = text[F_KEY] ? text[F_KEY] : text[F_FROM],
                              .field = text[F_FIELD],
                              .to = text[F_TO],
                              .value = text[F_VALUE],
                              .after = text[F_AFTER]};
    return 0;
}

static int read_fix(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    enum { SAFETY, EXPECT, OPS_, TEXT, MIGRATION, QEMU_XEN, N };
    static const char *const names[] = {"safety", "expect_argv", "ops", "text", "migration", "qemu_xen"};
    const struct dml_yaml_node *f[N];
    if (!node)
        return 0;
    struct dml_rule *rule = r->rule;
    unsigned v;
    int rc = dml_yaml_fields(r->y, node, "fix", names, N, f, r->err);
    if (!rc && !f[SAFETY])
        rc = dml_yaml_err(r->y, node, r->err, "a fix needs safety: safe, unsafe or manual");
    if (!rc)
        rc = dml_yaml_enum(r->y, f[SAFETY], "safety", dml_fix_safety_names + 1, 3, &v, r->err);
    if (rc)
        return rc;
    rule->fix_safety = (uint8_t)(v + 1);
    rule->expect_argv = rule->fix_safety == DML_FIX_UNSAFE ? DML_EXPECT_CHANGES : DML_EXPECT_EQUAL;
    if (f[EXPECT]) {
        rc = dml_yaml_enum(r->y, f[EXPECT], "expect_argv", dml_expect_argv_names, 3, &v, r->err);
        rule->expect_argv = (uint8_t)v;
    }
    if (!rc && f[MIGRATION])
        rc = dml_yaml_bool(r->y, f[MIGRATION], "migration", &rule->migration, r->err);
    if (!rc && f[QEMU_XEN])
        rc = dml_yaml_bool(r->y, f[QEMU_XEN], "qemu_xen", &rule->qemu_xen, r->err);
    if (!rc)
        rc = dml_rule_text(r, f[TEXT], "text", &rule->fix_text);
    if (rc)
        return rc;
    if (rule->fix_safety == DML_FIX_MANUAL && (f[OPS_] || !f[TEXT]))
        return dml_yaml_err(r->y, node, r->err, "a manual fix has text: and no ops:");
    if (rule->fix_safety != DML_FIX_MANUAL && !f[OPS_])
        return dml_yaml_err(r->y, node, r->err, "a %s fix needs ops:", dml_fix_safety_names[rule->fix_safety]);
    if (!f[OPS_])
        return 0;
    rc = dml_yaml_want(r->y, f[OPS_], "ops", DML_YAML_SEQ, r->err);
    if (rc)
        return rc;
    struct dml_fix_op *ops = dml_new_n(r->b->arena, struct dml_fix_op, f[OPS_]->n + 1);
    if (!ops)
        return dml_err_nomem(r->err);
    for (uint32_t i = 0; !rc && i < f[OPS_]->n; i++)
        rc = read_fix_op(r, f[OPS_]->v[i], &ops[i]);
    rule->fixes = ops;
    rule->fixes_n = (uint16_t)f[OPS_]->n;
    return rc;
}

/* ---- one rule ---- */

enum {
    K_ID,
    K_NAME,
    K_SEVERITY,
    K_TAGS,
    K_SUMMARY,
    K_WHY,
    K_DO,
    K_REFERENCES,
    K_CONFIDENCE,
    K_MESSAGE,
    K_SELECT,
    K_WHEN,
    K_CHECK,
    K_PARAMS,
    K_SINCE,
    K_REMOVED,
    K_SCOPE,
    K_REMEDY,
    K_FIX,
    K_EXAMPLES,
    KEYS
};
static const char *const rule_keys[KEYS] = {
    "id",     "name", "severity", "tags",   "summary", "why",     "do",    "references", "confidence", "message",
    "select", "when", "check",    "params", "since",   "removed", "scope", "remedy",     "fix",        "examples",
};
static const uint8_t required[] = {K_ID, K_NAME, K_SEVERITY, K_TAGS, K_SUMMARY, K_WHY, K_DO};

static int word_field(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what,
                      const char *const *names, size_t n, uint8_t *out)
{
    unsigned v;
    if (!node)
        return 0;
    int rc = dml_yaml_enum(r->y, node, what, names, n, &v, r->err);
    if (!rc)
        *out = (uint8_t)v;
    return rc;
}

static int read_check(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    const char *near = NULL;
    int rc = dml_rule_text(r, node, "check", &r->rule->check_name);
    if (rc || !node)
        return rc;
    r->rule->check = r->b->cat->check(r->b->cat->user, dml_sv_of(r->rule->check_name), &near);
    if (r->rule->check >= 0)
        return 0;
    return dml_yaml_err(r->y, node, r->err, "there is no check \"%s\" in dmlint%s%s%s", r->rule->check_name,
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

int dml_rule_read(struct dml_rule_builder *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                  struct dml_rule *rule, struct dml_err *err)
{
    const struct dml_yaml_node *f[KEYS];
    struct dml_rule_reader r = {.b = b, .y = y, .rule = rule, .err = err};
    *rule = (struct dml_rule){
        .severity = DML_ERROR, .confidence = DML_CONFIDENCE_SOURCE, .check = -1, .file = y->path, .line = node->line};
    int rc = dml_yaml_fields(y, node, "a rule", rule_keys, KEYS, f, err);
    for (size_t i = 0; !rc && i < sizeof required; i++)
        if (!f[required[i]])
            rc = dml_yaml_err(y, node, err, "the rule has no %s:", rule_keys[required[i]]);
    if (!rc && !f[K_WHEN] == !f[K_CHECK])
        rc = dml_yaml_err(y, node, err, "a rule has either when: (a condition) or check: (a C function)");
    if (!rc)
        rc = names_rule(&r, f[K_ID], f[K_NAME]);
    if (!rc)
        rc = word_field(&r, f[K_SEVERITY], "severity", dml_severity_names, 4, &rule->severity);
    if (!rc)
        rc = read_tags(&r, f[K_TAGS]);
    if (!rc)
        rc = dml_rule_text(&r, f[K_SUMMARY], "summary", &rule->summary);
    if (!rc && strchr(rule->summary, '\n'))
        rc = dml_yaml_err(y, f[K_SUMMARY], err, "summary is one line");
    if (!rc)
        rc = dml_rule_text(&r, f[K_WHY], "why", &rule->why);
    if (!rc)
        rc = dml_rule_text(&r, f[K_DO], "do", &rule->what_to_do);
    if (!rc)
        rc = dml_rule_text(&r, f[K_MESSAGE], "message", &rule->message);
    if (!rc && !rule->message) {
        rule->message = rule->summary;
        f[K_MESSAGE] = f[K_SUMMARY];
    }
    if (!rc && strchr(rule->message, '\n'))
        rc = dml_yaml_err(y, f[K_MESSAGE], err, "message is one line");
    if (!rc)
        rc = read_references(&r, f[K_REFERENCES]);
    if (!rc)
        rc = word_field(&r, f[K_CONFIDENCE], "confidence", dml_confidence_names, 3, &rule->confidence);
    if (!rc)
        rc = word_field(&r, f[K_SCOPE], "scope", dml_scope_names, 4, &rule->scope);
    if (!rc)
        rc = word_field(&r, f[K_REMEDY], "remedy", dml_remedy_names, 5, &rule->remedy);
    if (!rc)
        rc = read_bound(&r, f[K_SINCE], "since", &rule->since);
    if (!rc)
        rc = read_bound(&r, f[K_REMOVED], "removed", &rule->removed);
    if (!rc)
        rc = read_params(&r, f[K_PARAMS]);
    if (!rc)
        rc = read_select(&r, f[K_SELECT]);
    if (!rc && f[K_WHEN])
        rc = dml_rule_condition(&r, f[K_WHEN]);
    if (!rc)
        rc = read_check(&r, f[K_CHECK]);
    if (!rc)
        rc = dml_rule_template(&r, f[K_MESSAGE], dml_sv_of(rule->message));
    if (!rc)
        rc = read_fix(&r, f[K_FIX]);
    if (!rc)
        rc = dml_rule_examples(&r, f[K_EXAMPLES], node);
    if (!rc && b->arena->failed)
        rc = dml_err_nomem(err);
    rule->conds = r.conds.n ? r.conds.v : NULL;
    rule->conds_n = (uint16_t)r.conds.n;
    rule->lits = r.lits.v;
    rule->lits_n = (uint16_t)r.lits.n;
    rule->parts = r.parts.v;
    rule->parts_n = (uint16_t)r.parts.n;
    return rc;
}
