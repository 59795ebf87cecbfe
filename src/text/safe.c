/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Safe text: what comes from guest files may hold escape sequences, bidirectional marks and bytes of any kind. */
#include "text/safe.h"

#include <string.h>

unsigned dml_utf8(const char *s, size_t n, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned len = p[0] < 0x80             ? 1
                   : (p[0] & 0xe0) == 0xc0 ? 2
                   : (p[0] & 0xf0) == 0xe0 ? 3
                   : (p[0] & 0xf8) == 0xf0 ? 4
                                           : 0;
    if (!len || len > n)
        return 0;
    uint32_t u = len == 1 ? p[0] : p[0] & (0x7fu >> len);
    for (unsigned i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        u = u << 6 | (p[i] & 0x3f);
    }
    if (u < least[len] || u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff))
        return 0;
    *cp = u;
    return len;
}

/* Characters that reorder, hide or break what stands beside them. */
_Bool dml_tricky(uint32_t u)
{
    return u == 0x61c || (u >= 0x200b && u <= 0x200f) || (u >= 0x2028 && u <= 0x202e) || (u >= 0x2060 && u <= 0x206f) ||
           u == 0xfeff || (u >= 0xfff9 && u <= 0xfffb) || (u >= 0xe0000 && u <= 0xe007f);
}

unsigned dml_safe_char(struct dml_buf *out, struct dml_sv text, size_t *i)
{
    uint32_t u;
    size_t before = out->len;
    unsigned len = dml_utf8(text.p + *i, text.len - *i, &u);
    if (!len || u < 0x20 || u == 0x7f) {
        dml_buf_printf(out, "\\x%02x", (unsigned char)text.p[*i]);
        len = 1;
    } else if ((u >= 0x80 && u < 0xa0) || dml_tricky(u)) {
        dml_buf_printf(out, "\\u%04x", (unsigned)u);
    } else {
        dml_buf_add(out, text.p + *i, len);
        *i += len;
        return 1;
    }
    *i += len;
    return (unsigned)(out->len - before);
}

void dml_safe_text(struct dml_buf *out, struct dml_sv text, _Bool tabs)
{
    for (size_t i = 0; i < text.len;) {
        size_t run = i; /* most text is plain */
        while (run < text.len && text.p[run] >= 0x20 && text.p[run] < 0x7f)
            run++;
        dml_buf_add(out, text.p + i, run - i);
        i = run;
        if (i < text.len && text.p[i] == '\t' && tabs)
            dml_buf_char(out, text.p[i++]);
        else if (i < text.len)
            dml_safe_char(out, text, &i);
    }
}
