// SPDX-License-Identifier: GPL-2.0-only
/*
 * The words of table commands. getopt_long() is told to return words in order rather
 * than to sort them, and the caret finds them where they were typed; abbreviations of
 * options, which it takes, are refused.
 */
#include "request.h"

#include "key.h"
#include "number.h"

#include <array.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option_id {
	OPTION_WORD = 1, /* getopt's: not an option */
	OPTION_SIZE = 256,
	OPTION_HASH,
	OPTION_KEY,
	OPTION_KEY_FILE,
	OPTION_FILE = 'f',
	OPTION_JSON = 'j',
	OPTION_HELP = 'h',
};

static const struct option options[] = {
	{ "size", required_argument, NULL, OPTION_SIZE },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "key-file", required_argument, NULL, OPTION_KEY_FILE },
	{ "hash", required_argument, NULL, OPTION_HASH },
	{ "file", required_argument, NULL, OPTION_FILE },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, OPTION_HELP },
	{},
};

#define OPTIONS_TAKEN "--size, --key, --key-file, --hash, -f, -j or -h"

static const char *const mode_names[] = {
	[MAGLEV_MODE_TUPLE] = "tuple",
	[MAGLEV_MODE_SOURCE] = "source",
};

enum {
	MODES = sizeof(mode_names) / sizeof(*mode_names),
};

/* Where reading stands. */
struct reader {
	struct request *request;
	struct backends *side; /* the one being read */
	bool size_given, mode_given, key_given;
	struct span flow[FLOW_WORDS]; /* of a flow being read */
	int flow_words;
};

const char *request_mode_name(const struct request *request)
{
	return mode_names[request->mode];
}

static int read_once(bool *given, const char *word, const char *option)
{
	if (*given)
		return err_refuse_unquoted(NULL, span_of(word), option, "given twice");
	*given = true;
	return STATUS_DONE;
}

static int read_size(struct reader *reader, const char *word)
{
	int status = read_once(&reader->size_given, word, "--size");

	return status ? status : size_parse(&reader->request->size, span_of(word), "--size");
}

static int read_mode(struct reader *reader, const char *word)
{
	int mode, status = read_once(&reader->mode_given, word, "--hash");

	if (status)
		return status;
	for (mode = 0; mode < MODES; mode++)
		if (!strcmp(word, mode_names[mode]))
			break;
	if (mode == MODES)
		return err_refuse(NULL, span_of(word), "--hash", "tuple or source");
	reader->request->mode = mode;
	return STATUS_DONE;
}

static int read_key(struct reader *reader, const char *word, bool is_file)
{
	const char *option = is_file ? "--key-file" : "--key";
	int status = read_once(&reader->key_given, word, option);

	if (status)
		return status;
	if (is_file && !strcmp(word, "-"))
		return err_refuse(NULL, span_of(word), option,
				  "a file: stdin is for backends and flows");
	return is_file ? key_read(&reader->request->key, word, option) :
			 key_parse(&reader->request->key, word);
}

static int read_file(struct reader *reader, const char *word)
{
	if (!strcmp(word, "-")) {
		if (reader->request->stdin_arg)
			return err_refuse(NULL, span_of(word), "--file", "stdin is read once");
		reader->request->stdin_arg = word;
	}
	return backends_add_file(reader->side, word);
}

static int add_flow(struct reader *reader)
{
	struct request *request = reader->request;
	struct flow *grown;

	reader->flow_words = 0;
	grown = array_reserve(request->flow, &request->flows_capacity, request->flows, 1,
			      sizeof(*grown));
	if (!grown)
		return err_memory();
	request->flow = grown;
	return flow_parse(&request->flow[request->flows++], NULL, reader->flow);
}

/* Letters alone are no backend: a protocol was meant. */
static bool is_letters(struct span word)
{
	size_t i;

	for (i = 0; i < word.len; i++)
		if ((word.at[i] | 0x20) < 'a' || (word.at[i] | 0x20) > 'z')
			return false;
	return word.len;
}

/* A word that is no option: of a flow, or a backend. */
static int read_word(struct reader *reader, const char *word)
{
	bool flows = reader->request->kind == REQUEST_FLOWS;
	struct span span = span_of(word);

	if (reader->flow_words || (flows && flow_starts(span))) {
		reader->flow[reader->flow_words++] = span;
		return reader->flow_words == FLOW_WORDS ? add_flow(reader) : STATUS_DONE;
	}
	if (flows && is_letters(span))
		return err_refuse(NULL, span, "word",
				  "tcp, udp or sctp of a flow, or a backend: ADDRESS:PORT");
	return backends_add(reader->side, NULL, span);
}

/* @word is what getopt was at when it did not know or could not complete an option. */
static int refuse_option(const char *word, bool incomplete)
{
	struct span end = {}, name, value;

	if (incomplete)
		return err_refuse_unquoted(NULL, end, word, "its value is missing");
	name = span_cut(span_of(word), '=', &value);
	return err_refuse(NULL, name, "option", OPTIONS_TAKEN);
}

/* Was a long option written out? */
static bool is_exact(const char *word, int index)
{
	struct span value;

	if (index < 0)
		return true;
	return span_is(span_cut(span_of(word + strlen("--")), '=', &value), options[index].name);
}

static int read_option(struct reader *reader, int option, const char *word)
{
	switch (option) {
	case OPTION_WORD:
		return read_word(reader, optarg);
	case OPTION_SIZE:
		return read_size(reader, optarg);
	case OPTION_HASH:
		return read_mode(reader, optarg);
	case OPTION_KEY:
	case OPTION_KEY_FILE:
		return read_key(reader, optarg, option == OPTION_KEY_FILE);
	case OPTION_FILE:
		return read_file(reader, optarg);
	case OPTION_JSON:
		reader->request->json = true;
		return STATUS_DONE;
	case OPTION_HELP:
		reader->request->help = true;
		return STATUS_DONE;
	default:
		return refuse_option(word, option == ':');
	}
}

/*
 * Read up to "--" or the end.
 *
 * Return: enum status; *next is the index behind what was read, *stopped whether "--"
 * was.
 */
static int read_words(struct reader *reader, int argc, char **argv, int *next, bool *stopped)
{
	int option, index, at, status = STATUS_DONE;

	*stopped = false;
	optind = 0; /* start over */
	opterr = 0;
	while (!status && !reader->request->help) {
		index = -1;
		at = optind ? optind : 1;
		option = getopt_long(argc, argv, "-:f:jh", options, &index);
		if (option < 0) {
			*stopped = at < argc;
			break;
		}
		if (!is_exact(argv[at], index))
			option = '?';
		status = read_option(reader, option, argv[at]);
	}
	*next = optind;
	return status;
}

static int read_sides(struct reader *reader, const struct call *call)
{
	struct span end = {};
	bool stopped;
	int next, last, status;

	status = read_words(reader, call->argc, call->argv, &next, &stopped);
	if (status || reader->request->help)
		return status;
	if (!stopped)
		return err_refuse_unquoted(NULL, end, "--", "stands between old and new backends");
	reader->side = &reader->request->side[SIDE_NEW];
	/* getopt wants a word in front, which "--" is */
	status = read_words(reader, call->argc - next + 1, call->argv + next - 1, &last, &stopped);
	if (!status && stopped)
		return err_refuse(NULL, span_of(call->argv[next + last - 2]), "word",
				  "one -- between old and new backends");
	return status;
}

/* Behind "--" are words only. */
static int read_all(struct reader *reader, const struct call *call)
{
	struct span end = {};
	bool stopped;
	int next, status;

	status = read_words(reader, call->argc, call->argv, &next, &stopped);
	for (; !status && stopped && next < call->argc; next++)
		status = read_word(reader, call->argv[next]);
	if (!status && !reader->request->help && reader->flow_words)
		return err_refuse_unquoted(NULL, end, "flow",
					   "not all of PROTO CLIENT:PORT VIP:PORT");
	return status;
}

static int settle(struct request *request, const struct call *call)
{
	struct span end = {};
	int side, status;

	for (side = 0; side < (request->kind == REQUEST_SIDES ? SIDES : 1); side++) {
		if (!request->side[side].n) {
			err_refuse_unquoted(NULL, end, "backends",
					    "none given%s, as words or with -f",
					    request->kind != REQUEST_SIDES ? "" :
					    side == SIDE_OLD		   ? " before --" :
									     " behind --");
			command_usage(call->command);
			return STATUS_REFUSED;
		}
		status = backends_settle(&request->side[side], request->size);
		if (status)
			return status;
	}
	if (request->kind == REQUEST_FLOWS && !request->flows && request->stdin_arg)
		return err_refuse(NULL, span_of(request->stdin_arg), "--file",
				  "stdin holds flows when none are arguments");
	return STATUS_DONE;
}

int request_init(struct request *request, const struct call *call, enum request_kind kind)
{
	struct reader reader = { .request = request, .side = &request->side[SIDE_OLD] };
	int status;

	memset(request, 0, sizeof(*request));
	request->kind = kind;
	request->json = call->json;
	request->size = MAGLEV_SIZE_DEFAULT;
	status = kind == REQUEST_SIDES ? read_sides(&reader, call) : read_all(&reader, call);
	if (status || request->help)
		return status;
	return settle(request, call);
}

void request_warn(const struct request *request)
{
	if (key_is_public(&request->key))
		err_warn("the default key is public knowledge: see --key-file");
}

void request_fini(struct request *request)
{
	backends_fini(&request->side[SIDE_OLD]);
	backends_fini(&request->side[SIDE_NEW]);
	free(request->flow);
}
