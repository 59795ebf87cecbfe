/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Workflow commands of GitHub Actions: an annotation per finding. */
#include "report/out.h"
#include "text/escape.h"

void dml_github_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    static const char *const commands[] = {"error", "warning", "notice", "notice"};
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf;
    if (!dml_out_annotates(r, f))
        return;
    dml_buf_printf(b, "::%s file=", commands[f->severity]);
    dml_escape_github_property(b, dml_sv_of(dml_out_path(out, r, f->file)));
    if (f->start.line)
        dml_buf_printf(b, ",line=%u,endLine=%u", f->start.line, f->end.line);
    if (f->start.line && f->start.line == f->end.line) /* GitHub takes columns of one line only */
        dml_buf_printf(b, ",col=%u,endColumn=%u", f->start.character, f->end.character);
    dml_buf_str(b, ",title=");
    dml_escape_github_property(b, dml_sv_of(rule->id));
    dml_buf_char(b, ' ');
    dml_escape_github_property(b, dml_sv_of(rule->name));
    dml_buf_str(b, "::");
    dml_escape_github(b, f->message);
    dml_buf_char(b, '\n');
}

void dml_github_end(struct dml_out *out, const struct dml_report *r)
{
    if (!r->o->skipped_counted)
        return;
    dml_buf_str(&out->buf, "::notice title=dmlint::");
    dml_report_skipped(r->o, &out->buf);
}
