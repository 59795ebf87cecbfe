/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SARIF 2.1.0, in one run, with what GitHub's code scanning asks for. */
#include "report/out.h"
#include "text/escape.h"

enum { DESCRIPTION_MAX = 1024 };

static const char *const levels[] = {"error", "warning", "note", "note", "none"};

/* "key":{"text":...} */
static void text(struct dml_buf *b, const char *key, struct dml_sv s)
{
    dml_json_open(b, key, '{');
    dml_json_put_safe(b, "text", s);
    dml_json_close(b, '}');
}

/* A message: what would be a link in it is none. */
static void message(struct dml_buf *b, struct dml_sv s)
{
    struct dml_buf plain;
    _Bool links = memmem(s.p, s.len, "](", 2) != NULL;
    dml_buf_init(&plain, SIZE_MAX / 2);
    for (size_t i = 0; links && i < s.len; i++) {
        if (s.p[i] == '[' || s.p[i] == ']' || s.p[i] == '\\')
            dml_buf_char(&plain, '\\');
        dml_buf_char(&plain, s.p[i]);
    }
    text(b, "message", links ? dml_buf_view(&plain) : s);
    b->failed |= plain.failed;
    dml_buf_dispose(&plain);
}

/* ---- rules ---- */

static _Bool is_security(const struct dml_rule *rule)
{
    return rule->tags & (DML_TAG_hold | DML_TAG_isolation | DML_TAG_exposure);
}

static void properties(struct dml_buf *b, const struct dml_rule *rule)
{
    static const char *const precisions[] = {"very-high", "high", "medium"};
    static const char *const problems[] = {"error", "warning", "recommendation", "recommendation", "recommendation"};
    static const char *const severities[] = {"8.0", "5.0", "2.0", "1.0", "1.0"};
    dml_json_open(b, "properties", '{');
    dml_json_open(b, "tags", '[');
    if (is_security(rule))
        dml_json_put_str(b, NULL, "security");
    for (unsigned i = 0; i < DML_TAG_COUNT; i++)
        if (rule->tags >> i & 1)
            dml_json_put_str(b, NULL, dml_tag_names[i]);
    dml_json_close(b, ']');
    dml_json_put_str(b, "precision", precisions[rule->confidence]);
    dml_json_put_str(b, "problem.severity", problems[rule->severity]);
    if (is_security(rule))
        dml_json_put_str(b, "security-severity", severities[rule->severity]);
    dml_json_close(b, '}');
}

/* Empty strings are refused: the id stands in for words that a report does not have. */
static struct dml_sv or_id(const char *words, const struct dml_rule *rule)
{
    return dml_sv_of(words && *words ? words : rule->id);
}

static void help(struct dml_buf *b, const struct dml_rule *rule)
{
    struct dml_buf plain, markdown;
    dml_buf_init(&plain, SIZE_MAX / 2);
    dml_buf_init(&markdown, SIZE_MAX / 2);
    dml_buf_sv(&plain, or_id(rule->what_to_do, rule));
    dml_buf_str(&markdown, "**What to do:** ");
    dml_escape_markdown(&markdown, or_id(rule->what_to_do, rule));
    if (rule->references_n) {
        dml_buf_str(&plain, "\n\nReferences:");
        dml_buf_str(&markdown, "\n\n**References:**\n");
    }
    for (unsigned i = 0; i < rule->references_n; i++) {
        dml_buf_printf(&plain, "\n%s", rule->references[i]);
        dml_buf_str(&markdown, "\n- ");
        dml_escape_markdown(&markdown, dml_sv_of(rule->references[i]));
    }
    dml_json_open(b, "help", '{');
    dml_json_put_safe(b, "text", dml_buf_view(&plain));
    dml_json_put_safe(b, "markdown", dml_buf_view(&markdown));
    dml_json_close(b, '}');
    b->failed |= plain.failed || markdown.failed;
    dml_buf_dispose(&plain);
    dml_buf_dispose(&markdown);
}

static void rule_object(struct dml_buf *b, const struct dml_rule *rule)
{
    dml_json_open(b, NULL, '{');
    dml_json_put_str(b, "id", rule->id);
    if (rule->name[0])
        dml_json_put_str(b, "name", rule->name);
    text(b, "shortDescription", or_id(rule->summary, rule));
    text(b, "fullDescription", dml_sv_cut(or_id(rule->why, rule), DESCRIPTION_MAX));
    help(b, rule);
    dml_json_open(b, "defaultConfiguration", '{');
    dml_json_put_str(b, "level", levels[rule->severity]);
    dml_json_close(b, '}');
    properties(b, rule);
    dml_json_close(b, '}');
}

/* ---- places ---- */

static void artifact(struct dml_out *out, const struct dml_report *r, uint32_t file)
{
    struct dml_buf *b = &out->buf;
    _Bool relative;
    dml_json_open(b, "artifactLocation", '{');
    dml_buf_str(b, "\"uri\":\"");
    dml_out_uri(out, r, file, &relative);
    dml_buf_char(b, '"');
    if (relative)
        dml_json_put_str(b, "uriBaseId", "%SRCROOT%");
    dml_json_close(b, '}');
}

static void region(struct dml_buf *b, const char *key, struct dml_pos start, struct dml_pos end, struct dml_sv source)
{
    dml_json_open(b, key, '{');
    dml_json_put_int(b, "startLine", start.line ? start.line : 1);
    if (start.line) {
        dml_json_put_int(b, "startColumn", start.character);
        dml_json_put_int(b, "endLine", end.line);
        dml_json_put_int(b, "endColumn", end.character);
    }
    if (source.len && start.line == end.line)
        text(b, "snippet", source);
    dml_json_close(b, '}');
}

static void location(struct dml_out *out, const struct dml_report *r, uint32_t file, struct dml_pos start,
                     struct dml_pos end, struct dml_sv source)
{
    dml_json_open(&out->buf, "physicalLocation", '{');
    artifact(out, r, file);
    region(&out->buf, "region", start, end, source);
    dml_json_close(&out->buf, '}');
}

/* ---- the document ---- */

void dml_sarif_begin(struct dml_out *out, const struct dml_report *r)
{
    struct dml_buf *b = &out->buf;
    dml_buf_str(b, "{\"$schema\":\"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
                   "sarif-schema-2.1.0.json\",\n\"version\":\"2.1.0\",\n\"runs\":[{\"tool\":{\"driver\":{");
    dml_json_put_str(b, "name", "dmlint");
    dml_json_put_str(b, "version", r->version);
    dml_json_put_str(b, "semanticVersion", r->version);
    dml_json_open(b, "rules", '[');
    for (uint32_t i = 0; i < out->rules_n; i++)
        rule_object(b, &r->o->rules->v[out->rules[i]]);
    dml_buf_str(b, "]}},\n\"automationDetails\":{\"id\":\"dmlint/\"},\n\"columnKind\":\"unicodeCodePoints\",\n"
                   "\"originalUriBaseIds\":{\"%SRCROOT%\":{\"description\":{\"text\":\"The directory in which dmlint "
                   "was run.\"}}},\n\"invocations\":[{");
    dml_buf_printf(b, "\"executionSuccessful\":%s", r->o->messages_n ? "false" : "true");
    dml_json_open(b, "toolExecutionNotifications", '[');
    for (uint32_t i = 0; i < r->o->messages_n; i++) {
        dml_json_open(b, NULL, '{');
        dml_json_put_str(b, "level", "error");
        message(b, dml_sv_of(r->o->messages[i].text));
        dml_json_open(b, "locations", '[');
        dml_json_open(b, NULL, '{');
        dml_json_open(b, "physicalLocation", '{');
        artifact(out, r, r->o->messages[i].file);
        dml_buf_str(b, "}}]}");
    }
    if (r->o->skipped_counted) {
        struct dml_buf skipped;
        dml_buf_init(&skipped, SIZE_MAX / 2);
        dml_report_skipped(r->o, &skipped);
        dml_json_open(b, NULL, '{');
        dml_json_put_str(b, "level", "note");
        message(b, dml_sv_trim(dml_buf_view(&skipped)));
        dml_json_close(b, '}');
        b->failed |= skipped.failed;
        dml_buf_dispose(&skipped);
    }
    dml_buf_str(b, "]}],\n");
    dml_json_open(b, "properties", '{');
    if (r->hostname)
        dml_json_put_safe(b, "hostname", dml_sv_of(r->hostname));
    dml_json_put_str(b, "xen", r->target_xen);
    dml_json_put_str(b, "qemu", r->target_qemu);
    dml_json_put_str(b, "policy", r->policy_name);
    dml_buf_str(b, "},\n\"results\":[");
}

static uint32_t rule_index(const struct dml_out *out, uint16_t rule)
{
    uint32_t low = 0, high = out->rules_n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (out->rules[middle] < rule)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void suppressions(struct dml_buf *b, const struct dml_finding *f)
{
    struct dml_buf why;
    dml_buf_init(&why, SIZE_MAX / 2);
    dml_out_accepted(&why, f);
    dml_json_open(b, "suppressions", '[');
    if (f->state != DML_STATE_NEW) {
        dml_json_open(b, NULL, '{');
        dml_json_put_str(b, "kind", f->state == DML_STATE_SUPPRESSED ? "inSource" : "external");
        dml_json_put_str(b, "status", "accepted");
        dml_json_put_safe(b, "justification", dml_buf_view(&why));
        dml_json_close(b, '}');
    }
    dml_json_close(b, ']');
    b->failed |= why.failed;
    dml_buf_dispose(&why);
}

static void fixes(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    struct dml_buf *b = &out->buf;
    for (uint32_t i = 0; i < f->edits_n; i++)
        if (!dml_is_utf8(f->edits[i].text)) /* JSON cannot say it */
            return;
    if (!f->edits_n)
        return;
    dml_json_open(b, "fixes", '[');
    dml_json_open(b, NULL, '{');
    text(b, "description",
         dml_sv_of(f->fix == DML_FIX_SAFE ? "Safe: QEMU's command line stays the same, or changes as the rule says."
                                          : "Unsafe: the guest may notice."));
    dml_json_open(b, "artifactChanges", '[');
    dml_json_open(b, NULL, '{');
    artifact(out, r, f->file);
    dml_json_open(b, "replacements", '[');
    for (uint32_t i = 0; i < f->edits_n; i++) {
        const struct dml_replacement *e = &f->edits[i];
        dml_json_open(b, NULL, '{');
        region(b, "deletedRegion", e->start, e->end, (struct dml_sv){"", 0});
        dml_json_open(b, "insertedContent", '{');
        dml_json_put(b, "text", e->text);
        dml_buf_str(b, "}}");
    }
    dml_buf_str(b, "]}]}]");
}

static void related(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    struct dml_buf *b = &out->buf;
    dml_json_open(b, "relatedLocations", '[');
    for (unsigned i = 0; i < f->related_n; i++) {
        const struct dml_related *one = &f->related[i];
        dml_json_open(b, NULL, '{');
        dml_json_put_int(b, "id", i + 1);
        location(out, r, one->file, one->start, one->end, (struct dml_sv){"", 0});
        message(b, one->message);
        dml_json_close(b, '}');
    }
    dml_json_close(b, ']');
}

void dml_sarif_finding(struct dml_out *out, const struct dml_report *r, const struct dml_finding *f)
{
    const struct dml_rule *rule = &r->o->rules->v[f->rule];
    struct dml_buf *b = &out->buf;
    char fingerprint[DML_FINGERPRINT_SIZE];
    dml_buf_str(b, out->items++ ? ",\n{" : "\n{");
    dml_json_put_str(b, "ruleId", rule->id);
    dml_json_put_int(b, "ruleIndex", rule_index(out, f->rule));
    dml_json_put_str(b, "level", levels[f->severity]);
    message(b, f->message);
    dml_json_open(b, "locations", '[');
    dml_json_open(b, NULL, '{');
    location(out, r, f->file, f->start, f->end, f->source);
    if (f->key.len) {
        dml_json_open(b, "logicalLocations", '[');
        dml_json_open(b, NULL, '{');
        dml_json_put_safe(b, "fullyQualifiedName", f->key);
        dml_json_put_str(b, "kind", "member");
        dml_buf_str(b, "}]");
    }
    dml_buf_str(b, "}]");
    dml_json_open(b, "partialFingerprints", '{');
    dml_json_put_str(b, "dmlint/v1", dml_fingerprint(f, fingerprint));
    dml_json_close(b, '}');
    suppressions(b, f);
    fixes(out, r, f);
    if (f->related_n)
        related(out, r, f);
    dml_json_open(b, "properties", '{');
    dml_json_put_str(b, "severity", dml_severity_names[f->severity]);
    if (out->guest && out->guest->name.len)
        dml_json_put_safe(b, "guest", out->guest->name);
    dml_json_close(b, '}');
    dml_json_close(b, '}');
}

void dml_sarif_end(struct dml_out *out, const struct dml_report *r)
{
    (void)r;
    dml_buf_str(&out->buf, "\n]}]}\n");
}
