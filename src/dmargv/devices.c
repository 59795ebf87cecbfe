/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices other than disks, before QEMU is started, and whether a PV or PVH guest needs QEMU: libxl__need_xenpv_qemu.
 */
#include "dmargv/walk.h"

/* libxl__device_nic_setdefault, libxl__device_nic_set_devids (libxl_nic.c) */
void dma_step_nic_defaults(struct walk *w, uint32_t i)
{
    static const uint8_t none[6];
    struct nic *k = &w->nics[i];
    uint32_t domid;

    if (!k->n.model)
        k->n.model = "rtl8139";
    k->generated_mac = memcmp(k->n.mac, none, sizeof none) == 0;
    if (!k->n.bridge)
        k->n.bridge = "xenbr0";
    if (!dma_backend(w, k->n.backend_domname, DMA_FIELD_VIF, i, &domid)) {
        dma_refuse_at(w, DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN, DMA_FIELD_VIF, i, "backend",
                      "there is no running domain %s to serve the interface", k->n.backend_domname);
        return;
    }
    if (w->g.type == DMA_HVM) {
        if (k->n.type == DMA_NIC_UNSET)
            k->n.type = DMA_NIC_IOEMU;
    } else if (k->n.type == DMA_NIC_IOEMU) {
        dma_refuse_at(w, DMA_REFUSAL_EMULATED_NIC_ON_PV, DMA_FIELD_VIF, i, "type",
                      "a PV or PVH guest cannot have an emulated network interface");
        return;
    }
    /* The numbers of those without one count from 0, whatever numbers others were given. */
    if (k->n.devid < 0)
        k->n.devid = w->next_nic_devid++;
}

/* libxl__init_console_from_channel (libxl_console.c) */
void dma_step_channel_numbers(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.channels.n; k++) {
        if (w->channels[k].devid == DMA_DEVID_UNSET)
            w->channels[k].devid = (int32_t)k + 1;
    }
}

void dma_step_channels_checked(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.channels.n && !w->stop; k++) {
        const struct dma_channel *c = &w->channels[k];

        if (!c->name)
            dma_refuse_at(w, DMA_REFUSAL_CHANNEL_INCOMPLETE, DMA_FIELD_CHANNEL, k, "name", "the channel has no name");
        else if (!dma_backend(w, c->backend_domname, DMA_FIELD_CHANNEL, k, &w->channel_domids[k]))
            dma_refuse_at(w, DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN, DMA_FIELD_CHANNEL, k, "backend",
                          "there is no running domain %s to serve the channel", c->backend_domname);
        else if (c->connection == DMA_CHANNEL_UNSET || (c->connection == DMA_CHANNEL_SOCKET && !c->path))
            dma_refuse_at(w, DMA_REFUSAL_CHANNEL_INCOMPLETE, DMA_FIELD_CHANNEL, k, "connection",
                          "the channel %s does not say where it connects to", c->name);
    }
}

void dma_step_vkbs_checked(struct walk *w, uint32_t i)
{
    uint32_t domid;

    (void)i;
    for (uint32_t k = 0; k < w->g.vkbs.n && !w->stop; k++) {
        if (!dma_backend(w, w->vkbs[k].backend_domname, DMA_FIELD_VKB, k, &domid))
            dma_refuse_at(w, DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN, DMA_FIELD_VKB, k, "backend",
                          "there is no running domain %s to serve the keyboard", w->vkbs[k].backend_domname);
    }
}

/* libxl__device_vfb_setdefault; the first one gives QEMU its display. */
void dma_step_vfb_defaults(struct walk *w, uint32_t i)
{
    struct dma_vfb *vfb = w->vfbs;

    (void)i;
    if (!w->g.vfbs.n)
        return;
    w->needs_qemu = true;
    dma_default(&vfb->vnc.enable, true);
    if (dma_yes(vfb->vnc.enable)) {
        if (!vfb->vnc.listen)
            vfb->vnc.listen = "127.0.0.1";
        dma_default(&vfb->vnc.findunused, true);
        w->vnc = &vfb->vnc;
    }
    dma_default(&vfb->sdl.enable, false);
    if (dma_yes(vfb->sdl.enable))
        w->sdl = &vfb->sdl;
}

void dma_step_p9s_need_qemu(struct walk *w, uint32_t i)
{
    (void)i;
    w->needs_qemu |= w->g.p9s.n > 0;
}

/* The type's default is set only later, when the device is added: one without type does not count here. */
void dma_step_p9s_of_qemu_need_it(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.p9s.n; k++)
        w->needs_qemu |= w->g.p9s.v[k].type == DMA_P9_QEMU;
}

void dma_step_devices_need_qemu(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.disks.n; k++)
        w->needs_qemu |= w->disks[k].d.backend == DMA_BACKEND_QDISK && w->disks[k].backend_domid == 0;
    for (uint32_t k = 0; k < w->g.usbctrls.n; k++)
        w->needs_qemu |= w->g.usbctrls.v[k].type == DMA_USBCTRL_QUSB;
    for (uint32_t k = 0; k < w->g.channels.n; k++)
        w->needs_qemu |= w->channel_domids[k] == 0;
}

static void served(struct walk *w, const char *backend, enum dma_field field, uint32_t i)
{
    uint32_t domid;

    if (!w->stop && !dma_backend(w, backend, field, i, &domid))
        dma_refuse_at(w, DMA_REFUSAL_BACKEND_DOMAIN_UNKNOWN, field, i, "backend",
                      "there is no running domain %s to serve the device", backend);
}

void dma_step_virtio_backends(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.virtios.n; k++)
        served(w, w->g.virtios.v[k].backend_domname, DMA_FIELD_VIRTIO, k);
}

void dma_step_attach_nics(struct walk *w, uint32_t unused)
{
    struct numbers seen = dma_numbers(w, w->g.nics.n);

    (void)unused;
    for (uint32_t i = 0; i < w->g.nics.n && !w->stop; i++) {
        if (dma_number_seen(&seen, (uint32_t)w->nics[i].n.devid, false))
            dma_refuse_at(w, DMA_REFUSAL_NIC_TWICE, DMA_FIELD_VIF, i, "devid", "two interfaces have the number %d",
                          w->nics[i].n.devid);
    }
}

void dma_step_attach_vtpms(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.vtpms.n; k++)
        served(w, w->g.vtpms.v[k].backend_domname, DMA_FIELD_VTPM, k);
}

static void bad_usbctrl(struct walk *w, uint32_t i, const char *sub, const char *what, int32_t number)
{
    dma_refuse_at(w, DMA_REFUSAL_USB_CONTROLLER, DMA_FIELD_USBCTRL, i, sub, "the USB controller %u cannot have %s %d",
                  i, what, number);
}

/* libxl__device_usbctrl_setdefault (libxl_usb.c): QEMU's controllers have as many ports as they have. */
void dma_step_attach_emulated_usbctrls(struct walk *w, uint32_t i)
{
    static const struct {
        int32_t least, most;
    } ports[] = {{0, 0}, {2, 2}, {6, 6}, {INT32_MIN, 15}};

    (void)i;
    for (uint32_t k = 0; k < w->g.usbctrls.n && !w->stop; k++) {
        const struct dma_usbctrl *u = &w->g.usbctrls.v[k];
        int32_t version = u->version ? u->version : 2;

        bool automatic = u->type == DMA_USBCTRL_AUTO && w->g.type == DMA_HVM;

        if (!automatic && u->type != DMA_USBCTRL_DEVICEMODEL)
            continue;
        if (w->g.type != DMA_HVM)
            dma_refuse_at(w, DMA_REFUSAL_USB_EMULATED_ON_PV, DMA_FIELD_USBCTRL, k, "type",
                          "the USB controller %u is to be emulated, which it cannot be for a PV or PVH guest", k);
        else if (version < 1 || version > 3)
            bad_usbctrl(w, k, "version", "the version", version);
        else if (u->ports && (u->ports < ports[version].least || u->ports > ports[version].most))
            bad_usbctrl(w, k, "ports", "a number of ports of", u->ports);
        else
            served(w, u->backend_domname, DMA_FIELD_USBCTRL, k);
    }
}

void dma_step_attach_pv_usbctrls(struct walk *w, uint32_t i)
{
    enum { MAX_PORTS = 31 };

    (void)i;
    for (uint32_t k = 0; k < w->g.usbctrls.n && !w->stop; k++) {
        const struct dma_usbctrl *u = &w->g.usbctrls.v[k];
        bool automatic = u->type == DMA_USBCTRL_AUTO && w->g.type != DMA_HVM;

        if (!automatic && u->type != DMA_USBCTRL_PV && u->type != DMA_USBCTRL_QUSB)
            continue;
        if (u->version < 0 || u->version > 2)
            bad_usbctrl(w, k, "version", "the version", u->version);
        else if (u->ports < 0 || u->ports > MAX_PORTS)
            bad_usbctrl(w, k, "ports", "a number of ports of", u->ports);
        else
            served(w, u->backend_domname, DMA_FIELD_USBCTRL, k);
    }
}

static void bad_usbdev(struct walk *w, uint32_t i, const char *sub, const char *why)
{
    dma_refuse_at(w, DMA_REFUSAL_USB_DEVICE, DMA_FIELD_USBDEV, i, sub, "the USB device %u cannot be passed through: %s",
                  i, why);
}

/* A controller that the config asks for, in dom0: its number is its place in the list. */
static bool usb_controller(struct walk *w, uint32_t i)
{
    int32_t ctrl = w->g.usbdevs.v[i].ctrl;
    uint32_t domid;

    if (ctrl == DMA_DEVID_UNSET)
        return true;
    if (ctrl < 0 || (uint32_t)ctrl >= w->g.usbctrls.n)
        bad_usbdev(w, i, "controller", "there is no such controller in usbctrl");
    else if (dma_backend(w, w->g.usbctrls.v[ctrl].backend_domname, DMA_FIELD_USBCTRL, (uint32_t)ctrl, &domid) && domid)
        bad_usbdev(w, i, "controller", "another domain serves its controller");
    return !w->stop;
}

/* is_usbdev_assignable: a device of the host, and no hub */
static void usb_assignable(struct walk *w, uint32_t i)
{
    const struct dma_usbdev *d = &w->g.usbdevs.v[i];
    bool possible = d->hostbus && d->hostaddr;

    for (uint32_t k = 0; k < w->h.usb.n; k++)
        if (w->h.usb.v[k].bus == d->hostbus && w->h.usb.v[k].addr == d->hostaddr && !w->h.usb.v[k].hub)
            return;
    if (possible && w->h.usb_known != DMA_LIST_COMPLETE)
        dma_doubt(w, DMA_NOTE_USB_UNKNOWN, DMA_FIELD_USBDEV, (int32_t)i,
                  "whether the host has a USB device %u:%u is not known; libxl refuses the guest if not", d->hostbus,
                  d->hostaddr);
    if (!possible || w->h.usb_known != DMA_LIST_UNKNOWN)
        bad_usbdev(w, i, "hostaddr", "the host has none with this hostbus and hostaddr, or it is a hub");
    w->doubt = DMA_NOTE_NONE;
}

/* libxl__device_usbdev_add (libxl_usb.c) */
void dma_step_attach_usbdevs(struct walk *w, uint32_t unused)
{
    (void)unused;
    for (uint32_t i = 0; i < w->g.usbdevs.n && !w->stop; i++) {
        const struct dma_usbdev *d = &w->g.usbdevs.v[i];

        if (!usb_controller(w, i))
            return;
        /* What is certain first: libxl looks for the device before the port, which changes only what it says. */
        if (d->ctrl == DMA_DEVID_UNSET && d->port)
            bad_usbdev(w, i, "port", "it has a port, but no controller");
        else
            usb_assignable(w, i);
        for (uint32_t j = 0; j < i && !w->stop; j++)
            if (w->g.usbdevs.v[j].hostbus == d->hostbus && w->g.usbdevs.v[j].hostaddr == d->hostaddr)
                bad_usbdev(w, i, "hostaddr", "it is in the list twice");
    }
}

/* Up to 4.12 Xen refuses the device itself, once QEMU has it. */
void dma_step_attach_pci_with_iommu(struct walk *w, uint32_t i)
{
    (void)i;
    if (!w->g.pcidevs.n)
        return;
    if (w->h.iommu == DMA_NO)
        dma_refuse(w, DMA_REFUSAL_NO_IOMMU, DMA_FIELD_PCI,
                   "Xen uses no IOMMU, without which nothing is passed through");
    else if (w->h.iommu == DMA_UNSET)
        dma_note(w, DMA_NOTE_IOMMU_UNKNOWN, DMA_FIELD_PCI, -1,
                 "whether Xen uses an IOMMU is not known; Xen refuses the devices if not");
}

/* libxl__device_pci_add (libxl_pci.c) takes what pciback holds; seize=1 has it bound first. */
void dma_step_attach_pcidevs(struct walk *w, uint32_t i)
{
    (void)i;
    if (w->h.pci_known != DMA_LIST_COMPLETE) {
        if (w->g.pcidevs.n)
            dma_note(
                w, DMA_NOTE_PCI_UNKNOWN, DMA_FIELD_PCI, -1,
                "the host's PCI devices are not known; libxl gives up where one is not there or not bound to pciback");
        return;
    }
    for (uint32_t k = 0; k < w->g.pcidevs.n && !w->stop; k++) {
        const struct dma_pci *p = &w->g.pcidevs.v[k];
        bool assignable = p->name != NULL;

        for (uint32_t j = 0; j < w->h.pci.n && !assignable; j++) {
            const struct dma_host_pci *d = &w->h.pci.v[j];

            assignable = d->domain == p->domain && d->bus == p->bus && d->dev == p->dev && d->func == p->func &&
                         (p->seize || !d->driver || strcmp(d->driver, "pciback") == 0);
        }
        if (!assignable)
            dma_refuse_at(w, DMA_REFUSAL_PCI_NOT_ASSIGNABLE, DMA_FIELD_PCI, k, NULL,
                          "the PCI device %04x:%02x:%02x.%x cannot be passed through: it is not there or not bound to "
                          "pciback",
                          p->domain, p->bus, p->dev, p->func);
    }
}

void dma_step_attach_displays_and_sound(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.vdispls.n; k++)
        served(w, w->g.vdispls.v[k].backend_domname, DMA_FIELD_VDISPL, k);
    for (uint32_t k = 0; k < w->g.vsnds.n; k++)
        served(w, w->g.vsnds.v[k].backend_domname, DMA_FIELD_VSND, k);
}

/* libxl__device_p9_setdefault (libxl_9pfs.c) */
void dma_step_attach_p9s(struct walk *w, uint32_t i)
{
    (void)i;
    for (uint32_t k = 0; k < w->g.p9s.n && !w->stop; k++) {
        const struct dma_p9 *p = &w->g.p9s.v[k];
        bool daemon = p->type == DMA_P9_XEN_9PFSD;
        bool limits = p->max_files || p->max_open_files || p->max_space || p->auto_delete;

        if ((!daemon && limits) || !p->path || !p->security_model || (!p->tag && !daemon))
            dma_refuse_at(w, DMA_REFUSAL_P9_INCOMPLETE, DMA_FIELD_P9, k, NULL, "the 9pfs device %u is not complete", k);
        else
            served(w, p->backend_domname, DMA_FIELD_P9, k);
    }
}

/* libxl__spawn_stub_dm: QEMU runs in a domain of its own. */
void dma_step_stubdom(struct walk *w, uint32_t i)
{
    (void)i;
    if (!dma_yes(w->g.device_model_stubdomain))
        return;
    w->stubdom = true;
    dma_note(w, DMA_NOTE_STUBDOM, DMA_FIELD_DEVICE_MODEL_STUBDOMAIN_OVERRIDE, -1,
             "the device model runs in a stub domain, not in dom0");
}
