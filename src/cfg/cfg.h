/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cfg: an xl.cfg file as a lossless tree, accepted and rejected exactly as libxlutil does.
 *
 * Mirrors libxlu_cfg_l.l, libxlu_cfg_y.y and libxlu_cfg.c (tools/libxl up to 4.14, tools/libs/util after). There are
 * two grammars in 4.10 .. 4.22: `+=` came with 4.13, all else is the same in every release.
 *
 * Everything lives in the caller's arena and points into the caller's text: both must outlive the tree. A tree does not
 * change once it is parsed and may be read from several threads.
 */
#ifndef DML_CFG_CFG_H
#define DML_CFG_CFG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"
#include "base/version.h"
#include "text/source.h"

enum dml_cfg_kind {
    DML_CFG_STRING, /* 'quoted' or "quoted" */
    DML_CFG_NUMBER, /* digits and the letters a-f and x; to xl the same as a string */
    DML_CFG_LIST
};

/* A string, a number or a list. */
struct dml_cfg_value {
    uint8_t kind;         /* enum dml_cfg_kind */
    struct dml_span span; /* with its quotes or brackets; DML_NO_SPAN for what `+=` put together */
    uint32_t n;           /* bytes of text, or elements */
    union {
        const char *text; /* escapes decoded; not NUL-terminated; never holds a NUL in a file without errors */
        const struct dml_cfg_value *items; /* n elements side by side */
    } u;
};

static inline _Bool dml_cfg_is_list(const struct dml_cfg_value *v)
{
    return v->kind == DML_CFG_LIST;
}

/* The decoded text of a string or number; empty for a list. */
static inline struct dml_sv dml_cfg_text(const struct dml_cfg_value *v)
{
    return dml_cfg_is_list(v) ? (struct dml_sv){"", 0} : (struct dml_sv){v->u.text, v->n};
}

/* One assignment as written. */
struct dml_cfg_setting {
    struct dml_span key, op;
    struct dml_cfg_value value;
    uint32_t entry; /* index in entries: its key */
    uint32_t prev;  /* index of the setting of the same key before it, or DML_CFG_NONE */
    uint32_t item;  /* index in items */
    _Bool adds;     /* the operator is += */
};
#define DML_CFG_NONE UINT32_MAX

enum dml_cfg_item_kind {
    DML_CFG_BLANK,      /* nothing but blanks and a line end or `;` */
    DML_CFG_COMMENT,    /* a line with nothing but a comment */
    DML_CFG_ASSIGNMENT, /* from its indentation up to and with its line end or `;`, a comment behind it included */
    DML_CFG_BROKEN,     /* what the parser skipped after an error */
    DML_CFG_IGNORED     /* a stray last byte that xl's lexer drops without a word, such as the `-` in "a=1-" */
};

/* The items of a file lie side by side and cover every byte of it. */
struct dml_cfg_item {
    uint8_t kind; /* enum dml_cfg_item_kind */
    struct dml_span span;
    uint32_t setting; /* of an assignment: index in settings */
};

/* A comment, wherever it is: lists may hold some. The span begins at `#` and ends before the line end. */
struct dml_cfg_comment {
    struct dml_span span;
    uint32_t item; /* index in items; alone on its line if that is a DML_CFG_COMMENT */
};

/* What a key means in the end: the last `=` and all `+=` after it, put together. */
struct dml_cfg_entry {
    struct dml_sv name;
    uint32_t hash;              /* dml_cfg_hash(name) */
    uint32_t last;              /* index of its last setting */
    uint32_t count;             /* how many settings it has */
    _Bool added;                /* the last operator is `+=`: xl then refuses to read it as a number */
    struct dml_cfg_value value; /* elements and text of all parts; elements keep their own spans */
};

enum dml_cfg_error_class {
#define E(id, summary, hint) DML_CFG_E_##id,
#include "cfg/errors.def"
#undef E
    DML_CFG_E_COUNT
};

/* One reason why xl refuses the file. */
struct dml_cfg_error {
    uint8_t class; /* enum dml_cfg_error_class */
    struct dml_span span;
    uint32_t count; /* how often, where one error stands for many (CRLF, lines of Python) */
};

struct dml_cfg {
    struct dml_sv text;
    dml_version xen; /* whose grammar was used */
    DML_VEC(struct dml_cfg_item) items;
    DML_VEC(struct dml_cfg_setting) settings;
    DML_VEC(struct dml_cfg_comment) comments; /* by offset */
    DML_VEC(struct dml_cfg_error) errors;     /* by offset; xl accepts the file exactly if there is none */
    DML_VEC(struct dml_cfg_entry) entries;    /* one per key, by first appearance */
    uint32_t *slots;                          /* hash table of entries, index + 1 */
    uint32_t slot_mask;
};

/*
 * Parses `text` as `xen` does (DML_V of a release; only below 4.13 or not matters). Errors of the text are in
 * cfg->errors; the parser goes on after each, so that settings and entries hold what is readable. DML_ENOMEM, or
 * DML_ETOOBIG for more than 2 GiB - 1.
 */
int dml_cfg_parse(struct dml_cfg *cfg, struct dml_arena *a, struct dml_sv text, dml_version xen, struct dml_err *err);

/*
 * For what is no xl.cfg but is judged like one: puts a key into a zeroed tree (`text` set), where it is not there yet;
 * `place` is where it stands, `value` has its own span; there are no items then. And an error. The key must live as
 * long as the tree. DML_ENOMEM; DML_ETOOBIG for more than 512 keys.
 */
int dml_cfg_put(struct dml_cfg *cfg, struct dml_arena *a, struct dml_sv key, struct dml_span place,
                const struct dml_cfg_value *value);
int dml_cfg_fault(struct dml_cfg *cfg, struct dml_arena *a, uint8_t error, struct dml_span place);

/* Writes the tree back: byte for byte what was parsed. */
void dml_cfg_print(const struct dml_cfg *cfg, struct dml_buf *out);

/* The entry of a key, or NULL. Constant time. */
const struct dml_cfg_entry *dml_cfg_find(const struct dml_cfg *cfg, struct dml_sv key);
uint32_t dml_cfg_hash(struct dml_sv key);

/* The setting in which the entry's value begins: its last `=`, or its first `+=` where there is no `=`. */
const struct dml_cfg_setting *dml_cfg_first_part(const struct dml_cfg *cfg, const struct dml_cfg_entry *e);
/* The span of the entry's last setting, from key to the end of the value; of its key; of its value. */
struct dml_span dml_cfg_entry_span(const struct dml_cfg *cfg, const struct dml_cfg_entry *e);
struct dml_span dml_cfg_entry_key(const struct dml_cfg *cfg, const struct dml_cfg_entry *e);
struct dml_span dml_cfg_entry_value(const struct dml_cfg *cfg, const struct dml_cfg_entry *e);

/* What xlu_cfg_get_bounded_long says to a value. Anything but OK leaves xl's default in place. */
enum dml_cfg_num {
    DML_CFG_NUM_OK,
    DML_CFG_NUM_LIST,    /* a list, but should be a single value */
    DML_CFG_NUM_ADDED,   /* written with += */
    DML_CFG_NUM_INVALID, /* not a number, or something follows it */
    DML_CFG_NUM_RANGE,   /* outside of 64 bits */
    DML_CFG_NUM_LOW,     /* below min */
    DML_CFG_NUM_HIGH     /* above max */
};
enum dml_cfg_num dml_cfg_long(const struct dml_cfg_entry *e, int64_t min, int64_t max, int64_t *value);

/* The words of an error: what is wrong (ends without a full stop), and what to do. */
const char *dml_cfg_error_name(enum dml_cfg_error_class c); /* "crlf" */
/* Is there something in the text that a template engine or a script was to replace? *span is the first such thing. */
_Bool dml_cfg_find_placeholder(struct dml_sv text, struct dml_span *span);
const char *dml_cfg_error_hint(enum dml_cfg_error_class c);
/* The message, with the text it speaks of put in; in the arena, NULL when out of memory. */
const char *dml_cfg_error_message(const struct dml_cfg *cfg, const struct dml_cfg_error *e, struct dml_arena *a);

#endif
