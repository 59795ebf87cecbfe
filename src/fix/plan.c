/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan: operations on keys, fields and list elements as edits that touch nothing else. */
#include "fix/plan.h"

#include <string.h>
#include <strings.h>

#include "facts/select.h"

struct planner {
    const struct dml_judgement *judgement;
    const struct dml_fired *fired;
    const struct dml_rule *rule;
    const struct dml_cfg *cfg;
    struct dml_arena *a;
    struct dml_plan *out;
    _Bool renamed; /* what was to be deleted has another name now */
};

static struct dml_sv source(const struct planner *p, struct dml_span span)
{
    return (struct dml_sv){p->cfg->text.p + span.off, span.len};
}

static char byte_at(const struct planner *p, uint32_t off)
{
    return off < p->cfg->text.len ? p->cfg->text.p[off] : '\0';
}

static int edit(struct planner *p, struct dml_span span, struct dml_sv text)
{
    struct dml_edit *e = dml_vec_add(p->a, &p->out->edits);
    if (!e)
        return DML_ENOMEM;
    *e = (struct dml_edit){span, text};
    for (uint32_t i = 0; i < p->cfg->comments.n; i++) {
        struct dml_span c = p->cfg->comments.v[i].span;
        if (c.off < span.off + span.len && span.off < c.off + c.len)
            p->out->deletes_comment = 1;
    }
    return 0;
}

static int edit_str(struct planner *p, struct dml_span span, const char *text)
{
    return text ? edit(p, span, dml_sv_of(text)) : DML_ENOMEM;
}

static int cannot(struct planner *p, const char *why)
{
    p->out->cannot = why;
    return 0;
}

static const struct dml_cfg_setting *last_setting(const struct planner *p, const char *key)
{
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, dml_sv_of(key));
    return e ? &p->cfg->settings.v[e->last] : NULL;
}

/* --- values
 * --------------------------------------------------------------------------------------------------------------- */

/* The key that one which xl does not know can be renamed to, or DML_KEY_NONE, whose name is empty. */
static enum dml_key_id meant(const struct planner *p, struct dml_sv key)
{
    return dml_key_rename(key, p->judgement->subject->world->target.xen);
}

/* The value of a switch that xl does not read, as xl would: "1", "0", or "" where it is no word for either. */
static const char *as_switch(const struct planner *p)
{
    static const char *const on[] = {"true", "yes", "on", "y", "enabled"}, *const off[] = {"false", "no", "off", "n"};
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, p->fired->key);
    enum dml_key_id key = dml_key_find(p->fired->key);
    if (!e || !key || dml_key(key)->type != DML_KEY_FLAG || dml_cfg_is_list(&e->value))
        return "";
    struct dml_sv text = dml_cfg_text(&e->value);
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++)
        if (text.len == strlen(on[i]) && strncasecmp(text.p, on[i], text.len) == 0)
            return "1";
    for (size_t i = 0; i < sizeof off / sizeof off[0]; i++)
        if (text.len == strlen(off[i]) && strncasecmp(text.p, off[i], text.len) == 0)
            return "0";
    return "";
}

/* Puts in what ${key} (the finding's key), ${meant} (what it can be renamed to, or nothing) and ${selector} stand for.
 * NULL when out of memory or where one has no value.
 */
static const char *expand(struct planner *p, const char *text)
{
    struct dml_buf b;
    dml_buf_init(&b, 65536);
    const char *result = NULL;
    while (*text) {
        const char *open = strstr(text, "${"), *close = open ? strchr(open, '}') : NULL;
        if (!close) {
            dml_buf_str(&b, text);
            break;
        }
        struct dml_sv name = {open + 2, (size_t)(close - open) - 2};
        struct dml_selector selector;
        dml_buf_add(&b, text, (size_t)(open - text));
        text = close + 1;
        if (dml_sv_is(name, "switch")) {
            dml_buf_str(&b, as_switch(p));
            continue;
        }
        if (dml_sv_is(name, "key") || dml_sv_is(name, "meant")) {
            dml_buf_sv(&b, dml_sv_is(name, "key") ? p->fired->key : dml_key(meant(p, p->fired->key))->name);
            continue;
        }
        if (!dml_select_resolve(NULL, DML_SELECT_KEY, name, &selector) &&
            !dml_select_resolve(NULL, DML_SELECT_FACT, name, &selector))
            goto out;
        struct dml_values v = dml_select_get(p->judgement->subject, selector.id);
        uint32_t i = selector.list ? p->fired->element : 0;
        if (v.unknown || i >= v.n)
            goto out;
        if (v.v[i].kind == DML_VALUE_STRING)
            dml_buf_sv(&b, v.v[i].u.s);
        else if (v.v[i].kind == DML_VALUE_INT || v.v[i].kind == DML_VALUE_BOOL)
            dml_buf_printf(&b, "%lld", (long long)v.v[i].u.i);
        else
            goto out;
    }
    result = dml_arena_strndup(p->a, b.p ? b.p : "", b.len);
out:
    dml_buf_dispose(&b);
    return result;
}

/* A text in quotes as xl reads it back; `quote` is the one to prefer. */
static const char *quoted(struct planner *p, const char *value, char quote)
{
    if (strchr(value, quote) && !strchr(value, quote == '"' ? '\'' : '"'))
        quote = quote == '"' ? '\'' : '"';
    struct dml_buf b;
    dml_buf_init(&b, 65536);
    dml_buf_char(&b, quote);
    for (; *value; value++) {
        if (*value == quote || *value == '\\')
            dml_buf_char(&b, '\\');
        dml_buf_char(&b, *value);
    }
    dml_buf_char(&b, quote);
    const char *result = dml_arena_strndup(p->a, b.p, b.len);
    dml_buf_dispose(&b);
    return result;
}

/* The quote that a value is written with, or the one that the file uses most near it. */
static char quote_of(const struct planner *p, const struct dml_cfg_value *v)
{
    if (v && v->kind == DML_CFG_STRING && !dml_span_none(v->span))
        return byte_at(p, v->span.off) == '\'' ? '\'' : '"';
    for (uint32_t i = 0; i < p->cfg->settings.n; i++) {
        const struct dml_cfg_value *other = &p->cfg->settings.v[i].value;
        if (other->kind == DML_CFG_STRING)
            return byte_at(p, other->span.off) == '\'' ? '\'' : '"';
    }
    return '"';
}

static const char *written(struct planner *p, const struct dml_fix_op *op, const struct dml_cfg_value *old)
{
    const char *value = expand(p, op->value);
    if (!value || op->number || strcmp(op->value, "${switch}") == 0)
        return value;
    return quoted(p, value, quote_of(p, old));
}

/* --- where a new line goes
 * ------------------------------------------------------------------------------------------------------ */

/* The offset behind the physical line on which an item ends. */
static uint32_t line_end(const struct planner *p, uint32_t item)
{
    for (; item < p->cfg->items.n; item++) {
        struct dml_span s = p->cfg->items.v[item].span;
        if (s.len && byte_at(p, s.off + s.len - 1) == '\n')
            return s.off + s.len;
    }
    return (uint32_t)p->cfg->text.len;
}

/* The setting behind which a person would write a new key: the last one there is of a family that fits. */
static const struct dml_cfg_setting *neighbour(const struct planner *p, const char *key, const char *after)
{
    static const struct {
        const char *key, *families[4];
    } fits[] = {{"dm_restrict", {"device_model_", "type", "builder", "name"}},
                {"device_model_version", {"type", "builder", "name", NULL}},
                {"vnclisten", {"vnc", NULL, NULL, NULL}},
                {"videoram", {"vga", "stdvga", "vnc", NULL}}};
    const struct dml_cfg_setting *found = after ? last_setting(p, after) : NULL;
    for (size_t i = 0; !found && i < sizeof fits / sizeof fits[0]; i++) {
        for (int f = 0; !found && strcmp(fits[i].key, key) == 0 && f < 4 && fits[i].families[f]; f++) {
            struct dml_sv family = dml_sv_of(fits[i].families[f]);
            for (uint32_t s = 0; s < p->cfg->settings.n; s++) {
                struct dml_sv name = source(p, p->cfg->settings.v[s].key);
                if (family.p[family.len - 1] == '_' ? dml_sv_starts(name, family) : dml_sv_eq(name, family))
                    found = &p->cfg->settings.v[s];
            }
        }
    }
    return found || !p->cfg->settings.n ? found : &p->cfg->settings.v[p->cfg->settings.n - 1];
}

/* A new line `key = value` in the manner of the line it stands behind: its indentation, its alignment, its line end. */
static int add_line(struct planner *p, const char *key, const char *value, const char *after)
{
    const struct dml_cfg_setting *n = value ? neighbour(p, key, after) : NULL;
    if (!value)
        return DML_ENOMEM;
    uint32_t at = n ? line_end(p, n->item) : (uint32_t)p->cfg->text.len;
    _Bool open_end = at && byte_at(p, at - 1) != '\n'; /* the file's last line has no end */
    if (!n)
        return edit_str(p, (struct dml_span){at, 0},
                        dml_arena_printf(p->a, "%s%s = %s\n", open_end ? "\n" : "", key, value));
    uint32_t start = n->key.off;
    while (start && byte_at(p, start - 1) != '\n')
        start--;
    struct dml_sv indent = {p->cfg->text.p + start, n->key.off - start};
    for (size_t i = 0; i < indent.len; i++)
        if (indent.p[i] != ' ' && indent.p[i] != '\t')
            indent.len = 0; /* not the first on its line */
    struct dml_sv before = {p->cfg->text.p + n->key.off + n->key.len, n->op.off - n->key.off - n->key.len};
    struct dml_sv behind = {p->cfg->text.p + n->op.off + n->op.len, 0};
    while (behind.p + behind.len < p->cfg->text.p + p->cfg->text.len &&
           (behind.p[behind.len] == ' ' || behind.p[behind.len] == '\t'))
        behind.len++;
    /* Lines that are aligned by their operators have more than one blank there: keep the column. */
    size_t blanks = before.len;
    if (before.len > 1 && !memchr(before.p, '\t', before.len)) {
        size_t column = n->key.len + before.len, len = strlen(key);
        blanks = column > len ? column - len : 1;
    }
    const char *end = at >= 2 && byte_at(p, at - 2) == '\r' ? "\r\n" : "\n";
    const char *line = dml_arena_printf(p->a, "%s%.*s%s%*s=%.*s%s%s", open_end ? end : "", DML_SV_ARG(indent), key,
                                        (int)blanks, "", DML_SV_ARG(behind), value, open_end ? "" : end);
    return edit_str(p, (struct dml_span){at, 0}, line);
}

/* --- operations
 * -------------------------------------------------------------------------------------------------------------------
 */

/* The line that was to be this key's, as it seems; where there is one, no second line is written. */
static const struct dml_cfg_setting *misspelt(const struct planner *p, const char *key)
{
    for (uint32_t i = 0; i < p->cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &p->cfg->entries.v[i];
        enum dml_key_id id = meant(p, e->name);
        if (e->count == 1 && id && dml_sv_is(dml_key(id)->name, key))
            return &p->cfg->settings.v[e->last];
    }
    return NULL;
}

static int op_set(struct planner *p, const struct dml_fix_op *op)
{
    const char *key = expand(p, op->key);
    if (!key)
        return DML_ENOMEM;
    const struct dml_cfg_setting *s = last_setting(p, key), *slip = s ? NULL : misspelt(p, key);
    if (slip && edit_str(p, slip->key, key) < 0)
        return DML_ENOMEM;
    s = s ? s : slip;
    const char *value = written(p, op, s ? &s->value : NULL);
    if (!value)
        return cannot(p, "a value that it needs is not known");
    if (!*value) {
        p->out->nothing = 1;
        return 0;
    }
    if (!s)
        return add_line(p, key, value, op->after);
    int rc = s->adds ? edit_str(p, s->op, "=") : 0;
    return rc < 0 || dml_sv_is(source(p, s->value.span), value) ? rc : edit_str(p, s->value.span, value);
}

/* Takes a whole assignment out; where it shares its line with others, their line end stays. */
static int delete_setting(struct planner *p, const struct dml_cfg_setting *s)
{
    struct dml_span span = p->cfg->items.v[s->item].span;
    _Bool first_on_line = !span.off || byte_at(p, span.off - 1) == '\n';
    if (!first_on_line && span.len && byte_at(p, span.off + span.len - 1) == '\n')
        span.len--;
    return edit(p, span, (struct dml_sv){"", 0});
}

/* An element of a list with one of the commas beside it, and its line where it has one of its own. */
static int delete_element(struct planner *p, const struct dml_cfg_entry *e, uint32_t index)
{
    if (!dml_cfg_is_list(&e->value) || index >= e->value.n)
        return cannot(p, "there is no such element any more");
    struct dml_span span = e->value.u.items[index].span;
    uint32_t end = span.off + span.len, start = span.off;
    while (byte_at(p, end) == ' ' || byte_at(p, end) == '\t')
        end++;
    if (byte_at(p, end) == ',') {
        end++;
        while (byte_at(p, end) == ' ' || byte_at(p, end) == '\t')
            end++;
    } else { /* the last one: the comma before it goes */
        end = span.off + span.len;
        uint32_t comma = start;
        while (comma && byte_at(p, comma - 1) != ',' && byte_at(p, comma - 1) != '[' && byte_at(p, comma - 1) != '#')
            comma--;
        if (index && comma && byte_at(p, comma - 1) == ',' && comma - 1 > e->value.u.items[index - 1].span.off)
            start = comma - 1;
    }
    return edit(p, (struct dml_span){start, end - start}, (struct dml_sv){"", 0});
}

static int op_delete(struct planner *p, const struct dml_fix_op *op)
{
    const char *key = expand(p, op->key);
    size_t n = key ? strlen(key) : 0;
    if (!key)
        return cannot(p, "the key is not known");
    if (p->renamed)
        return 0;
    if (n > 3 && strcmp(key + n - 3, "[*]") == 0) {
        const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, (struct dml_sv){key, n - 3});
        return e ? delete_element(p, e, p->fired->element) : 0;
    }
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, dml_sv_of(key));
    int rc = 0;
    for (uint32_t k = e ? e->last : DML_CFG_NONE; rc == 0 && k != DML_CFG_NONE; k = p->cfg->settings.v[k].prev)
        rc = delete_setting(p, &p->cfg->settings.v[k]);
    return rc;
}

static int op_rename(struct planner *p, const struct dml_fix_op *op)
{
    const char *from = expand(p, op->key), *to = expand(p, op->to);
    if (!from || !to)
        return DML_ENOMEM;
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, dml_sv_of(from));
    _Bool or_else = op + 1 < p->rule->fixes + p->rule->fixes_n && op[1].kind == DML_FIX_DELETE;
    p->out->nothing = !*to && !or_else;
    if (!*to || (or_else && dml_cfg_find(p->cfg, dml_sv_of(to))))
        return 0;
    if (dml_cfg_find(p->cfg, dml_sv_of(to)))
        return cannot(p, "the new key is there already");
    int rc = 0;
    for (uint32_t k = e ? e->last : DML_CFG_NONE; rc == 0 && k != DML_CFG_NONE; k = p->cfg->settings.v[k].prev)
        rc = edit_str(p, p->cfg->settings.v[k].key, to);
    p->renamed = 1;
    return rc;
}

/* The element of a list key that the finding is about, if it is a plain quoted text. */
static const struct dml_cfg_value *element(struct planner *p, const struct dml_fix_op *op, uint32_t i)
{
    size_t n = strlen(op->key);
    if (n > 3 && strcmp(op->key + n - 3, "[*]") == 0)
        n -= 3;
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, (struct dml_sv){op->key, n});
    if (!e || !dml_cfg_is_list(&e->value) || i >= e->value.n)
        return NULL;
    const struct dml_cfg_value *v = &e->value.u.items[i];
    return v->kind == DML_CFG_STRING && !dml_span_none(v->span) ? v : NULL;
}

static const struct dml_guest_part *field_part(struct planner *p, const struct dml_fix_op *op, enum dml_spec_id *id)
{
    size_t n = strlen(op->key);
    if (n > 3 && strcmp(op->key + n - 3, "[*]") == 0)
        n -= 3;
    enum dml_key_id key = dml_key_find((struct dml_sv){op->key, n});
    const struct dml_spec *spec = key == DML_KEY_NONE ? NULL : dml_spec_find(key, dml_sv_of(op->field));
    if (!spec)
        return NULL;
    *id = (enum dml_spec_id)(spec - dml_spec(0));
    return dml_guest_part(&p->judgement->subject->guest, key, (int32_t)p->fired->element, *id);
}

static int op_set_field(struct planner *p, const struct dml_fix_op *op)
{
    enum dml_spec_id id = (enum dml_spec_id)0;
    const struct dml_cfg_value *v = element(p, op, p->fired->element);
    const struct dml_guest_part *part = field_part(p, op, &id);
    const char *value = expand(p, op->value);
    if (!v || !value)
        return cannot(p, "the list element is not written as one text");
    if (part)
        return edit_str(p, part->span, value);
    /* A part that runs to the end of the text, such as target=, has to stay last. */
    const struct dml_guest_part *parts;
    enum dml_key_id key = (enum dml_key_id)dml_spec(id)->list;
    uint32_t n = dml_guest_parts(&p->judgement->subject->guest, key, (int32_t)p->fired->element, &parts);
    char name[48];
    for (uint32_t i = 0; i < n; i++)
        if (parts[i].spec && parts[i].spec->form == DML_SPEC_REST && parts[i].whole.len > parts[i].span.len)
            return edit_str(p, (struct dml_span){parts[i].whole.off, 0},
                            dml_arena_printf(p->a, "%s=%s,", dml_spec_text(dml_spec(id), name), value));
    return edit_str(p, (struct dml_span){v->span.off + v->span.len - 1, 0},
                    dml_arena_printf(p->a, "%s%s=%s", v->n ? "," : "", dml_spec_text(dml_spec(id), name), value));
}

static int op_delete_field(struct planner *p, const struct dml_fix_op *op)
{
    enum dml_spec_id id;
    const struct dml_guest_part *part = field_part(p, op, &id);
    if (!part)
        return 0;
    struct dml_span span = part->whole;
    if (byte_at(p, span.off + span.len) == ',')
        span.len++;
    else if (span.off && byte_at(p, span.off - 1) == ',') {
        span.off--;
        span.len++;
    }
    return edit(p, span, (struct dml_sv){"", 0});
}

static int op_append(struct planner *p, const struct dml_fix_op *op)
{
    const struct dml_cfg_entry *e = dml_cfg_find(p->cfg, dml_sv_of(op->key));
    const char *value = expand(p, op->value);
    if (!value)
        return cannot(p, "a value that it needs is not known");
    if (!e)
        return add_line(p, op->key, dml_arena_printf(p->a, "[ %s ]", quoted(p, value, quote_of(p, NULL))), op->after);
    const struct dml_cfg_setting *s = &p->cfg->settings.v[e->last];
    if (!dml_cfg_is_list(&s->value) || dml_span_none(s->value.span))
        return cannot(p, "the key is not written as a list");
    if (!s->value.n)
        return edit_str(p, (struct dml_span){s->value.span.off + 1, 0}, quoted(p, value, quote_of(p, NULL)));
    const struct dml_cfg_value *last = &s->value.u.items[s->value.n - 1];
    return edit_str(p, (struct dml_span){last->span.off + last->span.len, 0},
                    dml_arena_printf(p->a, ", %s", quoted(p, value, quote_of(p, last))));
}

static int op_insert(struct planner *p, const struct dml_fix_op *op)
{
    if (last_setting(p, op->key))
        return 0;
    const char *value = written(p, op, NULL);
    return value ? add_line(p, op->key, value, op->after) : cannot(p, "a value that it needs is not known");
}

/* --- an unused suppression: a comment of our own
 * ------------------------------------------------------------------------------------- */

static int plan_unused(struct planner *p)
{
    struct dml_span word = p->fired->span;
    uint32_t i = 0;
    while (i < p->cfg->comments.n && !(p->cfg->comments.v[i].span.off <= word.off &&
                                       word.off < p->cfg->comments.v[i].span.off + p->cfg->comments.v[i].span.len))
        i++;
    if (i == p->cfg->comments.n)
        return cannot(p, "the comment is not there any more");
    struct dml_span c = p->cfg->comments.v[i].span;
    const struct dml_cfg_item *item = &p->cfg->items.v[p->cfg->comments.v[i].item];
    uint32_t open = word.off, close = word.off + word.len;
    while (open > c.off && byte_at(p, open - 1) != '[')
        open--;
    while (close < c.off + c.len && byte_at(p, close) != ']')
        close++;
    int rc;
    if (memchr(p->cfg->text.p + open, ',', close - open)) { /* others are named beside it */
        uint32_t start = word.off, end = word.off + word.len;
        while (byte_at(p, end) == ' ')
            end++;
        if (byte_at(p, end) == ',')
            for (end++; byte_at(p, end) == ' '; end++)
                ;
        else {
            end = word.off + word.len;
            while (start > open && byte_at(p, start - 1) != ',')
                start--;
            start -= start > open;
        }
        rc = edit(p, (struct dml_span){start, end - start}, (struct dml_sv){"", 0});
    } else if (item->kind == DML_CFG_COMMENT)
        rc = edit(p, item->span, (struct dml_sv){"", 0});
    else {
        uint32_t start = c.off;
        while (start && (byte_at(p, start - 1) == ' ' || byte_at(p, start - 1) == '\t'))
            start--;
        rc = edit(p, (struct dml_span){start, c.off + c.len - start}, (struct dml_sv){"", 0});
    }
    p->out->deletes_comment = 0; /* nobody else's */
    return rc;
}

int dml_plan_fix(const struct dml_judgement *judgement, const struct dml_fired *fired, const struct dml_rule *rule,
                 struct dml_arena *a, struct dml_plan *out)
{
    static int (*const ops[])(struct planner * p, const struct dml_fix_op *op) = {
        [DML_FIX_SET] = op_set,
        [DML_FIX_DELETE] = op_delete,
        [DML_FIX_RENAME_KEY] = op_rename,
        [DML_FIX_SET_FIELD] = op_set_field,
        [DML_FIX_DELETE_FIELD] = op_delete_field,
        [DML_FIX_APPEND] = op_append,
        [DML_FIX_INSERT] = op_insert,
    };
    struct planner p = {judgement, fired, rule, &judgement->subject->cfg, a, out, 0};
    *out = (struct dml_plan){0};
    int rc = fired->rule == judgement->unused_suppression ? plan_unused(&p) : 0;
    if (dml_plan_of_syntax(rule))
        rc = dml_plan_syntax(p.cfg, fired->span, a, out);
    for (uint16_t i = 0; rc == 0 && !out->cannot && i < rule->fixes_n; i++)
        rc = ops[rule->fixes[i].kind](&p, &rule->fixes[i]);
    dml_edits_sort(out->edits.v, out->edits.n);
    for (uint32_t i = 1; i < out->edits.n; i++)
        if (dml_edits_clash(out->edits.v[i - 1], out->edits.v[i]))
            out->cannot = "its operations get in each other's way";
    return rc < 0 || a->failed ? DML_ENOMEM : 0;
}
