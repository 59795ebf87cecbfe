/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands on their way: weak, so that the file of a command takes over when it lands. This file goes when all have. */
#include "cli/cli.h"

#define PENDING(function)                                                                                              \
    __attribute__((weak)) enum dml_exit function(const struct dml_args *args)                                          \
    {                                                                                                                  \
        return dml_cli_fail(DML_EXIT_USAGE, "%s is not built yet", args->command->name);                               \
    }
PENDING(dml_cmd_check)
PENDING(dml_cmd_rules)
PENDING(dml_cmd_explain)
PENDING(dml_cmd_policy)
