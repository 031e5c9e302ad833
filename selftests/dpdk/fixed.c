// SPDX-License-Identifier: GPL-2.0-only
/* Reading fixed configurations. */
#include "fixed.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ether.h>

enum {
	WORDS_MAX = 8,
	LINE_MAX_BYTES = 256,
};

static u32 read_address(const char *text, u8 *addr)
{
	memset(addr, 0, MAGLEV_IPV6_BYTES);
	if (inet_pton(AF_INET, text, addr) == 1)
		return MAGLEV_IPV4_BYTES;
	return inet_pton(AF_INET6, text, addr) == 1 ? MAGLEV_IPV6_BYTES : 0;
}

static bool read_source(struct fixed *fixed, char *text)
{
	char *slash = strchr(text, '/');
	struct source_prefix prefix;
	u32 len;

	if (!slash)
		return false;
	*slash = 0;
	len = read_address(text, prefix.addr);
	prefix.len = atoi(slash + 1);
	fixed->generation.source[len == MAGLEV_IPV6_BYTES] = prefix;
	return len;
}

static bool read_link(struct fixed *fixed, char **word, u32 n)
{
	struct rte_ether_hdr *ether = (struct rte_ether_hdr *)fixed->link.front;
	u16 tag;

	fixed->by_hops = n == 2 && !strcmp(word[1], "kernel");
	if (fixed->by_hops)
		return true;
	if (n < 5 || rte_ether_unformat_addr(word[1], &ether->dst_addr) ||
	    rte_ether_unformat_addr(word[2], &ether->src_addr))
		return false;
	fixed->link.port = atoi(word[3]);
	fixed->link.mtu = atoi(word[4]);
	fixed->link.link_len = sizeof(*ether);
	if (n < 6)
		return true;
	tag = htons(atoi(word[5]));
	ether->ether_type = htons(RTE_ETHER_TYPE_VLAN);
	memcpy(fixed->link.front + sizeof(*ether), &tag, sizeof(tag));
	fixed->link.link_len += sizeof(struct rte_vlan_hdr);
	return true;
}

static u8 read_protocol(const char *word)
{
	if (!strcmp(word, "tcp"))
		return IPPROTO_TCP;
	return strcmp(word, "udp") ? IPPROTO_SCTP : IPPROTO_UDP;
}

static bool read_service(struct fixed *fixed, char **word, u32 n)
{
	struct generation *generation = &fixed->generation;
	struct service_view *service;
	u32 i;

	if (n < 4 || generation->n_services == FIXED_SERVICES)
		return false;
	service = &fixed->service[generation->n_services++];
	service->protocol = read_protocol(word[1]);
	service->addr_len = read_address(word[2], service->addr);
	service->port = htons(atoi(word[3]));
	service->view.size = fixed->size;
	service->view.key = fixed->key;
	service->view.service = generation->n_services;
	service->view.longest = MAGLEV_TIMEOUT_ESTABLISHED;
	service->view.backends = &fixed->backend[generation->n_targets];
	service->view.targets = &fixed->target[generation->n_targets];
	for (i = 4; i < n; i++) {
		if (!strcmp(word[i], "source"))
			service->view.mode = MAGLEV_MODE_SOURCE;
		service->fragments |= !strcmp(word[i], "fragments");
	}
	return service->addr_len;
}

void fixed_write_front(struct way *way, const u8 *saddr)
{
	bool v4 = way->target.tunnel.addr_len == MAGLEV_IPV4_BYTES;
	u16 type = htons(v4 ? RTE_ETHER_TYPE_IPV4 : RTE_ETHER_TYPE_IPV6);
	struct maglev_outer outer = {};

	memcpy(outer.saddr, saddr, sizeof(outer.saddr));
	memcpy(way->front + way->link_len - sizeof(type), &type, sizeof(type));
	maglev_outer_write(way->front + way->link_len, &way->target.tunnel, &outer, 4, 0);
	way->front_len = way->link_len + maglev_tunnel_overhead(&way->target.tunnel);
}

static bool read_tunnel(struct maglev_tunnel *tunnel, const char *word)
{
	tunnel->checksum = !strcmp(word, "gre-csum");
	tunnel->type = strncmp(word, "gre", 3) ? MAGLEV_TUNNEL_IPIP : MAGLEV_TUNNEL_GRE;
	return tunnel->type == MAGLEV_TUNNEL_GRE || !strcmp(word, "ipip");
}

static bool read_backend(struct fixed *fixed, char **word, u32 n)
{
	struct generation *generation = &fixed->generation;
	u32 i, index = generation->n_targets;
	struct way *way = &fixed->way[index];
	u8 saddr[MAGLEV_IPV6_BYTES];
	struct maglev_backend *backend = &fixed->backend[index];

	if (n < 4 || index == FIXED_BACKENDS || !generation->n_services)
		return false;
	*way = fixed->link;
	if (fixed->no_route)
		way->port = PORT_NONE;
	way->target.index = index;
	way->target.service = generation->n_services;
	way->target.state = MAGLEV_UP;
	if (n > 4)
		way->target.state = strcmp(word[4], "down") ? MAGLEV_DRAIN : MAGLEV_DOWN;
	for (i = 0; i < MAGLEV_FLOW_STATES; i++)
		way->target.limit[i] = maglev_timeout_limit(i, MAGLEV_TIMEOUT_HALF_OPEN);
	way->target.tunnel.addr_len = read_address(word[1], way->target.tunnel.addr);
	if (!way->target.tunnel.addr_len || !read_tunnel(&way->target.tunnel, word[2]) ||
	    !read_address(word[3], saddr))
		return false;
	fixed_write_front(way, saddr);
	maglev_backend_init(backend, way->target.tunnel.addr_len, way->target.tunnel.addr, 0);
	backend->weight = 1;
	backend->state = way->target.state;
	maglev_backend_derive(backend, &fixed->key, fixed->size);
	fixed->target[index] = &way->target;
	generation->n_targets++;
	fixed->service[generation->n_services - 1].view.n++;
	return true;
}

static bool read_line(struct fixed *fixed, char **word, u32 n)
{
	if (!strcmp(word[0], "service"))
		return read_service(fixed, word, n);
	if (!strcmp(word[0], "backend"))
		return read_backend(fixed, word, n);
	if (!strcmp(word[0], "link"))
		return read_link(fixed, word, n);
	if (!strcmp(word[0], "no-route"))
		return fixed->no_route = true;
	if (n < 2)
		return false;
	if (!strcmp(word[0], "key"))
		return !maglev_key_parse(&fixed->key, word[1]);
	if (!strcmp(word[0], "source"))
		return read_source(fixed, word[1]);
	if (!strcmp(word[0], "flows"))
		fixed->flows = atoi(word[1]);
	else if (!strcmp(word[0], "pmtu-disc"))
		fixed->generation.pmtu_disc = atoi(word[1]);
	else if (!strcmp(word[0], "frames"))
		fixed->frames = strtoull(word[1], NULL, 10);
	else
		return false;
	return true;
}

/* Canonical order of backends, as places; targets follow. */
static void sort_backends(struct maglev_view *view)
{
	struct maglev_backend backend;
	struct maglev_target *target;
	u32 i, j;

	for (i = 1; i < view->n; i++) {
		for (j = i; j && maglev_backend_cmp(&view->backends[j - 1], &view->backends[j]) > 0;
		     j--) {
			backend = view->backends[j];
			view->backends[j] = view->backends[j - 1];
			view->backends[j - 1] = backend;
			target = view->targets[j];
			view->targets[j] = view->targets[j - 1];
			view->targets[j - 1] = target;
		}
	}
}

static bool build(struct service_view *service)
{
	struct maglev_view *view = &service->view;
	void *scratch =
		malloc(maglev_base_scratch(view->size, view->n) + maglev_live_scratch(view->n));
	u16 *base = malloc(2 * view->size * sizeof(*base));
	u64 digest;

	sort_backends(view);
	if (maglev_base_build(base, view->size, view->backends, view->n, scratch))
		return false;
	digest = maglev_table_digest(base, view->size, view->mode, view->backends);
	maglev_live_build(base + view->size, base, view->size, view->backends, view->n, &digest,
			  scratch);
	view->base = base;
	view->live = base + view->size;
	free(scratch);
	return true;
}

static void hash_services(struct fixed *fixed)
{
	struct generation *generation = &fixed->generation;
	u32 i;

	generation->service_at = fixed->service_at;
	generation->address_at = fixed->address_at;
	generation->mask = 4 * FIXED_SERVICES - 1;
	for (i = 0; i < generation->n_services; i++)
		generation_add(generation, &fixed->service[i]);
}

/* The view's targets are by place, the generation's by index. */
static bool finish(struct fixed *fixed)
{
	struct generation *generation = &fixed->generation;
	struct maglev_target **by_index = calloc(FIXED_BACKENDS, sizeof(*by_index));
	struct maglev_flow_tables *tables;
	u32 i;

	for (i = 0; i < generation->n_targets; i++)
		by_index[i] = &fixed->way[i].target;
	for (i = 0; i < generation->n_services; i++)
		if (!build(&fixed->service[i]))
			return false;
	generation->number = 1;
	generation->targets = by_index;
	generation->services = fixed->service;
	generation->ways = fixed->way;
	hash_services(fixed);
	if (!fixed->flows)
		return true;
	tables = calloc(1, sizeof(*tables) + data_workers() * sizeof(tables->cpu[0]));
	tables->key = fixed->key;
	tables->active = tables->n = data_workers();
	for (i = 0; i < tables->n; i++) {
		tables->cpu[i].lines = maglev_flow_lines(fixed->flows, tables->n);
		tables->cpu[i].words =
			data_alloc((size_t)tables->cpu[i].lines * MAGLEV_LINE_BYTES, i);
		if (!tables->cpu[i].words)
			return false;
	}
	generation->tables = tables;
	return true;
}

struct fixed *fixed_read(FILE *file, u32 flows, u32 size)
{
	struct fixed *fixed = aligned_alloc(LINE_BYTES, sizeof(*fixed));
	char line[LINE_MAX_BYTES], *word[WORDS_MAX], *left;
	u32 n, number = 0;

	memset(fixed, 0, sizeof(*fixed));
	fixed->flows = flows;
	fixed->size = size;
	fixed->generation.pmtu_disc = true;
	while (fgets(line, sizeof(line), file)) {
		number++;
		for (n = 0, word[0] = strtok_r(line, " \t\n", &left); n < WORDS_MAX - 1 && word[n];)
			word[++n] = strtok_r(NULL, " \t\n", &left);
		if (!n || word[0][0] == '#' || read_line(fixed, word, n))
			continue;
		fprintf(stderr, "fixed: line %u: %s\n", number, word[0]);
		return NULL;
	}
	return finish(fixed) ? fixed : NULL;
}

void fixed_free(struct fixed *fixed)
{
	u32 i;

	for (i = 0; i < fixed->generation.n_services; i++)
		free((u16 *)fixed->service[i].view.base);
	free(fixed->generation.targets);
	memset(fixed, 0xee, sizeof(*fixed)); /* for those who read it all the same */
	free(fixed);
}
