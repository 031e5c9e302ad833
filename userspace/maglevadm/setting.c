// SPDX-License-Identifier: GPL-2.0-only
/* Settings of a network namespace, from words to attributes. */
#include "word.h"

#include "number.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum {
	REBUILD_DELAY_MAX_MS = 10000,
};

static struct maglev_lib_settings *begin(struct order *order, u32 attribute)
{
	order->message.has |= MAGLEV_LIB_HAS(SETTINGS);
	order->message.settings.has |= 1ULL << attribute;
	return &order->message.settings;
}

/* The value of a setting, which errors of the plane will point at. */
static int take(struct order *order, const struct part *part, const char *name, struct span *at)
{
	char path[ORDER_PATH];
	int status = order_value(order, part, at);

	snprintf(path, sizeof(path), "settings.%s", name);
	return status ? status : order_note(order, MAGLEV_ENTRY_NONE, path, part->word, *at);
}

int read_key_file(struct order *order, const struct part *part)
{
	struct span at;
	int status = take(order, part, "key", &at);

	if (status)
		return status;
	begin(order, MAGLEV_A_SETTINGS_KEY);
	order->key_file = at.at;
	return STATUS_DONE;
}

int read_settings_size(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, MAGLEV_A_SETTINGS_TABLE_SIZE);
	struct span at;
	int status = take(order, part, "table-size", &at);

	return status ? status : size_parse(&settings->table_size, at, part->word);
}

int read_flows(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, MAGLEV_A_SETTINGS_FLOWS);
	struct span at;
	int status = take(order, part, "flows", &at);

	return status ? status : number_parse(&settings->flows, at, part->word, 0, 0xffffffff);
}

int read_settings_mark(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, part->number);
	bool is_mask = part->number == MAGLEV_A_SETTINGS_FWMARK_MASK;
	struct span at;
	int status = take(order, part, part->word, &at);

	return status ? status :
			mark_parse(is_mask ? &settings->fwmark_mask : &settings->probe_base, at,
				   part->word);
}

/* ADDRESS/LEN, or none. */
int read_source(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, part->number);
	bool is_v4 = part->number == MAGLEV_A_SETTINGS_SOURCE4;
	struct maglev_lib_prefix *prefix = is_v4 ? &settings->source4 : &settings->source6;
	u32 bytes = is_v4 ? MAGLEV_IPV4_BYTES : MAGLEV_IPV6_BYTES;
	struct span at, address, len;
	char text[INET6_ADDRSTRLEN];
	int status = take(order, part, part->word, &at);

	if (status)
		return status;
	prefix->has = MAGLEV_LIB_HAS(PREFIX_LEN);
	if (span_is(at, "none"))
		return STATUS_DONE;
	address = span_cut(at, '/', &len);
	snprintf(text, sizeof(text), "%.*s", (int)address.len, address.at);
	if (!len.at || address.len >= sizeof(text) ||
	    inet_pton(is_v4 ? AF_INET : AF_INET6, text, prefix->addr.byte) != 1)
		return err_refuse(NULL, at, part->word, "%s, or none",
				  is_v4 ? "an IPv4 prefix, 198.51.100.0/28" :
					  "an IPv6 prefix, 2001:db8::/64");
	prefix->addr.len = bytes;
	prefix->has |= MAGLEV_LIB_HAS(PREFIX_ADDR);
	return number_parse(&prefix->len, len, "length of the prefix", 1, 8 * bytes);
}

int read_probe(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, MAGLEV_A_SETTINGS_PROBE);
	struct span at;
	int status = take(order, part, "probe", &at);

	if (status)
		return status;
	if (!span_is(at, "on") && !span_is(at, "off"))
		return err_refuse(NULL, at, part->word, "on or off");
	settings->probe = span_is(at, "on");
	return STATUS_DONE;
}

int read_rebuild_delay(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, MAGLEV_A_SETTINGS_REBUILD_DELAY_MS);
	struct span at;
	int status = take(order, part, "rebuild-delay-ms", &at);

	if (status || span_is(at, "0"))
		return status;
	return time_parse(&settings->rebuild_delay_ms, at, part->word, REBUILD_DELAY_MAX_MS);
}

int read_hook(struct order *order, const struct part *part)
{
	struct maglev_lib_settings *settings = begin(order, MAGLEV_A_SETTINGS_HOOK);
	struct span at;
	int status = take(order, part, "hook", &at);

	if (!status && !maglev_lib_value(&maglev_lib_hook_names, at.at, &settings->hook))
		return err_refuse(NULL, at, part->word, "local, early or none");
	return status;
}
