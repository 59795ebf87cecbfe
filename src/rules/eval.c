/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Evaluation: conditions over one guest in three-valued logic, each selector asked for once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/num.h"
#include "rules/load.h"

enum {
    MATCH_LIMIT = 100000,
    DEPTH_LIMIT = 1000,
    MESSAGE_MAX = 4096,
    SHOWN_VALUE_MAX = 160,
    SUBJECT_MAX = 1024,
    AROUND = 64
};

struct dml_eval {
    struct dml_arena arena; /* this struct lies in it */
    struct dml_rules set;   /* a copy: the caller's may come to hold more rules */
    const struct dml_rules *rules;
    const struct dml_provider *provider;
    dml_version xen;
    struct dml_values *cache; /* by slot; valid where have[] is set */
    uint8_t *have;
    uint8_t *missing; /* by slot: unknown, and the last rule's answer hung on it */
    uint32_t missing_n;
    _Bool undecided;    /* a pattern of the last rule went over its limit */
    pcre2_code **codes; /* by pattern, made at first use */
    pcre2_match_data *match;
    pcre2_match_context *limits;
    /* JIT code reads whole vectors around what it matches: here they are initialised memory of ours. */
    char subject[AROUND + SUBJECT_MAX + AROUND];

    /* The rule being judged. */
    const struct dml_rule *rule;
    const struct dml_param_value *params;
    uint16_t element_base; /* selectors of this list mean one element of it */
    uint32_t element;
};

int dml_eval_new(struct dml_eval **out, const struct dml_rules *rules, struct dml_err *err)
{
    struct dml_arena arena = {0};
    struct dml_eval *e = dml_new(&arena, struct dml_eval);
    struct dml_values *cache = dml_new_n(&arena, struct dml_values, rules->slots_n + 1);
    uint8_t *have = dml_new_n(&arena, uint8_t, rules->slots_n + 1);
    uint8_t *missing = dml_new_n(&arena, uint8_t, rules->slots_n + 1);
    pcre2_code **codes = dml_new_n(&arena, pcre2_code *, rules->patterns_n + 1);
    if (arena.failed) {
        dml_arena_dispose(&arena);
        return dml_err_nomem(err);
    }
    *e = (struct dml_eval){.arena = arena,
                           .set = *rules,
                           .cache = cache,
                           .have = have,
                           .missing = missing,
                           .codes = codes,
                           .element_base = DML_NO_SLOT};
    e->rules = &e->set;
    *out = e;
    return 0;
}

void dml_eval_free(struct dml_eval *e)
{
    if (!e)
        return;
    for (uint32_t i = 0; i < e->set.patterns_n; i++)
        pcre2_code_free(e->codes[i]);
    pcre2_match_data_free(e->match);
    pcre2_match_context_free(e->limits);
    struct dml_arena arena = e->arena;
    dml_arena_dispose(&arena);
}

void dml_eval_begin(struct dml_eval *e, const struct dml_provider *provider, dml_version xen)
{
    e->provider = provider;
    e->xen = xen;
    memset(e->have, 0, e->rules->slots_n);
}

static const struct dml_values *get(struct dml_eval *e, uint16_t slot)
{
    if (!e->have[slot]) {
        e->cache[slot] = e->provider->get(e->provider->user, e->rules->slots[slot].id);
        e->have[slot] = 1;
    }
    return &e->cache[slot];
}

/* What a selector means here: the current element alone where it is of the list that is being judged. */
static struct dml_values view(struct dml_eval *e, uint16_t slot)
{
    struct dml_values v = *get(e, slot);
    if (e->element_base != DML_NO_SLOT && e->rules->slots[slot].list && e->rules->slots[slot].base == e->element_base &&
        !v.unknown) {
        v.v += e->element < v.n ? e->element : 0;
        v.n = e->element < v.n;
    }
    return v;
}

static struct dml_param_value param(const struct dml_eval *e, uint16_t n)
{
    if (e->params)
        return e->params[n];
    const struct dml_param *p = &e->rule->params[n];
    return (struct dml_param_value){e->rule->lits + p->first, p->n};
}

/* ---- comparison ---- */

static enum dml_truth truth(_Bool b)
{
    return b ? DML_YES : DML_NO;
}

static _Bool ordered(enum dml_op op, int64_t a, int64_t b)
{
    switch (op) {
    case DML_OP_LT:
        return a < b;
    case DML_OP_LE:
        return a <= b;
    case DML_OP_GT:
        return a > b;
    case DML_OP_GE:
        return a >= b;
    case DML_OP_NOT_EQUALS:
    case DML_OP_NOT_IN:
        return a != b;
    default:
        return a == b;
    }
}

static enum dml_truth matches(struct dml_eval *e, struct dml_sv s, const struct dml_lit *lit)
{
    pcre2_code **code = &e->codes[lit->i];
    if (!e->match) {
        e->match = pcre2_match_data_create(1, NULL);
        e->limits = pcre2_match_context_create(NULL);
        if (e->limits) {
            pcre2_set_match_limit(e->limits, MATCH_LIMIT);
            pcre2_set_depth_limit(e->limits, DEPTH_LIMIT);
        }
    }
    if (!*code) {
        int error;
        PCRE2_SIZE offset;
        *code = pcre2_compile((PCRE2_SPTR)lit->s, lit->len, DML_PATTERN_OPTIONS, &error, &offset, NULL);
        if (*code)
            /* Without JIT it runs as well, slower. Valgrind cannot see that JIT code ignores the bytes behind a text.
             */
            if (!getenv("DMLINT_NO_JIT"))
                pcre2_jit_compile(*code, PCRE2_JIT_COMPLETE);
    }
    if (!*code || !e->match || !e->limits) {
        e->undecided = 1;
        return DML_UNKNOWN;
    }
    uint32_t options = PCRE2_NO_JIT; /* for the rare long value */
    if (s.len <= SUBJECT_MAX) {
        if (s.len)
            memcpy(e->subject + AROUND, s.p, s.len);
        s.p = e->subject + AROUND;
        options = 0;
    }
    int r = pcre2_match(*code, (PCRE2_SPTR)s.p, s.len, 0, options, e->match, e->limits);
    if (r >= 0 || r == PCRE2_ERROR_NOMATCH)
        return truth(r >= 0);
    e->undecided = 1;
    return DML_UNKNOWN;
}

/* A value against a literal. Kinds that cannot be compared are different, and neither less nor more. */
static enum dml_truth compare(struct dml_eval *e, enum dml_op op, const struct dml_value *v, const struct dml_lit *lit)
{
    _Bool negative = op == DML_OP_NOT_EQUALS || op == DML_OP_NOT_IN;
    struct dml_sv text = {lit->s, lit->len};
    if (v->kind == DML_VALUE_STRING) {
        struct dml_sv s = v->u.s;
        int64_t n;
        switch (op) {
        case DML_OP_MATCHES:
            return matches(e, s, lit);
        case DML_OP_STARTS_WITH:
            return truth(dml_sv_starts(s, text));
        case DML_OP_CONTAINS:
            return truth(!text.len || (s.len >= text.len && memmem(s.p, s.len, text.p, text.len)));
        default:
            /* A number in quotes is a number to xl. */
            if (lit->kind == DML_VALUE_INT && dml_num_parse(s, 0, &n, NULL) == DML_NUM_OK)
                return truth(ordered(op, n, lit->i));
            if (op >= DML_OP_LT && op <= DML_OP_GE)
                return DML_NO;
            return truth(dml_sv_eq(s, text) != negative);
        }
    }
    if (v->kind == DML_VALUE_VERSION) {
        struct dml_lit version = *lit;
        if (lit->kind != DML_VALUE_VERSION && !dml_lit_version(&version))
            return truth(negative);
        return truth(ordered(op, (int64_t)v->u.v >> version.shift, version.i >> version.shift));
    }
    if (op == DML_OP_MATCHES || op == DML_OP_STARTS_WITH || op == DML_OP_CONTAINS)
        return DML_NO;
    if (lit->kind == DML_VALUE_INT || lit->kind == DML_VALUE_BOOL)
        return truth(ordered(op, v->u.i, lit->i));
    int64_t n;
    if (lit->kind == DML_VALUE_STRING && dml_num_parse(text, 0, &n, NULL) == DML_NUM_OK)
        return truth(ordered(op, v->u.i, n));
    return truth(negative);
}

static struct dml_lit lit_of(const struct dml_value *v)
{
    switch (v->kind) {
    case DML_VALUE_STRING:
        return (struct dml_lit){.kind = v->kind, .s = v->u.s.p, .len = (uint32_t)v->u.s.len};
    case DML_VALUE_VERSION:
        return (struct dml_lit){.kind = v->kind, .i = v->u.v, .s = ""};
    default:
        return (struct dml_lit){.kind = v->kind, .i = v->u.i, .s = ""};
    }
}

/* One value of the left side against all of the right: any of them will do, none of them for the negative two. */
static enum dml_truth against(struct dml_eval *e, const struct dml_cond *c, const struct dml_value *v)
{
    enum dml_op op = (enum dml_op)c->op;
    _Bool negative = op == DML_OP_NOT_EQUALS || op == DML_OP_NOT_IN;
    if (v->kind == DML_VALUE_UNKNOWN)
        return DML_UNKNOWN;
    if (v->kind == DML_VALUE_ABSENT)
        return DML_NO;
    if (c->operand == DML_OPERAND_SLOT) {
        struct dml_values right = view(e, c->right);
        if (right.unknown)
            return DML_UNKNOWN;
        enum dml_truth t = negative && right.n ? DML_YES : DML_NO;
        for (uint32_t i = 0; i < right.n; i++) {
            enum dml_truth one = DML_NO;
            if (right.v[i].kind == DML_VALUE_UNKNOWN) {
                one = DML_UNKNOWN;
            } else if (right.v[i].kind != DML_VALUE_ABSENT) {
                struct dml_lit lit = lit_of(&right.v[i]);
                one = compare(e, op, v, &lit);
            }
            t = negative ? dml_and(t, one) : dml_or(t, one);
        }
        return t;
    }
    struct dml_param_value right = {e->rule->lits + c->right, c->right_n};
    if (c->operand == DML_OPERAND_PARAM)
        right = param(e, c->right);
    if (right.n == 1)
        return compare(e, op, v, right.v);
    enum dml_truth t = truth(negative);
    for (uint32_t i = 0; i < right.n; i++) {
        enum dml_truth one = compare(e, op, v, &right.v[i]);
        t = negative ? dml_and(t, one) : dml_or(t, one);
    }
    return t;
}

static enum dml_truth test_one(struct dml_eval *e, const struct dml_cond *c, const struct dml_value *v)
{
    if (c->op != DML_OP_EXISTS && c->op != DML_OP_ABSENT)
        return against(e, c, v);
    if (v->kind == DML_VALUE_UNKNOWN)
        return DML_UNKNOWN;
    return truth((v->kind == DML_VALUE_ABSENT) == (c->op == DML_OP_ABSENT));
}

static enum dml_truth test_count(struct dml_eval *e, const struct dml_cond *c, struct dml_values left)
{
    if (left.unknown)
        return DML_UNKNOWN;
    int64_t low = 0, high = 0; /* unknown values may be there or not */
    for (uint32_t i = 0; i < left.n; i++) {
        low += left.v[i].kind != DML_VALUE_ABSENT && left.v[i].kind != DML_VALUE_UNKNOWN;
        high += left.v[i].kind != DML_VALUE_ABSENT;
    }
    struct dml_cond one = *c;
    one.op = c->compare;
    enum dml_truth t = DML_NO;
    _Bool all = 1;
    for (int64_t n = low; n <= high; n++) {
        struct dml_value v = {.kind = DML_VALUE_INT, .u.i = n};
        enum dml_truth this = against(e, &one, &v);
        t = dml_or(t, this);
        all = all && this == DML_YES;
    }
    return t == DML_YES && !all ? DML_UNKNOWN : t;
}

static enum dml_truth quantified(struct dml_eval *e, const struct dml_cond *c, struct dml_values left, _Bool list)
{
    if (left.unknown)
        return DML_UNKNOWN;
    if (left.n == 1 && c->quantifier == DML_QUANT_ANY) /* as most are */
        return test_one(e, c, left.v);
    if (!left.n && !list) { /* absent as a whole, the quantifier is ANY */
        return truth(c->op == DML_OP_ABSENT);
    }
    enum dml_truth t = truth(c->quantifier == DML_QUANT_EVERY);
    /* "absent" of a list means that no element has it. */
    if (c->op == DML_OP_ABSENT && c->quantifier == DML_QUANT_ANY) {
        t = DML_YES;
        for (uint32_t i = 0; i < left.n; i++)
            t = dml_and(t, test_one(e, c, &left.v[i]));
        return t;
    }
    for (uint32_t i = 0; i < left.n; i++) {
        enum dml_truth one = test_one(e, c, &left.v[i]);
        t = c->quantifier == DML_QUANT_EVERY ? dml_and(t, one) : dml_or(t, one);
    }
    return c->quantifier == DML_QUANT_NONE ? dml_not(t) : t;
}

static enum dml_truth test(struct dml_eval *e, const struct dml_cond *c)
{
    if (!c->left_param) {
        struct dml_values left = e->element_base == DML_NO_SLOT ? *get(e, c->left) : view(e, c->left);
        return c->op == DML_OP_COUNT ? test_count(e, c, left) : quantified(e, c, left, e->rules->slots[c->left].list);
    }
    struct dml_param_value p = param(e, c->left);
    enum dml_truth t = truth(c->quantifier == DML_QUANT_EVERY);
    if (c->op == DML_OP_COUNT) {
        struct dml_cond one = *c;
        struct dml_value n = {.kind = DML_VALUE_INT, .u.i = p.n};
        one.op = c->compare;
        return against(e, &one, &n);
    }
    if (!p.n && c->op == DML_OP_ABSENT)
        return DML_YES;
    for (uint32_t i = 0; i < p.n; i++) {
        const struct dml_lit *lit = &p.v[i];
        struct dml_value v = {.kind = lit->kind, .span = DML_NO_SPAN};
        if (lit->kind == DML_VALUE_STRING)
            v.u.s = (struct dml_sv){lit->s, lit->len};
        else
            v.u.i = lit->i;
        enum dml_truth one = test_one(e, c, &v);
        t = c->quantifier == DML_QUANT_EVERY ? dml_and(t, one) : dml_or(t, one);
    }
    return c->quantifier == DML_QUANT_NONE ? dml_not(t) : t;
}

static enum dml_truth evaluate(struct dml_eval *e, const struct dml_cond *c)
{
    if (c->op > DML_OP_NOT)
        return test(e, c);
    if (c->op == DML_OP_NOT)
        return dml_not(evaluate(e, c + 1));
    /* ALL is the least of its children and ends at NO; ANY the greatest and ends at YES. */
    const struct dml_cond *end = c + c->size;
    enum dml_truth stop = c->op == DML_OP_ALL ? DML_NO : DML_YES, t = dml_not(stop);
    for (const struct dml_cond *child = c + 1; child < end && t != stop; child += child->size)
        t = c->op == DML_OP_ALL ? dml_and(t, evaluate(e, child)) : dml_or(t, evaluate(e, child));
    return t;
}

/* ---- what was missing ---- */

static void miss(struct dml_eval *e, uint16_t slot)
{
    struct dml_values v = view(e, slot);
    _Bool unknown = v.unknown;
    for (uint32_t i = 0; i < v.n && !unknown; i++)
        unknown = v.v[i].kind == DML_VALUE_UNKNOWN;
    if (unknown && !e->missing[slot]) {
        e->missing[slot] = 1;
        e->missing_n++;
    }
}

/* Marks the selectors on which the answer of an unknown condition hangs. */
static void collect(struct dml_eval *e, const struct dml_cond *c)
{
    if (c->op > DML_OP_NOT) {
        if (!c->left_param)
            miss(e, c->left);
        if (c->operand == DML_OPERAND_SLOT)
            miss(e, c->right);
        return;
    }
    for (const struct dml_cond *child = c + 1; child < c + c->size; child += child->size)
        if (evaluate(e, child) == DML_UNKNOWN)
            collect(e, child);
}

unsigned dml_eval_missing(const struct dml_eval *e, uint16_t *slots, unsigned max)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < e->rules->slots_n && n < e->missing_n; i++) {
        if (!e->missing[i])
            continue;
        if (n < max)
            slots[n] = (uint16_t)i;
        n++;
    }
    return n;
}

_Bool dml_eval_undecided(const struct dml_eval *e)
{
    return e->undecided;
}

/* ---- a rule ---- */

static struct dml_span span_of(struct dml_eval *e, uint16_t slot)
{
    struct dml_values v = view(e, slot);
    return v.n && !v.unknown ? v.v[0].span : DML_NO_SPAN;
}

/* Where a finding points: at what is judged, or the list element it is in, or the next selector that has a place. */
static struct dml_span place(struct dml_eval *e)
{
    struct dml_span span = DML_NO_SPAN;
    for (unsigned i = 0; i < e->rule->select_n && dml_span_none(span); i++) {
        uint16_t slot = e->rule->select[i];
        span = span_of(e, slot);
        if (dml_span_none(span) && e->rules->slots[slot].base != slot)
            span = span_of(e, e->rules->slots[slot].base);
    }
    return span;
}

static void begin_rule(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params)
{
    e->rule = rule;
    e->params = params;
    e->element_base = DML_NO_SLOT;
    e->element = 0;
}

enum dml_truth dml_eval_rule(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                             dml_fire *fire, void *user)
{
    begin_rule(e, rule, params);
    e->undecided = 0;
    if (e->missing_n) {
        memset(e->missing, 0, e->rules->slots_n);
        e->missing_n = 0;
    }
    if (e->xen && ((rule->since && e->xen < rule->since) || (rule->removed && e->xen >= rule->removed)))
        return DML_NO;
    if (!rule->conds)
        return DML_UNKNOWN;
    _Bool unbound = !e->xen && (rule->since || rule->removed);
    uint32_t n = 1;
    if (rule->select_n && e->rules->slots[rule->select[0]].list) {
        const struct dml_slot *slot = &e->rules->slots[rule->select[0]];
        const struct dml_values *list = get(e, slot->base);
        if (list->unknown) {
            miss(e, slot->base);
            return evaluate(e, rule->conds) == DML_NO ? DML_NO : DML_UNKNOWN;
        }
        n = list->n;
        e->element_base = slot->base;
    }
    enum dml_truth t = DML_NO;
    for (e->element = 0; e->element < n; e->element++) {
        enum dml_truth one = evaluate(e, rule->conds);
        if (one == DML_YES && unbound)
            one = DML_UNKNOWN;
        if (one == DML_YES && fire)
            fire(user, rule, e->element, place(e));
        if (one == DML_UNKNOWN && !unbound)
            collect(e, rule->conds);
        t = dml_or(t, one);
    }
    return t;
}

enum dml_truth dml_eval_test(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                             const struct dml_cond *c)
{
    begin_rule(e, rule, params);
    return test(e, c);
}

/* ---- words ---- */

static void show(struct dml_buf *out, const struct dml_value *v)
{
    char text[24];
    switch (v->kind) {
    case DML_VALUE_BOOL:
        dml_buf_str(out, v->u.i ? "true" : "false");
        break;
    case DML_VALUE_INT:
        dml_buf_printf(out, "%lld", (long long)v->u.i);
        break;
    case DML_VALUE_VERSION:
        dml_buf_str(out, dml_version_text(v->u.v, 0, text));
        break;
    case DML_VALUE_STRING:
        dml_buf_sv(out, dml_sv_cut(v->u.s, v->u.s.len < SHOWN_VALUE_MAX ? v->u.s.len : SHOWN_VALUE_MAX));
        dml_buf_str(out, v->u.s.len > SHOWN_VALUE_MAX ? "..." : "");
        break;
    case DML_VALUE_UNKNOWN:
        dml_buf_str(out, "(not known)");
        break;
    default:
        dml_buf_str(out, "(absent)");
    }
}

static void show_slot(struct dml_eval *e, struct dml_buf *out, uint16_t slot)
{
    static const struct dml_value absent = {.kind = DML_VALUE_ABSENT}, unknown = {.kind = DML_VALUE_UNKNOWN};
    struct dml_values v = view(e, slot);
    if (v.unknown || !v.n)
        show(out, v.unknown ? &unknown : &absent);
    for (uint32_t i = 0; i < v.n && !v.unknown; i++) {
        dml_buf_str(out, i ? ", " : "");
        show(out, &v.v[i]);
    }
}

struct dml_sv dml_eval_message(struct dml_eval *e, const struct dml_rule *rule, const struct dml_param_value *params,
                               uint32_t element, struct dml_arena *a)
{
    if (rule->parts_n == 1 && rule->parts[0].kind == DML_PART_TEXT)
        return dml_sv_of(rule->parts[0].text);
    begin_rule(e, rule, params);
    if (rule->select_n && e->rules->slots[rule->select[0]].list) {
        e->element_base = e->rules->slots[rule->select[0]].base;
        e->element = element;
    }
    struct dml_buf out;
    dml_buf_init(&out, MESSAGE_MAX);
    for (unsigned i = 0; i < rule->parts_n; i++) {
        const struct dml_part *p = &rule->parts[i];
        if (p->kind == DML_PART_TEXT) {
            dml_buf_str(&out, p->text);
        } else if (p->kind == DML_PART_PARAM) {
            struct dml_param_value v = param(e, p->n);
            for (uint32_t k = 0; k < v.n; k++) {
                dml_buf_str(&out, k ? ", " : "");
                dml_buf_add(&out, v.v[k].s, v.v[k].len);
            }
        } else {
            show_slot(e, &out, p->kind == DML_PART_VALUE ? rule->select[0] : p->n);
        }
    }
    /* Over the cap it is cut, which is fine, but not within a character. */
    struct dml_sv s = dml_arena_sv(a, out.failed ? dml_sv_cut(dml_buf_view(&out), out.len) : dml_buf_view(&out));
    dml_buf_dispose(&out);
    return s;
}

struct dml_sv dml_eval_key(const struct dml_eval *e, const struct dml_rule *rule, uint32_t element, struct dml_arena *a)
{
    for (unsigned i = 0; i < rule->select_n; i++) {
        const struct dml_slot *slot = &e->rules->slots[rule->select[i]];
        if (slot->class != DML_SELECT_KEY)
            continue;
        const char *star = strstr(slot->name, "[*]");
        if (!star || i) /* only the first selector is judged per element */
            return dml_sv_of(slot->name);
        return dml_sv_of(
            dml_arena_printf(a, "%.*s[%u]%s", (int)(star - slot->name), slot->name, (unsigned)element, star + 3));
    }
    return (struct dml_sv){"", 0};
}
