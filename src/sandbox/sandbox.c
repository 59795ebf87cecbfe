/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sandbox: Landlock by its system calls, which no library of Debian 12 makes, and seccomp with the filters of filterc.
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/filter.h"

#include "filters.inc"

enum { SHOWN = 3, STEPS_MAX = 1024 };

/* ---- Landlock ---- */

/* What later kernels know than the headers of 6.1. */
enum {
    FS_TRUNCATE = 1 << 14,
    FS_IOCTL_DEV = 1 << 15,
    NET_BIND = 1,
    NET_CONNECT = 2,
    SCOPE_SOCKET = 1,
    SCOPE_SIGNAL = 2
};

struct ruleset {
    uint64_t fs, net, scope;
};

/* By ABI, from 1 on: what is refused from it on, and how much of the struct its kernel knows. */
static const struct abi {
    struct ruleset refuses;
    size_t size;
} abis[] = {
    {{.fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
            LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
            LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
            LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM},
     8},
    {{.fs = LANDLOCK_ACCESS_FS_REFER}, 8},
    {{.fs = FS_TRUNCATE}, 8},
    {{.net = NET_BIND | NET_CONNECT}, 16},
    {{.fs = FS_IOCTL_DEV}, 16},
    {{.scope = SCOPE_SOCKET | SCOPE_SIGNAL}, 24},
};
enum { ABIS = sizeof abis / sizeof abis[0] };

/* A temporary file, which takes another's name: what base/write.c does. */
static const uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                                LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR;

static int allow(int rules, const char *dir)
{
    struct landlock_path_beneath_attr beneath = {.allowed_access = writing,
                                                 .parent_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (beneath.parent_fd < 0)
        return 0; /* writing there fails, and says so */
    int r = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    (void)close(beneath.parent_fd);
    return r;
}

/* The ABI that is in force, or -1 with errno. */
static int landlock(const struct dml_sandbox_ask *ask)
{
    struct ruleset refused = {0};
    int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), r = 0;
    if (abi < 1)
        return -1;
    int known = abi < ABIS ? abi : ABIS;
    for (int i = 0; i < known; i++) {
        refused.fs |= abis[i].refuses.fs;
        refused.net |= abis[i].refuses.net;
        refused.scope |= abis[i].refuses.scope;
    }
    int rules = (int)syscall(SYS_landlock_create_ruleset, &refused, abis[known - 1].size, 0);
    for (uint32_t i = 0; rules >= 0 && r == 0 && i < ask->n; i++)
        r = allow(rules, ask->dirs[i]);
    if (rules >= 0 && r == 0)
        r = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    int error = errno;
    if (rules >= 0)
        (void)close(rules);
    errno = error;
    return rules < 0 || r < 0 ? -1 : abi;
}

/* ---- seccomp ---- */

static const struct filter {
    const struct sock_filter *steps;
    unsigned short n;
    unsigned refuses; /* calls */
} reading = {READING_steps, sizeof READING_steps / sizeof READING_steps[0], READING_REFUSES},
  writing_files = {WRITING_steps, sizeof WRITING_steps / sizeof WRITING_steps[0], WRITING_REFUSES},
  starting = {STARTING_steps, sizeof STARTING_steps / sizeof STARTING_steps[0], STARTING_REFUSES};

/* How many calls are refused, in every thread; -1 with errno where there is no filter. */
static int seccomp(const struct dml_sandbox_ask *ask)
{
    const struct filter *f = ask->starts_programs ? &starting : ask->n ? &writing_files : &reading;
    struct sock_filter steps[STEPS_MAX];
    if (f->n > STEPS_MAX) {
        errno = E2BIG;
        return -1;
    }
    for (unsigned i = 0; i < f->n; i++) {
        steps[i] = f->steps[i];
        if (steps[i].k == DML_SANDBOX_SELF)
            steps[i].k = (uint32_t)getpid();
    }
    const struct sock_fprog program = {f->n, steps};
    /* The processor is not made slower in exchange: what is guarded against is no guess of its. */
    long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                     &program);
    if (r > 0) /* a thread that has a filter of its own */
        errno = EBUSY;
    return r == 0 ? (int)f->refuses : -1;
}

/* ---- both ---- */

static const char *landlock_said(const struct dml_sandbox_ask *ask, struct dml_arena *a)
{
    const char *where = ask->n ? "in" : "nowhere", *between = " ";
    if (ask->starts_programs)
        return "no Landlock, since --try mounts a root for QEMU";
    int abi = landlock(ask);
    if (abi < 0)
        return dml_arena_printf(a, "no Landlock (%s)", strerror(errno));
    for (uint32_t i = 0; where && i < ask->n && i < SHOWN; i++, between = ", ")
        where = dml_arena_printf(a, "%s%s%s", where, between, ask->dirs[i]);
    return dml_arena_printf(a, "Landlock %d: nothing is executed, and files are written %s%s", abi, where,
                            ask->n > SHOWN ? " and more directories" : "");
}

int dml_sandbox(const struct dml_sandbox_ask *ask, struct dml_arena *a, const char **said, struct dml_err *err)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const char *files = landlock_said(ask, a);
    int refused = seccomp(ask);
    *said = refused < 0 ? dml_arena_printf(a, "no seccomp (%s); %s", strerror(errno), files)
                        : dml_arena_printf(a, "seccomp: %d system calls are refused; %s", refused, files);
    return a->failed || !*said ? dml_err_nomem(err) : 0;
}
