/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migrate: the plan as text for people and as JSON for scripts. */
#include <json-c/json.h>
#include <string.h>

#include "cli/migrate.h"
#include "cli/words.h"
#include "report/report.h"
#include "text/diff.h"
#include "text/edit.h"
#include "text/json_out.h"
#include "text/safe.h"
#include "text/shell.h"

enum { PIECE_MAX = 64 * 1024 * 1024, COLUMN = 52, BETWEEN = 8, SIDE_BY_SIDE = 120, CONTEXT = 1, VERDICT_WIDTH = 16 };

/* ---- what both say ---- */

static const char *keep(struct migrate *c, struct dml_buf *b)
{
    const char *text = b->failed ? NULL : dml_arena_strndup(c->m.a, b->p ? b->p : "", b->len);
    dml_buf_dispose(b);
    return text ? text : "";
}

static const char *command(struct migrate *c, const char *before, const char *word, const char *behind)
{
    struct dml_buf b;
    dml_buf_init(&b, PIECE_MAX);
    dml_buf_str(&b, before);
    dml_buf_str(&b, word[0] == '-' ? "-- " : ""); /* a guest named -a, which to `xl shutdown` would be all guests */
    dml_shell_word(&b, word);
    dml_buf_str(&b, behind);
    return keep(c, &b);
}

static uint32_t number_of(const struct migrate *c, const struct dml_migrate_guest *g)
{
    return (uint32_t)(g - c->m.guests);
}

static const char *path_of(const struct migrate *c, const struct dml_migrate_guest *g)
{
    return c->files.shown[number_of(c, g)];
}

/* Where the changed text goes. */
static const char *result_of(const struct migrate *c, const struct dml_migrate_guest *g)
{
    const char *copy = c->files.output_dir ? c->files.copies[number_of(c, g)] : NULL;
    return copy ? copy : path_of(c, g);
}

static const char *name_of(struct migrate *c, const struct dml_migrate_guest *g)
{
    const char *name = g->name.len ? dml_arena_strndup(c->m.a, g->name.p, g->name.len) : NULL;
    return name ? name : "NAME";
}

static const char *restart(struct migrate *c, const struct dml_migrate_guest *g)
{
    return command(c, command(c, "xl shutdown -w ", name_of(c, g), " && xl create "), result_of(c, g), "");
}

/* What shows that it worked; NULL for a guest that does not ask for restriction even now. */
static const char *test(struct migrate *c, const struct dml_migrate_guest *g)
{
    if (c->m.goal != DML_GOAL_RESTRICT || !g->verdict_after || !g->verdict_after->requested)
        return NULL;
    struct dml_buf b;
    dml_buf_init(&b, PIECE_MAX);
    dml_buf_str(&b, "dmlint verify --config=");
    dml_shell_word(&b, result_of(c, g));
    dml_buf_str(&b, " \"domid:$(xl domid ");
    return command(c, keep(c, &b), name_of(c, g), ")\"");
}

static const char *back(struct migrate *c, const struct dml_migrate_guest *g)
{
    if (c->files.output_dir)
        return NULL; /* the old file is still there */
    if (!c->files.backup)
        return command(c, path_of(c, g)[0] == '-' ? "git checkout " : "git checkout -- ", path_of(c, g), "");
    struct dml_buf b;
    dml_buf_init(&b, PIECE_MAX);
    dml_buf_str(&b, path_of(c, g)[0] == '-' ? "mv -- " : "mv ");
    unsigned number = c->files.backup_number[g - c->m.guests];
    dml_shell_word(&b, number ? dml_arena_printf(c->m.a, "%s%s.%u", path_of(c, g), c->files.backup, number)
                              : dml_arena_printf(c->m.a, "%s%s", path_of(c, g), c->files.backup));
    dml_buf_char(&b, ' ');
    dml_shell_word(&b, path_of(c, g));
    return keep(c, &b);
}

static const char *diff_of(struct migrate *c, const struct dml_migrate_guest *g)
{
    struct dml_buf b;
    dml_buf_init(&b, PIECE_MAX);
    if (!dml_sv_eq(g->before, g->after) && dml_udiff(path_of(c, g), g->before, g->after, &b) < 0)
        b.failed = 1;
    return keep(c, &b);
}

static const char *outcome_name(enum dma_outcome outcome)
{
    static const char *const names[] = {"runs", "refused", "no-device-model"};
    return names[outcome];
}

/* One option with its values per line; a newline within one must not look like two. */
static struct dml_sv lines(struct migrate *c, const struct dml_migrate_argv *v)
{
    struct dml_buf b;
    dml_buf_init(&b, PIECE_MAX);
    if (v->outcome != DMA_RUNS) {
        dml_buf_printf(&b, "(%s", v->outcome == DMA_REFUSED ? "Xen would not start this guest: " : "no QEMU in dom0");
        dml_safe_text(&b, dml_sv_of(v->message ? v->message : ""), 0);
        dml_buf_str(&b, ")\n");
    }
    for (uint32_t i = 0; i < v->argc; i++) {
        if (i)
            dml_buf_char(&b, i == 1 || v->argv[i][0] == '-' ? '\n' : ' ');
        dml_safe_text(&b, dml_sv_of(v->argv[i]), 0);
    }
    if (v->argc)
        dml_buf_char(&b, '\n');
    return dml_sv_of(keep(c, &b));
}

static const char *verdict(const struct dml_outcome_guest *g)
{
    return dml_verdict_name(g ? (enum dml_verdict)g->verdict : DML_VERDICT_UNKNOWN);
}

/* ---- text ---- */

void dml_migrate_put_lines(struct dml_buf *out, struct dml_sv text, const char *indent)
{
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t n = end ? (size_t)(end - text.p) : text.len;
        dml_buf_str(out, indent);
        dml_safe_text(out, (struct dml_sv){text.p, n}, 1);
        dml_buf_char(out, '\n');
        n += end != NULL;
        text = (struct dml_sv){text.p + n, text.len - n};
    }
}

void dml_migrate_put_folded(struct dml_buf *out, const char *text, const char *first, const char *indent)
{
    struct dml_buf safe, b;
    dml_buf_init(&safe, PIECE_MAX);
    dml_buf_init(&b, PIECE_MAX);
    dml_safe_text(&safe, dml_sv_of(text), 0);
    dml_fold(&b, safe.p ? safe.p : "", indent, DML_FOLD);
    struct dml_sv v = dml_buf_view(&b);
    size_t skip = strlen(indent);
    dml_buf_str(out, first);
    if (v.len >= skip)
        dml_buf_add(out, v.p + skip, v.len - skip);
    out->failed |= safe.failed || b.failed;
    dml_buf_dispose(&safe);
    dml_buf_dispose(&b);
}

/* A verdict in its colour, filled up to a width. */
static void put_verdict(const struct migrate *c, struct dml_buf *out, const struct dml_outcome_guest *g, size_t width)
{
    const char *color = dml_verdict_color(g ? (enum dml_verdict)g->verdict : DML_VERDICT_UNKNOWN);
    dml_painted(out, c->color, color, verdict(g), width);
}

static void print_steps(struct migrate *c, const struct dml_migrate_guest *g, struct dml_buf *out)
{
    static const char *const heads[DML_STEP_GROUPS][2] = {{"Automatic (dmlint migrate --write does it)", "Automatic"},
                                                          {"Needs your decision", "Needs your decision"},
                                                          {"On the host", "On the host"}};
    unsigned n = 0;
    for (enum dml_step_group group = 0; group < DML_STEP_GROUPS; group++) {
        if (!dml_migrate_count(g, group))
            continue;
        dml_buf_str(out, "  ");
        dml_sgr(out, c->color, "1");
        dml_buf_str(out, heads[group][c->write]);
        dml_sgr(out, c->color, "0");
        dml_buf_str(out, ":\n");
        for (uint32_t i = 0; i < g->steps.n; i++) {
            const struct dml_step *s = &g->steps.v[i];
            if (s->group != group)
                continue;
            dml_migrate_put_folded(out, s->rule ? dml_arena_printf(c->m.a, "%s [%s]", s->text, s->rule) : s->text,
                                   dml_arena_printf(c->m.a, "  %3u. ", ++n), "       ");
            if (s->why)
                dml_migrate_put_folded(
                    out, s->more.n && s->line ? dml_arena_printf(c->m.a, "line %u: %s", s->line, s->why) : s->why,
                    "       Why: ", "       ");
            for (uint32_t k = 0; k < s->more.n; k++)
                dml_migrate_put_folded(out, s->more.v[k].message,
                                       s->more.v[k].line
                                           ? dml_arena_printf(c->m.a, "       And line %u: ", s->more.v[k].line)
                                           : "       And: ",
                                       "       ");
            if (s->command)
                dml_migrate_put_lines(out, dml_sv_of(s->command), "         $ ");
        }
    }
}

/* What of a line fits into a column: it ends behind a blank or comma. A word that is longer goes over. */
static struct dml_sv column_part(struct dml_sv text, size_t column)
{
    size_t n = 0, cut = 0;
    for (size_t columns = 0; n < text.len; n++) {
        columns += ((unsigned char)text.p[n] & 0xc0) != 0x80;
        if (columns > column && cut)
            return (struct dml_sv){text.p, cut};
        if (text.p[n] == ',' || text.p[n] == ' ')
            cut = n + 1;
    }
    return text;
}

static void put_column(struct dml_buf *out, struct dml_sv text, size_t column, _Bool pad)
{
    size_t columns = 0;
    for (size_t i = 0; i < text.len; i++)
        columns += ((unsigned char)text.p[i] & 0xc0) != 0x80;
    dml_buf_sv(out, text);
    while (pad && columns++ < column)
        dml_buf_char(out, ' ');
}

static const char *diff_color(char mark)
{
    return mark == '+' ? "32" : mark == '-' ? "31" : mark == '@' ? "36" : "";
}

static void put_diff_line(const struct migrate *c, struct dml_buf *out, char mark, struct dml_sv text)
{
    dml_buf_str(out, "    ");
    dml_sgr(out, c->color, diff_color(mark));
    dml_buf_printf(out, "%c %.*s", mark, DML_SV_ARG(dml_sv_trim(text)));
    dml_sgr(out, c->color, "0");
    dml_buf_char(out, '\n');
}

/* The diff of a file, its lines coloured. */
static void put_diff(const struct migrate *c, struct dml_buf *out, struct dml_sv text)
{
    while (text.len) {
        const char *end = memchr(text.p, '\n', text.len);
        size_t n = end ? (size_t)(end - text.p) : text.len;
        dml_buf_str(out, "    ");
        dml_sgr(out, c->color, n ? diff_color(*text.p) : "");
        dml_safe_text(out, (struct dml_sv){text.p, n}, 1);
        dml_sgr(out, c->color && n && *diff_color(*text.p), "0");
        dml_buf_char(out, '\n');
        n += end != NULL;
        text = (struct dml_sv){text.p + n, text.len - n};
    }
}

/* Half of what a terminal has, or what it takes at the least. */
static size_t column_of(const struct migrate *c)
{
    size_t half = c->width > SIDE_BY_SIDE ? (c->width - BETWEEN) / 2 : COLUMN;
    return half > COLUMN ? half : COLUMN;
}

/* One line of each side (p is NULL where a side has none), folded, with the mark between. */
static void put_row(const struct migrate *c, struct dml_buf *out, struct dml_sv before, char mark, struct dml_sv after)
{
    size_t column = column_of(c);
    before = before.p ? dml_sv_trim(before) : (struct dml_sv){"", 0};
    after = after.p ? dml_sv_trim(after) : (struct dml_sv){"", 0};
    do {
        struct dml_sv left = column_part(before, column), right = column_part(after, column);
        dml_buf_str(out, "    ");
        put_column(out, left, column, mark != ' ' || right.len);
        if (mark != ' ' || right.len)
            dml_buf_printf(out, " %c%s", mark, right.len ? " " : "");
        put_column(out, dml_sv_trim(right), column, 0);
        dml_buf_char(out, '\n');
        before = (struct dml_sv){before.p + left.len, before.len - left.len};
        after = (struct dml_sv){after.p + right.len, after.len - right.len};
    } while (before.len || after.len);
}

/* Lines [a, end) of the old side, which the new one has as well; of many only those next to a difference. */
static void put_equal(const struct migrate *c, struct dml_buf *out, const struct dml_diff *d, uint32_t a, uint32_t end,
                      uint32_t b)
{
    uint32_t head = a ? CONTEXT : 0, tail = end < d->before.n ? CONTEXT : 0;
    for (uint32_t i = a; i < end; i++) {
        if (end - a > head + tail + 1 && i == a + head) {
            dml_buf_printf(out, "    (%u equal)\n", end - a - head - tail);
            i = end - tail;
            if (i == end)
                break;
        }
        put_row(c, out, dml_line(&d->before, i), ' ', dml_line(&d->after, b + i - a));
    }
}

static void print_columns(struct migrate *c, struct dml_buf *out, struct dml_sv before, struct dml_sv after)
{
    static const struct dml_sv none = {NULL, 0};
    struct dml_diff d;
    uint32_t a = 0, b = 0;
    if (dml_diff_lines(&d, before, after, c->m.a) < 0) {
        out->failed = 1;
        return;
    }
    for (uint32_t i = 0; i < d.n; i++) {
        const struct dml_change *change = &d.v[i];
        put_equal(c, out, &d, a, change->a0, b);
        for (a = change->a0, b = change->b0; a < change->a1 || b < change->b1;) {
            char mark = a == change->a1 ? '>' : b == change->b1 ? '<' : '|';
            put_row(c, out, a < change->a1 ? dml_line(&d.before, a) : none, mark,
                    b < change->b1 ? dml_line(&d.after, b) : none);
            a += a < change->a1;
            b += b < change->b1;
        }
    }
    put_equal(c, out, &d, a, d.before.n, b);
}

/* On a narrow terminal: the lines that differ. */
static void print_one_below_the_other(struct migrate *c, const struct dml_migrate_guest *g, struct dml_buf *out,
                                      struct dml_sv before, struct dml_sv after)
{
    struct dml_diff d;
    if (dml_diff_lines(&d, before, after, c->m.a) < 0) {
        out->failed = 1;
        return;
    }
    dml_buf_printf(out, "  QEMU's command line, what changes (- Xen %s, + Xen %s):\n", g->argv_before.xen,
                   g->argv_after.xen);
    for (uint32_t i = 0; i < d.n; i++) {
        const struct dml_change *change = &d.v[i];
        for (uint32_t a = change->a0; a < change->a1; a++)
            put_diff_line(c, out, '-', dml_line(&d.before, a));
        for (uint32_t b = change->b0; b < change->b1; b++)
            put_diff_line(c, out, '+', dml_line(&d.after, b));
    }
}

static void print_argv(struct migrate *c, const struct dml_migrate_guest *g, struct dml_buf *out)
{
    struct dml_sv before = lines(c, &g->argv_before), after = lines(c, &g->argv_after);
    if (dml_sv_eq(before, after)) {
        dml_buf_printf(out, "  QEMU's command line stays as it is.\n");
        return;
    }
    if (c->width && c->width < SIDE_BY_SIDE) {
        print_one_below_the_other(c, g, out, before, after);
        return;
    }
    dml_buf_str(out, "  QEMU's command line (| changed, < only before, > only after):\n");
    put_row(c, out, dml_sv_of(dml_arena_printf(c->m.a, "BEFORE, Xen %s", g->argv_before.xen)), ' ',
            dml_sv_of(dml_arena_printf(c->m.a, "AFTER, Xen %s", g->argv_after.xen)));
    print_columns(c, out, before, after);
}

static void print_force(struct migrate *c, const struct dml_migrate_guest *g, struct dml_buf *out)
{
    enum dml_running_state running = g->verdict_before ? (enum dml_running_state)g->verdict_before->running
                                                       : DML_RUNS_NOT;
    if (running)
        dml_buf_printf(out, "  The guest runs now, %s.\n",
                       running == DML_RUNS_UNKNOWN ? "restricted or not is unknown" : dml_running_name(running));
    dml_buf_str(out, "  To put it into force, a cold start; xl reboot, a reboot from inside, xl restore and xl migrate "
                     "keep the old config:\n");
    dml_migrate_put_lines(out, dml_sv_of(restart(c, g)), "         $ ");
    const char *check = test(c, g);
    if (check) {
        dml_buf_str(out, "  Then check, as root, that its QEMU is restricted:\n");
        dml_migrate_put_lines(out, dml_sv_of(check), "         $ ");
    } else if (c->m.goal == DML_GOAL_RESTRICT)
        dml_buf_str(out, "  Its QEMU is not restricted by that yet: the file does not ask for it.\n");
    else
        dml_buf_str(out,
                    "  Then check that the guest boots, has its disks, network and console, and can be shut down.\n");
    const char *undo = back(c, g);
    dml_buf_str(out, !undo ? "  To go back: a cold start from the old file.\n"
                     : c->files.backup
                         ? "  To go back, and then a cold start again:\n"
                         : "  To go back where the file is under git (otherwise use --backup), and then a "
                           "cold start again:\n");
    if (undo)
        dml_migrate_put_lines(out, dml_sv_of(undo), "         $ ");
}

static void print_guest(struct migrate *c, const struct dml_migrate_guest *g, struct dml_buf *out)
{
    const char *diff = diff_of(c, g);
    dml_sgr(out, c->color, "1");
    dml_safe_text(out, dml_sv_of(path_of(c, g)), 0);
    dml_sgr(out, c->color, "0");
    if (g->name.len) {
        dml_buf_str(out, " (");
        dml_safe_text(out, g->name, 0);
        dml_buf_char(out, ')');
    }
    dml_buf_str(out, ": ");
    put_verdict(c, out, g->verdict_before, 0);
    if (strcmp(verdict(g->verdict_before), verdict(g->verdict_after)) != 0) {
        dml_buf_str(out, c->write ? ", now " : ", after the automatic part ");
        put_verdict(c, out, g->verdict_after, 0);
    }
    if (c->m.goal != DML_GOAL_RESTRICT && g->reached)
        dml_buf_printf(out, "; %s", c->m.goal == DML_GOAL_XEN ? "starts with that release" : "served by qemu-xen");
    else if (c->m.goal != DML_GOAL_RESTRICT)
        dml_buf_printf(out, "; %s", c->m.goal == DML_GOAL_XEN ? "does not start with that release" : "not there yet");
    dml_buf_char(out, '\n');
    if (g->too_large)
        dml_buf_str(out, "  The file is larger than --max-bytes and is left alone.\n");
    if (g->verdict_after && g->verdict_after->reason)
        dml_buf_printf(out, "  Not concerned: %s.\n", g->verdict_after->reason);
    print_steps(c, g, out);
    if (*diff) {
        dml_buf_printf(out, "  The config%s:\n", g->written ? ", as written" : "");
        put_diff(c, out, dml_sv_of(diff));
    }
    if (!g->too_large && (*diff || c->m.goal == DML_GOAL_XEN))
        print_argv(c, g, out);
    if (*diff)
        print_force(c, g, out);
    dml_buf_char(out, '\n');
}

static void print_table(struct migrate *c, struct dml_buf *out)
{
    dml_buf_printf(out, "%-15s %-15s %9s %9s %9s  %s\n", "before", c->write ? "now" : "after", "automatic", "decisions",
                   "host", "guest");
    for (uint32_t i = 0; i < c->files.inputs.paths.n; i++) {
        const struct dml_migrate_guest *g = &c->m.guests[i];
        if (!g->read)
            continue;
        put_verdict(c, out, g->verdict_before, VERDICT_WIDTH);
        put_verdict(c, out, g->verdict_after, VERDICT_WIDTH);
        dml_buf_printf(out, "%9u %9u %9u  ", dml_migrate_count(g, DML_STEP_AUTOMATIC),
                       dml_migrate_count(g, DML_STEP_DECISION), dml_migrate_count(g, DML_STEP_HOST));
        dml_safe_text(out, dml_sv_of(path_of(c, g)), 0);
        dml_buf_char(out, '\n');
    }
}

void dml_migrate_print_text(struct migrate *c, struct dml_buf *out)
{
    if (!c->files.inputs.paths.n)
        return;
    if (!c->quiet)
        dml_buf_printf(out, "Goal: %s%s. Target: Xen %s, QEMU %s.\n\n",
                       c->m.goal == DML_GOAL_RESTRICT ? "QEMU restricted (dm_restrict = 1)"
                       : c->m.goal == DML_GOAL_XEN    ? "Xen "
                                                      : "qemu-xen instead of qemu-xen-traditional",
                       c->m.goal == DML_GOAL_XEN ? c->goal_text : "",
                       *c->xen ? c->xen : "unknown (the newest is taken)", *c->qemu ? c->qemu : "unknown");
    /* Before a terminal the table comes first: what scrolls away is what can be scrolled back to. */
    _Bool table = c->files.inputs.paths.n > 1 || c->quiet, first = c->width && !c->quiet;
    if (table && first) {
        print_table(c, out);
        dml_buf_char(out, '\n');
    }
    for (uint32_t i = 0; i < c->files.inputs.paths.n && !c->quiet; i++)
        if (c->m.guests[i].read)
            print_guest(c, &c->m.guests[i], out);
    if (table && !first)
        print_table(c, out);
}

/* ---- JSON ---- */

static void put(struct json_object *o, const char *key, struct json_object *value)
{
    json_object_object_add(o, key, value);
}

static void put_str(struct json_object *o, const char *key, const char *s)
{
    put(o, key, dml_json_str(s));
}

static struct json_object *json_argv(const struct dml_migrate_argv *v)
{
    struct json_object *o = json_object_new_object(), *argv = NULL;
    put_str(o, "xen", v->xen);
    put_str(o, "outcome", outcome_name(v->outcome));
    if (v->outcome == DMA_RUNS)
        argv = json_object_new_array();
    for (uint32_t i = 0; i < v->argc; i++)
        json_object_array_add(argv, dml_json_string(dml_sv_of(v->argv[i])));
    put(o, "argv", argv);
    put_str(o, "refused", v->message);
    return o;
}

static struct json_object *json_steps(const struct dml_migrate_guest *g)
{
    static const char *const names[DML_STEP_GROUPS] = {"automatic", "decision", "host"};
    struct json_object *steps = json_object_new_array();
    for (enum dml_step_group group = 0; group < DML_STEP_GROUPS; group++) {
        for (uint32_t i = 0; i < g->steps.n; i++) {
            const struct dml_step *s = &g->steps.v[i];
            if (s->group != group)
                continue;
            struct json_object *o = json_object_new_object();
            put_str(o, "group", names[group]);
            put_str(o, "rule", s->rule);
            put_str(o, "text", s->text);
            put_str(o, "why", s->why);
            put_str(o, "command", s->command);
            put(o, "line", s->line ? json_object_new_int64(s->line) : NULL);
            struct json_object *more = json_object_new_array();
            for (uint32_t k = 0; k < s->more.n; k++) {
                struct json_object *place = json_object_new_object();
                put(place, "line", s->more.v[k].line ? json_object_new_int64(s->more.v[k].line) : NULL);
                put_str(place, "message", s->more.v[k].message);
                json_object_array_add(more, place);
            }
            put(o, "more", more);
            json_object_array_add(steps, o);
        }
    }
    return steps;
}

static struct json_object *json_guest(struct migrate *c, const struct dml_migrate_guest *g)
{
    struct json_object *o = json_object_new_object(), *argv = json_object_new_object();
    const char *diff = diff_of(c, g);
    put_str(o, "path", path_of(c, g));
    put(o, "name", dml_json_string(g->name));
    put_str(o, "verdict", verdict(g->verdict_before));
    if (g->verdict_before && g->verdict_before->running)
        put_str(o, "running", dml_running_name((enum dml_running_state)g->verdict_before->running));
    put_str(o, "verdict_after", verdict(g->verdict_after));
    put(o, "reached", json_object_new_boolean(g->reached));
    put(o, "changed", json_object_new_boolean(g->changed));
    put(o, "written", json_object_new_boolean(g->written));
    put(o, "steps", json_steps(g));
    put_str(o, "diff", diff);
    if (!g->too_large) {
        put(argv, "before", json_argv(&g->argv_before));
        put(argv, "after", json_argv(&g->argv_after));
    }
    put(o, "argv", argv);
    put_str(o, "in_force", *diff ? restart(c, g) : NULL);
    put_str(o, "check", *diff ? test(c, g) : NULL);
    put_str(o, "back", *diff ? back(c, g) : NULL);
    return o;
}

void dml_migrate_print_json(struct migrate *c, struct dml_buf *out)
{
    struct json_object *o = json_object_new_object(), *target = json_object_new_object(),
                       *guests = json_object_new_array();
    put_str(o, "schema", "dmlint.migrate/1");
    put_str(o, "to", c->m.goal == DML_GOAL_XEN ? "xen" : c->goal_text);
    put_str(target, "xen", *c->xen ? c->xen : NULL);
    put_str(target, "qemu", *c->qemu ? c->qemu : NULL);
    put(o, "target", target);
    for (uint32_t i = 0; i < c->files.inputs.paths.n; i++)
        if (c->m.guests[i].read)
            json_object_array_add(guests, json_guest(c, &c->m.guests[i]));
    put(o, "guests", guests);
    dml_json_print(out, o);
}
