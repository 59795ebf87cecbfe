/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* checks/, facts/ and the accounts of host/: where their answers change, beside what the examples of rules/ show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checks/checks.h"
#include "facts/select.h"
#include "yaml/yaml.h"

static struct dml_arena a;
static struct dml_xlu *xlu;
static struct dma_builder *builder;
static struct dml_facts facts;
static struct dml_world world;
static struct dml_subject subject;
static char said[1000]; /* what the last check had to say, or which fact it misses */

static int start(void **state)
{
    (void)state;
    xlu = dml_xlu_new();
    return xlu && dma_builder_new(NULL, &builder) == DMA_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dml_xlu_free(xlu);
    dma_builder_free(builder);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dml_arena_dispose(&a);
    return 0;
}

/* A restricted guest with more lines, on a host with these facts (a YAML mapping without its braces). */
static void open_on(const char *xen, const char *host, const char *lines)
{
    struct dml_err err = {""};
    struct dml_yaml y;
    struct dml_target target;
    const char *text = dml_arena_printf(&a, "{dmlint_facts: 1, %s}", host);
    if (dml_yaml_parse(&a, "facts", dml_sv_of(text), &y, &err) || dml_facts_from_yaml(&facts, &y, y.root, &a, &err) ||
        dml_target_init(&target, &facts, xen, NULL, NULL, &err) || dml_world_init(&world, &facts, &target, &a))
        fail_msg("%s: %s", text, err.msg);
    subject = (struct dml_subject){
        .a = &a, .world = &world, .builder = builder, .xlu = xlu, .answers = dml_host_answers_new(&a)};
    text = dml_arena_printf(&a, "name = 'web'\ntype = 'hvm'\nmemory = 64\ndm_restrict = 1\n%s", lines);
    assert_int_equal(dml_subject_open(&subject, "x.cfg", dml_sv_of(text), &err), 0);
}

static void fires(void *user, struct dml_span span, const char *key, const char *message)
{
    (void)user;
    (void)span;
    (void)key;
    strncpy(said, message ? message : "", sizeof said - 1);
}

static void misses(void *user, const char *fact)
{
    (void)user;
    strncpy(said, fact, sizeof said - 1);
}

#define ROOT "{name: root, uid: 0, gid: 0}"

static void test_checks__change_their_answer_here(void **state)
{
    static const struct {
        const char *check, *xen, *facts, *lines;
        enum dml_truth answer;
        const char *says; /* part of the message, or of the missing fact's name */
    } cases[] = {
#define ACCOUNTS(base, more)                                                                                           \
    "nss: [files], passwd: [" ROOT ", {name: xen-qemuuser-range-base, uid: " base ", gid: 65536}" more "]"
        /* The range is base + 1 .. base + 32751. */
        {"range_meets_passwd", "4.17", ACCOUNTS("65536", ", {name: a, uid: 65536, gid: 1}"), "", DML_NO, ""},
        {"range_meets_passwd", "4.17", ACCOUNTS("65536", ", {name: a, uid: 65537, gid: 1}"), "", DML_YES, "domid 1 "},
        {"range_meets_passwd", "4.17", ACCOUNTS("65536", ", {name: a, uid: 98287, gid: 1}"), "", DML_YES, "32751"},
        {"range_meets_passwd", "4.17", ACCOUNTS("65536", ", {name: a, uid: 98288, gid: 1}"), "", DML_NO, ""},
        /* The uid of a domid that has an account of its own is free for it; libxl makes no names with zeros. */
        {"range_meets_passwd", "4.11", ACCOUNTS("65536", ", {name: xen-qemuuser-domid1, uid: 65537, gid: 1}"), "",
         DML_NO, ""},
        {"range_meets_passwd", "4.11", ACCOUNTS("65536", ", {name: xen-qemuuser-domid01, uid: 65537, gid: 1}"), "",
         DML_YES, "domid 1 "},
        {"range_meets_passwd", "4.12", ACCOUNTS("65536", ", {name: xen-qemuuser-domid1, uid: 65537, gid: 1}"), "",
         DML_YES, "domid 1 "},
        {"range_wraps", "4.17", ACCOUNTS("2147450896", ""), "", DML_NO, ""}, /* up to 2^31 - 1 */
        {"range_wraps", "4.17", ACCOUNTS("2147450897", ""), "", DML_YES, "negative"},
        {"range_wraps", "4.17", ACCOUNTS("4294934543", ""), "", DML_YES, "negative"}, /* up to 2^32 - 2 */
        {"range_wraps", "4.17", ACCOUNTS("4294934544", ""), "", DML_YES, "wraps around"},
        {"range_meets_subuid", "4.17", ACCOUNTS("65536", "") ", subuid: [{name: b, start: 98288, count: 9}]", "",
         DML_NO, ""},
        {"range_meets_subuid", "4.17", ACCOUNTS("65536", "") ", subuid: [{name: b, start: 98287, count: 9}]", "",
         DML_YES, "98287"},
        {"range_meets_subuid", "4.17", ACCOUNTS("65536", "") ", subuid: [{name: b, start: 100, count: 65437}]", "",
         DML_NO, ""},
        {"range_meets_subuid", "4.17", ACCOUNTS("65536", "") ", subuid: [{name: b, start: 100, count: 65438}]", "",
         DML_YES, "65537"},
        {"range_meets_subuid", "4.17", ACCOUNTS("65536", ""), "", DML_UNKNOWN, "subuid"},
        {"uid_in_use", "4.17", ACCOUNTS("65536", "") ", running: [], uids_in_use: [65536, 98288]", "", DML_NO, ""},
        {"uid_in_use", "4.17", ACCOUNTS("65536", "") ", running: [], uids_in_use: [98287]", "", DML_YES, "98287"},
        {"uid_in_use", "4.17", ACCOUNTS("65536", "") ", running: [], uids_in_use: [65537]", "", DML_YES, "65537"},
        {"uid_in_use", "4.17", ACCOUNTS("65536", "") ", running: [{domid: 1}], uids_in_use: [65537]", "", DML_NO, ""},
        {"uid_in_use", "4.17", ACCOUNTS("65536", "") ", uids_in_use: [65537]", "", DML_UNKNOWN, "running"},
        /* What SSSD and LDAP know of is not in a list; what is in it, is there. */
        {"account_missing", "4.17", "nss: [files, sss], passwd: [" ROOT "]", "", DML_UNKNOWN, "nss"},
        {"account_missing", "4.17", "nss: [files, systemd], passwd: [" ROOT "]", "", DML_YES, ""},
        {"account_missing", "4.17", "nss: [sss], passwd: [{name: xen-qemuuser-range-base, uid: 9, gid: 9}]", "", DML_NO,
         ""},
        /* Groups that others have, too. */
        {"group_of_others", "4.17", "nss: [files], groups: [], passwd: [{name: q, uid: 9, gid: 65534}]",
         "device_model_user = 'q'\n", DML_YES, "nogroup"},
        {"group_of_others", "4.17", "nss: [files], groups: [], passwd: [{name: q, uid: 9, gid: 9}]",
         "device_model_user = 'q'\n", DML_NO, ""},
        {"group_of_others", "4.17", "nss: [files], groups: [], passwd: [{name: q, uid: 9, gid: 0}]",
         "device_model_user = 'q'\n", DML_YES, "root's group"},
        /* Disks that QEMU writes. */
        {"restrict_file_disk", "4.17", ACCOUNTS("65536", ""), "disk = ['/a.img,raw,hda,w']\n", DML_YES, "/a.img"},
        {"restrict_file_disk", "4.17", ACCOUNTS("65536", ""), "disk = ['/a.img,raw,sda,r']\n", DML_NO, ""},
        {"restrict_file_disk", "4.17", ACCOUNTS("65536", ""), "disk = ['/dev/a,raw,hda,w']\n", DML_NO, ""},
        {"restrict_file_disk", "4.17",
         ACCOUNTS("65536", "") ", files: [{path: /dev/a, type: regular, mode: '600', uid: 0, gid: 0}]",
         "disk = ['/dev/a,raw,hda,w']\n", DML_YES, "/dev/a"},
        {"restrict_file_disk", "4.11", ACCOUNTS("65536", ""), "disk = ['/a.img,raw,hda,w']\n", DML_NO, ""},
        /* QEMU's releases, the first that lacks it and the last that has it. */
        {"qemu_lacks_option", "4.17", ACCOUNTS("65536", "") ", qemu: {version: '7.0.9'}",
         "device_model_args = ['-curses']\n", DML_NO, ""},
        {"qemu_lacks_option", "4.17", ACCOUNTS("65536", "") ", qemu: {version: '7.1'}",
         "device_model_args = ['-curses']\n", DML_YES, "7.1"},
        {"qemu_lacks_option", "4.17", ACCOUNTS("65536", ""), "device_model_args = ['-curses']\n", DML_UNKNOWN,
         "qemu.version"},
#undef ACCOUNTS
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dml_check c = {&subject, fires, misses, NULL};
        int number = dml_check_find(NULL, dml_sv_of(cases[i].check), NULL);
        assert_true(number >= 0);
        open_on(cases[i].xen, cases[i].facts, cases[i].lines);
        said[0] = '\0';
        enum dml_truth answer = dml_check_run(number, &c);
        if (answer != cases[i].answer || !strstr(said, cases[i].says))
            fail_msg("%zu: %s on Xen %s with %s%s: %d %s", i, cases[i].check, cases[i].xen, cases[i].facts,
                     cases[i].lines, (int)answer, said);
    }
}

static void test_checks__misspelt_by_at_most_two(void **state)
{
    static const struct {
        const char *key;
        enum dml_truth answer;
    } cases[] = {{"dm_restrict1", DML_YES}, {"dm_restric", DML_YES},  {"dmrestict", DML_YES},  {"dm-restrict", DML_NO},
                 {"dm_restr", DML_NO},      {"dn_retsrict", DML_YES}, {"dx_rxstrixt", DML_NO}, {"dm_restrict", DML_NO}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct dml_check c = {&subject, fires, misses, NULL};
        open_on("4.17", "cpus: 1", "");
        struct dml_sv text = dml_sv_of(dml_arena_printf(&a, "name = 'web'\n%s = 1\n", cases[i].key));
        assert_int_equal(dml_subject_open(&subject, "x.cfg", text, NULL), 0);
        enum dml_truth answer = dml_check_run(dml_check_find(NULL, DML_SV("restrict_misspelt"), NULL), &c);
        if (answer != cases[i].answer)
            fail_msg("%s: %d", cases[i].key, (int)answer);
    }
}

static struct dml_values get(const char *name)
{
    struct dml_selector sel;
    assert_true(dml_select_resolve(NULL, DML_SELECT_FACT, dml_sv_of(name), &sel));
    return dml_select_get(&subject, sel.id);
}

/* A fact that nobody knows is unknown, not absent, whatever its kind; one that is known to be nothing is. */
static void test_facts__unknown_is_not_absent(void **state)
{
    static const char *const names[] = {"host.hostname",       "host.cpus",
                                        "host.qemu.installed", "host.xen.version",
                                        "host.qemu.version",   "host.passwd[*]",
                                        "host.passwd[*].name", "host.nss[*]",
                                        "host.uids_in_use[*]", "host.qemu.caps.run_with_user"};
    (void)state;
    open_on("4.17", "os: linux", "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!get(names[i]).unknown)
            fail_msg("%s is known", names[i]);
    open_on("4.17",
            "hostname: h, cpus: 4, xen: {version: '4.17.5'}, passwd: [{name: a, uid: 1}], nss: [], uids_in_use: [7], "
            "qemu: {installed: false, version: '7.2', caps: {run_with_user: true}}",
            "");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct dml_values v = get(names[i]);
        if (v.unknown || v.n != (strcmp(names[i], "host.nss[*]") != 0))
            fail_msg("%s: %u values%s", names[i], v.n, v.unknown ? ", unknown" : "");
    }
    assert_int_equal(get("host.xen.version").v->u.v, DML_V(4, 17, 5));
    assert_int_equal(get("host.qemu.version").v->u.v, DML_V(7, 2, 0));
    assert_int_equal(get("host.qemu.installed").v->u.i, 0);
    assert_int_equal(get("host.uids_in_use[*]").v->u.i, 7);
    assert_int_equal(get("host.passwd[*].gid").v->kind, DML_VALUE_UNKNOWN); /* of an account that is known */
}

/* Whether QEMU serves a guest that does not start: one without a stub domain would have it. */
static void test_facts__qemu_of_guests_that_are_refused(void **state)
{
    (void)state;
    open_on("4.17", "nss: [files], passwd: [" ROOT "]", "");
    assert_int_equal(get("guest.refused").v->u.i, 1);
    assert_int_equal(get("guest.has_qemu").v->u.i, 1);
    open_on("4.17", "nss: [files], passwd: [" ROOT "]", "device_model_stubdomain_override = 1\ncpu_weight = 0\n");
    assert_int_equal(get("guest.refused").v->u.i, 1);
    assert_true(get("guest.has_qemu").unknown);
}

/* How much of the host's accounts libdmargv is told to rely on. */
static void test_host__lists_that_are_complete(void **state)
{
    (void)state;
    open_on("4.17", "nss: [files], passwd: [" ROOT "]", "");
    assert_int_equal(world.dma_host.accounts_known, DMA_LIST_COMPLETE);
    open_on("4.17", "nss: [files, sss], passwd: [" ROOT "]", "");
    assert_int_equal(world.dma_host.accounts_known, DMA_LIST_PARTIAL);
    open_on("4.17", "nss: [files]", "");
    assert_int_equal(world.dma_host.accounts_known, DMA_LIST_UNKNOWN);
}

int main(void)
{
#define T(name) cmocka_unit_test_teardown(name, teardown)
    const struct CMUnitTest tests[] = {
        T(test_checks__change_their_answer_here), T(test_checks__misspelt_by_at_most_two),
        T(test_facts__unknown_is_not_absent),     T(test_facts__qemu_of_guests_that_are_refused),
        T(test_host__lists_that_are_complete),
    };
    return cmocka_run_group_tests_name("checks", tests, start, stop);
}
