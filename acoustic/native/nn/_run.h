/*
 * A whole network as a list of calls: how Python uses the kernels. Firmware has the calls written out instead.
 */
#ifndef ACOUSTIC_NN_RUN_H
#define ACOUSTIC_NN_RUN_H

#include <stdint.h>

/* In the order of KERNELS in acoustic/model/native.py. */
typedef enum {
    KERNEL_DENSE,
    KERNEL_CONV,
    KERNEL_DEPTHWISE,
    KERNEL_AVERAGE_POOL,
    KERNEL_MAX_POOL,
    KERNEL_MEAN,
    KERNEL_ADD,
    KERNEL_MUL,
    KERNEL_TABLE,
    KERNEL_SOFTMAX,
    KERNEL_MOVE
} acoustic_nn_kernel;

/* A kernel's input: a constant, or a place in the memory where `constant` is NULL. */
typedef struct {
    const int8_t *constant;
    int64_t place;
} acoustic_nn_argument;

typedef struct {
    int64_t kernel;
    const void *layer;
    acoustic_nn_argument a, b;
    int64_t target;
    int64_t scratch; /* negative for none */
} acoustic_nn_call;

/* An input or output of every run, one after the other. */
typedef struct {
    int8_t *values;
    int64_t size;
    int64_t place;
} acoustic_nn_port;

/* Run the network n_runs times over memory that keeps what a run leaves in it. */
void acoustic_nn_run(const acoustic_nn_call *calls, int64_t n_calls, int8_t *memory, int64_t n_runs,
                     const acoustic_nn_port *inputs, int64_t n_inputs, const acoustic_nn_port *outputs,
                     int64_t n_outputs);

#endif
