/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/root.h: where paths lead in a root, with openat2 and by steps, and while somebody swaps directories for links.
 */
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
#include <pthread.h>
#include <seccomp.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/root.h"

static char top[64], root[80];

static void put(const char *where, const char *path, const char *text)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", where, path);
    int fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void put_link(const char *to, const char *path)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", root, path);
    assert_int_equal(symlink(to, whole), 0);
}

static void put_directory(const char *where, const char *path)
{
    char whole[256];
    snprintf(whole, sizeof whole, "%s%s", where, path);
    assert_int_equal(mkdir(whole, 0755), 0);
}

static int setup(void **state)
{
    (void)state;
    strcpy(top, "/tmp/dmlint-root-XXXXXX");
    if (!mkdtemp(top))
        return -1;
    snprintf(root, sizeof root, "%s/root", top);
    put_directory(top, "/root");
    put_directory(top, "/out");
    put(top, "/out/f", "outside");
    put(top, "/f", "outside");
    put_directory(root, "/etc");
    put_directory(root, "/etc/deep");
    put(root, "/etc/f", "inside");
    put(root, "/f", "of the root");
    put_link("/etc", "/absolute");
    put_link("etc/f", "/relative");
    put_link("../../../../../../f", "/etc/up");
    put_link("../etc/./deep/../f", "/etc/around");
    put_link("../out", "/etc/deep/out");
    put_link("loop", "/etc/loop");
    put_link("/tmp", "/etc/tmp");
    put_link("/", "/etc/top");
    put_link("nothing", "/etc/dangling");
    return 0;
}

static int teardown(void **state)
{
    char command[100];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", top);
    return system(command);
}

/* What is wrong is said and counted: a child has no asserts. */
static atomic_uint wrong;

static void leads_to(const char *path, const char *text, int error)
{
    struct dml_arena a = {0};
    struct dml_sv data = {"", 0};
    struct dml_err err = {""};
    int rc = dml_root_read(&a, root, path, 1000, &data, &err);
    if (text ? rc != 0 || !dml_sv_is(data, text) : rc != DML_EIO || !strstr(err.msg, strerror(error))) {
        fprintf(stderr, "%s: %d, %.*s%s\n", path, rc, DML_SV_ARG(data), err.msg);
        wrong++;
    }
    dml_arena_dispose(&a);
}

static void all_paths(void)
{
    char text[64];
    struct stat st;
    leads_to("/etc/f", "inside", 0);
    leads_to("//etc///f", "inside", 0);
    leads_to("/absolute/f", "inside", 0);
    leads_to("/relative", "inside", 0);
    leads_to("/etc/around", "inside", 0);
    leads_to("/etc/up", "of the root", 0);
    leads_to("/../../f", "of the root", 0);
    leads_to("/etc/../../../f", "of the root", 0);
    leads_to("/etc/top/etc/top/f", "of the root", 0);
    leads_to("/etc/deep/out/f", NULL, ENOENT);
    leads_to("/etc/tmp/f", NULL, ENOENT);
    leads_to("/etc/loop", NULL, ELOOP);
    leads_to("/etc/loop/f", NULL, ELOOP);
    leads_to("/etc/dangling", NULL, ENOENT);
    leads_to("/etc/f/f", NULL, ENOTDIR);
    leads_to("/etc/f/", NULL, ENOTDIR);
    wrong += dml_root_readlink(root, "/absolute/tmp", text, sizeof text) != 4 || memcmp(text, "/tmp", 4) != 0;
    wrong += dml_root_stat(root, "/etc/loop", 0, &st) != 0 || !S_ISLNK(st.st_mode);
    wrong += dml_root_stat(root, "/etc/top/..", 1, &st) != 0 || !S_ISDIR(st.st_mode);
    wrong += dml_root_stat(root, "/etc/top/", 0, &st) != 0 || !S_ISDIR(st.st_mode);
    DIR *d = dml_root_opendir(root, "/absolute/deep/..");
    unsigned n = 0;
    for (struct dirent *e; d && (e = readdir(d));)
        n += strcmp(e->d_name, "f") == 0;
    wrong += n != 1;
    if (d)
        closedir(d);
    wrong += dml_root_opendir(root, "/etc/f") != NULL;
}

/* As on a kernel before 5.6. */
static void without_openat2(void)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
    if (!f || seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SYS_openat2, 0) < 0 || seccomp_load(f) < 0)
        _exit(99);
    seccomp_release(f);
}

static void in_child(void (*test)(void))
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        without_openat2();
        test();
        _exit(wrong ? 1 : 0);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_int_equal(status, 0);
}

static void test_paths(void **state)
{
    (void)state;
    all_paths();
    assert_int_equal(wrong, 0);
    in_child(all_paths);
}

static atomic_bool stop;

static void *swap(void *user)
{
    char a[100], b[100];
    snprintf(a, sizeof a, "%s/etc", root);
    snprintf(b, sizeof b, "%s/etc2", root);
    for (unsigned n = 0; !stop || n % 2; n++) /* back again at the end */
        wrong += renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) != 0;
    return user;
}

static void race(void)
{
    char link[100];
    pthread_t thread;
    unsigned inside = 0;
    struct dml_arena a = {0};
    snprintf(link, sizeof link, "%s/etc2", root);
    if (symlink("../out", link) != 0 || pthread_create(&thread, NULL, swap, NULL) != 0)
        wrong++;
    for (unsigned i = 0; i < 5000; i++) {
        static const char *const paths[] = {"/etc/f", "/etc/deep/../f", "/etc/deep/../../f", "/absolute/f"};
        struct dml_sv data;
        dml_arena_reset(&a);
        if (dml_root_read(&a, root, paths[i % 4], 100, &data, NULL) != 0)
            continue;
        inside++;
        wrong += dml_sv_is(data, "outside");
    }
    stop = 1;
    pthread_join(thread, NULL);
    dml_arena_dispose(&a);
    unlink(link);
    wrong += !inside;
    stop = 0;
}

static void test_race(void **state)
{
    (void)state;
    in_child(race);
    race();
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
        cmocka_unit_test_setup_teardown(test_race, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
