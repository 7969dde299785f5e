/* Weights times one input: in portable C, with DSP instructions (Cortex-M4, M7, M33), and with MVE (Cortex-M55). */
#include "acoustic_nn_row.h"

#include "acoustic_nn_dsp.h"
#include "acoustic_nn_mve.h"
#include "acoustic_nn_scale.h"

/* However the rest is built: the registers that the assembly wants are free only then. */
#if defined(__GNUC__) && !defined(__clang__) && (ACOUSTIC_NN_DSP || ACOUSTIC_NN_MVE)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#if ACOUSTIC_NN_DSP

/* One group of four inputs times four channels, in 16 instructions. A word of weights holds two bytes of each of
 * two channels, u = a + 128 and b: taken as two halves it is u + 256 b, and `p` sums its products; with the odd bytes
 * alone `q` sums those of b. What is left of p when 256 q is taken away belongs to u; the arithmetic is modulo 2**32.
 */
#define GROUP                               \
    "ldr r8, [%[x]], #4\n"                  \
    "ldm %[w]!, {r3, r4, r5, r6}\n"         \
    "sxtb16 r9, r8, ror #8\n"               \
    "sxtb16 r8, r8\n"                       \
    "smlad %[p0], r3, r8, %[p0]\n"          \
    "sxtb16 r3, r3, ror #8\n"               \
    "smlad %[q0], r3, r8, %[q0]\n"          \
    "smlad %[p1], r5, r8, %[p1]\n"          \
    "sxtb16 r5, r5, ror #8\n"               \
    "smlad %[q1], r5, r8, %[q1]\n"          \
    "smlad %[p0], r4, r9, %[p0]\n"          \
    "sxtb16 r4, r4, ror #8\n"               \
    "smlad %[q0], r4, r9, %[q0]\n"          \
    "smlad %[p1], r6, r9, %[p1]\n"          \
    "sxtb16 r6, r6, ror #8\n"               \
    "smlad %[q1], r6, r9, %[q1]\n"

/* Products of four channels, without bias; for the first and third the weights are 128 too large. */
static inline const int8_t *products(const int8_t *x, const int8_t *w, int32_t groups, uint32_t *sums)
{
    uint32_t p0 = 0, q0 = 0, p1 = 0, q1 = 0;
    __asm__ volatile("subs %[n], %[n], #4\n"
                     "blt 2f\n"
                     "1:\n" GROUP GROUP GROUP GROUP
                     "subs %[n], %[n], #4\n"
                     "bge 1b\n"
                     "2:\n"
                     "adds %[n], %[n], #4\n"
                     "beq 4f\n"
                     "3:\n" GROUP
                     "subs %[n], %[n], #1\n"
                     "bne 3b\n"
                     "4:\n"
                     : [x] "+r"(x), [w] "+r"(w), [n] "+r"(groups), [p0] "+r"(p0), [q0] "+r"(q0), [p1] "+r"(p1),
                       [q1] "+r"(q1)
                     :
                     : "r3", "r4", "r5", "r6", "r8", "r9", "cc", "memory");
    sums[0] = p0 - (q0 << 8);
    sums[1] = q0;
    sums[2] = p1 - (q1 << 8);
    sums[3] = q1;
    return w;
}

static uint32_t sum_of(const int8_t *x, int32_t groups)
{
    int32_t sum = 0;
    for (; groups > 0; groups--, x += 4) {
        const uint32_t word = acoustic_nn_word(x);
        sum = acoustic_nn_dual_product(acoustic_nn_even(word), 0x00010001, sum);
        sum = acoustic_nn_dual_product(acoustic_nn_odd(word), 0x00010001, sum);
    }
    return (uint32_t)sum;
}

void acoustic_nn_row(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y)
{
    const acoustic_nn_scaling_t *to = &layer->to;
    const int32_t groups = (layer->depth + 3) / 4;
    const uint32_t excess = sum_of(x, groups) << 7;
    const int32_t *bias = to->bias;
    const int8_t *w = layer->weights;
    uint32_t p[4];
    int32_t c = 0;
    for (; c + 4 <= layer->channels; c += 4, bias += 4) {
        w = products(x, w, groups, p);
        const int32_t s0 = (int32_t)(p[0] + (uint32_t)bias[0] - excess), s1 = (int32_t)(p[1] + (uint32_t)bias[1]);
        const int32_t s2 = (int32_t)(p[2] + (uint32_t)bias[2] - excess), s3 = (int32_t)(p[3] + (uint32_t)bias[3]);
        acoustic_nn_finish_four(to, s0, s1, s2, s3, c, y);
    }
    const int32_t left = layer->channels - c;
    if (left > 0) {
        int32_t sums[4];
        products(x, w, groups, p);
        for (int32_t n = 0; n < left; n++) {
            sums[n] = (int32_t)(p[n] + (uint32_t)bias[n] - (n & 1 ? 0 : excess));
        }
        acoustic_nn_finish_some(to, sums, c, left, y);
    }
}

#elif ACOUSTIC_NN_MVE

/* Sums of four channels, sixteen inputs at a time; the loop's last turn takes what is left. */
static inline int32x4_t products(const int8_t *x, const int8_t *w, int32_t depth, const int32_t *bias)
{
    int32x4_t sums;
    __asm__ volatile("ldrd r4, r6, [%[bias]]\n"
                     "ldrd r8, r10, [%[bias], #8]\n"
                     "add r3, %[w], %[n]\n"
                     "add r5, r3, %[n]\n"
                     "add r9, r5, %[n]\n"
                     "wlstp.8 lr, %[n], 2f\n"
                     "1:\n"
                     "vldrb.8 q0, [%[x]], #16\n"
                     "vldrb.8 q1, [%[w]], #16\n"
                     "vmladava.s8 r4, q0, q1\n"
                     "vldrb.8 q2, [r3], #16\n"
                     "vmladava.s8 r6, q0, q2\n"
                     "vldrb.8 q3, [r5], #16\n"
                     "vmladava.s8 r8, q0, q3\n"
                     "vldrb.8 q1, [r9], #16\n"
                     "vmladava.s8 r10, q0, q1\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     "vmov %q[sums][2], %q[sums][0], r4, r8\n"
                     "vmov %q[sums][3], %q[sums][1], r6, r10\n"
                     : [x] "+r"(x), [w] "+r"(w), [sums] "=&w"(sums)
                     : [n] "r"(depth), [bias] "r"(bias)
                     : "r3", "r4", "r5", "r6", "r8", "r9", "r10", "lr", "q0", "q1", "q2", "q3", "memory");
    return sums;
}

void acoustic_nn_row(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y)
{
    acoustic_nn_four_t room;
    acoustic_nn_vectors_t to = acoustic_nn_vectors(&layer->to, &room);
    const int32_t depth = layer->depth, channels = layer->channels;
    const int32_t *bias = layer->to.bias;
    const int8_t *w = layer->weights;
    int32_t c = 0;
    for (; c + 4 <= channels; c += 4, w += 4 * depth, bias += 4) {
        acoustic_nn_finish_vector(&to, products(x, w, depth, bias), y + c);
    }
    for (; c < channels; c++, w += depth) {
        int32_t sum = *bias++;
        for (int32_t k = 0; k < depth; k += 16) {
            const mve_pred16_t some = vctp8q((uint32_t)(depth - k));
            sum = vmladavaq_s8(sum, vldrbq_z_s8(x + k, some), vldrbq_z_s8(w + k, some));
        }
        acoustic_nn_finish_some(&layer->to, &sum, c, 1, y);
    }
}

#else

static inline void products(const int8_t *x, const int8_t *w, int32_t depth, int32_t *sums)
{
    const int8_t *w1 = w + depth, *w2 = w1 + depth, *w3 = w2 + depth;
    int32_t s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (int32_t k = 0; k < depth; k++) {
        const int32_t value = x[k];
        s0 += value * w[k];
        s1 += value * w1[k];
        s2 += value * w2[k];
        s3 += value * w3[k];
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

void acoustic_nn_row(const acoustic_nn_dense_t *layer, const int8_t *x, int8_t *y)
{
    const acoustic_nn_scaling_t *to = &layer->to;
    const int32_t depth = layer->depth;
    const int8_t *w = layer->weights;
    int32_t c = 0;
    for (; c + 4 <= layer->channels; c += 4) {
        int32_t sums[4] = {to->bias[c], to->bias[c + 1], to->bias[c + 2], to->bias[c + 3]};
        products(x, w, depth, sums);
        w += 4 * depth;
        acoustic_nn_finish_four(to, sums[0], sums[1], sums[2], sums[3], c, y);
    }
    for (; c < layer->channels; c++) {
        int32_t sum = to->bias[c];
        for (int32_t k = 0; k < depth; k++) {
            sum += x[k] * w[k];
        }
        w += depth;
        acoustic_nn_finish_some(to, &sum, c, 1, y);
    }
}

#endif
