/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of libdmargv's public functions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dmargv/dmargv.h"

static void test_builder__refuses_nonsense(void **state)
{
    struct dma_guest guest;
    struct dma_target target = {.size = sizeof target, .xen = DMA_XEN(4, 9, 0), .domid = 1};
    const struct dma_result *result = NULL;
    struct dma_builder *b = NULL;

    (void)state;
    assert_int_equal(dma_builder_new(NULL, NULL), DMA_EINVAL);
    assert_int_equal(dma_builder_new(NULL, &b), DMA_OK);
    dma_guest_init(&guest);
    assert_int_equal(dma_build(b, &guest, NULL, &target, &result), DMA_EINVAL);
    assert_int_equal(dma_build(b, NULL, NULL, &target, &result), DMA_EINVAL);
    assert_null(result);
    dma_builder_free(b);
    dma_builder_free(NULL);
}

static void *no_memory(void *user, size_t size)
{
    (void)user, (void)size;
    return NULL;
}

static void nothing(void *user, void *p)
{
    (void)user, (void)p;
}

static void test_builder__out_of_memory_is_an_error(void **state)
{
    const struct dma_allocator broke = {no_memory, nothing, NULL};
    struct dma_builder *b = NULL;

    (void)state;
    assert_int_equal(dma_builder_new(&broke, &b), DMA_ENOMEM);
    assert_null(b);
}

static void test_catalogues__have_names(void **state)
{
    (void)state;
    assert_string_equal(dma_field_key(DMA_FIELD_DM_RESTRICT), "dm_restrict");
    assert_null(dma_field_key(DMA_FIELD_COUNT));
    assert_null(dma_refusal_name(DMA_REFUSAL_COUNT));
    assert_null(dma_note_name(DMA_NOTE_COUNT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builder__refuses_nonsense),
        cmocka_unit_test(test_builder__out_of_memory_is_an_error),
        cmocka_unit_test(test_catalogues__have_names),
    };

    return cmocka_run_group_tests_name("dmargv", tests, NULL, NULL);
}
