/* SPDX-License-Identifier: GPL-2.0-only */
/* How this host would send to an address. */
#ifndef MAGLEVD_WAY_H
#define MAGLEVD_WAY_H

#include <objects.h>

struct way {
	struct maglev_lib_addr source; /* len 0: there is no way */
	u32 mtu; /* of the link: what was learned of the path is not in it; 0: not known */
};

/* Ask the routing table. */
struct way way_towards(const struct maglev_lib_addr *to);

#endif
