/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From libxl's JSON to the guest: the table of stored.def, walked over the JSON. */
#include "guest/stored.h"

#include <stdio.h>

#include "guest/read.h"
#include "text/json.h"

/* ---- the table ---- */

enum kind {
    NOTHING,
    TEXT,    /* const char * */
    TEXTS,   /* struct dma_strings, from a list of strings */
    PATHS,   /* struct dma_strings, from a list of objects with a path */
    DEFBOOL, /* enum dma_bool, "True", "False" or "<default>" */
    BOOL,    /* bool */
    INT,     /* int32_t */
    UINT,    /* uint32_t */
    BYTE,    /* uint8_t */
    BIG,     /* int64_t or uint64_t */
    KB,      /* uint64_t; its key counts MiB */
    DEVID,   /* int32_t, DMA_DEVID_UNSET where it is not there */
    DOMID,   /* const char *, from a number that is not 0 */
    WORD,    /* int32_t */
    ONLY_KEY,
    UUID,
    MAC,
    COUNT,   /* uint32_t: of a list's elements */
    ANY,     /* bool: does a list have elements */
    BITS,    /* uint64_t, from a list of bit numbers */
    ACCESS,  /* int32_t, not 0 for a disk that may be written to */
    CDROM,   /* int32_t */
    GENID,   /* const char *: any list of bytes */
    VCPUS,   /* avail_vcpus of struct dma_guest, from a list of bit numbers */
    NUMBERS, /* distances of struct dma_vnode */
    BITMAP,  /* vcpus of struct dma_vnode */
    COLO,    /* colo of struct dma_nic: of this member and all whose names begin with colo_ */
    INSIDE,  /* an object */
    CASE,    /* an object whose being there sets the member */
    LIST
};

struct row {
    const char *json, *key; /* key "NONE": none */
    const struct dml_word *words, *xl_words;
    const struct row *(*section)(void); /* of an object, or of a list's elements */
    uint16_t offset, size;              /* of the member; of a list: size of its elements; of the end: of the struct */
    uint8_t kind;
    int8_t value; /* of a CASE */
};

/* clang-format off */
static const struct dml_word dml_words_NONE[1];
#define SECTION(name, type)                                                                                            \
    static const struct row *section_##name(void)                                                                      \
    {                                                                                                                  \
        typedef struct type self;                                                                                      \
        static const struct row rows[] = {
#define MEMBER(member)               offsetof(self, member), sizeof ((self *)0)->member
#define M(json, kind, member, key)      {#json, #key, NULL, NULL, NULL, MEMBER(member), kind, 0},
#define W(json, words, member, key, xl) {#json, #key, dml_words_##words, dml_words_##xl, NULL, MEMBER(member), WORD, 0},
#define A(json, words, key, xl)         {#json, #key, dml_words_##words, dml_words_##xl, NULL, 0, 0, ONLY_KEY, 0},
#define S(json, section, member)        {#json, "NONE", NULL, NULL, section_##section, MEMBER(member), INSIDE, 0},
#define P(json, section)                {#json, "NONE", NULL, NULL, section_##section, 0, 0, INSIDE, 0},
#define C(json, section, member, value) {#json, "NONE", NULL, NULL, section_##section, MEMBER(member), CASE, value},
#define L(json, section, member, key)   {#json, #key, NULL, NULL, section_##section, offsetof(self, member),            \
                                         sizeof *((self *)0)->member.v, LIST, 0},
#define N(json)                         {#json, "NONE", NULL, NULL, NULL, 0, 0, NOTHING, 0},
#define END                             {NULL, NULL, NULL, NULL, NULL, 0, sizeof(self), NOTHING, 0}}; return rows; }
#include "guest/stored.def"
/* clang-format on */

/* ---- from JSON to members ---- */

/* Where a value belongs: at the top a key of xl.cfg, in a list's element a sub-key of it. */
struct place {
    char *base;           /* the struct that the rows of the section count from */
    enum dml_key_id list; /* of an element, or DML_KEY_NONE */
    _Bool inside;         /* in an element of a list, whether it has a key or not */
    int32_t index;
};

struct reading {
    struct dml_reader r;
    struct dml_cfg *cfg;
};

static void lost_memory(struct reading *d, int rc)
{
    if (rc < 0 && !d->r.rc)
        d->r.rc = dml_err_set(d->r.err, rc, rc == DML_ENOMEM ? "out of memory" : "too many keys");
}

/* From a member's name to the end of its value. */
static struct dml_span whole_span(const struct dml_json *v)
{
    struct dml_span name = v->name_span;
    return dml_span_none(name) ? v->span : (struct dml_span){name.off, v->span.off + v->span.len - name.off};
}

static struct dml_sv source(const struct reading *d, struct dml_span span)
{
    return (struct dml_sv){d->cfg->text.p + span.off, span.len};
}

static enum dml_key_id key_at(const struct row *row, const struct place *at)
{
    return at->inside ? at->list : dml_key_find(dml_sv_of(row->key));
}

static void problem(struct reading *d, enum dml_guest_problem_id id, const struct row *row, const struct place *at,
                    const struct dml_json *v)
{
    struct dml_sv text = source(d, whole_span(v));
    dml_read_problem(&d->r, id, row ? key_at(row, at) : at->list, at->inside ? at->index : -1, &text);
}

/* The value as the sub-key of an element. */
static void put_part(struct reading *d, struct dml_sv key, const struct place *at, const struct dml_json *v,
                     struct dml_sv text)
{
    const struct dml_spec *spec = dml_spec_find(at->list, key);
    struct dml_guest *g = d->r.out;
    struct dml_guest_part *p = spec ? dml_vec_add(d->r.arena, &g->parts) : NULL;
    if (!p) {
        lost_memory(d, spec ? DML_ENOMEM : 0);
        return;
    }
    if (!g->n_parts[at->list]++)
        g->first_part[at->list] = g->parts.n - 1;
    *p = (struct dml_guest_part){(uint16_t)at->list, at->index, spec, key, text, v->span, whole_span(v)};
}

/* The value as the xl.cfg key or sub-key that it stands for. */
static void put_key(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                    struct dml_cfg_value value)
{
    if (strcmp(row->key, "NONE") == 0)
        return;
    if (at->inside) {
        if (at->list != DML_KEY_NONE)
            put_part(d, dml_sv_of(row->key), at, v, dml_cfg_text(&value));
        return;
    }
    value.span = v->span;
    lost_memory(d, dml_cfg_put(d->cfg, d->r.arena, dml_sv_of(row->key), v->name_span, &value));
}

static void put_text(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                     struct dml_sv text)
{
    struct dml_cfg_value value = {.kind = DML_CFG_STRING, .n = (uint32_t)text.len};
    value.u.text = text.p;
    put_key(d, row, at, v, value);
}

static void put_number(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                       uint64_t n)
{
    if (strcmp(row->key, "NONE") != 0)
        put_text(d, row, at, v, dml_sv_of(dml_arena_printf(d->r.arena, "%llu", (unsigned long long)n)));
}

/* What libxl makes of a string: it ends at a NUL. */
static struct dml_sv c_string(const struct dml_json *v)
{
    return dml_sv_of(v->text.p);
}

static struct dma_strings texts(struct reading *d, const struct row *row, const struct place *at,
                                const struct dml_json *v)
{
    const char **out = dml_read_new(&d->r, const char *, v->n + 1);
    struct dml_cfg_value *items = dml_read_new(&d->r, struct dml_cfg_value, v->n + 1);
    uint32_t n = 0;
    for (const struct dml_json *e = v->first; out && items && e; e = e->next) {
        const struct dml_json *text = row->kind == PATHS ? dml_json_get(e, "path") : e;
        if (!text || text->kind != DML_JSON_STRING) {
            problem(d, DML_GUEST_P_STORED_KIND, row, at, e);
            break;
        }
        struct dml_sv s = c_string(text);
        items[n] = (struct dml_cfg_value){.kind = DML_CFG_STRING, .span = text->span, .n = (uint32_t)s.len};
        items[n].u.text = s.p;
        out[n++] = s.p;
    }
    struct dml_cfg_value list = {.kind = DML_CFG_LIST, .n = n};
    list.u.items = items;
    put_key(d, row, at, v, list);
    return (struct dma_strings){out, n};
}

/* The highest number of a list of bit numbers, plus one; in *count how many there are below `limit`. */
static uint32_t bits(const struct dml_json *v, uint32_t limit, uint32_t *count)
{
    uint32_t end = 0;
    *count = 0;
    for (const struct dml_json *e = v->first; e; e = e->next) {
        if (e->kind != DML_JSON_INT || e->number < 0 || e->number >= limit)
            continue;
        ++*count;
        if ((uint32_t)e->number >= end)
            end = (uint32_t)e->number + 1;
    }
    return end;
}

static void read_numbers(struct reading *d, const struct dml_json *v, struct dma_vnode *node)
{
    uint32_t *out = dml_read_new(&d->r, uint32_t, v->n + 1), n = 0;
    for (const struct dml_json *e = v->first; out && e; e = e->next)
        out[n++] = (uint32_t)e->number;
    node->distances = out;
    node->num_distances = n;
}

static void read_bitmap(struct reading *d, const struct dml_json *v, struct dma_vnode *node)
{
    enum { LIMIT = 4096 };
    uint32_t count, end = bits(v, LIMIT, &count);
    uint8_t *map = dml_read_new(&d->r, uint8_t, end / 8 + 1);
    for (const struct dml_json *e = v->first; map && e; e = e->next)
        if (e->kind == DML_JSON_INT && e->number >= 0 && e->number < LIMIT)
            map[e->number / 8] |= (uint8_t)(1u << e->number % 8);
    node->vcpus = map;
    node->vcpus_bytes = map ? end / 8 + 1 : 0;
}

static const char COLO_BEGINS[] = "colo";

static void read_colo(struct reading *d, const struct dml_json *nic, struct dma_nic *out)
{
    DML_VEC(struct dma_key_value) colo = {0};
    for (const struct dml_json *m = nic->first; m; m = m->next) {
        struct dma_key_value *kv = m->kind == DML_JSON_STRING && dml_sv_starts(m->name, dml_sv_of(COLO_BEGINS))
                                       ? dml_vec_add(d->r.arena, &colo)
                                       : NULL;
        if (kv)
            *kv = (struct dma_key_value){dml_sv_is(m->name, "coloft_forwarddev") ? "forwarddev" : m->name.p, m->text.p};
    }
    out->colo = colo.v;
    out->n_colo = colo.n;
}

static void read_mac(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                     uint8_t mac[6])
{
    struct dml_sv rest = c_string(v), piece;
    unsigned n = 0;
    while (n < 6 && dml_next_piece(&rest, ":", &piece))
        mac[n++] = (uint8_t)dml_strtoul(piece, 16);
    put_text(d, row, at, v, c_string(v));
}

/* The word of xl.cfg for a value. */
static const char *xl_word(const struct row *row, const char *text, int32_t value)
{
    for (const struct dml_word *w = row->xl_words; w->text; w++)
        if (w->value == value)
            return w->text;
    return row->xl_words->text ? "" : text;
}

static void read_word(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                      char *member)
{
    int32_t value;
    if (!dml_word_any_case(row->words, d->r.xen, c_string(v), &value)) {
        problem(d, DML_GUEST_P_STORED_WORD, row, at, v);
        return;
    }
    if (row->kind == WORD)
        memcpy(member, &value, sizeof value);
    const char *word = xl_word(row, v->text.p, value);
    if (*word && strcmp(word, "unknown") != 0)
        put_text(d, row, at, v, dml_sv_of(word));
}

static void read_defbool(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                         char *member)
{
    enum dma_bool value = dml_sv_is(v->text, "True") ? DMA_YES : dml_sv_is(v->text, "False") ? DMA_NO : DMA_UNSET;
    if (value == DMA_UNSET && !dml_sv_is(v->text, "<default>"))
        problem(d, DML_GUEST_P_STORED_WORD, row, at, v);
    memcpy(member, &value, sizeof value);
    if (value != DMA_UNSET)
        put_text(d, row, at, v, value == DMA_YES ? DML_SV("1") : DML_SV("0"));
}

/* Which kind of value libxl takes for a row; what is of another kind it skips without a word. */
static enum dml_json_kind wanted(enum kind kind)
{
    switch (kind) {
    case TEXT:
    case DEFBOOL:
    case WORD:
    case ONLY_KEY:
    case UUID:
    case MAC:
    case COLO:
        return DML_JSON_STRING;
    case BOOL:
        return DML_JSON_BOOL;
    case INSIDE:
    case CASE:
        return DML_JSON_OBJECT;
    case TEXTS:
    case PATHS:
    case COUNT:
    case ANY:
    case BITS:
    case GENID:
    case VCPUS:
    case NUMBERS:
    case BITMAP:
    case LIST:
        return DML_JSON_ARRAY;
    default:
        return DML_JSON_INT;
    }
}

static void read_section(struct reading *d, const struct row *rows, const struct place *at,
                         const struct dml_json *object);

static void read_list(struct reading *d, const struct row *row, const struct dml_json *v, char *member)
{
    DMA_LIST(char) list = {NULL, v->n, row->size};
    struct dml_cfg_value *items = dml_read_new(&d->r, struct dml_cfg_value, v->n + 1);
    char *elements = dml_read_alloc(&d->r, v->n + 1, row->size, _Alignof(max_align_t));
    struct place at = {.base = elements, .list = dml_key_find(dml_sv_of(row->key)), .inside = 1};
    for (const struct dml_json *e = v->first; items && elements && e; e = e->next, at.index++, at.base += row->size) {
        struct dml_sv text = source(d, e->span);
        items[at.index] = (struct dml_cfg_value){.kind = DML_CFG_STRING, .span = e->span, .n = (uint32_t)text.len};
        items[at.index].u.text = text.p;
        if (e->kind != DML_JSON_OBJECT)
            problem(d, DML_GUEST_P_STORED_KIND, NULL, &at, e);
        read_section(d, row->section(), &at, e);
    }
    list.v = elements;
    memcpy(member, &list, sizeof list);
    struct dml_cfg_value value = {.kind = DML_CFG_LIST, .n = v->n};
    value.u.items = items;
    put_key(d, row, &(struct place){0}, v, value);
}

/* A member that is there and of the right kind. */
static void read_member(struct reading *d, const struct row *row, const struct place *at, const struct dml_json *v,
                        const struct dml_json *object)
{
    char *member = at->base + row->offset;
    struct place inner = *at;
    const char *text;
    uint64_t big = (uint64_t)v->number;
    uint32_t n, count;
    struct dma_strings strings;
    switch ((enum kind)row->kind) {
    case TEXT:
        memcpy(member, &v->text.p, sizeof v->text.p);
        put_text(d, row, at, v, c_string(v));
        break;
    case TEXTS:
    case PATHS:
        strings = texts(d, row, at, v);
        memcpy(member, &strings, sizeof strings);
        break;
    case DEFBOOL:
        read_defbool(d, row, at, v, member);
        break;
    case BOOL:
        *(bool *)member = v->number != 0;
        put_number(d, row, at, v, big);
        break;
    case ACCESS:
    case CDROM:
        n = (uint32_t)v->number;
        memcpy(member, &n, sizeof n);
        if (row->kind == ACCESS || n)
            put_text(d, row, at, v, row->kind == CDROM ? DML_SV("cdrom") : n ? DML_SV("rw") : DML_SV("ro"));
        break;
    case INT:
    case UINT:
    case DEVID:
        n = (uint32_t)v->number;
        memcpy(member, &n, sizeof n);
        put_number(d, row, at, v, big);
        break;
    case BYTE:
        *(uint8_t *)member = (uint8_t)v->number;
        put_number(d, row, at, v, big);
        break;
    case BIG:
    case KB:
        memcpy(member, &big, sizeof big);
        put_number(d, row, at, v, row->kind == KB ? big / 1024 : big);
        break;
    case DOMID:
        text = v->number ? dml_arena_printf(d->r.arena, "%lld", (long long)v->number) : NULL;
        if (text) {
            memcpy(member, &text, sizeof text);
            put_text(d, row, at, v, dml_sv_of(text));
        }
        break;
    case WORD:
    case ONLY_KEY:
        read_word(d, row, at, v, member);
        break;
    case UUID:
        if (!dml_read_uuid(&d->r, c_string(v), (const char **)(void *)member))
            problem(d, DML_GUEST_P_STORED_WORD, row, at, v);
        put_text(d, row, at, v, c_string(v));
        break;
    case MAC:
        read_mac(d, row, at, v, (uint8_t *)member);
        break;
    case COUNT:
        memcpy(member, &v->n, sizeof v->n);
        break;
    case ANY:
        *(bool *)member |= v->n != 0;
        break;
    case BITS:
        big = 0;
        for (const struct dml_json *e = v->first; e; e = e->next)
            if (e->kind == DML_JSON_INT && e->number >= 0 && e->number < 64)
                big |= UINT64_C(1) << e->number;
        memcpy(member, &big, sizeof big);
        break;
    case GENID:
        text = v->n ? "generate" : NULL;
        memcpy(member, &text, sizeof text);
        break;
    case VCPUS:
        n = bits(v, INT32_MAX, &count);
        ((struct dma_guest *)(void *)at->base)->avail_vcpus = count;
        ((struct dma_guest *)(void *)at->base)->avail_vcpus_bits = n;
        break;
    case NUMBERS:
        read_numbers(d, v, (struct dma_vnode *)(void *)at->base);
        break;
    case BITMAP:
        read_bitmap(d, v, (struct dma_vnode *)(void *)at->base);
        break;
    case COLO:
        read_colo(d, object, (struct dma_nic *)(void *)at->base);
        put_text(d, row, at, v, c_string(v));
        break;
    case CASE:
        n = (uint32_t)row->value;
        count = 0;
        if (row->size == sizeof n)
            memcpy(&count, member, sizeof count);
        if (count && count != n) /* c_info or another case says otherwise */
            problem(d, DML_GUEST_P_STORED_WORD, row, at, v);
        if (row->size == sizeof n)
            memcpy(member, &n, sizeof n);
        else
            *(bool *)member = row->value;
        if (at->list != DML_KEY_NONE) { /* "connection.socket": in xl.cfg connection=socket */
            const char *dot = strchr(row->json, '.');
            put_part(d, (struct dml_sv){row->json, (size_t)(dot - row->json)}, at, v, dml_sv_of(dot + 1));
        }
        read_section(d, row->section(), at, v);
        break;
    case INSIDE:
        inner.base = member;
        read_section(d, row->section(), &inner, v);
        break;
    case LIST:
        read_list(d, row, v, member);
        break;
    case NOTHING:
        break;
    }
}

static _Bool known(const struct row *rows, struct dml_sv name)
{
    for (const struct row *row = rows; row->json; row++)
        if (dml_sv_is(name, row->json) || (row->kind == COLO && dml_sv_starts(name, dml_sv_of(COLO_BEGINS))))
            return 1;
    return 0;
}

static void read_section(struct reading *d, const struct row *rows, const struct place *at,
                         const struct dml_json *object)
{
    for (const struct row *row = rows; row->json; row++) {
        const struct dml_json *v = dml_json_get(object, row->json);
        int32_t unset = DMA_DEVID_UNSET;
        if (row->kind == DEVID)
            memcpy(at->base + row->offset, &unset, sizeof unset);
        if (row->kind == ACCESS && !v) /* libxl leaves out what is 0 */
            put_part(d, dml_sv_of(row->key), at, object, DML_SV("ro"));
        if (row->kind == COLO && !v && object->kind == DML_JSON_OBJECT)
            read_colo(d, object, (struct dma_nic *)(void *)at->base);
        if (!v || v->kind == DML_JSON_NULL || row->kind == NOTHING)
            continue;
        if (v->kind == wanted((enum kind)row->kind))
            read_member(d, row, at, v, object);
        else
            problem(d, DML_GUEST_P_STORED_KIND, row, at, v);
    }
    for (const struct dml_json *m = object->kind == DML_JSON_OBJECT ? object->first : NULL; m; m = m->next)
        if (!d->r.out->newer.len && !known(rows, m->name)) {
            d->r.out->newer = m->name;
            d->r.out->newer_span = whole_span(m);
        }
}

int dml_stored_read(struct dml_guest *guest, struct dml_cfg *cfg, struct dml_arena *a, struct dml_xlu *xlu,
                    dml_version xen, const struct dml_guest_host *host, struct dml_err *err)
{
    static const uint8_t faults[] = {[DML_JSON_BROKEN] = DML_CFG_E_STORED_BROKEN,
                                     [DML_JSON_ENDS] = DML_CFG_E_STORED_ENDS,
                                     [DML_JSON_DEEP] = DML_CFG_E_STORED_DEEP,
                                     [DML_JSON_TWICE] = DML_CFG_E_STORED_TWICE};
    struct reading d = {{.out = guest, .g = &guest->g, .arena = a, .xlu = xlu, .host = host, .xen = xen, .err = err},
                        cfg};
    const struct dml_json *root;
    struct dml_json_error error;
    *guest = (struct dml_guest){.cfg = cfg, .xen = xen};
    dma_guest_init(&guest->g);
    int rc = dml_json_parse(&root, a, cfg->text, &error, err);
    if (rc < 0)
        return rc;
    if (!root)
        return dml_cfg_fault(cfg, a, faults[error.fault], error.at) < 0 ? dml_err_nomem(err) : 0;
    read_section(&d, section_config(), &(struct place){.base = (char *)&guest->g}, root);
    for (uint32_t i = 0; i < cfg->entries.n; i++) {
        enum dml_key_id key = dml_key_find_hashed(cfg->entries.v[i].name, cfg->entries.v[i].hash);
        guest->by_key[key] = &cfg->entries.v[i];
    }
    if (!dml_json_get(dml_json_get(root, "c_info"), "type") || guest->g.type == DMA_TYPE_UNSET)
        lost_memory(&d, dml_cfg_fault(cfg, a, DML_CFG_E_STORED_NO_TYPE, (struct dml_span){root->span.off, 1}));
    if (a->failed && !d.r.rc)
        d.r.rc = dml_err_nomem(err);
    return d.r.rc;
}
