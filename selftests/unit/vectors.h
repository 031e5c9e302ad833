/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Golden vectors as plain data: SipHash's reference inputs (bytes 00 .. len - 1 under
 * the key 00 .. 0f) and the examples of DESIGN.md 3. The table of SipHash-1-3 has no
 * official source: its values agree with CPython's bytes hash under the zero key and,
 * in their low halves, with the vectors of the kernel's lib/test_siphash.c.
 */
#ifndef MAGLEV_TEST_VECTORS_H
#define MAGLEV_TEST_VECTORS_H

#include <maglev/table.h>

#define VECTOR_KEY_TEXT "000102030405060708090a0b0c0d0e0f"
#define VECTOR_KEY_CHECK 0xb88fb28d06d5efe1ULL

static const struct maglev_key vector_key = {
	.word = { 0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL },
};

static const u64 vector_siphash24[64] = {
	0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL, 0x0d6c8009d9a94f5aULL, 0x85676696d7fb7e2dULL,
	0xcf2794e0277187b7ULL, 0x18765564cd99a68dULL, 0xcbc9466e58fee3ceULL, 0xab0200f58b01d137ULL,
	0x93f5f5799a932462ULL, 0x9e0082df0ba9e4b0ULL, 0x7a5dbbc594ddb9f3ULL, 0xf4b32f46226bada7ULL,
	0x751e8fbc860ee5fbULL, 0x14ea5627c0843d90ULL, 0xf723ca908e7af2eeULL, 0xa129ca6149be45e5ULL,
	0x3f2acc7f57c29bdbULL, 0x699ae9f52cbe4794ULL, 0x4bc1b3f0968dd39cULL, 0xbb6dc91da77961bdULL,
	0xbed65cf21aa2ee98ULL, 0xd0f2cbb02e3b67c7ULL, 0x93536795e3a33e88ULL, 0xa80c038ccd5ccec8ULL,
	0xb8ad50c6f649af94ULL, 0xbce192de8a85b8eaULL, 0x17d835b85bbb15f3ULL, 0x2f2e6163076bcfadULL,
	0xde4daaaca71dc9a5ULL, 0xa6a2506687956571ULL, 0xad87a3535c49ef28ULL, 0x32d892fad841c342ULL,
	0x7127512f72f27cceULL, 0xa7f32346f95978e3ULL, 0x12e0b01abb051238ULL, 0x15e034d40fa197aeULL,
	0x314dffbe0815a3b4ULL, 0x027990f029623981ULL, 0xcadcd4e59ef40c4dULL, 0x9abfd8766a33735cULL,
	0x0e3ea96b5304a7d0ULL, 0xad0c42d6fc585992ULL, 0x187306c89bc215a9ULL, 0xd4a60abcf3792b95ULL,
	0xf935451de4f21df2ULL, 0xa9538f0419755787ULL, 0xdb9acddff56ca510ULL, 0xd06c98cd5c0975ebULL,
	0xe612a3cb9ecba951ULL, 0xc766e62cfcadaf96ULL, 0xee64435a9752fe72ULL, 0xa192d576b245165aULL,
	0x0a8787bf8ecb74b2ULL, 0x81b3e73d20b49b6fULL, 0x7fa8220ba3b2eceaULL, 0x245731c13ca42499ULL,
	0xb78dbfaf3a8d83bdULL, 0xea1ad565322a1a0bULL, 0x60e61c23a3795013ULL, 0x6606d7e446282b93ULL,
	0x6ca4ecb15c5f91e1ULL, 0x9f626da15c9625f3ULL, 0xe51b38608ef25f57ULL, 0x958a324ceb064572ULL,
};

static const u64 vector_siphash13[64] = {
	0xabac0158050fc4dcULL, 0xc9f49bf37d57ca93ULL, 0x82cb9b024dc7d44dULL, 0x8bf80ab8e7ddf7fbULL,
	0xcf75576088d38328ULL, 0xdef9d52f49533b67ULL, 0xc50d2b50c59f22a7ULL, 0xd3927d989bb11140ULL,
	0x369095118d299a8eULL, 0x25a48eb36c063de4ULL, 0x79de85ee92ff097fULL, 0x70c118c1f94dc352ULL,
	0x78a384b157b4d9a2ULL, 0x306f760c1229ffa7ULL, 0x605aa111c0f95d34ULL, 0xd320d86d2a519956ULL,
	0xcc4fdd1a7d908b66ULL, 0x9cf2689063dbd80cULL, 0x8ffc389cb473e63eULL, 0xf21f9de58d297d1cULL,
	0xc0dc2f46a6cce040ULL, 0xb992abfe2b45f844ULL, 0x7ffe7b9ba320872eULL, 0x525a0e7fdae6c123ULL,
	0xf464aeb267349c8cULL, 0x45cd5928705b0979ULL, 0x3a3e35e3ca9913a5ULL, 0xa91dc74e4ade3b35ULL,
	0xfb0bed02ef6cd00dULL, 0x88d93cb44ab1e1f4ULL, 0x540f11d643c5e663ULL, 0x2370dd1f8c21d1bcULL,
	0x81157b6c16a7b60dULL, 0x4d54b9e57a8ff9bfULL, 0x759f12781f2a753eULL, 0xcea1a3bebf186b91ULL,
	0x2cf508d3ada26206ULL, 0xb6101c2da3c33057ULL, 0xb3f47496ae3a36a1ULL, 0x626b57547b108392ULL,
	0xc1d2363299e41531ULL, 0x667cc1923f1ad944ULL, 0x65704ffec8138825ULL, 0x24f280d1c28949a6ULL,
	0xc2ca1cedfaf8876bULL, 0xc2164bfc9f042196ULL, 0xa16e9c9368b1d623ULL, 0x49fb169c8b5114fdULL,
	0x9f3143f8df074c46ULL, 0xc6fdaf2412cc86b3ULL, 0x7eaf49d10a52098fULL, 0x1cf313559d292f9aULL,
	0xc44a30dda2f41f12ULL, 0x36fae98943a71ed0ULL, 0x318fb34c73f0bce6ULL, 0xa27abf3670a7e980ULL,
	0xb4bcc0db243c6d75ULL, 0x23f8d852fdb71513ULL, 0x8f035f4da67d8a08ULL, 0xd89cd0e5b7e8f148ULL,
	0xf6f4e6bcf7a644eeULL, 0xaec59ad80f1837f2ULL, 0xc3b2f6154b6694e0ULL, 0x9d199062b7bbb3a8ULL,
};

/* M = 251: the backends of DESIGN.md 3 in table order, and what derives from them. */
enum {
	VECTOR_SIZE = 251,
	VECTOR_BACKENDS = 4,
	VECTOR_FIRST_SLOTS = 8,
};

#define VECTOR_IPV6                              \
	{                                        \
		0x20, 0x01, 0x0d, 0xb8, [15] = 4 \
	}

static const struct {
	u8 addr[MAGLEV_IPV6_BYTES];
	u8 addr_len;
	u32 weight;
	u64 id;
	u64 seed;
	u32 offset;
	u32 skip;
	u32 slots_base;
	u32 slots_down; /* with 10.0.0.3 down */
	u32 slots_half; /* with 10.0.0.3 up at share 50 */
} vector_backend[VECTOR_BACKENDS] = {
	{ { 10, 0, 0, 1 }, 4, 1, 0x36c02fba5389beaaULL, 0xa8fd415ca4f705b1ULL, 78, 180, 50, 82, 58 },
	{ { 10, 0, 0, 2 }, 4, 1, 0xe94d8517c63ba24dULL, 0xe62215f79728f06dULL, 161, 147, 50, 73, 61 },
	{ { 10, 0, 0, 3 }, 4, 2, 0x6526d2f65bd62bf0ULL, 0xfd279d7730d6a678ULL, 62, 167, 101, 0, 62 },
	{ VECTOR_IPV6, 16, 1, 0x6451b4680efa458fULL, 0x1303615ff9f202c3ULL, 0, 10, 50, 96, 70 },
};

enum {
	VECTOR_CHANGING = 2, /* the place of 10.0.0.3 */
};

static const u16 vector_first_slots[VECTOR_FIRST_SLOTS] = { 3, 0, 1, 1, 0, 2, 1, 0 };

#define VECTOR_DIGEST_BASE 0x4711fbf57d46ea1eULL
#define VECTOR_DIGEST_DOWN 0x9e4c80c06e370822ULL
#define VECTOR_DIGEST_HALF 0x006a589d30586067ULL

static inline void vector_backends_init(struct maglev_backend *backends)
{
	u32 i;

	for (i = 0; i < VECTOR_BACKENDS; i++) {
		maglev_backend_init(&backends[i], vector_backend[i].addr_len,
				    vector_backend[i].addr, __cpu_to_be16(80));
		backends[i].weight = vector_backend[i].weight;
		maglev_backend_derive(&backends[i], &vector_key, VECTOR_SIZE);
	}
}

/* M = 7 with (offset, skip) given, weights equal: the paper's Table 1, seed 000's example. */
enum {
	VECTOR_TINY_SIZE = 7
};

struct vector_tiny {
	u32 n;
	struct {
		u32 offset;
		u32 skip;
	} backend[3];
	u16 table[VECTOR_TINY_SIZE];
};

static const struct vector_tiny vector_paper_before = {
	3,
	{ { 3, 4 }, { 0, 2 }, { 3, 1 } },
	{ 1, 0, 1, 0, 2, 2, 0 },
};

static const struct vector_tiny vector_paper_after = {
	2,
	{ { 3, 4 }, { 3, 1 } },
	{ 0, 0, 0, 0, 1, 1, 1 },
};

static const struct vector_tiny vector_seed_before = {
	3,
	{ { 3, 4 }, { 1, 2 }, { 2, 1 } },
	{ 0, 1, 2, 0, 2, 1, 0 },
};

static const struct vector_tiny vector_seed_after = {
	2,
	{ { 3, 4 }, { 2, 1 } },
	{ 0, 0, 1, 0, 1, 1, 0 },
};

/* Flows under the vector key, slots of 65537. */
enum {
	VECTOR_FLOWS = 2,
	VECTOR_FLOW_SIZE = 65537,
};

static const struct {
	u8 addr_len;
	u8 protocol;
	u16 sport;
	u16 dport;
	u8 saddr[MAGLEV_IPV6_BYTES];
	u8 daddr[MAGLEV_IPV6_BYTES];
	u64 hash;
	u32 slot;
} vector_flow[VECTOR_FLOWS] = {
	{ 4, 6, 4242, 80, { 198, 51, 100, 7 }, { 192, 0, 2, 10 }, 0xa34aed15abdb4053ULL, 41803 },
	{ 16,
	  17,
	  4242,
	  443,
	  { 0x20, 0x01, 0x0d, 0xb8, [15] = 7 },
	  { 0x20, 0x01, 0x0d, 0xb8, 0, 1, [15] = 0x10 },
	  0x8761d8791bb892e8ULL,
	  34658 },
};

static inline void vector_flow_init(struct maglev_tuple *tuple, u32 i)
{
	maglev_tuple_init(tuple, vector_flow[i].addr_len, vector_flow[i].saddr,
			  vector_flow[i].daddr, __cpu_to_be16(vector_flow[i].sport),
			  __cpu_to_be16(vector_flow[i].dport), vector_flow[i].protocol);
}

#endif
