// SPDX-License-Identifier: GPL-2.0-only
#include "control.h"

#include "publish.h"
#include "pulse.h"
#include "server.h"
#include "tables.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	REBUILD_DELAY_MS = 10,
};

static int read_key(const char *path)
{
	char digits[MAGLEV_KEY_DIGITS + 2] = "";
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file) {
		err = -errno;
		fprintf(stderr, "maglev-dpdk: key: %s: %s\n", path, strerror(-err));
		return err;
	}
	if (fgets(digits, sizeof(digits), file))
		digits[strcspn(digits, "\n")] = 0;
	fclose(file);
	if (maglev_key_parse(&model.key, digits)) {
		fprintf(stderr, "maglev-dpdk: key: %s: 32 hexadecimal digits are needed\n", path);
		err = -EINVAL;
	}
	explicit_bzero(digits, sizeof(digits));
	return err;
}

static int read_options(const struct control_options *options)
{
	model.table_size = options->table_size ? options->table_size : MAGLEV_SIZE_DEFAULT;
	model.flows = options->flows;
	model.rebuild_delay_ms = REBUILD_DELAY_MS;
	if (!maglev_size_valid(model.table_size)) {
		fprintf(stderr,
			"maglev-dpdk: table size %u: a prime from 251 to 1048573, perhaps %u\n",
			model.table_size, maglev_size_nearest(model.table_size));
		return -EINVAL;
	}
	return options->key ? read_key(options->key) : 0;
}

/* Ways are written anew, tables stay. */
static void hops_changed(void *ctx)
{
	(void)ctx;
	if (publish())
		pulse_build_later();
}

static int open_plane(struct ev_loop *loop)
{
	int err;

	model.hops = hops_create(loop, hops_changed, NULL);
	if (!model.hops) {
		err = -errno;
		fprintf(stderr, "maglev-dpdk: next hops: %s\n", strerror(-err));
		return err;
	}
	err = publish();
	if (!err && model.flows)
		err = tables_replace(&model.key, model.flows);
	if (err)
		fprintf(stderr, "maglev-dpdk: flow tables for %u flows: %s\n", model.flows,
			strerror(-err));
	return err;
}

int control_open(struct ev_loop *loop, const struct control_options *options)
{
	const struct group *group = getgrnam(options->group ? options->group : CONTROL_GROUP);
	int err;

	if (options->group && !group) {
		fprintf(stderr, "maglev-dpdk: --group %s: no such group\n", options->group);
		return -EINVAL;
	}
	memset(&model, 0, sizeof(model));
	model.loop = loop;
	model.event = server_event;
	err = read_options(options);
	if (!err)
		err = open_plane(loop);
	if (!err)
		err = server_open(loop, options->socket ? options->socket : CONTROL_SOCKET,
				  group ? group->gr_gid : (gid_t)-1);
	if (err) {
		control_close();
		return err;
	}
	pulse_start(loop);
	return 0;
}

void control_close(void)
{
	model.event = NULL;
	server_close();
	if (model.loop)
		pulse_stop(model.loop);
	publish_end();
	grace_end(&model.graces);
	tables_end();
	if (model.hops)
		hops_destroy(model.hops);
	model_clear();
}
