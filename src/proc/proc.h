/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Proc: what /proc says of processes, live or copied. A copy may hold anything: every size has a cap, links are read
 * and never followed, and what cannot be read is unknown, with the reason. */
#ifndef DML_PROC_PROC_H
#define DML_PROC_PROC_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/sv.h"

/* In the order of the lines Uid: and Gid: in /proc/PID/status (Linux, Documentation/filesystems/proc.rst). */
enum { DML_ID_REAL, DML_ID_EFFECTIVE, DML_ID_SAVED, DML_ID_FS, DML_IDS };
enum dml_proc_cap { DML_CAP_INH, DML_CAP_PRM, DML_CAP_EFF, DML_CAP_AMB, DML_CAPS };
enum dml_proc_limit_id {
    DML_LIMIT_FSIZE,
    DML_LIMIT_CORE,
    DML_LIMIT_MSGQUEUE,
    DML_LIMIT_LOCKS,
    DML_LIMIT_MEMLOCK,
    DML_LIMITS
};
enum dml_proc_ns { DML_NS_MNT, DML_NS_IPC, DML_NSS };
enum dml_proc_link_id { DML_LINK_ROOT, DML_LINK_CWD, DML_LINK_EXE, DML_LINKS };
#define DML_LIMIT_UNLIMITED UINT64_MAX

struct dml_proc_ids {
    uint32_t v[DML_IDS];
    _Bool known;
};
/* /proc/PID/status; what has no line, or an odd one, is not known. */
struct dml_proc_status {
    const char *name; /* "" where not known; up to 15 bytes, any of them */
    struct dml_proc_ids uid, gid;
    const uint32_t *groups;
    uint32_t n_groups;
    uint64_t caps[DML_CAPS];
    _Bool groups_known, cap_known[DML_CAPS];
    int32_t no_new_privs, seccomp; /* -1: not known */
};
struct dml_proc_limit {
    uint64_t soft, hard; /* bytes (a count for locks), or DML_LIMIT_UNLIMITED */
    _Bool known;
};
/* A link's text, or NULL and why it is not known. */
struct dml_proc_link {
    const char *text, *why;
};
struct dml_proc_fd {
    uint32_t fd;
    const char *target; /* "/dev/null", "socket:[123]" */
    int64_t flags;      /* of open(2), from fdinfo; -1: not known */
    uint64_t inode;     /* of a socket, else 0 */
};

struct dml_proc {
    uint32_t pid;
    struct dml_proc_status status;
    const char *status_why; /* NULL: status was read; here and below: why a part is not known */
    const char *const *argv;
    uint32_t argc; /* 0 for kernel threads, and for processes that nobody asked to keep */
    const char *argv_why;

    /* After dml_proc_read only. */
    struct dml_proc_link links[DML_LINKS], ns[DML_NSS];
    struct dml_proc_limit limits[DML_LIMITS];
    const char *limits_why;
    const struct dml_proc_fd *fds;
    uint32_t n_fds;
    const char *fds_why;
    uint32_t threads, odd_thread; /* odd_thread: first with other ids or capabilities; 0: none */
    const char *threads_why;
};

/* One line of /proc/net/unix. */
struct dml_proc_socket {
    uint64_t inode;
    uint64_t peer;    /* inode of the other end; 0: not known */
    const char *path; /* "" where it has none */
    _Bool connected, stream;
};

struct dml_proctree {
    struct dml_arena *a;
    const char *root; /* "/" for this machine */
    _Bool live;
    int fd; /* of ROOT/proc */
    struct dml_proc *v;
    uint32_t n;                       /* sorted by pid */
    struct dml_proc_link ns[DML_NSS]; /* of pid 1 */
    const struct dml_proc_socket *sockets;
    uint32_t n_sockets;
    const char *sockets_why; /* NULL: sockets are known */
    _Bool peers_known;       /* the kernel said who is connected to whom; never of a copy */
};

/*
 * Lists the processes below ROOT/proc with their status. `keep` says of a command line whether it is of interest; only
 * those are kept. Everything lives in `a`. DML_EIO with a message where there is no such directory or it holds no
 * process; close with dml_proctree_close whatever comes back.
 */
int dml_proctree_open(struct dml_proctree *t, const char *root, _Bool (*keep)(const char *const *argv, uint32_t argc),
                      struct dml_arena *a, struct dml_err *err);
void dml_proctree_close(struct dml_proctree *t);
/* Reads the rest of one process. DML_ENOMEM. */
int dml_proc_read(struct dml_proctree *t, struct dml_proc *p, struct dml_err *err);
/* Reads ROOT/proc/net/unix, and on this machine asks the kernel for the other ends (sock_diag(7)). DML_ENOMEM. */
int dml_proctree_sockets(struct dml_proctree *t, struct dml_err *err);
/* The socket of that inode, or NULL. */
const struct dml_proc_socket *dml_proc_socket(const struct dml_proctree *t, uint64_t inode);

/* The parsers behind it, for any bytes. DML_ENOMEM. */
int dml_proc_parse_status(struct dml_proc_status *out, struct dml_sv text, struct dml_arena *a);
void dml_proc_parse_limits(struct dml_proc_limit out[DML_LIMITS], struct dml_sv text);
int dml_proc_parse_cmdline(const char *const **argv, uint32_t *argc, struct dml_sv text, struct dml_arena *a);
int dml_proc_parse_unix(const struct dml_proc_socket **v, uint32_t *n, struct dml_sv text, struct dml_arena *a);

#endif
