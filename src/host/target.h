/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Target: the Xen release and the QEMU that guests are judged for, and the host as libdmargv wants it. */
#ifndef DML_HOST_TARGET_H
#define DML_HOST_TARGET_H

#include "dmargv/dmargv.h"
#include "host/facts.h"

struct dml_target {
    dml_version xen;             /* the newest known where nothing says which */
    _Bool xen_known;             /* 0: neither facts nor --xen say it, so verdicts are unknown */
    dml_version qemu;            /* 0: unknown */
    dml_version kernel;          /* dom0's; 0: unknown */
    enum dml_tri qemu_restricts; /* is -xen-domid-restrict effective */
    enum dml_tri run_with_chroot, run_with_user;
    struct dml_qemu_build build; /* its version is `qemu` */
};

/*
 * From the facts, overridden by what the options --xen, --qemu (a version, or the name of a build) and --qemu-caps say
 * (NULL where not given). DML_EINVAL with a message for values that are none. `facts` may be NULL.
 */
int dml_target_init(struct dml_target *t, const struct dml_facts *facts, const char *xen, const char *qemu,
                    const char *caps, struct dml_err *err);

/*
 * The host for dma_build; what it points to lives in `a` or in the facts, which must outlive it. Without facts
 * everything is unknown but QEMU's abilities, which come from the target. DML_ENOMEM.
 */
int dml_target_host(struct dma_host *out, const struct dml_target *t, const struct dml_facts *facts,
                    struct dml_arena *a);

/*
 * What a path is, by the facts of dml_target_host or by a look at this machine; DMA_FILE_UNKNOWN where it is taken to
 * be what its name suggests. Not `named`: no guest names it as such (a bridge, a script's folder), so that
 * files_complete says nothing of it.
 */
enum dma_file_type dml_target_file(const struct dma_host *host, const char *path, _Bool named);
/* Is there any path of which that can be said? */
_Bool dml_target_knows_files(const struct dma_host *host);

/* "0000:03:00.0" or "03:00.0". 0 where the text is no such address. */
_Bool dml_pci_address(const char *text, uint32_t *domain, uint8_t *bus, uint8_t *dev, uint8_t *func);

#endif
