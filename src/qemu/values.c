/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values with a form of their own: character devices in short, addresses, boot orders, sizes. */
#include "base/num.h"
#include "qemu/qemu_i.h"

enum { SHOWN = 80, SOCKET_PATH_MAX = 107, PORT_MAX = 65535, VNC_BASE = 5900, BOOT_MAX = 3 };

static int shown(struct dml_sv s)
{
    return s.len > SHOWN ? SHOWN : (int)s.len;
}

/* "-option text: why". */
static void say(struct qemu_judge *j, enum dml_qemu_answer answer, struct dml_sv value, const char *why)
{
    dml_qemu_say(j, answer, "%s: %s", dml_qemu_shown(j, value), why);
}

static _Bool consists_of(struct dml_sv s, const char *chars)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.p[i] || !strchr(chars, s.p[i]))
            return 0;
    return 1;
}

static struct dml_sv behind(struct dml_sv s, size_t n)
{
    return (struct dml_sv){s.p + n, s.len - n};
}

static void call_port(struct qemu_judge *j, struct dml_sv value)
{
    uint64_t n = 0;
    _Bool number = dml_num_decimal(value, UINT32_MAX, &n);
    if (number && n <= PORT_MAX)
        return;
    /* A socket takes the name of a service, and of a number that is too large its lower bits. */
    _Bool refused = j->list == QEMU_PARAMS_spice || !value.len;
    say(j, refused ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN, value, "a port is a number from 0 to 65535");
}

static void call_spice_tls_port(struct qemu_judge *j, struct dml_sv value)
{
    call_port(j, value);
    if (!dml_sv_is(value, "0"))
        say(j, DML_QEMU_REFUSES, value,
            "QEMU looks for certificates in the directory in which xl was started; libxl names no other");
}

/* A host by number, or a name that only the host can look up; of peers it is taken to be there, as files are. */
static void judge_host(struct qemu_judge *j, struct dml_sv host, struct dml_sv value, _Bool listens)
{
    if (host.len > 1 && host.p[0] == '[' && host.p[host.len - 1] == ']')
        host = (struct dml_sv){host.p + 1, host.len - 2};
    const char *colon = host.len ? memchr(host.p, ':', host.len) : NULL;
    _Bool v6 = colon && memchr(colon + 1, ':', (size_t)(host.p + host.len - colon - 1)) &&
               consists_of(host, "0123456789abcdefABCDEF:.");
    unsigned dots = 0;
    for (size_t i = 0; i < host.len; i++)
        dots += host.p[i] == '.';
    if (!host.len || v6 || (dots == 3 && consists_of(host, "0123456789.")) || dml_sv_is(host, "localhost"))
        return;
    if (!colon && !listens && consists_of(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"))
        return;
    say(j, colon ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN, value,
        colon ? "this is no address" : "whether the host knows this name is not known");
}

/* The last colon of s, or s.len. */
static size_t last_colon(struct dml_sv s)
{
    size_t n = s.len;
    while (n && s.p[n - 1] != ':')
        n--;
    return n ? n - 1 : s.len;
}

/* vnc_display_get_address (ui/vnc.c) */
static void call_vnc_address(struct qemu_judge *j, struct dml_sv value)
{
    uint64_t n;
    if (!value.len || dml_sv_is(value, "none") || dml_sv_starts(value, DML_SV("unix:")))
        return;
    size_t colon = last_colon(value);
    if (colon == value.len)
        say(j, DML_QEMU_REFUSES, value, "the number of the display is missing");
    else if (!dml_num_decimal(behind(value, colon + 1), PORT_MAX - VNC_BASE, &n))
        say(j, DML_QEMU_REFUSES, value, "a display is a number from 0 to 59635");
    else
        judge_host(j, (struct dml_sv){value.p, colon}, value, 1);
}

static void call_socket_path(struct qemu_judge *j, struct dml_sv value)
{
    if (!value.len)
        say(j, DML_QEMU_REFUSES, value, "a path is missing");
    else if (value.len > SOCKET_PATH_MAX)
        say(j, DML_QEMU_REFUSES, value, "the path of a socket has at most 107 bytes");
}

/* What follows the first part of "host:port,server,nowait". */
static void socket_options(struct qemu_judge *j, struct dml_sv value, size_t first)
{
    struct dml_sv key = j->key;
    if (first < value.len)
        dml_qemu_judge_list(j, QEMU_PARAMS_chardev, dml_arena_printf(j->a, "socket,%s", value.p + first + 1));
    j->key = key;
}

static void stream(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    size_t end = 0;
    while (end < rest.len && rest.p[end] != ',')
        end++;
    struct dml_sv address = {rest.p, end};
    size_t colon = last_colon(address);
    if (colon == address.len || colon + 1 == address.len) {
        say(j, DML_QEMU_REFUSES, value, "host:port is missing");
        return;
    }
    judge_host(j, (struct dml_sv){address.p, colon}, value, 0);
    call_port(j, behind(address, colon + 1));
    socket_options(j, rest, end);
}

static void datagrams(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    size_t end = 0;
    while (end < rest.len && rest.p[end] != '@')
        end++;
    struct dml_sv address = {rest.p, end};
    size_t colon = last_colon(address);
    uint64_t n;
    if (colon == address.len || colon + 1 == address.len)
        say(j, DML_QEMU_REFUSES, value, "host:port is missing");
    else if (!dml_num_decimal(behind(address, colon + 1), PORT_MAX, &n) ||
             !consists_of(behind(rest, end), "@0123456789.:"))
        say(j, DML_QEMU_UNKNOWN, value, "dmlint does not judge this address");
    else
        judge_host(j, (struct dml_sv){address.p, colon}, value, 0);
}

static void unix_socket(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    (void)value;
    size_t end = 0;
    while (end < rest.len && rest.p[end] != ',')
        end++;
    call_socket_path(j, (struct dml_sv){rest.p, end});
    socket_options(j, rest, end);
}

static void file(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    if (!rest.len)
        say(j, DML_QEMU_REFUSES, value, "a path is missing");
}

static void console(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    if (!consists_of(rest, "0123456789xCP"))
        say(j, DML_QEMU_REFUSES, value, "there is no such character device");
}

static void named(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    (void)value;
    dml_qemu_judge_reference(j, QEMU_PARAMS_chardev, rest);
}

static void pty_at(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest)
{
    static const struct qemu_there there = {DML_V(9, 2, 0), DML_V_NEVER, DML_QEMU_HAS_none, "came with QEMU 9.2"};
    (void)rest;
    const char *what = dml_arena_printf(j->a, "-%s %.*s", j->arg.name, shown(value), value.p);
    if (what)
        dml_qemu_is_there(j, &there, what);
}

/* qemu_chr_parse_compat (chardev/char.c); `value` without "mon:". */
static void line(struct qemu_judge *j, struct dml_sv value)
{
    static const struct {
        const char *prefix;
        void (*judge)(struct qemu_judge *j, struct dml_sv value, struct dml_sv rest);
    } forms[] = {{"file:", file},     {"pipe:", file},        {"tcp:", stream},    {"telnet:", stream},
                 {"udp:", datagrams}, {"websocket:", stream}, {"tn3270:", stream}, {"unix:", unix_socket},
                 {"vc:", console},    {"chardev:", named},    {"pty:", pty_at},    {"/dev/", file}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct dml_sv prefix = dml_sv_of(forms[i].prefix);
        if (dml_sv_starts(value, prefix)) {
            forms[i].judge(j, value, behind(value, prefix.len));
            return;
        }
    }
    dml_qemu_judge_word(j, QEMU_WORDS_line, value);
}

static void call_channel(struct qemu_judge *j, struct dml_sv value)
{
    line(j, value);
}

static void call_serial(struct qemu_judge *j, struct dml_sv value)
{
    if (dml_sv_is(value, "none"))
        return;
    struct dml_sv monitor = DML_SV("mon:");
    line(j, dml_sv_starts(value, monitor) ? behind(value, monitor.len) : value);
}

/* -hda and its kin: a file that is there. */
static void call_image(struct qemu_judge *j, struct dml_sv value)
{
    _Bool taken = j->first_disk && strcmp(j->arg.name, "hda") == 0;
    say(j, taken ? DML_QEMU_REFUSES : DML_QEMU_UNKNOWN, value,
        taken ? "libxl's first disk has this place" : "dmlint does not judge disks that libxl does not know");
}

static void call_uuid(struct qemu_judge *j, struct dml_sv value)
{
    enum { TEXT = 36 };
    _Bool good = value.len == TEXT && consists_of(value, "0123456789abcdefABCDEF-");
    for (size_t i = 0; good && i < value.len; i++)
        good = (value.p[i] == '-') == (i == 8 || i == 13 || i == 18 || i == 23);
    if (!good)
        say(j, DML_QEMU_REFUSES, value, "this is no UUID");
}

/* A property of a device that may never be made is not looked at. */
static void call_global(struct qemu_judge *j, struct dml_sv value)
{
    uint64_t number;
    size_t n = 0;
    while (n < value.len && value.p[n] != '=')
        n++;
    if (n == value.len)
        say(j, DML_QEMU_REFUSES, value, "it is driver.property=value");
    else if (dml_num_parse_u(behind(value, n + 1), 0, &number, NULL) != DML_NUM_OK)
        say(j, DML_QEMU_UNKNOWN, value, "dmlint does not judge this");
    else
        dml_qemu_judge_word(j, QEMU_WORDS_global, (struct dml_sv){value.p, n});
}

static void call_rom(struct qemu_judge *j, struct dml_sv value)
{
    if (value.len)
        say(j, DML_QEMU_UNKNOWN, value, "dmlint does not judge files that only QEMU reads");
}

static void call_soundhw(struct qemu_judge *j, struct dml_sv value)
{
    for (size_t at = 0; at <= value.len;) {
        size_t end = at;
        while (end < value.len && value.p[end] != ',')
            end++;
        dml_qemu_judge_word(j, QEMU_WORDS_soundhw, (struct dml_sv){value.p + at, end - at});
        at = end + 1;
    }
}

static void call_runas(struct qemu_judge *j, struct dml_sv value)
{
    static const struct qemu_there there = {DML_V(3, 0, 0), DML_V_NEVER, DML_QEMU_HAS_none,
                                            "uid:gid is understood from QEMU 3.0 on"};
    if (memchr(value.p, ':', value.len))
        dml_qemu_is_there(j, &there, "-runas");
}

/* validate_bootdevices (system/bootdevice.c) and set_boot_dev (hw/i386/pc.c) */
static void call_boot_order(struct qemu_judge *j, struct dml_sv value)
{
    if (!consists_of(value, "abcdn")) {
        say(j, DML_QEMU_REFUSES, value, "QEMU boots from a and b (floppies), c (disk), d (CD) and n (network)");
        return;
    }
    for (size_t i = 1; i < value.len; i++) {
        if (memchr(value.p, value.p[i], i)) {
            say(j, DML_QEMU_REFUSES, value, "a boot device is given twice");
            return;
        }
    }
    if (value.len > BOOT_MAX)
        say(j, DML_QEMU_REFUSES, value, "a PC has at most three boot devices");
}

/* More than a host has is what libxl's sum comes to where the video card takes all of the memory. */
static void call_size(struct qemu_judge *j, struct dml_sv value)
{
    enum { MOST_MIB = 3 * 1024 * 1024 };
    struct dml_sv digits = value;
    uint64_t n = 1;
    if (digits.len && strchr("kKmMgGtT", digits.p[digits.len - 1]))
        digits.len--;
    if (!dml_num_decimal(digits, UINT64_MAX, &n))
        say(j, DML_QEMU_UNKNOWN, value, "this is no plain size");
    else if (!n || (digits.len == value.len && n > MOST_MIB))
        say(j, DML_QEMU_UNKNOWN, value, "this is no amount of memory that a guest has");
}

static void call_mac(struct qemu_judge *j, struct dml_sv value)
{
    enum { TEXT = 17, GROUP = 3 };
    _Bool good = value.len == TEXT && consists_of(value, "0123456789abcdefABCDEF:");
    for (size_t i = 0; good && i < value.len; i++)
        good = (value.p[i] == ':') == (i % GROUP == GROUP - 1);
    if (!good && !(value.len && value.p[0] == '@')) /* @MAC:0@: libxl makes one up */
        say(j, DML_QEMU_REFUSES, value, "this is no MAC address");
}

/* "name:": a protocol of QEMU's, not a file. */
static void call_drive_file(struct qemu_judge *j, struct dml_sv value)
{
    size_t colon = 0;
    while (colon < value.len && value.p[colon] != ':' && value.p[colon] != '/')
        colon++;
    if (colon < value.len && value.p[colon] == ':' && value.p[0] != '@' && !dml_sv_starts(value, DML_SV("nbd+unix:")))
        say(j, DML_QEMU_UNKNOWN, value, "to QEMU this begins with the name of a protocol");
    if (j->arg.value && (value.p < j->arg.value || value.p > j->arg.value + strlen(j->arg.value)))
        say(j, DML_QEMU_UNKNOWN, value, "two commas are one to QEMU: it is another file");
}

/* Of the cards with vgamem_mb only the Cirrus is particular: cirrus_vga_realize (hw/display/cirrus_vga.c) */
static void call_vga_memory(struct qemu_judge *j, struct dml_sv value)
{
    uint64_t n;
    if (!dml_num_decimal(value, UINT32_MAX, &n))
        say(j, DML_QEMU_REFUSES, value, "an amount of memory is a number of MiB");
    else if (dml_sv_is(j->driver, "cirrus-vga") && n != 4 && n != 8 && n != 16)
        dml_qemu_say(j, DML_QEMU_REFUSES, "-%s cirrus-vga with vgamem_mb=%.*s: a Cirrus has 4, 8 or 16 MiB",
                     j->arg.name, shown(value), value.p);
}

static void call_qxl_memory(struct qemu_judge *j, struct dml_sv value)
{
    uint64_t n;
    if (!dml_num_decimal(value, UINT32_MAX, &n))
        say(j, DML_QEMU_REFUSES, value, "an amount of memory is a number of MiB");
}

/* configure_rtc_base_datetime (system/rtc.c) */
static void call_rtc_base(struct qemu_judge *j, struct dml_sv value)
{
    if (dml_sv_is(value, "utc") || dml_sv_is(value, "localtime"))
        return;
    _Bool date = value.len && consists_of(value, "0123456789-T:");
    say(j, date ? DML_QEMU_UNKNOWN : DML_QEMU_REFUSES, value,
        date ? "dmlint does not judge dates" : "it is utc, localtime or a date");
}

/* libxl lets a stopped QEMU go on where it asked for it, which is where it hands over the monitor's socket. */
static void call_stopped(struct qemu_judge *j, struct dml_sv value)
{
    (void)value;
    for (uint32_t i = 1; i + 1 < j->argc; i++)
        if (strcmp(j->argv[i], "-chardev") == 0 && strncmp(j->argv[i + 1], "socket,id=libxl-cmd,fd=", 23) == 0)
            return;
    dml_qemu_say(j, DML_QEMU_REFUSES, "-S: libxl waits until QEMU runs, and ends it; it is stopped");
}

void dml_qemu_call(struct qemu_judge *j, enum dml_qemu_call call, struct dml_sv value)
{
    static void (*const calls[])(struct qemu_judge * j, struct dml_sv value) = {
#define X(id) [QEMU_CALL_##id] = call_##id,
        QEMU_CALLS(X)
#undef X
    };
    calls[call](j, value);
}
