/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QEMU's command line as QEMU reads it, and what a QEMU of a version and build takes of it. */
#ifndef DML_QEMU_QEMU_H
#define DML_QEMU_QEMU_H

#include "base/arena.h"
#include "base/err.h"
#include "base/tri.h"
#include "base/version.h"

/* ---- reading: qemu_init and lookup_opt (system/vl.c), opts_parse (util/qemu-option.c) ---- */

enum dml_qemu_kind {
    DML_QEMU_OPTION,  /* with its value, where it takes one */
    DML_QEMU_BARE,    /* an option whose value is missing: nothing follows */
    DML_QEMU_INVALID, /* no option of any QEMU: it ends there */
    DML_QEMU_WORD     /* stands alone: to QEMU the image of the first disk */
};
struct dml_qemu_arg {
    enum dml_qemu_kind kind;
    const char *name;   /* without its dashes; a word as it is */
    const char *value;  /* NULL: none */
    uint32_t at;        /* index of the option, or word; the value is the next */
    const void *option; /* its row, private to qemu/ */
};

/* The argument at *i, 1 for the first of an argv; moves *i behind it. 0 at the end. */
_Bool dml_qemu_next(const char *const *argv, uint32_t argc, uint32_t *i, struct dml_qemu_arg *out);

/* "driver,key=value,flag": one part after the other. */
struct dml_qemu_part {
    struct dml_sv key;   /* of the first part without one: the implied key */
    struct dml_sv value; /* without the doubling of commas; "on" for a flag, "off" for "noflag" */
    _Bool flag;          /* nothing but a word was written */
};
struct dml_qemu_parts {
    const char *p;       /* what is left; NULL at the end */
    const char *implied; /* key of the first part; NULL: none */
    struct dml_arena *a; /* for values with doubled commas */
};
_Bool dml_qemu_next_part(struct dml_qemu_parts *parts, struct dml_qemu_part *out);
/* The last value of a key, or {NULL, 0}. */
struct dml_sv dml_qemu_part(const char *text, const char *implied, const char *key, struct dml_arena *a);

/* ---- builds ---- */

enum dml_qemu_feature {
#define FEATURE(id, name, upstream, from, words, shown_by) DML_QEMU_HAS_##id,
#include "qemu/features.def"
#undef FEATURE
    DML_QEMU_FEATURES,
    DML_QEMU_HAS_special = DML_QEMU_FEATURES, /* of a build nothing says whether it has it */
    DML_QEMU_HAS_none
};

struct dml_qemu_build {
    dml_version version; /* 0: unknown */
    enum dml_tri has[DML_QEMU_FEATURES];
};
/* Name in the facts, words for messages, and what shows it in a binary, separated by blanks. */
struct dml_qemu_feature_row {
    const char *name, *words, *shown_by;
};
extern const struct dml_qemu_feature_row dml_qemu_features[DML_QEMU_FEATURES];

/* A build by its name, as "debian-12"; 0 where there is no such name. */
_Bool dml_qemu_build_named(struct dml_qemu_build *out, const char *name);
/* The name of the i-th build, NULL after the last. */
const char *dml_qemu_build_name(unsigned i);
/* The build that a host has whose libxl runs `path` in this version; NULL: none is known. */
const char *dml_qemu_build_of(const char *path, dml_version version);
/* What upstream builds: features of which distributions differ stay unknown. */
void dml_qemu_build_upstream(struct dml_qemu_build *out, dml_version version);

/* ---- judging ---- */

enum dml_qemu_answer {
    DML_QEMU_REFUSES, /* QEMU of that version and build is known to stop there */
    DML_QEMU_UNKNOWN, /* not known to be accepted */
    DML_QEMU_FEATURE, /* accepted where the build has `feature`, of which nothing is known */
    DML_QEMU_VERSION  /* depends on the version, which is unknown */
};
enum dml_qemu_reason {
    DML_QEMU_BY_VALUE,   /* no QEMU that dmlint knows takes it */
    DML_QEMU_BY_VERSION, /* it came later, or is gone */
    DML_QEMU_BY_BUILD,   /* QEMU is built without `feature` */
    DML_QEMU_BY_PLACE    /* another disk has this place */
};
struct dml_qemu_finding {
    enum dml_qemu_answer answer;
    enum dml_qemu_reason reason; /* of what QEMU refuses */
    enum dml_qemu_feature feature;
    uint32_t at;         /* the option */
    const char *option;  /* without dashes */
    const char *key;     /* of the value in its list, or NULL */
    const char *message; /* "-usbdevice usb-tablet: ..." */
};
struct dml_qemu_findings {
    const struct dml_qemu_finding *v;
    uint32_t n;
};
/* Judges a command line; everything lives in `a`. Check a->failed. */
struct dml_qemu_findings dml_qemu_judge(const char *const *argv, uint32_t argc, const struct dml_qemu_build *build,
                                        struct dml_arena *a);

#endif
