/*
 * What acoustic_hearing.c asks of its network. The header of firmware is written with the network; this one stands for
 * any that Python has.
 */
#ifndef ACOUSTIC_HEARING_NETWORK_H
#define ACOUSTIC_HEARING_NETWORK_H

#include <stdint.h>

#include "_run.h"

/* Features, and two states. */
int8_t *acoustic_hearing_network_input_0(void);
int8_t *acoustic_hearing_network_input_1(void);
int8_t *acoustic_hearing_network_input_2(void);

/* Gains, and the states after. */
const int8_t *acoustic_hearing_network_output_0(void);
const int8_t *acoustic_hearing_network_output_1(void);
const int8_t *acoustic_hearing_network_output_2(void);

void acoustic_hearing_network_run(void);

/* ---- Only here ---- */

/* A network of Python, with its memory and where in it its inputs and outputs lie. */
typedef struct {
    const acoustic_nn_call *calls;
    int64_t n_calls;
    int8_t *memory;
    int8_t *inputs[3], *outputs[3];
} acoustic_hearing_network;

/* Say which network is meant from now on, in this thread. */
void acoustic_hearing_network_use(const acoustic_hearing_network *network);

#endif
