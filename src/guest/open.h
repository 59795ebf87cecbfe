/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * open: guests in any form: xl.cfg, what libxl stored of a running guest
 * (/var/lib/xen/userdata-d.DOMID.UUID.libxl-json), and the config in an image of xl save.
 *
 * Mirrors libxl_domain_config of libxl_types.idl in its JSON form (4.10 .. 4.22; gentypes.py, libxl_json.c), and the
 * header of tools/xl/xl.h (struct save_file_header). What is read ends up in the same struct dml_guest, with the keys
 * and sub-keys of xl.cfg that its values stand for, so that rules, findings and libdmargv need not know the
 * difference. Values that libxl filled in (its defaults) are there like written ones.
 */
#ifndef DML_GUEST_OPEN_H
#define DML_GUEST_OPEN_H

#include "guest/guest.h"

enum dml_form {
    DML_FORM_CFG,       /* xl.cfg */
    DML_FORM_JSON,      /* libxl's JSON */
    DML_FORM_IMAGE_CFG, /* an image of xl save with xl.cfg in it, as xl wrote them before 4.5 */
    DML_FORM_IMAGE_JSON /* an image of xl save */
};

struct dml_form_of {
    enum dml_form form;
    struct dml_sv config; /* the config: all of the text, or the part of an image */
    uint8_t fault;        /* enum dml_cfg_error_class of a damaged image; only where `damaged` */
    _Bool damaged;
};

/*
 * What a text is, by its first bytes: an image has xl's magic, JSON begins with `{` and has "c_info" soon. The config
 * of an image is cut to what is there of it, which is then `damaged`.
 */
struct dml_form_of dml_form_find(struct dml_sv text);

/* Is it an image of which `text`, its first bytes, holds the whole config? Then the end of that, else 0. */
size_t dml_form_image_end(struct dml_sv text);

/* Does the name look like that of a config which libxl stored: userdata-d.*.libxl-json? */
_Bool dml_form_is_stored_name(const char *name);

/*
 * Reads a guest of any form: dml_cfg_parse and dml_guest_read for xl.cfg; else `cfg` has no items, and a damaged text
 * has an error in cfg->errors. `cfg` and `guest` point into the text and the arena; spans count from the config's first
 * byte (form->config). DML_ENOMEM, DML_ETOOBIG.
 */
int dml_guest_open(struct dml_guest *guest, struct dml_cfg *cfg, struct dml_form_of *form, struct dml_arena *a,
                   struct dml_xlu *xlu, struct dml_sv text, dml_version xen, const struct dml_guest_host *host,
                   struct dml_err *err);

#endif
