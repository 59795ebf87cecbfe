/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Under which account QEMU runs: libxl__domain_get_device_model_uid (libxl_dm.c) and its two predecessors. */
#include "dmargv/walk.h"

#define RANGE_BASE "xen-qemuuser-range-base"
#define SHARED     "xen-qemuuser-shared"
#define PER_DOMID  "xen-qemuuser-domid"

enum answer { IS_ABSENT, IS_THERE, IS_UNKNOWN };

static enum answer absent_or_unknown(const struct walk *w)
{
    return w->h.accounts_known == DMA_LIST_COMPLETE ? IS_ABSENT : IS_UNKNOWN;
}

static enum answer by_name(const struct walk *w, const char *name, const struct dma_account **account)
{
    for (uint32_t i = 0; i < w->h.accounts.n; i++) {
        *account = &w->h.accounts.v[i];
        if (strcmp((*account)->name, name) == 0)
            return IS_THERE;
    }
    return absent_or_unknown(w);
}

static enum answer by_uid(const struct walk *w, uint32_t uid, const struct dma_account **account)
{
    for (uint32_t i = 0; i < w->h.accounts.n; i++) {
        *account = &w->h.accounts.v[i];
        if ((*account)->uid == uid)
            return IS_THERE;
    }
    return absent_or_unknown(w);
}

static void run_as(struct walk *w, const char *runas, const char *kill_uid)
{
    w->result->process.runas = runas;
    w->result->process.kill_uid = kill_uid;
}

static void unknown_account(struct walk *w, const char *name)
{
    dma_note(w, DMA_NOTE_ACCOUNT_UNKNOWN, DMA_FIELD_DM_RESTRICT, -1,
             "whether the account %s exists is not known; libxl refuses or chooses by it", name);
}

static void unknown_user(struct walk *w)
{
    run_as(w, "@RUNAS@", NULL);
    if (w->g.type != DMA_HVM) {
        unknown_account(w, RANGE_BASE);
        return;
    }
    dma_note(w, DMA_NOTE_PLACEHOLDER_RUNAS, DMA_FIELD_DM_RESTRICT, -1,
             "@RUNAS@ stands for the account, which depends on the host's accounts");
}

static void not_restricted(struct walk *w)
{
    dma_note(w, DMA_NOTE_STAYS_ROOT, DMA_FIELD_DM_RESTRICT, -1, "dm_restrict is off: QEMU stays root");
}

/* The uid that the range gives this domid. False: refused, or the range's account is not there (*found is then false).
 */
static bool from_range(struct walk *w, bool *found)
{
    const struct dma_account *base, *clash;
    enum answer answer = by_name(w, RANGE_BASE, &base);
    uint32_t uid;

    *found = answer != IS_ABSENT;
    if (answer == IS_UNKNOWN) {
        unknown_user(w);
        return true;
    }
    if (answer == IS_ABSENT)
        return false;
    uid = base->uid + w->domid;
    switch (by_uid(w, uid, &clash)) {
    case IS_THERE:
        dma_refuse(w, DMA_REFUSAL_UID_TAKEN, DMA_FIELD_DM_RESTRICT,
                   "the uid %u (" RANGE_BASE " plus domid %u) belongs to the account %s", uid, w->domid, clash->name);
        return false;
    case IS_UNKNOWN:
        dma_note(w, DMA_NOTE_ACCOUNT_UNKNOWN, DMA_FIELD_DM_RESTRICT, -1,
                 "whether the uid %u belongs to another account is not known; libxl refuses if it does", uid);
        break;
    case IS_ABSENT:
        break;
    }
    run_as(w, dma_text(w, "%u:%u", uid, base->gid), dma_text(w, "%u", uid));
    return true;
}

static void shared_account(struct walk *w)
{
    run_as(w, SHARED, NULL);
    dma_note(w, DMA_NOTE_SHARED_ACCOUNT, DMA_FIELD_DM_RESTRICT, -1,
             "there is no " RANGE_BASE ": every restricted guest runs as " SHARED);
}

static void no_account(struct walk *w)
{
    dma_refuse(w, DMA_REFUSAL_NO_RESTRICT_USER, DMA_FIELD_DM_RESTRICT,
               "dm_restrict is set, but the host has no account for it (" RANGE_BASE " or " SHARED ")");
}

static void refuse_root(struct walk *w, enum dma_field field, const char *name)
{
    dma_refuse(w, DMA_REFUSAL_USER_IS_ROOT, field, "QEMU is to run as %s, whose uid is 0", name);
}

/* From 4.12, for every guest type, before QEMU's arguments are made. */
void dma_step_user_by_range(struct walk *w, uint32_t i)
{
    const struct dma_account *account;
    const char *user = w->g.device_model_user;
    bool found;

    (void)i;
    if (user) {
        switch (by_name(w, user, &account)) {
        case IS_ABSENT:
            dma_refuse(w, DMA_REFUSAL_USER_MISSING, DMA_FIELD_DEVICE_MODEL_USER,
                       "the account %s, under which QEMU is to run, does not exist", user);
            break;
        case IS_UNKNOWN:
            run_as(w, user, NULL);
            unknown_account(w, user);
            break;
        case IS_THERE:
            if (account->uid == 0)
                refuse_root(w, DMA_FIELD_DEVICE_MODEL_USER, user);
            run_as(w, user, dma_text(w, "%u", account->uid));
        }
        return;
    }
    if (!dma_yes(w->g.dm_restrict)) {
        not_restricted(w);
        return;
    }
    if (from_range(w, &found)) {
        const char *uid = w->result->process.kill_uid;

        if (uid && strcmp(uid, "0") == 0)
            refuse_root(w, DMA_FIELD_DM_RESTRICT, RANGE_BASE);
        return;
    }
    if (found)
        return;
    switch (by_name(w, SHARED, &account)) {
    case IS_ABSENT:
        no_account(w);
        break;
    case IS_UNKNOWN:
        unknown_user(w);
        break;
    case IS_THERE:
        shared_account(w);
        if (account->uid == 0)
            refuse_root(w, DMA_FIELD_DM_RESTRICT, SHARED);
    }
}

/* 4.10 and 4.11, HVM only, last of all arguments: device_model_user is not looked up, and an account per domid counts.
 */
void dma_step_user_by_domid(struct walk *w, uint32_t i)
{
    const struct dma_account *account;
    const char *user = w->g.device_model_user, *per_domid;
    bool found;

    (void)i;
    if (user) {
        /* libxl compares the name: root gets no -runas, whatever other names uid 0 has. */
        if (strcmp(user, "root") != 0)
            run_as(w, user, NULL);
        return;
    }
    if (!dma_yes(w->g.dm_restrict)) {
        not_restricted(w);
        return;
    }
    per_domid = dma_text(w, PER_DOMID "%u", w->domid);
    switch (by_name(w, per_domid, &account)) {
    case IS_THERE:
        run_as(w, per_domid, NULL);
        return;
    case IS_UNKNOWN:
        unknown_user(w);
        return;
    case IS_ABSENT:
        break;
    }
    if (from_range(w, &found)) {
        w->result->process.kill_uid = NULL; /* came with 4.12 */
        return;
    }
    if (found)
        return;
    switch (by_name(w, SHARED, &account)) {
    case IS_ABSENT:
        no_account(w);
        break;
    case IS_UNKNOWN:
        unknown_user(w);
        break;
    case IS_THERE:
        shared_account(w);
    }
}

/* bootloader_uid (libxl_bootloader.c): the de-privileged bootloader uses the same accounts. */
void dma_step_bootloader_user(struct walk *w, uint32_t i)
{
    const struct dma_account *account;
    const struct dma_guest *g = &w->g;
    bool restricted = g->bootloader_restrict == DMA_YES || (g->bootloader_restrict == DMA_UNSET && g->bootloader_user);

    (void)i;
    if (!g->bootloader || !restricted || !g->disks.n)
        return;
    if (g->bootloader_user) {
        if (by_name(w, g->bootloader_user, &account) == IS_ABSENT)
            dma_refuse(w, DMA_REFUSAL_BOOTLOADER_NO_USER, DMA_FIELD_BOOTLOADER_USER, "the account %s does not exist",
                       g->bootloader_user);
        return;
    }
    if (by_name(w, RANGE_BASE, &account) == IS_THERE) {
        uint32_t uid = account->uid + w->domid;

        if (by_uid(w, uid, &account) == IS_THERE)
            dma_refuse(w, DMA_REFUSAL_UID_TAKEN, DMA_FIELD_BOOTLOADER_RESTRICT,
                       "the uid %u (" RANGE_BASE " plus domid %u) belongs to the account %s", uid, w->domid,
                       account->name);
        return;
    }
    if (by_name(w, RANGE_BASE, &account) == IS_ABSENT && by_name(w, SHARED, &account) == IS_ABSENT)
        dma_refuse(w, DMA_REFUSAL_BOOTLOADER_NO_USER, DMA_FIELD_BOOTLOADER_RESTRICT,
                   "the bootloader is to run restricted, but the host has no account for it (" RANGE_BASE " or " SHARED
                   ")");
}
