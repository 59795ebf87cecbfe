/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subcommands of host that have a file of their own. */
#ifndef DML_CLI_CMD_HOST_H
#define DML_CLI_CMD_HOST_H

#include "base/buf.h"
#include "cli/cli.h"
#include "host/facts.h"

/* Collects as --root and --redact say. DML_ENOENT where --root is no root directory; what stays unknown is in `notes`.
 */
int dml_host_collect(const struct dml_args *args, struct dml_facts *facts, struct dml_buf *notes, struct dml_err *err);
enum dml_exit dml_cmd_host_check(const struct dml_args *args);

enum dml_exit dml_cmd_host_users(const struct dml_args *args);

#endif
