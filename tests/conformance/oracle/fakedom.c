/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one part of libfakexen.so that needs Xen's struct xc_dom_image.  It is
 * apart from fakexen.c because xenguest.h declares the very functions that
 * fakexen.c replaces, with other types.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xenctrl.h>
#include <xenguest.h>
#if XENMINOR < 15
#include <xc_dom.h>
#endif

void fake_dom_arch(void *p);

/* Fills in what libxl reads from an image after xc_dom_boot_xen_init(). */
__attribute__((visibility("hidden"))) void fake_dom_arch(void *p)
{
    static struct xc_dom_arch hooks;
    struct xc_dom_image *dom = p;

    hooks.guest_type = "xen-3.0-x86_64";
    hooks.native_protocol = "x86_64-abi";
    hooks.page_shift = 12;
    hooks.sizeof_pfn = 8;
    if (!dom->arch_hooks)
        dom->arch_hooks = &hooks;
}
