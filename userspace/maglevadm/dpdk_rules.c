// SPDX-License-Identifier: GPL-2.0-only
/* As ipvsadm has them: what is laid over backends, table sizes and timeouts are not among its words. */
#include "dpdk_rules.h"

#include "err.h"
#include "file.h"
#include "ipvs_name.h"
#include "ipvs_words.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LINE_WORDS = 64, /* no command has as many */
};

#define BLANKS " \t\r\n"

static const char *option_of(u16 protocol)
{
	if (protocol == IPPROTO_TCP)
		return "-t";
	return protocol == IPPROTO_UDP ? "-u" : "--sctp-service";
}

static void save_backend(struct out *out, const char *option, const char *vip, u16 protocol,
			 const struct ipvs_backend *backend)
{
	bool gre = backend->way.type == IP_VS_CONN_F_TUNNEL_TYPE_GRE;
	bool checked = backend->way.flags & IP_VS_TUNNEL_ENCAP_FLAG_CSUM;
	char name[IPVS_NAME];

	out_line(out, "-a %s %s -r %s -i --tun-type %s%s -w %u", option, vip,
		 ipvs_name_address(&backend->address, protocol, true, name), gre ? "gre" : "ipip",
		 checked ? " --tun-csum" : "", backend->weight);
}

void dpdk_save(struct out *out, const struct ipvs_table *table)
{
	const struct ipvs_service *service;
	char vip[IPVS_NAME];
	const char *option;
	size_t i, k;

	for (i = 0; i < table->n; i++) {
		service = &table->service[i];
		option = option_of(service->key.protocol);
		ipvs_name_address(&service->key.address, service->key.protocol, true, vip);
		out_line(out, "-A %s %s -s maglev", option, vip);
		for (k = 0; k < service->n; k++)
			save_backend(out, option, vip, service->key.protocol, &service->backend[k]);
	}
}

/* As ipvsadm reads a line, which leaves out its own name. @line is taken apart. */
static int read_line(struct maglev_client *client, char *line,
		     int (*obey)(struct maglev_client *client, const struct ipvs_words *words))
{
	char *word, *rest, *argv[LINE_WORDS];
	struct ipvs_words words;
	int argc = 0;

	for (word = strtok_r(line, BLANKS, &rest); word; word = strtok_r(NULL, BLANKS, &rest)) {
		if (!argc && !strcmp(word, "ipvsadm"))
			continue;
		if (argc == LINE_WORDS)
			return err_say("more words than any command has");
		argv[argc++] = word;
	}
	if (!argc || *argv[0] == '#')
		return STATUS_DONE;
	if (!ipvs_words_read(&words, argc, argv))
		return err_say("%s%s%s", words.bad ?: "", words.bad ? ": " : "", words.why);
	return obey(client, &words);
}

int dpdk_restore(struct maglev_client *client,
		 int (*obey)(struct maglev_client *client, const struct ipvs_words *words))
{
	int status = STATUS_DONE, fd = file_open(NULL);
	unsigned long number = 0;
	size_t capacity = 0;
	char *line = NULL;
	FILE *from;

	from = fd < 0 ? NULL : fdopen(fd, "r");
	if (!from)
		return err_fail("stdin", fd < 0 ? -fd : errno);
	while (!status && getline(&line, &capacity, from) >= 0) {
		number++;
		status = read_line(client, line, obey);
	}
	if (status)
		err_say("stdin: line %lu: what is behind it was not read", number);
	else if (ferror(from))
		status = err_fail("stdin", errno);
	free(line);
	return status;
}
