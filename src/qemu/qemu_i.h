/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables of QEMU's vocabulary; private to qemu/. */
#ifndef DML_QEMU_QEMU_I_H
#define DML_QEMU_QEMU_I_H

#include "qemu/qemu.h"

enum qemu_words {
#define KIND(id, complete, words) QEMU_WORDS_##id,
#include "qemu/words.def"
#undef KIND
    QEMU_WORD_KINDS
};

enum qemu_params {
#define PARAMS(id, implied, complete) QEMU_PARAMS_##id,
#include "qemu/params.def"
#undef PARAMS
    QEMU_PARAM_LISTS
};

/* Functions of values.c. */
#define QEMU_CALLS(X)                                                                                                  \
    X(serial)                                                                                                          \
    X(channel)                                                                                                         \
    X(image)                                                                                                           \
    X(uuid)                                                                                                            \
    X(global)                                                                                                          \
    X(soundhw)                                                                                                         \
    X(runas)                                                                                                           \
    X(socket_path)                                                                                                     \
    X(port)                                                                                                            \
    X(vnc_address)                                                                                                     \
    X(boot_order)                                                                                                      \
    X(size)                                                                                                            \
    X(spice_tls_port)                                                                                                  \
    X(mac)                                                                                                             \
    X(drive_file)                                                                                                      \
    X(vga_memory)                                                                                                      \
    X(qxl_memory)                                                                                                      \
    X(rtc_base)                                                                                                        \
    X(rom)                                                                                                             \
    X(stopped)

enum dml_qemu_call {
#define X(id) QEMU_CALL_##id,
    QEMU_CALLS(X)
#undef X
};

/* How a value is judged. `n` says with which words, list or function. */
struct qemu_how {
    enum {
        QEMU_ANYTHING,
        QEMU_UNJUDGED,
        QEMU_NO_GUEST,
        QEMU_GONE,
        QEMU_TEXT,
        QEMU_SWITCH,
        QEMU_NUMBER,
        QEMU_ID,
        QEMU_REF,
        QEMU_WORDS,
        QEMU_LIST,
        QEMU_CALL,
        QEMU_DEVICES
    } kind;
    int n;
};

/* When and where something is there. */
struct qemu_there {
    dml_version since, removed; /* of SEEN(v) the point is 1023; removed 1: no QEMU has it */
    uint16_t feature;
    const char *why;
};

struct qemu_option {
    const char *name;
    _Bool takes_value;
    struct qemu_how how;
    struct qemu_there there;
};
struct qemu_word {
    struct dml_sv word;
    uint8_t kind;
    struct qemu_there there;
};
struct qemu_param {
    struct dml_sv key;
    uint8_t list;
    struct qemu_how how;
    struct qemu_there there;
};
enum qemu_class {
    QEMU_PLAIN,
    QEMU_NIC,
    QEMU_VGA,
    QEMU_SOUND,
    QEMU_HDA,
    QEMU_USB,
    QEMU_USB_CONTROLLER,
    QEMU_REDIR,
    QEMU_SERIAL_BUS,
    QEMU_SERIAL_PORT,
    QEMU_DISK,
    QEMU_OTHER
};
struct qemu_device {
    struct dml_sv name;
    enum qemu_class class;
    struct qemu_there there;
};
struct qemu_kind {
    const char *words;
    _Bool complete;
};
struct qemu_param_list {
    const char *implied;
    _Bool complete;
};

extern const struct qemu_kind dml_qemu_kinds[QEMU_WORD_KINDS];
extern const struct qemu_param_list dml_qemu_param_lists[QEMU_PARAM_LISTS];
extern const dml_version dml_qemu_feature_from[DML_QEMU_FEATURES];

/* NULL where there is no such row. */
const struct qemu_option *dml_qemu_option_find(const char *name);
const struct qemu_word *dml_qemu_word_find(enum qemu_words kind, struct dml_sv word);
const struct qemu_param *dml_qemu_param_find(enum qemu_params list, struct dml_sv key);
const struct qemu_device *dml_qemu_device_find(struct dml_sv name);

/* ---- judging, shared by judge.c and values.c ---- */

struct qemu_id {
    enum qemu_params list;
    struct dml_sv id;
    _Bool used;
};
/* An argument, and the parts of its list where it has one: parts[first] and the n - 1 behind it. */
struct qemu_read {
    struct dml_qemu_arg arg;
    uint32_t first, n;
};
struct qemu_judge {
    const char *const *argv;
    uint32_t argc;
    const struct dml_qemu_build *build;
    struct dml_arena *a;
    DML_VEC(struct dml_qemu_finding) findings;
    DML_VEC(struct dml_sv) places;       /* the disks of the IDE bus */
    DML_VEC(struct dml_sv) made;         /* devices that were judged */
    DML_VEC(struct qemu_id) ids;         /* all of the command line, found before anything is judged; sorted */
    DML_VEC(struct dml_qemu_part) parts; /* of all lists, read before anything is judged */
    _Bool usb_bus, hda_bus, serial_bus, spice, first_disk;
    /* What is judged. */
    struct dml_qemu_arg arg;
    uint32_t first, n; /* of parts: the list */
    struct dml_sv key; /* in its list; empty: the value as a whole */
    enum qemu_params list;
    struct dml_sv driver; /* of a -device, type of a -netdev */
    _Bool no_driver;      /* there is no such device, or it is not known: that was said */
};

/* Newer than all that the tables know? */
_Bool dml_qemu_is_newer(const struct qemu_judge *j);
/* Something about the value that is judged, made like printf. NULL when out of memory. */
struct dml_qemu_finding *dml_qemu_say(struct qemu_judge *j, enum dml_qemu_answer answer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* In every QEMU and build: as most is. */
static inline _Bool qemu_is_always_there(const struct qemu_there *t)
{
    return !t->since && t->removed == DML_V_NEVER && t->feature == DML_QEMU_HAS_none;
}
/* Is it in this QEMU? Says so where not, or where that is not known; `what` names it. */
_Bool dml_qemu_is_there(struct qemu_judge *j, const struct qemu_there *t, const char *what);
/* "-option value", or "-option with key=value", for messages. */
const char *dml_qemu_shown(struct qemu_judge *j, struct dml_sv value);
/* One of the words of a kind. */
void dml_qemu_judge_word(struct qemu_judge *j, enum qemu_words kind, struct dml_sv word);
/* The parts of a list in `text`. */
void dml_qemu_judge_list(struct qemu_judge *j, enum qemu_params list, const char *text);
void dml_qemu_judge_reference(struct qemu_judge *j, enum qemu_params list, struct dml_sv id);
void dml_qemu_call(struct qemu_judge *j, enum dml_qemu_call call, struct dml_sv value);

#endif
