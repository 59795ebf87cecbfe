/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GitLab's code quality report: one list, in which every fingerprint is there once. */
#include "report/out.h"

void dml_gitlab_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_char(&out->buf, '[');
}

/* An error that leaves QEMU with more than it should have is worse than one that stops the guest. */
static const char *severity_of(const struct dml_rule *rule, const struct dml_finding *f)
{
    static const char *const names[] = {"major", "minor", "info", "info"};
    return f->severity == DML_ERROR && rule->tags & (DML_TAG_hold | DML_TAG_isolation) ? "critical"
                                                                                       : names[f->severity];
}

void dml_gitlab_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf, text;
    char fingerprint[DML_FINGERPRINT_SIZE];
    if (!dml_out_annotates(r, f))
        return;
    dml_buf_init(&text, SIZE_MAX / 2);
    dml_buf_printf(&text, "%s %s: ", rule->id, rule->name);
    dml_buf_sv(&text, f->message);
    dml_buf_str(b, out->items++ ? ",\n{" : "\n{");
    dml_json_put_safe(b, "description", dml_buf_view(&text)); /* GitLab shows no check_name */
    dml_json_put_str(b, "check_name", rule->id);
    dml_json_put_str(b, "fingerprint", dml_fingerprint(f, fingerprint));
    dml_json_put_str(b, "severity", severity_of(rule, f));
    dml_json_open(b, "location", '{');
    dml_json_put_safe(b, "path", dml_sv_of(dml_out_path(out, r, f->file)));
    dml_json_open(b, "lines", '{');
    dml_json_put_int(b, "begin", f->start.line ? f->start.line : 1);
    dml_json_put_int(b, "end", f->end.line ? f->end.line : 1);
    dml_buf_str(b, "}}}");
    b->failed |= text.failed;
    dml_buf_dispose(&text);
}

void dml_gitlab_end(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "\n]\n");
}
