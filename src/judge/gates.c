/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gates: what a guest must have for a rule to be anything but passed, found in the rule's condition once, so that rules
 * that cannot fire on a guest are not evaluated. A rule about absence has no gate.
 */
#include "facts/select.h"
#include "judge/judge_i.h"

/* No key is needed. */
static const struct judge_gate open_gate = {.any = 1};

static void add_keys(struct judge_gate *g, uint32_t selector)
{
    enum dml_key_id keys[3];
    unsigned n = dml_select_keys(selector, keys);
    g->any = n == 0;
    for (unsigned i = 0; i < n; i++)
        g->keys[keys[i] / 64] |= UINT64_C(1) << keys[i] % 64;
}

/* One rule whose gate is looked for, with the parameters in force. */
struct looking {
    struct dml_eval *eval;
    const struct dml_rules *rules;
    const struct dml_rule *rule;
    const struct dml_param_value *params;
    _Bool elements; /* it is judged per element of a list of the host */
};

/* Is the comparison false for every guest of this world? */
static _Bool never(const struct looking *l, const struct dml_cond *c)
{
    return !c->left_param && c->operand != DML_OPERAND_SLOT && !l->elements &&
           dml_select_is_constant(l->rules->slots[c->left].id) &&
           dml_eval_test(l->eval, l->rule, l->params, c) == DML_NO;
}

/* A comparison that is false of a value that is not there needs the value. */
static struct judge_gate gate_of_test(const struct looking *l, const struct dml_cond *c)
{
    const struct dml_rules *rules = l->rules;
    const struct dml_rule *rule = l->rule;
    struct judge_gate g = open_gate;
    g.closed = never(l, c);
    if (c->left_param || c->op == DML_OP_ABSENT || c->op == DML_OP_COUNT || c->quantifier != DML_QUANT_ANY)
        return g;
    add_keys(&g, rules->slots[c->left].id);
    const struct dml_lit *lit = c->operand == DML_OPERAND_LITS && c->right_n == 1 ? &rule->lits[c->right] : NULL;
    g.requested = c->op == DML_OP_EQUALS && lit && lit->kind == DML_VALUE_BOOL && lit->i &&
                  dml_select_is_request(rules->slots[c->left].id);
    return g;
}

static unsigned size(const struct judge_gate *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < JUDGE_GATE_WORDS; i++)
        n += (unsigned)__builtin_popcountll(g->keys[i]);
    return g->any ? UINT32_MAX : n;
}

/* All of several: what any of them needs, and of keys those of the one that needs the fewest. */
static void both(struct judge_gate *g, const struct judge_gate *more)
{
    _Bool requested = g->requested || more->requested, closed = g->closed || more->closed;
    if (size(more) < size(g))
        *g = *more;
    g->requested = requested;
    g->closed = closed;
}

/* Any of several: only what each of them needs. */
static void either(struct judge_gate *g, const struct judge_gate *more)
{
    g->any |= more->any;
    g->requested &= more->requested;
    g->closed &= more->closed;
    for (unsigned i = 0; i < JUDGE_GATE_WORDS; i++)
        g->keys[i] |= more->keys[i];
}

static struct judge_gate gate_of(const struct looking *l, const struct dml_cond *c)
{
    if (c->op == DML_OP_NOT)
        return open_gate;
    if (c->op > DML_OP_NOT)
        return gate_of_test(l, c);
    const struct dml_cond *end = c + c->size;
    struct judge_gate g = open_gate;
    _Bool first = 1;
    for (const struct dml_cond *child = c + 1; child < end; child += child->size, first = 0) {
        struct judge_gate one = gate_of(l, child);
        if (first)
            g = one;
        else
            (c->op == DML_OP_ALL ? both : either)(&g, &one);
    }
    return g;
}

struct judge_gate dml_judge_gate(const struct judge_policy *p, const struct dml_rule *rule,
                                 const struct dml_param_value *params)
{
    struct looking l = {p->eval, p->rules, rule, params, 0};
    const struct dml_slot *list = rule->select_n ? &p->rules->slots[rule->select[0]] : NULL;
    struct judge_gate g = open_gate, of_list = open_gate;
    if (rule->check >= 0 || !rule->conds || !p->rules->slots)
        return g;
    l.elements = list && list->list && dml_select_is_constant(list->id);
    g = gate_of(&l, rule->conds);
    if (list && list->list) { /* judged per element, and passed where there is none */
        add_keys(&of_list, list->id);
        both(&g, &of_list);
    }
    return g;
}

void dml_judge_see_keys(struct judging *g)
{
    for (unsigned k = 0; k < DML_KEY_COUNT; k++)
        g->written[k / 64] |= (uint64_t)(g->s.guest.by_key[k] != NULL) << k % 64;
}

_Bool dml_judge_passes_gate(const struct judging *g, const struct judge_gate *gate)
{
    uint64_t hit = gate->any;
    if (gate->closed || (gate->requested && !dml_subject_restricted(&g->s)))
        return 0;
    for (unsigned i = 0; i < JUDGE_GATE_WORDS; i++)
        hit |= g->written[i] & gate->keys[i];
    return hit != 0;
}
