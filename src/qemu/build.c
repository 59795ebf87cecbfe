/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Builds: which features a QEMU of a name has. */
#include "qemu/qemu_i.h"

#define V(major, minor) DML_V(major, minor, 0)

const struct dml_qemu_feature_row dml_qemu_features[DML_QEMU_FEATURES] = {
#define FEATURE(id, name, upstream, from, words, shown_by) {name, words, shown_by},
#include "qemu/features.def"
#undef FEATURE
};

const dml_version dml_qemu_feature_from[DML_QEMU_FEATURES] = {
#define FEATURE(id, name, upstream, from, words, shown_by) from,
#include "qemu/features.def"
#undef FEATURE
};

static const struct {
    const char *name;
    dml_version version;
    const char *path;
    uint32_t has, maybe;
} builds[] = {
#define HAS(feature)                           (1u << DML_QEMU_HAS_##feature)
#define BUILD(name, version, path, has, maybe) {name, version, path, has, maybe},
#include "qemu/builds.def"
#undef BUILD
#undef HAS
};

enum { BUILDS = sizeof builds / sizeof builds[0] };

const char *dml_qemu_build_name(unsigned i)
{
    return i < BUILDS ? builds[i].name : NULL;
}

_Bool dml_qemu_build_named(struct dml_qemu_build *out, const char *name)
{
    for (unsigned i = 0; i < BUILDS; i++) {
        if (strcmp(builds[i].name, name) != 0)
            continue;
        out->version = builds[i].version;
        for (unsigned k = 0; k < DML_QEMU_FEATURES; k++)
            out->has[k] = builds[i].has >> k & 1     ? DML_TRI_YES
                          : builds[i].maybe >> k & 1 ? DML_TRI_UNKNOWN
                                                     : DML_TRI_NO;
        return 1;
    }
    return 0;
}

const char *dml_qemu_build_of(const char *path, dml_version version)
{
    for (unsigned i = 0; path && i < BUILDS; i++)
        if (version >> 10 == builds[i].version >> 10 && strcmp(builds[i].path, path) == 0)
            return builds[i].name;
    return NULL;
}

void dml_qemu_build_upstream(struct dml_qemu_build *out, dml_version version)
{
    static const enum dml_tri upstream[DML_QEMU_FEATURES] = {
#define FEATURE(id, name, has, from, words, shown_by) DML_TRI_##has,
#include "qemu/features.def"
#undef FEATURE
    };
    out->version = version;
    memcpy(out->has, upstream, sizeof upstream);
}
