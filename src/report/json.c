/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint.report/1: one JSON document, written piece by piece so that it never is in memory as a whole. */
#include <json-c/json.h>
#include <string.h>

#include "report/out.h"

enum { FLAGS = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };

/* A NULL value is JSON's null. */
static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static void put_str(struct json_object *o, const char *key, const char *s)
{
    put(o, key, dml_json_str(s));
}

static void print(struct dml_out *out, struct json_object *o)
{
    const char *s = json_object_to_json_string_ext(o, FLAGS);
    if (s)
        dml_buf_str(&out->buf, s);
    else
        out->buf.failed = 1;
    json_object_put(o);
}

/* "key": value, at the top. */
static void top(struct dml_out *out, const char *key, struct json_object *o)
{
    dml_buf_printf(&out->buf, "%s\"%s\": ", out->buf.len > 1 ? ",\n " : "", key);
    print(out, o);
}

static struct json_object *pos(struct dml_pos p, uint32_t offset)
{
    struct json_object *o = json_object_new_object();
    put(o, "line", json_object_new_int64(p.line));
    put(o, "column", json_object_new_int64(p.column));
    put(o, "offset", json_object_new_int64(offset));
    return o;
}

static struct json_object *range(struct dml_span span, struct dml_pos start, struct dml_pos end)
{
    if (!start.line)
        return NULL;
    struct json_object *o = json_object_new_object();
    put(o, "start", pos(start, span.off));
    put(o, "end", pos(end, span.off + span.len));
    return o;
}

/* The names of a set's members, as `name` gives them. */
static struct json_object *words(uint64_t set, const char *(*name)(unsigned i))
{
    struct json_object *a = json_object_new_array();
    for (unsigned i = 0; name(i); i++)
        if (set >> i & 1)
            json_object_array_add(a, dml_json_str(name(i)));
    return a;
}

static struct json_object *blocker(const struct dml_report *r, const struct dml_blocker *b)
{
    struct json_object *o = json_object_new_object();
    put_str(o, "rule", r->o->rules->v[b->rule].id);
    put_str(o, "scope", dml_scope_names[b->scope]);
    put(o, "range", range(b->span, b->start, b->end));
    put(o, "message", dml_json_string(b->message));
    return o;
}

static struct json_object *guest(const struct dml_report *r, const struct dml_outcome_guest *g)
{
    struct json_object *o = json_object_new_object(), *blockers = json_object_new_array();
    put_str(o, "path", r->o->paths[g->file]);
    put(o, "name", dml_json_string(g->name));
    put_str(o, "verdict", dml_verdict_name((enum dml_verdict)g->verdict));
    put_str(o, "if_host_fixed", dml_verdict_name((enum dml_verdict)g->if_host_fixed));
    for (unsigned i = 0; i < g->blockers_n; i++)
        json_object_array_add(blockers, blocker(r, &g->blockers[i]));
    put(o, "blockers", blockers);
    put(o, "missing", words(g->missing, dml_missing_name));
    if (g->missing) {
        struct json_object *supply = json_object_new_object();
        for (unsigned i = 0; dml_missing_name(i); i++)
            if (g->missing >> i & 1 && dml_missing_command(i))
                put_str(supply, dml_missing_name(i), dml_missing_command(i));
        put(o, "supply", supply);
    }
    put(o, "protections", words(g->protections, dml_protection_name));
    put(o, "files_not_looked_at", json_object_new_int64(g->unseen));
    if (g->reason)
        put_str(o, "reason", g->reason);
    if (g->running)
        put_str(o, "running", dml_running_name((enum dml_running_state)g->running));
    return o;
}

void dml_json_begin(struct dml_out *out, const struct dml_report *r)
{
    struct json_object *tool = json_object_new_object(), *policy = json_object_new_object(),
                       *target = json_object_new_object();
    put_str(tool, "name", "dmlint");
    put_str(tool, "version", DML_VERSION);
    put_str(policy, "name", r->policy_name);
    put_str(policy, "sha256", r->policy_sha256);
    put_str(target, "xen", r->target_xen);
    put_str(target, "qemu", r->target_qemu);
    dml_buf_char(&out->buf, '{');
    top(out, "schema", json_object_new_string("dmlint.report/1"));
    top(out, "tool", tool);
    top(out, "policy", policy);
    top(out, "target", target);
    dml_buf_str(&out->buf, ",\n \"guests\": [");
    for (uint32_t i = 0; i < r->o->guests_n; i++) {
        dml_buf_str(&out->buf, i ? ",\n  " : "\n  ");
        print(out, guest(r, &r->o->guests[i]));
    }
    dml_buf_str(&out->buf, "],\n \"findings\": [");
}

void dml_json_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct json_object *o = json_object_new_object();
    put_str(o, "rule", rule->id);
    put_str(o, "name", rule->name);
    put_str(o, "severity", dml_severity_names[f->severity]);
    put_str(o, "path", r->o->paths[f->file]);
    put(o, "key", f->key.len ? dml_json_string(f->key) : NULL);
    put(o, "range", range(f->span, f->start, f->end));
    put(o, "message", dml_json_string(f->message));
    struct json_object *fix = NULL;
    if (f->fix != DML_FIX_NONE) {
        fix = json_object_new_object();
        put_str(fix, "safety", dml_fix_safety_names[f->fix]);
    }
    put(o, "fix", fix);
    put_str(o, "rests_on", dml_confidence_names[rule->confidence]);
    put_str(o, "state", dml_state_names[f->state]);
    if (f->waiver)
        put_str(o, "waiver", f->waiver);
    if (f->related_n) {
        struct json_object *related = json_object_new_array();
        for (unsigned i = 0; i < f->related_n; i++) {
            struct json_object *one = json_object_new_object();
            put_str(one, "path", r->o->paths[f->related[i].file]);
            put(one, "range", range(f->related[i].span, f->related[i].start, f->related[i].end));
            put(one, "message", dml_json_string(f->related[i].message));
            json_object_array_add(related, one);
        }
        put(o, "related", related);
    }
    dml_buf_str(&out->buf, out->items++ ? ",\n  " : "\n  ");
    print(out, o);
}

static struct json_object *skipped(const struct dml_skipped *s)
{
    struct json_object *o = json_object_new_object();
    put_str(o, "path", s->path);
    put_str(o, "reason", dml_skip_name(s->why));
    put_str(o, "by", *s->by ? s->by : NULL);
    return o;
}

void dml_json_end(struct dml_out *out, const struct dml_report *r)
{
    const struct dml_finding_counts *c = &r->o->counts;
    struct json_object *o = json_object_new_object();
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
        put(o, numbers[i].key, json_object_new_int64((int64_t)numbers[i].n));
    dml_buf_str(&out->buf, "],\n \"skipped\": [");
    for (uint32_t i = 0, n = 0; i < r->o->skipped_n; i++) {
        if (!dml_skip_counts(r->o->skipped[i].why))
            continue;
        dml_buf_str(&out->buf, n++ ? ",\n  " : "\n  ");
        print(out, skipped(&r->o->skipped[i]));
    }
    dml_buf_str(&out->buf, "],\n \"summary\": ");
    print(out, o);
    dml_buf_str(&out->buf, "}\n");
}
