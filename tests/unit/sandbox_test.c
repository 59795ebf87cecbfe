/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sandbox/sandbox.h: a child that is shut in tries to break out, with what this kernel has and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/write.h"
#include "sandbox/sandbox.h"

static char top[64], open_dir[128], shut[128], program[128];

static char *at(const char *dir, const char *name)
{
    static char path[8][256];
    static unsigned next;
    char *p = path[next++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", dir, name);
    return p;
}

static void put(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    strcpy(top, "/tmp/dmlint-sandbox-XXXXXX");
    if (!mkdtemp(top))
        return -1;
    snprintf(open_dir, sizeof open_dir, "%s/open", top);
    snprintf(shut, sizeof shut, "%s/shut", top);
    snprintf(program, sizeof program, "%s/open/program", top);
    mkdir(open_dir, 0755);
    mkdir(shut, 0755);
    put(program, "#!/bin/sh\nexit 0\n", 0755);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

/* What a child may not do is counted; its first is said. */
static unsigned broken;
static _Bool has_landlock, has_seccomp, programs;

static void refused(_Bool by, const char *what, long r)
{
    if (!by || (r < 0 && (errno == EPERM || errno == EACCES || errno == EXDEV)))
        return;
    fprintf(stderr, "%s: %s\n", what, r < 0 ? strerror(errno) : "was allowed");
    broken++;
}

static void allowed(const char *what, long r)
{
    if (r >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    broken++;
}

static void try_files(void)
{
    refused(has_landlock, "write", open(at(shut, "file"), O_WRONLY));
    refused(has_landlock, "append", open(at(shut, "file"), O_RDWR | O_APPEND));
    refused(has_landlock, "create", open(at(shut, "new"), O_WRONLY | O_CREAT, 0644));
    refused(has_landlock, "temporary", open(shut, O_WRONLY | O_TMPFILE, 0644));
    refused(has_landlock, "write elsewhere", open("/etc/passwd", O_WRONLY));
    refused(has_landlock, "remove", unlink(at(shut, "file")));
    refused(has_landlock, "move out", rename(at(open_dir, "file"), at(shut, "moved")));
    refused(has_landlock, "move in", rename(at(shut, "file"), at(open_dir, "moved")));
    refused(has_landlock, "link out", link(at(open_dir, "file"), at(shut, "linked")));
    refused(has_landlock, "directory", mkdir(at(shut, "dir"), 0755));
    refused(has_landlock || has_seccomp, "symbolic link", symlink("/", at(open_dir, "link")));
    refused(has_landlock || has_seccomp, "pipe", mkfifo(at(open_dir, "pipe"), 0644));
    refused(has_seccomp, "truncate", truncate(at(shut, "file"), 0));
    refused(has_seccomp, "chmod", chmod(at(shut, "file"), 04777));
    refused(has_seccomp, "chown", chown(at(shut, "file"), 1, 1));
}

static void try_calls(void)
{
    char *const argv[] = {program, NULL};
    refused(has_landlock || has_seccomp, "execute", execv(program, argv));
    allowed("signal ourselves", raise(0));
    allowed("read", open("/etc/passwd", O_RDONLY));
    if (!has_seccomp)
        return;
    refused(has_seccomp, "execute by descriptor",
            syscall(SYS_execveat, open(program, O_RDONLY), "", argv, argv + 1, AT_EMPTY_PATH));
    refused(has_seccomp, "internet socket", socket(AF_INET, SOCK_STREAM, 0));
    refused(has_seccomp, "local socket", socket(AF_UNIX, SOCK_STREAM, 0));
    refused(has_seccomp, "signal", kill(getppid(), 0));
    refused(has_seccomp, "signal a thread", syscall(SYS_tgkill, getppid(), getppid(), 0));
    refused(has_seccomp, "mount", mount("none", shut, "tmpfs", 0, NULL));
    refused(has_seccomp, "namespace", unshare(CLONE_NEWUSER));
    refused(has_seccomp, "module", syscall(SYS_init_module, "", 0, ""));
    refused(has_seccomp, "type", ioctl(0, TIOCSTI, "x"));
    refused(has_seccomp, "type, with bits above", syscall(SYS_ioctl, 0, TIOCSTI | 1UL << 32, "x"));
    refused(has_seccomp, "peek", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
    refused(has_seccomp, "io_uring", syscall(SYS_io_uring_setup, 1, NULL));
    refused(has_seccomp, "become nobody", setresuid(65534, 65534, 65534));
}

static void *both(void *user)
{
    try_files();
    try_calls();
    return user;
}

static void *wait_then_call(void *user)
{
    while (read(*(int *)user, &(char){0}, 1) < 0)
        ;
    refused(has_seccomp && !programs, "local socket of a thread from before", socket(AF_UNIX, SOCK_STREAM, 0));
    return user;
}

/* As --fix writes. */
static void write_there(void)
{
    struct dml_err err;
    unsigned number;
    if (dml_file_replace(at(open_dir, "guest"), NULL, NULL, DML_SV("old\n"), DML_SV("new\n"), ".bak", &number, &err) <
            0 ||
        dml_file_create(at(open_dir, "sub/report"), DML_SV("x\n"), 0644, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        broken++;
    }
}

static void try_all(const struct dml_sandbox_ask *ask)
{
    struct dml_arena a = {0};
    pthread_t early, late;
    int pipes[2];
    const char *said;
    if (pipe(pipes) < 0 || pthread_create(&early, NULL, wait_then_call, &pipes[0]) != 0 ||
        dml_sandbox(ask, &a, &said, NULL) < 0)
        _exit(99);
    programs = ask->starts_programs;
    has_landlock = !strstr(said, "no Landlock");
    has_seccomp = !strstr(said, "no seccomp");
    if (ask->starts_programs) {
        refused(has_seccomp, "module", syscall(SYS_init_module, "", 0, ""));
        allowed("socket", socket(AF_UNIX, SOCK_STREAM, 0));
        allowed("execute", system(program));
        broken += has_landlock;
    } else {
        both(NULL);
        if (pthread_create(&late, NULL, both, NULL) != 0 || pthread_join(late, NULL) != 0)
            broken++;
        if (ask->n)
            write_there();
        else
            refused(has_landlock || has_seccomp, "remove where nothing is written", unlink(at(open_dir, "file")));
    }
    if (write(pipes[1], "", 1) != 1 || pthread_join(early, NULL) != 0)
        broken++;
    dml_arena_dispose(&a);
}

/* In a child, after `before`. Returns what it said that is in force: 1 Landlock, 2 seccomp. */
static int in_child(void (*before)(void), struct dml_sandbox_ask ask)
{
    int status = -1;
    put(at(shut, "file"), "old\n", 0644);
    put(at(open_dir, "file"), "old\n", 0644);
    put(at(open_dir, "guest"), "old\n", 0644);
    rmdir(at(shut, "dir"));
    pid_t pid = fork();
    if (pid == 0) {
        if (before)
            before();
        try_all(&ask);
        _exit(broken ? 100 : has_landlock + 2 * has_seccomp);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    assert_true(WEXITSTATUS(status) < 4);
    return WEXITSTATUS(status);
}

static _Bool kernel_has_landlock(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

static void test_nothing_to_write(void **state)
{
    (void)state;
    int has = in_child(NULL, (struct dml_sandbox_ask){.n = 0});
    assert_int_equal(has & 1, kernel_has_landlock());
}

static void test_one_directory(void **state)
{
    const char *dirs[] = {"/nonexistent", open_dir};
    (void)state;
    in_child(NULL, (struct dml_sandbox_ask){dirs, 2, 0});
}

static void test_programs(void **state)
{
    (void)state;
    in_child(NULL, (struct dml_sandbox_ask){.starts_programs = 1});
}

/* ---- kernels and containers that have less ---- */

static void lacking(int nr, int other, int error)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f || seccomp_rule_add(f, SCMP_ACT_ERRNO((unsigned)error), nr, 0) < 0 ||
        seccomp_rule_add(f, SCMP_ACT_ERRNO((unsigned)error), other, 0) < 0 || seccomp_load(f) < 0)
        _exit(99);
    seccomp_release(f);
}

static void old_kernel(void)
{
    lacking(SYS_landlock_create_ruleset, SYS_landlock_add_rule, ENOSYS);
}

static void container(void)
{
    lacking(SYS_landlock_restrict_self, SYS_landlock_add_rule, EPERM);
}

static void no_filter(void)
{
    lacking(SYS_prctl, SYS_seccomp, EPERM);
}

static void test_less(void **state)
{
    const char *dirs[] = {open_dir};
    (void)state;
    assert_int_equal(in_child(old_kernel, (struct dml_sandbox_ask){dirs, 1, 0}) & 1, 0);
    assert_int_equal(in_child(container, (struct dml_sandbox_ask){dirs, 1, 0}) & 1, 0);
    assert_int_equal(in_child(no_filter, (struct dml_sandbox_ask){dirs, 1, 0}) & 2, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_to_write, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_directory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_programs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_less, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
