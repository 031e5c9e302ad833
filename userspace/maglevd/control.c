// SPDX-License-Identifier: GPL-2.0-only
/*
 * One question a connection. Clients that say nothing, too much, or do not listen are hung up on
 * after a while, at once where others need their place; root's are not, and wait for each other.
 */
#define _GNU_SOURCE
#include "control.h"

#include "log.h"
#include "question.h"
#include "status.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define GROUP "maglev"

enum {
	CLIENTS = 16,
	LINE_BYTES = 4096,
	PATIENCE_S = 10,
	PAUSE_S = 1, /* where the system has no descriptor left for a client */
	BACKLOG = 64,
	GROUPS_MAX = 128,
};

struct client {
	struct control *control; /* NULL: free */
	struct ev_io io;
	struct ev_timer patience;
	struct ucred peer;
	char line[LINE_BYTES];
	size_t len;
	char *answer; /* being written */
	size_t answer_len, written;
};

struct control {
	struct ev_loop *loop;
	struct daemon *daemon;
	struct ev_io io;
	struct ev_timer pause;
	struct sockaddr_un address;
	struct client client[CLIENTS];
};

static void hang_up(struct client *client)
{
	struct control *control = client->control;

	ev_io_stop(control->loop, &client->io);
	ev_timer_stop(control->loop, &client->patience);
	close(client->io.fd);
	free(client->answer);
	client->answer = NULL;
	client->control = NULL;
	ev_io_start(control->loop, &control->io);
}

/* A client that cannot be taken keeps the socket readable: looking at once would be forever. */
static void pause_taking(struct control *control)
{
	ev_io_stop(control->loop, &control->io);
	ev_timer_stop(control->loop, &control->pause);
	ev_timer_set(&control->pause, PAUSE_S, 0.);
	ev_timer_start(control->loop, &control->pause);
}

static void go_on_taking(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct control *control = timer->data;

	(void)events;
	ev_io_start(loop, &control->io);
}

static void lose_patience(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	hang_up(timer->data);
}

static bool is_in_group(const struct ucred *peer)
{
	const struct group *group = getgrnam(GROUP);
	const struct passwd *user = getpwuid(peer->uid);
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX, i;

	if (!group)
		return false;
	if (peer->gid == group->gr_gid)
		return true;
	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0)
		return false;
	for (i = 0; i < n; i++)
		if (groups[i] == group->gr_gid)
			return true;
	return false;
}

static cJSON *refuse(const char *why)
{
	cJSON *answer = cJSON_CreateObject();

	cJSON_AddStringToObject(answer, "error", why);
	return answer;
}

static cJSON *answer_status(struct client *client)
{
	return status_create(client->control->daemon);
}

static cJSON *answer_reload(struct client *client)
{
	char error[CONFIG_ERROR_TEXT];

	if (client->peer.uid && !is_in_group(&client->peer))
		return refuse("reload is for root and group " GROUP);
	if (!daemon_load(client->control->daemon, error))
		return cJSON_CreateObject();
	log_say(LOG_ERR, "not reloaded, everything stays as it is", "why=\"%s\"", error);
	return refuse(error);
}

static cJSON *answer_drain(struct client *client, bool drain)
{
	int err;

	if (client->peer.uid && !is_in_group(&client->peer))
		return refuse("drain and up are for root and group " GROUP);
	err = announcer_drain(daemon_announcer(client->control->daemon), drain);
	if (err)
		return refuse(strerror(-err));
	log_say(LOG_NOTICE,
		drain ? "drained by operator: VIPs are withdrawn" : "no longer drained by operator",
		"uid=%u", client->peer.uid);
	return cJSON_CreateObject();
}

static cJSON *find_answer(struct client *client)
{
	switch (question_parse(client->line, client->len)) {
	case QUESTION_STATUS:
		return answer_status(client);
	case QUESTION_RELOAD:
		return answer_reload(client);
	case QUESTION_DRAIN:
		return answer_drain(client, true);
	case QUESTION_UP:
		return answer_drain(client, false);
	case QUESTION_UNKNOWN:
		return refuse(
			"no such command, expected status, reload, balancer-drain or balancer-up");
	default:
		return refuse("expected a line such as {\"command\": \"status\"}");
	}
}

static void write_answer(struct client *client)
{
	ssize_t len = send(client->io.fd, client->answer + client->written,
			   client->answer_len - client->written, MSG_NOSIGNAL);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0)
		client->written += len;
	if (len < 0 || client->written == client->answer_len)
		hang_up(client);
}

static void begin_answer(struct client *client)
{
	struct ev_loop *loop = client->control->loop;
	cJSON *answer = find_answer(client);

	client->answer = answer ? cJSON_PrintUnformatted(answer) : NULL;
	cJSON_Delete(answer);
	if (!client->answer) {
		hang_up(client);
		return;
	}
	client->answer_len = strlen(client->answer);
	client->answer[client->answer_len++] = '\n'; /* in place of NUL */
	client->written = 0;
	ev_io_stop(loop, &client->io);
	ev_io_set(&client->io, client->io.fd, EV_WRITE);
	ev_io_start(loop, &client->io);
}

static void read_question(struct client *client)
{
	ssize_t len = recv(client->io.fd, client->line + client->len, LINE_BYTES - client->len, 0);

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len > 0)
		client->len += len;
	if (memchr(client->line, '\n', client->len))
		begin_answer(client);
	else if (len <= 0 || client->len == LINE_BYTES)
		hang_up(client);
}

static void serve(struct ev_loop *loop, struct ev_io *io, int events)
{
	(void)loop;
	(void)events;
	if (((struct client *)io->data)->answer)
		write_answer(io->data);
	else
		read_question(io->data);
}

static void begin_client(struct control *control, struct client *client, int fd)
{
	socklen_t len = sizeof(client->peer);

	client->control = control;
	client->len = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &client->peer, &len))
		client->peer = (struct ucred){ .uid = ~0U, .gid = ~0U };
	ev_io_init(&client->io, serve, fd, EV_READ);
	ev_timer_init(&client->patience, lose_patience, PATIENCE_S, 0.);
	client->io.data = client->patience.data = client;
	ev_io_start(control->loop, &client->io);
	ev_timer_start(control->loop, &client->patience);
}

static bool is_exhausted(int err)
{
	return err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM;
}

/* Who is there for longer than the rest, of those who may be hung up on. Return: NULL: none may. */
static struct client *find_oldest(struct control *control)
{
	struct client *client, *oldest = NULL;

	for (client = control->client; client < control->client + CLIENTS; client++)
		if (client->peer.uid &&
		    (!oldest || ev_timer_remaining(control->loop, &client->patience) <
					ev_timer_remaining(control->loop, &oldest->patience)))
			oldest = client;
	return oldest;
}

/* Return: NULL: all of them are root's. */
static struct client *find_place(struct control *control)
{
	struct client *client;

	for (client = control->client; client < control->client + CLIENTS; client++)
		if (!client->control)
			return client;
	client = find_oldest(control);
	if (client)
		hang_up(client);
	return client;
}

static void take_client(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct control *control = io->data;
	struct client *place = find_place(control);
	int fd;

	(void)events;
	if (!place) {
		ev_io_stop(loop, io);
		return;
	}
	fd = accept4(io->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		begin_client(control, place, fd);
	else if (is_exhausted(errno))
		pause_taking(control);
}

/* Return: the socket, or -1. */
static int listen_at(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stat stat;

	if (fd < 0)
		return -1;
	if (!lstat(address->sun_path, &stat) && S_ISSOCK(stat.st_mode))
		unlink(address->sun_path);
	/* Who may do what is asked of each peer; all may connect. */
	if (!bind(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    !chmod(address->sun_path, 0666) && !listen(fd, BACKLOG))
		return fd;
	close(fd);
	return -1;
}

struct control *control_create(struct ev_loop *loop, struct daemon *daemon, const char *directory)
{
	struct control *control = calloc(1, sizeof(*control));
	int fd = -1;

	if (!control)
		return NULL;
	control->loop = loop;
	control->daemon = daemon;
	control->address.sun_family = AF_UNIX;
	if (snprintf(control->address.sun_path, sizeof(control->address.sun_path), "%s/control",
		     directory) < (int)sizeof(control->address.sun_path))
		fd = listen_at(&control->address);
	else
		errno = ENAMETOOLONG;
	if (fd < 0) {
		log_say(LOG_ERR, "the control socket", "directory=%s why=\"%s\"", directory,
			strerror(errno));
		free(control);
		return NULL;
	}
	ev_io_init(&control->io, take_client, fd, EV_READ);
	ev_timer_init(&control->pause, go_on_taking, PAUSE_S, 0.);
	control->io.data = control->pause.data = control;
	ev_io_start(loop, &control->io);
	return control;
}

void control_destroy(struct control *control)
{
	u32 i;

	if (!control)
		return;
	for (i = 0; i < CLIENTS; i++)
		if (control->client[i].control)
			hang_up(&control->client[i]);
	ev_io_stop(control->loop, &control->io);
	ev_timer_stop(control->loop, &control->pause);
	close(control->io.fd);
	unlink(control->address.sun_path);
	free(control);
}
