/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repair: the host as it would be once what rules with the scope `host` ask for was done, for `if_host_fixed`. */
#ifndef DML_HOST_REPAIR_H
#define DML_HOST_REPAIR_H

#include "host/facts.h"

/*
 * The facts with these repairs: Linux, a kernel that can restrict, a range of uids that meets nothing known and a
 * reaper, no account for single domids or for all guests, an account of its own for each of the `users` that guests
 * name, in no group but its own, no stale chroots, and no subordinate uids over accounts. What is not known stays
 * unknown. Lists that change live in `a`, all else is that of `f`. DML_ENOMEM.
 */
int dml_facts_repair(const struct dml_facts *f, const char *const *users, uint32_t users_n, struct dml_arena *a,
                     struct dml_facts *out);

#endif
