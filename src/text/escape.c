/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Escape: one table per language: what stands for a character, where it is not the character itself. */
#include "text/escape.h"

#include <string.h>

#include "text/safe.h"

/* A character and what stands for it. */
struct escape {
    char c;
    const char *text;
};

static const char *find(const struct escape *table, char c)
{
    for (; table->text; table++)
        if (table->c == c)
            return table->text;
    return NULL;
}

/* U+FFFE and U+FFFF are in no XML document. */
static _Bool no_character(uint32_t cp)
{
    return (cp & 0xfffe) == 0xfffe;
}

static void escape(struct dml_buf *out, struct dml_sv text, const struct escape *table)
{
    for (size_t i = 0; i < text.len;) {
        const char *special = find(table, text.p[i]);
        uint32_t cp;
        if (special) {
            dml_buf_str(out, special);
            i++;
        } else if ((unsigned char)text.p[i] >= 0xef && dml_utf8(text.p + i, text.len - i, &cp) && no_character(cp)) {
            dml_buf_printf(out, "\\u%04x", (unsigned)cp);
            i += cp < 0x10000 ? 3 : 4;
        } else {
            dml_safe_char(out, text, &i);
        }
    }
}

void dml_escape_xml(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},  {'"', "&quot;"},
                                          {'\'', "&#39;"}, {'\n', "&#10;"}, {'\t', "&#9;"}, {0, NULL}};
    escape(out, text, table);
}

void dml_escape_github(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}, {0, NULL}};
    escape(out, text, table);
}

void dml_escape_github_property(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"},
                                          {':', "%3A"}, {',', "%2C"},  {0, NULL}};
    escape(out, text, table);
}

void dml_escape_csv(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'"', "\"\""}, {0, NULL}};
    dml_buf_char(out, '"');
    if (text.len && text.p[0] && strchr("=+-@\t\r", text.p[0]))
        dml_buf_char(out, '\'');
    escape(out, text, table);
    dml_buf_char(out, '"');
}

void dml_escape_markdown(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'\n', " "},  {'\r', " "},  {'\t', " "},  {'!', "\\!"}, {'#', "\\#"},
                                          {'$', "\\$"}, {'&', "\\&"}, {'*', "\\*"}, {':', "\\:"}, {'<', "\\<"},
                                          {'>', "\\>"}, {'@', "\\@"}, {'[', "\\["}, {']', "\\]"}, {'\\', "\\\\"},
                                          {'_', "\\_"}, {'`', "\\`"}, {'{', "\\{"}, {'|', "\\|"}, {'}', "\\}"},
                                          {'~', "\\~"}, {0, NULL}};
    escape(out, text, table);
}

void dml_escape_markdown_code(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'\n', " "}, {'\r', " "}, {'\t', " "}, {'|', "\\|"}, {0, NULL}};
    size_t run = 0, longest = 0;
    for (size_t i = 0; i < text.len; i++) {
        run = text.p[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    /* A fence of more backticks than there are in it; a blank at each end, which Markdown takes away again. */
    dml_buf_fill(out, '`', longest + 1);
    dml_buf_char(out, ' ');
    escape(out, text, table);
    dml_buf_char(out, ' ');
    dml_buf_fill(out, '`', longest + 1);
}

void dml_escape_tap(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'#', "\\#"}, {'\\', "\\\\"}, {0, NULL}};
    escape(out, text, table);
}

void dml_escape_uri(struct dml_buf *out, struct dml_sv path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    for (size_t i = 0; i < path.len; i++) {
        if (path.p[i] && strchr(plain, path.p[i]))
            dml_buf_char(out, path.p[i]);
        else
            dml_buf_printf(out, "%%%02X", (unsigned char)path.p[i]);
    }
}

void dml_escape_json(struct dml_buf *out, struct dml_sv text)
{
    static const struct escape table[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\t', "\\t"}, {0, NULL}};
    dml_buf_char(out, '"');
    for (size_t i = 0; i < text.len;) {
        const char *special = find(table, text.p[i]);
        size_t before = out->len;
        if (special) {
            dml_buf_str(out, special);
            i++;
            continue;
        }
        dml_safe_char(out, text, &i);
        /* What was made visible begins with a backslash, which is one more in JSON. */
        if (!out->failed && out->len > before && out->p[before] == '\\') {
            dml_buf_char(out, '\\');
            memmove(out->p + before + 1, out->p + before, out->len - before - 1);
        }
    }
    dml_buf_char(out, '"');
}

_Bool dml_is_utf8(struct dml_sv text)
{
    uint32_t cp;
    for (size_t i = 0; i < text.len;) {
        unsigned len = dml_utf8(text.p + i, text.len - i, &cp);
        if (!len || !cp)
            return 0;
        i += len;
    }
    return 1;
}
