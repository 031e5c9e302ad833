// SPDX-License-Identifier: GPL-2.0-only
#include "events.h"

#include "reply.h"

static void send(u8 command, struct maglev_lib_message *message)
{
	message->has |= MAGLEV_LIB_HAS(SEQ);
	message->seq = ++model.sequence;
	if (model.event)
		model.event(command, message);
}

void event_service(u8 command, const struct service *service)
{
	struct maglev_lib_message message = {};

	reply_service(&message, service);
	send(command, &message);
}

void event_service_gone(const struct service *service)
{
	struct maglev_lib_message message = {};

	reply_service_name(&message, service);
	send(MAGLEV_CMD_SERVICE_DEL_NTF, &message);
}

static void write_backend(struct maglev_lib_message *message, const struct pair *pair)
{
	reply_service_name(message, pair->service);
	message->has |= MAGLEV_LIB_HAS(BACKEND);
	reply_backend(&message->backend, pair, true);
}

void event_backend(u8 command, const struct pair *pair)
{
	struct maglev_lib_message message = {};

	write_backend(&message, pair);
	send(command, &message);
}

void event_state(const struct pair *pair, u8 from, u8 cause)
{
	struct maglev_lib_message message = {
		.has = MAGLEV_LIB_HAS(OLD_STATE) | MAGLEV_LIB_HAS(CAUSE),
		.old_state = from,
		.cause = cause,
	};

	write_backend(&message, pair);
	send(MAGLEV_CMD_STATE_NTF, &message);
}

void event_drained(const struct pair *pair, u8 cause)
{
	struct maglev_lib_message message = { .has = MAGLEV_LIB_HAS(CAUSE), .cause = cause };

	write_backend(&message, pair);
	send(MAGLEV_CMD_DRAINED_NTF, &message);
}

void event_pressure(u64 evicted, u64 full, u64 busy)
{
	struct maglev_lib_message message = {
		.has = MAGLEV_LIB_HAS(COUNTERS),
		.counters = {
			.has = MAGLEV_LIB_HAS(COUNTERS_EVICTED) |
			       MAGLEV_LIB_HAS(COUNTERS_UNTRACKED_FULL) |
			       MAGLEV_LIB_HAS(COUNTERS_UNTRACKED_BUSY),
			.evicted = evicted,
			.untracked_full = full,
			.untracked_busy = busy,
		},
	};

	send(MAGLEV_CMD_PRESSURE_NTF, &message);
}

void event_settings(void)
{
	struct maglev_lib_message message = {};

	reply_settings(&message);
	send(MAGLEV_CMD_SETTINGS_NTF, &message);
}
