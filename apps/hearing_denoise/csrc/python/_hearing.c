/*
 * How Python runs the application: what firmware runs, over whatever network Python has.
 */
#include "acoustic_hearing.h"
#include "acoustic_hearing_network.h"

/* A stream with its network. */
typedef struct {
    acoustic_hearing hearing;
    acoustic_hearing_network network;
} stream_t;

size_t acoustic_hearing_stream_bytes(void);
void acoustic_hearing_stream_start(stream_t *stream, const acoustic_stft *analysis,
                                   const acoustic_synthesis *synthesis, float floor, float wet,
                                   const acoustic_nn_call *calls, int64_t n_calls, int8_t *memory,
                                   const int64_t *places);
size_t acoustic_hearing_stream_push(stream_t *stream, float strength, const int16_t *pcm, size_t n, int16_t *out);

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
    acoustic_hearing_network *const network = &stream->network;
    acoustic_hearing_start_with(&stream->hearing, &definition);
    stream->hearing.wet = wet;
    network->calls = calls;
    network->n_calls = n_calls;
    network->memory = memory;
    for (size_t i = 0; i < 3; ++i) {
        network->inputs[i] = memory + places[i];
        network->outputs[i] = memory + places[3 + i];
    }
}

size_t acoustic_hearing_stream_push(stream_t *stream, float strength, const int16_t *pcm, size_t n, int16_t *out)
{
    acoustic_hearing_network_use(&stream->network);
    acoustic_hearing_set_strength(&stream->hearing, strength);
    return acoustic_hearing_push(&stream->hearing, pcm, n, out);
}
