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
    DMA_EINVAL = -2 /* NULL or impossible argument, or a release line that the library does not know */
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

#define DMA_KB_UNSET    UINT64_MAX /* an amount of memory that the config leaves to libxl (LIBXL_MEMKB_DEFAULT) */
#define DMA_DEVID_UNSET (-1)       /* a device number that libxl chooses */
#define DMA_TIMER_UNSET (-1)       /* no_delay_for_missed_ticks, libxl's default */
#define DMA_VCPUS_HOST  UINT32_MAX /* a vcpu bitmap as long as the host has cpus */
#define DMA_COUNT_UNSET (-1)       /* a number that is left to libxl or Xen */

/* A list: `n` elements of `size` bytes each at `v`. NULL is "not set", which may differ from a list of no elements. */
#define DMA_LIST(type)                                                                                                 \
    struct {                                                                                                           \
        const type *v;                                                                                                 \
        uint32_t n;                                                                                                    \
        uint32_t size; /* sizeof(type) when the program was compiled */                                                \
    }
#define DMA_LIST_SET(list, elements, count)                                                                            \
    ((list)->v = (elements), (list)->n = (uint32_t)(count), (list)->size = (uint32_t)sizeof *(list)->v)

struct dma_strings {      /* libxl_string_list */
    const char *const *v; /* NULL: not set, which may differ from a list of no elements */
    uint32_t n;           /* elements; none of them is NULL */
};

struct dma_key_value {
    const char *key, *value; /* neither is NULL */
};

/*
 * How fields are described: ci.X and bi.X are fields X of libxl_domain_create_info and libxl_domain_build_info, a name
 * alone in a device that of the same name in libxl_device_..., as of Xen 4.22. What holds for all input:
 * - Everything that is pointed to stays the caller's, and is only read during dma_build().
 * - Text is NUL-terminated bytes as in the config, of any length; NULL: not set.
 * - enum dma_bool is libxl_defbool; DMA_UNSET: libxl's default. So is the zero of other enums, unless said here.
 * - A number has the range of its type, unless said here; one that libxl refuses makes the outcome DMA_REFUSED.
 */

struct dma_vnc {              /* libxl_vnc_info */
    enum dma_bool enable;     /* default: on */
    enum dma_bool findunused; /* default: on; off: `display` is used as it is */
    const char *listen;       /* address, also "address:display"; NULL: 127.0.0.1 */
    const char *passwd;       /* NULL or "": no password */
    int32_t display;          /* number of the display, 5900 below its port; 0: the first, or that of `listen` */
};

struct dma_sdl {            /* libxl_sdl_info */
    enum dma_bool enable;   /* default: off */
    enum dma_bool opengl;   /* default: off; changes no argument */
    const char *display;    /* DISPLAY of QEMU; NULL: that of xl */
    const char *xauthority; /* XAUTHORITY of QEMU, a path; NULL: that of xl */
};

struct dma_spice {                   /* libxl_spice_info */
    enum dma_bool enable;            /* default: off */
    enum dma_bool disable_ticketing; /* default: off, which needs `passwd` */
    enum dma_bool agent_mouse;       /* default: on */
    enum dma_bool vdagent;           /* default: off */
    enum dma_bool clipboard_sharing; /* default: off */
    int32_t port, tls_port;          /* TCP ports; 0: none, of which one at least is needed */
    int32_t usbredirection;          /* number of channels for it; 0: none */
    const char *host;                /* address to listen at; NULL: any */
    const char *passwd;              /* NULL or "": none */
    const char *image_compression;   /* QEMU's word; NULL: QEMU's default */
    const char *streaming_video;     /* QEMU's word; NULL: QEMU's default */
};

/*
 * In every device: backend_domname is the domain that serves it (libxl's backend_domname or backend_domid), by name or
 * domid as written; NULL is this host's dom0. devid is the number of the device, from 0; DMA_DEVID_UNSET: libxl
 * chooses.
 */
struct dma_disk {
    const char *pdev_path;                     /* target: path, or what `script` understands; NULL or "": none */
    const char *vdev;                          /* virtual device, such as "xvda"; needed */
    const char *backend_domname;               /* see above */
    const char *script;                        /* block script; NULL: libxl's own for the backend */
    enum dma_disk_backend backend;             /* unset: libxl tries phy, then qdisk, as the target is */
    enum dma_disk_format format;               /* unset: unknown to libxl; xl says raw where the config is silent */
    enum dma_disk_specification specification; /* unset: xen */
    enum dma_disk_transport transport;         /* unset: mmio, where the specification is virtio */
    int32_t removable;                         /* 0: no, else: yes */
    int32_t readwrite;                         /* 0: read-only, else: writable */
    int32_t is_cdrom;                          /* 0: no, else: yes */
    bool direct_io_safe;                       /* false: no */
    enum dma_bool discard;                     /* discard_enable; default: on where the disk is writable */
    enum dma_bool trusted;                     /* default: on (4.17 and later) */
    enum dma_bool grant_usage;                 /* default: on unless dom0 serves it (4.19 and later) */
    enum dma_bool colo_enable;                 /* default: off */
    enum dma_bool colo_restore_enable;         /* default: off; DMA_YES on the secondary side */
    const char *colo_host;                     /* address of the other side; needed with colo_enable */
    const char *colo_export;                   /* name of the NBD export; needed with colo_enable */
    const char *active_disk, *hidden_disk;     /* paths; needed with colo_restore_enable */
    int32_t colo_port;                         /* TCP port, 0: none given */
};

struct dma_nic {
    int32_t devid;               /* see above */
    int32_t mtu;                 /* bytes; 0: 1492 */
    uint8_t mac[6];              /* all zero: libxl generates one, shown as @MAC:n@ */
    enum dma_nic_type type;      /* nictype; unset: emulated and PV in an HVM guest, PV in others */
    const char *backend_domname; /* see above */
    const char *model;           /* of the emulated card, QEMU's word; NULL: rtl8139 */
    const char *ip;              /* for the script; NULL: none */
    const char *bridge;          /* interface of the backend domain; NULL: xenbr0 */
    const char *ifname;          /* name in the backend domain; NULL: made of domid and devid */
    const char *script;          /* hotplug script; NULL: vif-bridge */
    const char *gatewaydev;      /* interface for vif-route; NULL: none */
    const char *vlan;            /* for the script; NULL: none */
    enum dma_bool trusted;       /* default: on (4.17 and later) */
    /* coloft_forwarddev and colo_...: the options as written; the last of a key counts */
    const struct dma_key_value *colo;
    uint32_t n_colo; /* how many those are; 0: none, and `colo` is not looked at */
};

struct dma_vfb {
    int32_t devid;               /* see above */
    const char *backend_domname; /* see above */
    struct dma_vnc vnc;          /* of the first vfb these are the display of a PV guest's QEMU */
    struct dma_sdl sdl;          /* as vnc */
    const char *keymap;          /* QEMU's word for a keyboard layout; NULL: en-us */
};

struct dma_vkb {
    int32_t devid;                     /* see above */
    const char *backend_domname;       /* see above */
    enum dma_vkb_backend backend_type; /* unset: qemu */
    const char *unique_id;             /* NULL: none */
    bool feature_disable_keyboard;     /* false: off, as for the four below */
    bool feature_disable_pointer;      /* see above */
    bool feature_abs_pointer;          /* see above */
    bool feature_raw_pointer;          /* see above */
    bool feature_multi_touch;          /* see above */
    uint32_t width, height;            /* pixels; 0: not set */
    uint32_t multi_touch_width;        /* pixels; 0: not set */
    uint32_t multi_touch_height;       /* pixels; 0: not set */
    uint32_t multi_touch_num_contacts; /* 0: not set */
};

struct dma_channel {
    int32_t devid;                          /* see above; libxl counts channels from 1 */
    const char *backend_domname;            /* see above */
    const char *name;                       /* by which the guest knows it; needed */
    enum dma_channel_connection connection; /* needed */
    const char *path;                       /* u.socket.path, of the socket in dom0; needed with DMA_CHANNEL_SOCKET */
};

struct dma_pci {
    uint32_t domain;                /* 0 .. 0xffff */
    uint8_t bus, dev, func;         /* 0 .. 255, 0 .. 31, 0 .. 7 */
    uint32_t vdevfn;                /* slot and function in the guest, slot << 3 | function; 0: chosen */
    uint32_t vfunc_mask;            /* bit n: function n is passed through; 0: `func` alone */
    bool msitranslate;              /* false: off */
    bool power_mgmt;                /* false: off */
    bool permissive;                /* false: off */
    bool seize;                     /* false: the device must be pciback's already */
    enum dma_rdm_policy rdm_policy; /* unset: that of the guest */
    const char *name;               /* of an `xl pci-assignable-add` name; NULL where given by address */
};

struct dma_usbctrl {
    int32_t devid;               /* see above */
    const char *backend_domname; /* see above */
    enum dma_usbctrl_type type;  /* DMA_USBCTRL_AUTO: devicemodel in an HVM guest, pv (or qusb) in others */
    int32_t version;             /* of USB, 1 .. 3 (PV: 1, 2); 0: 2 */
    int32_t ports; /* of version 1: 2, of 2: 6, of 3: 1 .. 15, PV: 1 .. 31; 0: that number, 8 where it is not fixed */
};

struct dma_usbdev {
    int32_t ctrl;              /* devid of its controller; DMA_DEVID_UNSET: any, or a new one */
    int32_t port;              /* from 1; 0: any */
    bool is_hostdev;           /* of type hostdev, which is the only one */
    uint8_t hostbus, hostaddr; /* u.hostdev: bus and address as lsusb says; 0: none, which is refused */
};

struct dma_p9 {
    int32_t devid;               /* see above */
    const char *backend_domname; /* see above */
    const char *tag;             /* by which the guest mounts it; needed but for xen-9pfsd, which makes one */
    const char *path;            /* directory in the backend domain; needed */
    const char *security_model;  /* QEMU's word, "none"; needed */
    enum dma_p9_type type;       /* unset: qemu, as before 4.19 */
    int32_t max_space;           /* MiB, of xen-9pfsd; 0: no limit */
    int32_t max_files;           /* of xen-9pfsd; 0: no limit */
    int32_t max_open_files;      /* of xen-9pfsd; 0: no limit */
    bool auto_delete;            /* of xen-9pfsd; false: off */
};

struct dma_vtpm {
    int32_t devid;               /* see above */
    const char *backend_domname; /* see above */
    const char *uuid;            /* canonical text; NULL: generated */
};

struct dma_virtio {
    int32_t devid;                     /* see above */
    const char *backend_domname;       /* see above */
    const char *type;                  /* device tree compatible, "virtio,device22"; NULL: none */
    enum dma_disk_transport transport; /* needed */
    enum dma_bool grant_usage;         /* default: on unless dom0 serves it */
};

/* vdispl, vsnd, pvcalls: only who serves them matters here. */
struct dma_pvdev {
    int32_t devid;               /* see above */
    const char *backend_domname; /* see above */
};

struct dma_vnode {             /* libxl_vnode_info */
    uint64_t mem_kb;           /* memkb: KiB; all together are max_memkb */
    uint32_t pnode;            /* node of the host, from 0 */
    uint32_t num_distances;    /* elements of `distances`: one per node of the guest; 0: libxl's 10 and 20 */
    const uint32_t *distances; /* to each node; to itself no more than to others */
    const uint8_t *vcpus;      /* the vcpus of this node as a bitmap, bit 0 of byte 0 first */
    uint32_t vcpus_bytes;      /* its length; every vcpu is in one node */
};

/* A guest. Always begin with dma_guest_init(), which says "not set" everywhere. */
struct dma_guest {
    size_t size; /* sizeof(struct dma_guest), set by dma_guest_init */

    const char *name;          /* ci.name; NULL: none */
    const char *uuid;          /* ci.uuid: canonical lower-case text; NULL: generated */
    const char *pool;          /* ci.pool_name, or a number; NULL: Pool-0 */
    const char *init_seclabel; /* ci.ssid_label; NULL: none */
    const char *seclabel;      /* bi.exec_ssid_label where there is an init_seclabel, else ci.ssid_label; NULL: none */
    enum dma_type type;        /* ci.type; needed: dma_build returns DMA_EINVAL without */
    enum dma_bool hap;         /* ci.hap; default: on where the host can */
    enum dma_bool oos;         /* ci.oos; default: on */
    enum dma_bool driver_domain;      /* ci.driver_domain; default: off */
    enum dma_passthrough passthrough; /* ci.passthrough; unset: as the devices need it */
    int32_t altp2m_count;             /* bi.altp2m_count; DMA_COUNT_UNSET: 10 where altp2m is on */

    uint64_t max_memkb;        /* bi.max_memkb, KiB; DMA_KB_UNSET: 32 MiB */
    uint64_t target_memkb;     /* bi.target_memkb, KiB; DMA_KB_UNSET: max_memkb */
    uint64_t video_memkb;      /* bi.video_memkb, KiB; DMA_KB_UNSET: what the card needs; less than that is refused */
    uint64_t shadow_memkb;     /* bi.shadow_memkb, KiB; DMA_KB_UNSET: by memory and vcpus */
    uint32_t max_vcpus;        /* bi.max_vcpus; 0: one */
    uint32_t avail_vcpus;      /* bits that are set in bi.avail_vcpus: how many are online at start */
    uint32_t avail_vcpus_bits; /* length of that bitmap, up to 1024; 0: not set, DMA_VCPUS_HOST: as many as host cpus */
    DMA_LIST(struct dma_vnode) vnuma; /* bi.vnuma_nodes; none: no NUMA */

    enum dma_bool nomigrate;              /* bi.disable_migrate; default: off */
    enum dma_bool localtime;              /* bi.localtime; default: off */
    enum dma_bool claim_mode;             /* bi.claim_mode; default: off, but xl sets what xl.conf says */
    enum dma_bool vpmu;                   /* bi.vpmu; default: off */
    enum dma_bool msr_relaxed;            /* bi.arch_x86.msr_relaxed; default: off */
    enum dma_bool trap_unmapped_accesses; /* bi.trap_unmapped_accesses; default: off; on is refused on x86 */
    int32_t rtc_timeoffset;               /* bi.rtc_timeoffset, seconds; 0: none */
    int32_t tsc_mode;                     /* bi.tsc_mode: 0 default, 1 always_emulate, 2 native, 3 native_paravirt */
    int32_t timer_mode;                   /* bi.timer_mode, 0 .. 3 as HVM_PARAM_TIMER_MODE; DMA_TIMER_UNSET */
    uint32_t event_channels;              /* bi.event_channels; 0: 1023 */
    int64_t max_grant_frames;    /* bi.max_grant_frames, 0 .. UINT32_MAX; DMA_COUNT_UNSET: xl.conf's or Xen's */
    int64_t max_maptrack_frames; /* bi.max_maptrack_frames, as max_grant_frames */
    int64_t max_grant_version;   /* bi.max_grant_version, 0 .. 15; DMA_COUNT_UNSET: Xen's */
    int32_t cpu_weight;          /* bi.sched_params.weight, 1 .. 65535; DMA_COUNT_UNSET: Xen's 256 */
    int32_t cap;                 /* bi.sched_params.cap, percent of a cpu, 0 (no cap) .. 100 * vcpus; DMA_COUNT_UNSET */
    int64_t vmtrace_buf_kb;      /* bi.vmtrace_buf_kb, KiB; 0: none */
    uint32_t num_ioports;        /* bi.num_ioports, ranges; 0: none, as for the three below */
    uint32_t num_irqs;           /* bi.num_irqs */
    uint32_t num_iomem;          /* bi.num_iomem, ranges */
    uint32_t num_llc_colors;     /* bi.num_llc_colors */

    const char *kernel;          /* bi.kernel, path in dom0; NULL: booted by firmware or bootloader */
    const char *ramdisk;         /* bi.ramdisk, path in dom0; NULL: none */
    const char *cmdline;         /* bi.cmdline; NULL: none */
    const char *device_tree;     /* bi.device_tree, path in dom0; NULL: none; on x86 nothing is done with it */
    const char *bootloader;      /* bi.bootloader, program in dom0; NULL: none */
    const char *bootloader_user; /* bi.bootloader_user, an account; NULL: root, or one is chosen where restricted */
    struct dma_strings bootloader_args; /* bi.bootloader_args */
    const char *blkdev_start;           /* bi.blkdev_start, first name for disks attached in dom0; NULL: xvda */

    enum dma_bool apic;                /* bi.apic; default: on */
    enum dma_bool acpi;                /* bi.acpi and bi.u.hvm.acpi; default: on */
    enum dma_bool nested_hvm;          /* bi.nested_hvm; default: off */
    enum dma_altp2m altp2m;            /* bi.altp2m; DMA_ALTP2M_DISABLED: off */
    enum dma_bool altp2mhvm;           /* bi.u.hvm.altp2m; default: off */
    enum dma_bool bootloader_restrict; /* bi.bootloader_restrict; default: on where there is a bootloader_user */
    bool has_vcpu_affinity;            /* bi.vcpu_hard_affinity or bi.vcpu_soft_affinity has elements */

    enum dma_dm_version device_model_version; /* bi.device_model_version; unset: qemu-xen, with exceptions */
    enum dma_bool device_model_stubdomain;    /* bi.device_model_stubdomain; default: off */
    enum dma_bool dm_restrict;                /* bi.dm_restrict; default: off */
    const char *device_model;                 /* bi.device_model, program in dom0; NULL: by version and host */
    const char *stubdomain_kernel;            /* bi.stubdomain_kernel, path in dom0; NULL: libxl's */
    const char *stubdomain_ramdisk;           /* bi.stubdomain_ramdisk, path in dom0; NULL: libxl's or none */
    const char *stubdomain_cmdline;           /* bi.stubdomain_cmdline; NULL: none */
    const char *device_model_seclabel;        /* bi.device_model_ssid_label; NULL: none */
    uint64_t stubdomain_memkb;                /* bi.stubdomain_memkb, KiB; DMA_KB_UNSET: libxl's */
    const char *device_model_user;            /* bi.device_model_user, account in dom0; NULL: libxl looks for one */
    struct dma_strings extra;                 /* bi.extra: arguments put behind libxl's own, for every type */
    struct dma_strings extra_pv, extra_hvm;   /* bi.extra_pv, bi.extra_hvm: the same for PV and PVH, for HVM */

    struct {                             /* bi.u.hvm; not looked at in other guests */
        const char *firmware;            /* path of hvmloader or its like; NULL: libxl's */
        const char *system_firmware;     /* path of the BIOS; NULL: that of `bios` */
        const char *smbios_firmware;     /* path; NULL: none */
        const char *acpi_firmware;       /* path; NULL: none */
        const char *timeoffset;          /* seconds as text; NULL: none */
        const char *ms_vm_genid;         /* any text: there is one; NULL: none */
        enum dma_bios bios;              /* unset: by device model */
        enum dma_bool pae;               /* default: on */
        enum dma_bool acpi_s3;           /* default: on */
        enum dma_bool acpi_s4;           /* default: on */
        enum dma_bool acpi_laptop_slate; /* default: off */
        enum dma_bool nx;                /* default: on */
        enum dma_bool viridian;   /* default: off; on: the groups base, freq, time_ref_count, apic_assist, crash_ctl */
        enum dma_bool hpet;       /* default: on */
        enum dma_bool vpt_align;  /* default: on */
        enum dma_bool pirq;       /* default: off */
        enum dma_bool nographic;  /* default: off */
        uint64_t mmio_hole_memkb; /* KiB; DMA_KB_UNSET: by the devices */
        enum dma_hdtype hdtype;   /* unset: ide */
        enum dma_vga vga;         /* vga.kind; unset: cirrus */
        struct dma_vnc vnc;       /* the display of QEMU */
        struct dma_sdl sdl;       /* as vnc */
        struct dma_spice spice;   /* as vnc */
        const char *keymap;       /* QEMU's word for a keyboard layout; NULL: en-us */
        enum dma_bool gfx_passthru;                   /* default: off */
        enum dma_gfx_passthru_kind gfx_passthru_kind; /* DMA_GFX_DEFAULT: by the card */
        const char *serial;                           /* QEMU's word for a character device; NULL: none */
        struct dma_strings serial_list;               /* the same, several; not together with `serial` */
        const char *boot;                             /* letters a, c, d, n in order; NULL: "cda" */
        enum dma_bool usb;                            /* default: off */
        int32_t usbversion;                   /* of USB, 1 .. 3; 0: not set, which is 2 where redirection needs one */
        const char *usbdevice;                /* "tablet", "mouse", "host:..."; NULL: none */
        struct dma_strings usbdevice_list;    /* the same, several; not together with `usbdevice` */
        enum dma_bool vkb_device;             /* default: on */
        enum dma_bool xen_platform_pci;       /* default: on */
        const char *soundhw;                  /* QEMU's word for a sound card; NULL: none */
        enum dma_vendor_device vendor_device; /* DMA_VENDOR_DEVICE_NONE: none */
        enum dma_rdm_strategy rdm_strategy;   /* rdm.strategy; DMA_RDM_STRATEGY_IGNORE: none */
        enum dma_rdm_policy rdm_policy;       /* rdm.policy; unset: relaxed */
        uint64_t rdm_mem_boundary_memkb;      /* KiB; DMA_KB_UNSET: 2 GiB */
        uint64_t mca_caps;                    /* bits as in Xen's XEN_HVM_MCA_CAP_...; 0: none */
        uint64_t viridian_enable;             /* bit n: libxl's enlightenment n (base is 0) is on besides */
        uint64_t viridian_disable;            /* the same, off; a bit in both is refused */
        uint32_t num_smbios;                  /* strings for SMBIOS tables; 0: none */
    } hvm;
    struct {                     /* bi.u.pv; not looked at in other guests */
        enum dma_bool e820_host; /* default: off, on with PCI devices */
    } pv;
    struct {                        /* bi.u.pvh; not looked at in other guests */
        enum dma_bool pvshim;       /* default: off */
        const char *pvshim_path;    /* path in dom0; NULL: libxl's */
        const char *pvshim_cmdline; /* NULL: libxl's */
        const char *pvshim_extra;   /* added to it; NULL: nothing */
    } pvh;

    /* Devices: the lists of these names in libxl_domain_config, in the order of the config; none: no such device. */
    DMA_LIST(struct dma_disk) disks;       /* disk= */
    DMA_LIST(struct dma_nic) nics;         /* vif= */
    DMA_LIST(struct dma_vfb) vfbs;         /* vfb= */
    DMA_LIST(struct dma_vkb) vkbs;         /* vkb=, and one that xl adds per vfb */
    DMA_LIST(struct dma_channel) channels; /* channel= */
    DMA_LIST(struct dma_pci) pcidevs;      /* pci= */
    DMA_LIST(struct dma_usbctrl) usbctrls; /* usbctrl= */
    DMA_LIST(struct dma_usbdev) usbdevs;   /* usbdev= */
    DMA_LIST(struct dma_p9) p9s;           /* p9= */
    DMA_LIST(struct dma_vtpm) vtpms;       /* vtpm= */
    DMA_LIST(struct dma_virtio) virtios;   /* virtio= */
    DMA_LIST(struct dma_pvdev) vdispls;    /* vdispl= */
    DMA_LIST(struct dma_pvdev) vsnds;      /* vsnd= */
    DMA_LIST(struct dma_pvdev) pvcalls;    /* pvcalls=, libxl's pvcallsifs */
    struct dma_strings dtdevs;             /* dtdev=: paths in the device tree */
};

/* What is known of the host; everything stays the caller's here, too. */
struct dma_account {
    const char *name;  /* as in passwd; needed */
    uint32_t uid, gid; /* 0 .. UINT32_MAX */
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
    const char *name; /* needed */
    uint32_t domid;   /* 0 .. DMA_DOMID_MAX */
    /* A guest with a config: one of the same name is this one, to be started again once it ended. */
    enum dma_bool guest;
    bool domid_unknown; /* `domid` says nothing */
};

/* A cpupool of the host. */
struct dma_pool {
    const char *name; /* NULL: unknown */
    uint32_t id;      /* UINT32_MAX: unknown */
};

/* A USB device of the host. */
struct dma_host_usb {
    uint8_t bus, addr; /* as lsusb counts them */
    bool hub;          /* it is a hub: cannot be given to a guest */
};

struct dma_host_pci {
    uint32_t domain;         /* 0 .. 0xffff */
    uint8_t bus, dev, func;  /* 0 .. 255, 0 .. 31, 0 .. 7 */
    uint16_t vendor, device; /* PCI ids; 0: unknown */
    uint32_t class_code;     /* 0xCCSSPP; 0: unknown */
    const char *driver;      /* of the kernel, "pciback"; NULL: unknown or none */
};

/* A host. Always begin with dma_host_init(), which says "unknown" everywhere. */
struct dma_host {
    size_t size; /* sizeof(struct dma_host), set by dma_host_init */

    const char *qemu_path;               /* path of qemu-xen; NULL: unknown, DMA_QEMU_PATH is shown */
    enum dma_bool qemu_installed;        /* it is there and executable */
    enum dma_bool run_with_chroot;       /* QEMU's answer to the probe of Xen 4.20 and later; unknown counts as no */
    enum dma_bool run_with_user;         /* as run_with_chroot */
    const char *traditional_path;        /* path of qemu-xen-traditional; NULL: DMA_TRADITIONAL_PATH */
    enum dma_bool traditional_installed; /* it is there and executable */

    enum dma_known accounts_known;         /* how much `accounts` says */
    DMA_LIST(struct dma_account) accounts; /* what getpwnam and getpwuid find in dom0 */
    enum dma_known domains_known;          /* how much `domains` says */
    DMA_LIST(struct dma_domain) domains;   /* that run */
    enum dma_known pci_known;              /* how much `pci` says */
    DMA_LIST(struct dma_host_pci) pci;     /* devices of the host */

    /* What a path is, called during dma_build(); NULL or DMA_FILE_UNKNOWN: as its name suggests: /dev/... is a block
     * device, a relative name with a colon is absent, all else is regular. */
    enum dma_file_type (*file_type)(void *user, const char *path);
    void *file_user; /* handed to file_type */

    uint32_t cpus;       /* of the host; 0: unknown, 64 are assumed */
    uint32_t numa_nodes; /* of the host; 0: unknown, nothing is refused for it */
    const char *run_dir; /* libxl's directory for sockets and chroots; NULL: /var/run/xen */

    /* With DMA_LIST_PARTIAL what is not listed is taken not to be there, and a doubt says so. Every host has Pool-0. */
    enum dma_known pools_known;        /* how much `pools` says */
    DMA_LIST(struct dma_pool) pools;   /* cpupools */
    enum dma_known usb_known;          /* how much `usb` says */
    DMA_LIST(struct dma_host_usb) usb; /* USB devices */
    enum dma_bool iommu;               /* Xen uses one: passthrough is possible */
};

#define DMA_QEMU_PATH        "/usr/lib/xen/bin/qemu-system-i386"
#define DMA_TRADITIONAL_PATH "/usr/lib/xen/bin/qemu-dm"
#define DMA_DOMID_MAX        32751 /* the last domid of a guest; DOMID_FIRST_RESERVED - 1, xen/include/public/xen.h */

struct dma_target {
    size_t size;    /* sizeof(struct dma_target) */
    uint32_t xen;   /* DMA_XEN(...), with the point release: any of a release line that the library knows */
    uint32_t domid; /* of the guest, 1 .. DMA_DOMID_MAX */
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

/* What comes back. All of it belongs to the builder, and lives until the next dma_build() or dma_builder_free() on it.
 */
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
    enum dma_refusal_id id; /* which */
    const char *name;       /* of the id, kebab case */
    const char *message;    /* what is wrong, in one line */
    const char *advice;     /* what to do */
    struct dma_blame blame; /* where in the config */
    /* The note, kept in the result, that says what it rests on; DMA_NOTE_NONE: it is certain. */
    enum dma_note_id doubt;
};

struct dma_note {
    enum dma_note_id id;    /* which */
    const char *name;       /* of the id, kebab case */
    const char *text;       /* one line */
    struct dma_blame blame; /* where in the config */
};

struct dma_rlimit {
    const char *name; /* "RLIMIT_FSIZE" */
    uint64_t value;   /* soft and hard, in setrlimit's unit: bytes, or a number of locks */
};

/* What libxl does to the process, beside its arguments. All zero unless DMA_RUNS. */
struct dma_process {
    enum dma_dm_version device_model; /* which runs */
    enum dma_bool restricted;         /* DMA_YES: -xen-domid-restrict is given */
    const char *runas;                /* "uid:gid", an account's name or "@RUNAS@" as given to QEMU; NULL: stays root */
    const char *kill_uid;             /* uid by which libxl kills it at destroy, decimal; NULL: by pid */
    const char *chroot_dir;           /* made by libxl before the start; NULL: none */
    bool unshare_mount, unshare_ipc;  /* namespaces of its own */
    bool qmp_preopened;               /* libxl opens the QMP socket and hands it over, as @QMP_FD@ */
    const struct dma_rlimit *rlimits; /* n_rlimits elements */
    uint32_t n_rlimits;               /* 0: none */
};

struct dma_result {
    size_t size;                     /* sizeof(struct dma_result) of the library */
    enum dma_outcome outcome;        /* says which of the others hold */
    const char *const *argv;         /* NULL-terminated; argv[0] is the program. NULL unless DMA_RUNS */
    uint32_t argc;                   /* without the NULL; 0 unless DMA_RUNS */
    const struct dma_key_value *env; /* what libxl adds to the environment, n_env elements */
    uint32_t n_env;                  /* 0 unless DMA_RUNS */
    struct dma_process process;      /* where DMA_RUNS */
    struct dma_refusal refusal;      /* where DMA_REFUSED */
    const struct dma_note *notes;    /* n_notes elements */
    uint32_t n_notes;                /* 0 where DMA_REFUSED */
};

/* Memory: NULL in place of a struct dma_allocator means malloc and free. */
struct dma_allocator {
    void *(*alloc)(void *user, size_t size); /* aligned for anything; NULL: out of memory */
    void (*release)(void *user, void *p);    /* what alloc returned */
    void *user;                              /* handed to both; it lives as long as the builder */
};

/* A builder: owns the memory of the result it made last. One thread at a time; different builders are independent. */
struct dma_builder;

/* DMA_OK, DMA_ENOMEM, or DMA_EINVAL. The builder is the caller's, until dma_builder_free (NULL is fine). */
DMA_PUBLIC int dma_builder_new(const struct dma_allocator *allocator, struct dma_builder **builder);
DMA_PUBLIC void dma_builder_free(struct dma_builder *builder);

/* Set everything to "not set" or "unknown". */
DMA_PUBLIC void dma_guest_init(struct dma_guest *guest);
DMA_PUBLIC void dma_host_init(struct dma_host *host);

/*
 * Does what that release's libxl does between the parsed config and the exec of QEMU. `host` may be NULL (nothing is
 * known). On DMA_OK *result is valid until the next dma_build or dma_builder_free on this builder. On DMA_ENOMEM and
 * DMA_EINVAL *result is NULL. A release line that is not in the library's table is DMA_EINVAL: what it would run is not
 * known.
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
