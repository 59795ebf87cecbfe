/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest files: inputs, host, target and policies of a run; reading and writing its files. */
#include "cli/guest_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/common.h"
#include "cli/outputs.h"
#include "report/report.h"

enum { SKIPPED_MAX = 4096 };

/* The paths as shown: standard input has the name that --stdin-filename gives it. */
static int name_inputs(struct dml_guest_files *g, struct dml_err *err)
{
    const char *name = dml_args_get(g->args, DML_OPTION_STDIN_FILENAME);
    g->shown = dml_new_n(g->args->arena, const char *, g->inputs.paths.n + 1);
    if (!g->shown)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < g->inputs.paths.n; i++)
        g->shown[i] = strcmp(g->inputs.paths.v[i], "-") == 0 ? (name ? name : "<stdin>") : g->inputs.paths.v[i];
    return 0;
}

static int select_rules(void *user, const struct dml_rules *rules, struct dml_arena *a, const _Bool **selected,
                        struct dml_err *err)
{
    const struct dml_guest_files *g = user;
    (void)a; /* the arguments' arena is the session's */
    return dml_common_selected(g->args, rules, selected, err);
}

/* The inputs, which policies have a say in. */
static int choose(void *user, const struct dml_session *s, struct dml_session_ask *ask, struct dml_err *err)
{
    struct dml_guest_files *g = user;
    int rc = dml_inputs_collect(g->args, s, &g->inputs, err);
    if (rc == 0)
        rc = name_inputs(g, err);
    ask->paths = g->shown;
    ask->paths_n = rc == 0 ? g->inputs.paths.n : 0;
    return rc;
}

int dml_guest_files_open(struct dml_guest_files *g, const struct dml_args *args, uint32_t required, struct dml_err *err)
{
    struct dml_session_ask ask = {.policy = dml_common_policy(args),
                                  .baseline = dml_args_get(args, DML_OPTION_BASELINE),
                                  .baseline_is_made = args->command->run == dml_cmd_baseline,
                                  .choose = choose,
                                  .select = select_rules,
                                  .user = g,
                                  .required = required};
    *g = (struct dml_guest_files){.args = args};
    int rc = dml_common_max_bytes(args, &ask.max_bytes, err);
    if (rc == 0)
        rc = dml_common_jobs(args, &g->jobs, err);
    if (rc == 0)
        rc = dml_common_facts(args, &ask.facts, err);
    if (rc == 0)
        rc = dml_common_target(args, ask.facts, &ask.target, err);
    if (rc == 0)
        rc = dml_common_today(args, &ask.today, err);
    if (rc < 0)
        return rc;
    rc = dml_session_open(&g->session, &ask, args->arena, err);
    if (rc == 0 && !dml_args_get(args, DML_OPTION_QUIET) && !dml_args_get(args, DML_OPTION_INTERACTIVE))
        rc = dml_progress_open(&g->progress, g->inputs.paths.n, args->arena) < 0 ? dml_err_nomem(err) : 0;
    const char *said;
    for (uint32_t i = 0; (said = dml_session_refused(&g->session, i)); i++)
        g->inputs.code = dml_exit_worse(g->inputs.code, dml_cli_fail(DML_EXIT_USAGE, "%s", said));
    return rc;
}

void dml_guest_files_close(struct dml_guest_files *g)
{
    dml_session_close(&g->session);
    dml_arena_dispose(&g->standard_input);
}

static int by_copy(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Where in --output-dir each input's copy goes: as below its directory. No two may meet, and no input may lie there. */
static int name_copies(struct dml_guest_files *g, struct dml_err *err)
{
    struct dml_arena *a = g->args->arena;
    char top[PATH_MAX], real[PATH_MAX];
    _Bool there = realpath(g->output_dir, top) != NULL;
    uint32_t n = 0;
    const char **sorted = dml_new_n(a, const char *, g->inputs.paths.n + 1);
    g->copies = dml_new_n(a, const char *, g->inputs.paths.n + 1);
    if (!g->copies || !sorted)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < g->inputs.paths.n; i++) {
        const char *path = g->inputs.paths.v[i], *tree = dml_inputs_tree(&g->inputs, path);
        const char *rest = tree ? path + strlen(tree) : dml_path_base(dml_sv_of(path)).p;
        if (strcmp(path, "-") == 0)
            continue;
        while (*rest == '/')
            rest++;
        char *copy = dml_path_join(a, g->output_dir, rest);
        if (!copy)
            return dml_err_nomem(err);
        if (there && realpath(path, real) && strncmp(real, top, strlen(top)) == 0 &&
            (real[strlen(top)] == '/' || !top[1]))
            return dml_err_set(err, DML_EINVAL,
                               "--output-dir: %s lies in it and might be written over; take another directory", path);
        g->copies[i] = sorted[n++] = copy;
    }
    qsort(sorted, n, sizeof *sorted, by_copy);
    for (uint32_t i = 1; i < n; i++)
        if (strcmp(sorted[i], sorted[i - 1]) == 0)
            return dml_err_set(err, DML_EINVAL, "--output-dir: two guests would become %s; name a directory above both",
                               sorted[i]);
    return 0;
}

int dml_guest_files_writing(struct dml_guest_files *g, const char *needs, struct dml_err *err)
{
    g->backup = dml_args_get(g->args, DML_OPTION_BACKUP);
    g->output_dir = dml_args_get(g->args, DML_OPTION_OUTPUT_DIR);
    if (g->backup && !*g->backup)
        g->backup = ".bak";
    if (g->backup && strchr(g->backup, '/'))
        return dml_err_set(err, DML_EINVAL, "--backup: \"%s\" is no suffix, it has a slash in it", g->backup);
    if ((g->backup || g->output_dir) && needs)
        return dml_err_set(err, DML_EINVAL, "--%s says how to write; it goes with %s",
                           g->backup ? "backup" : "output-dir", needs);
    if (g->backup && g->output_dir)
        return dml_err_set(err, DML_EINVAL,
                           "with --output-dir the old files stay as they are; --backup has nothing to do");
    g->writes = !needs;
    g->backup_number = dml_new_n(g->args->arena, unsigned, g->inputs.paths.n + 1);
    if (g->writes && !g->output_dir)
        g->ids = dml_new_n(g->args->arena, struct dml_file_id, g->inputs.paths.n + 1);
    if (!g->backup_number || g->args->arena->failed)
        return dml_err_nomem(err);
    g->umask = umask(0); /* before any thread starts: there is no other way to ask for it */
    umask(g->umask);
    return g->output_dir ? name_copies(g, err) : 0;
}

/* Of a saved image only the config matters. */
static int only_config(int rc, struct dml_sv *text)
{
    size_t end = rc == DML_ETOOBIG ? dml_form_image_end(*text) : 0;
    if (!end)
        return rc;
    text->len = end;
    return 0;
}

int dml_guest_file_read(struct dml_arena *a, const char *path, _Bool named, size_t max, struct dml_sv *text,
                        struct dml_err *err)
{
    int rc = strcmp(path, "-") == 0 ? dml_fd_read(a, 0, "standard input", max, text, err)
                                    : (named ? dml_file_read : dml_regular_read)(a, path, max, text, err);
    return only_config(rc, text);
}

/* Reads a file that is to be written: its directory is that of the first time, the file that of the last. 1: it is
 * none. */
static int read_to_replace(const char *path, struct dml_file_id *id, struct dml_arena *a, size_t max,
                           struct dml_sv *text, struct dml_err *err)
{
    struct dml_file_id now;
    int fd = dml_file_open_to_replace(path, &now);
    if (fd < 0 && errno == 0)
        return 1;
    if (fd < 0)
        return dml_err_set(err, DML_EIO, "cannot read %s: %s", path, strerror(errno));
    if (id->dir_ino) {
        now.dir_dev = id->dir_dev;
        now.dir_ino = id->dir_ino;
    }
    *id = now;
    int rc = only_config(dml_fd_read(a, fd, path, max, text, err), text);
    close(fd);
    return rc;
}

int dml_guest_files_read(void *user, struct dml_arena *a, uint32_t i, struct dml_sv *text, struct dml_err *err)
{
    struct dml_guest_files *g = user;
    const char *path = g->inputs.paths.v[i];
    size_t max = g->session.grounds.max_bytes;
    dml_progress_step(&g->progress, i);
    if (strcmp(path, "-") != 0) {
        int rc = g->ids ? read_to_replace(path, &g->ids[i], a, max, text, err) : 1;
        return rc != 1 ? rc : dml_guest_file_read(a, path, !dml_inputs_tree(&g->inputs, path), max, text, err);
    }
    if (!g->stdin_text.p) /* it can be read once, and is asked for by one thread at a time */
        g->stdin_rc = dml_guest_file_read(&g->standard_input, path, 1, max, &g->stdin_text, err);
    *text = g->stdin_text;
    return g->stdin_rc;
}

/* What was found, and what was named where that is no more than found. */
_Bool dml_guest_files_may_skip(void *user, uint32_t i)
{
    const struct dml_guest_files *g = user;
    const char *path = g->inputs.paths.v[i];
    return strcmp(path, "-") != 0 &&
           (dml_args_get(g->args, DML_OPTION_FORCE_EXCLUDE) || dml_inputs_tree(&g->inputs, path));
}

int dml_guest_files_store(void *user, uint32_t i, struct dml_sv old, struct dml_sv text, _Bool changed,
                          struct dml_err *err)
{
    const struct dml_guest_files *g = user;
    const char *path = g->inputs.paths.v[i];
    struct stat st;
    if (strcmp(path, "-") == 0) {
        dml_print_text(text); /* one call: nothing of another thread gets between */
        return 0;
    }
    if (g->output_dir)
        return dml_file_create(g->copies[i], text, (stat(path, &st) == 0 ? st.st_mode & 0777 : 0600) & ~g->umask, err);
    return changed ? dml_file_replace(path, dml_inputs_tree(&g->inputs, path), g->ids ? &g->ids[i] : NULL, old, text,
                                      g->backup ? g->backup : "", &g->backup_number[i], err)
                   : 0;
}

struct dml_run_ask dml_guest_files_ask(struct dml_guest_files *g, unsigned needs)
{
    return (struct dml_run_ask){.paths = g->shown,
                                .n = g->inputs.paths.n,
                                .read = dml_guest_files_read,
                                .may_skip = dml_guest_files_may_skip,
                                .skipped = g->inputs.skipped.v,
                                .skipped_n = g->inputs.skipped.n,
                                .user = g,
                                .needs = needs | (g->inputs.others ? DML_NEED_DIGESTS : 0),
                                .jobs = g->jobs};
}

static void say_skipped(const struct dml_outcome *o)
{
    struct dml_buf text;
    dml_buf_init(&text, SKIPPED_MAX);
    dml_report_skipped(o, &text);
    dml_common_say(&text);
}

enum dml_exit dml_guest_files_messages(const struct dml_guest_files *g, const struct dml_outcome *o)
{
    static const enum dml_exit codes[] = {
        [DML_MESSAGE_UNREADABLE] = DML_EXIT_INCOMPLETE, [DML_MESSAGE_NOT_FIXED] = DML_EXIT_NOT_FIXED};
    enum dml_exit code = g->inputs.code;
    if (g->args->command->run != dml_cmd_check && !dml_args_get(g->args, DML_OPTION_QUIET))
        say_skipped(o); /* check has it in its summary */
    for (uint32_t i = 0; i < o->messages_n; i++)
        code = dml_exit_worse(code, dml_cli_fail(codes[o->messages[i].kind], "%s", o->messages[i].text));
    if (o->unwritten)
        code = dml_exit_worse(code, DML_EXIT_NOT_FIXED);
    if (!o->checked && !dml_args_get(g->args, DML_OPTION_ALLOW_EMPTY))
        code = dml_exit_worse(
            code, dml_cli_fail(DML_EXIT_NO_INPUT, o->skipped_counted
                                                      ? "no input file is a guest: all were skipped, --list-files says "
                                                        "why (--allow-empty makes that no error)"
                                                      : "no input file matched (--allow-empty makes that no error)"));
    return code;
}

_Bool dml_guest_files_reads(const void *user, const struct stat *there)
{
    const struct dml_guest_files *g = user;
    static const enum dml_option_id files[] = {DML_OPTION_HOST, DML_OPTION_POLICY, DML_OPTION_BASELINE,
                                               DML_OPTION_FILES_FROM};
    for (uint32_t i = 0; i < g->inputs.paths.n; i++)
        if (dml_is_file(g->inputs.paths.v[i], there))
            return 1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        if (dml_is_file(dml_args_get(g->args, files[i]), there))
            return 1;
    for (uint32_t i = 0; i < g->session.baselines.n; i++)
        if (dml_is_file(g->session.baselines.v[i]->file, there))
            return 1;
    return 0;
}

int dml_guest_files_try(const struct dml_guest_files *g, struct dml_try **out, struct dml_err *err)
{
    const char *program = dml_args_get(g->args, DML_OPTION_TRY);
    const struct dml_facts *host = g->session.world.host;
    struct dml_err why = {""};
    int rc =
        dml_try_open(out, program && *program ? program : NULL, host ? host->qemu.path : NULL, g->args->arena, &why);
    if (rc == 0)
        return 0;
    *out = NULL;
    if (rc == DML_ENOMEM)
        return dml_err_nomem(err);
    (void)dml_cli_fail(DML_EXIT_OK, "--try: cannot be tried: %s", why.msg);
    return 0;
}
