/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command on a kernel or file system that has less: without CALL[,CALL...] COMMAND...
 *
 * A call fails with ENOSYS; O_TMPFILE in place of a call is an openat with that flag, which fails with EOPNOTSUPP.
 * Exits 77 where this machine cannot do it.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    int r = f ? 0 : -ENOMEM;
    if (argc < 3) {
        fputs("usage: without CALL[,CALL...] COMMAND...\n", stderr);
        return 2;
    }
    for (char *word = strtok(argv[1], ","); r == 0 && word; word = strtok(NULL, ",")) {
        int nr = seccomp_syscall_resolve_name(word);
        if (strcmp(word, "O_TMPFILE") == 0)
            r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EOPNOTSUPP), SCMP_SYS(openat), 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, O_TMPFILE, O_TMPFILE));
        else
            r = nr < 0 ? -ENOSYS : seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), nr, 0);
    }
    if (r < 0 || seccomp_load(f) < 0) {
        fprintf(stderr, "without: cannot be done here: %s\n", strerror(-r));
        return 77;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
