/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's side of a decision: whom a packet is for, and what the core may ask. */
#ifndef MAGLEV_KMOD_PLANE_H
#define MAGLEV_KMOD_PLANE_H

#include <maglev/decide.h>

struct ip_vs_service;
struct maglev_generation;
struct maglev_net;
struct maglev_service;

/**
 * struct maglev_context - what is known of a packet's service, as of this packet
 * @mnet: its namespace
 * @service: the service
 * @generation: its tables
 * @svc: IPVS's service; NULL unless new flows are ours
 */
struct maglev_context {
	const struct maglev_net *mnet;
	const struct maglev_service *service;
	const struct maglev_generation *generation;
	struct ip_vs_service *svc;
};

/**
 * maglev_context_fill() - look at a service
 * @context: filled in
 * @service: the service; under RCU
 *
 * Return: false if packets of it are none of our business: new flows are not ours, and no
 * flow of it was ever tracked.
 */
bool maglev_context_fill(struct maglev_context *context, const struct maglev_service *service);

/**
 * maglev_plane_fill() - what a decision may ask
 * @plane: filled in, but for what depends on the service
 * @mnet: the namespace
 * @packet: as parsed; the lines its flow may be in are fetched while the caller goes on
 * @dry: as in struct maglev_plane
 *
 * Under RCU, BH off.
 */
void maglev_plane_fill(struct maglev_plane *plane, const struct maglev_net *mnet,
		       const struct maglev_packet *packet, bool dry);

/**
 * maglev_plane_decide() - decide
 * @decision: the answer
 * @packet: as parsed
 * @plane: from maglev_plane_fill()
 * @context: from maglev_context_fill()
 *
 * Return: @decision->verdict.
 */
enum maglev_verdict maglev_plane_decide(struct maglev_decision *decision,
					const struct maglev_packet *packet,
					struct maglev_plane *plane, struct maglev_context *context);

/**
 * maglev_find() - where a packet's flow goes, for a packet that is about it
 * @decision: the answer
 * @service: the service; under RCU, BH off
 * @packet: as parsed; not of the flow itself
 *
 * As for a packet, within the budget; nothing is written or counted.
 *
 * Return: @decision->verdict.
 */
enum maglev_verdict maglev_find(struct maglev_decision *decision,
				const struct maglev_service *service,
				const struct maglev_packet *packet);

/**
 * maglev_explain() - decide without side effects
 * @decision: the answer
 * @service: the service; under RCU, BH off
 * @packet: as parsed, or as asked about
 *
 * All CPUs' tables are looked at; nothing is counted.
 *
 * Return: @decision->verdict.
 */
enum maglev_verdict maglev_explain(struct maglev_decision *decision,
				   const struct maglev_service *service,
				   const struct maglev_packet *packet);

#endif
