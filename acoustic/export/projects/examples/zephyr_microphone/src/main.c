/*
 * Listens to the board's digital microphone and prints what is heard. The driver fills one block of the slab while
 * another is computed; the line "load" says how much time is left.
 */
#include <zephyr/audio/dmic.h>
#include <zephyr/kernel.h>

#include "listen.h"

#define RATE_HZ @rate_hz@
#define BLOCK_SAMPLES @block_samples@
#define BLOCK_BYTES (BLOCK_SAMPLES * sizeof(int16_t))
#define BLOCK_US (1000000LL * BLOCK_SAMPLES / RATE_HZ)
#define BLOCKS_A_REPORT (10000000LL / BLOCK_US)
#define READ_TIMEOUT_MS 1000

K_MEM_SLAB_DEFINE_STATIC(blocks, BLOCK_BYTES, 4, 4);

void say_text(const char *text)
{
    printk("%s", text);
}

void say_number(int32_t number)
{
    printk("%d", (int)number);
}

static int start_microphone(const struct device *microphone)
{
    struct pcm_stream_cfg stream = {
        .pcm_rate = RATE_HZ,
        .pcm_width = 16,
        .block_size = BLOCK_BYTES,
        .mem_slab = &blocks,
    };
    struct dmic_cfg config = {
        .io = {.min_pdm_clk_freq = 1000000, .max_pdm_clk_freq = 3500000, .min_pdm_clk_dc = 40, .max_pdm_clk_dc = 60},
        .streams = &stream,
        .channel = {.req_num_streams = 1, .req_num_chan = 1},
    };
    config.channel.req_chan_map_lo = dmic_build_channel_map(0, 0, PDM_CHAN_LEFT);
    const int error = dmic_configure(microphone, &config);
    return error ? error : dmic_trigger(microphone, DMIC_TRIGGER_START);
}

int main(void)
{
    const struct device *const microphone = DEVICE_DT_GET(DT_NODELABEL(dmic_dev));
    int64_t longest_us = 0, sum_us = 0;
    int count = 0;
    listen_start();
    if (start_microphone(microphone)) {
        say_text("The microphone of this board does not give the rate that the model needs.\n");
        return 1;
    }
    for (;;) {
        void *block;
        size_t bytes;
        if (dmic_read(microphone, 0, &block, &bytes, READ_TIMEOUT_MS)) {
            say_text("The microphone does not answer.\n");
            return 1;
        }
        const uint32_t began = k_cycle_get_32();
        listen_push(block, bytes / sizeof(int16_t));
        const int64_t took_us = k_cyc_to_us_floor32(k_cycle_get_32() - began);
        k_mem_slab_free(&blocks, block);
        longest_us = took_us > longest_us ? took_us : longest_us;
        sum_us += took_us;
        if (++count == BLOCKS_A_REPORT) {
            printk("load %d %%, longest block %d us of %d\n", (int)(100 * sum_us / count / BLOCK_US), (int)longest_us,
                   (int)BLOCK_US);
            longest_us = sum_us = count = 0;
        }
    }
}
