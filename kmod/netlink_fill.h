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
struct maglev_slots;
struct sk_buff;

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
			const struct maglev_slots *slots);

/* The settings; the namespace's lock held. */
int maglev_fill_settings(struct sk_buff *skb, struct maglev_net *mnet);

#endif
