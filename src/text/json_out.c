/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON out: strings in which any byte survives, in text and in the trees that json-c prints. */
#include "text/json_out.h"

#include <json-c/json.h>
#include <json-c/printbuf.h>

#include "text/escape.h"
#include "text/safe.h"

void dml_json_text(struct dml_buf *out, struct dml_sv text)
{
    dml_buf_char(out, '"');
    for (size_t i = 0; i < text.len;) {
        size_t run = i;
        while (run < text.len && text.p[run] >= 0x20 && text.p[run] < 0x7f && text.p[run] != '"' && text.p[run] != '\\')
            run++;
        dml_buf_add(out, text.p + i, run - i);
        i = run;
        if (i >= text.len)
            break;
        uint32_t u;
        unsigned len = dml_utf8(text.p + i, text.len - i, &u);
        if (!len)
            dml_buf_printf(out, "\\udc%02x", (unsigned char)text.p[i]);
        else if (u == '"' || u == '\\')
            dml_buf_printf(out, "\\%c", (char)u);
        else if (u == '\n')
            dml_buf_str(out, "\\n");
        else if (u == '\t')
            dml_buf_str(out, "\\t");
        else if (u < 0xa0 || (dml_tricky(u) && u < 0x10000))
            dml_buf_printf(out, "\\u%04x", (unsigned)u);
        else
            dml_buf_add(out, text.p + i, len);
        i += len ? len : 1;
    }
    dml_buf_char(out, '"');
}

/* What stands before a value: a comma, and its name. */
static void before(struct dml_buf *out, const char *key)
{
    if (out->len && !strchr("{[,:\n", out->p[out->len - 1]))
        dml_buf_char(out, ',');
    if (!key)
        return;
    dml_buf_char(out, '"');
    dml_buf_str(out, key);
    dml_buf_add(out, "\":", 2);
}

void dml_json_open(struct dml_buf *out, const char *key, char bracket)
{
    before(out, key);
    dml_buf_char(out, bracket);
}

void dml_json_close(struct dml_buf *out, char bracket)
{
    dml_buf_char(out, bracket);
}

void dml_json_put(struct dml_buf *out, const char *key, struct dml_sv text)
{
    before(out, key);
    dml_json_text(out, text);
}

void dml_json_put_str(struct dml_buf *out, const char *key, const char *text)
{
    before(out, key);
    if (text)
        dml_json_text(out, dml_sv_of(text));
    else
        dml_buf_add(out, "null", 4);
}

void dml_json_put_safe(struct dml_buf *out, const char *key, struct dml_sv text)
{
    before(out, key);
    dml_escape_json(out, text);
}

void dml_json_put_true(struct dml_buf *out, const char *key)
{
    before(out, key);
    dml_buf_str(out, "true");
}

void dml_json_put_int(struct dml_buf *out, const char *key, int64_t n)
{
    char text[24], *p = text + sizeof text;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
    before(out, key);
    do {
        *--p = (char)('0' + left % 10);
    } while (left /= 10);
    if (n < 0)
        *--p = '-';
    dml_buf_add(out, p, (size_t)(text + sizeof text - p));
}

static int print_string(struct json_object *o, struct printbuf *pb, int level, int flags)
{
    (void)level;
    (void)flags;
    struct dml_buf b;
    struct dml_sv s = {json_object_get_string(o), (size_t)json_object_get_string_len(o)};
    dml_buf_init(&b, s.len * 6 + 3);
    dml_json_text(&b, s);
    int r = b.failed ? -1 : printbuf_memappend(pb, b.p, (int)b.len);
    dml_buf_dispose(&b);
    return r;
}

struct json_object *dml_json_string(struct dml_sv text)
{
    struct json_object *o = json_object_new_string_len(text.p ? text.p : "", (int)text.len);
    if (o)
        json_object_set_serializer(o, print_string, NULL, NULL);
    return o;
}

struct json_object *dml_json_str(const char *text)
{
    return text ? dml_json_string(dml_sv_of(text)) : NULL;
}

void dml_json_print(struct dml_buf *out, struct json_object *o)
{
    const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    if (s)
        dml_buf_str(out, s);
    else
        out->failed = 1;
    dml_buf_char(out, '\n');
    json_object_put(o);
}
