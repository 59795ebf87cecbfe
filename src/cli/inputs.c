/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inputs: paths, directories, --files-from, and what of them is left out. */
#include "cli/inputs.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "guest/open.h"
#include "policy/ignore.h"

enum { LIST_MAX_BYTES = 256 * 1024 * 1024 };

struct collecting {
    const struct dml_args *args;
    const struct dml_session *session;
    struct dml_inputs *in;
    struct dml_ignores *ignores; /* NULL: none are asked */
    struct dml_err *err;
};

/* ---- one path ---- */

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

static int skip(struct collecting *c, const char *path, enum dml_skip why, const char *by)
{
    struct dml_skipped *s = dml_vec_add(c->args->arena, &c->in->skipped);
    if (!s || !by)
        return dml_err_nomem(c->err);
    *s = (struct dml_skipped){.path = path, .why = why, .by = by};
    return 0;
}

static int add(struct collecting *c, const char *path)
{
    const char **p = dml_vec_add(c->args->arena, &c->in->paths);
    if (!p)
        return dml_err_nomem(c->err);
    *p = path;
    c->in->others |= !looks_like_file(path);
    return 0;
}

/* What excludes a path: *out says why and by what; its path is NULL where nothing does. */
static int excluded(struct collecting *c, const char *path, _Bool directory, struct dml_skipped *out)
{
    struct dml_policy *policy;
    struct dml_origin from;
    enum dml_choice choice;
    const char *glob;
    *out = (struct dml_skipped){.path = NULL};
    for (uint32_t i = 0; (glob = dml_args_nth(c->args, DML_OPTION_EXCLUDE, i)); i++)
        if (dml_path_glob(glob, path)) {
            *out = (struct dml_skipped){path, DML_SKIP_EXCLUDED, dml_arena_printf(c->args->arena, "--exclude %s", glob),
                                        0};
            return 0;
        }
    int rc = c->ignores ? dml_ignores_find(c->ignores, path, directory, &out->by, c->err) : 0;
    if (rc < 0 || out->by || !c->session) {
        if (rc == 0 && out->by)
            *out = (struct dml_skipped){path, DML_SKIP_IGNORED, dml_arena_strdup(c->args->arena, out->by), 0};
        return rc;
    }
    rc = dml_session_policy(c->session, path, &policy, c->err);
    if (rc == 0)
        rc = dml_policy_choice(policy, path, &choice, &from);
    if (rc < 0 || choice == DML_CHOICE_BY_NAME)
        return rc;
    const char *place = dml_arena_printf(c->args->arena, "%s:%u", from.file, from.line);
    if (choice == DML_CHOICE_EXCLUDED)
        *out = (struct dml_skipped){path, DML_SKIP_EXCLUDED, place, 0};
    else if (!directory)
        *out = (struct dml_skipped){choice == DML_CHOICE_INCLUDED ? NULL : path, DML_SKIP_NOT_INCLUDED, place, 0};
    return place ? 0 : dml_err_nomem(c->err);
}

/* A file, which may be one that is left out. `by_name`: only one that looks like a guest is one. */
static int add_file(struct collecting *c, const char *path, _Bool by_name)
{
    struct dml_skipped out;
    _Bool looks = looks_like_guest(path);
    if (fnmatch("userdata-d.0.*", dml_path_base(dml_sv_of(path)).p, 0) == 0)
        return looks ? skip(c, path, DML_SKIP_DOMAIN_0, "") : 0;
    int rc = excluded(c, path, 0, &out);
    /* What is included is one, whatever its name; what has no guest's name is nothing that was skipped. */
    _Bool guest = !by_name || looks || (rc == 0 && !out.path && out.why == DML_SKIP_NOT_INCLUDED);
    if (rc < 0 || !guest)
        return rc;
    return out.path ? skip(c, path, out.why, out.by) : add(c, path);
}

/* ---- directories ---- */

static int incomplete(struct collecting *c, const char *path, int why)
{
    c->in->code = dml_cli_fail(DML_EXIT_INCOMPLETE, "cannot read %s: %s", path, strerror(why));
    return 0;
}

/* An entry of a tree. `out`: what excludes the directory that it lies in, at the level that *level says. */
static int add_entry(struct collecting *c, FTS *fts, FTSENT *e, struct dml_skipped *out, int *level)
{
    struct stat st;
    if (e->fts_info == FTS_DP) {
        if (out->path && e->fts_level == *level)
            out->path = NULL;
        return 0;
    }
    if (e->fts_level > 0 && e->fts_name[0] == '.') {
        fts_set(fts, e, FTS_SKIP);
        return 0;
    }
    if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
        return out->path ? 0 : incomplete(c, e->fts_path, e->fts_errno);
    if (e->fts_info == FTS_D) {
        *level = out->path ? *level : e->fts_level;
        return e->fts_level > 0 && !out->path ? excluded(c, e->fts_path, 1, out) : 0;
    }
    /* Links to files count as files (xendomains keeps links in /etc/xen/auto), links to directories are not followed.
     */
    _Bool file = e->fts_info == FTS_F || (e->fts_info == FTS_SL && stat(e->fts_path, &st) == 0 && S_ISREG(st.st_mode));
    if (!file || (out->path && !looks_like_guest(e->fts_name)))
        return 0;
    char *copy = dml_arena_strdup(c->args->arena, e->fts_path);
    if (!copy)
        return dml_err_nomem(c->err);
    return out->path ? skip(c, copy, out->why, out->by) : add_file(c, copy, 1);
}

/* `out`: what excludes all of it; its path is NULL where nothing does. */
static int add_directory(struct collecting *c, const char *path, struct dml_skipped *out)
{
    char *top = dml_arena_strdup(c->args->arena, path);
    if (!top)
        return dml_err_nomem(c->err);
    size_t n = strlen(top);
    while (n > 1 && top[n - 1] == '/')
        top[--n] = '\0';
    const char **tree = dml_vec_add(c->args->arena, &c->in->trees);
    if (!tree)
        return dml_err_nomem(c->err);
    *tree = top;
    char *const roots[] = {top, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    int rc = 0, level = -1, why;
    if (!fts)
        return incomplete(c, path, errno);
    for (FTSENT *e; rc == 0 && (errno = 0, e = fts_read(fts));)
        rc = add_entry(c, fts, e, out, &level);
    why = errno;
    if (rc == 0 && why != 0) /* fts_read sets it to 0 at the end, and to why where it gives up */
        c->in->code = dml_cli_fail(DML_EXIT_INCOMPLETE, "cannot read all of %s: %s", path, strerror(why));
    fts_close(fts);
    return rc;
}

/* ---- what is named ---- */

/* `listed`: from --files-from, where a name that looks like a guest is taken for one without asking the file system. */
static int add_named(struct collecting *c, const char *path, _Bool listed)
{
    struct stat st;
    if (strcmp(path, "-") == 0)
        return add(c, path);
    if (!(listed && looks_like_guest(path)) && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        struct dml_skipped out = {.path = NULL};
        int rc = dml_args_get(c->args, DML_OPTION_FORCE_EXCLUDE) ? excluded(c, path, 1, &out) : 0;
        return rc < 0 ? rc : add_directory(c, path, &out);
    }
    if (dml_args_get(c->args, DML_OPTION_FORCE_EXCLUDE) || dml_form_is_stored_name(dml_path_base(dml_sv_of(path)).p))
        return add_file(c, path, 0);
    return add(c, path); /* a file that cannot be read is said when it is read */
}

static int add_list(struct collecting *c, const char *from)
{
    const struct dml_args *args = c->args;
    struct dml_sv text;
    char separator = dml_args_get(args, DML_OPTION_NUL) ? '\0' : '\n';
    int rc = strcmp(from, "-") == 0 ? dml_fd_read(args->arena, 0, "standard input", LIST_MAX_BYTES, &text, c->err)
                                    : dml_file_read(args->arena, from, LIST_MAX_BYTES, &text, c->err);
    while (rc == 0 && text.len) {
        const char *at = memchr(text.p, separator, text.len);
        size_t n = at ? (size_t)(at - text.p) : text.len;
        if (memchr(text.p, '\0', n))
            return dml_err_set(c->err, DML_EINVAL, "--files-from: a line of %s has a NUL in it; -0 reads such lists",
                               from);
        char *path = dml_arena_strndup(args->arena, text.p, n);
        if (!path)
            return dml_err_nomem(c->err);
        if (n)
            rc = add_named(c, path, 1);
        n += at != NULL;
        text = (struct dml_sv){text.p + n, text.len - n};
    }
    return rc;
}

/* ---- each file once ---- */

static int by_bytes(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

struct physical {
    dev_t dev;
    ino_t ino;
    uint32_t input;
    _Bool link;
};

/* The path that is kept comes first: the file's own before links to it, then the first by its bytes. */
static int by_file(const void *x, const void *y)
{
    const struct physical *a = x, *b = y;
    if (a->dev != b->dev)
        return a->dev < b->dev ? -1 : 1;
    if (a->ino != b->ino)
        return a->ino < b->ino ? -1 : 1;
    return a->link != b->link ? a->link - b->link : (a->input > b->input) - (a->input < b->input);
}

static int drop_twins(struct collecting *c)
{
    struct dml_inputs *in = c->in;
    struct physical *v = dml_new_n(c->args->arena, struct physical, in->paths.n + 1);
    uint32_t n = 0, kept = 0;
    struct stat st;
    int rc = v ? 0 : dml_err_nomem(c->err);
    for (uint32_t i = 0; rc == 0 && i < in->paths.n; i++)
        if (lstat(in->paths.v[i], &st) == 0) {
            _Bool link = S_ISLNK(st.st_mode);
            if (!link || stat(in->paths.v[i], &st) == 0)
                v[n++] = (struct physical){st.st_dev, st.st_ino, i, link};
        }
    if (rc == 0 && n)
        qsort(v, n, sizeof *v, by_file);
    for (uint32_t i = 1, first = 0; rc == 0 && i < n; i++) {
        if (v[i].dev != v[first].dev || v[i].ino != v[first].ino) {
            first = i;
            continue;
        }
        rc = skip(c, in->paths.v[v[i].input], DML_SKIP_SAME, in->paths.v[v[first].input]);
        in->paths.v[v[i].input] = NULL;
    }
    for (uint32_t i = 0; rc == 0 && i < in->paths.n; i++)
        if (in->paths.v[i])
            in->paths.v[kept++] = in->paths.v[i];
    in->paths.n = rc == 0 ? kept : in->paths.n;
    return rc;
}

static int settle(struct collecting *c)
{
    struct dml_inputs *in = c->in;
    if (!in->paths.n)
        return 0;
    uint32_t kept = 1, sorted = 1;
    while (sorted < in->paths.n && strcmp(in->paths.v[sorted - 1], in->paths.v[sorted]) <= 0)
        sorted++;
    if (sorted < in->paths.n) /* lists mostly are */
        qsort(in->paths.v, in->paths.n, sizeof *in->paths.v, by_bytes);
    for (uint32_t i = 1; i < in->paths.n; i++)
        if (strcmp(in->paths.v[i], in->paths.v[kept - 1]) != 0)
            in->paths.v[kept++] = in->paths.v[i];
    in->paths.n = kept;
    return drop_twins(c);
}

int dml_inputs_collect(const struct dml_args *args, const struct dml_session *session, struct dml_inputs *out,
                       struct dml_err *err)
{
    struct collecting c = {args, session, out, NULL, err};
    *out = (struct dml_inputs){0};
    const char *from = dml_args_get(args, DML_OPTION_FILES_FROM), *said;
    if (!from && !args->n_paths)
        return dml_err_set(err, DML_EINVAL, "name the guest configs to judge, for example: dmlint %s /etc/xen/*.cfg",
                           args->command->name);
    int rc = session && !dml_args_get(args, DML_OPTION_ISOLATED) ? dml_ignores_new(&c.ignores, err) : 0;
    if (rc == 0 && from)
        rc = add_list(&c, from);
    for (uint32_t i = 0; rc == 0 && i < args->n_paths; i++) {
        if (from && strcmp(from, "-") == 0 && strcmp(args->paths[i], "-") == 0)
            rc = dml_err_set(err, DML_EINVAL, "standard input cannot hold both a list of paths and a guest");
        else
            rc = add_named(&c, args->paths[i], 0);
    }
    if (rc == 0)
        rc = settle(&c);
    for (uint32_t i = 0; c.ignores && (said = dml_ignores_refused(c.ignores, i)); i++)
        out->code = dml_exit_worse(out->code, dml_cli_fail(DML_EXIT_USAGE, "%s", said));
    dml_ignores_free(c.ignores);
    return rc;
}

const char *dml_inputs_tree(const struct dml_inputs *in, const char *path)
{
    for (uint32_t i = 0; i < in->trees.n; i++) {
        const char *tree = in->trees.v[i];
        size_t n = strlen(tree);
        if (strncmp(path, tree, n) == 0 && (path[n] == '/' || tree[n - 1] == '/'))
            return tree;
    }
    return NULL;
}
