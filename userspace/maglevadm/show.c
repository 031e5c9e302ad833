// SPDX-License-Identifier: GPL-2.0-only
/* One printer for all structs of the library, by its tables; and the words of text. */
#include "show.h"

#include "endpoint.h"
#include "flows.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static u64 get_number(const struct maglev_lib_field *field, const void *member)
{
	u16 value16;
	u32 value32;
	u64 value64;

	switch (field->size) {
	case sizeof(value16):
		memcpy(&value16, member, sizeof(value16));
		return value16;
	case sizeof(value32):
		memcpy(&value32, member, sizeof(value32));
		return value32;
	default:
		memcpy(&value64, member, sizeof(value64));
		return value64;
	}
}

static void show_flags(struct out *out, const struct maglev_lib_field *field, u64 value)
{
	const char *word;
	u32 bit;

	out_list_begin(out, field->name, NULL, 0);
	for (bit = 0; bit < 32; bit++) {
		word = value >> bit & 1 ? maglev_lib_word(field->names, bit) : NULL;
		if (word)
			out_json_string(out, NULL, word);
		else if (value >> bit & 1)
			out_json_number(out, NULL, 1ULL << bit);
	}
	out_list_end(out);
}

/* Digests and hashes are 64 bits, marks and masks 32: those are numbers. */
static void show_value(struct out *out, const struct maglev_lib_field *field, u64 value)
{
	const char *word = NULL;

	if (field->show == MAGLEV_LIB_WORD)
		word = maglev_lib_word(field->names, value);
	if (word)
		out_json_string(out, field->name, word);
	else if (field->show == MAGLEV_LIB_FLAGS)
		show_flags(out, field, value);
	else if (field->show == MAGLEV_LIB_HEX && field->kind == MAGLEV_LIB_U64)
		out_json_hex(out, field->name, value);
	else
		out_json_number(out, field->name, value);
}

static void show_field(struct out *out, const struct maglev_lib_field *field, const void *member)
{
	char text[SHOW_NAME];

	switch ((enum maglev_lib_kind)field->kind) {
	case MAGLEV_LIB_U16:
	case MAGLEV_LIB_U32:
	case MAGLEV_LIB_U64:
		show_value(out, field, get_number(field, member));
		break;
	case MAGLEV_LIB_PORT:
		out_json_number(out, field->name, ntohs(*(const __be16 *)member));
		break;
	case MAGLEV_LIB_ADDR:
		out_json_string(out, field->name, show_address(member, text));
		break;
	case MAGLEV_LIB_TEXT:
		out_json_string(out, field->name, member);
		break;
	case MAGLEV_LIB_NEST:
		show_object(out, field->name, field->nest, member);
		break;
	case MAGLEV_LIB_NOTHING:
	case MAGLEV_LIB_FIXED: /* a key, which is never shown */
	case MAGLEV_LIB_BYTES:
	case MAGLEV_LIB_NESTS:
		break;
	}
}

/* What can be named can be typed: beside the attributes stands how. */
static void show_typed(struct out *out, const struct maglev_lib_object *object, const void *from)
{
	char text[SHOW_NAME];

	if (object == &maglev_lib_service_key_object)
		out_json_string(out, "name", show_service(from, text));
	else if (object == &maglev_lib_backend_object)
		out_json_string(out, "name", show_backend(from, text));
}

void show_members(struct out *out, const struct maglev_lib_object *object, const void *from)
{
	const struct maglev_lib_field *field;
	u64 has;
	u32 type;

	memcpy(&has, from, sizeof(has));
	show_typed(out, object, from);
	for (type = 0; type < object->n; type++) {
		field = maglev_lib_field(object, type);
		if (field && has >> type & 1)
			show_field(out, field, (const char *)from + field->offset);
	}
}

void show_object(struct out *out, const char *key, const struct maglev_lib_object *object,
		 const void *from)
{
	if (!out->json)
		return;
	out_object_begin(out, key);
	show_members(out, object, from);
	out_object_end(out);
}

void show_message(struct out *out, const struct maglev_lib_message *message)
{
	if (out->json)
		show_members(out, &maglev_lib_message_object, message);
}

const char *show_word(const struct maglev_lib_names *names, u32 value, char text[SHOW_NUMBER])
{
	const char *word = maglev_lib_word(names, value);

	if (word)
		return word;
	snprintf(text, SHOW_NUMBER, "%u", value);
	return text;
}

static void set_endpoint(struct endpoint *endpoint, const struct maglev_lib_addr *addr, __be16 port)
{
	memset(endpoint, 0, sizeof(*endpoint));
	endpoint->addr_len = addr->len == MAGLEV_IPV4_BYTES ? addr->len : MAGLEV_IPV6_BYTES;
	memcpy(endpoint->addr, addr->byte, endpoint->addr_len);
	endpoint->port = port;
}

const char *show_address(const struct maglev_lib_addr *addr, char text[SHOW_NAME])
{
	struct endpoint endpoint;

	set_endpoint(&endpoint, addr, 0);
	return endpoint_address(&endpoint, text);
}

const char *show_endpoint(const struct maglev_lib_addr *addr, __be16 port, char text[SHOW_NAME])
{
	struct endpoint endpoint;

	set_endpoint(&endpoint, addr, port);
	return endpoint_format(&endpoint, text);
}

const char *show_backend(const struct maglev_lib_backend *backend, char text[SHOW_NAME])
{
	return show_endpoint(&backend->addr, backend->port, text);
}

const char *show_service(const struct maglev_lib_service_key *key, char text[SHOW_NAME])
{
	const char *protocol = flow_protocol_name(key->protocol);
	char endpoint[SHOW_NAME];

	if (key->has & MAGLEV_LIB_HAS(SERVICE_KEY_FWMARK)) {
		snprintf(text, SHOW_NAME, "fwmark %u%s", key->fwmark,
			 key->af == AF_INET6 ? " ipv6" : "");
		return text;
	}
	show_endpoint(&key->addr, key->port, endpoint);
	if (protocol)
		snprintf(text, SHOW_NAME, "%s %.80s", protocol, endpoint);
	else
		snprintf(text, SHOW_NAME, "protocol-%u %.80s", key->protocol, endpoint);
	return text;
}

const char *show_state(const struct maglev_lib_backend *backend, char text[SHOW_STATE])
{
	char word[SHOW_NUMBER];
	const char *whose = "";

	if (!backend->state)
		whose = "";
	else if (backend->admin_state == backend->state)
		whose = " (admin)";
	else if (backend->health_state == backend->state)
		whose = " (health)";
	else if (backend->ipvs_state == backend->state)
		whose = " (ipvs)";
	snprintf(text, SHOW_STATE, "%s%s", show_word(&maglev_lib_state_names, backend->state, word),
		 whose);
	return text;
}

const char *show_left(u32 left_because)
{
	static const char *const sentences[] = {
		[MAGLEV_NL_LEFT_BECAUSE_NONE] = "nothing keeps it from us",
		[MAGLEV_NL_LEFT_BECAUSE_SETTING] = "we forward nothing here, see hook",
		[MAGLEV_NL_LEFT_BECAUSE_FWMARK] = "it is named by a firewall mark",
		[MAGLEV_NL_LEFT_BECAUSE_PROTOCOL] = "neither TCP, UDP nor SCTP",
		[MAGLEV_NL_LEFT_BECAUSE_PORT] = "it takes every port",
		[MAGLEV_NL_LEFT_BECAUSE_FTP] = "it needs IPVS's FTP helper",
		[MAGLEV_NL_LEFT_BECAUSE_PERSISTENT] = "it is persistent",
		[MAGLEV_NL_LEFT_BECAUSE_ONE_PACKET] = "it schedules each packet anew",
		[MAGLEV_NL_LEFT_BECAUSE_METHOD] = "a backend is masqueraded or reached directly",
		[MAGLEV_NL_LEFT_BECAUSE_TUNNEL] = "a backend's tunnel is none of ours",
		[MAGLEV_NL_LEFT_BECAUSE_THRESHOLD] = "a backend has a connection threshold",
		[MAGLEV_NL_LEFT_BECAUSE_ADDRESS] = "a backend's address cannot be used",
		[MAGLEV_NL_LEFT_BECAUSE_MEMORY] = "no memory for what forwarding needs",
		[MAGLEV_NL_LEFT_BECAUSE_TABLE] = "it has no table yet",
	};

	if (left_because < sizeof(sentences) / sizeof(*sentences))
		return sentences[left_because];
	return "for a reason we do not know";
}

const char *show_warnings(u32 warnings, char text[SHOW_WARNINGS])
{
	static const struct {
		u32 warning;
		const char *sentence;
	} known[] = {
		{ MAGLEV_NL_WARNING_FEW_SLOTS, "fewer than 100 slots a backend" },
		{ MAGLEV_NL_WARNING_NO_SLOT, "a backend's weight is too small for a slot" },
		{ MAGLEV_NL_WARNING_MAPPED, "a v4-mapped backend is left out" },
		{ MAGLEV_NL_WARNING_KEY_ZERO, "the cluster key is all zero" },
	};
	size_t i, len = 0;

	*text = 0;
	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (warnings & known[i].warning)
			len += snprintf(text + len, SHOW_WARNINGS - len, "%s%s", len ? "; " : "",
					known[i].sentence);
		warnings &= ~known[i].warning;
	}
	if (warnings)
		snprintf(text + len, SHOW_WARNINGS - len, "%swarning 0x%x", len ? "; " : "",
			 warnings);
	return text;
}

double show_percent(u64 part, u64 whole)
{
	return whole ? 100.0 * part / whole : 0;
}

void show_stats(struct out *out, const struct maglev_lib_stats *stats)
{
	out_text(out, "flows begun", "%llu, answered %llu, reset by their clients %llu",
		 stats->flows_new, stats->flows_answered, stats->flows_reset);
	out_text(out, "packets", "%llu, as %llu on the wire", stats->packets, stats->segments);
	out_text(out, "bytes", "%llu", stats->bytes);
	out_text(out, "unreachable", "%llu times", stats->unreachable);
}

const char *show_now(char text[SHOW_TIME])
{
	time_t seconds = time(NULL);
	struct tm local;

	strftime(text, SHOW_TIME, "%FT%T%z", localtime_r(&seconds, &local));
	return text;
}
