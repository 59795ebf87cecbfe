/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command and interferes with its Nth system call:
 *
 *   at_syscall trace FILE COMMAND...        writes a line per call: N NAME-OR-NUMBER FIRST-ARGUMENT RESULT PATH
 *   at_syscall kill N COMMAND...            SIGKILL instead of call N
 *   at_syscall fail N ERRNO COMMAND...      call N is not made and fails
 *   at_syscall short N COMMAND...           call N, a write, takes half of its bytes
 *
 * N counts from 1, or is NAME:K, the Kth call of that name: allocation makes calls, too, and not always as many.
 *
 * Exits as the command does, 137 when it was killed, 77 where this machine cannot do it, 125 when call N never came.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if !defined(__x86_64__) || !defined(__linux__)
int main(void)
{
    fputs("at_syscall: only for Linux on x86-64\n", stderr);
    return 77;
}
#else
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* Calls that matter, with the argument that is a path (-1: the first argument is a file descriptor). */
static const struct call {
    long nr;
    const char *name;
    int path;
} calls[] = {
    {SYS_open, "open", 0},
    {SYS_openat, "open", 1},
    {SYS_close, "close", -1},
    {SYS_read, "read", -1},
    {SYS_write, "write", -1},
    {SYS_fsync, "fsync", -1},
    {SYS_fchown, "fchown", -1},
    {SYS_fchmod, "fchmod", -1},
    {SYS_flistxattr, "flistxattr", -1},
    {SYS_fgetxattr, "fgetxattr", -1},
    {SYS_fsetxattr, "fsetxattr", -1},
    {SYS_openat2, "open", 1},
    {SYS_renameat, "rename", 1},
    {SYS_linkat, "link", 3},
    {SYS_unlinkat, "unlink", 1},
    {SYS_mkdir, "mkdir", 0},
};

static const struct call *find(long nr)
{
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].nr == nr)
            return &calls[i];
    return NULL;
}

static void copy_path(pid_t pid, unsigned long long from, char out[4096])
{
    memset(out, 0, 4096);
    for (size_t n = 0; n < 4095 && !memchr(out, 0, n);) { /* by pages: the next one may not be there */
        size_t want = 4096 - (size_t)((from + n) % 4096);
        want = want < 4095 - n ? want : 4095 - n;
        struct iovec here = {out + n, want}, there = {(void *)(uintptr_t)(from + n), want};
        if (process_vm_readv(pid, &here, 1, &there, 1, 0) <= 0)
            break;
        n += want;
    }
}

static void note(FILE *trace, long n, pid_t pid, const struct user_regs_struct *at, long long result)
{
    const struct call *c = find((long)at->orig_rax);
    char path[4096] = "";
    if (c && c->path >= 0)
        copy_path(pid, c->path == 3 ? at->r10 : c->path ? at->rsi : at->rdi, path);
    int dir = c && c->path > 0 ? (int)(c->path == 3 ? at->rdx : at->rdi) : AT_FDCWD;
    if (dir >= 0 && path[0] != '/') { /* seen from a directory that is open */
        char fd[64], real[4096], whole[8200];
        snprintf(fd, sizeof fd, "/proc/%d/fd/%d", (int)pid, dir);
        ssize_t len = readlink(fd, real, sizeof real - 1);
        snprintf(whole, sizeof whole, "%.*s/%s", len > 0 ? (int)len : 0, real, path);
        snprintf(path, sizeof path, "%.4095s", whole);
    }
    if (c)
        fprintf(trace, "%ld %s %lld %lld %s\n", n, c->name, (long long)at->rdi, result, path);
    else
        fprintf(trace, "%ld %lld 0 0 \n", n, (long long)at->orig_rax);
}

static int finish(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* To the next stop of the command; 0 when it has ended. Signals of its own are passed on. */
static int next_stop(pid_t pid, int *status)
{
    for (int sig = 0;;) {
        if (ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)sig) < 0 && errno != ESRCH)
            return 0;
        if (waitpid(pid, status, 0) < 0 || WIFEXITED(*status) || WIFSIGNALED(*status))
            return 0;
        if (WSTOPSIG(*status) == (SIGTRAP | 0x80))
            return 1;
        sig = WSTOPSIG(*status) == SIGTRAP ? 0 : WSTOPSIG(*status);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 3 ? argv[1] : "";
    _Bool fail = strcmp(what, "fail") == 0, shorten = strcmp(what, "short") == 0;
    FILE *trace = strcmp(what, "trace") == 0 ? fopen(argv[2], "we") : NULL;
    char **command = argv + 3 + fail;
    if (!trace && !fail && !shorten && strcmp(what, "kill") != 0) {
        fputs("usage: at_syscall trace FILE | kill N | fail N ERRNO | short N, and a command\n", stderr);
        return 2;
    }
    const char *colon = strchr(argv[2], ':');
    long left = trace ? 0 : strtol(colon ? colon + 1 : argv[2], NULL, 10), error = fail ? strtol(argv[3], NULL, 10) : 0;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(77);
        raise(SIGSTOP);
        execv(command[0], command);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        return 77;
    if (!WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(intptr_t)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) < 0) {
        fputs("at_syscall: this machine lets nobody trace\n", stderr);
        kill(pid, SIGKILL);
        return 77;
    }
    struct user_regs_struct in, out;
    _Bool now;
    for (long n = 1; next_stop(pid, &status); n++) {
        ptrace(PTRACE_GETREGS, pid, NULL, &in);
        const struct call *c = find((long)in.orig_rax);
        if (trace || (colon && (!c || strncmp(c->name, argv[2], (size_t)(colon - argv[2])) != 0)))
            now = 0;
        else
            now = --left == 0;
        if (now) {
            if (!fail && !shorten) {
                kill(pid, SIGKILL);
                waitpid(pid, &status, 0);
                return finish(status);
            }
            out = in;
            if (fail)
                out.orig_rax = (unsigned long long)-1;
            else
                out.rdx = (in.rdx + 1) / 2;
            ptrace(PTRACE_SETREGS, pid, NULL, &out);
        }
        if (!next_stop(pid, &status))
            break;
        if (now && fail) {
            ptrace(PTRACE_GETREGS, pid, NULL, &out);
            out.rax = (unsigned long long)-error;
            ptrace(PTRACE_SETREGS, pid, NULL, &out);
        } else if (now) { /* the count's register is the command's again */
            ptrace(PTRACE_GETREGS, pid, NULL, &out);
            out.rdx = in.rdx;
            ptrace(PTRACE_SETREGS, pid, NULL, &out);
        }
        if (now) { /* the rest needs nobody to look at it */
            ptrace(PTRACE_DETACH, pid, NULL, NULL);
            waitpid(pid, &status, 0);
            return finish(status);
        }
        if (trace) {
            ptrace(PTRACE_GETREGS, pid, NULL, &out);
            note(trace, n, pid, &in, (long long)out.rax);
        }
    }
    if (trace && fclose(trace) != 0)
        return 126;
    return !trace ? 125 : finish(status);
}
#endif
