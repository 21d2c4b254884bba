/* SPDX-License-Identifier: Apache-2.0
 * The command line, /chosen/bootargs: "key=value key=value ...". Unknown keys are reported, not ignored.
 */
#ifndef BARE_ARGS_H
#define BARE_ARGS_H

#include "lib/types.h"

#define ARG_BYTES 48

/* The value of `key` in `args`, copied to out[ARG_BYTES]; false if the key is absent (out is then fallback). */
bool arg_text(const char *args, const char *key, const char *fallback, char *out);
/* Decimal or 0x, with an optional suffix K, M or G. False: present, but no number. */
bool arg_number(const char *args, const char *key, u64 fallback, u64 *out);
/* The first word whose key is not in `known` (names separated by one space each), copied to out; false: none. */
bool arg_unknown(const char *args, const char *known, char *out);

#endif
