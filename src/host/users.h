/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: which uids to give to the accounts of device models, so that they meet nothing that is known of the host. */
#ifndef DML_HOST_USERS_H
#define DML_HOST_USERS_H

#include "host/accounts.h"

enum {
    DML_USERS_UIDS = DML_DOMID_LAST + 1, /* the base itself, and one for each domid */
    DML_USERS_LISTS = 7                  /* facts that say which uids are taken */
};

/* Something that has uids (or gids), as far as it meets the planned ones. */
struct dml_users_clash {
    struct dml_uids ids;
    const char *what; /* "the account alice", "the subordinate uids of build" */
    _Bool later;      /* not in use now: others may be given these ids one day */
};

struct dml_users_plan {
    _Bool base_exists, reaper_exists; /* kept as they are: nothing to create */
    uint64_t base, reaper;
    /* Against the base as it is or as it was asked for; empty for one that was chosen freely, except for `later` ones
     * where no range is free of them. */
    DML_VEC(struct dml_users_clash) clashes;
    _Bool refused; /* a clash that is not `later`: the base must not be used */
    /* Where an existing or wanted base is refused: one that would do. DML_FACT_UNKNOWN: there is none. */
    uint64_t instead;
    const char *reaper_wrong; /* what is wrong with an existing reaper, or NULL */
    /* Facts that were looked at, and those that are not known, as dmlint-facts(5) names them. */
    const char *checked[DML_USERS_LISTS], *unknown[DML_USERS_LISTS + 1];
    uint8_t checked_n, unknown_n;
};

/*
 * Plans the accounts for a host (NULL: nothing is known of it). `base` is the one asked for, DML_FACT_UNKNOWN: choose,
 * 65536 where it is free. A range that exists already is kept where nothing speaks against it. Strings live in `a` and
 * in the facts. DML_ENOMEM; DML_EINVAL with a message where there is no free range or uid.
 */
int dml_users_plan(const struct dml_facts *facts, uint64_t base, struct dml_arena *a, struct dml_users_plan *out,
                   struct dml_err *err);

#endif
