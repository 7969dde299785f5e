#include "acoustic_turbine.h"
#include "replay.h"

REPLAY_EVENTS(turbine, 2, int32_t, (int32_t)event->type, (int32_t)event->reason, (int32_t)event->start_frame,
              (int32_t)event->stop_frame, (int32_t)event->kept_frames, event->surprise, (int32_t)event->unusual)
