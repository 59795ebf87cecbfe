/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The guests that run on a host, or were saved there, from files below its root. */
#ifndef DML_HOST_GUESTS_H
#define DML_HOST_GUESTS_H

#include "base/buf.h"
#include "host/facts.h"

/*
 * Fills `running` from the configs that libxl stored (/var/lib/xen/userdata-d.DOMID.UUID.libxl-json; it deletes them
 * when a guest is destroyed) and the command lines of QEMUs in /proc, and `saved_images` from XENDOMAINS_SAVE and
 * /var/lib/xen/save. `f->xendomains` and `f->qemu` must be there already; `root` is "" for this host. A stored config
 * that must be a leftover, because its guest needs a QEMU and none runs for its domid, is left out. DML_ENOMEM.
 */
int dml_collect_guests(struct dml_facts *f, const char *root, struct dml_arena *a, struct dml_buf *notes,
                       struct dml_err *err);

#endif
