/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* -device, -netdev and COLO's sockets and filters of emulated network interfaces (libxl_dm.c). */
#include "dmargv/walk.h"

const char *dma_mac(struct walk *w, uint32_t i)
{
    const struct nic *k = &w->nics[i];
    const uint8_t *m = k->n.mac;

    if (!k->generated_mac) {
        /* By hand: this is among the dearest lines of a preview when printf does it. */
        static const char digits[] = "0123456789abcdef";
        char text[18];
        for (int b = 0; b < 6; b++) {
            text[3 * b] = digits[m[b] >> 4];
            text[3 * b + 1] = digits[m[b] & 15];
            text[3 * b + 2] = b < 5 ? ':' : '\0';
        }
        return dma_text(w, "%s", text);
    }
    dma_note(w, DMA_NOTE_PLACEHOLDER_MAC, DMA_FIELD_VIF, (int32_t)i,
             "@MAC:%u@ stands for the address that libxl makes up for vif %u at every start", i, i);
    return dma_text(w, "@MAC:%u@", i);
}

void dma_step_arg_nics(struct walk *w, uint32_t unused)
{
    bool any = false;

    (void)unused;
    for (uint32_t i = 0; i < w->g.nics.n && !w->stop; i++) {
        if (w->nics[i].n.type != DMA_NIC_IOEMU)
            continue;
        any = true;
        dma_walk_group(w, NIC_ARGS, i);
    }
    if (!any)
        dma_arg2(w, "-net", "none");
}

void dma_step_nic_device(struct walk *w, uint32_t i)
{
    const struct dma_nic *n = &w->nics[i].n;

    dma_arg(w, "-device");
    dma_argf(w, "%s,id=nic%d,netdev=net%d,mac=%s", n->model, n->devid, n->devid, dma_mac(w, i));
}

void dma_step_nic_tap(struct walk *w, uint32_t i)
{
    int32_t devid = w->nics[i].n.devid;

    dma_arg(w, "-netdev");
    dma_argf(w, "type=tap,id=net%d,ifname=vif%u.%d-emu,script=no,downscript=no", devid, w->domid, devid);
}

void dma_step_nic_tap_bridge(struct walk *w, uint32_t i)
{
    const struct dma_nic *n = &w->nics[i].n;

    dma_arg(w, "-netdev");
    dma_argf(w, "type=tap,id=net%d,ifname=vif%u.%d-emu,br=%s,script=no,downscript=no", n->devid, w->domid, n->devid,
             n->bridge);
}

/* The last option of this name (prefix + suffix), or NULL. */
static const char *colo(const struct walk *w, uint32_t i, const char *prefix, const char *suffix)
{
    const struct dma_nic *n = &w->nics[i].n;
    size_t len = strlen(prefix);

    for (uint32_t k = n->n_colo; k > 0; k--) {
        const struct dma_key_value *o = &n->colo[k - 1];

        if (strncmp(o->key, prefix, len) == 0 && strcmp(o->key + len, suffix) == 0)
            return o->value;
    }
    return NULL;
}

static void filter(struct walk *w, uint32_t i, const char *kind, const char *id, const char *prefix, const char *end)
{
    const char *queue = colo(w, i, prefix, "_queue"), *device = colo(w, i, prefix, end);

    if (!queue || !device)
        return;
    dma_arg(w, "-object");
    dma_argf(w, "%s,id=%s,netdev=net%d,queue=%s,%s=%s", kind, id, w->nics[i].n.devid, queue, end + 1, device);
}

void dma_step_nic_colo_sockets(struct walk *w, uint32_t i)
{
    static const struct {
        const char *prefix;
        bool listens;
    } sockets[] = {
#define COLO_SOCKET(prefix, listens) {prefix, listens},
#include "dmargv/colo.def"
#undef COLO_SOCKET
    };

    if (!w->nics[i].n.n_colo)
        return;
    for (size_t s = 0; s < sizeof sockets / sizeof sockets[0]; s++) {
        const char *id = colo(w, i, sockets[s].prefix, "_id"), *ip = colo(w, i, sockets[s].prefix, "_ip"),
                   *port = colo(w, i, sockets[s].prefix, "_port");

        if (!id || !ip || !port)
            continue;
        dma_arg(w, "-chardev");
        dma_argf(w, "socket,id=%s,host=%s,port=%s%s%s", id, ip, port, sockets[s].listens ? "," : "",
                 sockets[s].listens ? SPELLED(w, SOCKET_SERVER) : "");
    }
    filter(w, i, "filter-mirror", "m1", "colo_filter_mirror", "_outdev");
    filter(w, i, "filter-redirector", "r1", "colo_filter_redirector0", "_indev");
    filter(w, i, "filter-redirector", "r2", "colo_filter_redirector1", "_outdev");
}

static void compare(struct walk *w, uint32_t i, const char *iothread)
{
    const char *primary = colo(w, i, "colo_compare_pri_in", ""), *secondary = colo(w, i, "colo_compare_sec_in", "");
    const char *out = colo(w, i, "colo_compare_out", ""), *notify = colo(w, i, "colo_compare_notify_dev", "");

    if (!primary || !secondary || !out || !notify)
        return;
    if (iothread) {
        dma_arg(w, "-object");
        dma_argf(w, "iothread,id=%s", iothread);
    }
    dma_arg(w, "-object");
    dma_argf(w, "colo-compare,id=c1,primary_in=%s,secondary_in=%s,outdev=%s,notify_dev=%s%s%s", primary, secondary, out,
             notify, iothread ? ",iothread=" : "", iothread ? iothread : "");
}

void dma_step_nic_colo_compare(struct walk *w, uint32_t i)
{
    compare(w, i, NULL);
}

void dma_step_nic_colo_compare_iothread(struct walk *w, uint32_t i)
{
    compare(w, i, "colo-compare-iothread-1");
}
