/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status page: HTML for people, whole without a script, and with nothing from elsewhere. It is
 * written from what it is given, and reads nothing.
 */
#ifndef MAGLEVD_PAGE_H
#define MAGLEVD_PAGE_H

#include "agreement.h"
#include "announcer.h"
#include "checker.h"
#include "page_draw.h"
#include "page_kernel.h"

enum {
	PAGE_ROWS =
		2500, /* backends that are shown; where there are more, as many of each service */
	PAGE_SERVICES = 500, /* services that are shown */
	PAGE_CURVES = 100, /* services of which curves are shown */
	PAGE_REFRESH_S = 5,
};

struct page {
	const struct world *world;
	const struct history *history; /* its readings are renewed */
	const struct page_kernel *kernel;
	const struct checker_stats *checked;
	u64 lateness_us;
	const struct announcer_vip *vip; /* those that are to be announced */
	size_t n_vips;
	bool is_drained; /* by the operator of the balancer */
	const struct agreement_peer *peer;
	size_t n_peers;
	u64 now; /* ns */
	const char *host;
	const char *clock; /* the time of day */
};

/* What is told of a service's members together. */
struct page_sum {
	u32 n, up, drained, down, kept;
	double packets, bytes, flows_new; /* a second, of those that are known */
	u64 flows, weight;
	bool has_rates;
	bool has_trouble;
};

/* A member, as the kernel has it if it said so. */
struct page_row {
	const struct service *service;
	const struct member *member;
	const struct maglev_lib_backend *kernel; /* "has" may be 0 */
	u32 state; /* effective */
	double packets, bytes, flows_new;
	bool has_rates;
};

/* Return: the page, to be freed; NULL without memory. */
char *page_write(const struct page *page);

/* page_backend.c */
struct page_row page_find_row(const struct page *page, const struct service *service,
			      const struct member *member);
void page_write_backends(struct page_text *text, const struct page *page,
			 const struct service *service, const struct page_row *row,
			 const struct page_sum *sum, u32 most);

/* page_service.c; @sum of each service by place, @row of each member */
void page_write_services(struct page_text *text, const struct page *page,
			 const struct page_sum *sum, const struct page_row *row);

/* Is a member to be shown? A sorry pool is while it is in service. */
static inline bool page_is_shown(const struct service *service, const struct member *member)
{
	return !member->is_sorry || service->is_open;
}

/* Seconds, whose text may be followed by more. */
u64 page_age_s(u64 now, u64 at);

/* The word of a state, its class and its sign. */
void page_write_state(struct page_text *text, u32 state);

/* page_style.c */
extern const char page_policy[], page_style[], page_script[];

#endif
