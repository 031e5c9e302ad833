/* SPDX-License-Identifier: GPL-2.0-only */
/* A range of addresses. */
#ifndef MAGLEV_KMOD_PREFIX_H
#define MAGLEV_KMOD_PREFIX_H

#include <maglev/tuple.h>

/**
 * struct maglev_prefix - addresses of which one is an outer source
 * @addr: network order
 * @len: bits of @addr that count; 0: unset
 */
struct maglev_prefix {
	u8 addr[MAGLEV_IPV6_BYTES];
	u8 len;
};

#endif
