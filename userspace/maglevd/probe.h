/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One attempt of a check at one backend. It ends by itself, at the latest after the check's
 * timeout, and has then held no more than PROBE_BYTES of what the backend sent.
 */
#ifndef MAGLEVD_PROBE_H
#define MAGLEVD_PROBE_H

#include "check.h"

#include <ev.h>

enum {
	PROBE_BYTES = 64 * 1024,
	PROBE_WHY = 128,
};

/**
 * enum probe_result - how an attempt ended
 * @PROBE_PASS: as it should
 * @PROBE_FAIL: not so, which is the backend's fault, or the way's
 * @PROBE_UNKNOWN: it says nothing of the backend: no port, no descriptor, no memory or no time was
 *	left here, or what is to be asked cannot be
 */
enum probe_result {
	PROBE_PASS,
	PROBE_FAIL,
	PROBE_UNKNOWN,
};

/**
 * struct probe_target - whom to ask
 * @addr: the VIP (CHECK_TUNNEL) or the backend's address
 * @port: host order
 * @source: where from; len 0: the kernel chooses
 * @mark: SO_MARK, and through the tunnel; 0: none
 * @mtu: the largest packet of a client's that the tunnel takes here; 0: not known
 * @backend: its own address, for scripts
 * @vip: of the service, for scripts; len 0: none
 * @vport: of the service
 */
struct probe_target {
	struct maglev_lib_addr addr;
	u16 port;
	struct maglev_lib_addr source;
	u32 mark;
	u32 mtu;
	struct maglev_lib_addr backend;
	struct maglev_lib_addr vip;
	u16 vport;
};

/**
 * struct probe_answer - what is known afterwards
 * @result: enum probe_result
 * @why: in words: "connect: Connection refused", "status 503"; or "passed"
 * @weight_percent: what an agent says, 0..100; -1: nothing
 * @agent_state: what an agent says, enum maglev_nl_state; -1: nothing
 * @endpoint_weight: what X-Load-Balancing-Endpoint-Weight says, 0 or more; -1: nothing sensible
 * @us: how long it took
 */
struct probe_answer {
	enum probe_result result;
	char why[PROBE_WHY];
	int weight_percent;
	int agent_state;
	double endpoint_weight;
	u64 us;
};

struct prober;
struct probe;

/**
 * typedef probe_done - an attempt has ended
 * @ctx: as passed
 * @answer: how; gone after the return
 *
 * The probe is gone when this is called; another may be started from here.
 */
typedef void probe_done(void *ctx, const struct probe_answer *answer);

/**
 * prober_create() - what all attempts share
 * @loop: where they wait
 *
 * Return: it, or NULL without memory.
 */
struct prober *prober_create(struct ev_loop *loop);

/**
 * prober_destroy() - the end; attempts under way are cancelled
 * @prober: may be NULL
 */
void prober_destroy(struct prober *prober);

/**
 * probe_start() - begin an attempt
 * @prober: of the loop
 * @check: what to ask; must stay until the end
 * @target: whom; copied
 * @done: called once, from the loop, never from in here; not after probe_cancel()
 * @ctx: passed to @done
 *
 * Return: it; NULL without memory: then @done is not called.
 */
struct probe *probe_start(struct prober *prober, const struct check *check,
			  const struct probe_target *target, probe_done *done, void *ctx);

/**
 * probe_hand_over() - have somebody else told of the end
 * @probe: not ended yet
 * @ctx: passed to @done of probe_start()
 */
void probe_hand_over(struct probe *probe, void *ctx);

/**
 * probe_cancel() - forget an attempt
 * @probe: not ended yet
 */
void probe_cancel(struct probe *probe);

#endif
