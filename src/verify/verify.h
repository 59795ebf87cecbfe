/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verify: is a QEMU that runs restricted? A checklist over what /proc says of it; verdicts, findings and their report.
 */
#ifndef DML_VERIFY_VERIFY_H
#define DML_VERIFY_VERIFY_H

#include "base/buf.h"
#include "base/version.h"
#include "facts/subject.h"
#include "proc/proc.h"

enum { DML_FSIZE_LIMIT = 256 * 1024 }; /* RLIMIT_FSIZE that libxl sets (libxl_linux.c, 4.12 to 4.22) */

enum dml_verify_check_id {
#define CHECK(id, name, what, since, linux_only, holds, function, hint) DML_VERIFY_##id,
#include "verify/checks.def"
#undef CHECK
    DML_VERIFY_CHECKS
};
enum dml_verify_check_status { DML_VERIFY_PASS, DML_VERIFY_FAIL, DML_VERIFY_UNKNOWN, DML_VERIFY_INFO };
enum dml_verify_verdict { DML_RESTRICTED, DML_NOT_RESTRICTED, DML_NOT_KNOWN };

struct dml_verify_check_result {
    enum dml_verify_check_status status;
    const char *expected, *seen; /* any bytes; make them harmless before printing */
};
extern const char *const dml_verify_check_names[DML_VERIFY_CHECKS],
    *const dml_verify_check_titles[DML_VERIFY_CHECKS], *const dml_verify_check_hints[DML_VERIFY_CHECKS];

/* A command line as QEMU reads it: the last of an option counts. Strings are argv's, or NULL. */
struct dml_cmdline {
    int64_t domid; /* -1: none */
    const char *name, *chroot, *user, *machine;
    uint32_t incoming; /* index of -incoming; 0: none */
    _Bool restricted;  /* -xen-domid-restrict */
    _Bool run_with_chroot, run_with_user, qmp_fd, qmp_path;
    _Bool traditional; /* qemu-xen-traditional's qemu-dm */
};
/*
 * Reads argv; `chroot`, `user` are copied into `a` where -run-with holds them. Mirrors qemu: softmmu/vl.c (lookup_opt)
 * and os-posix.c. Returns 0, or DML_ENOMEM.
 */
int dml_cmdline_read(struct dml_cmdline *out, const char *const *argv, uint32_t argc, struct dml_arena *a);
/* Is this the command line of a QEMU that serves a domain? For dml_proctree_open. */
_Bool dml_cmdline_is_qemu(const char *const *argv, uint32_t argc);

/* What all QEMUs of a run share. */
struct dml_verify {
    _Bool color; /* of the text report */
    struct dml_arena *a;
    const struct dml_facts *facts; /* NULL: nothing is known */
    struct dml_proctree *procs;
    _Bool facts_of_root; /* the facts were collected now, where the processes are */
    dml_version xen;     /* 0: the command lines have to tell */
    const char *xen_from;
};

/* What the config of a guest gives, for its domid: copied from libdmargv. */
struct dml_expected {
    const char *path; /* of the config */
    _Bool stored;     /* by libxl, which changes it when devices come and go */
    const char *const *argv;
    uint32_t argc;                 /* 0: not known, see why */
    const char *chroot_dir, *user; /* NULL: none */
    _Bool restricted;              /* the config asks for it */
    const char *why;
};

struct dml_verified {
    const struct dml_verify *run;
    const struct dml_proc *p;
    struct dml_cmdline said;
    dml_version xen;               /* whose rules count; where not known, the nearest that are as strict */
    const char *xen_text;          /* "4.17.5", "4.12 or later" */
    const char *xen_from;          /* "--xen" */
    const char *should;            /* why it should be restricted, or NULL */
    _Bool named;                   /* the user asked for this one */
    struct dml_expected *expected; /* NULL: no config is known */
    struct dml_verify_check_result checks[DML_VERIFY_CHECKS];
    enum dml_verify_verdict verdict;
};

/* Reads what is still missing of a process and of its command line. DML_ENOMEM. */
int dml_verified_init(struct dml_verified *q, const struct dml_verify *run, struct dml_proc *p, struct dml_err *err);
/*
 * Builds what libxl of the world's target would run from a config for the domid of `q`, into q->expected. `subject` is
 * open; its builder's last result is used up. DML_ENOMEM.
 */
int dml_verified_expect(struct dml_verified *q, struct dml_subject *subject, struct dml_err *err);
/* The same from what libxl stored of the guest below the root, where it did: userdata-d.DOMID.UUID.libxl-json of that
 * name. */
int dml_verified_expect_stored(struct dml_verified *q, const struct dml_subject *empty, struct dml_err *err);
/* Goes through the checklist. DML_ENOMEM. */
int dml_verified_check(struct dml_verified *q, struct dml_err *err);

/* Whom a QEMU serves: a guest; domain 0 itself, for disks that dom0 attaches to itself; none, as the domain is gone. */
enum dml_verify_serves { DML_SERVES_GUEST, DML_SERVES_DOM0, DML_SERVES_NONE };
enum dml_verify_serves dml_verified_serves(const struct dml_verified *q);

/* One thing that is wrong beside the checklists. */
struct dml_verify_finding {
    const char *id; /* "leftover-process" */
    enum dml_verify_severity { DML_VERIFY_ERROR, DML_VERIFY_WARNING, DML_VERIFY_REMARK } severity;
    uint32_t pid;
    int64_t domid; /* -1: none */
    const char *message;
};
struct dml_verify_findings {
    struct dml_verify_finding *v;
    uint32_t n, cap;
    const char *note; /* what could not be looked for, or NULL */
};
/*
 * QEMUs whose domain is gone and domains whose QEMU is gone, processes with a uid of the range that are no QEMU of that
 * domain, guests that share a uid, logs near the limit of 256 KiB. `all` are the QEMUs of the whole tree. DML_ENOMEM.
 */
int dml_verify_look_round(const struct dml_verify *run, const struct dml_verified *all, uint32_t n,
                          struct dml_verify_findings *out, struct dml_err *err);

/* The report. `shown` are the QEMUs asked for; `brief` leaves out checks that pass or only inform. */
void dml_verify_text(const struct dml_verify *run, const struct dml_verified *const *shown, uint32_t n,
                     const struct dml_verify_findings *findings, _Bool brief, struct dml_buf *out);
/* "dmlint.verify/1" */
void dml_verify_json(const struct dml_verify *run, const struct dml_verified *const *shown, uint32_t n,
                     const struct dml_verify_findings *findings, struct dml_buf *out);

#endif
