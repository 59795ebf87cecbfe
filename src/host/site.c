/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The site: scripts and timers that do something to guests, id maps of directory services, settings of libxl. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "host/collect_i.h"

/* What libxl takes where nothing sets LIBXL_DOMID_REUSE_TIMEOUT (tools/libs/light/libxl_internal.h). */
enum { DOMID_REUSE_TIMEOUT = 60 };

enum { SCRIPT_MAX_BYTES = 256 * 1024, SCRIPTS_MAX = 256, DIR_ENTRIES_MAX = 4096 };

/* ---- scripts ---- */

/* Files and directories (not searched deeper) in which somebody would call xl. */
static const char *const script_places[] = {
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/var/spool/cron",
    "/var/spool/cron/crontabs",
    "/etc/systemd/system",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/etc/xen/scripts",
    "/root",
    "/root/bin",
    "/etc/rc.local",
    "/etc/init.d",
    "/etc/network/if-up.d",
    "/etc/apcupsd",
    "/etc/nut",
    "/etc/acpi",
};

/* What `xl VERB` does that matters to restricted guests. */
static const struct {
    const char *verb, *does;
} verbs[] = {
    {"migrate", "migrate"}, {"save", "save"}, {"remus", "remus"}, {"cd-insert", "cd-change"}, {"cd-eject", "cd-change"},
};

static void add_script(struct collector *c, const char *path, uint64_t line, const char *does)
{
    struct dml_script *s = c->f->scripts.n < SCRIPTS_MAX ? dml_collect_append(c, &c->f->scripts, sizeof *s) : NULL;
    if (s)
        *s = (struct dml_script){path, line, does};
}

/* Is the word xl, be it with a path or behind a quote, backquote, bracket or semicolon? */
static _Bool is_xl(struct dml_sv word)
{
    while (word.len && strchr("\"'`($;&|@-+!", word.p[0])) {
        word.p++;
        word.len--;
    }
    while (word.len && strchr("\"'", word.p[word.len - 1]))
        word.len--;
    return dml_sv_is(word, "xl") || (word.len > 3 && memcmp(word.p + word.len - 3, "/xl", 3) == 0);
}

/* One line: xl, options of its own, a verb, and behind it perhaps -D. */
static void read_line(struct collector *c, const char *path, uint64_t number, struct dml_sv line)
{
    struct dml_sv word;
    const char *does = NULL;
    _Bool after_xl = 0;
    while (dml_collect_next_word(&line, &word)) {
        if (word.p[0] == '#')
            return; /* a comment */
        if (does && dml_sv_is(word, "-D")) {
            add_script(c, path, number, "keep-domid");
            continue;
        }
        if (after_xl && word.p[0] == '-')
            continue;
        for (size_t i = 0; after_xl && i < sizeof verbs / sizeof verbs[0]; i++)
            if (dml_sv_is(word, verbs[i].verb))
                add_script(c, path, number, does = verbs[i].does);
        after_xl = is_xl(word) || (word.len > 10 && memcmp(word.p, "ExecStart=", 10) == 0 &&
                                   is_xl((struct dml_sv){word.p + 10, word.len - 10}));
    }
}

/* LIBXL_DOMID_REUSE_TIMEOUT=N in a line, exported or not, in the environment of a unit or of a shell. */
static void read_timeout(struct collector *c, struct dml_sv line)
{
    static const char name[] = "LIBXL_DOMID_REUSE_TIMEOUT=";
    const char *at = line.len ? memmem(line.p, line.len, name, sizeof name - 1) : NULL;
    struct dml_sv trimmed = dml_sv_trim(line);
    if (!at || trimmed.p[0] == '#')
        return;
    struct dml_sv value = {at + sizeof name - 1, line.len - (size_t)(at - line.p) - (sizeof name - 1)};
    size_t digits = 0;
    uint64_t n;
    while (value.len && (value.p[0] == '"' || value.p[0] == '\'')) {
        value.p++;
        value.len--;
    }
    while (digits < value.len && value.p[digits] >= '0' && value.p[digits] <= '9')
        digits++;
    if (digits && dml_num_decimal((struct dml_sv){value.p, digits}, UINT32_MAX, &n))
        c->f->domid_reuse_timeout = n;
}

static void read_script(struct collector *c, const char *path)
{
    struct dml_sv text, line;
    struct stat st;
    /* Programs and other large files are no scripts. */
    if (dml_root_stat(c->root, path, 1, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > SCRIPT_MAX_BYTES ||
        !dml_collect_slurp(c, path, 0, &text) || (text.len && memchr(text.p, '\0', text.len)))
        return;
    for (uint64_t number = 1; dml_collect_next_line(&text, &line); number++) {
        if (line.len && memmem(line.p, line.len, "xl", 2))
            read_line(c, path, number, line);
        read_timeout(c, line);
    }
}

static void collect_scripts(struct collector *c)
{
    struct stat st;
    c->f->scripts.known = dml_collect_is_there(c, "/etc");
    for (size_t i = 0; i < sizeof script_places / sizeof script_places[0]; i++) {
        struct dml_list entries = {0};
        if (dml_root_stat(c->root, script_places[i], 1, &st) < 0)
            continue;
        if (!S_ISDIR(st.st_mode)) {
            read_script(c, script_places[i]);
            continue;
        }
        dml_collect_list_dir(c, script_places[i], "", &entries);
        for (uint32_t k = 0; k < entries.n && k < DIR_ENTRIES_MAX; k++)
            read_script(c, *DML_AT(entries, const char *, k));
    }
    static const char *const settings[] = {"/etc/environment",          "/etc/default/xen",
                                           "/etc/default/xencommons",   "/etc/default/xendomains",
                                           "/etc/sysconfig/xencommons", "/etc/profile"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        read_script(c, settings[i]);
    if (c->f->scripts.known && c->f->domid_reuse_timeout == DML_FACT_UNKNOWN)
        c->f->domid_reuse_timeout = DOMID_REUSE_TIMEOUT;
}

/* ---- id maps ---- */

static void reserve(struct collector *c, const char *what, uint64_t first, uint64_t last)
{
    struct dml_id_range *r = last >= first ? dml_collect_append(c, &c->f->reserved_uids, sizeof *r) : NULL;
    if (r)
        *r = (struct dml_id_range){what, first, last - first + 1};
}

/* ldap_idmap_range_min and _max of sssd.conf; either has a default. */
static void collect_sssd(struct collector *c)
{
    struct dml_sv text, line, name, value;
    uint64_t first = 200000, last = 2000200000;
    _Bool said = 0;
    if (!dml_collect_slurp(c, "/etc/sssd/sssd.conf", 0, &text))
        return;
    while (dml_collect_next_line(&text, &line)) {
        if (!dml_collect_assignment(line, &name, &value))
            continue;
        name = dml_sv_trim(name);
        value = dml_sv_trim(value);
        said |= dml_sv_is(name, "ldap_idmap_range_min") && dml_num_decimal(value, UINT32_MAX, &first);
        said |= dml_sv_is(name, "ldap_idmap_range_max") && dml_num_decimal(value, UINT32_MAX, &last);
    }
    if (said)
        reserve(c, "SSSD's id mapping, by sssd.conf", first, last);
}

/* "idmap config DOMAIN : range = 10000-20000" of smb.conf. */
static void collect_winbind(struct collector *c)
{
    struct dml_sv text, line, name, value;
    if (!dml_collect_slurp(c, "/etc/samba/smb.conf", 0, &text))
        return;
    while (dml_collect_next_line(&text, &line)) {
        uint64_t first, last;
        if (!dml_collect_assignment(line, &name, &value) || !dml_sv_starts(name, DML_SV("idmap config")) ||
            !memmem(name.p, name.len, "range", 5))
            continue;
        struct dml_sv from = dml_sv_trim(dml_collect_cut(&value, '-')), to = dml_sv_trim(value);
        if (dml_num_decimal(from, UINT32_MAX, &first) && dml_num_decimal(to, UINT32_MAX, &last))
            reserve(c, "winbind's id mapping, by smb.conf", first, last);
    }
}

/* A kubelet without subordinate uids of its own gives pods with user namespaces any block above 65535. */
static void collect_kubelet(struct collector *c)
{
    if (!dml_collect_is_there(c, "/var/lib/kubelet") || !c->f->subuid.known)
        return;
    for (uint32_t i = 0; i < c->f->subuid.n; i++)
        if (strcmp(DML_AT(c->f->subuid, struct dml_id_range, i)->name, "kubelet") == 0)
            return;
    reserve(c, "pods of kubelet, which has no entry in /etc/subuid", 65536, UINT32_MAX - 1);
}

void dml_collect_site(struct collector *c)
{
    c->f->reserved_uids.known = dml_collect_is_there(c, "/etc"); /* that nothing is set up there is known, too */
    collect_kubelet(c);
    collect_scripts(c);
    collect_sssd(c);
    collect_winbind(c);
}
