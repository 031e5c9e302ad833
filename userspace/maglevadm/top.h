/* SPDX-License-Identifier: GPL-2.0-only */
/* Two readings of a balancer's counters, and what has happened between them. */
#ifndef MAGLEVADM_TOP_H
#define MAGLEVADM_TOP_H

#include "plane.h"

/* What is counted of a service, a backend, or all. */
struct top_counts {
	u64 packets, bytes, flows_new;
};

/* A second. */
struct top_rates {
	double packets, bits, flows_new;
	bool is_known; /* it was there before, and has not begun anew since */
};

struct top_backend {
	struct maglev_lib_backend backend;
	struct top_rates rates;
};

struct top_service {
	struct maglev_lib_service service;
	struct top_rates rates;
	struct top_backend *backend; /* the busiest first */
	size_t n, capacity;
	u32 up;
};

struct top_reason {
	struct maglev_lib_reason_count count;
	double rate; /* packets a second */
};

/* One reading, with its rates since the one before. */
struct top {
	u64 at_ms;
	u64 passed_ms; /* since the one before; 0: there is none */
	struct top_service *service; /* the busiest first */
	size_t n, capacity;
	struct maglev_lib_counters counters;
	struct top_rates rates; /* of all */
	struct top_reason *reason; /* for which packets were not forwarded */
	size_t n_reasons, reasons_capacity;
};

/* Read, of one service if the order names one. Return: STATUS_DONE, or what has been said; top_fini() is due. */
int top_read(struct top *top, const struct order *order, u64 now_ms);
void top_fini(struct top *top);

/* Find the rates of @top since @before, and put the busiest in front. */
void top_compare(struct top *top, const struct top *before);

#endif
