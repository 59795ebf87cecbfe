/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers about a guest that was read: refusals, and where keys, elements and their parts are. */
#include "guest/guest.h"

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
