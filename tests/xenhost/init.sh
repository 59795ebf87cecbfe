#!/bin/bash
# Pid 1 of the dom0: no systemd, only what Xen's tools need. Runs /share/dom0.sh and powers off, or gives a shell.
export PATH=/share/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LD_LIBRARY_PATH=/share/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev 2>/dev/null
# claim_lock of Xen's hotplug scripts spins without /dev/stdin
ln -sfn /proc/self/fd/0 /dev/stdin; ln -sfn /proc/self/fd/1 /dev/stdout; ln -sfn /proc/self/fd/2 /dev/stderr; ln -sfn /proc/self/fd /dev/fd
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts; mount -t tmpfs shm /dev/shm; mount -t tmpfs run /run
mkdir -p /run/lock /run/xen; mount -o remount,rw /
hostname dom0; ip link set lo up
modprobe -a xen-evtchn xen-gntdev xen-gntalloc xen-privcmd xen-blkback xen-netback tun bridge loop xenfs 9pnet_virtio 9p 2>/dev/null
/lib/systemd/systemd-udevd --daemon; udevadm trigger --type=subsystems; udevadm settle # hotplug scripts need it
mount -t xenfs xenfs /proc/xen
mkdir -p /share; mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /share
if [ -e /share/dom0.sh ]; then
    bash /share/dom0.sh >/share/dom0.log 2>&1
    sync; mount -o remount,ro /; echo o >/proc/sysrq-trigger; sleep 60
fi
exec setsid -c /bin/bash --noprofile --norc -i </dev/hvc0 >/dev/hvc0 2>&1
