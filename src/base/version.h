/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Xen and QEMU versions as numbers that compare in order. */
#ifndef DML_BASE_VERSION_H
#define DML_BASE_VERSION_H

#include <stdint.h>

#include "base/err.h"
#include "base/sv.h"

/* major.minor.point in one number; 0 means unknown. Compare with < and >=. */
typedef uint32_t dml_version;
#define DML_V(major, minor, point) (((uint32_t)(major) << 20) | ((uint32_t)(minor) << 10) | (uint32_t)(point))
#define DML_V_MAJOR(v)             ((v) >> 20)
#define DML_V_MINOR(v)             (((v) >> 10) & 1023)
#define DML_V_POINT(v)             ((v)&1023)
#define DML_V_NEVER                UINT32_MAX
#define DML_QEMU_NEWEST            11 /* the newest line of QEMU that is known: one a year, with three releases */

/*
 * "4.17" (meaning the newest point release of that line), "4.17.5", also with a vendor's suffix ("4.17.5-pre",
 * "4.17.7+13-g24"). DML_EINVAL with a message that names the known releases when it is not one of 4.10 .. the newest
 * known.
 */
int dml_xen_version_parse(struct dml_sv s, dml_version *v, struct dml_err *err);
/* The same of a release that somebody writes, not a host: one beyond the newest of its line is DML_EINVAL. */
int dml_xen_release_parse(struct dml_sv s, dml_version *v, struct dml_err *err);
/* The newest release known, with its newest point release. */
dml_version dml_xen_newest(void);
/* Whether the release is of a line that is known; all point releases of such a line are. */
_Bool dml_xen_known(dml_version v);
/* Known release lines, oldest first: returns how many, and their newest point releases. */
unsigned dml_xen_releases(const dml_version **list);
/* "7.2", "7.2.22", "8.2.7 (Debian ...)": digits up to the third number; missing numbers are 0. DML_EINVAL otherwise. */
int dml_qemu_version_parse(struct dml_sv s, dml_version *v, struct dml_err *err);
/* The same of a release that somebody writes: one that QEMU's numbering does not have is DML_EINVAL. */
int dml_qemu_release_parse(struct dml_sv s, dml_version *v, struct dml_err *err);
/*
 * Has `v` a change that came with the releases `since` (ascending, at most 5, 0 behind the last)? A stable line has it
 * from its point release on; lines after the last one listed have it all.
 */
_Bool dml_version_has(dml_version v, const dml_version since[5]);
/* "4.17.5", or "4.17" with `line`; `text` holds 24 bytes. Returns text. */
char *dml_version_text(dml_version v, _Bool line, char text[24]);

#endif
