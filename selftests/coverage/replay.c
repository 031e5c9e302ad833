// SPDX-License-Identifier: GPL-2.0-only
/* A fuzzer's main() without libFuzzer: the files, and those in the directories, that are named are
 * what it reads, once each. Options are libFuzzer's and not looked at.
 */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *name, const struct stat *status, int type, struct FTW *place)
{
	size_t size = status->st_size;
	uint8_t *data;
	FILE *file;

	(void)place;
	if (type != FTW_F)
		return 0;
	file = fopen(name, "r");
	data = malloc(size ?: 1);
	if (!file || !data || fread(data, 1, size, file) != size) {
		perror(name);
		return 1;
	}
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	int i;

	if (LLVMFuzzerInitialize)
		LLVMFuzzerInitialize(&argc, &argv);
	for (i = 1; i < argc; i++)
		if (*argv[i] != '-' && nftw(argv[i], replay, 8, FTW_PHYS))
			return 1;
	return 0;
}
