/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Xen and QEMU versions: the table of known releases and the two spellings. */
#include "base/version.h"

#include <stdio.h>

#include "base/num.h"

static const dml_version releases[] = {
#define XEN_RELEASE(major, minor, point) DML_V(major, minor, point),
#include "base/xen_versions.def"
#undef XEN_RELEASE
};

enum { RELEASES = sizeof releases / sizeof releases[0] };

unsigned dml_xen_releases(const dml_version **list)
{
    *list = releases;
    return RELEASES;
}

dml_version dml_xen_newest(void)
{
    return releases[RELEASES - 1];
}

/* The row of a release's line, or NULL. */
static const dml_version *line_of(dml_version v)
{
    for (unsigned i = 0; i < RELEASES; i++)
        if (v >> 10 == releases[i] >> 10)
            return &releases[i];
    return NULL;
}

_Bool dml_xen_known(dml_version v)
{
    return line_of(v) != NULL;
}

/* Reads up to three dotted numbers; returns how many there were, and in *rest what follows them. */
static unsigned numbers(struct dml_sv s, unsigned n[3], struct dml_sv *rest)
{
    unsigned count = 0;
    size_t i = 0;
    n[0] = n[1] = n[2] = 0;
    while (count < 3) {
        size_t start = i;
        while (i < s.len && s.p[i] >= '0' && s.p[i] <= '9')
            i++;
        uint64_t v;
        if (!dml_num_decimal((struct dml_sv){s.p + start, i - start}, 1023, &v))
            return 0;
        n[count++] = (unsigned)v;
        if (i + 1 >= s.len || s.p[i] != '.' || s.p[i + 1] < '0' || s.p[i + 1] > '9')
            break;
        i++;
    }
    *rest = (struct dml_sv){s.p + i, s.len - i};
    return count;
}

int dml_xen_version_parse(struct dml_sv s, dml_version *v, struct dml_err *err)
{
    unsigned n[3];
    struct dml_sv rest;
    unsigned count = numbers(s, n, &rest);
    if (count >= 2 && (rest.len == 0 || rest.p[0] == '-' || rest.p[0] == '+' || rest.p[0] == '~')) {
        const dml_version *line = line_of(DML_V(n[0], n[1], n[2]));
        if (line) {
            *v = count == 3 ? DML_V(n[0], n[1], n[2]) : *line;
            return 0;
        }
    }
    char first[24], last[24];
    return dml_err_set(
        err, DML_EINVAL,
        "\"%.*s\" is not a Xen release that dmlint knows; give one from %s to %s, such as 4.17 or 4.17.5",
        DML_SV_ARG(s), dml_version_text(releases[0], 1, first), dml_version_text(releases[RELEASES - 1], 1, last));
}

int dml_xen_release_parse(struct dml_sv s, dml_version *v, struct dml_err *err)
{
    int rc = dml_xen_version_parse(s, v, err);
    char line[24], newest[24];
    if (rc < 0 || *v <= *line_of(*v))
        return rc;
    return dml_err_set(err, DML_EINVAL,
                       "\"%.*s\" is no release that dmlint knows: the newest of its line is %s, which %s means",
                       DML_SV_ARG(s), dml_version_text(*line_of(*v), 0, newest), dml_version_text(*v, 1, line));
}

int dml_qemu_release_parse(struct dml_sv s, dml_version *v, struct dml_err *err)
{
    static const uint8_t last_minor[] = {0, 7, 12, 1};
    int rc = dml_qemu_version_parse(s, v, err);
    unsigned major = DML_V_MAJOR(*v);
    if (rc < 0 || (major <= DML_QEMU_NEWEST && DML_V_MINOR(*v) <= (major < 4 ? last_minor[major] : 2)))
        return rc;
    return dml_err_set(err, DML_EINVAL, "\"%.*s\" is no release of QEMU that dmlint knows; they go from 1.0 to %d.2",
                       DML_SV_ARG(s), DML_QEMU_NEWEST);
}

int dml_qemu_version_parse(struct dml_sv s, dml_version *v, struct dml_err *err)
{
    unsigned n[3];
    struct dml_sv rest;
    unsigned count = numbers(s, n, &rest);
    if (count < 1 || (rest.len && rest.p[0] >= 'a' && rest.p[0] <= 'z') || n[0] == 0)
        return dml_err_set(err, DML_EINVAL, "\"%.*s\" is not a QEMU version; give one such as 8.2 or 7.2.22",
                           DML_SV_ARG(s));
    *v = DML_V(n[0], n[1], n[2]);
    return 0;
}

_Bool dml_version_has(dml_version v, const dml_version since[5])
{
    for (unsigned i = 0; i < 5 && (!i || since[i]); i++) {
        _Bool last = i == 4 || !since[i + 1];
        if (since[i] <= v && (last || since[i] >> 10 == v >> 10))
            return 1;
    }
    return 0;
}

char *dml_version_text(dml_version v, _Bool line, char text[24])
{
    if (line)
        snprintf(text, 24, "%u.%u", DML_V_MAJOR(v), DML_V_MINOR(v));
    else
        snprintf(text, 24, "%u.%u.%u", DML_V_MAJOR(v), DML_V_MINOR(v), DML_V_POINT(v));
    return text;
}
