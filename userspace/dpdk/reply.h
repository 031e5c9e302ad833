/* SPDX-License-Identifier: GPL-2.0-only */
/* What there is, as messages tell it. */
#ifndef MAGLEV_DPDK_REPLY_H
#define MAGLEV_DPDK_REPLY_H

#include "model.h"

void reply_key(struct maglev_lib_service_key *to, const struct maglev_service_key *key);

/* Name and id. */
void reply_service_name(struct maglev_lib_message *to, const struct service *service);
void reply_service(struct maglev_lib_message *to, const struct service *service);

/* In brief: without place, slots, tunnel and counters. */
void reply_backend(struct maglev_lib_backend *to, const struct pair *pair, bool brief);
void reply_addr(struct maglev_lib_addr *addr, __be16 *port, const struct plan *plan);
void reply_settings(struct maglev_lib_message *to);
void reply_counters(struct maglev_lib_message *to);
void reply_reason(struct maglev_lib_reason_count *to, enum maglev_reason reason);

#endif
