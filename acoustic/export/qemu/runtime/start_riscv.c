/* Entry of a 32-bit RISC-V: stack, memory, then board_main(); and the three functions that compilers call. */
#include <stdint.h>
#include <string.h>

#include "board.h"

extern uint32_t board_bss_start[], board_bss_end[];

void board_reset(void);

__asm__(".section .vectors, \"ax\"\n"
        ".global board_entry\n"
        "board_entry:\n"
        "  la sp, board_stack_top\n"
        "  la t0, board_trap\n"
        "  csrw mtvec, t0\n"
        "  li t0, 0x2000\n" /* mstatus.FS: floating point on */
        "  csrs mstatus, t0\n"
        "  call board_reset\n"
        ".balign 4\n"
        "board_trap:\n"
        "  li a0, 0x20\n"
        "  la a1, board_trap_arguments\n"
        "  .balign 16\n"
        "  .option push\n"
        "  .option norvc\n"
        "  slli zero, zero, 0x1f\n"
        "  ebreak\n"
        "  srai zero, zero, 7\n"
        "  .option pop\n"
        "  j board_trap\n"
        ".balign 4\n"
        "board_trap_arguments: .word 0x20026, 125\n"
        ".text\n");

void board_reset(void)
{
    for (uint32_t *to = board_bss_start; to < board_bss_end; to++) {
        *to = 0;
    }
    board_main(); /* the emulator loads initialised data in place */
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    while (size--) {
        *t++ = *f++;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    unsigned char *t = to;
    const unsigned char *f = from;
    if ((uintptr_t)t <= (uintptr_t)f) {
        while (size--) {
            *t++ = *f++;
        }
    } else {
        while (size--) {
            t[size] = f[size];
        }
    }
    return to;
}

void *memset(void *to, int value, size_t size)
{
    unsigned char *t = to;
    while (size--) {
        *t++ = (unsigned char)value;
    }
    return to;
}
