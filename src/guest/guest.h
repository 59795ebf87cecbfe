/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest: what xl of a release makes of a config: the typed guest that it hands to libxl, where each value came from,
 * what xl refuses and what it ignores.
 *
 * Mirrors parse_config_data of tools/xl/xl_parse.c (4.10 .. 4.22), the number rules of libxlu_cfg.c, and an empty
 * xl.conf. What libxl refuses or defaults after that is dmargv's.
 */
#ifndef DML_GUEST_GUEST_H
#define DML_GUEST_GUEST_H

#include "cfg/cfg.h"
#include "dmargv/dmargv.h"
#include "schema/schema.h"
#include "xlu/xlu.h"

enum dml_guest_problem_id {
#define PROBLEM(id, kind, message, hint) DML_GUEST_P_##id,
#include "guest/problems.def"
#undef PROBLEM
    DML_GUEST_P_COUNT
};

enum dml_guest_kind { DML_GUEST_REFUSES, DML_GUEST_IGNORES, DML_GUEST_DOUBTS };

/* xl exits (REFUSES), goes on as if something were not written (IGNORES), or does what an unknown fact decides
 * (DOUBTS). */
struct dml_guest_problem {
    uint8_t id;                   /* enum dml_guest_problem_id */
    uint8_t kind;                 /* enum dml_guest_kind */
    uint16_t key;                 /* enum dml_key_id, or DML_KEY_NONE */
    int32_t index;                /* list element, or -1 */
    struct dml_span span;         /* DML_NO_SPAN where nothing is written that could be pointed at */
    struct dml_sv value;          /* what the message speaks of */
    const struct dml_word *words; /* what would be allowed, or NULL */
};

/* A sub-field of an element of a list key, as written: `format` of the second `disk`. */
struct dml_guest_part {
    uint16_t key;                /* enum dml_key_id */
    int32_t index;               /* of the element, from 0 */
    const struct dml_spec *spec; /* NULL: not one that xl knows */
    struct dml_sv name;          /* as written, or as xl names a positional value */
    struct dml_sv value;         /* empty for a word that stands alone */
    struct dml_span span, whole; /* of the value (of the word), and with its name */
};

/* What of the host xl asks while it reads a config. 0: unknown, and then nothing is refused for it. */
struct dml_guest_host {
    uint32_t cpus, numa_nodes;
};

struct dml_guest {
    struct dma_guest g; /* for dma_build; strings and lists live in the arena */
    const struct dml_cfg *cfg;
    dml_version xen;
    const struct dml_cfg_entry *by_key[DML_KEY_COUNT]; /* what xl of this release looks up; NULL: not written */
    uint32_t keys_read;                                /* how many of them are written */
    uint8_t ignored[DML_KEY_COUNT];                    /* written, but xl could not read it and keeps its default */
    DML_VEC(struct dml_guest_problem) problems;
    DML_VEC(struct dml_guest_part) parts; /* parts of one element lie together, elements in order */
    uint32_t first_part[DML_KEY_COUNT], n_parts[DML_KEY_COUNT]; /* those of a key lie together */
    uint32_t refusals;                                          /* how many of the problems are */
    struct dml_sv newer;                                        /* of libxl's JSON: the first member that no release */
    struct dml_span newer_span;                                 /* up to 4.22 knows; empty: none */
};

/*
 * Reads `cfg` as xl of `xen` does. Values that xl refuses are left out of guest->g. A tree with syntax errors may be
 * read too: its good statements count. DML_ENOMEM.
 */
int dml_guest_read(struct dml_guest *guest, struct dml_arena *a, struct dml_xlu *xlu, const struct dml_cfg *cfg,
                   dml_version xen, const struct dml_guest_host *host, struct dml_err *err);

/* The first refusal, or NULL: whether xl hands the guest to libxl at all. */
const struct dml_guest_problem *dml_guest_refusal(const struct dml_guest *guest);
const char *dml_guest_problem_name(enum dml_guest_problem_id id); /* "NAME_MISSING" */
/* Words of a problem: what is wrong (no full stop), what to do. In the arena; NULL when out of memory. */
const char *dml_guest_message(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a);
const char *dml_guest_hint(const struct dml_guest *guest, const struct dml_guest_problem *p, struct dml_arena *a);

/* Of a doubt: the fact that decides. */
const char *dml_guest_doubt(const struct dml_guest_problem *p);

/* Is the key written, and read by xl of this release into what it stands for? */
static inline _Bool dml_guest_has(const struct dml_guest *guest, enum dml_key_id key)
{
    return guest->by_key[key] && !guest->ignored[key];
}

/* Place of a key's last setting; DML_NO_SPAN if it is not written. */
struct dml_span dml_guest_span(const struct dml_guest *guest, enum dml_key_id key);
/* Place of element `index` of a list key; of the key where it has no such element. */
struct dml_span dml_guest_element(const struct dml_guest *guest, enum dml_key_id key, int32_t index);
/* The parts of one element: returns how many, the first in *first. */
uint32_t dml_guest_parts(const struct dml_guest *guest, enum dml_key_id key, int32_t index,
                         const struct dml_guest_part **first);
/* The part that counts (the last written one) of an element, or NULL. */
const struct dml_guest_part *dml_guest_part(const struct dml_guest *guest, enum dml_key_id key, int32_t index,
                                            enum dml_spec_id spec);
/* What dmargv blames, in the text: element, sub-key, or the key; DML_NO_SPAN where nothing is written. */
struct dml_span dml_guest_blame(const struct dml_guest *guest, const struct dma_blame *blame);

#endif
