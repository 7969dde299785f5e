/* As much of Zephyr as the example uses, to check that it compiles. */
#pragma once
#include <stddef.h>
#include <stdint.h>

struct device;
struct k_mem_slab { int unused; };
#define K_MEM_SLAB_DEFINE_STATIC(name, size, count, align) static struct k_mem_slab name
#define DT_NODELABEL(label) label
#define DEVICE_DT_GET(node) (&node)
extern const struct device dmic_dev;
void printk(const char *format, ...);
uint32_t k_cycle_get_32(void);
uint32_t k_cyc_to_us_floor32(uint32_t cycles);
void k_mem_slab_free(struct k_mem_slab *slab, void *block);
