/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * schema: every key and sub-key that xl of Xen 4.10 .. 4.22 reads, and what became of old ones.
 *
 * All tables are constant; strings live for ever. Mirrors the look-ups of tools/xl/xl_parse.c at the release tags.
 */
#ifndef DML_SCHEMA_SCHEMA_H
#define DML_SCHEMA_SCHEMA_H

#include <stdint.h>

#include "base/sv.h"
#include "base/version.h"

enum dml_key_type {
    DML_KEY_FLAG, /* number taken as on or off */
    DML_KEY_NUMBER,
    DML_KEY_TEXT,
    DML_KEY_LIST,        /* list of texts */
    DML_KEY_NESTED,      /* list of lists */
    DML_KEY_TEXT_LIST,   /* text or list */
    DML_KEY_NUMBER_TEXT, /* number or word */
    DML_KEY_FLAG_LIST    /* flag or list */
};

/* For which guests libxl uses a key. */
enum dml_guests { DML_GUEST_HVM = 1, DML_GUEST_PV = 2, DML_GUEST_PVH = 4, DML_GUEST_ANY = 7 };

/* What a key has to do with the device model. */
enum dml_key_dm { DML_DM_NO, DML_DM_DM, DML_DM_STUB };

/* DML_KEY_NONE is 0; then one per row of keys.def, in order of name: DML_KEY_acpi, DML_KEY_dm_restrict ... */
enum dml_key_id {
    DML_KEY_NONE,
#define KEY(name, type, since, removed, guests, dm, fate, doc) DML_KEY_##name,
#include "schema/keys.def"
#undef KEY
    DML_KEY_COUNT
};

struct dml_key {
    struct dml_sv name;
    uint8_t type;        /* enum dml_key_type */
    uint8_t guests;      /* set of enum dml_guests */
    uint8_t dm;          /* enum dml_key_dm */
    dml_version since;   /* first release that reads it; 4.10.0 stands for "always" */
    dml_version removed; /* first that does not, or DML_V_NEVER */
    const char *fate;    /* "" or, for a key that still is looked up but is deprecated or ignored, what became of it */
    const char *doc;     /* a few words, no full stop */
    uint16_t spec, n_specs; /* its sub-keys in the table of dml_spec */
};

/* The row of an id (1 .. DML_KEY_COUNT - 1). */
const struct dml_key *dml_key(enum dml_key_id id);
/* The id of a key that any release reads, or DML_KEY_NONE. Constant time; `hash` is dml_cfg_hash(name). */
enum dml_key_id dml_key_find(struct dml_sv name);
enum dml_key_id dml_key_find_hashed(struct dml_sv name, uint32_t hash);
/* Does xl of that release look it up? */
_Bool dml_key_read_by(enum dml_key_id id, dml_version xen);
/* "Did you mean": the nearest key that `xen` reads, or DML_KEY_NONE. */
enum dml_key_id dml_key_nearest(struct dml_sv name, dml_version xen);
/* A word that people write for a key. */
struct dml_meant {
    struct dml_sv name;
    uint16_t key;     /* enum dml_key_id */
    _Bool same;       /* it takes the same value */
    const char *more; /* what to know of the key, or "" */
};
/* What is meant by a word that is no key, by meaning and not by letters; or NULL. */
const struct dml_meant *dml_key_meant(struct dml_sv name);
/* The key that `name`, which no xl reads, can be renamed to, its value as it is: one that took its place, that is
 * meant, or that alone is so near; DML_KEY_NONE for none that `xen` reads. */
enum dml_key_id dml_key_rename(struct dml_sv name, dml_version xen);
/* What became of a key that no xl reads ("was xm's; use ..."), or NULL. */
const char *dml_key_old(struct dml_sv name);

enum dml_spec_form {
    DML_SPEC_VALUE, /* sub-key=value */
    DML_SPEC_WORD,  /* stands alone */
    DML_SPEC_REST   /* sub-key=value up to the end of the text */
};

/* Ids of sub-keys: DML_SPEC_disk_format. Names with a dash have an underscore here. */
enum dml_spec_id {
#define SPEC(list, name, form, since, doc) DML_SPEC_##list##_##name,
#include "schema/specs.def"
#undef SPEC
    DML_SPEC_COUNT
};

struct dml_spec {
    uint16_t list;      /* enum dml_key_id */
    uint8_t form;       /* enum dml_spec_form */
    struct dml_sv name; /* as in specs.def: with underscores, see dml_spec_is */
    dml_version since;
    const char *doc;
    _Bool colo; /* only COLO needs it: not to be suggested */
};

const struct dml_spec *dml_spec(enum dml_spec_id id);
static inline _Bool dml_spec_known(const struct dml_spec *spec, dml_version xen)
{
    return xen >= spec->since;
}
/*
 * The sub-key `name` of a list key (with dashes or underscores as xl wants them), or NULL. Sub-keys are few: linear.
 * disk, p9, vkb, vdispl and vsnd write dashes; vif, pci, channel and virtio underscores.
 */
const struct dml_spec *dml_spec_find(enum dml_key_id list, struct dml_sv name);
/* The nearest sub-key that `xen` understands, or NULL. */
const struct dml_spec *dml_spec_nearest(enum dml_key_id list, struct dml_sv name, dml_version xen);
/* The sub-key as xl wants it written; `text` holds 48 bytes. Returns text. */
const char *dml_spec_text(const struct dml_spec *spec, char text[48]);

#endif
