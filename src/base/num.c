/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers from text: strtoll and strtoull on a view that need not end in NUL. */
#include "base/num.h"

#include <errno.h>
#include <stdlib.h>

enum {
    LONGEST = 512
}; /* a longer run of digits is out of range whatever follows; leading blanks and zeros are skipped first */

static enum dml_num parse(struct dml_sv s, int base, _Bool is_signed, int64_t *value, uint64_t *uvalue, size_t *end)
{
    /* An embedded NUL ends the text, as it does for the C library. */
    const char *nul = s.len ? memchr(s.p, '\0', s.len) : NULL;
    size_t len = nul ? (size_t)(nul - s.p) : s.len;
    size_t skip = 0;
    while (skip < len && (s.p[skip] == ' ' || (s.p[skip] >= '\t' && s.p[skip] <= '\r')))
        skip++;
    char text[LONGEST + 1];
    size_t n = len - skip < LONGEST ? len - skip : LONGEST;
    if (n)
        memcpy(text, s.p + skip, n);
    text[n] = '\0';
    char *stop;
    errno = 0;
    if (is_signed)
        *value = strtoll(text, &stop, base);
    else
        *uvalue = strtoull(text, &stop, base);
    size_t used = (size_t)(stop - text);
    if (end)
        *end = used ? skip + used : 0;
    if (!used)
        return DML_NUM_NONE;
    if (errno == ERANGE)
        return DML_NUM_RANGE;
    return skip + used == s.len ? DML_NUM_OK : DML_NUM_TRAILING;
}

enum dml_num dml_num_parse(struct dml_sv s, int base, int64_t *value, size_t *end)
{
    return parse(s, base, 1, value, NULL, end);
}

enum dml_num dml_num_parse_u(struct dml_sv s, int base, uint64_t *value, size_t *end)
{
    return parse(s, base, 0, NULL, value, end);
}

_Bool dml_num_decimal(struct dml_sv s, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;
    if (!s.len)
        return 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return 0;
        unsigned digit = (unsigned)(s.p[i] - '0');
        if (v > max / 10 || v * 10 > max - digit)
            return 0;
        v = v * 10 + digit;
    }
    *value = v;
    return 1;
}
