/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for QEMU under any command line: goes into the last -chroot or -run-with chroot=, becomes the last -runas
 * or -run-with user= (uid:gid), and waits. */
#define _GNU_SOURCE
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *dir = NULL, *user = NULL;
    for (int i = 1; i + 1 < argc; i++) {
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "-run-with") == 0 && strncmp(value, "chroot=", 7) == 0)
            dir = value + 7;
        else if (strcmp(argv[i], "-run-with") == 0 && strncmp(value, "user=", 5) == 0)
            user = value + 5;
        else if (strcmp(argv[i], "-chroot") == 0)
            dir = value;
        else if (strcmp(argv[i], "-runas") == 0)
            user = value;
    }
    if (dir && (chroot(dir) != 0 || chdir("/") != 0))
        return 126;
    if (user) {
        char *end;
        uid_t uid = (uid_t)strtoul(user, &end, 10);
        gid_t gid = (gid_t)strtoul(*end ? end + 1 : "", NULL, 10);
        if (setgid(gid) != 0 || setgroups(1, &gid) != 0 || setuid(uid) != 0)
            return 126;
    }
    for (;;)
        pause();
}
