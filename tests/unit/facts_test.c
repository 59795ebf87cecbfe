/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* facts/: the files that a guest names, and the facts that decide about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "facts/files.h"

static struct dml_arena arena;
static struct dml_facts host;
static struct dml_world world;
static struct dml_subject subject;

static int start(void **state)
{
    (void)state;
    subject.xlu = dml_xlu_new();
    subject.a = &arena;
    subject.world = &world;
    return subject.xlu && dma_builder_new(NULL, &subject.builder) == DMA_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    dma_builder_free(subject.builder);
    dml_xlu_free(subject.xlu);
    dml_arena_dispose(&arena);
    return 0;
}

/* The guest, for Xen 4.17 on a host of which `facts` is known (NULL: nothing). */
static void open_guest(const char *facts, const char *lines)
{
    struct dml_err err = {""};
    struct dml_target t;
    struct dml_subject fresh = {.a = &arena, .world = &world, .builder = subject.builder, .xlu = subject.xlu};
    const char *text = dml_arena_printf(&arena, "name = \"web\"\ntype = \"hvm\"\nmemory = 512\n%s", lines);
    if (facts)
        assert_int_equal(dml_facts_parse(&host, "f", dml_sv_of(dml_arena_printf(&arena, "dmlint_facts: 1\n%s", facts)),
                                         &arena, &err),
                         0);
    assert_int_equal(dml_target_init(&t, facts ? &host : NULL, "4.17", NULL, NULL, &err), 0);
    assert_int_equal(dml_world_init(&world, facts ? &host : NULL, &t, &arena), 0);
    subject = fresh;
    assert_int_equal(dml_subject_open(&subject, "web.cfg", dml_sv_of(text), &err), 0);
}

static const char guest[] = "disk = [ \"/dev/vg/a,raw,xvda,w\", \"vdev=xvdb,format=raw,script=block-nbd,target=x\",\n"
                            "         \"/srv/i.iso,raw,hdc:cdrom,r\", \"rel.img,raw,xvdc,w\",\n"
                            "         \"format=raw,vdev=xvdd,access=w,backend=stordom,target=/dev/far\" ]\n"
                            "vif = [ \"bridge=br0\", \"bridge=br0\", \"bridge=br1,script=vif-route\" ]\n"
                            "kernel = \"/boot/k\"\nbootloader = \"pygrub\"\n";

static void test_files__those_that_must_be_there(void **state)
{
    static const char *const paths[] = {
        "/dev/vg/a",          "/etc/xen/scripts/block-nbd", "/srv/i.iso", "/sys/class/net/br0",
        "/sys/class/net/br0", "/etc/xen/scripts/vif-route", "/boot/k"};
    const struct dml_named_file *v;
    (void)state;
    open_guest(NULL, guest);
    assert_int_equal(dml_subject_files(&subject, &v), 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_string_equal(v[i].path, paths[i]);
        assert_int_equal(v[i].type, DMA_FILE_UNKNOWN);
        assert_false(dml_span_none(v[i].span));
    }
    assert_int_equal(dml_subject_files_unseen(&subject), 6); /* br0 counts once */
}

static void test_files__what_is_known_of_them(void **state)
{
    const struct dml_named_file *v;
    (void)state;
    open_guest("files: [{path: /srv/i.iso, type: regular}, {path: /sys/class/net/br0, type: absent}]\n", guest);
    assert_int_equal(dml_subject_files(&subject, &v), 7);
    assert_int_equal(v[2].type, DMA_FILE_REGULAR);
    assert_int_equal(v[3].type, DMA_FILE_ABSENT);
    assert_int_equal(dml_subject_files_unseen(&subject), 4);
    open_guest("files: [{path: /srv/i.iso, type: regular}]\nfiles_complete: true\n", guest);
    assert_int_equal(dml_subject_files(&subject, &v), 7);
    assert_int_equal(v[0].type, DMA_FILE_ABSENT);
    assert_int_equal(v[1].type, DMA_FILE_UNKNOWN); /* no guest names the folder of scripts */
    assert_int_equal(dml_subject_files_unseen(&subject), 3);
}

static void test_doubts__name_the_fact(void **state)
{
    static const struct {
        const char *facts, *lines, *fact; /* fact NULL: no doubt */
    } rows[] = {
        {"cpus: 4\n", "vcpus = 1\ncpus = \"2\"\n", NULL},
        {"os: linux\n", "vcpus = 1\ncpus = \"2\"\n", "cpus"},
        {"os: linux\n", "vcpus = 1\ncpus = \"all\"\n", NULL},
        {"cpus: 4\n", "vcpus = 1\ncpus = \"nodes:1\"\n", "numa_nodes"},
        {"os: linux\n", "pool = \"fast\"\n", "cpupools"},
        {"cpupools: [fast]\n", "pool = \"fast\"\n", NULL},
        {"cpupools: [slow]\n", "pool = \"fast\"\n", NULL}, /* refused, and that is certain */
        {"os: linux\n", "vif = [ \"backend=net\" ]\n", "domains"},
        {"domains: [net]\n", "vif = [ \"backend=net\" ]\n", NULL},
        {"domains: [web]\n", "", "running"},
        {"domains: [web]\nrunning: [{domid: 3, name: web}]\n", "", NULL},
        {"running: [{domid: 4, name: net}]\n", "vif = [ \"backend=net\", \"backend=4\" ]\n", NULL},
        {"running: [{domid: 4, name: net}]\n", "vif = [ \"backend=5\" ]\n", "domains"},
        {"iommu: true\n", "pci = [ \"01:00.0\" ]\n", "pci"},
        {"pci: [{bdf: \"0000:01:00.0\", driver: pciback}]\n", "pci = [ \"01:00.0\" ]\n", "iommu"},
        {"pci: [{bdf: \"0000:01:00.0\", driver: pciback}]\niommu: true\n", "pci = [ \"01:00.0\" ]\n", NULL},
        {"os: linux\n", "usbdev = [ \"hostbus=1,hostaddr=2\" ]\n", "usb"},
        {"os: linux\n", "vif = [ \"bridge=br0\" ]\ndisk = [ \"/dev/a,raw,xvda,w\" ]\n", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct dml_doubts at = {0};
        open_guest(rows[i].facts, rows[i].lines);
        const char *fact = dml_subject_doubt(&subject, &at);
        if (!fact != !rows[i].fact || (fact && strcmp(fact, rows[i].fact) != 0))
            fail_msg("%s%s: %s", rows[i].facts, rows[i].lines, fact ? fact : "no doubt");
        if (fact)
            assert_null(dml_subject_doubt(&subject, &at));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files__those_that_must_be_there),
        cmocka_unit_test(test_files__what_is_known_of_them),
        cmocka_unit_test(test_doubts__name_the_fact),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
