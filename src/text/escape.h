/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Escape: text of anybody's as a value in the languages of reports. What none of them takes, control characters, bytes
 * that are no UTF-8 and characters that turn text around, is shown as dml_safe_text shows it (\x1b, \u202e).
 */
#ifndef DML_TEXT_ESCAPE_H
#define DML_TEXT_ESCAPE_H

#include "base/buf.h"
#include "base/sv.h"

/* XML and HTML, as content and in quoted attributes. Newlines and tabs stay. */
void dml_escape_xml(struct dml_buf *out, struct dml_sv text);
/* A workflow command of GitHub: the message behind ::, and the value of a property before it. */
void dml_escape_github(struct dml_buf *out, struct dml_sv text);
void dml_escape_github_property(struct dml_buf *out, struct dml_sv text);
/* A field of CSV, in quotes. What a spreadsheet would take for a formula gets an apostrophe before it. */
void dml_escape_csv(struct dml_buf *out, struct dml_sv text);
/* Markdown within a line that says the text and nothing else, also in a table; newlines become blanks. */
void dml_escape_markdown(struct dml_buf *out, struct dml_sv text);
/* The same as a code span in a table. */
void dml_escape_markdown_code(struct dml_buf *out, struct dml_sv text);
/* The description of a test in TAP. */
void dml_escape_tap(struct dml_buf *out, struct dml_sv text);
/* A path as part of a URI: all bytes but unreserved ones and the slash as %XX. */
void dml_escape_uri(struct dml_buf *out, struct dml_sv path);
/* A JSON string for readers that take Unicode only, with its quotes; newlines and tabs stay. */
void dml_escape_json(struct dml_buf *out, struct dml_sv text);
/* Is it UTF-8 throughout, without NULs? */
_Bool dml_is_utf8(struct dml_sv text);

#endif
