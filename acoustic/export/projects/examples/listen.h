/*
 * What the example programs share: sound goes to the application, and what it hears comes back as lines of text.
 * listen.c is the application's side, and shows how its own header is used.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

void listen_start(void);
void listen_push(const int16_t *pcm, size_t n);
void listen_end(void);

/* Defined by the program: show a text, and a whole number. Lines end with "\n". */
void say_text(const char *text);
void say_number(int32_t number);

#ifdef __cplusplus
}
#endif

#endif
