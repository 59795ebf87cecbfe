/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts from JSON or YAML, by the table of shape.c. */
#include "host/facts.h"

#include <string.h>

#include "base/num.h"

enum { FACTS_MAX_BYTES = 64 * 1024 * 1024, FORMAT = 1 };

struct loader {
    const struct dml_yaml *y;
    struct dml_arena *a;
    struct dml_err *err;
};

static int read_map(const struct loader *l, const struct dml_yaml_node *map, const char *what,
                    const struct dml_fact_shape *shape, char *base);

static int read_string(const struct loader *l, const struct dml_yaml_node *node, const char *what, const char **out)
{
    struct dml_sv s;
    int rc = dml_yaml_str(l->y, node, what, &s, l->err);
    if (rc == 0)
        *out = s.p;
    return rc;
}

static int read_version(const struct loader *l, const struct dml_yaml_node *node, const struct dml_fact_field *f,
                        char *base)
{
    const char *text = NULL;
    dml_version v;
    struct dml_err why;
    int rc = read_string(l, node, f->name, &text);
    if (rc < 0)
        return rc;
    rc = f->kind == DML_FACT_XEN_VERSION ? dml_xen_version_parse(dml_sv_of(text), &v, &why)
                                         : dml_qemu_version_parse(dml_sv_of(text), &v, &why);
    if (rc < 0)
        return dml_yaml_err(l->y, node, l->err, "%s", why.msg);
    *(const char **)(void *)(base + f->off) = text;
    *(dml_version *)(void *)(base + f->parsed) = v;
    return 0;
}

static int read_uint(const struct loader *l, const struct dml_yaml_node *node, const char *what, uint64_t *out)
{
    int64_t n = 0;
    int rc = dml_yaml_int(l->y, node, what, 0, INT64_MAX, &n, l->err);
    if (rc == 0)
        *out = (uint64_t)n;
    return rc;
}

/* One element of a list: a string, a number or a map that `f` says. */
static int read_item(const struct loader *l, const struct dml_yaml_node *node, const struct dml_fact_field *f,
                     void *item)
{
    if (f->kind == DML_FACT_STRINGS)
        return read_string(l, node, f->name, item);
    if (f->kind == DML_FACT_UINTS)
        return read_uint(l, node, f->name, item);
    dml_facts_init_struct(f->shape, item);
    for (uint32_t i = 0; f->bare && node->kind == DML_YAML_SCALAR && i < f->shape->n; i++)
        if (strcmp(f->shape->fields[i].name, f->bare) == 0)
            return read_string(l, node, f->bare, (void *)((char *)item + f->shape->fields[i].off));
    return read_map(l, node, f->name, f->shape, item);
}

static int read_list(const struct loader *l, const struct dml_yaml_node *node, const struct dml_fact_field *f,
                     struct dml_list *list)
{
    int rc = dml_yaml_want(l->y, node, f->name, DML_YAML_SEQ, l->err);
    if (rc < 0)
        return rc;
    size_t size = f->kind == DML_FACT_STRINGS ? sizeof(const char *)
                  : f->kind == DML_FACT_UINTS ? sizeof(uint64_t)
                                              : f->shape->size;
    char *v = dml_arena_calloc(l->a, node->n ? node->n : 1, size, _Alignof(max_align_t));
    if (!v)
        return dml_err_nomem(l->err);
    for (uint32_t i = 0; i < node->n; i++) {
        rc = read_item(l, node->v[i], f, v + i * size);
        if (rc < 0)
            return rc;
    }
    *list = (struct dml_list){v, node->n, 1};
    return 0;
}

static int read_fact(const struct loader *l, const struct dml_yaml_node *node, const struct dml_fact_field *f,
                     char *base)
{
    void *p = base + f->off;
    _Bool yes = 0;
    int rc;
    switch (f->kind) {
    case DML_FACT_STRING:
        return read_string(l, node, f->name, p);
    case DML_FACT_UINT:
        return read_uint(l, node, f->name, p);
    case DML_FACT_TRI:
        rc = dml_yaml_bool(l->y, node, f->name, &yes, l->err);
        if (rc == 0)
            *(enum dml_tri *)p = yes ? DML_TRI_YES : DML_TRI_NO;
        return rc;
    case DML_FACT_XEN_VERSION:
    case DML_FACT_QEMU_VERSION:
        return read_version(l, node, f, base);
    case DML_FACT_MAP:
        return read_map(l, node, f->name, f->shape, base);
    case DML_FACT_STRINGS:
    case DML_FACT_UINTS:
    case DML_FACT_MAPS:
        return read_list(l, node, f, p);
    case DML_FACT_SOURCE:
        break;
    }
    return 0;
}

static int read_map(const struct loader *l, const struct dml_yaml_node *map, const char *what,
                    const struct dml_fact_shape *shape, char *base)
{
    const char *names[DML_FACT_FIELDS_MAX];
    const struct dml_yaml_node *values[DML_FACT_FIELDS_MAX];
    for (uint32_t i = 0; i < shape->n; i++)
        names[i] = shape->fields[i].name;
    int rc = dml_yaml_fields(l->y, map, what, names, shape->n, values, l->err);
    for (uint32_t i = 0; rc == 0 && i < shape->n; i++)
        if (values[i])
            rc = read_fact(l, values[i], &shape->fields[i], base);
    return rc;
}

int dml_facts_from_yaml(struct dml_facts *f, const struct dml_yaml *y, const struct dml_yaml_node *node,
                        struct dml_arena *a, struct dml_err *err)
{
    struct loader l = {y, a, err};
    dml_facts_init(f);
    f->origin = y->path;
    int rc = read_map(&l, node, "host facts", &dml_facts_shape, (char *)f);
    if (rc == 0 && f->format != DML_FACT_UNKNOWN && f->format != FORMAT)
        return dml_yaml_err(
            y, dml_yaml_get(node, "dmlint_facts"), err,
            "facts of format %llu; this dmlint reads format %d: collect them again with its own `dmlint host collect`",
            (unsigned long long)f->format, FORMAT);
    return rc;
}

static int check_format(const struct dml_facts *f, const struct dml_yaml *y, struct dml_err *err)
{
    if (f->format == DML_FACT_UNKNOWN)
        return dml_yaml_err(y, y->root, err, "no `dmlint_facts: 1` here: is this a facts file?");
    return 0;
}

int dml_facts_parse(struct dml_facts *f, const char *path, struct dml_sv text, struct dml_arena *a, struct dml_err *err)
{
    struct dml_yaml y;
    int rc = dml_yaml_parse(a, path, text, &y, err);
    if (rc == 0)
        rc = dml_facts_from_yaml(f, &y, y.root, a, err);
    return rc < 0 ? rc : check_format(f, &y, err);
}

int dml_facts_load(struct dml_facts *f, const char *path, struct dml_arena *a, struct dml_err *err)
{
    struct dml_yaml y;
    int rc = dml_yaml_load(a, path, FACTS_MAX_BYTES, &y, NULL, err);
    if (rc == 0)
        rc = dml_facts_from_yaml(f, &y, y.root, a, err);
    return rc < 0 ? rc : check_format(f, &y, err);
}
