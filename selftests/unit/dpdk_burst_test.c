// SPDX-License-Identifier: GPL-2.0-only
// unit-sources: userspace/dpdk/siphash.c userspace/dpdk/lookup.c
// unit-flags: -Iuserspace/dpdk
/*
 * What the DPDK workers do many at a time, or in a hurry, is what the core does one by one: hashes,
 * look-ups, plain packets, words that rest.
 */
#include "fixture.h"
#include <lookup.h>
#include <plain.h>
#include <siphash.h>

enum {
	TUPLES = 32,
	ROUNDS = 3000,
	LINES = 7,
	PACKET_BYTES = 96,
};

static void random_tuple(struct random *random, struct maglev_tuple *tuple)
{
	u8 addr[2][MAGLEV_IPV6_BYTES];

	random_fill(random, addr, sizeof(addr));
	maglev_tuple_init(tuple, random_below(random, 2) ? MAGLEV_IPV6_BYTES : MAGLEV_IPV4_BYTES,
			  addr[0], addr[1], random_u64(random), random_u64(random),
			  random_u64(random));
}

static void hashes_of_many_are_those_of_each(void **state)
{
	struct maglev_tuple tuple[TUPLES];
	const struct maglev_tuple *at[TUPLES];
	struct maglev_key key;
	struct random random;
	u32 round, i, n;
	u64 *hash;

	(void)state;
	random_init(&random, __func__);
	for (round = 0; round < ROUNDS; round++) {
		n = random_below(&random, TUPLES + 1);
		hash = test_alloc(n * sizeof(*hash));
		random_fill(&random, &key, sizeof(key));
		for (i = 0; i < n; i++) {
			random_tuple(&random, &tuple[i]);
			at[i] = &tuple[i];
		}
		siphash_tuples(&key, at, n, hash);
		for (i = 0; i < n; i++)
			assert_int_equal(hash[i], maglev_tuple_hash(&tuple[i], &key));
		free(hash);
	}
}

/* The words with these 38 bits in both lines. */
static u32 count_words(const struct maglev_flow_table *table, u64 hash, u64 *word)
{
	u64 *line[2] = { maglev_flow_line(table, hash),
			 maglev_flow_line(table, maglev_mix64(hash)) };
	u32 i, j, n = 0;

	for (i = 0; i < 2 - (line[0] == line[1]); i++) {
		for (j = 0; j < MAGLEV_LINE_WORDS; j++) {
			if ((line[i][j] ^ hash) >> 26)
				continue;
			*word = line[i][j];
			n++;
		}
	}
	return n;
}

static void look_ups_of_many_find_the_only_word(void **state)
{
	struct maglev_flow_table table = { .lines = LINES };
	u64 hash[TUPLES], word[TUPLES], expected;
	u32 round, i, seen[3] = {};
	struct random random;

	(void)state;
	random_init(&random, __func__);
	table.words = aligned_alloc(MAGLEV_LINE_BYTES, LINES * MAGLEV_LINE_BYTES);
	assert_non_null(table.words);
	for (round = 0; round < ROUNDS; round++) {
		memset(table.words, 0, LINES * MAGLEV_LINE_BYTES);
		for (i = 0; i < TUPLES; i++) {
			hash[i] = random_u64(&random);
			/* Some are there, in either line or in both. */
			if (random_below(&random, 3))
				maglev_flow_line(&table, hash[i])[random_below(&random, 8)] =
					maglev_word_make(hash[i], i, MAGLEV_ESTABLISHED, round);
			if (!random_below(&random, 3))
				maglev_flow_line(&table,
						 maglev_mix64(hash[i]))[random_below(&random, 8)] =
					maglev_word_make(hash[i], i, MAGLEV_HALF_OPEN, round);
		}
		lookup_words(&table, hash, TUPLES, word);
		for (i = 0; i < TUPLES; i++) {
			u32 n = count_words(&table, hash[i], &expected);

			seen[n > 2 ? 2 : n]++;
			assert_int_equal(word[i], n == 1 ? expected : 0);
		}
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	free(table.words);
}

/* An IPv4 or IPv6 packet, often whole; then some of its first bytes are changed. */
static u32 random_packet(struct random *random, u8 *packet, u8 version)
{
	static const u8 protocols[] = { MAGLEV_PROTO_TCP, MAGLEV_PROTO_UDP, MAGLEV_PROTO_SCTP,
					MAGLEV_PROTO_ICMP };
	u8 protocol = protocols[random_below(random, ARRAY_SIZE(protocols))];
	u32 len = 40 + random_below(random, PACKET_BYTES - 40 + 1), header = version == 4 ? 20 : 40;
	u32 i;

	random_fill(random, packet, len);
	packet[0] = version == 4 ? 0x45 : 0x60;
	if (version == 4) {
		packet[2] = 0;
		packet[3] = len - random_below(random, 2) * random_below(random, 8);
		packet[6] &= 0x40;
		packet[7] = 0;
		packet[9] = protocol;
	} else {
		packet[4] = 0;
		packet[5] = len - header;
		packet[6] = protocol;
	}
	if (header + 20 <= len && protocol == MAGLEV_PROTO_TCP)
		packet[header + 12] = 0x50;
	if (header + 8 <= len && protocol == MAGLEV_PROTO_UDP) {
		packet[header + 4] = 0;
		packet[header + 5] = 8 + random_below(random, 12);
	}
	for (i = random_below(random, 3); i; i--)
		packet[random_below(random, 56 < len ? 56 : len)] = random_u64(random);
	return len;
}

/* Fix the checksum of a header of 20 bytes. */
static void fix_checksum(u8 *packet)
{
	u32 i, sum = 0;

	packet[10] = packet[11] = 0;
	for (i = 0; i < 20; i += 2)
		sum += packet[i] << 8 | packet[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	packet[10] = ~sum >> 8;
	packet[11] = ~sum;
}

static void plain_packets_are_what_the_core_reads(void **state)
{
	struct maglev_packet quick, packet;
	struct random random;
	u32 round, n = 0;

	(void)state;
	random_init(&random, __func__);
	for (round = 0; round < 100 * ROUNDS; round++) {
		u8 version = random_below(&random, 2) ? 6 : 4, buffer[PACKET_BYTES], *exact;
		u32 len = random_packet(&random, buffer, version);
		struct maglev_bytes bytes;

		if (version == 4)
			fix_checksum(buffer);
		exact = test_alloc(len);
		memcpy(exact, buffer, len);
		memset(&quick, 0, sizeof(quick));
		bytes = (struct maglev_bytes){ .head = exact, .head_len = len, .len = len };
		if (plain_parse(&quick, exact, len, version)) {
			n++;
			assert_int_equal(maglev_packet_parse(&packet, &bytes), MAGLEV_KIND_FLOW);
			assert_memory_equal(quick.tuple.byte, packet.tuple.byte, packet.tuple.len);
			quick.tuple = packet.tuple;
			assert_memory_equal(&quick, &packet, sizeof(packet));
		}
		free(exact);
	}
	assert_true(n > 20 * ROUNDS);
}

static void a_wrong_header_checksum_is_not_plain(void **state)
{
	u8 buffer[PACKET_BYTES] = { 0x45 };
	struct maglev_packet packet;

	(void)state;
	buffer[3] = 40;
	buffer[9] = MAGLEV_PROTO_TCP;
	buffer[32] = 0x50;
	fix_checksum(buffer);
	assert_true(plain_parse(&packet, buffer, sizeof(buffer), 4));
	buffer[8]++;
	assert_false(plain_parse(&packet, buffer, sizeof(buffer), 4));
}

static void a_word_that_rests_is_not_written(void **state)
{
	static const u8 flags[] = { 0,
				    MAGLEV_TCP_ACK,
				    MAGLEV_TCP_SYN,
				    MAGLEV_TCP_FIN,
				    MAGLEV_TCP_RST,
				    MAGLEV_TCP_SYN | MAGLEV_TCP_ACK };
	struct maglev_target target = { .limit = { 1, 1, 1, 1 } };
	struct random random;
	u32 round, n = 0;

	(void)state;
	random_init(&random, __func__);
	for (round = 0; round < 100 * ROUNDS; round++) {
		u32 now = random_u64(&random) >> 40;
		u64 word = maglev_word_make(random_u64(&random), random_below(&random, 65535),
					    random_below(&random, 4),
					    now - random_below(&random, 3) *
							    random_below(&random, 99));
		u8 flag = flags[random_below(&random, ARRAY_SIZE(flags))];

		if (!maglev_word_rests(word, flag, now))
			continue;
		n++;
		assert_int_equal(maglev_word_next(word, flag, now), word);
		assert_false(maglev_word_expired(word, &target, now));
	}
	assert_true(n > ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_of_many_are_those_of_each),
		cmocka_unit_test(look_ups_of_many_find_the_only_word),
		cmocka_unit_test(plain_packets_are_what_the_core_reads),
		cmocka_unit_test(a_wrong_header_checksum_is_not_plain),
		cmocka_unit_test(a_word_that_rests_is_not_written),
	};

	return run_unit_tests("dpdk_burst", tests);
}
