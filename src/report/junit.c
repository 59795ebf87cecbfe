/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JUnit's XML: a suite per file. An error is a failure; what is less passes and says so, what is accepted is skipped,
 * and a file without findings is one test that passes.
 */
#include "report/out.h"
#include "text/escape.h"

static void attribute(struct dml_buf *b, const char *name, struct dml_sv value)
{
    dml_buf_printf(b, " %s=\"", name);
    dml_escape_xml(b, value);
    dml_buf_char(b, '"');
}

static void suite(struct dml_buf *b, const struct dml_report *r, const char *path, uint32_t tests, uint32_t failures,
                  uint32_t errors, uint32_t skipped)
{
    dml_buf_str(b, " <testsuite");
    attribute(b, "name", dml_sv_of(path));
    dml_buf_printf(b, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\"", tests, failures, errors, skipped);
    if (r->hostname)
        attribute(b, "hostname", dml_sv_of(r->hostname));
    dml_buf_str(b, ">\n");
}

static void test(struct dml_buf *b, const char *path, const char *name)
{
    dml_buf_str(b, "  <testcase");
    attribute(b, "classname", dml_sv_of(path));
    attribute(b, "name", dml_sv_of(name));
}

void dml_junit_begin(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dmlint\">\n");
}

void dml_junit_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    uint32_t shown = 0, fresh = dml_out_count(out, r, DML_OFF);
    for (size_t i = 0; i < out->of_file_n; i++)
        shown += dml_report_shows(r, out->of_file[i]);
    suite(&out->buf, r, r->o->paths[file], shown ? shown : 1, dml_out_count(out, r, DML_ERROR), 0, shown - fresh);
    if (shown)
        return;
    test(&out->buf, r->o->paths[file], "no findings");
    dml_buf_str(&out->buf, "/>\n");
}

void dml_junit_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf, name;
    dml_buf_init(&name, SIZE_MAX / 2);
    dml_buf_printf(&name, "%s %s", rule->id, rule->name);
    if (f->start.line)
        dml_buf_printf(&name, " (%u:%u)", f->start.line, f->start.character);
    test(b, r->o->paths[f->file], name.p ? name.p : "");
    dml_buf_clear(&name);
    if (f->state != DML_STATE_NEW) {
        dml_out_accepted(&name, f);
        dml_buf_str(b, "><skipped");
        attribute(b, "message", dml_buf_view(&name));
        dml_buf_str(b, "/></testcase>\n");
    } else if (f->severity == DML_ERROR) {
        dml_buf_str(b, "><failure type=\"error\"");
        attribute(b, "message", f->message);
        dml_buf_char(b, '>');
        dml_escape_xml(b, f->source);
        dml_buf_str(b, "</failure></testcase>\n");
    } else {
        dml_buf_printf(b, "><system-out>%s: ", dml_severity_names[f->severity]);
        dml_escape_xml(b, f->message);
        dml_buf_str(b, "</system-out></testcase>\n");
    }
    b->failed |= name.failed;
    dml_buf_dispose(&name);
}

void dml_junit_file_end(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    (void)r;
    (void)file;
    dml_buf_str(&out->buf, " </testsuite>\n");
}

void dml_junit_end(struct dml_out *out, const struct dml_report *r)
{
    struct dml_buf *b = &out->buf;
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        const struct dml_message *m = &r->o->messages[i];
        suite(b, r, r->o->paths[m->file], 1, 0, 1, 0);
        test(b, r->o->paths[m->file], dml_message_kinds[m->kind]);
        dml_buf_str(b, "><error type=\"");
        dml_buf_str(b, dml_message_kinds[m->kind]);
        dml_buf_char(b, '"');
        attribute(b, "message", dml_sv_of(m->text));
        dml_buf_str(b, "/></testcase>\n </testsuite>\n");
    }
    for (uint32_t i = 0; i < r->o->skipped_n; i++) {
        const struct dml_skipped *s = &r->o->skipped[i];
        if (!dml_skip_counts(s->why))
            continue;
        suite(b, r, s->path, 1, 0, 0, 1);
        test(b, s->path, dml_skip_name(s->why));
        dml_buf_str(b, "><skipped/></testcase>\n </testsuite>\n");
    }
    dml_buf_str(b, "</testsuites>\n");
}
