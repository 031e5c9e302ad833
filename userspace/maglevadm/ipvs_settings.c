// SPDX-License-Identifier: GPL-2.0-only
/* Lists of IPVS's timeouts and synchronization daemons. */
#include "ipvs_list.h"

#include "ipvs_name.h"

#include <stdio.h>

void ipvs_list_timeouts(struct out *out, const struct ipvs_timeouts *timeouts)
{
	out_line(out, "Timeout (tcp tcpfin udp): %d %d %d", (int)timeouts->tcp,
		 (int)timeouts->tcp_fin, (int)timeouts->udp);
	out_json_number(out, "timeout-tcp", timeouts->tcp);
	out_json_number(out, "timeout-tcp-fin", timeouts->tcp_fin);
	out_json_number(out, "timeout-udp", timeouts->udp);
}

static const char *name_state(const struct ipvs_daemon *daemon)
{
	if (daemon->state & IP_VS_STATE_MASTER)
		return "master";
	return daemon->state & IP_VS_STATE_BACKUP ? "backup" : NULL;
}

static void put_daemon(struct out *out, const struct ipvs_daemon *daemon)
{
	char group[IPVS_HOST];

	out_row_begin(out);
	out_json_string(out, "state", name_state(daemon));
	out_json_string(out, "mcast-ifn", daemon->interface);
	out_json_number(out, "sync-id", daemon->id);
	if (daemon->length)
		out_json_number(out, "sync-maxlen", daemon->length);
	if (daemon->group.af)
		out_json_string(out, "mcast-group", ipvs_name_host(&daemon->group, group));
	if (daemon->port)
		out_json_number(out, "mcast-port", daemon->port);
	if (daemon->ttl)
		out_json_number(out, "mcast-ttl", daemon->ttl);
	out_row_end(out);
}

static void print_daemon(struct out *out, const struct ipvs_daemon *daemon)
{
	char group[IPVS_HOST], length[32] = "", of_group[IPVS_HOST + 8] = "", port[16] = "",
			       ttl[16] = "";

	if (daemon->length)
		snprintf(length, sizeof(length), ", maxlen=%u", daemon->length);
	if (daemon->group.af)
		snprintf(of_group, sizeof(of_group), ", group=%s",
			 ipvs_name_host(&daemon->group, group));
	if (daemon->port)
		snprintf(port, sizeof(port), ", port=%u", daemon->port);
	if (daemon->ttl)
		snprintf(ttl, sizeof(ttl), ", ttl=%u", daemon->ttl);
	out_line(out, "%s sync daemon (mcast=%s, syncid=%d%s%s%s%s)", name_state(daemon),
		 daemon->interface, (int)daemon->id, length, of_group, port, ttl);
}

void ipvs_list_daemons(struct out *out, const struct ipvs_daemon *daemon, size_t n)
{
	size_t i;

	out_list_begin(out, "daemons", NULL, 0);
	for (i = 0; i < n; i++) {
		if (!name_state(&daemon[i]))
			continue;
		print_daemon(out, &daemon[i]);
		put_daemon(out, &daemon[i]);
	}
	out_list_end(out);
}
