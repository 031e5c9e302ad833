/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the configuration file says, whole and valid, with defaults and presets filled in, pools
 * flattened and names resolved. Nothing in it changes after it was read.
 */
#ifndef MAGLEVD_CONFIG_H
#define MAGLEVD_CONFIG_H

#include "check.h"
#include "endpoint.h"

#include <maglev/hash.h>

enum {
	CONFIG_ERROR_TEXT = 512,
	CONFIG_NO_DRAIN = 0xffffffff,
};

/**
 * struct config_backend - a member of a pool
 * @addr: where tunnels to it end
 * @port: 0: that of the service
 * @weight: nominal, 1 .. 2^31-1
 * @drain_ms: it has no new flows, and none at all after this; 0: those that it has end by
 *	themselves; CONFIG_NO_DRAIN: it is in service
 */
struct config_backend {
	struct maglev_lib_addr addr;
	u16 port;
	u32 weight;
	u32 drain_ms;
};

/**
 * struct config_pool - backends with a name
 * @name: unique among pools
 * @backend: its own and those of the pools it names, each once, ordered by address and port
 * @n: how many
 */
struct config_pool {
	const char *name;
	const struct config_backend *backend;
	size_t n;
};

/**
 * enum config_when_down - what happens while every backend of a service is down
 * @CONFIG_KEEP: the last one that went stays, and with it those that went in the same moment:
 *	all are treated as up (fail-open)
 * @CONFIG_REFUSE: clients are refused
 * @CONFIG_SORRY: the backends of another pool take over
 */
enum config_when_down {
	CONFIG_KEEP,
	CONFIG_REFUSE,
	CONFIG_SORRY,
};

/**
 * enum config_share_from - what says how large a part of its weight a backend is to have
 * @CONFIG_SHARE_AGENT: agents, if there are any
 * @CONFIG_SHARE_STATIC: nothing
 * @CONFIG_SHARE_HEADER: a header of what a check is answered
 * @CONFIG_SHARE_LATENCY: how long a check takes
 * @CONFIG_SHARE_PREDICTIVE: how many flows it will hold
 */
enum config_share_from {
	CONFIG_SHARE_AGENT,
	CONFIG_SHARE_STATIC,
	CONFIG_SHARE_HEADER,
	CONFIG_SHARE_LATENCY,
	CONFIG_SHARE_PREDICTIVE,
};

/**
 * struct config_share - how shares follow it
 * @from: enum config_share_from
 * @check: of the service: the one that says so; of header and latency
 * @interval_ms: how often shares move; 0: when something is said
 * @step_percent: no more slots of a table move in an interval; 0 and 100: all may
 * @least: percent: no share is less
 * @hysteresis: percent of a share by which it may be wrong
 * @horizon_ms: how far ahead to look; of predictive
 * @is_said: the file has it
 */
struct config_share {
	enum config_share_from from;
	u32 check;
	u32 interval_ms;
	u32 step_percent;
	u32 least;
	u32 hysteresis;
	u32 horizon_ms;
	bool is_said;
};

/**
 * struct config_policy - how results become states
 * @panic_percent: if more of a service's backends than that fail at once, their states stay as
 *	they were; 100: never
 * @when_down: once all are down
 * @sorry: the pool of CONFIG_SORRY, or NULL
 * @passive: clients' packets that look as if a backend were ill have it asked at once
 * @slow_start_ms: in which the share of a backend that comes up grows from 1 to 100; 0: at once
 * @hold_down_ms: how long one that flaps stays down at least, doubled each time; 0: not at all
 * @hold_down_max_ms: the end of doubling
 * @quorum: so many of the peers that can be reached must see a backend fail too before it goes
 *	down; 0: none is asked
 * @share: weights from life
 * @min_backends: with fewer that are up the VIP is not announced
 */
struct config_policy {
	u32 panic_percent;
	enum config_when_down when_down;
	const struct config_pool *sorry;
	bool passive;
	u32 slow_start_ms;
	u32 hold_down_ms;
	u32 hold_down_max_ms;
	u32 quorum;
	struct config_share share;
	u32 min_backends;
};

/**
 * struct config_service - one or more ports of a VIP
 * @name: unique among services
 * @vip: its address
 * @protocol: IPPROTO_TCP, IPPROTO_UDP or IPPROTO_SCTP
 * @port: host order, each once
 * @n_ports: at least 1
 * @tunnel: MAGLEV_NL_TUNNEL_GRE or MAGLEV_NL_TUNNEL_IPIP
 * @tunnel_checksum: of GRE
 * @mode: MAGLEV_NL_MODE_TUPLE or MAGLEV_NL_MODE_SOURCE
 * @table_size: M, a prime; 0: the cluster's
 * @timeouts: "has" says which are given, in seconds
 * @fragments: they follow the first of them; in the kernel they do anyway
 * @external: services and backends are another's, only states are ours
 * @pool: where its backends come from; NULL if external
 * @check: all that must pass
 * @n_checks: may be 0: then all are up
 * @policy: how results become states
 * @announce: it has a say in whether its VIP is announced
 */
struct config_service {
	const char *name;
	struct maglev_lib_addr vip;
	u16 protocol;
	const u16 *port;
	size_t n_ports;
	u32 tunnel;
	bool tunnel_checksum;
	u32 mode;
	u32 table_size;
	struct maglev_lib_timeouts timeouts;
	bool fragments;
	bool external;
	const struct config_pool *pool;
	const struct check *const *check;
	size_t n_checks;
	struct config_policy policy;
	bool announce;
};

/**
 * struct config_announce - how healthy VIPs are announced
 * @is_given: they are
 * @keep: their routes stay when the daemon ends
 * @table: of the kernel's, where each has a route
 * @interval_ms: from one question to the module to the next, about each VIP
 * @settle_ms: all must be well for so long before a VIP is announced
 */
struct config_announce {
	bool is_given;
	bool keep;
	u32 table;
	u32 interval_ms, settle_ms;
};

/**
 * struct config - the file
 * @socket: of maglev-dpdk; NULL: the kernel forwards
 * @has_key: @key is given
 * @key: of the cluster
 * @table_size: M of services that do not say; 0: as the kernel has it
 * @source4: addresses that probes come from; none: the kernel chooses
 * @n_source4: how many
 * @source6: the same of IPv6
 * @n_source6: how many
 * @alarm_ms: for so long a peer may have other tables than we
 * @probe_base: the mark of probes through tunnels to pair 0
 * @manage_sysctl: set what probes through tunnels need
 * @listen: where what is known can be read by HTTP; addr.len 0: nowhere
 * @peer: where the other balancers listen
 * @n_peers: how many
 * @announce: how healthy VIPs are announced
 * @check: all checks
 * @n_checks: how many
 * @pool: all pools
 * @n_pools: how many
 * @service: all services
 * @n_services: how many
 */
struct config {
	const char *socket;
	bool has_key;
	struct maglev_key key;
	u32 table_size;
	const struct maglev_lib_addr *source4, *source6;
	size_t n_source4, n_source6;
	u32 alarm_ms;
	u32 probe_base;
	bool manage_sysctl;
	struct endpoint listen;
	const struct endpoint *peer;
	size_t n_peers;
	struct config_announce announce;
	const struct check *check;
	size_t n_checks;
	const struct config_pool *pool;
	size_t n_pools;
	const struct config_service *service;
	size_t n_services;
};

/**
 * config_read() - read and check a file
 * @file: its name
 * @error: CONFIG_ERROR_TEXT bytes: "FILE:LINE:COLUMN: object: key: value: what is accepted"
 *
 * Return: the configuration; NULL with @error written.
 */
struct config *config_read(const char *file, char *error);

/**
 * config_destroy() - the end of a configuration
 * @config: may be NULL
 */
void config_destroy(struct config *config);

#endif
