/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan: the steps of a guest: what dmlint does, what somebody must decide, and what is to be done on the host. */
#include <string.h>

#include "migrate/migrate.h"
#include "text/shell.h"

static int add(struct dml_arena *a, struct dml_migrate_guest *g, struct dml_step step)
{
    struct dml_step *s = dml_vec_add(a, &g->steps);
    if (!s)
        return DML_ENOMEM;
    *s = step;
    return a->failed ? DML_ENOMEM : 0;
}

uint32_t dml_migrate_count(const struct dml_migrate_guest *g, enum dml_step_group group)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->steps.n; i++)
        n += g->steps.v[i].group == group;
    return n;
}

/* ---- from qemu-xen-traditional to qemu-xen: what no rule can decide ---- */

static _Bool always(const struct dml_judgement *p)
{
    (void)p;
    return 1;
}

static _Bool windows(const struct dml_judgement *p)
{
    const struct dma_guest *g = &p->subject->guest.g;
    return g->hvm.viridian == DMA_YES || g->hvm.viridian_enable;
}

static _Bool stubdomain(const struct dml_judgement *p)
{
    return p->subject->guest.g.device_model_stubdomain == DMA_YES;
}

static _Bool no_platform_device(const struct dml_judgement *p)
{
    return p->subject->guest.g.hvm.xen_platform_pci == DMA_NO;
}

static _Bool saved(const struct dml_judgement *p)
{
    const struct dml_facts *host = p->subject->world->host;
    const char *name = p->subject->guest.g.name;
    for (uint32_t i = 0; host && name && i < host->saved_images.n; i++) {
        const struct dml_saved_image *image = DML_AT(host->saved_images, struct dml_saved_image, i);
        if (image->name && strcmp(image->name, name) == 0)
            return 1;
    }
    return 0;
}

static const struct {
    _Bool (*applies)(const struct dml_judgement *p);
    const char *text;
} consequences[] = {
    {always,
     "Shut the guest down for the change, and neither save nor suspend it: a saved state of qemu-xen-traditional "
     "cannot be restored by qemu-xen."},
    {saved, "The host holds a saved image of this guest: restore it, shut the guest down from inside, and delete the "
            "image; or give its state up and delete it."},
    {windows,
     "viridian says Windows: either install the Xen PV drivers before the change, and keep xen_platform_pci on, "
     "or be ready to log in at the console, to activate Windows again and to set the network address anew."},
    {stubdomain, "QEMU runs in a stub domain. Either keep that, with the Linux stub domain of Xen 4.14 and newer (its "
                 "kernel and ramdisk must be installed, and dm_restrict stays out), or delete "
                 "device_model_stubdomain_override and restrict QEMU in dom0 instead."},
    {no_platform_device, "xen_platform_pci = 0 gives the guest another machine type with qemu-xen. Either keep it, or "
                         "delete it so that PV drivers can bind."},
};

int dml_migrate_consequences(struct dml_migrate_guest *g, const struct dml_judgement *j, struct dml_arena *a)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof consequences / sizeof consequences[0]; i++)
        if (consequences[i].applies(j))
            rc = add(a, g, (struct dml_step){.group = DML_STEP_DECISION, .text = consequences[i].text});
    return rc;
}

/* ---- from rules ---- */

static const char *with_path(struct dml_migration *m, const char *before, const char *path)
{
    struct dml_buf b;
    dml_buf_init(&b, 65536);
    dml_buf_str(&b, before);
    dml_shell_word(&b, path);
    const char *text = dml_arena_strndup(m->a, b.p, b.len);
    dml_buf_dispose(&b);
    return text;
}

static const char *command_for(struct dml_migration *m, const char *path, const struct dml_rule *rule)
{
    if (rule->remedy == DML_REMEDY_ACCOUNTS)
        return m->accounts_are_there ? NULL : dml_arena_printf(m->a, "dmlint host users%s", m->host_option);
    if (rule->fixes_n && rule->fix_safety == DML_FIX_UNSAFE && !rule->migration && !rule->qemu_xen)
        return with_path(m, dml_arena_printf(m->a, "dmlint check --fix --unsafe-fixes --select %s ", rule->id), path);
    return rule->remedy == DML_REMEDY_QEMU_XEN ? with_path(m, "dmlint migrate --to qemu-xen --write ", path) : NULL;
}

static struct dml_step *planned(const struct dml_migrate_guest *g, const char *rule)
{
    for (uint32_t i = 0; i < g->steps.n; i++)
        if (g->steps.v[i].rule && strcmp(g->steps.v[i].rule, rule) == 0)
            return &g->steps.v[i];
    return NULL;
}

/* A step is there: does it name this place? */
static int add_place(struct dml_migration *m, struct dml_step *s, struct dml_sv message, uint32_t line)
{
    if (!s->from_rule || !message.len || (s->line == line && strncmp(s->why, message.p, message.len) == 0))
        return 0;
    for (uint32_t i = 0; i < s->more.n; i++)
        if (s->more.v[i].line == line && dml_sv_is(message, s->more.v[i].message))
            return 0;
    struct dml_step_place *p = dml_vec_add(m->a, &s->more);
    const char *text = dml_arena_strndup(m->a, message.p, message.len);
    if (!p || !text)
        return DML_ENOMEM;
    *p = (struct dml_step_place){line, text};
    return 0;
}

static const char *withheld_why(const struct dml_migrate_guest *g, const struct dml_rule *rule)
{
    for (uint32_t i = 0; i < g->fixed.withheld.n; i++)
        if (strcmp(g->fixed.withheld.v[i].rule->id, rule->id) == 0)
            return g->fixed.withheld.v[i].why;
    return NULL;
}

static const char *with_held(struct dml_migration *m, const struct dml_migrate_guest *g, const struct dml_rule *rule,
                             const char *why)
{
    const char *held = g->left ? NULL : withheld_why(g, rule);
    return held ? dml_arena_printf(m->a, "%s (dmlint does not do it: %s)", why, held) : why;
}

/* A rule that still stands in the way, or that somebody should know of. `message` may be empty. */
static int from_rule(struct dml_migration *m, struct dml_migrate_guest *g, const struct dml_rule *rule,
                     struct dml_sv message, uint32_t line)
{
    struct dml_step *there = planned(g, rule->id);
    const char *path = g->o_after->paths[g->file];
    const char *held = g->left ? "you left this guest as it is" : withheld_why(g, rule);
    const char *why = message.len ? dml_arena_strndup(m->a, message.p, message.len) : rule->summary;
    enum dml_step_group group = rule->scope == DML_SCOPE_HOST || rule->scope == DML_SCOPE_UPGRADE ? DML_STEP_HOST
                                                                                                  : DML_STEP_DECISION;
    if (there)
        return add_place(m, there, message, line);
    _Bool from_message = message.len && !(m->goal == DML_GOAL_RESTRICT && rule->migration);
    if (m->goal == DML_GOAL_RESTRICT && rule->migration) {
        group = DML_STEP_AUTOMATIC;
        why = held             ? dml_arena_printf(m->a, "not yet: %s; then run this again", held)
              : g->not_written ? "the file could not be written"
                               : "not done: the policy, or a comment in the file, silences the rule";
    } else
        why = with_held(m, g, rule, why);
    return add(m->a, g,
               (struct dml_step){.group = group,
                                 .rule = rule->id,
                                 .text = rule->what_to_do ? rule->what_to_do : rule->summary,
                                 .why = why,
                                 .line = line,
                                 .from_rule = from_message,
                                 .command = group == DML_STEP_AUTOMATIC ? NULL : command_for(m, path, rule)});
}

/* The first finding of a file: findings are in the order of files. */
static size_t first_of(const struct dml_finding_list *list, uint32_t file)
{
    size_t low = 0, high = list->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->v[middle]->file < file)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* One operation of a fix, in words. */
static const char *op_words(struct dml_migration *m, const struct dml_fix_op *op, const char *key)
{
    const char *target = strstr(op->key, "[*]") || strchr(op->key, '$') ? key : op->key;
    switch ((enum dml_fix_op_kind)op->kind) {
    case DML_FIX_SET:
        return dml_arena_printf(m->a, "Set %s = %s.", target, op->value);
    case DML_FIX_DELETE:
        return dml_arena_printf(m->a, "Delete %s.", target);
    case DML_FIX_RENAME_KEY:
        return dml_arena_printf(m->a, "Rename %s to %s.", op->key, op->to);
    case DML_FIX_SET_FIELD:
        return dml_arena_printf(m->a, "Set %s=%s in %s.", op->field, op->value, target);
    case DML_FIX_DELETE_FIELD:
        return dml_arena_printf(m->a, "Delete %s= in %s.", op->field, target);
    case DML_FIX_APPEND:
    case DML_FIX_INSERT:
        break;
    }
    return dml_arena_printf(m->a, "Add %s: %s.", op->value, target);
}

static int plan_made(struct dml_migration *m, struct dml_migrate_guest *g)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < g->fixed.done.n; i++) {
        const struct dml_made *made = &g->fixed.done.v[i];
        const char *text = made->rule->fixes_n ? "" : "Delete the comment.";
        _Bool in_words = made->rule->fixes_n > 1; /* several steps, or a value that only the guest says */
        for (uint16_t k = 0; k < made->rule->fixes_n; k++)
            in_words |= (made->rule->fixes[k].value && strstr(made->rule->fixes[k].value, "${")) ||
                        (made->rule->fixes[k].to && strchr(made->rule->fixes[k].to, '$'));
        for (uint16_t k = 0; text && k < made->rule->fixes_n; k++)
            text = dml_arena_printf(m->a, "%s%s%s", text, k ? " " : "", op_words(m, &made->rule->fixes[k], made->key));
        rc = add(m->a, g,
                 (struct dml_step){.group = DML_STEP_AUTOMATIC,
                                   .rule = made->rule->id,
                                   .text = in_words && made->rule->what_to_do ? made->rule->what_to_do : text,
                                   .why = made->rule->summary});
    }
    return rc;
}

static _Bool was_made(const struct dml_migrate_guest *g, const struct dml_rule *rule)
{
    for (uint32_t i = 0; i < g->fixed.done.n; i++)
        if (strcmp(g->fixed.done.v[i].rule->id, rule->id) == 0)
            return 1;
    return 0;
}

/* What leaving qemu-xen-traditional means: rules that the text before fires, and the one after no longer does. */
static int plan_from_traditional(struct dml_migration *m, struct dml_migrate_guest *g)
{
    const struct dml_finding_list *findings = &g->o_before->findings;
    int rc = 0;
    for (size_t i = first_of(findings, g->file); rc == 0 && i < findings->n; i++) {
        const struct dml_finding *f = findings->v[i];
        const struct dml_rule *rule = &g->o_before->rules->v[f->rule];
        if (f->file != g->file)
            break;
        if (rule->remedy < DML_REMEDY_TRADITIONAL || planned(g, rule->id))
            continue;
        /* What is done is no decision; that the hardware changes, is one all the same. */
        if (!was_made(g, rule) || rule->remedy == DML_REMEDY_HARDWARE)
            rc = add(m->a, g,
                     (struct dml_step){.group = DML_STEP_DECISION,
                                       .rule = rule->id,
                                       .text = rule->what_to_do,
                                       .why = with_held(m, g, rule, rule->why)});
    }
    return rc;
}

static int plan_missing(struct dml_migration *m, struct dml_migrate_guest *g)
{
    const char *names = NULL;
    for (unsigned i = 0; dml_missing_name(i); i++)
        if (g->verdict_after->missing >> i & 1)
            names = names ? dml_arena_printf(m->a, "%s, %s", names, dml_missing_name(i)) : dml_missing_name(i);
    if (!names)
        return 0;
    _Bool given = *m->host_option != '\0';
    return add(m->a, g,
               (struct dml_step){.group = DML_STEP_HOST,
                                 .text = given ? "Find out what the facts that --host gives do not say of the host: "
                                                 "collect them again there, as root, or add it by hand."
                                               : "Find out what is not known of the host, and give it with --host.",
                                 .why = dml_arena_printf(m->a, "not known: %s", names),
                                 .command = given ? "dmlint host collect" : "dmlint host collect > host.json"});
}

/* Findings in the order of files; infos count where the step is not about restriction. */
static int plan_findings(struct dml_migration *m, struct dml_migrate_guest *g)
{
    const struct dml_finding_list *findings = &g->o_after->findings;
    enum dml_severity level = m->goal == DML_GOAL_RESTRICT ? DML_WARNING : DML_INFO;
    int rc = 0;
    for (size_t i = first_of(findings, g->file); rc == 0 && i < findings->n; i++) {
        const struct dml_finding *f = findings->v[i];
        const struct dml_rule *rule = &g->o_after->rules->v[f->rule];
        /* What restriction asks for is no part of the other ways, unless the guest asks for it. */
        _Bool beside = m->goal != DML_GOAL_RESTRICT && rule->migration;
        if (f->file != g->file)
            break;
        if (f->state == DML_STATE_NEW && f->severity <= level && !beside)
            rc = from_rule(m, g, rule, f->message, f->start.line);
    }
    return rc;
}

int dml_migrate_plan(struct dml_migration *m, uint32_t i)
{
    struct dml_migrate_guest *g = &m->guests[i];
    const struct dml_outcome_guest *v = g->verdict_after;
    if (!v || g->stored)
        return 0;
    int rc = m->goal == DML_GOAL_QEMU_XEN ? plan_from_traditional(m, g) : 0;
    if (rc == 0)
        rc = plan_made(m, g);
    for (uint16_t b = 0; rc == 0 && m->goal == DML_GOAL_RESTRICT && b < v->blockers_n; b++)
        rc = from_rule(m, g, dml_rule_own(&g->o_after->rules->v[v->blockers[b].rule]), v->blockers[b].message,
                       v->blockers[b].start.line);
    if (rc == 0)
        rc = plan_findings(m, g);
    return rc == 0 && m->goal == DML_GOAL_RESTRICT ? plan_missing(m, g) : rc;
}

static _Bool keeps_from_starting(const struct dml_outcome *o, uint16_t rule)
{
    const struct dml_rule *own = dml_rule_own(&o->rules->v[rule]);
    return dml_rule_decides(own) && (own->tags & DML_TAG_start);
}

/* Does anything that is known keep the changed guest from starting as it is? */
static _Bool starts(const struct dml_migrate_guest *g)
{
    const struct dml_finding_list *findings = &g->o_after->findings;
    const struct dml_outcome_guest *v = g->verdict_after;
    if (g->argv_after.outcome == DMA_REFUSED)
        return 0;
    for (uint16_t b = 0; v->requested && b < v->blockers_n; b++)
        if (keeps_from_starting(g->o_after, v->blockers[b].rule))
            return 0;
    for (size_t i = first_of(findings, g->file); i < findings->n && findings->v[i]->file == g->file; i++)
        if (keeps_from_starting(g->o_after, findings->v[i]->rule))
            return 0;
    return 1;
}

_Bool dml_migrate_reached(const struct dml_migration *m, const struct dml_migrate_guest *g)
{
    if (!g->read || g->too_large || !g->verdict_after)
        return 0;
    if (m->goal == DML_GOAL_RESTRICT)
        return dml_verdict_passes((enum dml_verdict)g->verdict_after->verdict);
    return starts(g) && (m->goal != DML_GOAL_QEMU_XEN || !g->is_traditional);
}
