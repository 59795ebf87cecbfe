/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All other arguments of qemu-xen, and its environment: libxl__build_device_model_args_new (libxl_dm.c). */
#include "dmargv/walk.h"

/* XSA-180: a limit for what QEMU may write to its log. */
void dma_step_env_console_limit(struct walk *w, uint32_t i)
{
    (void)i;
    dma_env(w, "XEN_QEMU_CONSOLE_LIMIT", "1048576");
}

void dma_step_env_domain_id(struct walk *w, uint32_t i)
{
    (void)i;
    dma_env(w, "XEN_DOMAIN_ID", dma_text(w, "%u", w->domid));
}

void dma_step_arg_domid(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, w->program);
    dma_arg(w, "-xen-domid");
    dma_argf(w, "%u", w->domid);
}

void dma_step_arg_no_shutdown(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-no-shutdown");
}

/* A socket that libxl opened and QEMU inherits comes with paused CPUs (-S), until libxl has spoken to it. */
void dma_step_arg_monitor_socket(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-chardev");
    if (w->result->process.qmp_preopened) {
        dma_argf(w, "socket,id=libxl-cmd,fd=@QMP_FD@,%s", SPELLED(w, SOCKET_SERVER));
        dma_arg(w, "-S");
        dma_note(w, DMA_NOTE_PLACEHOLDER_QMP_FD, DMA_FIELD_DM_RESTRICT, -1,
                 "@QMP_FD@ stands for the number of the monitor's socket, which libxl opens and QEMU inherits");
    } else {
        dma_argf(w, "socket,id=libxl-cmd,path=%s/qmp-libxl-%u,%s", w->h.run_dir, w->domid, SPELLED(w, SOCKET_SERVER));
    }
}

void dma_step_arg_monitors(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg2(w, "-mon", "chardev=libxl-cmd,mode=control");
    dma_arg(w, "-chardev");
    dma_argf(w, "socket,id=libxenstat-cmd,path=%s/qmp-libxenstat-%u,%s", w->h.run_dir, w->domid,
             SPELLED(w, SOCKET_SERVER));
    dma_arg2(w, "-mon", "chardev=libxenstat-cmd,mode=control");
}

void dma_step_arg_channels(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.channels.n; k++) {
        const struct dma_channel *c = &w->channels[k];

        dma_arg(w, "-chardev");
        if (c->connection == DMA_CHANNEL_PTY)
            dma_argf(w, "pty,id=libxl-channel%d", c->devid);
        else
            dma_argf(w, "socket,id=libxl-channel%d,path=%s,%s", c->devid, c->path, SPELLED(w, SOCKET_SERVER));
    }
}

void dma_step_arg_no_defaults(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-nodefaults");
    dma_arg(w, "-no-user-config");
}

void dma_step_arg_attach(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-xen-attach");
}

void dma_step_arg_name(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.name)
        dma_arg2(w, "-name", w->g.name);
}

void dma_step_arg_kernel(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.kernel)
        dma_arg2(w, "-kernel", w->g.kernel);
    if (w->g.ramdisk)
        dma_arg2(w, "-initrd", w->g.ramdisk);
    if (w->g.cmdline)
        dma_arg2(w, "-append", w->g.cmdline);
}

void dma_step_arg_serial(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.hvm.serial && w->g.hvm.serial_list.v) {
        dma_refuse(w, DMA_REFUSAL_SERIAL_TWICE, DMA_FIELD_SERIAL, "serial is set both as a text and as a list");
        return;
    }
    if (w->g.hvm.serial)
        dma_arg2(w, "-serial", w->g.hvm.serial);
    for (uint32_t k = 0; k < w->g.hvm.serial_list.n; k++)
        dma_arg2(w, "-serial", w->g.hvm.serial_list.v[k]);
}

void dma_step_arg_boot(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-boot");
    dma_argf(w, "order=%s", w->g.hvm.boot);
}

/* -usb with its devices. False: no such thing is asked for, or the walk has ended. */
bool dma_usb_devices(struct walk *w)
{
    const struct dma_guest *g = &w->g;

    if (!dma_yes(g->hvm.usb) && !g->hvm.usbdevice && !g->hvm.usbdevice_list.n)
        return false;
    if (g->hvm.usbdevice && g->hvm.usbdevice_list.n) {
        dma_refuse(w, DMA_REFUSAL_USBDEVICE_TWICE, DMA_FIELD_USBDEVICE,
                   "usbdevice is set both as a text and as a list");
        return false;
    }
    dma_arg(w, "-usb");
    if (g->hvm.usbdevice)
        dma_arg2(w, "-usbdevice", g->hvm.usbdevice);
    for (uint32_t k = 0; k < g->hvm.usbdevice_list.n; k++)
        dma_arg2(w, "-usbdevice", g->hvm.usbdevice_list.v[k]);
    return true;
}

void dma_step_arg_usb(struct walk *w, uint32_t unused)
{
    int32_t redirections = w->g.hvm.spice.usbredirection;

    (void)unused;
    if (dma_usb_devices(w) || w->stop || !w->g.hvm.usbversion)
        return;
    switch (w->g.hvm.usbversion) {
    case 1:
        dma_arg2(w, "-device", "piix3-usb-uhci,id=usb");
        break;
    case 2: /* an EHCI controller with its three companions */
        dma_arg2(w, "-device", "ich9-usb-ehci1,id=usb,addr=0x1d.0x7,multifunction=on");
        for (unsigned i = 0; i < 3; i++) {
            dma_arg(w, "-device");
            dma_argf(w, "ich9-usb-uhci%u,masterbus=usb.0,firstport=%u,addr=0x1d.%#x,multifunction=on", i + 1, 2 * i, i);
        }
        break;
    case 3:
        dma_arg2(w, "-device", "nec-usb-xhci,id=usb");
        break;
    default:
        dma_refuse(w, DMA_REFUSAL_USB_VERSION, DMA_FIELD_USBVERSION, "there is no usbversion %d", w->g.hvm.usbversion);
        return;
    }
    if (redirections < 0 || redirections > 4) {
        dma_refuse(w, DMA_REFUSAL_USB_REDIRECTION, DMA_FIELD_SPICEUSBREDIRECTION,
                   "%d USB redirections are too many or too few", redirections);
        return;
    }
    for (int32_t i = 1; i <= redirections; i++) {
        dma_arg(w, "-chardev");
        dma_argf(w, "spicevmc,name=usbredir,id=usbrc%d", i);
        dma_arg(w, "-device");
        dma_argf(w, "usb-redir,chardev=usbrc%d,id=usbrc%d", i, i);
    }
}

void dma_step_arg_no_acpi(struct walk *w, uint32_t i)
{
    (void)i;
    if (!dma_yes(w->g.acpi))
        dma_arg(w, "-no-acpi");
}

void dma_step_arg_smp(struct walk *w, uint32_t i)
{
    (void)i;
    if ((int32_t)w->g.max_vcpus <= 1)
        return;
    dma_arg(w, "-smp");
    dma_argf(w, "%u,maxcpus=%u", w->g.avail_vcpus, w->g.max_vcpus);
}

void dma_step_arg_restrict(struct walk *w, uint32_t i)
{
    (void)i;
    w->result->process.restricted = w->g.dm_restrict;
    if (dma_yes(w->g.dm_restrict))
        dma_arg(w, "-xen-domid-restrict");
}

/* libxl asks QEMU, and falls back to the old options where it gets no answer. */
void dma_step_caps_known(struct walk *w, uint32_t i)
{
    bool unknown = w->h.run_with_chroot == DMA_UNSET || w->h.run_with_user == DMA_UNSET;

    (void)i;
    if (unknown && (dma_yes(w->g.dm_restrict) || w->result->process.runas))
        dma_note(w, DMA_NOTE_CAPS_UNKNOWN, DMA_FIELD_DM_RESTRICT, -1,
                 "what QEMU can do is not known; -chroot and -runas are what libxl gives to one without -run-with");
}

void dma_step_arg_chroot(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->result->process.chroot_dir)
        dma_arg2(w, "-chroot", w->result->process.chroot_dir);
}

void dma_step_arg_run_with_chroot(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->result->process.chroot_dir)
        return;
    dma_arg(w, "-run-with");
    dma_argf(w, "chroot=%s", w->result->process.chroot_dir);
}

static void strings(struct walk *w, const struct dma_strings *list)
{
    for (uint32_t k = 0; k < list->n; k++)
        dma_arg(w, list->v[k]);
}

void dma_step_arg_extra(struct walk *w, uint32_t i)
{
    (void)i;
    strings(w, &w->g.extra);
}

void dma_step_arg_machine_pv(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg2(w, "-machine", "xenpv");
    strings(w, &w->g.extra_pv);
}

/* libxl__is_igd_vga_passthru (libxl_pci.c) */
static bool is_igd_passed_through(struct walk *w)
{
    enum { INTEL = 0x8086, VGA = 0x030000, OTHER_DISPLAY = 0x038000 };

    for (uint32_t k = 0; k < w->g.pcidevs.n; k++) {
        const struct dma_pci *p = &w->g.pcidevs.v[k];

        for (uint32_t j = 0; j < w->h.pci.n; j++) {
            const struct dma_host_pci *d = &w->h.pci.v[j];

            if (d->domain == p->domain && d->bus == p->bus && d->dev == p->dev && d->func == p->func &&
                d->vendor == INTEL && (d->class_code == VGA || d->class_code == OTHER_DISPLAY))
                return true;
        }
    }
    return false;
}

static bool wants_igd(struct walk *w)
{
    if (!dma_yes(w->g.hvm.gfx_passthru))
        return false;
    if (w->g.hvm.gfx_passthru_kind == DMA_GFX_IGD || is_igd_passed_through(w))
        return true;
    if (w->h.pci_known != DMA_LIST_COMPLETE && w->g.pcidevs.n) {
        dma_note(w, DMA_NOTE_PCI_UNKNOWN, DMA_FIELD_GFX_PASSTHRU, -1,
                 "the host's PCI devices are not known; one of those passed through is taken to be Intel graphics");
        return true;
    }
    dma_refuse(w, DMA_REFUSAL_GFX_UNDETECTED, DMA_FIELD_GFX_PASSTHRU,
               "gfx_passthru is set, but no Intel graphics device is passed through");
    return false;
}

void dma_step_arg_machine(struct walk *w, uint32_t i)
{
    const uint64_t four_gib = UINT64_C(1) << 32, highest = UINT64_C(0xf0000000);
    const char *machine = dma_yes(w->g.hvm.xen_platform_pci) ? SPELLED(w, MACHINE_XENFV) : SPELLED(w, MACHINE_PC);
    uint64_t below = four_gib - (w->g.hvm.mmio_hole_memkb << 10);
    bool igd = wants_igd(w);

    (void)i;
    if (w->stop)
        return;
    dma_arg(w, "-machine");
    if (w->g.hvm.mmio_hole_memkb && below <= highest)
        dma_argf(w, "%s,max-ram-below-4g=%llu%s", machine, (unsigned long long)below, igd ? ",igd-passthru=on" : "");
    else
        dma_arg(w, igd ? dma_text(w, "%s,igd-passthru=on", machine) : machine);
    strings(w, &w->g.extra_hvm);
}

void dma_step_arg_memory(struct walk *w, uint32_t i)
{
    (void)i;
    dma_arg(w, "-m");
    dma_argf(w, "%u", dma_mib(w->g.max_memkb - w->g.video_memkb));
}

void dma_step_arg_vendor_device(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->g.hvm.vendor_device == DMA_VENDOR_DEVICE_XENSERVER)
        dma_arg2(w, "-device", "xen-pvdevice,device-id=0xc000");
}

void dma_step_arg_runas(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->result->process.runas)
        dma_arg2(w, "-runas", w->result->process.runas);
}

void dma_step_arg_run_with_user(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->result->process.runas)
        return;
    dma_arg(w, "-run-with");
    dma_argf(w, "user=%s", w->result->process.runas);
}
