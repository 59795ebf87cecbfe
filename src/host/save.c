/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts as JSON, by the table of shape.c and json-c. */
#include "host/facts.h"

#include <json-c/json.h>

#include "text/json_out.h"

static struct json_object *write_map(const struct dml_fact_shape *shape, const char *base);

static struct json_object *write_list(const struct dml_fact_field *f, const struct dml_list *list)
{
    struct json_object *array = json_object_new_array_ext((int)list->n);
    for (uint32_t i = 0; array && i < list->n; i++) {
        struct json_object *item = NULL;
        if (f->kind == DML_FACT_STRINGS)
            item = dml_json_str(*DML_AT(*list, const char *, i));
        else if (f->kind == DML_FACT_UINTS)
            item = json_object_new_uint64(*DML_AT(*list, uint64_t, i));
        else
            item = write_map(f->shape, (const char *)list->v + (size_t)i * f->shape->size);
        json_object_array_add(array, item);
    }
    return array;
}

/* The JSON of one fact, or NULL where it is unknown. */
static struct json_object *write_fact(const struct dml_fact_field *f, const char *base)
{
    const void *p = base + f->off;
    switch (f->kind) {
    case DML_FACT_STRING:
    case DML_FACT_XEN_VERSION:
    case DML_FACT_QEMU_VERSION: {
        const char *s = *(const char *const *)p;
        return dml_json_str(s);
    }
    case DML_FACT_UINT: {
        uint64_t n = *(const uint64_t *)p;
        return n != DML_FACT_UNKNOWN ? json_object_new_uint64(n) : NULL;
    }
    case DML_FACT_TRI: {
        enum dml_tri t = *(const enum dml_tri *)p;
        return t != DML_TRI_UNKNOWN ? json_object_new_boolean(t == DML_TRI_YES) : NULL;
    }
    case DML_FACT_MAP: {
        struct json_object *map = write_map(f->shape, base);
        if (map && json_object_object_length(map) == 0) {
            json_object_put(map);
            return NULL;
        }
        return map;
    }
    case DML_FACT_STRINGS:
    case DML_FACT_UINTS:
    case DML_FACT_MAPS: {
        const struct dml_list *list = p;
        return list->known ? write_list(f, list) : NULL;
    }
    case DML_FACT_SOURCE:
        break;
    }
    return NULL;
}

static struct json_object *write_map(const struct dml_fact_shape *shape, const char *base)
{
    struct json_object *map = json_object_new_object();
    for (uint32_t i = 0; map && i < shape->n; i++) {
        struct json_object *value = write_fact(&shape->fields[i], base);
        if (value)
            json_object_object_add(map, shape->fields[i].name, value);
    }
    return map;
}

char *dml_facts_json(const struct dml_facts *f, struct dml_arena *a)
{
    struct json_object *map = write_map(&dml_facts_shape, (const char *)f);
    const char *text = map ? json_object_to_json_string_ext(map, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                                     JSON_C_TO_STRING_NOSLASHESCAPE)
                           : NULL;
    char *copy = text ? dml_arena_printf(a, "%s\n", text) : NULL;
    json_object_put(map);
    return copy;
}
