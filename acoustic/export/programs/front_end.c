/*
 * The whole front end over a stream of int16 PCM, in blocks: log-mel, steps and noise floor of every frame; spectra,
 * and the samples that the synthesis makes of them. Each thing is written as it comes.
 */
#include "acoustic_frontend.h"
#include "board.h"
#include "front_end_definitions.h"

/* Regions whose instructions are counted. */
enum { WAITING = 0, LOG_MEL = 1, NOISE = 2, STFT = 3, SYNTHESIS = 4 };

static int16_t block[BLOCK];
static acoustic_lanes work[ACOUSTIC_WORK(LARGEST_FFT)];

static acoustic_log_mel_stream log_mel;
static int16_t log_mel_samples[FRAME_SAMPLES];
static float levels_db[N_MELS];

static int32_t sums[N_MELS];
static int16_t means[N_BLOCKS * N_MELS], median[N_MELS], noise_work[N_BLOCKS], steps[N_MELS], floor_steps[N_MELS];
static acoustic_noise_floor noise = {
    .sums = sums, .means = means, .median = median, .work = noise_work,
    .n_bands = N_MELS, .block_frames = BLOCK_FRAMES, .n_blocks = N_BLOCKS, .silence = SILENCE,
};

static acoustic_stft_stream stft;
static int16_t stft_samples[N_FFT];
static float re[N_FFT / 2 + 1], im[N_FFT / 2 + 1];

static acoustic_synthesis_stream synthesis;
static float synthesis_sums[WINDOW_SAMPLES];
static int16_t synthesised[HOP_SAMPLES];

static void push_log_mel(const int16_t *pcm, size_t n)
{
    for (;;) {
        bool complete;
        board_region_start();
        complete = acoustic_log_mel_push(&log_mel, &pcm, &n, levels_db);
        board_region_stop(complete ? LOG_MEL : WAITING);
        if (!complete) {
            return;
        }
        board_write(levels_db, sizeof levels_db);
        board_region_start();
        acoustic_to_steps(levels_db, N_MELS, steps);
        acoustic_noise_floor_push(&noise, steps, 1, floor_steps);
        board_region_stop(NOISE);
        board_write(floor_steps, sizeof floor_steps);
    }
}

static void push_spectra(const int16_t *pcm, size_t n)
{
    for (;;) {
        bool complete;
        board_region_start();
        complete = acoustic_stft_push(&stft, &pcm, &n, re, im);
        board_region_stop(complete ? STFT : WAITING);
        if (!complete) {
            return;
        }
        board_write(re, sizeof re);
        board_write(im, sizeof im);
        board_region_start();
        acoustic_synthesis_push(&synthesis, re, im, 1, synthesised);
        board_region_stop(SYNTHESIS);
        board_write(synthesised, sizeof synthesised);
    }
}

int program_main(void)
{
    acoustic_log_mel_start(&log_mel, &replayed_log_mel, log_mel_samples, work);
    acoustic_noise_floor_start(&noise);
    acoustic_stft_start(&stft, &replayed_stft, stft_samples, work);
    acoustic_synthesis_start(&synthesis, &replayed_synthesis, synthesis_sums, work);
    for (;;) {
        const size_t n = board_read(block, sizeof block) / sizeof block[0];
        if (n == 0) {
            return 0;
        }
        push_log_mel(block, n);
        push_spectra(block, n);
    }
}
