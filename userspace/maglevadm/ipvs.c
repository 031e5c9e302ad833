// SPDX-License-Identifier: GPL-2.0-only
/* Which command of ipvsadm is done here, which with a look first, and which passed on. */
#include "ipvs.h"

#include "command.h"
#include "dpdk.h"
#include "err.h"
#include "ipvs_list.h"
#include "ipvs_ours.h"
#include "ipvs_restore.h"
#include "ipvs_spawn.h"
#include "ipvs_words.h"
#include "netns.h"

#include <errno.h>
#include <ipvs_netlink.h>

#define SHOWN_BITS                                                                          \
	(IPVS_BIT(IPVS_STATISTICS) | IPVS_BIT(IPVS_RATE) | IPVS_BIT(IPVS_THRESHOLDS) |      \
	 IPVS_BIT(IPVS_PERSISTENT_CONN) | IPVS_BIT(IPVS_TUN_INFO) | IPVS_BIT(IPVS_NOSORT) | \
	 IPVS_BIT(IPVS_SORT) | IPVS_BIT(IPVS_EXACT) | IPVS_BIT(IPVS_NUMERIC) |              \
	 IPVS_BIT(IPVS_IPV6))
#define SUBJECT_BITS                                                              \
	(IPVS_SERVICE_BITS | IPVS_BIT(IPVS_CONNECTION) | IPVS_BIT(IPVS_TIMEOUT) | \
	 IPVS_BIT(IPVS_DAEMON))

bool ipvs_starts(const char *word)
{
	return ipvs_command_of(word) != IPVS_NOTHING;
}

static int fail(int err)
{
	switch (err) {
	case -EPROTONOSUPPORT:
		return err_say("IPVS is not in the kernel: modprobe ip_vs");
	case -EPERM:
		return err_say("IPVS: to read it needs CAP_NET_ADMIN, which root has");
	case -ESRCH:
		return err_say("IPVS: no such service");
	case -ENOMEM:
		return err_memory();
	default:
		return err_fail("IPVS", -err);
	}
}

/* Refuse what ipvsadm refuses with -L. */
static int check_list(const struct ipvs_words *words)
{
	u64 subjects = words->given & SUBJECT_BITS, shown = words->given & SHOWN_BITS;
	u64 layouts = IPVS_BIT(IPVS_STATISTICS) | IPVS_BIT(IPVS_RATE) | IPVS_BIT(IPVS_THRESHOLDS);
	int word;

	for (word = IPVS_COMMANDS; word < IPVS_WORDS; word++) {
		if (!(words->given & IPVS_BIT(word)))
			continue;
		if (!((SUBJECT_BITS | SHOWN_BITS) & IPVS_BIT(word)))
			return err_refuse(NULL, span_of(words->at[word]), "option", "not with -L");
		if (subjects & IPVS_BIT(word) && subjects & (IPVS_BIT(word) - 1))
			return err_refuse(NULL, span_of(words->at[word]), "option",
					  "one of SERVICE, --connection, --timeout and --daemon");
	}
	if (subjects & IPVS_SERVICE_BITS)
		subjects = 0;
	if (subjects & ~IPVS_BIT(IPVS_CONNECTION))
		layouts |= IPVS_BIT(IPVS_PERSISTENT_CONN);
	for (word = IPVS_COMMANDS; subjects && word < IPVS_WORDS; word++)
		if (shown & layouts & IPVS_BIT(word))
			return err_refuse(NULL, span_of(words->at[word]), "option",
					  "for lists of services");
	return STATUS_DONE;
}

static int list_services(struct out *out, struct ipvs_netlink *netlink,
			 const struct ipvs_words *words)
{
	const struct ipvs_key *key = words->given & IPVS_SERVICE_BITS ? &words->service : NULL;
	struct ipvs_table table = {};
	int err;

	err = ipvs_read_info(netlink, &table);
	if (!err)
		err = ipvs_read_table(netlink, &table, key);
	if (err)
		goto out;
	ipvs_ours_read(&table);
	if (!(words->given & IPVS_BIT(IPVS_NOSORT)))
		ipvs_table_sort(&table);
	if (out->json)
		ipvs_json_services(out, &table);
	else
		ipvs_list_services(out, &table, words);
out:
	ipvs_table_fini(&table);
	return err;
}

static int list_timeouts(struct out *out, struct ipvs_netlink *netlink)
{
	struct ipvs_timeouts timeouts = {};
	int err = ipvs_read_timeouts(netlink, &timeouts);

	if (!err)
		ipvs_list_timeouts(out, &timeouts);
	return err;
}

static int list_daemons(struct out *out, struct ipvs_netlink *netlink)
{
	struct ipvs_daemon daemons[IPVS_DAEMONS];
	size_t n;
	int err = ipvs_read_daemons(netlink, daemons, &n);

	if (!err)
		ipvs_list_daemons(out, daemons, n);
	return err;
}

static int list(struct out *out, const struct ipvs_words *words)
{
	struct ipvs_netlink *netlink;
	int err = ipvs_open(&netlink);

	if (err == -EPROTONOSUPPORT && ipvs_load())
		err = ipvs_open(&netlink);
	if (err)
		return fail(err);
	if (words->given & IPVS_BIT(IPVS_TIMEOUT))
		err = list_timeouts(out, netlink);
	else if (words->given & IPVS_BIT(IPVS_DAEMON))
		err = list_daemons(out, netlink);
	else
		err = list_services(out, netlink, words);
	ipvs_close(netlink);
	return err ? fail(err) : STATUS_DONE;
}

/* Connections are IPVS's; flows are ours, and no connections of IPVS. */
static int list_connections(int argc, char **argv)
{
	int status = ipvs_pass(argc, argv);
	u64 flows;

	if (!status && ipvs_ours_flows(&flows))
		err_say("%llu tracked flows are not among IPVS's connections: maglevadm flow show",
			flows);
	return status;
}

static int refuse_words(const struct ipvs_words *words)
{
	struct span end = {};

	return words->bad ? err_refuse(NULL, span_of(words->bad), "option", "%s", words->why) :
			    err_refuse_unquoted(NULL, end, "option", "%s", words->why);
}

int cmd_ipvs(struct out *out, const char *netns, bool json, int argc, char **argv)
{
	struct ipvs_words words;
	bool readable = ipvs_words_read(&words, argc, argv);
	bool connections = words.given & IPVS_BIT(IPVS_CONNECTION);
	int status = STATUS_DONE;

	if (words.command == IPVS_HELP)
		return command_help_all();
	if (words.command == IPVS_LIST)
		status = readable ? check_list(&words) : refuse_words(&words);
	if (!status && json && (words.command != IPVS_LIST || connections))
		status = err_refuse(NULL, span_of(argv[0]), "command",
				    "ipvsadm prints no JSON: -j goes with lists other than -c");
	if (!status && netns)
		status = netns_enter(netns);
	if (status)
		return status;
	if (dpdk_socket)
		return readable ? dpdk_ipvs(out, &words) : refuse_words(&words);
	if (words.command == IPVS_LIST)
		return connections ? list_connections(argc, argv) : list(out, &words);
	if (readable && words.command == IPVS_EDIT_SERVER)
		return ipvs_edit(argc, argv, &words);
	if (readable && words.command == IPVS_RESTORE)
		return ipvs_restore(argc, argv);
	return ipvs_pass(argc, argv);
}
