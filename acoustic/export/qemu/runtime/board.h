/* What a program sees of the emulated board: bytes in, bytes out, and regions whose instructions are counted.
 *
 * The program defines program_main() and uses nothing else of the machine. Files are the emulator's working
 * folder's: input.bin is read, output.bin written, and regions.bin receives the counts at the end. */
#ifndef ACOUSTIC_BOARD_H
#define ACOUSTIC_BOARD_H

#include <stddef.h>
#include <stdint.h>

#define BOARD_REGIONS 16

/* Entry of the program under test; what it returns is the emulator's exit code. */
int program_main(void);

/* Read at most `size` bytes of the input; the number read is returned, 0 at its end. */
size_t board_read(void *to, size_t size);

/* Append to the output. */
void board_write(const void *from, size_t size);

/* Count the instructions between start and stop under a region's number; regions do not nest. */
void board_region_start(void);
void board_region_stop(unsigned region);

/* Called by the start-up code once memory is set up. */
void board_main(void);

#endif
