/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One JSON object per line: the run, then findings, each file's guest behind them, messages and the summary. */
#include "report/members.h"

static void begin(struct dml_out *out, const char *record)
{
    dml_buf_printf(&out->buf, "{\"record\":\"%s\"", record);
}

static void end(struct dml_out *out)
{
    dml_buf_str(&out->buf, "}\n");
}

void dml_ndjson_begin(struct dml_out *out, const struct dml_report *r)
{
    begin(out, "run");
    dml_json_put_str(&out->buf, "schema", "dmlint.report-lines/1");
    dml_members_of_run(&out->buf, r);
    end(out);
}

/* Lines of many hosts meet in one log: each says where it is from. */
void dml_ndjson_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    begin(out, "finding");
    dml_json_put_str(&out->buf, "hostname", r->hostname);
    if (out->guest)
        dml_json_put(&out->buf, "guest", out->guest->name);
    dml_members_of_finding(&out->buf, r, f);
    end(out);
}

void dml_ndjson_guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    begin(out, "guest");
    dml_json_put_str(&out->buf, "hostname", r->hostname);
    dml_members_of_guest(&out->buf, r, g);
    end(out);
}

void dml_ndjson_end(struct dml_out *out, const struct dml_report *r)
{
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        begin(out, "message");
        dml_members_of_message(&out->buf, r, &r->o->messages[i]);
        end(out);
    }
    for (uint32_t i = 0; i < r->o->skipped_n; i++) {
        if (!dml_skip_counts(r->o->skipped[i].why))
            continue;
        begin(out, "skipped");
        dml_members_of_skipped(&out->buf, &r->o->skipped[i]);
        end(out);
    }
    begin(out, "summary");
    dml_members_of_summary(&out->buf, r);
    end(out);
}
