/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects into messages, for replies, dumps and events alike. All return 0 or -EMSGSIZE and
 * then leave a part of the object behind, which the caller cancels with the message.
 */
#ifndef MAGLEV_KMOD_NETLINK_FILL_H
#define MAGLEV_KMOD_NETLINK_FILL_H

#include "service_key.h"

#include <maglev/decide.h>

struct maglev_net;
struct maglev_pair;
struct maglev_pair_stats;
struct maglev_prefix;
struct maglev_service;
struct sk_buff;

/**
 * struct maglev_fill_slots - how many slots backends have
 * @base: by place, in the base table
 * @live: by place, in the live table
 * @n: places
 * @generation: of these tables
 */
struct maglev_fill_slots {
	u32 *base;
	u32 *live;
	u32 n;
	u64 generation;
};

/**
 * maglev_fill_count_slots() - count a service's slots
 * @slots: written; empty if there are no tables
 * @service: the service; the namespace's lock held
 *
 * Return: 0 or -ENOMEM.
 */
int maglev_fill_count_slots(struct maglev_fill_slots *slots, const struct maglev_service *service);

/**
 * maglev_fill_free_slots() - the mirror
 * @slots: from maglev_fill_count_slots()
 */
void maglev_fill_free_slots(struct maglev_fill_slots *slots);

/* A service's name. */
int maglev_fill_key(struct sk_buff *skb, int attr, const struct maglev_service_key *key);

/* A service's name and id, in a nest like the whole service. */
int maglev_fill_service_name(struct sk_buff *skb, const struct maglev_service *service);

/* A service; the namespace's lock held. */
int maglev_fill_service(struct sk_buff *skb, const struct maglev_service *service);

/* An address, of 4 bytes if it is v4-mapped, and a port, into an open nest. */
int maglev_fill_addr_port(struct sk_buff *skb, int addr_attr, int port_attr,
			  const struct maglev_backend *backend);

/*
 * A backend; the namespace's lock held. Without @slots neither slots nor counters nor the way to
 * it: what an event tells.
 */
int maglev_fill_backend(struct sk_buff *skb, int attr, const struct maglev_pair *pair,
			const struct maglev_fill_slots *slots);

/* The settings; the namespace's lock held. */
int maglev_fill_settings(struct sk_buff *skb, struct maglev_net *mnet);

#endif
