/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Users: everything that has uids on a host as one list, and the first block that meets none of it. */
#include "host/users.h"

#include <string.h>

enum {
    STEP = 65536,         /* docs/features/qemu-deprivilege.pandoc recommends a multiple of 2^16 */
    REAPER_FIRST = 100,   /* below are the fixed uids of distributions */
    REAPER_LAST = 999,    /* system accounts end here (systemd, Debian, Red Hat) */
    SUB_UID_MIN = 100000, /* login.defs(5) where it is silent */
};
#define SUB_UID_MAX 600100000u
#define BASE_MAX    ((uint64_t)INT32_MAX - DML_DOMID_LAST)

struct planning {
    const struct dml_facts *f; /* NULL: nothing is known */
    struct dml_arena *a;
    DML_VEC(struct dml_users_clash) taken;
};

static int take(struct planning *p, uint64_t first, uint64_t count, _Bool later, const char *what)
{
    struct dml_users_clash *t = count ? dml_vec_add(p->a, &p->taken) : NULL;
    if (t)
        *t = (struct dml_users_clash){{first, first + count - 1}, what, later};
    return (t || !count) && what ? 0 : DML_ENOMEM;
}

static const char *name_or(const char *name, const char *otherwise)
{
    return name && *name ? name : otherwise;
}

/* Our own accounts are no obstacle to themselves. */
static _Bool is_ours(const char *name)
{
    return name && (strcmp(name, DML_RANGE_BASE_USER) == 0);
}

static int take_ranges(struct planning *p, const struct dml_list *list, const char *what)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < list->n; i++) {
        const struct dml_id_range *r = DML_AT(*list, struct dml_id_range, i);
        if (r->start != DML_FACT_UNKNOWN && r->count != DML_FACT_UNKNOWN)
            rc = take(p, r->start, r->count, 0, dml_arena_printf(p->a, "%s %s", what, name_or(r->name, "somebody")));
    }
    return rc;
}

static int take_accounts(struct planning *p)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < p->f->passwd.n; i++) {
        const struct dml_account *account = DML_AT(p->f->passwd, struct dml_account, i);
        if (account->uid != DML_FACT_UNKNOWN && !is_ours(account->name))
            rc = take(p, account->uid, 1, 0, dml_arena_printf(p->a, "the account %s", name_or(account->name, "?")));
    }
    for (uint32_t i = 0; rc == 0 && i < p->f->groups.n; i++) {
        const struct dml_group *g = DML_AT(p->f->groups, struct dml_group, i);
        if (g->gid != DML_FACT_UNKNOWN && !is_ours(g->name))
            rc = take(p, g->gid, 1, 0, dml_arena_printf(p->a, "the group %s", name_or(g->name, "?")));
    }
    for (uint32_t i = 0; rc == 0 && i < p->f->uids_in_use.n; i++) {
        uint64_t uid = *DML_AT(p->f->uids_in_use, uint64_t, i);
        const struct dml_account *ours = dml_account_find(p->f, DML_RANGE_BASE_USER);
        /* What runs in a range that exists are its guests, as far as this can tell. */
        if (!ours || uid < ours->uid || uid - ours->uid > DML_DOMID_LAST)
            rc = take(p, uid, 1, 0, dml_arena_printf(p->a, "a process that runs as uid %llu", (unsigned long long)uid));
    }
    return rc;
}

/* From where to where useradd hands out subordinate uids. */
static int take_subordinate(struct planning *p)
{
    uint64_t first = SUB_UID_MIN, last = SUB_UID_MAX;
    if (p->f && p->f->login_defs.sub_uid_min != DML_FACT_UNKNOWN)
        first = p->f->login_defs.sub_uid_min;
    if (p->f && p->f->login_defs.sub_uid_max != DML_FACT_UNKNOWN)
        last = p->f->login_defs.sub_uid_max;
    return last < first ? 0 : take(p, first, last - first + 1, 1, "what useradd hands out as subordinate uids");
}

static int take_all(struct planning *p)
{
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < dml_reserved_uids_n; i++) {
        const struct dml_reserved *r = &dml_reserved_uids[i];
        rc = take(p, r->uids.first, r->uids.last - r->uids.first + 1, !r->always,
                  dml_arena_printf(p->a, "the range kept for %s", r->what));
    }
    if (rc == 0)
        rc = take_subordinate(p);
    if (rc < 0 || !p->f)
        return rc;
    rc = take_accounts(p);
    if (rc == 0)
        rc = take_ranges(p, &p->f->subuid, "the subordinate uids of");
    if (rc == 0)
        rc = take_ranges(p, &p->f->subgid, "the subordinate gids of");
    return rc < 0 ? rc : take_ranges(p, &p->f->reserved_uids, "what is reserved for");
}

static struct dml_uids block(uint64_t base)
{
    return (struct dml_uids){base, base + DML_DOMID_LAST};
}

static _Bool is_free(const struct planning *p, uint64_t base, _Bool even_later)
{
    if (base > BASE_MAX)
        return 0;
    for (uint32_t i = 0; i < p->taken.n; i++)
        if ((even_later || !p->taken.v[i].later) && dml_uids_meet(block(base), p->taken.v[i].ids))
            return 0;
    return 1;
}

/* Free now and later, if that can be had; a multiple of 2^16, or else right behind something that is taken. */
static uint64_t choose(const struct planning *p)
{
    for (int even_later = 1; even_later >= 0; even_later--) {
        for (uint64_t base = STEP; base <= BASE_MAX; base += STEP)
            if (is_free(p, base, even_later))
                return base;
        for (uint32_t i = 0; i < p->taken.n; i++)
            if (p->taken.v[i].ids.last >= STEP - 1 && is_free(p, p->taken.v[i].ids.last + 1, even_later))
                return p->taken.v[i].ids.last + 1;
    }
    return DML_FACT_UNKNOWN;
}

static int judge(struct planning *p, struct dml_users_plan *out)
{
    if (out->base > BASE_MAX) {
        struct dml_users_clash *c = dml_vec_add(p->a, &out->clashes);
        if (!c)
            return DML_ENOMEM;
        *c = (struct dml_users_clash){
            {(uint64_t)INT32_MAX + 1, UINT32_MAX}, "numbers that programs take for negative", 0};
        out->refused = 1;
    }
    for (uint32_t i = 0; i < p->taken.n; i++) {
        if (!dml_uids_meet(block(out->base), p->taken.v[i].ids))
            continue;
        struct dml_users_clash *c = dml_vec_add(p->a, &out->clashes);
        if (!c)
            return DML_ENOMEM;
        *c = p->taken.v[i];
        out->refused |= !c->later;
    }
    out->instead = out->refused ? choose(p) : DML_FACT_UNKNOWN;
    return 0;
}

/* The reaper kills every process of its uid beside the guest's: nothing else may have it. */
static int plan_reaper(struct planning *p, struct dml_users_plan *out, struct dml_err *err)
{
    const struct dml_account *there = p->f ? dml_account_find(p->f, DML_REAPER_USER) : NULL;
    if (there) {
        out->reaper_exists = 1;
        out->reaper = there->uid;
        if (there->uid == 0)
            out->reaper_wrong = "it is root";
        else if (there->uid >= out->base && there->uid <= out->base + DML_DOMID_LAST)
            out->reaper_wrong = "its uid is in the range of the device models";
        for (uint32_t i = 0; i < p->f->passwd.n; i++) {
            const struct dml_account *other = DML_AT(p->f->passwd, struct dml_account, i);
            if (other->uid == there->uid && other->name && strcmp(other->name, DML_REAPER_USER) != 0)
                out->reaper_wrong = dml_arena_printf(p->a, "%s has the same uid", other->name);
        }
        return 0;
    }
    for (uint64_t uid = REAPER_LAST; uid >= REAPER_FIRST; uid--) {
        _Bool taken = 0;
        for (uint32_t i = 0; i < p->taken.n && !taken; i++) {
            const struct dml_users_clash *t = &p->taken.v[i];
            /* Whole ranges are for system accounts, which this is. */
            taken = t->ids.first == t->ids.last && t->ids.first == uid;
        }
        if (!taken) {
            out->reaper = uid;
            return 0;
        }
    }
    return dml_err_set(err, DML_EINVAL, "no uid from %d to %d is free for " DML_REAPER_USER, REAPER_FIRST, REAPER_LAST);
}

static void say_known(const struct dml_facts *f, struct dml_users_plan *out)
{
    const struct {
        const char *name;
        _Bool known;
    } facts[DML_USERS_LISTS] = {{"passwd", f && f->passwd.known},
                                {"groups", f && f->groups.known},
                                {"subuid", f && f->subuid.known},
                                {"subgid", f && f->subgid.known},
                                {"reserved_uids", f && f->reserved_uids.known},
                                {"uids_in_use", f && f->uids_in_use.known},
                                {"login_defs", f && f->login_defs.sub_uid_min != DML_FACT_UNKNOWN}};
    for (size_t i = 0; i < DML_USERS_LISTS; i++) {
        if (facts[i].known)
            out->checked[out->checked_n++] = facts[i].name;
        else
            out->unknown[out->unknown_n++] = facts[i].name;
    }
    if (f && f->passwd.known && (!f->nss.known || !dml_accounts_enumerable(f)))
        out->unknown[out->unknown_n++] = "accounts of sources that cannot be listed (nss)";
}

int dml_users_plan(const struct dml_facts *facts, uint64_t base, struct dml_arena *a, struct dml_users_plan *out,
                   struct dml_err *err)
{
    struct planning p = {.f = facts, .a = a};
    const struct dml_account *there = facts ? dml_account_find(facts, DML_RANGE_BASE_USER) : NULL;
    *out = (struct dml_users_plan){.base = base, .instead = DML_FACT_UNKNOWN};
    say_known(facts, out);
    if (take_all(&p) < 0)
        return dml_err_nomem(err);
    if (base == DML_FACT_UNKNOWN)
        out->base = there ? there->uid : choose(&p);
    out->base_exists = there && there->uid == out->base;
    if (out->base == DML_FACT_UNKNOWN)
        return dml_err_set(err, DML_EINVAL, "no block of %d uids is free", DML_USERS_UIDS);
    if (judge(&p, out) < 0)
        return dml_err_nomem(err);
    return plan_reaper(&p, out, err);
}
