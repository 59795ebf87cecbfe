# A guest of 512 bytes that writes sectors of its first disk, on both sides of 256 KiB (sector 512), and says on port 0xe9, which Xen
# shows in `xl dmesg`, what its BIOS says of each: w written, E error; a full stop at the end.
.code16
.globl _start
_start:
        xor %ax, %ax
        mov %ax, %ds
        mov %ax, %ss
        mov $0x7c00, %sp
        cld
        mov $sectors, %si
1:      lodsl
        test %eax, %eax
        jz 3f
        mov %eax, sector
        push %si
        mov $0x4300, %ax        # extended write
        mov $0x80, %dl
        mov $packet, %si
        int $0x13
        pop %si
        mov $'w', %al
        jnc 2f
        mov $'E', %al
2:      out %al, $0xe9
        jmp 1b
3:      mov $'.', %al
        out %al, $0xe9
        mov $'\n', %al
        out %al, $0xe9
4:      hlt
        jmp 4b
.balign 4
packet: .byte 16, 0
        .word 1, 0x7c00, 0      # one sector, from 0000:7c00
sector: .long 0, 0
sectors:
        .long 100, 511, 512, 1000, 101, 0
.org 510
        .word 0xaa55
