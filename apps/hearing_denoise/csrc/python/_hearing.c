/*
 * How Python runs the application: what firmware runs, over whatever network Python has.
 */
#include "_run.h"
#include "acoustic_hearing.h"
#include "acoustic_hearing_network.h"

/* A stream with its network, of which Python says where its inputs and outputs lie. */
typedef struct {
    acoustic_hearing hearing;
    const acoustic_nn_call *calls;
    int64_t n_calls;
    int8_t *memory;
    int8_t *inputs[3], *outputs[3];
} stream_t;

size_t acoustic_hearing_stream_bytes(void);
void acoustic_hearing_stream_start(stream_t *stream, const acoustic_stft *analysis,
                                   const acoustic_synthesis *synthesis, float floor, float wet,
                                   const acoustic_nn_call *calls, int64_t n_calls, int8_t *memory,
                                   const int64_t *places);
size_t acoustic_hearing_stream_push(stream_t *stream, float strength, const int16_t *pcm, size_t n, int16_t *out);

/* Streams of Python begin by definitions of their own. */
const acoustic_hearing_definition acoustic_hearing_model = {NULL, NULL, 0.0f};

/* The stream that this thread is pushing. */
static __thread const stream_t *running;

int8_t *acoustic_hearing_network_input_0(void)
{
    return running->inputs[0];
}

int8_t *acoustic_hearing_network_input_1(void)
{
    return running->inputs[1];
}

int8_t *acoustic_hearing_network_input_2(void)
{
    return running->inputs[2];
}

const int8_t *acoustic_hearing_network_output_0(void)
{
    return running->outputs[0];
}

const int8_t *acoustic_hearing_network_output_1(void)
{
    return running->outputs[1];
}

const int8_t *acoustic_hearing_network_output_2(void)
{
    return running->outputs[2];
}

void acoustic_hearing_network_run(void)
{
    acoustic_nn_run(running->calls, running->n_calls, running->memory, 1, NULL, 0, NULL, 0);
}

size_t acoustic_hearing_stream_bytes(void)
{
    return sizeof(stream_t);
}

/* Begin; places are those of three inputs, then of three outputs, in the memory. */
void acoustic_hearing_stream_start(stream_t *stream, const acoustic_stft *analysis,
                                   const acoustic_synthesis *synthesis, float floor, float wet,
                                   const acoustic_nn_call *calls, int64_t n_calls, int8_t *memory,
                                   const int64_t *places)
{
    const acoustic_hearing_definition definition = {analysis, synthesis, floor};
    acoustic_hearing_start_with(&stream->hearing, &definition);
    stream->hearing.wet = wet;
    stream->calls = calls;
    stream->n_calls = n_calls;
    stream->memory = memory;
    for (size_t i = 0; i < 3; ++i) {
        stream->inputs[i] = memory + places[i];
        stream->outputs[i] = memory + places[3 + i];
    }
}

size_t acoustic_hearing_stream_push(stream_t *stream, float strength, const int16_t *pcm, size_t n, int16_t *out)
{
    running = stream;
    acoustic_hearing_set_strength(&stream->hearing, strength);
    return acoustic_hearing_push(&stream->hearing, pcm, n, out);
}
