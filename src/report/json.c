/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dmlint.report/1: one JSON document, written piece by piece so that it never is in memory as a whole. It holds all
 * that any format says: load.c reads it back.
 */
#include "report/members.h"

const char *const dml_message_kinds[] = {
    [DML_MESSAGE_UNREADABLE] = "unreadable", [DML_MESSAGE_NOT_FIXED] = "not-fixed", NULL};

static void pos(struct dml_buf *b, const char *key, struct dml_pos p, uint32_t offset)
{
    dml_json_open(b, key, '{');
    dml_json_put_int(b, "line", p.line);
    dml_json_put_int(b, "column", p.column);
    if (p.character && p.character != p.column)
        dml_json_put_int(b, "character", p.character);
    if (offset != UINT32_MAX) /* a line that is known without its text */
        dml_json_put_int(b, "offset", offset);
    dml_json_close(b, '}');
}

static void range(struct dml_buf *b, struct dml_span span, struct dml_pos start, struct dml_pos end)
{
    if (!start.line) {
        dml_json_put_str(b, "range", NULL);
        return;
    }
    dml_json_open(b, "range", '{');
    pos(b, "start", start, span.off);
    pos(b, "end", end, dml_span_none(span) ? UINT32_MAX : span.off + span.len);
    dml_json_close(b, '}');
}

/* The names of a set's members, as `name` gives them. */
static void words(struct dml_buf *b, const char *key, uint64_t set, const char *(*name)(unsigned i))
{
    dml_json_open(b, key, '[');
    for (unsigned i = 0; name(i); i++)
        if (set >> i & 1)
            dml_json_put_str(b, NULL, name(i));
    dml_json_close(b, ']');
}

static void strings(struct dml_buf *b, const char *key, const char *const *v, uint32_t n)
{
    dml_json_open(b, key, '[');
    for (uint32_t i = 0; i < n; i++)
        dml_json_put_str(b, NULL, v[i]);
    dml_json_close(b, ']');
}

void dml_members_of_run(struct dml_buf *b, const struct dml_report *r)
{
    dml_json_open(b, "tool", '{');
    dml_json_put_str(b, "name", "dmlint");
    dml_json_put_str(b, "version", r->version);
    dml_json_close(b, '}');
    dml_json_open(b, "policy", '{');
    dml_json_put_str(b, "name", r->policy_name);
    dml_json_put_str(b, "sha256", r->policy_sha256);
    dml_json_close(b, '}');
    dml_json_open(b, "target", '{');
    dml_json_put_str(b, "xen", r->target_xen);
    dml_json_put_str(b, "qemu", r->target_qemu);
    dml_json_close(b, '}');
    dml_json_put_str(b, "hostname", r->hostname);
    dml_json_put_str(b, "facts", r->host);
    dml_json_put_str(b, "facts_option", r->host_option);
}

static const char *tag_name(unsigned i)
{
    return i < DML_TAG_COUNT ? dml_tag_names[i] : NULL;
}

void dml_members_of_rule(struct dml_buf *b, const struct dml_rule *rule)
{
    dml_json_put_str(b, "id", rule->id);
    dml_json_put_str(b, "name", rule->name);
    dml_json_put_str(b, "severity", dml_severity_names[rule->severity]);
    dml_json_put_str(b, "scope", dml_scope_names[rule->scope]);
    dml_json_put_str(b, "remedy", dml_remedy_names[rule->remedy]);
    dml_json_put_str(b, "rests_on", dml_confidence_names[rule->confidence]);
    words(b, "tags", rule->tags, tag_name);
    if (rule->migration)
        dml_json_put_true(b, "migration");
    strings(b, "references", rule->references, rule->references_n);
    dml_json_put_str(b, "summary", rule->summary);
    dml_json_put_str(b, "why", rule->why);
    dml_json_put_str(b, "do", rule->what_to_do);
}

static void blocker(struct dml_buf *b, const struct dml_report *r, const struct dml_blocker *x)
{
    dml_json_open(b, NULL, '{');
    dml_json_put_str(b, "rule", r->o->rules->v[x->rule].id);
    dml_json_put_str(b, "scope", dml_scope_names[x->scope]);
    range(b, x->span, x->start, x->end);
    dml_json_put(b, "message", x->message);
    dml_json_close(b, '}');
}

static void supply(struct dml_buf *b, uint64_t missing)
{
    dml_json_open(b, "supply", '{');
    for (unsigned i = 0; dml_missing_name(i); i++)
        if (missing >> i & 1 && dml_missing_command(i))
            dml_json_put_str(b, dml_missing_name(i), dml_missing_command(i));
    dml_json_close(b, '}');
}

void dml_members_of_guest(struct dml_buf *b, const struct dml_report *r, const struct dml_outcome_guest *g)
{
    dml_json_put_str(b, "path", r->o->paths[g->file]);
    dml_json_put(b, "name", g->name);
    dml_json_put_str(b, "verdict", dml_verdict_name((enum dml_verdict)g->verdict));
    dml_json_put_str(b, "if_host_fixed", dml_verdict_name((enum dml_verdict)g->if_host_fixed));
    dml_json_open(b, "blockers", '[');
    for (unsigned i = 0; i < g->blockers_n; i++)
        blocker(b, r, &g->blockers[i]);
    dml_json_close(b, ']');
    words(b, "missing", g->missing, dml_missing_name);
    if (g->missing)
        supply(b, g->missing);
    words(b, "protections", g->protections, dml_protection_name);
    dml_json_put_int(b, "files_not_looked_at", g->unseen);
    if (g->reason)
        dml_json_put_str(b, "reason", g->reason);
    if (g->running)
        dml_json_put_str(b, "running", dml_running_name((enum dml_running_state)g->running));
    if (!g->fixed)
        return;
    dml_json_open(b, "fixed", '{');
    dml_json_put(b, "diff", g->fixed->diff);
    strings(b, "argv_before", g->fixed->before.v, g->fixed->before.n);
    strings(b, "argv_after", g->fixed->after.v, g->fixed->after.n);
    dml_json_close(b, '}');
}

static void fix(struct dml_buf *b, const struct dml_finding *f)
{
    dml_json_open(b, "fix", '{');
    dml_json_put_str(b, "safety", dml_fix_safety_names[f->fix]);
    if (f->edits_n)
        dml_json_open(b, "edits", '[');
    for (uint32_t i = 0; i < f->edits_n; i++) {
        dml_json_open(b, NULL, '{');
        range(b, f->edits[i].span, f->edits[i].start, f->edits[i].end);
        dml_json_put(b, "text", f->edits[i].text);
        dml_json_close(b, '}');
    }
    if (f->edits_n)
        dml_json_close(b, ']');
    dml_json_close(b, '}');
}

static void related(struct dml_buf *b, const struct dml_report *r, const struct dml_finding *f)
{
    dml_json_open(b, "related", '[');
    for (unsigned i = 0; i < f->related_n; i++) {
        dml_json_open(b, NULL, '{');
        dml_json_put_str(b, "path", r->o->paths[f->related[i].file]);
        range(b, f->related[i].span, f->related[i].start, f->related[i].end);
        dml_json_put(b, "message", f->related[i].message);
        dml_json_close(b, '}');
    }
    dml_json_close(b, ']');
}

void dml_members_of_finding(struct dml_buf *b, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    char fingerprint[DML_FINGERPRINT_SIZE];
    dml_json_put_str(b, "rule", rule->id);
    dml_json_put_str(b, "name", rule->name);
    dml_json_put_str(b, "severity", dml_severity_names[f->severity]);
    dml_json_put_str(b, "path", r->o->paths[f->file]);
    if (f->key.len)
        dml_json_put(b, "key", f->key);
    else
        dml_json_put_str(b, "key", NULL);
    range(b, f->span, f->start, f->end);
    if (f->source.len)
        dml_json_put(b, "excerpt", f->source);
    dml_json_put(b, "message", f->message);
    if (f->fix != DML_FIX_NONE)
        fix(b, f);
    else
        dml_json_put_str(b, "fix", NULL);
    dml_json_put_str(b, "rests_on", dml_confidence_names[rule->confidence]);
    dml_json_put_str(b, "state", dml_state_names[f->state]);
    if (f->waiver)
        dml_json_put_str(b, "waiver", f->waiver);
    if (f->reason.len)
        dml_json_put(b, "reason", f->reason);
    if (f->fingerprint)
        dml_json_put_str(b, "fingerprint", dml_fingerprint(f, fingerprint));
    if (f->related_n)
        related(b, r, f);
}

void dml_members_of_message(struct dml_buf *b, const struct dml_report *r, const struct dml_message *m)
{
    dml_json_put_str(b, "path", r->o->paths[m->file]);
    dml_json_put_str(b, "kind", dml_message_kinds[m->kind]);
    dml_json_put_str(b, "text", m->text);
}

void dml_members_of_skipped(struct dml_buf *b, const struct dml_skipped *s)
{
    dml_json_put_str(b, "path", s->path);
    dml_json_put_str(b, "reason", dml_skip_name(s->why));
    dml_json_put_str(b, "by", *s->by ? s->by : NULL);
}

void dml_members_of_summary(struct dml_buf *b, const struct dml_report *r)
{
    const struct dml_finding_counts *c = &r->o->counts;
    const struct {
        const char *key;
        size_t n;
    } numbers[] = {
        {"files", r->o->checked},
        {"errors", c->by_severity[DML_ERROR]},
        {"warnings", c->by_severity[DML_WARNING]},
        {"infos", c->by_severity[DML_INFO]},
        {"hints", c->by_severity[DML_HINT]},
        {"waived", c->by_state[DML_STATE_WAIVED]},
        {"baselined", c->by_state[DML_STATE_BASELINED]},
        {"suppressed", c->by_state[DML_STATE_SUPPRESSED]},
        {"unreadable", r->o->unreadable},
        {"skipped", r->o->skipped_counted},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        dml_json_put_int(b, numbers[i].key, (int64_t)numbers[i].n);
}

/* ---- the document ---- */

/* The first of a list, or the next; on a line of its own. */
static void item(struct dml_out *out)
{
    dml_buf_str(&out->buf, out->items++ ? ",\n  {" : "\n  {");
}

/* Begins a list behind what is there. */
static void list(struct dml_out *out, const char *before, const char *key)
{
    dml_buf_printf(&out->buf, "%s,\n \"%s\": [", before, key);
    out->items = 0;
}

void dml_json_begin(struct dml_out *out, const struct dml_report *r)
{
    dml_buf_str(&out->buf, "{\"schema\": \"dmlint.report/1\"");
    dml_members_of_run(&out->buf, r);
    list(out, "", "rules");
    for (uint32_t i = 0; i < out->rules_n; i++) {
        item(out);
        dml_members_of_rule(&out->buf, &r->o->rules->v[out->rules[i]]);
        dml_buf_char(&out->buf, '}');
    }
    list(out, "]", "guests");
    for (uint32_t i = 0; i < r->o->guests_n; i++) {
        item(out);
        dml_members_of_guest(&out->buf, r, &r->o->guests[i]);
        dml_buf_char(&out->buf, '}');
    }
    list(out, "]", "messages");
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        item(out);
        dml_members_of_message(&out->buf, r, &r->o->messages[i]);
        dml_buf_char(&out->buf, '}');
    }
    list(out, "]", "skipped");
    for (uint32_t i = 0; i < r->o->skipped_n; i++) {
        if (!dml_skip_counts(r->o->skipped[i].why))
            continue;
        item(out);
        dml_members_of_skipped(&out->buf, &r->o->skipped[i]);
        dml_buf_char(&out->buf, '}');
    }
    list(out, "]", "findings");
}

void dml_json_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    item(out);
    dml_members_of_finding(&out->buf, r, f);
    dml_buf_char(&out->buf, '}');
}

void dml_json_end(struct dml_out *out, const struct dml_report *r)
{
    dml_buf_str(&out->buf, "],\n \"summary\":");
    dml_json_open(&out->buf, NULL, '{');
    dml_members_of_summary(&out->buf, r);
    dml_buf_str(&out->buf, "}}\n");
}
