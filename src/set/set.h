/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Set: guests against each other, over the small part of each that this needs. What meets or differs is told as
 * clashes, which the judge makes findings and blockers of when it judges that guest's text again.
 */
#ifndef DML_SET_SET_H
#define DML_SET_SET_H

#include "facts/subject.h"

enum dml_set_kind {
#define SET(id, rule, one_host, key, message) DML_SET_##id,
#include "set/set.def"
#undef SET
    DML_SET_KEYS,                   /* how many kinds of keys there are */
    DML_SET_DIFFERS = DML_SET_KEYS, /* a stored config, and the file of its guest */
    DML_SET_GONE,                   /* a guest that runs, and no file of it */
    DML_SET_KINDS
};
/* The id of the rule that fires where guests meet. */
const char *dml_set_rule(enum dml_set_kind kind);

/* Something that no other guest may have; the hash is over the value, its kind and the form of the config. */
struct dml_set_key {
    uint64_t hash;
    uint32_t element; /* of the list that it stands in */
    uint8_t kind;     /* enum dml_set_kind */
    _Bool writes;     /* a disk that the guest writes to */
};

/* One guest, as much of it as comparing takes. Some 60 bytes, and 16 for each key. */
struct dml_member {
    const struct dml_set_key *keys;
    uint32_t keys_n;
    uint8_t form;         /* enum dml_form: a guest and what is stored of it share an account, and may */
    uint8_t device_model; /* enum dma_dm_version */
    _Bool there;          /* 0: nothing was read; it meets nobody */
    _Bool requested;      /* dm_restrict is in force */
    uint64_t name;        /* digests; 0: none */
    uint64_t user, argv;  /* only with `digests` */
};

/*
 * Fills the member from a subject; keys live in `a`. `digests`: stored configs may be among the guests, so that argv
 * and account are digested, too (of addresses that libxl makes up only that they are there). DML_ENOMEM.
 */
int dml_member_read(struct dml_member *m, struct dml_subject *s, _Bool digests, struct dml_arena *a);
/* Does the member have that key? */
_Bool dml_member_has(const struct dml_member *m, const struct dml_set_key *key);

/* What of a guest is other in its file: bits of `differs`. */
enum { DML_DIFFERS_REQUEST = 1, DML_DIFFERS_USER = 2, DML_DIFFERS_DEVICE_MODEL = 4, DML_DIFFERS_ARGV = 8 };

struct dml_clash {
    uint32_t file, other;   /* numbers of the two; other is `file` itself for DML_SET_GONE */
    struct dml_set_key key; /* its kind is the clash's */
    uint8_t differs;        /* of DML_SET_DIFFERS */
};

/* Clashes by file, then kind and element; both guests of a pair have one. */
struct dml_clashes {
    DML_VEC(struct dml_clash) v;
    uint8_t *running; /* by file: enum dml_tri of dm_restrict of a guest that a stored config says to run; or NULL */
};

/*
 * Compares members[0 .. n), by file number. Linear in what they have but for what meets. The result lives in `a`.
 * `one_host`: the guests are known to be of one host. DML_ENOMEM.
 */
int dml_set_compare(const struct dml_member *members, uint32_t n, _Bool one_host, struct dml_arena *a,
                    struct dml_clashes *out);
/* The clashes of one file: how many, the first in *first. */
uint32_t dml_clashes_of(const struct dml_clashes *c, uint32_t file, const struct dml_clash **first);

/* Where a clash is in the text of its guest, and what is said of it there; `paths` are those of all files. */
struct dml_span dml_clash_span(const struct dml_clash *c, struct dml_subject *s);
const char *dml_clash_key(const struct dml_clash *c, struct dml_arena *a);
const char *dml_clash_message(const struct dml_clash *c, struct dml_subject *s, const char *const *paths,
                              struct dml_arena *a);

#endif
