/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded before QEMU's libraries: it then takes this machine for one with Xen, and goes on to judge the rest of its
 * options. */
static int handle;

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags);
void *xenforeignmemory_open(void *logger, unsigned flags);
void *xendevicemodel_open(void *logger, unsigned flags);

void *xc_interface_open(void *logger, void *dombuild_logger, unsigned flags)
{
    (void)logger, (void)dombuild_logger, (void)flags;
    return &handle;
}

void *xenforeignmemory_open(void *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return &handle;
}

void *xendevicemodel_open(void *logger, unsigned flags)
{
    (void)logger, (void)flags;
    return &handle;
}
