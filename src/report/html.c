/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * HTML: one page that fetches nothing: the summary, a table of guests, and what was found in each. It is all there
 * without JavaScript, is well-formed XML, and its policy allows only the style and the script that it brings.
 */
#include "report/html.h"

#include <string.h>

#include "base/sha256.h"
#include "report/out.h"
#include "report/tally.h"
#include "text/escape.h"

enum { TOP = 10 };

void dml_html_put(struct dml_buf *b, const char *text)
{
    dml_escape_xml(b, dml_sv_of(text ? text : ""));
}

void dml_html_id(struct dml_buf *b, const char *path)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */
    for (; *path; path++)
        h = (h ^ (unsigned char)*path) * 1099511628211u;
    dml_buf_printf(b, "guest-%016llx", (unsigned long long)h);
}

/* ---- head ---- */

static void base64_sha256(struct dml_buf *b, const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    struct dml_sha256 sha;
    uint8_t d[33] = {0}; /* 32 bytes are 43 digits and an equals sign */
    dml_sha256_init(&sha);
    dml_sha256_add(&sha, dml_sv_of(text));
    dml_sha256_end(&sha, d);
    for (int i = 0; i < 33; i += 3) {
        uint32_t bits = (uint32_t)d[i] << 16 | (uint32_t)d[i + 1] << 8 | d[i + 2];
        for (int k = 18; k >= 0 && !(i == 30 && k == 0); k -= 6)
            dml_buf_char(b, digits[bits >> k & 63]);
    }
    dml_buf_char(b, '=');
}

static void head(struct dml_buf *b, const struct dml_report *r)
{
    dml_buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
    base64_sha256(b, dml_html_css);
    dml_buf_str(b, "'; script-src 'sha256-");
    base64_sha256(b, dml_html_js);
    dml_buf_str(b, "'; base-uri 'none'; form-action 'none'\"/>\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
                   "<meta name=\"referrer\" content=\"no-referrer\"/>\n<title>dmlint");
    if (r->hostname) {
        dml_buf_str(b, ": ");
        dml_html_put(b, r->hostname);
    }
    dml_buf_printf(b, "</title>\n<style>%s</style>\n</head>\n<body>\n", dml_html_css);
}

static void one_of_meta(struct dml_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    dml_buf_printf(b, "%s ", name);
    dml_html_put(b, value);
    dml_buf_str(b, " · ");
}

static void title(struct dml_buf *b, const struct dml_report *r)
{
    dml_buf_str(b, "<header>\n<h1>dmlint: will restriction hold?</h1>\n<p class=\"meta\">");
    one_of_meta(b, "host", r->hostname);
    one_of_meta(b, "Xen", r->target_xen);
    one_of_meta(b, "QEMU", r->target_qemu);
    one_of_meta(b, "policy", r->policy_name);
    dml_buf_str(b, "dmlint ");
    dml_html_put(b, r->version);
    dml_buf_str(b, "</p>\n</header>\n");
}

/* ---- summary ---- */

static void tiles(struct dml_buf *b, const struct dml_report *r, const struct dml_tally *t)
{
    dml_buf_str(b, "<ul class=\"tiles\">\n");
    for (int i = 0; i < DML_VERDICTS; i++) {
        const char *name = dml_verdict_name((enum dml_verdict)i);
        if (t->verdicts[i])
            dml_buf_printf(b, "<li class=\"%s\"><b>%u</b>%s</li>\n", name, t->verdicts[i], name);
    }
    dml_buf_str(b, "</ul>\n<p>");
    struct dml_buf text;
    dml_buf_init(&text, SIZE_MAX / 2);
    dml_report_summary(r, &text);
    for (struct dml_sv s = dml_buf_view(&text); s.len;) {
        const char *nl = memchr(s.p, '\n', s.len);
        size_t n = nl ? (size_t)(nl - s.p) : s.len;
        if (!dml_sv_starts(s, DML_SV("verdicts:"))) {
            dml_escape_xml(b, (struct dml_sv){s.p, n});
            dml_buf_str(b, nl && nl + 1 < s.p + s.len ? "<br/>\n" : "");
        }
        n += nl != NULL;
        s = (struct dml_sv){s.p + n, s.len - n};
    }
    b->failed |= text.failed;
    dml_buf_dispose(&text);
    dml_buf_str(b, "</p>\n");
}

/* What blocks: of the guests by rule, or of the host with what was found and what to do. */
static void blockers(struct dml_buf *b, const struct dml_report *r, const struct dml_tally *t, _Bool host)
{
    uint32_t n = 0, at = 0;
    for (const struct dml_tally_row *x; (host || n < TOP) && (x = dml_tally_next(t, host, &at));) {
        const struct dml_rule *rule = &r->o->rules->v[x->rule];
        if (!n++)
            dml_buf_printf(
                b,
                "<h2 id=\"%s\">%s</h2>\n<table>\n<thead><tr><th>Rule</th><th class=\"n\">Guests</th></tr></thead>\n"
                "<tbody>\n",
                host ? "host" : "most", dml_tally_title(host));
        dml_buf_str(b, "<tr><td><span class=\"place\">");
        dml_html_put(b, rule->id);
        dml_buf_char(b, ' ');
        dml_html_put(b, rule->name);
        dml_buf_str(b, x->blocks || !host ? "</span><br/>" : "</span> (blocks nothing)<br/>");
        if (host)
            dml_escape_xml(b, x->message);
        else
            dml_html_put(b, rule->summary);
        dml_buf_str(b, "<br/><span class=\"what\">");
        dml_html_put(b, rule->what_to_do);
        dml_buf_printf(b, "</span></td><td class=\"n\">%u</td></tr>\n", x->guests);
    }
    if (n)
        dml_buf_str(b, "</tbody>\n</table>\n");
    if (host && n && t->freed) {
        dml_buf_str(b, "<p>");
        dml_tally_freed(t, b);
        dml_buf_str(b, "</p>\n");
    }
}

static void messages(struct dml_buf *b, const struct dml_report *r)
{
    if (r->o->messages_n)
        dml_buf_str(b, "<h2>Not judged, or not fixed</h2>\n<ul>\n");
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        dml_buf_str(b, "<li class=\"error\">");
        dml_html_put(b, r->o->messages[i].text);
        dml_buf_str(b, "</li>\n");
    }
    if (r->o->messages_n)
        dml_buf_str(b, "</ul>\n");
}

/* ---- the table of guests ---- */

_Bool dml_html_has_section(const struct dml_outcome_guest *g, size_t findings)
{
    return findings || (g && (g->blockers_n || g->fixed));
}

static void row(struct dml_buf *b, const struct dml_report *r, const struct dml_outcome_guest *g, const uint32_t n[4],
                size_t findings)
{
    const char *verdict = dml_verdict_name((enum dml_verdict)g->verdict);
    _Bool link = dml_html_has_section(g, findings);
    dml_buf_printf(b, "<tr data-verdict=\"%s\"><td>", verdict);
    if (link) {
        dml_buf_str(b, "<a href=\"#");
        dml_html_id(b, r->o->paths[g->file]);
        dml_buf_str(b, "\">");
    }
    dml_html_put(b, r->o->paths[g->file]);
    dml_buf_str(b, link ? "</a></td><td class=\"few\">" : "</td><td class=\"few\">");
    dml_escape_xml(b, g->name);
    dml_buf_printf(b,
                   "</td><td class=\"verdict %s\">%s</td><td class=\"n\">%u</td><td class=\"n\">%u</td><td class=\"n "
                   "few\">%u</td><td class=\"few\">",
                   verdict, verdict, n[DML_ERROR], n[DML_WARNING], n[DML_INFO] + n[DML_HINT]);
    for (unsigned i = 0; i < g->blockers_n; i++) {
        dml_buf_str(b, i ? ", " : "");
        dml_html_put(b, r->o->rules->v[g->blockers[i].rule].id);
    }
    dml_buf_str(b, "</td></tr>\n");
}

static void guests(struct dml_buf *b, const struct dml_report *r)
{
    size_t at = 0;
    if (!r->o->guests_n)
        return;
    dml_buf_str(
        b,
        "<h2>Guests</h2>\n<table class=\"guests\">\n<thead><tr><th>File</th><th class=\"few\">Name</th><th>Verdict</th>"
        "<th class=\"n\">Errors</th><th class=\"n\">Warnings</th><th class=\"n few\">Others</th><th class=\"few\">In "
        "the "
        "way</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < r->o->guests_n; i++) {
        const struct dml_outcome_guest *g = &r->o->guests[i];
        uint32_t n[4] = {0};
        size_t findings = 0;
        while (at < r->o->findings.n && r->o->findings.v[at]->file < g->file)
            at++;
        for (; at < r->o->findings.n && r->o->findings.v[at]->file == g->file; at++) {
            const struct dml_finding *f = r->o->findings.v[at];
            findings += dml_report_shows(r, f);
            n[f->severity] += dml_out_annotates(r, f);
        }
        row(b, r, g, n, findings);
    }
    dml_buf_str(b, "</tbody>\n</table>\n");
}

void dml_html_begin(struct dml_out *out, const struct dml_report *r)
{
    struct dml_buf *b = &out->buf;
    struct dml_tally t;
    if (dml_tally(&t, r, &out->a) < 0) {
        b->failed = 1;
        return;
    }
    head(b, r);
    title(b, r);
    dml_buf_str(b, "<main>\n");
    tiles(b, r, &t);
    blockers(b, r, &t, 0);
    blockers(b, r, &t, 1);
    messages(b, r);
    guests(b, r);
    dml_buf_str(b, "<h2>Findings</h2>\n");
}

void dml_html_end(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_printf(&out->buf, "</main>\n<script>%s</script>\n</body>\n</html>\n", dml_html_js);
}
