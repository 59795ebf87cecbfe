/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON with places: json-c says what the values are, a walk over the same text where each of them stands. */
#ifndef DML_TEXT_JSON_H
#define DML_TEXT_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"
#include "text/source.h"

enum dml_json_kind {
    DML_JSON_NULL,
    DML_JSON_BOOL,
    DML_JSON_INT,
    DML_JSON_REAL, /* a number that is no integer of 64 bits: nothing here has a use for its value */
    DML_JSON_STRING,
    DML_JSON_ARRAY,
    DML_JSON_OBJECT
};

struct dml_json {
    uint8_t kind;              /* enum dml_json_kind */
    uint32_t n;                /* members or elements */
    struct dml_span span;      /* of the value */
    struct dml_span name_span; /* of a member's name, with its quotes; else DML_NO_SPAN */
    struct dml_sv name;        /* of a member; NUL-terminated behind its end, as `text` is */
    struct dml_sv text;        /* of a string: decoded, may hold NULs */
    int64_t number;            /* of an integer or a bool */
    const struct dml_json *first, *next;
};

enum dml_json_fault {
    DML_JSON_SOUND = 0,
    DML_JSON_BROKEN, /* no JSON from `at` on */
    DML_JSON_ENDS,   /* it ends too early */
    DML_JSON_DEEP,   /* nested deeper than DML_JSON_DEPTH */
    DML_JSON_TWICE   /* an object has two members of one name */
};
enum { DML_JSON_DEPTH = 32 };

struct dml_json_error {
    enum dml_json_fault fault;
    struct dml_span at;
};

/*
 * Parses `text` (strict JSON, one value, blanks and NULs behind it allowed) into *root, in the arena; spans are in
 * `text`. What is wrong with the text is in *error, and *root is then NULL. DML_ENOMEM, or DML_ETOOBIG for more than
 * 1 GiB.
 */
int dml_json_parse(const struct dml_json **root, struct dml_arena *a, struct dml_sv text, struct dml_json_error *error,
                   struct dml_err *err);

/* The member of that name, or NULL; also for a NULL or another kind of value. */
const struct dml_json *dml_json_get(const struct dml_json *object, const char *name);

#endif
