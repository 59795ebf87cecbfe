/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* YAML: one document as a tree in which every node knows its place; the schema decides types, never the text. */
#ifndef DML_YAML_YAML_H
#define DML_YAML_YAML_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/sv.h"

enum dml_yaml_kind { DML_YAML_SCALAR, DML_YAML_SEQ, DML_YAML_MAP };

/*
 * A sequence has items v[0] .. v[n - 1]. A mapping has n pairs, keys[i] and v[i]; keys are scalars, each at most once.
 * A scalar has its text, with escapes and folding undone, as UTF-8 (in JSON, \udc80 .. \udcff give back the byte
 * 0x80 .. 0xff as Python's surrogateescape does); text.p is NUL-terminated. Nodes may be shared through aliases.
 */
struct dml_yaml_node {
    enum dml_yaml_kind kind;
    _Bool quoted;          /* a scalar in quotes or a block scalar: never null, number or bool by its look */
    uint32_t line, column; /* from 1; columns in characters */
    uint32_t n;
    uint32_t weight; /* nodes in this one with aliases expanded */
    struct dml_sv text;
    struct dml_yaml_node **keys, **v;
};

/* A parsed document. All of it lives in the arena that was given; `path` is the caller's and must live as long. */
struct dml_yaml {
    const char *path; /* for messages */
    const struct dml_yaml_node *root;
};

enum {
    DML_YAML_DEPTH = 64,          /* deeper nesting is an error */
    DML_YAML_NODES = 4 * 1000000, /* so are more nodes, counting what aliases repeat */
    DML_YAML_ANCHORS = 256,       /* anchors after so many cannot be referred to */
};

/*
 * Parses the one document in `text` (an empty text is a null scalar). DML_EINVAL with "path:line:column: ..." when it
 * is not valid YAML, has a key twice, a key that is not a scalar, a second document, an alias inside its own anchor, or
 * goes over a limit; DML_ENOMEM. JSON is read as YAML, with its \/ and surrogate pairs.
 */
int dml_yaml_parse(struct dml_arena *a, const char *path, struct dml_sv text, struct dml_yaml *y, struct dml_err *err);
/* The same from a file of at most `max` bytes; `text` (may be NULL) gets the bytes read. */
int dml_yaml_load(struct dml_arena *a, const char *path, size_t max, struct dml_yaml *y, struct dml_sv *text,
                  struct dml_err *err);

/* Writes "path:line:column: message" and returns DML_EINVAL. A NULL node means the document as a whole. */
int dml_yaml_err(const struct dml_yaml *y, const struct dml_yaml_node *at, struct dml_err *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* An empty plain scalar, ~ or null; NULL counts too. */
_Bool dml_yaml_is_null(const struct dml_yaml_node *node);
/* Value of a key of a mapping; NULL where there is none or `map` is no mapping. */
const struct dml_yaml_node *dml_yaml_get(const struct dml_yaml_node *map, const char *key);

/*
 * Reads a mapping by a list of key names: out[i] becomes the value of names[i], or NULL where the key is absent or its
 * value null. Not a mapping, or a key that is not in the list (with "did you mean"): DML_EINVAL. `what` names the
 * mapping in messages, such as "a fix".
 */
int dml_yaml_fields(const struct dml_yaml *y, const struct dml_yaml_node *map, const char *what,
                    const char *const *names, size_t n, const struct dml_yaml_node **out, struct dml_err *err);

/* Typed reads of one node; `what` names the value in messages. DML_EINVAL with the place where the type is wrong. */
int dml_yaml_want(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, enum dml_yaml_kind kind,
                  struct dml_err *err);
/* Any scalar; a NUL byte in it is an error, so out->p is a C string. */
int dml_yaml_str(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, struct dml_sv *out,
                 struct dml_err *err);
/* Plain true or false. */
int dml_yaml_bool(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, _Bool *out,
                  struct dml_err *err);
/* A plain decimal, or hexadecimal with 0x, in [min, max]. */
int dml_yaml_int(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, int64_t min, int64_t max,
                 int64_t *out, struct dml_err *err);
/* One of n names: its index, with "did you mean" otherwise. */
int dml_yaml_enum(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what,
                  const char *const *names, size_t n, unsigned *out, struct dml_err *err);
/* A sequence of strings, or one string alone, as an array in the arena. */
int dml_yaml_strs(const struct dml_yaml *y, const struct dml_yaml_node *node, const char *what, struct dml_arena *a,
                  struct dml_sv **out, uint32_t *n, struct dml_err *err);

/* Writes a node as YAML on one line, aliases expanded; reading it back gives the same tree but for the places. */
void dml_yaml_write(const struct dml_yaml_node *node, struct dml_buf *out);

/* The look of a plain scalar: 1 and the number or truth value where it has one. */
_Bool dml_yaml_looks_int(const struct dml_yaml_node *node, int64_t *out);
_Bool dml_yaml_looks_bool(const struct dml_yaml_node *node, _Bool *out);

#endif
