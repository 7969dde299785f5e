/*
 * The whole front end over a stream of int16 PCM, in blocks: log-mel, steps and noise floor of every frame; spectra,
 * the gains of a spectral gate, and the samples that the synthesis makes of the product. Each thing is written as it comes.
 */
#include "acoustic_frontend.h"
#include "board.h"
#include "front_end_definitions.h"

/* Regions whose instructions are counted. */
enum { WAITING = 0, LOG_MEL = 1, NOISE = 2, STFT = 3, GATE = 4, SYNTHESIS = 5 };

static int16_t block[BLOCK];
/* Both streams are under way at a time; spectra and synthesis take turns. */
static acoustic_lanes log_mel_work[ACOUSTIC_WORK(LOG_MEL_FFT)], work[ACOUSTIC_WORK(N_FFT)];

static acoustic_log_mel_stream log_mel;
static int16_t log_mel_overlap[OVERLAP_SAMPLES];
static float levels_db[N_MELS];

static int32_t sums[N_MELS];
static int16_t means[N_BLOCKS * N_MELS], median[N_MELS], noise_work[N_BLOCKS], steps[N_MELS], floor_steps[N_MELS];
static acoustic_noise_floor noise = {
    .sums = sums, .means = means, .median = median, .work = noise_work,
    .n_bands = N_MELS, .block_frames = BLOCK_FRAMES, .n_blocks = N_BLOCKS, .silence = SILENCE,
};

static acoustic_stft_stream stft;
static int16_t stft_overlap[N_FFT - HOP_SAMPLES];
static float re[N_BINS], im[N_BINS];

static acoustic_gate_stream gate;
static int32_t gate_sums[N_BINS];
static int16_t gate_means[N_BLOCKS * N_BINS], gate_median[N_BINS], gate_work[N_BLOCKS], gate_steps[2 * N_BINS];
static float gate_levels_db[N_BINS], gate_memory[N_BINS], gains[N_BINS];
static acoustic_noise_floor gate_noise = {
    .sums = gate_sums, .means = gate_means, .median = gate_median, .work = gate_work,
    .n_bands = N_BINS, .block_frames = BLOCK_FRAMES, .n_blocks = N_BLOCKS, .silence = SILENCE,
};

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
        acoustic_power_db(re, im, N_BINS, gate_levels_db);
        acoustic_gate_push(&gate, gate_levels_db, 1, gains);
        for (size_t bin = 0; bin < N_BINS; ++bin) {
            re[bin] *= gains[bin];
            im[bin] *= gains[bin];
        }
        board_region_stop(GATE);
        board_write(gains, sizeof gains);
        board_region_start();
        acoustic_synthesis_push(&synthesis, re, im, 1, synthesised);
        board_region_stop(SYNTHESIS);
        board_write(synthesised, sizeof synthesised);
    }
}

int program_main(void)
{
    acoustic_log_mel_start(&log_mel, &replayed_log_mel, log_mel_overlap, log_mel_work);
    acoustic_noise_floor_start(&noise);
    acoustic_stft_start(&stft, &replayed_stft, stft_overlap, work);
    acoustic_gate_start(&gate, &replayed_gate, &gate_noise, gate_steps, gate_memory);
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
