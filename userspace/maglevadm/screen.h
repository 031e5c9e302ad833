/* SPDX-License-Identifier: GPL-2.0-only */
/* A terminal whose whole screen is ours for a while, and its keys; given back whatever ends us. */
#ifndef MAGLEVADM_SCREEN_H
#define MAGLEVADM_SCREEN_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

enum screen_event {
	SCREEN_TIME, /* it has passed */
	SCREEN_KEY, /* somebody wants to see it now, or in another size */
	SCREEN_QUIT,
	SCREEN_SIGNAL, /* number of one that is to end us */
};

struct screen {
	bool is_terminal; /* otherwise only signals and time pass */
	bool has_keys;
	bool is_ours;
	int signals; /* a signalfd */
	int number;
	unsigned int rows, columns;
	sigset_t before;
	struct termios termios;
};

/* Hold signals back; on a terminal, begin a screen. Return: enum status; screen_fini() is due. */
int screen_init(struct screen *screen, bool is_terminal);

/* Give all back, and be ended by the signal that came, if one did. */
void screen_fini(struct screen *screen);

/* For what is to be read afterwards: as it was before, or ours again. */
void screen_leave(struct screen *screen);
void screen_enter(struct screen *screen);

/* Wait for so long, or until something happens. */
enum screen_event screen_wait(struct screen *screen, int ms);

#endif
