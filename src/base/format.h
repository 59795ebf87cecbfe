/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formatting: vsnprintf(3), with a short way for the texts that are made for every guest. */
#ifndef DML_BASE_FORMAT_H
#define DML_BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As vsnprintf. A format with nothing but %s, %d, %u and %c is taken apart here, which costs a third. */
int dml_format(char *to, size_t room, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

#endif
