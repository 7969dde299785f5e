#include "_run.h"

#include <string.h>

#include "acoustic_nn.h"

static const int8_t *find(const acoustic_nn_argument *argument, const int8_t *memory)
{
    return argument->constant ? argument->constant : memory + argument->place;
}

static void run_call(const acoustic_nn_call *call, int8_t *memory)
{
    const int8_t *a = find(&call->a, memory), *b = find(&call->b, memory);
    int8_t *y = memory + call->target;
    int8_t *scratch = call->scratch < 0 ? NULL : memory + call->scratch;
    switch ((acoustic_nn_kernel)call->kernel) {
    case KERNEL_DENSE: acoustic_nn_dense(call->layer, a, y, scratch); break;
    case KERNEL_CONV: acoustic_nn_conv(call->layer, a, y, scratch); break;
    case KERNEL_DEPTHWISE: acoustic_nn_depthwise(call->layer, a, y, scratch); break;
    case KERNEL_AVERAGE_POOL: acoustic_nn_average_pool(call->layer, a, y); break;
    case KERNEL_MAX_POOL: acoustic_nn_max_pool(call->layer, a, y); break;
    case KERNEL_MEAN: acoustic_nn_mean(call->layer, a, y); break;
    case KERNEL_ADD: acoustic_nn_add(call->layer, a, b, y); break;
    case KERNEL_MUL: acoustic_nn_mul(call->layer, a, b, y); break;
    case KERNEL_TABLE: acoustic_nn_table(call->layer, a, y); break;
    case KERNEL_SOFTMAX: acoustic_nn_softmax(call->layer, a, y); break;
    case KERNEL_MOVE: acoustic_nn_move(call->layer, a, y); break;
    }
}

void acoustic_nn_run(const acoustic_nn_call *calls, int64_t n_calls, int8_t *memory, int64_t n_runs,
                     const acoustic_nn_port *inputs, int64_t n_inputs, const acoustic_nn_port *outputs,
                     int64_t n_outputs)
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
