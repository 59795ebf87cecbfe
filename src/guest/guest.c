/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From config to guest: the single values, in the order in which xl's parse_config_data takes them. */
#include "guest/guest.h"

#include <limits.h>
#include <stdio.h>

#include "base/num.h"
#include "guest/read.h"

enum reader { NO_READER, FLAG, INT, KB, TEXT, TEXTS };

#define HVM DML_GUEST_HVM
#define PV  DML_GUEST_PV
#define PVH DML_GUEST_PVH
#define ANY DML_GUEST_ANY

static const struct field {
    uint8_t reader, guests;
    uint16_t offset;
} fields[DML_KEY_COUNT] = {
#define FIELD(key, reader, member, guests) [DML_KEY_##key] = {reader, guests, offsetof(struct dma_guest, member)},
#include "guest/fields.def"
#undef FIELD
};

static const struct {
    const char *name, *message, *hint;
    enum dml_guest_kind kind;
} problems[] = {
#define PROBLEM(id, kind, message, hint) {#id, message, hint, DML_GUEST_##kind},
#include "guest/problems.def"
#undef PROBLEM
};

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
    *p = (struct dml_guest_problem){.id = (uint8_t)id, .kind = (uint8_t)problems[id].kind, .key = (uint16_t)key};
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
    if (r->xen < DML_V(4, 18, 0)) { /* strtok: runs of `=` are one, and a second one ends the value */
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
                                 .spec = spec && r->xen >= spec->since ? spec : NULL,
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

/* A flag as xl stores it. */
static void read_flag(struct dml_reader *r, enum dml_key_id key, enum dma_bool *out)
{
    int64_t n;
    if (dml_read_number(r, key, &n))
        *out = n ? DMA_YES : DMA_NO;
}

static void read_int(struct dml_reader *r, enum dml_key_id key, int32_t *out)
{
    int64_t n;
    if (dml_read_number(r, key, &n))
        *out = (int32_t)n;
}

static void read_string(struct dml_reader *r, enum dml_key_id key, const char **out)
{
    struct dml_sv s;
    if (dml_read_text(r, key, &s))
        *out = dml_read_copy(r, s);
}

/* The rows of fields.def that this config has. */
static void read_fields(struct dml_reader *r, unsigned guest)
{
    for (uint32_t i = 0; i < r->out->cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &r->out->cfg->entries.v[i];
        enum dml_key_id key = r->keys[i];
        const struct field *f = &fields[key];
        char *member = (char *)r->g + f->offset;
        int64_t n;
        if (!key || !(f->guests & guest))
            continue;
        switch (f->reader) {
        case FLAG:
            read_flag(r, key, (enum dma_bool *)(void *)member);
            break;
        case INT:
            read_int(r, key, (int32_t *)(void *)member);
            break;
        case KB:
            if (dml_read_number(r, key, &n))
                *(uint64_t *)(void *)member = (uint64_t)n * 1024;
            break;
        case TEXT:
            read_string(r, key, (const char **)(void *)member);
            break;
        case TEXTS:
            if (dml_cfg_is_list(&e->value))
                dml_read_texts(r, key, e, (struct dma_strings *)(void *)member);
            else
                dml_read_problem(r, DML_GUEST_P_LIST, key, -1, NULL);
            break;
        default:
            break;
        }
    }
}

typedef _Bool compare(const struct dml_word *, dml_version, struct dml_sv, int32_t *);

/* A word that xl refuses if it does not know it. 1 if *value was set. */
static _Bool read_word(struct dml_reader *r, enum dml_key_id key, compare *match, const struct dml_word *words,
                       int32_t *value)
{
    struct dml_sv s;
    if (!dml_read_text(r, key, &s))
        return 0;
    if (match(words, r->xen, s, value))
        return 1;
    dml_read_problem(r, DML_GUEST_P_WORD, key, -1, &s)->words = words;
    return 0;
}

/* A number in a range, or a word. */
static _Bool read_number_or_word(struct dml_reader *r, enum dml_key_id key, int64_t max, const struct dml_word *words,
                                 int32_t *value)
{
    int64_t n;
    if (!dml_read_quiet(r, key, &n))
        return read_word(r, key, dml_word_any_case, words, value);
    if (n < 0 || n > max) {
        dml_read_problem(r, DML_GUEST_P_NUMBER, key, -1, NULL);
        return 0;
    }
    *value = (int32_t)n;
    return 1;
}

static void read_type(struct dml_reader *r)
{
    int32_t v;
    r->g->type = DMA_TYPE_UNSET;
    if (read_word(r, DML_KEY_type, dml_word_begin, dml_words_type, &v))
        r->g->type = (enum dma_type)v;
    if (read_word(r, DML_KEY_builder, dml_word_begin, dml_words_builder, &v)) {
        if (r->g->type != DMA_TYPE_UNSET && r->g->type != (enum dma_type)v)
            dml_read_problem(r, DML_GUEST_P_TYPE_CONFLICT, DML_KEY_builder, -1, NULL);
        else
            r->g->type = (enum dma_type)v;
    }
    if (r->g->type == DMA_TYPE_UNSET)
        r->g->type = DMA_PV;
}

static void read_identity(struct dml_reader *r)
{
    struct dml_sv s;
    if (dml_read_text(r, DML_KEY_name, &s))
        r->g->name = dml_read_copy(r, s);
    else
        dml_read_problem(r, DML_GUEST_P_NAME_MISSING, DML_KEY_name, -1, NULL);
    if (dml_read_text(r, DML_KEY_uuid, &s) && !dml_read_uuid(r, s, &r->g->uuid))
        dml_read_problem(r, DML_GUEST_P_UUID, DML_KEY_uuid, -1, &s);
}

static void read_xenstore_quota(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_xenstore_quota);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        const char *eq = s.len ? memchr(s.p, '=', s.len) : NULL;
        struct dml_sv value = eq ? (struct dml_sv){eq + 1, s.len - (size_t)(eq - s.p) - 1} : DML_SV("");
        uint64_t n;
        if (dml_cfg_is_list(&e->value.u.items[i]))
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_xenstore_quota, (int32_t)i, NULL);
        else if (!eq || dml_num_parse_u(value, 0, &n, NULL) != DML_NUM_OK || n > UINT32_MAX)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_xenstore_quota, (int32_t)i, &s);
    }
}

static void read_llc_colors(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_llc_colors);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), second;
        uint64_t a = 0, b;
        size_t end = 0, end2 = 0;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_llc_colors, (int32_t)i, NULL);
            continue;
        }
        _Bool ok = dml_num_parse_u(s, 10, &a, &end) != DML_NUM_NONE;
        second = (struct dml_sv){s.p + end + 1, s.len > end ? s.len - end - 1 : 0};
        if (!(ok && end < s.len && s.p[end] == '-' && dml_num_parse_u(second, 10, &b, &end2) != DML_NUM_NONE))
            b = a;
        if (!ok || (uint32_t)a > (uint32_t)b)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_llc_colors, (int32_t)i, &s);
        else
            r->g->num_llc_colors += (uint32_t)b - (uint32_t)a + 1;
    }
}

static void read_vcpus(struct dml_reader *r)
{
    int64_t vcpus = 0, max;
    _Bool given = dml_read_number(r, DML_KEY_vcpus, &vcpus);
    if (r->xen >= DML_V(4, 22, 0)) { /* from here on there always is at least one, and a bitmap for them */
        vcpus = vcpus < 1 ? 1 : vcpus;
        given = 1;
    }
    if (given && (int32_t)vcpus < 0) {
        dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_vcpus, -1, NULL);
        vcpus = 0;
    } else if (given) {
        r->g->avail_vcpus = (uint32_t)vcpus;
        r->g->avail_vcpus_bits = vcpus ? (uint32_t)vcpus : DMA_VCPUS_HOST;
    }
    if (dml_read_number(r, DML_KEY_maxvcpus, &max))
        r->g->max_vcpus = (uint32_t)max;
    dml_read_vnuma(r);
    if (r->g->max_memkb == DMA_KB_UNSET)
        r->g->max_memkb = r->g->target_memkb;
    if (!r->g->max_vcpus)
        r->g->max_vcpus = (uint32_t)vcpus;
    if ((int32_t)r->g->max_vcpus < vcpus)
        dml_read_problem(r, DML_GUEST_P_VCPUS, DML_KEY_maxvcpus, -1, NULL);
}

/* xl's parse_cpurange, as far as the host's nodes do not matter. */
static _Bool cpus_ok(struct dml_sv s)
{
    struct dml_sv piece;
    uint64_t a, b;
    while (dml_next_piece(&s, ",", &piece)) {
        _Bool not = piece.p[0] == '^';
        if (not )
            piece = (struct dml_sv){piece.p + 1, piece.len - 1};
        if (dml_sv_starts(piece, DML_SV("node:")))
            piece = (struct dml_sv){piece.p + 5, piece.len - 5};
        else if (dml_sv_starts(piece, DML_SV("nodes:")))
            piece = (struct dml_sv){piece.p + 6, piece.len - 6};
        if (dml_sv_is(piece, "all")) {
            if (not )
                return 0;
        } else if (!dml_parse_range(piece, &a, &b)) {
            return 0;
        }
    }
    return 1;
}

static void read_cpus(struct dml_reader *r, enum dml_key_id key)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, key);
    if (!e)
        return;
    _Bool is_list = dml_cfg_is_list(&e->value);
    uint32_t n = is_list ? e->value.n : 1;
    r->g->has_vcpu_affinity = 1;
    if (is_list && n > r->g->max_vcpus)
        n = r->g->max_vcpus; /* xl does not look at cpus of vcpus that there are not */
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_cfg_value *v = is_list ? &e->value.u.items[i] : &e->value;
        if (dml_cfg_is_list(v))
            return;
        struct dml_sv s = dml_cfg_text(v);
        if (!cpus_ok(s))
            dml_read_problem(r, DML_GUEST_P_CPUS, key, is_list ? (int32_t)i : -1, &s);
    }
}

static void read_grants(struct dml_reader *r)
{
    const struct {
        enum dml_key_id key;
        int64_t *out;
    } limits[] = {{DML_KEY_max_grant_frames, &r->g->max_grant_frames},
                  {DML_KEY_max_maptrack_frames, &r->g->max_maptrack_frames},
                  {DML_KEY_max_grant_version, &r->g->max_grant_version}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct dml_cfg_entry *e = dml_read_entry(r, limits[i].key);
        int64_t n;
        if (!e)
            continue;
        if (r->xen < DML_V(4, 12, 0)) {
            if (dml_read_number(r, limits[i].key, &n))
                *limits[i].out = (uint32_t)n;
        } else if (dml_cfg_long(e, 0, INT_MAX, &n) == DML_CFG_NUM_OK) {
            *limits[i].out = n;
        } else {
            dml_read_problem(r, DML_GUEST_P_NUMBER, limits[i].key, -1, NULL);
        }
    }
}

static void read_actions(struct dml_reader *r)
{
    static const enum dml_key_id keys[] = {DML_KEY_on_poweroff, DML_KEY_on_reboot, DML_KEY_on_watchdog,
                                           DML_KEY_on_crash, DML_KEY_on_soft_reset};
    int32_t v;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        read_word(r, keys[i], dml_word_exact, dml_words_action, &v);
}

static void read_cmdline(struct dml_reader *r)
{
    struct dml_sv cmdline, root, extra;
    _Bool have = dml_read_text(r, DML_KEY_cmdline, &cmdline), have_root = dml_read_text(r, DML_KEY_root, &root),
          have_extra = dml_read_text(r, DML_KEY_extra, &extra);
    const char *both = NULL;
    if (have) {
        if (have_root || have_extra)
            dml_read_problem(r, DML_GUEST_P_CMDLINE, have_root ? DML_KEY_root : DML_KEY_extra, -1, NULL);
        r->g->cmdline = dml_read_copy(r, cmdline);
        return;
    }
    if (have_root)
        both = dml_arena_printf(r->arena, "root=%.*s%s%.*s", DML_SV_ARG(root), have_extra ? " " : "",
                                have_extra ? (int)extra.len : 0, have_extra ? extra.p : "");
    else if (have_extra)
        both = dml_read_copy(r, extra);
    if ((have_root || have_extra) && !both && !r->rc)
        r->rc = dml_err_nomem(r->err);
    r->g->cmdline = both;
}

static void read_bootloader_args(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_bootloader_args);
    if (!e)
        return;
    if (dml_cfg_is_list(&e->value)) {
        dml_read_texts(r, DML_KEY_bootloader_args, e, &r->g->bootloader_args);
        return;
    }
    struct dml_sv rest = dml_cfg_text(&e->value), piece;
    uint32_t n = 0;
    const char **v = dml_read_new(r, const char *, rest.len / 2 + 2);
    while (v && dml_next_piece(&rest, " \t\n", &piece))
        v[n++] = dml_read_copy(r, piece);
    if (v && !n)
        dml_read_problem(r, DML_GUEST_P_CRASH, DML_KEY_bootloader_args, -1, NULL);
    r->g->bootloader_args = (struct dma_strings){v, n};
}

static void read_timer_mode(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_timer_mode);
    if (!e)
        return;
    if (r->g->type == DMA_PV && !dml_cfg_is_list(&e->value))
        dml_read_problem(r, DML_GUEST_P_TIMER_MODE_PV, DML_KEY_timer_mode, -1, NULL);
    else
        read_number_or_word(r, DML_KEY_timer_mode, 3, dml_words_timer_mode, &r->g->timer_mode);
}

static void read_viridian(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_viridian);
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        read_flag(r, DML_KEY_viridian, &r->g->hvm.viridian);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        int32_t v;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, DML_KEY_viridian, (int32_t)i, NULL);
            return;
        }
        if (dml_sv_is(s, "all")) {
            r->g->hvm.viridian_enable = UINT64_MAX;
            continue;
        }
        if (dml_sv_is(s, "defaults")) {
            r->g->hvm.viridian = DMA_YES;
            continue;
        }
        bool off = s.len && *s.p == '!';
        if (off)
            s = (struct dml_sv){s.p + 1, s.len - 1};
        if (!dml_word_any_case(dml_words_viridian, r->xen, s, &v)) {
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_viridian, (int32_t)i, &s)->words = dml_words_viridian;
            continue;
        }
        uint64_t *set = off ? &r->g->hvm.viridian_disable : &r->g->hvm.viridian_enable;
        uint64_t *unset = off ? &r->g->hvm.viridian_enable : &r->g->hvm.viridian_disable;
        *set |= UINT64_C(1) << v;
        *unset &= ~(UINT64_C(1) << v);
    }
}

static void read_smbios(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_smbios);
    unsigned oem = 0;
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        dml_read_problem(r, DML_GUEST_P_LIST, DML_KEY_smbios, -1, NULL);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        const char *eq = s.len ? memchr(s.p, '=', s.len) : NULL;
        int32_t v = 0;
        if (!eq || eq + 1 == s.p + s.len ||
            !dml_word_any_case(dml_words_smbios, r->xen, (struct dml_sv){s.p, (size_t)(eq - s.p)}, &v) ||
            (v == 18 && ++oem > 99))
            dml_read_problem(r, DML_GUEST_P_SMBIOS, DML_KEY_smbios, (int32_t)i, &s)->words = dml_words_smbios;
    }
    r->g->hvm.num_smbios = e->value.n;
}

static void read_mca_caps(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_entry(r, DML_KEY_mca_caps);
    if (!e)
        return;
    if (!dml_cfg_is_list(&e->value)) {
        dml_read_problem(r, DML_GUEST_P_LIST, DML_KEY_mca_caps, -1, NULL);
        return;
    }
    for (uint32_t i = 0; i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]);
        int32_t v;
        if (dml_word_exact(dml_words_mca_caps, r->xen, s, &v))
            r->g->hvm.mca_caps |= (uint64_t)v;
        else
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_mca_caps, (int32_t)i, &s)->words = dml_words_mca_caps;
    }
}

static void read_hvm_firmware(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (!dml_read_text(r, DML_KEY_firmware, &s))
        return;
    if (dml_word_any_case(dml_words_bios, r->xen, s, &v))
        r->g->hvm.bios = (enum dma_bios)v;
    else if (dml_sv_starts(DML_SV("uefi"), s))
        r->g->hvm.bios = DMA_BIOS_OVMF;
    else if (!dml_sv_starts(DML_SV("bios"), s))
        r->g->hvm.firmware = dml_read_copy(r, s);
}

static void read_hvm(struct dml_reader *r)
{
    enum { HOLE_MIN = 256, HOLE_MAX = 3840 }; /* MiB between 0xf0000000 and 4 GiB, and below 0xf0000000 */
    struct dma_guest *g = r->g;
    struct dml_sv s;
    int64_t n;
    int32_t v;
    if (g->kernel) {
        const char *slash = strrchr(g->kernel, '/');
        if (!strcmp(slash ? slash + 1 : g->kernel, "hvmloader")) {
            dml_read_problem(r, DML_GUEST_P_HVMLOADER, DML_KEY_kernel, -1, NULL);
            g->kernel = NULL;
        }
    }
    if (read_word(r, DML_KEY_bios, dml_word_any_case, dml_words_bios, &v))
        g->hvm.bios = (enum dma_bios)v;
    if (r->xen >= DML_V(4, 11, 0))
        read_flag(r, DML_KEY_apic, &g->apic);
    read_viridian(r);
    if (dml_read_number(r, DML_KEY_mmio_hole, &n)) {
        if (n < HOLE_MIN || n > HOLE_MAX)
            dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_mmio_hole, -1, NULL);
        else
            g->hvm.mmio_hole_memkb = (uint64_t)n * 1024;
    }
    read_smbios(r);
    if (read_word(r, DML_KEY_ms_vm_genid, dml_word_exact, dml_words_ms_vm_genid, &v) && v)
        g->hvm.ms_vm_genid = "generate";
    read_mca_caps(r);
    read_hvm_firmware(r);
    if (dml_read_entry(r, DML_KEY_vga)) {
        if (read_word(r, DML_KEY_vga, dml_word_exact, dml_words_vga, &v))
            g->hvm.vga = (enum dma_vga)v;
    }
    if ((!dml_read_entry(r, DML_KEY_vga) || r->out->ignored[DML_KEY_vga]) && dml_read_number(r, DML_KEY_stdvga, &n))
        g->hvm.vga = n ? DMA_VGA_STD : DMA_VGA_CIRRUS;
    if (read_word(r, DML_KEY_hdtype, dml_word_any_case, dml_words_hdtype, &v))
        g->hvm.hdtype = (enum dma_hdtype)v;
    if (dml_read_quiet(r, DML_KEY_gfx_passthru, &n)) {
        g->hvm.gfx_passthru = n ? DMA_YES : DMA_NO;
    } else if (read_word(r, DML_KEY_gfx_passthru, dml_word_any_case, dml_words_gfx_passthru_kind, &v)) {
        g->hvm.gfx_passthru_kind = (enum dma_gfx_passthru_kind)v;
        g->hvm.gfx_passthru = DMA_YES;
    }
    const struct {
        enum dml_key_id key;
        const char **one;
        struct dma_strings *list;
    } either[] = {{DML_KEY_serial, &g->hvm.serial, &g->hvm.serial_list},
                  {DML_KEY_usbdevice, &g->hvm.usbdevice, &g->hvm.usbdevice_list}};
    for (size_t i = 0; i < sizeof either / sizeof *either; i++) {
        const struct dml_cfg_entry *e = dml_read_entry(r, either[i].key);
        if (e && dml_cfg_is_list(&e->value))
            dml_read_texts(r, either[i].key, e, either[i].list);
        else if (dml_read_text(r, either[i].key, &s))
            *either[i].one = dml_read_copy(r, s);
    }
    if (g->hvm.vnc.listen && g->hvm.vnc.display && strchr(g->hvm.vnc.listen, ':'))
        dml_read_problem(r, DML_GUEST_P_VNC_DISPLAY, DML_KEY_vncdisplay, -1, NULL);
    if (read_word(r, DML_KEY_vendor_device, dml_word_any_case, dml_words_vendor_device, &v))
        g->hvm.vendor_device = (enum dma_vendor_device)v;
}

static void read_pv(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (dml_read_text(r, DML_KEY_firmware, &s)) {
        if (r->g->kernel)
            dml_read_problem(r, DML_GUEST_P_KERNEL_FIRMWARE, DML_KEY_firmware, -1, NULL);
        else if (!dml_word_begin(dml_words_pv_firmware, r->xen, s, &v))
            dml_read_problem(r, DML_GUEST_P_WORD, DML_KEY_firmware, -1, &s)->words = dml_words_pv_firmware;
        else
            r->g->kernel = dml_arena_printf(r->arena, "/usr/lib/xen/boot/%.*s.bin", DML_SV_ARG(s));
    } else if (!r->g->bootloader && !r->g->kernel) {
        dml_read_problem(r, DML_GUEST_P_KERNEL_MISSING, DML_KEY_kernel, -1, NULL);
    }
}

/* Lists of numbers and ranges that xl checks and hands on: ports in hexadecimal, interrupts in decimal. */
static void read_ports(struct dml_reader *r, enum dml_key_id key, int base, _Bool ranges, uint32_t *count)
{
    const struct dml_cfg_entry *e = dml_read_list(r, key);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), second;
        uint64_t a, b;
        size_t end;
        if (dml_cfg_is_list(&e->value.u.items[i])) {
            dml_read_problem(r, DML_GUEST_P_ELEMENT, key, (int32_t)i, NULL);
            continue;
        }
        _Bool ok = dml_num_parse_u(s, base, &a, &end) != DML_NUM_NONE && a < UINT32_MAX;
        if (ok && ranges && end < s.len && s.p[end] == '-') {
            second = (struct dml_sv){s.p + end + 1, s.len - end - 1};
            ok = dml_num_parse_u(second, base, &b, NULL) == DML_NUM_OK && b < UINT32_MAX;
        } else if (ok && end < s.len) {
            ok = ranges; /* ports: xl complains and goes on */
        }
        if (!ok)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, key, (int32_t)i, &s);
    }
    *count = e ? e->value.n : 0;
}

static void read_iomem(struct dml_reader *r)
{
    const struct dml_cfg_entry *e = dml_read_list(r, DML_KEY_iomem);
    for (uint32_t i = 0; e && i < e->value.n; i++) {
        struct dml_sv s = dml_cfg_text(&e->value.u.items[i]), rest = s;
        uint64_t n;
        size_t end = 0;
        _Bool ok = !dml_cfg_is_list(&e->value.u.items[i]);
        for (unsigned k = 0; ok && k < 3; k++) {
            ok = dml_num_parse_u(rest, 16, &n, &end) != DML_NUM_NONE;
            rest = (struct dml_sv){rest.p + end, rest.len - end};
            if (!ok || (k > 0 && !rest.len))
                break;
            ok = rest.len && *rest.p == (k ? '@' : ',');
            if (ok)
                rest = (struct dml_sv){rest.p + 1, rest.len - 1};
        }
        if (!ok || rest.len)
            dml_read_problem(r, DML_GUEST_P_ELEMENT_VALUE, DML_KEY_iomem, (int32_t)i, &s);
    }
    r->g->num_iomem = e ? e->value.n : 0;
}

static void read_device_model_version(struct dml_reader *r)
{
    struct dml_sv s;
    int32_t v;
    if (r->xen >= DML_V(4, 21, 0) && dml_read_text(r, DML_KEY_device_model_version, &s) &&
        dml_sv_is(s, "qemu-xen-traditional"))
        dml_read_problem(r, DML_GUEST_P_DM_TRADITIONAL, DML_KEY_device_model_version, -1, &s);
    else if (read_word(r, DML_KEY_device_model_version, dml_word_exact, dml_words_device_model_version, &v))
        r->g->device_model_version = (enum dma_dm_version)v;
}

static void read_others(struct dml_reader *r)
{
    /* Words for other architectures: only whether xl takes them matters. */
    static const struct {
        enum dml_key_id key;
        const struct dml_word *words;
    } rows[] = {{DML_KEY_vuart, dml_words_vuart},
                {DML_KEY_gic_version, dml_words_gic_version},
                {DML_KEY_tee, dml_words_tee},
                {DML_KEY_sve, dml_words_sve}};
    int32_t v;
    int64_t n;
    struct dml_sv s;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        read_word(r, rows[i].key, dml_word_any_case, rows[i].words, &v);
    if (dml_read_text(r, DML_KEY_arm_sci, &s)) {
        struct dml_tokens t = {s};
        struct dml_sv token;
        while (dml_next_piece(&t.rest, ",", &token)) {
            struct dml_piece p = dml_read_piece(r, DML_KEY_arm_sci, -1, token);
            if (p.spec && !dml_word_any_case(dml_words_arm_sci, r->xen, p.value, &v))
                dml_read_problem(r, DML_GUEST_P_SPEC_WORD, DML_KEY_arm_sci, -1, &p.value)->words = dml_words_arm_sci;
        }
    }
    if (read_number_or_word(r, DML_KEY_altp2m, 3, dml_words_altp2m, &v))
        r->g->altp2m = (enum dma_altp2m)v;
    if (dml_read_quiet(r, DML_KEY_altp2m_count, &n)) {
        if (n < 0 || n > UINT16_MAX)
            dml_read_problem(r, DML_GUEST_P_NUMBER, DML_KEY_altp2m_count, -1, NULL);
        else
            r->g->altp2m_count = (int32_t)n;
    }
    if (dml_read_quiet(r, DML_KEY_vmtrace_buf_kb, &n))
        r->g->vmtrace_buf_kb = n;
    if (read_word(r, DML_KEY_passthrough, dml_word_any_case, dml_words_passthrough, &v))
        r->g->passthrough = (enum dma_passthrough)v;
    if (read_number_or_word(r, DML_KEY_tsc_mode, 3, dml_words_tsc_mode, &v))
        r->g->tsc_mode = v;
}

static void read_all(struct dml_reader *r)
{
    struct dma_guest *g = r->g;
    struct dma_vnc vnc = {0};
    struct dma_sdl sdl = {0};
    read_type(r);
    read_fields(r, g->type == DMA_HVM ? HVM : g->type == DMA_PVH ? PVH : PV);
    read_identity(r);
    read_xenstore_quota(r);
    read_llc_colors(r);
    read_vcpus(r);
    read_cpus(r, DML_KEY_cpus);
    read_cpus(r, DML_KEY_cpus_soft);
    read_grants(r);
    g->claim_mode = DMA_YES; /* xl.conf's default */
    read_actions(r);
    read_cmdline(r);
    read_bootloader_args(r);
    read_timer_mode(r);
    if (r->xen < DML_V(4, 11, 0))
        read_flag(r, DML_KEY_apic, &g->apic);
    read_flag(r, DML_KEY_vnc, &vnc.enable);
    read_string(r, DML_KEY_vnclisten, &vnc.listen);
    read_string(r, DML_KEY_vncpasswd, &vnc.passwd);
    read_int(r, DML_KEY_vncdisplay, &vnc.display);
    read_flag(r, DML_KEY_vncunused, &vnc.findunused);
    read_flag(r, DML_KEY_sdl, &sdl.enable);
    read_flag(r, DML_KEY_opengl, &sdl.opengl);
    read_string(r, DML_KEY_display, &sdl.display);
    read_string(r, DML_KEY_xauthority, &sdl.xauthority);
    if (g->type == DMA_HVM) {
        g->hvm.vnc = vnc;
        g->hvm.sdl = sdl;
        read_hvm(r);
    } else {
        read_pv(r);
    }
    read_others(r);
    read_ports(r, DML_KEY_ioports, 16, 1, &g->num_ioports);
    read_ports(r, DML_KEY_irqs, 10, 0, &g->num_irqs);
    read_iomem(r);
    read_device_model_version(r);
    dml_read_rdm(r);
    dml_read_pci(r);
    dml_read_devices(r, &vnc, &sdl);
}

int dml_guest_read(struct dml_guest *guest, struct dml_arena *a, struct dml_xlu *xlu, const struct dml_cfg *cfg,
                   dml_version xen, const struct dml_guest_host *host, struct dml_err *err)
{
    static const struct dml_guest_host unknown;
    *guest = (struct dml_guest){.cfg = cfg, .xen = xen};
    dma_guest_init(&guest->g);
    struct dml_reader r = {
        .out = guest, .g = &guest->g, .arena = a, .xlu = xlu, .host = host ? host : &unknown, .xen = xen, .err = err};
    r.keys = dml_new_n(a, uint16_t, cfg->entries.n);
    if (!r.keys)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        const struct dml_cfg_entry *e = &cfg->entries.v[i];
        enum dml_key_id key = dml_key_find_hashed(e->name, e->hash);
        if (dml_key_read_by(key, xen)) {
            guest->by_key[key] = e;
            guest->keys_read++;
            r.keys[i] = (uint16_t)key;
        }
    }
    read_all(&r);
    if (a->failed && !r.rc)
        r.rc = dml_err_nomem(err);
    return r.rc;
}

const struct dml_guest_problem *dml_guest_refusal(const struct dml_guest *guest)
{
    for (uint32_t i = 0; guest->refusals && i < guest->problems.n; i++)
        if (guest->problems.v[i].kind == DML_GUEST_REFUSES)
            return &guest->problems.v[i];
    return NULL;
}

struct dml_span dml_guest_span(const struct dml_guest *guest, enum dml_key_id key)
{
    return guest->by_key[key] ? dml_cfg_entry_span(guest->cfg, guest->by_key[key]) : DML_NO_SPAN;
}

struct dml_span dml_guest_element(const struct dml_guest *guest, enum dml_key_id key, int32_t index)
{
    const struct dml_cfg_entry *e = guest->by_key[key];
    if (e && index >= 0 && dml_cfg_is_list(&e->value) && (uint32_t)index < e->value.n)
        return e->value.u.items[index].span;
    return dml_guest_span(guest, key);
}

uint32_t dml_guest_parts(const struct dml_guest *guest, enum dml_key_id key, int32_t index,
                         const struct dml_guest_part **first)
{
    *first = NULL;
    if (!guest->n_parts[key])
        return 0;
    /* By halves: elements are in order. */
    const struct dml_guest_part *low = guest->parts.v + guest->first_part[key], *end = low + guest->n_parts[key];
    for (size_t n = guest->n_parts[key]; n;) {
        size_t half = n / 2;
        if (low[half].index < index) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    uint32_t n = 0;
    while (low + n < end && low[n].index == index)
        n++;
    *first = low;
    return n;
}

const struct dml_guest_part *dml_guest_part(const struct dml_guest *guest, enum dml_key_id key, int32_t index,
                                            enum dml_spec_id spec)
{
    const struct dml_guest_part *p;
    for (uint32_t n = dml_guest_parts(guest, key, index, &p); n--;)
        if (p[n].spec == dml_spec(spec))
            return &p[n];
    return NULL;
}

struct dml_span dml_guest_blame(const struct dml_guest *guest, const struct dma_blame *blame)
{
    const char *name = dma_field_key(blame->field);
    enum dml_key_id key = name ? dml_key_find(dml_sv_of(name)) : DML_KEY_NONE;
    if (key == DML_KEY_NONE || !guest->by_key[key])
        return key == DML_KEY_type ? dml_guest_span(guest, DML_KEY_builder) : DML_NO_SPAN;
    const struct dml_spec *spec = blame->sub ? dml_spec_find(key, dml_sv_of(blame->sub)) : NULL;
    const struct dml_guest_part *p =
        spec ? dml_guest_part(guest, key, blame->index, (enum dml_spec_id)(spec - dml_spec(0))) : NULL;
    return p ? p->whole : dml_guest_element(guest, key, blame->index);
}

const char *dml_guest_problem_name(enum dml_guest_problem_id id)
{
    return problems[id].name;
}

/* Puts key, value and words into a message. */
static const char *compose(const struct dml_guest *guest, const struct dml_guest_problem *p, const char *form,
                           struct dml_arena *a)
{
    enum { LONGEST = 60, ROOM = 1024 };
    char text[ROOM], spec[48];
    size_t n = 0;
    for (; *form && n < ROOM - 200; form++) {
        if (*form != '%') {
            text[n++] = *form;
            continue;
        }
        struct dml_sv s = *++form == 'k' ? dml_key(p->key)->name : p->value;
        _Bool cut = s.len > LONGEST;
        if (*form != 'w') {
            s.len = cut ? LONGEST : s.len;
            if (s.len)
                memcpy(text + n, s.p, s.len);
            n += s.len;
            for (unsigned dots = cut ? 3 : 0; dots; dots--)
                text[n++] = '.';
            continue;
        }
        const char *comma = "";
        const struct dml_key *k = dml_key(p->key);
        for (const struct dml_word *w = p->words; w && w->text; w++)
            if (guest->xen >= DML_V(4, w->since, 0) && n < ROOM - 60) {
                n += (size_t)snprintf(text + n, ROOM - n, "%s%s", comma, w->text);
                comma = ", ";
            }
        for (unsigned i = k->spec; !p->words && i < (unsigned)k->spec + k->n_specs; i++) {
            const struct dml_spec *s2 = dml_spec((enum dml_spec_id)i);
            if (guest->xen >= s2->since && n < ROOM - 60 && !strstr(s2->doc, "COLO")) {
                n += (size_t)snprintf(text + n, ROOM - n, "%s%s", comma, dml_spec_text(s2, spec));
                comma = ", ";
            }
        }
    }
    return dml_arena_strndup(a, text, n);
}

const char *dml_guest_message(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    return compose(guest, p, problems[p->id].message, a);
}

/* What to do about a part of a list element that xl does not take, where more can be said than the words it knows. */
static const char *part_hint(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    const char *equals = p->value.len ? memchr(p->value.p, '=', p->value.len) : NULL;
    struct dml_sv name =
        dml_sv_trim((struct dml_sv){p->value.p, equals ? (size_t)(equals - p->value.p) : p->value.len});
    enum dml_key_id key = (enum dml_key_id)p->key;
    if (key == DML_KEY_vfb && dml_sv_is(name, "type"))
        return "it was xm's; xl reads vnc=1 and sdl=1, and takes vnc=1 if neither is there";
    const struct dml_spec *spec = dml_spec_find(key, name);
    const struct dml_spec *near = spec || name.len < 4 ? NULL : dml_spec_nearest(key, name, guest->xen);
    char text[96], spelt[48], since[24];
    int n = 0;
    if (spec && guest->xen < spec->since)
        n = snprintf(text, sizeof text, "`%s` came with Xen %s", dml_spec_text(spec, spelt),
                     dml_version_text(spec->since, 1, since));
    else if (spec)
        n = snprintf(text, sizeof text, "correct what is behind `%s=`", dml_spec_text(spec, spelt));
    else if (near)
        n = snprintf(text, sizeof text, "did you mean `%s`?", dml_spec_text(near, spelt));
    return n > 0 && (size_t)n < sizeof text ? dml_arena_strndup(a, text, (size_t)n) : NULL;
}

const char *dml_guest_hint(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a)
{
    if (p->id == DML_GUEST_P_UNREADABLE && (p->key == DML_KEY_memory || p->key == DML_KEY_maxmem))
        return "write the number of MiB, without a unit";
    if (p->id == DML_GUEST_P_WORD && p->key == DML_KEY_builder)
        return "write type = \"hvm\", \"pv\" or \"pvh\" instead: builder is its old form";
    if (p->id == DML_GUEST_P_SPEC_IGNORED || p->id == DML_GUEST_P_SPEC_UNKNOWN) {
        const char *hint = part_hint(guest, p, a);
        if (hint)
            return hint;
    }
    return compose(guest, p, problems[p->id].hint, a);
}
