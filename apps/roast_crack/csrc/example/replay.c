#include "acoustic_roast.h"
#include "replay.h"

REPLAY_EVENTS(roast, 3, uint32_t, (uint32_t)event->type, event->t_ms, event->decided_ms,
              event->first_pop_ms, event->cracks, event->score)
