/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CSV (RFC 4180): a line per finding, in every state, for spreadsheets. */
#include "report/out.h"
#include "text/escape.h"

static void field(struct dml_buf *b, struct dml_sv text)
{
    dml_escape_csv(b, text);
    dml_buf_char(b, ',');
}

static void number(struct dml_buf *b, uint32_t n)
{
    if (n)
        dml_buf_printf(b, "%u", n);
    dml_buf_char(b, ',');
}

void dml_csv_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf,
                "path,guest,verdict,line,column,end_line,end_column,severity,rule,name,key,message,state,waiver,"
                "reason,fix,excerpt,hostname,fingerprint\r\n");
}

void dml_csv_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    const struct dml_outcome_guest *g = out->guest;
    struct dml_buf *b = &out->buf;
    char fingerprint[DML_FINGERPRINT_SIZE];
    field(b, dml_sv_of(r->o->paths[f->file]));
    field(b, g ? g->name : (struct dml_sv){"", 0});
    field(b, dml_sv_of(g ? dml_verdict_name((enum dml_verdict)g->verdict) : ""));
    number(b, f->start.line);
    number(b, f->start.character);
    number(b, f->end.line);
    number(b, f->end.character);
    field(b, dml_sv_of(dml_severity_names[f->severity]));
    field(b, dml_sv_of(rule->id));
    field(b, dml_sv_of(rule->name));
    field(b, f->key);
    field(b, f->message);
    field(b, dml_sv_of(dml_state_names[f->state]));
    field(b, dml_sv_of(f->waiver ? f->waiver : ""));
    field(b, f->reason);
    field(b, dml_sv_of(dml_fix_safety_names[f->fix]));
    field(b, f->source);
    field(b, dml_sv_of(r->hostname ? r->hostname : ""));
    dml_escape_csv(b, dml_sv_of(dml_fingerprint(f, fingerprint)));
    dml_buf_str(b, "\r\n");
}
