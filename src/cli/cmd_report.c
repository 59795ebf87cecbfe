/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint report: a report that check -f json wrote, in other formats: the same bytes as check would have written. */
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/common.h"
#include "cli/outputs.h"
#include "report/load.h"

enum { FILE_MAX = 1 << 30 };

static _Bool is_the_report(const void *user, const struct stat *there)
{
    return dml_is_file(user, there);
}

static int convert(const struct dml_args *args, struct dml_loaded *l, struct dml_err *err)
{
    static const char *const levels[] = {"error", "warning", "info", "hint", NULL};
    struct dml_outputs outputs = {.stream = stdout, .is_input = is_the_report};
    struct dml_sv text;
    unsigned shown = DML_HINT;
    if (args->n_paths != 1)
        return dml_err_set(err, DML_EINVAL, "name one report that dmlint check -f json wrote, or - for standard input");
    const char *path = args->paths[0];
    _Bool standard = strcmp(path, "-") == 0;
    outputs.user = standard ? NULL : path;
    int rc = dml_outputs_parse(&outputs, args, err);
    if (rc == 0)
        rc = dml_common_word(args, DML_OPTION_MIN_SEVERITY, levels, &shown, err);
    const char *files[DML_OUTPUTS_MAX];
    unsigned files_n = 0;
    for (unsigned i = 0; i < outputs.n; i++)
        if (outputs.v[i].file)
            files[files_n++] = outputs.v[i].file;
    if (rc == 0)
        rc = dml_common_sandbox_for(args, files, files_n, err);
    if (rc == 0)
        rc = standard ? dml_fd_read(args->arena, 0, "standard input", FILE_MAX, &text, err)
                      : dml_file_read(args->arena, path, FILE_MAX, &text, err);
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, rc, "%s has more than 1 GiB", path);
    if (rc == 0)
        rc = dml_report_load(l, standard ? "standard input" : path, text, args->arena, err);
    if (rc < 0)
        return rc;
    l->report.min_severity = (enum dml_severity)shown;
    l->report.width = dml_common_width(STDOUT_FILENO);
    l->report.hidden_states = dml_args_get(args, DML_OPTION_VERBOSE) != NULL;
    rc = dml_outputs_write(&outputs, &l->report, err);
    if (rc == 0 && !dml_args_get(args, DML_OPTION_QUIET))
        dml_outputs_summary(&l->report);
    return rc;
}

enum dml_exit dml_cmd_report(const struct dml_args *args)
{
    struct dml_loaded l = {.findings = {.n = 0}};
    struct dml_err err = {""};
    int rc = convert(args, &l, &err);
    dml_loaded_dispose(&l);
    return rc < 0 ? dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg) : DML_EXIT_OK;
}
