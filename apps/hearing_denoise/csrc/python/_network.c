#include "acoustic_hearing_network.h"

#include <stddef.h>

/* The network that this thread runs. */
static __thread const acoustic_hearing_network *used;

void acoustic_hearing_network_use(const acoustic_hearing_network *network)
{
    used = network;
}

int8_t *acoustic_hearing_network_input_0(void)
{
    return used->inputs[0];
}

int8_t *acoustic_hearing_network_input_1(void)
{
    return used->inputs[1];
}

int8_t *acoustic_hearing_network_input_2(void)
{
    return used->inputs[2];
}

const int8_t *acoustic_hearing_network_output_0(void)
{
    return used->outputs[0];
}

const int8_t *acoustic_hearing_network_output_1(void)
{
    return used->outputs[1];
}

const int8_t *acoustic_hearing_network_output_2(void)
{
    return used->outputs[2];
}

void acoustic_hearing_network_run(void)
{
    acoustic_nn_run(used->calls, used->n_calls, used->memory, 1, NULL, 0, NULL, 0);
}
