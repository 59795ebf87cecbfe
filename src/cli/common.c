/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What several commands take from the command line in the same way. */
#include "cli/common.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "policy/policy.h"
#include "run/threads.h"
#include "text/safe.h"
#include "text/shell.h"

enum { NOTES_MAX = 1024 * 1024, HOST_OPTION_MAX = 65536 };

int dml_common_facts(const struct dml_args *args, const struct dml_facts **facts, struct dml_err *err)
{
    const char *from = dml_args_get(args, DML_OPTION_HOST);
    *facts = NULL;
    if (!from)
        from = dml_host_is_dom0() ? "local" : "none";
    if (strcmp(from, "none") == 0)
        return 0;
    struct dml_facts *f = dml_new(args->arena, struct dml_facts);
    if (!f)
        return dml_err_nomem(err);
    *facts = f;
    if (strcmp(from, "local") != 0)
        return dml_facts_load(f, from, args->arena, err);
    struct dml_buf notes; /* what stays unknown shows in the verdicts */
    struct dml_collect how = {.root = "/"};
    dml_buf_init(&notes, NOTES_MAX);
    int rc = dml_facts_collect(f, &how, args->arena, &notes, err);
    dml_buf_dispose(&notes);
    return rc;
}

const char *dml_common_policy(const struct dml_args *args)
{
    const char *named = dml_args_get(args, DML_OPTION_POLICY);
    return named ? named : dml_args_get(args, DML_OPTION_ISOLATED) ? "default" : NULL;
}

int dml_common_target(const struct dml_args *args, const struct dml_facts *facts, struct dml_target *target,
                      struct dml_err *err)
{
    return dml_target_init(target, facts, dml_args_get(args, DML_OPTION_XEN), dml_args_get(args, DML_OPTION_QEMU),
                           dml_args_get(args, DML_OPTION_QEMU_CAPS), err);
}

static const char *name_of(enum dml_option_id option)
{
    static const char *const names[] = {
#define OPTION(id, letter, name, arg, commands, help) name,
#include "cli/options.def"
#undef OPTION
    };
    return names[option];
}

int dml_common_number(const struct dml_args *args, enum dml_option_id option, uint64_t min, uint64_t max,
                      uint64_t *value, struct dml_err *err)
{
    const char *text = dml_args_get(args, option);
    uint64_t n;
    if (!text)
        return 0;
    if (!dml_num_decimal(dml_sv_of(text), max, &n) || n < min)
        return dml_err_set(err, DML_EINVAL, "--%s: \"%s\" is no number from %llu to %llu", name_of(option), text,
                           (unsigned long long)min, (unsigned long long)max);
    *value = n;
    return 0;
}

int dml_common_max_bytes(const struct dml_args *args, size_t *max, struct dml_err *err)
{
    uint64_t n = DML_MAX_BYTES;
    int rc = dml_common_number(args, DML_OPTION_MAX_BYTES, 1, INT32_MAX - 1, &n, err);
    *max = (size_t)n;
    return rc;
}

int dml_common_jobs(const struct dml_args *args, unsigned *jobs, struct dml_err *err)
{
    const char *text = dml_args_get(args, DML_OPTION_JOBS);
    uint64_t n = dml_jobs_auto();
    int rc = text && strcmp(text, "auto") == 0 ? 0 : dml_common_number(args, DML_OPTION_JOBS, 1, DML_JOBS_MAX, &n, err);
    *jobs = (unsigned)n;
    return rc;
}

int dml_common_today(const struct dml_args *args, const char **today, struct dml_err *err)
{
    const char *day = dml_args_get(args, DML_OPTION_TODAY);
    time_t now = time(NULL);
    struct tm tm;
    if (day && !dml_is_day(dml_sv_of(day)))
        return dml_err_set(err, DML_EINVAL, "--today: \"%s\" is no day; write it as 2026-11-23", day);
    char *text = day ? NULL : dml_arena_alloc(args->arena, 11, 1);
    *today = day ? day : text;
    if (text)
        strftime(text, 11, "%Y-%m-%d", gmtime_r(&now, &tm));
    return *today ? 0 : dml_err_nomem(err);
}

struct words {
    const char *const *names;
};

static struct dml_sv word_name(const void *user, size_t i)
{
    return dml_sv_of(((const struct words *)user)->names[i]);
}

int dml_common_word(const struct dml_args *args, enum dml_option_id option, const char *const *names, unsigned *value,
                    struct dml_err *err)
{
    const char *text = dml_args_get(args, option);
    size_t n = 0;
    char all[256] = "";
    for (; names[n]; n++) {
        if (text && strcmp(text, names[n]) == 0) {
            *value = (unsigned)n;
            return 0;
        }
        size_t len = strlen(all);
        snprintf(all + len, sizeof all - len, "%s%s", n ? ", " : "", names[n]);
    }
    if (!text)
        return 0;
    struct words words = {names};
    long near = dml_sv_nearest(dml_sv_of(text), n, word_name, &words);
    if (near >= 0)
        return dml_err_set(err, DML_EINVAL, "--%s: \"%s\" is none of %s; did you mean %s?", name_of(option), text, all,
                           names[near]);
    return dml_err_set(err, DML_EINVAL, "--%s: \"%s\" is none of %s", name_of(option), text, all);
}

/* Sets selected[i] to `to` for the rules that the words of an option mean. */
static int mark(const struct dml_args *args, enum dml_option_id option, const struct dml_rules *rules, _Bool *selected,
                _Bool to, struct dml_err *err)
{
    const char *list;
    for (uint32_t nth = 0; (list = dml_args_nth(args, option, nth)); nth++) {
        if (!list[strspn(list, ", \t")])
            return dml_err_set(err, DML_EINVAL, "--%s: \"%s\" names no rule; `dmlint rules` lists them",
                               name_of(option), list);
        for (const char *p = list; *p;) {
            size_t n = strcspn(p, ",");
            struct dml_sv word = dml_sv_trim((struct dml_sv){p, n});
            const char *near = NULL;
            if (word.len && !dml_rules_word(rules, word, &near))
                return dml_err_set(err, DML_EINVAL,
                                   near
                                       ? "--%s: \"%.*s\" is no rule id, prefix, tag or name; did you mean %s?"
                                       : "--%s: \"%.*s\" is no rule id, prefix, tag or name; `dmlint rules` lists them",
                                   name_of(option), DML_SV_ARG(word), near);
            for (uint32_t i = 0; word.len && i < rules->n; i++)
                if (dml_rule_matches(&rules->v[i], word))
                    selected[i] = to;
            p += n + (p[n] == ',');
        }
    }
    return 0;
}

int dml_common_selected(const struct dml_args *args, const struct dml_rules *rules, const _Bool **selected,
                        struct dml_err *err)
{
    _Bool *v = dml_new_n(args->arena, _Bool, rules->n + 1);
    if (!v)
        return dml_err_nomem(err);
    for (uint32_t i = 0; i < rules->n; i++)
        v[i] = !dml_args_get(args, DML_OPTION_SELECT);
    *selected = v;
    int rc = mark(args, DML_OPTION_SELECT, rules, v, 1, err);
    return rc < 0 ? rc : mark(args, DML_OPTION_IGNORE, rules, v, 0, err);
}

void dml_print_text(struct dml_sv text)
{
    struct dml_buf b;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(text.p, 1, text.len, stdout);
        return;
    }
    dml_buf_init(&b, SIZE_MAX / 2);
    for (const char *p = text.p, *end = text.p + text.len; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        dml_safe_text(&b, (struct dml_sv){p, nl ? (size_t)(nl - p) : (size_t)(end - p)}, 1);
        dml_buf_str(&b, nl ? "\n" : "");
        p = nl ? nl + 1 : end;
    }
    fwrite(b.p ? b.p : "", 1, b.len, stdout);
    dml_buf_dispose(&b);
}

unsigned dml_common_width(int fd)
{
    struct winsize size;
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void dml_common_say(struct dml_buf *text)
{
    fflush(stdout);
    fputs(text->p ? text->p : "", stderr);
    dml_buf_dispose(text);
}

int dml_common_color(const struct dml_args *args, int fd, _Bool *on, struct dml_err *err)
{
    static const char *const when[] = {"auto", "always", "never", NULL};
    unsigned how = 0;
    int rc = dml_common_word(args, DML_OPTION_COLOR, when, &how, err);
    *on = how == 1 || (how == 0 && isatty(fd));
    return rc;
}

const char *dml_common_host_option(const struct dml_args *args)
{
    const char *host = dml_args_get(args, DML_OPTION_HOST);
    struct dml_buf b;
    if (!host)
        return "";
    dml_buf_init(&b, HOST_OPTION_MAX);
    dml_buf_str(&b, " --host ");
    dml_shell_word(&b, host);
    const char *text = b.failed ? NULL : dml_arena_strndup(args->arena, b.p, b.len);
    dml_buf_dispose(&b);
    return text ? text : "";
}
