/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Load: report/1 as json.c writes it. The first thing that is wrong is said with its place; after it nothing is read.
 */
#include "report/load.h"

#include <stdio.h>
#include <string.h>

#include "report/out.h"
#include "text/json.h"

#define SCHEMA "dmlint.report/1"

/* Where the number of a path is found. */
struct slot {
    uint32_t number; /* one more than it; 0: nothing is here */
};

struct load {
    struct dml_loaded *to;
    struct dml_source src;
    struct dml_arena *a;
    struct dml_err *err;
    int rc;
    DML_VEC(const char *) paths;
    DML_VEC(struct dml_rule) rules;
    struct slot *slots;
    uint32_t slots_n; /* a power of two, more than twice the paths */
};

/* ---- what is wrong ---- */

static void fail(struct load *l, struct dml_span at, const char *what, const char *name)
{
    struct dml_pos p = dml_source_pos(&l->src, l->a, at.off);
    if (l->rc == 0)
        l->rc = dml_err_set(l->err, DML_EINVAL, "%s:%u:%u: %s%s%s", l->src.path, p.line, p.column, name,
                            *name ? " " : "", what);
}

static void nomem(struct load *l)
{
    if (l->rc == 0)
        l->rc = dml_err_nomem(l->err);
}

/* ---- values ---- */

static const char *const kind_names[] = {"null",     "true or false", "a number", "a number",
                                         "a string", "a list",        "an object"};

/* A member of that kind; NULL where it is absent or null, which is an error if it is needed. */
static const struct dml_json *member(struct load *l, const struct dml_json *o, const char *name,
                                     enum dml_json_kind kind, _Bool needed)
{
    const struct dml_json *v = l->rc == 0 ? dml_json_get(o, name) : NULL;
    if (v && v->kind == DML_JSON_NULL)
        v = NULL;
    if (!v && needed && o)
        fail(l, o->span, "is missing: this is no complete " SCHEMA, name);
    if (!v || v->kind == (unsigned)kind)
        return v;
    char what[40];
    snprintf(what, sizeof what, "must be %s", kind_names[kind]);
    fail(l, v->span, what, name);
    return NULL;
}

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* Is this \udc80 .. \udcff, which stands for a byte that is part of no character? */
static int raw_byte(const char *p, const char *end)
{
    if (end - p < 6 || strncmp(p, "\\ud", 3) != 0 || (p[3] != 'c' && p[3] != 'C'))
        return -1;
    int high = digit(p[4]), low = digit(p[5]);
    return high >= 8 && low >= 0 ? high << 4 | low : -1;
}

/*
 * json-c knows no such bytes and puts U+FFFD there: the string is gone through beside its source, in which all other
 * characters are as long as what they became says.
 */
static struct dml_sv with_bytes(struct load *l, const struct dml_json *v)
{
    const char *p = l->src.text.p + v->span.off + 1, *end = p + v->span.len - 2;
    char *out = dml_arena_alloc(l->a, v->text.len + 1, 1);
    size_t n = 0, at = 0;
    while (out && p < end && at < v->text.len) {
        int byte = raw_byte(p, end);
        uint32_t cp;
        unsigned len = dml_utf8(v->text.p + at, v->text.len - at, &cp);
        len = len ? len : 1;
        if (byte >= 0)
            out[n++] = (char)byte;
        else
            for (unsigned i = 0; i < len; i++)
                out[n++] = v->text.p[at + i];
        if (*p != '\\')
            p += len;
        else if (p[1] != 'u')
            p += 2;
        else
            p += cp >= 0x10000 && byte < 0 ? 12 : 6;
        at += len;
    }
    if (!out) {
        nomem(l);
        return (struct dml_sv){"", 0};
    }
    out[n] = '\0';
    return (struct dml_sv){out, n};
}

static struct dml_sv text_of(struct load *l, const struct dml_json *v)
{
    if (!v)
        return (struct dml_sv){"", 0};
    return memmem(l->src.text.p + v->span.off, v->span.len, "\\ud", 3) ? with_bytes(l, v) : v->text;
}

static struct dml_sv text(struct load *l, const struct dml_json *o, const char *name, _Bool needed)
{
    return text_of(l, member(l, o, name, DML_JSON_STRING, needed));
}

/* The same as a C string; NULL where it is absent. */
static const char *string(struct load *l, const struct dml_json *o, const char *name, _Bool needed)
{
    const struct dml_json *v = member(l, o, name, DML_JSON_STRING, needed);
    struct dml_sv s = text_of(l, v);
    if (v && memchr(s.p, '\0', s.len))
        fail(l, v->span, "has a NUL in it", name);
    return v ? s.p : needed ? "" : NULL;
}

static uint32_t number(struct load *l, const struct dml_json *o, const char *name, uint32_t otherwise)
{
    const struct dml_json *v = member(l, o, name, DML_JSON_INT, 0);
    if (v && (v->number < 0 || v->number > UINT32_MAX)) {
        fail(l, v->span, "is out of range", name);
        return otherwise;
    }
    return v ? (uint32_t)v->number : otherwise;
}

/* One of the names that `name` gives, up to NULL; 0 where it is absent. */
static unsigned word(struct load *l, const struct dml_json *o, const char *key, const char *(*name)(unsigned i),
                     _Bool needed)
{
    const struct dml_json *v = member(l, o, key, DML_JSON_STRING, needed);
    for (unsigned i = 0; v && name(i); i++)
        if (dml_sv_is(v->text, name(i)))
            return i;
    if (v)
        fail(l, v->span, "is no word that this dmlint knows", key);
    return 0;
}

/* The words of a list as a set; words that are not known are passed over. */
static uint64_t set(struct load *l, const struct dml_json *o, const char *key, const char *(*name)(unsigned i))
{
    const struct dml_json *v = member(l, o, key, DML_JSON_ARRAY, 0);
    uint64_t bits = 0;
    for (const struct dml_json *e = v ? v->first : NULL; e; e = e->next)
        for (unsigned i = 0; name(i); i++)
            if (e->kind == DML_JSON_STRING && dml_sv_is(e->text, name(i)))
                bits |= (uint64_t)1 << i;
    return bits;
}

/* Names of words as functions, each up to NULL. */
#define WORDS(function, table, count)                                                                                  \
    static const char *function(unsigned i)                                                                            \
    {                                                                                                                  \
        return i < (count) ? (table)[i] : NULL;                                                                        \
    }
WORDS(severity_name, dml_severity_names, DML_OFF)
WORDS(state_name, dml_state_names, 4)
WORDS(confidence_name, dml_confidence_names, 3)
WORDS(scope_name, dml_scope_names, 4)
WORDS(remedy_name, dml_remedy_names, 5)
WORDS(safety_name, dml_fix_safety_names, 4)
WORDS(tag_name, dml_tag_names, DML_TAG_COUNT)
WORDS(kind_name, dml_message_kinds, 2)

static const char *skip_name(unsigned i)
{
    return i < DML_SKIPS ? dml_skip_name((enum dml_skip)i) : NULL;
}

static const char *verdict_name(unsigned i)
{
    return i < DML_VERDICTS ? dml_verdict_name((enum dml_verdict)i) : NULL;
}

static const char *running_name(unsigned i)
{
    return i == DML_RUNS_NOT ? "" : i <= DML_RUNS_UNKNOWN ? dml_running_name((enum dml_running_state)i) : NULL;
}

/* ---- places and paths ---- */

static struct dml_pos pos(struct load *l, const struct dml_json *o, const char *name, uint32_t *offset)
{
    const struct dml_json *v = member(l, o, name, DML_JSON_OBJECT, 1);
    struct dml_pos p = {number(l, v, "line", 0), number(l, v, "column", 1), 0};
    p.character = number(l, v, "character", p.column);
    *offset = number(l, v, "offset", UINT32_MAX);
    if (v && (!p.line || !p.column))
        fail(l, v->span, "counts from 1", name);
    return p;
}

static void range(struct load *l, const struct dml_json *o, struct dml_span *span, struct dml_pos *start,
                  struct dml_pos *end)
{
    const struct dml_json *v = member(l, o, "range", DML_JSON_OBJECT, 0);
    uint32_t from, to;
    *span = DML_NO_SPAN;
    *start = *end = (struct dml_pos){0, 0, 0};
    if (!v)
        return;
    *start = pos(l, v, "start", &from);
    *end = pos(l, v, "end", &to);
    *span = (struct dml_span){from, to > from ? to - from : 0};
}

static uint32_t hash(const char *s)
{
    uint32_t h = 2166136261u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 16777619u;
    return h;
}

static void put_path(struct load *l, uint32_t number)
{
    uint32_t i = hash(l->paths.v[number]) & (l->slots_n - 1);
    while (l->slots[i].number)
        i = (i + 1) & (l->slots_n - 1);
    l->slots[i].number = number + 1;
}

/* The number of a path, which is that of its first appearance. */
static uint32_t file_of(struct load *l, const struct dml_json *o)
{
    const char *path = string(l, o, "path", 1);
    if (l->rc)
        return 0;
    uint32_t i = l->slots_n ? hash(path) & (l->slots_n - 1) : 0;
    for (; l->slots_n && l->slots[i].number; i = (i + 1) & (l->slots_n - 1))
        if (strcmp(l->paths.v[l->slots[i].number - 1], path) == 0)
            return l->slots[i].number - 1;
    const char **p = dml_vec_add(l->a, &l->paths);
    if (p)
        *p = path;
    if (p && 2 * l->paths.n >= l->slots_n) {
        l->slots_n = l->slots_n ? 4 * l->slots_n : 64;
        l->slots = dml_new_n(l->a, struct slot, l->slots_n);
        for (uint32_t k = 0; l->slots && k + 1 < l->paths.n; k++)
            put_path(l, k);
    }
    if (!p || !l->slots) {
        nomem(l);
        return 0;
    }
    put_path(l, l->paths.n - 1);
    return l->paths.n - 1;
}

/* ---- rules ---- */

static const char *const *strings(struct load *l, const struct dml_json *o, const char *name, uint16_t *n)
{
    const struct dml_json *v = member(l, o, name, DML_JSON_ARRAY, 0);
    const char **out = dml_new_n(l->a, const char *, (v ? v->n : 0) + 1);
    *n = 0;
    if (!out)
        nomem(l);
    for (const struct dml_json *e = v ? v->first : NULL; out && e && *n < UINT16_MAX; e = e->next)
        if (e->kind == DML_JSON_STRING)
            out[(*n)++] = text_of(l, e).p;
    return out;
}

static void add_rule(struct load *l, const struct dml_json *o)
{
    struct dml_rule *rule = dml_vec_add(l->a, &l->rules);
    if (!rule || l->rules.n > UINT16_MAX) {
        nomem(l);
        return;
    }
    *rule = (struct dml_rule){.id = string(l, o, "id", 1),
                              .name = string(l, o, "name", 1),
                              .severity = (uint8_t)word(l, o, "severity", severity_name, 1),
                              .scope = (uint8_t)word(l, o, "scope", scope_name, 1),
                              .remedy = (uint8_t)word(l, o, "remedy", remedy_name, 0),
                              .confidence = (uint8_t)word(l, o, "rests_on", confidence_name, 1),
                              .tags = (uint32_t)set(l, o, "tags", tag_name),
                              .migration = member(l, o, "migration", DML_JSON_BOOL, 0) != NULL,
                              .summary = string(l, o, "summary", 0),
                              .why = string(l, o, "why", 0),
                              .what_to_do = string(l, o, "do", 0)};
    rule->references = strings(l, o, "references", &rule->references_n);
}

/* The rule that `o` names; of a report without the words of its rules what findings say of them. */
static uint16_t rule_of(struct load *l, const struct dml_json *o)
{
    struct dml_sv id = text(l, o, "rule", 1);
    const char *name = string(l, o, "name", 0);
    struct dml_rule *rule = NULL;
    for (uint32_t i = 0; l->rc == 0 && !rule && i < l->rules.n; i++)
        if (dml_sv_is(id, l->rules.v[i].id))
            rule = &l->rules.v[i];
    if (!rule && l->rc == 0 && l->rules.n < UINT16_MAX) {
        rule = dml_vec_add(l->a, &l->rules);
        if (rule)
            *rule = (struct dml_rule){.id = id.p, .name = ""};
    }
    if (!rule) {
        nomem(l);
        return 0;
    }
    if (name && !rule->name[0]) {
        rule->name = name;
        rule->confidence = (uint8_t)word(l, o, "rests_on", confidence_name, 0);
        rule->severity = (uint8_t)word(l, o, "severity", severity_name, 0);
    }
    return (uint16_t)(rule - l->rules.v);
}

/* ---- guests ---- */

static struct dml_argv argv(struct load *l, const struct dml_json *o, const char *name)
{
    uint16_t n;
    const char *const *v = strings(l, o, name, &n);
    return (struct dml_argv){v, n};
}

static void add_blockers(struct load *l, const struct dml_json *o, struct dml_outcome_guest *g)
{
    const struct dml_json *list = member(l, o, "blockers", DML_JSON_ARRAY, 0);
    struct dml_blocker *v = dml_new_n(l->a, struct dml_blocker, (list ? list->n : 0) + 1);
    if (!v || (list && list->n > UINT16_MAX))
        nomem(l);
    for (const struct dml_json *e = list ? list->first : NULL; l->rc == 0 && e; e = e->next) {
        struct dml_blocker *b = &v[g->blockers_n++];
        b->rule = rule_of(l, e);
        b->scope = (uint8_t)word(l, e, "scope", scope_name, 1);
        b->message = text(l, e, "message", 0);
        range(l, e, &b->span, &b->start, &b->end);
    }
    g->blockers = v;
}

static void load_guest(struct load *l, const struct dml_json *o, struct dml_outcome_guest *g)
{
    *g = (struct dml_outcome_guest){.file = file_of(l, o),
                                    .name = text(l, o, "name", 0),
                                    .verdict = (uint8_t)word(l, o, "verdict", verdict_name, 1),
                                    .if_host_fixed = (uint8_t)word(l, o, "if_host_fixed", verdict_name, 1),
                                    .running = (uint8_t)word(l, o, "running", running_name, 0),
                                    .reason = string(l, o, "reason", 0),
                                    .protections = (uint32_t)set(l, o, "protections", dml_protection_name),
                                    .missing = set(l, o, "missing", dml_missing_name),
                                    .unseen = number(l, o, "files_not_looked_at", 0)};
    add_blockers(l, o, g);
    const struct dml_json *fixed = member(l, o, "fixed", DML_JSON_OBJECT, 0);
    struct dml_fixed *f = fixed ? dml_new(l->a, struct dml_fixed) : NULL;
    if (fixed && !f)
        nomem(l);
    if (f)
        *f = (struct dml_fixed){text(l, fixed, "diff", 1), argv(l, fixed, "argv_before"), argv(l, fixed, "argv_after")};
    g->fixed = f;
}

/* ---- findings ---- */

static void load_fix(struct load *l, const struct dml_json *o, struct dml_finding *f)
{
    const struct dml_json *fix = member(l, o, "fix", DML_JSON_OBJECT, 0),
                          *edits = member(l, fix, "edits", DML_JSON_ARRAY, 0);
    struct dml_replacement *v = dml_new_n(l->a, struct dml_replacement, (edits ? edits->n : 0) + 1);
    if (!v)
        nomem(l);
    f->fix = fix ? (uint8_t)word(l, fix, "safety", safety_name, 1) : DML_FIX_NONE;
    for (const struct dml_json *e = edits ? edits->first : NULL; l->rc == 0 && e; e = e->next) {
        struct dml_replacement *one = &v[f->edits_n++];
        range(l, e, &one->span, &one->start, &one->end);
        one->text = text(l, e, "text", 1);
    }
    f->edits = v;
}

static void load_related(struct load *l, const struct dml_json *o, struct dml_finding *f)
{
    const struct dml_json *list = member(l, o, "related", DML_JSON_ARRAY, 0);
    struct dml_related *v = dml_new_n(l->a, struct dml_related, (list ? list->n : 0) + 1);
    if (!v)
        nomem(l);
    for (const struct dml_json *e = list ? list->first : NULL; l->rc == 0 && e && f->related_n < UINT8_MAX;
         e = e->next) {
        struct dml_related *one = &v[f->related_n++];
        one->file = file_of(l, e);
        one->message = text(l, e, "message", 0);
        range(l, e, &one->span, &one->start, &one->end);
    }
    f->related = v;
}

static void load_finding(struct load *l, const struct dml_json *o)
{
    struct dml_finding f = {.file = file_of(l, o),
                            .rule = rule_of(l, o),
                            .severity = (uint8_t)word(l, o, "severity", severity_name, 1),
                            .state = (uint8_t)word(l, o, "state", state_name, 1),
                            .message = text(l, o, "message", 1),
                            .key = text(l, o, "key", 0),
                            .source = text(l, o, "excerpt", 0),
                            .waiver = string(l, o, "waiver", 0),
                            .reason = text(l, o, "reason", 0)};
    const struct dml_json *fingerprint = member(l, o, "fingerprint", DML_JSON_STRING, 0);
    for (size_t i = 0; fingerprint && i < fingerprint->text.len; i++) {
        int d = digit(fingerprint->text.p[i]);
        if (d < 0 || fingerprint->text.len != DML_FINGERPRINT_SIZE - 1)
            fail(l, fingerprint->span, "is 16 hexadecimal digits", "fingerprint");
        f.fingerprint = f.fingerprint << 4 | (uint64_t)(d & 15);
    }
    range(l, o, &f.span, &f.start, &f.end);
    load_fix(l, o, &f);
    load_related(l, o, &f);
    if (l->rc == 0 && !dml_findings_add(&l->to->findings, &f, 1))
        nomem(l);
}

/* ---- the document ---- */

static void load_head(struct load *l, const struct dml_json *root)
{
    struct dml_report *r = &l->to->report;
    const struct dml_json *tool = member(l, root, "tool", DML_JSON_OBJECT, 1),
                          *policy = member(l, root, "policy", DML_JSON_OBJECT, 0),
                          *target = member(l, root, "target", DML_JSON_OBJECT, 0);
    *r = (struct dml_report){.o = &l->to->outcome,
                             .version = string(l, tool, "version", 1),
                             .policy_name = string(l, policy, "name", 0),
                             .policy_sha256 = string(l, policy, "sha256", 0),
                             .hostname = string(l, root, "hostname", 0),
                             .host = string(l, root, "facts", 0),
                             .host_option = string(l, root, "facts_option", 0),
                             .target_xen = string(l, target, "xen", 0),
                             .target_qemu = string(l, target, "qemu", 0),
                             .min_severity = DML_HINT};
}

static void load_summary(struct load *l, const struct dml_json *root)
{
    const struct dml_json *s = member(l, root, "summary", DML_JSON_OBJECT, 1);
    struct dml_outcome *o = &l->to->outcome;
    size_t *severity = o->counts.by_severity, *state = o->counts.by_state;
    o->files = o->checked = number(l, s, "files", 0);
    o->skipped_counted = number(l, s, "skipped", 0);
    severity[DML_ERROR] = number(l, s, "errors", 0);
    severity[DML_WARNING] = number(l, s, "warnings", 0);
    severity[DML_INFO] = number(l, s, "infos", 0);
    severity[DML_HINT] = number(l, s, "hints", 0);
    state[DML_STATE_WAIVED] = number(l, s, "waived", 0);
    state[DML_STATE_BASELINED] = number(l, s, "baselined", 0);
    state[DML_STATE_SUPPRESSED] = number(l, s, "suppressed", 0);
    o->unreadable = number(l, s, "unreadable", 0);
}

static void load_all(struct load *l, const struct dml_json *root)
{
    struct dml_outcome *o = &l->to->outcome;
    struct dml_findings *stores[] = {&l->to->findings};
    const struct dml_json *rules = member(l, root, "rules", DML_JSON_ARRAY, 0),
                          *guests = member(l, root, "guests", DML_JSON_ARRAY, 1),
                          *messages = member(l, root, "messages", DML_JSON_ARRAY, 0),
                          *skipped = member(l, root, "skipped", DML_JSON_ARRAY, 0),
                          *findings = member(l, root, "findings", DML_JSON_ARRAY, 1);
    struct dml_outcome_guest *g = dml_new_n(l->a, struct dml_outcome_guest, (guests ? guests->n : 0) + 1);
    struct dml_message *m = dml_new_n(l->a, struct dml_message, (messages ? messages->n : 0) + 1);
    struct dml_skipped *left_out = dml_new_n(l->a, struct dml_skipped, (skipped ? skipped->n : 0) + 1);
    if (!g || !m || !left_out)
        nomem(l);
    load_head(l, root);
    for (const struct dml_json *e = rules ? rules->first : NULL; l->rc == 0 && e; e = e->next)
        add_rule(l, e);
    for (const struct dml_json *e = guests ? guests->first : NULL; l->rc == 0 && e; e = e->next)
        load_guest(l, e, &g[o->guests_n++]);
    for (const struct dml_json *e = messages ? messages->first : NULL; l->rc == 0 && e; e = e->next)
        m[o->messages_n++] = (struct dml_message){
            .file = file_of(l, e), .kind = (uint8_t)word(l, e, "kind", kind_name, 1), .text = string(l, e, "text", 1)};
    for (const struct dml_json *e = skipped ? skipped->first : NULL; l->rc == 0 && e; e = e->next) {
        const char *by = string(l, e, "by", 0);
        left_out[o->skipped_n++] = (struct dml_skipped){.path = string(l, e, "path", 1),
                                                        .why = (enum dml_skip)word(l, e, "reason", skip_name, 1),
                                                        .by = by ? by : ""};
    }
    for (const struct dml_json *e = findings ? findings->first : NULL; l->rc == 0 && e; e = e->next)
        load_finding(l, e);
    load_summary(l, root);
    if (l->rc == 0 && dml_findings_collect(stores, 1, NULL, l->a, &o->findings) < 0)
        nomem(l);
    o->guests = g;
    o->messages = m;
    o->skipped = left_out;
    o->paths = l->paths.v;
    l->to->rules = (struct dml_rules){.v = l->rules.v, .n = l->rules.n};
    o->rules = &l->to->rules;
}

int dml_report_load(struct dml_loaded *to, const char *path, struct dml_sv json, struct dml_arena *a,
                    struct dml_err *err)
{
    static const char *const faults[] = {[DML_JSON_BROKEN] = "this is no JSON",
                                         [DML_JSON_ENDS] = "the JSON ends too early",
                                         [DML_JSON_DEEP] = "the JSON is nested too deeply",
                                         [DML_JSON_TWICE] = "the JSON has a member twice"};
    struct load l = {.to = to, .a = a, .err = err};
    const struct dml_json *root;
    struct dml_json_error error;
    *to = (struct dml_loaded){.findings = {.n = 0}};
    dml_source_init(&l.src, path, json);
    int rc = dml_json_parse(&root, a, json, &error, err);
    if (rc < 0)
        return dml_err_wrap(err, rc, "%s", path);
    if (error.fault)
        fail(&l, error.at, faults[error.fault], "");
    else if (root->kind != DML_JSON_OBJECT || !dml_sv_is(text(&l, root, "schema", 0), SCHEMA))
        fail(&l, root->span, "this is no report of dmlint check -f json: it has no schema \"" SCHEMA "\"", "");
    else
        load_all(&l, root);
    return l.rc == 0 && a->failed ? dml_err_nomem(err) : l.rc;
}

void dml_loaded_dispose(struct dml_loaded *l)
{
    dml_findings_dispose(&l->findings);
}
