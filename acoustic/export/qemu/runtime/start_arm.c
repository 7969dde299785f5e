/* Vector table and reset of a Cortex-M: memory, coprocessors (floating point and MVE), then board_main(). */
#include <stdint.h>

#include "board.h"

extern uint32_t board_stack_top[], board_data_load[], board_data_start[], board_data_end[];
extern uint32_t board_bss_start[], board_bss_end[];

void board_systick_handler(void);
void board_reset(void);
void board_fault(void);

#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define FULL_ACCESS_CP10_CP11 (0xFu << 20)

void board_reset(void)
{
    CPACR |= FULL_ACCESS_CP10_CP11;
    __asm__ volatile("dsb\n isb" ::: "memory");
    const uint32_t *from = board_data_load;
    for (uint32_t *to = board_data_start; to < board_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = board_bss_start; to < board_bss_end; to++) {
        *to = 0;
    }
    board_main();
}

void board_fault(void)
{
    /* SYS_EXIT_EXTENDED with a code that programs do not use */
    static const uint32_t arguments[2] = {0x20026u, 125u};
    register uint32_t r0 __asm__("r0") = 0x20u;
    register const uint32_t *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    for (;;) {
    }
}

typedef void (*handler_t)(void);

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    handler_t handlers[15];
} vectors = {
    board_stack_top,
    {board_reset, board_fault, board_fault, board_fault, board_fault, board_fault, board_fault, 0, 0, 0, board_fault,
     board_fault, 0, board_fault, board_systick_handler},
};
