/* SPDX-License-Identifier: GPL-2.0-only */
/* The one place that names the version; dkms.conf repeats it and lint compares. */
#ifndef MAGLEV_VERSION_H
#define MAGLEV_VERSION_H

#define MAGLEV_VERSION "0.1.0"

#endif
