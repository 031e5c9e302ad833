// SPDX-License-Identifier: GPL-2.0-only
/* Facts of this host: devices and what holds for them, the reverse path filter's counter, firewalls. */
#define _GNU_SOURCE /* pipe2 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CONF "/proc/sys/net/ipv4/conf"

enum {
	PATH_BYTES = 128,
	LINE_BYTES = 8192,
	RULES_BYTES = 16 * 1024 * 1024, /* what is read of nftables' rules at most */
	RULES_MS = 10000,
};

/* Return: the value; -1 if it cannot be had. */
static int read_sysctl(const char *path)
{
	FILE *file = fopen(path, "re");
	int value;

	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static int read_conf(const char *device, const char *name)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), CONF "/%s/%s", device, name);
	return read_sysctl(path);
}

/* What holds is the greater of the two, see ip-sysctl.rst. */
static int read_greater(const char *device, const char *name)
{
	int all = read_conf("all", name), own = read_conf(device, name);

	return all > own ? all : own;
}

static void read_device(struct doctor_patient *patient, int fd, const struct if_nameindex *from)
{
	struct doctor_device *device = doctor_add_device(patient);
	struct ifreq request = {};

	if (!device)
		return;
	snprintf(device->name, sizeof(device->name), "%s", from->if_name);
	memcpy(request.ifr_name, device->name, sizeof(request.ifr_name));
	device->index = from->if_index;
	if (!ioctl(fd, SIOCGIFMTU, &request))
		device->mtu = request.ifr_mtu;
	if (!ioctl(fd, SIOCGIFFLAGS, &request)) {
		device->is_up = request.ifr_flags & IFF_UP;
		device->is_loopback = request.ifr_flags & IFF_LOOPBACK;
	}
	device->rp_filter = read_greater(device->name, "rp_filter");
	device->accept_local = read_greater(device->name, "accept_local");
}

static bool has_content(const char *path)
{
	FILE *file = fopen(path, "re");
	bool has = file && fgetc(file) != EOF;

	if (file)
		fclose(file);
	return has;
}

void doctor_read_host(struct doctor_patient *patient)
{
	struct if_nameindex *names = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t i;

	for (i = 0; fd >= 0 && names && names[i].if_index; i++)
		read_device(patient, fd, &names[i]);
	if (fd < 0 || !names)
		doctor_blind(patient, "network devices: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	if (names)
		if_freenameindex(names);
	patient->forwarding = read_sysctl("/proc/sys/net/ipv4/ip_forward");
	patient->has_legacy = has_content("/proc/net/ip_tables_names") ||
			      has_content("/proc/net/ip6_tables_names");
}

/* A line of names, and one of values that begins with the same word. */
static u64 read_netstat(const char *name)
{
	FILE *file = fopen("/proc/net/netstat", "re");
	char names[LINE_BYTES], values[LINE_BYTES], *end_name, *end_value, *word, *number;
	u64 value = 0;

	while (file && !value && fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		word = strtok_r(names, " \n", &end_name);
		number = strtok_r(values, " \n", &end_value);
		while (word && number && strcmp(word, name)) {
			word = strtok_r(NULL, " \n", &end_name);
			number = strtok_r(NULL, " \n", &end_value);
		}
		if (word && number)
			value = strtoull(number, NULL, 10);
	}
	if (file)
		fclose(file);
	return value;
}

void doctor_read_filtered(struct doctor_patient *patient)
{
	u64 now = read_netstat("IPReversePathFilter");

	patient->filtered_now = now - patient->filtered;
	patient->filtered = now;
}

static u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/* Return: all of it, ended by NUL, to be freed; NULL if it is too long, too late, or no memory. */
static char *read_all(int fd)
{
	u64 end = now_ms() + RULES_MS, now;
	size_t len = 0, capacity = 0;
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	char *text = NULL, *grown;
	ssize_t got = 1;

	while (got > 0) {
		if (capacity - len < LINE_BYTES) {
			capacity = 2 * capacity + 2 * LINE_BYTES;
			grown = capacity <= RULES_BYTES ? realloc(text, capacity) : NULL;
			if (!grown)
				break;
			text = grown;
		}
		now = now_ms();
		if (now >= end || poll(&waiting, 1, (int)(end - now)) <= 0)
			break;
		got = read(fd, text + len, capacity - len - 1);
		if (got > 0)
			len += got;
	}
	if (got || !text) {
		free(text);
		return NULL;
	}
	text[len] = 0;
	return text;
}

/* Return: 0 or an errno. */
static int spawn_nft(pid_t *pid, int output)
{
	char *words[] = { "nft", "-j", "list", "ruleset", NULL };
	char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	posix_spawn_file_actions_t actions;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return err;
	err = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
						       O_WRONLY, 0);
	if (!err)
		err = posix_spawn(pid, "/usr/sbin/nft", &actions, NULL, words, environment);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

void doctor_read_rules(struct doctor_patient *patient)
{
	int ends[2], err, status;
	char *text = NULL;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC)) {
		doctor_blind(patient, "nftables: %s", strerror(errno));
		return;
	}
	err = spawn_nft(&pid, ends[1]);
	close(ends[1]);
	if (!err) {
		text = read_all(ends[0]);
		if (!text)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		if (text && WIFEXITED(status) && !WEXITSTATUS(status))
			patient->rules = cJSON_Parse(text);
	}
	close(ends[0]);
	free(text);
	/* Without nft there may be rules all the same, of which only somebody else can tell. */
	if (err == ENOENT)
		doctor_blind(patient, "nftables: no /usr/sbin/nft: install the package nftables");
	else if (!patient->rules)
		doctor_blind(patient, "nftables: nft -j list ruleset%s%s", err ? ": " : " fails",
			     err ? strerror(err) : "");
}
