/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what rules are made of. */
#include "rules/rule.h"

const char *const dml_tag_names[DML_TAG_COUNT] = {
#define TAG_NAME(word) #word,
    DML_TAGS(TAG_NAME)
#undef TAG_NAME
};
const char *const dml_confidence_names[3] = {"ran", "source", "inferred"};
const char *const dml_scope_names[4] = {"guest", "host", "upgrade", "operator"};
const char *const dml_remedy_names[5] = {"own", "accounts", "qemu-xen", "traditional", "hardware"};
const char *const dml_fix_safety_names[4] = {"none", "safe", "unsafe", "manual"};
const char *const dml_expect_argv_names[3] = {"equal", "adds", "changes"};
const char *const dml_fix_op_names[7] = {"set",          "delete", "rename_key", "set_field",
                                         "delete_field", "append", "insert"};
