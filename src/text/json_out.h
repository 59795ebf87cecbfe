/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON out: the one way in which strings get into JSON, so that bytes that are no UTF-8 come back as they were. */
#ifndef DML_TEXT_JSON_OUT_H
#define DML_TEXT_JSON_OUT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/sv.h"

/* A JSON string with its quotes; bytes that are no UTF-8 as \udc80 .. \udcff (Python's surrogateescape). */
void dml_json_text(struct dml_buf *out, struct dml_sv text);
/*
 * Writing objects and lists as they come, without a tree. `key` is NULL in a list and at the top. A comma is put where
 * one is needed: behind anything but an opening bracket, a comma, a colon, a newline or the beginning of the buffer.
 */
void dml_json_open(struct dml_buf *out, const char *key, char bracket); /* '{' or '[' */
void dml_json_close(struct dml_buf *out, char bracket);                 /* '}' or ']' */
void dml_json_put(struct dml_buf *out, const char *key, struct dml_sv text);
void dml_json_put_str(struct dml_buf *out, const char *key, const char *text); /* NULL is null */
/* Of text of anybody's, for readers that take Unicode only (dml_escape_json). */
void dml_json_put_safe(struct dml_buf *out, const char *key, struct dml_sv text);
void dml_json_put_int(struct dml_buf *out, const char *key, int64_t n);
void dml_json_put_true(struct dml_buf *out, const char *key);

struct json_object;
/* The same as a json-c string, for trees that json-c prints. NULL when out of memory. */
struct json_object *dml_json_string(struct dml_sv text);
/* The same of a C string; NULL, which is JSON's null, stays NULL. */
struct json_object *dml_json_str(const char *text);
/* Prints a tree, pretty and with a final newline, and gives it back to json-c. */
void dml_json_print(struct dml_buf *out, struct json_object *o);

#endif
