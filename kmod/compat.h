/* SPDX-License-Identifier: GPL-2.0-only */
/* Where kernels differ. Features are tested, never versions: stable series change too. */
#ifndef MAGLEV_KMOD_COMPAT_H
#define MAGLEV_KMOD_COMPAT_H

#include <net/ip_vs.h>

/* IPVS clears this when a destination leaves its service; it moved from flags to cflags. */
static inline bool maglev_dest_available(const struct ip_vs_dest *dest)
{
#ifdef IP_VS_DEST_CF_AVAILABLE
	return READ_ONCE(dest->cflags) & IP_VS_DEST_CF_AVAILABLE;
#else
	return READ_ONCE(dest->flags) & IP_VS_DEST_F_AVAILABLE;
#endif
}

static inline bool maglev_dest_overloaded(const struct ip_vs_dest *dest)
{
	return READ_ONCE(dest->flags) & IP_VS_DEST_F_OVERLOAD;
}

#endif
