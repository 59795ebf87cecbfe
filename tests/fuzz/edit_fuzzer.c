/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fuzz target: any bytes as a config that is fixed, and reparsed. What comes out must parse no worse, be read by
 * libxlutil as by dmlint, need no more fixes, and differ by its diff. Edits at places that the bytes choose keep all
 * other bytes.
 */
#include "fuzz.h"

#include "fix/fix.h"
#include "run/session.h"
#include "text/diff.h"
#include "text/edit.h"
#include "xlu/xlu.h"

static struct dml_judge *make_judge(void)
{
    static struct dml_arena arena;
    static struct dml_session session;
    static struct dml_facts facts;
    struct dml_session_ask ask = {.facts = &facts, .policy = "default", .max_bytes = 1 << 20, .today = "2026-01-01"};
    struct dml_judge *judge;
    struct dml_err err;
    require(dml_facts_parse(&facts, "host",
                            DML_SV("dmlint_facts: 1\nos: linux\nxen: {version: \"4.17.5\"}\nkernel: {release: 6.1.0}\n"
                                   "qemu: {installed: true, version: \"7.2.22\"}\n"),
                            &arena, &err) == 0);
    require(dml_target_init(&ask.target, &facts, NULL, NULL, NULL, &err) == 0);
    require(dml_session_open(&session, &ask, &arena, &err) == 0);
    require(dml_judge_new(&judge, &session.grounds, &err) == 0);
    return judge;
}

static uint32_t errors(struct dml_xlu *xlu, struct dml_arena *a, struct dml_sv text)
{
    struct dml_cfg cfg;
    struct dml_xlu_diff diff;
    require(dml_cfg_parse(&cfg, a, text, DML_V(4, 17, 0), NULL) == 0);
    require(dml_xlu_compare(xlu, &cfg, a, &diff, NULL) == 0);
    require(diff.what == DML_XLU_SAME || diff.what == DML_XLU_SKIPPED);
    return cfg.errors.n;
}

static void fix(struct dml_judge *judge, struct dml_xlu *xlu, struct dml_arena *a, struct dml_sv text,
                enum dml_fix_which which)
{
    struct dml_fix_result once, twice;
    struct dml_fix_job job = {.judge = judge, .path = "fuzz.cfg", .text = text, .which = which};
    struct dml_buf diff;
    require(dml_fix_text(&job, a, &once, NULL) == 0);
    require(once.changed || dml_sv_eq(once.text, text));
    if (!once.changed)
        return;
    require(errors(xlu, a, once.text) <= errors(xlu, a, text));
    dml_buf_init(&diff, SIZE_MAX / 2);
    require(dml_udiff("fuzz.cfg", text, once.text, &diff) == 0 && diff.len);
    dml_buf_dispose(&diff);
    job.text = once.text;
    require(dml_fix_text(&job, a, &twice, NULL) == 0);
    /* What was withheld from the old text may be possible in the new one. */
    require(!twice.changed || once.withheld.n || once.rounds == DML_FIX_ROUNDS);
}

static void edit(struct dml_sv text)
{
    struct dml_edit edits[8];
    struct dml_buf out;
    uint32_t n = 0;
    size_t len = text.len, at = 0;
    for (size_t i = 0; i + 1 < text.len && n < 8; i += 2) {
        unsigned char skip = (unsigned char)text.p[i], size = (unsigned char)text.p[i + 1] % 8;
        if (at + skip + size > text.len)
            break;
        edits[n++] = (struct dml_edit){{(uint32_t)(at + skip), size}, {"new", skip % 4}};
        at += skip + size + 1u;
        len += skip % 4 - (size_t)size;
    }
    dml_edits_sort(edits, n);
    dml_buf_init(&out, SIZE_MAX / 2);
    dml_edits_apply(text, edits, n, &out);
    require(out.len == len);
    size_t from = 0, to = 0;
    for (uint32_t i = 0; i <= n; i++) {
        size_t end = i < n ? edits[i].span.off : text.len;
        require(!(end - from) || memcmp(text.p + from, out.p + to, end - from) == 0);
        to += end - from + (i < n ? edits[i].text.len : 0);
        from = i < n ? end + edits[i].span.len : end;
    }
    dml_buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct dml_judge *judge;
    static struct dml_xlu *xlu;
    struct dml_arena a = {0};
    struct dml_sv text = {(const char *)data, size};
    if (!judge) {
        judge = make_judge();
        xlu = dml_xlu_new();
        require(xlu != NULL);
    }
    edit(text);
    fix(judge, xlu, &a, text, DML_FIX_ONLY_SAFE);
    fix(judge, xlu, &a, text, DML_FIX_ALL);
    dml_arena_dispose(&a);
    return 0;
}
