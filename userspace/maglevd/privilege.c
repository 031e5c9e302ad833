// SPDX-License-Identifier: GPL-2.0-only
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <sys/prctl.h>

int privilege_drop(void)
{
	capng_select_t which = CAPNG_SELECT_CAPS;

	/* Who may not change the bounding set has no more than is left to it anyway. */
	if (capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		which = CAPNG_SELECT_BOTH;
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			  CAP_NET_ADMIN, CAP_NET_RAW, -1) ||
	    capng_apply(which))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}
