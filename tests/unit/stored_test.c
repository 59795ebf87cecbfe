/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stored configs: JSON with its places, libxl's members as values and as xl.cfg keys, images, what is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "guest/open.h"
#include "text/json.h"

#define XEN DML_V(4, 17, 0)

struct state {
    struct dml_arena a;
    struct dml_xlu *xlu;
    struct dml_guest guest;
    struct dml_cfg cfg;
    struct dml_form_of form;
};

static int setup(void **state)
{
    static struct state s;
    s = (struct state){.xlu = dml_xlu_new()};
    *state = &s;
    return s.xlu ? 0 : -1;
}

static int teardown(void **state)
{
    struct state *s = *state;
    dml_xlu_free(s->xlu);
    dml_arena_dispose(&s->a);
    return 0;
}

static void open_text(struct state *s, struct dml_sv text)
{
    struct dml_err err = {""};
    assert_int_equal(dml_guest_open(&s->guest, &s->cfg, &s->form, &s->a, s->xlu, text, XEN, NULL, &err), 0);
}

static void test_json_places(void **state)
{
    struct state *s = *state;
    const struct dml_json *root, *m;
    struct dml_json_error error;
    struct dml_sv text = DML_SV(" {\"a\": [1, true, null, -2.5], \"b\\u0041\": \"x\\/\\u00e9\"}\n\0");
    assert_int_equal(dml_json_parse(&root, &s->a, text, &error, NULL), 0);
    assert_int_equal(error.fault, DML_JSON_SOUND);
    assert_non_null(root);
    assert_int_equal(root->n, 2);
    m = dml_json_get(root, "a");
    assert_int_equal(m->kind, DML_JSON_ARRAY);
    assert_int_equal(m->n, 4);
    assert_int_equal(m->span.off, 7);
    assert_int_equal(m->name_span.off, 2);
    assert_int_equal(m->first->number, 1);
    assert_int_equal(m->first->next->kind, DML_JSON_BOOL);
    assert_int_equal(m->first->next->next->next->kind, DML_JSON_REAL);
    m = dml_json_get(root, "bA");
    assert_true(dml_sv_is(m->text, "x/\xc3\xa9"));
    assert_int_equal(text.p[m->span.off], '"');
}

static void test_json_faults(void **state)
{
    struct state *s = *state;
    static const struct {
        const char *text;
        enum dml_json_fault fault;
        uint32_t at;
    } rows[] = {
        {"", DML_JSON_ENDS, 0},
        {"{\"a\":", DML_JSON_ENDS, 5},
        {"{\"a\":1,}", DML_JSON_BROKEN, 7},
        {"{'a':1}", DML_JSON_BROKEN, 1},
        {"{} x", DML_JSON_BROKEN, 3},
        {"{\"a\":1,\"b\":2,\"a\":3}", DML_JSON_TWICE, 13},
        {"{\"a\":[1,2],\"a\":{}}", DML_JSON_TWICE, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct dml_json *root;
        struct dml_json_error error;
        assert_int_equal(dml_json_parse(&root, &s->a, dml_sv_of(rows[i].text), &error, NULL), 0);
        assert_null(root);
        assert_int_equal(error.fault, rows[i].fault);
        assert_int_equal(error.at.off, rows[i].at);
    }
    char deep[200];
    const struct dml_json *root;
    struct dml_json_error error;
    memset(deep, '[', 100);
    memset(deep + 100, ']', 100);
    assert_int_equal(dml_json_parse(&root, &s->a, (struct dml_sv){deep, 200}, &error, NULL), 0);
    assert_int_equal(error.fault, DML_JSON_DEEP);
}

#define GUEST                                                                                                          \
    "{\"c_info\": {\"type\": \"hvm\", \"name\": \"web\"},\n"                                                           \
    " \"b_info\": {\"avail_vcpus\": [0, 2], \"max_memkb\": 1048576, \"device_model_version\": \"qemu_xen\",\n"         \
    "  \"extra\": [\"-x\", \"y\"], \"dm_restrict\": \"True\", \"type.hvm\": {\"vga\": {\"kind\": \"std\"},\n"          \
    "  \"vnc\": {\"enable\": \"True\", \"listen\": \"0.0.0.0\"}}},\n"                                                  \
    " \"disks\": [{\"pdev_path\": \"/dev/a\", \"vdev\": \"xvda\", \"format\": \"qcow2\", \"readwrite\": 1},\n"         \
    "  {\"vdev\": \"hdc\", \"format\": \"empty\", \"is_cdrom\": 1, \"backend_domid\": 5}],\n"                          \
    " \"nics\": [{\"mac\": \"00:16:3e:01:02:0f\", \"nictype\": \"vif\", \"coloft_forwarddev\": \"e\"}]}"

static struct dml_sv part(struct state *s, enum dml_key_id key, int32_t index, enum dml_spec_id spec)
{
    const struct dml_guest_part *p = dml_guest_part(&s->guest, key, index, spec);
    return p ? p->value : DML_SV("");
}

static void test_values_and_keys(void **state)
{
    struct state *s = *state;
    open_text(s, DML_SV(GUEST));
    const struct dma_guest *g = &s->guest.g;
    assert_int_equal(s->form.form, DML_FORM_JSON);
    assert_int_equal(s->cfg.errors.n, 0);
    assert_int_equal(s->guest.problems.n, 0);
    assert_string_equal(g->name, "web");
    assert_int_equal(g->avail_vcpus, 2);
    assert_int_equal(g->avail_vcpus_bits, 3);
    assert_int_equal(g->dm_restrict, DMA_YES);
    assert_int_equal(g->hvm.vga, DMA_VGA_STD);
    assert_int_equal(g->disks.n, 2);
    assert_int_equal(g->disks.v[0].format, DMA_FORMAT_QCOW2);
    assert_string_equal(g->disks.v[1].backend_domname, "5");
    assert_int_equal(g->nics.v[0].mac[5], 15);
    assert_int_equal(g->nics.v[0].devid, DMA_DEVID_UNSET);
    assert_string_equal(g->nics.v[0].colo[0].key, "forwarddev");
    /* The same as keys of xl.cfg. */
    const struct dml_cfg_entry *e = dml_cfg_find(&s->cfg, DML_SV("vga"));
    assert_true(dml_sv_is(dml_cfg_text(&e->value), "stdvga"));
    assert_true(s->guest.by_key[DML_KEY_vnclisten] != NULL);
    assert_true(dml_sv_is(dml_cfg_text(&s->guest.by_key[DML_KEY_maxmem]->value), "1024"));
    assert_int_equal(s->guest.by_key[DML_KEY_device_model_args]->value.n, 2);
    assert_true(dml_sv_is(part(s, DML_KEY_disk, 0, DML_SPEC_disk_access), "rw"));
    assert_true(dml_sv_is(part(s, DML_KEY_disk, 1, DML_SPEC_disk_access), "ro"));
    assert_true(dml_sv_is(part(s, DML_KEY_disk, 1, DML_SPEC_disk_devtype), "cdrom"));
    assert_true(dml_sv_is(part(s, DML_KEY_vif, 0, DML_SPEC_vif_type), "vif"));
    struct dml_source src;
    dml_source_init(&src, "x", s->form.config);
    assert_int_equal(dml_source_pos(&src, &s->a, dml_guest_span(&s->guest, DML_KEY_dm_restrict).off).line, 3);
    assert_int_equal(dml_source_pos(&src, &s->a, dml_guest_element(&s->guest, DML_KEY_disk, 1).off).line, 6);
}

static void test_problems(void **state)
{
    struct state *s = *state;
    open_text(s, DML_SV("{\"c_info\": {\"type\": \"hvm\", \"name\": 5}, \"b_info\": {\"dm_restrict\": true, "
                        "\"type.hvm\": {\"bios\": \"other\", \"shiny\": 1}}}"));
    assert_int_equal(s->guest.problems.n, 3);
    assert_int_equal(s->guest.refusals, 1);
    assert_int_equal(s->guest.g.dm_restrict, DMA_UNSET);
    assert_true(dml_sv_is(s->guest.newer, "shiny"));
    open_text(s, DML_SV("{\"c_info\": {\"type\": \"pv\"}, \"b_info\": {\"type.hvm\": {}}}"));
    assert_int_equal(s->guest.refusals, 1);
    open_text(s, DML_SV("{\"c_info\": {}, \"b_info\": {\"type.hvm\": {}}}"));
    assert_int_equal(s->cfg.errors.v[0].class, DML_CFG_E_STORED_NO_TYPE);
}

static size_t image(char *out, uint32_t flags, const char *config, size_t n)
{
    uint32_t words[5] = {0x01020304, flags, 0, (uint32_t)n + 4, (uint32_t)n};
    memcpy(out, "Xen saved domain, xl format\n \0 \r", 32);
    memcpy(out + 32, words, sizeof words);
    memcpy(out + 52, config, n);
    memcpy(out + 52 + n, "domain", 6);
    return n + 58;
}

static void test_images(void **state)
{
    struct state *s = *state;
    static const char cfg[] = "name = \"old\"\ntype = \"hvm\"\nmemory = 64\n";
    char b[2000];
    size_t n = image(b, 3, GUEST, sizeof GUEST); /* with its NUL */
    open_text(s, (struct dml_sv){b, n});
    assert_int_equal(s->form.form, DML_FORM_IMAGE_JSON);
    assert_int_equal(s->form.config.len, sizeof GUEST - 1);
    assert_string_equal(s->guest.g.name, "web");
    assert_int_equal(dml_form_image_end((struct dml_sv){b, n}), 52 + sizeof GUEST);
    assert_int_equal(dml_form_image_end((struct dml_sv){b, 300}), 0); /* the rest may be in the file */
    uint32_t length = sizeof GUEST + 1; /* one byte more than the header has room for: no more bytes make that good */
    memcpy(b + 48, &length, sizeof length);
    assert_int_equal(dml_form_image_end((struct dml_sv){b, 300}), 300);
    length--;
    memcpy(b + 48, &length, sizeof length);
    open_text(s, (struct dml_sv){b, 300});
    assert_int_equal(s->cfg.errors.v[0].class, DML_CFG_E_IMAGE_CUT);
    n = image(b, 0, cfg, sizeof cfg - 1);
    open_text(s, (struct dml_sv){b, n});
    assert_int_equal(s->form.form, DML_FORM_IMAGE_CFG);
    assert_string_equal(s->guest.g.name, "old");
    static const struct {
        size_t at;
        char byte;
        enum dml_cfg_error_class error;
    } damage[] = {
        {32, 9, DML_CFG_E_IMAGE_BYTE_ORDER}, {36, 4, DML_CFG_E_IMAGE_FLAGS}, {46, 1, 0}, {50, 1, DML_CFG_E_IMAGE_CUT}};
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        image(b, 0, cfg, sizeof cfg - 1);
        b[damage[i].at] = damage[i].byte;
        open_text(s, (struct dml_sv){b, n});
        assert_int_equal(s->cfg.errors.n, damage[i].error != 0);
        if (damage[i].error)
            assert_int_equal(s->cfg.errors.v[0].class, damage[i].error);
    }
    n = image(b, 0, "", 0);
    open_text(s, (struct dml_sv){b, n});
    assert_int_equal(s->cfg.errors.v[0].class, DML_CFG_E_IMAGE_WITHOUT);
}

static void test_forms(void **state)
{
    (void)state;
    assert_int_equal(dml_form_find(DML_SV("name = \"x\"")).form, DML_FORM_CFG);
    assert_int_equal(dml_form_find(DML_SV("{\"name\": \"x\"}")).form, DML_FORM_CFG); /* somebody else's JSON */
    assert_int_equal(dml_form_find(DML_SV("\n {\"c_info\"")).form, DML_FORM_JSON);
    assert_int_equal(dml_form_find(DML_SV("")).form, DML_FORM_CFG);
    assert_true(dml_form_is_stored_name("userdata-d.7.010cfeed-a4a5.libxl-json"));
    assert_false(dml_form_is_stored_name("userdata-d.7.x.xl"));
    assert_false(dml_form_is_stored_name("facts.json"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {T(test_json_places), T(test_json_faults), T(test_values_and_keys),
                                       T(test_problems),    T(test_images),      T(test_forms)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
