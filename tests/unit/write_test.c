/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* base/write.h: what becomes of a file that somebody else changes while it is being replaced. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/path.h"
#include "base/write.h"

static char dir[64], path[128], other[128];
static unsigned number;
static void (*meanwhile)(void); /* what somebody else does, once, while the new text is on its way to the disk */

/* In place of the C library's: between what dml_file_replace looks at and its rename. */
int fsync(int fd)
{
    void (*act)(void) = meanwhile;
    meanwhile = NULL;
    if (act)
        act();
    return (int)syscall(SYS_fsync, fd);
}

static void put(const char *where, const char *text)
{
    int fd = open(where, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void is(const char *text)
{
    struct dml_arena a = {0};
    struct dml_sv now;
    assert_int_equal(dml_file_read(&a, path, 1000, &now, NULL), 0);
    assert_string_equal(now.p, text);
    dml_arena_dispose(&a);
}

static unsigned entries(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/dmlint-write-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/web.cfg", dir);
    snprintf(other, sizeof other, "%s/other", dir);
    put(path, "old\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    meanwhile = NULL;
    unlink(path);
    unlink(other);
    return rmdir(dir);
}

static int replace_read(const struct dml_file_id *id, struct dml_err *err)
{
    return dml_file_replace(path, NULL, id, DML_SV("old\n"), DML_SV("new\n"), "", &number, err);
}

static int replace(const char *backup, struct dml_err *err)
{
    return dml_file_replace(path, NULL, NULL, DML_SV("old\n"), DML_SV("new\n"), backup, &number, err);
}

static void append(void)
{
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs("more\n", f);
    fclose(f);
}

/* As long, and the same bytes: only the time of the change tells. */
static void write_again(void)
{
    put(path, "old\n");
}

static void put_another_in_its_place(void)
{
    put(other, "old\n");
    assert_int_equal(rename(other, path), 0);
}

static void link_it(void)
{
    assert_int_equal(link(path, other), 0);
}

static void change_mode(void)
{
    assert_int_equal(chmod(path, 0600), 0);
}

static void take_away(void)
{
    assert_int_equal(unlink(path), 0);
}

static void test_replace__writes_what_nobody_changed(void **state)
{
    (void)state;
    struct dml_err err = {""};
    assert_int_equal(replace("", &err), 0);
    is("new\n");
    assert_int_equal(entries(), 1);
}

static void test_replace__leaves_what_somebody_changed_meanwhile(void **state)
{
    (void)state;
    static const struct {
        void (*act)(void);
        const char *then; /* NULL: the file is gone */
        unsigned entries;
    } cases[] = {{append, "old\nmore\n", 1}, {write_again, "old\n", 1}, {put_another_in_its_place, "old\n", 1},
                 {link_it, "old\n", 2},      {change_mode, "old\n", 1}, {take_away, NULL, 0}};
    static const char *const backups[] = {"", ".bak"};
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        struct dml_err err = {""};
        unlink(other);
        put(path, "old\n");
        usleep(20000); /* more than a tick of the file system's clock */
        meanwhile = cases[i / 2].act;
        assert_int_equal(replace(backups[i % 2], &err), DML_EINVAL);
        assert_non_null(strstr(err.msg, "changed while it was judged"));
        assert_null(meanwhile);
        if (cases[i / 2].then)
            is(cases[i / 2].then);
        else
            assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(entries(), cases[i / 2].entries); /* no temporary file, no backup */
    }
}

static void test_replace__leaves_what_was_changed_before(void **state)
{
    (void)state;
    struct dml_err err = {""};
    append();
    assert_int_equal(replace("", &err), DML_EINVAL);
    assert_non_null(strstr(err.msg, "changed while it was judged"));
    put(path, "OLD\n");
    assert_int_equal(replace("", &err), DML_EINVAL);
    is("OLD\n");
    assert_int_equal(entries(), 1);
}

/* What took the place of what was read, with the same bytes. */
static void test_replace__only_what_was_read(void **state)
{
    (void)state;
    struct dml_file_id id, none;
    struct dml_err err = {""};
    char moved[80];
    int fd = dml_file_open_to_replace(path, &id);
    assert_true(fd >= 0 && id.ino && id.dir_ino);
    close(fd);
    usleep(20000);
    put_another_in_its_place();
    assert_int_equal(replace_read(&id, &err), DML_EINVAL);
    assert_non_null(strstr(err.msg, "changed while it was judged"));
    close(dml_file_open_to_replace(path, &id));
    snprintf(moved, sizeof moved, "%s.moved", dir);
    /* A directory with a link to it, one directory for another; the file itself is even the same in the second. */
    assert_true(rename(dir, moved) == 0 && mkdir(dir, 0755) == 0);
    put(path, "old\n");
    assert_int_equal(replace_read(&id, &err), DML_EINVAL);
    assert_non_null(strstr(err.msg, "another directory took the place"));
    is("old\n");
    snprintf(other, sizeof other, "%s/web.cfg", moved);
    assert_true(unlink(path) == 0 && rename(other, path) == 0);
    assert_int_equal(replace_read(&id, &err), DML_EINVAL);
    assert_non_null(strstr(err.msg, "another directory took the place"));
    assert_true(rename(path, other) == 0 && rmdir(dir) == 0 && symlink(moved, dir) == 0);
    close(dml_file_open_to_replace(path, &id));
    assert_int_equal(replace_read(&id, &err), 0); /* a link that was there all the time */
    is("new\n");
    assert_true(unlink(dir) == 0 && rename(moved, dir) == 0);
    /* What is no regular file, or not there, is never written. */
    assert_int_equal(dml_file_open_to_replace(dir, &none), -1);
    assert_int_equal(dml_file_open_to_replace("/dev/null", &none), -1);
    assert_int_equal(dml_file_open_to_replace("/nonexistent/x", &none), -1);
    put(path, "old\n");
    assert_int_equal(replace_read(&none, &err), DML_EINVAL);
    assert_int_equal(entries(), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_replace__writes_what_nobody_changed), T(test_replace__leaves_what_somebody_changed_meanwhile),
        T(test_replace__leaves_what_was_changed_before), T(test_replace__only_what_was_read)};
    return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
