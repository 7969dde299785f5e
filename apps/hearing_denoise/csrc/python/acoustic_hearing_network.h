/*
 * What acoustic_hearing.c asks of its network. The header of firmware is written with the network; this one stands for
 * any that Python has.
 */
#ifndef ACOUSTIC_HEARING_NETWORK_H
#define ACOUSTIC_HEARING_NETWORK_H

#include <stdint.h>

/* Features, and two states. */
int8_t *acoustic_hearing_network_input_0(void);
int8_t *acoustic_hearing_network_input_1(void);
int8_t *acoustic_hearing_network_input_2(void);

/* Gains, and the states after. */
const int8_t *acoustic_hearing_network_output_0(void);
const int8_t *acoustic_hearing_network_output_1(void);
const int8_t *acoustic_hearing_network_output_2(void);

void acoustic_hearing_network_run(void);

#endif
