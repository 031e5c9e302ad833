// SPDX-License-Identifier: GPL-2.0-only
/* The start is a ladder: options, file, kernel, loop; the end is its mirror. */
#include "control.h"
#include "daemon.h"
#include "log.h"
#include "privilege.h"

#include <errno.h>
#include <getopt.h>
#include <maglev/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#define CONFIG_FILE "/etc/maglev/maglevd.yaml"
#define RUN_DIRECTORY "/run/maglevd"

enum {
	STATUS_DONE,
	STATUS_FAILED,
	STATUS_USAGE,
};

static const char usage[] =
	"usage: maglevd [-v] [--config FILE] [--run-directory DIRECTORY]\n"
	"       maglevd --check FILE\n"
	"\n"
	"Check backends and tell the balancer which of them are up.\n"
	"\n"
	"  -c, --config FILE           default " CONFIG_FILE "\n"
	"  -C, --check FILE            say what is wrong with it, or nothing, and end\n"
	"  -r, --run-directory DIR     for what outlives the daemon; default " RUN_DIRECTORY "\n"
	"  -v, --verbose               say more\n"
	"  -h, --help                  this\n"
	"  -V, --version               which one this is\n"
	"\n"
	"SIGHUP, or \"maglevadm reload\", reads FILE anew. See maglevd(8), maglevd.yaml(5).\n";

static const struct option options_table[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "check", required_argument, NULL, 'C' },
	{ "run-directory", required_argument, NULL, 'r' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

struct arguments {
	struct daemon_options daemon;
	const char *check;
	int level;
};

/* Return: -1 to go on, or the exit status. */
static int read_arguments(struct arguments *arguments, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "c:C:r:vhV", options_table, NULL)) >= 0) {
		switch (option) {
		case 'c':
			arguments->daemon.config_file = optarg;
			break;
		case 'C':
			arguments->check = optarg;
			break;
		case 'r':
			arguments->daemon.run_directory = optarg;
			break;
		case 'v':
			arguments->level = LOG_DEBUG;
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_DONE;
		case 'V':
			puts("maglevd " MAGLEV_VERSION);
			return STATUS_DONE;
		default:
			return STATUS_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	fprintf(stderr, "maglevd: %s: no such argument, see maglevd --help\n", argv[optind]);
	return STATUS_USAGE;
}

static int check_file(const char *file)
{
	char error[CONFIG_ERROR_TEXT];
	struct config *config = config_read(file, error);

	if (!config)
		fprintf(stderr, "%s\n", error);
	config_destroy(config);
	return config ? STATUS_DONE : STATUS_FAILED;
}

static void reload(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	char error[CONFIG_ERROR_TEXT];

	(void)loop;
	(void)events;
	sd_notify(0, "RELOADING=1");
	if (daemon_load(watcher->data, error))
		log_say(LOG_ERR, "not reloaded, everything stays as it is", "why=\"%s\"", error);
	sd_notify(0, "READY=1");
}

static void stop(struct ev_loop *loop, struct ev_signal *watcher, int events)
{
	(void)watcher;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void run_loop(struct ev_loop *loop, struct daemon *daemon)
{
	struct ev_signal hang_up, terminate, interrupt;

	ev_signal_init(&hang_up, reload, SIGHUP);
	ev_signal_init(&terminate, stop, SIGTERM);
	ev_signal_init(&interrupt, stop, SIGINT);
	hang_up.data = daemon;
	ev_signal_start(loop, &hang_up);
	ev_signal_start(loop, &terminate);
	ev_signal_start(loop, &interrupt);
	sd_notify(0, "READY=1");
	ev_run(loop, 0);
	sd_notify(0, "STOPPING=1");
	log_say(LOG_NOTICE, "ending, the balancer goes on as it is", "version=%s", MAGLEV_VERSION);
	ev_signal_stop(loop, &interrupt);
	ev_signal_stop(loop, &terminate);
	ev_signal_stop(loop, &hang_up);
}

static int run(const struct daemon_options *options)
{
	struct ev_loop *loop = ev_default_loop(0);
	char error[CONFIG_ERROR_TEXT];
	int status = STATUS_FAILED;
	struct control *control;
	struct daemon *daemon;
	int err;

	if (mkdir(options->run_directory, 0755) && errno != EEXIST) {
		log_say(LOG_ERR, "the directory cannot be made", "directory=%s why=\"%s\"",
			options->run_directory, strerror(errno));
		return STATUS_FAILED;
	}
	err = privilege_drop();
	if (err) {
		log_say(LOG_ERR,
			"capabilities cannot be given up, CAP_NET_ADMIN and CAP_NET_RAW are needed",
			"why=\"%s\"", strerror(-err));
		return STATUS_FAILED;
	}
	daemon = daemon_create(loop, options);
	if (!daemon)
		return STATUS_FAILED;
	if (daemon_load(daemon, error)) {
		log_say(LOG_ERR, "not configured", "why=\"%s\"", error);
		goto out_daemon;
	}
	control = control_create(loop, daemon, options->run_directory);
	if (!control)
		goto out_daemon;
	run_loop(loop, daemon);
	control_destroy(control);
	status = STATUS_DONE;

out_daemon:
	daemon_destroy(daemon);
	return status;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {
		.daemon = { .config_file = CONFIG_FILE, .run_directory = RUN_DIRECTORY },
		.level = LOG_INFO,
	};
	int status = read_arguments(&arguments, argc, argv);

	if (status >= 0)
		return status;
	if (arguments.check)
		return check_file(arguments.check);
	log_init(arguments.level);
	return run(&arguments.daemon);
}
