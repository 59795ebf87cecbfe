/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* try/: what of a command line is changed for the room, what is read apart, and what is made inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "try/try_i.h"

static const struct dml_try qemu = {.program = "/q"};

static void plan(struct dml_try_plan *p, const char *const *argv, struct dml_arena *a)
{
    struct dma_result r = {.outcome = DMA_RUNS, .argv = argv};
    while (argv[r.argc])
        r.argc++;
    r.process.device_model = DMA_DM_QEMU_XEN;
    r.process.qmp_preopened = 1;
    *p = (struct dml_try_plan){.t = &qemu};
    assert_int_equal(dml_try_plan(p, &r, a), 0);
}

/* Of `argv`, after the program: this becomes that. */
static void becomes(const char *const *argv, const char *const *expected)
{
    struct dml_arena a = {0};
    struct dml_try_plan p;
    plan(&p, argv, &a);
    assert_string_equal(p.argv.v[0], "/q");
    uint32_t n = 1;
    for (; expected[n - 1]; n++) {
        assert_true(n < p.argv.n);
        assert_string_equal(p.argv.v[n], expected[n - 1]);
    }
    assert_int_equal(p.argv.n, n);
    dml_arena_dispose(&a);
}
#define BECOMES(...) becomes((const char *const[]){"qemu", __VA_ARGS__, NULL}, (const char *const[])
#define THAT(...)    {__VA_ARGS__, NULL})

static void test_try__changes(void **state)
{
    (void)state;
    BECOMES("-machine", "pc,accel=xen,suppress-vmdesc=on")
    THAT("-machine", "type=pc,accel=qtest,suppress-vmdesc=on", "-S");
    BECOMES("-enable-kvm", "-machine", "xenfv")
    THAT("-machine", "accel=qtest", "-enable-kvm", "-machine", "type=pc", "-S");
    BECOMES("-accel", "xen", "-machine", "xenfv") THAT("-accel", "qtest", "-machine", "type=pc", "-S");
    BECOMES("-machine", "q35,foo=1") THAT("-machine", "q35,foo=1", "-S");
    BECOMES("-S", "-m", "504") THAT("-S", "-m", "504");
    BECOMES("-S", "-m", "100000") THAT("-S", "-m", "512");
    BECOMES("-S", "-m", "4194304x") THAT("-S", "-m", "4194304x");
    BECOMES("-S", "-netdev", "type=tap,id=net0,ifname=vif1.0-emu,br=b,script=no,downscript=no,foo=a,,b")
    THAT("-S", "-netdev", "type=hubport,hubid=0,id=net0,foo=a,,b");
    BECOMES("-S", "-netdev", "user,id=u") THAT("-S", "-netdev", "user,id=u");
    BECOMES("-S", "-device", "e1000,mac=@MAC:3@,x=@") THAT("-S", "-device", "e1000,mac=00:16:3e:00:01:03,x=@");
    BECOMES("-S", "-serial", "com1", "--usb") THAT("-S", "-serial", "com1", "--usb");
}

static void test_try__restriction_apart(void **state)
{
    static const char *const argv[] = {
        "qemu", "-S", "-xen-domid-restrict", "-chroot", "/c", "-chardev", "socket,id=libxl-cmd,fd=@QMP_FD@", "-runas",
        "1:2",  NULL};
    static const char *const apart[] = {"/q", "-xen-domid-restrict", "-chroot", "/c", "-runas", "1:2", "-version"};
    struct dml_arena a = {0};
    struct dml_try_plan p;
    (void)state;
    plan(&p, argv, &a);
    assert_int_equal(p.apart.n, 7);
    for (uint32_t i = 0; i < 7; i++)
        assert_string_equal(p.apart.v[i], apart[i]);
    assert_int_equal(p.apart.from[4], 7);
    assert_int_equal(p.argv.n, 4);
    assert_int_equal(p.argv.from[2], 5);
    assert_string_equal(p.argv.v[3], "socket,id=libxl-cmd,fd=4");
    assert_string_equal(p.qmp, "/run/xen/qmp");
    assert_null(p.cannot);
    dml_arena_dispose(&a);
}

static _Bool makes(const struct dml_try_plan *p, const char *path, enum dml_try_stand_in kind)
{
    for (uint32_t i = 0; i < p->made.n; i++)
        if (strcmp(p->made.v[i].path, path) == 0 && p->made.v[i].kind == kind)
            return 1;
    return 0;
}

static void test_try__stand_ins(void **state)
{
    static const char *const argv[] = {
        "qemu",  "-drive",  "file=/a,,b,format=raw", "-drive", "file=/c,format=qcow2", "-kernel", "/k",
        "/disk", "-serial", "file:/var/log/x",       NULL};
    static const char *const odd[] = {"qemu", "-drive", "file=/a,format=qed", NULL};
    struct dml_arena a = {0};
    struct dml_try_plan p;
    (void)state;
    plan(&p, argv, &a);
    assert_true(makes(&p, "/a,b", DML_TRY_RAW));
    assert_true(makes(&p, "/c", DML_TRY_QCOW2));
    assert_true(makes(&p, "/k", DML_TRY_KERNEL));
    assert_true(makes(&p, "/disk", DML_TRY_RAW));
    assert_true(makes(&p, "/var/log/x", DML_TRY_FOLDER));
    assert_int_equal(p.argv.image, 7);
    assert_string_equal(p.cannot, "its command line has no monitor of libxl's");
    plan(&p, odd, &a);
    assert_string_equal(p.cannot, "there is no stand-in for a disk of format qed");
    dml_arena_dispose(&a);
}

static void test_try__program(void **state)
{
    struct dml_arena a = {0};
    struct dml_try *t;
    struct dml_err err = {""};
    (void)state;
    assert_int_equal(dml_try_open(&t, "/nowhere/qemu", NULL, &a, &err), DML_ENOENT);
    assert_int_equal(dml_try_open(&t, SOURCE_DIR, NULL, &a, &err), DML_ENOENT);
    assert_int_equal(dml_try_open(&t, NULL, "/bin/sh", &a, &err), 0);
    assert_non_null(strrchr(dml_try_program(t), '/'));
    dml_arena_dispose(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_try__changes),
        cmocka_unit_test(test_try__restriction_apart),
        cmocka_unit_test(test_try__stand_ins),
        cmocka_unit_test(test_try__program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
