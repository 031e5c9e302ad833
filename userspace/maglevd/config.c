// SPDX-License-Identifier: GPL-2.0-only
/* The file, its sections, and what belongs to no other of them. */
#include "config.h"

#include "config_announce.h"
#include "config_check.h"
#include "config_dataplane.h"
#include "config_key.h"
#include "config_peers.h"
#include "config_policy.h"
#include "config_pool.h"
#include "config_service.h"
#include "config_value.h"

#include <array.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FILE_MAX = 16 * 1024 * 1024,
	FILE_STEP = 64 * 1024,
	SOURCES_MAX = 256,
	PROBE_BASE_DEFAULT = 0x10000000,
	PROBE_BASE_MAX = 0xffff0000, /* 65535 pairs follow */
	ALARM_MS_DEFAULT = 30000,
	ALARM_MS_MAX = 3600000,
};

/* Others see the first member alone. */
struct whole {
	struct config config;
	struct config_memory memory;
};

static bool has_source(const struct maglev_lib_addr *source, size_t n,
		       const struct maglev_lib_addr *wanted)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!memcmp(&source[i], wanted, sizeof(*wanted)))
			return true;
	return false;
}

static bool read_sources(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	struct maglev_lib_addr *source4, *source6, addr;
	struct config *config = to;
	const struct config_node *item;
	struct config_node single;

	if (config_items_n(node) > SOURCES_MAX)
		return config_refuse(reader, node, "expected at most %d addresses", SOURCES_MAX);
	config->source4 = source4 = config_keep(reader, config_items_n(node), sizeof(*source4));
	config->source6 = source6 = config_keep(reader, config_items_n(node), sizeof(*source6));
	if (!source4 || !source6)
		return false;
	for (item = config_items(node, &single); item; item = item->next) {
		if (!config_read_address(reader, item, field, &addr))
			return false;
		if (has_source(source4, config->n_source4, &addr) ||
		    has_source(source6, config->n_source6, &addr))
			return config_refuse(reader, item, "given twice");
		if (addr.len == MAGLEV_IPV4_BYTES)
			source4[config->n_source4++] = addr;
		else
			source6[config->n_source6++] = addr;
	}
	return true;
}

static const struct config_field cluster_fields[] = {
	{ .key = "key_file", .read = config_read_key },
	{ "table_size", config_read_size, CONFIG_MEMBER(struct config, table_size) },
	{ "alarm_after", config_read_time, CONFIG_MEMBER(struct config, alarm_ms), .least = 1000,
	  .most = ALARM_MS_MAX },
};

static const struct config_field probe_fields[] = {
	{ "mark_base", config_read_mark, CONFIG_MEMBER(struct config, probe_base), .least = 1,
	  .most = PROBE_BASE_MAX },
	{ .key = "sources", .read = read_sources },
	{ "manage_sysctl", config_read_bool, CONFIG_MEMBER(struct config, manage_sysctl) },
};

static const struct config_table cluster_table = CONFIG_TABLE(cluster_fields);
static const struct config_table probe_table = CONFIG_TABLE(probe_fields);

static bool read_cluster(struct config_reader *reader, const struct config_node *node,
			 const struct config_field *field, void *to)
{
	(void)field;
	return config_read_mapping(reader, node, &cluster_table, 0, NULL, to);
}

static bool read_probes(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	(void)field;
	return config_read_mapping(reader, node, &probe_table, 0, NULL, to);
}

static bool read_policy(struct config_reader *reader, const struct config_node *node,
			const struct config_field *field, void *to)
{
	(void)to;
	return config_read_policy(reader, node, field, &reader->policy);
}

/* What is named comes before what names it. A section may be there with all of it commented out. */
static const struct config_field fields[] = {
	{ "dataplane", config_read_dataplane, .can_be_empty = false },
	{ "dpdk_socket", config_read_socket, .can_be_empty = false },
	{ "cluster", read_cluster, .can_be_empty = true },
	{ "probes", read_probes, .can_be_empty = true },
	{ "http", config_read_http, .can_be_empty = false },
	{ "peers", config_read_peers, .can_be_empty = true },
	{ "announce", config_read_announce, .can_be_empty = true },
	{ "checks", config_read_checks, .can_be_empty = true },
	{ "pools", config_read_pools, .can_be_empty = true },
	{ "policy", read_policy, .can_be_empty = true },
	{ "services", config_read_services, .can_be_empty = true },
};

static const struct config_table table = CONFIG_TABLE(fields);

/* Return: all bytes, to be freed; NULL: what is wrong has been said. */
static char *read_all(struct config_reader *reader, int fd, size_t *len)
{
	char *text = NULL, *grown;
	size_t capacity = 0;
	ssize_t got;

	*len = 0;
	do {
		grown = array_reserve(text, &capacity, *len, FILE_STEP, 1);
		if (!grown) {
			config_refuse_memory(reader);
			break;
		}
		text = grown;
		got = read(fd, text + *len, FILE_STEP);
		if (got > 0)
			*len += got;
		if (!got)
			return text;
		if (got < 0 && errno != EINTR) {
			config_refuse_file(reader, strerror(errno));
			break;
		}
		if (*len > FILE_MAX)
			config_refuse_file(reader, "more than 16 MiB");
	} while (*len <= FILE_MAX);
	free(text);
	return NULL;
}

static bool read_file(struct config_reader *reader)
{
	const struct config_node *root;
	size_t len;
	char *text;
	int fd;

	fd = open(reader->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return config_refuse_file(reader, strerror(errno));
	text = read_all(reader, fd, &len);
	close(fd);
	if (!text)
		return false;
	root = config_node_read(reader, text, len);
	free(text);
	return root && config_read_mapping(reader, root, &table, 0, NULL, reader->config);
}

static void destroy(struct whole *whole)
{
	config_memory_fini(&whole->memory);
	explicit_bzero(&whole->config.key, sizeof(whole->config.key));
	free(whole);
}

struct config *config_read(const char *file, char *error)
{
	struct config_memory scratch = {};
	struct config_reader reader = {
		.file = file,
		.error = error,
		.scratch = &scratch,
		.policy = config_policy_default,
	};
	struct whole *whole = calloc(1, sizeof(*whole));
	bool ok;

	*error = 0;
	if (!whole) {
		config_refuse_memory(&reader);
		return NULL;
	}
	whole->config.probe_base = PROBE_BASE_DEFAULT;
	whole->config.alarm_ms = ALARM_MS_DEFAULT;
	reader.config = &whole->config;
	reader.keep = &whole->memory;
	ok = read_file(&reader);
	config_memory_fini(&scratch);
	if (ok)
		return &whole->config;
	destroy(whole);
	return NULL;
}

void config_destroy(struct config *config)
{
	if (config)
		destroy((struct whole *)config);
}
