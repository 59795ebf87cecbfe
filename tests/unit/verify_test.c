/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of /proc, QEMU's command line, and how two command lines are compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verify/verify_i.h"

static struct dml_arena a;

static int teardown(void **state)
{
    (void)state;
    dml_arena_dispose(&a);
    return 0;
}

static void test_status(void **state)
{
    struct dml_proc_status s;
    (void)state;
    assert_int_equal(
        dml_proc_parse_status(&s,
                              DML_SV("Name:\tqemu x\nUid:\t1\t2\t3\t4294967295\nGid:\t0\t0\t0\t0\nGroups:\t6 7 \n"
                                     "CapEff:\t000001fffeffffff\nNoNewPrivs:\t1\nSeccomp:\t2\n"),
                              &a),
        0);
    assert_string_equal(s.name, "qemu x");
    assert_true(s.uid.known && s.gid.known && s.groups_known && s.cap_known[DML_CAP_EFF] && !s.cap_known[DML_CAP_PRM]);
    assert_int_equal(s.uid.v[DML_ID_EFFECTIVE], 2);
    assert_int_equal(s.uid.v[DML_ID_FS], UINT32_MAX);
    assert_int_equal(s.n_groups, 2);
    assert_int_equal(s.groups[1], 7);
    assert_true(s.caps[DML_CAP_EFF] == 0x1fffeffffff);
    assert_int_equal(s.no_new_privs, 1);
    assert_int_equal(s.seccomp, 2);
    /* What is odd is not known, and never taken for a number. */
    static const char *const odd[] = {"Uid:\t1\t2\t3\n",     "Uid:\t1\t2\t3\t4\t5\n", "Uid:\t1\t2\t3\t4294967296\n",
                                      "Uid:\t1\t2\t3\t-1\n", "Uid:\t1\t2\t3\tx\n",    "uid:\t1\t2\t3\t4\n",
                                      "Uid\t1\t2\t3\t4\n"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        assert_int_equal(dml_proc_parse_status(&s, dml_sv_of(odd[i]), &a), 0);
        assert_false(s.uid.known);
    }
    assert_int_equal(dml_proc_parse_status(&s, DML_SV("Groups:\t1 x\nCapInh:\t0\nCapPrm:\t000000000000000g\n"), &a), 0);
    assert_false(s.groups_known || s.cap_known[DML_CAP_INH] || s.cap_known[DML_CAP_PRM]);
    assert_int_equal(s.seccomp, -1);
    assert_int_equal(dml_proc_parse_status(&s, DML_SV("Groups:\t\n"), &a), 0);
    assert_true(s.groups_known && s.n_groups == 0);
}

static void test_limits(void **state)
{
    struct dml_proc_limit l[DML_LIMITS];
    (void)state;
    dml_proc_parse_limits(l,
                          DML_SV("Limit                     Soft Limit           Hard Limit           Units     \n"
                                 "Max file size             262144               unlimited            bytes     \n"
                                 "Max file locks            0                    0                    locks     \n"
                                 "Max locked memory         0                    -1                   bytes     \n"));
    assert_true(l[DML_LIMIT_FSIZE].known && l[DML_LIMIT_FSIZE].soft == 262144 &&
                l[DML_LIMIT_FSIZE].hard == DML_LIMIT_UNLIMITED);
    assert_true(l[DML_LIMIT_LOCKS].known && l[DML_LIMIT_LOCKS].hard == 0);
    assert_false(l[DML_LIMIT_MEMLOCK].known || l[DML_LIMIT_CORE].known);
}

static void test_sockets(void **state)
{
    const struct dml_proc_socket *v;
    uint32_t n;
    (void)state;
    assert_int_equal(dml_proc_parse_unix(&v, &n,
                                         DML_SV("Num       RefCount Protocol Flags    Type St Inode Path\n"
                                                "0: 00000002 00000000 00010000 0001 01 9 /run/a b\n"
                                                "0: 00000003 00000000 00000000 0001 03 7\n"
                                                "0: 00000003 00000000 00000000 0002 03\n"),
                                         &a),
                     0);
    assert_int_equal(n, 2);
    assert_true(v[0].inode == 7 && v[0].connected && v[0].stream && !v[0].path[0]);
    assert_true(v[1].inode == 9 && !v[1].connected);
    assert_string_equal(v[1].path, "/run/a b");
}

static void test_command_line(void **state)
{
    static const char *const argv[] = {"/usr/bin/qemu",
                                       "-xen-domid",
                                       "7",
                                       "-name",
                                       "-chroot",
                                       "-S",
                                       "--chroot",
                                       "/a",
                                       "-run-with",
                                       "async-teardown=on,chroot=/b,user=1:2",
                                       "-runas",
                                       "3:4",
                                       "-xen-domid-restrict",
                                       "-incoming",
                                       "fd:9",
                                       "-m"};
    static const char *const wrapper[] = {"/bin/sh", "/usr/local/bin/qemu-wrap", "-xen-domid", "7"};
    static const char *const dom0[] = {"/usr/bin/qemu-system-i386", "-name", "dom0", "-xen-domid", "0"};
    static const char *const traditional[] = {"/usr/lib/xen/bin/qemu-dm", "-d", "9", "-domain-name", "old"};
    struct dml_cmdline c;
    (void)state;
    assert_int_equal(dml_cmdline_read(&c, argv, sizeof argv / sizeof argv[0], &a), 0);
    assert_int_equal(c.domid, 7);
    assert_string_equal(c.name, "-chroot");
    assert_string_equal(c.chroot, "/b");
    assert_string_equal(c.user, "3:4");
    assert_true(c.restricted && c.run_with_chroot && c.run_with_user);
    assert_int_equal(c.incoming, 13);
    assert_true(dml_cmdline_is_qemu(argv, 16));
    assert_false(dml_cmdline_is_qemu(wrapper, 4));
    assert_true(dml_cmdline_is_qemu(dom0, 5));
    assert_true(dml_cmdline_is_qemu(traditional, 5));
    assert_int_equal(dml_cmdline_read(&c, traditional, 5, &a), 0);
    assert_true(c.domid == 9 && c.traditional && strcmp(c.name, "old") == 0);
}

static void test_placeholders(void **state)
{
    static const struct {
        const char *pattern, *argument;
        _Bool matches;
    } cases[] = {
        {"", "", 1},
        {"a", "a", 1},
        {"a", "ab", 0},
        {"ab", "a", 0},
        {"fd=@QMP_FD@,server=on", "fd=21,server=on", 1},
        {"fd=@QMP_FD@,server=on", "fd=,server=on", 0},
        {"fd=@QMP_FD@,server=on", "fd=21,server=off", 0},
        {"mac=@MAC:0@", "mac=00:16:3e:00:00:01", 1},
        {"mac=@MAC:0@", "mac=", 0},
        {"@UUID@", "anything", 1},
        {"@A@-@B@", "1-2-3", 1},
        {"@A@-@B@", "-2", 0},
        {"a@b", "a@b", 1},
        {"a@b@", "axb@", 0},
        {"@lower@", "x", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(dml_argument_matches(cases[i].pattern, cases[i].argument), cases[i].matches);
}

static void test_difference(void **state)
{
    static const char *const wanted[] = {"qemu", "-S", "-drive", "file=@SCRIPT@,if=ide", "-m", "32"};
    static const char *const same[] = {"other-qemu", "-S",   "-drive", "file=/dev/loop0,if=ide",
                                       "-incoming",  "fd:3", "-m",     "32"};
    static const char *const plugged[] = {"qemu", "-S", "-m", "64"};
    static const char *const more[] = {"qemu", "-S", "-drive", "file=x,if=ide", "-m", "32", "-monitor", "stdio"};
    const struct dml_expected e = {.argv = wanted, .argc = 6};
    struct dml_cmdline c;
    _Bool hotplug;
    (void)state;
    assert_int_equal(dml_cmdline_read(&c, same, 8, &a), 0);
    assert_null(dml_argv_difference(&e, same, 8, &c, &a, &hotplug));
    assert_int_equal(dml_cmdline_read(&c, plugged, 4, &a), 0);
    assert_string_equal(dml_argv_difference(&e, plugged, 4, &c, &a, &hotplug),
                        "--drive\n-file=@SCRIPT@,if=ide\n-32\n+64");
    assert_true(hotplug);
    assert_int_equal(dml_cmdline_read(&c, more, 8, &a), 0);
    assert_string_equal(dml_argv_difference(&e, more, 8, &c, &a, &hotplug), "+-monitor\n+stdio");
    assert_false(hotplug);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_status, teardown),       cmocka_unit_test_teardown(test_limits, teardown),
        cmocka_unit_test_teardown(test_sockets, teardown),      cmocka_unit_test_teardown(test_command_line, teardown),
        cmocka_unit_test_teardown(test_placeholders, teardown), cmocka_unit_test_teardown(test_difference, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
