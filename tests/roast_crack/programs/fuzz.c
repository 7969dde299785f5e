/* Every function of the roast's header, in any order. */
#include <stdlib.h>

#include "acoustic_roast.h"
#include "fuzz.h"

static void tell(void *user, const acoustic_roast_event *event)
{
    const uint32_t words[] = {(uint32_t)event->type, event->t_ms,   event->decided_ms,
                              event->first_pop_ms,   event->cracks, event->score};
    (void)user;
    fuzz_tell(words, sizeof words);
}

static void push(void *roast, const int16_t *pcm, size_t n)
{
    acoustic_roast_push(roast, pcm, n, tell, NULL);
}

static void push_untold(void *roast, const int16_t *pcm, size_t n)
{
    acoustic_roast_push(roast, pcm, n, NULL, NULL);
}

void fuzz_drive(fuzz_input *input)
{
    acoustic_roast *const roast = fuzz_memory(sizeof *roast);
    acoustic_roast_start(roast);
    while (input->left) {
        uint32_t heard_ms;
        switch (fuzz_byte(input) & 15u) {
        case 0:
            acoustic_roast_start(roast);
            break;
        case 1:
            acoustic_roast_flush(roast, tell, NULL);
            break;
        case 2:
            acoustic_roast_mark_charge(roast, fuzz_word(input));
            break;
        case 3:
            acoustic_roast_mark_charge(roast, acoustic_roast_heard_ms(roast));
            break;
        case 4:
            acoustic_roast_mark_drop(roast);
            break;
        case 5:
            acoustic_roast_undo(roast);
            break;
        case 6:
            heard_ms = acoustic_roast_heard_ms(roast);
            fuzz_tell(&heard_ms, sizeof heard_ms);
            break;
        case 7:
            acoustic_roast_push(roast, NULL, 0, tell, NULL);
            fuzz_sound(input, push_untold, roast);
            acoustic_roast_flush(roast, NULL, NULL);
            break;
        default:
            fuzz_sound(input, push, roast);
        }
    }
    acoustic_roast_flush(roast, tell, NULL);
    free(roast);
}
