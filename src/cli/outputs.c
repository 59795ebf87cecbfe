/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outputs: a report in several formats, one of them to standard output. */
#include "cli/outputs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/write.h"
#include "cli/common.h"

enum { NAMES_MAX = 4096, SUMMARY_MAX = 65536 };

/* ---- which ---- */

static int no_format(struct dml_sv name, struct dml_err *err)
{
    struct dml_buf names;
    dml_buf_init(&names, NAMES_MAX);
    dml_format_names(&names, " and ");
    int rc = dml_err_set(err, DML_EINVAL, "--format: there is no format \"%.*s\"; there are auto, %s", DML_SV_ARG(name),
                         names.p ? names.p : "");
    dml_buf_dispose(&names);
    return rc;
}

/* `auto`: what is read best where it goes. */
static const char *automatic(_Bool terminal)
{
    const char *actions = getenv("GITHUB_ACTIONS");
    return actions && strcmp(actions, "true") == 0 ? "github" : terminal ? "text" : "concise";
}

static int parse_one(struct dml_outputs *out, const char *text, struct dml_err *err)
{
    const char *colon = strchr(text, ':');
    struct dml_sv name = {text, colon ? (size_t)(colon - text) : strlen(text)};
    if (out->n == DML_OUTPUTS_MAX)
        return dml_err_set(err, DML_EINVAL, "--format may be given at most %d times", DML_OUTPUTS_MAX);
    struct dml_output *o = &out->v[out->n++];
    o->file = colon ? colon + 1 : NULL;
    o->format =
        dml_format_find(dml_sv_is(name, "auto") ? dml_sv_of(automatic(!colon && isatty(fileno(out->stream)))) : name);
    if (!o->format)
        return no_format(name, err);
    if (colon && !colon[1])
        return dml_err_set(err, DML_EINVAL, "--format %s: name the file after the colon", text);
    for (unsigned i = 0; i + 1 < out->n; i++) {
        if (!o->file && !out->v[i].file)
            return dml_err_set(
                err, DML_EINVAL,
                "only one --format can go to standard output; give the others a file: -f json:report.json");
        if (o->file && out->v[i].file && strcmp(o->file, out->v[i].file) == 0)
            return dml_err_set(err, DML_EINVAL, "--format: two reports would go to %s; give each its own file",
                               o->file);
    }
    return 0;
}

int dml_outputs_parse(struct dml_outputs *out, const struct dml_args *args, struct dml_err *err)
{
    const char *text;
    int rc = dml_common_color(args, fileno(out->stream), &out->color, err);
    for (uint32_t i = 0; rc == 0 && (text = dml_args_nth(args, DML_OPTION_FORMAT, i)); i++)
        rc = parse_one(out, text, err);
    if (!out->n)
        out->v[out->n++].format = &dml_formats[0];
    out->umask = umask(0); /* there is no other way to ask for it */
    umask(out->umask);
    return rc;
}

unsigned dml_outputs_needs(const struct dml_outputs *out)
{
    unsigned needs = 0;
    for (unsigned i = 0; i < out->n; i++)
        needs |= out->v[i].format->needs;
    return needs;
}

/* ---- where to ---- */

_Bool dml_is_file(const char *path, const struct stat *there)
{
    struct stat st;
    return path && stat(path, &st) == 0 && st.st_dev == there->st_dev && st.st_ino == there->st_ino;
}

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

/* May a report go to this path? `done`: reports that were written before. */
static int may_write(const struct dml_outputs *out, unsigned done, struct dml_err *err)
{
    const char *path = out->v[done].file;
    struct stat there;
    if (lstat(path, &there) != 0)
        return 0;
    if (S_ISLNK(there.st_mode))
        return dml_err_set(err, DML_EINVAL, "--format: %s is a link; name the file itself for the report", path);
    if (!S_ISREG(there.st_mode))
        return dml_err_set(err, DML_EINVAL,
                           "--format: %s is no regular file; a report goes to a file or to standard output", path);
    if (out->is_input(out->user, &there))
        return dml_err_set(err, DML_EINVAL,
                           "--format: %s is one of the inputs and is not written over; name another file", path);
    for (unsigned i = 0; i < done; i++)
        if (dml_is_file(out->v[i].file, &there))
            return dml_err_set(err, DML_EINVAL, "--format: %s is %s, where a report is already; give each its own file",
                               path, out->v[i].file);
    return 0;
}

static int write_one(const struct dml_outputs *out, unsigned i, const struct dml_report *report, struct dml_err *err)
{
    const struct dml_output *o = &out->v[i];
    struct dml_report one = *report;
    one.color = out->color && !o->file;
    one.width = o->file ? 0 : report->width;
    if (!o->file) {
        int rc = dml_report_write(o->format, &one, (struct dml_sink){write_stream, out->stream}, err);
        return rc == DML_EIO ? dml_err_set(err, rc, "cannot write standard output: %s", strerror(errno)) : rc;
    }
    struct dml_buf text;
    dml_buf_init(&text, SIZE_MAX / 2);
    int rc = dml_report_write(o->format, &one, (struct dml_sink){write_buf, &text}, err);
    if (rc == 0)
        rc = may_write(out, i, err);
    if (rc == 0)
        rc = dml_file_create(o->file, dml_buf_view(&text), 0666 & ~out->umask, err);
    dml_buf_dispose(&text);
    return rc;
}

int dml_outputs_write(const struct dml_outputs *out, const struct dml_report *r, struct dml_err *err)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < out->n; i++)
        rc = write_one(out, i, r, err);
    return rc;
}

void dml_outputs_summary(const struct dml_report *r)
{
    struct dml_buf text;
    dml_buf_init(&text, SUMMARY_MAX);
    dml_report_summary(r, &text);
    dml_common_say(&text);
}
