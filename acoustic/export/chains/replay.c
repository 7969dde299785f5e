/*
 * Pushes PCM through an application. Input: blocks, each the number of its samples (uint32), then the samples (int16).
 * Output, when built with ACOUSTIC_PROOF: what the stages trace, each piece as the stage's number and the number of
 * its bytes (uint32 both), then the bytes. Each push counts into region 0.
 */
#include "acoustic_trace.h"
#include "board.h"
#include "replay.h"

/* Samples of the longest block. */
#ifndef REPLAY_BLOCK
#define REPLAY_BLOCK 16384
#endif

static int16_t block[REPLAY_BLOCK];

#ifdef ACOUSTIC_PROOF
void acoustic_trace(uint8_t stage, const void *bytes, size_t n)
{
    const uint32_t head[2] = {stage, (uint32_t)n};
    board_write(head, sizeof head);
    board_write(bytes, n);
}
#endif

int program_main(void)
{
    uint32_t n;
    replay_start();
    while (board_read(&n, sizeof n) == sizeof n) {
        if (n > REPLAY_BLOCK || board_read(block, n * sizeof *block) != n * sizeof *block) {
            return 1;
        }
        board_region_start();
        replay_push(block, n);
        board_region_stop(0);
    }
    replay_end();
    return 0;
}
