/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint check: judges guest configs, several at a time, and reports in the order of their paths. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/common.h"
#include "cli/guest_files.h"
#include "fix/fix.h"
#include "judge/judge.h"

enum { THREADS_MAX = 256, OUTPUTS_MAX = 16, BATCH = 16 };

/* One -f F[:FILE]. */
struct output {
    const struct dml_reporter *reporter;
    const char *file; /* NULL: stdout */
};

struct check {
    const struct dml_args *args;
    struct dml_guest_files g;
    struct output outputs[OUTPUTS_MAX];
    unsigned outputs_n;
    unsigned fail_on, min_severity;
    size_t threads;
    _Bool fix, diff, unsafe; /* what to do about findings */
    _Bool to_stdout;         /* the fixed standard input has standard output for itself */
    struct dml_sv *diffs;    /* by input, in the arenas of their judges' threads */
    /* while threads run */
    atomic_size_t next;
    atomic_size_t unreadable, unwritten, differing;
    pthread_mutex_t lock; /* around messages and `failed` */
    int failed;
    struct dml_err err;
};

struct worker {
    struct check *c;
    struct dml_arena keep; /* diffs, until they are printed */
    struct dml_judge *judge;
    pthread_t thread;
};

/* --- options
 * --------------------------------------------------------------------------------------------------------------- */

static int parse_formats(struct check *c, struct dml_err *err)
{
    const char *text;
    unsigned to_stdout = 0;
    for (uint32_t i = 0; (text = dml_args_nth(c->args, DML_OPTION_FORMAT, i)); i++) {
        if (c->outputs_n == OUTPUTS_MAX)
            return dml_err_set(err, DML_EINVAL, "--format may be given at most %d times", OUTPUTS_MAX);
        const char *colon = strchr(text, ':');
        struct dml_sv name = {text, colon ? (size_t)(colon - text) : strlen(text)};
        struct output *o = &c->outputs[c->outputs_n++];
        o->reporter = dml_reporter_find(name);
        o->file = colon ? colon + 1 : NULL;
        to_stdout += !colon;
        if (!o->reporter)
            return dml_err_set(err, DML_EINVAL,
                               "--format: there is no format \"%.*s\"; there are text, concise and json",
                               DML_SV_ARG(name));
        if (colon && !colon[1])
            return dml_err_set(err, DML_EINVAL, "--format %s: name the file after the colon", text);
    }
    if (to_stdout > 1)
        return dml_err_set(err, DML_EINVAL,
                           "only one --format can go to standard output; give the others a file: -f json:report.json");
    if (!c->outputs_n)
        c->outputs[c->outputs_n++].reporter = dml_reporter_find(DML_SV("text"));
    return 0;
}

static int parse_threads(struct check *c, struct dml_err *err)
{
    const char *text = dml_args_get(c->args, DML_OPTION_JOBS);
    uint64_t n = 0;
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    if (!text || strcmp(text, "auto") == 0)
        n = cpus > 0 ? (uint64_t)cpus : 1;
    else {
        int rc = dml_common_number(c->args, DML_OPTION_JOBS, 1, THREADS_MAX, &n, err);
        if (rc < 0)
            return rc;
    }
    /* A thread that gets less than a batch costs more than it brings. */
    size_t useful = c->g.inputs.paths.n / BATCH + 1;
    c->threads = n < useful ? (size_t)n : useful;
    return 0;
}

static int parse_fixing(struct check *c, struct dml_err *err)
{
    const struct dml_args *args = c->args;
    c->fix = dml_args_get(args, DML_OPTION_FIX) != NULL;
    c->diff = dml_args_get(args, DML_OPTION_DIFF) != NULL;
    c->unsafe = dml_args_get(args, DML_OPTION_UNSAFE_FIXES) != NULL;
    if (c->unsafe && !c->fix && !c->diff)
        return dml_err_set(err, DML_EINVAL, "--unsafe-fixes says which fixes to make; it goes with --fix or --diff");
    if (c->fix && c->diff)
        return dml_err_set(err, DML_EINVAL, "--diff changes nothing; give either --fix or --diff");
    for (uint32_t i = 0; i < c->g.inputs.paths.n; i++)
        c->to_stdout |= c->fix && strcmp(c->g.inputs.paths.v[i], "-") == 0;
    int rc = dml_guest_files_writing(&c->g, c->fix ? NULL : "--fix", err);
    c->diffs = dml_new_n(args->arena, struct dml_sv, c->g.inputs.paths.n + 1);
    return rc < 0 || c->diffs ? rc : dml_err_set(err, DML_ENOMEM, "out of memory");
}

/* --today is for waivers, which come with a later release; that it is a day is checked already. */
static int parse_today(struct check *c, struct dml_err *err)
{
    const char *day = dml_args_get(c->args, DML_OPTION_TODAY);
    if (day && (strlen(day) != 10 || strspn(day, "0123456789-") != 10 || day[4] != '-' || day[7] != '-'))
        return dml_err_set(err, DML_EINVAL, "--today: \"%s\" is no day; write it as 2026-11-23", day);
    return 0;
}

/* What makes the exit status 1: the command line, else the policy, else errors. */
static int parse_levels(struct check *c, struct dml_err *err)
{
    static const char *const shown[] = {"error", "warning", "info", "hint", NULL};
    static const char *const fails[] = {"error", "warning", "info", "hint", "none", NULL};
    enum dml_severity from_policy;
    c->min_severity = DML_HINT;
    c->fail_on = DML_ERROR;
    if (c->g.run.policy && dml_policy_fail_on(c->g.run.policy, &from_policy, NULL))
        c->fail_on = from_policy;
    int rc = dml_common_word(c->args, DML_OPTION_MIN_SEVERITY, shown, &c->min_severity, err);
    return rc < 0 ? rc : dml_common_word(c->args, DML_OPTION_FAIL_ON, fails, &c->fail_on, err);
}

static int setup(struct check *c, struct dml_err *err)
{
    int rc = dml_guest_files_open(&c->g, c->args, err);
    if (rc == 0)
        rc = parse_formats(c, err);
    if (rc == 0)
        rc = parse_threads(c, err);
    if (rc == 0)
        rc = parse_today(c, err);
    if (rc == 0)
        rc = parse_fixing(c, err);
    if (rc == 0)
        rc = parse_levels(c, err);
    if (rc < 0)
        return rc;
    for (unsigned i = 0; i < c->outputs_n; i++) {
        c->g.run.want_source |= strcmp(c->outputs[i].reporter->name, "text") == 0;
        c->g.run.want_verdicts |= strcmp(c->outputs[i].reporter->name, "concise") != 0;
    }
    c->g.run.want_verdicts |= dml_args_get(c->args, DML_OPTION_REQUIRE_READY) != NULL ||
                              !dml_args_get(c->args, DML_OPTION_QUIET);
    return 0;
}

/* --- threads
 * ------------------------------------------------------------------------------------------------------------------ */

/* A message of one thread. */
static void say(struct check *c, enum dml_exit code, const struct dml_err *err)
{
    pthread_mutex_lock(&c->lock);
    dml_cli_fail(code, "%s", err->msg);
    pthread_mutex_unlock(&c->lock);
}

/* Puts a fixed text where it belongs. What cannot be written is said, and the file stays as it was. */
static _Bool store(struct check *c, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed)
{
    struct dml_err err = {""};
    if (dml_guest_files_store(&c->g, i, old, text, changed, &err) == 0)
        return 1;
    say(c, DML_EXIT_NOT_FIXED, &err);
    c->unwritten++;
    return 0;
}

/* Fixes one text: *text is what is judged in the end. */
static int fix_one(struct worker *w, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_fix_result *fixed,
                   struct dml_err *err)
{
    struct check *c = w->c;
    int rc = dml_fix_text(w->judge, c->g.shown[i], *text, c->unsafe ? DML_FIX_ALL : DML_FIX_ONLY_SAFE, a, fixed, err);
    if (rc < 0)
        return rc;
    if (fixed->fight[0])
        c->unwritten++;
    if (c->diff && fixed->changed) {
        struct dml_buf b;
        dml_buf_init(&b, UINT32_MAX / 2);
        rc = dml_udiff(c->g.shown[i], *text, fixed->text, &b);
        c->diffs[i] = rc == 0 ? dml_arena_sv(&w->keep, dml_buf_view(&b)) : (struct dml_sv){NULL, 0};
        dml_buf_dispose(&b);
        c->differing++;
        return c->diffs[i].p ? 0 : dml_err_set(err, DML_ENOMEM, "out of memory");
    }
    if (!c->diff && store(c, i, *text, fixed->text, fixed->changed))
        *text = fixed->text;
    return 0;
}

/* What is to be said of the fixes of a file that was just judged. */
static int note_fixes(struct worker *w, struct dml_arena *a, uint32_t i, const struct dml_fix_result *fixed,
                      struct dml_err *err)
{
    const char *path = w->c->g.shown[i];
    int rc = 0;
    if (fixed->fight[0])
        rc = dml_judge_add_fix_note(
            w->judge, i, path, 1,
            dml_arena_printf(a, "the fixes of %s and %s undo each other", fixed->fight[0], fixed->fight[1]), err);
    for (uint32_t k = 0; rc == 0 && k < fixed->withheld.n; k++) {
        const struct dml_withheld *h = &fixed->withheld.v[k];
        rc = dml_judge_add_fix_note(w->judge, i, path, 0,
                                    dml_arena_printf(a, "the fix of %s %s%s%s is withheld: %s", h->rule->id,
                                                     h->rule->name, *h->key ? " for " : "", h->key, h->why),
                                    err);
    }
    return rc;
}

static int judge_one(struct worker *w, struct dml_arena *a, uint32_t i, struct dml_err *err)
{
    struct check *c = w->c;
    struct dml_sv text;
    struct dml_fix_result fixed = {0};
    int rc = dml_guest_files_read(&c->g, a, i, &text, err);
    if (rc == DML_EIO) {
        say(c, DML_EXIT_INCOMPLETE, err);
        c->unreadable++;
        return 0;
    }
    if (rc < 0 && rc != DML_ETOOBIG)
        return rc;
    _Bool too_large = rc == DML_ETOOBIG;
    _Bool stored = dml_form_find(text).form != DML_FORM_CFG;
    if (c->fix && stored && !too_large) {
        dml_err_set(err, DML_EINVAL, "%s was stored by xl and is never fixed; fix the guest's own config file",
                    c->g.shown[i]);
        say(c, DML_EXIT_NOT_FIXED, err);
        c->unwritten++;
    }
    _Bool fixing = (c->fix || c->diff) && !too_large && !stored && !c->g.twin[i];
    rc = fixing ? fix_one(w, a, i, &text, &fixed, err) : 0;
    if (rc == 0)
        rc = dml_judge_file(w->judge, i, c->g.shown[i], text, too_large, err);
    return rc == 0 && fixing ? note_fixes(w, a, i, &fixed, err) : rc;
}

static void *work(void *user)
{
    struct worker *w = user;
    struct check *c = w->c;
    struct dml_arena a = {0};
    struct dml_err err = {""};
    int rc = 0;
    while (rc == 0) {
        size_t first = atomic_fetch_add(&c->next, BATCH);
        size_t end = first + BATCH < c->g.inputs.paths.n ? first + BATCH : c->g.inputs.paths.n;
        if (first >= end)
            break;
        for (size_t i = first; rc == 0 && i < end; i++) {
            dml_arena_reset(&a);
            rc = judge_one(w, &a, (uint32_t)i, &err);
        }
    }
    dml_arena_dispose(&a);
    if (rc < 0) {
        pthread_mutex_lock(&c->lock);
        c->failed = rc;
        c->err = err;
        pthread_mutex_unlock(&c->lock);
        atomic_store(&c->next, c->g.inputs.paths.n); /* the others stop, too */
    }
    return NULL;
}

static int judge_all(struct check *c, struct worker *workers, struct dml_err *err)
{
    size_t started = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->threads; i++) {
        workers[i].c = c;
        rc = dml_judge_new(&workers[i].judge, &c->g.run, err);
    }
    if (rc < 0)
        return rc;
    /* The first worker is this thread: one job needs no other. A thread that cannot be had only makes it slower. */
    for (size_t i = 1; i < c->threads; i++, started++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            break;
    work(&workers[0]);
    for (size_t i = 1; i <= started; i++)
        pthread_join(workers[i].thread, NULL);
    if (c->failed < 0)
        *err = c->err;
    return c->failed;
}

/* --- report
 * -----------------------------------------------------------------------------------------------------------------------
 */

static int write_file(void *user, struct dml_sv text)
{
    return fwrite(text.p, 1, text.len, user) == text.len ? 0 : DML_EIO;
}

static _Bool want_color(const struct check *c, unsigned *when)
{
    return *when == 1 || (*when == 0 && isatty(c->to_stdout ? STDERR_FILENO : STDOUT_FILENO) && !c->outputs[0].file);
}

static int write_reports(struct check *c, struct dml_report *report, struct dml_err *err)
{
    for (unsigned i = 0; i < c->outputs_n; i++) {
        const struct output *o = &c->outputs[i];
        FILE *f = o->file ? fopen(o->file, "we") : c->to_stdout ? stderr : stdout;
        if (!f)
            return dml_err_set(err, DML_EIO, "cannot write %s: %s", o->file, strerror(errno));
        struct dml_report one = *report;
        one.color = report->color && !o->file;
        int rc = dml_report_write(o->reporter, &one, (struct dml_sink){write_file, f}, err);
        if (o->file && fclose(f) != 0 && rc == 0)
            rc = DML_EIO;
        if (rc == DML_EIO)
            return dml_err_set(err, rc, "cannot write %s: %s", o->file ? o->file : "standard output", strerror(errno));
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* From which severity on findings of a file fail: said on the command line, by its policy, or from errors on. */
static enum dml_severity fails_from(const struct check *c, uint32_t file)
{
    struct dml_policy *policy;
    enum dml_severity level;
    if (!dml_args_get(c->args, DML_OPTION_FAIL_ON) && !c->g.run.policy &&
        dml_policies_for(c->g.run.policies, c->g.shown[file], &policy, NULL) == 0 &&
        dml_policy_fail_on(policy, &level, NULL))
        return level;
    return (enum dml_severity)c->fail_on;
}

static _Bool any_fails(const struct check *c, const struct dml_finding_list *findings)
{
    enum dml_severity level = DML_OFF;
    for (size_t i = 0; i < findings->n; i++) {
        const struct dml_finding *f = findings->v[i];
        if (!i || f->file != findings->v[i - 1]->file)
            level = fails_from(c, f->file);
        if (f->state == DML_STATE_NEW && level < DML_OFF && f->severity <= level)
            return 1;
    }
    return 0;
}

static enum dml_exit exit_code(const struct check *c, const struct dml_report *report)
{
    enum dml_exit code = c->g.inputs.code;
    if (c->unreadable)
        code = dml_exit_worse(code, DML_EXIT_INCOMPLETE);
    if (c->unwritten)
        code = dml_exit_worse(code, DML_EXIT_NOT_FIXED);
    if (c->diff)
        return dml_exit_worse(code, c->differing ? DML_EXIT_FINDINGS : DML_EXIT_OK);
    if (!c->g.inputs.paths.n && !dml_args_get(c->args, DML_OPTION_ALLOW_EMPTY))
        code = dml_exit_worse(
            code, dml_cli_fail(DML_EXIT_NO_INPUT, "no input file matched (--allow-empty makes that no error)"));
    if (any_fails(c, report->findings))
        code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    for (size_t i = 0; dml_args_get(c->args, DML_OPTION_REQUIRE_READY) && i < report->guests_n; i++)
        if (strcmp(report->guests[i].verdict, "ready") != 0 && strcmp(report->guests[i].verdict, "not-applicable") != 0)
            code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    return code;
}

static void say_verbose(const struct check *c, const struct dml_report *r)
{
    if (!dml_args_get(c->args, DML_OPTION_VERBOSE))
        return;
    fprintf(stderr, "dmlint: policy %s, Xen %s%s, QEMU %s, host facts: %s\n", r->policy_name,
            r->target_xen ? r->target_xen : "unknown", r->target_xen ? "" : " (the newest release is taken)",
            r->target_qemu ? r->target_qemu : "unknown", c->g.world.host ? c->g.world.host->origin : "none");
}

static enum dml_exit finish(struct check *c, struct worker *workers, unsigned color, struct dml_err *err)
{
    struct dml_arena *a = c->args->arena;
    struct dml_report report = {.paths = c->g.shown,
                                .rules = c->g.run.rules,
                                .files = c->g.inputs.paths.n,
                                .unreadable = c->unreadable,
                                .min_severity = (enum dml_severity)c->min_severity,
                                .color = want_color(c, &color),
                                .hidden_states = 0};
    struct dml_finding_list findings;
    struct dml_judge **judges = dml_new_n(a, struct dml_judge *, c->threads);
    if (!judges)
        return dml_cli_fail(DML_EXIT_USAGE, "out of memory");
    for (size_t i = 0; i < c->threads; i++)
        judges[i] = workers[i].judge;
    if (dml_judge_finish(judges, c->threads, &c->g.run, a, &report, &findings, err) < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err->msg);
    report.findings = &findings;
    dml_findings_count(&findings, &report.counts);
    /* Where policies differ from file to file, the report speaks of the one of the first. */
    struct dml_policy *policy = c->g.run.policy;
    if (!policy &&
        (dml_policies_for(c->g.run.policies, c->g.inputs.paths.n ? c->g.shown[0] : ".", &policy, err) < 0 || !policy))
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err->msg);
    report.policy_name = dml_policy_name(policy);
    report.policy_sha256 = dml_policy_sha256(policy);
    char xen[24], qemu[24];
    if (c->g.world.target.xen_known)
        report.target_xen = dml_version_text(c->g.world.target.xen, 0, xen);
    if (c->g.world.target.qemu)
        report.target_qemu = dml_version_text(c->g.world.target.qemu, 0, qemu);
    say_verbose(c, &report);
    if (c->diff) { /* instead of a report */
        for (uint32_t i = 0; i < c->g.inputs.paths.n; i++)
            fwrite(c->diffs[i].p ? c->diffs[i].p : "", 1, c->diffs[i].len, stdout);
        return exit_code(c, &report);
    }
    if (write_reports(c, &report, err) < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err->msg);
    if (!dml_args_get(c->args, DML_OPTION_QUIET)) {
        struct dml_buf text;
        dml_buf_init(&text, 65536);
        dml_report_summary(&report, &text);
        fflush(stdout);
        fputs(text.p ? text.p : "", stderr);
        dml_buf_dispose(&text);
    }
    return exit_code(c, &report);
}

enum dml_exit dml_cmd_check(const struct dml_args *args)
{
    static const char *const when[] = {"auto", "always", "never", NULL};
    struct check c = {.args = args, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct dml_err err = {""};
    unsigned color = 0;
    enum dml_exit code;
    struct worker *workers = NULL;
    int rc = setup(&c, &err);
    if (rc == 0)
        rc = dml_common_word(args, DML_OPTION_COLOR, when, &color, &err);
    if (rc == 0 && !(workers = dml_new_n(args->arena, struct worker, c.threads)))
        rc = dml_err_set(&err, DML_ENOMEM, "out of memory");
    if (rc == 0)
        rc = judge_all(&c, workers, &err);
    if (rc < 0 || !workers)
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    else
        code = finish(&c, workers, color, &err);
    for (size_t i = 0; workers && i < c.threads; i++) {
        dml_judge_free(workers[i].judge);
        dml_arena_dispose(&workers[i].keep);
    }
    dml_guest_files_close(&c.g);
    return code;
}
