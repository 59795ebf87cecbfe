/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libdmargv: the exact command line with which a Xen release's libxl would execute QEMU for a guest. See dmargv(3). */
#ifndef DMARGV_H
#define DMARGV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DMA_PUBLIC __attribute__((visibility("default")))
#else
#define DMA_PUBLIC
#endif

/* A release as a number that compares in order, as in DMA_XEN(4, 17, 7). */
#define DMA_XEN(major, minor, point) (((uint32_t)(major) << 20) | ((uint32_t)(minor) << 10) | (uint32_t)(point))
#define DMA_XEN_OLDEST               DMA_XEN(4, 10, 0)

/* Return codes: 0 or negative. A guest that does not start is no error but an outcome. */
enum dma_rc {
    DMA_OK = 0,
    DMA_ENOMEM = -1,
    DMA_EINVAL = -2 /* NULL or impossible argument, or a release before DMA_XEN_OLDEST */
};

/*
 * A truth value that may be missing. In a guest DMA_UNSET means that the config does not say, so libxl's default
 * counts; in a host it means that the fact is unknown.
 */
enum dma_bool { DMA_UNSET = 0, DMA_NO, DMA_YES };

/* Of what the guest is made: what xl hands to libxl, before any of libxl's own defaults. */
enum dma_type { DMA_TYPE_UNSET = 0, DMA_HVM, DMA_PV, DMA_PVH };
enum dma_dm_version { DMA_DM_UNSET = 0, DMA_DM_TRADITIONAL, DMA_DM_QEMU_XEN };
enum dma_bios { DMA_BIOS_UNSET = 0, DMA_BIOS_ROMBIOS, DMA_BIOS_SEABIOS, DMA_BIOS_OVMF };
enum dma_vga { DMA_VGA_UNSET = 0, DMA_VGA_CIRRUS, DMA_VGA_STD, DMA_VGA_NONE, DMA_VGA_QXL };
enum dma_hdtype { DMA_HDTYPE_UNSET = 0, DMA_HDTYPE_IDE, DMA_HDTYPE_AHCI };
enum dma_gfx_passthru_kind { DMA_GFX_DEFAULT = 0, DMA_GFX_IGD };
enum dma_vendor_device { DMA_VENDOR_DEVICE_NONE = 0, DMA_VENDOR_DEVICE_XENSERVER };
enum dma_disk_backend {
    DMA_BACKEND_UNSET = 0,
    DMA_BACKEND_PHY,
    DMA_BACKEND_TAP,
    DMA_BACKEND_QDISK,
    DMA_BACKEND_STANDALONE
};
enum dma_disk_format {
    DMA_FORMAT_UNSET = 0,
    DMA_FORMAT_QCOW,
    DMA_FORMAT_QCOW2,
    DMA_FORMAT_VHD,
    DMA_FORMAT_RAW,
    DMA_FORMAT_EMPTY,
    DMA_FORMAT_QED
};
enum dma_disk_specification { DMA_SPECIFICATION_UNSET = 0, DMA_SPECIFICATION_XEN, DMA_SPECIFICATION_VIRTIO };
enum dma_disk_transport { DMA_TRANSPORT_UNSET = 0, DMA_TRANSPORT_MMIO };
enum dma_nic_type { DMA_NIC_UNSET = 0, DMA_NIC_IOEMU, DMA_NIC_VIF };
enum dma_vkb_backend { DMA_VKB_UNSET = 0, DMA_VKB_QEMU, DMA_VKB_LINUX };
enum dma_channel_connection { DMA_CHANNEL_UNSET = 0, DMA_CHANNEL_PTY, DMA_CHANNEL_SOCKET };
enum dma_usbctrl_type { DMA_USBCTRL_AUTO = 0, DMA_USBCTRL_PV, DMA_USBCTRL_DEVICEMODEL, DMA_USBCTRL_QUSB };
enum dma_p9_type { DMA_P9_UNSET = 0, DMA_P9_QEMU, DMA_P9_XEN_9PFSD };
enum dma_rdm_strategy { DMA_RDM_STRATEGY_IGNORE = 0, DMA_RDM_STRATEGY_HOST };
enum dma_rdm_policy { DMA_RDM_POLICY_UNSET = 0, DMA_RDM_POLICY_STRICT, DMA_RDM_POLICY_RELAXED };
enum dma_passthrough {
    DMA_PASSTHROUGH_UNSET = 0,
    DMA_PASSTHROUGH_DISABLED,
    DMA_PASSTHROUGH_ENABLED,
    DMA_PASSTHROUGH_SYNC_PT,
    DMA_PASSTHROUGH_SHARE_PT
};
enum dma_altp2m { DMA_ALTP2M_DISABLED = 0, DMA_ALTP2M_MIXED, DMA_ALTP2M_EXTERNAL, DMA_ALTP2M_LIMITED };

#define DMA_KB_UNSET    UINT64_MAX /* an amount of memory that the config leaves to libxl */
#define DMA_DEVID_UNSET (-1)
#define DMA_TIMER_UNSET (-1)
#define DMA_VCPUS_HOST  UINT32_MAX /* a vcpu bitmap as long as the host has cpus */
#define DMA_COUNT_UNSET (-1)

/* A list: `n` elements of `size` bytes each at `v`. NULL is "not set", which may differ from a list of no elements. */
#define DMA_LIST(type)                                                                                                 \
    struct {                                                                                                           \
        const type *v;                                                                                                 \
        uint32_t n;                                                                                                    \
        uint32_t size; /* sizeof(type) when the program was compiled */                                                \
    }
#define DMA_LIST_SET(list, elements, count)                                                                            \
    ((list)->v = (elements), (list)->n = (uint32_t)(count), (list)->size = (uint32_t)sizeof *(list)->v)

struct dma_strings {
    const char *const *v; /* NULL: not set */
    uint32_t n;
};

struct dma_key_value {
    const char *key, *value;
};

struct dma_vnc {
    enum dma_bool enable, findunused;
    const char *listen, *passwd;
    int32_t display;
};

struct dma_sdl {
    enum dma_bool enable, opengl;
    const char *display, *xauthority;
};

struct dma_spice {
    enum dma_bool enable, disable_ticketing, agent_mouse, vdagent, clipboard_sharing;
    int32_t port, tls_port, usbredirection;
    const char *host, *passwd, *image_compression, *streaming_video;
};

/* In every device: the domain that serves it, by name or domid as written; NULL is this host's dom0. */
struct dma_disk {
    const char *pdev_path; /* target; NULL where there is none */
    const char *vdev;      /* NULL where the config gives none */
    const char *backend_domname;
    const char *script;
    enum dma_disk_backend backend;
    enum dma_disk_format format;
    enum dma_disk_specification specification;
    enum dma_disk_transport transport;
    int32_t removable, readwrite, is_cdrom;
    bool direct_io_safe;
    enum dma_bool discard, trusted, grant_usage;
    enum dma_bool colo_enable, colo_restore_enable;
    const char *colo_host, *colo_export, *active_disk, *hidden_disk;
    int32_t colo_port;
};

struct dma_nic {
    int32_t devid; /* DMA_DEVID_UNSET where libxl chooses */
    int32_t mtu;
    uint8_t mac[6]; /* all zero: libxl generates one */
    enum dma_nic_type type;
    const char *backend_domname;
    const char *model, *ip, *bridge, *ifname, *script, *gatewaydev, *vlan;
    enum dma_bool trusted;
    const struct dma_key_value *colo; /* its colo_... and forwarddev options as written; the last of a key counts */
    uint32_t n_colo;
};

struct dma_vfb {
    int32_t devid;
    const char *backend_domname;
    struct dma_vnc vnc;
    struct dma_sdl sdl;
    const char *keymap;
};

struct dma_vkb {
    int32_t devid;
    const char *backend_domname;
    enum dma_vkb_backend backend_type;
    const char *unique_id;
    bool feature_disable_keyboard, feature_disable_pointer, feature_abs_pointer, feature_raw_pointer,
        feature_multi_touch;
    uint32_t width, height, multi_touch_width, multi_touch_height, multi_touch_num_contacts;
};

struct dma_channel {
    int32_t devid;
    const char *backend_domname;
    const char *name;
    enum dma_channel_connection connection;
    const char *path; /* of a socket */
};

struct dma_pci {
    uint32_t domain;
    uint8_t bus, dev, func;
    uint32_t vdevfn, vfunc_mask;
    bool msitranslate, power_mgmt, permissive, seize;
    enum dma_rdm_policy rdm_policy;
    const char *name; /* of an `xl pci-assignable-add` name; NULL where given by address */
};

struct dma_usbctrl {
    int32_t devid;
    const char *backend_domname;
    enum dma_usbctrl_type type;
    int32_t version, ports; /* 0: not set */
};

struct dma_usbdev {
    int32_t ctrl; /* DMA_DEVID_UNSET: not set */
    int32_t port; /* 0: not set */
    bool is_hostdev;
    uint8_t hostbus, hostaddr;
};

struct dma_p9 {
    int32_t devid;
    const char *backend_domname;
    const char *tag, *path, *security_model;
    enum dma_p9_type type;
    int32_t max_space, max_files, max_open_files;
    bool auto_delete;
};

struct dma_vtpm {
    int32_t devid;
    const char *backend_domname;
    const char *uuid; /* NULL: not set */
};

struct dma_virtio {
    int32_t devid;
    const char *backend_domname;
    const char *type;
    enum dma_disk_transport transport;
    enum dma_bool grant_usage;
};

/* vdispl, vsnd, pvcalls: only who serves them matters here. */
struct dma_pvdev {
    int32_t devid;
    const char *backend_domname;
};

struct dma_vnode {
    uint64_t mem_kb;
    uint32_t pnode;
    uint32_t num_distances;
    const uint32_t *distances;
    /* the vcpus of this node as a bitmap, bit 0 of byte 0 first */
    const uint8_t *vcpus;
    uint32_t vcpus_bytes;
};

/*
 * A guest. Always begin with dma_guest_init(), which says "not set" everywhere. Strings and lists stay the caller's and
 * are only read during dma_build(). Field names are libxl's where the xl.cfg key is another.
 */
struct dma_guest {
    size_t size; /* sizeof(struct dma_guest), set by dma_guest_init */

    const char *name; /* NULL: none */
    const char *uuid; /* canonical lower-case text; NULL: generated */
    const char *pool, *init_seclabel, *seclabel;
    enum dma_type type;
    enum dma_bool hap, oos, driver_domain;
    enum dma_passthrough passthrough;
    int32_t altp2m_count; /* DMA_COUNT_UNSET */

    uint64_t max_memkb, target_memkb, video_memkb, shadow_memkb; /* DMA_KB_UNSET */
    uint32_t max_vcpus;                                          /* 0: not set */
    uint32_t avail_vcpus;                                        /* how many are online at start */
    uint32_t avail_vcpus_bits; /* length of that bitmap in vcpus; 0: not set, DMA_VCPUS_HOST: as many as host cpus */
    DMA_LIST(struct dma_vnode) vnuma;

    enum dma_bool nomigrate, localtime, claim_mode, vpmu, msr_relaxed, trap_unmapped_accesses;
    int32_t rtc_timeoffset, tsc_mode;
    int32_t timer_mode;                                               /* DMA_TIMER_UNSET */
    uint32_t event_channels;                                          /* 0: not set */
    int64_t max_grant_frames, max_maptrack_frames, max_grant_version; /* DMA_COUNT_UNSET */
    int32_t cpu_weight, cap;                                          /* DMA_COUNT_UNSET */
    int64_t vmtrace_buf_kb;
    uint32_t num_ioports, num_irqs, num_iomem, num_llc_colors;

    const char *kernel, *ramdisk, *cmdline, *device_tree;
    const char *bootloader, *bootloader_user;
    struct dma_strings bootloader_args;
    const char *blkdev_start; /* NULL: xvda */

    enum dma_bool apic, acpi, nested_hvm;
    enum dma_altp2m altp2m;
    enum dma_bool altp2mhvm;
    enum dma_bool bootloader_restrict;
    bool has_vcpu_affinity; /* cpus= or cpus_soft= */

    enum dma_dm_version device_model_version;
    enum dma_bool device_model_stubdomain, dm_restrict;
    const char *device_model; /* device_model_override */
    const char *stubdomain_kernel, *stubdomain_ramdisk, *stubdomain_cmdline, *device_model_seclabel;
    uint64_t stubdomain_memkb;
    const char *device_model_user;
    struct dma_strings extra, extra_pv, extra_hvm; /* device_model_args, .._pv, .._hvm */

    struct {
        const char *firmware, *system_firmware, *smbios_firmware, *acpi_firmware, *timeoffset, *ms_vm_genid;
        enum dma_bios bios;
        enum dma_bool pae, acpi_s3, acpi_s4, acpi_laptop_slate, nx, viridian, hpet, vpt_align, pirq, nographic;
        uint64_t mmio_hole_memkb; /* DMA_KB_UNSET */
        enum dma_hdtype hdtype;
        enum dma_vga vga;
        struct dma_vnc vnc;
        struct dma_sdl sdl;
        struct dma_spice spice;
        const char *keymap;
        enum dma_bool gfx_passthru;
        enum dma_gfx_passthru_kind gfx_passthru_kind;
        const char *serial;
        struct dma_strings serial_list;
        const char *boot;
        enum dma_bool usb;
        int32_t usbversion; /* 0: not set */
        const char *usbdevice;
        struct dma_strings usbdevice_list;
        enum dma_bool vkb_device, xen_platform_pci;
        const char *soundhw;
        enum dma_vendor_device vendor_device;
        enum dma_rdm_strategy rdm_strategy;
        enum dma_rdm_policy rdm_policy;
        uint64_t rdm_mem_boundary_memkb; /* DMA_KB_UNSET */
        uint64_t mca_caps;
        uint64_t viridian_enable, viridian_disable; /* bit n: libxl's enlightenment n (base is 0) */
        uint32_t num_smbios;
    } hvm;
    struct {
        enum dma_bool e820_host;
    } pv;
    struct {
        enum dma_bool pvshim;
        const char *pvshim_path, *pvshim_cmdline, *pvshim_extra;
    } pvh;

    DMA_LIST(struct dma_disk) disks;
    DMA_LIST(struct dma_nic) nics;
    DMA_LIST(struct dma_vfb) vfbs;
    DMA_LIST(struct dma_vkb) vkbs;
    DMA_LIST(struct dma_channel) channels;
    DMA_LIST(struct dma_pci) pcidevs;
    DMA_LIST(struct dma_usbctrl) usbctrls;
    DMA_LIST(struct dma_usbdev) usbdevs;
    DMA_LIST(struct dma_p9) p9s;
    DMA_LIST(struct dma_vtpm) vtpms;
    DMA_LIST(struct dma_virtio) virtios;
    DMA_LIST(struct dma_pvdev) vdispls;
    DMA_LIST(struct dma_pvdev) vsnds;
    DMA_LIST(struct dma_pvdev) pvcalls;
    struct dma_strings dtdevs;
};

/* What is known of the host. dma_host_init() says "unknown" everywhere. */
struct dma_account {
    const char *name;
    uint32_t uid, gid;
};

enum dma_known {
    DMA_LIST_UNKNOWN = 0,
    DMA_LIST_PARTIAL, /* what is listed is there; of what is not, nothing is known (sss, ldap) */
    DMA_LIST_COMPLETE
};

enum dma_file_type {
    DMA_FILE_UNKNOWN = 0,
    DMA_FILE_ABSENT,
    DMA_FILE_REGULAR,
    DMA_FILE_BLOCK,
    DMA_FILE_CHAR,
    DMA_FILE_DIRECTORY
};

struct dma_domain {
    const char *name;
    uint32_t domid;
    enum dma_bool
        guest; /* a guest with a config: one of the same name is this one, to be started again once it ended */
    bool domid_unknown;
};

struct dma_pool {
    const char *name; /* NULL: unknown */
    uint32_t id;      /* UINT32_MAX: unknown */
};

struct dma_host_usb {
    uint8_t bus, addr;
    bool hub;
};

struct dma_host_pci {
    uint32_t domain;
    uint8_t bus, dev, func;
    uint16_t vendor, device; /* 0: unknown */
    uint32_t class_code;     /* 0xCCSSPP; 0: unknown */
    const char *driver;      /* NULL: unknown or none */
};

struct dma_host {
    size_t size; /* sizeof(struct dma_host), set by dma_host_init */

    const char *qemu_path; /* NULL: unknown, libxl's built-in default is shown as DMA_QEMU_PATH */
    enum dma_bool qemu_installed;
    enum dma_bool run_with_chroot, run_with_user; /* QEMU's answer to the probe of Xen 4.20 and later */
    const char *traditional_path;
    enum dma_bool traditional_installed;

    enum dma_known accounts_known;
    DMA_LIST(struct dma_account) accounts;
    enum dma_known domains_known;
    DMA_LIST(struct dma_domain) domains;
    enum dma_known pci_known;
    DMA_LIST(struct dma_host_pci) pci;

    /* What a path is; NULL or DMA_FILE_UNKNOWN: as its name suggests: /dev/... is a block device, a relative name with
     * a colon is absent, all else is regular. */
    enum dma_file_type (*file_type)(void *user, const char *path);
    void *file_user;

    uint32_t cpus, numa_nodes; /* 0: unknown */
    const char *run_dir;       /* NULL: /var/run/xen */

    /* With DMA_LIST_PARTIAL what is not listed is taken not to be there, and a doubt says so. Every host has Pool-0. */
    enum dma_known pools_known;
    DMA_LIST(struct dma_pool) pools;
    enum dma_known usb_known;
    DMA_LIST(struct dma_host_usb) usb;
    enum dma_bool iommu; /* Xen uses one: passthrough is possible */
};

#define DMA_QEMU_PATH        "/usr/lib/xen/bin/qemu-system-i386"
#define DMA_TRADITIONAL_PATH "/usr/lib/xen/bin/qemu-dm"

struct dma_target {
    size_t size;    /* sizeof(struct dma_target) */
    uint32_t xen;   /* DMA_XEN(...), with the point release; later than what is known counts as the newest known */
    uint32_t domid; /* of the guest, 1 .. 32751 */
};

/* The catalogues: fields that can be blamed, reasons of refusal, notes. */
enum dma_field {
#define DMA_FIELD(id, key) DMA_FIELD_##id,
#include "dma_fields.def"
#undef DMA_FIELD
    DMA_FIELD_COUNT
};

enum dma_refusal_id {
#define DMA_REFUSAL(id, name, advice) DMA_REFUSAL_##id,
#include "dma_refusals.def"
#undef DMA_REFUSAL
    DMA_REFUSAL_COUNT
};

enum dma_note_id {
#define DMA_NOTE(id, name, fact) DMA_NOTE_##id,
#include "dma_notes.def"
#undef DMA_NOTE
    DMA_NOTE_COUNT
};

struct dma_blame {
    enum dma_field field; /* DMA_FIELD_NONE: nothing in the config is to blame */
    int32_t index;        /* of the list element, from 0; -1 where there is none */
    const char *sub;      /* sub-key of the element ("vdev"), or NULL */
};

enum dma_outcome {
    DMA_RUNS = 0,
    DMA_REFUSED,        /* libxl does not start the guest */
    DMA_NO_DEVICE_MODEL /* the guest starts without QEMU in dom0 */
};

struct dma_refusal {
    enum dma_refusal_id id;
    const char *name;    /* of the id, kebab case */
    const char *message; /* what is wrong, in one line */
    const char *advice;  /* what to do */
    struct dma_blame blame;
    enum dma_note_id doubt; /* the note, kept in the result, that says what it rests on; DMA_NOTE_NONE: it is certain */
};

struct dma_note {
    enum dma_note_id id;
    const char *name;
    const char *text;
    struct dma_blame blame;
};

struct dma_rlimit {
    const char *name; /* "RLIMIT_FSIZE" */
    uint64_t value;   /* soft and hard */
};

/* What libxl does to the process, beside its arguments. */
struct dma_process {
    enum dma_dm_version device_model;
    enum dma_bool restricted; /* DMA_YES: -xen-domid-restrict is given */
    const char *runas;        /* "uid:gid", an account's name or "@RUNAS@" as given to QEMU; NULL: stays root */
    const char *kill_uid;     /* uid by which libxl kills it at destroy; NULL: by pid */
    const char *chroot_dir;   /* made by libxl before the start; NULL: none */
    bool unshare_mount, unshare_ipc;
    bool qmp_preopened; /* libxl opens the QMP socket and hands it over */
    const struct dma_rlimit *rlimits;
    uint32_t n_rlimits;
};

struct dma_result {
    size_t size; /* sizeof(struct dma_result) of the library */
    enum dma_outcome outcome;
    const char *const *argv; /* NULL-terminated; argv[0] is the program. NULL unless DMA_RUNS */
    uint32_t argc;
    const struct dma_key_value *env; /* what libxl adds to the environment */
    uint32_t n_env;
    struct dma_process process;
    struct dma_refusal refusal; /* where DMA_REFUSED */
    const struct dma_note *notes;
    uint32_t n_notes;
};

/* Memory: NULL in place of a struct dma_allocator means malloc and free. */
struct dma_allocator {
    void *(*alloc)(void *user, size_t size);
    void (*release)(void *user, void *p);
    void *user;
};

/* A builder: owns the memory of the result it made last. One thread at a time; different builders are independent. */
struct dma_builder;

DMA_PUBLIC int dma_builder_new(const struct dma_allocator *allocator, struct dma_builder **builder);
DMA_PUBLIC void dma_builder_free(struct dma_builder *builder);

/* Set everything to "not set" or "unknown". */
DMA_PUBLIC void dma_guest_init(struct dma_guest *guest);
DMA_PUBLIC void dma_host_init(struct dma_host *host);

/*
 * Does what that release's libxl does between the parsed config and the exec of QEMU. `host` may be NULL (nothing is
 * known). On DMA_OK *result is valid until the next dma_build or dma_builder_free on this builder. On error *result is
 * NULL.
 */
DMA_PUBLIC int dma_build(struct dma_builder *builder, const struct dma_guest *guest, const struct dma_host *host,
                         const struct dma_target *target, const struct dma_result **result);

/* Names of the catalogues; NULL for numbers that are none. */
DMA_PUBLIC const char *dma_field_key(enum dma_field field);
DMA_PUBLIC const char *dma_refusal_name(enum dma_refusal_id id);
DMA_PUBLIC const char *dma_note_name(enum dma_note_id id);
/* The fact of dmlint-facts(5) that would settle what a note leaves open; NULL for a remark. */
DMA_PUBLIC const char *dma_note_fact(enum dma_note_id id);
DMA_PUBLIC const char *dma_version(void);

#ifdef __cplusplus
}
#endif

#endif
