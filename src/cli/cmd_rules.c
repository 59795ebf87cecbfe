/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint rules: the catalogue, as a table or as JSON. */
#include <json-c/json.h>
#include <string.h>

#include "cli/common.h"
#include "cli/words.h"
#include "text/json_out.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

static void text(struct dml_buf *out, const struct dml_rules *rules, const _Bool *selected)
{
    for (uint32_t i = 0; i < rules->n; i++)
        if (selected[i])
            dml_print_rule(out, &rules->v[i]);
}

static void put(struct json_object *o, const char *key, const char *s)
{
    json_object_object_add(o, key, dml_json_str(s));
}

static void put_release(struct json_object *o, const char *key, dml_version v)
{
    char release[24];
    put(o, key, v ? dml_version_text(v, DML_V_POINT(v) == 0, release) : NULL);
}

static struct json_object *lits(const struct dml_rule *r, const struct dml_param *p)
{
    struct json_object *list = json_object_new_array();
    for (unsigned i = 0; i < p->n; i++) {
        const struct dml_lit *l = &r->lits[p->first + i];
        struct json_object *v = l->kind == DML_VALUE_INT    ? json_object_new_int64(l->i)
                                : l->kind == DML_VALUE_BOOL ? json_object_new_boolean(l->i != 0)
                                                            : dml_json_string((struct dml_sv){l->s, l->len});
        if (!p->list) {
            json_object_put(list);
            return v;
        }
        json_object_array_add(list, v);
    }
    return list;
}

static struct json_object *rule_json(const struct dml_rule *r)
{
    struct json_object *o = json_object_new_object(), *tags = json_object_new_array(), *refs = json_object_new_array(),
                       *params = json_object_new_object(), *fix = NULL;
    for (unsigned i = 0; i < DML_TAG_COUNT; i++)
        if (r->tags >> i & 1)
            json_object_array_add(tags, dml_json_string(dml_sv_of(dml_tag_names[i])));
    for (unsigned i = 0; i < r->references_n; i++)
        json_object_array_add(refs, dml_json_string(dml_sv_of(r->references[i])));
    for (unsigned i = 0; i < r->params_n; i++)
        json_object_object_add(params, r->params[i].name, lits(r, &r->params[i]));
    if (r->fix_safety != DML_FIX_NONE) {
        fix = json_object_new_object();
        put(fix, "safety", dml_fix_safety_names[r->fix_safety]);
        put(fix, "text", r->fix_text);
    }
    put(o, "id", r->id);
    put(o, "name", r->name);
    put(o, "severity", dml_severity_names[r->severity]);
    json_object_object_add(o, "tags", tags);
    put(o, "scope", dml_scope_names[r->scope]);
    put(o, "confidence", dml_confidence_names[r->confidence]);
    put(o, "summary", r->summary);
    put(o, "why", r->why);
    put(o, "do", r->what_to_do);
    put(o, "message", r->message);
    put_release(o, "since", r->since);
    put_release(o, "removed", r->removed);
    json_object_object_add(o, "params", params);
    json_object_object_add(o, "fix", fix);
    json_object_object_add(o, "references", refs);
    put(o, "file", r->builtin ? NULL : r->file);
    return o;
}

static void json(struct dml_buf *out, const struct dml_rules *rules, const _Bool *selected)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();
    put(o, "schema", "dmlint.rules/1");
    json_object_object_add(o, "rules", list);
    for (uint32_t i = 0; i < rules->n; i++)
        if (selected[i])
            json_object_array_add(list, rule_json(&rules->v[i]));
    dml_json_print(out, o);
}

enum dml_exit dml_cmd_rules(const struct dml_args *args)
{
    static const char *const formats[] = {"text", "json", NULL};
    unsigned format = 0;
    struct dml_here here;
    struct dml_err err = {""};
    const _Bool *selected = NULL;
    struct dml_buf out;
    if (args->n_paths)
        return dml_cli_fail(DML_EXIT_USAGE, "rules takes no path; for one rule in full: dmlint explain %s",
                            args->paths[0]);
    int rc = dml_here_open(&here, args, NULL, &err);
    if (rc == 0)
        rc = dml_common_word(args, DML_OPTION_LIST_FORMAT, formats, &format, &err);
    if (rc == 0)
        rc = dml_common_selected(args, dml_policy_rules(here.policy), &selected, &err);
    enum dml_exit code = here.code;
    dml_buf_init(&out, TEXT_MAX);
    if (rc < 0 || !selected)
        code = dml_cli_fail(DML_EXIT_USAGE, "%s", err.msg);
    else if (format == 0)
        text(&out, dml_policy_rules(here.policy), selected);
    else
        json(&out, dml_policy_rules(here.policy), selected);
    dml_here_free(&here);
    return dml_print_buf(&out, code);
}
