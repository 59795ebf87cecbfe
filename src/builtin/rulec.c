/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rulec: reads rules/ and policies/ at build time, with the loader that reads a site's files at run time, and writes
 * them as C tables. Usage: rulec RULES_DIR POLICIES_DIR OUT.c, from the source directory.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "policy/policy.h"
#include "rules/load.h"

static FILE *out;

/* ---- C text ---- */

static void bytes(const char *s, size_t len)
{
    fputc('"', out);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\n' && i + 1 < len)
            fputs("\\n\"\n    \"", out);
        else if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < ' ' || c >= 0x7f || c == '?')
            fprintf(out, "\\%03o", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void string(const char *s)
{
    if (s)
        bytes(s, strlen(s));
    else
        fputs("NULL", out);
}

static void field(const char *name, const char *s)
{
    if (!s)
        return;
    fprintf(out, ".%s = ", name);
    string(s);
    fputs(", ", out);
}

/* ---- the tables of one rule ---- */

static void conds(const struct dml_rule *r, uint32_t k)
{
    if (!r->conds_n)
        return;
    fprintf(out, "static const struct dml_cond conds_%u[] = {\n", k);
    for (unsigned i = 0; i < r->conds_n; i++) {
        const struct dml_cond *c = &r->conds[i];
        fprintf(out, "    {%u, %u, %u, %u, %u, %u, %u, %u, %u},\n", c->op, c->quantifier, c->operand, c->compare,
                c->left_param, c->size, c->left, c->right, c->right_n);
    }
    fputs("};\n", out);
}

static void lits(const struct dml_rule *r, uint32_t k)
{
    if (!r->lits_n)
        return;
    fprintf(out, "static const struct dml_lit lits_%u[] = {\n", k);
    for (unsigned i = 0; i < r->lits_n; i++) {
        const struct dml_lit *l = &r->lits[i];
        fprintf(out, "    {.kind = %d, .shift = %u, .i = %lld, .len = %u, .s = ", (int)l->kind, l->shift,
                (long long)l->i, l->len);
        bytes(l->s, l->len);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void parts(const struct dml_rule *r, uint32_t k)
{
    fprintf(out, "static const struct dml_part parts_%u[] = {\n", k);
    for (unsigned i = 0; i < r->parts_n; i++) {
        fprintf(out, "    {%u, %u, ", r->parts[i].kind, r->parts[i].n);
        string(r->parts[i].text);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void params(const struct dml_rule *r, uint32_t k)
{
    if (!r->params_n)
        return;
    fprintf(out, "static const struct dml_param params_%u[] = {\n", k);
    for (unsigned i = 0; i < r->params_n; i++) {
        const struct dml_param *p = &r->params[i];
        fprintf(out, "    {\"%s\", %d, %d, %u, %u},\n", p->name, (int)p->kind, p->list, p->first, p->n);
    }
    fputs("};\n", out);
}

static void selects(const struct dml_rule *r, uint32_t k)
{
    if (!r->select_n)
        return;
    fprintf(out, "static const uint16_t select_%u[] = {", k);
    for (unsigned i = 0; i < r->select_n; i++)
        fprintf(out, "%u, ", r->select[i]);
    fputs("};\n", out);
}

static void references(const struct dml_rule *r, uint32_t k)
{
    if (!r->references_n)
        return;
    fprintf(out, "static const char *const references_%u[] = {\n", k);
    for (unsigned i = 0; i < r->references_n; i++) {
        fputs("    ", out);
        string(r->references[i]);
        fputs(",\n", out);
    }
    fputs("};\n", out);
}

static void fixes(const struct dml_rule *r, uint32_t k)
{
    if (!r->fixes_n)
        return;
    fprintf(out, "static const struct dml_fix_op fixes_%u[] = {\n", k);
    for (unsigned i = 0; i < r->fixes_n; i++) {
        const struct dml_fix_op *f = &r->fixes[i];
        fprintf(out, "    {.kind = %u, .number = %d, ", f->kind, f->number);
        field("key", f->key);
        field("field", f->field);
        field("to", f->to);
        field("value", f->value);
        field("after", f->after);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void examples(const struct dml_rule *r, uint32_t k)
{
    for (unsigned i = 0; i < r->examples_n; i++) {
        const struct dml_example *x = &r->examples[i];
        if (!x->others_n)
            continue;
        fprintf(out, "static const struct dml_example_file others_%u_%u[] = {\n", k, i);
        for (unsigned j = 0; j < x->others_n; j++) {
            fputs("    {", out);
            field("path", x->others[j].path);
            field("cfg", x->others[j].cfg);
            fputs("},\n", out);
        }
        fputs("};\n", out);
    }
    if (!r->examples_n)
        return;
    fprintf(out, "static const struct dml_example examples_%u[] = {\n", k);
    for (unsigned i = 0; i < r->examples_n; i++) {
        const struct dml_example *x = &r->examples[i];
        fprintf(out, "    {.bad = %d, .yaml_line = %u, .expect_count = %u, .line = %u, ", x->bad, x->yaml_line,
                x->expect_count, x->line);
        field("name", x->name);
        field("cfg", x->cfg);
        field("facts", x->facts);
        field("xen", x->xen);
        field("qemu", x->qemu);
        field("also", x->also);
        if (x->others_n)
            fprintf(out, ".others_n = %u, .others = others_%u_%u", x->others_n, k, i);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

static void array(const char *name, const char *table, uint32_t k, unsigned n)
{
    if (n)
        fprintf(out, "     .%s = %s_%u, .%s_n = %u,\n", name, table, k, name, n);
}

static void rule(const struct dml_rule *r, uint32_t k)
{
    fputs("    {", out);
    field("id", r->id);
    field("name", r->name);
    fprintf(out,
            "\n     .severity = %u, .confidence = %u, .scope = %u, .remedy = %u, .fix_safety = %u, .expect_argv = %u, "
            ".builtin = 1, "
            ".migration = %d, .qemu_xen = %d, .tags = %u, .since = %u, .removed = %u, .check = %d, .line = %u,\n     ",
            r->severity, r->confidence, r->scope, r->remedy, r->fix_safety, r->expect_argv, r->migration, r->qemu_xen,
            r->tags, r->since, r->removed, r->check, r->line);
    field("summary", r->summary);
    field("why", r->why);
    field("what_to_do", r->what_to_do);
    field("message", r->message);
    field("fix_text", r->fix_text);
    field("check_name", r->check_name);
    field("file", r->file);
    fputc('\n', out);
    array("references", "references", k, r->references_n);
    array("parts", "parts", k, r->parts_n);
    array("select", "select", k, r->select_n);
    array("conds", "conds", k, r->conds_n);
    array("lits", "lits", k, r->lits_n);
    array("params", "params", k, r->params_n);
    array("fixes", "fixes", k, r->fixes_n);
    array("examples", "examples", k, r->examples_n);
    fputs("    },\n", out);
}

static void shared(const char *name, const struct dml_shared *v, uint32_t n)
{
    fprintf(out, "static const struct dml_shared %s[] = {\n", name);
    for (uint32_t i = 0; i < n; i++) {
        fputs("    {", out);
        field("name", v[i].name);
        field("text", v[i].text);
        fputs("},\n", out);
    }
    fputs("    {NULL, NULL}};\n", out);
}

static void write_rules(const struct dml_rules *rules)
{
    for (uint32_t k = 0; k < rules->n; k++) {
        const struct dml_rule *r = &rules->v[k];
        conds(r, k);
        lits(r, k);
        parts(r, k);
        params(r, k);
        selects(r, k);
        references(r, k);
        fixes(r, k);
        examples(r, k);
    }
    shared("hosts", rules->hosts, rules->hosts_n);
    shared("kinds", rules->kinds, rules->kinds_n);
    fputs("static const struct dml_rule rules[] = {\n", out);
    for (uint32_t k = 0; k < rules->n; k++)
        rule(&rules->v[k], k);
    fputs("    {.id = \"\"}};\nstatic const struct dml_slot slots[] = {\n", out);
    for (uint32_t i = 0; i < rules->slots_n; i++) {
        const struct dml_slot *s = &rules->slots[i];
        fprintf(out, "    {\"%s\", %u, %u, %u, %d, %u},\n", s->name, s->id, s->kind, s->class, s->list, s->base);
    }
    fprintf(out,
            "    {.name = \"\"}};\nconst struct dml_rules dml_builtin_rules = {.v = rules, .n = %u, .slots = slots, "
            ".slots_n = %u, .patterns_n = %u, .hosts = hosts, .hosts_n = %u, .kinds = kinds, .kinds_n = %u};\n",
            rules->n, rules->slots_n, rules->patterns_n, rules->hosts_n, rules->kinds_n);
}

static int write_policies(const char *dir, struct dml_arena *a, struct dml_err *err)
{
    const char **files;
    uint32_t n;
    int rc = dml_yaml_files(dir, a, &files, &n, err);
    if (rc)
        return rc;
    fputs("const struct dml_builtin_policy dml_builtin_policies[] = {\n", out);
    for (uint32_t i = 0; i < n && !rc; i++) {
        struct dml_sv text, base = dml_path_base(dml_sv_of(files[i]));
        rc = dml_file_read(a, files[i], 1 << 20, &text, err);
        if (rc)
            break;
        fputs("    {", out);
        bytes(base.p, base.len - 5);
        fputs(", ", out);
        string(files[i]);
        fputs(", ", out);
        bytes(text.p, text.len);
        fprintf(out, ", %zu},\n", text.len);
    }
    fprintf(out, "    {NULL, NULL, NULL, 0}};\nconst uint32_t dml_builtin_policies_n = %u;\n", n);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct dml_rules none;
    struct dml_arena a = {0};
    struct dml_err err = {""};
    struct dml_rule_builder b;
    struct dml_rules rules;
    int rc;
    if (argc != 4) {
        fputs("usage: rulec RULES_DIR POLICIES_DIR OUT.c\n", stderr);
        return 2;
    }
    rc = dml_rule_builder_init(&b, &none, &dml_catalogue, &a, 1, &err);
    const char *share = dml_path_join(&a, argv[1], "shared/examples.yaml");
    if (!rc)
        rc = share ? dml_rule_builder_shared(&b, share, &err) : dml_err_nomem(&err);
    if (!rc)
        rc = dml_rule_builder_dir(&b, argv[1], &err);
    if (!rc)
        rc = dml_rule_builder_remarks(&b, &err);
    if (rc)
        goto out;
    dml_rule_builder_done(&b, &rules);
    out = fopen(argv[3], "w");
    if (!out) {
        rc = dml_err_set(&err, DML_EIO, "cannot write %s: %s", argv[3], strerror(errno));
        goto out;
    }
    fputs("/* Made by rulec from rules/ and policies/; do not edit. */\n#include \"policy/policy.h\"\n\n", out);
    write_rules(&rules);
    rc = write_policies(argv[2], &a, &err);
    if (fclose(out) && !rc)
        rc = dml_err_set(&err, DML_EIO, "cannot write %s: %s", argv[3], strerror(errno));
out:
    if (rc) {
        fprintf(stderr, "rulec: %s\n", err.msg);
        remove(argv[3]);
    }
    dml_arena_dispose(&a);
    return rc ? 1 : 0;
}
