/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Overview: counted once, printed above and below the guests. */
#include "report/overview.h"

#include <stdlib.h>
#include <string.h>

#include "report/out.h"
#include "text/fold.h"

enum { TOP = 5, NAME_WIDTH = 34, WIDE = 100, STEP_MAX = 8192 };

/* ---- the host's findings ---- */

/* Of what asks for another Xen or QEMU, that which no setting of the guest brings about but its wish to be restricted.
 */
static _Bool about_host(const struct dml_report *r, uint16_t rule, _Bool by_setting)
{
    uint8_t scope = r->o->rules->v[rule].scope;
    return scope == DML_SCOPE_HOST || (scope == DML_SCOPE_UPGRADE && !by_setting);
}

static int by_rule(const void *x, const void *y)
{
    const struct dml_host_finding *a = x, *b = y;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    if (a->state != b->state)
        return a->state < b->state ? -1 : 1;
    return dml_sv_cmp(a->message, b->message);
}

static int by_rule_and_file(const void *x, const void *y)
{
    const struct dml_host_finding *a = x, *b = y;
    int order = by_rule(a, b);
    if (order || a->file != b->file)
        return order ? order : (a->file > b->file) - (a->file < b->file);
    return (b->start.line > a->start.line) - (b->start.line < a->start.line); /* what has a place comes first */
}

/* All that is said of the host, guest by guest. */
static uint32_t gather(const struct dml_report *r, struct dml_host_finding *v)
{
    const struct dml_finding_list *list = &r->o->findings;
    uint32_t n = 0;
    for (size_t i = 0; i < list->n; i++) {
        const struct dml_finding *f = list->v[i];
        if (about_host(r, f->rule, f->key.len && !dml_sv_is(f->key, "dm_restrict")) && dml_report_shows(r, f) &&
            (f->state == DML_STATE_NEW || r->hidden_states))
            v[n++] =
                (struct dml_host_finding){f->rule, f->severity, f->state, f->file, f->start, f->message, f->waiver, 1};
    }
    for (uint32_t i = 0; i < r->o->guests_n; i++)
        for (unsigned k = 0; k < r->o->guests[i].blockers_n; k++) {
            const struct dml_blocker *b = &r->o->guests[i].blockers[k];
            if (about_host(r, b->rule, b->start.line != 0))
                v[n++] = (struct dml_host_finding){b->rule,       r->o->rules->v[b->rule].severity,
                                                   DML_STATE_NEW, r->o->guests[i].file,
                                                   b->start,      b->message,
                                                   NULL,          1};
        }
    return n;
}

int dml_host_findings(const struct dml_report *r, struct dml_arena *a, struct dml_host_findings *out)
{
    size_t most = r->o->findings.n + 1;
    for (uint32_t i = 0; i < r->o->guests_n; i++)
        most += r->o->guests[i].blockers_n;
    *out = (struct dml_host_findings){dml_new_n(a, struct dml_host_finding, most), 0};
    if (!out->v)
        return DML_ENOMEM;
    uint32_t n = gather(r, out->v);
    if (n)
        qsort(out->v, n, sizeof *out->v, by_rule_and_file);
    for (uint32_t i = 0, end; i < n; i = end) {
        struct dml_host_finding one = out->v[i];
        for (end = i + 1; end < n && by_rule(&out->v[end], &out->v[i]) == 0; end++)
            one.guests += out->v[end].file != out->v[end - 1].file;
        if (one.guests > 1)
            out->v[out->n++] = one;
    }
    return 0;
}

_Bool dml_is_host_finding(const struct dml_host_findings *all, uint16_t rule, uint8_t state, struct dml_sv message)
{
    const struct dml_host_finding key = {.rule = rule, .state = state, .message = message};
    return all->n && bsearch(&key, all->v, all->n, sizeof key, by_rule);
}

/* ---- counting ---- */

static int by_guests(const void *x, const void *y)
{
    const struct dml_blocking *a = x, *b = y;
    if (a->guests != b->guests)
        return a->guests > b->guests ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

int dml_overview(const struct dml_outcome *o, struct dml_arena *a, struct dml_overview *out)
{
    struct dml_blocking *all = dml_new_n(a, struct dml_blocking, o->rules->n + 1u);
    *out = (struct dml_overview){.v = all};
    if (!all)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < o->rules->n; i++)
        all[i].rule = (uint16_t)i;
    for (uint32_t i = 0; i < o->guests_n; i++) {
        const struct dml_outcome_guest *g = &o->guests[i];
        out->verdicts[g->verdict]++;
        out->waiting += g->verdict == DML_VERDICT_UNKNOWN && g->missing;
        out->freed += g->verdict == DML_VERDICT_BLOCKED && g->if_host_fixed != DML_VERDICT_BLOCKED;
        out->fixable += g->verdict == DML_VERDICT_BLOCKED && g->if_host_fixed == DML_VERDICT_FIXABLE;
        for (unsigned k = 0; g->verdict == DML_VERDICT_BLOCKED && k < g->blockers_n; k++)
            all[g->blockers[k].rule].guests += !dml_rule_own(&o->rules->v[g->blockers[k].rule])->migration;
    }
    qsort(all, o->rules->n, sizeof *all, by_guests);
    while (out->n < o->rules->n && all[out->n].guests)
        out->n++;
    return 0;
}

/* ---- words ---- */

static const char *guests(uint32_t n)
{
    return n == 1 ? "guest" : "guests";
}

static size_t width_of(const struct dml_report *r)
{
    return r->width ? r->width : DML_FOLD;
}

/* A numbered step, folded, its command on a line of its own. */
static void step(const struct dml_report *r, struct dml_buf *out, unsigned *n, const struct dml_buf *text,
                 const char *command)
{
    struct dml_buf folded;
    dml_buf_init(&folded, STEP_MAX);
    dml_fold(&folded, text->p ? text->p : "", "     ", width_of(r));
    dml_buf_printf(out, "  %u. ", ++*n);
    dml_buf_str(out, folded.len > 5 ? folded.p + 5 : "\n");
    if (command) {
        dml_buf_str(out, "       $ ");
        dml_sgr(out, r->color, "1");
        dml_buf_str(out, command);
        dml_sgr(out, r->color, "0");
        dml_buf_char(out, '\n');
    }
    out->failed |= folded.failed || text->failed;
    dml_buf_dispose(&folded);
}

/* The host's rules among what blocks, most guests first; whether accounts are what it lacks. */
static _Bool host_rules(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out, _Bool *accounts)
{
    uint32_t n = 0;
    *accounts = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const struct dml_rule *rule = dml_rule_own(&r->o->rules->v[v->v[i].rule]);
        if (rule->scope != DML_SCOPE_HOST)
            continue;
        *accounts |= rule->remedy == DML_REMEDY_ACCOUNTS;
        if (n < TOP)
            dml_buf_printf(out, "%s%s %s", n ? ", " : "", rule->id, rule->name);
        n++;
    }
    if (n > TOP)
        dml_buf_printf(out, " and %u more", n - TOP);
    return n > 0;
}

static void next_facts(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out, unsigned *n)
{
    struct dml_buf text;
    if (!v->waiting)
        return;
    dml_buf_init(&text, STEP_MAX);
    dml_buf_printf(&text, "Find out what %s: collect %s on it, as root%s. %u %s %s for that.",
                   r->host ? "the facts do not say of the host" : "is not known of the host",
                   r->host ? "them again" : "its facts", r->host ? "" : ", and give --host facts.json", v->waiting,
                   guests(v->waiting), v->waiting == 1 ? "waits" : "wait");
    step(r, out, n, &text, "dmlint host collect > facts.json");
    dml_buf_dispose(&text);
}

static void next_host(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out, unsigned *n)
{
    struct dml_buf text, command;
    _Bool accounts;
    dml_buf_init(&text, STEP_MAX);
    dml_buf_init(&command, STEP_MAX);
    dml_buf_str(&text, "Mend the host: ");
    if (host_rules(r, v, &text, &accounts)) {
        if (v->freed)
            dml_buf_printf(&text, ". That frees %u %s", v->freed, guests(v->freed));
        if (v->freed && v->fixable)
            dml_buf_printf(&text, ", of which dmlint can make %u ready", v->fixable);
        dml_buf_str(&text, v->freed ? "." : ". Something of their own stands in the way of these guests, too.");
        dml_buf_printf(&command, "dmlint host %s%s", accounts ? "users" : "check",
                       r->host_option ? r->host_option : "");
        step(r, out, n, &text, command.p);
    }
    dml_buf_dispose(&text);
    dml_buf_dispose(&command);
}

static void next_fixable(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out, unsigned *n)
{
    struct dml_buf text, command;
    uint32_t fixable = v->verdicts[DML_VERDICT_FIXABLE];
    if (!fixable)
        return;
    dml_buf_init(&text, STEP_MAX);
    dml_buf_init(&command, STEP_MAX);
    dml_buf_printf(&text, "Let dmlint make what is automatic: %u %s can be ready by that.", fixable, guests(fixable));
    dml_buf_printf(&command, "dmlint migrate --write --backup%s PATH...", r->host_option ? r->host_option : "");
    step(r, out, n, &text, command.p);
    dml_buf_dispose(&text);
    dml_buf_dispose(&command);
}

static void next_decisions(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out, unsigned *n)
{
    struct dml_buf text, command;
    uint32_t shown = 0, first = 0;
    dml_buf_init(&text, STEP_MAX);
    dml_buf_init(&command, STEP_MAX);
    dml_buf_str(&text, "Decide on what blocks most guests by itself: ");
    for (uint32_t i = 0; i < v->n && shown < 3; i++) {
        const struct dml_rule *rule = dml_rule_own(&r->o->rules->v[v->v[i].rule]);
        if (rule->scope == DML_SCOPE_HOST)
            continue;
        first = shown ? first : v->v[i].rule;
        dml_buf_printf(&text, "%s%s %s (%u %s)", shown++ ? ", " : "", rule->id, rule->name, v->v[i].guests,
                       guests(v->v[i].guests));
    }
    dml_buf_char(&text, '.');
    dml_buf_printf(&command, "dmlint explain %s", r->o->rules->v[first].id);
    if (shown)
        step(r, out, n, &text, command.p);
    dml_buf_dispose(&text);
    dml_buf_dispose(&command);
}

const char *dml_verdict_color(enum dml_verdict v)
{
    static const char *const colors[DML_VERDICTS] = {[DML_VERDICT_READY] = "1;32",
                                                     [DML_VERDICT_FIXABLE] = "1;36",
                                                     [DML_VERDICT_BLOCKED] = "1;31",
                                                     [DML_VERDICT_UNKNOWN] = "1;33",
                                                     [DML_VERDICT_NOT_APPLICABLE] = ""};
    return colors[v];
}

static void verdict(const struct dml_report *r, struct dml_buf *out, enum dml_verdict v, size_t width)
{
    dml_painted(out, r->color, dml_verdict_color(v), dml_verdict_name(v), width);
}

void dml_overview_next(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out)
{
    unsigned n = 0;
    _Bool some = 0;
    dml_buf_printf(out, "%u guests: ", r->o->guests_n);
    for (int i = 0; i < DML_VERDICTS; i++) {
        if (!v->verdicts[i])
            continue;
        dml_buf_printf(out, "%s%u ", some ? ", " : "", v->verdicts[i]);
        verdict(r, out, (enum dml_verdict)i, 0);
        some = 1;
    }
    dml_buf_str(out, "\nWhat to do next:\n");
    next_facts(r, v, out, &n);
    next_host(r, v, out, &n);
    next_fixable(r, v, out, &n);
    next_decisions(r, v, out, &n);
    if (!n)
        dml_buf_str(out, "  Nothing stands in the way: start each guest cold, and look with dmlint verify.\n");
    dml_buf_str(out, "A table stands at the end of this report.\n\n");
}

/* As much of a text as fits, ended behind a word. */
static void put_cut(struct dml_buf *out, const char *text, size_t most)
{
    size_t n = strlen(text), cut = most;
    if (n <= most) {
        dml_buf_str(out, text);
        return;
    }
    while (cut && text[cut] != ' ')
        cut--;
    dml_buf_add(out, text, cut);
    dml_buf_str(out, cut ? " ..." : "");
}

void dml_overview_table(const struct dml_report *r, const struct dml_overview *v, struct dml_buf *out)
{
    enum { BEFORE = 2 + 6 + 1 + NAME_WIDTH + 1 + 6 + 2 + 8 + 2, DOTS = 4 };
    _Bool accounts, wide = width_of(r) >= WIDE;
    dml_buf_printf(out, "\n%-*s %6s\n", 2 + 6 + 1 + NAME_WIDTH, "Verdicts", "guests");
    for (int i = 0; i < DML_VERDICTS; i++) {
        dml_buf_str(out, "  ");
        verdict(r, out, (enum dml_verdict)i, 6 + 1 + NAME_WIDTH);
        dml_buf_printf(out, " %6u\n", v->verdicts[i]);
    }
    if (v->n)
        dml_buf_printf(out, "%-*s %6s  %s\n", 2 + 6 + 1 + NAME_WIDTH, "What blocks most guests", "guests",
                       wide ? "where     what it is" : "where");
    for (uint32_t i = 0; i < v->n && i < TOP; i++) {
        const struct dml_rule *rule = dml_rule_own(&r->o->rules->v[v->v[i].rule]);
        dml_buf_printf(out, "  %-6s %-*s %6u  ", rule->id, NAME_WIDTH, rule->name, v->v[i].guests);
        dml_buf_printf(out, wide ? "%-8s  " : "%s", dml_scope_names[rule->scope]);
        if (wide)
            put_cut(out, rule->summary, width_of(r) - BEFORE - DOTS);
        dml_buf_char(out, '\n');
    }
    if (v->n > TOP)
        dml_buf_printf(out, "  and %u more rules\n", v->n - TOP);
    struct dml_buf text;
    dml_buf_init(&text, STEP_MAX);
    dml_buf_str(&text, "The host must mend ");
    if (host_rules(r, v, &text, &accounts)) {
        dml_buf_printf(&text, ", which frees %u %s.", v->freed, guests(v->freed));
        dml_fold(out, text.p ? text.p : "", "", width_of(r));
    }
    dml_buf_dispose(&text);
}
