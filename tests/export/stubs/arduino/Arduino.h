// As much of the Arduino core as the example sketch uses, to check that it compiles.
#pragma once
#include <stddef.h>
#include <stdint.h>

template <class T, class U> T min(T a, U b) { return a < (T)b ? a : (T)b; }
template <class T, class U> T max(T a, U b) { return a > (T)b ? a : (T)b; }
uint32_t micros();

struct SerialPort {
    void begin(unsigned long baud);
    void print(const char *text);
    void print(long number);
};
extern SerialPort Serial;
