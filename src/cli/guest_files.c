/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest files: inputs, host, target and policies of a run; reading and writing its files. */
#include "cli/guest_files.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/write.h"
#include "cli/common.h"

/* The paths as shown: standard input has the name that --stdin-filename gives it. */
static int name_inputs(struct dml_guest_files *g, struct dml_err *err)
{
    const char *name = dml_args_get(g->args, DML_OPTION_STDIN_FILENAME);
    g->shown = dml_new_n(g->args->arena, const char *, g->inputs.paths.n + 1);
    if (!g->shown)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < g->inputs.paths.n; i++)
        g->shown[i] = strcmp(g->inputs.paths.v[i], "-") == 0 ? (name ? name : "<stdin>") : g->inputs.paths.v[i];
    return 0;
}

static int open_policy(struct dml_guest_files *g, struct dml_err *err)
{
    const char *name = dml_args_get(g->args, DML_OPTION_POLICY);
    if (name) {
        int rc = dml_policy_load(&g->run.policy, name, &dml_builtin_rules, &dml_catalogue, err);
        g->run.rules = rc < 0 ? NULL : dml_policy_rules(g->run.policy);
        return rc;
    }
    int rc = dml_policies_new(&g->run.policies, &dml_builtin_rules, &dml_catalogue, err);
    g->run.rules = &dml_builtin_rules;
    /* Policies are found here, before the threads start, so that a broken one ends the run before anything is reported.
     */
    struct dml_sv last = {"", 0};
    for (uint32_t i = 0; rc == 0 && i < g->inputs.paths.n; i++) {
        struct dml_policy *policy;
        struct dml_sv dir = dml_path_dir(dml_sv_of(g->shown[i]));
        if (dml_sv_eq(dir, last))
            continue;
        last = dir;
        rc = dml_policies_for(g->run.policies, g->shown[i], &policy, err);
        if (rc == 0 && dml_policy_rules(policy) != &dml_builtin_rules)
            rc = dml_judge_add_rules(&g->run, dml_policy_rules(policy), g->args->arena, err);
    }
    return rc;
}

int dml_guest_files_open(struct dml_guest_files *g, const struct dml_args *args, struct dml_err *err)
{
    const struct dml_facts *facts = NULL;
    struct dml_target target;
    *g = (struct dml_guest_files){.args = args};
    int rc = dml_inputs_collect(args, &g->inputs, err);
    if (rc == 0)
        rc = name_inputs(g, err);
    if (rc == 0)
        rc = dml_common_max_bytes(args, &g->run.max_bytes, err);
    if (rc == 0)
        rc = dml_common_facts(args, &facts, err);
    if (rc == 0)
        rc = dml_common_target(args, facts, &target, err);
    if (rc == 0)
        rc = dml_world_init(&g->world, facts, &target, args->arena) < 0 ? dml_err_set(err, DML_ENOMEM, "out of memory")
                                                                        : 0;
    if (rc == 0)
        rc = open_policy(g, err);
    if (rc == 0)
        rc = dml_common_selected(args, g->run.rules, &g->run.selected, err);
    g->run.world = &g->world;
    return rc;
}

void dml_guest_files_close(struct dml_guest_files *g)
{
    dml_policies_free(g->run.policies);
    dml_policy_free(g->run.policy);
}

int dml_guest_files_for(const struct dml_guest_files *g, const struct dml_target *target, struct dml_world *world,
                        struct dml_run *run, struct dml_err *err)
{
    *run = g->run;
    run->world = world;
    return dml_world_init(world, g->world.host, target, g->args->arena) < 0
               ? dml_err_set(err, DML_ENOMEM, "out of memory")
               : 0;
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
static int find_twins(struct dml_guest_files *g)
{
    struct dml_arena *a = g->args->arena;
    struct physical *v = dml_new_n(a, struct physical, g->inputs.paths.n + 1);
    g->twin = dml_new_n(a, _Bool, g->inputs.paths.n + 1);
    if (!v || !g->twin)
        return DML_ENOMEM;
    uint32_t n = 0;
    struct stat st;
    for (uint32_t i = 0; i < g->inputs.paths.n && !g->output_dir; i++)
        if (stat(g->inputs.paths.v[i], &st) == 0)
            v[n++] = (struct physical){st.st_dev, st.st_ino, i};
    if (n)
        qsort(v, n, sizeof *v, by_file);
    for (uint32_t i = 1; i < n; i++)
        g->twin[v[i].input] = v[i].dev == v[i - 1].dev && v[i].ino == v[i - 1].ino;
    return 0;
}

/* The directory that an input was found below; NULL for one that was named itself. */
static const char *tree_of(const struct dml_guest_files *g, const char *path)
{
    for (uint32_t i = 0; i < g->inputs.trees.n; i++) {
        const char *tree = g->inputs.trees.v[i];
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
static int name_copies(struct dml_guest_files *g, struct dml_err *err)
{
    struct dml_arena *a = g->args->arena;
    char top[PATH_MAX], real[PATH_MAX];
    _Bool there = realpath(g->output_dir, top) != NULL;
    uint32_t n = 0;
    const char **sorted = dml_new_n(a, const char *, g->inputs.paths.n + 1);
    g->copies = dml_new_n(a, const char *, g->inputs.paths.n + 1);
    if (!g->copies || !sorted)
        return dml_err_set(err, DML_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < g->inputs.paths.n; i++) {
        const char *path = g->inputs.paths.v[i], *tree = tree_of(g, path);
        const char *rest = tree ? path + strlen(tree) : dml_path_base(dml_sv_of(path)).p;
        if (strcmp(path, "-") == 0)
            continue;
        while (*rest == '/')
            rest++;
        char *copy = dml_path_join(a, g->output_dir, rest);
        if (!copy)
            return dml_err_set(err, DML_ENOMEM, "out of memory");
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
    g->umask = umask(0); /* before any thread starts: there is no other way to ask for it */
    umask(g->umask);
    int rc = g->output_dir ? name_copies(g, err) : 0;
    if (rc < 0)
        return rc;
    return find_twins(g) < 0 ? dml_err_set(err, DML_ENOMEM, "out of memory") : 0;
}

int dml_guest_file_read(struct dml_arena *a, const char *path, size_t max, struct dml_sv *text, struct dml_err *err)
{
    int rc = strcmp(path, "-") == 0 ? dml_fd_read(a, 0, "standard input", max, text, err)
                                    : dml_file_read(a, path, max, text, err);
    size_t end = rc == DML_ETOOBIG ? dml_form_image_end(*text) : 0;
    if (!end)
        return rc;
    text->len = end; /* of a saved image only the config matters, and that is here */
    return 0;
}

int dml_guest_files_read(const struct dml_guest_files *g, struct dml_arena *a, uint32_t i, struct dml_sv *text,
                         struct dml_err *err)
{
    return dml_guest_file_read(a, g->inputs.paths.v[i], g->run.max_bytes, text, err);
}

int dml_guest_files_store(const struct dml_guest_files *g, uint32_t i, struct dml_sv old, struct dml_sv text,
                          _Bool changed, struct dml_err *err)
{
    const char *path = g->inputs.paths.v[i];
    struct stat st;
    if (strcmp(path, "-") == 0) {
        fwrite(text.p, 1, text.len, stdout); /* one call: nothing of another thread gets between */
        return 0;
    }
    if (g->output_dir)
        return dml_file_create(g->copies[i], text, (stat(path, &st) == 0 ? st.st_mode & 0777 : 0600) & ~g->umask, err);
    return changed ? dml_file_replace(path, tree_of(g, path), old, text, g->backup ? g->backup : "", err) : 0;
}
