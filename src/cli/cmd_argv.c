/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint argv: the exact argv with which libxl would execute QEMU for one guest, or how two releases' differ. */
#include <json-c/json.h>
#include <string.h>

#include "base/path.h"
#include "checks/checks.h"
#include "cli/common.h"
#include "cli/guest_files.h"
#include "cli/words.h"
#include "guest/open.h"
#include "text/diff.h"
#include "text/json_out.h"
#include "text/safe.h"
#include "text/shell.h"

enum { TEXT_MAX = 64 * 1024 * 1024 };

/* One guest under one release. */
struct preview {
    dml_version xen;
    char xen_text[24];
    const char *label;               /* in a comparison: of what; NULL for the release */
    const struct dma_result *result; /* NULL: xl itself refuses */
    struct dma_builder *builder;
    enum dma_outcome outcome;
    const char *id, *message, *hint; /* of a refusal; the id is the same for every guest */
    uint32_t line;                   /* that is to blame; 0: none */
    const char *restored;            /* of a saved image: what its restoration adds; else NULL */
};

/* What both releases of a comparison share. */
struct job {
    const struct dml_args *args;
    struct dml_arena *a;
    struct dml_sv text;            /* of the file */
    struct dml_source source;      /* of the config in it */
    const struct dml_facts *facts; /* NULL: nothing is known */
    uint32_t domid;
    struct dml_xlu *xlu;
    struct dml_guest_files files; /* with --fixed, --diff and --try */
};

static uint32_t line_of(struct job *job, struct dml_span span)
{
    return dml_span_none(span) ? 0 : dml_source_pos(&job->source, job->a, span.off).line;
}

static void refused(struct preview *p, const char *id, const char *message, const char *hint, uint32_t line)
{
    p->id = id ? id : "";
    p->outcome = DMA_REFUSED;
    p->message = message ? message : "out of memory";
    p->hint = hint ? hint : "";
    p->line = line;
}

/* The name of what xl refuses, as those of libxl's refusals are: "xl-name-missing". */
static const char *problem_id(const struct job *job, const struct dml_guest_problem *problem)
{
    char *id = dml_arena_printf(job->a, "xl-%s", dml_guest_problem_name((enum dml_guest_problem_id)problem->id));
    for (char *p = id; p && *p; p++)
        *p = *p == '_' ? '-' : *p >= 'A' && *p <= 'Z' ? (char)(*p + 'a' - 'A') : *p;
    return id;
}

static int build(struct job *job, const char *xen, struct preview *p, struct dml_err *err)
{
    struct dml_target target;
    struct dml_cfg cfg;
    struct dml_guest guest;
    struct dma_host host = {0};
    struct dml_form_of form;
    int rc = dml_target_init(&target, job->facts, xen, dml_args_get(job->args, DML_OPTION_QEMU),
                             dml_args_get(job->args, DML_OPTION_QEMU_CAPS), err);

    if (rc == 0)
        rc = dml_target_host(&host, &target, job->facts, job->a);
    const struct dml_guest_host asked = {host.cpus, host.numa_nodes};
    if (rc == 0)
        rc = dml_guest_open(&guest, &cfg, &form, job->a, job->xlu, job->text, target.xen, &asked, err);
    if (rc != 0)
        return rc;
    dml_source_init(&job->source, job->source.path, form.config);
    p->xen = target.xen;
    /* A release that was named without its point release is shown as it was named. */
    dml_version_text(target.xen, xen && strchr(xen, '.') == strrchr(xen, '.'), p->xen_text);
    if (cfg.errors.n) {
        refused(p, "syntax", dml_cfg_error_message(&cfg, &cfg.errors.v[0], job->a),
                dml_cfg_error_hint(cfg.errors.v[0].class), line_of(job, cfg.errors.v[0].span));
        return 0;
    }
    const struct dml_guest_problem *problem = dml_guest_refusal(&guest);
    if (problem) {
        refused(p, problem_id(job, problem), dml_guest_message(&guest, problem, job->a),
                dml_guest_hint(&guest, problem, job->a), line_of(job, problem->span));
        return 0;
    }
    const struct dma_target release = {sizeof release, target.xen, job->domid};
    if (dma_builder_new(NULL, &p->builder) != DMA_OK ||
        dma_build(p->builder, &guest.g, &host, &release, &p->result) != DMA_OK)
        return dml_err_nomem(err);
    p->outcome = p->result->outcome;
    if (p->outcome == DMA_RUNS && (form.form == DML_FORM_IMAGE_JSON || form.form == DML_FORM_IMAGE_CFG))
        p->restored =
            p->result->process.device_model == DMA_DM_TRADITIONAL
                ? "xl restore adds -loadvm and the file with QEMU's state"
                : "xl restore adds -incoming fd:N before -machine, with the number of a descriptor that it opens";
    if (p->outcome == DMA_REFUSED)
        refused(p, p->result->refusal.name, p->result->refusal.message, p->result->refusal.advice,
                line_of(job, dml_guest_blame(&guest, &p->result->refusal.blame)));
    return 0;
}

static const char *outcome_name(enum dma_outcome outcome)
{
    static const char *const names[] = {"runs", "refused", "no-device-model"};

    return names[outcome];
}

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static struct json_object *json_preview(const struct preview *p, uint32_t domid)
{
    struct json_object *o = json_object_new_object(), *argv = NULL, *env = json_object_new_object(), *why = NULL,
                       *notes = json_object_new_array();
    const struct dma_result *r = p->result;

    if (p->outcome == DMA_RUNS) {
        argv = json_object_new_array();
        for (uint32_t i = 0; i < r->argc; i++)
            json_object_array_add(argv, dml_json_str(r->argv[i]));
        for (uint32_t i = 0; i < r->n_env; i++)
            put(env, r->env[i].key, dml_json_str(r->env[i].value));
    }
    if (p->outcome == DMA_REFUSED) {
        why = json_object_new_object();
        put(why, "id", dml_json_str(p->id));
        put(why, "message", dml_json_str(p->message));
        put(why, "hint", dml_json_str(p->hint));
        put(why, "line", p->line ? json_object_new_int64(p->line) : NULL);
    }
    for (uint32_t i = 0; r && i < r->n_notes; i++)
        json_object_array_add(notes, dml_json_str(r->notes[i].text));
    if (p->restored)
        json_object_array_add(notes, dml_json_str(p->restored));
    put(o, "schema", dml_json_str("dmlint.argv/1"));
    put(o, "xen", dml_json_str(p->xen_text));
    put(o, "domid", json_object_new_int64(domid));
    put(o, "outcome", dml_json_str(outcome_name(p->outcome)));
    put(o, "argv", argv);
    put(o, "env", env);
    put(o, "refused", why);
    put(o, "notes", notes);
    return o;
}

enum format { SHELL, LINES, NUL, JSON };

static void print_argv(struct dml_buf *out, const struct dma_result *r, enum format format)
{
    for (uint32_t i = 0; i < r->argc; i++) {
        if (format == SHELL && i)
            dml_buf_char(out, ' ');
        if (format == SHELL)
            dml_shell_word(out, r->argv[i]);
        else
            dml_buf_str(out, r->argv[i]);
        if (format != SHELL)
            dml_buf_char(out, format == NUL ? '\0' : '\n');
    }
    if (format == SHELL)
        dml_buf_char(out, '\n');
}

/* What goes beside the argv, for people: refusal, environment, notes. */
static void say(const struct job *job, const struct preview *p, struct dml_buf *out)
{
    const struct dma_result *r = p->result;

    if (p->outcome == DMA_REFUSED) {
        dml_buf_str(out, job->source.path);
        if (p->line)
            dml_buf_printf(out, ":%u", p->line);
        dml_buf_printf(out, ": Xen %s would not start this guest: %s%s%s\n", p->xen_text, p->message,
                       *p->hint ? "; " : "", p->hint);
    } else if (p->outcome == DMA_NO_DEVICE_MODEL) {
        dml_buf_printf(out, "%s: Xen %s starts no QEMU in dom0 for this guest\n", job->source.path, p->xen_text);
    }
    for (uint32_t i = 0; r && p->outcome == DMA_RUNS && i < r->n_env; i++)
        dml_buf_printf(out, "environment: %s=%s\n", r->env[i].key, r->env[i].value);
    for (uint32_t i = 0; r && i < r->n_notes; i++)
        dml_buf_printf(out, "note: %s\n", r->notes[i].text);
    if (p->restored)
        dml_buf_printf(out, "note: %s\n", p->restored);
}

/* One line per thing that can differ: outcome, environment, arguments (a newline in one must not look like two). */
static void collect_lines(const struct preview *p, struct dml_buf *out)
{
    const struct dma_result *r = p->result;
    uint32_t env = p->outcome == DMA_RUNS ? r->n_env : 0, argc = p->outcome == DMA_RUNS ? r->argc : 0;

    if (p->outcome != DMA_RUNS) {
        dml_buf_printf(out, "(%s%s", outcome_name(p->outcome), p->message ? ": " : "");
        dml_safe_text(out, dml_sv_of(p->message ? p->message : ""), 0);
        dml_buf_str(out, ")\n");
    }
    for (uint32_t i = 0; i < env; i++) {
        dml_buf_printf(out, "%s=", r->env[i].key);
        dml_safe_text(out, dml_sv_of(r->env[i].value), 0);
        dml_buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < argc; i++) {
        dml_safe_text(out, dml_sv_of(r->argv[i]), 0);
        dml_buf_char(out, '\n');
    }
}

static void put_lines(struct dml_buf *out, char mark, const struct dml_lines *l, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        dml_buf_char(out, mark);
        dml_buf_sv(out, dml_line(l, i));
    }
}

/* All lines of both, with those that only one has marked; true where there is one. */
static bool print_diff(struct job *job, struct dml_buf *out, const struct preview *from, const struct preview *to)
{
    struct dml_buf a, b;
    struct dml_diff d = {.n = 0};

    dml_buf_init(&a, TEXT_MAX);
    dml_buf_init(&b, TEXT_MAX);
    collect_lines(from, &a);
    collect_lines(to, &b);
    if (a.failed || b.failed || dml_diff_lines(&d, dml_buf_view(&a), dml_buf_view(&b), job->a) < 0) {
        out->failed = 1;
        d.n = 0;
    } else {
        uint32_t at = 0;
        dml_buf_printf(out, "--- Xen %s%s\n+++ Xen %s%s\n", from->xen_text, from->label ? from->label : "",
                       to->xen_text, to->label ? to->label : "");
        for (uint32_t i = 0; i < d.n; i++) {
            put_lines(out, ' ', &d.before, at, d.v[i].a0);
            put_lines(out, '-', &d.before, d.v[i].a0, d.v[i].a1);
            put_lines(out, '+', &d.after, d.v[i].b0, d.v[i].b1);
            at = d.v[i].a1;
        }
        put_lines(out, ' ', &d.before, at, d.before.n);
    }
    dml_buf_dispose(&a);
    dml_buf_dispose(&b);
    return d.n > 0;
}

static int read_input(struct job *job, const char *path, size_t max, struct dml_err *err)
{
    struct dml_sv text;
    int rc = dml_guest_file_read(job->a, path, 1, max, &text, err);

    if (rc == DML_ETOOBIG)
        return dml_err_set(err, rc, "%s is larger than %zu bytes; raise --max-bytes if it is a guest", path, max);
    if (rc == 0)
        job->text = text;
    job->source.path = strcmp(path, "-") == 0 ? "<stdin>" : path;
    return rc;
}

/* Puts the text after the fixes of a migration in place of the text. */
static int fix_source(struct job *job, struct dml_err *err)
{
    static const struct dml_run_fix fix = {.which = DML_FIX_TO_RESTRICT};
    struct dml_outcome *o = NULL;
    if (dml_form_find(job->text).form != DML_FORM_CFG)
        return dml_err_set(err, DML_EINVAL, "%s was stored by xl and is never fixed; give the guest's own config file",
                           job->source.path);
    const struct dml_run_ask ask = {
        .paths = job->files.shown, .n = 1, .read = dml_run_texts, .user = &job->text, .fix = &fix, .jobs = 1};
    int rc = dml_run(&job->files.session, &ask, &o, err);
    if (rc == 0 && o->changes[0].changed)
        job->text = dml_arena_sv(job->a, o->changes[0].after);
    dml_outcome_free(o);
    return rc < 0 || job->text.p ? rc : dml_err_nomem(err);
}

static void say_safely(const struct dml_buf *words)
{
    struct dml_buf safe;

    dml_buf_init(&safe, TEXT_MAX);
    for (struct dml_sv rest = dml_buf_view(words); rest.len;) {
        const char *end = memchr(rest.p, '\n', rest.len);
        size_t len = end ? (size_t)(end - rest.p) : rest.len;

        dml_safe_text(&safe, (struct dml_sv){rest.p, len}, 1);
        dml_buf_char(&safe, '\n');
        len += end != NULL;
        rest = (struct dml_sv){rest.p + len, rest.len - len};
    }
    fwrite(safe.len ? safe.p : "", 1, safe.len, stderr);
    dml_buf_dispose(&safe);
}

/* The line of the argument at index `at`: 0 where it is libxl's own. */
static int line_tried(struct job *job, uint32_t at, uint32_t *line, struct dml_err *err)
{
    struct dml_subject s = {.a = job->a, .xlu = job->xlu, .world = &job->files.session.world};
    const char *key;
    if (dma_builder_new(NULL, &s.builder) != DMA_OK)
        return dml_err_nomem(err);
    int rc = dml_subject_open(&s, job->source.path, job->text, err);
    const struct dma_result *r = rc == 0 ? dml_subject_result(&s) : NULL;
    if (r && at < r->argc)
        *line = line_of(job, dml_check_blame(&s, r, at, NULL, &key));
    dma_builder_free(s.builder);
    return rc;
}

/* Lets the QEMU at hand judge a guest that runs, and says what it says and of which line. */
static int try_it(struct job *job, const struct preview *p, enum dml_exit *code, struct dml_err *err)
{
    struct dml_try *try = NULL;
    struct dml_trial t = {.answer = DML_TRY_NOT};
    uint32_t line = 0;
    int rc = dml_guest_files_try(&job->files, &try, err);
    if (rc == 0 && try)
        rc = dml_try_run(try, p->result, job->a, &t, err);
    if (rc == 0 && t.answer == DML_TRY_REFUSED)
        rc = line_tried(job, t.at, &line, err);
    if (rc < 0 || !try)
        return rc;
    struct dml_buf words;
    dml_buf_init(&words, TEXT_MAX);
    dml_buf_str(&words, job->source.path);
    if (line)
        dml_buf_printf(&words, ":%u", line);
    if (t.answer == DML_TRY_ACCEPTED)
        dml_buf_printf(&words, ": %s accepts this command line\n", dml_try_program(try));
    else if (t.answer == DML_TRY_CANNOT)
        dml_buf_printf(&words, ": cannot be tried: %s\n", t.message);
    else
        dml_buf_printf(&words, ": %s refuses this command line: %s\n", dml_try_program(try), t.message);
    (void)fflush(stdout);
    say_safely(&words);
    dml_buf_dispose(&words);
    *code = t.answer == DML_TRY_REFUSED ? dml_exit_worse(*code, DML_EXIT_FINDINGS) : *code;
    return 0;
}

/* Prints what was asked for. */
static enum dml_exit print(struct job *job, const struct preview *p, const struct preview *other, enum format format)
{
    struct dml_buf out, words;
    enum dml_exit code = p->outcome == DMA_REFUSED ? DML_EXIT_FINDINGS : DML_EXIT_OK;

    dml_buf_init(&out, TEXT_MAX);
    dml_buf_init(&words, TEXT_MAX);
    if (other && format == JSON) {
        struct json_object *o = json_object_new_object();
        struct dml_buf unused;

        put(o, "schema", dml_json_str("dmlint.argv-diff/1"));
        put(o, "from", json_preview(p, job->domid));
        put(o, "to", json_preview(other, job->domid));
        dml_json_print(&out, o);
        dml_buf_init(&unused, TEXT_MAX);
        code = print_diff(job, &unused, p, other) ? DML_EXIT_FINDINGS : DML_EXIT_OK;
        dml_buf_dispose(&unused);
    } else if (other) {
        code = print_diff(job, &out, p, other) ? DML_EXIT_FINDINGS : DML_EXIT_OK;
    } else if (format == JSON) {
        dml_json_print(&out, json_preview(p, job->domid));
    } else {
        if (p->outcome == DMA_RUNS)
            print_argv(&out, p->result, format);
        say(job, p, &words);
    }
    if (out.failed || words.failed) {
        code = dml_cli_fail(DML_EXIT_USAGE, "out of memory");
    } else {
        fwrite(out.len ? out.p : "", 1, out.len, stdout);
        say_safely(&words);
    }
    dml_buf_dispose(&words);
    dml_buf_dispose(&out);
    return code;
}

/* The facts, and where fixes or a trial are asked for all that a run of check knows. */
static int find_ground(struct job *job, struct dml_err *err)
{
    static const enum dml_option_id runs[] = {DML_OPTION_FIXED, DML_OPTION_ARGV_DIFF, DML_OPTION_TRY};
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        if (!dml_args_get(job->args, runs[i]))
            continue;
        int rc = dml_guest_files_open(&job->files, job->args, 0, err);
        job->facts = job->files.session.world.host;
        return rc;
    }
    return dml_common_facts(job->args, &job->facts, err);
}

enum dml_exit dml_cmd_argv(const struct dml_args *args)
{
    struct job job = {.args = args, .a = args->arena};
    struct preview here = {0}, there = {0};
    const char *diff_xen = dml_args_get(args, DML_OPTION_DIFF_XEN), *xen = dml_args_get(args, DML_OPTION_XEN);
    bool diff = dml_args_get(args, DML_OPTION_ARGV_DIFF) != NULL;
    static const char *const formats[] = {"shell", "lines", "nul", "json", NULL};
    struct dml_err err = {{0}};
    unsigned format = SHELL;
    uint64_t domid = 1;
    size_t max;
    enum dml_exit code = DML_EXIT_USAGE;
    int rc;

    if (args->n_paths != 1)
        return dml_cli_fail(DML_EXIT_USAGE, "argv takes one guest config%s", args->n_paths ? "" : ", or - for stdin");
    if (dml_args_get(args, DML_OPTION_TRY) && (diff || diff_xen))
        return dml_cli_fail(DML_EXIT_USAGE, "--try tries one command line; it goes with neither --diff nor --diff-xen");
    if (diff && diff_xen)
        return dml_cli_fail(DML_EXIT_USAGE,
                            "--diff compares before and after fixes, --diff-xen two releases; give one of them");
    if ((rc = dml_common_word(args, DML_OPTION_ARGV_FORMAT, formats, &format, &err)) != 0 ||
        (rc = dml_common_number(args, DML_OPTION_DOMID, 1, DMA_DOMID_MAX, &domid, &err)) != 0 ||
        (rc = dml_common_max_bytes(args, &max, &err)) != 0 || (rc = find_ground(&job, &err)) != 0 ||
        (rc = dml_common_sandbox(args, NULL, 0, &err)) != 0)
        goto out;
    job.domid = (uint32_t)domid;
    if ((rc = read_input(&job, args->paths[0], max, &err)) != 0) {
        code = DML_EXIT_INCOMPLETE;
        goto out;
    }
    if (!(job.xlu = dml_xlu_new())) {
        rc = dml_err_nomem(&err);
        goto out;
    }
    if (dml_args_get(args, DML_OPTION_FIXED) && !diff)
        rc = fix_source(&job, &err);
    if (rc == 0)
        rc = build(&job, xen, &here, &err);
    if (rc == 0 && diff) {
        here.label = ", as it is";
        there.label = ", fixed";
        rc = fix_source(&job, &err);
    }
    if (rc == 0 && (diff || diff_xen))
        rc = build(&job, diff ? xen : diff_xen, &there, &err);
    if (rc == 0)
        code = print(&job, &here, diff || diff_xen ? &there : NULL, (enum format)format);
    if (rc == 0 && dml_args_get(args, DML_OPTION_TRY) && here.outcome == DMA_RUNS)
        rc = try_it(&job, &here, &code, &err);

out:
    dma_builder_free(here.builder);
    dma_builder_free(there.builder);
    dml_xlu_free(job.xlu);
    dml_guest_files_close(&job.files);
    return rc != 0 ? dml_cli_fail(code, "%s", err.msg) : code;
}
