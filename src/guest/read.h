/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of guest/ share; not for other rooms. */
#ifndef DML_GUEST_READ_H
#define DML_GUEST_READ_H

#include "guest/guest.h"

/* A table of words ends with a NULL text. */
struct dml_word {
    const char *text;
    int32_t value;
    uint32_t since; /* minor of the first 4.x release */
};
#define WORDS(table) extern const struct dml_word dml_words_##table[];
#define WORD(text, value, since)
#define END
#include "guest/words.def"
#undef WORDS
#undef WORD
#undef END

/* libxl's enum_from_string: any case. 1 and *value, or 0. */
_Bool dml_word_any_case(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value);
/* strcmp. */
_Bool dml_word_exact(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value);
/* strncmp by the length of the text: any beginning of a word is that word, the first in the table winning. */
_Bool dml_word_begin(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value);

enum dml_xl_change {
#define CHANGE(id, first) DML_XL_##id,
#include "guest/changes.def"
#undef CHANGE
    DML_XL_CHANGES
};

struct dml_reader {
    struct dml_guest *out;
    struct dma_guest *g;
    struct dml_arena *arena;
    struct dml_xlu *xlu;
    const struct dml_guest_host *host;
    dml_version xen;
    uint16_t *keys; /* by entry: its enum dml_key_id, DML_KEY_NONE for one that xl does not read */
    struct dml_err *err;
    int rc;                        /* 0, or the first failure of ours */
    struct dml_guest_problem lost; /* takes what is written to a problem there was no memory for */
};

static inline const struct dml_cfg_entry *dml_read_entry(const struct dml_reader *r, enum dml_key_id key)
{
    return r->out->by_key[key];
}

/* Does the release have a change of changes.def, a word, a sub-key? */
_Bool dml_read_has(const struct dml_reader *r, enum dml_xl_change change);
static inline _Bool dml_word_known(const struct dml_word *w, dml_version xen)
{
    return xen >= DML_V(4, w->since, 0);
}

/* A zeroed array of `n`; sets r->rc and returns NULL when out of memory. */
void *dml_read_alloc(struct dml_reader *r, size_t n, size_t size, size_t align);
#define dml_read_new(r, type, n) ((type *)dml_read_alloc((r), (n), sizeof(type), _Alignof(type)))
/* NUL-terminated copy. */
const char *dml_read_copy(struct dml_reader *r, struct dml_sv s);

/* Notes a problem. `index` -1: the key itself; a NULL value: the key's own text. */
struct dml_guest_problem *dml_read_problem(struct dml_reader *r, enum dml_guest_problem_id id, enum dml_key_id key,
                                           int32_t index, const struct dml_sv *value);
/* The span of a text that may lie in the source; else that of the element or key. */
struct dml_span dml_read_place(const struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv text);

/* xlu_cfg_get_string, _get_long (no bounds): 1 and the value. A value of another kind is noted as ignored. */
_Bool dml_read_text(struct dml_reader *r, enum dml_key_id key, struct dml_sv *text);
_Bool dml_read_number(struct dml_reader *r, enum dml_key_id key, int64_t *number);
/* As above without a note. */
_Bool dml_read_quiet(struct dml_reader *r, enum dml_key_id key, int64_t *number);
/* The list of a key; NULL where there is none, and a note where it is no list. */
const struct dml_cfg_entry *dml_read_list(struct dml_reader *r, enum dml_key_id key);
/* How many elements xl sees that walks a list while elements are texts. Notes where that cuts it. */
uint32_t dml_read_count(struct dml_reader *r, enum dml_key_id key, const struct dml_cfg_entry *e);
void dml_read_texts(struct dml_reader *r, enum dml_key_id key, const struct dml_cfg_entry *e, struct dma_strings *out);

/* Splits at commas as strtok does, and drops blanks before each piece. */
struct dml_tokens {
    struct dml_sv rest;
};
_Bool dml_next_token(struct dml_tokens *t, struct dml_sv *token);
/* strtok for any set of separators, keeping blanks. */
_Bool dml_next_piece(struct dml_sv *rest, const char *separators, struct dml_sv *piece);

/* One NAME=VALUE or WORD within an element. */
struct dml_piece {
    struct dml_sv whole, name, value;
    const struct dml_spec *spec; /* NULL: this release knows no such thing */
    _Bool has_value;
};
/* Takes a token apart, and keeps it as a part of the element. */
struct dml_piece dml_read_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv token);
/* Takes a NAME=VALUE apart as dml_read_pair does, and keeps it. 0, and a note, if it is none. */
_Bool dml_read_pair_piece(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv token,
                          struct dml_piece *piece);
void dml_read_part(struct dml_reader *r, enum dml_key_id key, int32_t index, struct dml_sv name, struct dml_sv value,
                   struct dml_sv whole);

/* Notes that xl refuses, or ignores, a piece. */
void dml_piece_unknown(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p);
void dml_piece_ignored(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p);
/* A piece's value as one of some words, as xl's parse_ulong: noted, and 0, where xl exits on it. */
int32_t dml_piece_word(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p,
                       const struct dml_word *words);
int32_t dml_piece_ulong(struct dml_reader *r, enum dml_key_id key, int32_t index, const struct dml_piece *p);
/* The id of a piece's sub-key; DML_SPEC_COUNT if this release knows none of that name. */
enum dml_spec_id dml_piece_id(const struct dml_piece *p);

/* atoi; strtoul(s, NULL, 0). */
int dml_atoi(struct dml_sv s);
uint64_t dml_strtoul(struct dml_sv s, int base);
/* xl's parse_ulong: base 10, 0 if it exits on it. */
_Bool dml_parse_ulong(struct dml_sv s, uint64_t *value);
/* xl's parse_range. */
_Bool dml_parse_range(struct dml_sv s, uint64_t *a, uint64_t *b);
/* split_string_into_pair(text, '=') with blanks trimmed, as the release does it. 0 if it fails. */
_Bool dml_read_pair(const struct dml_reader *r, struct dml_sv text, struct dml_sv *name, struct dml_sv *value);
/* A UUID as libuuid reads it: 1 and its canonical text. */
_Bool dml_read_uuid(struct dml_reader *r, struct dml_sv s, const char **uuid);

void dml_read_pci(struct dml_reader *r);
void dml_read_rdm(struct dml_reader *r);
void dml_read_llc_colors(struct dml_reader *r);
/* vcpus, maxvcpus and vnuma; then cpus or cpus_soft. */
void dml_read_vcpus(struct dml_reader *r);
void dml_read_cpus(struct dml_reader *r, enum dml_key_id key);
void dml_read_nics(struct dml_reader *r);
void dml_read_displays(struct dml_reader *r, const struct dma_vnc *vnc, const struct dma_sdl *sdl);
/* All other device lists; `vnc` and `sdl` are the top level ones, which a PV guest turns into a vfb. */
void dml_read_devices(struct dml_reader *r, const struct dma_vnc *vnc, const struct dma_sdl *sdl);

#endif
