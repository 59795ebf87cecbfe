/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON with places. json-c has accepted the text before the walk begins, which therefore only has to find ends. */
#include "text/json.h"

#include <json-c/json.h>

enum { LONGEST = 1 << 30 };

struct scan {
    struct dml_arena *a;
    struct dml_sv text;
    size_t at;
    struct dml_json_error *error;
};

static _Bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct scan *s)
{
    while (s->at < s->text.len && is_blank(s->text.p[s->at]))
        s->at++;
}

static _Bool next_is(struct scan *s, char c)
{
    skip_blanks(s);
    return s->at < s->text.len && s->text.p[s->at] == c;
}

static _Bool fault(struct scan *s, enum dml_json_fault fault, struct dml_span at)
{
    if (!s->error->fault)
        *s->error = (struct dml_json_error){fault, at};
    return 0;
}

/* What json-c took and the walk does not: never seen, and no reason to go on. */
static _Bool lost(struct scan *s)
{
    return fault(s, DML_JSON_BROKEN, (struct dml_span){(uint32_t)s->at, s->at < s->text.len});
}

static struct dml_span scan_string(struct scan *s)
{
    size_t from = s->at++;
    while (s->at < s->text.len && s->text.p[s->at] != '"')
        s->at += s->text.p[s->at] == '\\' ? 2 : 1;
    s->at = s->at < s->text.len ? s->at + 1 : s->text.len;
    return (struct dml_span){(uint32_t)from, (uint32_t)(s->at - from)};
}

static _Bool scan_value(struct scan *s, struct json_object *v, struct dml_json *out);

/* The members of an object, or the elements of an array. */
static _Bool scan_inside(struct scan *s, struct json_object *v, struct dml_json *out)
{
    _Bool object = out->kind == DML_JSON_OBJECT;
    char close = object ? '}' : ']';
    size_t n = object ? (size_t)json_object_object_length(v) : json_object_array_length(v);
    struct dml_json *items = dml_new_n(s->a, struct dml_json, n ? n : 1);
    struct json_object_iterator it = {NULL};
    if (!items)
        return 0;
    if (object)
        it = json_object_iter_begin(v);
    s->at++;
    for (out->n = 0; !next_is(s, close); out->n++) {
        struct dml_json *item = &items[out->n];
        struct dml_span name = DML_NO_SPAN;
        if (out->n && !next_is(s, ','))
            return lost(s);
        s->at += out->n != 0;
        skip_blanks(s);
        if (object && next_is(s, '"'))
            name = scan_string(s);
        if (out->n == n) /* json-c keeps one of two members */
            return object ? fault(s, DML_JSON_TWICE, name) : lost(s);
        item->name_span = name;
        struct json_object *inner = object ? json_object_iter_peek_value(&it) : json_object_array_get_idx(v, out->n);
        if (object) {
            item->name = dml_arena_sv(s->a, dml_sv_of(json_object_iter_peek_name(&it)));
            json_object_iter_next(&it);
            if (!next_is(s, ':'))
                return lost(s);
            s->at++;
        }
        if (!scan_value(s, inner, item))
            return 0;
        if (out->n)
            items[out->n - 1].next = item;
    }
    s->at++;
    out->first = out->n ? items : NULL;
    return out->n == n || lost(s);
}

static _Bool scan_value(struct scan *s, struct json_object *v, struct dml_json *out)
{
    static const uint8_t kinds[] = {
        [json_type_null] = DML_JSON_NULL,     [json_type_boolean] = DML_JSON_BOOL,  [json_type_double] = DML_JSON_REAL,
        [json_type_int] = DML_JSON_INT,       [json_type_object] = DML_JSON_OBJECT, [json_type_array] = DML_JSON_ARRAY,
        [json_type_string] = DML_JSON_STRING,
    };
    skip_blanks(s);
    size_t from = s->at;
    char c = from < s->text.len ? s->text.p[from] : '\0';
    out->kind = kinds[json_object_get_type(v)];
    /* A member that is there twice: text and value part company before the second one is met. */
    if ((out->kind == DML_JSON_OBJECT) != (c == '{') || (out->kind == DML_JSON_ARRAY) != (c == '[') ||
        (out->kind == DML_JSON_STRING) != (c == '"'))
        return fault(s, DML_JSON_TWICE, (struct dml_span){(uint32_t)from, from < s->text.len});
    switch ((enum dml_json_kind)out->kind) {
    case DML_JSON_OBJECT:
    case DML_JSON_ARRAY:
        if (!scan_inside(s, v, out))
            return 0;
        break;
    case DML_JSON_STRING:
        scan_string(s);
        out->text =
            dml_arena_sv(s->a, (struct dml_sv){json_object_get_string(v), (size_t)json_object_get_string_len(v)});
        break;
    case DML_JSON_BOOL:
        out->number = json_object_get_boolean(v);
        break;
    case DML_JSON_INT:
        out->number = json_object_get_int64(v);
        break;
    case DML_JSON_NULL:
    case DML_JSON_REAL:
        break;
    }
    while (c != '{' && c != '[' && c != '"' && s->at < s->text.len && !strchr(",]}", s->text.p[s->at]) &&
           !is_blank(s->text.p[s->at]))
        s->at++;
    out->span = (struct dml_span){(uint32_t)from, (uint32_t)(s->at - from)};
    return 1;
}

int dml_json_parse(const struct dml_json **root, struct dml_arena *a, struct dml_sv text, struct dml_json_error *error,
                   struct dml_err *err)
{
    struct scan s = {a, text, 0, error};
    struct dml_json *top = dml_new(a, struct dml_json);
    struct json_tokener *tokener = json_tokener_new_ex(DML_JSON_DEPTH);
    struct json_object *v = NULL;
    int rc = 0;

    *root = NULL;
    *error = (struct dml_json_error){DML_JSON_SOUND, DML_NO_SPAN};
    while (s.text.len && (is_blank(s.text.p[s.text.len - 1]) || s.text.p[s.text.len - 1] == '\0'))
        s.text.len--;
    if (!top || !tokener) {
        rc = dml_err_nomem(err);
        goto out;
    }
    if (s.text.len > LONGEST) {
        rc = dml_err_set(err, DML_ETOOBIG, "more than 1 GiB of JSON");
        goto out;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    v = json_tokener_parse_ex(tokener, s.text.len ? s.text.p : "", (int)s.text.len);
    enum json_tokener_error why = json_tokener_get_error(tokener);
    if (why != json_tokener_success || json_tokener_get_parse_end(tokener) < s.text.len) {
        size_t at = json_tokener_get_parse_end(tokener);
        at = at < s.text.len ? at : s.text.len;
        fault(&s,
              why == json_tokener_continue      ? DML_JSON_ENDS
              : why == json_tokener_error_depth ? DML_JSON_DEEP
                                                : DML_JSON_BROKEN,
              (struct dml_span){(uint32_t)at, at < s.text.len});
    } else if (scan_value(&s, v, top)) {
        *root = top;
    }
    if (!*root && !error->fault)
        rc = dml_err_nomem(err);
out:
    json_object_put(v);
    if (tokener)
        json_tokener_free(tokener);
    return rc;
}

const struct dml_json *dml_json_get(const struct dml_json *object, const char *name)
{
    const struct dml_json *m = object && object->kind == DML_JSON_OBJECT ? object->first : NULL;
    while (m && !dml_sv_is(m->name, name))
        m = m->next;
    return m;
}
