/*
 * Runs a whole network from a list of calls: how Python uses the kernels. Firmware has the calls written out instead.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "acoustic_nn.h"

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
} kernel_t;

/* A kernel's input: a constant, or a place in the memory where `constant` is NULL. */
typedef struct {
    const int8_t *constant;
    int64_t place;
} argument_t;

typedef struct {
    int64_t kernel;
    const void *layer;
    argument_t a, b;
    int64_t target;
    int64_t scratch; /* negative for none */
} call_t;

/* An input or output of every run, one after the other. */
typedef struct {
    int8_t *values;
    int64_t size;
    int64_t place;
} port_t;

void acoustic_nn_run(const call_t *calls, int64_t n_calls, int8_t *memory, int64_t n_runs, const port_t *inputs,
                     int64_t n_inputs, const port_t *outputs, int64_t n_outputs);

static const int8_t *find(const argument_t *argument, const int8_t *memory)
{
    return argument->constant ? argument->constant : memory + argument->place;
}

static void run_call(const call_t *call, int8_t *memory)
{
    const int8_t *a = find(&call->a, memory), *b = find(&call->b, memory);
    int8_t *y = memory + call->target;
    int8_t *scratch = call->scratch < 0 ? NULL : memory + call->scratch;
    switch ((kernel_t)call->kernel) {
    case KERNEL_DENSE:
        acoustic_nn_dense(call->layer, a, y, scratch);
        break;
    case KERNEL_CONV:
        acoustic_nn_conv(call->layer, a, y, scratch);
        break;
    case KERNEL_DEPTHWISE:
        acoustic_nn_depthwise(call->layer, a, y, scratch);
        break;
    case KERNEL_AVERAGE_POOL:
        acoustic_nn_average_pool(call->layer, a, y);
        break;
    case KERNEL_MAX_POOL:
        acoustic_nn_max_pool(call->layer, a, y);
        break;
    case KERNEL_MEAN:
        acoustic_nn_mean(call->layer, a, y);
        break;
    case KERNEL_ADD:
        acoustic_nn_add(call->layer, a, b, y);
        break;
    case KERNEL_MUL:
        acoustic_nn_mul(call->layer, a, b, y);
        break;
    case KERNEL_TABLE:
        acoustic_nn_table(call->layer, a, y);
        break;
    case KERNEL_SOFTMAX:
        acoustic_nn_softmax(call->layer, a, y);
        break;
    case KERNEL_MOVE:
        acoustic_nn_move(call->layer, a, y);
        break;
    }
}

void acoustic_nn_run(const call_t *calls, int64_t n_calls, int8_t *memory, int64_t n_runs, const port_t *inputs,
                     int64_t n_inputs, const port_t *outputs, int64_t n_outputs)
{
    for (int64_t run = 0; run < n_runs; run++) {
        for (int64_t n = 0; n < n_inputs; n++) {
            memcpy(memory + inputs[n].place, inputs[n].values + run * inputs[n].size, (size_t)inputs[n].size);
        }
        for (int64_t n = 0; n < n_calls; n++) {
            run_call(&calls[n], memory);
        }
        for (int64_t n = 0; n < n_outputs; n++) {
            memcpy(outputs[n].values + run * outputs[n].size, memory + outputs[n].place, (size_t)outputs[n].size);
        }
    }
}
