/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A generation that never changes, from a few lines of text: what tests and benches of the workers
 * have instead of control. Lines, in this order; tunnels are those of maglevadm:
 *
 *	key HEX | flows N | pmtu-disc 0|1 | frames N | no-route
 *	source ADDRESS/BITS
 *	link DESTINATION SOURCE PORT MTU [TAG]		of all backends that follow; or
 *	link kernel					as hop.h says
 *	service PROTOCOL ADDRESS PORT [source] [fragments]
 *	backend ADDRESS TUNNEL SOURCE [drain|down]	of the last service
 */
#ifndef MAGLEV_DPDK_FIXED_H
#define MAGLEV_DPDK_FIXED_H

#include <data.h>

#include <stdio.h>

enum {
	FIXED_SERVICES = 64,
	FIXED_BACKENDS = 1024, /* of all services */
};

/**
 * struct fixed - a generation and what it is made of
 * @generation: to be published
 * @frames: after so many control stops; 0: never
 * @flows: tracked; 0: not
 */
struct fixed {
	struct generation generation;
	u64 frames;
	u32 flows;
	u32 size;
	struct maglev_key key;
	struct service_view service[FIXED_SERVICES];
	struct service_view *service_at[4 * FIXED_SERVICES];
	struct service_view *address_at[4 * FIXED_SERVICES];
	struct way way[FIXED_BACKENDS];
	struct maglev_target *target[FIXED_BACKENDS];
	struct maglev_backend backend[FIXED_BACKENDS];
	struct way link; /* of backends to come: port, mtu, link */
	bool no_route;
	bool by_hops; /* "link kernel": the ways are those of hop.h, filled in by control_fixed.c */
};

/**
 * fixed_read() - read a configuration and build its generation
 * @file: the text
 * @flows: tracked, where the text does not say
 * @size: slots
 *
 * Return: it, or NULL, said on stderr.
 */
struct fixed *fixed_read(FILE *file, u32 flows, u32 size);

/* All but the flow tables. */
void fixed_free(struct fixed *fixed);

/* What is behind a way's link header, from its tunnel and the outer source. */
void fixed_write_front(struct way *way, const u8 *saddr);

#endif
