/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reader: options by QEMU's rules, and the lists of key=value in their values. */
#include "qemu/qemu_i.h"

/* One or two dashes; a dash alone is an option without a name, which there is not. */
_Bool dml_qemu_next(const char *const *argv, uint32_t argc, uint32_t *i, struct dml_qemu_arg *out)
{
    if (*i >= argc)
        return 0;
    const char *text = argv[*i];
    *out = (struct dml_qemu_arg){.kind = DML_QEMU_WORD, .name = text, .at = (*i)++};
    if (text[0] != '-')
        return 1;
    out->name = text + 1 + (text[1] == '-');
    const struct qemu_option *o = dml_qemu_option_find(out->name);
    out->option = o;
    out->kind = o ? DML_QEMU_OPTION : DML_QEMU_INVALID;
    if (o && o->takes_value) {
        out->kind = *i < argc ? DML_QEMU_OPTION : DML_QEMU_BARE;
        out->value = *i < argc ? argv[(*i)++] : NULL;
    }
    return 1;
}

/* The value at p up to a single comma. */
static struct dml_sv value_at(const char *p, struct dml_arena *a, const char **end)
{
    const char *comma = strchrnul(p, ',');
    if (!comma[0] || comma[1] != ',') {
        *end = comma;
        return (struct dml_sv){p, (size_t)(comma - p)};
    }
    size_t n = 0;
    while (p[n] && (p[n] != ',' || p[n + 1] == ','))
        n += 1 + (p[n] == ',');
    *end = p + n;
    char *copy = dml_arena_strndup(a, p, n);
    size_t len = 0;
    for (size_t k = 0; copy && k < n; k += 1 + (p[k] == ','))
        copy[len++] = p[k];
    return (struct dml_sv){copy ? copy : "", len};
}

_Bool dml_qemu_next_part(struct dml_qemu_parts *parts, struct dml_qemu_part *out)
{
    const char *p = parts->p, *implied = parts->implied, *end;
    parts->implied = NULL;
    if (!p || !*p)
        return 0;
    size_t n = 0;
    while (p[n] && p[n] != '=' && p[n] != ',')
        n++;
    *out = (struct dml_qemu_part){.key = {p, n}};
    if (p[n] == '=') {
        out->value = value_at(p + n + 1, parts->a, &end);
    } else if (implied) {
        out->key = dml_sv_of(implied);
        out->value = value_at(p, parts->a, &end);
    } else {
        out->flag = 1;
        out->value = DML_SV("on");
        end = p + n;
    }
    parts->p = *end ? end + 1 : NULL;
    return 1;
}

struct dml_sv dml_qemu_part(const char *text, const char *implied, const char *key, struct dml_arena *a)
{
    struct dml_qemu_parts parts = {text, implied, a};
    struct dml_qemu_part part;
    struct dml_sv found = {NULL, 0};
    while (dml_qemu_next_part(&parts, &part))
        if (dml_sv_is(part.key, key))
            found = part.value;
    return found;
}
