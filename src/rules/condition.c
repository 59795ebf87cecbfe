/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Conditions and messages of rules: selectors become slots, operands literals, patterns numbers. */
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "rules/reader.h"

/* ---- literals ---- */

/* One to three dotted numbers; returns how many, 0 for anything else. */
unsigned dml_rule_version(struct dml_sv s, dml_version *v)
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
    unsigned count = dml_rule_version((struct dml_sv){lit->s, lit->len}, &v);
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

int dml_rule_add_lit(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what,
                     enum dml_value_kind kind)
{
    struct dml_lit *lit = dml_vec_add(r->b->arena, &r->lits);
    if (!lit)
        return dml_err_nomem(r->err);
    if (r->lits.n > DML_RULE_POOL_MAX)
        return dml_yaml_err(r->y, node, r->err, "too many values in one rule");
    return dml_lit_read(r->y, node, what, kind, lit, r->err);
}

/* ---- selectors ---- */

/* The slot of a name that resolves; DML_ENOENT, without a message, where it does not. */
static int find_slot(struct dml_rule_reader *r, const struct dml_yaml_node *at, enum dml_selector_class class,
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
        return dml_err_nomem(r->err);
    *slot = (uint16_t)(b->slots.n - 1);
    *s = (struct dml_slot){.name = dml_arena_strndup(b->arena, name.p, name.len),
                           .id = sel.id,
                           .kind = (uint8_t)sel.kind,
                           .class = (uint8_t) class,
                           .list = sel.list,
                           .base = *slot};
    if (!s->name)
        return dml_err_nomem(r->err);
    const char *star = sel.list && sel.base != sel.id ? strstr(s->name, "[*]") : NULL;
    if (star) {
        uint16_t base = 0;
        int rc = dml_rule_slot(r, at, class, (struct dml_sv){name.p, (size_t)(star - s->name) + 3}, &base);
        if (rc)
            return rc;
        b->slots.v[*slot].base = base;
    }
    return 0;
}

/* Says that there is no such `what`, with a name near to it. */
static int no_such(struct dml_rule_reader *r, const struct dml_yaml_node *at, const char *what, struct dml_sv name,
                   const char *near)
{
    return dml_yaml_err(r->y, at, r->err, "there is no %s \"%.*s\"%s%s%s", what, DML_SV_ARG(name),
                        near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static const char *nearest(const struct dml_rule_reader *r, enum dml_selector_class class, struct dml_sv name)
{
    return r->b->cat->nearest(r->b->cat->user, class, name);
}

int dml_rule_slot(struct dml_rule_reader *r, const struct dml_yaml_node *at, enum dml_selector_class class,
                  struct dml_sv name, uint16_t *slot)
{
    static const char *const what[] = {"guest key", "fact"};
    int rc = find_slot(r, at, class, name, slot);
    return rc == DML_ENOENT ? no_such(r, at, what[class], name, nearest(r, class, name)) : rc;
}

int dml_rule_any_slot(struct dml_rule_reader *r, const struct dml_yaml_node *at, struct dml_sv name, uint16_t *slot)
{
    int rc = find_slot(r, at, DML_SELECT_KEY, name, slot);
    if (rc == DML_ENOENT)
        rc = find_slot(r, at, DML_SELECT_FACT, name, slot);
    if (rc != DML_ENOENT)
        return rc;
    const char *near = nearest(r, DML_SELECT_KEY, name);
    return no_such(r, at, "guest key or fact", name, near ? near : nearest(r, DML_SELECT_FACT, name));
}

static long find_param(const struct dml_rule *rule, struct dml_sv name)
{
    for (unsigned i = 0; i < rule->params_n; i++)
        if (dml_sv_is(name, rule->params[i].name))
            return (long)i;
    return -1;
}

static int param_of(struct dml_rule_reader *r, const struct dml_yaml_node *at, struct dml_sv name, uint16_t *param)
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

static int unknown_word(struct dml_rule_reader *r, const struct dml_yaml_node *key)
{
    long near = dml_sv_nearest(key->text, OPS + WORDS, any_word, NULL);
    return dml_yaml_err(r->y, key, r->err, "a condition has no word \"%.*s\"%s%s%s", DML_SV_ARG(key->text),
                        near < 0 ? "" : "; did you mean \"", near < 0 ? "" : any_word(NULL, (size_t)near).p,
                        near < 0 ? "" : "\"?");
}

long dml_rule_word(struct dml_sv s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dml_sv_is(s, names[i]))
            return (long)i;
    return -1;
}

static int pattern(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    int rc = dml_rule_add_lit(r, node, "a pattern", DML_VALUE_STRING);
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
static int operand(struct dml_rule_reader *r, struct dml_cond *c, const struct dml_yaml_node *node,
                   enum dml_value_kind kind)
{
    const char *what = op_names[c->op];
    if (node->kind == DML_YAML_MAP) {
        long w = node->n == 1 ? dml_rule_word(node->keys[0]->text, leaf_words, 2) : -1;
        if (w < 0)
            return dml_yaml_err(r->y, node, r->err,
                                "what %s compares with is a value, ${param}, {key: NAME} or {fact: NAME}", what);
        struct dml_sv name;
        int rc = dml_yaml_str(r->y, node->v[0], leaf_words[w], &name, r->err);
        c->operand = DML_OPERAND_SLOT;
        return rc ? rc : dml_rule_slot(r, node->v[0], (enum dml_selector_class)w, name, &c->right);
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
        int rc = dml_rule_add_lit(r, list ? node->v[i] : node, what, kind);
        if (rc)
            return rc;
    }
    return 0;
}

static int count_operand(struct dml_rule_reader *r, struct dml_cond *c, const struct dml_yaml_node *node)
{
    c->compare = DML_OP_EQUALS;
    if (node->kind == DML_YAML_MAP && node->n == 1) {
        long op = dml_rule_word(node->keys[0]->text, op_names, OPS);
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
static int test(struct dml_rule_reader *r, struct dml_cond *c, const struct dml_yaml_node *key,
                const struct dml_yaml_node *node, enum dml_value_kind kind)
{
    long op = dml_rule_word(key->text, op_names, OPS);
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

static int leaf(struct dml_rule_reader *r, const struct dml_yaml_node *node, struct dml_cond *c)
{
    const struct dml_yaml_node *op_key = NULL, *op_value = NULL;
    long class = -1;
    enum dml_value_kind kind = DML_VALUE_ANY;
    int rc;
    for (uint32_t i = 0; i < node->n; i++) {
        long w = dml_rule_word(node->keys[i]->text, leaf_words, WORDS);
        if (w >= 0 && w <= W_PARAM) {
            struct dml_sv name;
            if (class >= 0)
                return dml_yaml_err(r->y, node->keys[i], r->err, "a test speaks of one key, fact or param");
            class = w;
            rc = dml_yaml_str(r->y, node->v[i], leaf_words[w], &name, r->err);
            if (!rc)
                rc = w == W_PARAM ? param_of(r, node->v[i], name, &c->left)
                                  : dml_rule_slot(r, node->v[i], (enum dml_selector_class)w, name, &c->left);
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
    if (class < 0 && op_key && dml_rule_word(op_key->text, op_names, OPS) < 0)
        return unknown_word(r, op_key);
    if (class < 0)
        return dml_yaml_err(r->y, node, r->err,
                            "a condition is all:, any:, not:, or a test with key:, fact: or param:");
    if (!op_key)
        return dml_yaml_err(r->y, node, r->err, "a test needs an operator, such as exists: true");
    long w = dml_rule_word(op_key->text, leaf_words, WORDS);
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

int dml_rule_condition(struct dml_rule_reader *r, const struct dml_yaml_node *node)
{
    int rc = dml_yaml_want(r->y, node, "a condition", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    uint32_t self = r->conds.n;
    if (self > DML_RULE_POOL_MAX)
        return dml_yaml_err(r->y, node, r->err, "too many conditions in one rule");
    struct dml_cond *c = dml_vec_add(r->b->arena, &r->conds);
    if (!c)
        return dml_err_nomem(r->err);
    *c = (struct dml_cond){.op = DML_OP_ALL};
    long op = node->n == 1 ? dml_rule_word(node->keys[0]->text, op_names, FIRST_TEST) : -1;
    if (op < 0) {
        struct dml_cond made = {0};
        rc = leaf(r, node, &made);
        made.size = 1;
        r->conds.v[self] = made;
        return rc;
    }
    const struct dml_yaml_node *inner = node->v[0];
    if (op == DML_OP_NOT) {
        rc = dml_rule_condition(r, inner);
    } else {
        rc = dml_yaml_want(r->y, inner, op_names[op], DML_YAML_SEQ, r->err);
        if (!rc && !inner->n)
            rc = dml_yaml_err(r->y, inner, r->err, "%s needs at least one condition", op_names[op]);
        for (uint32_t i = 0; !rc && i < inner->n; i++)
            rc = dml_rule_condition(r, inner->v[i]);
    }
    r->conds.v[self].op = (uint8_t)op;
    r->conds.v[self].size = (uint16_t)(r->conds.n - self);
    return rc;
}

/* ---- messages ---- */

static int add_part(struct dml_rule_reader *r, enum dml_part_kind kind, uint16_t n, struct dml_sv text)
{
    struct dml_part *p = dml_vec_add(r->b->arena, &r->parts);
    if (!p)
        return dml_err_nomem(r->err);
    *p = (struct dml_part){.kind = (uint8_t)kind, .n = n, .text = ""};
    if (kind == DML_PART_TEXT && !(p->text = dml_arena_strndup(r->b->arena, text.p, text.len)))
        return dml_err_nomem(r->err);
    return 0;
}

/* "text ${name} text" into parts, appended. $$ is one $. */
int dml_rule_template(struct dml_rule_reader *r, const struct dml_yaml_node *at, struct dml_sv s)
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
        uint16_t slot = 0;
        if (rc)
            break;
        if (dml_sv_is(name, "value")) {
            rc = r->rule->select_n ? add_part(r, DML_PART_VALUE, 0, name)
                                   : dml_yaml_err(r->y, at, r->err, "${value} needs select: to say whose value");
        } else if (param >= 0) {
            rc = add_part(r, DML_PART_PARAM, (uint16_t)param, name);
        } else {
            rc = dml_rule_any_slot(r, at, name, &slot);
            if (!rc)
                rc = add_part(r, DML_PART_SLOT, slot, name);
        }
        i = (size_t)(end - s.p) + 1;
    }
    if (!rc && (text.len || !r->parts.n))
        rc = add_part(r, DML_PART_TEXT, 0, dml_buf_view(&text));
    if (!rc && text.failed)
        rc = dml_err_nomem(r->err);
    dml_buf_dispose(&text);
    return rc;
}
