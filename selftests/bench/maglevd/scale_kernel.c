// SPDX-License-Identifier: GPL-2.0-only
/*
 * In place of kernel.c, where there is no module: a kernel that does as it is told and remembers
 * it. What maglevd takes is then measured without User-Mode Linux, whose system calls are dear. With
 * MAGLEV_ALONE_TRAFFIC in the environment there are clients, in numbers, so that pages show something.
 */
#include <errno.h>
#include <kernel.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
	SERVICES = 128,
	BACKENDS = 65534,
	PACKETS = 1000, /* a second and a weight, with traffic */
	PACKET_BYTES = 700,
	FLOW_PACKETS = 50,
	TABLE_SIZE = 65537,
};

/* Of a backend, while it was as it is. */
struct clients {
	double packets, since;
};

struct kernel {
	struct clients clients[BACKENDS]; /* by index */
	struct seen_service service[SERVICES];
	struct seen now; /* of those */
	u32 n_indices;
	u32 users;
	int events; /* there are none */
};

/* There is one, as of the real one, whoever opens it. */
static struct kernel the_kernel = { .events = -1 };

struct kernel *kernel_open(char *error)
{
	struct kernel *kernel = &the_kernel;

	(void)error;
	kernel->now.service = kernel->service;
	if (!kernel->users++)
		kernel->events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return kernel;
}

int kernel_reopen(struct kernel *kernel, char *error)
{
	(void)kernel;
	(void)error;
	return 0;
}

bool kernel_is_atomic(void)
{
	return false;
}

void kernel_close(struct kernel *kernel)
{
	size_t i;

	if (!kernel || --kernel->users)
		return;
	for (i = 0; i < kernel->now.n; i++)
		free(kernel->service[i].backend);
	close(kernel->events);
	memset(kernel, 0, sizeof(*kernel));
}

int kernel_events_fd(const struct kernel *kernel)
{
	return kernel->events;
}

int kernel_read_events(struct kernel *kernel)
{
	(void)kernel;
	return 0;
}

static bool has_traffic(void)
{
	return getenv("MAGLEV_ALONE_TRAFFIC");
}

/* How far clients have come; there are more and fewer of them within ten minutes. */
static double tell_time(void)
{
	struct timespec now;
	double at;

	clock_gettime(CLOCK_MONOTONIC, &now);
	at = now.tv_sec + now.tv_nsec / 1e9;
	return at + 60 * sin(at / 95);
}

static u32 weight_of(const struct seen_backend *backend)
{
	return backend->health == MAGLEV_NL_STATE_UP ? backend->weight ?: 1 : 0;
}

/* Packets that a backend has had. */
static double count_packets(const struct kernel *kernel, const struct seen_backend *backend)
{
	const struct clients *clients = &kernel->clients[backend->index];

	return clients->packets + PACKETS * weight_of(backend) * (tell_time() - clients->since);
}

/* It has so many from now on. */
static void keep_packets(struct kernel *kernel, const struct seen_backend *backend)
{
	struct clients *clients = &kernel->clients[backend->index];

	clients->packets = count_packets(kernel, backend);
	clients->since = tell_time();
}

static struct maglev_lib_stats make_stats(double packets)
{
	return (struct maglev_lib_stats){
		.has = MAGLEV_LIB_HAS(STATS_PACKETS),
		.flows_new = packets / FLOW_PACKETS,
		.flows_answered = packets / FLOW_PACKETS,
		.packets = packets,
		.segments = packets,
		.bytes = packets * PACKET_BYTES,
	};
}

static u32 sum_weights(const struct seen_service *service)
{
	u32 weight = 0;
	size_t i;

	for (i = 0; i < service->n; i++)
		weight += weight_of(&service->backend[i]);
	return weight;
}

static double sum_packets(const struct kernel *kernel, const struct seen_service *service)
{
	double packets = 0;
	size_t i;

	for (i = 0; i < service->n; i++)
		packets += count_packets(kernel, &service->backend[i]);
	return packets;
}

static struct maglev_lib_service_key name_service(const struct seen_service *service)
{
	return (struct maglev_lib_service_key){
		.has = MAGLEV_LIB_HAS(SERVICE_KEY_AF) | MAGLEV_LIB_HAS(SERVICE_KEY_PROTOCOL) |
		       MAGLEV_LIB_HAS(SERVICE_KEY_ADDR) | MAGLEV_LIB_HAS(SERVICE_KEY_PORT),
		.protocol = service->key.protocol,
		.addr = service->key.vip.addr,
		.port = htons(service->key.vip.port),
	};
}

int kernel_list_services(struct kernel *kernel, maglev_row *row, void *ctx)
{
	size_t i;

	for (i = 0; i < kernel->now.n && has_traffic(); i++) {
		const struct seen_service *from = &kernel->service[i];
		struct maglev_lib_message
			message = { .service = {
					    .has = MAGLEV_LIB_HAS(SERVICE_STATS) |
						   MAGLEV_LIB_HAS(SERVICE_FLOWS) |
						   MAGLEV_LIB_HAS(SERVICE_LIVE_DIGEST) |
						   MAGLEV_LIB_HAS(SERVICE_FORWARDING),
					    .key = name_service(from),
					    .id = i + 1,
					    .forwarding = MAGLEV_NL_FORWARDING_MAGLEV,
					    .table_size = from->table_size ?: TABLE_SIZE,
					    .base_digest = 0x4711fbf57d46ea1eULL,
					    .live_digest = 0x9e4c80c06e370822ULL,
					    .key_check = 0xb88fb28d06d5efe1ULL,
					    .generation = 1,
					    .flows = sum_weights(from) * 100,
					    .stats = make_stats(sum_packets(kernel, from)),
				    } };

		row(ctx, &message);
	}
	return 0;
}

int kernel_list_backends(struct kernel *kernel, maglev_row *row, void *ctx)
{
	size_t i, k;

	for (i = 0; i < kernel->now.n && has_traffic(); i++) {
		const struct seen_service *service = &kernel->service[i];
		u32 all = sum_weights(service) ?: 1;

		for (k = 0; k < service->n; k++) {
			const struct seen_backend *from = &service->backend[k];
			struct maglev_lib_message
				message = { .service = { .key = name_service(service),
							 .id = i + 1 },
					    .backend = {
						    .has = MAGLEV_LIB_HAS(BACKEND_STATE) |
							   MAGLEV_LIB_HAS(BACKEND_STATS) |
							   MAGLEV_LIB_HAS(BACKEND_FLOWS) |
							   MAGLEV_LIB_HAS(BACKEND_LIVE_SLOTS),
						    .addr = from->backend.addr,
						    .port = htons(from->backend.port),
						    .state = from->health,
						    .table_weight = from->weight ?: 1,
						    .share = from->share,
						    .live_slots = (u64)(service->table_size ?:
										TABLE_SIZE) *
								  weight_of(from) / all,
						    .flows = weight_of(from) * 100,
						    .stats =
							    make_stats(count_packets(kernel, from)),
					    } };

			row(ctx, &message);
		}
	}
	return 0;
}

int kernel_ask(struct kernel *kernel, u8 command, struct maglev_lib_message *reply)
{
	(void)kernel;
	*reply = (struct maglev_lib_message){};
	if (!has_traffic())
		return 0;
	reply->settings = (struct maglev_lib_settings){ .has = MAGLEV_LIB_HAS(SETTINGS_KEY_CHECK),
							.key_check = 0xb88fb28d06d5efe1ULL };
	reply->counters = (struct maglev_lib_counters){ .has = MAGLEV_LIB_HAS(COUNTERS_FLOWS),
							.flows = 2000,
							.capacity = 1 << 20 };
	return command == MAGLEV_CMD_SETTINGS_GET || command == MAGLEV_CMD_STATS_GET ? 0 : -EINVAL;
}

int kernel_count_flows(struct kernel *kernel, maglev_row *row, void *ctx)
{
	(void)kernel;
	(void)row;
	(void)ctx;
	return 0;
}

int kernel_read(struct kernel *kernel, struct seen *seen, char *error)
{
	const struct seen_service *from;
	size_t i, bytes;

	(void)error;
	*seen = (struct seen){ .service = calloc(SERVICES, sizeof(*seen->service)) };
	for (i = 0; seen->service && i < kernel->now.n; i++, seen->n++) {
		from = &kernel->service[i];
		bytes = from->n * sizeof(*from->backend);
		seen->service[i] = *from;
		seen->service[i].backend = malloc(bytes ?: 1);
		if (!seen->service[i].backend)
			return -ENOMEM;
		memcpy(seen->service[i].backend, from->backend, bytes);
	}
	return seen->service ? 0 : -ENOMEM;
}

int kernel_set_up(struct kernel *kernel, const struct config *config, char *error)
{
	(void)kernel;
	(void)config;
	(void)error;
	return 0;
}

static int compare_services(const void *a, const void *b)
{
	return service_key_compare(a, b);
}

int kernel_add_service(struct kernel *kernel, const struct service *service, char *error)
{
	struct seen_service *added = &kernel->service[kernel->now.n];

	(void)error;
	if (kernel->now.n == SERVICES)
		return -ENOSPC;
	*added = (struct seen_service){ .key = service->key,
					.scheduler = "maglev",
					.is_ours = true,
					.mode_set = MAGLEV_NL_MODE_FLAG };
	added->backend = calloc(BACKENDS, sizeof(*added->backend));
	if (!added->backend)
		return -ENOMEM;
	qsort(kernel->service, ++kernel->now.n, sizeof(*added), compare_services);
	return 0;
}

int kernel_replace_scheduler(struct kernel *kernel, const struct service *service, char *error)
{
	(void)kernel;
	(void)service;
	(void)error;
	return -EOPNOTSUPP;
}

int kernel_del_service(struct kernel *kernel, const struct service_key *key, char *error)
{
	(void)kernel;
	(void)key;
	(void)error;
	return -EOPNOTSUPP;
}

/* maglevd adds them in order. */
int kernel_add_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error)
{
	struct seen_service *seen = seen_find_service(&kernel->now, &service->key);

	(void)error;
	if (!seen || seen->n == BACKENDS)
		return -ENOENT;
	seen->backend[seen->n++] = (struct seen_backend){
		.backend = member->backend,
		.method = IP_VS_CONN_F_TUNNEL,
		.tunnel = service->config->tunnel,
		.checksum = service->config->tunnel_checksum,
		.is_ours = true,
		.index = kernel->n_indices++,
	};
	return 0;
}

static struct seen_backend *find_backend(struct kernel *kernel, const struct service_key *key,
					 const struct endpoint *backend)
{
	struct seen_service *seen = seen_find_service(&kernel->now, key);

	return seen ? seen_find_backend(seen, backend) : NULL;
}

int kernel_set_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error)
{
	struct seen_backend *seen = find_backend(kernel, &service->key, &member->backend);

	(void)error;
	if (!seen)
		return -ENOENT;
	seen->ipvs_weight = member->weight;
	return 0;
}

int kernel_del_backend(struct kernel *kernel, const struct service_key *key,
		       const struct endpoint *backend, char *error)
{
	(void)kernel;
	(void)key;
	(void)backend;
	(void)error;
	return -EOPNOTSUPP;
}

int kernel_batch_service(struct kernel *kernel, const struct service_key *key,
			 const struct maglev_lib_service *change)
{
	struct seen_service *seen = seen_find_service(&kernel->now, key);

	if (!seen)
		return -ENOENT;
	if (change->has & MAGLEV_LIB_HAS(SERVICE_TABLE_SIZE))
		seen->table_size = change->table_size;
	if (change->has & MAGLEV_LIB_HAS(SERVICE_MODE_SET))
		seen->mode_set = change->mode_set;
	return 0;
}

int kernel_batch_backend(struct kernel *kernel, const struct service_key *key,
			 const struct endpoint *backend, const struct maglev_lib_backend *change)
{
	struct seen_backend *seen = find_backend(kernel, key, backend);

	if (!seen)
		return -ENOENT;
	if (has_traffic())
		keep_packets(kernel, seen);
	if (change->has & MAGLEV_LIB_HAS(BACKEND_NOMINAL_WEIGHT))
		seen->weight = change->nominal_weight;
	if (change->has & MAGLEV_LIB_HAS(BACKEND_HEALTH_STATE))
		seen->health = change->health_state;
	if (change->has & MAGLEV_LIB_HAS(BACKEND_SHARE))
		seen->share = change->share;
	return 0;
}

int kernel_batch(struct kernel *kernel, char *error)
{
	(void)kernel;
	(void)error;
	return 0;
}

void kernel_batch_drop(struct kernel *kernel)
{
	(void)kernel;
}
