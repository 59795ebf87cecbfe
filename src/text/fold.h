/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fold: prose in lines of a width, and colours for those who see them. */
#ifndef DML_TEXT_FOLD_H
#define DML_TEXT_FOLD_H

#include "base/buf.h"

enum { DML_FOLD = 78 }; /* columns of prose where nothing else is known */

/* Adds text folded at `width` columns, each line behind `indent`; lines that begin with a blank stay as they are. A
 * word that is longer than a line is not broken. */
void dml_fold(struct dml_buf *out, const char *text, const char *indent, size_t width);

/* Select graphic rendition, as "1;31"; nothing where `on` is not set. "0" ends it. */
void dml_sgr(struct dml_buf *out, _Bool on, const char *sgr);
/* A word in a colour, filled up with blanks to `width` columns. */
void dml_painted(struct dml_buf *out, _Bool on, const char *sgr, const char *word, size_t width);

#endif
