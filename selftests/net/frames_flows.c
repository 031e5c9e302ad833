// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flows that a sink has seen, by open addressing, and the file of them: a line for each, sorted
 * by the bytes of address and port: SADDR SPORT BACKEND PACKETS CHANGES.
 */
#define _GNU_SOURCE
#include "frames.h"

#include <stdlib.h>

enum {
	SLOTS_FIRST = 1 << 16,
	LINE_CHARS = 256,
	SHOWN_MAX = 10,
};

static void *allocate(size_t n, size_t size)
{
	void *memory = calloc(n, size);

	if (!memory)
		die("%zu bytes: %m", n * size);
	return memory;
}

struct flows *flows_create(void)
{
	struct flows *flows = allocate(1, sizeof(*flows));

	flows->slots = allocate(SLOTS_FIRST, sizeof(*flows->slots));
	flows->mask = SLOTS_FIRST - 1;
	return flows;
}

void flows_destroy(struct flows *flows)
{
	free(flows->slots);
	free(flows);
}

static u32 hash(const struct in6_addr *address, u16 port)
{
	u64 halves[2];

	memcpy(halves, address, sizeof(halves));
	return mix64(mix64(halves[0] + port) ^ halves[1]) >> 32;
}

/* Return: the flow's slot, or the free one where it would be. */
static struct flow *find(const struct flows *flows, const struct in6_addr *src, __be16 sport)
{
	u32 i = hash(src, sport) & flows->mask;

	while (flows->slots[i].used &&
	       (flows->slots[i].sport != sport || memcmp(&flows->slots[i].src, src, sizeof(*src))))
		i = (i + 1) & flows->mask;
	return &flows->slots[i];
}

/* At most half full. */
static void grow(struct flows *flows)
{
	struct flow *old = flows->slots;
	u32 i, n = flows->mask + 1;

	if (flows->used >= FLOWS_MAX)
		die("more than %d flows", FLOWS_MAX);
	flows->slots = allocate(2 * (size_t)n, sizeof(*old));
	flows->mask = 2 * n - 1;
	for (i = 0; i < n; i++)
		if (old[i].used)
			*find(flows, &old[i].src, old[i].sport) = old[i];
	free(old);
}

static struct flow *find_or_add(struct flows *flows, const struct in6_addr *src, u16 sport,
				u16 backend)
{
	__be16 port = cpu_to_be16(sport);
	struct flow *flow = find(flows, src, port);

	if (flow->used)
		return flow;
	if (flows->used > flows->mask / 2) {
		grow(flows);
		flow = find(flows, src, port);
	}
	flow->used = true;
	flow->src = *src;
	flow->sport = port;
	flow->backend = backend;
	flows->used++;
	return flow;
}

static u16 number_of(struct flows *flows, const struct in6_addr *backend)
{
	u32 i = hash(backend, 0) & (BACKEND_SLOTS - 1);

	for (; flows->backend_slots[i]; i = (i + 1) & (BACKEND_SLOTS - 1))
		if (!memcmp(&flows->backends[flows->backend_slots[i] - 1], backend,
			    sizeof(*backend)))
			return flows->backend_slots[i] - 1;
	if (flows->n_backends == BACKENDS_MAX)
		die("more than %d backends", BACKENDS_MAX);
	flows->backends[flows->n_backends] = *backend;
	flows->backend_slots[i] = ++flows->n_backends;
	return flows->n_backends - 1;
}

/* flows_add: a packet of a flow. */
void flows_add(struct flows *flows, const struct seen *seen, bool count_only)
{
	u16 backend = number_of(flows, &seen->backend);
	struct flow *flow;

	flows->counts[backend]++;
	if (count_only)
		return;
	flow = find_or_add(flows, &seen->src, seen->sport, backend);
	flow->packets++;
	flows->seen += !flow->seen;
	flow->seen = true;
	if (flow->backend == backend)
		return;
	flow->backend = backend;
	flow->changes++;
	flows->changed += !flow->changed;
	flow->changed = true;
}

static bool load_line(struct flows *flows, const char *line)
{
	char src_text[64], backend_text[64], rest;
	struct in6_addr src, backend;
	u32 sport, packets, changes;
	struct flow *flow;

	if (sscanf(line, "%63s %u %63s %u %u %c", src_text, &sport, backend_text, &packets,
		   &changes, &rest) != 5)
		return false;
	if (sport > 65535 || !parse_address(src_text, &src) ||
	    !parse_address(backend_text, &backend))
		return false;
	flow = find_or_add(flows, &src, sport, number_of(flows, &backend));
	if (flow->packets)
		return false;
	flow->packets = packets;
	flow->changes = changes;
	return true;
}

void flows_load(struct flows *flows, const char *file)
{
	FILE *in = fopen(file, "re");
	char line[LINE_CHARS];
	u32 n = 0;

	if (!in)
		die("file %s: %m", file);
	while (fgets(line, sizeof(line), in))
		if (++n && !load_line(flows, line))
			die("file %s: line %u: not SADDR SPORT BACKEND PACKETS CHANGES, or again",
			    file, n);
	if (ferror(in))
		die("file %s: %m", file);
	fclose(in);
}

static int compare_flows(const void *a, const void *b)
{
	return memcmp(a, b, offsetof(struct flow, backend));
}

/* After this the table can only be printed: its slots are in order, not in place. */
static void sort_flows(struct flows *flows)
{
	u32 i, n = 0;

	for (i = 0; i <= flows->mask; i++)
		if (flows->slots[i].used)
			flows->slots[n++] = flows->slots[i];
	qsort(flows->slots, n, sizeof(*flows->slots), compare_flows);
}

/* flows_save: under another name until it is whole. */
void flows_save(struct flows *flows, const char *file)
{
	char src[ADDRESS_CHARS], backend[ADDRESS_CHARS], *partial;
	const struct flow *flow;
	FILE *out;

	if (asprintf(&partial, "%s.partial", file) < 0)
		die("file %s: %m", file);
	out = fopen(partial, "we");
	if (!out)
		die("file %s: %m", partial);
	sort_flows(flows);
	for (flow = flows->slots; flow < flows->slots + flows->used; flow++)
		fprintf(out, "%s %u %s %u %u\n", address_text(&flow->src, src),
			be16_to_cpu(flow->sport),
			address_text(&flows->backends[flow->backend], backend), flow->packets,
			flow->changes);
	if (ferror(out) | fclose(out) || rename(partial, file))
		die("file %s: %m", file);
	free(partial);
}

static const struct flows *sorted;

static int compare_backends(const void *a, const void *b)
{
	return memcmp(&sorted->backends[*(const u16 *)a], &sorted->backends[*(const u16 *)b],
		      sizeof(struct in6_addr));
}

/* flows_print_backends: " ADDRESS=PACKETS" for each that got any in this run. */
void flows_print_backends(const struct flows *flows)
{
	char text[ADDRESS_CHARS];
	static u16 order[BACKENDS_MAX];
	u32 i;

	for (i = 0; i < flows->n_backends; i++)
		order[i] = i;
	sorted = flows;
	qsort(order, flows->n_backends, sizeof(*order), compare_backends);
	for (i = 0; i < flows->n_backends; i++)
		if (flows->counts[order[i]])
			printf(" %s=%llu", address_text(&flows->backends[order[i]], text),
			       flows->counts[order[i]]);
}

static void show_difference(const struct flow *flow, const struct in6_addr *then,
			    const struct in6_addr *now)
{
	char src[ADDRESS_CHARS], a[ADDRESS_CHARS], b[ADDRESS_CHARS];

	fprintf(stderr, "%s %u: %s, then %s\n", address_text(&flow->src, src),
		be16_to_cpu(flow->sport), address_text(then, a), address_text(now, b));
}

int run_compare(struct options *options)
{
	struct flows *a = flows_create(), *b = flows_create();
	u32 i, both = 0, different = 0;

	flows_load(a, options->words[0]);
	flows_load(b, options->words[1]);
	for (i = 0; i <= a->mask; i++) {
		const struct flow *flow = &a->slots[i], *other;
		const struct in6_addr *then = &a->backends[flow->backend], *now;

		if (!flow->used)
			continue;
		other = find(b, &flow->src, flow->sport);
		if (!other->used)
			continue;
		both++;
		now = &b->backends[other->backend];
		if (!memcmp(then, now, sizeof(*then)))
			continue;
		if (different++ < SHOWN_MAX)
			show_difference(flow, then, now);
	}
	printf("both %u same %u different %u only-first %u only-second %u\n", both,
	       both - different, different, a->used - both, b->used - both);
	flows_destroy(a);
	flows_destroy(b);
	return different > options->allow ? EXIT_FAILED : 0;
}
