#include "acoustic_whistle.h"

#include "acoustic_trace.h"
#include "acoustic_whistle_network.h"

#define BANDS ACOUSTIC_WHISTLE_BANDS

void acoustic_whistle_start(acoustic_whistle *whistle)
{
    acoustic_log_mel_start(&whistle->log_mel, &acoustic_whistle_front_end, whistle->overlap, whistle->work);
    whistle->frame = whistle->run = 0;
}

/* What the network gives for a frame. */
static int8_t judge(const float *levels_db)
{
    int8_t *const inputs = acoustic_whistle_network_input_0();
    int16_t levels[BANDS];
    int32_t sum = 0;
    acoustic_to_steps(levels_db, BANDS, levels);
    for (int band = 0; band < BANDS; ++band) {
        sum += levels[band] + 32768; /* Division rounds down where nothing is negative. */
    }
    for (int band = 0; band < BANDS; ++band) {
        const int32_t step = (levels[band] - (sum / BANDS - 32768) + 65536) / 128 - 512;
        inputs[band] = (int8_t)(step < -128 ? -128 : step > 127 ? 127 : step);
    }
    ACOUSTIC_TRACE(0, levels, sizeof levels);
    ACOUSTIC_TRACE(1, inputs, BANDS);
    acoustic_whistle_network_run();
    ACOUSTIC_TRACE(2, acoustic_whistle_network_output_0(), 1);
    return *acoustic_whistle_network_output_0();
}

void acoustic_whistle_push(acoustic_whistle *whistle, const int16_t *pcm, size_t n, acoustic_whistle_listener *hear)
{
    float levels_db[BANDS];
    while (acoustic_log_mel_push(&whistle->log_mel, &pcm, &n, levels_db)) {
        whistle->run = judge(levels_db) >= ACOUSTIC_WHISTLE_LIMIT ? whistle->run + 1 : 0;
        ++whistle->frame;
        if (whistle->run == ACOUSTIC_WHISTLE_FRAMES) {
            hear(whistle->frame - ACOUSTIC_WHISTLE_FRAMES);
        }
    }
}
