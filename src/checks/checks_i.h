/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the checks share; private to checks/. */
#ifndef DML_CHECKS_CHECKS_I_H
#define DML_CHECKS_CHECKS_I_H

#include "checks/checks.h"

#define CHECK(name) enum dml_truth dml_check_##name(struct dml_check *c);
#define JUDGE(name)
#include "checks/checks.def"
#undef CHECK
#undef JUDGE

/* Fires with a message made like printf; returns YES. */
enum dml_truth dml_check_fire(struct dml_check *c, struct dml_span span, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Says that `fact` is missing; returns UNKNOWN. */
enum dml_truth dml_check_missing(struct dml_check *c, const char *fact);

/* The element of disk= with this index, and its key, for a finding. */
struct dml_span dml_check_disk_span(struct dml_check *c, uint32_t i);
const char *dml_check_disk_key(struct dml_check *c, uint32_t i);
/* What format= says, as xl spells it; NULL where there is no image. */
const char *dml_check_image_format(const struct dma_disk *d);

/* An HVM guest that asks for restriction, served by a QEMU in dom0: what most checks are about. */
_Bool dml_check_restricted_hvm(const struct dml_check *c);

#endif
