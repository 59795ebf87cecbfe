/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands about rules and policies share: the policy in force here, and text folded for a terminal. */
#ifndef DML_CLI_WORDS_H
#define DML_CLI_WORDS_H

#include "base/buf.h"
#include "cli/cli.h"
#include "policy/policy.h"
#include "text/fold.h"

/* The policy that --policy names, or else the one for files of the current directory; free it with dml_here_free. */
struct dml_here {
    struct dml_policies *all;
    struct dml_policy *policy;
    enum dml_exit code; /* DML_EXIT_USAGE where a policy was found that is not used, which is said */
};
int dml_here_open(struct dml_here *h, const struct dml_args *args, const char *name, struct dml_err *err);
void dml_here_free(struct dml_here *h);

/* "hold, start" */
void dml_tag_words(struct dml_buf *out, uint32_t tags, const char *separator);
/* One rule in one line: id, severity, tags, name, summary. */
void dml_print_rule(struct dml_buf *out, const struct dml_rule *r);
/* Prints a buffer to stdout and frees it; `code`, or DML_EXIT_USAGE when memory ran out. */
enum dml_exit dml_print_buf(struct dml_buf *b, enum dml_exit code);

#endif
