/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading the tree: look-up by key, numbers as xl reads them, printing. */
#include "base/num.h"
#include "cfg/cfg.h"

/* Eight bytes at a time; keys are short. */
uint32_t dml_cfg_hash(struct dml_sv key)
{
    uint64_t h = key.len;
    size_t i = 0;
    for (; i + 8 <= key.len; i += 8) {
        uint64_t word;
        memcpy(&word, key.p + i, 8);
        h = (h ^ word) * 0x9e3779b97f4a7c15u;
        h ^= h >> 29;
    }
    uint64_t word = 0;
    for (unsigned shift = 0; i < key.len; i++, shift += 8)
        word |= (uint64_t)(unsigned char)key.p[i] << shift;
    h = (h ^ word) * 0x9e3779b97f4a7c15u;
    return (uint32_t)(h >> 32) ^ (uint32_t)(h >> 47);
}

const struct dml_cfg_entry *dml_cfg_find(const struct dml_cfg *cfg, struct dml_sv key)
{
    uint32_t hash = dml_cfg_hash(key);
    if (!cfg->slots)
        return NULL;
    for (uint32_t at = hash & cfg->slot_mask; cfg->slots[at]; at = (at + 1) & cfg->slot_mask) {
        const struct dml_cfg_entry *e = &cfg->entries.v[cfg->slots[at] - 1];
        if (e->hash == hash && dml_sv_eq(e->name, key))
            return e;
    }
    return NULL;
}

const struct dml_cfg_setting *dml_cfg_first_part(const struct dml_cfg *cfg, const struct dml_cfg_entry *e)
{
    const struct dml_cfg_setting *s = &cfg->settings.v[e->last];
    while (s->adds && s->prev != DML_CFG_NONE)
        s = &cfg->settings.v[s->prev];
    return s;
}

struct dml_span dml_cfg_entry_key(const struct dml_cfg *cfg, const struct dml_cfg_entry *e)
{
    return cfg->settings.v[e->last].key;
}

struct dml_span dml_cfg_entry_value(const struct dml_cfg *cfg, const struct dml_cfg_entry *e)
{
    return cfg->settings.v[e->last].value.span;
}

struct dml_span dml_cfg_entry_span(const struct dml_cfg *cfg, const struct dml_cfg_entry *e)
{
    struct dml_span key = dml_cfg_entry_key(cfg, e), value = dml_cfg_entry_value(cfg, e);
    return (struct dml_span){key.off, value.off + value.len - key.off};
}

enum dml_cfg_num dml_cfg_long(const struct dml_cfg_entry *e, int64_t min, int64_t max, int64_t *value)
{
    int64_t v;
    if (dml_cfg_is_list(&e->value))
        return DML_CFG_NUM_LIST;
    if (e->added)
        return DML_CFG_NUM_ADDED;
    switch (dml_num_parse(dml_cfg_text(&e->value), 0, &v, NULL)) {
    case DML_NUM_OK:
        break;
    case DML_NUM_RANGE:
        return DML_CFG_NUM_RANGE;
    default:
        return DML_CFG_NUM_INVALID;
    }
    if (v < min)
        return DML_CFG_NUM_LOW;
    if (v > max)
        return DML_CFG_NUM_HIGH;
    *value = v;
    return DML_CFG_NUM_OK;
}

void dml_cfg_print(const struct dml_cfg *cfg, struct dml_buf *out)
{
    for (uint32_t i = 0; i < cfg->items.n; i++)
        dml_buf_add(out, cfg->text.p + cfg->items.v[i].span.off, cfg->items.v[i].span.len);
}
