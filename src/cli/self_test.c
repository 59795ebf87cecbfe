/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dmlint verify --self-test: a guest without disk and network, started restricted, verified and destroyed on a dom0. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "base/path.h"
#include "base/write.h"
#include "cli/verify.h"
#include "dmargv/dmargv.h"

extern char **environ;

static volatile sig_atomic_t stopped, ending; /* ending: what destroys the guest is left alone */
static volatile pid_t running;                /* the xl that a signal is handed on to */

static void stop(int signo)
{
    stopped = signo;
    if (running > 0 && !ending)
        kill(running, SIGTERM);
}

/*
 * Runs xl in a process group of its own, so that a ^C comes here alone. With `out` its standard output goes there (cap
 * bytes with the NUL), else to standard error: the report has standard output for itself. Its exit status, or -1.
 */
static int xl(const char *const *argv, char *out, size_t cap)
{
    posix_spawnattr_t attr;
    posix_spawn_file_actions_t actions;
    sigset_t none;
    int ends[2] = {-1, -1}, status = 0;
    pid_t pid = -1;
    if (out && pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    sigemptyset(&none);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out ? ends[1] : 2, 1);
    int r = posix_spawnp(&pid, argv[0], &actions, &attr, (char *const *)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    running = r == 0 ? pid : 0;
    if (out) {
        size_t n = 0;
        ssize_t got = 0;
        close(ends[1]);
        while (n < cap - 1 && ((got = read(ends[0], out + n, cap - 1 - n)) > 0 || (got < 0 && errno == EINTR)))
            n += got > 0 ? (size_t)got : 0;
        out[n] = '\0';
        close(ends[0]);
    }
    while (r == 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    running = 0;
    if (r != 0) {
        errno = r;
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static const char *config_text(struct dml_arena *a, const char *name)
{
    return dml_arena_printf(
        a,
        "# A throwaway guest of `dmlint verify --self-test`: no disk, no network; it is never unpaused.\n"
        "name = \"%s\"\n"
        "type = \"hvm\"\n"
        "memory = 64\n"
        "vcpus = 1\n"
        "device_model_version = \"qemu-xen\"\n"
        "dm_restrict = 1\n"
        "vga = \"none\"\n"
        "vnc = 0\n"
        "on_poweroff = \"destroy\"\n"
        "on_reboot = \"destroy\"\n"
        "on_crash = \"destroy\"\n",
        name);
}

/* Destroys the guest whatever happened, if there is one; the code of the whole. */
static enum dml_exit destroy(const char *name, enum dml_exit code)
{
    char domid[32];
    ending = 1;
    if (xl((const char *const[]){"xl", "domid", name, NULL}, domid, sizeof domid) != 0)
        return code;
    fprintf(stderr, "+ xl destroy %s\n", name);
    if (xl((const char *const[]){"xl", "destroy", name, NULL}, NULL, 0) != 0)
        return dml_cli_fail(dml_exit_worse(code, DML_EXIT_FINDINGS), "the guest is still there: run xl destroy %s",
                            name);
    return code;
}

static enum dml_exit start_and_verify(const struct dml_args *args, const char *name, const char *path)
{
    char text[32];
    uint64_t domid;
    fprintf(stderr, "+ xl create -p %s\n", path);
    int r = xl((const char *const[]){"xl", "create", "-p", path, NULL}, NULL, 0);
    if (stopped)
        return dml_cli_fail(DML_EXIT_USAGE, "stopped by signal %d", (int)stopped);
    if (r != 0)
        return dml_cli_fail(DML_EXIT_FINDINGS,
                            "a restricted guest does not start on this host (xl's exit status is %d); "
                            "see above, and `dmlint check %s`",
                            r, path);
    if (xl((const char *const[]){"xl", "domid", name, NULL}, text, sizeof text) != 0 ||
        !dml_num_decimal(dml_sv_trim(dml_sv_of(text)), DMA_DOMID_MAX, &domid))
        return dml_cli_fail(DML_EXIT_USAGE, "xl created the guest, but does not say its domid");
    fprintf(stderr, "+ dmlint verify domid:%llu\n", (unsigned long long)domid);
    const char *which = dml_arena_printf(args->arena, "domid:%llu", (unsigned long long)domid);
    if (!which)
        return dml_cli_fail(DML_EXIT_USAGE, "out of memory");
    enum dml_exit code = dml_verify_print(args, &which, 1);
    fflush(stdout);
    return stopped ? dml_cli_fail(DML_EXIT_USAGE, "stopped by signal %d", (int)stopped) : code;
}

/* Off a dom0 xl cannot say anything about Xen. */
static enum dml_exit is_dom0(void)
{
    char nothing[64];
    int r = xl((const char *const[]){"xl", "info", "xen_version", NULL}, nothing, sizeof nothing);
    if (r == 0)
        return DML_EXIT_OK;
    return dml_cli_fail(DML_EXIT_USAGE,
                        r < 0 && errno == ENOENT
                            ? "there is no xl here: --yes runs the self-test on a Xen dom0; without it the "
                              "commands are printed, to run there"
                            : "this is no Xen dom0, or you are not root: xl info fails; without --yes the "
                              "commands are printed, to run there");
}

enum dml_exit dml_self_test(const struct dml_args *args)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    struct sigaction act = {.sa_handler = stop}, old[4];
    const char *name = dml_arena_printf(args->arena, "dmlint-self-test-%ld", (long)getpid()), *tmp = getenv("TMPDIR");
    _Bool run = dml_args_get(args, DML_OPTION_YES) != NULL;
    char *dir = dml_arena_printf(args->arena, "%s/dmlint-self-test-XXXXXX", tmp && tmp[0] == '/' ? tmp : "/tmp");
    struct dml_err err;
    enum dml_exit code = DML_EXIT_OK;
    if (args->n_paths || dml_args_get(args, DML_OPTION_ROOT) || dml_args_get(args, DML_OPTION_CONFIG))
        return dml_cli_fail(DML_EXIT_USAGE,
                            "--self-test starts its own guest on this machine: no domid, --root or --config");
    const char *text = name ? config_text(args->arena, name) : NULL;
    if (!text || !dir)
        return dml_cli_fail(DML_EXIT_USAGE, "out of memory");
    if (run && (code = is_dom0()) != DML_EXIT_OK)
        return code;
    if (!run) { /* nothing is left here: the commands make the file, too */
        printf("# Run this as root on the dom0; --yes does it.\n"
               "dir=$(mktemp -d) && cat >\"$dir/%s.cfg\" <<'END'\n%sEND\n"
               "xl create -p \"$dir/%s.cfg\"\n"
               "dmlint verify \"domid:$(xl domid %s)\"\n"
               "xl destroy %s\n"
               "rm -r \"$dir\"\n",
               name, text, name, name, name);
        return DML_EXIT_OK;
    }
    if (!mkdtemp(dir))
        return dml_cli_fail(DML_EXIT_USAGE, "cannot make a directory %s: %s", dir, strerror(errno));
    char *path = dml_arena_printf(args->arena, "%s/%s.cfg", dir, name);
    if (!path || dml_file_create(path, dml_sv_of(text), 0600, &err) < 0)
        return dml_cli_fail(DML_EXIT_USAGE, "%s", path ? err.msg : "out of memory");
    sigemptyset(&act.sa_mask);
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &act, &old[i]);
    code = start_and_verify(args, name, path);
    code = destroy(name, code);
    for (int i = 0; i < 4; i++)
        sigaction(signals[i], &old[i], NULL);
    unlink(path);
    rmdir(dir);
    return code;
}
