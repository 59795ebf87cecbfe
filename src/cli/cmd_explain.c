/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint explain: everything that a rule's file says, offline. */
#include <string.h>

#include "cli/words.h"

enum { TEXT_MAX = 1024 * 1024 };

static void section(struct dml_buf *out, const char *title, const char *text)
{
    if (!text || !text[0])
        return;
    dml_buf_printf(out, "\n%s\n", title);
    dml_fold(out, text, "  ", DML_FOLD);
}

static void releases(struct dml_buf *out, const struct dml_rule *r)
{
    char since[24], removed[24];
    if (r->since)
        dml_buf_printf(out, "; since Xen %s", dml_version_text(r->since, DML_V_POINT(r->since) == 0, since));
    if (r->removed)
        dml_buf_printf(out, "; before Xen %s", dml_version_text(r->removed, DML_V_POINT(r->removed) == 0, removed));
}

static void params(struct dml_buf *out, const struct dml_rule *r)
{
    if (r->params_n)
        dml_buf_str(out, "\nParameters\n");
    for (unsigned i = 0; i < r->params_n; i++) {
        const struct dml_param *p = &r->params[i];
        dml_buf_printf(out, "  %s:", p->name);
        for (unsigned k = 0; k < p->n; k++)
            dml_buf_printf(out, "%s %s", k ? "," : "", r->lits[p->first + k].s);
        dml_buf_char(out, '\n');
    }
}

static void fix_op(struct dml_buf *out, const struct dml_fix_op *f)
{
    dml_buf_printf(out, "  %s %s", dml_fix_op_names[f->kind], f->key);
    if (f->field)
        dml_buf_printf(out, ", field %s", f->field);
    if (f->to)
        dml_buf_printf(out, " to %s", f->to);
    if (f->value)
        dml_buf_printf(out, f->number ? " = %s" : " = \"%s\"", f->value);
    if (f->after)
        dml_buf_printf(out, " behind %s", f->after);
    dml_buf_char(out, '\n');
}

static void fix(struct dml_buf *out, const struct dml_rule *r)
{
    if (r->fix_safety == DML_FIX_NONE)
        return;
    dml_buf_printf(out, "\nFix (%s)\n", dml_fix_safety_names[r->fix_safety]);
    if (r->fix_text)
        dml_fold(out, r->fix_text, "  ", DML_FOLD);
    for (unsigned i = 0; i < r->fixes_n; i++)
        fix_op(out, &r->fixes[i]);
}

static void lines(struct dml_buf *out, const char *text)
{
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "\n");
        dml_buf_printf(out, "    %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void example(struct dml_buf *out, const struct dml_example *x)
{
    dml_buf_printf(out, "\n%s: %s", x->bad ? "Bad" : "Good", x->name);
    if (x->xen)
        dml_buf_printf(out, " (Xen %s)", x->xen);
    if (x->qemu)
        dml_buf_printf(out, " (QEMU %s)", x->qemu);
    dml_buf_char(out, '\n');
    if (x->cfg)
        lines(out, x->cfg);
    for (unsigned i = 0; i < x->others_n; i++) {
        dml_buf_printf(out, "  beside %s:\n", x->others[i].path);
        lines(out, x->others[i].cfg);
    }
    if (x->facts) {
        dml_buf_str(out, "  on a host with\n");
        dml_fold(out, x->facts, "    ", DML_FOLD);
    }
}

static void explain(struct dml_buf *out, const struct dml_rule *r)
{
    dml_buf_printf(out, "%s %s\n%s; tags ", r->id, r->name, dml_severity_names[r->severity]);
    dml_tag_words(out, r->tags, ", ");
    dml_buf_printf(out, "; scope %s; confidence %s", dml_scope_names[r->scope], dml_confidence_names[r->confidence]);
    releases(out, r);
    dml_buf_char(out, '\n');
    if (!r->builtin)
        dml_buf_printf(out, "from %s:%u\n", r->file, r->line);
    dml_buf_char(out, '\n');
    dml_fold(out, r->summary, "", DML_FOLD);
    section(out, "Why", r->why);
    section(out, "What to do", r->what_to_do);
    params(out, r);
    fix(out, r);
    for (unsigned i = 0; i < r->examples_n; i++)
        example(out, &r->examples[i]);
    if (r->references_n)
        dml_buf_str(out, "\nReferences\n");
    for (unsigned i = 0; i < r->references_n; i++)
        dml_buf_printf(out, "  %s\n", r->references[i]);
    dml_buf_printf(out, "\nTo accept it in one place: # dmlint: ignore[%s] -- reason\n", r->id);
}

/* A prefix or tag: the rules that it means, one a line. 0 where it means none. */
static _Bool list(struct dml_buf *out, const struct dml_rules *rules, struct dml_sv word)
{
    _Bool any = 0;
    for (uint32_t i = 0; i < rules->n; i++)
        if (dml_rule_matches(&rules->v[i], word)) {
            dml_print_rule(out, &rules->v[i]);
            any = 1;
        }
    return any;
}

enum dml_exit dml_cmd_explain(const struct dml_args *args)
{
    struct dml_here here = {0};
    struct dml_err err = {""};
    struct dml_buf out;
    enum dml_exit code = DML_EXIT_OK;
    if (!args->n_paths)
        return dml_cli_fail(
            DML_EXIT_USAGE,
            "explain which rule? Give an id or a name, or a prefix or tag to list; dmlint rules lists them all");
    if (dml_here_open(&here, args, NULL, &err) < 0) {
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
        dml_here_free(&here);
        return code;
    }
    const struct dml_rules *rules = dml_policy_rules(here.policy);
    _Bool found = 1;
    code = here.code;
    dml_buf_init(&out, TEXT_MAX);
    for (uint32_t i = 0; i < args->n_paths && found; i++) {
        struct dml_sv word = dml_sv_of(args->paths[i]);
        long k = dml_rules_find(rules, word);
        const char *near = NULL;
        found = k >= 0 || list(&out, rules, word);
        if (!found) {
            dml_rules_word(rules, word, &near);
            code = dml_cli_fail(DML_EXIT_USAGE, "there is no rule \"%s\"%s%s%s; dmlint rules lists them",
                                args->paths[i], near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
            break;
        }
        if (k < 0)
            continue;
        dml_buf_str(&out, i ? "\n" : "");
        explain(&out, &rules->v[k]);
    }
    dml_here_free(&here);
    return dml_print_buf(&out, code);
}
