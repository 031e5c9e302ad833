// SPDX-License-Identifier: GPL-2.0-only
/* Table sizes: primes from 251 to 1048573, against a sieve. */
#include "fixture.h"

enum {
	SIEVE_END = 1048700
};

static bool composite[SIEVE_END];

static int sieve(void **state)
{
	u32 i, j;

	(void)state;
	composite[0] = composite[1] = true;
	for (i = 2; i * i < SIEVE_END; i++)
		for (j = i * i; !composite[i] && j < SIEVE_END; j += i)
			composite[j] = true;
	return 0;
}

static bool valid_by_sieve(u32 size)
{
	return size >= 251 && size <= 1048573 && !composite[size];
}

static void size_valid_equals_sieve_everywhere(void **state)
{
	u32 size;

	(void)state;
	for (size = 0; size < SIEVE_END; size++)
		if (maglev_size_valid(size) != valid_by_sieve(size))
			fail_msg("size %u", size);
}

static void size_valid_at_both_ends(void **state)
{
	(void)state;
	assert_true(maglev_size_valid(MAGLEV_SIZE_MIN));
	assert_true(maglev_size_valid(MAGLEV_SIZE_MAX));
	assert_true(maglev_size_valid(MAGLEV_SIZE_DEFAULT));
	assert_false(maglev_size_valid(241)); /* primes, but beyond the ends */
	assert_false(maglev_size_valid(1048583));
}

static void size_valid_refuses_far_beyond(void **state)
{
	(void)state;
	assert_false(maglev_size_valid(2147483647)); /* a prime */
	assert_false(maglev_size_valid(4294967291U)); /* a prime */
	assert_false(maglev_size_valid(4294967295U));
	assert_false(maglev_size_valid((1U << 31) + 251));
}

/* Squares of primes are what a trial division with a bound too low lets pass. */
static void size_valid_refuses_squares_of_primes(void **state)
{
	u32 i;

	(void)state;
	for (i = 2; i <= 1021; i++)
		if (!composite[i])
			assert_false(maglev_size_valid(i * i));
}

static void size_nearest_equals_sieve_everywhere(void **state)
{
	u32 size, below = 251, above = 251, expected;

	(void)state;
	for (size = 0; size <= 1048573; size++) {
		if (valid_by_sieve(size))
			below = size;
		if (above < size)
			above = size;
		while (!valid_by_sieve(above))
			above++;
		/* Of two equally near, the larger. */
		expected = size < 251 || above - size <= size - below ? above : below;
		if (maglev_size_nearest(size) != expected)
			fail_msg("size %u: core %u, sieve %u", size, maglev_size_nearest(size),
				 expected);
	}
}

static void size_nearest_keeps_valid_sizes(void **state)
{
	(void)state;
	assert_int_equal(maglev_size_nearest(251), 251);
	assert_int_equal(maglev_size_nearest(65537), 65537);
	assert_int_equal(maglev_size_nearest(1048573), 1048573);
}

static void size_nearest_takes_the_larger_of_two(void **state)
{
	(void)state;
	assert_int_equal(maglev_size_nearest(254), 257); /* 251 is as near */
}

static void size_nearest_clamps(void **state)
{
	(void)state;
	assert_int_equal(maglev_size_nearest(0), 251);
	assert_int_equal(maglev_size_nearest(1048583), 1048573);
	assert_int_equal(maglev_size_nearest(2147483648U), 1048573);
	assert_int_equal(maglev_size_nearest(4294967295U), 1048573);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(size_valid_equals_sieve_everywhere, sieve),
		cmocka_unit_test(size_valid_at_both_ends),
		cmocka_unit_test(size_valid_refuses_far_beyond),
		cmocka_unit_test_setup(size_valid_refuses_squares_of_primes, sieve),
		cmocka_unit_test_setup(size_nearest_equals_sieve_everywhere, sieve),
		cmocka_unit_test(size_nearest_keeps_valid_sizes),
		cmocka_unit_test(size_nearest_takes_the_larger_of_two),
		cmocka_unit_test(size_nearest_clamps),
	};

	return run_unit_tests("size", tests);
}
