/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* schema/: the key tables against lists taken from the Xen sources. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/path.h"
#include "cfg/cfg.h"
#include "schema/schema.h"

static struct dml_arena arena;

static int drop(void **state)
{
    (void)state;
    dml_arena_dispose(&arena);
    return 0;
}

/* The next line of *text without its end; 0 when there is none. */
static _Bool next_line(struct dml_sv *text, struct dml_sv *line)
{
    if (!text->len)
        return 0;
    const char *nl = memchr(text->p, '\n', text->len);
    line->p = text->p;
    line->len = nl ? (size_t)(nl - text->p) : text->len;
    size_t used = line->len + (nl != NULL);
    *text = (struct dml_sv){text->p + used, text->len - used};
    return 1;
}

static void test_keys__are_those_of_xl_in_every_release(void **state)
{
    (void)state;
    struct dml_sv text, line;
    unsigned n = 0;
    assert_int_equal(dml_file_read(&arena, SOURCE_DIR "/tests/data/schema/keys.txt", 1 << 20, &text, NULL), 0);
    while (next_line(&text, &line)) {
        if (line.p[0] == '#')
            continue;
        const char *blank = memchr(line.p, ' ', line.len);
        assert_non_null(blank);
        struct dml_sv name = {line.p, (size_t)(blank - line.p)};
        struct dml_sv since = {blank + 1, line.len - name.len - 1};
        dml_version v;
        assert_int_equal(dml_xen_version_parse(since, &v, NULL), 0);
        enum dml_key_id id = dml_key_find(name);
        if (id == DML_KEY_NONE || dml_key(id)->since != v || dml_key(id)->removed != DML_V_NEVER)
            fail_msg("%.*s", DML_SV_ARG(line));
        assert_true(dml_key_read_by(id, v));
        assert_false(dml_key_read_by(id, v - 1));
        n++;
    }
    assert_int_equal(n, DML_KEY_COUNT - 1);
}

static void test_keys__have_all_columns_and_their_order(void **state)
{
    (void)state;
    for (enum dml_key_id i = 1; i < DML_KEY_COUNT; i++) {
        const struct dml_key *k = dml_key(i);
        assert_int_equal(dml_key_find(k->name), i);
        assert_int_equal(dml_key_find_hashed(k->name, dml_cfg_hash(k->name)), i);
        assert_true(k->doc[0] && k->doc[strlen(k->doc) - 1] != '.');
        assert_true(k->guests >= 1 && k->guests <= DML_GUEST_ANY);
        assert_null(dml_key_old(k->name));
        if (i > 1)
            assert_true(dml_sv_cmp(dml_key(i - 1)->name, k->name) < 0);
    }
}

static void test_keys__of_the_knowledge_base_are_there(void **state)
{
    (void)state;
    struct dml_sv text, line;
    unsigned n = 0;
    _Bool in = 0;
    if (dml_file_read(&arena, SOURCE_DIR "/../shared/kb/dm-restrict.md", 1 << 20, &text, NULL)) {
        print_message("no ../shared here: the knowledge base is not compared\n");
        skip();
    }
    while (next_line(&text, &line)) {
        if (dml_sv_starts(line, DML_SV("### 9.3")))
            in = 1;
        else if (dml_sv_starts(line, DML_SV("plus ")))
            in = 0;
        else if (in)
            for (size_t from = 0, to; from < line.len; from = to + 1) {
                for (to = from; to < line.len && line.p[to] != ' '; to++)
                    ;
                struct dml_sv name = {line.p + from, to - from};
                if (name.len && dml_key_find(name) == DML_KEY_NONE)
                    fail_msg("%.*s", DML_SV_ARG(name));
                n += name.len > 0;
            }
    }
    assert_int_equal(n, 170); /* and two that xl's source does not spell out */
}

static void test_nearest__names_a_key_the_release_reads(void **state)
{
    (void)state;
    assert_int_equal(dml_key_nearest(DML_SV("dm_restict"), DML_V(4, 17, 0)), DML_KEY_dm_restrict);
    assert_int_equal(dml_key_nearest(DML_SV("memroy"), DML_V(4, 10, 0)), DML_KEY_memory);
    assert_int_equal(dml_key_nearest(DML_SV("xenstore_quotas"), DML_V(4, 22, 0)), DML_KEY_xenstore_quota);
    assert_int_equal(dml_key_nearest(DML_SV("xenstore_quotas"), DML_V(4, 17, 0)), DML_KEY_NONE);
    assert_int_equal(dml_key_nearest(DML_SV("memmap"), DML_V(4, 17, 0)), DML_KEY_NONE); /* not keymap */
    assert_int_equal(dml_key_nearest(DML_SV("scmi"), DML_V(4, 17, 0)), DML_KEY_NONE);   /* not acpi */
    assert_int_equal(dml_key_nearest(DML_SV("q"), DML_V(4, 17, 0)), DML_KEY_NONE);
    assert_int_equal(dml_key_nearest(DML_SV(""), DML_V(4, 17, 0)), DML_KEY_NONE);
    assert_int_equal(dml_key_rename(DML_SV("dm_restict"), DML_V(4, 17, 0)), DML_KEY_dm_restrict);
    assert_int_equal(dml_key_rename(DML_SV("maxcpus"), DML_V(4, 17, 0)), DML_KEY_maxvcpus);
    assert_int_equal(dml_key_rename(DML_SV("vncpassword"), DML_V(4, 17, 0)), DML_KEY_vncpasswd);
    assert_int_equal(dml_key_rename(DML_SV("vncport"), DML_V(4, 17, 0)), DML_KEY_NONE); /* another value */
    assert_int_equal(dml_key_meant(DML_SV("vncport"))->key, DML_KEY_vncdisplay);
    assert_int_equal(dml_key_rename(DML_SV("processor_trace_buf_kb"), DML_V(4, 14, 0)), DML_KEY_NONE); /* not yet */
    assert_int_equal(dml_key_rename(DML_SV("on_reset"), DML_V(4, 17, 0)), DML_KEY_NONE);
    assert_int_equal(dml_key_rename(DML_SV("memory"), DML_V(4, 17, 0)), DML_KEY_NONE); /* is one */
    assert_int_equal(dml_key_find(DML_SV("memroy")), DML_KEY_NONE);
}

static void test_old__keys_of_xm_have_a_fate(void **state)
{
    (void)state;
    assert_non_null(strstr(dml_key_old(DML_SV("pvh")), "type = \"pvh\""));
    assert_non_null(dml_key_old(DML_SV("access_control")));
    assert_non_null(dml_key_old(DML_SV("xen_extended_power_mgmt")));
    assert_null(dml_key_old(DML_SV("nonsense")));
}

static void test_specs__are_found_as_xl_writes_them(void **state)
{
    static const struct {
        enum dml_key_id list;
        const char *name;
    } known[] = {
        {DML_KEY_disk, "format"},
        {DML_KEY_disk, "direct-io-safe"},
        {DML_KEY_disk, "grant_usage"},
        {DML_KEY_vif, "vifname"},
        {DML_KEY_vif, "colo_sock_mirror_id"},
        {DML_KEY_p9, "security_model"},
        {DML_KEY_p9, "max-files"},
        {DML_KEY_vkb, "backend-type"},
        {DML_KEY_virtio, "grant_usage"},
        {DML_KEY_pci, "power_mgmt"},
        {DML_KEY_vnuma, "pnode"},
        {DML_KEY_arm_sci, "type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const struct dml_spec *s = dml_spec_find(known[i].list, dml_sv_of(known[i].name));
        char text[48];
        assert_non_null(s);
        assert_int_equal(s->list, known[i].list);
        assert_string_equal(dml_spec_text(s, text), known[i].name);
    }
    assert_null(dml_spec_find(DML_KEY_disk, DML_SV("direct_io_safe")));
    assert_null(dml_spec_find(DML_KEY_vif, DML_SV("nonsense")));
    assert_null(dml_spec_find(DML_KEY_memory, DML_SV("format")));
    assert_ptr_equal(dml_spec_nearest(DML_KEY_vif, DML_SV("modle"), DML_V(4, 17, 0)), dml_spec(DML_SPEC_vif_model));
    assert_null(dml_spec_nearest(DML_KEY_vif, DML_SV("vlna"), DML_V(4, 17, 0)));
    for (unsigned i = 0; i < DML_SPEC_COUNT; i++) {
        const struct dml_spec *s = dml_spec(i);
        const struct dml_key *k = dml_key(s->list);
        assert_true(s->since >= k->since);
        assert_true(i >= k->spec && i < (unsigned)k->spec + k->n_specs); /* rows of one list lie together */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_keys__are_those_of_xl_in_every_release, drop),
        cmocka_unit_test_teardown(test_keys__have_all_columns_and_their_order, drop),
        cmocka_unit_test_teardown(test_keys__of_the_knowledge_base_are_there, drop),
        cmocka_unit_test_teardown(test_nearest__names_a_key_the_release_reads, drop),
        cmocka_unit_test_teardown(test_old__keys_of_xm_have_a_fate, drop),
        cmocka_unit_test_teardown(test_specs__are_found_as_xl_writes_them, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
