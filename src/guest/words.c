/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tables of words, and how xl and libxl compare. */
#include <strings.h>

#include "guest/read.h"

/* clang-format off */
#define WORDS(table)             const struct dml_word dml_words_##table[] = {
#define WORD(text, value, since) {text, value, since},
#define END                      {NULL, 0, 0}};
/* clang-format on */
#include "guest/words.def"
#undef WORDS
#undef WORD
#undef END

_Bool dml_word_any_case(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value)
{
    for (; words->text; words++)
        if (dml_word_known(words, xen) && strlen(words->text) == text.len &&
            !strncasecmp(words->text, text.p, text.len)) {
            *value = words->value;
            return 1;
        }
    return 0;
}

_Bool dml_word_exact(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value)
{
    for (; words->text; words++)
        if (dml_word_known(words, xen) && dml_sv_is(text, words->text)) {
            *value = words->value;
            return 1;
        }
    return 0;
}

_Bool dml_word_begin(const struct dml_word *words, dml_version xen, struct dml_sv text, int32_t *value)
{
    for (; words->text; words++)
        if (dml_word_known(words, xen) && dml_sv_starts(dml_sv_of(words->text), text)) {
            *value = words->value;
            return 1;
        }
    return 0;
}
