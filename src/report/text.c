/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For people: text with source lines and underlines, and concise with one line per finding. */
#include <string.h>

#include "report/out.h"
#include "text/fold.h"

enum { TAB = 8, WINDOW = 150, BEFORE = 50 };

/* Select graphic rendition of each severity: red, yellow, cyan, blue. */
static const char *const severity_color[] = {"1;31", "1;33", "1;36", "1;34", ""};

static void color(struct dml_out *out, const struct dml_report *r, const char *sgr)
{
    dml_sgr(&out->buf, r->color, sgr);
}

static void path_of(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    dml_safe_text(&out->buf, dml_sv_of(r->o->paths[file]), 0);
}

/* severity: message [DM1001 name] */
static void said(struct dml_out *out, const struct dml_report *r, uint16_t n, uint8_t severity, struct dml_sv message)
{
    const struct dml_rule *rule = &r->o->rules->v[n];
    color(out, r, severity_color[severity]);
    dml_buf_str(&out->buf, dml_severity_names[severity]);
    color(out, r, "0");
    dml_buf_str(&out->buf, ": ");
    dml_safe_text(&out->buf, message, 0);
    dml_buf_printf(&out->buf, " [%s %s]", rule->id, rule->name);
}

/* What accepts it, and the end of its line. */
static void said_state(struct dml_out *out, uint8_t state, const char *waiver)
{
    if (state != DML_STATE_NEW)
        dml_buf_printf(&out->buf, " (%s%s%s)", dml_state_names[state], waiver ? " by " : "", waiver ? waiver : "");
    dml_buf_char(&out->buf, '\n');
}

/* path:line:column: before that. */
static void head(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f, _Bool always_place)
{
    color(out, r, "1");
    path_of(out, r, f->file);
    if (f->start.line || always_place)
        dml_buf_printf(&out->buf, ":%u:%u", f->start.line ? f->start.line : 1, f->start.line ? f->start.column : 1);
    dml_buf_str(&out->buf, ": ");
    color(out, r, "0");
    said(out, r, f->rule, f->severity, f->message);
    said_state(out, f->state, f->waiver);
}

/* Writes a piece of the line, made harmless; returns the columns that it takes. */
static size_t piece(struct dml_buf *out, struct dml_sv line, size_t from, size_t to, size_t column)
{
    size_t start = column;
    for (size_t i = from; i < to && i < line.len;) {
        size_t run = i; /* most text is plain */
        while (run < to && run < line.len && line.p[run] >= 0x20 && line.p[run] < 0x7f)
            run++;
        dml_buf_add(out, line.p + i, run - i);
        column += run - i;
        i = run;
        if (i >= to || i >= line.len)
            break;
        if (line.p[i] == '\t') {
            size_t n = TAB - column % TAB;
            dml_buf_fill(out, ' ', n);
            column += n;
            i++;
        } else {
            column += dml_safe_char(out, line, &i);
        }
    }
    return column - start;
}

/* The source line and, below it, an underline. Long lines are cut around what is meant. */
static void snippet(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    struct dml_sv line = f->source;
    size_t from = f->start.column - 1, to = f->end.line == f->start.line ? f->end.column - 1 : line.len, left = 0;
    if (!line.len || from > line.len)
        return;
    if (to > line.len)
        to = line.len;
    if (from > WINDOW - BEFORE)
        for (left = from - BEFORE; left < from && ((unsigned char)line.p[left] & 0xc0) == 0x80;)
            left++;
    size_t right = left + WINDOW < line.len ? left + WINDOW : line.len;
    while (right < line.len && ((unsigned char)line.p[right] & 0xc0) == 0x80)
        right++;
    size_t margin = out->buf.len;
    dml_buf_printf(&out->buf, " %u", f->start.line);
    margin = out->buf.len - margin;
    dml_buf_str(&out->buf, left ? " | ..." : " | ");
    struct dml_sv shown = {line.p, right};
    size_t before = piece(&out->buf, shown, left, from, 0);
    size_t under = piece(&out->buf, shown, from, to, before);
    piece(&out->buf, shown, to > from ? to : from, right, before + under);
    dml_buf_str(&out->buf, right < line.len ? "...\n" : "\n");
    dml_buf_fill(&out->buf, ' ', margin);
    dml_buf_str(&out->buf, " | ");
    dml_buf_fill(&out->buf, ' ', before + (left ? 3 : 0));
    color(out, r, severity_color[f->severity]);
    dml_buf_char(&out->buf, '^');
    dml_buf_fill(&out->buf, '~', under ? under - 1 : 0);
    color(out, r, "0");
    dml_buf_char(&out->buf, '\n');
}

/* What to do; its first paragraph is enough here. */
static void hint_of(struct dml_out *out, const struct dml_rule *rule)
{
    const char *end = strstr(rule->what_to_do, "\n\n");
    struct dml_sv hint = {rule->what_to_do, end ? (size_t)(end - rule->what_to_do) : strlen(rule->what_to_do)};
    dml_buf_str(&out->buf, "  hint: ");
    for (const char *line; (line = memchr(hint.p, '\n', hint.len));) {
        dml_buf_add(&out->buf, hint.p, (size_t)(line - hint.p));
        dml_buf_char(&out->buf, ' ');
        hint = (struct dml_sv){line + 1, hint.len - (size_t)(line - hint.p) - 1};
    }
    dml_buf_sv(&out->buf, hint);
    dml_buf_char(&out->buf, '\n');
}

void dml_text_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    if ((f->state != DML_STATE_NEW && !r->hidden_states) ||
        dml_is_host_finding(&out->host, f->rule, f->state, f->message))
        return;
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    head(out, r, f, 0);
    snippet(out, r, f);
    for (unsigned i = 0; i < f->related_n; i++) {
        const struct dml_related *rel = &f->related[i];
        dml_buf_str(&out->buf, "  note: ");
        path_of(out, r, rel->file);
        if (rel->start.line)
            dml_buf_printf(&out->buf, ":%u:%u", rel->start.line, rel->start.column);
        dml_buf_str(&out->buf, ": ");
        dml_safe_text(&out->buf, rel->message, 0);
        dml_buf_char(&out->buf, '\n');
    }
    /* It is the same for each finding of a rule in a row. */
    if (rule->what_to_do && (!out->last || out->last->rule != f->rule || out->last->file != f->file))
        hint_of(out, rule);
    out->last = f;
}

/* Is there a finding that says it? One that is accepted is known all the same. */
static _Bool was_found(const struct dml_out *out, const struct dml_report *r, uint16_t rule)
{
    for (size_t i = 0; i < out->of_file_n; i++)
        if (out->of_file[i]->rule == rule && dml_report_shows(r, out->of_file[i]))
            return 1;
    return 0;
}

/* What stands in the way and no finding shows: it would, if restriction were asked for, or a policy hides it. */
static void text_blocker(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g,
                         const struct dml_blocker *b)
{
    const struct dml_rule *rule = &r->o->rules->v[b->rule];
    dml_buf_str(&out->buf, "  in the way: ");
    path_of(out, r, g->file);
    if (b->start.line)
        dml_buf_printf(&out->buf, ":%u:%u", b->start.line, b->start.column);
    dml_buf_str(&out->buf, ": ");
    dml_safe_text(&out->buf, b->message, 0);
    dml_buf_printf(&out->buf, " [%s %s]\n", rule->id, rule->name);
}

/* What is not known of this guest; of a host of which little is, the summary says it once. */
static void text_missing(struct dml_out *out, uint64_t missing)
{
    enum { FEW = 2 };
    const char *before = ": not known: ";
    if (__builtin_popcountll(missing) > FEW)
        return;
    for (unsigned i = 0; dml_missing_name(i); i++) {
        if (!(missing >> i & 1))
            continue;
        dml_buf_printf(&out->buf, "%s%s", before, dml_missing_name(i));
        before = ", ";
    }
}

/* One line for every guest; the summary counts all, and names the facts that are missing. */
void dml_text_guest(struct dml_out *out, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    color(out, r, "1");
    path_of(out, r, g->file);
    dml_buf_str(&out->buf, ": ");
    color(out, r, "0");
    dml_buf_str(&out->buf, "verdict: ");
    dml_painted(&out->buf, r->color, dml_verdict_color((enum dml_verdict)g->verdict),
                dml_verdict_name((enum dml_verdict)g->verdict), 0);
    if (g->unseen && (g->verdict == DML_VERDICT_READY || g->verdict == DML_VERDICT_FIXABLE))
        dml_buf_printf(&out->buf, " if the %u %s there", g->unseen,
                       g->unseen == 1 ? "file that it names is" : "files that it names are");
    for (unsigned i = 0; i < g->blockers_n; i++) {
        const struct dml_rule *rule = &r->o->rules->v[g->blockers[i].rule];
        dml_buf_printf(&out->buf, "%s %s %s (%s)",
                       i                                   ? ","
                       : g->verdict == DML_VERDICT_BLOCKED ? " by"
                                                           : "; to do:",
                       rule->id, rule->name, dml_scope_names[g->blockers[i].scope]);
    }
    if (g->if_host_fixed != g->verdict)
        dml_buf_printf(&out->buf, "; %s once the host is repaired",
                       dml_verdict_name((enum dml_verdict)g->if_host_fixed));
    if (g->reason)
        dml_buf_printf(&out->buf, ": %s", g->reason);
    if (g->verdict == DML_VERDICT_UNKNOWN)
        text_missing(out, g->missing);
    if (g->running)
        dml_buf_printf(&out->buf, "; running now: %s", dml_running_name((enum dml_running_state)g->running));
    dml_buf_char(&out->buf, '\n');
    for (unsigned i = 0; i < g->blockers_n; i++)
        if (!was_found(out, r, g->blockers[i].rule) &&
            !dml_is_host_finding(&out->host, g->blockers[i].rule, DML_STATE_NEW, g->blockers[i].message))
            text_blocker(out, r, g, &g->blockers[i]);
}

/* What is found of the host with the same words in several guests, once; of many guests first what to do next. */
void dml_text_begin(struct dml_out *out, const struct dml_report *r)
{
    if (dml_host_findings(r, &out->a, &out->host) < 0 || dml_overview(r->o, &out->a, &out->overview) < 0) {
        out->rc = DML_ENOMEM;
        return;
    }
    if (r->o->guests_n >= DML_MANY_GUESTS)
        dml_overview_next(r, &out->overview, &out->buf);
    for (uint32_t i = 0; i < out->host.n; i++) {
        const struct dml_host_finding *h = &out->host.v[i];
        const struct dml_rule *rule = &r->o->rules->v[h->rule];
        color(out, r, "1");
        dml_buf_str(&out->buf, "the host: ");
        color(out, r, "0");
        said(out, r, h->rule, h->severity, h->message);
        said_state(out, h->state, h->waiver);
        dml_buf_printf(&out->buf, "  said of %u guests, first of ", h->guests);
        path_of(out, r, h->file);
        if (h->start.line)
            dml_buf_printf(&out->buf, ":%u:%u", h->start.line, h->start.column);
        dml_buf_char(&out->buf, '\n');
        if (rule->what_to_do)
            hint_of(out, rule);
    }
}

void dml_text_end(struct dml_out *out, const struct dml_report *r)
{
    if (r->o->guests_n >= DML_MANY_GUESTS)
        dml_overview_table(r, &out->overview, &out->buf);
}

void dml_concise_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    if (f->state == DML_STATE_NEW || r->hidden_states)
        head(out, r, f, 1);
}
