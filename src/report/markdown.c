/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Markdown for a comment or a job's summary: what stands in the way of most guests first, then the findings by file. */
#include "report/out.h"
#include "report/tally.h"
#include "text/escape.h"

enum { TOP = 5 };

static void sentence(struct dml_buf *b, const struct dml_finding_counts *c)
{
    static const char *const names[] = {"error", "warning", "info", "hint"};
    const char *before = "";
    for (int i = 0; i < 4; i++) {
        if (!c->by_severity[i])
            continue;
        dml_buf_printf(b, "%s%zu %s%s", before, c->by_severity[i], names[i], c->by_severity[i] == 1 ? "" : "s");
        before = ", ";
    }
    dml_buf_str(b, *before ? "" : "no findings");
    for (int i = DML_STATE_BASELINED; i <= DML_STATE_SUPPRESSED; i++)
        if (c->by_state[i])
            dml_buf_printf(b, ", %zu %s", c->by_state[i], dml_state_names[i]);
}

static void blockers(struct dml_buf *b, const struct dml_report *r, const struct dml_tally *t, _Bool host)
{
    uint32_t n = 0, at = 0;
    for (const struct dml_tally_row *x; (host || n < TOP) && (x = dml_tally_next(t, host, &at));) {
        const struct dml_rule *rule = &r->o->rules->v[x->rule];
        if (!n++)
            dml_buf_printf(b, "\n**%s**\n\n| rule | guests | what it says |\n|---|---:|---|\n", dml_tally_title(host));
        dml_buf_printf(b, "| %s ", rule->id);
        dml_escape_markdown(b, dml_sv_of(rule->name));
        dml_buf_printf(b, " | %u | ", x->guests);
        dml_escape_markdown(b, host ? x->message : dml_sv_of(rule->summary ? rule->summary : ""));
        dml_buf_str(b, " |\n");
    }
    if (host && n && t->freed) {
        dml_buf_char(b, '\n');
        dml_tally_freed(t, b);
        dml_buf_char(b, '\n');
    }
}

void dml_markdown_begin(struct dml_out *out, const struct dml_report *r)
{
    struct dml_buf *b = &out->buf;
    struct dml_tally t;
    const char *before = "";
    if (dml_tally(&t, r, &out->a) < 0) {
        b->failed = 1;
        return;
    }
    dml_buf_str(b, "# dmlint\n\n");
    if (r->hostname) {
        dml_buf_str(b, "Host ");
        dml_escape_markdown(b, dml_sv_of(r->hostname));
        dml_buf_str(b, ". ");
    }
    dml_buf_printf(b, "%u file%s checked: ", r->o->checked, r->o->checked == 1 ? "" : "s");
    sentence(b, &r->o->counts);
    if (r->o->unreadable)
        dml_buf_printf(b, ", %u not read", r->o->unreadable);
    dml_buf_str(b, ".\n");
    dml_report_skipped(r->o, b);
    for (int i = 0; i < DML_VERDICTS; i++) {
        if (!t.verdicts[i])
            continue;
        dml_buf_printf(b, "%s%u %s", *before ? before : "Verdicts: ", t.verdicts[i],
                       dml_verdict_name((enum dml_verdict)i));
        before = ", ";
    }
    dml_buf_str(b, *before ? ".\n" : "");
    blockers(b, r, &t, 0);
    blockers(b, r, &t, 1);
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        dml_buf_str(b, i ? "- " : "\n- ");
        dml_escape_markdown(b, dml_sv_of(r->o->messages[i].text));
        dml_buf_char(b, '\n');
    }
}

void dml_markdown_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    struct dml_buf *b = &out->buf;
    if (!dml_out_count(out, r, DML_OFF))
        return;
    dml_buf_str(b, "\n## ");
    dml_escape_markdown(b, dml_sv_of(r->o->paths[file]));
    if (out->guest)
        dml_buf_printf(b, ": %s", dml_verdict_name((enum dml_verdict)out->guest->verdict));
    dml_buf_str(b, "\n\n| severity | line | rule | finding |\n|---|---:|---|---|\n");
}

void dml_markdown_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf;
    if (!dml_out_annotates(r, f))
        return;
    dml_buf_printf(b, "| %s | ", dml_severity_names[f->severity]);
    if (f->start.line)
        dml_buf_printf(b, "%u", f->start.line);
    dml_buf_printf(b, " | %s ", rule->id);
    dml_escape_markdown(b, dml_sv_of(rule->name));
    dml_buf_str(b, " | ");
    dml_escape_markdown(b, f->message);
    struct dml_sv source = dml_sv_trim(f->source);
    if (source.len) {
        dml_buf_str(b, "<br>");
        dml_escape_markdown_code(b, source);
    }
    dml_buf_str(b, " |\n");
}
