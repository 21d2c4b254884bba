/* SPDX-License-Identifier: Apache-2.0
 * PL011 by polling, and a small printf: %s %c %u %x %lu %lx %%, with a zero-padded width ("%016lx").
 */
#ifndef BARE_CONSOLE_H
#define BARE_CONSOLE_H

#include <stdarg.h>

#include "lib/types.h"

#define UART_PA 0x09000000ULL

void console_set_base(u64 address);  /* PA while the MMU is off, then the device's VA */
void console_use_lock(bool use);     /* only when memory is Normal: exclusives need it */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Formats into out[size], always terminated; returns the length kept. */
unsigned format_to(char *out, unsigned size, const char *format, ...) __attribute__((format(printf, 3, 4)));

unsigned vformat_to(char *out, unsigned size, const char *format, va_list ap);

#endif
