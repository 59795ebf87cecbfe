/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runner: runs `xl create` on one guest config inside the fake machine and
 * prints as JSON what came of it.  See README.md; ./run calls it.
 *
 * DIR, made by ./build, holds image/ (a chroot image with xl, its libraries
 * and libfakexen.so) and mnt/ (an empty mount point).  Each run mounts the
 * image read-only, with empty tmpfs on /var, /run and /oracle-out, in a mount
 * and PID namespace of its own, so runs do not see each other and leave
 * nothing behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUT       "/oracle-out" /* where libfakexen.so leaves its reports */
#define LOG_LINES 40            /* kept of the log without --full-log */

enum { EXIT_USAGE = 64, EXIT_SETUP = 70, XL_SETUP_FAILED = 71, XL_NOT_STARTED = 72 };

static char mnt[PATH_MAX - 256];

__attribute__((noreturn)) static void die(const char *what)
{
    fprintf(stderr, "oracle: %s: %s\n", what, strerror(errno));
    exit(EXIT_SETUP);
}

__attribute__((noreturn)) static void usage(const char *why)
{
    fprintf(stderr, "oracle: %s\n", why);
    fputs("usage: run [--dir DIR] [--domid N] [--passwd FILE] [--absent PATH:PATH..]\n"
          "           [--domain NAME:ID,..] [--qemu-caps none|chroot|chroot,user|fail]\n"
          "           [--xl-conf FILE] [--create-arg ARG].. [--timeout SECONDS]\n"
          "           [--full-log] [--trace] GUEST.cfg\n",
          stderr);
    exit(EXIT_USAGE);
}

/* ---------------------------------------------------------------------------
 * Files
 */

/* The path inside the mounted image; valid until the next call. */
static const char *in(const char *path)
{
    static char buf[PATH_MAX];

    snprintf(buf, sizeof buf, "%s%s", mnt, path);
    return buf;
}

static bool exists(const char *path)
{
    return access(in(path), F_OK) == 0;
}

/* The whole file with a NUL behind it, NULL if it cannot be read. */
static char *slurp(const char *path, size_t *len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 65536, n = 0;
    ssize_t r;
    char *buf;

    if (fd < 0)
        return NULL;
    buf = malloc(size);
    while ((r = read(fd, buf + n, size - n - 1)) > 0) {
        n += r;
        if (size - n < 4096)
            buf = realloc(buf, size *= 2);
    }
    close(fd);
    if (r < 0) {
        free(buf);
        return NULL;
    }
    buf[n] = 0;
    if (len)
        *len = n;
    return buf;
}

static void spew(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        die(path);
    close(fd);
}

/* ---------------------------------------------------------------------------
 * JSON
 */

/* Length of the valid UTF-8 sequence at s, 0 if there is none. */
static int utf8_len(const unsigned char *s)
{
    int n = s[0] < 0x80                    ? 1
            : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
            : (s[0] & 0xf0) == 0xe0        ? 3
            : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                           : 0;

    for (int i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

/* Bytes that are no UTF-8 come out as \udcXX, Python's surrogateescape.
 * There must be a NUL at p[len]. */
static void json_bytes(const char *p, size_t len)
{
    const unsigned char *s = (const unsigned char *)p, *end = s + len;
    int n;

    putchar('"');
    for (; s < end; s++) {
        if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", stdout);
        else if (*s == '\t')
            fputs("\\t", stdout);
        else if (*s < 0x20 || *s == 0x7f)
            printf("\\u%04x", *s);
        else if (*s < 0x80)
            putchar(*s);
        else if ((n = utf8_len(s))) {
            fwrite(s, 1, n, stdout);
            s += n - 1;
        } else
            printf("\\udc%02x", *s);
    }
    putchar('"');
}

static void json_str(const char *s)
{
    json_bytes(s, strlen(s));
}

/* ---------------------------------------------------------------------------
 * Running xl
 */

static struct {
    const char *dir, *domid, *passwd, *caps, *absent, *domains, *xlconf, *cfg;
    const char *create_arg[16];
    int ncreate_arg;
    int timeout;
    bool full_log, trace;
} opt = {.domid = "7", .caps = "none", .absent = "", .domains = "", .timeout = 15};

static void parse_args(int argc, char **argv)
{
    const char *seconds = NULL, *create_arg = NULL;
    const struct {
        const char *name;
        const char **value;
    } with_value[] = {
        {"--dir", &opt.dir},        {"--domid", &opt.domid},   {"--passwd", &opt.passwd},
        {"--qemu-caps", &opt.caps}, {"--absent", &opt.absent}, {"--domain", &opt.domains},
        {"--xl-conf", &opt.xlconf}, {"--timeout", &seconds},   {"--create-arg", &create_arg},
    };
    const size_t n = sizeof with_value / sizeof *with_value;
    size_t k;

    for (int i = 1; i < argc; i++) {
        for (k = 0; k < n && strcmp(argv[i], with_value[k].name); k++)
            ;
        if (k < n) {
            if (++i >= argc)
                usage("the last option needs an argument");
            *with_value[k].value = argv[i];
            if (with_value[k].value == &create_arg) {
                if (opt.ncreate_arg == 16)
                    usage("too many --create-arg");
                opt.create_arg[opt.ncreate_arg++] = create_arg;
            }
        } else if (!strcmp(argv[i], "--trace")) {
            opt.trace = opt.full_log = true;
        } else if (!strcmp(argv[i], "--full-log")) {
            opt.full_log = true;
        } else if (argv[i][0] == '-' && argv[i][1]) {
            usage("unknown option");
        } else if (opt.cfg) {
            usage("more than one guest config");
        } else {
            opt.cfg = argv[i];
        }
    }
    if (!opt.cfg)
        usage("no guest config");
    if (!opt.dir)
        usage("no --dir");
    if (strspn(opt.domid, "0123456789") != strlen(opt.domid) || !atoi(opt.domid))
        usage("--domid must be a positive number");
    if (seconds && (opt.timeout = atoi(seconds)) <= 0)
        usage("--timeout must be a positive number");
}

/* Waits while ./build replaces the image, and keeps it from doing so now. */
static void lock_image(void)
{
    char path[PATH_MAX];
    int fd;

    snprintf(path, sizeof path, "%s/lock", opt.dir);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || flock(fd, LOCK_SH))
        die(path);
}

static void mount_at(const char *type, const char *path, const char *options)
{
    if (mount(type, in(path), type, 0, options))
        die(path);
}

static void bind_dev(const char *dev)
{
    if (mount(dev, in(dev), NULL, MS_BIND, NULL))
        die(dev);
}

/* Enters new namespaces and mounts the image. */
static void mount_image(void)
{
    static const char *const dirs[] = {"/var/lib",  "/var/lib/xen", "/var/lib/xen/dump", "/var/log",  "/var/log/xen",
                                       "/var/lock", "/var/tmp",     "/run/xen",          "/run/lock", NULL};
    char image[PATH_MAX];

    snprintf(image, sizeof image, "%s/image", opt.dir);
    if ((size_t)snprintf(mnt, sizeof mnt, "%s/mnt", opt.dir) >= sizeof mnt) {
        errno = ENAMETOOLONG;
        die(opt.dir);
    }
    if (unshare(CLONE_NEWNS | CLONE_NEWPID))
        die("cannot make namespaces (are you root, and may this container mount?)");
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        die("making mounts private (in a chroot? make it a mount point first: mount --bind DIR DIR)");
    if (mount(image, mnt, NULL, MS_BIND, NULL))
        die(image);
    if (mount("none", mnt, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL))
        die("remounting the image read-only");
    mount_at("tmpfs", "/var", "size=64m");
    mount_at("tmpfs", "/run", "size=16m");
    mount_at("tmpfs", OUT, "size=64m");
    mount_at("devpts", "/dev/pts", "newinstance,ptmxmode=0666,mode=620");
    bind_dev("/dev/null");
    bind_dev("/dev/zero");
    for (int i = 0; dirs[i]; i++)
        mkdir(in(dirs[i]), 0755);
    if (symlink("/run", in("/var/run")))
        die("/var/run");
}

/* The process that becomes xl. */
__attribute__((noreturn)) static void exec_xl(void)
{
    char *env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                   "HOME=/root",
                   "LD_PRELOAD=/oracle/libfakexen.so",
                   NULL,
                   NULL,
                   NULL,
                   NULL,
                   NULL,
                   NULL};
    const char *argv[32] = {"xl", "-vvv", "create", "-e"};
    int argc = 4, fd;

    if (asprintf(&env[3], "ORACLE_DOMID=%s", opt.domid) < 0 || asprintf(&env[4], "ORACLE_QEMU_CAPS=%s", opt.caps) < 0 ||
        asprintf(&env[5], "ORACLE_ABSENT=%s", opt.absent) < 0 ||
        asprintf(&env[6], "ORACLE_DOMAINS=%s", opt.domains) < 0 || asprintf(&env[7], "ORACLE_TRACE=%d", opt.trace) < 0)
        _exit(XL_SETUP_FAILED);
    for (int k = 0; k < opt.ncreate_arg; k++)
        argv[argc++] = opt.create_arg[k];
    argv[argc] = OUT "/guest.cfg";

    fd = open("/dev/null", O_RDONLY);
    dup2(fd, 0);
    fd = open(OUT "/log", O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(fd, 1);
    dup2(fd, 2);
    /* Nothing else open: the QMP descriptor's number depends on it. */
    for (fd = 3; fd < 64; fd++)
        close(fd);
    umask(022);
    execve("/oracle/xl", (char *const *)argv, env);
    perror("exec xl");
    _exit(XL_NOT_STARTED);
}

struct result {
    int status; /* xl's, as wait(2) gives it */
    int timed_out;
};

static pid_t xl_pid;
static volatile sig_atomic_t timed_out;

static void on_alarm(int sig)
{
    (void)sig;
    timed_out = 1;
    kill(xl_pid, SIGKILL);
}

/* The first process of the PID namespace: starts xl and reaps all orphans.
 * When it ends, the kernel kills whatever libxl left running. */
__attribute__((noreturn)) static void be_init(int result_fd)
{
    struct result r = {0, 0};
    pid_t pid;

    if (chroot(mnt) || chdir("/"))
        die("chroot");
    xl_pid = fork();
    if (xl_pid < 0)
        die("fork");
    if (xl_pid == 0)
        exec_xl();
    signal(SIGALRM, on_alarm);
    alarm(opt.timeout);
    do
        pid = waitpid(-1, &r.status, 0);
    while (pid != xl_pid && !(pid < 0 && errno == ECHILD));
    r.timed_out = timed_out;
    _exit(write(result_fd, &r, sizeof r) != sizeof r);
}

static struct result run_xl(void)
{
    struct result r = {-1, 0};
    int fds[2];
    pid_t pid;

    if (pipe2(fds, O_CLOEXEC))
        die("pipe");
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0)
        be_init(fds[1]);
    close(fds[1]);
    if (read(fds[0], &r, sizeof r) < 0)
        die("reading the result");
    waitpid(pid, NULL, 0);
    return r;
}

/* ---------------------------------------------------------------------------
 * The report
 */

/* libxl's own rc: the first nonzero one of an operation that completed, which
 * is the creation's; else the last one's.  False if none completed. */
static bool find_libxl_rc(const char *log, int *rc)
{
    static const char key[] = ": complete, rc=";
    bool found = false;

    for (const char *s = log; (s = strstr(s, key)); s++) {
        *rc = atoi(s + sizeof key - 1);
        found = true;
        if (*rc)
            break;
    }
    return found;
}

static const char *classify(struct result r, const char *log, bool recorded)
{
    int code = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : -1;

    if (exists(OUT "/second-domain"))
        return "oracle-unsupported-stubdom";
    if (recorded)
        return "ok";
    if (r.timed_out)
        return "oracle-timeout";
    if (WIFSIGNALED(r.status))
        return WTERMSIG(r.status) == SIGABRT ? "crash-abort" : "crash";
    if (code == XL_SETUP_FAILED || code == XL_NOT_STARTED || strstr(log, "symbol lookup error") ||
        strstr(log, "error while loading shared"))
        return "oracle-broken";
    return code == 0 ? "no-dm" : "refused";
}

/* Prints the record that libfakexen.so made of the device model's exec: see
 * record_exec() there. */
static void print_exec(const char *rec, size_t len)
{
    const char *end = rec + len, *fd = NULL;
    bool first = true;

    for (const char *s = rec; s < end; s += strlen(s) + 1)
        if (*s == 'p') {
            printf(", \"exec_path\": ");
            json_str(s + 1);
        }
    printf(", \"argv\": [");
    for (const char *s = rec; s < end; s += strlen(s) + 1)
        if (*s == 'a') {
            fputs(first ? "" : ", ", stdout);
            first = false;
            json_str(s + 1);
            if (!strncmp(s + 1, "socket,id=libxl-cmd,", 20))
                fd = strstr(s, ",fd=");
        }
    printf("], \"env\": {");
    first = true;
    for (const char *s = rec; s < end; s += strlen(s) + 1)
        if (*s == 'e') {
            const char *eq = strchr(s, '=');

            fputs(first ? "" : ", ", stdout);
            first = false;
            json_bytes(s + 1, eq - (s + 1));
            fputs(": ", stdout);
            json_str(eq + 1);
        }
    putchar('}');
    if (fd)
        printf(", \"qmp_fd\": %d", atoi(fd + 4));
    first = true;
    for (const char *s = rec; s < end; s += strlen(s) + 1)
        if (*s == 'r') {
            printf(first ? ", \"env_removed\": [" : ", ");
            first = false;
            json_str(s + 1);
        }
    if (!first)
        putchar(']');
}

static void print_lines(char *text)
{
    bool first = true;

    putchar('[');
    for (char *s = strtok(text, "\n"); s; s = strtok(NULL, "\n")) {
        fputs(first ? "" : ", ", stdout);
        first = false;
        json_str(s);
    }
    putchar(']');
}

static bool is_debug_line(const char *line)
{
    return strstr(line, ": debug: ") || strstr(line, "xencall:buffer:") || !strncmp(line, "ORACLE[", 7);
}

/* Prints the last lines of the log that are no debug messages. */
static void print_short_log(const char *log, size_t len)
{
    char *kept = malloc(len + 1), *end = kept, *start;
    int lines = 0;

    for (const char *s = log; *s;) {
        size_t n = strcspn(s, "\n");
        char *line = strndup(s, n);

        n += s[n] == '\n';
        if (!is_debug_line(line))
            end = mempcpy(end, s, n);
        free(line);
        s += n;
    }
    *end = 0;
    for (start = end; start > kept; start--)
        if (start[-1] == '\n' && start != end && ++lines >= LOG_LINES)
            break;
    json_bytes(start, end - start);
    free(kept);
}

static void print_report(struct result r, double ms)
{
    size_t rec_len = 0, log_len = 0;
    char *rec = slurp(in(OUT "/exec"), &rec_len);
    char *log = slurp(in(OUT "/log"), &log_len);
    char *others = slurp(in(OUT "/others"), NULL);
    bool uuid = exists(OUT "/used-uuid"), urandom = exists(OUT "/used-random");
    int rc = WIFEXITED(r.status)     ? WEXITSTATUS(r.status)
             : WIFSIGNALED(r.status) ? 128 + WTERMSIG(r.status)
                                     : -1,
        libxl_rc;
    const char *status;

    if (!log)
        log = strdup("");
    status = classify(r, log, rec != NULL);
    if (strcmp(status, "ok")) {
        free(rec);
        rec = NULL;
    } else {
        rc = 0; /* the fake killed xl at the exec */
    }

    printf("{\"version\": \"" VERSION "\", \"domid\": %s, \"status\": \"%s\", \"rc\": %d", opt.domid, status, rc);
    if (!rec && find_libxl_rc(log, &libxl_rc))
        printf(", \"libxl_rc\": %d", libxl_rc);
    if (rec)
        print_exec(rec, rec_len);
    else
        printf(", \"argv\": null, \"env\": {}");
    printf(", \"generated\": [%s%s%s], \"probed\": %s", uuid ? "\"uuid/mac\"" : "", uuid && urandom ? ", " : "",
           urandom ? "\"random\"" : "", exists(OUT "/probed") ? "true" : "false");
    if (others) {
        printf(", \"other_execs\": ");
        print_lines(others);
    }
    printf(", \"ms\": %.1f, \"log\": ", ms);
    if (opt.full_log)
        json_bytes(log, log_len);
    else
        print_short_log(log, log_len);
    printf("}\n");
    free(rec);
    free(log);
    free(others);
}

int main(int argc, char **argv)
{
    static char no_accounts[] = "root:x:0:0:root:/root:/bin/sh\n";
    char *cfg, *passwd = no_accounts, *xlconf = NULL;
    size_t cfg_len, passwd_len = strlen(no_accounts), xlconf_len = 0;
    struct timespec t0, t1;
    struct result r;

    parse_args(argc, argv);
    /* Read what the caller names before its paths stop meaning the same. */
    if (!(cfg = slurp(strcmp(opt.cfg, "-") ? opt.cfg : "/dev/stdin", &cfg_len)))
        die(opt.cfg);
    if (opt.passwd && !(passwd = slurp(opt.passwd, &passwd_len)))
        die(opt.passwd);
    if (opt.xlconf && !(xlconf = slurp(opt.xlconf, &xlconf_len)))
        die(opt.xlconf);

    lock_image();
    mount_image();
    spew(in(OUT "/guest.cfg"), cfg, cfg_len);
    spew(in(OUT "/passwd"), passwd, passwd_len);
    if (xlconf) {
        char source[PATH_MAX];

        spew(in(OUT "/xl.conf"), xlconf, xlconf_len);
        snprintf(source, sizeof source, "%s", in(OUT "/xl.conf"));
        if (mount(source, in("/etc/xen/xl.conf"), NULL, MS_BIND, NULL))
            die("/etc/xen/xl.conf");
    }

    clock_gettime(CLOCK_MONOTONIC, &t0);
    r = run_xl();
    clock_gettime(CLOCK_MONOTONIC, &t1);
    print_report(r, (t1.tv_sec - t0.tv_sec) * 1e3 + (t1.tv_nsec - t0.tv_nsec) / 1e6);
    if (fflush(stdout) || ferror(stdout))
        die("writing the report");
    return 0;
}
