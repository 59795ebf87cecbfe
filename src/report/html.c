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
#include "text/diff.h"
#include "text/escape.h"

enum { TOP = 10 };

static void put(struct dml_buf *b, const char *text)
{
    dml_escape_xml(b, dml_sv_of(text ? text : ""));
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
        put(b, r->hostname);
    }
    dml_buf_printf(b, "</title>\n<style>%s</style>\n</head>\n<body>\n", dml_html_css);
}

static void one_of_meta(struct dml_buf *b, const char *name, const char *value)
{
    if (!value)
        return;
    dml_buf_printf(b, "%s ", name);
    put(b, value);
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
    put(b, r->version);
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
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->rows.n; i++) {
        const struct dml_tally_row *x = &t->rows.v[i];
        const struct dml_rule *rule = &r->o->rules->v[x->rule];
        if (dml_tally_of_host(x->scope) != host || (!host && n == TOP))
            continue;
        if (!n++)
            dml_buf_printf(
                b,
                "<h2 id=\"%s\">%s</h2>\n<table>\n<thead><tr><th>Rule</th><th class=\"n\">Guests</th></tr></thead>\n"
                "<tbody>\n",
                host ? "host" : "most", host ? "The host, once for all guests" : "In the way of most guests");
        dml_buf_str(b, "<tr><td><span class=\"place\">");
        put(b, rule->id);
        dml_buf_char(b, ' ');
        put(b, rule->name);
        dml_buf_str(b, x->blocks || !host ? "</span><br/>" : "</span> (blocks nothing)<br/>");
        if (host)
            dml_escape_xml(b, x->message);
        else
            put(b, rule->summary);
        dml_buf_str(b, "<br/><span class=\"what\">");
        put(b, rule->what_to_do);
        dml_buf_printf(b, "</span></td><td class=\"n\">%u</td></tr>\n", x->guests);
    }
    if (n)
        dml_buf_str(b, "</tbody>\n</table>\n");
    if (host && n && t->freed)
        dml_buf_printf(b, "<p>Repaired, %u more guest%s ready or fixable.</p>\n", t->freed,
                       t->freed == 1 ? " is" : "s are");
}

static void messages(struct dml_buf *b, const struct dml_report *r)
{
    if (r->o->messages_n)
        dml_buf_str(b, "<h2>Not judged, or not fixed</h2>\n<ul>\n");
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        dml_buf_str(b, "<li class=\"error\">");
        put(b, r->o->messages[i].text);
        dml_buf_str(b, "</li>\n");
    }
    if (r->o->messages_n)
        dml_buf_str(b, "</ul>\n");
}

/* ---- the table of guests ---- */

static _Bool has_section(const struct dml_outcome_guest *g, size_t findings)
{
    return findings || (g && (g->blockers_n || g->fixed));
}

static void row(struct dml_buf *b, const struct dml_report *r, const struct dml_outcome_guest *g, const uint32_t n[4],
                size_t findings)
{
    const char *verdict = dml_verdict_name((enum dml_verdict)g->verdict);
    _Bool link = has_section(g, findings);
    dml_buf_printf(b, "<tr data-file=\"%u\" data-verdict=\"%s\"><td>", g->file, verdict);
    if (link)
        dml_buf_printf(b, "<a href=\"#guest-%u\">", g->file);
    put(b, r->o->paths[g->file]);
    dml_buf_str(b, link ? "</a></td><td class=\"few\">" : "</td><td class=\"few\">");
    dml_escape_xml(b, g->name);
    dml_buf_printf(b,
                   "</td><td class=\"verdict %s\">%s</td><td class=\"n\">%u</td><td class=\"n\">%u</td><td class=\"n "
                   "few\">%u</td><td class=\"few\">",
                   verdict, verdict, n[DML_ERROR], n[DML_WARNING], n[DML_INFO] + n[DML_HINT]);
    for (unsigned i = 0; i < g->blockers_n; i++) {
        dml_buf_str(b, i ? ", " : "");
        put(b, r->o->rules->v[g->blockers[i].rule].id);
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

/* ---- one guest ---- */

static size_t shown(const struct dml_out *out, const struct dml_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < out->of_file_n; i++)
        n += dml_report_shows(r, out->of_file[i]);
    return n;
}

void dml_html_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    struct dml_buf *b = &out->buf;
    const struct dml_outcome_guest *g = out->guest;
    if (!has_section(g, shown(out, r)))
        return;
    dml_buf_printf(b, "<section class=\"guest\" id=\"guest-%u\">\n<h3>", file);
    put(b, r->o->paths[file]);
    if (g) {
        const char *verdict = dml_verdict_name((enum dml_verdict)g->verdict);
        dml_buf_printf(b, ": <span class=\"%s\">%s</span></h3>\n", verdict, verdict);
        if (g->if_host_fixed != g->verdict)
            dml_buf_printf(b, "<p>%s once the host is repaired</p>\n",
                           dml_verdict_name((enum dml_verdict)g->if_host_fixed));
    } else {
        dml_buf_str(b, "</h3>\n");
    }
}

/* The line, with what is meant marked in it. */
static void excerpt(struct dml_buf *b, const struct dml_finding *f)
{
    struct dml_sv s = f->source;
    size_t from = f->start.column - 1, to = f->end.line == f->start.line ? f->end.column - 1 : s.len;
    if (!s.len || from > s.len)
        return;
    to = to > s.len ? s.len : to < from ? from : to;
    dml_buf_printf(b, "<pre><span class=\"dim\">%u</span> ", f->start.line);
    dml_escape_xml(b, (struct dml_sv){s.p, from});
    dml_buf_str(b, "<mark>");
    dml_escape_xml(b, (struct dml_sv){s.p + from, to - from});
    dml_buf_str(b, "</mark>");
    dml_escape_xml(b, (struct dml_sv){s.p + to, s.len - to});
    dml_buf_str(b, "</pre>\n");
}

/* Lines of a text, each in an element. */
static void lines(struct dml_buf *b, const char *element, const char *prefix, struct dml_sv s)
{
    while (s.len) {
        const char *nl = memchr(s.p, '\n', s.len);
        size_t n = nl ? (size_t)(nl - s.p) : s.len;
        dml_buf_printf(b, "<%s>%s", element, prefix);
        dml_escape_xml(b, (struct dml_sv){s.p, n});
        dml_buf_printf(b, "</%s>\n", element);
        n += nl != NULL;
        s = (struct dml_sv){s.p + n, s.len - n};
    }
}

/* The excerpt as the edits leave it; 0 where they go beyond it. */
static _Bool changed_line(const struct dml_finding *f, struct dml_buf *after)
{
    size_t at = 0;
    for (uint32_t i = 0; i < f->edits_n; i++) {
        const struct dml_replacement *e = &f->edits[i];
        _Bool whole = e->end.line == f->start.line + 1 && e->end.column == 1;
        size_t from = e->start.column - 1, to = whole ? f->source.len : e->end.column - 1;
        if (e->start.line != f->start.line || (e->end.line != f->start.line && !whole) || from < at || to < from ||
            to > f->source.len || f->source.len == DML_SOURCE_MAX)
            return 0;
        dml_buf_add(after, f->source.p + at, from - at);
        dml_buf_sv(after, e->text);
        at = to;
    }
    dml_buf_add(after, f->source.p + at, f->source.len - at);
    return 1;
}

static void proposal(struct dml_buf *b, const struct dml_finding *f)
{
    struct dml_buf after;
    if (!f->edits_n)
        return;
    dml_buf_init(&after, SIZE_MAX / 2);
    dml_buf_printf(b, "<p>Fix (%s):</p>\n<pre>", dml_fix_safety_names[f->fix]);
    if (changed_line(f, &after)) {
        lines(b, "del", "-", f->source);
        lines(b, "ins", "+", dml_buf_view(&after));
    }
    for (uint32_t i = 0; i < f->edits_n && !after.len; i++) {
        const struct dml_replacement *e = &f->edits[i];
        dml_buf_printf(b, "<span class=\"dim\">%s line %u:</span>\n", e->text.len ? "in" : "delete in", e->start.line);
        lines(b, "ins", "+", e->text);
    }
    dml_buf_str(b, "</pre>\n");
    b->failed |= after.failed;
    dml_buf_dispose(&after);
}

void dml_html_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    const char *severity = dml_severity_names[f->severity];
    struct dml_buf *b = &out->buf;
    dml_buf_printf(b, "<article class=\"%s%s\">\n<p class=\"head\"><span class=\"%s\">%s</span> ", severity,
                   f->state == DML_STATE_NEW ? "" : " accepted", severity, severity);
    dml_escape_xml(b, f->message);
    dml_buf_str(b, " <span class=\"place\">");
    put(b, rule->id);
    dml_buf_char(b, ' ');
    put(b, rule->name);
    if (f->start.line)
        dml_buf_printf(b, " %u:%u", f->start.line, f->start.character);
    dml_buf_str(b, "</span></p>\n");
    if (f->state == DML_STATE_NEW && dml_tally_of_host(rule->scope)) { /* said in full there */
        dml_buf_str(b, "<p class=\"what\">See <a href=\"#host\">the host</a>.</p>\n</article>\n");
        return;
    }
    excerpt(b, f);
    for (unsigned i = 0; i < f->related_n; i++) {
        dml_buf_printf(b, "<p>See <a href=\"#guest-%u\">", f->related[i].file);
        put(b, r->o->paths[f->related[i].file]);
        dml_buf_printf(b, ":%u</a>: ", f->related[i].start.line);
        dml_escape_xml(b, f->related[i].message);
        dml_buf_str(b, "</p>\n");
    }
    if (f->state != DML_STATE_NEW) {
        struct dml_buf why;
        dml_buf_init(&why, SIZE_MAX / 2);
        dml_out_accepted(&why, f);
        dml_buf_str(b, "<p>");
        dml_escape_xml(b, dml_buf_view(&why));
        dml_buf_str(b, "</p>\n");
        b->failed |= why.failed;
        dml_buf_dispose(&why);
    }
    /* What to do is the same for each finding of a rule in a row. */
    if (rule->what_to_do && (!out->last || out->last->rule != f->rule || out->last->file != f->file)) {
        dml_buf_str(b, "<p class=\"what\">");
        put(b, rule->what_to_do);
        dml_buf_str(b, "</p>\n");
    }
    proposal(b, f);
    dml_buf_str(b, "</article>\n");
    out->last = f;
}

/* ---- what fixing changes ---- */

/* One option with its values per line. */
static struct dml_sv joined(struct dml_out *out, const struct dml_argv *v)
{
    struct dml_buf b;
    dml_buf_init(&b, UINT32_MAX / 2);
    for (uint32_t i = 0; i < v->n; i++) {
        if (i)
            dml_buf_char(&b, i == 1 || v->v[i][0] == '-' ? '\n' : ' ');
        for (const char *p = v->v[i]; *p; p++) /* a newline in an argument must not look like two lines */
            dml_buf_char(&b, *p == '\n' ? ' ' : *p);
    }
    dml_buf_char(&b, '\n');
    struct dml_sv s = dml_arena_sv(&out->a, dml_buf_view(&b));
    out->buf.failed |= b.failed || out->a.failed;
    dml_buf_dispose(&b);
    return s;
}

/* One side of a comparison; what the other side does not have is marked. */
static void side(struct dml_buf *b, const struct dml_diff *d, _Bool after)
{
    const struct dml_lines *all = after ? &d->after : &d->before;
    uint32_t change = 0;
    dml_buf_printf(b, "<div><p class=\"dim\">%s</p><pre>", after ? "after" : "before");
    for (uint32_t i = 0; i < all->n; i++) {
        while (change < d->n && (after ? d->v[change].b1 : d->v[change].a1) <= i)
            change++;
        _Bool differs = change < d->n && (after ? d->v[change].b0 : d->v[change].a0) <= i;
        const char *element = differs ? after ? "ins" : "del" : "span";
        struct dml_sv line = dml_line(all, i);
        dml_buf_printf(b, "<%s>", element);
        dml_escape_xml(b, dml_sv_trim(line));
        dml_buf_printf(b, "</%s>\n", element);
    }
    dml_buf_str(b, "</pre></div>\n");
}

static void diff(struct dml_buf *b, struct dml_sv s)
{
    dml_buf_str(b, "<details open=\"open\"><summary>What dmlint migrate --write changes</summary>\n<pre>");
    while (s.len) {
        const char *nl = memchr(s.p, '\n', s.len);
        size_t n = nl ? (size_t)(nl - s.p) : s.len;
        const char *element = s.p[0] == '+' ? "ins" : s.p[0] == '-' ? "del" : "span";
        lines(b, element, "", (struct dml_sv){s.p, n});
        n += nl != NULL;
        s = (struct dml_sv){s.p + n, s.len - n};
    }
    dml_buf_str(b, "</pre></details>\n");
}

void dml_html_guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    struct dml_buf *b = &out->buf;
    struct dml_diff d;
    (void)r;
    if (!g->fixed)
        return;
    diff(b, g->fixed->diff);
    struct dml_sv before = joined(out, &g->fixed->before), after = joined(out, &g->fixed->after);
    if (b->failed || dml_diff_lines(&d, before, after, &out->a) < 0) {
        b->failed = 1;
        return;
    }
    dml_buf_str(b,
                "<details class=\"argv\" open=\"open\"><summary>QEMU's command line before and after</summary>\n<div "
                "class=\"pair\">\n");
    side(b, &d, 0);
    side(b, &d, 1);
    dml_buf_str(b, "</div></details>\n");
}

void dml_html_file_end(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    (void)file;
    if (has_section(out->guest, shown(out, r)))
        dml_buf_str(&out->buf, "</section>\n");
}

void dml_html_end(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_printf(&out->buf, "</main>\n<script>%s</script>\n</body>\n</html>\n", dml_html_js);
}
