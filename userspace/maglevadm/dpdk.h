/* SPDX-License-Identifier: GPL-2.0-only */
/* --dpdk: maglev-dpdk is meant, not the kernel; and ipvsadm's grammar for its services. */
#ifndef MAGLEVADM_DPDK_H
#define MAGLEVADM_DPDK_H

#include "out.h"

struct ipvs_words;

/* Its socket; NULL: the kernel is meant. */
extern const char *dpdk_socket;

/* May this command be asked of maglev-dpdk? Return: STATUS_DONE, or what has been said. */
int dpdk_check(const char *object);

/* Obey a command of ipvsadm that was read, or refuse it. Return: enum status. */
int dpdk_ipvs(struct out *out, const struct ipvs_words *words);

#endif
