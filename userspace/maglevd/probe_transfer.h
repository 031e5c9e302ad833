/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libcurl in the loop. It is given connections that stand: it resolves nothing, connects
 * nowhere and keeps nothing; each transfer has a connection of its own, gone with it or soon
 * after.
 */
#ifndef MAGLEVD_PROBE_TRANSFER_H
#define MAGLEVD_PROBE_TRANSFER_H

#include <curl/curl.h>

struct ev_loop;
struct probe;

/**
 * struct probe_transfer - a transfer, lent to a probe
 * @easy: its options of all transfers are set
 * @error: what went wrong, in libcurl's words
 * @next: of those lent to nobody
 */
struct probe_transfer {
	CURL *easy;
	char error[CURL_ERROR_SIZE];
	struct probe_transfer *next;
};

struct probe_transfers *probe_transfers_create(struct ev_loop *loop);
void probe_transfers_destroy(struct probe_transfers *transfers);

/**
 * probe_transfer_get() - borrow a transfer
 * @transfers: of the prober
 *
 * Return: it, or NULL without memory.
 */
struct probe_transfer *probe_transfer_get(struct probe_transfers *transfers);

/**
 * probe_transfer_run() - begin
 * @transfers: of the prober
 * @probe: with a transfer and a connected socket, which becomes libcurl's once it asks
 *
 * Return: CURLM_OK, or why not.
 */
CURLMcode probe_transfer_run(struct probe_transfers *transfers, struct probe *probe);

/**
 * probe_transfer_put() - give it back, under way or not; its connection is closed
 * @transfers: of the prober
 * @transfer: no more to be used
 */
void probe_transfer_put(struct probe_transfers *transfers, struct probe_transfer *transfer);

/* probe_http.c, called from here */

/**
 * probe_http_closing() - a connection is about to be closed
 * @probe: with a transfer
 * @fd: of the connection
 */
void probe_http_closing(struct probe *probe, int fd);

/**
 * probe_http_end() - libcurl is done
 * @probe: with a transfer
 * @code: as libcurl has it
 */
void probe_http_end(struct probe *probe, CURLcode code);

#endif
