/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of the kernel, and told to it: IPVS owns which services and backends there are,
 * ip_vs_maglev their overlay. Errors are written as a sentence, CONFIG_ERROR_TEXT bytes.
 */
#ifndef MAGLEVD_KERNEL_H
#define MAGLEVD_KERNEL_H

#include "judge.h"
#include "seen.h"

struct kernel;

/* Of the data plane in use. Return: NULL with @error written. Events come from then on. */
struct kernel *kernel_open(char *error);

/*
 * kernel_reopen: the module, or maglev-dpdk, is gone; perhaps there is another one.
 *
 * Return: 0: connected, to one that has nothing yet; -errno with @error written.
 */
int kernel_reopen(struct kernel *kernel, char *error);

/* Is every change part of the batch? Otherwise services, backends and weights are IPVS's, one by one. */
bool kernel_is_atomic(void);

/* @kernel may be NULL. */
void kernel_close(struct kernel *kernel);

/* What is readable when there are events. */
int kernel_events_fd(const struct kernel *kernel);

/*
 * kernel_read_events: as many as there are.
 *
 * Return: 1 if services or backends came, went, or may have; 0 if not; -errno if there will be none.
 */
int kernel_read_events(struct kernel *kernel);

/* Return: 0 or -errno; seen_fini() is due either way. */
int kernel_read(struct kernel *kernel, struct seen *seen, char *error);

/* Each service, or each backend with its service, with counters. Return: 0 or -errno. */
int kernel_list_services(struct kernel *kernel, maglev_row *row, void *ctx);
int kernel_list_backends(struct kernel *kernel, maglev_row *row, void *ctx);

/* Ask for what there is one of; "raw" of the reply holds until the next call. Return: 0 or -errno. */
int kernel_ask(struct kernel *kernel, u8 command, struct maglev_lib_message *reply);

/* Each backend with its service and flows, which are counted now. Return: 0 or -errno. */
int kernel_count_flows(struct kernel *kernel, maglev_row *row, void *ctx);

/* All of these return 0 or -errno; where kernel_is_atomic(), but for the first, they only add to the batch. */
int kernel_set_up(struct kernel *kernel, const struct config *config, char *error);
int kernel_add_service(struct kernel *kernel, const struct service *service, char *error);
int kernel_replace_scheduler(struct kernel *kernel, const struct service *service, char *error);
int kernel_del_service(struct kernel *kernel, const struct service_key *key, char *error);
int kernel_add_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error);
int kernel_set_backend(struct kernel *kernel, const struct service *service,
		       const struct member *member, char *error);
int kernel_del_backend(struct kernel *kernel, const struct service_key *key,
		       const struct endpoint *backend, char *error);

/*
 * A batch: all of it or nothing, each service is published once. After kernel_batch() has failed,
 * or succeeded, it is empty again; one that is empty is not sent.
 */
int kernel_batch_service(struct kernel *kernel, const struct service_key *key,
			 const struct maglev_lib_service *change);
int kernel_batch_backend(struct kernel *kernel, const struct service_key *key,
			 const struct endpoint *backend, const struct maglev_lib_backend *change);
int kernel_batch(struct kernel *kernel, char *error);

/* Forget what is in the batch. */
void kernel_batch_drop(struct kernel *kernel);

#endif
