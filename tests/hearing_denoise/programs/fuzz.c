/* Every function of the hearing's header, in any order, with any strength. */
#include <stdlib.h>
#include <string.h>

#include "acoustic_hearing.h"
#include "fuzz.h"

static void push(void *hearing, const int16_t *pcm, size_t n)
{
    const size_t most = n + ACOUSTIC_HEARING_HOP_SAMPLES - 1;
    int16_t *const out = fuzz_memory(most * sizeof *out);
    const size_t n_out = acoustic_hearing_push(hearing, pcm, n, out);
    if (n_out % ACOUSTIC_HEARING_HOP_SAMPLES != 0 || n_out > most) {
        abort();
    }
    for (size_t i = 0; i < n_out; i++) {
        fuzz_tell(out + i, sizeof *out);
    }
    free(out);
}

void fuzz_drive(fuzz_input *input)
{
    acoustic_hearing *const hearing = fuzz_memory(sizeof *hearing);
    acoustic_hearing_start(hearing);
    while (input->left) {
        uint32_t bits;
        float strength;
        switch (fuzz_byte(input) & 15u) {
        case 0:
            acoustic_hearing_start(hearing);
            break;
        case 1:
            bits = fuzz_word(input);
            memcpy(&strength, &bits, sizeof strength);
            acoustic_hearing_set_strength(hearing, strength);
            break;
        case 2:
            acoustic_hearing_set_strength(hearing, (float)fuzz_byte(input) / 255.0f);
            break;
        case 3:
            acoustic_hearing_set_bypass(hearing, fuzz_byte(input) & 1u);
            break;
        case 4:
            if (acoustic_hearing_push(hearing, NULL, 0, NULL) != 0) {
                abort();
            }
            break;
        default:
            fuzz_sound(input, push, hearing);
        }
    }
    free(hearing);
}
