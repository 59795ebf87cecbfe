#!/bin/bash
# Runs in the dom0: starts Xen's daemons, gives the host what every case counts on, then runs each case of /share/cases.
# A line per case goes to /share/results, all that was said to /share/out/CASE/.
. /share/words.sh
results=/share/results out=/share/out start=$SECONDS
mkdir -p $out
/etc/init.d/xen start >$out/daemons 2>&1
xen=$(xl info xen_version | sed -E 's/^([0-9]+\.[0-9]+).*/\1/')
qemu=$(dmlint host collect 2>/dev/null | sed -n '/"qemu": *{/,/}/s/.*"version": *"\([^"]*\)".*/\1/p')
echo "# Debian $suite${lifted:+, RLIMIT_FSIZE lifted}: Xen $xen, QEMU $qemu, Linux $(uname -r), $(dmlint --version | head -n 1)" >$results
ip link add xenbr0 type bridge; ip addr add 10.9.9.1/24 dev xenbr0; ip link set xenbr0 up
echo "127.0.0.1 localhost" >/etc/hosts
truncate -s 8M /root/disk0; truncate -s 8M /root/disk1; losetup /dev/loop1 /root/disk0; losetup /dev/loop2 /root/disk1
truncate -s 1M /root/raw.img /root/cd.iso
qemu-img create -q -f qcow2 /root/disk.qcow2 8M
dmlint host users -q -f shell >$out/users.sh 2>$out/users.notes; [ -e /share/noaccounts ] || bash $out/users.sh >>$out/users.notes 2>&1
if [ -n "$lifted" ]; then # QEMU 9.2 and later do not start within libxl's limit of 256 KiB: a wrapper lifts it
    qemu=$(dmlint host collect 2>/dev/null | sed -n '/"qemu": *{/,/}/s/.*"path": *"\([^"]*\)".*/\1/p')
    mv "$qemu" /usr/libexec/real-qemu
    printf '#!/bin/bash\nulimit -f 65536\nexec -a "$0" /usr/libexec/real-qemu "$@"\n' >"$qemu"; chmod 755 "$qemu"
fi
cd /etc/xen || exit
for file in /share/cases/*.case; do
    case=${file##*/} case=${case%.case} o=$out/$case
    mkdir -p "$o"; began=$SECONDS
    (
        failures=0 said= undone=()
        about=$(sed -n '1s/^# *//p' "$file")
        . "$file" >"$o/log" 2>&1
        finish >>"$o/log" 2>&1
        if [ -n "$passed_over" ]; then echo "skip $case: $passed_over"
        elif [ $failures = 0 ]; then echo "ok   $case ($((SECONDS - began)) s): ${said:1}"
        else echo "FAIL $case ($((SECONDS - began)) s): $failures; $about"; grep '^FAIL' "$o/log" | sed 's/^/     /'; fi
    ) >>$results 2>"$o/stderr"
done
echo "# all: $((SECONDS - start)) s" >>$results
