/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sandboxed: what of the sandbox hangs on the command line, which is where files may be written. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/write.h"
#include "cli/common.h"
#include "cli/guest_files.h"
#include "sandbox/sandbox.h"

struct places {
    struct dml_arena *a;
    DML_VEC(const char *) dirs;
};

/* Names of one directory mostly follow each other. */
static int add(struct places *p, struct dml_sv dir)
{
    if (p->dirs.n && dml_sv_is(dir, p->dirs.v[p->dirs.n - 1]))
        return 0;
    const char **slot = dml_vec_add(p->a, &p->dirs);
    return slot && (*slot = dml_arena_strndup(p->a, dir.p, dir.len)) ? 0 : DML_ENOMEM;
}

/* Where a guest is written: in the tree that it was found in, or where it is, be it named by a link. */
static int add_guest(struct places *p, const struct dml_guest_files *g, const char *path)
{
    char real[PATH_MAX];
    const char *tree = dml_inputs_tree(&g->inputs, path);
    if (tree)
        return add(p, dml_sv_of(tree));
    return strcmp(path, "-") != 0 && realpath(path, real) ? add(p, dml_path_dir(dml_sv_of(real))) : 0;
}

/* Where something new is written. A directory that cannot be made fails again, and is told, when it is. */
static int add_new(struct places *p, const char *path)
{
    return dml_file_create_above(path) == DML_ENOMEM ? DML_ENOMEM : add(p, dml_path_dir(dml_sv_of(path)));
}

int dml_guest_files_sandbox(const struct dml_guest_files *g, const char *const *reports, uint32_t n,
                            struct dml_err *err)
{
    struct places p = {.a = g->args->arena};
    const char *copy = g->writes && g->output_dir ? dml_arena_printf(p.a, "%s/", g->output_dir) : NULL;
    int rc = copy ? add_new(&p, copy) : 0;
    for (uint32_t i = 0; rc == 0 && i < n; i++)
        rc = add_new(&p, reports[i]);
    for (uint32_t i = 0; rc == 0 && g->writes && !g->output_dir && i < g->inputs.paths.n; i++)
        rc = add_guest(&p, g, g->inputs.paths.v[i]);
    return rc < 0 || p.a->failed ? dml_err_nomem(err) : dml_common_sandbox(g->args, p.dirs.v, p.dirs.n, err);
}

int dml_common_sandbox(const struct dml_args *args, const char *const *dirs, uint32_t n, struct dml_err *err)
{
    const struct dml_sandbox_ask ask = {dirs, n, dml_args_get(args, DML_OPTION_TRY) != NULL};
    const char *said;
    int rc = dml_sandbox(&ask, args->arena, &said, err);
    if (rc == 0 && dml_args_get(args, DML_OPTION_VERBOSE))
        (void)dml_cli_fail(DML_EXIT_OK, "sandbox: %s", said);
    return rc;
}
