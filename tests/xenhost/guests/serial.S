# A guest of 512 bytes that sends 320 KiB to its first serial port, then a full stop to port 0xe9 (`xl dmesg`).
.code16
.globl _start
_start:
        xor %ax, %ax
        mov %ax, %ds
        mov %ax, %es
        mov %ax, %ss
        mov $0x7c00, %sp
        cld
        mov $0x8000, %di
        mov $'x', %al
        mov $4096, %cx
        rep stosb
        mov $80, %bx            # times 4 KiB
1:      mov $0x8000, %si
        mov $4096, %cx
        mov $0x3f8, %dx
        rep outsb
        dec %bx
        jnz 1b
        mov $'.', %al
        out %al, $0xe9
        mov $'\n', %al
        out %al, $0xe9
2:      hlt
        jmp 2b
.org 510
        .word 0xaa55
