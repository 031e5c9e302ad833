/* SPDX-License-Identifier: GPL-2.0-only */
/* How this host would send to an address. */
#ifndef MAGLEVD_WAY_H
#define MAGLEVD_WAY_H

#include <objects.h>

struct way {
	struct maglev_lib_addr source; /* of the VIP's family; len 0: there is none */
	u32 mtu; /* of the link: what was learned of the path is not in it; 0: not known */
};

/* Ask the routing table; where the VIP is of the other family, the interface for its source. */
struct way way_towards(const struct maglev_lib_addr *to, const struct maglev_lib_addr *vip);

#endif
