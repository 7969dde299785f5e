/* Every function of the turbine's header, in any order, with any baseline and the conditions that it allows. */
#include <stdlib.h>

#include "acoustic_turbine.h"
#include "fuzz.h"

static void tell(void *user, const acoustic_turbine_event *event)
{
    const uint32_t words[] = {(uint32_t)event->type,  (uint32_t)event->reason, event->start_frame,
                              event->stop_frame,      event->kept_frames,      event->unusual,
                              (uint32_t)event->surprise};
    (void)user;
    fuzz_tell(words, sizeof words);
    if (event->type == ACOUSTIC_TURBINE_CLIP) {
        fuzz_tell(&event->distance, sizeof event->distance);
        fuzz_tell(event->features, ACOUSTIC_TURBINE_NUMBERS * sizeof *event->features);
    }
}

static void push(void *turbine, const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(turbine, pcm, n, tell, NULL);
}

static void push_untold(void *turbine, const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(turbine, pcm, n, NULL, NULL);
}

static int32_t condition(fuzz_input *input, uint32_t most)
{
    return fuzz_byte(input) & 1u ? (int32_t)fuzz_up_to(input, most) : ACOUSTIC_TURBINE_UNKNOWN;
}

void fuzz_drive(fuzz_input *input)
{
    static int16_t mean[ACOUSTIC_TURBINE_NUMBERS];
    acoustic_turbine_usual baseline = {mean, 0, 0};
    acoustic_turbine *const turbine = fuzz_memory(sizeof *turbine);
    acoustic_turbine_start(turbine);
    while (input->left) {
        int32_t wind_cm_s, rpm_hundredths;
        switch (fuzz_byte(input) & 15u) {
        case 0:
            acoustic_turbine_start(turbine);
            break;
        case 1:
            acoustic_turbine_flush(turbine, tell, NULL);
            break;
        case 2:
            wind_cm_s = condition(input, 10000);
            rpm_hundredths = condition(input, 30000);
            acoustic_turbine_condition(turbine, wind_cm_s, rpm_hundredths);
            break;
        case 3:
            baseline.own_clips = fuzz_byte(input);
            baseline.octaves = (int32_t)fuzz_half(input) - 32768;
            fuzz_fill(input, mean, fuzz_byte(input) & 1u ? sizeof mean : 16);
            acoustic_turbine_use(turbine, &baseline);
            break;
        case 4:
            acoustic_turbine_push(turbine, NULL, 0, tell, NULL);
            fuzz_sound(input, push_untold, turbine);
            acoustic_turbine_flush(turbine, NULL, NULL);
            break;
        default:
            fuzz_sound(input, push, turbine);
        }
    }
    acoustic_turbine_flush(turbine, tell, NULL);
    free(turbine);
}
