/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vocabulary from its .def files, and look-up in it. */
#include <stdlib.h>

#include "qemu/qemu_i.h"

#define V(major, minor)    DML_V(major, minor, 0)
#define SEEN(major, minor) DML_V(major, minor, 1023)
#define NEVER              DML_V_NEVER
#define NONE               1
/* Ways of judging, as one number: a comma would not pass through macros. */
#define AS(kind, n) ((kind) << 8 | (n))
#define HOW(as)                                                                                                        \
    {                                                                                                                  \
        (as) >> 8, (as)&255                                                                                            \
    }
#define ANYTHING      AS(QEMU_ANYTHING, 0)
#define UNJUDGED      AS(QEMU_UNJUDGED, 0)
#define NO_GUEST      AS(QEMU_NO_GUEST, 0)
#define GONE          AS(QEMU_GONE, 0)
#define TEXT          AS(QEMU_TEXT, 0)
#define SWITCH        AS(QEMU_SWITCH, 0)
#define NUMBER        AS(QEMU_NUMBER, 0)
#define ID            AS(QEMU_ID, 0)
#define REF(list)     AS(QEMU_REF, QEMU_PARAMS_##list)
#define WORDS(kind)   AS(QEMU_WORDS, QEMU_WORDS_##kind)
#define LIST(list)    AS(QEMU_LIST, QEMU_PARAMS_##list)
#define CALL(call)    AS(QEMU_CALL, QEMU_CALL_##call)
#define DEVICES(some) AS(QEMU_DEVICES, DEVICES_##some)
enum { DEVICES_any, DEVICES_nic };

static const struct qemu_option options[] = {
#define FLAG  0
#define VALUE 1
#define OPTION(name, arity, how, since, removed, feature, why)                                                         \
    {name, arity, HOW(how), {since, removed, DML_QEMU_HAS_##feature, why}},
#include "qemu/options.def"
#undef OPTION
#undef FLAG
#undef VALUE
};

static const struct qemu_word words[] = {
#define WORD(kind, word, since, removed, feature, why)                                                                 \
    {word, QEMU_WORDS_##kind, {since, removed, DML_QEMU_HAS_##feature, why}},
#include "qemu/words.def"
#undef WORD
};

static const struct qemu_param params[] = {
#define PARAM(list, key, how, since, removed, feature, why)                                                            \
    {key, QEMU_PARAMS_##list, HOW(how), {since, removed, DML_QEMU_HAS_##feature, why}},
#include "qemu/params.def"
#undef PARAM
};

static const struct qemu_device devices[] = {
#define DEVICE(name, class, since, removed, feature) {name, QEMU_##class, {since, removed, DML_QEMU_HAS_##feature, ""}},
#include "qemu/devices.def"
#undef DEVICE
};

const struct qemu_kind qemu_kinds[QEMU_WORD_KINDS] = {
#define KIND(id, complete, words) {words, complete},
#include "qemu/words.def"
#undef KIND
};

const struct qemu_param_list qemu_param_lists[QEMU_PARAM_LISTS] = {
#define PARAMS(id, implied, complete) {implied, complete},
#include "qemu/params.def"
#undef PARAMS
};

#define N(table) (sizeof(table) / sizeof(table)[0])

static int by_option(const void *name, const void *row)
{
    return strcmp(name, ((const struct qemu_option *)row)->name);
}

const struct qemu_option *qemu_option_find(const char *name)
{
    return bsearch(name, options, N(options), sizeof options[0], by_option);
}

static int by_device(const void *name, const void *row)
{
    return dml_sv_cmp(*(const struct dml_sv *)name, dml_sv_of(((const struct qemu_device *)row)->name));
}

const struct qemu_device *qemu_device_find(struct dml_sv name)
{
    return bsearch(&name, devices, N(devices), sizeof devices[0], by_device);
}

const struct qemu_word *qemu_word_find(enum qemu_words kind, struct dml_sv word)
{
    for (size_t i = 0; i < N(words); i++)
        if (words[i].kind == kind && dml_sv_is(word, words[i].word))
            return &words[i];
    return NULL;
}

const struct qemu_param *qemu_param_find(enum qemu_params list, struct dml_sv key)
{
    for (size_t i = 0; i < N(params); i++)
        if (params[i].list == list && dml_sv_is(key, params[i].key))
            return &params[i];
    return NULL;
}
