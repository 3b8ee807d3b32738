/* SPDX-License-Identifier: Apache-2.0 */
/* What fuzz targets share. A target is a file fuzz_<what>.c with one function: it takes any bytes
 * and asserts what must hold whatever they are.
 *
 * The same function is linked twice: with libFuzzer, which looks for bytes that break it, and with
 * replay.c, which runs over the corpus kept in the tree, with any compiler.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "base/bytes.h"
#include "base/pack.h"

#include <assert.h>

/* libFuzzer's name for it. The bytes stand alone on the heap, so that a sanitizer sees any step
 * past their end. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Input that is more than one value is taken from the front; where it has ended, all is zero. */
static inline struct bytes fuzz_take(struct bytes *input, size_t size)
{
	struct bytes taken = { input->at, size < input->size ? size : input->size };
	input->at += taken.size;
	input->size -= taken.size;
	return taken;
}

static inline uint8_t fuzz_take_u8(struct bytes *input)
{
	struct bytes taken = fuzz_take(input, 1);
	return taken.size == 0 ? 0 : taken.at[0];
}

static inline int64_t fuzz_take_i64(struct bytes *input)
{
	uint8_t whole[8] = { 0 };
	struct bytes taken = fuzz_take(input, sizeof whole);
	(void)pack_bytes(whole, taken.at, taken.size);
	return unpack_i64(whole);
}

/* A size (u16) and so many bytes: how records and rows stand one after the other. */
static inline struct bytes fuzz_take_sized(struct bytes *input)
{
	size_t low = fuzz_take_u8(input), high = fuzz_take_u8(input);
	return fuzz_take(input, low | high << 8);
}

#endif
