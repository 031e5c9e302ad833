/* SPDX-License-Identifier: GPL-2.0-only */
/* Events: each has the next number, whether anybody listens or not. */
#ifndef MAGLEV_DPDK_EVENTS_H
#define MAGLEV_DPDK_EVENTS_H

#include "model.h"

/* MAGLEV_CMD_*_NTF about a service, or a backend, as it is. */
void event_service(u8 command, const struct service *service);
void event_service_gone(const struct service *service);
void event_backend(u8 command, const struct pair *pair);

/* Its state was @from; @cause is an enum maglev_nl_cause. */
void event_state(const struct pair *pair, u8 from, u8 cause);
void event_drained(const struct pair *pair, u8 cause);

/* So much since the last such event. */
void event_pressure(u64 evicted, u64 full, u64 busy);
void event_settings(void);

#endif
