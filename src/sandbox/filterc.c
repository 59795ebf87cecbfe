/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filterc FILE: writes the filters of system calls as tables of the binary, by libseccomp and calls.def. At run time
 * nothing is left to be made: libseccomp of Debian 12 puts wrong filters into force, or crashes, where memory runs out.
 */
#include <errno.h>
#include <linux/filter.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sandbox/filter.h"

enum need { NOTHING, STARTING, WRITING, SANITIZERS };

static const struct call {
    const char *name;
    enum need need;
} calls[] = {
#define CALL(name, need) {#name, need},
#include "sandbox/calls.def"
#undef CALL
};

static int refuse_calls(scmp_filter_ctx filter, unsigned needs, unsigned *refused)
{
    int r = 0;
    *refused = 0;
    for (size_t i = 0; r == 0 && i < sizeof calls / sizeof calls[0]; i++) {
        int nr = needs >> calls[i].need & 1 ? __NR_SCMP_ERROR : seccomp_syscall_resolve_name(calls[i].name);
        if (nr < 0)
            continue;
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), nr, 0);
        *refused += r == 0;
    }
    /* Words typed into the terminal in the name of its user, and signals to others than ourselves. */
    static const unsigned long typing[] = {TIOCSTI, TIOCLINUX};
    for (size_t i = 0; r == 0 && i < sizeof typing / sizeof typing[0]; i++)
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, typing[i]));
    if (r == 0 && !(needs >> STARTING & 1))
        r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(tgkill), 1,
                             SCMP_A0(SCMP_CMP_NE, DML_SANDBOX_SELF, 0));
    return r;
}

static int write_filter(FILE *out, const char *name, unsigned needs)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    FILE *bpf = tmpfile();
    unsigned refused = 0;
    struct sock_filter f;
    int r = filter && bpf ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) : -ENOMEM; /* a tree: few steps */
    if (r == 0)
        r = refuse_calls(filter, needs, &refused);
    if (r == 0)
        r = seccomp_export_bpf(filter, fileno(bpf));
    if (r == 0) {
        rewind(bpf);
        fprintf(out, "static const struct sock_filter %s_steps[] = {\n", name);
        while (fread(&f, sizeof f, 1, bpf) == 1)
            fprintf(out, "    {0x%x, %u, %u, 0x%x},\n", f.code, f.jt, f.jf, f.k);
        fprintf(out, "};\n#define %s_REFUSES %u\n", name, refused);
    }
    if (bpf)
        fclose(bpf);
    seccomp_release(filter);
    return r;
}

int main(int argc, char **argv)
{
    unsigned needs = argc > 2 ? 1u << SANITIZERS : 0; /* filterc FILE sanitized */
    FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
    if (!out) {
        fputs("usage: filterc FILE [sanitized]\n", stderr);
        return 2;
    }
    fputs("/* Made by filterc from calls.def; do not edit. */\n", out);
    int r = write_filter(out, "READING", needs);
    if (r == 0)
        r = write_filter(out, "WRITING", needs | 1u << WRITING);
    if (r == 0)
        r = write_filter(out, "STARTING", needs | 1u << WRITING | 1u << STARTING);
    if (fclose(out) == 0 && r == 0)
        return 0;
    fprintf(stderr, "filterc: %s\n", strerror(-r));
    remove(argv[1]);
    return 1;
}
