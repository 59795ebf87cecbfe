/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inputs: paths, directories, --files-from, --exclude. */
#include "cli/inputs.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "guest/open.h"

enum { LIST_MAX_BYTES = 256 * 1024 * 1024 };

static _Bool excluded(const struct dml_args *args, const char *path)
{
    const char *glob;
    for (uint32_t i = 0; (glob = dml_args_nth(args, DML_OPTION_EXCLUDE, i)); i++)
        if (dml_path_glob(glob, path))
            return 1;
    return 0;
}

static _Bool looks_like_file(const char *name)
{
    static const char *const endings[] = {".cfg", ".hvm", ".pv", ".pvh", ".xl"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t e = strlen(endings[i]);
        if (n > e && strcmp(name + n - e, endings[i]) == 0)
            return 1;
    }
    return 0;
}

static _Bool looks_like_guest(const char *name)
{
    return looks_like_file(name) || dml_form_is_stored_name(dml_path_base(dml_sv_of(name)).p);
}

static int add(struct dml_inputs *in, const struct dml_args *args, const char *path)
{
    const char **p = dml_vec_add(args->arena, &in->paths);
    if (!p)
        return DML_ENOMEM;
    *p = path;
    in->others |= !looks_like_file(path);
    return 0;
}

static int add_directory(struct dml_inputs *in, const struct dml_args *args, const char *path)
{
    char *top = dml_arena_strdup(args->arena, path);
    if (!top)
        return DML_ENOMEM;
    size_t n = strlen(top);
    while (n > 1 && top[n - 1] == '/')
        top[--n] = '\0';
    const char **tree = dml_vec_add(args->arena, &in->trees);
    if (!tree)
        return DML_ENOMEM;
    *tree = top;
    char *const roots[] = {top, NULL};
    /* Links to files count as files (xendomains keeps links in /etc/xen/auto), links to directories are not followed.
     */
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    if (!fts) {
        in->code = dml_cli_fail(DML_EXIT_INCOMPLETE, "cannot read %s: %s", path, strerror(errno));
        return 0;
    }
    int rc = 0;
    for (FTSENT *e; rc == 0 && (e = fts_read(fts));) {
        struct stat st;
        if (e->fts_level > 0 && e->fts_name[0] == '.') {
            fts_set(fts, e, FTS_SKIP);
            continue;
        }
        if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
            in->code = dml_cli_fail(DML_EXIT_INCOMPLETE, "cannot read %s: %s", e->fts_path, strerror(e->fts_errno));
            continue;
        }
        if (e->fts_info == FTS_D && e->fts_level > 0 && excluded(args, e->fts_path))
            fts_set(fts, e, FTS_SKIP);
        _Bool file = e->fts_info == FTS_F ||
                     (e->fts_info == FTS_SL && stat(e->fts_path, &st) == 0 && S_ISREG(st.st_mode));
        if (!file || !looks_like_guest(e->fts_name) || excluded(args, e->fts_path))
            continue;
        char *copy = dml_arena_strdup(args->arena, e->fts_path);
        rc = copy ? add(in, args, copy) : DML_ENOMEM;
        errno = 0;
    }
    if (rc == 0 && errno != 0) /* fts_read sets it to 0 at the end, and to why where it gives up */
        in->code = dml_cli_fail(DML_EXIT_INCOMPLETE, "cannot read all of %s: %s", path, strerror(errno));
    fts_close(fts);
    return rc;
}

/* `listed`: from --files-from, where a name that looks like a guest is taken for one without asking the file system. */
static int add_named(struct dml_inputs *in, const struct dml_args *args, const char *path, _Bool listed)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return add(in, args, path);
    if (dml_args_get(args, DML_OPTION_FORCE_EXCLUDE) && excluded(args, path))
        return 0;
    if (!(listed && looks_like_guest(path)) && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return add_directory(in, args, path);
    return add(in, args, path); /* a file that cannot be read is said when it is read */
}

static int add_list(struct dml_inputs *in, const struct dml_args *args, const char *from, struct dml_err *err)
{
    struct dml_sv text;
    char separator = dml_args_get(args, DML_OPTION_NUL) ? '\0' : '\n';
    int rc = strcmp(from, "-") == 0 ? dml_fd_read(args->arena, 0, "standard input", LIST_MAX_BYTES, &text, err)
                                    : dml_file_read(args->arena, from, LIST_MAX_BYTES, &text, err);
    while (rc == 0 && text.len) {
        const char *at = memchr(text.p, separator, text.len);
        size_t n = at ? (size_t)(at - text.p) : text.len;
        if (memchr(text.p, '\0', n))
            return dml_err_set(err, DML_EINVAL, "--files-from: a line of %s has a NUL in it; -0 reads such lists",
                               from);
        char *path = dml_arena_strndup(args->arena, text.p, n);
        if (!path)
            return dml_err_nomem(err);
        if (n)
            rc = add_named(in, args, path, 1);
        n += at != NULL;
        text = (struct dml_sv){text.p + n, text.len - n};
    }
    return rc;
}

static int by_bytes(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

int dml_inputs_collect(const struct dml_args *args, struct dml_inputs *out, struct dml_err *err)
{
    *out = (struct dml_inputs){0};
    const char *from = dml_args_get(args, DML_OPTION_FILES_FROM);
    if (!from && !args->n_paths)
        return dml_err_set(err, DML_EINVAL, "name the guest configs to judge, for example: dmlint %s /etc/xen/*.cfg",
                           args->command->name);
    int rc = from ? add_list(out, args, from, err) : 0;
    for (uint32_t i = 0; rc == 0 && i < args->n_paths; i++) {
        if (from && strcmp(from, "-") == 0 && strcmp(args->paths[i], "-") == 0)
            return dml_err_set(err, DML_EINVAL, "standard input cannot hold both a list of paths and a guest");
        rc = add_named(out, args, args->paths[i], 0);
    }
    if (rc < 0)
        return rc == DML_ENOMEM ? dml_err_set(err, rc, "out of memory") : rc;
    if (!out->paths.n)
        return 0;
    uint32_t kept = 1, sorted = 1;
    while (sorted < out->paths.n && strcmp(out->paths.v[sorted - 1], out->paths.v[sorted]) <= 0)
        sorted++;
    if (sorted < out->paths.n) /* lists mostly are */
        qsort(out->paths.v, out->paths.n, sizeof *out->paths.v, by_bytes);
    for (uint32_t i = 1; i < out->paths.n; i++)
        if (strcmp(out->paths.v[i], out->paths.v[kept - 1]) != 0)
            out->paths.v[kept++] = out->paths.v[i];
    out->paths.n = kept;
    return 0;
}
