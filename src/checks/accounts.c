/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accounts and uids: what the device model of a restricted guest can run as, over every domid it can get. */
#include <string.h>

#include "checks/checks_i.h"

typedef unsigned long long ull; /* for printf */

/* The accounts in question for one guest. */
struct who {
    const struct dml_facts *host;
    const struct dml_accounts *accounts;
    const char *user;                /* device_model_user, or NULL: libxl chooses */
    const struct dml_account *named; /* its account, where the list has it */
    struct dml_span span;
    const char *key; /* which key the finding is about */
    _Bool by_domid;  /* the release looks for accounts by domid */
};

/* Whether there is anything to check: a restricted guest. Without a list of accounts, `missing` is said. */
static _Bool asks(struct dml_check *c, struct who *w)
{
    const struct dml_world *world = c->s->world;
    const char *user = c->s->guest.g.device_model_user;
    *w = (struct who){.host = world->host, .accounts = &world->accounts, .user = user};
    if (!dml_check_restricted_hvm(c))
        return 0;
    w->key = user ? "device_model_user" : "dm_restrict";
    w->span = dml_subject_key_span(c->s, w->key);
    w->by_domid = world->target.xen < DML_V(4, 12, 0);
    if (user && w->host)
        w->named = dml_account_find(w->host, user);
    return 1;
}

static enum dml_truth not_listed(struct dml_check *c, const struct who *w)
{
    return dml_check_missing(c, w->accounts->known ? "nss" : "passwd");
}

static const struct dml_account *domid_account(const struct dml_accounts *accounts, uint32_t domid)
{
    uint32_t n;
    for (uint32_t i = 0; i < accounts->by_domid_n; i++)
        if (dml_domid_account(accounts->by_domid[i], &n) && n == domid)
            return accounts->by_domid[i];
    return NULL;
}

/* The first domid without an account of its own; 0 where all have one. */
static uint32_t first_without_account(const struct who *w)
{
    uint32_t domid = DML_DOMID_FIRST;
    while (domid <= DML_DOMID_LAST && w->by_domid && domid_account(w->accounts, domid))
        domid++;
    return domid <= DML_DOMID_LAST ? domid : 0;
}

enum dml_truth dml_check_account_missing(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w))
        return DML_NO;
    if (w.user) {
        if (w.named || (w.by_domid && strcmp(w.user, "root") == 0))
            return DML_NO;
        if (!w.accounts->complete)
            return not_listed(c, &w);
        return dml_check_fire(c, w.span, w.key, "the host has no account %s; create it, or delete device_model_user",
                              w.user);
    }
    uint32_t domid = first_without_account(&w);
    if (!domid || w.accounts->base || w.accounts->shared)
        return DML_NO;
    if (!w.accounts->complete)
        return not_listed(c, &w);
    if (w.accounts->by_domid_n)
        return dml_check_fire(c, w.span, w.key,
                              "the host has accounts for %u domids, none for domid %u and others that the guest can "
                              "get, and neither " DML_RANGE_BASE_USER " nor " DML_SHARED_USER,
                              w.accounts->by_domid_n, domid);
    return dml_check_fire(c, w.span, w.key,
                          "the host has neither " DML_RANGE_BASE_USER " nor " DML_SHARED_USER
                          ": libxl refuses to start a restricted guest");
}

enum dml_truth dml_check_account_is_root(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w))
        return DML_NO;
    if (w.user) {
        if (strcmp(w.user, "root") == 0 || (w.named && w.named->uid == 0))
            return dml_check_fire(c, w.span, w.key,
                                  w.by_domid ? "device_model_user \"%s\" is root: QEMU keeps uid 0"
                                             : "device_model_user \"%s\" is root: libxl refuses it",
                                  w.user);
        return DML_NO;
    }
    for (uint32_t i = 0; i < w.accounts->by_domid_n; i++)
        if (w.accounts->by_domid[i]->uid == 0)
            return dml_check_fire(c, w.span, w.key, "the account %s has uid 0: QEMU stays root",
                                  w.accounts->by_domid[i]->name);
    if (!w.accounts->base && w.accounts->shared && w.accounts->shared->uid == 0)
        return dml_check_fire(c, w.span, w.key, "the account " DML_SHARED_USER " has uid 0");
    return DML_NO;
}

enum dml_truth dml_check_shared_account(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w) || w.user || w.accounts->base || !first_without_account(&w))
        return DML_NO;
    if (w.accounts->shared)
        return dml_check_fire(c, w.span, w.key,
                              "QEMU of every restricted guest runs as " DML_SHARED_USER
                              " (uid %llu) here: create " DML_RANGE_BASE_USER,
                              (ull)w.accounts->shared->uid);
    return w.accounts->complete ? DML_NO : not_listed(c, &w);
}

enum dml_truth dml_check_user_is_xens(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w) || !w.user)
        return DML_NO;
    const struct dml_account *taken[] = {w.accounts->reaper, w.accounts->base, w.accounts->shared};
    static const char *const names[] = {DML_REAPER_USER, DML_RANGE_BASE_USER, DML_SHARED_USER};
    for (int i = 0; i < 3; i++)
        if (strcmp(w.user, names[i]) == 0 || (w.named && taken[i] && w.named->uid == taken[i]->uid))
            return dml_check_fire(c, w.span, w.key,
                                  "device_model_user \"%s\" has the uid of %s, which libxl uses for other guests too",
                                  w.user, names[i]);
    for (uint32_t i = 0; w.named && i < w.accounts->by_domid_n; i++)
        if (w.accounts->by_domid[i]->uid == w.named->uid)
            return dml_check_fire(c, w.span, w.key,
                                  "device_model_user \"%s\" has the uid of %s, which the guest with that domid gets",
                                  w.user, w.accounts->by_domid[i]->name);
    return DML_NO;
}

enum dml_truth dml_check_user_is_login(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w) || !w.user)
        return DML_NO;
    if (!w.named)
        return w.accounts->complete ? DML_NO : not_listed(c, &w); /* missing altogether is another rule */
    uint64_t first = 1000, last = 60000;
    if (w.host->login_defs.uid_min != DML_FACT_UNKNOWN)
        first = w.host->login_defs.uid_min;
    if (w.host->login_defs.uid_max != DML_FACT_UNKNOWN)
        last = w.host->login_defs.uid_max;
    if (w.named->uid >= first && w.named->uid <= last)
        return dml_check_fire(c, w.span, w.key,
                              "device_model_user \"%s\" (uid %llu) is an ordinary user: destroying the guest kills all "
                              "processes of that user",
                              w.user, (ull)w.named->uid);
    for (unsigned i = 0; i < dml_reserved_uids_n; i++) {
        const struct dml_reserved *r = &dml_reserved_uids[i];
        if (r->always && w.named->uid > last && w.named->uid >= r->uids.first && w.named->uid <= r->uids.last)
            return dml_check_fire(c, w.span, w.key, "device_model_user \"%s\" (uid %llu) is in a range kept for %s",
                                  w.user, (ull)w.named->uid, r->what);
    }
    return DML_NO;
}

/* ---- the range ---- */

/* Whether guests of this kind take their uid from the range; says what is missing to know. */
static enum dml_truth uses_range(struct dml_check *c, struct who *w)
{
    if (!asks(c, w) || w->user || !first_without_account(w))
        return DML_NO;
    if (w->accounts->base)
        return DML_YES;
    return w->accounts->complete ? DML_NO : not_listed(c, w);
}

static struct dml_uids block(const struct dml_id_range *r)
{
    return (struct dml_uids){r->start, r->count ? r->start + r->count - 1 : r->start};
}

enum dml_truth dml_check_range_meets_passwd(struct dml_check *c)
{
    struct who w;
    enum dml_truth uses = uses_range(c, &w);
    if (uses != DML_YES)
        return uses;
    for (uint32_t i = 0; i < w.host->passwd.n; i++) {
        const struct dml_account *account = DML_AT(w.host->passwd, struct dml_account, i);
        if (account->uid == DML_FACT_UNKNOWN || account->uid < w.accounts->range.first ||
            account->uid > w.accounts->range.last)
            continue;
        uint32_t domid = (uint32_t)(account->uid - w.accounts->base->uid);
        if (w.by_domid && domid_account(w.accounts, domid))
            continue; /* that guest takes its own account */
        return dml_check_fire(
            c, w.span, w.key,
            "the account %s has uid %llu, which the guest with domid %u would get: libxl refuses to start it",
            account->name, (ull)account->uid, domid);
    }
    return w.accounts->complete ? DML_NO : not_listed(c, &w);
}

enum dml_truth dml_check_range_meets_subuid(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w))
        return DML_NO;
    struct dml_uids uids;
    if (w.named)
        uids = (struct dml_uids){w.named->uid, w.named->uid};
    else {
        enum dml_truth uses = uses_range(c, &w);
        if (uses != DML_YES)
            return uses;
        uids = w.accounts->range;
    }
    if (!w.host->subuid.known)
        return dml_check_missing(c, "subuid");
    for (uint32_t i = 0; i < w.host->subuid.n; i++) {
        const struct dml_id_range *r = DML_AT(w.host->subuid, struct dml_id_range, i);
        if (r->start != DML_FACT_UNKNOWN && r->count != DML_FACT_UNKNOWN && r->count && dml_uids_meet(uids, block(r)))
            return dml_check_fire(
                c, w.span, w.key,
                "device models of this host get uids %llu to %llu, and %s has the subordinate uids %llu to %llu",
                (ull)uids.first, (ull)uids.last, r->name ? r->name : "somebody", (ull)r->start, (ull)block(r).last);
    }
    return DML_NO;
}

static enum dml_truth meets(struct dml_check *c, _Bool always)
{
    struct who w;
    enum dml_truth uses = uses_range(c, &w);
    if (uses != DML_YES)
        return uses;
    for (unsigned i = 0; i < dml_reserved_uids_n; i++) {
        const struct dml_reserved *r = &dml_reserved_uids[i];
        if (r->always == always && dml_uids_meet(w.accounts->range, r->uids))
            return dml_check_fire(c, w.span, w.key,
                                  "device models of this host get uids %llu to %llu; %llu to %llu are kept for %s",
                                  (ull)w.accounts->range.first, (ull)w.accounts->range.last, (ull)r->uids.first,
                                  (ull)r->uids.last, r->what);
    }
    for (uint32_t i = 0; always && i < w.host->reserved_uids.n; i++) {
        const struct dml_id_range *r = DML_AT(w.host->reserved_uids, struct dml_id_range, i);
        if (r->start != DML_FACT_UNKNOWN && r->count != DML_FACT_UNKNOWN && r->count &&
            dml_uids_meet(w.accounts->range, block(r)))
            return dml_check_fire(c, w.span, w.key,
                                  "device models of this host get uids %llu to %llu; %llu to %llu are kept for %s",
                                  (ull)w.accounts->range.first, (ull)w.accounts->range.last, (ull)r->start,
                                  (ull)block(r).last, r->name ? r->name : "something else");
    }
    return DML_NO;
}

enum dml_truth dml_check_range_meets_reserved(struct dml_check *c)
{
    return meets(c, 1);
}

enum dml_truth dml_check_range_meets_containers(struct dml_check *c)
{
    return meets(c, 0);
}

enum dml_truth dml_check_range_wraps(struct dml_check *c)
{
    struct who w;
    enum dml_truth uses = uses_range(c, &w);
    if (uses != DML_YES)
        return uses;
    if (w.accounts->range.last > UINT32_MAX - 1)
        return dml_check_fire(c, w.span, w.key,
                              DML_RANGE_BASE_USER
                              " is uid %llu: from domid %llu on the uid wraps around to that of root and the system",
                              (ull)w.accounts->base->uid, (ull)(UINT32_MAX - w.accounts->base->uid));
    if (w.accounts->range.last > INT32_MAX)
        return dml_check_fire(
            c, w.span, w.key,
            "device models of this host get uids up to %llu; above 2147483647 programs take them for negative numbers",
            (ull)w.accounts->range.last);
    return DML_NO;
}

/* ---- around the accounts ---- */

enum { NOGROUP = 65534 };

/* Does the gid belong to others, too? Says to whom in *to. */
static _Bool others_have(const struct dml_facts *host, const struct dml_account *own, const char **to)
{
    uint64_t gid = own->gid;
    if (gid == 0 || gid == NOGROUP) {
        *to = gid ? "nogroup, which other services have too" : "root's group";
        return 1;
    }
    for (uint32_t i = 0; i < host->groups.n; i++) {
        const struct dml_group *g = DML_AT(host->groups, struct dml_group, i);
        if (g->gid == gid && g->members.n) {
            *to = g->name;
            return 1;
        }
    }
    for (uint32_t i = 0; i < host->passwd.n; i++) {
        const struct dml_account *account = DML_AT(host->passwd, struct dml_account, i);
        if (account->gid == gid && strncmp(account->name, "xen-qemuuser-", 13) != 0 && account->uid != own->uid) {
            *to = account->name;
            return 1;
        }
    }
    return 0;
}

enum dml_truth dml_check_group_of_others(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w))
        return DML_NO;
    const struct dml_account *account = w.user ? w.named : w.accounts->base ? w.accounts->base : w.accounts->shared;
    const char *to;
    if (!account)
        return w.accounts->complete ? DML_NO : not_listed(c, &w);
    if (account->gid == DML_FACT_UNKNOWN)
        return dml_check_missing(c, "passwd");
    if (others_have(w.host, account, &to))
        return dml_check_fire(c, w.span, w.key, "QEMU would run with the group of %s, gid %llu: %s", account->name,
                              (ull)account->gid, to);
    for (uint32_t i = 0; !w.user && i < w.accounts->by_domid_n; i++)
        if (w.accounts->by_domid[i]->gid == 0)
            return dml_check_fire(c, w.span, w.key, "QEMU would run with the group of %s, gid 0",
                                  w.accounts->by_domid[i]->name);
    return DML_NO;
}

enum dml_truth dml_check_no_reaper(struct dml_check *c)
{
    struct who w;
    if (!asks(c, &w) || w.by_domid || w.accounts->reaper || w.accounts->base)
        return DML_NO;
    if (!w.user && w.accounts->shared) /* the shared account is not killed by uid */
        return DML_NO;
    if (!w.accounts->complete)
        return not_listed(c, &w);
    return w.named ? dml_check_fire(c, w.span, w.key,
                                    "there is neither " DML_REAPER_USER " nor " DML_RANGE_BASE_USER
                                    ": libxl kills this guest's QEMU as uid %llu itself",
                                    (ull)w.named->uid)
                   : DML_NO;
}

enum dml_truth dml_check_uid_in_use(struct dml_check *c)
{
    struct who w;
    enum dml_truth uses = uses_range(c, &w);
    if (uses != DML_YES)
        return uses;
    for (uint32_t i = 0; i < w.host->uids_in_use.n; i++) {
        uint64_t uid = *DML_AT(w.host->uids_in_use, uint64_t, i);
        if (uid < w.accounts->range.first || uid > w.accounts->range.last)
            continue;
        if (!w.host->running.known)
            return dml_check_missing(c, "running");
        _Bool of_guest = 0;
        for (uint32_t k = 0; k < w.host->running.n && !of_guest; k++)
            of_guest = DML_AT(w.host->running, struct dml_running, k)->domid == uid - w.accounts->base->uid ||
                       DML_AT(w.host->running, struct dml_running, k)->uid == uid;
        if (!of_guest)
            return dml_check_fire(
                c, w.span, w.key,
                "a process runs as uid %llu, which the guest with domid %llu would get, and no such guest runs",
                (ull)uid, (ull)(uid - w.accounts->base->uid));
    }
    return DML_NO;
}

enum dml_truth dml_check_uid_of_running(struct dml_check *c)
{
    struct who w;
    const char *name = c->s->guest.g.name;
    if (!asks(c, &w) || c->s->form.form != DML_FORM_CFG || !w.host)
        return DML_NO;
    const struct dml_account *account = w.user ? w.named : w.accounts->base ? NULL : w.accounts->shared;
    for (uint32_t i = 0; account && i < w.host->running.n; i++) {
        const struct dml_running *r = DML_AT(w.host->running, struct dml_running, i);
        const struct dml_account *theirs =
            r->device_model_user && *r->device_model_user ? dml_account_find(w.host, r->device_model_user) : NULL;
        uint64_t uid = r->uid != DML_FACT_UNKNOWN ? r->uid : theirs ? theirs->uid : DML_FACT_UNKNOWN;
        if (uid != account->uid || r->qemu == DML_TRI_NO || (name && r->name && strcmp(name, r->name) == 0))
            continue;
        return dml_check_fire(
            c, w.span, w.key,
            "the QEMU of %s (domid %llu), which runs now, has uid %llu, that of %s: the two can attack "
            "each other, and destroying one guest kills the QEMU of both",
            r->name ? r->name : "another guest", (ull)r->domid, (ull)uid, account->name);
    }
    return DML_NO;
}

/* ---- supplementary groups ---- */

/* Groups whose members can take over the host or its guests. */
static const char *const powerful_groups[] = {"root", "disk",     "kvm",    "adm",  "docker", "libvirt",
                                              "xen",  "libvirtd", "shadow", "sudo", "wheel",  "lxd"};

/* A powerful group that the account is a member of, or NULL. */
static const char *powerful_group(const struct dml_facts *host, const char *user)
{
    for (uint32_t i = 0; i < host->groups.n; i++) {
        const struct dml_group *g = DML_AT(host->groups, struct dml_group, i);
        _Bool powerful = 0;
        for (size_t k = 0; g->name && k < sizeof powerful_groups / sizeof powerful_groups[0]; k++)
            powerful |= strcmp(g->name, powerful_groups[k]) == 0;
        for (uint32_t m = 0; powerful && m < g->members.n; m++)
            if (strcmp(*DML_AT(g->members, const char *, m), user) == 0)
                return g->name;
    }
    return NULL;
}

static enum dml_truth fire_groups(struct dml_check *c, const char *why)
{
    const struct dml_facts *host = c->s->world->host;
    const char *user = c->s->guest.g.device_model_user;
    if (!host || !host->groups.known)
        return dml_check_missing(c, "groups");
    const char *group = powerful_group(host, user);
    return group ? dml_check_fire(c, dml_subject_key_span(c->s, "device_model_user"), "device_model_user",
                                  "%s is a member of %s, and QEMU keeps that group: %s", user, group, why)
                 : DML_NO;
}

enum dml_truth dml_check_groups_kept_restricted(struct dml_check *c)
{
    const char *user = c->s->guest.g.device_model_user;
    if (!user || strcmp(user, "root") == 0 || !dml_check_restricted_hvm(c))
        return DML_NO;
    return fire_groups(c, "before Xen 4.12 there is no chroot that hides /etc/group from it");
}

enum dml_truth dml_check_groups_kept(struct dml_check *c)
{
    const struct dma_guest *g = &c->s->guest.g;
    if (!g->device_model_user || g->type != DMA_HVM || dml_subject_restricted(c->s))
        return DML_NO;
    return fire_groups(c, "without dm_restrict it is not even chrooted");
}
