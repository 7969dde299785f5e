/*
 * Networks, chosen by the input, which also fills their inputs. What an earlier run left in memory, of other inputs,
 * may change nothing. fuzz_networks.h, written for the networks at hand, has the table of their functions.
 */
#include "fuzz.h"
#include "fuzz_networks.h"

void fuzz_drive(fuzz_input *input)
{
    while (input->left) {
        const fuzz_network *const network = &fuzz_networks[fuzz_byte(input) % FUZZ_NETWORKS];
        fuzz_input same = *input;
        network->fill(input);
        network->run();
        network->fill(input);
        network->run();
        network->fill(&same);
        network->run();
        network->tell();
    }
}
