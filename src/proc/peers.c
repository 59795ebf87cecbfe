/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is connected to whom among this machine's Unix sockets, which /proc does not say: sock_diag(7). */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proc/proc_i.h"

/* One answer: the socket's inode and, as an attribute, its peer's. */
static void answer(const struct nlmsghdr *h, struct dml_proc_socket *v, uint32_t n)
{
    const struct unix_diag_msg *m = NLMSG_DATA(h);
    int64_t at = h->nlmsg_len >= NLMSG_LENGTH(sizeof *m) ? dml_proc_socket_find(v, n, m->udiag_ino) : -1;
    if (at < 0)
        return;
    int left = (int)(h->nlmsg_len - NLMSG_LENGTH(sizeof *m));
    for (const struct rtattr *r = (const struct rtattr *)(m + 1); RTA_OK(r, left); r = RTA_NEXT(r, left))
        if (r->rta_type == UNIX_DIAG_PEER && RTA_PAYLOAD(r) >= sizeof(uint32_t)) {
            uint32_t peer;
            memcpy(&peer, RTA_DATA(r), sizeof peer);
            v[at].peer = peer;
        }
}

_Bool dml_proc_peers(struct dml_proc_socket *v, uint32_t n)
{
    _Alignas(struct nlmsghdr) char buf[32768];
    const struct {
        struct nlmsghdr h;
        struct unix_diag_req r;
    } ask = {
        .h = {.nlmsg_len = sizeof ask, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .r = {.sdiag_family = AF_UNIX, .udiag_states = UINT32_MAX, .udiag_show = UDIAG_SHOW_PEER}};
    const struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    _Bool done = 0, ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
                         send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask;
    while (ok && !done) {
        ssize_t r = recv(fd, buf, sizeof buf, 0);
        ok = r > 0;
        unsigned left = ok ? (unsigned)r : 0;
        for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; ok && NLMSG_OK(h, left);
             h = NLMSG_NEXT(h, left)) {
            done = done || h->nlmsg_type == NLMSG_DONE;
            ok = h->nlmsg_type != NLMSG_ERROR;
            if (h->nlmsg_type == SOCK_DIAG_BY_FAMILY)
                answer(h, v, n);
        }
    }
    if (fd >= 0)
        close(fd);
    return ok;
}
