/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Repair: facts with what is wrong with the host put right. */
#include "host/repair.h"

#include <string.h>

#include "host/users.h"

enum { SYSTEM_FIRST = 100, SYSTEM_LAST = 999 };
#define GOOD_KERNEL "6.1.0"

struct repairing {
    struct dml_facts *f;
    const char *const *users;
    uint32_t users_n;
    struct dml_arena *a;
};

static _Bool is_user(const struct repairing *r, const char *name)
{
    for (uint32_t i = 0; name && i < r->users_n; i++)
        if (strcmp(r->users[i], name) == 0)
            return 1;
    return 0;
}

static const char *const own_accounts[] = {DML_RANGE_BASE_USER, DML_SHARED_USER, DML_REAPER_USER};

/* Accounts that libxl looks for by itself, and that are made anew. */
static _Bool is_libxls(const struct dml_account *account)
{
    uint32_t domid;
    for (size_t i = 0; account->name && i < sizeof own_accounts / sizeof own_accounts[0]; i++)
        if (strcmp(account->name, own_accounts[i]) == 0)
            return 1;
    return account->name && dml_domid_account(account, &domid);
}

/* Is the number free as a uid and as a gid? */
static _Bool is_free(const struct dml_facts *f, uint64_t id)
{
    for (uint32_t i = 0; i < f->passwd.n; i++) {
        const struct dml_account *account = DML_AT(f->passwd, struct dml_account, i);
        if (account->uid == id || account->gid == id)
            return 0;
    }
    for (uint32_t i = 0; i < f->groups.n; i++)
        if (DML_AT(f->groups, struct dml_group, i)->gid == id)
            return 0;
    return 1;
}

static void add(struct dml_facts *f, const char *name, uint64_t id)
{
    *DML_AT(f->passwd, struct dml_account, f->passwd.n) = (struct dml_account){name, id, id};
    f->passwd.n++;
}

/* An account with uid and gid of its own; there is room for it. */
static void add_own(struct dml_facts *f, const char *name)
{
    uint64_t id = SYSTEM_LAST;
    while (id > SYSTEM_FIRST && !is_free(f, id))
        id--;
    add(f, name, id);
}

static int repair_accounts(struct repairing *r)
{
    struct dml_facts *f = r->f;
    struct dml_users_plan plan;
    struct dml_list old = f->passwd;
    if (!old.known)
        return 0;
    f->passwd.v = dml_new_n(r->a, struct dml_account, old.n + r->users_n + 2);
    if (!f->passwd.v)
        return DML_ENOMEM;
    f->passwd.n = 0;
    for (uint32_t i = 0; i < old.n; i++) {
        const struct dml_account *account = DML_AT(old, struct dml_account, i);
        if (!is_libxls(account) && !is_user(r, account->name))
            *DML_AT(f->passwd, struct dml_account, f->passwd.n++) = *account;
    }
    for (uint32_t i = 0; i < r->users_n; i++)
        add_own(f, r->users[i]);
    int rc = dml_users_plan(f, DML_FACT_UNKNOWN, r->a, &plan, NULL);
    if (rc == 0) {
        add(f, DML_RANGE_BASE_USER, plan.base);
        add(f, DML_REAPER_USER, plan.reaper);
    }
    return rc == DML_ENOMEM ? rc : 0; /* no range is free: nothing repairs that */
}

static int repair_groups(struct repairing *r)
{
    struct dml_list old = r->f->groups;
    struct dml_group *v = dml_new_n(r->a, struct dml_group, old.n + 1);
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < old.n; i++) {
        const struct dml_list members = DML_AT(old, struct dml_group, i)->members;
        v[i] = *DML_AT(old, struct dml_group, i);
        v[i].members.v = dml_new_n(r->a, const char *, members.n + 1);
        v[i].members.n = 0;
        if (!v[i].members.v)
            return DML_ENOMEM;
        for (uint32_t k = 0; k < members.n; k++)
            if (!is_user(r, *DML_AT(members, const char *, k)))
                *DML_AT(v[i].members, const char *, v[i].members.n++) = *DML_AT(members, const char *, k);
    }
    r->f->groups.v = v;
    return 0;
}

/* Nobody keeps subordinate uids that are some account's. */
static int repair_subordinate(struct repairing *r)
{
    struct dml_list old = r->f->subuid;
    struct dml_id_range *v = dml_new_n(r->a, struct dml_id_range, old.n + 1);
    uint32_t n = 0;
    if (!v)
        return DML_ENOMEM;
    for (uint32_t i = 0; i < old.n; i++) {
        const struct dml_id_range *range = DML_AT(old, struct dml_id_range, i);
        _Bool meets = 0;
        for (uint32_t k = 0; k < r->f->passwd.n; k++) {
            uint64_t uid = DML_AT(r->f->passwd, struct dml_account, k)->uid;
            meets |= range->start != DML_FACT_UNKNOWN && range->count != DML_FACT_UNKNOWN && uid >= range->start &&
                     uid - range->start < range->count;
        }
        if (!meets)
            v[n++] = *range;
    }
    r->f->subuid.v = v;
    r->f->subuid.n = n;
    return 0;
}

int dml_facts_repair(const struct dml_facts *f, const char *const *users, uint32_t users_n, struct dml_arena *a,
                     struct dml_facts *out)
{
    struct repairing r = {out, users, users_n, a};
    *out = *f;
    out->os = f->os ? "linux" : NULL;
    out->kernel_release = f->kernel_release ? GOOD_KERNEL : NULL;
    out->stale_chroots.n = 0;
    int rc = repair_accounts(&r);
    if (rc == 0)
        rc = repair_groups(&r);
    return rc < 0 ? rc : repair_subordinate(&r);
}
