/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rule files: from YAML to the tables of rule.h, with every selector resolved to a slot. */
#include "rules/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "yaml/yaml.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { RULE_FILE_MAX = 1024 * 1024, POOL_MAX = 60000 };

/* One rule being read. */
struct reader {
    struct dml_rule_builder *b;
    const struct dml_yaml *y;
    struct dml_rule *rule;
    struct dml_err *err;
    DML_VEC(struct dml_cond) conds;
    DML_VEC(struct dml_lit) lits;
    DML_VEC(struct dml_part) parts;
};

static int no_memory(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory while reading rules");
}

/* ---- literals ---- */

/* One to three dotted numbers; returns how many, 0 for anything else. */
static unsigned version_numbers(struct dml_sv s, dml_version *v)
{
    uint64_t n[3] = {0, 0, 0};
    unsigned count = 0;
    for (size_t i = 0;; i++) {
        size_t start = i;
        if (count == 3)
            return 0;
        for (; i < s.len && s.p[i] != '.'; i++)
            if (s.p[i] < '0' || s.p[i] > '9')
                return 0;
        uint64_t part = 0;
        if (i == start || i - start > 4)
            return 0;
        for (size_t k = start; k < i; k++)
            part = part * 10 + (uint64_t)(s.p[k] - '0');
        if (part > 1023)
            return 0;
        n[count++] = part;
        if (i >= s.len)
            break;
    }
    *v = DML_V(n[0], n[1], n[2]);
    return count;
}

_Bool dml_lit_version(struct dml_lit *lit)
{
    dml_version v;
    unsigned count = version_numbers((struct dml_sv){lit->s, lit->len}, &v);
    if (!count)
        return 0;
    lit->kind = DML_VALUE_VERSION;
    lit->i = v;
    lit->shift = (uint8_t)((3 - count) * 10);
    return 1;
}

int dml_lit_read(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, enum dml_value_kind kind,
                 struct dml_lit *out, struct dml_err *err)
{
    struct dml_sv s;
    int64_t i;
    _Bool t;
    int rc = dml_yaml_str(y, node, what, &s, err);
    if (rc)
        return rc;
    *out = (struct dml_lit){.kind = DML_VALUE_STRING, .s = s.p, .len = (uint32_t)s.len};
    if ((kind == DML_VALUE_ANY || kind == DML_VALUE_INT) && dml_yaml_looks_int(node, &i)) {
        out->kind = DML_VALUE_INT;
        out->i = i;
    } else if ((kind == DML_VALUE_ANY || kind == DML_VALUE_BOOL) && dml_yaml_looks_bool(node, &t)) {
        out->kind = DML_VALUE_BOOL;
        out->i = t;
    } else if (kind == DML_VALUE_INT) {
        return dml_yaml_err(y, node, err, "%s must be a number, as what it is compared with; \"%.*s\" is none", what,
                            DML_SV_ARG(s));
    } else if (kind == DML_VALUE_BOOL) {
        return dml_yaml_err(y, node, err, "%s must be true or false, as what it is compared with, not \"%.*s\"", what,
                            DML_SV_ARG(s));
    } else if (kind == DML_VALUE_VERSION && !dml_lit_version(out)) {
        return dml_yaml_err(y, node, err, "%s must be a version such as \"4.17\" or \"7.2.22\", not \"%.*s\"", what,
                            DML_SV_ARG(s));
    }
    return 0;
}

static int add_lit(struct reader *r, const struct dml_yaml_node *node, const char *what, enum dml_value_kind kind)
{
    struct dml_lit *lit = dml_vec_add(r->b->arena, &r->lits);
    if (!lit)
        return no_memory(r->err);
    if (r->lits.n > POOL_MAX)
        return dml_yaml_err(r->y, node, r->err, "too many values in one rule");
    return dml_lit_read(r->y, node, what, kind, lit, r->err);
}

/* ---- selectors ---- */

static int slot_of(struct reader *r, const struct dml_yaml_node *at, enum dml_selector_class class, struct dml_sv name,
                   uint16_t *slot);

/* The slot of a name that resolves; DML_ENOENT, without a message, where it does not. */
static int find_slot(struct reader *r, const struct dml_yaml_node *at, enum dml_selector_class class,
                     struct dml_sv name, uint16_t *slot)
{
    struct dml_rule_builder *b = r->b;
    for (uint32_t i = 0; i < b->slots.n; i++) {
        if (b->slots.v[i].class == class && dml_sv_is(name, b->slots.v[i].name)) {
            *slot = (uint16_t)i;
            return 0;
        }
    }
    struct dml_selector sel;
    if (!b->cat->resolve(b->cat->user, class, name, &sel))
        return DML_ENOENT;
    if (b->slots.n >= DML_NO_SLOT)
        return dml_yaml_err(r->y, at, r->err, "too many different selectors in all rules together");
    struct dml_slot *s = dml_vec_add(b->arena, &b->slots);
    if (!s)
        return no_memory(r->err);
    *slot = (uint16_t)(b->slots.n - 1);
    *s = (struct dml_slot){.name = dml_arena_strndup(b->arena, name.p, name.len),
                           .id = sel.id,
                           .kind = (uint8_t)sel.kind,
                           .class = (uint8_t) class,
                           .list = sel.list,
                           .base = *slot};
    if (!s->name)
        return no_memory(r->err);
    const char *star = sel.list && sel.base != sel.id ? strstr(s->name, "[*]") : NULL;
    if (star) {
        uint16_t base;
        int rc = slot_of(r, at, class, (struct dml_sv){name.p, (size_t)(star - s->name) + 3}, &base);
        if (rc)
            return rc;
        b->slots.v[*slot].base = base;
    }
    return 0;
}

static int slot_of(struct reader *r, const struct dml_yaml_node *at, enum dml_selector_class class, struct dml_sv name,
                   uint16_t *slot)
{
    static const char *const what[] = {"guest key", "fact"};
    int rc = find_slot(r, at, class, name, slot);
    if (rc != DML_ENOENT)
        return rc;
    const char *near = r->b->cat->nearest(r->b->cat->user, class, name);
    return dml_yaml_err(r->y, at, r->err, "there is no %s \"%.*s\"%s%s%s", what[class], DML_SV_ARG(name),
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int slot_by_any_name(struct reader *r, const struct dml_yaml_node *at, struct dml_sv name, uint16_t *slot)
{
    int rc = find_slot(r, at, DML_SELECT_KEY, name, slot);
    if (rc == DML_ENOENT)
        rc = slot_of(r, at, DML_SELECT_FACT, name, slot);
    return rc;
}

static long find_param(const struct dml_rule *rule, struct dml_sv name)
{
    for (unsigned i = 0; i < rule->params_n; i++)
        if (dml_sv_is(name, rule->params[i].name))
            return (long)i;
    return -1;
}

static int param_of(struct reader *r, const struct dml_yaml_node *at, struct dml_sv name, uint16_t *param)
{
    long i = find_param(r->rule, name);
    if (i < 0)
        return dml_yaml_err(r->y, at, r->err, "the rule has no parameter \"%.*s\"; add it under params",
                            DML_SV_ARG(name));
    *param = (uint16_t)i;
    return 0;
}

/* ---- conditions ---- */

static const char *const op_names[] = {
    [DML_OP_ALL] = "all",
    [DML_OP_ANY] = "any",
    [DML_OP_NOT] = "not",
    [DML_OP_EXISTS] = "exists",
    [DML_OP_ABSENT] = "absent",
    [DML_OP_EQUALS] = "equals",
    [DML_OP_NOT_EQUALS] = "not_equals",
    [DML_OP_IN] = "in",
    [DML_OP_NOT_IN] = "not_in",
    [DML_OP_MATCHES] = "matches",
    [DML_OP_STARTS_WITH] = "starts_with",
    [DML_OP_CONTAINS] = "contains",
    [DML_OP_LT] = "lt",
    [DML_OP_LE] = "le",
    [DML_OP_GT] = "gt",
    [DML_OP_GE] = "ge",
    [DML_OP_COUNT] = "count",
};
enum { OPS = sizeof op_names / sizeof op_names[0], FIRST_TEST = DML_OP_EXISTS };

/* Words of a test besides the operators. */
static const char *const leaf_words[] = {"key", "fact", "param", "every", "none"};
enum { W_KEY, W_FACT, W_PARAM, W_EVERY, W_NONE, WORDS };

static struct dml_sv any_word(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(i < OPS ? op_names[i] : leaf_words[i - OPS]);
}

static int unknown_word(struct reader *r, const struct dml_yaml_node *key)
{
    long near = dml_sv_nearest(key->text, OPS + WORDS, any_word, NULL);
    return dml_yaml_err(r->y, key, r->err, "a condition has no word \"%.*s\"%s%s%s", DML_SV_ARG(key->text),
                        near < 0 ? "" : "; did you mean \"", near < 0 ? "" : any_word(NULL, (size_t)near).p,
                        near < 0 ? "" : "\"?");
}

static long word_index(struct dml_sv s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dml_sv_is(s, names[i]))
            return (long)i;
    return -1;
}

static int pattern(struct reader *r, const struct dml_yaml_node *node)
{
    int rc = add_lit(r, node, "a pattern", DML_VALUE_STRING);
    if (rc)
        return rc;
    struct dml_lit *lit = &r->lits.v[r->lits.n - 1];
    int code;
    PCRE2_SIZE offset;
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)lit->s, lit->len, DML_PATTERN_OPTIONS, &code, &offset, NULL);
    if (!re) {
        unsigned char text[120];
        pcre2_get_error_message(code, text, sizeof text);
        return dml_yaml_err(r->y, node, r->err, "not a pattern: %s, at character %zu of \"%s\"", (const char *)text,
                            (size_t)offset + 1, lit->s);
    }
    pcre2_code_free(re);
    lit->i = r->b->patterns_n++;
    return 0;
}

/* The operand of a comparison of something of `kind`: a literal, ${param}, or {key|fact: selector}. */
static int operand(struct reader *r, struct dml_cond *c, const struct dml_yaml_node *node, enum dml_value_kind kind)
{
    const char *what = op_names[c->op];
    if (node->kind == DML_YAML_MAP) {
        long w = node->n == 1 ? word_index(node->keys[0]->text, leaf_words, 2) : -1;
        if (w < 0)
            return dml_yaml_err(r->y, node, r->err,
                                "what %s compares with is a value, ${param}, {key: NAME} or {fact: NAME}", what);
        struct dml_sv name;
        int rc = dml_yaml_str(r->y, node->v[0], leaf_words[w], &name, r->err);
        c->operand = DML_OPERAND_SLOT;
        return rc ? rc : slot_of(r, node->v[0], (enum dml_selector_class)w, name, &c->right);
    }
    if (node->kind == DML_YAML_SCALAR && node->text.len > 3 && dml_sv_starts(node->text, DML_SV("${")) &&
        node->text.p[node->text.len - 1] == '}') {
        c->operand = DML_OPERAND_PARAM;
        return param_of(r, node, (struct dml_sv){node->text.p + 2, node->text.len - 3}, &c->right);
    }
    _Bool list = c->op == DML_OP_IN || c->op == DML_OP_NOT_IN;
    if (list && node->kind != DML_YAML_SEQ)
        return dml_yaml_err(r->y, node, r->err, "%s needs a list, such as [a, b]", what);
    if (!list && node->kind == DML_YAML_SEQ)
        return dml_yaml_err(r->y, node, r->err, "%s needs one value; for several use in: or any:", what);
    c->operand = DML_OPERAND_LITS;
    c->right = (uint16_t)r->lits.n;
    c->right_n = list ? (uint16_t)node->n : 1;
    if (list && !node->n)
        return dml_yaml_err(r->y, node, r->err, "%s needs at least one value", what);
    for (uint32_t i = 0; i < c->right_n; i++) {
        int rc = add_lit(r, list ? node->v[i] : node, what, kind);
        if (rc)
            return rc;
    }
    return 0;
}

static int count_operand(struct reader *r, struct dml_cond *c, const struct dml_yaml_node *node)
{
    c->compare = DML_OP_EQUALS;
    if (node->kind == DML_YAML_MAP && node->n == 1) {
        long op = word_index(node->keys[0]->text, op_names, OPS);
        if (op == DML_OP_EQUALS || op == DML_OP_NOT_EQUALS || (op >= DML_OP_LT && op <= DML_OP_GE)) {
            c->compare = (uint8_t)op;
            node = node->v[0];
        }
    }
    if (node->kind != DML_YAML_SCALAR)
        return dml_yaml_err(r->y, node, r->err, "count needs a number, or one comparison such as {ge: 2}");
    return operand(r, c, node, DML_VALUE_INT);
}

/* One operator with its operand, into *c. */
static int test(struct reader *r, struct dml_cond *c, const struct dml_yaml_node *key, const struct dml_yaml_node *node,
                enum dml_value_kind kind)
{
    long op = word_index(key->text, op_names, OPS);
    if (op < FIRST_TEST)
        return op < 0 ? unknown_word(r, key)
                      : dml_yaml_err(r->y, key, r->err, "%s holds conditions; it cannot stand beside a selector",
                                     op_names[op]);
    c->op = (uint8_t)op;
    switch (c->op) {
    case DML_OP_EXISTS:
    case DML_OP_ABSENT: {
        _Bool yes;
        int rc = dml_yaml_bool(r->y, node, op_names[op], &yes, r->err);
        if (!rc && !yes)
            c->op = c->op == DML_OP_EXISTS ? DML_OP_ABSENT : DML_OP_EXISTS;
        return rc;
    }
    case DML_OP_COUNT:
        return count_operand(r, c, node);
    case DML_OP_MATCHES:
    case DML_OP_STARTS_WITH:
    case DML_OP_CONTAINS:
        if (kind != DML_VALUE_STRING && kind != DML_VALUE_ANY)
            return dml_yaml_err(r->y, key, r->err, "%s is for text, and this selector is none", op_names[op]);
        if (c->op == DML_OP_MATCHES) {
            c->operand = DML_OPERAND_LITS;
            c->right = (uint16_t)r->lits.n;
            c->right_n = 1;
            return pattern(r, node);
        }
        return operand(r, c, node, DML_VALUE_STRING);
    case DML_OP_LT:
    case DML_OP_LE:
    case DML_OP_GT:
    case DML_OP_GE:
        if (kind == DML_VALUE_STRING || kind == DML_VALUE_BOOL)
            return dml_yaml_err(r->y, key, r->err, "%s is for numbers and versions, and this selector is neither",
                                op_names[op]);
        return operand(r, c, node, kind);
    default:
        return operand(r, c, node, kind);
    }
}

static int leaf(struct reader *r, const struct dml_yaml_node *node, struct dml_cond *c)
{
    const struct dml_yaml_node *op_key = NULL, *op_value = NULL;
    long class = -1;
    enum dml_value_kind kind = DML_VALUE_ANY;
    int rc;
    for (uint32_t i = 0; i < node->n; i++) {
        long w = word_index(node->keys[i]->text, leaf_words, WORDS);
        if (w >= 0 && w <= W_PARAM) {
            struct dml_sv name;
            if (class >= 0)
                return dml_yaml_err(r->y, node->keys[i], r->err, "a test speaks of one key, fact or param");
            class = w;
            rc = dml_yaml_str(r->y, node->v[i], leaf_words[w], &name, r->err);
            if (!rc)
                rc = w == W_PARAM ? param_of(r, node->v[i], name, &c->left)
                                  : slot_of(r, node->v[i], (enum dml_selector_class)w, name, &c->left);
            if (rc)
                return rc;
            c->left_param = w == W_PARAM;
            kind = w == W_PARAM ? r->rule->params[c->left].kind : (enum dml_value_kind)r->b->slots.v[c->left].kind;
            continue;
        }
        if (op_key)
            return dml_yaml_err(r->y, node->keys[i], r->err,
                                "a test has one operator, and this one has %.*s already; put both under all:",
                                DML_SV_ARG(op_key->text));
        op_key = node->keys[i];
        op_value = node->v[i];
    }
    if (class < 0 && op_key && word_index(op_key->text, op_names, OPS) < 0)
        return unknown_word(r, op_key);
    if (class < 0)
        return dml_yaml_err(r->y, node, r->err,
                            "a condition is all:, any:, not:, or a test with key:, fact: or param:");
    if (!op_key)
        return dml_yaml_err(r->y, node, r->err, "a test needs an operator, such as exists: true");
    long w = word_index(op_key->text, leaf_words, WORDS);
    if (w == W_EVERY || w == W_NONE) {
        c->quantifier = w == W_EVERY ? DML_QUANT_EVERY : DML_QUANT_NONE;
        if (!c->left_param && !r->b->slots.v[c->left].list)
            return dml_yaml_err(r->y, op_key, r->err, "%s needs a selector with [*]", leaf_words[w]);
        if (op_value->kind != DML_YAML_MAP || op_value->n != 1)
            return dml_yaml_err(r->y, op_value, r->err, "%s holds one operator, such as {equals: raw}", leaf_words[w]);
        op_key = op_value->keys[0];
        op_value = op_value->v[0];
        if (dml_sv_is(op_key->text, "count"))
            return dml_yaml_err(r->y, op_key, r->err, "count is about the whole list; it stands alone");
    }
    return test(r, c, op_key, op_value, kind);
}

static int condition(struct reader *r, const struct dml_yaml_node *node)
{
    int rc = dml_yaml_want(r->y, node, "a condition", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    uint32_t self = r->conds.n;
    if (self > POOL_MAX)
        return dml_yaml_err(r->y, node, r->err, "too many conditions in one rule");
    struct dml_cond *c = dml_vec_add(r->b->arena, &r->conds);
    if (!c)
        return no_memory(r->err);
    *c = (struct dml_cond){.op = DML_OP_ALL};
    long op = node->n == 1 ? word_index(node->keys[0]->text, op_names, FIRST_TEST) : -1;
    if (op < 0) {
        struct dml_cond made = {0};
        rc = leaf(r, node, &made);
        made.size = 1;
        r->conds.v[self] = made;
        return rc;
    }
    const struct dml_yaml_node *inner = node->v[0];
    if (op == DML_OP_NOT) {
        rc = condition(r, inner);
    } else {
        rc = dml_yaml_want(r->y, inner, op_names[op], DML_YAML_SEQ, r->err);
        if (!rc && !inner->n)
            rc = dml_yaml_err(r->y, inner, r->err, "%s needs at least one condition", op_names[op]);
        for (uint32_t i = 0; !rc && i < inner->n; i++)
            rc = condition(r, inner->v[i]);
    }
    r->conds.v[self].op = (uint8_t)op;
    r->conds.v[self].size = (uint16_t)(r->conds.n - self);
    return rc;
}

/* ---- messages ---- */

static int add_part(struct reader *r, enum dml_part_kind kind, uint16_t n, struct dml_sv text)
{
    struct dml_part *p = dml_vec_add(r->b->arena, &r->parts);
    if (!p)
        return no_memory(r->err);
    *p = (struct dml_part){.kind = (uint8_t)kind, .n = n, .text = ""};
    if (kind == DML_PART_TEXT && !(p->text = dml_arena_strndup(r->b->arena, text.p, text.len)))
        return no_memory(r->err);
    return 0;
}

/* "text ${name} text" into parts, appended. $$ is one $. */
static int template(struct reader *r, const struct dml_yaml_node *at, struct dml_sv s)
{
    struct dml_buf text;
    dml_buf_init(&text, 64 * 1024);
    int rc = 0;
    for (size_t i = 0; i < s.len && !rc;) {
        if (s.p[i] != '$' || i + 1 >= s.len || (s.p[i + 1] != '{' && s.p[i + 1] != '$')) {
            dml_buf_char(&text, s.p[i++]);
            continue;
        }
        if (s.p[i + 1] == '$') {
            dml_buf_char(&text, '$');
            i += 2;
            continue;
        }
        const char *end = memchr(s.p + i, '}', s.len - i);
        if (!end) {
            rc = dml_yaml_err(r->y, at, r->err, "${ without its }; write $$ for a dollar sign");
            break;
        }
        struct dml_sv name = {s.p + i + 2, (size_t)(end - s.p) - i - 2};
        if (text.len)
            rc = add_part(r, DML_PART_TEXT, 0, dml_buf_view(&text));
        dml_buf_clear(&text);
        long param = find_param(r->rule, name);
        uint16_t slot;
        if (rc)
            break;
        if (dml_sv_is(name, "value")) {
            rc = r->rule->select_n ? add_part(r, DML_PART_VALUE, 0, name)
                                   : dml_yaml_err(r->y, at, r->err, "${value} needs select: to say whose value");
        } else if (param >= 0) {
            rc = add_part(r, DML_PART_PARAM, (uint16_t)param, name);
        } else {
            rc = slot_by_any_name(r, at, name, &slot);
            if (!rc)
                rc = add_part(r, DML_PART_SLOT, slot, name);
        }
        i = (size_t)(end - s.p) + 1;
    }
    if (!rc && (text.len || !r->parts.n))
        rc = add_part(r, DML_PART_TEXT, 0, dml_buf_view(&text));
    if (!rc && text.failed)
        rc = no_memory(r->err);
    dml_buf_dispose(&text);
    return rc;
}

/* ---- the parts of a rule ---- */

static int text_field(struct reader *r, const struct dml_yaml_node *node, const char *what, const char **out)
{
    struct dml_sv s;
    if (!node)
        return 0;
    int rc = dml_yaml_str(r->y, node, what, &s, r->err);
    if (rc)
        return rc;
    s = dml_sv_trim(s);
    *out = dml_arena_strndup(r->b->arena, s.p, s.len);
    return *out ? 0 : no_memory(r->err);
}

/* Not trimmed: guest files end in a newline. */
static int raw_field(struct reader *r, const struct dml_yaml_node *node, const char *what, const char **out)
{
    struct dml_sv s;
    if (!node)
        return 0;
    int rc = dml_yaml_str(r->y, node, what, &s, r->err);
    *out = rc ? NULL : s.p;
    return rc;
}

static int names_rule(struct reader *r, const struct dml_yaml_node *id, const struct dml_yaml_node *name)
{
    struct dml_rule *rule = r->rule;
    int rc = text_field(r, id, "id", &rule->id);
    if (!rc)
        rc = text_field(r, name, "name", &rule->name);
    if (rc)
        return rc;
    if (strlen(rule->id) != 6 || strncmp(rule->id, "DM", 2) != 0 || strspn(rule->id + 2, "0123456789") != 4)
        return dml_yaml_err(r->y, id, r->err,
                            "an id is DM and four digits (DM9001), not \"%s\"; a site's own rules are DM9xxx",
                            rule->id);
    if (!rule->name[0] || strspn(rule->name, "abcdefghijklmnopqrstuvwxyz0123456789-.") != strlen(rule->name))
        return dml_yaml_err(r->y, name, r->err, "a name is lower case words with hyphens, not \"%s\"", rule->name);
    if (word_index(dml_sv_of(rule->name), dml_tag_names, DML_TAG_COUNT) >= 0)
        return dml_yaml_err(r->y, name, r->err, "\"%s\" is a tag; a rule needs a name of its own", rule->name);
    return 0;
}

static int read_tags(struct reader *r, const struct dml_yaml_node *node)
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
static int read_bound(struct reader *r, const struct dml_yaml_node *node, const char *what, dml_version *out)
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
    return version_numbers(s, out)
               ? 0
               : dml_yaml_err(r->y, node, r->err, "%s: give a release without a suffix, such as \"4.12\"", what);
}

static int read_params(struct reader *r, const struct dml_yaml_node *node)
{
    if (!node)
        return 0;
    int rc = dml_yaml_want(r->y, node, "params", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    struct dml_param *params = dml_new_n(r->b->arena, struct dml_param, node->n + 1);
    if (!params)
        return no_memory(r->err);
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
            rc = add_lit(r, p->list ? v->v[k] : v, "a parameter", DML_VALUE_ANY);
            if (!rc && k && r->lits.v[r->lits.n - 1].kind != p->kind)
                rc = dml_yaml_err(r->y, v->v[k], r->err,
                                  "all values of a parameter must be of one kind; quote the numbers");
            if (!rc)
                p->kind = r->lits.v[r->lits.n - 1].kind;
        }
        if (!rc && !p->name)
            rc = no_memory(r->err);
        if (rc)
            return rc;
        r->rule->params_n++;
    }
    return 0;
}

static int read_select(struct reader *r, const struct dml_yaml_node *node)
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
        return no_memory(r->err);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = slot_by_any_name(r, node->kind == DML_YAML_SEQ ? node->v[i] : node, names[i], &slots[i]);
    r->rule->select = slots;
    r->rule->select_n = (uint16_t)n;
    return rc;
}

static int read_references(struct reader *r, const struct dml_yaml_node *node)
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
        return no_memory(r->err);
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

static int read_fix_op(struct reader *r, const struct dml_yaml_node *node, struct dml_fix_op *op)
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
        rc = raw_field(r, f[i], fix_words[i], &text[i]);
        /* An old key may be renamed to or from, but each must be a key that xl knows. */
        if (!rc && f[i] && (i == F_KEY || i == F_FROM || i == F_TO || i == F_AFTER))
            rc = slot_of(r, f[i], DML_SELECT_KEY, f[i]->text, &slot);
        if (!rc && f[i] && i == F_VALUE) {
            uint32_t before = r->parts.n;
            rc = template(r, f[i], f[i]->text);
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

static int read_fix(struct reader *r, const struct dml_yaml_node *node)
{
    enum { SAFETY, EXPECT, OPS_, TEXT, MIGRATION, N };
    static const char *const names[] = {"safety", "expect_argv", "ops", "text", "migration"};
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
    if (!rc)
        rc = text_field(r, f[TEXT], "text", &rule->fix_text);
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
        return no_memory(r->err);
    for (uint32_t i = 0; !rc && i < f[OPS_]->n; i++)
        rc = read_fix_op(r, f[OPS_]->v[i], &ops[i]);
    rule->fixes = ops;
    rule->fixes_n = (uint16_t)f[OPS_]->n;
    return rc;
}

/* ---- examples ---- */

static int read_others(struct reader *r, const struct dml_yaml_node *node, struct dml_example *ex)
{
    if (!node)
        return 0;
    int rc = dml_yaml_want(r->y, node, "others", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    struct dml_example_file *files = dml_new_n(r->b->arena, struct dml_example_file, node->n + 1);
    if (!files)
        return no_memory(r->err);
    for (uint32_t i = 0; !rc && i < node->n; i++) {
        files[i].path = node->keys[i]->text.p;
        rc = raw_field(r, node->v[i], "a guest", &files[i].cfg);
    }
    ex->others = files;
    ex->others_n = (uint16_t)node->n;
    return rc;
}

static int read_example(struct reader *r, const struct dml_yaml_node *node, _Bool bad, struct dml_example *ex)
{
    enum { NAME, CFG, FACTS, XEN, QEMU, COUNT, LINE, OTHERS, N };
    static const char *const names[] = {"name", "cfg", "facts", "xen", "qemu", "expect_count", "line", "others"};
    const struct dml_yaml_node *f[N];
    int64_t i = 0;
    int rc = dml_yaml_fields(r->y, node, "an example", names, N, f, r->err);
    if (rc)
        return rc;
    if (!f[NAME] || (!f[CFG] && !f[FACTS]))
        return dml_yaml_err(r->y, node, r->err, "an example needs name: and cfg: (or facts: for a host rule)");
    if (!bad && (f[COUNT] || f[LINE]))
        return dml_yaml_err(r->y, f[COUNT] ? f[COUNT] : f[LINE], r->err,
                            "a good example does not fire: no expect_count, no line");
    *ex = (struct dml_example){.bad = bad, .yaml_line = node->line};
    rc = text_field(r, f[NAME], "name", &ex->name);
    if (!rc)
        rc = raw_field(r, f[CFG], "cfg", &ex->cfg);
    if (!rc)
        rc = text_field(r, f[XEN], "xen", &ex->xen);
    if (!rc)
        rc = text_field(r, f[QEMU], "qemu", &ex->qemu);
    if (!rc && f[COUNT]) {
        rc = dml_yaml_int(r->y, f[COUNT], "expect_count", 1, 100000, &i, r->err);
        ex->expect_count = (uint32_t)i;
    }
    if (!rc && f[LINE]) {
        rc = dml_yaml_int(r->y, f[LINE], "line", 1, 100000, &i, r->err);
        ex->line = (uint32_t)i;
    }
    if (!rc)
        rc = read_others(r, f[OTHERS], ex);
    if (!rc && f[FACTS]) {
        rc = dml_yaml_want(r->y, f[FACTS], "facts", DML_YAML_MAP, r->err);
        struct dml_buf text;
        dml_buf_init(&text, 256 * 1024);
        dml_yaml_write(f[FACTS], &text);
        ex->facts = text.failed ? NULL : dml_arena_strndup(r->b->arena, text.p ? text.p : "", text.len);
        dml_buf_dispose(&text);
        if (!rc && !ex->facts)
            rc = no_memory(r->err);
    }
    if (!rc && ex->xen) {
        dml_version v;
        struct dml_err why = {""};
        if (dml_xen_version_parse(dml_sv_of(ex->xen), &v, &why))
            rc = dml_yaml_err(r->y, f[XEN], r->err, "%s", why.msg);
    }
    return rc;
}

static int read_examples(struct reader *r, const struct dml_yaml_node *node, const struct dml_yaml_node *rule)
{
    static const char *const names[] = {"bad", "good", "no_bad"};
    const struct dml_yaml_node *f[3] = {NULL, NULL, NULL};
    int rc = node ? dml_yaml_fields(r->y, node, "examples", names, 3, f, r->err) : 0;
    uint32_t n = 0;
    for (int k = 0; !rc && k < 2; k++) {
        if (f[k])
            rc = dml_yaml_want(r->y, f[k], names[k], DML_YAML_SEQ, r->err);
        if (!rc && r->b->strict && (!f[k] || !f[k]->n) && (k || !f[2])) /* no_bad says why there can be none */
            rc = dml_yaml_err(r->y, node ? node : rule, r->err, "a rule needs at least one %s example", names[k]);
        n += f[k] ? f[k]->n : 0;
    }
    if (rc || !n)
        return rc;
    struct dml_example *ex = dml_new_n(r->b->arena, struct dml_example, n);
    if (!ex)
        return no_memory(r->err);
    r->rule->examples = ex;
    r->rule->examples_n = (uint16_t)n;
    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; f[k] && !rc && i < f[k]->n; i++)
            rc = read_example(r, f[k]->v[i], k == 0, ex++);
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
    K_FIX,
    K_EXAMPLES,
    KEYS
};
static const char *const rule_keys[KEYS] = {
    "id",     "name", "severity", "tags",   "summary", "why",     "do",    "references", "confidence", "message",
    "select", "when", "check",    "params", "since",   "removed", "scope", "fix",        "examples",
};
static const uint8_t required[] = {K_ID, K_NAME, K_SEVERITY, K_TAGS, K_SUMMARY, K_WHY, K_DO};

static int word_field(struct reader *r, const struct dml_yaml_node *node, const char *what, const char *const *names,
                      size_t n, uint8_t *out)
{
    unsigned v;
    if (!node)
        return 0;
    int rc = dml_yaml_enum(r->y, node, what, names, n, &v, r->err);
    if (!rc)
        *out = (uint8_t)v;
    return rc;
}

static int read_check(struct reader *r, const struct dml_yaml_node *node)
{
    const char *near = NULL;
    int rc = text_field(r, node, "check", &r->rule->check_name);
    if (rc || !node)
        return rc;
    r->rule->check = r->b->cat->check(r->b->cat->user, dml_sv_of(r->rule->check_name), &near);
    if (r->rule->check >= 0)
        return 0;
    return dml_yaml_err(r->y, node, r->err, "there is no check \"%s\" in dmlint%s%s%s", r->rule->check_name,
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int read_rule(struct dml_rule_builder *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                     struct dml_rule *rule, struct dml_err *err)
{
    const struct dml_yaml_node *f[KEYS];
    struct reader r = {.b = b, .y = y, .rule = rule, .err = err};
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
        rc = text_field(&r, f[K_SUMMARY], "summary", &rule->summary);
    if (!rc && strchr(rule->summary, '\n'))
        rc = dml_yaml_err(y, f[K_SUMMARY], err, "summary is one line");
    if (!rc)
        rc = text_field(&r, f[K_WHY], "why", &rule->why);
    if (!rc)
        rc = text_field(&r, f[K_DO], "do", &rule->what_to_do);
    if (!rc)
        rc = text_field(&r, f[K_MESSAGE], "message", &rule->message);
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
        rc = read_bound(&r, f[K_SINCE], "since", &rule->since);
    if (!rc)
        rc = read_bound(&r, f[K_REMOVED], "removed", &rule->removed);
    if (!rc)
        rc = read_params(&r, f[K_PARAMS]);
    if (!rc)
        rc = read_select(&r, f[K_SELECT]);
    if (!rc && f[K_WHEN])
        rc = condition(&r, f[K_WHEN]);
    if (!rc)
        rc = read_check(&r, f[K_CHECK]);
    if (!rc)
        rc = template(&r, f[K_MESSAGE], dml_sv_of(rule->message));
    if (!rc)
        rc = read_fix(&r, f[K_FIX]);
    if (!rc)
        rc = read_examples(&r, f[K_EXAMPLES], node);
    if (!rc && b->arena->failed)
        rc = no_memory(err);
    rule->conds = r.conds.n ? r.conds.v : NULL;
    rule->conds_n = (uint16_t)r.conds.n;
    rule->lits = r.lits.v;
    rule->lits_n = (uint16_t)r.lits.n;
    rule->parts = r.parts.v;
    rule->parts_n = (uint16_t)r.parts.n;
    return rc;
}

/* ---- sets ---- */

int dml_rule_builder_init(struct dml_rule_builder *b, const struct dml_rules *base, const struct dml_catalogue *cat,
                          struct dml_arena *a, _Bool strict, struct dml_err *err)
{
    *b = (struct dml_rule_builder){
        .arena = a, .cat = cat, .base = base, .strict = strict, .patterns_n = base->patterns_n};
    for (uint32_t i = 0; i < base->n; i++) {
        struct dml_rule *rule = dml_vec_add(a, &b->rules);
        if (!rule)
            return no_memory(err);
        *rule = base->v[i];
    }
    for (uint32_t i = 0; i < base->slots_n; i++) {
        struct dml_slot *slot = dml_vec_add(a, &b->slots);
        if (!slot)
            return no_memory(err);
        *slot = base->slots[i];
    }
    b->old_n = b->rules.n;
    return 0;
}

/* Puts a rule in: in place of an older one with its id, otherwise as a new one. */
static int put_rule(struct dml_rule_builder *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                    const struct dml_rule *rule, struct dml_err *err)
{
    struct dml_rule *place = NULL;
    for (uint32_t i = 0; i < b->rules.n; i++) {
        struct dml_rule *other = &b->rules.v[i];
        if (strcmp(other->id, rule->id) == 0) {
            if (i >= b->old_n || other->replaced)
                return dml_yaml_err(y, node, err, "the id %s is already that of %s:%u", rule->id, other->file,
                                    other->line);
            place = other;
        } else if (strcmp(other->name, rule->name) == 0) {
            return dml_yaml_err(y, node, err, "the name %s is already that of %s (%s:%u)", rule->name, other->id,
                                other->file, other->line);
        }
    }
    _Bool old = place != NULL;
    const struct dml_rule *replaces = NULL;
    if (old) {
        const struct dml_rule *before = &b->base->v[place - b->rules.v];
        replaces = before->builtin ? before : before->replaces;
    }
    if (!place)
        place = dml_vec_add(b->arena, &b->rules);
    if (!place)
        return no_memory(err);
    *place = *rule;
    place->replaced = old;
    place->replaces = replaces;
    return 0;
}

int dml_rule_builder_text(struct dml_rule_builder *b, const char *path, struct dml_sv text, struct dml_err *err)
{
    struct dml_yaml y;
    const char *kept = dml_arena_strdup(b->arena, path);
    if (!kept)
        return no_memory(err);
    int rc = dml_yaml_parse(b->arena, kept, text, &y, err);
    if (rc)
        return rc;
    const struct dml_yaml_node *root = y.root;
    uint32_t n = root->kind == DML_YAML_SEQ ? root->n : 1;
    for (uint32_t i = 0; i < n && !rc; i++) {
        const struct dml_yaml_node *node = root->kind == DML_YAML_SEQ ? root->v[i] : root;
        struct dml_rule rule;
        rc = read_rule(b, &y, node, &rule, err);
        if (!rc)
            rc = put_rule(b, &y, node, &rule, err);
    }
    return rc;
}

int dml_rule_builder_file(struct dml_rule_builder *b, const char *path, struct dml_err *err)
{
    struct dml_sv text;
    int rc = dml_file_read(b->arena, path, RULE_FILE_MAX, &text, err);
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, DML_EINVAL, "%s: a rule file is at most %d bytes", path, RULE_FILE_MAX);
    return rc ? rc : dml_rule_builder_text(b, path, text, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int dml_yaml_files(const char *dir, struct dml_arena *a, const char ***out, uint32_t *n, struct dml_err *err)
{
    DML_VEC(const char *) names = {0};
    int rc = 0;
    DIR *d = opendir(dir);
    if (!d)
        return dml_err_set(err, DML_EIO, "cannot read the directory %s: %s", dir, strerror(errno));
    for (struct dirent *e; !rc && (e = readdir(d));) {
        size_t len = strlen(e->d_name);
        if (e->d_name[0] == '.' || len < 6 || strcmp(e->d_name + len - 5, ".yaml") != 0)
            continue;
        const char **name = dml_vec_add(a, &names);
        if (!name || !(*name = dml_path_join(a, dir, e->d_name)))
            rc = no_memory(err);
    }
    closedir(d);
    if (!rc && names.n)
        qsort(names.v, names.n, sizeof *names.v, by_name);
    *out = names.v;
    *n = names.n;
    return rc;
}

int dml_rule_builder_dir(struct dml_rule_builder *b, const char *path, struct dml_err *err)
{
    const char **files;
    uint32_t n;
    int rc = dml_yaml_files(path, b->arena, &files, &n, err);
    for (uint32_t i = 0; !rc && i < n; i++)
        rc = dml_rule_builder_file(b, files[i], err);
    return rc;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct dml_rule *)a)->id, ((const struct dml_rule *)b)->id);
}

void dml_rule_builder_done(struct dml_rule_builder *b, struct dml_rules *out)
{
    for (uint32_t i = 0; i < b->rules.n; i++)
        b->rules.v[i].replaced = 0;
    if (b->rules.n)
        qsort(b->rules.v, b->rules.n, sizeof *b->rules.v, by_id);
    *out = (struct dml_rules){b->rules.v, b->rules.n, b->slots.v, b->slots.n, b->patterns_n};
}

int dml_rules_add_text(struct dml_rules *rules, const char *path, struct dml_sv text, const struct dml_catalogue *cat,
                       struct dml_arena *a, struct dml_err *err)
{
    struct dml_rule_builder b;
    int rc = dml_rule_builder_init(&b, rules, cat, a, 0, err);
    if (!rc)
        rc = dml_rule_builder_text(&b, path, text, err);
    if (!rc)
        dml_rule_builder_done(&b, rules);
    return rc;
}

int dml_rules_add_file(struct dml_rules *rules, const char *path, const struct dml_catalogue *cat, struct dml_arena *a,
                       struct dml_err *err)
{
    struct dml_rule_builder b;
    int rc = dml_rule_builder_init(&b, rules, cat, a, 0, err);
    if (!rc)
        rc = dml_rule_builder_file(&b, path, err);
    if (!rc)
        dml_rule_builder_done(&b, rules);
    return rc;
}

int dml_rules_add_dir(struct dml_rules *rules, const char *path, const struct dml_catalogue *cat, struct dml_arena *a,
                      struct dml_err *err)
{
    struct dml_rule_builder b;
    int rc = dml_rule_builder_init(&b, rules, cat, a, 0, err);
    if (!rc)
        rc = dml_rule_builder_dir(&b, path, err);
    if (!rc)
        dml_rule_builder_done(&b, rules);
    return rc;
}
