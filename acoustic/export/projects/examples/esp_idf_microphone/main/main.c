/*
 * Listens to an I2S microphone (INMP441, ICS-43434, SPH0645 and the like, 24 bits in slots of 32) and prints what is
 * heard. The driver's DMA fills one block while another is computed; the line "load" says how much time is left.
 */
#include <stdio.h>

#include "driver/i2s_std.h"
#include "esp_err.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"

#include "listen.h"

#define RATE_HZ @rate_hz@
#define BLOCK_SAMPLES @block_samples@
#define BLOCK_US (1000000LL * BLOCK_SAMPLES / RATE_HZ)
#define BLOCKS_A_REPORT (10000000LL / BLOCK_US)

/* Wires of the microphone. Its pin L/R goes to ground: it speaks in the left slot. */
#define PIN_CLOCK GPIO_NUM_4
#define PIN_WORD GPIO_NUM_5
#define PIN_SOUND GPIO_NUM_6

static int32_t slots[BLOCK_SAMPLES];
static int16_t pcm[BLOCK_SAMPLES];

void say_text(const char *text)
{
    fputs(text, stdout);
}

void say_number(int32_t number)
{
    printf("%ld", (long)number);
}

static i2s_chan_handle_t open_microphone(void)
{
    i2s_chan_config_t channel = I2S_CHANNEL_DEFAULT_CONFIG(I2S_NUM_AUTO, I2S_ROLE_MASTER);
    channel.dma_desc_num = 4;
    channel.dma_frame_num = BLOCK_SAMPLES / 2; /* Two blocks in all. */
    i2s_std_config_t config = {
        .clk_cfg = I2S_STD_CLK_DEFAULT_CONFIG(RATE_HZ),
        .slot_cfg = I2S_STD_PHILIPS_SLOT_DEFAULT_CONFIG(I2S_DATA_BIT_WIDTH_32BIT, I2S_SLOT_MODE_MONO),
        .gpio_cfg = {.mclk = I2S_GPIO_UNUSED,
                     .bclk = PIN_CLOCK,
                     .ws = PIN_WORD,
                     .dout = I2S_GPIO_UNUSED,
                     .din = PIN_SOUND},
    };
    i2s_chan_handle_t microphone;
    ESP_ERROR_CHECK(i2s_new_channel(&channel, NULL, &microphone));
    ESP_ERROR_CHECK(i2s_channel_init_std_mode(microphone, &config));
    ESP_ERROR_CHECK(i2s_channel_enable(microphone));
    return microphone;
}

void app_main(void)
{
    const i2s_chan_handle_t microphone = open_microphone();
    int64_t longest_us = 0, sum_us = 0;
    int count = 0;
    listen_start();
    for (;;) {
        size_t bytes = 0;
        ESP_ERROR_CHECK(i2s_channel_read(microphone, slots, sizeof slots, &bytes, portMAX_DELAY));
        const size_t n = bytes / sizeof *slots;
        for (size_t i = 0; i < n; i++) {
            pcm[i] = (int16_t)(slots[i] >> 16);
        }
        const int64_t began_us = esp_timer_get_time();
        listen_push(pcm, n);
        const int64_t took_us = esp_timer_get_time() - began_us;
        longest_us = took_us > longest_us ? took_us : longest_us;
        sum_us += took_us;
        if (++count == BLOCKS_A_REPORT) {
            printf("load %d %%, longest block %d us of %d\n", (int)(100 * sum_us / count / BLOCK_US), (int)longest_us,
                   (int)BLOCK_US);
            longest_us = sum_us = count = 0;
        }
    }
}
