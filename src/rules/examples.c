/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule's examples, and what examples share by name: hosts, and kinds of guests that some rules always remark on. */
#include <string.h>

#include "rules/reader.h"

static int read_others(struct dml_rule_reader *r, const struct dml_yaml_node *node, struct dml_example *ex)
{
    if (!node)
        return 0;
    int rc = dml_yaml_want(r->y, node, "others", DML_YAML_MAP, r->err);
    if (rc)
        return rc;
    struct dml_example_file *files = dml_new_n(r->b->arena, struct dml_example_file, node->n + 1);
    if (!files)
        return dml_err_nomem(r->err);
    for (uint32_t i = 0; !rc && i < node->n; i++) {
        files[i].path = node->keys[i]->text.p;
        rc = dml_rule_raw_text(r, node->v[i], "a guest", &files[i].cfg);
    }
    ex->others = files;
    ex->others_n = (uint16_t)node->n;
    return rc;
}

/* ---- what examples share ---- */

static const struct dml_shared *find(const struct dml_shared *v, uint32_t n, struct dml_sv name)
{
    for (uint32_t i = 0; i < n; i++)
        if (dml_sv_is(name, v[i].name))
            return &v[i];
    return NULL;
}

/* A name that is not there, with those that are. */
static int no_such(struct dml_rule_reader *r, const struct dml_yaml_node *at, const char *what,
                   const struct dml_shared *v, uint32_t n)
{
    struct dml_buf names;
    dml_buf_init(&names, 4096);
    for (uint32_t i = 0; i < n; i++)
        dml_buf_printf(&names, "%s%s", i ? ", " : "", v[i].name);
    int rc = dml_yaml_err(r->y, at, r->err, "there is no %s \"%.*s\"; there are: %.*s", what, DML_SV_ARG(at->text),
                          (int)names.len, names.p ? names.p : "");
    dml_buf_dispose(&names);
    return rc;
}

/* Words with a blank before and behind each, which must be ids of rules (where those are allowed) or kinds. */
static int read_kinds(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char *what, _Bool ids,
                      const char **out)
{
    struct dml_sv *words;
    uint32_t n;
    int rc = node ? dml_yaml_strs(r->y, node, what, r->b->arena, &words, &n, r->err) : 0;
    for (uint32_t i = 0; node && !rc && i < n; i++) {
        if (!(ids && dml_sv_starts(words[i], dml_sv_of("DM"))) && !find(r->b->kinds.v, r->b->kinds.n, words[i]))
            return no_such(r, node->kind == DML_YAML_SEQ ? node->v[i] : node,
                           ids ? "id or kind of guests" : "kind of guests", r->b->kinds.v, r->b->kinds.n);
        *out = dml_arena_printf(r->b->arena, "%s%.*s ", *out ? *out : " ", DML_SV_ARG(words[i]));
        rc = *out ? 0 : dml_err_nomem(r->err);
    }
    return rc;
}

/* Two lists as one. */
static struct dml_yaml_node *joined(struct dml_arena *a, const struct dml_yaml_node *x, const struct dml_yaml_node *y)
{
    struct dml_yaml_node *both = dml_new(a, struct dml_yaml_node);
    if (!both || !(both->v = dml_new_n(a, struct dml_yaml_node *, x->n + y->n + 1)))
        return NULL;
    both->kind = DML_YAML_SEQ;
    for (; both->n < x->n + y->n; both->n++)
        both->v[both->n] = both->n < x->n ? x->v[both->n] : y->v[both->n - x->n];
    return both;
}

/* `over` and what only `base` says, two mappings: a list goes behind that of the base, anything else takes its place.
 */
static struct dml_yaml_node *overlay(struct dml_arena *a, const struct dml_yaml_node *base,
                                     const struct dml_yaml_node *over)
{
    struct dml_yaml_node *m = dml_new(a, struct dml_yaml_node);
    if (!m || !(m->keys = dml_new_n(a, struct dml_yaml_node *, base->n + over->n)) ||
        !(m->v = dml_new_n(a, struct dml_yaml_node *, base->n + over->n)))
        return NULL;
    m->kind = DML_YAML_MAP;
    for (uint32_t i = 0; i < over->n; i++) {
        const struct dml_yaml_node *below = dml_yaml_get(base, over->keys[i]->text.p);
        struct dml_yaml_node *v = over->v[i];
        if (dml_sv_is(over->keys[i]->text, "like"))
            continue;
        if (below && below->kind == DML_YAML_SEQ && v->kind == DML_YAML_SEQ && !(v = joined(a, below, v)))
            return NULL;
        m->keys[m->n] = over->keys[i];
        m->v[m->n++] = v;
    }
    for (uint32_t i = 0; i < base->n; i++)
        if (!dml_yaml_get(over, base->keys[i]->text.p)) {
            m->keys[m->n] = base->keys[i];
            m->v[m->n++] = base->v[i];
        }
    return m;
}

static int facts_text(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char **out)
{
    struct dml_buf text;
    dml_buf_init(&text, 256 * 1024);
    dml_yaml_write(node, &text);
    *out = text.failed ? NULL : dml_arena_strndup(r->b->arena, text.p ? text.p : "", text.len);
    dml_buf_dispose(&text);
    return *out ? 0 : dml_err_nomem(r->err);
}

/* NULL, and an error that says which there are, where there is none of this name. */
static const struct dml_shared *named_host(struct dml_rule_reader *r, const struct dml_yaml_node *name)
{
    const struct dml_shared *host = name->kind == DML_YAML_SCALAR ? find(r->b->hosts.v, r->b->hosts.n, name->text)
                                                                  : NULL;
    if (!host)
        no_such(r, name, "host", r->b->hosts.v, r->b->hosts.n);
    return host;
}

/* Facts like those of a named host, and what differs. */
static int facts_like(struct dml_rule_reader *r, const struct dml_yaml_node *node, const struct dml_yaml_node *like,
                      const char **out)
{
    const struct dml_shared *host = named_host(r, like);
    struct dml_yaml base;
    if (!host)
        return DML_EINVAL;
    if (!host->text)
        return dml_yaml_err(r->y, like, r->err, "nothing is known of the host \"%s\", so none can be like it",
                            host->name);
    int rc = dml_yaml_parse(r->b->arena, "rules/shared/examples.yaml", dml_sv_of(host->text), &base, r->err);
    if (rc)
        return rc;
    const struct dml_yaml_node *all = overlay(r->b->arena, base.root, node);
    return all ? facts_text(r, all, out) : dml_err_nomem(r->err);
}

/* The name of a host, a mapping of facts, or one with like:. */
static int read_facts(struct dml_rule_reader *r, const struct dml_yaml_node *node, const char **out)
{
    if (node->kind == DML_YAML_SCALAR) {
        const struct dml_shared *host = named_host(r, node);
        *out = host ? host->text : NULL;
        return host ? 0 : DML_EINVAL;
    }
    int rc = dml_yaml_want(r->y, node, "facts", DML_YAML_MAP, r->err);
    const struct dml_yaml_node *like = rc ? NULL : dml_yaml_get(node, "like");
    if (rc)
        return rc;
    return like ? facts_like(r, node, like, out) : facts_text(r, node, out);
}

static int add_shared(struct dml_rule_reader *r, const struct dml_yaml_node *node, _Bool hosts)
{
    int rc = node ? dml_yaml_want(r->y, node, hosts ? "hosts" : "kinds", DML_YAML_MAP, r->err) : 0;
    for (uint32_t i = 0; node && !rc && i < node->n; i++) {
        struct dml_shared s = {dml_arena_strndup(r->b->arena, node->keys[i]->text.p, node->keys[i]->text.len), NULL};
        if (!hosts)
            rc = dml_rule_text(r, node->v[i], "a kind of guests", &s.text);
        else if (!dml_yaml_is_null(node->v[i]))
            rc = read_facts(r, node->v[i], &s.text);
        struct dml_shared *slot = hosts ? dml_vec_add(r->b->arena, &r->b->hosts)
                                        : dml_vec_add(r->b->arena, &r->b->kinds);
        if (!rc && (!slot || !s.name))
            rc = dml_err_nomem(r->err);
        if (!rc)
            *slot = s;
    }
    return rc;
}

int dml_rule_builder_shared(struct dml_rule_builder *b, const char *path, struct dml_err *err)
{
    enum { SHARED_MAX = 1024 * 1024 };
    static const char *const names[] = {"hosts", "kinds"};
    const struct dml_yaml_node *f[2];
    struct dml_yaml y;
    struct dml_rule_reader r = {.b = b, .y = &y, .err = err};
    int rc = dml_yaml_load(b->arena, path, SHARED_MAX, &y, NULL, err);
    if (!rc)
        rc = dml_yaml_fields(&y, y.root, "what examples share", names, 2, f, err);
    if (!rc)
        rc = add_shared(&r, f[0], 1);
    return rc ? rc : add_shared(&r, f[1], 0);
}

/* Puts the ids of the rules that always remark on the kinds in `also` behind them. */
static const char *with_remarks(struct dml_rule_builder *b, const char *also)
{
    for (uint32_t k = 0; also && k < b->kinds.n; k++) {
        const char *kind = dml_arena_printf(b->arena, " %s ", b->kinds.v[k].name);
        if (!kind || !strstr(also, kind))
            continue;
        for (uint32_t i = 0; also && i < b->rules.n; i++)
            if (b->rules.v[i].remark_on && strstr(b->rules.v[i].remark_on, kind))
                also = dml_arena_printf(b->arena, "%s%s ", also, b->rules.v[i].id);
    }
    return also;
}

int dml_rule_builder_remarks(struct dml_rule_builder *b, struct dml_err *err)
{
    for (uint32_t i = 0; i < b->rules.n; i++) {
        struct dml_rule *rule = &b->rules.v[i];
        struct dml_example *examples = dml_new_n(b->arena, struct dml_example, rule->examples_n + 1);
        for (uint32_t k = 0; examples && k < rule->examples_n; k++) {
            examples[k] = rule->examples[k];
            examples[k].also = with_remarks(b, examples[k].also);
        }
        rule->examples = examples;
    }
    return b->arena->failed ? dml_err_nomem(err) : 0;
}

/* ---- one example ---- */

static int read_example(struct dml_rule_reader *r, const struct dml_yaml_node *node, _Bool bad, struct dml_example *ex)
{
    enum { NAME, CFG, FACTS, XEN, QEMU, COUNT, LINE, OTHERS, ALSO, N };
    static const char *const names[] = {"name",         "cfg",  "facts",  "xen", "qemu",
                                        "expect_count", "line", "others", "also"};
    const struct dml_yaml_node *f[N];
    int64_t i = 0;
    int rc = dml_yaml_fields(r->y, node, "an example", names, N, f, r->err);
    if (rc)
        return rc;
    if (!f[NAME] || (!f[CFG] && !f[FACTS]))
        return dml_yaml_err(r->y, node, r->err, "an example needs name: and cfg: (or facts: for a host rule)");
    if (bad && f[ALSO])
        return dml_yaml_err(r->y, f[ALSO], r->err, "also: is for good examples; on a bad one any rule may fire");
    if (!bad && (f[COUNT] || f[LINE]))
        return dml_yaml_err(r->y, f[COUNT] ? f[COUNT] : f[LINE], r->err,
                            "a good example does not fire: no expect_count, no line");
    *ex = (struct dml_example){.bad = bad, .yaml_line = node->line};
    rc = dml_rule_text(r, f[NAME], "name", &ex->name);
    if (!rc)
        rc = dml_rule_raw_text(r, f[CFG], "cfg", &ex->cfg);
    if (!rc)
        rc = dml_rule_text(r, f[XEN], "xen", &ex->xen);
    if (!rc)
        rc = dml_rule_text(r, f[QEMU], "qemu", &ex->qemu);
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
    if (!rc)
        rc = read_kinds(r, f[ALSO], "also", 1, &ex->also);
    if (!rc && f[FACTS])
        rc = read_facts(r, f[FACTS], &ex->facts);
    if (!rc && ex->xen) {
        dml_version v;
        struct dml_err why = {""};
        if (dml_xen_version_parse(dml_sv_of(ex->xen), &v, &why))
            rc = dml_yaml_err(r->y, f[XEN], r->err, "%s", why.msg);
    }
    return rc;
}

int dml_rule_examples(struct dml_rule_reader *r, const struct dml_yaml_node *node, const struct dml_yaml_node *rule)
{
    enum { BAD, GOOD, NO_BAD, REMARK_ON, N };
    static const char *const names[] = {"bad", "good", "no_bad", "remark_on"};
    const struct dml_yaml_node *f[N] = {NULL};
    int rc = node ? dml_yaml_fields(r->y, node, "examples", names, N, f, r->err) : 0;
    uint32_t n = 0;
    for (int k = BAD; !rc && k <= GOOD; k++) {
        if (f[k])
            rc = dml_yaml_want(r->y, f[k], names[k], DML_YAML_SEQ, r->err);
        if (!rc && r->b->strict && (!f[k] || !f[k]->n) && (k || !f[NO_BAD])) /* no_bad says why there can be none */
            rc = dml_yaml_err(r->y, node ? node : rule, r->err, "a rule needs at least one %s example", names[k]);
        n += f[k] ? f[k]->n : 0;
    }
    if (!rc)
        rc = read_kinds(r, f[REMARK_ON], "remark_on", 0, &r->rule->remark_on);
    r->rule->no_bad = f[NO_BAD] != NULL;
    if (rc || !n)
        return rc;
    struct dml_example *ex = dml_new_n(r->b->arena, struct dml_example, n);
    if (!ex)
        return dml_err_nomem(r->err);
    r->rule->examples = ex;
    r->rule->examples_n = (uint16_t)n;
    for (int k = BAD; k <= GOOD; k++)
        for (uint32_t i = 0; f[k] && !rc && i < f[k]->n; i++)
            rc = read_example(r, f[k]->v[i], k == BAD, ex++);
    return rc;
}
