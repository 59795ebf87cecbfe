/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* YAML: libyaml's events into a tree, and reads of that tree that explain what is wrong. */
#include "yaml/yaml.h"

#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "base/num.h"
#include "base/path.h"

/*
 * JSON may write a character beyond U+FFFF as two escapes, and a byte that is no UTF-8 as \udc80 .. \udcff; libyaml
 * refuses both. They are rewritten to \U escapes before parsing, the bytes to this private range, and the bytes are
 * put back in the scalars. Columns to the right of such an escape move by the difference.
 */
enum { BYTE_PLANE = 0x10f700 };

struct builder {
    struct dml_arena *a;
    const struct dml_yaml *y;
    yaml_parser_t parser;
    DML_VEC(struct anchor {
        const char *name;
        struct dml_yaml_node *node; /* NULL while it is still open */
    })
    anchors;
    uint32_t nodes;
    _Bool bytes; /* scalars may hold characters of BYTE_PLANE */
    struct dml_err *err;
};

int dml_yaml_err(const struct dml_yaml *y, const struct dml_yaml_node *at, struct dml_err *err, const char *fmt, ...)
{
    char text[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!at)
        at = y->root;
    if (!at)
        return dml_err_set(err, DML_EINVAL, "%s: %s", y->path, text);
    return dml_err_set(err, DML_EINVAL, "%s:%u:%u: %s", y->path, at->line, at->column, text);
}

static int fail_mark(struct builder *b, yaml_mark_t mark, const char *text)
{
    return dml_err_set(b->err, DML_EINVAL, "%s:%zu:%zu: %s", b->y->path, mark.line + 1, mark.column + 1, text);
}

static int next(struct builder *b, yaml_event_t *event)
{
    if (yaml_parser_parse(&b->parser, event))
        return 0;
    if (b->parser.error == YAML_MEMORY_ERROR)
        return dml_err_nomem(b->err);
    if (b->parser.error == YAML_READER_ERROR)
        return dml_err_set(b->err, DML_EINVAL, "%s: byte %zu: not valid YAML: %s", b->y->path, b->parser.problem_offset,
                           b->parser.problem ? b->parser.problem : "unreadable");
    return dml_err_set(b->err, DML_EINVAL, "%s:%zu:%zu: not valid YAML: %s", b->y->path,
                       b->parser.problem_mark.line + 1, b->parser.problem_mark.column + 1,
                       b->parser.problem ? b->parser.problem : "syntax error");
}

/* Turns the characters that stand for bytes back into bytes, in place. */
static size_t unplane(char *p, size_t len)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        const unsigned char *c = (const unsigned char *)p + i;
        if (len - i >= 4 && c[0] == 0xf4) {
            unsigned u = (c[0] & 7u) << 18 | (c[1] & 63u) << 12 | (c[2] & 63u) << 6 | (c[3] & 63u);
            if (u >= BYTE_PLANE + 0x80 && u <= BYTE_PLANE + 0xff) {
                p[out++] = (char)(unsigned char)(u - BYTE_PLANE);
                i += 4;
                continue;
            }
        }
        p[out++] = p[i++];
    }
    p[out] = '\0';
    return out;
}

static struct dml_yaml_node *new_node(struct builder *b, const yaml_event_t *event, enum dml_yaml_kind kind)
{
    struct dml_yaml_node *node = dml_new(b->a, struct dml_yaml_node);
    if (!node)
        return NULL;
    node->kind = kind;
    node->line = (uint32_t)event->start_mark.line + 1;
    node->column = (uint32_t)event->start_mark.column + 1;
    node->weight = 1;
    return node;
}

/* Notes `&name`; returns its index to close with the node, or -1. A later anchor of the same name wins, as YAML says.
 */
static long open_anchor(struct builder *b, const yaml_char_t *name)
{
    if (!name)
        return -1;
    if (b->anchors.n == DML_YAML_ANCHORS)
        return -1; /* look-up walks the list; the alias will say that it has no anchor */
    struct anchor *anchor = dml_vec_add(b->a, &b->anchors);
    if (!anchor)
        return -1;
    *anchor = (struct anchor){dml_arena_strdup(b->a, (const char *)name), NULL};
    return (long)b->anchors.n - 1;
}

static int alias(struct builder *b, const yaml_event_t *event, struct dml_yaml_node **out)
{
    const char *name = (const char *)event->data.alias.anchor;
    for (uint32_t i = b->anchors.n; i-- > 0;) {
        if (strcmp(b->anchors.v[i].name, name) != 0)
            continue;
        *out = b->anchors.v[i].node;
        return *out ? 0 : fail_mark(b, event->start_mark, "an alias cannot stand inside what it repeats");
    }
    return fail_mark(b, event->start_mark, "this alias has no anchor before it");
}

/* Duplicate keys by a look at all keys before: mappings are small; big ones get a table. */
static int check_duplicates(struct builder *b, const struct dml_yaml_node *map)
{
    uint32_t size = 16;
    while (size < map->n * 2)
        size *= 2;
    uint32_t *table = map->n > 8 ? dml_new_n(b->a, uint32_t, size) : NULL;
    if (map->n > 8 && !table)
        return DML_ENOMEM;
    for (uint32_t i = 1; i <= map->n; i++) {
        struct dml_sv key = map->keys[i - 1]->text;
        uint32_t twin = 0;
        if (table) {
            uint32_t h = 2166136261u;
            for (size_t k = 0; k < key.len; k++)
                h = (h ^ (unsigned char)key.p[k]) * 16777619u;
            for (h &= size - 1; table[h] && !twin; h = (h + 1) & (size - 1))
                if (dml_sv_eq(map->keys[table[h] - 1]->text, key))
                    twin = table[h];
            table[h] = i;
        } else {
            for (uint32_t k = 1; k < i && !twin; k++)
                if (dml_sv_eq(map->keys[k - 1]->text, key))
                    twin = k;
        }
        if (twin)
            return dml_yaml_err(b->y, map->keys[i - 1], b->err,
                                "the key \"%.*s\" is already on line %u; keep one of the two", DML_SV_ARG(key),
                                map->keys[twin - 1]->line);
    }
    return 0;
}

static int node_of(struct builder *b, yaml_event_t *event, unsigned depth, struct dml_yaml_node **out);

/* Everything between a start event and its end event. */
static int children(struct builder *b, struct dml_yaml_node *node, unsigned depth)
{
    DML_VEC(struct dml_yaml_node *) keys = {0}, v = {0};
    yaml_event_type_t stop = node->kind == DML_YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    _Bool key = node->kind == DML_YAML_MAP;
    int rc;
    for (;;) {
        yaml_event_t event;
        rc = next(b, &event);
        if (rc)
            return rc;
        if (event.type == stop) {
            yaml_event_delete(&event);
            break;
        }
        struct dml_yaml_node *child = NULL;
        rc = node_of(b, &event, depth + 1, &child);
        yaml_event_delete(&event);
        if (rc)
            return rc;
        node->weight += child->weight;
        if (node->weight > DML_YAML_NODES)
            return dml_yaml_err(b->y, child, b->err, "more than %d values, counting those that aliases repeat",
                                DML_YAML_NODES);
        if (key && child->kind != DML_YAML_SCALAR)
            return dml_yaml_err(b->y, child, b->err, "a key must be a word, not a list or a mapping");
        struct dml_yaml_node **place;
        if (key)
            place = dml_vec_add(b->a, &keys);
        else
            place = dml_vec_add(b->a, &v);
        if (!place)
            return DML_ENOMEM;
        *place = child;
        if (node->kind == DML_YAML_MAP)
            key = !key;
    }
    node->n = v.n;
    node->v = v.v;
    node->keys = keys.v;
    return node->kind == DML_YAML_MAP ? check_duplicates(b, node) : 0;
}

static int node_of(struct builder *b, yaml_event_t *event, unsigned depth, struct dml_yaml_node **out)
{
    struct dml_yaml_node *node = NULL;
    const yaml_char_t *name = NULL;
    int rc = 0;
    if (event->type == YAML_ALIAS_EVENT)
        return alias(b, event, out);
    if (depth > DML_YAML_DEPTH)
        return fail_mark(b, event->start_mark, "nested too deeply");
    if (event->type == YAML_SCALAR_EVENT) {
        node = new_node(b, event, DML_YAML_SCALAR);
        name = event->data.scalar.anchor;
        if (node) {
            size_t len = event->data.scalar.length;
            char *p = dml_arena_strndup(b->a, (const char *)event->data.scalar.value, len);
            if (p && b->bytes)
                len = unplane(p, len);
            node->text = (struct dml_sv){p, len};
            node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        }
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        node = new_node(b, event, DML_YAML_SEQ);
        name = event->data.sequence_start.anchor;
    } else {
        node = new_node(b, event, DML_YAML_MAP);
        name = event->data.mapping_start.anchor;
    }
    if (!node)
        return DML_ENOMEM;
    long anchor = open_anchor(b, name);
    if (node->kind != DML_YAML_SCALAR)
        rc = children(b, node, depth);
    if (!rc && b->a->failed)
        rc = DML_ENOMEM;
    if (!rc && anchor >= 0)
        b->anchors.v[anchor].node = node;
    *out = node;
    return rc;
}

static _Bool hex4(const char *p, unsigned *out)
{
    unsigned u = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i], l = c | 32u;
        if (c >= '0' && c <= '9')
            u = u * 16 + (c - '0');
        else if (l >= 'a' && l <= 'f')
            u = u * 16 + (l - 'a' + 10);
        else
            return 0;
    }
    *out = u;
    return 1;
}

/* JSON's surrogate escapes as \U escapes; returns the text itself where there are none or it is not JSON. */
static struct dml_sv json_escapes(struct builder *b, struct dml_sv text)
{
    struct dml_sv body = dml_sv_trim(text);
    if (!body.len || (body.p[0] != '{' && body.p[0] != '[') || !memmem(text.p, text.len, "\\u", 2))
        return text;
    /* The longest growth is 6 bytes (one escape) to 10. */
    char *to = dml_arena_alloc(b->a, text.len / 6 * 10 + 16, 1);
    if (!to)
        return text;
    size_t out = 0;
    for (size_t i = 0; i < text.len;) {
        unsigned hi, lo;
        if (text.p[i] != '\\' || text.len - i < 2) {
            to[out++] = text.p[i++];
        } else if (text.p[i + 1] == 'u' && text.len - i >= 6 && hex4(text.p + i + 2, &hi) && hi >= 0xd800 &&
                   hi <= 0xdfff) {
            unsigned u = hi; /* what nothing can be made of stays, and libyaml refuses it */
            size_t used = 6;
            if (hi < 0xdc00 && text.len - i >= 12 && text.p[i + 6] == '\\' && text.p[i + 7] == 'u' &&
                hex4(text.p + i + 8, &lo) && lo >= 0xdc00 && lo <= 0xdfff) {
                u = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
                used = 12;
            } else if (hi >= 0xdc80 && hi <= 0xdcff) {
                u = BYTE_PLANE + (hi - 0xdc00);
                b->bytes = 1;
            }
            out += (size_t)snprintf(to + out, 11, "\\U%08x", u);
            i += used;
        } else {
            to[out++] = text.p[i++];
            to[out++] = text.p[i++];
        }
    }
    return (struct dml_sv){to, out};
}

int dml_yaml_parse(struct dml_arena *a, const char *path, struct dml_sv text, struct dml_yaml *y, struct dml_err *err)
{
    *y = (struct dml_yaml){.path = path};
    struct builder b = {.a = a, .y = y, .err = err};
    struct dml_yaml_node *root = NULL;
    _Bool opened = 0, started = 0;
    int rc = 0;
    if (dml_sv_starts(text, DML_SV("\xef\xbb\xbf")))
        text = (struct dml_sv){text.p + 3, text.len - 3};
    text = json_escapes(&b, text);
    if (a->failed || !yaml_parser_initialize(&b.parser)) {
        rc = dml_err_nomem(err);
        goto out;
    }
    opened = 1;
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)(text.len ? text.p : ""), text.len);
    for (yaml_event_type_t type = YAML_NO_EVENT; type != YAML_STREAM_END_EVENT;) {
        yaml_event_t event;
        rc = next(&b, &event);
        if (rc)
            goto out;
        type = event.type;
        if (type == YAML_DOCUMENT_START_EVENT && started) {
            rc = fail_mark(&b, event.start_mark, "a second document; a file holds one");
        } else if (type == YAML_DOCUMENT_START_EVENT) {
            started = 1;
        } else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_END_EVENT &&
                   type != YAML_STREAM_END_EVENT) {
            rc = node_of(&b, &event, 1, &root);
        }
        yaml_event_delete(&event);
        if (rc)
            goto out;
    }
    if (!root) {
        root = dml_new(a, struct dml_yaml_node);
        if (root)
            *root = (struct dml_yaml_node){.line = 1, .column = 1, .weight = 1, .text = {"", 0}};
    }
    y->root = root;
    if (a->failed)
        rc = DML_ENOMEM;
out:
    if (rc == DML_ENOMEM)
        dml_err_nomem(err);
    if (opened)
        yaml_parser_delete(&b.parser);
    return rc;
}

int dml_yaml_load(struct dml_arena *a, const char *path, size_t max, struct dml_yaml *y, struct dml_sv *text,
                  struct dml_err *err)
{
    struct dml_sv data;
    int rc = dml_file_read(a, path, max, &data, err);
    if (rc == DML_ETOOBIG)
        return dml_err_set(err, rc, "%s: larger than %zu bytes", path, max);
    if (rc)
        return rc;
    if (text)
        *text = data;
    return dml_yaml_parse(a, path, data, y, err);
}

_Bool dml_yaml_is_null(const struct dml_yaml_node *node)
{
    return !node || (node->kind == DML_YAML_SCALAR && !node->quoted &&
                     (!node->text.len || dml_sv_is(node->text, "~") || dml_sv_is(node->text, "null") ||
                      dml_sv_is(node->text, "Null") || dml_sv_is(node->text, "NULL")));
}

const struct dml_yaml_node *dml_yaml_get(const struct dml_yaml_node *map, const char *key)
{
    if (!map || map->kind != DML_YAML_MAP)
        return NULL;
    for (uint32_t i = 0; i < map->n; i++)
        if (dml_sv_is(map->keys[i]->text, key))
            return map->v[i];
    return NULL;
}

static struct dml_sv list_name(const void *user, size_t i)
{
    return dml_sv_of(((const char *const *)user)[i]);
}

static long find_name(struct dml_sv word, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dml_sv_is(word, names[i]))
            return (long)i;
    return -1;
}

static const char *kind_name(enum dml_yaml_kind kind)
{
    static const char *const names[] = {"a single value", "a list", "a mapping (key: value)"};
    return names[kind];
}

int dml_yaml_want(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, enum dml_yaml_kind kind,
                  struct dml_err *err)
{
    if (node && node->kind == kind)
        return 0;
    return dml_yaml_err(y, node, err, "%s must be %s, not %s", what, kind_name(kind),
                        node && !dml_yaml_is_null(node) ? kind_name(node->kind) : "empty");
}

int dml_yaml_fields(const struct dml_yaml *y, const struct dml_yaml_node *map, const char *what,
                    const char *const *names, size_t n, const struct dml_yaml_node **out, struct dml_err *err)
{
    for (size_t i = 0; i < n; i++)
        out[i] = NULL;
    int rc = dml_yaml_want(y, map, what, DML_YAML_MAP, err);
    if (rc)
        return rc;
    for (uint32_t i = 0; i < map->n; i++) {
        struct dml_sv key = map->keys[i]->text;
        long k = find_name(key, names, n);
        if (k < 0) {
            long near = dml_sv_nearest(key, n, list_name, names);
            return dml_yaml_err(y, map->keys[i], err, "%s has no key \"%.*s\"%s%s%s", what, DML_SV_ARG(key),
                                near < 0 ? "" : "; did you mean \"", near < 0 ? "" : names[near],
                                near < 0 ? "" : "\"?");
        }
        if (!dml_yaml_is_null(map->v[i]))
            out[k] = map->v[i];
    }
    return 0;
}

int dml_yaml_str(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, struct dml_sv *out,
                 struct dml_err *err)
{
    int rc = dml_yaml_want(y, node, what, DML_YAML_SCALAR, err);
    if (rc)
        return rc;
    if (node->text.len && memchr(node->text.p, '\0', node->text.len))
        return dml_yaml_err(y, node, err, "%s holds a NUL byte", what);
    *out = node->text;
    return 0;
}

_Bool dml_yaml_looks_bool(const struct dml_yaml_node *node, _Bool *out)
{
    if (node->kind != DML_YAML_SCALAR || node->quoted)
        return 0;
    *out = dml_sv_is(node->text, "true");
    return *out || dml_sv_is(node->text, "false");
}

_Bool dml_yaml_looks_int(const struct dml_yaml_node *node, int64_t *out)
{
    if (node->kind != DML_YAML_SCALAR || node->quoted)
        return 0;
    struct dml_sv s = node->text;
    struct dml_sv digits = s.len && s.p[0] == '-' ? (struct dml_sv){s.p + 1, s.len - 1} : s;
    if (!digits.len || digits.p[0] < '0' || digits.p[0] > '9')
        return 0;
    int base = dml_sv_starts(digits, DML_SV("0x")) ? 16 : 10;
    return dml_num_parse(s, base, out, NULL) == DML_NUM_OK;
}

int dml_yaml_bool(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, _Bool *out,
                  struct dml_err *err)
{
    int rc = dml_yaml_want(y, node, what, DML_YAML_SCALAR, err);
    if (rc || dml_yaml_looks_bool(node, out))
        return rc;
    return dml_yaml_err(y, node, err, "%s must be true or false, not \"%.*s\"", what, DML_SV_ARG(node->text));
}

int dml_yaml_int(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, int64_t min, int64_t max,
                 int64_t *out, struct dml_err *err)
{
    int64_t v;
    int rc = dml_yaml_want(y, node, what, DML_YAML_SCALAR, err);
    if (rc)
        return rc;
    if (!dml_yaml_looks_int(node, &v) || v < min || v > max)
        return dml_yaml_err(y, node, err, "%s must be a whole number from %lld to %lld, not \"%.*s\"", what,
                            (long long)min, (long long)max, DML_SV_ARG(node->text));
    *out = v;
    return 0;
}

int dml_yaml_enum(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what,
                  const char *const *names, size_t n, unsigned *out, struct dml_err *err)
{
    struct dml_sv s = {"", 0};
    int rc = dml_yaml_str(y, node, what, &s, err);
    if (rc)
        return rc;
    long i = find_name(s, names, n);
    if (i < 0) {
        char list[400];
        size_t len = 0;
        list[0] = '\0';
        for (size_t k = 0; k < n && len < sizeof list; k++)
            len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", k ? ", " : "", names[k]);
        long near = dml_sv_nearest(s, n, list_name, names);
        if (near >= 0)
            return dml_yaml_err(y, node, err, "%s cannot be \"%.*s\"; did you mean \"%s\"?", what, DML_SV_ARG(s),
                                names[near]);
        return dml_yaml_err(y, node, err, "%s cannot be \"%.*s\"; it is one of: %s", what, DML_SV_ARG(s), list);
    }
    *out = (unsigned)i;
    return 0;
}

int dml_yaml_strs(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, struct dml_arena *a,
                  struct dml_sv **out, uint32_t *n, struct dml_err *err)
{
    struct dml_yaml_node *const *items = node->v;
    uint32_t count = node->n;
    struct dml_yaml_node *const alone[] = {(struct dml_yaml_node *)(uintptr_t)node};
    if (node->kind == DML_YAML_SCALAR) {
        items = alone;
        count = 1;
    } else if (node->kind == DML_YAML_MAP) {
        return dml_yaml_err(y, node, err, "%s must be a list", what);
    }
    *out = dml_new_n(a, struct dml_sv, count + 1);
    if (!*out)
        return dml_err_nomem(err);
    *n = count;
    for (uint32_t i = 0; i < count; i++) {
        int rc = dml_yaml_str(y, items[i], what, &(*out)[i], err);
        if (rc)
            return rc;
    }
    return 0;
}

/* Characters that YAML takes for line ends, or drops: NEL, the line and paragraph separators, the byte order mark. */
static const char *unseen(struct dml_sv rest, size_t *n)
{
    static const struct {
        const char *bytes, *escape;
    } chars[] = {{"\xc2\x85", "\\N"}, {"\xe2\x80\xa8", "\\L"}, {"\xe2\x80\xa9", "\\P"}, {"\xef\xbb\xbf", "\\uFEFF"}};
    for (size_t i = 0; i < sizeof chars / sizeof chars[0]; i++)
        if (dml_sv_starts(rest, dml_sv_of(chars[i].bytes))) {
            *n = strlen(chars[i].bytes);
            return chars[i].escape;
        }
    return NULL;
}

/* A key is a text, also one that looks like null. */
static void write_scalar(const struct dml_yaml_node *node, _Bool key, struct dml_buf *out)
{
    _Bool is_null = dml_yaml_is_null(node), null = is_null && !key, plain = !node->quoted && !is_null;
    if (dml_sv_starts(node->text, DML_SV("---")) || dml_sv_starts(node->text, DML_SV("...")))
        plain = 0; /* where documents begin and end */
    for (size_t i = 0; plain && i < node->text.len; i++) {
        char c = node->text.p[i];
        plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                c == '/' || (i && (c == '-' || c == '+')) || (!i && c == '-' && node->text.len > 1);
    }
    if (plain || null) {
        dml_buf_sv(out, null ? DML_SV("~") : node->text);
        return;
    }
    dml_buf_char(out, '"');
    for (size_t i = 0; i < node->text.len; i++) {
        unsigned char c = (unsigned char)node->text.p[i];
        size_t n = 0;
        const char *escape = unseen((struct dml_sv){node->text.p + i, node->text.len - i}, &n);
        if (escape) {
            dml_buf_str(out, escape);
            i += n - 1;
        } else if (c == '"' || c == '\\')
            dml_buf_printf(out, "\\%c", c);
        else if (c < ' ' || c == 0x7f)
            dml_buf_printf(out, "\\x%02x", c);
        else
            dml_buf_char(out, (char)c);
    }
    dml_buf_char(out, '"');
}

void dml_yaml_write(const struct dml_yaml_node *node, struct dml_buf *out)
{
    if (node->kind == DML_YAML_SCALAR) {
        write_scalar(node, 0, out);
        return;
    }
    dml_buf_char(out, node->kind == DML_YAML_MAP ? '{' : '[');
    for (uint32_t i = 0; i < node->n && !out->failed; i++) {
        dml_buf_str(out, i ? ", " : "");
        if (node->kind == DML_YAML_MAP) {
            write_scalar(node->keys[i], 1, out);
            dml_buf_str(out, ": ");
        }
        dml_yaml_write(node->v[i], out);
    }
    dml_buf_char(out, node->kind == DML_YAML_MAP ? '}' : ']');
}
