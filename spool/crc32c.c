#include "spool/crc32c.h"

#include <string.h>

/* One nibble at a time: sixteen words of the reflected polynomial 0x82F63B78. */
static const uint32_t nibble_table[16] = {
	0x00000000,
	0x105EC76F,
	0x20BD8EDE,
	0x30E349B1,
	0x417B1DBC,
	0x5125DAD3,
	0x61C69362,
	0x7198540D,
	0x82F63B78,
	0x92A8FC17,
	0xA24BB5A6,
	0xB21572C9,
	0xC38D26C4,
	0xD3D3E1AB,
	0xE330A81A,
	0xF36E6F75,
};

uint32_t crc32c_portable(uint32_t crc, struct str s)
{
	crc = ~crc;
	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		crc = nibble_table[crc & 15] ^ crc >> 4;
		crc = nibble_table[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, struct str s)
{
	uint64_t sum = ~crc, word;
	size_t i = 0;

	for (; sizeof word <= s.n - i; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		sum = _mm_crc32_u64(sum, word);
	}
	for (; i < s.n; i++)
		sum = _mm_crc32_u8((uint32_t)sum, (unsigned char)s.p[i]);
	return ~(uint32_t)sum;
}

uint32_t crc32c(uint32_t crc, struct str s)
{
	if (!s.n)
		return crc;
	return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, s) : crc32c_portable(crc, s);
}
#else
uint32_t crc32c(uint32_t crc, struct str s)
{
	return crc32c_portable(crc, s);
}
#endif
