/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Error: a failure of the tool (never a problem in a guest file, which is a finding). */
#ifndef DML_BASE_ERR_H
#define DML_BASE_ERR_H

#include <stdarg.h>
#include <stddef.h>

/* What a function that can fail returns: 0, or one of these. */
enum dml_rc {
    DML_OK = 0,
    DML_ENOMEM = -1,
    DML_EIO = -2,       /* a system call failed; the message holds strerror */
    DML_EINVAL = -3,    /* a policy, rule, facts file or argument is invalid */
    DML_ENOENT = -4,    /* what was asked for does not exist */
    DML_ETOOBIG = -5,   /* over a limit */
    DML_EINTERNAL = -6, /* a bug of ours that was caught */
    DML_EUNTRUSTED = -7 /* a file that nobody named, and that others could have written */
};

/* One line without a final newline, "path:line:column: what is wrong; what to do" where there is a place. Untouched on
 * success. */
struct dml_err {
    char msg[1024];
};

/*
 * Writes the message (cut before a character if too long) and returns `rc`: dml_err_set(err, rc, fmt, ...). A NULL err
 * is fine. The macro lets the compiler see which code comes back.
 */
#define dml_err_set(err, rc, ...) dml_err_rc_((dml_err_say_((err), __VA_ARGS__), (rc)))
void dml_err_say_(struct dml_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline int dml_err_rc_(int rc)
{
    return rc;
}
/* For text that vsnprintf cut at the end of its `size` bytes: ends it before a character. */
void dml_end_on_character(char *text, size_t size);
/* "out of memory", in the same words everywhere; returns DML_ENOMEM. */
static inline int dml_err_nomem(struct dml_err *err)
{
    return dml_err_set(err, DML_ENOMEM, "out of memory");
}
/* Puts "context: " before the message that is there, and returns `rc`. */
int dml_err_wrap(struct dml_err *err, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
