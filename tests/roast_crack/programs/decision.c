/*
 * The roast's decision over commands, each five numbers (int32): what, t_ms, logit, busy, clipped. Each impulse is
 * answered by its verdict, each event by its six numbers (uint32).
 */
#include "acoustic_roast_decision.h"
#include "board.h"

enum { IMPULSE, ADVANCE, CHARGE, DROP, UNDO };
enum { JUDGED_AFTER_MS = 80 };

static acoustic_roast_decision decision;

static void tell(const acoustic_roast_event *event)
{
    const uint32_t words[] = {(uint32_t)event->type, event->t_ms, event->decided_ms, event->first_pop_ms,
                              event->cracks, event->score};
    board_write(words, sizeof words);
}

static void advance(uint32_t t_ms)
{
    acoustic_roast_event event;
    while (acoustic_roast_decision_advance(&decision, t_ms, &event)) {
        tell(&event);
    }
}

static void hear(const int32_t *command)
{
    const uint32_t t_ms = (uint32_t)command[1];
    const acoustic_roast_impulse impulse = {t_ms, t_ms + JUDGED_AFTER_MS, (int16_t)command[3], (int16_t)command[4],
                                            (int8_t)command[2]};
    acoustic_roast_event event;
    uint32_t verdict;
    advance(t_ms);
    verdict = (uint32_t)acoustic_roast_decision_hear(&decision, &impulse, &event);
    board_write(&verdict, sizeof verdict);
    if (verdict == ACOUSTIC_ROAST_DECIDES) {
        tell(&event);
    }
}

int program_main(void)
{
    int32_t command[5];
    acoustic_roast_decision_start(&decision);
    while (board_read(command, sizeof command) == sizeof command) {
        switch (command[0]) {
        case IMPULSE:
            hear(command);
            break;
        case ADVANCE:
            advance((uint32_t)command[1]);
            break;
        case CHARGE:
            acoustic_roast_decision_charge(&decision, (uint32_t)command[1]);
            break;
        case DROP:
            acoustic_roast_decision_drop(&decision);
            break;
        default:
            acoustic_roast_decision_undo(&decision);
        }
    }
    return 0;
}
