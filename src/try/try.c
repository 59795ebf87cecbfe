/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Try: runs the program in its room, hears what it says, and says what that means for the guest. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "try/try_i.h"

enum { SECONDS = 10, SAID_MAX = 64 * 1024, LINE_MAX_SHOWN = 1000, STACK_BYTES = 256 * 1024 };

/* ---- the program, and what it sees ---- */

static _Bool is_program(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISREG(s.st_mode) && access(path, X_OK) == 0;
}

static void see(struct dml_try *t, const char *path, struct dml_arena *a)
{
    struct stat s;
    char text[PATH_MAX];
    if (lstat(path, &s) < 0)
        return;
    ssize_t n = S_ISLNK(s.st_mode) ? readlink(path, text, sizeof text) : 0;
    struct dml_try_seen *seen = dml_vec_add(a, &t->seen);
    if (!seen || n < 0)
        return;
    *seen = (struct dml_try_seen){.path = dml_arena_strdup(a, path),
                                  .link = n ? dml_arena_strndup(a, text, (size_t)n) : NULL,
                                  .is_dir = S_ISDIR(s.st_mode)};
}

/* A script is run by another program, which is at an absolute path. */
static void see_interpreter(struct dml_try *t, struct dml_arena *a)
{
    char head[PATH_MAX] = "";
    int fd = open(t->program, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof head - 1);
    if (fd >= 0)
        (void)close(fd);
    if (n < 3 || memcmp(head, "#!", 2) != 0)
        return;
    char *path = head + 2 + strspn(head + 2, " \t"), real[PATH_MAX];
    path[strcspn(path, " \t\n")] = '\0';
    see(t, path, a);
    if (realpath(path, real))
        see(t, real, a);
}

/* Libraries and data beside a program of another prefix. */
static void see_prefix(struct dml_try *t, struct dml_arena *a)
{
    static const char *const dirs[] = {"lib", "lib64", "share/qemu", "share/qemu-xen", "share/seabios"};
    const char *end = strrchr(t->program, '/');
    if (end - t->program < 4 || memcmp(end - 4, "/bin", 4) != 0)
        return;
    for (size_t i = 0; i < sizeof dirs / sizeof dirs[0]; i++) {
        const char *path = dml_arena_printf(a, "%.*s/%s", (int)(end - 4 - t->program), t->program, dirs[i]);
        if (path)
            see(t, path, a);
    }
}

static const char *const seen_always[] = {
#define SEEN(path) path,
#define PROGRAM(path)
#include "try/seen.def"
#undef SEEN
#undef PROGRAM
};
static const char *const programs[] = {
#define SEEN(path)
#define PROGRAM(path) path,
#include "try/seen.def"
#undef SEEN
#undef PROGRAM
};

int dml_try_open(struct dml_try **out, const char *program, const char *of_host, struct dml_arena *a,
                 struct dml_err *err)
{
    struct dml_try *t = dml_new(a, struct dml_try);
    *out = t;
    if (!t)
        return dml_err_nomem(err);
    if (program && !is_program(program))
        return dml_err_set(err, DML_ENOENT, "%s is no program that can be run", program);
    if (!program && of_host && is_program(of_host))
        program = of_host;
    for (size_t i = 0; !program && i < sizeof programs / sizeof programs[0]; i++)
        program = is_program(programs[i]) ? programs[i] : NULL;
    if (!program)
        return dml_err_set(err, DML_ENOENT, "there is no QEMU for Xen on this machine; install it, or name one");
    char real[PATH_MAX];
    if (!realpath(program, real) || !(t->program = dml_arena_strdup(a, real)))
        return dml_err_set(err, DML_ENOENT, "%s: %s", program, strerror(errno));
    for (size_t i = 0; i < sizeof seen_always / sizeof seen_always[0]; i++)
        see(t, seen_always[i], a);
    see_prefix(t, a);
    see_interpreter(t, a);
    see(t, t->program, a);
    return a->failed ? dml_err_nomem(err) : 0;
}

const char *dml_try_program(const struct dml_try *t)
{
    return t->program;
}

/* ---- running it ---- */

/* One run: what was told and said. */
struct heard {
    struct dml_try_record record; /* its event is NONE where time ran out */
    struct dml_buf said;
    const char *cannot; /* it did not even start */
};

static int64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes what is there; 0 at the end. */
static _Bool take(int fd, struct dml_buf *said)
{
    char text[4096];
    ssize_t n = read(fd, text, sizeof text);
    size_t room = SAID_MAX - said->len;
    if (n > 0)
        dml_buf_add(said, text, (size_t)n < room ? (size_t)n : room);
    return n > 0 || (n < 0 && errno == EINTR);
}

/* Until the program has said all, and there is a record of it, or until time runs out. */
static void hear(struct heard *h, int said, int told)
{
    struct pollfd p[2] = {{.fd = told, .events = POLLIN}, {.fd = said, .events = POLLIN}};
    int64_t left, end = now_ms() + (int64_t)SECONDS * 1000;
    while ((p[0].fd >= 0 || p[1].fd >= 0) && (left = end - now_ms()) > 0) {
        if (poll(p, 2, (int)left) < 0 && errno != EINTR)
            return;
        if (p[1].fd >= 0 && p[1].revents && !take(said, &h->said))
            p[1].fd = -1;
        if (p[0].fd < 0 || !p[0].revents)
            continue;
        if (read(told, &h->record, sizeof h->record) != (ssize_t)sizeof h->record)
            h->record.event = DML_TRY_EVENT_NONE;
        p[0].fd = -1;
    }
}

static _Bool put_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? write(fd, text, strlen(text)) : -1;
    if (fd >= 0)
        (void)close(fd);
    return n > 0;
}

/* Nobody inside is nobody outside where root maps it, else the user who runs this. */
static _Bool map_user(pid_t pid)
{
    unsigned uid = geteuid(), gid = getegid();
    char path[64], text[64];
    (void)snprintf(path, sizeof path, "/proc/%d/setgroups", (int)pid);
    if (uid != 0 && !put_file(path, "deny"))
        return 0;
    (void)snprintf(path, sizeof path, "/proc/%d/uid_map", (int)pid);
    (void)snprintf(text, sizeof text, "%d %u 1\n", TRY_NOBODY, uid ? uid : TRY_NOBODY);
    if (!put_file(path, text))
        return 0;
    (void)snprintf(path, sizeof path, "/proc/%d/gid_map", (int)pid);
    (void)snprintf(text, sizeof text, "%d %u 1\n", TRY_NOBODY, uid ? gid : TRY_NOBODY);
    return put_file(path, text);
}

/* The pipes of one run: their ends of the parent. */
struct pipes {
    int said[2], told[2], go[2];
};

static void end_of(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void run_inside(struct heard *h, struct dml_try_inside *x, struct pipes *p, char *stack)
{
    int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | SIGCHLD;
    x->said = p->said[1];
    x->told = p->told[1];
    x->go[0] = p->go[0];
    x->go[1] = p->go[1];
    pid_t pid = clone(dml_try_inside, stack + STACK_BYTES, flags | (x->user ? CLONE_NEWUSER : 0), x);
    end_of(&p->said[1]);
    end_of(&p->told[1]);
    end_of(&p->go[0]);
    if (pid < 0) {
        h->cannot = "this user may make no namespaces here";
        return;
    }
    if ((!x->user || map_user(pid)) && write(p->go[1], "", 1) == 1)
        hear(h, p->said[0], p->told[0]);
    else
        h->cannot = "the user of a namespace cannot be mapped here";
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void run_once(struct heard *h, struct dml_try_inside *x)
{
    struct pipes p = {{-1, -1}, {-1, -1}, {-1, -1}};
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    *h = (struct heard){.cannot = NULL};
    dml_buf_init(&h->said, SAID_MAX + 1);
    if (stack == MAP_FAILED || pipe2(p.said, O_CLOEXEC) < 0 || pipe2(p.told, O_CLOEXEC) < 0 ||
        pipe2(p.go, O_CLOEXEC) < 0)
        h->cannot = strerror(errno);
    else
        run_inside(h, x, &p, stack);
    for (int i = 0; i < 2; i++) {
        end_of(&p.said[i]);
        end_of(&p.told[i]);
        end_of(&p.go[i]);
    }
    if (stack != MAP_FAILED)
        (void)munmap(stack, STACK_BYTES);
}

/* In a user namespace, where processes are counted for themselves; where that fails, root needs none. */
static void run(struct heard *h, const struct dml_try_plan *p, const struct dml_try_argv *argv, const char *qmp)
{
    struct dml_try_inside x = {.plan = p, .argv = argv, .qmp = qmp, .user = 1};
    run_once(h, &x);
    if (geteuid() != 0 || (!h->cannot && h->record.event != DML_TRY_EVENT_STEP))
        return;
    dml_buf_dispose(&h->said);
    x.user = 0;
    run_once(h, &x);
}

/* ---- what it means ---- */

static const struct says {
    const char *words, *hint;
} says[] = {
#define SAYS(words, hint) {words, hint},
#include "try/says.def"
#undef SAYS
};

static const struct about {
    const char *words, *option;
    _Bool always;
} abouts[] = {
#define ABOUT(words, option, always) {words, option, always},
#include "try/about.def"
#undef ABOUT
};

static const char *const steps[] = {
#define STEP(id, words) words,
#include "try/steps.def"
#undef STEP
};

/* The line that says why: the program's first one that is no warning, else the last of all. Without its name. */
static struct dml_sv line_that_matters(struct dml_sv said, const char *program)
{
    const char *slash = strrchr(program, '/');
    struct dml_sv name = dml_sv_of(slash ? slash + 1 : program), last = {"", 0};
    while (said.len) {
        const char *end = memchr(said.p, '\n', said.len);
        struct dml_sv line = {said.p, end ? (size_t)(end - said.p) : said.len};
        said = (struct dml_sv){line.p + line.len + (end != NULL), said.len - line.len - (end != NULL)};
        line.len = line.len < LINE_MAX_SHOWN ? line.len : LINE_MAX_SHOWN;
        _Bool own = dml_sv_starts(line, name) && line.len > name.len + 2 && line.p[name.len] == ':';
        if (own)
            line = (struct dml_sv){line.p + name.len + 2, line.len - name.len - 2};
        if (memmem(line.p, line.len, "warning: ", 9))
            continue;
        if (own)
            return line;
        last = dml_sv_trim(line).len ? line : last;
    }
    return last;
}

static const char *how_it_ended(int status, struct dml_arena *a)
{
    if (WIFSIGNALED(status))
        return dml_arena_printf(a, "it ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    return dml_arena_printf(a, "it ended with status %d and said nothing", WEXITSTATUS(status));
}

/* QEMU begins a message about an argument with that argument. */
static _Bool begins_with(const char *message, const char *option, const char *value, size_t *n)
{
    size_t o = strlen(option), v = value ? strlen(value) : 0;
    if (strncmp(message, option, o) != 0)
        return 0;
    if (value && message[o] == ' ' && strncmp(message + o + 1, value, v) == 0 && message[o + 1 + v] == ':') {
        *n = o + v + 1;
        return 1;
    }
    *n = o;
    return message[o] == ':';
}

/* The words in quotes of a message; 0 behind the last. */
static _Bool next_quoted(const char **p, struct dml_sv *word)
{
    const char *open = strpbrk(*p, "'\""), *end = open ? strchr(open + 1, *open) : NULL;
    if (!end)
        return 0;
    *word = (struct dml_sv){open + 1, (size_t)(end - open - 1)};
    *p = end + 1;
    return 1;
}

static _Bool has_word(const char *argument, struct dml_sv word)
{
    for (const char *p = argument; (p = memmem(p, strlen(p), word.p, word.len)); p++)
        if ((p == argument || strchr("=,:", p[-1])) && (!p[word.len] || strchr("=,:", p[word.len])))
            return 1;
    return 0;
}

/* The argument that begins a message, or DML_TRY_NOWHERE. */
static uint32_t named_first(const struct dml_try_argv *argv, const char *message)
{
    uint32_t at = DML_TRY_NOWHERE;
    size_t n, most = 0;
    for (uint32_t i = 1; i < argv->n; i++)
        if (begins_with(message, argv->v[i], i + 1 < argv->n ? argv->v[i + 1] : NULL, &n) && n >= most) {
            most = n;
            at = argv->from[i];
        }
    return at;
}

/* The option whose value a message quotes. */
static uint32_t quoted(const struct dml_try_argv *argv, const char *message)
{
    uint32_t at = DML_TRY_NOWHERE;
    struct dml_sv word;
    while (at == DML_TRY_NOWHERE && next_quoted(&message, &word))
        for (uint32_t i = 1; word.len && i < argv->n; i++)
            if (argv->from[i] != DML_TRY_NOWHERE && has_word(argv->v[i], word))
                at = argv->v[i - 1][0] == '-' && argv->v[i][0] != '-' ? argv->from[i - 1] : argv->from[i];
    return at;
}

/* The option that a message's words mean; or only those that mean it whatever the message names. */
static uint32_t meant(const struct dml_try_argv *argv, const char *message, _Bool always)
{
    uint32_t at = DML_TRY_NOWHERE;
    for (size_t k = 0; at == DML_TRY_NOWHERE && k < sizeof abouts / sizeof abouts[0]; k++)
        for (uint32_t i = 1; strcasestr(message, abouts[k].words) && i < argv->n; i++)
            if (abouts[k].always >= always && argv->v[i][0] == '-' &&
                strcmp(argv->v[i] + strspn(argv->v[i], "-"), abouts[k].option) == 0)
                at = argv->from[i];
    return at;
}

/* The argument that a message is about. */
static uint32_t blame(const struct dml_try_argv *argv, const char *message)
{
    uint32_t at = meant(argv, message, 1);
    if (argv->image && strstr(message, "(index=0) exists"))
        return argv->image;
    at = at == DML_TRY_NOWHERE ? named_first(argv, message) : at;
    at = at == DML_TRY_NOWHERE ? quoted(argv, message) : at;
    return at == DML_TRY_NOWHERE ? meant(argv, message, 0) : at;
}

static void cannot(struct dml_trial *out, const char *why)
{
    *out = (struct dml_trial){DML_TRY_CANNOT, why, DML_TRY_NOWHERE};
}

/* A QEMU that waits for somebody at a socket answers libxl as little as dmlint. */
static void no_answer(struct dml_trial *out, const struct heard *h, const struct dml_try_plan *p,
                      const struct dml_try_argv *argv, struct dml_arena *a)
{
    struct dml_sv line = line_that_matters(dml_buf_view(&h->said), p->t->program);
    const char *message = dml_arena_strndup(a, line.p, line.len);
    if (message && strstr(message, "waiting for connection on:"))
        *out = (struct dml_trial){DML_TRY_REFUSED, message, blame(argv, message)};
    else
        cannot(out, h->cannot ? h->cannot : dml_arena_printf(a, "its monitor did not answer within %d s", SECONDS));
}

/* The program ended: refused, but for what the room is to blame for. */
static void ended(struct dml_trial *out, const struct heard *h, const struct dml_try_plan *p,
                  const struct dml_try_argv *argv, struct dml_arena *a)
{
    struct dml_sv line = line_that_matters(dml_buf_view(&h->said), p->t->program);
    const char *message = line.len ? dml_arena_strndup(a, line.p, line.len) : how_it_ended(h->record.value, a);
    if (!message)
        return;
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        if (!memmem(h->said.p ? h->said.p : "", h->said.len, says[i].words, strlen(says[i].words)))
            continue;
        cannot(out, dml_arena_printf(a, "%s%s%s", message, says[i].hint ? "; " : "", says[i].hint ? says[i].hint : ""));
        return;
    }
    if (WIFSIGNALED(h->record.value) && (WTERMSIG(h->record.value) == SIGKILL || WTERMSIG(h->record.value) == SIGXCPU))
        cannot(out, "it was ended for its time or memory");
    else
        *out = (struct dml_trial){DML_TRY_REFUSED, message, blame(argv, message)};
}

static void judge(struct dml_trial *out, const struct heard *h, const struct dml_try_plan *p,
                  const struct dml_try_argv *argv, struct dml_arena *a)
{
    *out = (struct dml_trial){DML_TRY_ACCEPTED, NULL, DML_TRY_NOWHERE};
    switch (h->record.event) {
    case DML_TRY_EVENT_ANSWERED:
        return;
    case DML_TRY_EVENT_ENDED:
        if (argv == &p->apart && h->record.value == 0)
            return;
        ended(out, h, p, argv, a);
        return;
    case DML_TRY_EVENT_STEP:
        cannot(out, dml_arena_printf(a, "%s: %s", steps[h->record.step % DML_TRY_STEPS], strerror(h->record.value)));
        return;
    default:
        no_answer(out, h, p, argv, a);
    }
}

int dml_try_run(const struct dml_try *t, const struct dma_result *r, struct dml_arena *a, struct dml_trial *out,
                struct dml_err *err)
{
    struct dml_try_plan p = {.t = t};
    struct heard h;
    *out = (struct dml_trial){DML_TRY_ACCEPTED, NULL, DML_TRY_NOWHERE};
    if (dml_try_plan(&p, r, a) < 0)
        return dml_err_nomem(err);
    if (p.cannot)
        cannot(out, p.cannot);
    for (int apart = p.apart.n > 1; apart >= 0 && out->answer == DML_TRY_ACCEPTED; apart--) {
        const struct dml_try_argv *argv = apart ? &p.apart : &p.argv;
        run(&h, &p, argv, apart ? NULL : p.qmp);
        judge(out, &h, &p, argv, a);
        dml_buf_dispose(&h.said);
    }
    return a->failed ? dml_err_nomem(err) : 0;
}
