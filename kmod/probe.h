/* SPDX-License-Identifier: GPL-2.0-only */
/* Probes: packets of a checker on this host, sent through the tunnel to one backend. */
#ifndef MAGLEV_KMOD_PROBE_H
#define MAGLEV_KMOD_PROBE_H

struct nf_hook_state;
struct sk_buff;

/**
 * maglev_probe_out() - LOCAL_OUT: send what carries a probe's mark to its backend
 * @priv: unused
 * @skb: the packet, on its way from here to a VIP
 * @state: of netfilter
 *
 * The mark is the namespace's probe base plus the pair's index. Whatever the backend's
 * state; nothing is tracked, no service counts it.
 *
 * Return: NF_STOLEN for a probe, NF_DROP if its backend cannot be reached or is not one,
 * NF_ACCEPT for everything else.
 */
unsigned int maglev_probe_out(void *priv, struct sk_buff *skb, const struct nf_hook_state *state);

#endif
