/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content: what the first bytes of an image say it is. */
#ifndef DML_HOST_CONTENT_H
#define DML_HOST_CONTENT_H

#include "host/facts.h"

/* The first row of the facts' files with this path, or NULL. */
const struct dml_host_file *dml_host_file_of(const struct dml_facts *host, const char *path);
/*
 * "raw", "qcow", "qcow2", "qed", "vhd", "vhdx", "vmdk" or "vdi", as the facts say of the path; where the facts are of
 * this machine, as the regular file there begins. NULL: not known. A fixed VHD begins as raw does. Static, or the
 * facts'.
 */
const char *dml_file_content(const struct dml_facts *host, const char *path);
/* The same of bytes: the first `n` of a file. */
const char *dml_content(const unsigned char *bytes, size_t n);

#endif
