/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint check: judges guest configs, fixes them where it was asked to, and reports in the order of their paths. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/common.h"
#include "cli/guest_files.h"
#include "report/report.h"
#include "text/diff.h"

enum { OUTPUTS_MAX = 16, NAMES_MAX = 4096, TRIED_MAX = 512, DIFF_MAX = UINT32_MAX / 2 };

/* One -f F[:FILE]. */
struct output {
    const struct dml_format *format;
    const char *file; /* NULL: stdout */
};

struct check {
    const struct dml_args *args;
    struct dml_guest_files g;
    struct output outputs[OUTPUTS_MAX];
    unsigned outputs_n;
    unsigned fail_on, min_severity;
    unsigned width; /* of the terminal; 0: there is none */
    _Bool color;
    uint32_t required;       /* protections */
    _Bool fix, diff, unsafe; /* what to do about findings */
    _Bool to_stdout;         /* the fixed standard input has standard output for itself */
    struct dml_try *try;     /* --try: NULL where it was not given, or nothing can be tried */
    struct dml_outcome *o;
};

/* --- options
 * --------------------------------------------------------------------------------------------------------------- */

static int no_format(struct dml_sv name, struct dml_err *err)
{
    struct dml_buf names;
    dml_buf_init(&names, NAMES_MAX);
    dml_format_names(&names, " and ");
    int rc = dml_err_set(err, DML_EINVAL, "--format: there is no format \"%.*s\"; there are %s", DML_SV_ARG(name),
                         names.p ? names.p : "");
    dml_buf_dispose(&names);
    return rc;
}

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
        o->format = dml_format_find(name);
        o->file = colon ? colon + 1 : NULL;
        to_stdout += !colon;
        if (!o->format)
            return no_format(name, err);
        if (colon && !colon[1])
            return dml_err_set(err, DML_EINVAL, "--format %s: name the file after the colon", text);
    }
    if (to_stdout > 1)
        return dml_err_set(err, DML_EINVAL,
                           "only one --format can go to standard output; give the others a file: -f json:report.json");
    if (!c->outputs_n)
        c->outputs[c->outputs_n++].format = &dml_formats[0];
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
    return dml_guest_files_writing(&c->g, c->fix ? NULL : "--fix", err);
}

/* --require-protection: a set of what restriction can give. */
static int parse_protections(struct check *c, struct dml_err *err)
{
    const char *text = dml_args_get(c->args, DML_OPTION_REQUIRE_PROTECTION);
    while (text && *text) {
        size_t n = strcspn(text, ",");
        struct dml_sv word = dml_sv_trim((struct dml_sv){text, n});
        unsigned i = 0;
        while (dml_protection_name(i) && !dml_sv_is(word, dml_protection_name(i)))
            i++;
        if (!dml_protection_name(i))
            return dml_err_set(err, DML_EINVAL,
                               "--require-protection: \"%.*s\" is none of handles, uid, chroot, namespaces, limits, "
                               "kill-by-uid",
                               DML_SV_ARG(word));
        c->required |= 1u << i;
        text += n + (text[n] == ',');
    }
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
    if (c->g.session.grounds.policy && dml_policy_fail_on(c->g.session.grounds.policy, &from_policy, NULL))
        c->fail_on = from_policy;
    int rc = dml_common_word(c->args, DML_OPTION_MIN_SEVERITY, shown, &c->min_severity, err);
    return rc < 0 ? rc : dml_common_word(c->args, DML_OPTION_FAIL_ON, fails, &c->fail_on, err);
}

static int shut_in(struct check *c, struct dml_err *err)
{
    const char *reports[OUTPUTS_MAX];
    uint32_t n = 0;
    if (dml_args_get(c->args, DML_OPTION_TRY) && dml_guest_files_try(&c->g, &c->try, err) < 0)
        return DML_ENOMEM;
    for (unsigned i = 0; i < c->outputs_n; i++)
        if (c->outputs[i].file && !c->diff)
            reports[n++] = c->outputs[i].file;
    return dml_guest_files_sandbox(&c->g, reports, n, err);
}

static int setup(struct check *c, struct dml_err *err)
{
    int rc = parse_protections(c, err);
    if (rc == 0)
        rc = dml_guest_files_open(&c->g, c->args, c->required, err);
    if (rc == 0)
        rc = parse_formats(c, err);
    if (rc == 0)
        rc = parse_fixing(c, err);
    if (rc == 0)
        rc = parse_levels(c, err);
    if (rc == 0)
        rc = dml_common_color(c->args, c->to_stdout ? STDERR_FILENO : STDOUT_FILENO, &c->color, err);
    c->width = dml_common_width(c->to_stdout ? STDERR_FILENO : STDOUT_FILENO);
    return rc < 0 ? rc : shut_in(c, err);
}

/* What formats and options want of the run. */
static unsigned needs(const struct check *c)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->outputs_n && !c->diff; i++)
        n |= c->outputs[i].format->needs;
    if (dml_args_get(c->args, DML_OPTION_REQUIRE_READY) || (!dml_args_get(c->args, DML_OPTION_QUIET) && !c->diff))
        n |= DML_NEED_VERDICTS;
    return n;
}

static int run(struct check *c, struct dml_err *err)
{
    const struct dml_run_fix fix = {.which = c->unsafe ? DML_FIX_ALL : DML_FIX_ONLY_SAFE,
                                    .judge_before = c->diff,
                                    .refuse_stored = c->fix,
                                    .store = c->fix ? dml_guest_files_store : NULL};
    struct dml_run_ask ask = dml_guest_files_ask(&c->g, needs(c));
    ask.fix = c->fix || c->diff ? &fix : NULL;
    ask.try = c->try;
    int rc = dml_run(&c->g.session, &ask, &c->o, err);
    dml_progress_end(&c->g.progress);
    return rc;
}

/* --- report
 * -----------------------------------------------------------------------------------------------------------------------
 */

static int write_stream(void *user, struct dml_sv text)
{
    return fwrite(text.p, 1, text.len, user) == text.len ? 0 : DML_EIO;
}

static int write_buf(void *user, struct dml_sv text)
{
    struct dml_buf *b = user;
    dml_buf_sv(b, text);
    return b->failed ? DML_ENOMEM : 0;
}

static int write_one(struct check *c, const struct output *o, const struct dml_report *report, struct dml_err *err)
{
    struct dml_report one = *report;
    if (!o->file) {
        FILE *f = c->to_stdout ? stderr : stdout;
        int rc = dml_report_write(o->format, &one, (struct dml_sink){write_stream, f}, err);
        return rc == DML_EIO ? dml_err_set(err, rc, "cannot write standard output: %s", strerror(errno)) : rc;
    }
    struct dml_buf text;
    dml_buf_init(&text, SIZE_MAX / 2);
    one.color = 0;
    one.width = 0;
    int rc = dml_report_write(o->format, &one, (struct dml_sink){write_buf, &text}, err);
    if (rc == 0)
        rc = dml_guest_files_report(&c->g, o->file, dml_buf_view(&text), err);
    dml_buf_dispose(&text);
    return rc;
}

/* From which severity on findings of a file fail: said on the command line, by its policy, or from errors on. */
static enum dml_severity fails_from(const struct check *c, const char *path)
{
    const struct dml_grounds *grounds = &c->g.session.grounds;
    struct dml_policy *policy;
    enum dml_severity level;
    if (!dml_args_get(c->args, DML_OPTION_FAIL_ON) && !grounds->policy &&
        dml_session_policy(&c->g.session, path, &policy, NULL) == 0 && dml_policy_fail_on(policy, &level, NULL))
        return level;
    return (enum dml_severity)c->fail_on;
}

static _Bool any_fails(const struct check *c)
{
    const struct dml_finding_list *findings = &c->o->findings;
    enum dml_severity level = DML_OFF;
    for (size_t i = 0; i < findings->n; i++) {
        const struct dml_finding *f = findings->v[i];
        if (!i || f->file != findings->v[i - 1]->file)
            level = fails_from(c, c->o->paths[f->file]);
        if (f->state == DML_STATE_NEW && level < DML_OFF && f->severity <= level)
            return 1;
    }
    return 0;
}

static _Bool all_ready(const struct dml_outcome *o)
{
    for (uint32_t i = 0; i < o->guests_n; i++)
        if (!dml_verdict_passes((enum dml_verdict)o->guests[i].verdict))
            return 0;
    return 1;
}

/* With --diff findings are not shown, and do not count. */
static enum dml_exit exit_code(const struct check *c)
{
    enum dml_exit code = dml_guest_files_messages(&c->g, c->o);
    if (c->diff ? c->o->changed > 0 : any_fails(c))
        code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    if (dml_args_get(c->args, DML_OPTION_REQUIRE_READY) &&
        (dml_guest_files_skipped_ask(&c->g, c->o) || !all_ready(c->o)))
        code = dml_exit_worse(code, DML_EXIT_FINDINGS);
    return code;
}

static void say_verbose(const struct check *c, const struct dml_report *r)
{
    const struct dml_facts *host = c->g.session.world.host;
    if (!dml_args_get(c->args, DML_OPTION_VERBOSE))
        return;
    fprintf(stderr, "dmlint: policy %s, Xen %s%s, QEMU %s, host facts: %s\n", r->policy_name,
            r->target_xen ? r->target_xen : "unknown", r->target_xen ? "" : " (the newest release is taken)",
            r->target_qemu ? r->target_qemu : "unknown", host ? host->origin : "none");
}

static void say_tried(const struct check *c)
{
    const uint32_t *n = c->o->tried;
    char text[TRIED_MAX] = "";
    if (!c->try || dml_args_get(c->args, DML_OPTION_QUIET))
        return;
    if (n[DML_TRY_CANNOT])
        snprintf(text, sizeof text, ", %" PRIu32 " cannot be tried: %s", n[DML_TRY_CANNOT], c->o->untried);
    (void)dml_cli_fail(DML_EXIT_OK, "tried with %s: %" PRIu32 " accepted, %" PRIu32 " refused%s",
                       dml_try_program(c->try), n[DML_TRY_ACCEPTED], n[DML_TRY_REFUSED], text);
}

static int print_diffs(const struct check *c, struct dml_err *err)
{
    struct dml_buf b;
    int rc = 0;
    dml_buf_init(&b, DIFF_MAX);
    for (uint32_t i = 0; rc == 0 && i < c->o->files; i++) {
        const struct dml_text_change *change = &c->o->changes[i];
        dml_buf_clear(&b);
        if (change->changed)
            rc = dml_udiff(c->o->paths[i], change->before, change->after, &b);
        if (rc < 0 || b.failed)
            rc = dml_err_nomem(err);
        else
            dml_print_text(dml_buf_view(&b));
    }
    dml_buf_dispose(&b);
    return rc;
}

/* Where policies differ from file to file, the report speaks of the one of the first. */
static int describe(const struct check *c, struct dml_report *report, struct dml_err *err)
{
    const struct dml_target *t = &c->g.session.world.target;
    const struct dml_facts *host = c->g.session.world.host;
    struct dml_policy *policy;
    char text[24];
    int rc = dml_session_policy(&c->g.session, c->o->files ? c->g.shown[0] : ".", &policy, err);
    if (rc < 0)
        return rc;
    *report = (struct dml_report){.o = c->o,
                                  .policy_name = dml_policy_name(policy),
                                  .policy_sha256 = dml_policy_sha256(policy),
                                  .host = host ? host->origin : NULL,
                                  .host_option = dml_common_host_option(c->args),
                                  .width = c->width,
                                  .color = c->color,
                                  .min_severity = (enum dml_severity)c->min_severity,
                                  .hidden_states = dml_args_get(c->args, DML_OPTION_VERBOSE) != NULL};
    if (t->xen_known)
        report->target_xen = dml_arena_strdup(c->args->arena, dml_version_text(t->xen, 0, text));
    if (t->qemu)
        report->target_qemu = dml_arena_strdup(c->args->arena, dml_version_text(t->qemu, 0, text));
    return 0;
}

static int report_all(struct check *c, struct dml_err *err)
{
    struct dml_report report;
    int rc = describe(c, &report, err);
    if (rc < 0)
        return rc;
    say_verbose(c, &report);
    say_tried(c);
    if (c->diff)
        return print_diffs(c, err);
    for (unsigned i = 0; rc == 0 && i < c->outputs_n; i++)
        rc = write_one(c, &c->outputs[i], &report, err);
    if (rc < 0 || dml_args_get(c->args, DML_OPTION_QUIET))
        return rc;
    struct dml_buf text;
    dml_buf_init(&text, 65536);
    dml_report_summary(&report, &text);
    fflush(stdout);
    fputs(text.p ? text.p : "", stderr);
    dml_buf_dispose(&text);
    return 0;
}

enum dml_exit dml_cmd_check(const struct dml_args *args)
{
    struct check c = {.args = args};
    struct dml_err err = {""};
    enum dml_exit code = DML_EXIT_OK;
    int rc = setup(&c, &err);
    _Bool list = rc == 0 && dml_args_get(args, DML_OPTION_LIST_FILES);
    if (list)
        rc = dml_guest_files_list(&c.g, &code, &err);
    if (rc == 0 && !list)
        rc = run(&c, &err);
    if (rc == 0 && !list)
        rc = report_all(&c, &err);
    if (rc < 0 || !list)
        code = rc < 0 ? dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg) : exit_code(&c);
    dml_outcome_free(c.o);
    dml_guest_files_close(&c.g);
    return code;
}
