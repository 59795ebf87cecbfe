/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint why: why a guest did not start, from what xl, libxl or QEMU said of it. */
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/root.h"
#include "cli/common.h"
#include "cli/guest_files.h"
#include "cli/words.h"
#include "text/safe.h"
#include "why/why.h"

enum { TEXT_MAX = 1024 * 1024, LOG_MAX = 64 * 1024 * 1024 };

/* A log that was read, and what it says. */
struct log {
    const char *path;
    struct dml_why why;
};

/* `root`: the log was looked for in it; NULL: it was named. */
static int read_log(const struct dml_args *args, const char *root, const char *path, struct log *out,
                    struct dml_err *err)
{
    struct dml_sv text;
    int rc = strcmp(path, "-") == 0 ? dml_fd_read(args->arena, STDIN_FILENO, "stdin", LOG_MAX, &text, err)
             : root                 ? dml_root_read(args->arena, root, path, LOG_MAX, &text, err)
                                    : dml_file_read(args->arena, path, LOG_MAX, &text, err);
    out->path = strcmp(path, "-") == 0 ? "<stdin>" : path;
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, rc, "%s is larger than %d bytes: give the part of it that matters", path, LOG_MAX);
    if (rc == 0)
        rc = dml_why_read(&out->why, text, args->arena) < 0 ? dml_err_nomem(err) : 0;
    return rc;
}

/* A guest's logs on a dom0: the one that says most counts, and where neither says why, libxl's. */
static int find_logs(const struct dml_args *args, const char *name, struct log *out, struct dml_err *err)
{
    static const char folder[] = "/var/log/xen";
    const char *given = dml_args_get(args, DML_OPTION_ROOT), *root = given ? given : "";
    unsigned found = 0;
    struct stat st;
    for (size_t i = 0; i < 2; i++) {
        const char *file = dml_arena_printf(args->arena, i ? "qemu-dm-%s.log" : "xl-%s.log", name);
        const char *path = file ? dml_path_join(args->arena, folder, file) : NULL, *shown;
        struct log one;
        if (!path || !(shown = dml_root_shown(args->arena, root, path)))
            return dml_err_nomem(err);
        if (dml_root_stat(root, path, 1, &st) < 0)
            continue;
        int rc = read_log(args, root, path, &one, err);
        if (rc != 0)
            return rc;
        one.path = shown;
        if (!found++ || one.why.kind > out->why.kind) {
            const char *step = found > 1 ? out->why.step : one.why.step,
                       *code = found > 1 ? out->why.code : one.why.code;
            *out = one;
            out->why.step = *one.why.step ? one.why.step : step;
            out->why.code = *one.why.code ? one.why.code : code;
        }
    }
    return found ? 0
                 : dml_err_set(err, DML_EIO, "%s is no file, and %s has no xl-%s.log and no qemu-dm-%s.log", name,
                               dml_root_shown(args->arena, root, folder), name, name);
}

static void line(struct dml_buf *out, const char *title, struct dml_sv text)
{
    if (!text.len)
        return;
    dml_buf_printf(out, "%s", title);
    dml_safe_text(out, text, 0);
    dml_buf_char(out, '\n');
}

/* ---- the config ---- */

/* Is the text in the value, or in one of its elements? */
static _Bool holds(const struct dml_cfg_value *v, struct dml_sv text)
{
    if (!v)
        return 0;
    if (!dml_cfg_is_list(v))
        return v->n && memmem(v->u.text, v->n, text.p, text.len);
    for (uint32_t i = 0; i < v->n; i++)
        if (holds(&v->u.items[i], text))
            return 1;
    return 0;
}

/* The line to blame: of the key that the message is about, or of a value in which what it names stands. */
static uint32_t blame(const struct dml_why *w, const struct dml_cfg *cfg, struct dml_arena *a, struct dml_sv *said)
{
    const char *blank = w->argument.len ? memchr(w->argument.p, ' ', w->argument.len) : NULL;
    struct dml_sv value = w->about;
    if (blank)
        value = (struct dml_sv){blank + 1, w->argument.len - (size_t)(blank + 1 - w->argument.p)};
    const struct dml_cfg_entry *e = *w->key ? dml_cfg_find(cfg, dml_sv_of(w->key)) : NULL;
    const struct dml_cfg_setting *s = e ? &cfg->settings.v[e->last] : NULL;
    const struct dml_sv words[] = {value, w->about};
    for (size_t i = 0; i < 2 && w->kind == DML_WHY_CAUSE; i++)
        for (uint32_t k = 0; words[i].len > 2 && k < cfg->settings.n && (!s || !holds(&s->value, words[i])); k++)
            if (holds(&cfg->settings.v[k].value, words[i]))
                s = &cfg->settings.v[k];
    if (!s)
        return 0;
    struct dml_source source;
    dml_source_init(&source, "", cfg->text);
    *said = dml_sv_trim(dml_source_text(&source, cfg->items.v[s->item].span));
    const char *nl = said->len ? memchr(said->p, '\n', said->len) : NULL;
    said->len = nl ? (size_t)(nl - said->p) : said->len;
    return dml_source_pos(&source, a, s->key.off).line;
}

/* What dmlint check says of the config: the errors that stand in the way of a start. */
static void predict(struct dml_buf *out, const struct dml_why *w, const struct dml_outcome *o, uint32_t at)
{
    uint32_t n = 0, same = 0;
    for (size_t i = 0; i < o->findings.n; i++) {
        const struct dml_finding *f = o->findings.v[i];
        const struct dml_rule *r = &o->rules->v[f->rule];
        if (f->severity != DML_ERROR || f->file != 0 || r->migration)
            continue;
        same += at && f->start.line <= at && at <= f->end.line;
        char place[64] = "";
        if (f->start.line)
            snprintf(place, sizeof place, "line %u: ", f->start.line);
        dml_buf_printf(out, "%s%s", n++ ? "                 " : "dmlint check:    ", place);
        dml_safe_text(out, f->message, 0);
        dml_buf_printf(out, " [%s %s]\n", r->id, r->name);
    }
    if (n && at && w->kind == DML_WHY_CAUSE)
        dml_buf_str(out,
                    same ? "                 which is the line to blame\n"
                         : "                 which is not the line to blame: the host's facts (--host) may say more\n");
    if (!n)
        dml_buf_str(out,
                    "dmlint check:    finds no error in the config; the host's facts (--host) or what it does now may "
                    "say more\n");
}

static int with_config(const struct dml_args *args, const char *config, const struct dml_why *w, struct dml_buf *out,
                       struct dml_err *err)
{
    struct dml_args of_check = *args;
    const char *paths[] = {config};
    struct dml_guest_files files;
    struct dml_outcome *o = NULL;
    struct dml_sv text, said = {"", 0};
    struct dml_cfg cfg = {0};
    of_check.paths = paths;
    of_check.n_paths = 1;
    int rc = dml_guest_files_open(&files, &of_check, 0, err);
    if (rc == 0)
        rc = dml_guest_file_read(args->arena, config, 1, DML_MAX_BYTES, &text, err);
    if (rc == 0)
        rc = dml_cfg_parse(&cfg, args->arena, text, files.session.world.target.xen, err);
    const struct dml_run_ask ask = {
        .paths = paths, .n = 1, .read = dml_run_texts, .user = &text, .needs = DML_NEED_VERDICTS, .jobs = 1};
    if (rc == 0)
        rc = dml_run(&files.session, &ask, &o, err);
    uint32_t at = rc == 0 ? blame(w, &cfg, args->arena, &said) : 0;
    if (at) {
        dml_buf_str(out, "to blame:        ");
        dml_safe_text(out, dml_sv_of(config), 0);
        dml_buf_printf(out, ":%u: ", at);
        dml_safe_text(out, dml_sv_cut(said, 200), 0);
        dml_buf_char(out, '\n');
    } else if (rc == 0 && *w->key)
        dml_buf_printf(out, "to blame:        %s, which the config does not set\n", w->key);
    if (rc == 0)
        predict(out, w, o, at);
    dml_outcome_free(o);
    dml_guest_files_close(&files);
    return rc;
}

/* ---- all of it ---- */

static void say(struct dml_buf *out, const struct log *log)
{
    static const char *const nothing = "no line of it speaks of a failure; libxl's own are in what xl create printed, "
                                       "with more of them from xl -vvv create; QEMU's in /var/log/xen/qemu-dm-NAME.log";
    const struct dml_why *w = &log->why;
    dml_safe_text(out, dml_sv_of(log->path), 0);
    if (w->line)
        dml_buf_printf(out, ":%u", w->line);
    dml_buf_str(out, ": ");
    dml_safe_text(out, w->kind == DML_WHY_NOTHING ? dml_sv_of(nothing) : w->message, 0);
    dml_buf_char(out, '\n');
    line(out, "about:           ", w->argument);
    if (w->kind == DML_WHY_UNKNOWN)
        line(out, "what failed:     ", DML_SV("dmlint does not know this message"));
    if (w->kind == DML_WHY_STEP)
        line(out, "what failed:     ", DML_SV("this says only where libxl was; why stands in another line or log"));
    line(out, "what failed:     ", dml_sv_of(w->what));
    line(out, "releases:        ", dml_sv_of(w->releases));
    line(out, "libxl was:       ", dml_sv_of(w->step));
    line(out, "its code:        ", dml_sv_of(w->code));
    line(out, "what to do:      ", dml_sv_of(*w->todo || w->kind == DML_WHY_CAUSE ? w->todo : w->step_todo));
}

enum dml_exit dml_cmd_why(const struct dml_args *args)
{
    const char *path = args->n_paths ? args->paths[0] : "-", *config = dml_args_get(args, DML_OPTION_CONFIG);
    struct log log = {0};
    struct dml_err err = {""};
    struct dml_buf out;
    if (args->n_paths > 1)
        return dml_cli_fail(DML_EXIT_USAGE, "why takes one log, the name of a guest, or - for stdin");
    _Bool name = strcmp(path, "-") != 0 && !strchr(path, '/') && access(path, F_OK) != 0;
    int rc = name ? find_logs(args, path, &log, &err) : read_log(args, NULL, path, &log, &err);
    if (rc != 0)
        return dml_cli_fail(DML_EXIT_NO_INPUT, "%s", err.msg);
    dml_buf_init(&out, TEXT_MAX);
    say(&out, &log);
    if (config)
        rc = with_config(args, config, &log.why, &out, &err);
    else
        line(&out, "key:             ", dml_sv_of(log.why.key));
    if (rc != 0) {
        dml_buf_dispose(&out);
        return dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    }
    return dml_print_buf(&out, log.why.kind == DML_WHY_CAUSE ? DML_EXIT_OK : DML_EXIT_FINDINGS);
}
