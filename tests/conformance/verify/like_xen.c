/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into Debian's QEMU for Xen: the few calls with which it looks for Xen succeed, so that it gets past them
 * and restricts itself as on a dom0. The environment variable DROP makes one of the steps with which it gives up its
 * rights a lie, as a bug would.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static char handle[4096];

void *xc_interface_open(void *logger, void *dombuild, unsigned flags);
void *xenforeignmemory_open(void *logger, unsigned flags);
void *xendevicemodel_open(void *logger, unsigned flags);
int xentoolcore_restrict_all(uint32_t domid);

void *xc_interface_open(void *logger, void *dombuild, unsigned flags)
{
    (void)logger, (void)dombuild, (void)flags;
    return handle;
}

void *xenforeignmemory_open(void *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return handle;
}

void *xendevicemodel_open(void *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return handle;
}

int xentoolcore_restrict_all(uint32_t domid)
{
    (void)domid;
    return 0;
}

static int drops(const char *what)
{
    const char *drop = getenv("DROP");
    return drop && strcmp(drop, what) == 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int keep(unsigned capability, int ambient)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0}};
    data[0].effective = data[0].permitted = data[0].inheritable = 1u << capability;
    if (!ambient)
        data[0].inheritable = 0;
    return syscall(SYS_capset, &header, data) != 0 ||
                   (ambient && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0)
               ? -1
               : 0;
}

int setuid(uid_t uid)
{
    /* QEMU makes sure that it cannot go back. */
    if (uid == 0) {
        errno = EPERM;
        return -1;
    }
    if (drops("uid"))
        return 0;
    if (drops("real-uid"))
        return setresuid(0, uid, uid);
    if (drops("effective-uid"))
        return setresuid(uid, 0, uid);
    if (drops("saved-uid"))
        return setresuid(uid, uid, 0);
    if (drops("thread"))
        return (int)syscall(SYS_setuid, uid);
    if (drops("capability") || drops("ambient")) {
        prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
        return REAL(setuid)(uid) == 0 ? keep(CAP_NET_ADMIN, drops("ambient")) : -1;
    }
    return REAL(setuid)(uid);
}

int setgid(gid_t gid)
{
    if (drops("gid"))
        return 0;
    if (drops("saved-gid"))
        return setresgid(gid, gid, 0);
    return REAL(setgid)(gid);
}

int setgroups(size_t n, const gid_t *list)
{
    const gid_t more[2] = {n ? list[0] : 0, 6};
    return drops("group") ? REAL(setgroups)(2, more) : REAL(setgroups)(n, list);
}

int chroot(const char *path)
{
    return drops("chroot") ? 0 : REAL(chroot)(path);
}
