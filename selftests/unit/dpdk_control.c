// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglev-dpdk's control half as a program of its own, with workers that stand still: tests talk to
 * its socket. It says "ready" on stdout when it listens, and ends by SIGTERM or SIGINT.
 */
#include <control.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void stop(struct ev_loop *loop, ev_signal *signal, int events)
{
	(void)signal;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

int main(int argc, char **argv)
{
	struct control_options options = { .flows = 1 << 12 };
	struct ev_loop *loop = ev_default_loop(0);
	ev_signal interrupted, terminated;
	int option;

	while ((option = getopt(argc, argv, "s:k:f:m:g:")) != -1) {
		switch (option) {
		case 's':
			options.socket = optarg;
			break;
		case 'k':
			options.key = optarg;
			break;
		case 'f':
			options.flows = strtoul(optarg, NULL, 10);
			break;
		case 'm':
			options.table_size = strtoul(optarg, NULL, 10);
			break;
		case 'g':
			options.group = optarg;
			break;
		default:
			return 2;
		}
	}
	if (control_open(loop, &options))
		return 1;
	ev_signal_init(&interrupted, stop, SIGINT);
	ev_signal_init(&terminated, stop, SIGTERM);
	ev_signal_start(loop, &interrupted);
	ev_signal_start(loop, &terminated);
	puts("ready");
	fflush(stdout);
	ev_run(loop, 0);
	control_close();
	ev_loop_destroy(loop);
	return 0;
}
