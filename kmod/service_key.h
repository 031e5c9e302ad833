/* SPDX-License-Identifier: GPL-2.0-only */
/* The name of a service, as packets, IPVS and requests give it. */
#ifndef MAGLEV_KMOD_SERVICE_KEY_H
#define MAGLEV_KMOD_SERVICE_KEY_H

#include <maglev/tuple.h>

/**
 * struct maglev_service_key - which service
 * @addr: the VIP, network order, IPv4 in the first 4 bytes; zeroed behind, and for @fwmark
 * @port: network order
 * @protocol: IPPROTO_*; 0 for @fwmark
 * @addr_len: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES
 * @fwmark: instead of all the others but @addr_len, unless 0
 * @word: all of it, as it is hashed and compared
 */
struct maglev_service_key {
	union {
		struct {
			u8 addr[MAGLEV_IPV6_BYTES];
			u32 fwmark;
			__be16 port;
			u8 protocol;
			u8 addr_len;
		};
		u64 word[3];
	};
};

#endif
