// SPDX-License-Identifier: GPL-2.0-only
#include "dpdk.h"

const char *dpdk_socket;
