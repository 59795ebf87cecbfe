/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qemu/: command lines are read as QEMU reads them, tables are in order, and judgements follow version and build. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qemu/qemu_i.h"

static void test_qemu__arguments(void **state)
{
    static const char *const argv[] = {"qemu", "-S", "--name", "-S", "disk", "-", "--nosuch", "-serial"};
    static const struct {
        enum dml_qemu_kind kind;
        const char *name, *value;
    } expected[] = {{DML_QEMU_OPTION, "S", NULL}, {DML_QEMU_OPTION, "name", "-S"},    {DML_QEMU_WORD, "disk", NULL},
                    {DML_QEMU_INVALID, "", NULL}, {DML_QEMU_INVALID, "nosuch", NULL}, {DML_QEMU_BARE, "serial", NULL}};
    struct dml_qemu_arg arg;
    uint32_t i = 1, n = 0;
    (void)state;
    for (; dml_qemu_next(argv, 8, &i, &arg); n++) {
        assert_int_equal(arg.kind, expected[n].kind);
        assert_string_equal(arg.name, expected[n].name);
        assert_int_equal(arg.value != NULL, expected[n].value != NULL);
        if (arg.value && expected[n].value)
            assert_string_equal(arg.value, expected[n].value);
    }
    assert_int_equal(n, 6);
}

static void expect_part(struct dml_qemu_parts *parts, const char *key, const char *value)
{
    struct dml_qemu_part part;
    assert_true(dml_qemu_next_part(parts, &part));
    assert_true(dml_sv_is(part.key, key));
    assert_true(dml_sv_is(part.value, value));
}

static void test_qemu__parts(void **state)
{
    struct dml_arena a = {0};
    struct dml_qemu_parts parts = {"e1000,,x,id=a,,b=c,flag,id=", "driver", &a};
    struct dml_qemu_part part;
    (void)state;
    expect_part(&parts, "driver", "e1000,x");
    expect_part(&parts, "id", "a,b=c");
    expect_part(&parts, "flag", "on");
    expect_part(&parts, "id", "");
    assert_false(dml_qemu_next_part(&parts, &part));
    /* The first part has a key of its own: the implied one is not meant. */
    parts = (struct dml_qemu_parts){"a=1,b", "driver", &a};
    expect_part(&parts, "a", "1");
    expect_part(&parts, "b", "on");
    assert_true(dml_sv_is(dml_qemu_part("file=x,if=ide,if=none", "file", "if", &a), "none"));
    assert_null(dml_qemu_part("", "file", "if", &a).p);
    dml_arena_dispose(&a);
}

/* Look-up is by halving: every row must be found by its own name. */
static void test_qemu__tables_in_order(void **state)
{
    static const char *const options[] = {
#define OPTION(name, arity, how, since, removed, feature, why) name,
#include "qemu/options.def"
#undef OPTION
    };
    static const char *const devices[] = {
#define DEVICE(name, class, since, removed, feature) name,
#include "qemu/devices.def"
#undef DEVICE
    };
    (void)state;
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
        assert_string_equal(dml_qemu_option_find(options[i])->name, options[i]);
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++)
        assert_string_equal(dml_qemu_device_find(dml_sv_of(devices[i]))->name.p, devices[i]);
}

/* What is said first of "-option value" under a build: 'r' refused, 'u' unknown, 'f' feature, 'v' version, '-' nothing.
 */
static char said(const char *build, const char *option, const char *value)
{
    const char *argv[] = {"qemu", "-usb", option, value};
    struct dml_qemu_build b = {0};
    struct dml_arena a = {0};
    dml_version v = 0;
    if (!dml_qemu_build_named(&b, build)) {
        if (*build)
            assert_int_equal(dml_qemu_version_parse(dml_sv_of(build), &v, NULL), 0);
        dml_qemu_build_upstream(&b, v);
    }
    struct dml_qemu_findings f = dml_qemu_judge(argv, value ? 4 : 3, &b, &a);
    char c = f.n ? "rufv"[f.v[0].answer] : '-';
    dml_arena_dispose(&a);
    return c;
}

static void test_qemu__judgements(void **state)
{
    static const struct {
        const char *build, *option, *value;
        char said;
    } cases[] = {
        {"debian-12", "-no-reboot", NULL, '-'},
        {"debian-12", "-S", NULL, 'r'},
        {"debian-12", "-nosuch", NULL, 'r'},
        {"debian-12", "-user", "root", 'r'},
        {"debian-12", "-device", NULL, 'r'},
        {"debian-12", "word", NULL, 'r'},
        {"debian-12", "/srv/image", NULL, 'u'},
        {"debian-12", "-enable-kvm", NULL, 'r'},
        {"debian-12", "-incoming", "defer", 'r'},
        {"debian-12", "-readconfig", "/x", 'u'},
        /* releases */
        {"8.2", "-chroot", "/x", '-'},
        {"9.0", "-chroot", "/x", 'r'},
        {"", "-chroot", "/x", 'v'},
        {"7.2", "-run-with", "chroot=/x", 'r'},
        {"9.0", "-run-with", "user=x", 'r'},
        {"9.1", "-run-with", "user=x", '-'},
        {"7.2", "-device", "igb", 'r'},
        {"10.0", "-device", "igb", '-'},
        {"10.9", "-device", "nosuch", 'u'},
        {"7.2", "-serial", "pty:/x", 'r'},
        /* builds */
        {"debian-11", "-vnc", "127.0.0.1:1,password=on", '-'},
        {"debian-12", "-vnc", "127.0.0.1:1,password", 'r'},
        {"9.0", "-vnc", "127.0.0.1:1,password", 'f'},
        {"5.2", "-vnc", "127.0.0.1:1,password", '-'},
        {"debian-11", "-sandbox", "on,spawn=deny", '-'},
        {"debian-11", "-sandbox", "on,arg=\n", 'r'},
        {"debian-13", "-sandbox", "on", 'r'},
        {"debian-12", "-device", "ac97", '-'},
        {"debian-13", "-device", "ac97", 'r'},
        {"9.0", "-device", "ac97", 'f'},
        {"debian-11", "-display", "gtk", 'f'},
        {"9.0", "-spice", "port=1,disable-ticketing=on", '-'},
        /* values */
        {"debian-12", "-boot", "order=cdn", '-'},
        {"debian-12", "-boot", "order=dd", 'r'},
        {"debian-12", "-boot", "order=cdna", 'r'},
        {"debian-12", "-boot", "c,menu=on", '-'},
        {"debian-12", "-boot", "c,menu=maybe", 'r'},
        {"debian-12", "-k", "de", '-'},
        {"debian-12", "-k", "de\n", 'r'},
        {"debian-12", "-usbdevice", "tablet", '-'},
        {"debian-12", "-usbdevice", "usb-tablet", 'r'},
        {"debian-12", "-device", "usb-tablet", '-'},
        {"debian-12", "-device", "hda-duplex", 'r'},
        {"debian-12", "-device", "cirrus-vga,vgamem_mb=16", '-'},
        {"debian-12", "-device", "cirrus-vga,vgamem_mb=32", 'r'},
        {"debian-12", "-device", "e1000,netdev=nobody", 'r'},
        {"debian-12", "-device", "e1000,mac=00:16:3e:00:00:0g", 'r'},
        {"debian-12", "-device", "e1000,speed=9", 'u'},
        {"debian-12", "-device", "{\"driver\": \"e1000\"}", 'u'},
        {"debian-12", "-vnc", "127.0.0.1:59635", '-'},
        {"debian-12", "-vnc", "127.0.0.1:59636", 'r'},
        {"debian-12", "-vnc", "127.0.0.1:100,to=99", 'r'},
        {"debian-12", "-vnc", "somewhere:1", 'u'},
        {"debian-12", "-serial", "pty", '-'},
        {"debian-12", "-serial", "com1", 'r'},
        {"debian-12", "-serial", "pty\n", 'r'},
        {"debian-12", "-serial", "mon:vc:80Cx24C", '-'},
        {"debian-12", "-serial", "tcp:127.0.0.1:99,server=on,wait=off", '-'},
        {"debian-12", "-serial", "tcp:127.0.0.1:99,server", 'r'},
        {"debian-12", "-serial", "tcp:127.0.0.1:99,server,nowait,reconnect=1", 'r'},
        {"debian-12", "-serial", "tcp:127.0.0.1:70000", 'u'},
        {"debian-12", "-spice", "port=70000", 'r'},
        {"debian-12", "-device", "ide-hd", 'r'},
        {"debian-12", "-serial", "udp:127.0.0.1:70@0.0.0.0:71", '-'},
        {"debian-12", "-chardev", "null", 'r'},
        {"debian-12", "-chardev", "null,id=9", 'r'},
        {"debian-12", "-name", "a,b", 'r'},
        {"debian-12", "-name", "a,,b", '-'},
        {"debian-12", "-smp", "2,maxcpus=1", 'r'},
        {"debian-12", "-smp", "2,maxcpus=4", '-'},
        {"debian-12", "-global", "PIIX4_PM.disable_s3=1", '-'},
        {"debian-12", "-global", "PIIX4_PM.disable_s3=x", 'u'},
        {"debian-12", "-drive", "if=none,file=/dev/x,format=raw,nosuch=1", 'r'},
        {"debian-12", "-drive", "if=none,file=/dev/x,,y,format=raw", 'u'},
        {"debian-12", "-drive", "if=none,file=nbd:x:1,format=raw", 'u'},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char c = said(cases[i].build, cases[i].option, cases[i].value);
        if (c != cases[i].said)
            fail_msg("%s: %s %s: '%c'", cases[i].build, cases[i].option, cases[i].value ? cases[i].value : "", c);
    }
}

static void test_qemu__ids_and_places(void **state)
{
    static const char *const argv[] = {"qemu",
                                       "-netdev",
                                       "type=hubport,id=n,hubid=1",
                                       "-device",
                                       "e1000,id=a,netdev=n",
                                       "-device",
                                       "rtl8139,id=a",
                                       "-device",
                                       "pcnet,netdev=n",
                                       "-drive",
                                       "if=ide,index=0,file=/dev/x",
                                       "-drive",
                                       "index=0,file=/dev/y"};
    struct dml_qemu_build b;
    struct dml_arena a = {0};
    (void)state;
    assert_true(dml_qemu_build_named(&b, "debian-12"));
    struct dml_qemu_findings f = dml_qemu_judge(argv, 13, &b, &a);
    unsigned twice = 0, used = 0, places = 0;
    for (uint32_t i = 0; i < f.n; i++) {
        twice += f.v[i].answer == DML_QEMU_REFUSES && strstr(f.v[i].message, "there twice") != NULL;
        used += strstr(f.v[i].message, "in use already") != NULL;
        places += f.v[i].reason == DML_QEMU_BY_PLACE;
    }
    assert_int_equal(twice, 2);
    assert_int_equal(used, 1);
    assert_int_equal(places, 2);
    dml_arena_dispose(&a);
}

static void test_qemu__devices_beside(void **state)
{
    static const char *const argv[] = {"qemu",    "-device", "cirrus-vga", "-device",  "qxl-vga", "-device", "e1000",
                                       "-device", "e1000",   "-device",    "i6300esb", "-device", "i6300esb"};
    struct dml_qemu_build b;
    struct dml_arena a = {0};
    (void)state;
    assert_true(dml_qemu_build_named(&b, "debian-12"));
    struct dml_qemu_findings f = dml_qemu_judge(argv, 13, &b, &a);
    assert_int_equal(f.n, 2);
    assert_int_equal(f.v[0].answer, DML_QEMU_REFUSES);
    assert_int_equal(f.v[0].at, 3);
    assert_int_equal(f.v[1].answer, DML_QEMU_UNKNOWN);
    assert_int_equal(f.v[1].at, 11);
    dml_arena_dispose(&a);
}

static void test_qemu__builds(void **state)
{
    struct dml_qemu_build b;
    (void)state;
    assert_string_equal(dml_qemu_build_of("/usr/libexec/xen-qemu-system-i386", DML_V(7, 2, 22)), "debian-12");
    assert_string_equal(dml_qemu_build_of("/usr/libexec/xen-qemu-system-i386", DML_V(10, 0, 2)), "debian-13");
    assert_null(dml_qemu_build_of("/usr/libexec/xen-qemu-system-i386", DML_V(8, 2, 0)));
    assert_null(dml_qemu_build_of("/usr/lib/xen/bin/qemu-system-i386", DML_V(7, 2, 22)));
    assert_null(dml_qemu_build_of(NULL, DML_V(7, 2, 22)));
    assert_false(dml_qemu_build_named(&b, "debian-99"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_qemu__arguments),       cmocka_unit_test(test_qemu__parts),
        cmocka_unit_test(test_qemu__tables_in_order), cmocka_unit_test(test_qemu__judgements),
        cmocka_unit_test(test_qemu__ids_and_places),  cmocka_unit_test(test_qemu__devices_beside),
        cmocka_unit_test(test_qemu__builds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
