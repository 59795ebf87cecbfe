/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of the page that is about one guest: what was found in it, and what fixing changes. */
#include <string.h>

#include "report/html.h"
#include "report/tally.h"
#include "text/diff.h"
#include "text/escape.h"

static size_t shown(const struct dml_out *out, const struct dml_report *r)
{
    size_t n = 0;
    for (size_t i = 0; i < out->of_file_n; i++)
        n += dml_report_shows(r, out->of_file[i]);
    return n;
}

static _Bool was_found(const struct dml_out *out, const struct dml_report *r, uint16_t rule)
{
    for (size_t i = 0; i < out->of_file_n; i++)
        if (out->of_file[i]->rule == rule && dml_report_shows(r, out->of_file[i]))
            return 1;
    return 0;
}

/* What there is to say of the verdict, and what stands in the way without a finding that says it. */
static void standing(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    struct dml_buf *b = &out->buf;
    if (g->reason) {
        dml_buf_str(b, "<p>");
        dml_html_put(b, g->reason);
        dml_buf_str(b, "</p>\n");
    }
    if (g->if_host_fixed != g->verdict)
        dml_buf_printf(b, "<p>%s once the host is repaired</p>\n",
                       dml_verdict_name((enum dml_verdict)g->if_host_fixed));
    if (g->running)
        dml_buf_printf(b, "<p>running now: %s</p>\n", dml_running_name((enum dml_running_state)g->running));
    if (g->unseen)
        dml_buf_printf(b, "<p class=\"dim\">%u of the files that it names were not looked at</p>\n", g->unseen);
    for (unsigned i = 0; i < g->blockers_n; i++) {
        const struct dml_blocker *x = &g->blockers[i];
        if (was_found(out, r, x->rule))
            continue;
        dml_buf_str(b, "<p>In the way: ");
        dml_escape_xml(b, x->message);
        dml_buf_str(b, " <span class=\"place\">");
        dml_html_put(b, r->o->rules->v[x->rule].id);
        dml_buf_char(b, ' ');
        dml_html_put(b, r->o->rules->v[x->rule].name);
        if (x->start.line)
            dml_buf_printf(b, " %u:%u", x->start.line, x->start.character);
        dml_buf_str(b, "</span></p>\n");
    }
}

void dml_html_file(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    struct dml_buf *b = &out->buf;
    const struct dml_outcome_guest *g = out->guest;
    if (!dml_html_has_section(g, shown(out, r)))
        return;
    dml_buf_str(b, "<section class=\"guest\" id=\"");
    dml_html_id(b, r->o->paths[file]);
    dml_buf_str(b, "\">\n<h3>");
    dml_html_put(b, r->o->paths[file]);
    if (g) {
        const char *verdict = dml_verdict_name((enum dml_verdict)g->verdict);
        dml_buf_printf(b, ": <span class=\"%s\">%s</span></h3>\n", verdict, verdict);
        standing(out, r, g);
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
    dml_html_put(b, rule->id);
    dml_buf_char(b, ' ');
    dml_html_put(b, rule->name);
    if (f->start.line)
        dml_buf_printf(b, " %u:%u", f->start.line, f->start.character);
    dml_buf_str(b, "</span></p>\n");
    if (f->state == DML_STATE_NEW && dml_tally_of_host(rule->scope)) { /* said in full there */
        dml_buf_str(b, "<p class=\"what\">See <a href=\"#host\">the host</a>.</p>\n</article>\n");
        return;
    }
    excerpt(b, f);
    for (unsigned i = 0; i < f->related_n; i++) {
        dml_buf_str(b, "<p>See <a href=\"#");
        dml_html_id(b, r->o->paths[f->related[i].file]);
        dml_buf_str(b, "\">");
        dml_html_put(b, r->o->paths[f->related[i].file]);
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
        dml_html_put(b, rule->what_to_do);
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
    int heads = 2; /* the names of the files, which begin as changes do */
    dml_buf_str(b, "<details open=\"open\"><summary>What dmlint migrate --write changes</summary>\n<pre>");
    while (s.len) {
        const char *nl = memchr(s.p, '\n', s.len);
        size_t n = nl ? (size_t)(nl - s.p) : s.len;
        const char *element = heads-- > 0 ? "span" : s.p[0] == '+' ? "ins" : s.p[0] == '-' ? "del" : "span";
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
    if (dml_html_has_section(out->guest, shown(out, r)))
        dml_buf_str(&out->buf, "</section>\n");
}
