/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of libdmargv's public functions: what the goldens (whole guests) do not show. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dmargv/dmargv.h"

/* A guest that reaches many steps, on a host that is known. */
struct world {
    struct dma_disk disks[3];
    struct dma_nic nics[2];
    struct dma_guest guest;
    struct dma_account accounts[2];
    struct dma_host host;
    struct dma_target target;
};

static struct world *new_world(uint32_t xen)
{
    struct world *w = test_calloc(1, sizeof *w);

    dma_guest_init(&w->guest);
    w->guest.type = DMA_HVM;
    w->guest.name = "web";
    w->guest.target_memkb = w->guest.max_memkb = 1024 * 1024;
    w->guest.max_vcpus = w->guest.avail_vcpus = w->guest.avail_vcpus_bits = 2;
    w->guest.dm_restrict = DMA_YES;
    w->disks[0] = (struct dma_disk){.pdev_path = "/dev/vg/a", .vdev = "xvda", .format = DMA_FORMAT_RAW, .readwrite = 1};
    w->disks[1] = (struct dma_disk){.pdev_path = "/b.iso", .vdev = "hdc", .format = DMA_FORMAT_RAW, .is_cdrom = 1};
    w->disks[2] = (struct dma_disk){.pdev_path = "/dev/vg/c", .vdev = "sda", .format = DMA_FORMAT_RAW, .readwrite = 1};
    DMA_LIST_SET(&w->guest.disks, w->disks, 3);
    w->nics[0].mac[5] = 1;
    w->nics[1].devid = 1;
    DMA_LIST_SET(&w->guest.nics, w->nics, 2);
    dma_host_init(&w->host);
    w->accounts[0] = (struct dma_account){"xen-qemuuser-range-base", 65536, 65534};
    w->accounts[1] = (struct dma_account){"root", 0, 0};
    w->host.accounts_known = DMA_LIST_COMPLETE;
    DMA_LIST_SET(&w->host.accounts, w->accounts, 2);
    w->target = (struct dma_target){.size = sizeof w->target, .xen = xen, .domid = 7};
    return w;
}

static const struct dma_result *build(struct dma_builder *b, const struct world *w)
{
    const struct dma_result *r = NULL;

    assert_int_equal(dma_build(b, &w->guest, &w->host, &w->target, &r), DMA_OK);
    assert_non_null(r);
    return r;
}

/* The argument after the last `option`, or NULL. */
static const char *after(const struct dma_result *r, const char *option)
{
    for (uint32_t i = r->argc; i-- > 1;) {
        if (strcmp(r->argv[i - 1], option) == 0)
            return r->argv[i];
    }
    return NULL;
}

static int has_arg(const struct dma_result *r, const char *arg)
{
    for (uint32_t i = 0; i < r->argc; i++) {
        if (strcmp(r->argv[i], arg) == 0)
            return 1;
    }
    return 0;
}

static struct dma_builder *new_builder(void)
{
    struct dma_builder *b = NULL;

    assert_int_equal(dma_builder_new(NULL, &b), DMA_OK);
    return b;
}

static void test_builder__refuses_nonsense(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 9, 0));
    const struct dma_result *result = NULL;
    struct dma_builder *b = new_builder();

    (void)state;
    assert_int_equal(dma_builder_new(NULL, NULL), DMA_EINVAL);
    assert_int_equal(dma_build(b, &w->guest, NULL, &w->target, &result), DMA_EINVAL);
    w->target.xen = DMA_XEN(4, 17, 0);
    assert_int_equal(dma_build(b, NULL, NULL, &w->target, &result), DMA_EINVAL);
    assert_int_equal(dma_build(b, &w->guest, NULL, NULL, &result), DMA_EINVAL);
    assert_int_equal(dma_build(b, &w->guest, NULL, &w->target, NULL), DMA_EINVAL);
    w->guest.type = DMA_TYPE_UNSET;
    assert_int_equal(dma_build(b, &w->guest, NULL, &w->target, &result), DMA_EINVAL);
    assert_null(result);
    dma_builder_free(b);
    dma_builder_free(NULL);
    test_free(w);
}

/* An allocator that fails at the n-th call. */
struct budget {
    long left, live;
};

static void *limited(void *user, size_t size)
{
    struct budget *budget = user;

    if (budget->left-- <= 0)
        return NULL;
    budget->live++;
    return malloc(size);
}

static void give_back(void *user, void *p)
{
    struct budget *budget = user;

    budget->live--;
    free(p);
}

static void test_builder__out_of_memory_is_an_error_wherever_it_happens(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    int done = 0;

    (void)state;
    for (long n = 0; !done && n < 10000; n++) {
        struct budget budget = {n, 0};
        const struct dma_allocator allocator = {limited, give_back, &budget};
        const struct dma_result *r = NULL;
        struct dma_builder *b = NULL;
        int rc = dma_builder_new(&allocator, &b);

        if (rc == DMA_OK)
            rc = dma_build(b, &w->guest, &w->host, &w->target, &r);
        assert_true(rc == DMA_OK || rc == DMA_ENOMEM);
        assert_int_equal(r != NULL, rc == DMA_OK);
        if (rc == DMA_OK)
            assert_null(r->argv[r->argc]);
        done = rc == DMA_OK;
        dma_builder_free(b);
        assert_int_equal(budget.live, 0);
    }
    assert_true(done);
    test_free(w);
}

/* Structs of a program that was compiled with another version of the header. */
static void test_build__takes_smaller_and_larger_structs(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    struct {
        struct dma_disk disk;
        long more;
    } larger[3];
    struct dma_builder *b = new_builder(), *b2 = new_builder();
    const struct dma_result *r = build(b, w), *r2;

    (void)state;
    memset(larger, 0x55, sizeof larger);
    for (unsigned i = 0; i < 3; i++)
        larger[i].disk = w->disks[i];
    w->guest.disks.v = &larger[0].disk;
    w->guest.disks.size = sizeof larger[0];
    w->guest.size = offsetof(struct dma_guest, vkbs);
    w->host.size = offsetof(struct dma_host, file_type);
    r2 = build(b2, w);
    assert_int_equal(r->argc, r2->argc);
    for (uint32_t i = 0; i < r->argc; i++)
        assert_string_equal(r->argv[i], r2->argv[i]);
    dma_builder_free(b);
    dma_builder_free(b2);
    test_free(w);
}

static void test_build__says_what_happens_to_the_process(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    struct dma_builder *b = new_builder();
    const struct dma_result *r = build(b, w);

    (void)state;
    assert_int_equal(r->outcome, DMA_RUNS);
    assert_int_equal(r->process.restricted, DMA_YES);
    assert_string_equal(r->process.runas, "65543:65534");
    assert_string_equal(r->process.kill_uid, "65543");
    assert_string_equal(r->process.chroot_dir, "/var/run/xen/qemu-root-7");
    assert_true(r->process.unshare_mount && r->process.unshare_ipc && r->process.qmp_preopened);
    assert_int_equal(r->process.n_rlimits, 5);
    assert_string_equal(r->process.rlimits[0].name, "RLIMIT_FSIZE");
    assert_int_equal(r->process.rlimits[0].value, 262144);
    for (uint32_t i = 1; i < 5; i++)
        assert_int_equal(r->process.rlimits[i].value, 0);
    assert_string_equal(after(r, "-runas"), "65543:65534");

    /* 4.11 has none of it */
    w->target.xen = DMA_XEN(4, 11, 4);
    r = build(b, w);
    assert_string_equal(r->process.runas, "65543:65534");
    assert_null(r->process.kill_uid);
    assert_null(r->process.chroot_dir);
    assert_int_equal(r->process.n_rlimits, 0);

    /* the device model of a PV guest is restricted, but stays root */
    w->target.xen = DMA_XEN(4, 17, 7);
    w->guest.type = DMA_PV;
    w->guest.kernel = "/boot/vmlinuz";
    w->disks[0].backend = DMA_BACKEND_QDISK;
    w->guest.disks.n = 1;
    r = build(b, w);
    assert_int_equal(r->outcome, DMA_RUNS);
    assert_null(r->process.runas);
    assert_string_equal(r->process.kill_uid, "65543");
    assert_null(after(r, "-runas"));
    dma_builder_free(b);
    test_free(w);
}

static void test_build__blames_the_field(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    struct dma_builder *b = new_builder();
    const struct dma_result *r;

    (void)state;
    w->disks[2].vdev = "hdb";
    w->disks[2].readwrite = 0;
    r = build(b, w);
    assert_int_equal(r->outcome, DMA_REFUSED);
    assert_null(r->argv);
    assert_int_equal(r->refusal.id, DMA_REFUSAL_READ_ONLY_DISK);
    assert_string_equal(r->refusal.name, "read-only-disk");
    assert_int_equal(r->refusal.blame.field, DMA_FIELD_DISK);
    assert_int_equal(r->refusal.blame.index, 2);
    assert_string_equal(r->refusal.blame.sub, "access");
    assert_true(*r->refusal.message && *r->refusal.advice);
    dma_builder_free(b);
    test_free(w);
}

static void test_build__unknown_hosts_get_placeholders_and_notes(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 20, 4));
    struct dma_builder *b = new_builder();
    const struct dma_result *r = NULL;
    unsigned seen = 0;

    (void)state;
    assert_int_equal(dma_build(b, &w->guest, NULL, &w->target, &r), DMA_OK);
    assert_string_equal(after(r, "-runas"), "@RUNAS@");
    assert_non_null(strstr(after(r, "-device"), "scsi-hd"));
    for (uint32_t i = 0; i < r->n_notes; i++) {
        assert_string_equal(r->notes[i].name, dma_note_name(r->notes[i].id));
        seen |= 1u << r->notes[i].id;
    }
    assert_true(seen & 1u << DMA_NOTE_PLACEHOLDER_RUNAS);
    assert_true(seen & 1u << DMA_NOTE_PLACEHOLDER_MAC);
    assert_true(seen & 1u << DMA_NOTE_PLACEHOLDER_QMP_FD);
    assert_true(seen & 1u << DMA_NOTE_CAPS_UNKNOWN);
    dma_builder_free(b);
    test_free(w);
}

/* What is known of the host for one kind of thing, and what the guest asks for. */
struct host_case {
    const char *pool, *name, *backend;
    enum dma_known pools, domains, usb;
    enum dma_bool guest, iommu;
    bool pci, usbdev;
    enum dma_refusal_id refusal; /* DMA_REFUSAL_NONE: runs */
    enum dma_note_id note;       /* the note, or the doubt of the refusal */
};

static bool has_note(const struct dma_result *r, enum dma_note_id id)
{
    for (uint32_t i = 0; i < r->n_notes; i++)
        if (r->notes[i].id == id)
            return true;
    return false;
}

static void test_build__what_the_host_decides(void **state)
{
    static const struct host_case cases[] = {
        {.pool = "Pool-0", .pools = DMA_LIST_UNKNOWN},
        {.pool = "0", .pools = DMA_LIST_COMPLETE},
        {.pool = "4294967296", .pools = DMA_LIST_COMPLETE},
        {.pool = "fast", .pools = DMA_LIST_COMPLETE},
        {.pool = "3", .pools = DMA_LIST_COMPLETE},
        {.pool = "slow", .pools = DMA_LIST_COMPLETE, .refusal = DMA_REFUSAL_POOL},
        {.pool = "4", .pools = DMA_LIST_COMPLETE, .refusal = DMA_REFUSAL_POOL},
        {.pool = "slow", .pools = DMA_LIST_PARTIAL, .refusal = DMA_REFUSAL_POOL, .note = DMA_NOTE_POOL_UNKNOWN},
        {.pool = "slow", .pools = DMA_LIST_UNKNOWN, .note = DMA_NOTE_POOL_UNKNOWN},
        {.pool = "", .pools = DMA_LIST_UNKNOWN, .refusal = DMA_REFUSAL_POOL},
        {.name = "Domain-0", .refusal = DMA_REFUSAL_NAME_TAKEN},
        {.name = "domain-0"},
        {.name = "store", .domains = DMA_LIST_COMPLETE, .guest = DMA_YES},
        {.name = "store", .domains = DMA_LIST_COMPLETE, .guest = DMA_NO, .refusal = DMA_REFUSAL_NAME_TAKEN},
        {.name = "store",
         .domains = DMA_LIST_COMPLETE,
         .refusal = DMA_REFUSAL_NAME_TAKEN,
         .note = DMA_NOTE_DOMAIN_NAME_UNKNOWN},
        {.name = "a/b", .refusal = DMA_REFUSAL_NAME_IN_PATH},
        {.backend = "store", .domains = DMA_LIST_COMPLETE},
        {.backend = "5", .domains = DMA_LIST_COMPLETE},
        {.backend = "nosuch", .domains = DMA_LIST_COMPLETE, .refusal = DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN},
        {.backend = "nosuch", .domains = DMA_LIST_UNKNOWN, .note = DMA_NOTE_BACKEND_DOMAIN_ASSUMED},
        {.backend = "6", .domains = DMA_LIST_COMPLETE, .note = DMA_NOTE_REFUSED_LATER},
        {.backend = "6", .domains = DMA_LIST_UNKNOWN, .note = DMA_NOTE_BACKEND_DOMAIN_ASSUMED},
        {.backend = "0", .domains = DMA_LIST_UNKNOWN},
        {.pci = true, .iommu = DMA_YES, .note = DMA_NOTE_PCI_UNKNOWN},
        {.pci = true, .iommu = DMA_NO, .refusal = DMA_REFUSAL_NO_IOMMU},
        {.pci = true, .note = DMA_NOTE_IOMMU_UNKNOWN},
        {.iommu = DMA_NO},
        {.usbdev = true, .usb = DMA_LIST_COMPLETE},
        {.usbdev = true, .usb = DMA_LIST_UNKNOWN, .note = DMA_NOTE_USB_UNKNOWN},
    };
    static const struct dma_pool pools[] = {{"Pool-0", 0}, {"fast", 3}};
    static const struct dma_pci device = {.bus = 1, .vfunc_mask = 1};
    static const struct dma_usbdev usbdev = {.ctrl = DMA_DEVID_UNSET, .is_hostdev = 1, .hostbus = 1, .hostaddr = 2};
    static const struct dma_host_usb usb = {1, 2, false};
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct host_case *c = &cases[i];
        struct world *w = new_world(DMA_XEN(4, 17, 7));
        struct dma_domain domain = {.name = "store", .domid = 5, .guest = c->guest};

        w->guest.pool = c->pool;
        w->guest.name = c->name ? c->name : "web";
        w->nics[0].backend_domname = c->backend;
        w->host.pools_known = c->pools;
        DMA_LIST_SET(&w->host.pools, pools, 2);
        w->host.domains_known = c->domains;
        DMA_LIST_SET(&w->host.domains, &domain, c->domains == DMA_LIST_COMPLETE);
        w->host.iommu = c->iommu;
        w->host.usb_known = c->usb;
        DMA_LIST_SET(&w->host.usb, &usb, c->usb == DMA_LIST_COMPLETE);
        DMA_LIST_SET(&w->guest.pcidevs, &device, c->pci);
        DMA_LIST_SET(&w->guest.usbdevs, &usbdev, c->usbdev);
        const struct dma_result *r = build(b, w);
        const char *fact = dma_note_fact(c->note);

        if (r->refusal.id != c->refusal || r->outcome != (c->refusal ? DMA_REFUSED : DMA_RUNS))
            fail_msg("case %zu: %s", i, r->outcome == DMA_REFUSED ? r->refusal.name : "runs");
        if (c->note != DMA_NOTE_NONE && !has_note(r, c->note))
            fail_msg("case %zu: no note %s", i, dma_note_name(c->note));
        if (c->refusal) {
            assert_int_equal(r->refusal.doubt, c->note);
            assert_int_equal(r->n_notes, c->note != DMA_NOTE_NONE);
        }
        for (uint32_t k = 0; k < r->n_notes && !fact; k++)
            if (dma_note_fact(r->notes[k].id))
                fail_msg("case %zu: a doubt, %s", i, r->notes[k].name);
        test_free(w);
    }
    dma_builder_free(b);
}

/* The name of QEMU's log file, and from 4.20 on of the probe's. */
static void test_build__how_long_a_name_can_be(void **state)
{
    static const struct {
        uint32_t xen;
        size_t longest;
    } cases[] = {
        {DMA_XEN(4, 10, 0), 243}, {DMA_XEN(4, 19, 6), 243}, {DMA_XEN(4, 20, 0), 240}, {DMA_XEN(4, 22, 0), 240}};
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = new_world(cases[i].xen);
        char name[256] = "";

        memset(name, 'n', cases[i].longest);
        w->guest.name = name;
        assert_int_equal(build(b, w)->outcome, DMA_RUNS);
        name[cases[i].longest] = 'n';
        assert_int_equal(build(b, w)->refusal.id, DMA_REFUSAL_NAME_TOO_LONG);
        test_free(w);
    }
    dma_builder_free(b);
}

/* USB devices of a guest that is complete when they are attached: what each needs. */
static void test_build__usb_devices(void **state)
{
    static const struct {
        struct dma_usbdev d;
        enum dma_bool hub;
        enum dma_known known;
        const char *sub; /* NULL: no refusal */
        enum dma_note_id doubt;
    } cases[] = {
        {{.ctrl = 0, .hostbus = 1, .hostaddr = 2}, DMA_NO, DMA_LIST_COMPLETE, NULL, DMA_NOTE_NONE},
        {{.ctrl = -1, .hostbus = 1, .hostaddr = 2}, DMA_NO, DMA_LIST_COMPLETE, NULL, DMA_NOTE_NONE},
        {{.ctrl = 1, .hostbus = 1, .hostaddr = 2}, DMA_NO, DMA_LIST_COMPLETE, "controller", DMA_NOTE_NONE},
        {{.ctrl = -1, .hostbus = 1, .hostaddr = 2, .port = 1}, DMA_NO, DMA_LIST_COMPLETE, "port", DMA_NOTE_NONE},
        {{.ctrl = -1, .hostbus = 1, .hostaddr = 2}, DMA_YES, DMA_LIST_COMPLETE, "hostaddr", DMA_NOTE_NONE},
        {{.ctrl = -1, .hostbus = 1, .hostaddr = 3}, DMA_NO, DMA_LIST_COMPLETE, "hostaddr", DMA_NOTE_NONE},
        {{.ctrl = -1, .hostbus = 1, .hostaddr = 3}, DMA_NO, DMA_LIST_PARTIAL, "hostaddr", DMA_NOTE_USB_UNKNOWN},
        {{.ctrl = -1, .hostbus = 0, .hostaddr = 3}, DMA_NO, DMA_LIST_UNKNOWN, "hostaddr", DMA_NOTE_NONE},
    };
    static const struct dma_usbctrl ctrl = {.type = DMA_USBCTRL_PV};
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = new_world(DMA_XEN(4, 17, 7));
        const struct dma_host_usb usb = {1, 2, cases[i].hub == DMA_YES};

        w->guest.type = DMA_PV;
        w->guest.kernel = "/k";
        DMA_LIST_SET(&w->guest.disks, w->disks, 1);
        DMA_LIST_SET(&w->guest.usbctrls, &ctrl, 1);
        DMA_LIST_SET(&w->guest.usbdevs, &cases[i].d, 1);
        w->host.usb_known = cases[i].known;
        DMA_LIST_SET(&w->host.usb, &usb, 1);
        const struct dma_result *r = build(b, w);

        assert_int_equal(r->outcome, cases[i].sub ? DMA_REFUSED : DMA_NO_DEVICE_MODEL);
        assert_int_equal(r->refusal.doubt, cases[i].doubt);
        if (cases[i].sub) {
            assert_int_equal(r->refusal.id, DMA_REFUSAL_USB_DEVICE);
            assert_string_equal(r->refusal.blame.sub, cases[i].sub);
        }
        test_free(w);
    }
    dma_builder_free(b);
}

/* What went into stable lines: the point release before still has the old form. */
static void test_build__point_releases(void **state)
{
    static const struct {
        uint32_t before, from;
        const char *option, *old_value, *new_value;
    } cases[] = {
        {DMA_XEN(4, 15, 0), DMA_XEN(4, 15, 1), "scsi", "scsi-disk,drive=scsi0-hd0,scsi-id=0",
         "scsi-hd,drive=scsi0-hd0,scsi-id=0"},
        {DMA_XEN(4, 15, 3), DMA_XEN(4, 15, 4), "sound", "ac97", NULL},
        {DMA_XEN(4, 16, 2), DMA_XEN(4, 16, 3), "sound", "ac97", NULL},
        {DMA_XEN(4, 15, 3), DMA_XEN(4, 15, 4), "sdl", "-sdl", NULL},
        {DMA_XEN(4, 16, 1), DMA_XEN(4, 16, 2), "sdl", "-sdl", NULL},
    };
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = new_world(cases[i].before);
        const struct dma_result *r;

        w->guest.hvm.soundhw = "ac97";
        w->guest.hvm.sdl.enable = DMA_YES;
        for (int later = 0; later < 2; later++) {
            w->target.xen = later ? cases[i].from : cases[i].before;
            r = build(b, w);
            assert_int_equal(r->outcome, DMA_RUNS);
            if (strcmp(cases[i].option, "sound") == 0)
                assert_int_equal(after(r, "-soundhw") != NULL, !later);
            else if (strcmp(cases[i].option, "sdl") == 0)
                assert_int_equal(has_arg(r, "-sdl"), !later);
            else
                assert_true(has_arg(r, later ? cases[i].new_value : cases[i].old_value));
        }
        test_free(w);
    }
    dma_builder_free(b);
}

/* An uid of 0 is root, from wherever it comes, and whether or not the accounts say so. */
static void test_build__never_runs_as_uid_0(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    struct dma_builder *b = new_builder();
    const struct dma_result *r;

    (void)state;
    w->accounts[0].uid = UINT32_MAX - 6; /* and domid 7 */
    w->host.accounts.n = 1;
    for (enum dma_known known = DMA_LIST_PARTIAL; known <= DMA_LIST_COMPLETE; known++) {
        w->host.accounts_known = known;
        r = build(b, w);
        assert_int_equal(r->outcome, DMA_REFUSED);
        assert_int_equal(r->refusal.id, DMA_REFUSAL_USER_IS_ROOT);
    }
    w->target.domid = 8;
    r = build(b, w);
    assert_int_equal(r->outcome, DMA_RUNS);
    assert_string_equal(r->process.runas, "1:65534");
    w->accounts[0] = (struct dma_account){"xen-qemuuser-shared", 0, 65534};
    r = build(b, w);
    assert_int_equal(r->outcome, DMA_REFUSED);
    assert_int_equal(r->refusal.id, DMA_REFUSAL_USER_IS_ROOT);
    w->accounts[0].name = w->guest.device_model_user = "toor";
    r = build(b, w);
    assert_int_equal(r->outcome, DMA_REFUSED);
    assert_int_equal(r->refusal.id, DMA_REFUSAL_USER_IS_ROOT);
    dma_builder_free(b);
    test_free(w);
}

/* The last numbers that libxl takes, and the first that it does not. */
static void test_build__numbers_have_bounds(void **state)
{
    static const struct {
        int32_t weight, cap;
        int64_t grants;
        int refusal; /* DMA_REFUSAL_NONE: it starts */
    } cases[] = {
        {DMA_COUNT_UNSET, DMA_COUNT_UNSET, DMA_COUNT_UNSET, DMA_REFUSAL_NONE},
        {1, 0, 0, DMA_REFUSAL_NONE},
        {65535, 200, 15, DMA_REFUSAL_NONE},
        {0, 0, 0, DMA_REFUSAL_CPU_WEIGHT},
        {65536, 0, 0, DMA_REFUSAL_CPU_WEIGHT},
        {-2, 0, 0, DMA_REFUSAL_CPU_WEIGHT},
        {INT32_MAX, 0, 0, DMA_REFUSAL_CPU_WEIGHT},
        {1, 201, 0, DMA_REFUSAL_CPU_CAP},
        {1, -2, 0, DMA_REFUSAL_CPU_CAP},
        {1, 0, 16, DMA_REFUSAL_GRANT_VERSION},
    };
    struct dma_builder *b = new_builder();
    struct world *w = new_world(DMA_XEN(4, 17, 7));

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        w->guest.cpu_weight = cases[i].weight;
        w->guest.cap = cases[i].cap; /* of a guest with two vcpus */
        w->guest.max_grant_version = cases[i].grants;
        const struct dma_result *r = build(b, w);

        assert_int_equal(r->outcome, cases[i].refusal == DMA_REFUSAL_NONE ? DMA_RUNS : DMA_REFUSED);
        if (r->outcome == DMA_REFUSED)
            assert_int_equal(r->refusal.id, cases[i].refusal);
    }
    /* Without a number of vcpus there is one. */
    w->guest.max_vcpus = w->guest.avail_vcpus = w->guest.avail_vcpus_bits = 0;
    w->guest.max_grant_version = DMA_COUNT_UNSET;
    w->guest.cap = 100;
    assert_int_equal(build(b, w)->outcome, DMA_RUNS);
    w->guest.cap = 101;
    assert_int_equal(build(b, w)->outcome, DMA_REFUSED);
    dma_builder_free(b);
    test_free(w);
}

/* Any point release of a line that is known; nothing else, whatever it compares to. */
static void test_build__releases_that_are_known(void **state)
{
    static const struct {
        uint32_t xen;
        int rc;
    } cases[] = {
        {DMA_XEN(4, 10, 0), DMA_OK},     {DMA_XEN(4, 17, 0), DMA_OK},    {DMA_XEN(4, 17, 99), DMA_OK},
        {DMA_XEN(4, 22, 0), DMA_OK},     {DMA_XEN(4, 22, 1023), DMA_OK}, {DMA_XEN(4, 9, 1023), DMA_EINVAL},
        {DMA_XEN(4, 23, 0), DMA_EINVAL}, {DMA_XEN(9, 9, 0), DMA_EINVAL}, {DMA_XEN(3, 17, 0), DMA_EINVAL},
        {DMA_XEN(5, 17, 0), DMA_EINVAL}, {UINT32_MAX, DMA_EINVAL},       {0, DMA_EINVAL},
    };
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = new_world(cases[i].xen);
        const struct dma_result *r = NULL;

        assert_int_equal(dma_build(b, &w->guest, &w->host, &w->target, &r), cases[i].rc);
        assert_int_equal(r != NULL, cases[i].rc == DMA_OK);
        test_free(w);
    }
    dma_builder_free(b);
}

static void test_build__device_numbers(void **state)
{
    static const struct {
        const char *vdev;
        int accepted;
    } cases[] = {{"xvda", 1},  {"xvdz", 1},  {"xvdaa1", 1}, {"hdd63", 1},    {"hde", 0},
                 {"hda64", 0}, {"sdp15", 1}, {"sdq", 0},    {"hda0", 0},     {"d5p2", 1},
                 {"d5", 0},    {"51712", 1}, {"0x300", 1},  {"nonsense", 0}, {"xvda256", 0}};
    struct dma_builder *b = new_builder();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world *w = new_world(DMA_XEN(4, 17, 7));

        w->disks[0].vdev = cases[i].vdev;
        w->guest.disks.n = 1;
        const struct dma_result *r = build(b, w);

        assert_int_equal(r->outcome == DMA_RUNS, cases[i].accepted);
        if (!cases[i].accepted)
            assert_int_equal(r->refusal.id, DMA_REFUSAL_DISK_VDEV);
        test_free(w);
    }
    dma_builder_free(b);
}

static void *many_builds(void *user)
{
    struct dma_builder *b = new_builder();
    const struct world *w = user;

    for (int i = 0; i < 200; i++) {
        const struct dma_result *r = build(b, w);

        assert_string_equal(after(r, "-runas"), "65543:65534");
    }
    dma_builder_free(b);
    return NULL;
}

static void test_build__works_in_several_threads(void **state)
{
    struct world *w = new_world(DMA_XEN(4, 17, 7));
    pthread_t threads[4];

    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, many_builds, w), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    test_free(w);
}

static void test_catalogues__have_names(void **state)
{
    (void)state;
    assert_string_equal(dma_field_key(DMA_FIELD_DM_RESTRICT), "dm_restrict");
    assert_null(dma_field_key(DMA_FIELD_COUNT));
    assert_null(dma_refusal_name(DMA_REFUSAL_COUNT));
    assert_null(dma_note_name(DMA_NOTE_COUNT));
    assert_null(dma_note_fact(DMA_NOTE_COUNT));
    assert_null(dma_note_fact(DMA_NOTE_PLACEHOLDER_QMP_FD));
    assert_string_equal(dma_note_fact(DMA_NOTE_POOL_UNKNOWN), "cpupools");
    assert_non_null(dma_version());
    for (int i = 1; i < DMA_REFUSAL_COUNT; i++) {
        for (int j = i + 1; j < DMA_REFUSAL_COUNT; j++)
            assert_string_not_equal(dma_refusal_name((enum dma_refusal_id)i), dma_refusal_name((enum dma_refusal_id)j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builder__refuses_nonsense),
        cmocka_unit_test(test_builder__out_of_memory_is_an_error_wherever_it_happens),
        cmocka_unit_test(test_build__takes_smaller_and_larger_structs),
        cmocka_unit_test(test_build__says_what_happens_to_the_process),
        cmocka_unit_test(test_build__blames_the_field),
        cmocka_unit_test(test_build__unknown_hosts_get_placeholders_and_notes),
        cmocka_unit_test(test_build__what_the_host_decides),
        cmocka_unit_test(test_build__how_long_a_name_can_be),
        cmocka_unit_test(test_build__usb_devices),
        cmocka_unit_test(test_build__point_releases),
        cmocka_unit_test(test_build__never_runs_as_uid_0),
        cmocka_unit_test(test_build__numbers_have_bounds),
        cmocka_unit_test(test_build__releases_that_are_known),
        cmocka_unit_test(test_build__device_numbers),
        cmocka_unit_test(test_build__works_in_several_threads),
        cmocka_unit_test(test_catalogues__have_names),
    };

    return cmocka_run_group_tests_name("dmargv", tests, NULL, NULL);
}
