/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Checkstyle's XML, which many tools read: files with their findings. */
#include "report/out.h"
#include "text/escape.h"

void dml_checkstyle_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
}

void dml_checkstyle_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    dml_buf_str(&out->buf, " <file name=\"");
    dml_escape_xml(&out->buf, dml_sv_of(dml_out_path(out, r, file)));
    dml_buf_str(&out->buf, "\">\n");
}

void dml_checkstyle_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    static const char *const severities[] = {"error", "warning", "info", "info"};
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf;
    if (!dml_out_annotates(r, f))
        return;
    dml_buf_printf(b, "  <error line=\"%u\" column=\"%u\" severity=\"%s\" message=\"",
                   f->start.line ? f->start.line : 1, f->start.line ? f->start.character : 1, severities[f->severity]);
    dml_escape_xml(b, f->message);
    dml_buf_str(b, " [");
    dml_escape_xml(b, dml_sv_of(rule->name));
    dml_buf_str(b, "]\" source=\"dmlint.");
    dml_escape_xml(b, dml_sv_of(rule->id));
    dml_buf_str(b, "\"/>\n");
}

void dml_checkstyle_file_end(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    (void)r;
    (void)file;
    dml_buf_str(&out->buf, " </file>\n");
}

void dml_checkstyle_end(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "</checkstyle>\n");
}
