/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint verify: is the QEMU that runs now really restricted? */
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "cli/common.h"
#include "cli/inputs.h"
#include "cli/verify.h"
#include "cli/words.h"
#include "verify/verify.h"

enum { REPORT_MAX = 1024 * 1024 * 1024, QEMUS_MAX = 32768 };

struct session {
    const struct dml_args *args;
    struct dml_arena *a;
    const struct dml_facts *facts;
    struct dml_world world;
    struct dml_proctree procs;
    struct dml_verify run;
    struct dml_verified *all;
    const struct dml_verified **shown;
    uint32_t n, n_shown;
    enum dml_exit code;
};

/* The accounts are those of the tree that is read, unless --host says whose. */
static int find_facts(struct session *s, const char *root, struct dml_err *err)
{
    if (dml_args_get(s->args, DML_OPTION_HOST))
        return dml_common_facts(s->args, &s->facts, err);
    struct dml_facts *f = dml_new(s->a, struct dml_facts);
    if (!f)
        return dml_err_nomem(err);
    struct dml_buf notes; /* what stays unknown shows in the checks */
    const struct dml_collect how = {.root = root};
    dml_buf_init(&notes, 1024 * 1024);
    int rc = dml_facts_collect(f, &how, s->a, &notes, err);
    dml_buf_dispose(&notes);
    s->facts = f;
    s->run.facts_of_root = 1;
    return rc;
}

static int find_qemus(struct session *s, const char *root, struct dml_err *err)
{
    int rc = dml_proctree_open(&s->procs, root, dml_cmdline_is_qemu, s->a, err);
    if (rc == 0)
        rc = dml_proctree_sockets(&s->procs, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < s->procs.n; i++)
        s->n += s->procs.v[i].argc != 0;
    if (s->n > QEMUS_MAX)
        return dml_err_set(err, DML_EIO, "%s/proc holds %u QEMUs; no host has that many domains", root, s->n);
    s->all = dml_new_n(s->a, struct dml_verified, s->n + 1);
    s->shown = dml_new_n(s->a, const struct dml_verified *, s->n + 1);
    if (!s->all || !s->shown)
        return dml_err_nomem(err);
    for (uint32_t i = 0, k = 0; rc == 0 && i < s->procs.n; i++)
        if (s->procs.v[i].argc)
            rc = dml_verified_init(&s->all[k++], &s->run, &s->procs.v[i], err);
    return rc;
}

/* Marks what one argument names: of a bare number the domid counts first. Returns how many there are. */
static uint32_t mark(struct session *s, const char *text, _Bool by_domid, _Bool by_pid)
{
    uint64_t n;
    uint32_t hits = 0;
    if (!dml_num_decimal(dml_sv_of(text), UINT32_MAX, &n))
        return 0;
    for (uint32_t i = 0; i < s->n; i++)
        if ((by_domid && s->all[i].said.domid == (int64_t)n) || (by_pid && s->all[i].p->pid == n)) {
            s->all[i].named = 1;
            hits++;
        }
    return hits;
}

static int choose(struct session *s, const char *const *which, uint32_t n, struct dml_err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *text = which[i];
        uint64_t number;
        _Bool domid = strncmp(text, "domid:", 6) == 0, pid = strncmp(text, "pid:", 4) == 0;
        const char *digits = text + (domid ? 6 : pid ? 4 : 0);
        if (!dml_num_decimal(dml_sv_of(digits), UINT32_MAX, &number))
            return dml_err_set(err, DML_EINVAL, "\"%s\" is neither a domid nor a pid; say 7, domid:7 or pid:1234",
                               text);
        uint32_t hits = pid ? 0 : mark(s, digits, 1, 0);
        if (!hits && !domid)
            hits = mark(s, digits, 0, 1);
        else if (hits && !domid && !dml_args_get(s->args, DML_OPTION_QUIET))
            for (uint32_t k = 0; k < s->n; k++)
                if (s->all[k].p->pid == number && s->all[k].said.domid != (int64_t)number)
                    dml_cli_fail(DML_EXIT_OK, "%s is taken as a domid; say pid:%s for the process of that number", text,
                                 text);
        if (!hits)
            s->code = dml_exit_worse(s->code, dml_cli_fail(DML_EXIT_NO_INPUT,
                                                           domid ? "no QEMU here serves domain %s"
                                                           : pid ? "process %s is no QEMU of a Xen domain"
                                                                 : "no QEMU here serves domain %s, and process "
                                                                   "%s is none",
                                                           digits, digits));
    }
    for (uint32_t i = 0; i < s->n; i++)
        if (n ? s->all[i].named : dml_verified_serves(&s->all[i]) == DML_SERVES_GUEST)
            s->shown[s->n_shown++] = &s->all[i];
    if (!n && !s->n_shown)
        s->code = dml_cli_fail(DML_EXIT_NO_INPUT, "no QEMU of a guest runs here");
    return 0;
}

/* One config: given to the QEMUs that have its name, or to the only one. */
static int compare_with(struct session *s, const struct dml_subject *empty, const char *path, _Bool only,
                        struct dml_err *err)
{
    struct dml_arena file = {0};
    struct dml_subject subject = *empty;
    struct dml_sv text;
    subject.a = &file;
    int rc = dml_file_read(&file, path, DML_MAX_BYTES, &text, err);
    if (rc < 0 && rc != DML_ENOMEM) {
        s->code = dml_exit_worse(s->code, dml_cli_fail(DML_EXIT_INCOMPLETE, "%s", err->msg));
        dml_arena_dispose(&file);
        return 0;
    }
    if (rc == 0)
        rc = dml_subject_open(&subject, path, text, err);
    for (uint32_t i = 0; rc == 0 && i < s->n; i++) {
        struct dml_verified *q = &s->all[i];
        const char *name = subject.guest.g.name;
        _Bool mine = only ? s->n_shown == 1 && s->shown[0] == q
                          : name && q->said.name && strcmp(name, q->said.name) == 0;
        if (mine && !q->expected)
            rc = dml_verified_expect(q, &subject, err);
    }
    dml_arena_dispose(&file);
    return rc;
}

/* With the configs of --config, else with what libxl stored. */
static int compare(struct session *s, struct dml_err *err)
{
    const char *config = dml_args_get(s->args, DML_OPTION_CONFIG);
    const struct dml_args one = {.command = s->args->command, .arena = s->a, .paths = &config, .n_paths = 1};
    struct dml_inputs inputs = {0};
    struct dml_subject subject = {.world = &s->world};
    int rc = config ? dml_inputs_collect(&one, NULL, &inputs, err) : 0;
    if (rc == 0 && (!(subject.xlu = dml_xlu_new()) || dma_builder_new(NULL, &subject.builder) < 0))
        rc = dml_err_nomem(err);
    if (rc == 0)
        s->code = dml_exit_worse(s->code, inputs.code);
    for (uint32_t i = 0; rc == 0 && i < inputs.paths.n; i++)
        rc = compare_with(s, &subject, inputs.paths.v[i], inputs.trees.n == 0 && s->n_shown == 1, err);
    for (uint32_t i = 0; rc == 0 && i < s->n; i++)
        if (!s->all[i].expected)
            rc = dml_verified_expect_stored(&s->all[i], &subject, err);
    dma_builder_free(subject.builder);
    dml_xlu_free(subject.xlu);
    return rc;
}

static enum dml_exit code_of(const struct dml_verified *q)
{
    if (!q->should)
        return DML_EXIT_OK;
    if (q->verdict == DML_NOT_KNOWN)
        return DML_EXIT_INCOMPLETE;
    return q->verdict == DML_NOT_RESTRICTED || q->checks[DML_VERIFY_ARGUMENTS].status == DML_VERIFY_FAIL
               ? DML_EXIT_FINDINGS
               : DML_EXIT_OK;
}

static int report(struct session *s, _Bool json, struct dml_err *err)
{
    struct dml_verify_findings findings;
    struct dml_buf out;
    _Bool quiet = dml_args_get(s->args, DML_OPTION_QUIET) != NULL;
    int rc = dml_verify_look_round(&s->run, s->all, s->n, &findings, err);
    if (rc < 0)
        return rc;
    for (uint32_t i = 0; i < s->n_shown; i++)
        s->code = dml_exit_worse(s->code, code_of(s->shown[i]));
    for (uint32_t i = 0; i < findings.n; i++)
        s->code = dml_exit_worse(s->code, findings.v[i].severity == DML_VERIFY_ERROR ? DML_EXIT_FINDINGS : DML_EXIT_OK);
    dml_buf_init(&out, REPORT_MAX);
    if (json)
        dml_verify_json(&s->run, s->shown, s->n_shown, &findings, &out);
    else
        dml_verify_text(&s->run, s->shown, s->n_shown, &findings, quiet, &out);
    s->code = dml_print_buf(&out, s->code);
    if (s->procs.live && geteuid() != 0 && s->n_shown && !quiet)
        dml_cli_fail(DML_EXIT_OK, "only root may read all of these processes; what is not read is unknown");
    if (findings.note && !quiet)
        dml_cli_fail(DML_EXIT_OK, "%s", findings.note);
    return 0;
}

enum dml_exit dml_verify_print(const struct dml_args *args, const char *const *which, uint32_t n)
{
    static const char *const formats[] = {"text", "json", NULL};
    struct session s = {.args = args, .a = args->arena, .procs = {.fd = -1}, .code = DML_EXIT_OK};
    const char *root = dml_args_get(args, DML_OPTION_ROOT);
    unsigned format = 0;
    _Bool color = 0;
    struct dml_target target;
    struct dml_err err = {{0}};
    int rc = dml_common_word(args, DML_OPTION_VERIFY_FORMAT, formats, &format, &err);
    root = root && *root ? root : "/";
    if (rc == 0)
        rc = dml_common_color(args, STDOUT_FILENO, &color, &err);
    if (rc == 0)
        rc = find_facts(&s, root, &err);
    if (rc == 0)
        rc = dml_common_target(args, s.facts, &target, &err);
    if (rc == 0 && dml_world_init(&s.world, s.facts, &target, s.a) < 0)
        rc = dml_err_nomem(&err);
    if (rc == 0) {
        s.run = (struct dml_verify){.a = s.a,
                                    .facts = s.facts,
                                    .procs = &s.procs,
                                    .xen = target.xen_known ? target.xen : 0,
                                    .facts_of_root = s.run.facts_of_root};
        s.run.color = color;
        s.run.xen_from = dml_args_get(args, DML_OPTION_XEN) ? "--xen" : "the host's facts";
        rc = find_qemus(&s, root, &err);
    }
    if (rc == 0)
        rc = choose(&s, which, n, &err);
    if (rc == 0)
        rc = compare(&s, &err);
    for (uint32_t i = 0; rc == 0 && i < s.n; i++)
        rc = dml_verified_check(&s.all[i], &err);
    if (rc == 0)
        rc = report(&s, format == 1, &err);
    dml_proctree_close(&s.procs);
    return rc == 0 ? s.code : dml_cli_fail(rc == DML_EIO ? DML_EXIT_INCOMPLETE : DML_EXIT_USAGE, "%s", err.msg);
}

enum dml_exit dml_cmd_verify(const struct dml_args *args)
{
    if (dml_args_get(args, DML_OPTION_SELF_TEST))
        return dml_self_test(args);
    if (dml_args_get(args, DML_OPTION_YES))
        return dml_cli_fail(DML_EXIT_USAGE, "--yes goes with --self-test");
    return dml_verify_print(args, args->paths, args->n_paths);
}
