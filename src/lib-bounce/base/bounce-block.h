#ifndef BOUNCE_BLOCK_H
#define BOUNCE_BLOCK_H

/* Sixteen bytes that are looked at together, wherever they stand: GCC's and clang's
   vectors, which they make of what the machine has. Of what a comparison gives each
   byte is all ones, for true, or all zeros. */

#include "byteorder.h"

typedef uint8_t bounce_block_t
	__attribute__((vector_size(16), aligned(1), may_alias));

static inline bool bounce_block_is_true(bounce_block_t compared)
{
	uint64_t halves[2];

	memcpy(halves, &compared, sizeof(halves));
	return (halves[0] & halves[1]) == UINT64_MAX;
}

/* How many bytes, from the first on, are true. */
static inline unsigned int bounce_block_true_len(bounce_block_t compared)
{
	uint64_t halves[2];

	memcpy(halves, &compared, sizeof(halves));
	if (halves[0] != UINT64_MAX)
		return __builtin_ctzll(~le64_to_cpu(halves[0])) / 8;
	if (halves[1] != UINT64_MAX)
		return 8 + __builtin_ctzll(~le64_to_cpu(halves[1])) / 8;
	return 16;
}

#endif
