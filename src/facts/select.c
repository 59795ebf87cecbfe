/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Selectors: names to numbers when rules are read, numbers to values when a guest is judged. */
#include "facts/select.h"

#include <pthread.h>
#include <string.h>

#include "facts/truths.h"
#include "schema/schema.h"

/* A selector's number is its kind and the index of its row. */
enum { TRUTH = 0x0000, KEY = 0x1000, ITEMS = 0x2000, FIELD = 0x3000, HOST = 0x4000, KINDS = 0xf000, ROWS = 0x0fff };

/* ---- host.: the table of facts, flattened ---- */

struct host_row {
    const char *name;
    const struct dml_fact_field *field;   /* the fact itself, or the list that `element` is a field of */
    const struct dml_fact_field *element; /* a field of a list's elements, or NULL */
    uint32_t base;                        /* row of the list, or its own */
};

/* Made once, and kept as long as the program runs; without memory for them there are none. */
static struct dml_arena host_arena;
static struct host_row *host_rows;
static uint32_t host_rows_n;
static pthread_once_t host_once = PTHREAD_ONCE_INIT;

static _Bool is_list(const struct dml_fact_field *f)
{
    return f->kind == DML_FACT_STRINGS || f->kind == DML_FACT_UINTS || f->kind == DML_FACT_MAPS;
}

/* Without rows yet, only counts. */
static void add_host_row(const char *prefix, const struct dml_fact_field *f, const struct dml_fact_field *element,
                         uint32_t base)
{
    uint32_t i = host_rows_n++;
    if (!host_rows)
        return;
    const char *name = dml_arena_printf(&host_arena, "%s.%s%s%s%s", prefix, f->name, is_list(f) ? "[*]" : "",
                                        element ? "." : "", element ? element->name : "");
    host_rows[i] = (struct host_row){name ? name : "host.", f, element, base};
}

static void add_host_rows(const struct dml_fact_shape *shape, const char *prefix)
{
    for (uint32_t i = 0; i < shape->n; i++) {
        const struct dml_fact_field *f = &shape->fields[i];
        uint32_t base = host_rows_n;
        if (f->kind == DML_FACT_MAP) {
            const char *inner = dml_arena_printf(&host_arena, "%s.%s", prefix, f->name);
            add_host_rows(f->shape, inner ? inner : prefix);
        } else if (f->kind != DML_FACT_SOURCE)
            add_host_row(prefix, f, NULL, base);
        for (uint32_t k = 0; f->kind == DML_FACT_MAPS && k < f->shape->n; k++)
            if (f->shape->fields[k].kind != DML_FACT_SOURCE && !is_list(&f->shape->fields[k]))
                add_host_row(prefix, f, &f->shape->fields[k], base);
    }
}

static void make_host_rows(void)
{
    add_host_rows(&dml_facts_shape, "host");
    if (host_rows_n <= ROWS)
        host_rows = dml_new_n(&host_arena, struct host_row, host_rows_n);
    host_rows_n = 0;
    if (host_rows)
        add_host_rows(&dml_facts_shape, "host");
}

static enum dml_value_kind host_kind(const struct dml_fact_field *f)
{
    switch (f->kind) {
    case DML_FACT_UINT:
    case DML_FACT_UINTS:
        return DML_VALUE_INT;
    case DML_FACT_TRI:
    case DML_FACT_MAPS: /* the element itself: only whether it is there */
        return DML_VALUE_BOOL;
    case DML_FACT_XEN_VERSION:
    case DML_FACT_QEMU_VERSION:
        return DML_VALUE_VERSION;
    case DML_FACT_STRING:
    case DML_FACT_STRINGS:
    case DML_FACT_MAP:
    case DML_FACT_SOURCE:
        break;
    }
    return DML_VALUE_STRING;
}

struct dml_host_answers {
    struct dml_arena *a;
    _Bool *have; /* both by host row */
    struct dml_values *values;
};

struct dml_host_answers *dml_host_answers_new(struct dml_arena *a)
{
    struct dml_host_answers *h = dml_new(a, struct dml_host_answers);
    pthread_once(&host_once, make_host_rows);
    if (!h)
        return NULL;
    *h = (struct dml_host_answers){a, dml_new_n(a, _Bool, host_rows_n + 1),
                                   dml_new_n(a, struct dml_values, host_rows_n + 1)};
    return h->have && h->values ? h : NULL;
}

/* The value of one fact at `p`; UNKNOWN where it is not known. */
static struct dml_value host_value(const struct dml_fact_field *f, const void *p)
{
    struct dml_value v = {.kind = DML_VALUE_UNKNOWN, .span = DML_NO_SPAN};
    if (f->kind == DML_FACT_UINT && *(const uint64_t *)p != DML_FACT_UNKNOWN) {
        v.kind = DML_VALUE_INT;
        v.u.i = (int64_t) * (const uint64_t *)p;
    } else if (f->kind == DML_FACT_TRI && *(const enum dml_tri *)p != DML_TRI_UNKNOWN) {
        v.kind = DML_VALUE_BOOL;
        v.u.i = *(const enum dml_tri *)p == DML_TRI_YES;
    } else if (f->kind == DML_FACT_STRING && *(const char *const *)p) {
        v.kind = DML_VALUE_STRING;
        v.u.s = dml_sv_of(*(const char *const *)p);
    }
    return v;
}

static struct dml_values host_values(const struct host_row *row, const struct dml_facts *facts, struct dml_arena *a)
{
    static const struct dml_values unknown = {.unknown = 1};
    const struct dml_fact_field *f = row->field;
    const char *base = (const char *)facts;
    if (!is_list(f)) {
        struct dml_value *v = dml_new(a, struct dml_value);
        if (!v)
            return unknown;
        *v = host_value(f, base + f->off);
        if (f->kind == DML_FACT_XEN_VERSION || f->kind == DML_FACT_QEMU_VERSION) {
            v->u.v = *(const dml_version *)(const void *)(base + f->parsed);
            v->kind = v->u.v ? DML_VALUE_VERSION : DML_VALUE_UNKNOWN;
        }
        return v->kind == DML_VALUE_UNKNOWN ? unknown : (struct dml_values){v, 1, 0};
    }
    const struct dml_list *list = (const void *)(base + f->off);
    struct dml_value *v = list->known ? dml_new_n(a, struct dml_value, list->n ? list->n : 1) : NULL;
    if (!v)
        return unknown;
    for (uint32_t i = 0; i < list->n; i++) {
        if (row->element)
            v[i] = host_value(row->element, (const char *)list->v + (size_t)i * f->shape->size + row->element->off);
        else if (f->kind == DML_FACT_STRINGS)
            v[i] = (struct dml_value){DML_VALUE_STRING, DML_NO_SPAN, {.s = dml_sv_of(*DML_AT(*list, const char *, i))}};
        else if (f->kind == DML_FACT_UINTS)
            v[i] = (struct dml_value){DML_VALUE_INT, DML_NO_SPAN, {.i = (int64_t)*DML_AT(*list, uint64_t, i)}};
        else
            v[i] = (struct dml_value){DML_VALUE_BOOL, DML_NO_SPAN, {.i = 1}};
    }
    return (struct dml_values){v, list->n, 0};
}

static struct dml_values get_host(struct dml_subject *s, uint32_t row)
{
    struct dml_host_answers *h = s->answers;
    if (!s->world->host)
        return (struct dml_values){.unknown = 1};
    if (!h->have[row]) {
        h->values[row] = host_values(&host_rows[row], s->world->host, h->a);
        h->have[row] = 1;
    }
    return h->values[row];
}

/* ---- guest keys ---- */

/* Which kind a key's value has when it stands without [*]. */
static enum dml_value_kind key_kind(const struct dml_key *key)
{
    switch ((enum dml_key_type)key->type) {
    case DML_KEY_FLAG:
        return DML_VALUE_BOOL;
    case DML_KEY_NUMBER:
        return DML_VALUE_INT;
    case DML_KEY_TEXT:
    case DML_KEY_TEXT_LIST:
    case DML_KEY_NUMBER_TEXT:
    case DML_KEY_FLAG_LIST:
        return DML_VALUE_STRING;
    case DML_KEY_LIST:
    case DML_KEY_NESTED:
        break;
    }
    return DML_VALUE_BOOL; /* a list as a whole: only whether it is there */
}

static _Bool has_items(const struct dml_key *key)
{
    return key->type == DML_KEY_LIST || key->type == DML_KEY_TEXT_LIST || key->type == DML_KEY_FLAG_LIST;
}

static const struct dml_cfg_entry *find_entry(const struct dml_subject *s, enum dml_key_id id)
{
    return s->guest.ignored[id] ? NULL : s->guest.by_key[id];
}

/* The value as xl takes it: absent where xl ignores it, as it does a word for a number. */
static struct dml_values get_key(struct dml_subject *s, enum dml_key_id id)
{
    const struct dml_cfg_entry *e = find_entry(s, id);
    struct dml_value *v = e ? dml_new(s->a, struct dml_value) : NULL;
    if (!v)
        return (struct dml_values){.unknown = e != NULL};
    v->kind = key_kind(dml_key(id));
    v->span = dml_cfg_entry_span(&s->cfg, e);
    int64_t n = 1;
    _Bool list = dml_cfg_is_list(&e->value);
    switch ((enum dml_key_type)dml_key(id)->type) {
    case DML_KEY_FLAG:
    case DML_KEY_NUMBER:
        if (dml_cfg_long(e, INT64_MIN, INT64_MAX, &n) != DML_CFG_NUM_OK)
            return (struct dml_values){0};
        v->u.i = v->kind == DML_VALUE_BOOL ? n != 0 : n;
        break;
    case DML_KEY_LIST:
    case DML_KEY_NESTED:
        if (!list)
            return (struct dml_values){0};
        v->u.i = 1;
        break;
    case DML_KEY_TEXT:
    case DML_KEY_TEXT_LIST:
    case DML_KEY_NUMBER_TEXT:
    case DML_KEY_FLAG_LIST:
        if (list)
            return (struct dml_values){0};
        v->u.s = dml_cfg_text(&e->value);
        break;
    }
    return (struct dml_values){v, 1, 0};
}

static struct dml_values get_items(struct dml_subject *s, enum dml_key_id id)
{
    const struct dml_cfg_entry *e = find_entry(s, id);
    _Bool list = e && dml_cfg_is_list(&e->value);
    if (!e || (!list && dml_key(id)->type == DML_KEY_LIST))
        return (struct dml_values){0};
    uint32_t n = list ? e->value.n : 1;
    struct dml_value *v = dml_new_n(s->a, struct dml_value, n ? n : 1);
    if (!v)
        return (struct dml_values){.unknown = 1};
    for (uint32_t i = 0; i < n; i++) {
        const struct dml_cfg_value *item = list ? &e->value.u.items[i] : &e->value;
        v[i] = (struct dml_value){
            dml_cfg_is_list(item) ? DML_VALUE_ABSENT : DML_VALUE_STRING, item->span, {.s = dml_cfg_text(item)}};
    }
    return (struct dml_values){v, n, 0};
}

/* ---- all together ---- */

static _Bool resolve_key(struct dml_sv name, struct dml_selector *out)
{
    const char *star = memmem(name.p, name.len, "[*]", 3);
    struct dml_sv stem = {name.p, star ? (size_t)(star - name.p) : name.len};
    enum dml_key_id id = dml_key_find(stem);
    if (id == DML_KEY_NONE)
        return 0;
    *out = (struct dml_selector){.id = KEY + id, .kind = key_kind(dml_key(id)), .base = KEY + id};
    if (!star)
        return 1;
    *out = (struct dml_selector){.id = ITEMS + id, .kind = DML_VALUE_STRING, .list = 1, .base = ITEMS + id};
    struct dml_sv field = {star + 3, (size_t)(name.p + name.len - star) - 3};
    if (!has_items(dml_key(id)) || !field.len)
        return has_items(dml_key(id));
    const struct dml_spec *spec = field.p[0] == '.' ? dml_spec_find(id, (struct dml_sv){field.p + 1, field.len - 1})
                                                    : NULL;
    if (!spec)
        return 0;
    out->id = FIELD + (uint32_t)(spec - dml_spec(0));
    return 1;
}

_Bool dml_select_resolve(const void *user, enum dml_selector_class class, struct dml_sv name, struct dml_selector *out)
{
    (void)user;
    if (class == DML_SELECT_KEY)
        return resolve_key(name, out);
    for (uint32_t i = 0; i < DML_FACTS; i++) {
        const struct dml_truth_row *row = &dml_truth_rows[i];
        if (dml_sv_is(name, row->name)) {
            *out = (struct dml_selector){TRUTH + i, row->kind, row->list, TRUTH + i};
            return 1;
        }
    }
    pthread_once(&host_once, make_host_rows);
    for (uint32_t i = 0; i < host_rows_n; i++) {
        const struct host_row *row = &host_rows[i];
        if (dml_sv_is(name, row->name)) {
            *out = (struct dml_selector){HOST + i, host_kind(row->element ? row->element : row->field),
                                         is_list(row->field), HOST + row->base};
            return 1;
        }
    }
    return 0;
}

static struct dml_sv fact_name(const void *user, size_t i)
{
    (void)user;
    return dml_sv_of(i < DML_FACTS ? dml_truth_rows[i].name : host_rows[i - DML_FACTS].name);
}

const char *dml_select_nearest(const void *user, enum dml_selector_class class, struct dml_sv name)
{
    if (class == DML_SELECT_KEY) {
        enum dml_key_id id = dml_key_nearest(name, dml_xen_newest());
        return id == DML_KEY_NONE ? NULL : dml_key(id)->name.p;
    }
    pthread_once(&host_once, make_host_rows);
    long i = dml_sv_nearest(name, DML_FACTS + host_rows_n, fact_name, user);
    return i < 0 ? NULL : fact_name(user, (size_t)i).p;
}

struct dml_values dml_select_get(void *user, uint32_t id)
{
    struct dml_subject *s = user;
    uint32_t row = id & ROWS;
    switch (id & KINDS) {
    case TRUTH:
        return dml_truth_rows[row].get(s);
    case KEY:
        return get_key(s, (enum dml_key_id)row);
    case ITEMS:
        return get_items(s, (enum dml_key_id)row);
    case FIELD:
        return dml_subject_field(s, (enum dml_spec_id)row);
    default:
        return get_host(s, row);
    }
}

unsigned dml_select_keys(uint32_t id, enum dml_key_id keys[3])
{
    static const enum dml_key_id own_arguments[] = {DML_KEY_device_model_args, DML_KEY_device_model_args_pv,
                                                    DML_KEY_device_model_args_hvm};
    switch (id & KINDS) {
    case KEY:
    case ITEMS:
        keys[0] = (enum dml_key_id)(id & ROWS);
        return 1;
    case FIELD:
        keys[0] = (enum dml_key_id)dml_spec((enum dml_spec_id)(id & ROWS))->list;
        return 1;
    case TRUTH:
        if ((id & ROWS) != DML_FACT_ID_guest_qemu_args)
            return 0;
        memcpy(keys, own_arguments, sizeof own_arguments);
        return 3;
    default:
        return 0;
    }
}

_Bool dml_select_is_request(uint32_t id)
{
    return id == (TRUTH | DML_FACT_ID_guest_restricted);
}

_Bool dml_select_is_constant(uint32_t id)
{
    uint32_t row = id & ROWS;
    return (id & KINDS) == HOST ||
           ((id & KINDS) == TRUTH && (row == DML_FACT_ID_target_xen || row == DML_FACT_ID_target_qemu ||
                                      row == DML_FACT_ID_target_kernel || row == DML_FACT_ID_target_qemu_restricts));
}

const char *dml_select_fact(uint32_t id)
{
    if ((id & KINDS) == TRUTH) {
        static const struct {
            uint32_t truth;
            const char *fact;
        } needs[] = {{DML_FACT_ID_target_xen, "xen.version"},
                     {DML_FACT_ID_target_qemu, "qemu.version"},
                     {DML_FACT_ID_target_kernel, "kernel.release"},
                     {DML_FACT_ID_target_qemu_restricts, "qemu.version"}};
        for (size_t i = 0; i < sizeof needs / sizeof needs[0]; i++)
            if (needs[i].truth == (id & ROWS))
                return needs[i].fact;
        return NULL;
    }
    if ((id & KINDS) != HOST)
        return NULL;
    return strchr(host_rows[id & ROWS].name, '.') + 1;
}
