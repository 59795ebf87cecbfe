/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Report: the one way through findings and guests that all formats share, and the summary. */
#include "report/report.h"

#include <string.h>

#include "report/out.h"

enum { PIECE = 32 * 1024, PIECE_MAX = 64 * 1024 * 1024 };

static const struct dml_reporter *const reporters[] = {&dml_report_text, &dml_report_concise, &dml_report_json};
enum { REPORTERS = sizeof reporters / sizeof reporters[0] };

size_t dml_reporters(const struct dml_reporter *const **list)
{
    *list = reporters;
    return REPORTERS;
}

const struct dml_reporter *dml_reporter_find(struct dml_sv name)
{
    for (size_t i = 0; i < REPORTERS; i++)
        if (dml_sv_is(name, reporters[i]->name))
            return reporters[i];
    return NULL;
}

_Bool dml_report_shows(const struct dml_report *r, const struct dml_finding *f)
{
    return f->severity <= r->min_severity && f->severity < DML_OFF;
}

/* Hands on what has been written, in pieces that are worth a system call. */
static void flush(struct dml_out *out, size_t at_least)
{
    if (out->buf.failed && !out->rc)
        out->rc = DML_ENOMEM;
    if (out->rc || out->buf.len < at_least || !out->buf.len)
        return;
    out->rc = out->sink.write(out->sink.user, dml_buf_view(&out->buf));
    dml_buf_clear(&out->buf);
}

static void begin(struct dml_out *out, const struct dml_reporter *to, const struct dml_report *r)
{
    if (to->begin)
        to->begin(out, r);
}

/* A file's findings come before its guest. */
static void guests_before(struct dml_out *out, const struct dml_reporter *to, const struct dml_report *r, size_t *next,
                          uint64_t file)
{
    for (; *next < r->guests_n && r->guests[*next].file < file; (*next)++) {
        if (to->guest)
            to->guest(out, r, &r->guests[*next]);
        flush(out, PIECE);
    }
}

int dml_report_write(const struct dml_reporter *reporter, const struct dml_report *r, struct dml_sink sink,
                     struct dml_err *err)
{
    struct dml_out out = {.sink = sink};
    size_t next = 0;
    dml_buf_init(&out.buf, PIECE_MAX);
    begin(&out, reporter, r);
    for (size_t i = 0; i < r->findings->n && !out.rc; i++) {
        const struct dml_finding *f = r->findings->v[i];
        guests_before(&out, reporter, r, &next, f->file);
        if (dml_report_shows(r, f) && reporter->finding)
            reporter->finding(&out, r, f);
        flush(&out, PIECE);
    }
    guests_before(&out, reporter, r, &next, UINT64_MAX);
    if (reporter->end)
        reporter->end(&out, r);
    flush(&out, 0);
    dml_buf_dispose(&out.buf);
    if (out.rc == DML_ENOMEM)
        dml_err_set(err, out.rc, "out of memory while writing the report");
    return out.rc;
}

/* ---- summary ---- */

static void number(struct dml_buf *out, size_t n, const char *one, const char *many, _Bool *some)
{
    if (!n)
        return;
    dml_buf_printf(out, "%s%zu %s", *some ? ", " : "", n, n == 1 ? one : many);
    *some = 1;
}

/* The facts that keep verdicts unknown, each once, and how to get them. */
static void summary_of_missing(const struct dml_report *r, struct dml_buf *out)
{
    const char *seen[64], *commands[64];
    unsigned n = 0;
    for (size_t i = 0; i < r->guests_n; i++) {
        for (uint16_t k = 0; k < r->guests[i].missing_n; k++) {
            unsigned s = 0;
            while (s < n && strcmp(seen[s], r->guests[i].missing[k]) != 0)
                s++;
            if (s == n && n < sizeof seen / sizeof seen[0]) {
                commands[n] = r->guests[i].missing_commands[k];
                seen[n++] = r->guests[i].missing[k];
            }
        }
    }
    for (unsigned s = 0; s < n; s++)
        dml_buf_printf(out, "%s%s", s ? ", " : "not known of the host: ", seen[s]);
    for (unsigned s = 0; n == 1 && s < n; s++) /* one fact can be said by hand */
        if (commands[s])
            dml_buf_printf(out, " (%s shows it)", commands[s]);
    if (n)
        dml_buf_str(out, "\n  run `dmlint host collect > facts.json` on it, and give --host facts.json\n");
}

void dml_report_summary(const struct dml_report *r, struct dml_buf *out)
{
    const struct dml_finding_counts *c = &r->counts;
    _Bool some = 0;
    dml_buf_printf(out, "%zu %s checked: ", r->files, r->files == 1 ? "file" : "files");
    number(out, c->by_severity[DML_ERROR], "error", "errors", &some);
    number(out, c->by_severity[DML_WARNING], "warning", "warnings", &some);
    number(out, c->by_severity[DML_INFO], "info", "infos", &some);
    number(out, c->by_severity[DML_HINT], "hint", "hints", &some);
    if (!some)
        dml_buf_str(out, "no findings");
    some = 1;
    number(out, c->by_state[DML_STATE_SUPPRESSED], "suppressed", "suppressed", &some);
    number(out, c->by_state[DML_STATE_WAIVED], "waived", "waived", &some);
    number(out, c->by_state[DML_STATE_BASELINED], "baselined", "baselined", &some);
    number(out, r->unreadable, "file not read", "files not read", &some);
    dml_buf_char(out, '\n');

    static const char *const verdicts[] = {"ready", "fixable", "blocked", "unknown", "not-applicable"};
    size_t counts[5] = {0};
    for (size_t i = 0; i < r->guests_n; i++)
        for (int v = 0; v < 5; v++)
            counts[v] += strcmp(r->guests[i].verdict, verdicts[v]) == 0;
    if (!r->guests_n)
        return;
    some = 0;
    dml_buf_str(out, "verdicts: ");
    for (int v = 0; v < 5; v++)
        number(out, counts[v], verdicts[v], verdicts[v], &some);
    dml_buf_char(out, '\n');
    summary_of_missing(r, out);
}
