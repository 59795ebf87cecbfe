/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts of device models: look-up by libxl's names, and the table of reserved uids. */
#include "host/accounts.h"

#include <string.h>

#include "base/num.h"

/* systemd docs/UIDS-GIDS.md, login.defs(5) and the documents of the software named. */
const struct dml_reserved dml_reserved_uids[] = {
    {{0, 0}, "root", 1},
    {{1, 999}, "system accounts", 1},
    {{1000, 60000}, "ordinary users", 1},
    {{60001, 60513}, "systemd-homed", 1},
    {{60514, 60577}, "users mapped into containers by systemd", 1},
    {{61184, 65519}, "services with DynamicUser=", 1},
    {{65534, 65535}, "nobody, and the 16-bit \"no uid\"", 1},
    {{200000, 2000200000}, "SSSD's id mapping", 0},
    {{524288, 1879048191}, "containers of systemd-nspawn", 0},
    {{1000000, 1000999999}, "containers of LXD and Incus", 0},
    {{2147352576, 2147418111}, "foreign uids of systemd", 1},
    {{4294967295, 4294967295}, "\"no uid\"", 1},
};
const unsigned dml_reserved_uids_n = sizeof dml_reserved_uids / sizeof dml_reserved_uids[0];

const struct dml_account *dml_account_find(const struct dml_facts *f, const char *name)
{
    for (uint32_t i = 0; i < f->passwd.n; i++) {
        const struct dml_account *account = DML_AT(f->passwd, struct dml_account, i);
        if (account->name && account->uid != DML_FACT_UNKNOWN && strcmp(account->name, name) == 0)
            return account;
    }
    return NULL;
}

_Bool dml_accounts_enumerable(const struct dml_facts *f)
{
    for (uint32_t i = 0; i < f->nss.n; i++) {
        const char *source = *DML_AT(f->nss, const char *, i);
        if (strcmp(source, "files") != 0 && strcmp(source, "systemd") != 0)
            return 0;
    }
    return 1;
}

_Bool dml_domid_account(const struct dml_account *account, uint32_t *domid)
{
    static const struct dml_sv stem = {DML_DOMID_USER, sizeof DML_DOMID_USER - 1};
    struct dml_sv name = dml_sv_of(account->name);
    uint64_t n;
    if (!name.p || !dml_sv_starts(name, stem))
        return 0;
    struct dml_sv number = {name.p + stem.len, name.len - stem.len};
    if (!number.len || number.p[0] == '0' || !dml_num_decimal(number, DML_DOMID_LAST, &n))
        return 0;
    *domid = (uint32_t)n;
    return account->uid != DML_FACT_UNKNOWN;
}

int dml_accounts_init(struct dml_accounts *out, const struct dml_facts *f, dml_version xen, struct dml_arena *a)
{
    *out = (struct dml_accounts){.known = f->passwd.known};
    out->complete = out->known && dml_accounts_enumerable(f);
    out->base = dml_account_find(f, DML_RANGE_BASE_USER);
    out->shared = dml_account_find(f, DML_SHARED_USER);
    out->reaper = dml_account_find(f, DML_REAPER_USER);
    if (out->base)
        out->range = (struct dml_uids){out->base->uid + DML_DOMID_FIRST, out->base->uid + DML_DOMID_LAST};
    if (xen >= DML_V(4, 12, 0) || !f->passwd.n)
        return 0;
    out->by_domid = dml_new_n(a, const struct dml_account *, f->passwd.n);
    if (!out->by_domid)
        return DML_ENOMEM;
    uint32_t domid;
    for (uint32_t i = 0; i < f->passwd.n; i++)
        if (dml_domid_account(DML_AT(f->passwd, struct dml_account, i), &domid))
            out->by_domid[out->by_domid_n++] = DML_AT(f->passwd, struct dml_account, i);
    return 0;
}
