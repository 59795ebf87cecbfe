/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* None: files that have a guest's name and are none. */
#ifndef DML_GUEST_NONE_H
#define DML_GUEST_NONE_H

#include "cfg/cfg.h"

enum dml_no_guest {
    DML_GUEST_PERHAPS, /* nothing speaks against it */
    DML_GUEST_DENIED,  /* a comment `# dmlint: not-a-guest` says that it is none */
    DML_GUEST_FOREIGN  /* it does not parse, and no key of xl stands in it, nor one that is nearly such */
};

/* What of the two a text is, by its tree (that of a text of another form has no items, and is perhaps a guest). */
enum dml_no_guest dml_guest_none(const struct dml_cfg *cfg);

/* Does a text of any form ask for dm_restrict, as far as it can be read? What cannot be told does. DML_ENOMEM. */
int dml_guest_asks(struct dml_sv text, struct dml_arena *a, _Bool *asks);
_Bool dml_guest_tree_asks(const struct dml_cfg *cfg);

#endif
