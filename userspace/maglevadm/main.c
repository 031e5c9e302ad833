// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm: the options in front, then the command. */
#include "batch.h"
#include "command.h"
#include "dpdk.h"
#include "ipvs.h"
#include "netns.h"
#include "out.h"
#include "plane.h"

#include <maglev.h>
#include <string.h>
#include <maglev/version.h>

struct options {
	bool json, help, version;
	const char *netns;
	const char *batch;
};

#define OPTIONS_TAKEN \
	"-j, -n NETNS, -b FILE, --dpdk[=SOCKET], --help, --version or what ipvsadm knows"

static bool is_option(const char *word, const char *brief, const char *written_out)
{
	return !strcmp(word, brief) || !strcmp(word, written_out);
}

/* Take the value of an option that is given once. */
static int take_value(const char **value, int argc, char **argv, int *at, const char *what)
{
	struct span end = {};

	if (*value)
		return err_refuse_unquoted(NULL, span_of(argv[*at]), argv[*at], "given twice");
	if (*at + 1 == argc)
		return err_refuse_unquoted(NULL, end, argv[*at], "its value is missing: %s", what);
	*value = argv[++*at];
	return STATUS_DONE;
}

static int take_socket(const char *word)
{
	const char *value = strchr(word, '=');

	if (dpdk_socket)
		return err_refuse_unquoted(NULL, span_of(word), "--dpdk", "given twice");
	if (value && !value[1])
		return err_refuse(NULL, span_of(word), "--dpdk", "--dpdk, or --dpdk=SOCKET");
	dpdk_socket = value ? value + 1 : MAGLEV_SOCKET_PATH;
	return STATUS_DONE;
}

/* Read the options in front; *at is the first word that is none. */
static int read_options(struct options *options, int argc, char **argv, int *at)
{
	const char *word;
	int status = STATUS_DONE;

	for (*at = 1; !status && *at < argc; ++*at) {
		word = argv[*at];
		if (*word != '-')
			break;
		if (is_option(word, "-j", "--json"))
			options->json = true;
		else if (is_option(word, "-n", "--netns"))
			status = take_value(&options->netns, argc, argv, at, "NETNS");
		else if (is_option(word, "-b", "--batch"))
			status = take_value(&options->batch, argc, argv, at, "FILE");
		else if (!strcmp(word, "--dpdk") || !strncmp(word, "--dpdk=", strlen("--dpdk=")))
			status = take_socket(word);
		else if (!strcmp(word, "--help"))
			options->help = true;
		else if (is_option(word, "-V", "--version"))
			options->version = true;
		else if (ipvs_starts(word))
			break;
		else
			status = err_refuse(NULL, span_of(word), "option", OPTIONS_TAKEN);
	}
	return status;
}

static int show_version(void)
{
	struct out out;

	out_init(&out, false);
	out_line(&out, "maglevadm %s", MAGLEV_VERSION);
	return out_fini(&out, STATUS_DONE);
}

static int run_ipvs(const struct options *options, int argc, char **argv)
{
	struct out out;
	int status;

	out_init(&out, options->json);
	/* We are in the namespace already. */
	status = cmd_ipvs(&out, NULL, options->json, argc, argv);
	return out_fini(&out, status);
}

static int run(const struct options *options, int argc, char **argv)
{
	struct call call = {};
	struct span end = {};
	int status = STATUS_DONE;

	if (options->netns && dpdk_socket)
		return err_refuse_unquoted(NULL, span_of(options->netns), "-n",
					   "not with --dpdk: a socket is in no network namespace");
	if (options->netns)
		status = netns_enter(options->netns);
	if (status)
		return status;
	if (options->batch) {
		if (argc)
			return err_refuse(NULL, span_of(argv[0]), "word",
					  "nothing follows -b FILE");
		return batch_run(options->batch, options->json);
	}
	if (!argc) {
		err_refuse_unquoted(NULL, end, "object", "missing: see maglevadm help");
		err_usage("[-j] [-n NETNS] [--dpdk[=SOCKET]] OBJECT VERB [WORD]...");
		return STATUS_REFUSED;
	}
	if (ipvs_starts(argv[0]))
		return run_ipvs(options, argc, argv);
	status = dpdk_check(argv[0]);
	if (!status)
		status = command_find(&call, argc, argv, options->json);
	return status ? status : command_run(&call);
}

int main(int argc, char **argv)
{
	struct err_place place = { .words = argc, .word = argv };
	struct options options = {};
	int at, status;

	err_init(place);
	status = read_options(&options, argc, argv, &at);
	if (!status && options.help)
		return command_help_all();
	if (!status && options.version)
		return show_version();
	if (!status)
		status = run(&options, argc - at, argv + at);
	plane_close();
	return !status && plane_has_holes() ? STATUS_FAILED : status;
}
