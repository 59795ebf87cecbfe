/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* factsgen: prints the JSON Schema of host facts, made from their table. */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "host/facts.h"

static struct json_object *mapping(const struct dml_fact_shape *shape);

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static struct json_object *typed(const char *type)
{
    struct json_object *o = json_object_new_object(), *types = json_object_new_array();
    json_object_array_add(types, json_object_new_string(type));
    json_object_array_add(types, json_object_new_string("null")); /* not known */
    put(o, "type", types);
    return o;
}

static struct json_object *list_of(struct json_object *items)
{
    struct json_object *o = typed("array");
    put(o, "items", items);
    return o;
}

static struct json_object *plain(const char *type)
{
    struct json_object *o = json_object_new_object();
    put(o, "type", json_object_new_string(type));
    return o;
}

static struct json_object *number(struct json_object *o)
{
    put(o, "minimum", json_object_new_int(0));
    return o;
}

/* An element of a list of mappings; a bare string may stand for one of its fields. */
static struct json_object *element(const struct dml_fact_field *f)
{
    struct json_object *map = mapping(f->shape), *o, *either;
    put(map, "type", json_object_new_string("object"));
    if (!f->bare)
        return map;
    o = json_object_new_object();
    either = json_object_new_array();
    json_object_array_add(either, plain("string"));
    json_object_array_add(either, map);
    put(o, "anyOf", either);
    return o;
}

static struct json_object *field(const struct dml_fact_field *f)
{
    switch (f->kind) {
    case DML_FACT_STRING:
        return typed("string");
    case DML_FACT_UINT:
        return number(typed("integer"));
    case DML_FACT_TRI:
        return typed("boolean");
    case DML_FACT_XEN_VERSION:
    case DML_FACT_QEMU_VERSION: {
        struct json_object *o = typed("string");
        json_object_array_add(json_object_object_get(o, "type"), json_object_new_string("number"));
        return o;
    }
    case DML_FACT_MAP:
        return mapping(f->shape);
    case DML_FACT_STRINGS:
        return list_of(plain("string"));
    case DML_FACT_UINTS:
        return list_of(number(plain("integer")));
    case DML_FACT_MAPS:
        return list_of(element(f));
    case DML_FACT_SOURCE:
        break;
    }
    return json_object_new_object(); /* where a fact came from: anything */
}

static struct json_object *mapping(const struct dml_fact_shape *shape)
{
    struct json_object *o = typed("object"), *properties = json_object_new_object();
    for (uint32_t i = 0; i < shape->n; i++) {
        const struct dml_fact_field *f = &shape->fields[i];
        struct json_object *one = field(f);
        if (f->doc)
            put(one, "description", json_object_new_string(f->doc));
        put(properties, f->name, one);
    }
    put(properties, "source", json_object_new_object()); /* accepted anywhere, not kept */
    put(o, "properties", properties);
    put(o, "additionalProperties", json_object_new_boolean(0));
    return o;
}

int main(void)
{
    struct json_object *o = mapping(&dml_facts_shape), *required = json_object_new_array(),
                       *version = json_object_new_object();
    put(o, "$schema", json_object_new_string("http://json-schema.org/draft-07/schema#"));
    put(o, "title", json_object_new_string("Host facts of dmlint, see dmlint-facts(5)"));
    put(o, "type", json_object_new_string("object"));
    put(version, "const", json_object_new_int(1));
    put(json_object_object_get(o, "properties"), "dmlint_facts", version);
    json_object_array_add(required, json_object_new_string("dmlint_facts"));
    put(o, "required", required);
    const char *text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
    int rc = text && puts(text) >= 0 && fflush(stdout) == 0 ? 0 : 1;
    json_object_put(o);
    return rc;
}
