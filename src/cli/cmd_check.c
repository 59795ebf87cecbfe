/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint check: judges guest configs, several at a time, and reports in the order of their paths. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "base/write.h"
#include "cli/common.h"
#include "cli/inputs.h"
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
    struct dml_inputs inputs;
    const char **shown; /* paths as reported */
    struct dml_world world;
    struct dml_run run;
    struct output outputs[OUTPUTS_MAX];
    unsigned outputs_n;
    unsigned fail_on, min_severity;
    size_t threads;
    _Bool fix, diff, unsafe; /* what to do about findings */
    const char *backup, *output_dir;
    _Bool to_stdout; /* the fixed standard input has standard output for itself */
    mode_t umask;
    const char **copies;  /* by input: its fixed copy in output_dir, NULL for standard input */
    _Bool *twin;          /* by input: another path to a file that an earlier input names */
    struct dml_sv *diffs; /* by input, in the arenas of their judges' threads */
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
    size_t useful = c->inputs.paths.n / BATCH + 1;
    c->threads = n < useful ? (size_t)n : useful;
    return 0;
}

struct physical {
    dev_t dev;
    ino_t ino;
    uint32_t input;
};

static int by_file(const void *x, const void *y)
{
    const struct physical *a = x, *b = y;
    if (a->dev != b->dev)
        return a->dev < b->dev ? -1 : 1;
    if (a->ino != b->ino)
        return a->ino < b->ino ? -1 : 1;
    return (a->input > b->input) - (a->input < b->input);
}

/* One physical file is fixed once, under the first of its paths. */
static int find_twins(struct check *c)
{
    struct dml_arena *a = c->args->arena;
    struct physical *v = dml_new_n(a, struct physical, c->inputs.paths.n + 1);
    c->twin = dml_new_n(a, _Bool, c->inputs.paths.n + 1);
    c->diffs = dml_new_n(a, struct dml_sv, c->inputs.paths.n + 1);
    if (!v || !c->twin || !c->diffs)
        return DML_ENOMEM;
    uint32_t n = 0;
    struct stat st;
    for (uint32_t i = 0; i < c->inputs.paths.n && !c->output_dir; i++)
        if (stat(c->inputs.paths.v[i], &st) == 0)
            v[n++] = (struct physical){st.st_dev, st.st_ino, i};
    if (n)
        qsort(v, n, sizeof *v, by_file);
    for (uint32_t i = 1; i < n; i++)
        c->twin[v[i].input] = v[i].dev == v[i - 1].dev && v[i].ino == v[i - 1].ino;
    return 0;
}

/* The directory that an input was found below; NULL for one that was named itself. */
static const char *tree_of(const struct check *c, const char *path)
{
    for (uint32_t i = 0; i < c->inputs.trees.n; i++) {
        const char *tree = c->inputs.trees.v[i];
        size_t n = strlen(tree);
        if (strncmp(path, tree, n) == 0 && (path[n] == '/' || tree[n - 1] == '/'))
            return tree;
    }
    return NULL;
}

static int by_copy(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Where in --output-dir each input's copy goes: as below its directory. No two may meet, and no input may lie there. */
static int name_copies(struct check *c, struct dml_err *err)
{
    struct dml_arena *a = c->args->arena;
    char top[PATH_MAX], real[PATH_MAX];
    _Bool there = realpath(c->output_dir, top) != NULL;
    uint32_t n = 0;
    const char **sorted = dml_new_n(a, const char *, c->inputs.paths.n + 1);
    c->copies = dml_new_n(a, const char *, c->inputs.paths.n + 1);
    if (!c->copies || !sorted)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < c->inputs.paths.n; i++) {
        const char *path = c->inputs.paths.v[i], *tree = tree_of(c, path);
        const char *rest = tree ? path + strlen(tree) : dml_path_base(dml_sv_of(path)).p;
        if (strcmp(path, "-") == 0)
            continue;
        while (*rest == '/')
            rest++;
        char *copy = dml_path_join(a, c->output_dir, rest);
        if (!copy)
            return dml_err_set(err, DML_ENOMEM, "out of memory");
        if (there && realpath(path, real) && strncmp(real, top, strlen(top)) == 0 &&
            (real[strlen(top)] == '/' || !top[1]))
            return dml_err_set(err, DML_EINVAL,
                               "--output-dir: %s lies in it and might be written over; take another directory", path);
        c->copies[i] = sorted[n++] = copy;
    }
    qsort(sorted, n, sizeof *sorted, by_copy);
    for (uint32_t i = 1; i < n; i++)
        if (strcmp(sorted[i], sorted[i - 1]) == 0)
            return dml_err_set(err, DML_EINVAL, "--output-dir: two guests would become %s; name a directory above both",
                               sorted[i]);
    return 0;
}

static int parse_fixing(struct check *c, struct dml_err *err)
{
    const struct dml_args *args = c->args;
    c->fix = dml_args_get(args, DML_OPTION_FIX) != NULL;
    c->diff = dml_args_get(args, DML_OPTION_DIFF) != NULL;
    c->unsafe = dml_args_get(args, DML_OPTION_UNSAFE_FIXES) != NULL;
    c->backup = dml_args_get(args, DML_OPTION_BACKUP);
    c->output_dir = dml_args_get(args, DML_OPTION_OUTPUT_DIR);
    if (c->backup && !*c->backup)
        c->backup = ".bak";
    if (c->backup && strchr(c->backup, '/'))
        return dml_err_set(err, DML_EINVAL, "--backup: \"%s\" is no suffix, it has a slash in it", c->backup);
    if ((c->backup || c->output_dir) && !c->fix)
        return dml_err_set(err, DML_EINVAL, "--%s says how to write; it goes with --fix",
                           c->backup ? "backup" : "output-dir");
    if (c->unsafe && !c->fix && !c->diff)
        return dml_err_set(err, DML_EINVAL, "--unsafe-fixes says which fixes to make; it goes with --fix or --diff");
    if (c->fix && c->diff)
        return dml_err_set(err, DML_EINVAL, "--diff changes nothing; give either --fix or --diff");
    if (c->backup && c->output_dir)
        return dml_err_set(err, DML_EINVAL,
                           "with --output-dir the old files stay as they are; --backup has nothing to do");
    for (uint32_t i = 0; i < c->inputs.paths.n; i++)
        c->to_stdout |= c->fix && strcmp(c->inputs.paths.v[i], "-") == 0;
    c->umask = umask(0); /* before any thread starts: there is no other way to ask for it */
    umask(c->umask);
    int rc = c->output_dir ? name_copies(c, err) : 0;
    if (rc < 0)
        return rc;
    return find_twins(c) < 0 ? dml_err_set(err, DML_ENOMEM, "out of memory") : 0;
}

/* --today is for waivers, which come with a later release; that it is a day is checked already. */
static int parse_today(struct check *c, struct dml_err *err)
{
    const char *day = dml_args_get(c->args, DML_OPTION_TODAY);
    if (day && (strlen(day) != 10 || strspn(day, "0123456789-") != 10 || day[4] != '-' || day[7] != '-'))
        return dml_err_set(err, DML_EINVAL, "--today: \"%s\" is no day; write it as 2026-11-23", day);
    return 0;
}

static int open_policy(struct check *c, struct dml_err *err)
{
    const char *name = dml_args_get(c->args, DML_OPTION_POLICY);
    if (name) {
        int rc = dml_policy_load(&c->run.policy, name, &dml_builtin_rules, &dml_catalogue, err);
        c->run.rules = rc < 0 ? NULL : dml_policy_rules(c->run.policy);
        return rc;
    }
    int rc = dml_policies_new(&c->run.policies, &dml_builtin_rules, &dml_catalogue, err);
    c->run.rules = &dml_builtin_rules;
    /* Policies are found here, before the threads start, so that a broken one ends the run before anything is reported.
     */
    struct dml_sv last = {"", 0};
    for (uint32_t i = 0; rc == 0 && i < c->inputs.paths.n; i++) {
        struct dml_policy *policy;
        struct dml_sv dir = dml_path_dir(dml_sv_of(c->shown[i]));
        if (dml_sv_eq(dir, last))
            continue;
        last = dir;
        rc = dml_policies_for(c->run.policies, c->shown[i], &policy, err);
        if (rc == 0 && dml_policy_rules(policy) != &dml_builtin_rules)
            rc = dml_judge_add_rules(&c->run, dml_policy_rules(policy), c->args->arena, err);
    }
    return rc;
}

/* What makes the exit status 1: the command line, else the policy, else errors. */
static int parse_levels(struct check *c, struct dml_err *err)
{
    static const char *const shown[] = {"error", "warning", "info", "hint", NULL};
    static const char *const fails[] = {"error", "warning", "info", "hint", "none", NULL};
    enum dml_severity from_policy;
    c->min_severity = DML_HINT;
    c->fail_on = DML_ERROR;
    if (c->run.policy && dml_policy_fail_on(c->run.policy, &from_policy, NULL))
        c->fail_on = from_policy;
    int rc = dml_common_word(c->args, DML_OPTION_MIN_SEVERITY, shown, &c->min_severity, err);
    return rc < 0 ? rc : dml_common_word(c->args, DML_OPTION_FAIL_ON, fails, &c->fail_on, err);
}

/* The paths as shown: standard input has the name that --stdin-filename gives it. */
static int name_inputs(struct check *c, struct dml_err *err)
{
    const char *name = dml_args_get(c->args, DML_OPTION_STDIN_FILENAME);
    c->shown = dml_new_n(c->args->arena, const char *, c->inputs.paths.n + 1);
    if (!c->shown)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < c->inputs.paths.n; i++)
        c->shown[i] = strcmp(c->inputs.paths.v[i], "-") == 0 ? (name ? name : "<stdin>") : c->inputs.paths.v[i];
    return 0;
}

static int setup(struct check *c, struct dml_err *err)
{
    const struct dml_facts *facts;
    struct dml_target target;
    int rc = dml_inputs_collect(c->args, &c->inputs, err);
    if (rc == 0)
        rc = name_inputs(c, err);
    if (rc == 0)
        rc = parse_formats(c, err);
    if (rc == 0)
        rc = parse_threads(c, err);
    if (rc == 0)
        rc = parse_today(c, err);
    if (rc == 0)
        rc = parse_fixing(c, err);
    if (rc == 0)
        rc = dml_common_max_bytes(c->args, &c->run.max_bytes, err);
    if (rc == 0)
        rc = dml_common_facts(c->args, &facts, err);
    if (rc == 0)
        rc = dml_common_target(c->args, facts, &target, err);
    if (rc == 0)
        rc = dml_world_init(&c->world, facts, &target, c->args->arena) < 0
                 ? dml_err_set(err, DML_ENOMEM, "out of memory")
                 : 0;
    if (rc == 0)
        rc = open_policy(c, err);
    if (rc == 0)
        rc = parse_levels(c, err);
    if (rc == 0)
        rc = dml_common_selected(c->args, c->run.rules, &c->run.selected, err);
    if (rc < 0)
        return rc;
    c->run.world = &c->world;
    for (unsigned i = 0; i < c->outputs_n; i++) {
        c->run.want_source |= strcmp(c->outputs[i].reporter->name, "text") == 0;
        c->run.want_verdicts |= strcmp(c->outputs[i].reporter->name, "concise") != 0;
    }
    c->run.want_verdicts |= dml_args_get(c->args, DML_OPTION_REQUIRE_READY) != NULL ||
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
    const char *path = c->inputs.paths.v[i];
    struct dml_err err = {""};
    int rc = 0;
    if (strcmp(path, "-") == 0) {
        pthread_mutex_lock(&c->lock);
        fwrite(text.p, 1, text.len, stdout);
        pthread_mutex_unlock(&c->lock);
    } else if (c->output_dir) {
        struct stat st;
        unsigned mode = (stat(path, &st) == 0 ? st.st_mode & 0777 : 0600) & ~c->umask;
        rc = dml_file_create(c->copies[i], text, mode, &err);
    } else if (changed)
        rc = dml_file_replace(path, tree_of(c, path), old, text, c->backup ? c->backup : "", &err);
    if (rc < 0) {
        say(c, DML_EXIT_NOT_FIXED, &err);
        c->unwritten++;
    }
    return rc == 0;
}

/* Fixes one text: *text is what is judged in the end. */
static int fix_one(struct worker *w, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_fix_result *fixed,
                   struct dml_err *err)
{
    struct check *c = w->c;
    int rc = dml_fix_text(w->judge, c->shown[i], *text, c->unsafe, a, fixed, err);
    if (rc < 0)
        return rc;
    if (fixed->fight[0])
        c->unwritten++;
    if (c->diff && fixed->changed) {
        struct dml_buf b;
        dml_buf_init(&b, UINT32_MAX / 2);
        rc = dml_udiff(c->shown[i], *text, fixed->text, &b);
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
    const char *path = w->c->shown[i];
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
    const char *path = c->inputs.paths.v[i];
    struct dml_sv text;
    struct dml_fix_result fixed = {0};
    int rc = strcmp(path, "-") == 0 ? dml_fd_read(a, 0, "standard input", c->run.max_bytes, &text, err)
                                    : dml_file_read(a, path, c->run.max_bytes, &text, err);
    if (rc == DML_EIO) {
        say(c, DML_EXIT_INCOMPLETE, err);
        c->unreadable++;
        return 0;
    }
    if (rc < 0 && rc != DML_ETOOBIG)
        return rc;
    _Bool too_large = rc == DML_ETOOBIG;
    _Bool fixing = (c->fix || c->diff) && !too_large && !c->twin[i];
    rc = fixing ? fix_one(w, a, i, &text, &fixed, err) : 0;
    if (rc == 0)
        rc = dml_judge_file(w->judge, i, c->shown[i], text, too_large, err);
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
        size_t end = first + BATCH < c->inputs.paths.n ? first + BATCH : c->inputs.paths.n;
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
        atomic_store(&c->next, c->inputs.paths.n); /* the others stop, too */
    }
    return NULL;
}

static int judge_all(struct check *c, struct worker *workers, struct dml_err *err)
{
    size_t started = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < c->threads; i++) {
        workers[i].c = c;
        rc = dml_judge_new(&workers[i].judge, &c->run, err);
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
    if (!dml_args_get(c->args, DML_OPTION_FAIL_ON) && !c->run.policy &&
        dml_policies_for(c->run.policies, c->shown[file], &policy, NULL) == 0 &&
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
    enum dml_exit code = c->inputs.code;
    if (c->unreadable)
        code = dml_exit_worse(code, DML_EXIT_INCOMPLETE);
    if (c->unwritten)
        code = dml_exit_worse(code, DML_EXIT_NOT_FIXED);
    if (c->diff)
        return dml_exit_worse(code, c->differing ? DML_EXIT_FINDINGS : DML_EXIT_OK);
    if (!c->inputs.paths.n && !dml_args_get(c->args, DML_OPTION_ALLOW_EMPTY))
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
            r->target_qemu ? r->target_qemu : "unknown", c->world.host ? c->world.host->origin : "none");
}

static enum dml_exit finish(struct check *c, struct worker *workers, unsigned color, struct dml_err *err)
{
    struct dml_arena *a = c->args->arena;
    struct dml_report report = {.paths = c->shown,
                                .rules = c->run.rules,
                                .files = c->inputs.paths.n,
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
    if (dml_judge_finish(judges, c->threads, &c->run, a, &report, &findings, err) < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err->msg);
    report.findings = &findings;
    dml_findings_count(&findings, &report.counts);
    /* Where policies differ from file to file, the report speaks of the one of the first. */
    struct dml_policy *policy = c->run.policy;
    if (!policy &&
        (dml_policies_for(c->run.policies, c->inputs.paths.n ? c->shown[0] : ".", &policy, err) < 0 || !policy))
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err->msg);
    report.policy_name = dml_policy_name(policy);
    report.policy_sha256 = dml_policy_sha256(policy);
    char xen[24], qemu[24];
    if (c->world.target.xen_known)
        report.target_xen = dml_version_text(c->world.target.xen, 0, xen);
    if (c->world.target.qemu)
        report.target_qemu = dml_version_text(c->world.target.qemu, 0, qemu);
    say_verbose(c, &report);
    if (c->diff) { /* instead of a report */
        for (uint32_t i = 0; i < c->inputs.paths.n; i++)
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
    dml_policies_free(c.run.policies);
    dml_policy_free(c.run.policy);
    return code;
}
