// SPDX-License-Identifier: GPL-2.0-only
#include "curl_loop.h"

enum {
	MS_PER_S = 1000,
};

int curl_loop_events(int what)
{
	return (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
}

void curl_loop_act(struct curl_loop *curl, curl_socket_t fd, int events)
{
	int what = (events & EV_READ ? CURL_CSELECT_IN : 0) |
		   (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
	const CURLMsg *message;
	void *transfer;
	int running, left;

	curl_multi_socket_action(curl->multi, fd, what, &running);
	while ((message = curl_multi_info_read(curl->multi, &left))) {
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
		curl->ended(transfer, message->data.result);
	}
}

static void on_timer(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	curl_loop_act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long after_ms, void *ctx)
{
	struct curl_loop *curl = ctx;

	(void)multi;
	ev_timer_stop(curl->loop, &curl->timer);
	if (after_ms < 0)
		return 0;
	ev_now_update(curl->loop);
	ev_timer_set(&curl->timer, (double)after_ms / MS_PER_S, 0.);
	ev_timer_start(curl->loop, &curl->timer);
	return 0;
}

int curl_loop_init(struct curl_loop *curl, struct ev_loop *loop, curl_loop_ended *ended)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return -1;
	curl->multi = curl_multi_init();
	if (!curl->multi) {
		curl_global_cleanup();
		return -1;
	}
	curl->loop = loop;
	curl->ended = ended;
	ev_init(&curl->timer, on_timer);
	curl->timer.data = curl;
	curl_multi_setopt(curl->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(curl->multi, CURLMOPT_TIMERDATA, curl);
	return 0;
}

void curl_loop_fini(struct curl_loop *curl)
{
	curl_multi_cleanup(curl->multi);
	ev_timer_stop(curl->loop, &curl->timer);
	curl_global_cleanup();
}
