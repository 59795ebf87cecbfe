/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several commands take from the command line in the same way. */
#ifndef DML_CLI_COMMON_H
#define DML_CLI_COMMON_H

#include "cli/cli.h"
#include "host/facts.h"
#include "host/target.h"
#include "rules/rule.h"

enum { DML_MAX_BYTES = 1024 * 1024 }; /* default of --max-bytes */

/*
 * Host facts as --host says: a file, this host or none. *facts lives in the arguments' arena and is NULL for none.
 * `file` (may be NULL) is where a relative name is taken from. DML_EINVAL, DML_EIO with a message.
 */
int dml_common_facts(const struct dml_args *args, const struct dml_facts **facts, struct dml_err *err);
/* The policy that --policy names, the built-in one with --isolated, or NULL: discovered. */
const char *dml_common_policy(const struct dml_args *args);
/* The target as facts, --xen, --qemu and --qemu-caps say. */
int dml_common_target(const struct dml_args *args, const struct dml_facts *facts, struct dml_target *target,
                      struct dml_err *err);
/* --max-bytes, or its default. */
int dml_common_max_bytes(const struct dml_args *args, size_t *max, struct dml_err *err);
/* A number of an option in [min, max]; `value` stays as it is where the option was not given. */
int dml_common_number(const struct dml_args *args, enum dml_option_id option, uint64_t min, uint64_t max,
                      uint64_t *value, struct dml_err *err);
/* --jobs; "auto" and nothing are the processors of this machine. */
int dml_common_jobs(const struct dml_args *args, unsigned *jobs, struct dml_err *err);
/* --today, or the present day, UTC, as YYYY-MM-DD in the arguments' arena. */
int dml_common_today(const struct dml_args *args, const char **today, struct dml_err *err);
/* One of the names of an option: *value stays as it is where it was not given. Names end with NULL. */
int dml_common_word(const struct dml_args *args, enum dml_option_id option, const char *const *names, unsigned *value,
                    struct dml_err *err);
/* Which rules --select and --ignore leave: one truth per rule. A word that means no rule is an error. */
int dml_common_selected(const struct dml_args *args, const struct dml_rules *rules, const _Bool **selected,
                        struct dml_err *err);

/* Shuts this process in for what the options ask for (sandbox/sandbox.h); -v says how. DML_ENOMEM with a message. */
int dml_common_sandbox(const struct dml_args *args, const char *const *dirs, uint32_t n, struct dml_err *err);
/* The same where these files are to be made, and the directories above them. */
int dml_common_sandbox_for(const struct dml_args *args, const char *const *files, uint32_t n, struct dml_err *err);

/* Writes text of guests to standard output: as it is, or made harmless line by line where that is a terminal. */
void dml_print_text(struct dml_sv text);

/* Writes it to stderr, behind what standard output has so far, and disposes of it. */
void dml_common_say(struct dml_buf *text);
/* Columns of the terminal that a descriptor is; 0 where it is none. */
unsigned dml_common_width(int fd);
/* --color: are there colours on this descriptor? DML_EINVAL with a message. */
int dml_common_color(const struct dml_args *args, int fd, _Bool *on, struct dml_err *err);
/* How a command names the same host: " --host facts.json", for a shell; "" where --host was not given. */
const char *dml_common_host_option(const struct dml_args *args);

#endif
