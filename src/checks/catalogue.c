/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The catalogue against which rules are read: selectors from facts/, checks from checks.def. */
#include "checks/checks.h"
#include "facts/select.h"
#include "rules/rule.h"

const struct dml_catalogue dml_catalogue = {dml_select_resolve, dml_select_nearest, dml_check_find, NULL};
