/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formatting: the plain conversions by hand, all others by vsnprintf. */
#include "base/format.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* A text that is cut to its room, but counted in full. */
struct text {
    char *to;
    size_t room, len;
};

static void put(struct text *t, const char *p, size_t n)
{
    size_t left = t->len < t->room ? t->room - t->len : 0;
    if (left)
        memcpy(t->to + t->len, p, n < left ? n : left);
    t->len += n;
}

static void put_number(struct text *t, unsigned value, _Bool negative)
{
    char digits[12], *p = digits + sizeof digits;
    do
        *--p = (char)('0' + value % 10);
    while (value /= 10);
    if (negative)
        *--p = '-';
    put(t, p, (size_t)(digits + sizeof digits - p));
}

/* 0 at a conversion that is left to vsnprintf. */
static _Bool format(struct text *t, const char *fmt, va_list ap)
{
    for (;;) {
        const char *percent = strchrnul(fmt, '%'), *s;
        put(t, fmt, (size_t)(percent - fmt));
        if (!*percent)
            return 1;
        fmt = percent + 2;
        int d;
        char c;
        switch (percent[1]) {
        case 's':
            s = va_arg(ap, const char *);
            if (!s)
                return 0;
            put(t, s, strlen(s));
            break;
        case 'd':
            d = va_arg(ap, int);
            put_number(t, d < 0 ? 0u - (unsigned)d : (unsigned)d, d < 0);
            break;
        case 'u':
            put_number(t, va_arg(ap, unsigned), 0);
            break;
        case 'c':
            c = (char)va_arg(ap, int);
            put(t, &c, 1);
            break;
        default:
            return 0;
        }
    }
}

int dml_format(char *to, size_t room, const char *fmt, va_list ap)
{
    struct text t = {to, room, 0};
    va_list again;
    va_copy(again, ap);
    _Bool done = format(&t, fmt, ap) && t.len <= INT_MAX;
    int n = done ? (int)t.len : vsnprintf(to, room, fmt, again);
    va_end(again);
    if (done && room)
        to[t.len < room ? t.len : room - 1] = '\0';
    return n;
}
