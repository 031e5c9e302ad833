/* SPDX-License-Identifier: GPL-2.0-only */
/* Regular expressions that can be matched against whatever a backend sends. */
#ifndef MAGLEVD_CONFIG_REGEX_H
#define MAGLEVD_CONFIG_REGEX_H

enum {
	CONFIG_REGEX_BYTES = 512,
	CONFIG_REGEX_WHY = 128,
};

/*
 * Is it an extended regular expression, one that costs no more than its length suggests?
 *
 * Return: NULL, or what is wrong with it; @why is room for that.
 */
const char *config_regex_check(const char *expression, char why[CONFIG_REGEX_WHY]);

#endif
