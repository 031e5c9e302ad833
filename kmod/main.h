/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module was loaded with. */
#ifndef MAGLEV_KMOD_MAIN_H
#define MAGLEV_KMOD_MAIN_H

#include <maglev/hash.h>

/**
 * enum maglev_mh - do we answer to the scheduler name mh?
 * @MAGLEV_MH_OFF: no, nor should we
 * @MAGLEV_MH_ON: yes
 * @MAGLEV_MH_TAKEN: we should, but the name is taken
 *
 * Numbers are part of the netlink ABI.
 */
enum maglev_mh {
	MAGLEV_MH_OFF,
	MAGLEV_MH_ON,
	MAGLEV_MH_TAKEN,
};

/**
 * struct maglev_settings - module parameters that shape tables
 * @key: the cluster key; never shown
 * @table_size: slots of every service's table
 * @mh: do we answer to the scheduler name mh?
 */
struct maglev_settings {
	struct maglev_key key;
	unsigned int table_size;
	enum maglev_mh mh;
};

extern struct maglev_settings maglev_settings;

/* From a change to the build that includes it; may change at any time. */
extern unsigned int maglev_rebuild_delay_ms;

#endif
