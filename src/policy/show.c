/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Show: a policy as YAML, as written or with every value in force and the place that set it. */
#include "policy/layer.h"

/* "# file:line" behind a value. */
static void from(struct dml_buf *out, struct dml_origin o)
{
    if (o.line)
        dml_buf_printf(out, "  # %s:%u\n", o.file, o.line);
    else
        dml_buf_str(out, "  # the rule's own\n");
}

static void quoted(struct dml_buf *out, struct dml_sv s)
{
    struct dml_yaml_node node = {.kind = DML_YAML_SCALAR, .quoted = 1, .text = s};
    dml_yaml_write(&node, out);
}

static void lits(struct dml_buf *out, const struct dml_param *p, struct dml_param_value v)
{
    dml_buf_str(out, p->list ? "[" : "");
    for (uint32_t i = 0; i < v.n; i++) {
        struct dml_sv s = {v.v[i].s, v.v[i].len};
        dml_buf_str(out, i ? ", " : "");
        if (p->kind == DML_VALUE_STRING)
            quoted(out, s);
        else
            dml_buf_sv(out, s);
    }
    dml_buf_str(out, p->list ? "]" : "");
}

static void rule(struct dml_buf *out, const struct dml_rule *r, const struct dml_setting *s, const char *indent)
{
    dml_buf_printf(out, "%s%s:  # %s\n%s  severity: %s", indent, r->id, r->name, indent,
                   dml_severity_names[s->severity]);
    from(out, s->severity_from);
    if (s->locked) {
        dml_buf_printf(out, "%s  locked: true", indent);
        from(out, s->locked_from);
    }
    if (s->unsuppressible) {
        dml_buf_printf(out, "%s  unsuppressible: true", indent);
        from(out, s->unsuppressible_from);
    }
    if (r->params_n)
        dml_buf_printf(out, "%s  params:\n", indent);
    for (unsigned i = 0; i < r->params_n; i++) {
        const struct dml_param *p = &r->params[i];
        dml_buf_printf(out, "%s    %s: ", indent, p->name);
        lits(out, p, s->params ? s->params[i] : (struct dml_param_value){r->lits + p->first, p->n});
        from(out, s->params ? s->params_from[i] : (struct dml_origin){r->file, 0});
    }
}

static void words(struct dml_buf *out, const char *indent, const char *key, const struct dml_sv *v, uint32_t n)
{
    if (!n)
        return;
    dml_buf_printf(out, "%s%s: [", indent, key);
    for (uint32_t i = 0; i < n; i++) {
        dml_buf_str(out, i ? ", " : "");
        quoted(out, v[i]);
    }
    dml_buf_str(out, "]\n");
}

/* Of `include` the last one counts, of `exclude` all. */
static void choices(const struct dml_policy *p, struct dml_buf *out)
{
    const struct dml_layer *last = NULL;
    _Bool any = 0;
    for (uint32_t i = 0; i < p->layers.n; i++)
        last = p->layers.v[i]->include.line ? p->layers.v[i] : last;
    if (last) {
        dml_buf_printf(out, "# %s:%u\n", last->file, last->include.line);
        words(out, "", "include", last->include.v, last->include.n);
    }
    for (uint32_t i = 0; i < p->layers.n; i++) {
        const struct dml_globs *globs = &p->layers.v[i]->exclude;
        dml_buf_str(out, globs->n && !any ? "exclude:\n" : "");
        any |= globs->n != 0;
        for (uint32_t k = 0; k < globs->n; k++) {
            dml_buf_str(out, "  - ");
            quoted(out, globs->v[k]);
            from(out, (struct dml_origin){p->layers.v[i]->file, globs->line});
        }
    }
}

static void effective(struct dml_policy *p, struct dml_buf *out)
{
    enum dml_severity level;
    struct dml_origin o;
    dml_buf_str(out, "name: ");
    quoted(out, dml_sv_of(dml_policy_name(p)));
    dml_buf_str(out, "\n# from, first to last:");
    for (uint32_t i = 0; i < p->layers.n; i++)
        dml_buf_printf(out, "%s %s", i ? "," : "", p->layers.v[i]->file);
    dml_buf_str(out, "\nfail_on: ");
    if (dml_policy_fail_on(p, &level, &o)) {
        dml_buf_str(out, level == DML_OFF ? "none" : dml_severity_names[level]);
        from(out, o);
    } else {
        dml_buf_str(out, "error  # default\n");
    }
    const char *dir, *baseline = dml_policy_baseline_file(p, &dir);
    if (baseline) {
        dml_buf_str(out, "baseline: ");
        quoted(out, dml_sv_of(baseline));
        dml_buf_char(out, '\n');
    }
    choices(p, out);
    dml_buf_str(out, p->rules.n ? "rules:\n" : "");
    for (uint32_t i = 0; i < p->rules.n; i++)
        rule(out, &p->rules.v[i], &p->base[i], "  ");
    dml_buf_str(out, p->overrides.n ? "overrides:\n" : "");
    for (uint32_t i = 0; i < p->overrides.n; i++) {
        const struct dml_override *ov = p->overrides.v[i];
        dml_buf_printf(out, "  # %s:%u\n", ov->layer->file, ov->line);
        words(out, "  - ", "files", ov->globs, ov->globs_n);
        const struct dml_yaml_node *node = dml_yaml_get(ov->layer->yaml.root, "overrides")->v[0];
        for (uint32_t k = 0; k < ov->layer->overrides_n; k++)
            if (&ov->layer->overrides[k] == ov)
                node = dml_yaml_get(ov->layer->yaml.root, "overrides")->v[k];
        static const char *const keys[] = {"rules", "params"};
        for (int k = 0; k < 2; k++) {
            const struct dml_yaml_node *v = dml_yaml_get(node, keys[k]);
            if (!v)
                continue;
            dml_buf_printf(out, "    %s: ", keys[k]);
            dml_yaml_write(v, out);
            dml_buf_char(out, '\n');
        }
    }
    dml_buf_str(out, p->waivers.n ? "waivers:\n" : "");
    for (uint32_t i = 0; i < p->waivers.n; i++) {
        const struct dml_waiver *w = &p->waivers.v[i];
        dml_buf_printf(out, "  - id: ");
        quoted(out, dml_sv_of(w->id));
        from(out, w->from);
        words(out, "    ", "rules", w->rules, w->rules_n);
        words(out, "    ", "files", w->files, w->files_n);
        words(out, "    ", "guests", w->guests, w->guests_n);
        words(out, "    ", "hosts", w->hosts, w->hosts_n);
        const struct {
            const char *key, *text;
        } texts[] = {{"owner", w->owner}, {"reason", w->reason}, {"ticket", w->ticket}};
        for (int k = 0; k < 3; k++) {
            if (!texts[k].text)
                continue;
            dml_buf_printf(out, "    %s: ", texts[k].key);
            quoted(out, dml_sv_of(texts[k].text));
            dml_buf_char(out, '\n');
        }
        dml_buf_printf(out, "    expires: %s\n", w->expires);
    }
}

void dml_policy_show(struct dml_policy *p, _Bool all, struct dml_buf *out)
{
    if (all)
        effective(p, out);
    else
        dml_buf_sv(out, p->layers.v[p->layers.n - 1]->text);
}
