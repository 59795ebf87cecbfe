/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzz target: any text as YAML, as a rule file and as a policy; what is valid is evaluated and written back. */
#include <stdlib.h>

#include "policy/layer.h"
#include "rules/rule.h"
#include "yaml/yaml.h"

static void require(_Bool ok)
{
    if (!ok)
        abort();
}

/* Every selector has two values, of a kind and knowledge that hang on its number. */
static struct dml_values get(void *user, uint32_t id)
{
    static struct dml_value v[4][2];
    (void)user;
    for (unsigned k = 0; k < 4; k++) {
        v[k][0] =
            (struct dml_value){.kind = DML_VALUE_STRING, .span = {k, 1}, .u.s = DML_SV("aaaaaaaaaaaaaaaaaaaaaaaaaa")};
        v[k][1] = (struct dml_value){.kind = k == 1 ? DML_VALUE_UNKNOWN : DML_VALUE_INT, .span = {k, 1}, .u.i = k};
    }
    return (struct dml_values){v[id % 4], id % 3, id % 7 == 6};
}

static _Bool same(const struct dml_yaml_node *a, const struct dml_yaml_node *b)
{
    if (a->kind != b->kind || a->n != b->n || dml_yaml_is_null(a) != dml_yaml_is_null(b))
        return 0;
    if (a->kind == DML_YAML_SCALAR)
        return dml_yaml_is_null(a) || dml_sv_eq(a->text, b->text);
    for (uint32_t i = 0; i < a->n; i++)
        if (!same(a->v[i], b->v[i]) || (a->kind == DML_YAML_MAP && !dml_sv_eq(a->keys[i]->text, b->keys[i]->text)))
            return 0;
    return 1;
}

static void yaml(struct dml_arena *a, struct dml_sv text)
{
    struct dml_yaml y, again;
    struct dml_err err = {""};
    struct dml_buf b;
    if (dml_yaml_parse(a, "fuzz.yaml", text, &y, &err)) {
        require(err.msg[0] != '\0');
        return;
    }
    if (y.root->weight > 10000)
        return;
    dml_buf_init(&b, 1 << 22);
    dml_yaml_write(y.root, &b);
    /* Keys over 1024 characters and bytes that came from JSON's surrogates cannot be written so. */
    if (!b.failed && dml_yaml_parse(a, "again.yaml", dml_buf_view(&b), &again, &err) == 0)
        require(same(y.root, again.root));
    dml_buf_dispose(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dml_arena a = {0};
    struct dml_sv text = {(const char *)data, size};
    struct dml_rules rules = {.hosts = dml_builtin_rules.hosts,
                              .hosts_n = dml_builtin_rules.hosts_n,
                              .kinds = dml_builtin_rules.kinds,
                              .kinds_n = dml_builtin_rules.kinds_n};
    struct dml_layer layer;
    struct dml_err err = {""};
    yaml(&a, text);
    require(dml_layer_read(&layer, "fuzz.yaml", text, &a, &err) == 0 || err.msg[0]);
    if (dml_rules_add_text(&rules, "fuzz.yaml", text, &dml_catalogue, &a, &err) == 0) {
        struct dml_eval *e;
        struct dml_provider provider = {get, NULL};
        require(dml_eval_new(&e, &rules, &err) == 0);
        dml_eval_begin(e, &provider, DML_V(4, 17, 5));
        for (uint32_t i = 0; i < rules.n; i++) {
            uint16_t slots[4];
            dml_eval_rule(e, &rules.v[i], NULL, NULL, NULL);
            dml_eval_missing(e, slots, 4);
            require(dml_eval_message(e, &rules.v[i], NULL, 1, &a).p != NULL);
            dml_eval_key(e, &rules.v[i], 1, &a);
        }
        dml_eval_free(e);
    }
    dml_arena_dispose(&a);
    return 0;
}
