// SPDX-License-Identifier: GPL-2.0-only
/* maglevadm: the options in front, then the command. */
#include "command.h"
#include "out.h"

#include <getopt.h>
#include <string.h>
#include <maglev/version.h>

static const struct option options[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{},
};

static int show_version(void)
{
	struct out out;

	out_init(&out, false);
	out_line(&out, "maglevadm %s", MAGLEV_VERSION);
	return out_fini(&out, STATUS_DONE);
}

int main(int argc, char **argv)
{
	int option, index, at;
	struct span end = {};
	bool json = false;

	err_init(argc, argv);
	opterr = 0;
	for (;;) {
		index = -1;
		at = optind;
		option = getopt_long(argc, argv, "+jhV", options, &index);
		if (option < 0)
			break;
		if (index >= 0 && strcmp(argv[at] + strlen("--"), options[index].name))
			option = '?';
		if (option == 'h')
			return command_help_all();
		if (option == 'V')
			return show_version();
		if (option != 'j')
			return err_refuse(NULL, span_of(argv[at]), "option",
					  "in front of OBJECT: -j, -h or -V");
		json = true;
	}
	if (optind < argc)
		return command_run(argc - optind, argv + optind, json);
	err_refuse_unquoted(NULL, end, "object", "missing: see maglevadm help");
	err_usage("[-j] OBJECT VERB [WORD]...");
	return STATUS_REFUSED;
}
