/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 (FIPS 180-4), for naming contents, not for secrets. */
#ifndef DML_BASE_SHA256_H
#define DML_BASE_SHA256_H

#include <stdint.h>

#include "base/sv.h"

struct dml_sha256 {
    uint32_t h[8];
    uint64_t len;
    uint8_t block[64];
};
void dml_sha256_init(struct dml_sha256 *s);
void dml_sha256_add(struct dml_sha256 *s, struct dml_sv text);
/* The digest; the state is used up. */
void dml_sha256_end(struct dml_sha256 *s, uint8_t digest[32]);
/* The same as 64 hexadecimal digits and a NUL. Returns hex. */
char *dml_sha256_hex(struct dml_sha256 *s, char hex[65]);

#endif
