/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files are guests, and which are skipped: --list-files, and what --require-ready wants of the latter. */
#include <stdlib.h>
#include <string.h>

#include "cli/common.h"
#include "cli/guest_files.h"
#include "guest/none.h"
#include "guest/open.h"
#include "text/safe.h"

enum { LIST_MAX = 1024 * 1024 * 1024, WHY_MAX = 65536 };

struct line {
    const char *path;
    struct dml_skipped skipped;
    const char *unreadable;
    _Bool guest;
};

static int by_path(const void *x, const void *y)
{
    return strcmp(((const struct line *)x)->path, ((const struct line *)y)->path);
}

static int look(struct dml_guest_files *g, uint32_t i, struct line *l, struct dml_err *err)
{
    static const enum dml_skip why[] = {[DML_GUEST_DENIED] = DML_SKIP_DENIED, [DML_GUEST_FOREIGN] = DML_SKIP_FOREIGN};
    struct dml_arena a = {0};
    struct dml_sv text;
    struct dml_cfg cfg;
    int rc = dml_guest_files_read(g, &a, i, &text, err);
    *l = (struct line){.path = g->shown[i], .guest = rc == 0 || rc == DML_ETOOBIG};
    if (rc == DML_EIO)
        l->unreadable = dml_arena_strdup(g->args->arena, err->msg);
    if (rc == 0 && dml_guest_files_may_skip(g, i) && dml_form_find(text).form == DML_FORM_CFG) {
        rc = dml_cfg_parse(&cfg, &a, text, g->session.world.target.xen, err);
        enum dml_no_guest none = rc == 0 ? dml_guest_none(&cfg) : DML_GUEST_PERHAPS;
        l->skipped = (struct dml_skipped){.why = why[none], .by = ""};
        l->guest = !none;
    }
    dml_arena_dispose(&a);
    return rc == DML_ENOMEM ? rc : 0;
}

int dml_guest_files_list(struct dml_guest_files *g, enum dml_exit *code, struct dml_err *err)
{
    uint32_t n = g->inputs.paths.n, all = n + g->inputs.skipped.n, guests = 0;
    struct line *v = dml_new_n(g->args->arena, struct line, all + 1);
    struct dml_buf out;
    int rc = v ? 0 : dml_err_nomem(err);
    for (uint32_t i = 0; rc == 0 && i < n; i++)
        rc = look(g, i, &v[i], err);
    if (rc < 0)
        return rc;
    dml_progress_end(&g->progress);
    for (uint32_t i = n; i < all; i++)
        v[i] = (struct line){.path = g->inputs.skipped.v[i - n].path, .skipped = g->inputs.skipped.v[i - n]};
    qsort(v, all, sizeof *v, by_path);
    dml_buf_init(&out, LIST_MAX);
    *code = g->inputs.code;
    for (uint32_t i = 0; i < all; i++) {
        if (v[i].unreadable) {
            *code = dml_exit_worse(*code, dml_cli_fail(DML_EXIT_INCOMPLETE, "%s", v[i].unreadable));
            continue;
        }
        guests += v[i].guest;
        dml_buf_str(&out, v[i].guest ? "guest    " : "skipped  ");
        dml_safe_text(&out, dml_sv_of(v[i].path), 0);
        dml_buf_str(&out, v[i].guest ? "" : ": ");
        if (!v[i].guest)
            dml_skip_words(&v[i].skipped, &out);
        dml_buf_char(&out, '\n');
    }
    dml_print_text(dml_buf_view(&out));
    rc = out.failed ? dml_err_nomem(err) : 0;
    dml_buf_dispose(&out);
    if (!guests && !dml_args_get(g->args, DML_OPTION_ALLOW_EMPTY))
        *code = dml_exit_worse(*code, DML_EXIT_NO_INPUT);
    return rc;
}

/* Files that were left out by their names have not been read yet. */
static _Bool asks(const struct dml_guest_files *g, const struct dml_skipped *s)
{
    struct dml_arena a = {0};
    struct dml_sv text;
    struct dml_err err = {""};
    _Bool yes = s->asks;
    if (s->why == DML_SKIP_EXCLUDED || s->why == DML_SKIP_IGNORED || s->why == DML_SKIP_NOT_INCLUDED) {
        int rc = dml_guest_file_read(&a, s->path, 0, g->session.grounds.max_bytes, &text, &err);
        yes = rc < 0 || dml_guest_asks(text, &a, &yes) < 0 || yes;
    }
    dml_arena_dispose(&a);
    return yes;
}

_Bool dml_guest_files_skipped_ask(const struct dml_guest_files *g, const struct dml_outcome *o)
{
    _Bool any = 0;
    for (uint32_t i = 0; i < o->skipped_n; i++) {
        struct dml_buf why;
        if (!dml_skip_counts(o->skipped[i].why) || !asks(g, &o->skipped[i]))
            continue;
        dml_buf_init(&why, WHY_MAX);
        dml_skip_words(&o->skipped[i], &why);
        (void)dml_cli_fail(DML_EXIT_FINDINGS,
                           "%s asks for dm_restrict, or cannot be read, and is skipped (%s): --require-ready wants it "
                           "judged",
                           o->skipped[i].path, why.p ? why.p : "");
        dml_buf_dispose(&why);
        any = 1;
    }
    return any;
}
