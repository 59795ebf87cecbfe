/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tree that was not parsed from xl.cfg: entries put in one by one. */
#include "cfg/cfg.h"

enum { SLOTS = 1024 }; /* more than twice as many as there are keys */

int dml_cfg_put(struct dml_cfg *cfg, struct dml_arena *a, struct dml_sv key, struct dml_span place,
                const struct dml_cfg_value *value)
{
    if (!cfg->slots && !(cfg->slots = dml_new_n(a, uint32_t, SLOTS)))
        return DML_ENOMEM;
    cfg->slot_mask = SLOTS - 1;
    uint32_t hash = dml_cfg_hash(key), at = hash & cfg->slot_mask;
    while (cfg->slots[at]) {
        if (dml_sv_eq(cfg->entries.v[cfg->slots[at] - 1].name, key))
            return 0;
        at = (at + 1) & cfg->slot_mask;
    }
    if (cfg->entries.n >= SLOTS / 2)
        return DML_ETOOBIG;
    struct dml_cfg_entry *e = dml_vec_add(a, &cfg->entries);
    struct dml_cfg_setting *s = dml_vec_add(a, &cfg->settings);
    if (!e || !s)
        return DML_ENOMEM;
    *e = (struct dml_cfg_entry){key, hash, cfg->settings.n - 1, 1, 0, *value};
    *s = (struct dml_cfg_setting){
        .key = place, .op = place, .value = *value, .entry = cfg->entries.n - 1, .prev = DML_CFG_NONE};
    cfg->slots[at] = cfg->entries.n;
    return 0;
}

int dml_cfg_fault(struct dml_cfg *cfg, struct dml_arena *a, uint8_t error, struct dml_span place)
{
    struct dml_cfg_error *e = dml_vec_add(a, &cfg->errors);
    if (!e)
        return DML_ENOMEM;
    *e = (struct dml_cfg_error){error, place, 1};
    return 0;
}
