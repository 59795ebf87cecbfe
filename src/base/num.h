/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers from text: the only place that calls strtol and its kin. */
#ifndef DML_BASE_NUM_H
#define DML_BASE_NUM_H

#include <stdint.h>

#include "base/sv.h"

/* How a C library's strtol(3) took a text. */
enum dml_num {
    DML_NUM_OK,       /* all of it is the number */
    DML_NUM_NONE,     /* no digit at all */
    DML_NUM_TRAILING, /* a number with something after it; `value` holds the number */
    DML_NUM_RANGE     /* out of range; `value` is clamped as strtol clamps */
};

/* strtoll(s, &end, base) of 64 bits on `s`, with its blanks, signs, 0x and leading-zero rules. `end` (may be NULL):
 * bytes read. */
enum dml_num dml_num_parse(struct dml_sv s, int base, int64_t *value, size_t *end);
/* strtoull, likewise; a minus sign wraps as there. */
enum dml_num dml_num_parse_u(struct dml_sv s, int base, uint64_t *value, size_t *end);
/* Plain decimal digits only, all of `s`, at most `max`: 1 and *value, or 0. For our own formats. */
_Bool dml_num_decimal(struct dml_sv s, uint64_t max, uint64_t *value);

#endif
