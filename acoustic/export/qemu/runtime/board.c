/* Semihosting input and output, instruction counts and the stack's high-water mark. */
#include "board.h"

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { READ_BINARY = 1, WRITE_BINARY = 5 };
enum { STOPPED_APPLICATION_EXIT = 0x20026 };

#define STACK_PAINT 0xA5A5A5A5u
#define STACK_PAINTED_BYTES 16384u
#define STACK_MARGIN_BYTES 128u /* of the painting function itself */

extern uint32_t board_stack_top[]; /* from the linker script */

typedef struct {
    uint64_t calls;
    uint64_t ticks;
    uint64_t most_ticks;
} region_t;

static struct {
    uint64_t stack_bytes;
    region_t regions[BOARD_REGIONS];
} report;

static uintptr_t input_handle;
static uintptr_t output_handle;
static uint64_t region_began;

static uintptr_t semihost(uintptr_t operation, const uintptr_t *arguments)
{
#if defined(__riscv)
    register uintptr_t a0 __asm__("a0") = operation;
    register const uintptr_t *a1 __asm__("a1") = arguments;
    __asm__ volatile(".balign 16\n .option push\n .option norvc\n"
                     "slli zero, zero, 0x1f\n ebreak\n srai zero, zero, 7\n"
                     ".option pop\n"
                     : "+r"(a0)
                     : "r"(a1)
                     : "memory");
    return a0;
#else
    register uintptr_t r0 __asm__("r0") = operation;
    register const uintptr_t *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
#endif
}

static uintptr_t open_file(const char *name, size_t length, uintptr_t mode)
{
    const uintptr_t arguments[3] = {(uintptr_t)name, mode, length};
    return semihost(SYS_OPEN, arguments);
}

static void write_file(uintptr_t handle, const void *from, size_t size)
{
    const uintptr_t arguments[3] = {handle, (uintptr_t)from, size};
    semihost(SYS_WRITE, arguments);
}

static void close_file(uintptr_t handle)
{
    const uintptr_t arguments[1] = {handle};
    semihost(SYS_CLOSE, arguments);
}

size_t board_read(void *to, size_t size)
{
    const uintptr_t arguments[3] = {input_handle, (uintptr_t)to, size};
    return size - semihost(SYS_READ, arguments); /* it tells how much it did not read */
}

void board_write(const void *from, size_t size)
{
    write_file(output_handle, from, size);
}

#if defined(__riscv)

static void start_counter(void) {}

static uint64_t ticks_now(void)
{
    uint32_t high;
    uint32_t low;
    uint32_t again;
    do {
        __asm__ volatile("rdinstreth %0\n rdinstret %1\n rdinstreth %2" : "=r"(high), "=r"(low), "=r"(again));
    } while (high != again);
    return ((uint64_t)high << 32) | low;
}

#else

/* SysTick, a 24-bit counter that runs down. */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018u)
#define SYST_ENABLE_TICKINT_CPUCLOCK 7u
#define SYST_MAX 0xFFFFFFu

static volatile uint32_t wraps;

void board_systick_handler(void);
void board_systick_handler(void)
{
    wraps++;
}

static void start_counter(void)
{
    SYST_RVR = SYST_MAX;
    SYST_CVR = 0;
    SYST_CSR = SYST_ENABLE_TICKINT_CPUCLOCK;
}

static uint64_t ticks_now(void)
{
    uint32_t before;
    uint32_t count;
    do {
        before = wraps;
        count = SYST_CVR;
    } while (before != wraps);
    return ((uint64_t)before << 24) + (SYST_MAX - count);
}

#endif

void board_region_start(void)
{
    region_began = ticks_now();
}

void board_region_stop(unsigned region)
{
    const uint64_t ticks = ticks_now() - region_began;
    region_t *to = &report.regions[region % BOARD_REGIONS];
    to->calls++;
    to->ticks += ticks;
    if (ticks > to->most_ticks) {
        to->most_ticks = ticks;
    }
}

static volatile uint32_t *stack_limit(void)
{
    return board_stack_top - STACK_PAINTED_BYTES / sizeof(uint32_t);
}

static void paint_stack(void)
{
    const uintptr_t end = (uintptr_t)__builtin_frame_address(0) - STACK_MARGIN_BYTES;
    for (volatile uint32_t *word = stack_limit(); (uintptr_t)word < end; word++) {
        *word = STACK_PAINT;
    }
}

static uint64_t stack_used(void)
{
    volatile uint32_t *word = stack_limit();
    while (word < (volatile uint32_t *)board_stack_top && *word == STACK_PAINT) {
        word++;
    }
    return (uint64_t)((uintptr_t)board_stack_top - (uintptr_t)word);
}

void board_main(void)
{
    input_handle = open_file("input.bin", 9, READ_BINARY);
    output_handle = open_file("output.bin", 10, WRITE_BINARY);
    paint_stack();
    start_counter();
    const int code = program_main();
    report.stack_bytes = stack_used();
    close_file(output_handle);
    const uintptr_t handle = open_file("regions.bin", 11, WRITE_BINARY);
    write_file(handle, &report, sizeof report);
    close_file(handle);
    const uintptr_t arguments[2] = {STOPPED_APPLICATION_EXIT, (uintptr_t)code};
    semihost(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}
