/* SPDX-License-Identifier: GPL-2.0-only */
/* curl_multi_socket_action() driven by libev; whose sockets those are its user knows. */
#ifndef MAGLEVD_CURL_LOOP_H
#define MAGLEVD_CURL_LOOP_H

#include <curl/curl.h>
#include <ev.h>

/* The transfer with this CURLOPT_PRIVATE has ended. */
typedef void curl_loop_ended(void *transfer, CURLcode code);

struct curl_loop {
	struct ev_loop *loop;
	CURLM *multi; /* CURLMOPT_SOCKETFUNCTION is its user's */
	struct ev_timer timer;
	curl_loop_ended *ended;
};

/* Return: 0; -1 without memory. curl_loop_fini() is due only after 0. */
int curl_loop_init(struct curl_loop *curl, struct ev_loop *loop, curl_loop_ended *ended);
void curl_loop_fini(struct curl_loop *curl);

/* A socket is ready (libev's events), or CURL_SOCKET_TIMEOUT. Transfers may end in here. */
void curl_loop_act(struct curl_loop *curl, curl_socket_t fd, int events);

/* What libcurl waits for, as libev's events. */
int curl_loop_events(int what);

#endif
