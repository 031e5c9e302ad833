// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tree is made from libfyaml's events, not from its documents, so that what is too much is
 * refused before there is memory for it, and no function calls itself.
 */
#define _GNU_SOURCE /* memmem() */
#include "config_node.h"

#include "config_reader.h"
#include "config_text.h"

#include <libfyaml.h>
#include <string.h>

enum {
	LINE_BYTES = 1024 *
		     1024, /* libfyaml may need 170 times that, looking for the end of a key */
};

struct anchor {
	const char *name;
	size_t len;
	const struct config_node *node;
};

struct frame {
	struct config_node *node;
	struct config_node **end; /* where the next child goes */
};

struct builder {
	struct config_reader *reader;
	const char *text;
	size_t len;
	struct config_node *root;
	struct config_node *last; /* position of what came last, for what has none */
	struct frame frame[CONFIG_DEPTH_MAX];
	u32 depth;
	u32 nodes;
	struct anchor anchor[CONFIG_ANCHORS_MAX];
	u32 anchors;
	u32 documents;
};

static void place(struct builder *builder, struct fy_token *token)
{
	const struct fy_mark *mark = token ? fy_token_start_mark(token) : NULL;

	if (!mark)
		return;
	builder->last->line = mark->line + 1;
	builder->last->column = mark->column + 1;
}

/* Put a node where we are. Collections are added before what is in them. */
static bool add(struct builder *builder, struct config_node *node)
{
	struct frame *frame;

	if (node->weight > CONFIG_NODES_MAX - builder->nodes)
		return config_refuse_unquoted(builder->reader, node, "more than %d values",
					      CONFIG_NODES_MAX);
	builder->nodes += node->weight;
	if (!builder->depth) {
		builder->root = node;
		return true;
	}
	frame = &builder->frame[builder->depth - 1];
	if (frame->node->kind == CONFIG_MAPPING && frame->node->n % 2 == 0 &&
	    node->kind != CONFIG_SCALAR)
		return config_refuse(builder->reader, node, "expected a word as the key");
	*frame->end = node;
	frame->end = &node->next;
	frame->node->n++;
	frame->node->weight += node->weight;
	return true;
}

static bool note_anchor(struct builder *builder, struct fy_token *token,
			const struct config_node *node)
{
	struct anchor *anchor = &builder->anchor[builder->anchors];
	const char *name;

	if (!token)
		return true;
	if (builder->anchors == CONFIG_ANCHORS_MAX)
		return config_refuse_unquoted(builder->reader, node, "more than %d anchors",
					      CONFIG_ANCHORS_MAX);
	name = fy_token_get_text(token, &anchor->len);
	anchor->name = name ? config_memory_text(builder->reader->scratch, name, anchor->len) :
			      NULL;
	if (!anchor->name)
		return config_refuse_memory(builder->reader);
	anchor->node = node;
	builder->anchors++;
	return true;
}

/* Tags say how to read what follows; we know how, and will not read it otherwise. */
static struct config_node *make(struct builder *builder, enum config_kind kind,
				struct fy_token *token, struct fy_token *tag,
				struct fy_token *anchor)
{
	struct config_node *node = config_scratch(builder->reader, 1, sizeof(*node));

	place(builder, tag ? tag : token);
	if (!node)
		return NULL;
	node->kind = kind;
	node->line = builder->last->line;
	node->column = builder->last->column;
	node->weight = 1;
	if (tag) {
		config_refuse_unquoted(builder->reader, node, "tags are not taken");
		return NULL;
	}
	return note_anchor(builder, anchor, node) ? node : NULL;
}

/* How a scalar is written, between its quotes. Return: the text, or NULL. */
static const char *source_of(const struct builder *builder, struct fy_token *token, size_t *len)
{
	const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);

	if (!start || !end || end->input_pos > builder->len || start->input_pos > end->input_pos)
		return NULL;
	*len = end->input_pos - start->input_pos;
	return builder->text + start->input_pos;
}

static bool is_ascii(const struct builder *builder, struct fy_token *token)
{
	size_t len = 0, i;
	const char *source = source_of(builder, token, &len);

	for (i = 0; i < len; i++)
		if ((u8)source[i] >= 0x80)
			return false;
	return source;
}

/*
 * libfyaml 0.7.12 reads 'a''''b' as a''', loses memory at that, and goes as wrong where lines are
 * joined at an escape; of all else it makes what PyYAML does.
 */
static bool is_misread(const struct builder *builder, struct fy_token *token)
{
	enum fy_scalar_style style = fy_token_scalar_style(token);
	size_t len = 0;
	const char *source = source_of(builder, token, &len);

	if (style == FYSS_DOUBLE_QUOTED)
		return !source || memmem(source, len, "\\\n", 2) || memmem(source, len, "\\\r", 2);
	if (style != FYSS_SINGLE_QUOTED)
		return false;
	return !source || memmem(source, len, "''''", 4) ||
	       (memmem(source, len, "''", 2) &&
		(memchr(source, '\n', len) || memchr(source, '\r', len)));
}

static bool is_quoted(struct fy_token *token)
{
	enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_ANY;

	return style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
}

static bool add_scalar(struct builder *builder, struct fy_event *event)
{
	struct fy_token *token = event->scalar.value;
	const char *text = "";
	struct config_node *node;

	node = make(builder, CONFIG_SCALAR, token, event->scalar.tag, event->scalar.anchor);
	if (!node)
		return false;
	node->is_plain = !token || fy_token_scalar_style(token) == FYSS_PLAIN;
	node->is_ascii = !token || is_ascii(builder, token);
	if (is_quoted(token) && node->column > 1)
		node->column--; /* libfyaml's begin behind the quotation mark */
	if (token && is_misread(builder, token))
		return config_refuse_unquoted(builder->reader, node,
					      "quotes in a row or lines joined by escapes, "
					      "write it between double quotes in one line");
	if (token)
		text = fy_token_get_text(token, &node->len);
	node->text = text ? config_memory_text(builder->reader->scratch, text, node->len) : NULL;
	if (!node->text)
		return config_refuse_memory(builder->reader);
	return add(builder, node);
}

static bool begin(struct builder *builder, enum config_kind kind, struct fy_token *token,
		  struct fy_token *tag, struct fy_token *anchor)
{
	struct config_node *node = make(builder, kind, token, tag, anchor);

	if (!node || !add(builder, node))
		return false;
	if (builder->depth == CONFIG_DEPTH_MAX)
		return config_refuse_unquoted(builder->reader, node, "nested more than %d deep",
					      CONFIG_DEPTH_MAX);
	builder->frame[builder->depth].node = node;
	builder->frame[builder->depth].end = &node->first;
	builder->depth++;
	return true;
}

static bool end(struct builder *builder)
{
	struct config_node *node = builder->frame[--builder->depth].node;

	if (node->kind == CONFIG_MAPPING && node->n % 2)
		return config_refuse_unquoted(builder->reader, node, "a key without a value");
	if (builder->depth)
		builder->frame[builder->depth - 1].node->weight += node->weight - 1;
	return true;
}

static bool is_open(const struct builder *builder, const struct config_node *node)
{
	u32 i;

	for (i = 0; i < builder->depth; i++)
		if (builder->frame[i].node == node)
			return true;
	return false;
}

/* Return: what the latest anchor of that name stands before, or NULL. */
static const struct config_node *find_anchor(const struct builder *builder, struct fy_token *token)
{
	size_t len = 0;
	const char *name = fy_token_get_text(token, &len);
	u32 i;

	for (i = builder->anchors; name && i--;)
		if (builder->anchor[i].len == len && !memcmp(builder->anchor[i].name, name, len))
			return builder->anchor[i].node;
	return NULL;
}

static bool add_alias(struct builder *builder, struct fy_event *event)
{
	const struct config_node *target = find_anchor(builder, event->alias.anchor);
	struct config_node *node = config_scratch(builder->reader, 1, sizeof(*node));

	place(builder, event->alias.anchor);
	if (!node)
		return false;
	if (builder->last->column > 1)
		builder->last->column--; /* libfyaml's begin behind the asterisk */
	if (!target)
		return config_refuse_unquoted(builder->reader, builder->last,
					      "an alias without its anchor");
	if (is_open(builder, target))
		return config_refuse_unquoted(builder->reader, builder->last,
					      "an alias within its anchor");
	*node = *target;
	node->next = NULL;
	return add(builder, node);
}

static bool begin_document(struct builder *builder, struct fy_event *event)
{
	place(builder, event->document_start.document_start);
	return !builder->documents++ ||
	       config_refuse_unquoted(builder->reader, builder->last, "a second document");
}

static bool take(struct builder *builder, struct fy_event *event)
{
	switch (event->type) {
	case FYET_DOCUMENT_START:
		return begin_document(builder, event);
	case FYET_SCALAR:
		return add_scalar(builder, event);
	case FYET_ALIAS:
		return add_alias(builder, event);
	case FYET_SEQUENCE_START:
		return begin(builder, CONFIG_LIST, event->sequence_start.sequence_start,
			     event->sequence_start.tag, event->sequence_start.anchor);
	case FYET_MAPPING_START:
		return begin(builder, CONFIG_MAPPING, event->mapping_start.mapping_start,
			     event->mapping_start.tag, event->mapping_start.anchor);
	case FYET_SEQUENCE_END:
	case FYET_MAPPING_END:
		return end(builder);
	default:
		return true;
	}
}

static bool refuse_syntax(struct config_reader *reader, struct fy_diag *diag)
{
	struct fy_diag_error *error;
	void *iterator = NULL;

	error = fy_diag_errors_iterate(diag, &iterator);
	if (!error || !error->msg)
		return config_refuse_file(reader, "not YAML");
	return config_refuse_syntax(reader, error->line > 0 ? error->line : 1,
				    error->column > 0 ? error->column : 1, error->msg);
}

static bool parse(struct builder *builder, struct fy_parser *parser, struct fy_diag *diag)
{
	struct fy_event *event;
	bool is_end = false, ok = true;

	while (ok && !is_end && (event = fy_parser_parse(parser))) {
		is_end = event->type == FYET_STREAM_END;
		ok = take(builder, event);
		fy_parser_event_free(parser, event);
	}
	return ok && (is_end || refuse_syntax(builder->reader, diag));
}

/* Errors are kept for us, none is printed. */
static struct fy_diag *create_diag(void)
{
	struct fy_diag_cfg config;
	struct fy_diag *diag;

	fy_diag_cfg_default(&config);
	config.fp = NULL;
	config.output_fn = NULL;
	config.level = FYET_ERROR;
	config.colorize = false;
	diag = fy_diag_create(&config);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

static bool build(struct builder *builder)
{
	struct fy_parse_cfg config = { .flags = FYPCF_QUIET | FYPCF_JSON_NONE };
	struct fy_parser *parser = NULL;
	bool ok = false;

	config.diag = create_diag();
	if (config.diag)
		parser = fy_parser_create(&config);
	if (!parser || fy_parser_set_string(parser, builder->text, builder->len))
		config_refuse_memory(builder->reader);
	else
		ok = parse(builder, parser, config.diag);
	fy_parser_destroy(parser);
	fy_diag_destroy(config.diag);
	return ok;
}

const struct config_node *config_node_read(struct config_reader *reader, const char *text,
					   size_t len)
{
	struct builder *builder = config_scratch(reader, 1, sizeof(*builder));
	struct config_node *start = config_scratch(reader, 2, sizeof(*start));
	u32 line, column;

	if (!builder || !start)
		return NULL;
	if (config_text_check(text, len, &line, &column) < len) {
		config_refuse_syntax(reader, line, column, "not a character that text may hold");
		return NULL;
	}
	line = config_text_long_line(text, len, LINE_BYTES);
	if (line) {
		config_refuse_syntax(reader, line, 1, "a line of more than 1 MiB");
		return NULL;
	}
	start->is_plain = true;
	start->line = start->column = start->weight = 1;
	start->text = "";
	start[1] = start[0];
	builder->reader = reader;
	builder->text = text;
	builder->len = len;
	builder->root = &start[0];
	builder->last = &start[1];
	return !len || build(builder) ? builder->root : NULL;
}

bool config_node_is(const struct config_node *node, const char *text)
{
	return node->kind == CONFIG_SCALAR && node->len == strlen(text) &&
	       !memcmp(node->text, text, node->len);
}

bool config_node_is_null(const struct config_node *node)
{
	return node->kind == CONFIG_SCALAR && node->is_plain &&
	       (!node->len || config_node_is(node, "~") || config_node_is(node, "null"));
}

const struct config_node *config_node_find(const struct config_node *node, const char *key)
{
	const struct config_node *at;

	if (node->kind != CONFIG_MAPPING)
		return NULL;
	for (at = node->first; at; at = at->next->next)
		if (config_node_is(at, key))
			return at;
	return NULL;
}
