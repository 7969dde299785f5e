/* A board program on the PC: input from stdin, output to stdout, nothing counted. */
#include <stdio.h>

#include "board.h"

size_t board_read(void *to, size_t size)
{
    return fread(to, 1, size, stdin);
}

void board_write(const void *from, size_t size)
{
    fwrite(from, 1, size, stdout);
}

void board_region_start(void) {}

void board_region_stop(unsigned region)
{
    (void)region;
}

int main(void)
{
    return program_main();
}
