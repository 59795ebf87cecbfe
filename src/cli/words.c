/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the commands about rules and policies share. */
#include "cli/words.h"

#include <string.h>

#include "cli/common.h"

int dml_here_open(struct dml_here *h, const struct dml_args *args, const char *name, struct dml_err *err)
{
    *h = (struct dml_here){0};
    if (!name)
        name = dml_common_policy(args);
    if (name)
        return dml_policy_load(&h->policy, name, &dml_builtin_rules, &dml_catalogue, err);
    int rc = dml_policies_new(&h->all, &dml_builtin_rules, &dml_catalogue, err);
    if (rc == 0)
        rc = dml_policies_for(h->all, "guest.cfg", &h->policy, err);
    const char *said;
    for (uint32_t i = 0; h->all && (said = dml_policies_refused(h->all, i)); i++)
        h->code = dml_cli_fail(DML_EXIT_USAGE, "%s", said);
    return rc;
}

void dml_here_free(struct dml_here *h)
{
    if (h->all)
        dml_policies_free(h->all); /* the policy is one of them */
    else
        dml_policy_free(h->policy);
}

void dml_tag_words(struct dml_buf *out, uint32_t tags, const char *separator)
{
    const char *between = "";
    for (unsigned i = 0; i < DML_TAG_COUNT; i++) {
        if (!(tags >> i & 1))
            continue;
        dml_buf_printf(out, "%s%s", between, dml_tag_names[i]);
        between = separator;
    }
}

void dml_print_rule(struct dml_buf *out, const struct dml_rule *r)
{
    size_t start;
    dml_buf_printf(out, "%s  %-7s  ", r->id, dml_severity_names[r->severity]);
    start = out->len;
    dml_tag_words(out, r->tags, ",");
    dml_buf_printf(out, "%*s  %-28s  %s\n", (int)(out->len - start < 16 ? 16 - (out->len - start) : 0), "", r->name,
                   r->summary);
}

enum dml_exit dml_print_buf(struct dml_buf *b, enum dml_exit code)
{
    if (b->failed)
        code = dml_cli_fail(DML_EXIT_USAGE, "out of memory");
    else if (b->p)
        fwrite(b->p, 1, b->len, stdout);
    dml_buf_dispose(b);
    return code;
}
