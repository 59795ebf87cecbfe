/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TAP 13: a test per finding and per file without any. An error fails; what is less is to do and does not fail, what is
 * accepted is skipped.
 */
#include "report/out.h"
#include "text/escape.h"

static void test(struct dml_out *out, const struct dml_report *r, _Bool ok, uint32_t file)
{
    dml_buf_printf(&out->buf, "%sok %u - ", ok ? "" : "not ", ++out->tests);
    dml_escape_tap(&out->buf, dml_sv_of(r->o->paths[file]));
}

void dml_tap_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "TAP version 13\n");
}

void dml_tap_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    for (size_t i = 0; i < out->of_file_n; i++)
        if (dml_report_shows(r, out->of_file[i]))
            return;
    test(out, r, 1, file);
    dml_buf_str(&out->buf, ": no findings\n");
}

void dml_tap_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf, accepted;
    test(out, r, f->state != DML_STATE_NEW, f->file);
    if (f->start.line)
        dml_buf_printf(b, ":%u:%u", f->start.line, f->start.character);
    dml_buf_printf(b, ": %s: ", dml_severity_names[f->severity]);
    dml_escape_tap(b, f->message);
    dml_buf_str(b, " [");
    dml_escape_tap(b, dml_sv_of(rule->id));
    dml_buf_char(b, ' ');
    dml_escape_tap(b, dml_sv_of(rule->name));
    dml_buf_char(b, ']');
    if (f->state != DML_STATE_NEW) {
        dml_buf_init(&accepted, SIZE_MAX / 2);
        dml_out_accepted(&accepted, f);
        dml_buf_str(b, " # SKIP ");
        dml_escape_tap(b, dml_buf_view(&accepted));
        b->failed |= accepted.failed;
        dml_buf_dispose(&accepted);
    } else if (f->severity != DML_ERROR) {
        dml_buf_printf(b, " # TODO %s", dml_severity_names[f->severity]);
    }
    dml_buf_char(b, '\n');
}

void dml_tap_end(struct dml_out *out, const struct dml_report *r)
{
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        test(out, r, 0, r->o->messages[i].file);
        dml_buf_printf(&out->buf, ": %s: ", dml_message_kinds[r->o->messages[i].kind]);
        dml_escape_tap(&out->buf, dml_sv_of(r->o->messages[i].text));
        dml_buf_char(&out->buf, '\n');
    }
    if (r->o->skipped_counted) {
        dml_buf_str(&out->buf, "# ");
        dml_report_skipped(r->o, &out->buf);
    }
    dml_buf_printf(&out->buf, "1..%u\n", out->tests);
}
