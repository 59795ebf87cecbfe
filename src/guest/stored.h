/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* stored: guests in the JSON form of libxl_domain_config. The way in is guest/open.h. */
#ifndef DML_GUEST_STORED_H
#define DML_GUEST_STORED_H

#include "guest/open.h"

/*
 * Reads cfg->text as libxl's JSON: `guest`, and keys of `cfg` that its values stand for. What is no such JSON is an
 * error in cfg->errors. DML_ENOMEM, DML_ETOOBIG.
 */
int dml_stored_read(struct dml_guest *guest, struct dml_cfg *cfg, struct dml_arena *a, struct dml_xlu *xlu,
                    dml_version xen, const struct dml_guest_host *host, struct dml_err *err);

#endif
