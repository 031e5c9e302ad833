// SPDX-License-Identifier: GPL-2.0-only
/*
 * maglev-dpdk: the start is a ladder, the stop its mirror. This thread is control's; each other
 * core that EAL was given has a worker.
 */
#include "control.h"
#include "options.h"
#include "ports.h"
#include "workers.h"

#include <ev.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_errno.h>

static void stop(struct ev_loop *loop, ev_signal *watcher, int revents)
{
	(void)watcher;
	(void)revents;
	ev_break(loop, EVBREAK_ALL);
}

static int serve(const struct options *options)
{
	struct ev_loop *loop = ev_default_loop(EVFLAG_AUTO);
	ev_signal term, interrupt;
	int err;

	if (!loop) {
		fprintf(stderr, "maglev-dpdk: no event loop\n");
		return -ENOMEM;
	}
	ev_signal_init(&term, stop, SIGTERM);
	ev_signal_init(&interrupt, stop, SIGINT);
	ev_signal_start(loop, &term);
	ev_signal_start(loop, &interrupt);
	err = control_open(loop, &options->control);
	if (err)
		return err;
	workers_start();
	ev_run(loop, 0);
	workers_stop();
	control_close();
	return 0;
}

int main(int argc, char **argv)
{
	struct options options;
	int parsed, status, err;

	parsed = rte_eal_init(argc, argv);
	if (parsed < 0) {
		fprintf(stderr, "maglev-dpdk: EAL does not start: %s\n", rte_strerror(rte_errno));
		return EXIT_FAILURE;
	}
	if (!options_parse(&options, argc - parsed, argv + parsed, &status)) {
		rte_eal_cleanup();
		return status;
	}
	err = workers_open(&options);
	if (!err)
		err = ports_open(&options, data_workers());
	if (!err)
		err = serve(&options);
	ports_close();
	workers_close();
	rte_eal_cleanup();
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
