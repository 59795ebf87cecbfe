/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The report of verify, as text and as dmlint.verify/1. */
#include <json-c/json.h>
#include <string.h>

#include "text/fold.h"
#include "text/json_out.h"
#include "text/safe.h"
#include "verify/verify_i.h"

static const char *const severities[] = {"error", "warning", "info"}; /* enum dml_verify_severity */
static const char *const severity_color[] = {"1;31", "1;33", "1;36"}, *const status_color[] = {"32", "1;31", "1;33",
                                                                                               "1;36"};

/* ---- text ---- */

/* Harmless on a terminal; further lines behind `indent`. */
static void safe(struct dml_buf *out, const char *text, const char *indent)
{
    for (struct dml_sv rest = dml_sv_of(text);;) {
        const char *nl = rest.len ? memchr(rest.p, '\n', rest.len) : NULL;
        size_t n = nl ? (size_t)(nl - rest.p) : rest.len;
        dml_safe_text(out, (struct dml_sv){rest.p, n}, 0);
        if (!nl)
            return;
        dml_buf_char(out, '\n');
        dml_buf_str(out, indent);
        rest = (struct dml_sv){nl + 1, rest.len - n - 1};
    }
}

static void text_check(struct dml_buf *out, _Bool color, int id, const struct dml_verify_check_result *r, _Bool hint)
{
    static const char indent[] = "                              ";
    dml_buf_str(out, "  ");
    dml_painted(out, color, status_color[r->status], dml_verify_check_status_names[r->status], 7);
    dml_buf_printf(out, "  %-18s  ", dml_verify_check_names[id]);
    safe(out, r->seen, indent);
    if (r->expected[0] && r->status != DML_VERIFY_PASS) {
        dml_buf_str(out, r->status == DML_VERIFY_INFO ? " (expected " : "; expected ");
        safe(out, r->expected, indent);
        dml_buf_str(out, r->status == DML_VERIFY_INFO ? ")" : "");
    }
    dml_buf_char(out, '\n');
    if (r->status == DML_VERIFY_FAIL && hint)
        dml_buf_printf(out, "           hint: %s\n", dml_verify_check_hints[id]);
}

static void text_qemu(struct dml_buf *out, _Bool color, const struct dml_verified *q, _Bool brief)
{
    dml_buf_printf(out, "domain %lld", (long long)q->said.domid);
    if (q->said.name) {
        dml_buf_str(out, " (");
        safe(out, q->said.name, "");
        dml_buf_char(out, ')');
    }
    static const char *const words[] = {"restricted", "NOT restricted", "not known"}, *const colors[] = {"1;32", "1;31",
                                                                                                         "1;33"};
    dml_buf_printf(out, ", process %u: ", q->p->pid);
    dml_painted(out, color, colors[q->verdict], words[q->verdict], 0);
    dml_buf_printf(out, "; Xen %s%s%s", q->xen_text, q->xen_from ? ", from " : "", q->xen_from ? q->xen_from : "");
    dml_buf_printf(out, "%s%s\n", q->should ? "; should be restricted: " : "; nothing asks for restriction",
                   q->should ? q->should : "");
    /* Where nobody asked for restriction, one thing is to be done. */
    for (int i = 0; i < DML_VERIFY_CHECKS && (q->should || !brief); i++)
        if (!brief || q->checks[i].status == DML_VERIFY_FAIL || q->checks[i].status == DML_VERIFY_UNKNOWN)
            text_check(out, color, i, &q->checks[i], q->said.restricted || i == DML_VERIFY_RESTRICT_ARGUMENT);
}

static void text_findings(struct dml_buf *out, _Bool color, const struct dml_verify_findings *findings, _Bool errors)
{
    for (uint32_t i = 0; i < findings->n; i++) {
        const struct dml_verify_finding *f = &findings->v[i];
        if ((f->severity == DML_VERIFY_ERROR) != errors)
            continue;
        dml_painted(out, color, severity_color[f->severity], severities[f->severity], 0);
        dml_buf_str(out, ": ");
        safe(out, f->message, "  ");
        dml_buf_printf(out, " [%s]\n", f->id);
    }
}

void dml_verify_text(const struct dml_verify *run, const struct dml_verified *const *shown, uint32_t n,
                     const struct dml_verify_findings *findings, _Bool brief, struct dml_buf *out)
{
    text_findings(out, run->color, findings, 1);
    for (uint32_t i = 0; i < n; i++)
        text_qemu(out, run->color, shown[i], brief);
    text_findings(out, run->color, findings, 0);
}

/* ---- JSON ---- */

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static void put_str(struct json_object *o, const char *key, const char *s)
{
    put(o, key, dml_json_str(s));
}

static void put_number(struct json_object *o, const char *key, int64_t n)
{
    put(o, key, n < 0 ? NULL : json_object_new_int64(n));
}

static struct json_object *json_qemu(const struct dml_verified *q)
{
    struct json_object *o = json_object_new_object(), *checks = json_object_new_array(),
                       *xen = json_object_new_object();
    put_number(o, "domid", q->said.domid);
    put_number(o, "pid", q->p->pid);
    put_str(o, "name", q->said.name);
    put_str(o, "executable", q->p->links[DML_LINK_EXE].text);
    put_str(xen, "version", q->xen_text);
    put_str(xen, "from", q->xen_from);
    put(o, "xen", xen);
    put_str(o, "config", q->expected ? q->expected->path : NULL);
    put_str(o, "should_be_restricted", q->should);
    put_str(o, "verdict", dml_verdict_names[q->verdict]);
    for (int i = 0; i < DML_VERIFY_CHECKS; i++) {
        struct json_object *c = json_object_new_object();
        put_str(c, "id", dml_verify_check_names[i]);
        put_str(c, "title", dml_verify_check_titles[i]);
        put_str(c, "status", dml_verify_check_status_names[q->checks[i].status]);
        put_str(c, "expected", q->checks[i].expected[0] ? q->checks[i].expected : NULL);
        put_str(c, "seen", q->checks[i].seen);
        put_str(c, "hint", q->checks[i].status == DML_VERIFY_FAIL ? dml_verify_check_hints[i] : NULL);
        json_object_array_add(checks, c);
    }
    put(o, "checks", checks);
    return o;
}

void dml_verify_json(const struct dml_verify *run, const struct dml_verified *const *shown, uint32_t n,
                     const struct dml_verify_findings *findings, struct dml_buf *out)
{
    struct json_object *o = json_object_new_object(), *qemus = json_object_new_array(),
                       *found = json_object_new_array(), *tool = json_object_new_object(),
                       *summary = json_object_new_object();
    int64_t count[3] = {0};
    put_str(o, "schema", "dmlint.verify/1");
    put_str(tool, "name", "dmlint");
    put_str(tool, "version", DML_VERSION);
    put(o, "tool", tool);
    put_str(o, "root", run->procs->root);
    for (uint32_t i = 0; i < n; i++) {
        json_object_array_add(qemus, json_qemu(shown[i]));
        count[shown[i]->verdict]++;
    }
    put(o, "qemus", qemus);
    for (uint32_t i = 0; i < findings->n; i++) {
        struct json_object *f = json_object_new_object();
        put_str(f, "id", findings->v[i].id);
        put_str(f, "severity", severities[findings->v[i].severity]);
        put_number(f, "pid", findings->v[i].pid);
        put_number(f, "domid", findings->v[i].domid);
        put_str(f, "message", findings->v[i].message);
        json_object_array_add(found, f);
    }
    put(o, "findings", found);
    for (int i = 0; i < 3; i++)
        put_number(summary, i == DML_NOT_RESTRICTED ? "not_restricted" : dml_verdict_names[i], count[i]);
    put(o, "summary", summary);
    dml_json_print(out, o);
}
