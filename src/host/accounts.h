/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts of device models: which uids a host gives to QEMU, over every domid, and what they meet. */
#ifndef DML_HOST_ACCOUNTS_H
#define DML_HOST_ACCOUNTS_H

#include "dmargv/dmargv.h"
#include "host/facts.h"

enum { DML_DOMID_FIRST = 1, DML_DOMID_LAST = DMA_DOMID_MAX };

#define DML_RANGE_BASE_USER "xen-qemuuser-range-base"
#define DML_SHARED_USER     "xen-qemuuser-shared"
#define DML_REAPER_USER     "xen-qemuuser-reaper"
#define DML_DOMID_USER      "xen-qemuuser-domid" /* followed by the domid; Xen 4.10 and 4.11 */

/* A block of uids, both ends included. */
struct dml_uids {
    uint64_t first, last;
};

/*
 * The accounts that libxl looks at by itself, found once per host and release. Mirrors libxl_dm.c
 * (libxl__domain_get_device_model_uid and its 4.10/4.11 forerunner). Pointers are into the facts; NULL: the list has no
 * such account, which means that there is none only where `complete`.
 */
struct dml_accounts {
    _Bool known;    /* there is a list at all */
    _Bool complete; /* what is not listed does not exist */
    const struct dml_account *base, *shared, *reaper;
    struct dml_uids range; /* base + 1 .. base + DML_DOMID_LAST, where there is a base; may reach past 2^32 - 1 */
    /* 4.10 and 4.11: accounts by domid, in the order of the list */
    const struct dml_account **by_domid;
    uint32_t by_domid_n;
};

/* Is `uid` that of a guest with domid account N? Sets *domid. Only names as libxl makes them count (no leading zeros).
 */
_Bool dml_domid_account(const struct dml_account *account, uint32_t *domid);
/* Fills *out; its list lives in `a`. DML_ENOMEM. `xen` decides whether accounts by domid count. */
int dml_accounts_init(struct dml_accounts *out, const struct dml_facts *f, dml_version xen, struct dml_arena *a);
/* The account of that name; NULL where the list has none. */
const struct dml_account *dml_account_find(const struct dml_facts *f, const char *name);
/* Can libxl tell which accounts do not exist (every NSS source can be listed)? */
_Bool dml_accounts_enumerable(const struct dml_facts *f);

/* Uids that are spoken for on every Linux host. */
struct dml_reserved {
    struct dml_uids uids;
    const char *what;
    _Bool always; /* 0: only where that software is in use */
};
extern const struct dml_reserved dml_reserved_uids[];
extern const unsigned dml_reserved_uids_n;

static inline _Bool dml_uids_meet(struct dml_uids a, struct dml_uids b)
{
    return a.first <= b.last && b.first <= a.last;
}

#endif
