/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vocabulary from its .def files, and look-up in it. */
#include <pthread.h>

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
    {{word, sizeof(word) - 1}, QEMU_WORDS_##kind, {since, removed, DML_QEMU_HAS_##feature, why}},
#include "qemu/words.def"
#undef WORD
};

static const struct qemu_param params[] = {
#define PARAM(list, key, how, since, removed, feature, why)                                                            \
    {{key, sizeof(key) - 1}, QEMU_PARAMS_##list, HOW(how), {since, removed, DML_QEMU_HAS_##feature, why}},
#include "qemu/params.def"
#undef PARAM
};

static const struct qemu_device devices[] = {
#define DEVICE(name, class, since, removed, feature)                                                                   \
    {{name, sizeof(name) - 1}, QEMU_##class, {since, removed, DML_QEMU_HAS_##feature, ""}},
#include "qemu/devices.def"
#undef DEVICE
};

const struct qemu_kind dml_qemu_kinds[QEMU_WORD_KINDS] = {
#define KIND(id, complete, words) {words, complete},
#include "qemu/words.def"
#undef KIND
};

const struct qemu_param_list dml_qemu_param_lists[QEMU_PARAM_LISTS] = {
#define PARAMS(id, implied, complete) {implied, complete},
#include "qemu/params.def"
#undef PARAMS
};

#define N(table) (sizeof(table) / sizeof(table)[0])

/* All of them are looked up for every argument of every guest: rows by what a glance tells, numbered from 1. */
enum { SLOTS = 1024 };
static uint16_t first_option[SLOTS], next_option[N(options)], first_device[SLOTS], next_device[N(devices)];
static uint16_t first_word[SLOTS], next_word[N(words)], first_param[SLOTS], next_param[N(params)];
static pthread_once_t slots_once = PTHREAD_ONCE_INIT;

static unsigned slot(unsigned kind, struct dml_sv s)
{
    unsigned char first = s.len ? (unsigned char)s.p[0] : 0, last = s.len ? (unsigned char)s.p[s.len - 1] : 0;
    return (kind * 37u + first * 5u + last * 11u + (unsigned)s.len) % SLOTS;
}

/* Puts row i at the begin of its chain. */
static void chain(uint16_t *first, uint16_t *next, size_t i)
{
    next[i] = *first;
    *first = (uint16_t)(i + 1);
}

static void fill_slots(void)
{
    for (size_t i = N(options); i-- > 0;)
        chain(&first_option[slot(0, dml_sv_of(options[i].name))], next_option, i);
    for (size_t i = N(devices); i-- > 0;)
        chain(&first_device[slot(0, devices[i].name)], next_device, i);
    for (size_t i = N(words); i-- > 0;)
        chain(&first_word[slot(words[i].kind, words[i].word)], next_word, i);
    for (size_t i = N(params); i-- > 0;)
        chain(&first_param[slot(params[i].list, params[i].key)], next_param, i);
}

/* Whoever looks up anything looked up its option before, which fills the slots. */
const struct qemu_option *dml_qemu_option_find(const char *name)
{
    pthread_once(&slots_once, fill_slots);
    for (unsigned i = first_option[slot(0, dml_sv_of(name))]; i; i = next_option[i - 1])
        if (strcmp(name, options[i - 1].name) == 0)
            return &options[i - 1];
    return NULL;
}

const struct qemu_device *dml_qemu_device_find(struct dml_sv name)
{
    for (unsigned i = first_device[slot(0, name)]; i; i = next_device[i - 1])
        if (dml_sv_eq(name, devices[i - 1].name))
            return &devices[i - 1];
    return NULL;
}

const struct qemu_word *dml_qemu_word_find(enum qemu_words kind, struct dml_sv word)
{
    for (unsigned i = first_word[slot(kind, word)]; i; i = next_word[i - 1])
        if (words[i - 1].kind == kind && dml_sv_eq(word, words[i - 1].word))
            return &words[i - 1];
    return NULL;
}

const struct qemu_param *dml_qemu_param_find(enum qemu_params list, struct dml_sv key)
{
    for (unsigned i = first_param[slot(list, key)]; i; i = next_param[i - 1])
        if (params[i - 1].list == list && dml_sv_eq(key, params[i - 1].key))
            return &params[i - 1];
    return NULL;
}
