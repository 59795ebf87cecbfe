/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint migrate: per guest what stands between it and the goal, what dmlint can change itself, and what is left. */
#include <string.h>

#include "cli/common.h"
#include "cli/migrate.h"

enum { TEXT_MAX = 1024 * 1024 * 1024 };

/* While files are read, fixed and written. */
struct work {
    struct migration *m;
    struct dml_judge *before, *after, *now; /* now: for the host's present release, with --to-xen */
    struct dml_world world_now;
    struct dml_run run_now;
    enum dml_exit code;
};

static int nomem(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory");
}

/* ---- options ---- */

static int parse_goal(struct migration *m, struct dml_err *err)
{
    static const char *const goals[] = {"restrict", "qemu-xen", NULL};
    const char *xen = dml_args_get(m->args, DML_OPTION_TO_XEN);
    unsigned goal = GOAL_RESTRICT;
    int rc = dml_common_word(m->args, DML_OPTION_TO, goals, &goal, err);
    if (rc < 0)
        return rc;
    if (xen && dml_args_get(m->args, DML_OPTION_TO))
        return dml_err_set(err, DML_EINVAL, "give either --to or --to-xen: one step at a time");
    m->goal = xen ? GOAL_XEN : (enum migrate_goal)goal;
    m->goal_text = xen ? xen : goals[goal];
    m->write = dml_args_get(m->args, DML_OPTION_WRITE) != NULL;
    return 0;
}

/* The target that guests are judged for: the host as it is, or with another Xen. */
static int open_target(struct migration *m, struct dml_err *err)
{
    struct dml_target target = m->files.world.target;
    int rc = 0;
    if (m->goal == GOAL_XEN)
        rc = dml_target_init(&target, m->files.world.host, m->goal_text, dml_args_get(m->args, DML_OPTION_QEMU),
                             dml_args_get(m->args, DML_OPTION_QEMU_CAPS), err);
    if (rc == 0)
        rc = dml_guest_files_for(&m->files, &target, &m->world, &m->run, err);
    m->run.want_verdicts = 1;
    if (target.xen_known || m->goal == GOAL_XEN)
        dml_version_text(target.xen, 0, m->xen);
    if (target.qemu)
        dml_version_text(target.qemu, 0, m->qemu);
    return rc;
}

static int setup(struct migration *m, struct dml_err *err)
{
    int rc = parse_goal(m, err);
    if (rc == 0)
        rc = dml_guest_files_open(&m->files, m->args, err);
    for (uint32_t i = 0; rc == 0 && i < m->files.inputs.paths.n; i++)
        if (m->write && strcmp(m->files.inputs.paths.v[i], "-") == 0)
            rc = dml_err_set(err, DML_EINVAL, "standard input cannot be written; give a file, or leave --write out");
    if (rc == 0)
        rc = dml_guest_files_writing(&m->files, m->write ? NULL : "--write", err);
    if (rc == 0)
        rc = open_target(m, err);
    if (rc == 0 && !(m->guests = dml_new_n(m->a, struct migrate_guest, m->files.inputs.paths.n + 1)))
        rc = nomem(err);
    return rc;
}

/* ---- one guest ---- */

/* Why xl or libxl would not start the guest. */
static const char *refusal(struct migration *m, const struct dml_probe *probe, const struct dma_result *r)
{
    const struct dml_subject *s = probe->subject;
    const struct dml_guest_problem *problem = s->cfg.errors.n ? NULL : dml_guest_refusal(&s->guest);
    if (s->cfg.errors.n)
        return dml_cfg_error_message(&s->cfg, &s->cfg.errors.v[0], m->a);
    if (problem)
        return dml_guest_message(&s->guest, problem, m->a);
    return dml_arena_strdup(m->a, r ? r->refusal.message : "out of memory");
}

static int keep_argv(struct migration *m, const struct dml_probe *probe, struct migrate_argv *out)
{
    const struct dma_result *r = dml_subject_result(probe->subject);
    char xen[24];
    out->xen = dml_arena_strdup(m->a, dml_version_text(probe->subject->world->target.xen, 0, xen));
    out->outcome = r ? r->outcome : DMA_REFUSED;
    if (out->outcome == DMA_REFUSED)
        out->message = refusal(m, probe, r);
    if (r && r->outcome == DMA_RUNS) {
        out->argv = dml_new_n(m->a, const char *, r->argc + 1);
        for (uint32_t i = 0; out->argv && i < r->argc; i++)
            out->argv[out->argc++] = dml_arena_strdup(m->a, r->argv[i]);
    }
    return m->a->failed ? DML_ENOMEM : 0;
}

static _Bool traditional(const struct dml_probe *p)
{
    return p->subject->guest.g.device_model_version == DMA_DM_TRADITIONAL;
}

/* The text as it is: its verdict, its argv, and what is to be known of the way from it. */
static int look_before(struct work *w, uint32_t i, struct dml_err *err)
{
    struct migration *m = w->m;
    struct migrate_guest *g = &m->guests[i];
    struct dml_probe probe;
    int rc = dml_judge_file(w->before, i, g->path, g->before, g->too_large, err);
    if (rc < 0 || g->too_large)
        return rc;
    rc = dml_judge_probe(w->now ? w->now : w->before, g->path, g->before, &probe, err);
    if (rc < 0)
        return rc;
    g->was_traditional = traditional(&probe);
    if (probe.subject->guest.g.name)
        g->name = dml_arena_sv(m->a, dml_sv_of(probe.subject->guest.g.name));
    rc = keep_argv(m, &probe, &g->argv_before);
    if (rc == 0 && m->goal == GOAL_QEMU_XEN && g->was_traditional)
        rc = migrate_note_consequences(m, g, &probe);
    return rc < 0 ? nomem(err) : 0;
}

static int look_after(struct work *w, uint32_t i, struct dml_err *err)
{
    struct migrate_guest *g = &w->m->guests[i];
    struct dml_probe probe;
    int rc = dml_judge_file(w->after, i, g->path, g->after, g->too_large, err);
    if (rc < 0 || g->too_large)
        return rc;
    rc = dml_judge_probe(w->after, g->path, g->after, &probe, err);
    if (rc < 0)
        return rc;
    g->is_traditional = traditional(&probe);
    return keep_argv(w->m, &probe, &g->argv_after) < 0 ? nomem(err) : 0;
}

/* Changes the text, and the file with --write; what cannot be written counts as not changed. */
static int change(struct work *w, uint32_t i, struct dml_err *err)
{
    static const enum dml_fix_which which[] = {
        [GOAL_RESTRICT] = DML_FIX_TO_RESTRICT, [GOAL_QEMU_XEN] = DML_FIX_TO_QEMU_XEN, [GOAL_XEN] = DML_FIX_ONLY_SAFE};
    struct migration *m = w->m;
    struct migrate_guest *g = &m->guests[i];
    struct dml_err why;
    int rc = dml_fix_text(w->after, g->path, g->before, which[m->goal], m->a, &g->fixed, err);
    if (rc < 0)
        return rc;
    g->after = g->fixed.text;
    g->changed = g->fixed.changed;
    if (g->fixed.fight[0])
        w->code = dml_exit_worse(w->code, dml_cli_fail(DML_EXIT_NOT_FIXED, "%s: the fixes of %s and %s undo each other",
                                                       g->path, g->fixed.fight[0], g->fixed.fight[1]));
    if (!m->write)
        return 0;
    if (m->files.twin[i]) { /* done under its other name */
        g->written = g->changed;
        return 0;
    }
    if (dml_guest_files_store(&m->files, i, g->before, g->after, g->changed, &why) == 0) {
        g->written = g->changed;
        return 0;
    }
    w->code = dml_exit_worse(w->code, dml_cli_fail(DML_EXIT_NOT_FIXED, "%s", why.msg));
    g->not_written = 1;
    g->changed = 0;
    g->fixed.done.n = 0;
    g->after = g->before;
    return 0;
}

static int migrate_one(struct work *w, uint32_t i, struct dml_err *err)
{
    struct migration *m = w->m;
    struct migrate_guest *g = &m->guests[i];
    g->path = g->result = m->files.shown[i];
    if (m->files.output_dir && m->files.copies[i])
        g->result = m->files.copies[i];
    g->name = (struct dml_sv){"", 0};
    int rc = dml_guest_files_read(&m->files, m->a, i, &g->before, err);
    if (rc == DML_EIO) {
        w->code = dml_exit_worse(w->code, dml_cli_fail(DML_EXIT_INCOMPLETE, "%s", err->msg));
        return 0;
    }
    if (rc < 0 && rc != DML_ETOOBIG)
        return rc;
    if (rc == 0 && dml_form_find(g->before).form != DML_FORM_CFG) {
        /* Nothing to migrate, but it says what runs now. */
        rc = dml_judge_file(w->before, i, m->files.shown[i], g->before, 0, err);
        return rc < 0 ? rc : dml_judge_file(w->after, i, m->files.shown[i], g->before, 0, err);
    }
    g->read = 1;
    g->too_large = rc == DML_ETOOBIG;
    g->after = g->before;
    rc = look_before(w, i, err);
    if (rc == 0 && !g->too_large)
        rc = change(w, i, err);
    return rc < 0 ? rc : look_after(w, i, err);
}

/* ---- all of them ---- */

static int verdicts(struct migration *m, struct dml_judge *judge, _Bool after, struct dml_err *err)
{
    struct dml_report *r = after ? &m->after : &m->before;
    *r = (struct dml_report){.paths = m->files.shown, .rules = m->run.rules, .files = m->files.inputs.paths.n};
    int rc = dml_judge_finish(&judge, 1, &m->run, m->a, r, after ? &m->findings : &m->findings_before, err);
    for (size_t i = 0; rc == 0 && i < r->guests_n; i++) {
        struct migrate_guest *g = &m->guests[r->guests[i].file];
        *(after ? &g->verdict_after : &g->verdict_before) = &r->guests[i];
    }
    return rc;
}

static int run_all(struct work *w, struct dml_err *err)
{
    struct migration *m = w->m;
    int rc = dml_judge_new(&w->before, &m->run, err);
    if (rc == 0)
        rc = dml_judge_new(&w->after, &m->run, err);
    if (rc == 0 && m->goal == GOAL_XEN)
        rc = dml_guest_files_for(&m->files, &m->files.world.target, &w->world_now, &w->run_now, err);
    if (rc == 0 && m->goal == GOAL_XEN)
        rc = dml_judge_new(&w->now, &w->run_now, err);
    for (uint32_t i = 0; rc == 0 && i < m->files.inputs.paths.n; i++)
        rc = migrate_one(w, i, err);
    if (rc == 0)
        rc = verdicts(m, w->before, 0, err);
    if (rc == 0)
        rc = verdicts(m, w->after, 1, err);
    return rc == 0 && migrate_plan(m) < 0 ? nomem(err) : rc;
}

/* 0 where every guest is there, or has nothing to do with the goal; 1 where something is left, be it only to write. */
static enum dml_exit exit_code(const struct work *w)
{
    const struct migration *m = w->m;
    enum dml_exit code = dml_exit_worse(w->code, m->files.inputs.code);
    if (!m->files.inputs.paths.n && !dml_args_get(m->args, DML_OPTION_ALLOW_EMPTY))
        code = dml_exit_worse(
            code, dml_cli_fail(DML_EXIT_NO_INPUT, "no input file matched (--allow-empty makes that no error)"));
    for (uint32_t i = 0; i < m->files.inputs.paths.n; i++) {
        const struct migrate_guest *g = &m->guests[i];
        if (g->read && (!g->reached || (g->changed && !g->written)))
            code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    }
    return code;
}

enum dml_exit dml_cmd_migrate(const struct dml_args *args)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct migration m = {.args = args, .a = args->arena};
    struct work w = {.m = &m};
    struct dml_err err = {""};
    unsigned format = 0;
    enum dml_exit code = DML_EXIT_USAGE;
    int rc = dml_common_word(args, DML_OPTION_MIGRATE_FORMAT, formats, &format, &err);
    if (rc == 0)
        rc = setup(&m, &err);
    if (rc == 0)
        rc = run_all(&w, &err);
    if (rc < 0) {
        dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    } else {
        struct dml_buf out;
        dml_buf_init(&out, TEXT_MAX);
        (format ? migrate_print_json : migrate_print_text)(&m, &out);
        code = out.failed || m.a->failed ? dml_cli_fail(DML_EXIT_USAGE, "out of memory") : exit_code(&w);
        fwrite(out.p ? out.p : "", 1, out.len, stdout);
        dml_buf_dispose(&out);
    }
    dml_judge_free(w.before);
    dml_judge_free(w.after);
    dml_judge_free(w.now);
    dml_guest_files_close(&m.files);
    return code;
}
