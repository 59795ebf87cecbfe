/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shell: text that is printed for somebody to paste into a shell. */
#ifndef DML_TEXT_SHELL_H
#define DML_TEXT_SHELL_H

#include "base/buf.h"

/* As one word of a POSIX shell. */
void dml_shell_word(struct dml_buf *out, const char *s);

#endif
