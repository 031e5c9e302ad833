// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does it answer a request? The connection is made as for TCP, the rest is libcurl's. A header of
 * more than PROBE_BYTES is a failure, as is a line that libcurl itself finds too long. As soon as
 * the answer is known nothing more is read: without "body" that is the header's end.
 */
#include "probe_kind.h"

#include "probe_transfer.h"
#include "probe_weight.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum {
	TEXT_BYTES = 512,
	PADDING_LINE_BYTES = 4000,
	PORT_HTTP = 80,
	PORT_HTTPS = 443,
	STATUS_SWITCHING = 101,
	STATUS_FINAL = 200,
};

static bool is_https(const struct probe *probe)
{
	return probe->check->type == CHECK_HTTPS;
}

/* In brackets if it is of IPv6. */
static void write_address(const struct probe *probe, char *text, size_t size)
{
	const struct maglev_lib_addr *addr = &probe->target.addr;
	char plain[INET6_ADDRSTRLEN];

	inet_ntop(probe_is_v6(probe) ? AF_INET6 : AF_INET, addr->byte, plain, sizeof(plain));
	snprintf(text, size, probe_is_v6(probe) ? "[%s]" : "%s", plain);
}

/* A Host header may have a port. */
static int name_len(const char *name)
{
	return name[0] == '[' ? strcspn(name, "]") + 1 : strcspn(name, ":");
}

/* The name in TLS is the URL's. Without one that is the address, which TLS does not send. */
static bool write_url(const struct probe *probe, char *url)
{
	const struct check_http *http = &probe->check->http;
	const char *name = http->sni ?: http->host;
	char address[INET6_ADDRSTRLEN + 2];
	int len;

	write_address(probe, address, sizeof(address));
	if (!is_https(probe) || !name)
		name = address;
	len = snprintf(url, TEXT_BYTES, "%s://%.*s:%u", is_https(probe) ? "https" : "http",
		       name_len(name), name, probe->target.port);
	return len < TEXT_BYTES;
}

static bool write_host(const struct probe *probe, char *header)
{
	const struct check_http *http = &probe->check->http;
	u16 standard = is_https(probe) ? PORT_HTTPS : PORT_HTTP;
	char address[INET6_ADDRSTRLEN + 2];
	int len;

	write_address(probe, address, sizeof(address));
	if (http->host)
		len = snprintf(header, TEXT_BYTES, "Host: %s", http->host);
	else if (probe->target.port == standard)
		len = snprintf(header, TEXT_BYTES, "Host: %s", address);
	else
		len = snprintf(header, TEXT_BYTES, "Host: %s:%u", address, probe->target.port);
	return len < TEXT_BYTES;
}

static bool add_header(struct probe *probe, const char *line)
{
	struct curl_slist *list = curl_slist_append(probe->exchange.header, line);

	if (list)
		probe->exchange.header = list;
	return list;
}

/* Several lines, as servers bound the length of one. */
static bool add_padding(struct probe *probe)
{
	char line[PADDING_LINE_BYTES + 1] = "X-Maglev-Padding: ";
	size_t name = strlen(line), left, len;

	probe->exchange.segment = probe_size_segment(probe->exchange.fd);
	left = probe_size_request(probe->exchange.segment);
	memset(line + name, 'x', PADDING_LINE_BYTES - name);
	for (; left; left -= len) {
		len = left < PADDING_LINE_BYTES ? left : PADDING_LINE_BYTES;
		line[len > name ? len : name + 1] = 0;
		if (!add_header(probe, line))
			return false;
	}
	return true;
}

static bool add_headers(struct probe *probe)
{
	const struct check_http *http = &probe->check->http;
	char host[TEXT_BYTES];
	size_t i;

	if (!write_host(probe, host) || !add_header(probe, host))
		return false;
	for (i = 0; i < http->n_headers; i++) {
		if (!add_header(probe, http->header[i]))
			return false;
	}
	return !probe->check->full_size || add_padding(probe);
}

/* Note the answer and let libcurl stop. */
#define judge(probe, result, ...)                          \
	({                                                 \
		(probe)->exchange.judged = true;           \
		probe_say((probe), (result), __VA_ARGS__); \
	})

static bool is_good(const struct check_http *http, long status)
{
	size_t i;

	for (i = 0; i < http->n_statuses; i++) {
		if (status >= http->status[i].first && status <= http->status[i].last)
			return true;
	}
	return false;
}

/* Did what leaves shrink since the request was made up? */
static bool is_cut_down(const struct probe *probe)
{
	const struct probe_exchange *exchange = &probe->exchange;

	return exchange->segment && probe_size_segment(exchange->fd) < exchange->segment;
}

static void judge_header(struct probe *probe)
{
	const struct check_http *http = &probe->check->http;
	long status = 0;

	curl_easy_getinfo(probe->exchange.transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < STATUS_FINAL && status != STATUS_SWITCHING) {
		probe->answer.endpoint_weight = -1.;
		return;
	}
	probe->exchange.header_done = true;
	if (is_cut_down(probe))
		judge(probe, PROBE_FAIL,
		      "full size: %u bytes in a packet do not get through, %u do",
		      probe->exchange.segment, probe_size_segment(probe->exchange.fd));
	else if (!is_good(http, status))
		judge(probe, PROBE_FAIL, "status %ld", status);
	else if (!http->body)
		judge(probe, PROBE_PASS, "passed");
}

static void judge_body(struct probe *probe)
{
	switch (probe_pattern_match(probe->prober->patterns, probe->check->http.body,
				    &probe->kept)) {
	case 1:
		judge(probe, PROBE_PASS, "passed");
		break;
	case 0:
		judge(probe, PROBE_FAIL, "body: %zu bytes, no match", probe->kept.len);
		break;
	case -ENOMEM:
		judge(probe, PROBE_UNKNOWN, "body: no memory is left");
		break;
	default:
		judge(probe, PROBE_UNKNOWN, "body: no regular expression: %s",
		      probe->check->http.body);
	}
}

/* Called with each line of the header, trailers too; the empty one ends it. */
static size_t on_header(char *at, size_t size, size_t n, void *ctx)
{
	struct probe *probe = ctx;
	struct probe_exchange *exchange = &probe->exchange;
	size_t len = size * n;

	exchange->header_len += len;
	if (exchange->header_len > PROBE_BYTES)
		judge(probe, PROBE_FAIL, "header: more than %u bytes", PROBE_BYTES);
	else if (!exchange->header_done && len && (at[0] == '\r' || at[0] == '\n'))
		judge_header(probe);
	else if (!exchange->header_done)
		probe_weight_read(at, len, &probe->answer.endpoint_weight);
	return exchange->judged ? 0 : len;
}

static size_t on_body(char *at, size_t size, size_t n, void *ctx)
{
	struct probe *probe = ctx;
	size_t len = size * n, room = PROBE_BYTES - probe->kept.len;

	if (!probe_bytes_add(&probe->kept, at, len < room ? len : room))
		judge(probe, PROBE_UNKNOWN, "body: no memory is left");
	else if (len >= room)
		judge_body(probe);
	return probe->exchange.judged ? 0 : len;
}

/* For is_too_long(): afterwards nobody knows. */
void probe_http_closing(struct probe *probe, int fd)
{
	struct tcp_info info = {};
	socklen_t len = sizeof(info);

	if (!probe->exchange.header_done && !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		probe->exchange.received = info.tcpi_bytes_received;
}

/* libcurl's trouble that is ours. */
static bool is_ours(CURLcode code)
{
	switch (code) {
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ENGINE_INITFAILED:
		return true;
	default:
		return false;
	}
}

/* What is libcurl at? */
static const char *stage(const struct probe *probe)
{
	curl_off_t us = 0;

	if (probe->exchange.header_done)
		return "body";
	if (probe->exchange.header_len)
		return "header";
	curl_easy_getinfo(probe->exchange.transfer->easy, CURLINFO_APPCONNECT_TIME_T, &us);
	return is_https(probe) && !us ? "TLS" : "status";
}

/*
 * libcurl gives up a line of 100 KB, and calls that a want of memory, in 8.14 too large: was it
 * the backend that sent so much?
 */
static bool is_too_long(const struct probe *probe, CURLcode code)
{
	enum {
		TOO_LARGE = 100
	};

	return (code == CURLE_OUT_OF_MEMORY || (int)code == TOO_LARGE) &&
	       probe->exchange.received > PROBE_BYTES;
}

void probe_http_end(struct probe *probe, CURLcode code)
{
	const char *why = probe->exchange.transfer->error;

	if (!probe->exchange.judged && code == CURLE_OK)
		judge_body(probe);
	else if (!probe->exchange.judged && is_too_long(probe, code))
		judge(probe, PROBE_FAIL, "header: more than %u bytes", PROBE_BYTES);
	if (probe->exchange.judged)
		probe_close(probe);
	else
		probe_end(probe, is_ours(code) ? PROBE_UNKNOWN : PROBE_FAIL, "%s: %s", stage(probe),
			  *why ? why : curl_easy_strerror(code));
}

static bool set_request(struct probe *probe)
{
	const struct check_http *http = &probe->check->http;
	CURL *easy = probe->exchange.transfer->easy;
	char url[TEXT_BYTES];

	if (!write_url(probe, url) || !add_headers(probe))
		return false;
	curl_easy_setopt(easy, CURLOPT_REQUEST_TARGET, http->path);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, probe->exchange.header);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "maglevd");
	curl_easy_setopt(easy, CURLOPT_NOBODY, (long)!strcmp(http->method, "HEAD"));
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, (long)http->verify);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, http->verify ? 2L : 0L);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, probe);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, probe);
	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

static void request(struct probe *probe)
{
	struct probe_transfers *transfers = probe->prober->transfers;
	struct probe_exchange *exchange = &probe->exchange;

	exchange->fd = probe->fd;
	exchange->transfer = probe_transfer_get(transfers);
	if (!exchange->transfer || !set_request(probe)) {
		probe_end_errno(probe, "request", ENOMEM);
		return;
	}
	/* libcurl knows it as new. */
	ev_io_stop(probe->prober->loop, &probe->io);
	if (probe_transfer_run(transfers, probe) != CURLM_OK)
		probe_end_errno(probe, "request", ENOMEM);
}

static void start_http(struct probe *probe)
{
	probe_stream_start(probe, request);
}

static void expire_http(struct probe *probe)
{
	if (probe->exchange.transfer)
		probe->doing = stage(probe);
	probe_time_out(probe);
}

static void stop_http(struct probe *probe)
{
	struct probe_exchange *exchange = &probe->exchange;

	if (exchange->transfer)
		probe_transfer_put(probe->prober->transfers, exchange->transfer);
	exchange->transfer = NULL;
	curl_slist_free_all(exchange->header);
	exchange->header = NULL;
}

const struct probe_kind probe_http = {
	.full_size = true,
	.start = start_http,
	.expire = expire_http,
	.stop = stop_http,
};
