/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Judging: each option, its value and the parts of its value, held against the tables. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "qemu/qemu_i.h"

enum { SHOWN = 80, NEWEST = 10, NEWEST_MINOR = 2, POINT = 1023 };

_Bool dml_qemu_is_newer(const struct qemu_judge *j)
{
    return j->build->version > DML_V(NEWEST, NEWEST_MINOR, POINT);
}

struct dml_qemu_finding *dml_qemu_say(struct qemu_judge *j, enum dml_qemu_answer answer, const char *fmt, ...)
{
    struct dml_qemu_finding *f = dml_vec_add(j->a, &j->findings);
    va_list ap;
    if (!f)
        return NULL;
    va_start(ap, fmt);
    const char *message = dml_arena_vprintf(j->a, fmt, ap);
    va_end(ap);
    *f = (struct dml_qemu_finding){.answer = answer,
                                   .feature = DML_QEMU_HAS_none,
                                   .at = j->arg.at,
                                   .option = j->arg.name,
                                   .key = j->key.len ? dml_arena_strndup(j->a, j->key.p, j->key.len) : NULL,
                                   .message = message ? message : ""};
    return f;
}

/* The version before that of a SEEN(), of those that were looked at. */
static dml_version seen_before(dml_version seen)
{
    return seen >> 10 == DML_V(10, 0, 0) >> 10 ? DML_V(7, 2, POINT) : DML_V(5, 2, POINT);
}

/* REFUSES before, UNKNOWN where it may be either, -1 from it on. */
static int before(dml_version version, dml_version limit)
{
    _Bool seen = (limit & POINT) == POINT;
    if (version >= (limit & ~(dml_version)POINT))
        return -1;
    return seen && version > seen_before(limit) ? DML_QEMU_UNKNOWN : DML_QEMU_REFUSES;
}

static _Bool has_feature(struct qemu_judge *j, unsigned feature, const char *what)
{
    dml_version version = j->build->version;
    if (feature == DML_QEMU_HAS_none)
        return 1;
    if (feature == DML_QEMU_HAS_special) {
        dml_qemu_say(j, DML_QEMU_UNKNOWN, "%s: not every QEMU is built with it", what);
        return 0;
    }
    if (j->build->has[feature] == DML_TRI_YES || (version && version < dml_qemu_feature_from[feature]))
        return 1;
    _Bool lacks = j->build->has[feature] == DML_TRI_NO;
    struct dml_qemu_finding *f = dml_qemu_say(j, lacks ? DML_QEMU_REFUSES : DML_QEMU_FEATURE,
                                              lacks ? "%s: it is built without %s" : "%s: it needs %s", what,
                                              dml_qemu_features[feature].words);
    if (f) {
        f->feature = (enum dml_qemu_feature)feature;
        f->reason = DML_QEMU_BY_BUILD;
    }
    return 0;
}

/* The row's own words, or its release. */
static const char *why_not(const struct qemu_judge *j, const struct qemu_there *t)
{
    dml_version limit = j->build->version && j->build->version < t->since ? t->since : t->removed;
    if (*t->why)
        return t->why;
    if (limit == 1 || (limit & POINT) == POINT)
        return limit == 1 ? "no QEMU has it" : "not in this version";
    const char *why = dml_arena_printf(j->a, limit == t->since ? "came with QEMU %u.%u" : "removed in QEMU %u.%u",
                                       DML_V_MAJOR(limit), DML_V_MINOR(limit));
    return why ? why : "";
}

_Bool dml_qemu_is_there(struct qemu_judge *j, const struct qemu_there *t, const char *what)
{
    dml_version version = j->build->version;
    int answer = -1;
    if (t->removed == 1)
        answer = DML_QEMU_REFUSES;
    else if (!version && t->removed != DML_V_NEVER)
        answer = DML_QEMU_VERSION;
    else if (version && t->since)
        answer = before(version, t->since);
    if (answer < 0 && version && t->removed != DML_V_NEVER) {
        int gone = before(version, t->removed);
        answer = gone == DML_QEMU_REFUSES ? -1 : gone < 0 ? DML_QEMU_REFUSES : gone;
    }
    if (answer < 0)
        return has_feature(j, t->feature, what);
    struct dml_qemu_finding *f = dml_qemu_say(j, (enum dml_qemu_answer)answer, "%s: %s", what, why_not(j, t));
    if (f)
        f->reason = DML_QEMU_BY_VERSION;
    return 0;
}

/* "-option word", or "-option with key=word". */
const char *dml_qemu_shown(struct qemu_judge *j, struct dml_sv word)
{
    const char *implied = j->list < QEMU_PARAM_LISTS ? dml_qemu_param_lists[j->list].implied : NULL;
    _Bool plain = !j->key.len || (implied && dml_sv_is(j->key, implied));
    int n = word.len > SHOWN ? SHOWN : (int)word.len;
    const char *text = dml_arena_printf(j->a, "-%s %s%.*s%s%.*s", j->arg.name, plain ? "" : "with ",
                                        plain ? 0 : (int)j->key.len, plain ? "" : j->key.p, plain ? "" : "=", n,
                                        word.p);
    return text ? text : "";
}

void dml_qemu_judge_word(struct qemu_judge *j, enum qemu_words kind, struct dml_sv word)
{
    const struct qemu_word *w = dml_qemu_word_find(kind, word);
    if (w && qemu_is_always_there(&w->there))
        return;
    const char *what = dml_qemu_shown(j, word);
    if (w)
        dml_qemu_is_there(j, &w->there, what);
    else if (dml_qemu_kinds[kind].complete && !dml_qemu_is_newer(j))
        dml_qemu_say(j, DML_QEMU_REFUSES, "%s: there is no such %s", what, dml_qemu_kinds[kind].words);
    else
        dml_qemu_say(j, DML_QEMU_UNKNOWN, "%s: whether there is such a %s is not known", what,
                     dml_qemu_kinds[kind].words);
}

/* The last value of a key of the list that is judged, or {NULL, 0}. */
static struct dml_sv part_of(const struct qemu_judge *j, const char *name)
{
    struct dml_sv key = dml_sv_of(name);
    for (uint32_t i = j->parts.v ? j->n : 0; i-- > 0;)
        if (dml_sv_eq(j->parts.v[j->first + i].key, key))
            return j->parts.v[j->first + i].value;
    return (struct dml_sv){NULL, 0};
}

/* Reads a list behind all that was read; from now on it is the one that is judged. */
static void read_list(struct qemu_judge *j, enum qemu_params list, const char *text)
{
    struct dml_qemu_parts parts = {text, dml_qemu_param_lists[list].implied, j->a};
    struct dml_qemu_part part;
    j->first = j->parts.n;
    j->n = 0;
    while (dml_qemu_next_part(&parts, &part)) {
        struct dml_qemu_part *p = dml_vec_add(j->a, &j->parts);
        if (!p)
            return;
        *p = part;
        j->n++;
    }
}

/* ---- identifiers ---- */

static int by_id(const void *x, const void *y)
{
    const struct qemu_id *a = x, *b = y;
    if (a->list != b->list)
        return a->list < b->list ? -1 : 1;
    return dml_sv_cmp(a->id, b->id);
}

/* The first of a list with that id, or NULL; the ids are sorted. */
static struct qemu_id *find_id(const struct qemu_judge *j, enum qemu_params list, struct dml_sv id)
{
    const struct qemu_id key = {list, id, 0};
    uint32_t low = 0, high = j->ids.n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_id(&j->ids.v[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < j->ids.n && by_id(&j->ids.v[low], &key) == 0 ? &j->ids.v[low] : NULL;
}

void dml_qemu_judge_reference(struct qemu_judge *j, enum qemu_params list, struct dml_sv id)
{
    struct qemu_id *k = find_id(j, list, id);
    if (!k)
        dml_qemu_say(j, DML_QEMU_REFUSES, "%s: nothing has this id", dml_qemu_shown(j, id));
    else if (k->used)
        dml_qemu_say(j, list == QEMU_PARAMS_chardev ? DML_QEMU_UNKNOWN : DML_QEMU_REFUSES, "%s: it is in use already",
                     dml_qemu_shown(j, id));
    else
        k->used = 1;
}

static _Bool well_formed(struct dml_sv id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = id.p[i], lower = (char)(c | ' ');
        _Bool letter = lower >= 'a' && lower <= 'z';
        if (!letter && (!i || ((c < '0' || c > '9') && c != '-' && c != '.' && c != '_')))
            return 0;
    }
    return id.len > 0;
}

static void judge_id(struct qemu_judge *j, struct dml_sv id)
{
    const struct qemu_id *k = find_id(j, j->list, id), *end = j->ids.v + j->ids.n;
    _Bool twice = k && k + 1 < end && by_id(k, k + 1) == 0;
    if (!well_formed(id))
        dml_qemu_say(j, DML_QEMU_REFUSES, "%s: an id has letters, digits, '-', '.' and '_', and begins with a letter",
                     dml_qemu_shown(j, id));
    else if (twice)
        dml_qemu_say(j, DML_QEMU_REFUSES, "%s: the id is there twice", dml_qemu_shown(j, id));
}

/* ---- devices ---- */

/* The list that holds more keys of a device; QEMU_PARAM_LISTS: none. */
static enum qemu_params keys_of(enum qemu_class class)
{
    switch (class) {
    case QEMU_NIC:
        return QEMU_PARAMS_device_nic;
    case QEMU_VGA:
        return QEMU_PARAMS_device_vga;
    case QEMU_USB:
    case QEMU_REDIR:
    case QEMU_SERIAL_PORT:
        return QEMU_PARAMS_device_usb;
    case QEMU_DISK:
        return QEMU_PARAMS_device_disk;
    case QEMU_USB_CONTROLLER:
    case QEMU_PLAIN:
        return QEMU_PARAMS_device_pci;
    default:
        return QEMU_PARAM_LISTS;
    }
}

/* What a device of this class lacks; NULL: nothing. */
static const char *lacking(const struct qemu_judge *j, enum qemu_class class)
{
    if (class == QEMU_DISK && !part_of(j, "drive").p)
        return "it has no drive=";
    if (class == QEMU_REDIR && !part_of(j, "chardev").p)
        return "it has no chardev=";
    if (dml_sv_is(j->driver, "xen-pvdevice") && !part_of(j, "device-id").p)
        return "it has no device-id=";
    if (!j->usb_bus && (class == QEMU_USB || class == QEMU_REDIR))
        return "there is no USB bus";
    if (!j->hda_bus && class == QEMU_HDA)
        return "there is no HDA controller";
    return !j->serial_bus && class == QEMU_SERIAL_PORT ? "there is no virtio-serial" : NULL;
}

/* Classes of which any number may be there; of others one is known to be taken. */
static _Bool may_be_many(enum qemu_class class)
{
    return class == QEMU_NIC || class == QEMU_DISK || class == QEMU_USB || class == QEMU_REDIR ||
           class == QEMU_SERIAL_PORT;
}

/* Notes a device; what is wrong with those before it. */
static const char *beside(struct qemu_judge *j, struct dml_sv name, enum qemu_class class, enum dml_qemu_answer *answer)
{
    const char *wrong = NULL;
    for (uint32_t i = 0; !may_be_many(class) && i < j->made.n; i++) {
        const struct qemu_device *other = dml_qemu_device_find(j->made.v[i]);
        *answer = DML_QEMU_UNKNOWN;
        if (dml_sv_eq(j->made.v[i], name))
            wrong = "whether QEMU takes a second one is not known";
        if (!other || other->class != QEMU_VGA || !dml_sv_is(name, "qxl-vga"))
            continue;
        *answer = DML_QEMU_REFUSES;
        return "it must be the first video card";
    }
    struct dml_sv *made = wrong || may_be_many(class) ? NULL : dml_vec_add(j->a, &j->made);
    if (made)
        *made = name;
    return wrong;
}

static void judge_device(struct qemu_judge *j, struct dml_sv name, _Bool nic_only)
{
    const struct qemu_device *d = dml_qemu_device_find(name);
    const char *lacks = d ? lacking(j, d->class) : NULL;
    enum dml_qemu_answer answer = DML_QEMU_REFUSES;
    if (d && !lacks && !nic_only)
        lacks = beside(j, name, d->class, &answer);
    if (d && !lacks && qemu_is_always_there(&d->there) && (nic_only ? d->class == QEMU_NIC : d->class != QEMU_OTHER))
        return;
    const char *what = dml_qemu_shown(j, name);
    j->no_driver = !d || !dml_qemu_is_there(j, &d->there, what);
    _Bool known = d && (nic_only ? d->class == QEMU_NIC : d->class != QEMU_OTHER);
    if (!d)
        dml_qemu_say(j, dml_qemu_is_newer(j) ? DML_QEMU_UNKNOWN : DML_QEMU_REFUSES, "%s: there is no such device",
                     what);
    else if (!j->no_driver && lacks)
        dml_qemu_say(j, answer, "%s: %s", what, lacks);
    else if (!j->no_driver && !known)
        dml_qemu_say(j, DML_QEMU_UNKNOWN, "%s: what this device needs is not known", what);
    j->no_driver = j->no_driver || !known; /* nor what it takes */
}

/* ---- values ---- */

static void judge_switch(struct qemu_judge *j, struct dml_sv value)
{
    static const char *const others[] = {"yes", "no", "true", "false", "y", "n"};
    if (dml_sv_is(value, "on") || dml_sv_is(value, "off"))
        return;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (dml_sv_is(value, others[i])) {
            dml_qemu_say(j, DML_QEMU_UNKNOWN, "%s: not every QEMU takes this for on or off", dml_qemu_shown(j, value));
            return;
        }
    }
    dml_qemu_say(j, DML_QEMU_REFUSES, "%s: it is on or off", dml_qemu_shown(j, value));
}

static void judge_number(struct qemu_judge *j, struct dml_sv value)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.p[i] < '0' || value.p[i] > '9') {
            /* 0x10, 1k: QEMU takes some of them. */
            dml_qemu_say(j,
                         value.p[0] >= '0' && value.p[0] <= '9' && !memchr(value.p, ',', value.len) ? DML_QEMU_UNKNOWN
                                                                                                    : DML_QEMU_REFUSES,
                         "%s: it is no plain number", dml_qemu_shown(j, value));
            return;
        }
    }
    if (!value.len)
        dml_qemu_say(j, DML_QEMU_REFUSES, "%s: a number is missing", dml_qemu_shown(j, value));
}

static void judge_parts(struct qemu_judge *j, enum qemu_params list, const char *text);

static void judge_value(struct qemu_judge *j, struct qemu_how how, struct dml_sv value, const char *why)
{
    switch (how.kind) {
    case QEMU_ANYTHING:
    case QEMU_TEXT:
        break;
    case QEMU_UNJUDGED:
        dml_qemu_say(j, DML_QEMU_UNKNOWN, "%s: dmlint does not judge this", dml_qemu_shown(j, value));
        break;
    case QEMU_NO_GUEST:
    case QEMU_GONE:
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%s: %s", j->arg.name, why);
        break;
    case QEMU_SWITCH:
        judge_switch(j, value);
        break;
    case QEMU_NUMBER:
        judge_number(j, value);
        break;
    case QEMU_ID:
        judge_id(j, value);
        break;
    case QEMU_REF:
        dml_qemu_judge_reference(j, (enum qemu_params)how.n, value);
        break;
    case QEMU_WORDS:
        dml_qemu_judge_word(j, (enum qemu_words)how.n, value);
        break;
    case QEMU_LIST: /* of an option, read already */
        judge_parts(j, (enum qemu_params)how.n, value.p);
        break;
    case QEMU_CALL:
        dml_qemu_call(j, (enum dml_qemu_call)how.n, value);
        break;
    case QEMU_DEVICES:
        judge_device(j, value, how.n);
        break;
    }
}

/* ---- lists ---- */

/* "nowait" is "wait=off". */
static const struct qemu_param *find_part(enum qemu_params list, struct dml_qemu_part *part)
{
    const struct qemu_param *p = dml_qemu_param_find(list, part->key);
    if (p || !part->flag || !dml_sv_starts(part->key, DML_SV("no")))
        return p;
    struct dml_sv rest = {part->key.p + 2, part->key.len - 2};
    p = dml_qemu_param_find(list, rest);
    if (p)
        *part = (struct dml_qemu_part){.key = rest, .value = DML_SV("off"), .flag = 1};
    return p;
}

static _Bool is_complete(const struct qemu_judge *j, enum qemu_params list, struct dml_sv key)
{
    if (dml_qemu_is_newer(j))
        return 0;
    /* Keys of a disk's drivers have a dot in them; the devices' own keys are too many. */
    return dml_qemu_param_lists[list].complete || (list == QEMU_PARAMS_drive && !memchr(key.p, '.', key.len)) ||
           (list == QEMU_PARAMS_netdev && dml_sv_is(j->driver, "tap"));
}

static void judge_part(struct qemu_judge *j, enum qemu_params list, struct dml_qemu_part *part)
{
    const struct qemu_param *p = find_part(list, part);
    if (!p && list == QEMU_PARAMS_device) {
        const struct qemu_device *d = dml_qemu_device_find(j->driver);
        enum qemu_params more = d ? keys_of(d->class) : QEMU_PARAM_LISTS;
        p = more < QEMU_PARAM_LISTS ? find_part(more, part) : NULL;
    }
    if (p && p->how.kind == QEMU_TEXT && qemu_is_always_there(&p->there))
        return; /* as many are */
    j->key = part->key;
    if (!p && j->no_driver)
        return;
    if (!p) {
        _Bool none = is_complete(j, list, part->key);
        dml_qemu_say(j, none ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN,
                     none ? "-%s with %.*s: there is no such parameter"
                          : "-%s with %.*s: dmlint does not know this parameter",
                     j->arg.name, part->key.len > SHOWN ? SHOWN : (int)part->key.len, part->key.p);
        return;
    }
    if (!qemu_is_always_there(&p->there)) {
        const char *what = dml_arena_printf(j->a, "-%s with %s=", j->arg.name, p->key.p);
        if (!what || !dml_qemu_is_there(j, &p->there, what))
            return;
    }
    judge_value(j, p->how, part->value, p->there.why);
}

/* A server waits for somebody before QEMU goes on, if nothing says that it does not; and it does not connect again. */
static void judge_socket(struct qemu_judge *j)
{
    _Bool server = 0, wait = 1, again = 0;
    for (uint32_t i = 0; j->parts.v && i < j->n; i++) {
        const struct dml_qemu_part *part = &j->parts.v[j->first + i];
        if (dml_sv_is(part->key, "server"))
            server = !dml_sv_is(part->value, "off");
        else if (dml_sv_is(part->key, "nowait"))
            wait = 0;
        else if (dml_sv_is(part->key, "wait"))
            wait = !dml_sv_is(part->value, "off");
        else if (dml_sv_starts(part->key, DML_SV("reconnect")))
            again = !dml_sv_is(part->value, "0");
    }
    if (server && wait)
        dml_qemu_say(j, DML_QEMU_REFUSES,
                     "-%s with server: QEMU waits for somebody to connect, and starts no guest; add wait=off",
                     j->arg.name);
    if (server && again)
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%s with reconnect: a server does not connect again", j->arg.name);
    if (strcmp(j->arg.name, "chardev") == 0 && !part_of(j, "id").p)
        dml_qemu_say(j, DML_QEMU_REFUSES, "-chardev: it has no id");
}

static void judge_place(struct qemu_judge *j)
{
    struct dml_sv bus = part_of(j, "if"), index = part_of(j, "index");
    unsigned same = 0;
    for (uint32_t i = 0; index.p && (!bus.p || dml_sv_is(bus, "ide")) && i < j->places.n; i++)
        same += dml_sv_eq(j->places.v[i], index);
    if (same < 2)
        return;
    struct dml_qemu_finding *f = dml_qemu_say(j, DML_QEMU_REFUSES, "-%s with index=%.*s: another disk has this place",
                                              j->arg.name, (int)index.len, index.p);
    if (f)
        f->reason = DML_QEMU_BY_PLACE;
}

/* With to= QEMU tries the displays from the first to that one: none, where the first is beyond it. */
static void judge_displays(struct qemu_judge *j)
{
    struct dml_sv address = part_of(j, "vnc"), to = part_of(j, "to");
    uint64_t first, last;
    size_t n = address.len;
    while (n && address.p[n - 1] != ':')
        n--;
    if (!n || !to.p)
        return;
    struct dml_sv display = {address.p + n, address.len - n};
    if (dml_num_decimal(display, UINT32_MAX, &first) && dml_num_decimal(to, UINT32_MAX, &last) && first > last)
        dml_qemu_say(j, DML_QEMU_REFUSES,
                     "-vnc %.*s with to=%.*s: it looks for a free display from the first to the second",
                     (int)address.len, address.p, (int)to.len, to.p);
}

static void judge_cpus(struct qemu_judge *j)
{
    enum { MOST = 255 };
    struct dml_sv cpus = part_of(j, "cpus"), most = part_of(j, "maxcpus");
    uint64_t n = 1, max = 0;
    if ((cpus.p && !dml_num_decimal(cpus, UINT32_MAX, &n)) || (most.p && !dml_num_decimal(most, UINT32_MAX, &max)))
        return;
    max = most.p ? max : n;
    if (!n || n > max || max > MOST) /* 7.2 takes 0, others do not */
        dml_qemu_say(j, n ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN,
                     "-smp %llu,maxcpus=%llu: from 1 CPU to maxcpus, and at most %d", (unsigned long long)n,
                     (unsigned long long)max, MOST);
}

/* Lists that say nothing without their first value. */
static _Bool needs_first(enum qemu_params list)
{
    return list == QEMU_PARAMS_device || list == QEMU_PARAMS_netdev || list == QEMU_PARAMS_net ||
           list == QEMU_PARAMS_mon || list == QEMU_PARAMS_object || list == QEMU_PARAMS_fsdev ||
           list == QEMU_PARAMS_virtfs;
}

/* What only the whole of a list shows. */
static void judge_whole(struct qemu_judge *j, enum qemu_params list)
{
    const char *first = dml_qemu_param_lists[list].implied;
    j->key = (struct dml_sv){NULL, 0};
    if (needs_first(list) && !part_of(j, first).p)
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%s: its %s is missing", j->arg.name, first);
    if (list == QEMU_PARAMS_chardev)
        judge_socket(j);
    else if (list == QEMU_PARAMS_vnc)
        judge_displays(j);
    else if (list == QEMU_PARAMS_drive)
        judge_place(j);
    else if (list == QEMU_PARAMS_smp)
        judge_cpus(j);
}

static void judge_parts(struct qemu_judge *j, enum qemu_params list, const char *text)
{
    j->list = list;
    j->driver = (struct dml_sv){NULL, 0};
    j->no_driver = 0;
    if (list == QEMU_PARAMS_device || list == QEMU_PARAMS_netdev)
        j->driver = part_of(j, dml_qemu_param_lists[list].implied);
    if (*text == '{') {
        dml_qemu_say(j, DML_QEMU_UNKNOWN, "-%s with JSON: dmlint does not judge this", j->arg.name);
        return;
    }
    for (uint32_t i = 0; j->parts.v && i < j->n; i++) {
        struct dml_qemu_part part = j->parts.v[j->first + i];
        judge_part(j, list, &part);
    }
    judge_whole(j, list);
    j->list = QEMU_PARAM_LISTS;
}

void dml_qemu_judge_list(struct qemu_judge *j, enum qemu_params list, const char *text)
{
    read_list(j, list, text);
    judge_parts(j, list, text);
}

/* ---- the command line ---- */

static void note_device(struct qemu_judge *j)
{
    struct dml_sv driver = part_of(j, "driver");
    const struct qemu_device *d = dml_qemu_device_find(driver);
    j->usb_bus = j->usb_bus || (d && d->class == QEMU_USB_CONTROLLER);
    j->serial_bus = j->serial_bus || (d && d->class == QEMU_SERIAL_BUS);
    j->hda_bus = j->hda_bus || dml_sv_is(driver, "intel-hda") || dml_sv_is(driver, "ich9-intel-hda");
}

static void note_drive(struct qemu_judge *j)
{
    struct dml_sv bus = part_of(j, "if"), index = part_of(j, "index");
    if (!index.p || (bus.p && !dml_sv_is(bus, "ide")))
        return;
    j->first_disk = j->first_disk || dml_sv_is(index, "0");
    struct dml_sv *place = dml_vec_add(j->a, &j->places);
    if (place)
        *place = index;
}

/* Ids and buses: QEMU knows them all before it makes devices. */
static void note(struct qemu_judge *j, struct qemu_read *r)
{
    const struct qemu_option *o = r->arg.option;
    if (r->arg.kind != DML_QEMU_OPTION)
        return;
    if (r->arg.name[0] == 'u')
        j->usb_bus = j->usb_bus || strcmp(r->arg.name, "usb") == 0 || strcmp(r->arg.name, "usbdevice") == 0;
    if (!r->arg.value || o->how.kind != QEMU_LIST)
        return;
    enum qemu_params list = (enum qemu_params)o->how.n;
    read_list(j, list, r->arg.value);
    r->first = j->first;
    r->n = j->n;
    if (list == QEMU_PARAMS_device)
        note_device(j);
    else if (list == QEMU_PARAMS_drive)
        note_drive(j);
    struct dml_sv id = part_of(j, "id");
    struct qemu_id *k = id.p ? dml_vec_add(j->a, &j->ids) : NULL;
    if (k)
        *k = (struct qemu_id){list, id, 0};
}

static void judge_word_alone(struct qemu_judge *j)
{
    const char *word = j->arg.name;
    _Bool refused = j->first_disk || word[0] != '/';
    dml_qemu_say(j, refused ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN,
                 "\"%.*s\" alone: it belongs to no option, and QEMU takes it for the image of the first disk", SHOWN,
                 word);
    j->first_disk = 1;
}

/* What execve(2) takes: MAX_ARG_STRLEN of linux/binfmts.h, and a quarter of the stack, which by default is 8 MiB. */
enum { ARGUMENT_MAX = 131072, ARGUMENTS_MAX = 2 * 1024 * 1024 };

static void judge_length(struct qemu_judge *j, size_t *total)
{
    size_t n = strlen(j->arg.name), value = j->arg.value ? strlen(j->arg.value) : 0;
    _Bool over = *total > ARGUMENTS_MAX;
    *total += n + value + 2 + 2 * sizeof(char *);
    if (n + 1 >= ARGUMENT_MAX || value >= ARGUMENT_MAX)
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%.*s: an argument of %zu bytes; the kernel hands no program more than %d",
                     SHOWN, j->arg.name, n > value ? n : value, ARGUMENT_MAX - 1);
    else if (!over && *total > ARGUMENTS_MAX)
        dml_qemu_say(j, DML_QEMU_UNKNOWN,
                     "-%.*s: with it the arguments have more than %d bytes, and whether the kernel hands on so many "
                     "depends on the stack's limit",
                     SHOWN, j->arg.name, ARGUMENTS_MAX);
}

static void judge_argument(struct qemu_judge *j)
{
    const struct qemu_option *o = j->arg.option;
    j->key = (struct dml_sv){NULL, 0};
    j->list = QEMU_PARAM_LISTS;
    switch (j->arg.kind) {
    case DML_QEMU_WORD:
        judge_word_alone(j);
        break;
    case DML_QEMU_INVALID:
        dml_qemu_say(j, dml_qemu_is_newer(j) ? DML_QEMU_UNKNOWN : DML_QEMU_REFUSES, "-%.*s: there is no such option",
                     SHOWN, j->arg.name);
        break;
    case DML_QEMU_BARE:
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%s: its value is missing", j->arg.name);
        break;
    case DML_QEMU_OPTION: {
        const char *what = qemu_is_always_there(&o->there) ? "" : dml_arena_printf(j->a, "-%s", j->arg.name);
        if (what && (!*what || dml_qemu_is_there(j, &o->there, what)))
            judge_value(j, o->how, dml_sv_of(j->arg.value ? j->arg.value : ""), o->there.why);
    }
    }
}

struct dml_qemu_findings dml_qemu_judge(const char *const *argv, uint32_t argc, const struct dml_qemu_build *build,
                                        struct dml_arena *a)
{
    struct qemu_judge j = {.argv = argv, .argc = argc, .build = build, .a = a, .list = QEMU_PARAM_LISTS};
    struct qemu_read *read = dml_new_n(a, struct qemu_read, argc + 1);
    uint32_t n = 0;
    for (uint32_t i = 1; read && dml_qemu_next(argv, argc, &i, &read[n].arg); n++)
        note(&j, &read[n]);
    if (j.ids.n)
        qsort(j.ids.v, j.ids.n, sizeof *j.ids.v, by_id);
    size_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        j.arg = read[i].arg;
        j.first = read[i].first;
        j.n = read[i].n;
        judge_length(&j, &total);
        judge_argument(&j);
        if (j.arg.kind == DML_QEMU_INVALID)
            break; /* QEMU ends there */
    }
    return (struct dml_qemu_findings){j.findings.v, j.findings.n};
}
