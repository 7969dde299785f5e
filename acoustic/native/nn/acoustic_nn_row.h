/* The product of a layer's weights with one input, which dense layers and convolutions share. */
#ifndef ACOUSTIC_NN_ROW_H
#define ACOUSTIC_NN_ROW_H

#include "acoustic_nn.h"

/* x holds layer->depth values and zeros up to a multiple of four; y receives layer->channels values. */
void acoustic_nn_row(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y);

#endif
