/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Private to verify/. */
#ifndef DML_VERIFY_VERIFY_I_H
#define DML_VERIFY_VERIFY_I_H

#include "verify/verify.h"

extern const char *const dml_verify_check_status_names[], *const dml_verdict_names[];

/* Is the argument what the pattern says? "@WORD@" and "@WORD:n@" in the pattern stand for one or more bytes of
 * anything. */
_Bool dml_argument_matches(const char *pattern, const char *argument);
/*
 * How argv differs from what was expected, from argument 1 on: lines "-expected" and "+seen"; NULL where it does not.
 * *hotplug: only in what changes while a guest runs (disks, devices, memory, vcpus).
 */
const char *dml_argv_difference(const struct dml_expected *e, const char *const *argv, uint32_t argc,
                                const struct dml_cmdline *said, struct dml_arena *a, _Bool *hotplug);
/* The uid of an account named in -runas; 0 where it cannot be told. */
_Bool dml_verified_account(const struct dml_verified *q, const char *user, uint64_t *uid, uint64_t *gid);

struct dml_verify_check_result dml_verify_check_files(const struct dml_verified *q);
struct dml_verify_check_result dml_verify_check_xen_files(const struct dml_verified *q);
struct dml_verify_check_result dml_verify_check_xenstore(const struct dml_verified *q);
struct dml_verify_check_result dml_verify_check_sockets(const struct dml_verified *q);

#endif
