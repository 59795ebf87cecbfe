/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subcommands of host that have a file of their own. */
#ifndef DML_CLI_CMD_HOST_H
#define DML_CLI_CMD_HOST_H

#include "cli/cli.h"

enum dml_exit dml_cmd_host_users(const struct dml_args *args);

#endif
