/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Baseline: reading, asking and writing. */
#include "policy/baseline.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/path.h"
#include "base/sha256.h"
#include "policy/layer.h"
#include "text/json_out.h"

#define SCHEMA "dmlint.baseline/1"
enum { FILE_MAX = 64 * 1024 * 1024, VALUE_DIGITS = 16 };

static int by_identity(const void *x, const void *y)
{
    const struct dml_baseline_entry *a = x, *b = y;
    int r = strcmp(a->path, b->path);
    if (!r)
        r = strcmp(a->rule, b->rule);
    if (!r)
        r = dml_sv_cmp(a->key, b->key);
    return r ? r : (a->value > b->value) - (a->value < b->value);
}

/* ---- values and keys ---- */

static _Bool value_of(struct dml_sv hex, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < hex.len; i++) {
        static const char digits[] = "0123456789abcdef";
        const char *d = hex.p[i] ? strchr(digits, hex.p[i]) : NULL;
        if (!d)
            return 0;
        *out = *out << 4 | (uint64_t)(d - digits);
    }
    return hex.len == VALUE_DIGITS && *out;
}

static _Bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

uint64_t dml_baseline_value(struct dml_sv text)
{
    struct dml_sha256 sha;
    char hex[65];
    uint64_t value;
    dml_sha256_init(&sha);
    for (size_t i = 0; i < text.len;) {
        size_t n = 0;
        while (i + n < text.len && !is_blank(text.p[i + n]))
            n++;
        dml_sha256_add(&sha, (struct dml_sv){text.p + i, n});
        i += n + 1;
    }
    value_of((struct dml_sv){dml_sha256_hex(&sha, hex), VALUE_DIGITS}, &value);
    return value ? value : 1;
}

struct dml_sv dml_baseline_key(struct dml_sv key, struct dml_arena *a)
{
    char *out = dml_arena_alloc(a, 2 * key.len + 1, 1); /* "[7]" becomes no longer, but "[]" would */
    size_t n = 0;
    for (size_t i = 0; out && i < key.len;) {
        out[n++] = key.p[i];
        if (key.p[i++] != '[')
            continue;
        while (i < key.len && key.p[i] != ']')
            i++;
        out[n++] = '*';
    }
    return (struct dml_sv){out, n};
}

/* ---- entries ---- */

int dml_baseline_add(struct dml_baseline *b, const struct dml_baseline_entry *e, struct dml_arena *a)
{
    struct dml_baseline_entry *to = dml_vec_add(a, &b->v);
    if (!to)
        return DML_ENOMEM;
    *to = *e;
    return 0;
}

void dml_baseline_sort(struct dml_baseline *b)
{
    uint32_t kept = 0;
    if (b->v.n)
        qsort(b->v.v, b->v.n, sizeof *b->v.v, by_identity);
    for (uint32_t i = 0; i < b->v.n; i++)
        if (!kept || by_identity(&b->v.v[kept - 1], &b->v.v[i]) != 0)
            b->v.v[kept++] = b->v.v[i];
    b->v.n = kept;
}

struct dml_baseline_entry *dml_baseline_find(const struct dml_baseline *b, const struct dml_baseline_entry *e)
{
    return b->v.n ? bsearch(e, b->v.v, b->v.n, sizeof *e, by_identity) : NULL;
}

uint32_t dml_baseline_of(const struct dml_baseline *b, const char *path, struct dml_baseline_entry **first)
{
    uint32_t low = 0, high = b->v.n, n = 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (strcmp(b->v.v[middle].path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *first = b->v.n ? b->v.v + low : NULL;
    while (low + n < b->v.n && strcmp(b->v.v[low + n].path, path) == 0)
        n++;
    return n;
}

/* ---- the file ---- */

static int read_entry(struct dml_baseline *b, const struct dml_yaml *y, const struct dml_yaml_node *node,
                      const char *dir, struct dml_arena *a, struct dml_err *err)
{
    enum { RULE, NAME, PATH, KEY, VALUE, N };
    static const char *const names[] = {"rule", "name", "path", "key", "value"};
    const struct dml_yaml_node *f[N];
    struct dml_sv s[N] = {{"", 0}};
    struct dml_baseline_entry e = {.key = {"", 0}, .line = node->line};
    int rc = dml_yaml_fields(y, node, "an entry", names, N, f, err);
    for (int i = 0; !rc && i < N; i++) {
        s[i] = (struct dml_sv){"", 0};
        if (!f[i] && (i == RULE || i == PATH))
            return dml_yaml_err(y, node, err, "an entry needs %s:", names[i]);
        if (f[i])
            rc = dml_yaml_str(y, f[i], names[i], &s[i], err);
    }
    if (rc)
        return rc;
    if (f[VALUE] && !value_of(s[VALUE], &e.value))
        return dml_yaml_err(y, f[VALUE], err, "value is %d hexadecimal digits", VALUE_DIGITS);
    const char *path = dml_path_join(a, dir, s[PATH].p);
    e.rule = s[RULE].p;
    e.key = s[KEY];
    e.path = path ? dml_path_absolute(a, path) : NULL;
    return !e.path || dml_baseline_add(b, &e, a) < 0 ? dml_err_set(err, DML_ENOMEM, "%s: out of memory", b->file) : 0;
}

int dml_baseline_load(struct dml_baseline *b, const char *file, _Bool named, struct dml_arena *a, struct dml_err *err)
{
    enum { SCHEMA_KEY, ENTRIES, N };
    static const char *const names[] = {"schema", "entries"};
    const struct dml_yaml_node *f[N];
    struct dml_yaml y;
    struct dml_sv text, s, dir = dml_path_dir(dml_sv_of(file));
    *b = (struct dml_baseline){.file = file, .absolute = dml_path_absolute(a, file)};
    if (!b->absolute)
        return dml_err_set(err, DML_ENOMEM, "%s: out of memory", file);
    if (access(file, F_OK) != 0)
        return 0;
    b->exists = 1;
    const char *base = dml_arena_strndup(a, dir.p, dir.len);
    int rc = (named ? dml_file_read : dml_regular_read)(a, file, FILE_MAX, &text, err);
    if (!rc)
        rc = dml_yaml_parse(a, file, text, &y, err);
    if (!rc)
        rc = dml_yaml_fields(&y, y.root, "a baseline", names, N, f, err);
    if (!rc && !f[SCHEMA_KEY])
        return dml_yaml_err(&y, y.root, err, "this is no baseline: it has no schema: \"" SCHEMA "\"");
    if (!rc)
        rc = dml_yaml_str(&y, f[SCHEMA_KEY], names[SCHEMA_KEY], &s, err);
    if (!rc && !dml_sv_is(s, SCHEMA))
        rc = dml_yaml_err(&y, f[SCHEMA_KEY], err, "this dmlint reads \"" SCHEMA "\", not \"%.*s\"", DML_SV_ARG(s));
    if (!rc && f[ENTRIES])
        rc = dml_yaml_want(&y, f[ENTRIES], names[ENTRIES], DML_YAML_SEQ, err);
    for (uint32_t i = 0; !rc && f[ENTRIES] && i < f[ENTRIES]->n; i++)
        rc = read_entry(b, &y, f[ENTRIES]->v[i], base, a, err);
    dml_baseline_sort(b);
    return rc;
}

void dml_baseline_write(const struct dml_baseline *b, struct dml_buf *out)
{
    struct dml_arena a = {0};
    struct dml_sv d = dml_path_dir(dml_sv_of(b->absolute));
    const char *dir = dml_arena_strndup(&a, d.p, d.len);
    dml_buf_str(out, "{\"schema\": \"" SCHEMA "\", \"entries\": [");
    for (uint32_t i = 0; dir && i < b->v.n; i++) {
        const struct dml_baseline_entry *e = &b->v.v[i];
        struct json_object *o = json_object_new_object();
        json_object_object_add(o, "rule", dml_json_str(e->rule));
        json_object_object_add(o, "path", dml_json_str(dml_path_seen(dir, e->path)));
        if (e->key.len)
            json_object_object_add(o, "key", dml_json_string(e->key));
        if (e->value) {
            char hex[VALUE_DIGITS + 1];
            for (int k = 0; k < VALUE_DIGITS; k++)
                hex[k] = "0123456789abcdef"[e->value >> (60 - 4 * k) & 15];
            json_object_object_add(o, "value", json_object_new_string_len(hex, VALUE_DIGITS));
        }
        const char *s = json_object_to_json_string_ext(o, JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);
        dml_buf_printf(out, "%s\n  %s", i ? "," : "", s ? s : "");
        out->failed |= !s;
        json_object_put(o);
    }
    dml_buf_str(out, b->v.n ? "\n]}\n" : "]}\n");
    out->failed |= !dir;
    dml_arena_dispose(&a);
}
