/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What verify and its self-test share. */
#ifndef DML_CLI_VERIFY_H
#define DML_CLI_VERIFY_H

#include "cli/cli.h"

/* Verifies the QEMUs that `which` names ("7", "domid:7", "pid:123"), all where n is 0, and prints the report. */
enum dml_exit dml_verify_print(const struct dml_args *args, const char *const *which, uint32_t n);
/* dmlint verify --self-test */
enum dml_exit dml_self_test(const struct dml_args *args);

#endif
