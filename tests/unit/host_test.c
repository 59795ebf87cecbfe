/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* host/: facts survive save and load, damaged facts are refused with their place, a copied root is read without running
 * anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/path.h"
#include "host/content.h"
#include "host/facts.h"
#include "host/target.h"

static const char full[] =
    "dmlint_facts: 1\n"
    "hostname: xen-a1\n"
    "os: linux\n"
    "xen: {version: \"4.17.5\", arch: x86_64, source: dpkg}\n"
    "kernel: {release: 6.1.0-21-amd64}\n"
    "cpus: 64\n"
    "qemu:\n"
    "  installed: true\n"
    "  path: /usr/lib/xen/bin/qemu-system-i386\n"
    "  version: \"7.2.22\"\n"
    "  caps: {xen_domid_restrict: true, run_with_chroot: false, run_with_user: null}\n"
    "nss: [files]\n"
    "passwd:\n"
    "  - {name: xen-qemuuser-range-base, uid: 131072, gid: 131072}\n"
    "subgid: []\n"
    "xendomains: {save: /var/lib/xen/save, migrate: \"\", restore: true, auto: [/etc/xen/auto/web.cfg]}\n"
    "groups: [{name: disk, gid: 6, members: [backup]}]\n"
    "uids_in_use: [131079]\n"
    "domains: [stordom, {name: netdom, domid: 3}]\n"
    "cpupools: [Pool-0, {name: fast, id: 3}]\n"
    "iommu: false\n"
    "usb: [{bus: 1, addr: 4, hub: true}]\n"
    "files: [{path: /srv/a, type: block}, {path: /srv/gone, type: absent}]\n"
    "files_complete: true\n"
    "pci: [{bdf: \"0000:03:00.0\", vendor: 0x10de, device: 0x1c03, class: 0x030000, driver: pciback}]\n";

static void check_full(const struct dml_facts *f)
{
    assert_int_equal(f->xen.version, DML_V(4, 17, 5));
    assert_string_equal(f->kernel_release, "6.1.0-21-amd64");
    assert_int_equal(f->cpus, 64);
    assert_true(f->numa_nodes == DML_FACT_UNKNOWN);
    assert_int_equal(f->qemu.version, DML_V(7, 2, 22));
    assert_int_equal(f->qemu.xen_domid_restrict, DML_TRI_YES);
    assert_int_equal(f->qemu.run_with_chroot, DML_TRI_NO);
    assert_int_equal(f->qemu.run_with_user, DML_TRI_UNKNOWN);
    assert_true(f->passwd.known);
    assert_int_equal(DML_AT(f->passwd, struct dml_account, 0)->uid, 131072);
    assert_true(f->subgid.known && f->subgid.n == 0);
    assert_false(f->subuid.known);
    assert_string_equal(f->xendomains.migrate, "");
    assert_string_equal(*DML_AT(DML_AT(f->groups, struct dml_group, 0)->members, const char *, 0), "backup");
    assert_int_equal(*DML_AT(f->uids_in_use, uint64_t, 0), 131079);
    assert_string_equal(DML_AT(f->domains, struct dml_domain, 0)->name, "stordom");
    assert_true(DML_AT(f->domains, struct dml_domain, 0)->domid == DML_FACT_UNKNOWN);
    assert_int_equal(DML_AT(f->domains, struct dml_domain, 1)->domid, 3);
    assert_int_equal(DML_AT(f->pci, struct dml_pci, 0)->vendor, 0x10de);
    assert_string_equal(DML_AT(f->cpupools, struct dml_cpupool, 0)->name, "Pool-0");
    assert_int_equal(DML_AT(f->cpupools, struct dml_cpupool, 1)->id, 3);
    assert_int_equal(f->iommu, DML_TRI_NO);
    assert_int_equal(DML_AT(f->usb, struct dml_usb, 0)->hub, DML_TRI_YES);
    assert_int_equal(f->files_complete, DML_TRI_YES);
}

/* What libdmargv is told of a host. */
static void test_target__from_facts(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_err err = {""};
    struct dml_facts f;
    struct dml_target t;
    struct dma_host h;
    assert_int_equal(dml_facts_parse(&f, "f", dml_sv_of(full), &a, &err), 0);
    assert_int_equal(dml_target_init(&t, &f, NULL, NULL, NULL, &err), 0);
    assert_int_equal(dml_target_host(&h, &t, &f, &a), 0);
    assert_int_equal(h.pools_known, DMA_LIST_COMPLETE);
    assert_int_equal(h.pools.v[0].id, UINT32_MAX);
    assert_int_equal(h.pools.v[1].id, 3);
    assert_int_equal(h.usb_known, DMA_LIST_COMPLETE);
    assert_int_equal(h.usb.v[0].addr, 4);
    assert_int_equal(h.iommu, DMA_NO);
    assert_true(h.domains.v[0].domid_unknown && h.domains.v[0].guest == DMA_UNSET);
    assert_false(h.domains.v[1].domid_unknown);
    assert_int_equal(dml_target_file(&h, "/srv/a", 1), DMA_FILE_BLOCK);
    assert_int_equal(dml_target_file(&h, "/srv/gone", 0), DMA_FILE_ABSENT);
    assert_int_equal(dml_target_file(&h, "/srv/other", 1), DMA_FILE_ABSENT);
    assert_int_equal(dml_target_file(&h, "/srv/other", 0), DMA_FILE_UNKNOWN);
    assert_int_equal(dml_target_file(&h, "other", 1), DMA_FILE_UNKNOWN);

    f.files_complete = DML_TRI_UNKNOWN;
    f.cpupools = f.usb = (struct dml_list){0};
    f.running = (struct dml_list){(struct dml_running[]){{.name = "stordom"}}, 1, 1};
    assert_int_equal(dml_target_host(&h, &t, &f, &a), 0);
    assert_int_equal(h.pools_known, DMA_LIST_PARTIAL);
    assert_int_equal(h.usb_known, DMA_LIST_PARTIAL);
    assert_int_equal(h.domains.v[0].guest, DMA_YES);
    assert_int_equal(h.domains.v[1].guest, DMA_NO);
    assert_int_equal(dml_target_file(&h, "/srv/other", 1), DMA_FILE_UNKNOWN);

    f.look = 1; /* on the dom0 itself */
    assert_int_equal(dml_target_host(&h, &t, &f, &a), 0);
    assert_int_equal(dml_target_file(&h, SOURCE_DIR "/README.md", 0), DMA_FILE_REGULAR);
    assert_int_equal(dml_target_file(&h, SOURCE_DIR, 0), DMA_FILE_DIRECTORY);
    assert_int_equal(dml_target_file(&h, SOURCE_DIR "/nosuch", 0), DMA_FILE_ABSENT);
    assert_int_equal(dml_target_file(&h, SOURCE_DIR "/README.md/x", 0), DMA_FILE_ABSENT);
    assert_int_equal(dml_target_file(&h, "README.md", 1), DMA_FILE_UNKNOWN);
    assert_int_equal(dml_target_file(&h, "/srv/a", 1), DMA_FILE_BLOCK);

    assert_int_equal(dml_target_host(&h, &t, NULL, &a), 0);
    assert_int_equal(h.pools_known, DMA_LIST_UNKNOWN);
    assert_int_equal(dml_target_file(&h, SOURCE_DIR, 1), DMA_FILE_UNKNOWN);
    dml_arena_dispose(&a);
}

static void test_facts__round_trip(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_facts f, again;
    struct dml_err err = {""};
    assert_int_equal(dml_facts_parse(&f, "x.yaml", dml_sv_of(full), &a, &err), 0);
    check_full(&f);
    char *json = dml_facts_json(&f, &a);
    assert_non_null(json);
    assert_int_equal(dml_facts_parse(&again, "x.json", dml_sv_of(json), &a, &err), 0);
    check_full(&again);
    assert_string_equal(dml_facts_json(&again, &a), json);
    dml_arena_dispose(&a);
}

static void refused(const char *text, const char *message)
{
    struct dml_arena a = {0};
    struct dml_facts f;
    struct dml_err err = {""};
    assert_int_equal(dml_facts_parse(&f, "f.yaml", dml_sv_of(text), &a, &err), DML_EINVAL);
    if (!strstr(err.msg, message))
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    dml_arena_dispose(&a);
}

static void test_facts__refused_with_place(void **state)
{
    (void)state;
    refused("hostname: x\n", "f.yaml:1:1: no `dmlint_facts: 1`");
    refused("dmlint_facts: 2\n", "f.yaml:1:15: facts of format 2");
    refused("dmlint_facts: 1\nhostnme: x\n", "hostname");
    refused("dmlint_facts: 1\nxen: {version: \"4.9\"}\n", "f.yaml:2:16: \"4.9\" is not a Xen release");
    refused("dmlint_facts: 1\npasswd: root\n", "f.yaml:2:9:");
    refused("dmlint_facts: 1\ncpus: many\n", "f.yaml:2:7:");
    refused("dmlint_facts: 1\ncpus: -1\n", "f.yaml:2:7:");
    refused("[1, 2", "f.yaml:");
}

static void test_collect__copied_root(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_buf notes;
    dml_buf_init(&notes, 65536);
    struct dml_facts f;
    struct dml_err err = {""};
    struct dml_collect how = {.root = SOURCE_DIR "/tests/data/root-debian", .collected_at = "2026-11-23T00:00:00Z"};
    assert_int_equal(dml_facts_collect(&f, &how, &a, &notes, &err), 0);
    assert_string_equal(f.hostname, "xen-a1");
    assert_string_equal(f.os, "linux");
    assert_int_equal(f.passwd.n, 4);
    assert_int_equal(DML_AT(f.passwd, struct dml_account, 2)->uid, 131072);
    assert_int_equal(f.nss.n, 2);
    assert_string_equal(*DML_AT(f.nss, const char *, 1), "systemd");
    assert_int_equal(DML_AT(f.subuid, struct dml_id_range, 0)->start, 100000);
    assert_true(f.subgid.known && f.subgid.n == 0);
    assert_int_equal(f.login_defs.sub_uid_min, 100000);
    assert_string_equal(f.xendomains.save, "/var/lib/xen/save");
    assert_string_equal(f.xendomains.migrate, "");
    assert_int_equal(f.xendomains.restore, DML_TRI_YES);
    assert_string_equal(*DML_AT(f.xendomains.autostart, const char *, 0), "/etc/xen/auto/web.cfg");
    assert_string_equal(f.xl_conf.domid_policy, "random");
    assert_int_equal(f.stale_chroots.n, 1);
    assert_string_equal(*DML_AT(f.stale_chroots, const char *, 0), "/var/run/xen/qemu-root-7");
    assert_int_equal(f.saved_images.n, 1);
    assert_string_equal(DML_AT(f.saved_images, struct dml_saved_image, 0)->name, "web");
    assert_null(f.xen.version_text); /* no libxenlight in the copy, no /sys: unknown, and said so */
    assert_non_null(strstr(notes.p, "libxenlight"));
    how.redact = 1;
    dml_buf_clear(&notes);
    assert_int_equal(dml_facts_collect(&f, &how, &a, &notes, &err), 0);
    char *json = dml_facts_json(&f, &a);
    assert_null(strstr(json, "alice"));
    assert_null(strstr(json, "xen-a1"));
    assert_non_null(strstr(json, "xen-qemuuser-range-base"));
    dml_buf_dispose(&notes);
    dml_arena_dispose(&a);
}

/* Debian's own packages, where they are installed: the promise is that nothing is executed to learn this. */
static void test_inspect__debian_binaries(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_err err = {""};
    struct dml_libxl_info libxl;
    int rc = dml_libxl_inspect("", &a, &libxl, &err);
    if (rc < 0) {
        print_message("skipped: no libxenlight on this machine\n");
        skip();
    }
    assert_string_equal(libxl.version, "4.17");
    assert_string_equal(libxl.qemu_path, "/usr/libexec/xen-qemu-system-i386");
    struct dml_qemu_abilities q;
    rc = dml_qemu_inspect("", libxl.qemu_path, &a, &q, &err);
    if (rc == DML_ENOENT) {
        print_message("skipped: QEMU of the package qemu-system-xen is not installed\n");
        dml_arena_dispose(&a);
        skip();
    }
    assert_int_equal(rc, 0);
    assert_memory_equal(q.version, "7.2.", 4);
    assert_int_equal(q.xen_domid_restrict, DML_TRI_YES);
    assert_int_equal(q.run_with_chroot, DML_TRI_NO);
    assert_int_equal(q.run_with_user, DML_TRI_NO);
    dml_arena_dispose(&a);
}

static void test_inspect__follows_wrapper(void **state)
{
    (void)state;
    struct dml_arena a = {0};
    struct dml_err err = {""};
    struct dml_qemu_abilities q;
    const char *root = SOURCE_DIR "/tests/data/root-debian";
    /* The wrapper names a binary that is not in the copy: following it is what finds that out. */
    assert_int_equal(dml_qemu_inspect(root, "/usr/bin/qemu-system-i386", &a, &q, &err), DML_ENOENT);
    assert_non_null(strstr(err.msg, "/usr/libexec/xen-qemu-system-i386"));
    assert_int_equal(dml_qemu_inspect(root, "/etc/passwd", &a, &q, &err), DML_EINVAL);
    dml_arena_dispose(&a);
}

static void test_content__by_first_bytes(void **state)
{
    (void)state;
    unsigned char vdi[68] = {0};
    memcpy(vdi + 64, "\x7f\x10\xda\xbe", 4);
    assert_string_equal(dml_content(vdi, sizeof vdi), "vdi");
    assert_string_equal(dml_content(vdi, 67), "raw"); /* too short to say */
    assert_string_equal(dml_content((const unsigned char *)"QFI\xfb\0\0\0\3", 8), "qcow2");
    assert_string_equal(dml_content((const unsigned char *)"QFI\xfb\0\0\0\1", 8), "qcow");
    assert_string_equal(dml_content((const unsigned char *)"conectix....", 12), "vhd");
    assert_string_equal(dml_content((const unsigned char *)"KDMV", 4), "vmdk");

    /* Where the facts are of this machine, its files are looked into; a folder, or nothing, is no image. */
    struct dml_facts here;
    dml_facts_init(&here);
    assert_null(dml_file_content(&here, "/etc/passwd"));
    here.look = 1;
    assert_string_equal(dml_file_content(&here, "/etc/passwd"), "raw");
    assert_null(dml_file_content(&here, "/etc"));
    assert_null(dml_file_content(&here, "/nowhere"));
    assert_null(dml_file_content(&here, "etc/passwd"));
    assert_null(dml_file_content(NULL, "/etc/passwd"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts__round_trip),         cmocka_unit_test(test_content__by_first_bytes),
        cmocka_unit_test(test_facts__refused_with_place), cmocka_unit_test(test_collect__copied_root),
        cmocka_unit_test(test_inspect__debian_binaries),  cmocka_unit_test(test_inspect__follows_wrapper),
        cmocka_unit_test(test_target__from_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
