// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipvsadm's layout, byte for byte, with what we know added where scripts do not look.
 * Below the line of a service of ours stands one that begins with "  ==", word and value
 * in turn; behind the columns of each of its backends stand its state and its tracked
 * flows. With --stats and --rate nothing is added, nor where no service is ours.
 *
 *	TCP  192.0.2.10:80 maglev
 *	  == forwarding maglev generation 3 table-size 65537 base-digest ... live-digest ...
 *	  -> 10.0.0.1:80                  Tunnel  1      0          0          up    12
 */
#include "ipvs_list.h"

#include "ipvs_name.h"
#include "show.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_BYTES = 512,
	SERVICE_WIDTH = 33, /* IPv4 services are cut there */
	BACKEND_WIDTH = 28, /* IPv4 backends too */
};

/* A line being written; what does not fit is cut. */
struct line {
	char text[LINE_BYTES];
	size_t len;
};

/* The layouts, the first that was asked for counts. */
enum layout {
	LAYOUT_STATS,
	LAYOUT_RATE,
	LAYOUT_THRESHOLDS,
	LAYOUT_PERSISTENT,
	LAYOUT_TUNNEL,
	LAYOUT_PLAIN,
};

struct format {
	enum layout layout;
	bool numeric;
	bool exact;
	bool extended; /* with our columns */
};

static const u64 layout_bits[] = {
	[LAYOUT_STATS] = IPVS_BIT(IPVS_STATISTICS),
	[LAYOUT_RATE] = IPVS_BIT(IPVS_RATE),
	[LAYOUT_THRESHOLDS] = IPVS_BIT(IPVS_THRESHOLDS),
	[LAYOUT_PERSISTENT] = IPVS_BIT(IPVS_PERSISTENT_CONN),
	[LAYOUT_TUNNEL] = IPVS_BIT(IPVS_TUN_INFO),
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *fmt, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(line->text + line->len, room, fmt, args);
	va_end(args);
	if (len > 0)
		line->len += (size_t)len < room ? (size_t)len : room - 1;
}

static void end(struct line *line, const struct out *out)
{
	out_line(out, "%s", line->text);
	line->text[0] = 0;
	line->len = 0;
}

static void add_large(struct line *line, u64 number, bool exact)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", number);

	if (exact)
		add(line, "%*s", len <= 8 ? 9 : len + 1, digits);
	else if (number < 100000000)
		add(line, "%9llu", number);
	else if (number < 1000000000)
		add(line, "%8lluK", number / 1000);
	else if (number < 100000000000ULL)
		add(line, "%8lluM", number / 1000000);
	else if (number < 100000000000000ULL)
		add(line, "%8lluG", number / 1000000000);
	else
		add(line, "%8lluT", number / 1000000000000ULL);
}

static void add_counters(struct line *line, const struct ipvs_stats *stats, int first, int last,
			 bool exact)
{
	int i;

	for (i = first; i <= last; i++)
		add_large(line, stats->value[i], exact);
}

static void print_title(const struct out *out, const struct format *format)
{
	const char *ours = format->extended ? " State Flows" : "";
	static const char second[] = "  -> RemoteAddress:Port", local[] = "Prot LocalAddress:Port";

	switch (format->layout) {
	case LAYOUT_STATS:
		out_line(out, "%-33s %8s %8s %8s %8s %8s\n%s", local, "Conns", "InPkts", "OutPkts",
			 "InBytes", "OutBytes", second);
		break;
	case LAYOUT_RATE:
		out_line(out, "%-33s %8s %8s %8s %8s %8s\n%s", local, "CPS", "InPPS", "OutPPS",
			 "InBPS", "OutBPS", second);
		break;
	case LAYOUT_THRESHOLDS:
		out_line(out, "%-33s %-10s %-10s %-10s %-10s%s\n%s", local, "Uthreshold",
			 "Lthreshold", "ActiveConn", "InActConn", ours, second);
		break;
	case LAYOUT_PERSISTENT:
		out_line(out, "%-33s %-9s %-11s %-10s %-10s%s\n%s", local, "Weight", "PersistConn",
			 "ActiveConn", "InActConn", ours, second);
		break;
	case LAYOUT_TUNNEL:
		out_line(out,
			 "%s Scheduler Flags\n%-33s Forward TunnelInfo    Weight ActiveConn "
			 "InActConn%s%s",
			 local, second, *ours ? " " : "", ours);
		break;
	case LAYOUT_PLAIN:
		out_line(out, "%s Scheduler Flags\n%-33s Forward Weight ActiveConn InActConn%s%s",
			 local, second, *ours ? " " : "", ours);
		break;
	}
}

/* Flags have names of their own for two schedulers. */
static void add_flags(struct line *line, const struct ipvs_service *service)
{
	static const char *const any[] = { "flag-1", "flag-2", "flag-3" };
	static const char *const sh[] = { "sh-fallback", "sh-port", NULL };
	static const char *const mh[] = { "mh-fallback", "mh-port", NULL };
	static const u32 bits[] = { IP_VS_SVC_F_SCHED1, IP_VS_SVC_F_SCHED2, IP_VS_SVC_F_SCHED3 };
	const char *const *words = any, *between = "";
	int i;

	if (!(service->flags & (bits[0] | bits[1] | bits[2])))
		return;
	if (!strcmp(service->scheduler, "sh"))
		words = sh;
	else if (!strcmp(service->scheduler, "mh"))
		words = mh;
	add(line, " (");
	for (i = 0; i < 3; i++) {
		if (!(service->flags & bits[i]) || !words[i])
			continue;
		add(line, "%s%s", between, words[i]);
		between = ",";
	}
	add(line, ")");
}

static void add_persistence(struct line *line, const struct ipvs_service *service)
{
	bool v6 = service->key.address.af == AF_INET6;
	struct in_addr mask = { .s_addr = service->netmask };
	char text[INET_ADDRSTRLEN];

	add(line, " persistent %u", service->timeout);
	if (v6 && service->netmask != 128)
		add(line, " mask %i", (int)service->netmask);
	else if (!v6 && service->netmask != 0xffffffff)
		add(line, " mask %s", inet_ntop(AF_INET, &mask, text, sizeof(text)));
	if (service->engine[0])
		add(line, " pe %s", service->engine);
}

static void print_service(const struct out *out, const struct ipvs_service *service,
			  const struct format *format)
{
	char name[IPVS_SERVICE_NAME];
	struct line line = {};

	ipvs_name_service(&service->key, format->numeric, name);
	if (!service->key.fwmark && service->key.address.af != AF_INET6)
		name[SERVICE_WIDTH] = 0;
	if (format->layout == LAYOUT_STATS || format->layout == LAYOUT_RATE) {
		add(&line, "%-33s", name);
		if (format->layout == LAYOUT_STATS)
			add_counters(&line, &service->stats, IPVS_STATS_ATTR_CONNS,
				     IPVS_STATS_ATTR_OUTBYTES, format->exact);
		else
			add_counters(&line, &service->stats, IPVS_STATS_ATTR_CPS,
				     IPVS_STATS_ATTR_OUTBPS, format->exact);
	} else {
		add(&line, "%s %s", name, service->scheduler);
		add_flags(&line, service);
		if (service->flags & IP_VS_SVC_F_PERSISTENT)
			add_persistence(&line, service);
		if (service->flags & IP_VS_SVC_F_ONEPACKET)
			add(&line, " ops");
	}
	end(&line, out);
}

static void print_ours(const struct out *out, const struct maglev_lib_service *ours)
{
	char text[SHOW_NUMBER];
	struct line line = {};

	add(&line, "  == forwarding %s",
	    show_word(&maglev_lib_forwarding_names, ours->forwarding, text));
	if (ours->left_because)
		add(&line, " left-because %s",
		    show_word(&maglev_lib_left_because_names, ours->left_because, text));
	add(&line, " generation %llu table-size %u base-digest %016llx live-digest %016llx",
	    ours->generation, ours->table_size, ours->base_digest, ours->live_digest);
	if (ours->error)
		add(&line, " error %u (%s)", ours->error, ours->error_text);
	end(&line, out);
}

static void add_ours(struct line *line, const struct maglev_lib_backend *ours)
{
	char text[SHOW_NUMBER];

	if (ours)
		add(line, " %-5s %u", show_word(&maglev_lib_state_names, ours->state, text),
		    ours->flows);
	else
		add(line, " %-5s -", "-");
}

static void add_backend(struct line *line, const struct ipvs_backend *backend,
			const struct format *format)
{
	const u64 *value = backend->stats.value;
	char info[IPVS_INFO];

	switch (format->layout) {
	case LAYOUT_STATS:
		add_counters(line, &backend->stats, IPVS_STATS_ATTR_CONNS, IPVS_STATS_ATTR_OUTBYTES,
			     format->exact);
		break;
	case LAYOUT_RATE:
		add(line, " %8llu %8llu %8llu", value[IPVS_STATS_ATTR_CPS],
		    value[IPVS_STATS_ATTR_INPPS], value[IPVS_STATS_ATTR_OUTPPS]);
		add_counters(line, &backend->stats, IPVS_STATS_ATTR_INBPS, IPVS_STATS_ATTR_OUTBPS,
			     format->exact);
		break;
	case LAYOUT_THRESHOLDS:
		add(line, " %-10u %-10u", backend->u_threshold, backend->l_threshold);
		break;
	case LAYOUT_PERSISTENT:
		add(line, " %-9u %-11u", backend->weight, backend->persistent);
		break;
	case LAYOUT_TUNNEL:
		add(line, " %-7s %-13s %-6d", ipvs_name_method(backend->way.method),
		    ipvs_name_info(&backend->way, info), (int)backend->weight);
		break;
	case LAYOUT_PLAIN:
		add(line, " %-7s %-6d", ipvs_name_method(backend->way.method),
		    (int)backend->weight);
		break;
	}
}

static void print_backend(const struct out *out, const struct ipvs_service *service,
			  const struct ipvs_backend *backend, const struct format *format)
{
	bool counters = format->layout == LAYOUT_STATS || format->layout == LAYOUT_RATE;
	char name[IPVS_NAME];
	struct line line = {};

	ipvs_name_address(&backend->address, service->key.protocol, format->numeric, name);
	if (backend->address.af != AF_INET6)
		name[BACKEND_WIDTH] = 0;
	add(&line, "  -> %-28s", name);
	add_backend(&line, backend, format);
	if (!counters)
		add(&line, " %-10u %-10u", backend->active, backend->inactive);
	if (!counters && service->ours)
		add_ours(&line, backend->ours);
	end(&line, out);
}

static void choose_format(struct format *format, const struct ipvs_table *table,
			  const struct ipvs_words *words)
{
	size_t i;

	memset(format, 0, sizeof(*format));
	for (format->layout = 0; format->layout < LAYOUT_PLAIN; format->layout++)
		if (words->given & layout_bits[format->layout])
			break;
	format->numeric = words->given & IPVS_BIT(IPVS_NUMERIC);
	format->exact = words->given & IPVS_BIT(IPVS_EXACT);
	if (format->layout != LAYOUT_STATS && format->layout != LAYOUT_RATE)
		for (i = 0; i < table->n; i++)
			format->extended |= table->service[i].ours != NULL;
}

void ipvs_list_services(struct out *out, const struct ipvs_table *table,
			const struct ipvs_words *words)
{
	const struct ipvs_service *service;
	struct format format;
	size_t i;

	choose_format(&format, table, words);
	if (!(words->given & IPVS_SERVICE_BITS))
		out_line(out, "IP Virtual Server version %u.%u.%u (size=%u)",
			 NVERSION(table->version), table->size);
	print_title(out, &format);
	for (service = table->service; service < table->service + table->n; service++) {
		print_service(out, service, &format);
		if (format.extended && service->ours)
			print_ours(out, service->ours);
		for (i = 0; i < service->n && !out_failed(out); i++)
			print_backend(out, service, &service->backend[i], &format);
	}
}
