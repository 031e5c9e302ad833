// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of an interface accept_local holds if it, or "all", has it; of rp_filter the greater of the two,
 * where 1 is strict and 2 is not (ip-sysctl.rst). "all" is therefore enough for both.
 */
#include "sysctl.h"

#include "log.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONF "/proc/sys/net/ipv4/conf"

enum {
	PATH_CHARS = 320,
	STRICT = 1,
	LOOSE = 2,
};

/* Return: the value, or -errno. */
static int read_value(const char *interface, const char *name)
{
	char path[PATH_CHARS];
	int value = -EINVAL;
	FILE *file;

	snprintf(path, sizeof(path), CONF "/%s/%s", interface, name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	if (fscanf(file, "%d", &value) != 1)
		value = -EINVAL;
	fclose(file);
	return value;
}

/* Return: 0 or -errno. */
static int write_all(const char *name, int value)
{
	FILE *file;
	int err = 0;

	file = fopen(!strcmp(name, "rp_filter") ? CONF "/all/rp_filter" : CONF "/all/accept_local",
		     "we");
	if (!file)
		return -errno;
	if (fprintf(file, "%d\n", value) < 0)
		err = -errno;
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

static bool has_ipv4_tunnels(const struct config *config)
{
	const struct config_service *service;
	size_t i, k;

	for (i = 0; i < config->n_services; i++) {
		service = &config->service[i];
		for (k = 0; k < service->n_checks; k++)
			if (service->vip.len == MAGLEV_IPV4_BYTES &&
			    service->check[k]->via == CHECK_TUNNEL)
				return true;
	}
	return false;
}

static void put_right(bool manage, const char *name, int value, const char *interface)
{
	int err = manage ? write_all(name, value) : 0;

	if (!manage)
		log_say(LOG_WARNING,
			"answers to probes through tunnels are dropped: set it, or manage_sysctl: true",
			"interface=%s sysctl=net.ipv4.conf.all.%s wanted=%d", interface, name,
			value);
	else if (err)
		log_say(LOG_ERR, "a sysctl could not be set",
			"sysctl=net.ipv4.conf.all.%s wanted=%d why=\"%s\"", name, value,
			strerror(-err));
	else
		log_say(LOG_NOTICE, "a sysctl was set", "sysctl=net.ipv4.conf.all.%s value=%d",
			name, value);
}

static bool is_link(const char *name)
{
	return *name != '.' && strcmp(name, "all") && strcmp(name, "default") && strcmp(name, "lo");
}

/* The first interface for which @is_bad; the least that is wrong is enough to say so. */
static bool find_bad(bool (*is_bad)(const char *interface), char *found, size_t size)
{
	DIR *directory = opendir(CONF);
	struct dirent *entry;
	bool bad = false;

	if (!directory)
		return false;
	while (!bad && (entry = readdir(directory))) {
		bad = is_link(entry->d_name) && is_bad(entry->d_name);
		if (bad)
			snprintf(found, size, "%s", entry->d_name);
	}
	closedir(directory);
	return bad;
}

static bool refuses_local(const char *interface)
{
	return !read_value(interface, "accept_local");
}

static bool is_strict(const char *interface)
{
	return read_value(interface, "rp_filter") == STRICT;
}

void sysctl_check(const struct config *config)
{
	char interface[NAME_MAX + 1];
	int filter;

	if (!has_ipv4_tunnels(config))
		return;
	if (!read_value("all", "accept_local") &&
	    find_bad(refuses_local, interface, sizeof(interface)))
		put_right(config->manage_sysctl, "accept_local", 1, interface);
	filter = read_value("all", "rp_filter");
	if (filter == STRICT)
		put_right(config->manage_sysctl, "rp_filter", LOOSE, "all");
	else if (filter != LOOSE && find_bad(is_strict, interface, sizeof(interface)))
		put_right(config->manage_sysctl, "rp_filter", LOOSE, interface);
}
