/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every part of the reader uses: entries by kind, lists, pieces of texts, numbers, and notes of what xl dislikes.
 */
#include "base/num.h"
#include "guest/read.h"

static const uint8_t kinds[] = {
#define PROBLEM(id, kind, message, hint) DML_GUEST_##kind,
#include "guest/problems.def"
#undef PROBLEM
};

_Bool dml_read_has(const struct dml_reader *r, enum dml_xl_change change)
{
    static const dml_version first[][5] = {
#define AT(major, minor, point) DML_V(major, minor, point),
#define CHANGE(id, first)       {first},
#include "guest/changes.def"
#undef CHANGE
#undef AT
    };
    return dml_version_has(r->xen, first[change]);
}

void *dml_read_alloc(struct dml_reader *r, size_t n, size_t size, size_t align)
{
    void *p = dml_arena_calloc(r->arena, n, size, align);
    if (!p && !r->rc)
        r->rc = dml_err_nomem(r->err);
    return p;
}

const char *dml_read_copy(struct dml_reader *r, struct dml_sv s)
{
    char *p = dml_arena_strndup(r->arena, s.p, s.len);
    if (!p && !r->rc)
        r->rc = dml_err_nomem(r->err);
    return p;
}

struct dml_span dml_read_place(const struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv text)
{
    struct dml_sv all = r->out->cfg->text;
    if (text.p >= all.p && text.p + text.len <= all.p + all.len)
        return (struct dml_span){(uint32_t)(text.p - all.p), (uint32_t)text.len};
    return dml_guest_element(r->out, key, index);
}

struct dml_guest_problem *dml_read_problem(struct dml_reader *r, enum dml_guest_problem_id id, enum dml_key_id key,
                                           int32_t index, const struct dml_sv *value)
{
    struct dml_guest_problem *p = dml_vec_add(r->arena, &r->out->problems);
    const struct dml_cfg_entry *e = r->out->by_key[key];
    if (!p) {
        if (!r->rc)
            r->rc = dml_err_nomem(r->err);
        return &r->lost;
    }
    *p = (struct dml_guest_problem){.id = (uint8_t)id, .kind = (uint8_t)kinds[id], .key = (uint16_t)key};
    p->index = index;
    if (value) {
        p->value = *value;
        p->span = dml_read_place(r, key, index, *value);
    } else {
        p->span = dml_guest_element(r->out, key, index);
        if (e)
            p->value = dml_source_text(&(struct dml_source){.text = r->out->cfg->text}, p->span);
        if (e && !dml_cfg_is_list(&e->value) && index < 0)
            p->value = dml_cfg_text(&e->value);
    }
    r->out->refusals += p->kind == DML_GUEST_REFUSES;
    return p;
}

static void ignored(struct dml_reader *r, enum dml_key_id key, enum dml_guest_problem_id id)
{
    if (r->out->ignored[key])
        return;
    r->out->ignored[key] = 1;
    dml_read_problem(r, id, key, -1, NULL);
}

_Bool dml_read_text(struct dml_reader *r, enum dml_key_id key, struct dml_sv *text)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    if (!e)
        return 0;
    if (dml_cfg_is_list(&e->value)) {
        ignored(r, key, DML_GUEST_P_LIST_FOR_VALUE);
        return 0;
    }
    *text = dml_cfg_text(&e->value);
    return 1;
}

_Bool dml_read_quiet(struct dml_reader *r, enum dml_key_id key, int64_t *number)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    return e && dml_cfg_long(e, INT64_MIN, INT64_MAX, number) == DML_CFG_NUM_OK;
}

_Bool dml_read_number(struct dml_reader *r, enum dml_key_id key, int64_t *number)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    if (!e)
        return 0;
    switch (dml_cfg_long(e, INT64_MIN, INT64_MAX, number)) {
    case DML_CFG_NUM_OK:
        return 1;
    case DML_CFG_NUM_LIST:
        ignored(r, key, DML_GUEST_P_LIST_FOR_VALUE);
        return 0;
    case DML_CFG_NUM_ADDED:
        ignored(r, key, DML_GUEST_P_ADDED_NUMBER);
        return 0;
    default:
        ignored(r, key, DML_GUEST_P_UNREADABLE);
        return 0;
    }
}

const struct dml_cfg_entry *dml_read_list(struct dml_reader *r, enum dml_key_id key)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    if (!e || dml_cfg_is_list(&e->value))
        return e;
    ignored(r, key, DML_GUEST_P_VALUE_FOR_LIST);
    return NULL;
}

uint32_t dml_read_count(struct dml_reader *r, enum dml_key_id key, const struct dml_cfg_entry *e)
{
    for (uint32_t i = 0; i < e->value.n; i++)
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_LIST_CUT, key, (int32_t)i, NULL);
            return i;
        }
    return e->value.n;
}

void dml_read_texts(struct dml_reader *r, enum dml_key_id key, const struct dml_cfg_entry *e, struct dma_strings *out)
{
    uint32_t n = dml_read_count(r, key, e);
    const char **v = dml_read_new(r, const char *, n + 1);
    for (uint32_t i = 0; v && i < n; i++)
        v[i] = dml_read_copy(r, dml_cfg_text(&e->value.u.items[i]));
    out->v = v;
    out->n = v ? n : 0;
}

int dml_atoi(struct dml_sv s)
{
    int64_t v = 0;
    dml_num_parse(s, 10, &v, NULL);
    return (int)v;
}

uint64_t dml_strtoul(struct dml_sv s, int base)
{
    uint64_t v = 0;
    dml_num_parse_u(s, base, &v, NULL);
    return v;
}

_Bool dml_parse_ulong(struct dml_sv s, uint64_t *value)
{
    return dml_num_parse_u(s, 10, value, NULL) != DML_NUM_NONE && *value != UINT64_MAX;
}

_Bool dml_parse_range(struct dml_sv s, uint64_t *a, uint64_t *b)
{
    size_t end;
    if (dml_num_parse_u(s, 10, a, &end) == DML_NUM_NONE || *a == UINT64_MAX)
        return 0;
    *b = *a;
    if (end < s.len && s.p[end] == '-') {
        s = (struct dml_sv){s.p + end + 1, s.len - end - 1};
        if (dml_num_parse_u(s, 10, b, &end) == DML_NUM_NONE || *b == UINT64_MAX || *b < *a)
            return 0;
    }
    return end == s.len;
}

_Bool dml_next_piece(struct dml_sv *rest, const char *separators, struct dml_sv *piece)
{
    while (rest->len && strchr(separators, *rest->p))
        *rest = (struct dml_sv){rest->p + 1, rest->len - 1};
    size_t n = 0;
    while (n < rest->len && !strchr(separators, rest->p[n]))
        n++;
    *piece = (struct dml_sv){rest->p, n};
    *rest = (struct dml_sv){rest->p + n + (n < rest->len), rest->len - n - (n < rest->len)};
    return n > 0;
}

_Bool dml_next_token(struct dml_tokens *t, struct dml_sv *token)
{
    if (!dml_next_piece(&t->rest, ",", token))
        return 0;
    while (token->len && *token->p == ' ')
        *token = (struct dml_sv){token->p + 1, token->len - 1};
    return 1;
}

static struct dml_sv trim(struct dml_sv s)
{
    while (s.len && (*s.p == ' ' || (*s.p >= '\t' && *s.p <= '\r')))
        s = (struct dml_sv){s.p + 1, s.len - 1};
    while (s.len && (s.p[s.len - 1] == ' ' || (s.p[s.len - 1] >= '\t' && s.p[s.len - 1] <= '\r')))
        s.len--;
    return s;
}

_Bool dml_read_pair(const struct dml_reader *r, struct dml_sv text, struct dml_sv *name, struct dml_sv *value)
{
    if (!dml_read_has(r, DML_XL_PAIR_SPLIT_ONCE)) { /* strtok: runs of `=` are one, and a second one ends the value */
        if (!dml_next_piece(&text, "=", name) || !dml_next_piece(&text, "=", value))
            return 0;
    } else {
        const char *eq = memchr(text.p, '=', text.len);
        if (!eq || eq + 1 == text.p + text.len)
            return 0;
        *name = (struct dml_sv){text.p, (size_t)(eq - text.p)};
        *value = (struct dml_sv){eq + 1, text.len - name->len - 1};
    }
    *name = trim(*name);
    *value = trim(*value);
    return 1;
}

void dml_read_part(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv name, struct dml_sv value,
                   struct dml_sv whole)
{
    struct dml_guest_part *p = dml_vec_add(r->arena, &r->out->parts);
    if (!p) {
        if (!r->rc)
            r->rc = dml_err_nomem(r->err);
        return;
    }
    if (!r->out->n_parts[key]++)
        r->out->first_part[key] = r->out->parts.n - 1;
    const struct dml_spec *spec = dml_spec_find(key, name);
    *p = (struct dml_guest_part){.key = (uint16_t)key,
                                 .index = index,
                                 .spec = spec && dml_spec_known(spec, r->xen) ? spec : NULL,
                                 .name = name,
                                 .value = value,
                                 .span = dml_read_place(r, key, index, value.len ? value : whole),
                                 .whole = dml_read_place(r, key, index, whole)};
}

struct dml_piece dml_read_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv token)
{
    struct dml_piece piece = {.whole = token, .name = token};
    const char *eq = token.len ? memchr(token.p, '=', token.len) : NULL;
    if (eq) {
        piece.name.len = (size_t)(eq - token.p);
        piece.value = (struct dml_sv){eq + 1, token.len - piece.name.len - 1};
        piece.has_value = 1;
    }
    dml_read_part(r, key, index, piece.name, piece.value, token);
    if (!r->rc)
        piece.spec = r->out->parts.v[r->out->parts.n - 1].spec;
    if (piece.spec && (piece.spec->form == DML_SPEC_WORD) == piece.has_value)
        piece.spec = NULL;
    return piece;
}

_Bool dml_read_pair_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv token,
                          struct dml_piece *piece)
{
    *piece = (struct dml_piece){.whole = token, .has_value = 1};
    if (!dml_read_pair(r, token, &piece->name, &piece->value)) {
        dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, key, index, &token);
        return 0;
    }
    dml_read_part(r, key, index, piece->name, piece->value, token);
    if (!r->rc)
        piece->spec = r->out->parts.v[r->out->parts.n - 1].spec;
    return 1;
}

void dml_piece_unknown(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    dml_read_problem(r, DML_GUEST_P_SPEC_UNKNOWN, key, index, &p->whole);
}

void dml_piece_ignored(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    dml_read_problem(r, DML_GUEST_P_SPEC_IGNORED, key, index, &p->whole);
}

int32_t dml_piece_word(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p,
                       const struct dml_word *words)
{
    int32_t v = 0;
    if (!dml_word_any_case(words, r->xen, p->value, &v))
        dml_read_problem(r, DML_GUEST_P_SPEC_WORD, key, index, &p->value)->words = words;
    return v;
}

int32_t dml_piece_ulong(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p)
{
    uint64_t v = 0;
    if (!dml_parse_ulong(p->value, &v))
        dml_read_problem(r, DML_GUEST_P_SPEC_VALUE, key, index, &p->whole);
    return (int32_t)v;
}

enum dml_spec_id dml_piece_id(const struct dml_piece *p)
{
    return p->spec ? (enum dml_spec_id)(p->spec - dml_spec(0)) : DML_SPEC_COUNT;
}

_Bool dml_read_uuid(struct dml_reader *r, struct dml_sv s, const char **uuid)
{
    char text[37];
    if (s.len != 36)
        return 0;
    for (size_t i = 0; i < 36; i++) {
        char c = s.p[i];
        _Bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if (dash ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
            return 0;
        text[i] = c;
    }
    *uuid = dml_read_copy(r, (struct dml_sv){text, 36});
    return 1;
}
