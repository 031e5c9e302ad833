/* SPDX-License-Identifier: GPL-2.0-only */
/* Where kernels differ. Features are tested, never versions: stable series change too. */
#ifndef MAGLEV_KMOD_COMPAT_H
#define MAGLEV_KMOD_COMPAT_H

#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/ip_vs.h>

/* Segmentation's declarations moved here from skbuff.h; MAGLEV_HAVE_GSO is Kbuild's finding. */
#ifdef MAGLEV_HAVE_GSO
#include <net/gso.h>
#endif

/* A queue whose workers stay on their CPU says so; MAGLEV_HAVE_WQ_PERCPU is Kbuild's finding. */
static inline struct workqueue_struct *maglev_percpu_queue(const char *name)
{
#ifdef MAGLEV_HAVE_WQ_PERCPU
	return alloc_workqueue("%s", WQ_PERCPU, 0, name);
#else
	return alloc_workqueue("%s", 0, 0, name);
#endif
}

/* The system's queue for work on any CPU; MAGLEV_HAVE_DFL_WQ is Kbuild's finding. */
static inline struct workqueue_struct *maglev_unbound_queue(void)
{
#ifdef MAGLEV_HAVE_DFL_WQ
	return system_dfl_wq;
#else
	return system_unbound_wq;
#endif
}

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

/* The connections of a destination, active or not; MAGLEV_HAVE_TOTALCONNS is Kbuild's finding. */
static inline u32 maglev_dest_conns(const struct ip_vs_dest *dest)
{
#ifdef MAGLEV_HAVE_TOTALCONNS
	return atomic_read(&dest->totalconns);
#else
	return atomic_read(&dest->activeconns) + atomic_read(&dest->inactconns);
#endif
}

/* IPVS's counters of a namespace; MAGLEV_HAVE_STATS_RCU is Kbuild's finding. */
static inline struct ip_vs_stats *maglev_total_stats(struct netns_ipvs *ipvs)
{
#ifdef MAGLEV_HAVE_STATS_RCU
	return &ipvs->tot_stats->s;
#else
	return &ipvs->tot_stats;
#endif
}

/* The attributes of a dump's request; MAGLEV_HAVE_INFO_DUMP is Kbuild's finding. */
static inline struct nlattr **maglev_dump_attrs(struct netlink_callback *cb)
{
#ifdef MAGLEV_HAVE_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

#endif
