#pragma once
#include <stddef.h>

struct Microphone {
    int begin(int channels, int rate_hz);
    int available();
    int read(void *to, size_t bytes);
    void onReceive(void (*callback)());
    void setBufferSize(int bytes);
};
extern Microphone PDM;
