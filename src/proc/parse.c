/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of /proc: status, limits, cmdline, net/unix. */
#include <stdlib.h>

#include "base/num.h"
#include "proc/proc_i.h"

enum { GROUPS_MAX = 65536, ARGS_MAX = 65536, UNIX_STREAM = 1, UNIX_CONNECTED = 3 };

_Bool dml_proc_line(struct dml_sv *text, struct dml_sv *line)
{
    if (!text->len)
        return 0;
    const char *nl = memchr(text->p, '\n', text->len);
    size_t n = nl ? (size_t)(nl - text->p) : text->len, skip = nl ? n + 1 : n;
    *line = (struct dml_sv){text->p, n};
    *text = (struct dml_sv){text->p + skip, text->len - skip};
    return 1;
}

static _Bool blank(char c)
{
    return c == ' ' || c == '\t';
}

_Bool dml_proc_word(struct dml_sv *rest, struct dml_sv *word)
{
    size_t i = 0, n = 0;
    while (i < rest->len && blank(rest->p[i]))
        i++;
    while (i + n < rest->len && !blank(rest->p[i + n]))
        n++;
    *word = (struct dml_sv){rest->p + i, n};
    *rest = (struct dml_sv){rest->p + i + n, rest->len - i - n};
    return n > 0;
}

static void ids(struct dml_proc_ids *out, struct dml_sv rest)
{
    struct dml_sv word;
    uint64_t id;
    *out = (struct dml_proc_ids){.known = 1};
    for (int i = 0; i < DML_IDS; i++) {
        out->known = out->known && dml_proc_word(&rest, &word) && dml_num_decimal(word, UINT32_MAX, &id);
        out->v[i] = out->known ? (uint32_t)id : 0;
    }
    out->known = out->known && !dml_proc_word(&rest, &word);
}

static int groups(struct dml_proc_status *out, struct dml_sv rest, struct dml_arena *a)
{
    DML_VEC(uint32_t) v = {0};
    struct dml_sv word;
    uint64_t id;
    out->groups_known = 0;
    while (dml_proc_word(&rest, &word)) {
        if (!dml_num_decimal(word, UINT32_MAX, &id) || v.n == GROUPS_MAX)
            return 0;
        uint32_t *slot = dml_vec_add(a, &v);
        if (!slot)
            return DML_ENOMEM;
        *slot = (uint32_t)id;
    }
    out->groups = v.v;
    out->n_groups = v.n;
    out->groups_known = 1;
    return 0;
}

static int32_t small_number(struct dml_sv rest)
{
    uint64_t n;
    return dml_num_decimal(dml_sv_trim(rest), 1000, &n) ? (int32_t)n : -1;
}

int dml_proc_parse_status(struct dml_proc_status *out, struct dml_sv text, struct dml_arena *a)
{
    static const char *const caps[DML_CAPS] = {"CapInh", "CapPrm", "CapEff", "CapAmb"};
    struct dml_sv line;
    int rc = 0;
    *out = (struct dml_proc_status){.name = "", .no_new_privs = -1, .seccomp = -1};
    while (rc == 0 && dml_proc_line(&text, &line)) {
        const char *colon = line.len ? memchr(line.p, ':', line.len) : NULL;
        if (!colon)
            continue;
        struct dml_sv key = {line.p, (size_t)(colon - line.p)}, rest = {colon + 1, line.len - key.len - 1};
        if (dml_sv_is(key, "Name")) {
            rest = dml_sv_trim(rest);
            out->name = dml_arena_strndup(a, rest.p, rest.len < 64 ? rest.len : 64);
            rc = out->name ? 0 : DML_ENOMEM;
        } else if (dml_sv_is(key, "Uid"))
            ids(&out->uid, rest);
        else if (dml_sv_is(key, "Gid"))
            ids(&out->gid, rest);
        else if (dml_sv_is(key, "Groups"))
            rc = groups(out, rest, a);
        else if (dml_sv_is(key, "NoNewPrivs"))
            out->no_new_privs = small_number(rest);
        else if (dml_sv_is(key, "Seccomp"))
            out->seccomp = small_number(rest);
        for (int i = 0; i < DML_CAPS; i++) {
            struct dml_sv hex = dml_sv_trim(rest);
            if (dml_sv_is(key, caps[i]))
                out->cap_known[i] = hex.len == 16 && dml_num_parse_u(hex, 16, &out->caps[i], NULL) == DML_NUM_OK;
        }
    }
    return rc;
}

static _Bool limit(struct dml_sv word, uint64_t *value)
{
    if (dml_sv_is(word, "unlimited")) {
        *value = DML_LIMIT_UNLIMITED;
        return 1;
    }
    return dml_num_decimal(word, UINT64_MAX - 1, value);
}

void dml_proc_parse_limits(struct dml_proc_limit out[DML_LIMITS], struct dml_sv text)
{
    static const char *const names[DML_LIMITS] = {"Max file size ", "Max core file size ", "Max msgqueue size ",
                                                  "Max file locks ", "Max locked memory "};
    struct dml_sv line, word;
    for (int i = 0; i < DML_LIMITS; i++)
        out[i] = (struct dml_proc_limit){0};
    while (dml_proc_line(&text, &line))
        for (int i = 0; i < DML_LIMITS; i++) {
            struct dml_sv name = dml_sv_of(names[i]), rest = line;
            if (!dml_sv_starts(line, name))
                continue;
            rest = (struct dml_sv){line.p + name.len, line.len - name.len};
            out[i].known = dml_proc_word(&rest, &word) && limit(word, &out[i].soft) && dml_proc_word(&rest, &word) &&
                           limit(word, &out[i].hard);
        }
}

int dml_proc_parse_cmdline(const char *const **argv, uint32_t *argc, struct dml_sv text, struct dml_arena *a)
{
    DML_VEC(const char *) v = {0};
    while (text.len && v.n < ARGS_MAX) {
        const char *nul = memchr(text.p, '\0', text.len);
        size_t n = nul ? (size_t)(nul - text.p) : text.len, skip = nul ? n + 1 : n;
        const char **slot = dml_vec_add(a, &v);
        if (!slot || !(*slot = dml_arena_strndup(a, text.p, n)))
            return DML_ENOMEM;
        text = (struct dml_sv){text.p + skip, text.len - skip};
    }
    *argv = v.v;
    *argc = v.n;
    return 0;
}

static int by_inode(const void *x, const void *y)
{
    const struct dml_proc_socket *a = x, *b = y;
    return (a->inode > b->inode) - (a->inode < b->inode);
}

int64_t dml_proc_socket_find(const struct dml_proc_socket *v, uint32_t n, uint64_t inode)
{
    const struct dml_proc_socket key = {.inode = inode};
    const struct dml_proc_socket *s = n ? bsearch(&key, v, n, sizeof *v, by_inode) : NULL;
    return s ? s - v : -1;
}

int dml_proc_parse_unix(const struct dml_proc_socket **v, uint32_t *n, struct dml_sv text, struct dml_arena *a)
{
    DML_VEC(struct dml_proc_socket) list = {0};
    struct dml_sv line, word[7];
    while (dml_proc_line(&text, &line)) {
        /* Num RefCount Protocol Flags Type St Inode Path */
        int k = 0;
        uint64_t type, state, inode;
        while (k < 7 && dml_proc_word(&line, &word[k]))
            k++;
        if (k < 7 || dml_num_parse_u(word[4], 16, &type, NULL) != DML_NUM_OK ||
            dml_num_parse_u(word[5], 16, &state, NULL) != DML_NUM_OK || !dml_num_decimal(word[6], UINT64_MAX, &inode))
            continue;
        struct dml_proc_socket *s = dml_vec_add(a, &list);
        line = dml_sv_trim(line);
        if (!s)
            return DML_ENOMEM;
        *s = (struct dml_proc_socket){.inode = inode,
                                      .path = dml_arena_strndup(a, line.p, line.len),
                                      .connected = state == UNIX_CONNECTED,
                                      .stream = type == UNIX_STREAM};
        if (!s->path)
            return DML_ENOMEM;
    }
    if (list.n)
        qsort(list.v, list.n, sizeof *list.v, by_inode);
    *v = list.v;
    *n = list.n;
    return 0;
}
