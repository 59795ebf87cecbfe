/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of facts: names, kinds and places, in the order in which they are written. */
#include "host/facts.h"

#include <stddef.h>

#define N(fields) (sizeof(fields) / sizeof(fields)[0])
#define SHAPE(name, type)                                                                                              \
    _Static_assert(N(name##_fields) <= DML_FACT_FIELDS_MAX, "more fields than a reader has room for");                 \
    static const struct dml_fact_shape name##_shape = {name##_fields, N(name##_fields), sizeof(type)}
/* FIELD(owner, yaml name, kind, member, doc) and its kin for versions, maps and lists of maps. */
#define FIELD(owner, key, kind_, member, doc_)                                                                         \
    {                                                                                                                  \
        .name = key, .kind = DML_FACT_##kind_, .off = offsetof(owner, member), .doc = doc_                             \
    }
#define VERSION(owner, key, kind_, text, number, doc_)                                                                 \
    {                                                                                                                  \
        .name = key, .kind = DML_FACT_##kind_, .off = offsetof(owner, text), .parsed = offsetof(owner, number),        \
        .doc = doc_                                                                                                    \
    }
#define MAP(key, shape_, doc_)                                                                                         \
    {                                                                                                                  \
        .name = key, .kind = DML_FACT_MAP, .shape = &shape_##_shape, .doc = doc_                                       \
    }
#define MAPS(owner, key, shape_, member, bare_, doc_)                                                                  \
    {                                                                                                                  \
        .name = key, .kind = DML_FACT_MAPS, .off = offsetof(owner, member), .shape = &shape_##_shape, .bare = bare_,   \
        .doc = doc_                                                                                                    \
    }
#define SOURCE                                                                                                         \
    {                                                                                                                  \
        .name = "source", .kind = DML_FACT_SOURCE, .doc = "where this came from (a note; not kept)"                    \
    }

static const struct dml_fact_field account_fields[] = {
    FIELD(struct dml_account, "name", STRING, name, "account name"),
    FIELD(struct dml_account, "uid", UINT, uid, "numeric user id"),
    FIELD(struct dml_account, "gid", UINT, gid, "primary group id"),
    SOURCE,
};
SHAPE(account, struct dml_account);

static const struct dml_fact_field group_fields[] = {
    FIELD(struct dml_group, "name", STRING, name, "group name"),
    FIELD(struct dml_group, "gid", UINT, gid, "numeric group id"),
    FIELD(struct dml_group, "members", STRINGS, members, "names of the accounts in it"),
    SOURCE,
};
SHAPE(group, struct dml_group);

static const struct dml_fact_field subid_fields[] = {
    FIELD(struct dml_id_range, "name", STRING, name, "owner of the block"),
    FIELD(struct dml_id_range, "start", UINT, start, "first id"),
    FIELD(struct dml_id_range, "count", UINT, count, "number of ids"),
    SOURCE,
};
SHAPE(subid, struct dml_id_range);

static const struct dml_fact_field reserved_fields[] = {
    FIELD(struct dml_id_range, "what", STRING, name, "what the block is kept for"),
    FIELD(struct dml_id_range, "start", UINT, start, "first id"),
    FIELD(struct dml_id_range, "count", UINT, count, "number of ids"),
    SOURCE,
};
SHAPE(reserved, struct dml_id_range);

static const struct dml_fact_field file_fields[] = {
    FIELD(struct dml_host_file, "path", STRING, path, "absolute path, as guests name it"),
    FIELD(struct dml_host_file, "type", STRING, type, "regular, block, char, directory or absent"),
    FIELD(struct dml_host_file, "mode", STRING, mode, "permission bits in octal"),
    FIELD(struct dml_host_file, "content", STRING, content,
          "what its first bytes say it is: raw, qcow, qcow2, qed, vhd, vhdx, vmdk or vdi"),
    FIELD(struct dml_host_file, "uid", UINT, uid, "owner"),
    FIELD(struct dml_host_file, "gid", UINT, gid, "group"),
    SOURCE,
};
SHAPE(file, struct dml_host_file);

static const struct dml_fact_field image_fields[] = {
    FIELD(struct dml_saved_image, "path", STRING, path, "the saved image"),
    FIELD(struct dml_saved_image, "name", STRING, name, "guest name"),
    FIELD(struct dml_saved_image, "dm_restrict", TRI, dm_restrict, "did its config ask for restriction"),
    FIELD(struct dml_saved_image, "device_model_version", STRING, device_model_version, "its device model"),
    FIELD(struct dml_saved_image, "device_model_user", STRING, device_model_user,
          "the account that its config names, empty for none"),
    SOURCE,
};
SHAPE(image, struct dml_saved_image);

static const struct dml_fact_field running_disk_fields[] = {
    FIELD(struct dml_running_disk, "path", STRING, path, "the file or device"),
    FIELD(struct dml_running_disk, "write", TRI, write, "may the guest write to it"),
    SOURCE,
};
SHAPE(running_disk, struct dml_running_disk);

static const struct dml_fact_field running_fields[] = {
    FIELD(struct dml_running, "domid", UINT, domid, "domain id"),
    FIELD(struct dml_running, "name", STRING, name, "guest name"),
    FIELD(struct dml_running, "dm_restrict", TRI, dm_restrict,
          "did the config it was created with ask for restriction"),
    FIELD(struct dml_running, "device_model_version", STRING, device_model_version, "its device model"),
    FIELD(struct dml_running, "device_model_user", STRING, device_model_user,
          "the account that the config it was created with names, empty for none"),
    FIELD(struct dml_running, "uid", UINT, uid, "the uid under which its QEMU runs now"),
    FIELD(struct dml_running, "qemu", TRI, qemu, "false: it needs a QEMU in dom0, and that has ended"),
    MAPS(struct dml_running, "disks", running_disk, disks, NULL, "disks that it has"),
    FIELD(struct dml_running, "path", STRING, path, "the config that libxl stored of it"),
    SOURCE,
};
SHAPE(running, struct dml_running);

static const struct dml_fact_field domain_fields[] = {
    FIELD(struct dml_domain, "name", STRING, name, "domain name"),
    FIELD(struct dml_domain, "domid", UINT, domid, "domain id"),
    SOURCE,
};
SHAPE(domain, struct dml_domain);

static const struct dml_fact_field pci_fields[] = {
    FIELD(struct dml_pci, "bdf", STRING, bdf, "address, 0000:03:00.0"),
    FIELD(struct dml_pci, "vendor", UINT, vendor, "vendor id"),
    FIELD(struct dml_pci, "device", UINT, device, "device id"),
    FIELD(struct dml_pci, "class", UINT, class_code, "class code, 0x030000 for a VGA"),
    FIELD(struct dml_pci, "driver", STRING, driver, "kernel driver bound to it, empty for none"),
    SOURCE,
};
SHAPE(pci, struct dml_pci);

static const struct dml_fact_field cpupool_fields[] = {
    FIELD(struct dml_cpupool, "name", STRING, name, "name of the pool"),
    FIELD(struct dml_cpupool, "id", UINT, id, "its number"),
    SOURCE,
};
SHAPE(cpupool, struct dml_cpupool);

static const struct dml_fact_field usb_fields[] = {
    FIELD(struct dml_usb, "bus", UINT, bus, "number of the bus"),
    FIELD(struct dml_usb, "addr", UINT, addr, "number of the device on it"),
    FIELD(struct dml_usb, "hub", TRI, hub, "is it a hub"),
    SOURCE,
};
SHAPE(usb, struct dml_usb);

#define F struct dml_facts

static const struct dml_fact_field firmware_fields[] = {
    FIELD(F, "seabios", TRI, firmware.seabios, "the file that libxl loads for bios=seabios is there"),
    FIELD(F, "ovmf", TRI, firmware.ovmf, "the file that libxl loads for bios=ovmf is there"),
    SOURCE,
};
SHAPE(firmware, F);

static const struct dml_fact_field script_fields[] = {
    FIELD(struct dml_script, "path", STRING, path, "the file"),
    FIELD(struct dml_script, "line", UINT, line, "line in it"),
    FIELD(struct dml_script, "does", STRING, does, "migrate, save, remus, cd-change or keep-domid"),
    SOURCE,
};
SHAPE(script, struct dml_script);

static const struct dml_fact_field xen_fields[] = {
    VERSION(F, "version", XEN_VERSION, xen.version_text, xen.version, "Xen release, with or without point release"),
    FIELD(F, "arch", STRING, xen.arch, "x86_64, aarch64"),
    SOURCE,
};
SHAPE(xen, F);

static const struct dml_fact_field kernel_fields[] = {
    FIELD(F, "release", STRING, kernel_release, "dom0 kernel, as uname -r says"),
    SOURCE,
};
SHAPE(kernel, F);

static const struct dml_fact_field caps_fields[] = {
    FIELD(F, "xen_domid_restrict", TRI, qemu.xen_domid_restrict,
          "imports xentoolcore_restrict_all: restriction is effective"),
    FIELD(F, "run_with_chroot", TRI, qemu.run_with_chroot, "understands -run-with chroot="),
    FIELD(F, "run_with_user", TRI, qemu.run_with_user, "understands -run-with user="),
#define FEATURE(id, name, upstream, from, words, shown_by)                                                             \
    FIELD(F, name, TRI, qemu.has[DML_QEMU_HAS_##id], "is built with " words),
#include "qemu/features.def"
#undef FEATURE
    SOURCE,
};
SHAPE(caps, F);

static const struct dml_fact_field qemu_fields[] = {
    FIELD(F, "installed", TRI, qemu.installed, "false: known not to be there"),
    FIELD(F, "path", STRING, qemu.path, "the QEMU that libxl runs"),
    VERSION(F, "version", QEMU_VERSION, qemu.version_text, qemu.version, "its version"),
    MAP("caps", caps, "what it can do"),
    SOURCE,
};
SHAPE(qemu, F);

static const struct dml_fact_field traditional_fields[] = {
    FIELD(F, "installed", TRI, qemu_traditional.installed, "false: known not to be there"),
    FIELD(F, "path", STRING, qemu_traditional.path, "the qemu-xen-traditional that libxl runs"),
    SOURCE,
};
SHAPE(traditional, F);

static const struct dml_fact_field login_fields[] = {
    FIELD(F, "uid_min", UINT, login_defs.uid_min, "UID_MIN of login.defs"),
    FIELD(F, "uid_max", UINT, login_defs.uid_max, "UID_MAX"),
    FIELD(F, "sub_uid_min", UINT, login_defs.sub_uid_min, "SUB_UID_MIN: useradd gives out blocks from here"),
    FIELD(F, "sub_uid_max", UINT, login_defs.sub_uid_max, "SUB_UID_MAX"),
    SOURCE,
};
SHAPE(login, F);

static const struct dml_fact_field xendomains_fields[] = {
    FIELD(F, "save", STRING, xendomains.save, "XENDOMAINS_SAVE; empty: guests are not saved at shutdown"),
    FIELD(F, "migrate", STRING, xendomains.migrate, "XENDOMAINS_MIGRATE; empty: guests are not migrated"),
    FIELD(F, "restore", TRI, xendomains.restore, "XENDOMAINS_RESTORE"),
    FIELD(F, "auto", STRINGS, xendomains.autostart, "configs started at boot"),
    SOURCE,
};
SHAPE(xendomains, F);

static const struct dml_fact_field xl_conf_fields[] = {
    FIELD(F, "domid_policy", STRING, xl_conf.domid_policy, "xen or random (since Xen 4.14)"),
    SOURCE,
};
SHAPE(xl_conf, F);

static const struct dml_fact_field top_fields[] = {
    FIELD(F, "dmlint_facts", UINT, format, "format of this file: 1"),
    FIELD(F, "hostname", STRING, hostname, "the host's name"),
    FIELD(F, "collected_at", STRING, collected_at, "when, UTC"),
    FIELD(F, "os", STRING, os, "linux, freebsd or netbsd"),
    MAP("xen", xen, "the hypervisor's release"),
    MAP("kernel", kernel, "the dom0 kernel"),
    FIELD(F, "cpus", UINT, cpus, "physical CPUs that Xen has"),
    FIELD(F, "numa_nodes", UINT, numa_nodes, "NUMA nodes that Xen has"),
    FIELD(F, "memory", UINT, memory, "memory of the machine, in MiB"),
    FIELD(F, "addresses", STRINGS, addresses, "IP addresses of the host's interfaces"),
    MAPS(F, "cpupools", cpupool, cpupools, "name", "cpupools"),
    FIELD(F, "iommu", TRI, iommu, "Xen uses an IOMMU: hvm_directio or pv_directio in xl info"),
    MAP("qemu", qemu, "the QEMU that serves guests with qemu-xen"),
    MAP("qemu_traditional", traditional, "qemu-xen-traditional, up to Xen 4.20"),
    MAP("firmware", firmware, "firmware of HVM guests"),
    FIELD(F, "nss", STRINGS, nss, "sources of the passwd database"),
    MAPS(F, "passwd", account, passwd, NULL, "accounts"),
    MAPS(F, "groups", group, groups, NULL, "groups"),
    MAPS(F, "subuid", subid, subuid, NULL, "subordinate uids"),
    MAPS(F, "subgid", subid, subgid, NULL, "subordinate gids"),
    MAPS(F, "reserved_uids", reserved, reserved_uids, NULL, "further uids that are spoken for"),
    MAP("login_defs", login, "ranges of login.defs"),
    MAP("xendomains", xendomains, "what happens to guests at shutdown and boot"),
    MAP("xl_conf", xl_conf, "settings of xl.conf"),
    MAPS(F, "files", file, files, NULL, "what paths named by guests are"),
    FIELD(F, "files_complete", TRI, files_complete,
          "every file that guests name was looked at: what is not listed is absent"),
    FIELD(F, "uids_in_use", UINTS, uids_in_use, "uids of processes in or near the range; without one from 65536 on"),
    FIELD(F, "stale_chroots", STRINGS, stale_chroots, "non-empty /var/run/xen/qemu-root-*"),
    MAPS(F, "scripts", script, scripts, NULL, "lines of scripts, timers and crontabs that do something to guests"),
    FIELD(F, "domid_reuse_timeout", UINT, domid_reuse_timeout,
          "LIBXL_DOMID_REUSE_TIMEOUT in seconds, 60 where nothing sets it (since Xen 4.14)"),
    MAPS(F, "saved_images", image, saved_images, NULL, "saved guests"),
    MAPS(F, "running", running, running, NULL, "running guests and the config they were created with"),
    MAPS(F, "domains", domain, domains, "name", "running domains"),
    MAPS(F, "pci", pci, pci, NULL, "PCI devices"),
    MAPS(F, "usb", usb, usb, NULL, "USB devices"),
    SOURCE,
};

_Static_assert(N(top_fields) <= DML_FACT_FIELDS_MAX, "more fields than a reader has room for");
const struct dml_fact_shape dml_facts_shape = {top_fields, N(top_fields), sizeof(struct dml_facts)};

static void init(const struct dml_fact_shape *shape, char *base)
{
    for (uint32_t i = 0; i < shape->n; i++) {
        const struct dml_fact_field *f = &shape->fields[i];
        if (f->kind == DML_FACT_UINT)
            *(uint64_t *)(void *)(base + f->off) = DML_FACT_UNKNOWN;
        else if (f->kind == DML_FACT_MAP)
            init(f->shape, base);
    }
}

void dml_facts_init_struct(const struct dml_fact_shape *shape, void *p)
{
    init(shape, p);
}

void dml_facts_init(struct dml_facts *f)
{
    *f = (struct dml_facts){0};
    init(&dml_facts_shape, (char *)f);
}
