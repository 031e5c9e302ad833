/* SPDX-License-Identifier: GPL-2.0-only */
/* What the module was loaded with. */
#ifndef MAGLEV_KMOD_MAIN_H
#define MAGLEV_KMOD_MAIN_H

#include <maglev/hash.h>

/**
 * struct maglev_settings - module parameters that shape tables
 * @key: the cluster key; never shown
 * @table_size: slots of every service's table
 */
struct maglev_settings {
	struct maglev_key key;
	unsigned int table_size;
};

extern struct maglev_settings maglev_settings;

/* From a change to the build that includes it; may change at any time. */
extern unsigned int maglev_rebuild_delay_ms;

#endif
