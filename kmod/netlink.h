/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic netlink family "maglev": Documentation/netlink/specs/maglev.yaml. Handlers run in
 * process context, one at a time (under genetlink's own mutex), in the namespace of the
 * socket: check, which changes nothing; allocate; apply, which cannot fail; tell.
 */
#ifndef MAGLEV_KMOD_NETLINK_H
#define MAGLEV_KMOD_NETLINK_H

#include "netlink_request.h"

#include <net/genetlink.h>

struct maglev_net;
struct maglev_overlay;
struct maglev_pair;
struct maglev_service;

extern struct genl_family maglev_netlink_family;

/**
 * maglev_netlink_init() - register the family
 *
 * Or have it registered later, where waiting for that could not end.
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_init(void);

/**
 * maglev_netlink_fini() - the mirror
 */
void maglev_netlink_fini(void);

/**
 * maglev_netlink_listened() - is somebody there to hear of an event?
 * @mnet: in this namespace
 */
bool maglev_netlink_listened(const struct maglev_net *mnet);

/**
 * maglev_netlink_find_service() - the service of a request
 * @mnet: the namespace; its lock held
 * @service: as read
 * @extack: is told if there is none
 *
 * Return: the service, or ERR_PTR(-ENOENT).
 */
struct maglev_service *maglev_netlink_find_service(struct maglev_net *mnet,
						   const struct maglev_request_service *service,
						   struct netlink_ext_ack *extack);

/**
 * maglev_netlink_find_pair() - the backend of a request
 * @service: whose; the namespace's lock held
 * @backend: as read
 * @extack: is told if there is none
 *
 * Return: the pair, or ERR_PTR(-ENOENT).
 */
struct maglev_pair *maglev_netlink_find_pair(const struct maglev_service *service,
					     const struct maglev_request_backend *backend,
					     struct netlink_ext_ack *extack);

/**
 * struct maglev_netlink_filter - which services and backends a request is about
 * @service: id; 0: all
 * @pair: of this backend; NULL: of all. Under the namespace's lock only
 * @index: of @pair, or -1
 */
struct maglev_netlink_filter {
	u32 service;
	struct maglev_pair *pair;
	int index;
};

/**
 * maglev_netlink_read_filter() - find what a request names, if it names anything
 * @filter: written
 * @mnet: the namespace; its lock held
 * @service: the attribute, or NULL
 * @backend: the attribute, or NULL; a service must then be named, too
 * @extack: says what is wrong
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_read_filter(struct maglev_netlink_filter *filter, struct maglev_net *mnet,
			       const struct nlattr *service, const struct nlattr *backend,
			       struct netlink_ext_ack *extack);

/**
 * maglev_netlink_begin() - a message, of a dump or in reply
 * @skb: where
 * @portid: whose
 * @seq: the request's
 * @flags: of netlink
 * @cmd: enum of the ABI
 *
 * Return: for genlmsg_end() or genlmsg_cancel(); NULL if there is no room.
 */
static inline void *maglev_netlink_begin(struct sk_buff *skb, u32 portid, u32 seq, int flags,
					 u8 cmd)
{
	return genlmsg_put(skb, portid, seq, &maglev_netlink_family, flags, cmd);
}

/**
 * maglev_netlink_reply() - begin the reply to a request
 * @info: the request
 * @size: bytes it may take
 * @head: for genlmsg_end(), written
 *
 * Return: the message, or NULL.
 */
struct sk_buff *maglev_netlink_reply(struct genl_info *info, size_t size, void **head);

/**
 * maglev_netlink_send() - end a reply and send it
 * @msg: from maglev_netlink_reply(); gone afterwards
 * @head: likewise
 * @info: the request
 * @err: an error of whoever filled it in: it is then not sent
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_send(struct sk_buff *msg, void *head, struct genl_info *info, int err);

/**
 * struct maglev_netlink_refusal - first in cb->ctx of every dump: why there is none
 * @text: for people
 * @err: an errno, or 0
 *
 * 6.1 hands a dump's start no extack: there a refusal, without the attribute, is told by the
 * end of an empty dump.
 */
struct maglev_netlink_refusal {
	const char *text;
	int err;
};

/**
 * maglev_netlink_start() - begin a dump
 * @cb: the dump
 * @begin: reads and checks the request
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_start(struct netlink_callback *cb,
			 int (*begin)(struct netlink_callback *cb, struct netlink_ext_ack *extack));

/**
 * maglev_netlink_refused() - was it refused already?
 * @cb: the dump
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_refused(struct netlink_callback *cb);

/**
 * maglev_netlink_dump_net() - the namespace of a dump
 * @cb: the dump
 */
struct maglev_net *maglev_netlink_dump_net(const struct netlink_callback *cb);

/**
 * maglev_netlink_check_set() - may a service be changed so?
 * @service: the service; the namespace's lock held
 * @request: as read
 * @extack: says why not
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_check_set(const struct maglev_service *service,
			     const struct maglev_request_service *request,
			     struct netlink_ext_ack *extack);

/**
 * maglev_netlink_set() - change a service, but for its tables
 * @service: the service; the namespace's lock held
 * @request: as read and checked; the caller has its tables built
 */
void maglev_netlink_set(struct maglev_service *service,
			const struct maglev_request_service *request);

/**
 * maglev_netlink_check_lay() - may the overlay of a backend be changed so?
 * @pair: the backend; the namespace's lock held
 * @request: as read
 * @extack: says why not
 *
 * Return: 0 or an errno.
 */
int maglev_netlink_check_lay(const struct maglev_pair *pair,
			     const struct maglev_request_backend *request,
			     struct netlink_ext_ack *extack);

/**
 * maglev_netlink_overlay() - what of an overlay a request carries
 * @overlay: written
 * @request: as read
 */
void maglev_netlink_overlay(struct maglev_overlay *overlay,
			    const struct maglev_request_backend *request);

/* Handlers; what each does is in the ABI's source. */
int maglev_netlink_service_get(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_service_dump_start(struct netlink_callback *cb);
int maglev_netlink_service_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_service_set(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_backend_get(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_backend_dump_start(struct netlink_callback *cb);
int maglev_netlink_backend_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_backend_set(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_batch(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_table_dump_start(struct netlink_callback *cb);
int maglev_netlink_table_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_flow_get(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_flow_dump_start(struct netlink_callback *cb);
int maglev_netlink_flow_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_flow_count_start(struct netlink_callback *cb);
int maglev_netlink_flow_count_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_flow_count_done(struct netlink_callback *cb);
int maglev_netlink_flow_flush(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_flow_save_start(struct netlink_callback *cb);
int maglev_netlink_flow_save_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_flow_restore(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_explain(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_preview_start(struct netlink_callback *cb);
int maglev_netlink_preview_dump(struct sk_buff *skb, struct netlink_callback *cb);
int maglev_netlink_preview_done(struct netlink_callback *cb);
int maglev_netlink_settings_get(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_settings_set(struct sk_buff *skb, struct genl_info *info);
int maglev_netlink_stats_get(struct sk_buff *skb, struct genl_info *info);

#endif
