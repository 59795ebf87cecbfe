/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Host facts: what is known of one host, loaded from a file or collected from a root directory (dmlint-facts(5)). */
#ifndef DML_HOST_FACTS_H
#define DML_HOST_FACTS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/tri.h"
#include "base/version.h"
#include "qemu/qemu.h"
#include "yaml/yaml.h"

/* A number that may not be known. */
#define DML_FACT_UNKNOWN UINT64_MAX

/* A list of T, complete where it is known: read it with DML_AT(list, struct T, i). */
struct dml_list {
    void *v;
    uint32_t n;
    _Bool known;
};
#define DML_AT(list, type, i) (&((type *)(list).v)[i])

/* Strings are NULL, versions 0 and numbers DML_FACT_UNKNOWN where they are not known. */
struct dml_account {
    const char *name;
    uint64_t uid, gid;
};
struct dml_id_range {
    const char *name; /* whose, or what for */
    uint64_t start, count;
};
struct dml_group {
    const char *name;
    uint64_t gid;
    struct dml_list members; /* const char * */
};
struct dml_host_file {
    const char *path;
    const char *type;    /* regular, block, char, directory, absent */
    const char *mode;    /* octal, "0640" */
    const char *content; /* what its first bytes are: raw, qcow2, ... see dml_content */
    uint64_t uid, gid;
};
struct dml_saved_image {
    const char *path, *name;
    enum dml_tri dm_restrict;
    const char *device_model_version, *device_model_user; /* user "": none is named */
};
struct dml_running_disk {
    const char *path;
    enum dml_tri write;
};
struct dml_running {
    uint64_t domid;
    const char *name;
    enum dml_tri dm_restrict;
    const char *device_model_version, *device_model_user; /* as above */
    uint64_t uid;                                         /* of its QEMU */
    enum dml_tri qemu;                                    /* NO: it needs one, and that has ended */
    struct dml_list disks;                                /* struct dml_running_disk */
    const char *path;                                     /* of the config that libxl stored */
};
/* A line of a script, timer or crontab that does something to guests with xl. */
struct dml_script {
    const char *path;
    uint64_t line;
    const char *does; /* migrate, save, remus, cd-change, keep-domid */
};
struct dml_domain {
    const char *name;
    uint64_t domid;
};
struct dml_pci {
    const char *bdf;
    uint64_t vendor, device, class_code;
    const char *driver; /* "" where no driver is bound */
};

struct dml_cpupool {
    const char *name;
    uint64_t id;
};
struct dml_usb {
    uint64_t bus, addr;
    enum dml_tri hub;
};

struct dml_facts {
    const char *origin; /* the file it was loaded from, or "local"; not a fact */
    uint64_t format;    /* dmlint_facts: 1 */
    const char *hostname, *collected_at, *os;
    struct {
        const char *version_text, *arch;
        dml_version version;
    } xen;
    const char *kernel_release;
    uint64_t cpus, numa_nodes, memory; /* memory in MiB, all of the machine's */
    struct dml_list addresses;         /* const char *, IPv4 and IPv6 of the host's interfaces */
    struct dml_list cpupools;          /* struct dml_cpupool */
    enum dml_tri iommu;
    struct {
        enum dml_tri installed;
        const char *path, *version_text;
        dml_version version;
        enum dml_tri xen_domid_restrict, run_with_chroot, run_with_user;
        enum dml_tri has[DML_QEMU_FEATURES]; /* what it is built with */
    } qemu;
    struct {
        enum dml_tri installed;
        const char *path;
    } qemu_traditional;
    struct {
        enum dml_tri seabios, ovmf; /* are the files there that libxl loads */
    } firmware;
    struct dml_list nss;            /* const char * */
    struct dml_list passwd;         /* struct dml_account */
    struct dml_list groups;         /* struct dml_group */
    struct dml_list subuid, subgid; /* struct dml_id_range */
    struct dml_list reserved_uids;  /* struct dml_id_range */
    struct {
        uint64_t uid_min, uid_max, sub_uid_min, sub_uid_max;
    } login_defs;
    struct {
        const char *save, *migrate;
        enum dml_tri restore;
        struct dml_list autostart; /* const char * */
    } xendomains;
    struct {
        const char *domid_policy;
    } xl_conf;
    struct dml_list files;         /* struct dml_host_file */
    enum dml_tri files_complete;   /* what guests name and `files` does not list is not there */
    _Bool look;                    /* not a fact: these are of this machine, so that files can be looked at */
    struct dml_list uids_in_use;   /* uint64_t */
    struct dml_list stale_chroots; /* const char * */
    struct dml_list scripts;       /* struct dml_script */
    uint64_t domid_reuse_timeout;  /* seconds: LIBXL_DOMID_REUSE_TIMEOUT */
    struct dml_list saved_images;  /* struct dml_saved_image */
    struct dml_list running;       /* struct dml_running */
    struct dml_list domains;       /* struct dml_domain */
    struct dml_list pci;           /* struct dml_pci */
    struct dml_list usb;           /* struct dml_usb */
};

/* How one fact is written and where it lives: the one table behind load, save, rules' `host.` selectors and the man
 * page. */
enum dml_fact_kind {
    DML_FACT_STRING,
    DML_FACT_UINT,
    DML_FACT_TRI,         /* true, false */
    DML_FACT_XEN_VERSION, /* a string; the parsed form is the next member of that struct, see `parsed` */
    DML_FACT_QEMU_VERSION,
    DML_FACT_MAP,     /* `shape` says what is in it */
    DML_FACT_STRINGS, /* struct dml_list of const char * */
    DML_FACT_UINTS,   /* struct dml_list of uint64_t */
    DML_FACT_MAPS,    /* struct dml_list of structs that `shape` describes, each `size` bytes */
    DML_FACT_SOURCE   /* `source:` notes where a fact came from; accepted anywhere, not kept */
};

enum { DML_FACT_FIELDS_MAX = 40 }; /* of one shape; the table is checked against it when it is compiled */
struct dml_fact_shape;
struct dml_fact_field {
    const char *name;
    enum dml_fact_kind kind;
    uint32_t off;    /* in the struct that the shape describes */
    uint32_t parsed; /* versions: offset of the dml_version */
    const struct dml_fact_shape *shape;
    const char *bare; /* MAPS: a bare string in the list means this field */
    const char *doc;
};
struct dml_fact_shape {
    const struct dml_fact_field *fields;
    uint32_t n, size;
};

/* The shape of struct dml_facts. */
extern const struct dml_fact_shape dml_facts_shape;

/* Everything unknown; the second for one element of a list, already zeroed. */
void dml_facts_init(struct dml_facts *f);
void dml_facts_init_struct(const struct dml_fact_shape *shape, void *p);

/*
 * Loads facts, JSON or YAML. Strings and lists live in `a`. DML_EINVAL with "path:line:column: ..." where the text is
 * not facts of a known major version (unknown keys come with a suggestion); DML_EIO where the file cannot be read.
 */
int dml_facts_load(struct dml_facts *f, const char *path, struct dml_arena *a, struct dml_err *err);
/* The same from bytes; `path` is for messages. */
int dml_facts_parse(struct dml_facts *f, const char *path, struct dml_sv text, struct dml_arena *a,
                    struct dml_err *err);
/* The same from a mapping inside another document, such as a rule's example, where the format need not be said. */
int dml_facts_from_yaml(struct dml_facts *f, const struct dml_yaml *y, const struct dml_yaml_node *node,
                        struct dml_arena *a, struct dml_err *err);
/* The facts as JSON text with a final newline, unknown ones left out; NULL when out of memory. */
char *dml_facts_json(const struct dml_facts *f, struct dml_arena *a);

/* Where to collect from. */
struct dml_collect {
    const char *root;         /* "/" for this host; anything else is a copied tree, and nothing is run */
    _Bool redact;             /* replace host name and the names of accounts that are not Xen's */
    const char *collected_at; /* NULL: now */
};
/*
 * Gathers what files below `root` say; what cannot be read stays unknown and is named in `notes` (one per line). Runs
 * nothing but getent(1), and that only where root is "/". Fails only when out of memory.
 */
int dml_facts_collect(struct dml_facts *f, const struct dml_collect *how, struct dml_arena *a, struct dml_buf *notes,
                      struct dml_err *err);
/* Is this machine a Xen control domain (/proc/xen/capabilities says control_d)? */
_Bool dml_host_is_dom0(void);

/* What a QEMU binary can do, read from the file alone. */
struct dml_qemu_abilities {
    const char *binary;  /* the ELF file in the end, after wrapper scripts */
    const char *version; /* "7.2.22", or NULL */
    enum dml_tri xen_domid_restrict, run_with_chroot, run_with_user;
    enum dml_tri has[DML_QEMU_FEATURES]; /* what it is built with */
};
/*
 * Reads `path` below `root`, following shell wrappers that exec another QEMU with an absolute path. DML_ENOENT where it
 * is not there, DML_EINVAL where it is neither a wrapper that can be followed nor an ELF file.
 */
int dml_qemu_inspect(const char *root, const char *path, struct dml_arena *a, struct dml_qemu_abilities *out,
                     struct dml_err *err);
/* Reads paths and the release that a libxenlight below `root` was built with. DML_ENOENT where there is none. */
struct dml_libxl_info {
    const char *file, *version; /* "4.17" */
    const char *arch;           /* x86_64, aarch64 */
    const char *qemu_path, *qemu_traditional_path;
    const char *seabios, *ovmf; /* files that bios = "seabios" and "ovmf" stand for; NULL: not known */
};
int dml_libxl_inspect(const char *root, struct dml_arena *a, struct dml_libxl_info *out, struct dml_err *err);

#endif
