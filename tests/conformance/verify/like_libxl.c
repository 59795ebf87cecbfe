/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Does to itself what libxl 4.12 and later do between fork and exec of a restricted QEMU
 * (libxl__local_dm_preexec_restrict), but for what it is told to leave out, and executes the program.
 *
 * usage: like_libxl [-WHAT | +rw:PATH | +ro:PATH | +dir:PATH | +unix:PATH]... -- PROGRAM ARGV0 [ARG]...
 *
 * -mnt, -ipc: stay in that namespace; -fsize, -core, -msgqueue, -locks, -memlock: leave that limit, -core:hard only its
 * hard half. +rw, +ro, +dir: hand an open file over; +unix: a connection to that socket.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    _exit(126);
}

static int told(int n, char **v, const char *what)
{
    for (int i = 0; i < n; i++)
        if (strcmp(v[i], what) == 0)
            return 1;
    return 0;
}

static void hand_over(const char *what)
{
    if (strncmp(what, "+rw:", 4) == 0)
        need(open(what + 4, O_RDWR) >= 0, what);
    else if (strncmp(what, "+ro:", 4) == 0)
        need(open(what + 4, O_RDONLY) >= 0, what);
    else if (strncmp(what, "+dir:", 5) == 0)
        need(open(what + 5, O_RDONLY | O_DIRECTORY) >= 0, what);
    else if (strncmp(what, "+unix:", 6) == 0) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        snprintf(to.sun_path, sizeof to.sun_path, "%s", what + 6);
        need(fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0, what);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int resource;
        rlim_t value;
    } limits[] = {{"fsize", RLIMIT_FSIZE, 262144},
                  {"core", RLIMIT_CORE, 0},
                  {"msgqueue", RLIMIT_MSGQUEUE, 0},
                  {"locks", RLIMIT_LOCKS, 0},
                  {"memlock", RLIMIT_MEMLOCK, 0}};
    int n = 1;
    while (n < argc && strcmp(argv[n], "--") != 0)
        n++;
    if (n + 2 >= argc)
        return 2;
    for (int i = 1; i < n; i++)
        hand_over(argv[i]);
    need(unshare((told(n, argv, "-mnt") ? 0 : CLONE_NEWNS) | (told(n, argv, "-ipc") ? 0 : CLONE_NEWIPC)) == 0,
         "unshare");
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        char left[32], half[32];
        struct rlimit l;
        snprintf(left, sizeof left, "-%s", limits[i].name);
        snprintf(half, sizeof half, "-%s:hard", limits[i].name);
        need(getrlimit(limits[i].resource, &l) == 0, "getrlimit");
        if (!told(n, argv, left))
            l.rlim_cur = limits[i].value;
        if (!told(n, argv, left) && !told(n, argv, half))
            l.rlim_max = limits[i].value;
        need(setrlimit(limits[i].resource, &l) == 0, "setrlimit");
    }
    execv(argv[n + 1], argv + n + 2);
    need(0, argv[n + 1]);
    return 126;
}
