// SPDX-License-Identifier: GPL-2.0-only
/*
 * In place of kernel.c, where there is no module: a kernel that does as it is told and remembers
 * it. What maglevd takes is then measured without User-Mode Linux, whose system calls are dear.
 */
#include <errno.h>
#include <kernel.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	SERVICES = 64,
	BACKENDS = 65534,
};

struct kernel {
	struct seen_service service[SERVICES];
	struct seen now; /* of those */
	u32 n_indices;
	int events; /* there are none */
};

struct kernel *kernel_open(char *error)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel) {
		snprintf(error, CONFIG_ERROR_TEXT, "no memory");
		return NULL;
	}
	kernel->now.service = kernel->service;
	kernel->events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return kernel;
}

void kernel_close(struct kernel *kernel)
{
	size_t i;

	if (!kernel)
		return;
	for (i = 0; i < kernel->now.n; i++)
		free(kernel->service[i].backend);
	close(kernel->events);
	free(kernel);
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

/* Nobody comes here, and so nothing is counted. */
int kernel_list_backends(struct kernel *kernel, maglev_row *row, void *ctx)
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
