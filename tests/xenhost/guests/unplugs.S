# A guest of 512 bytes that unplugs its emulated IDE disks as PV drivers do (docs/misc/hvm-emulated-unplug of Xen: ports 0x10 and 0x12),
# and says so on port 0xe9 (`xl dmesg`): u, or E where the platform device does not answer.
.code16
.globl _start
_start:
        mov $0x10, %dx
        in %dx, %ax
        cmp $0x49d2, %ax
        mov $'E', %bl
        jne 1f
        mov $0x0001, %ax        # all IDE disks
        out %ax, %dx
        mov $'u', %bl
1:      mov %bl, %al
        out %al, $0xe9
        mov $'.', %al
        out %al, $0xe9
        mov $'\n', %al
        out %al, $0xe9
2:      hlt
        jmp 2b
.org 510
        .word 0xaa55
