// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals are held back and read, so that the terminal is never left half changed. Escape sequences
 * are those that every terminal of today has; SGR is left to whoever writes.
 */
#include "screen.h"

#include "err.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define SCREEN_BEGIN "\033[?1049h\033[?25l" /* the other screen, without a cursor */
#define SCREEN_END "\033[?25h\033[?1049l"

enum {
	ROWS = 24,
	COLUMNS = 80,
	CONTROL_C = 3,
	KEYS = 64,
};

static void measure(struct screen *screen)
{
	struct winsize size;
	bool is_known = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);

	screen->rows = is_known && size.ws_row ? size.ws_row : ROWS;
	screen->columns = is_known && size.ws_col ? size.ws_col : COLUMNS;
}

void screen_enter(struct screen *screen)
{
	struct termios raw = screen->termios;

	if (!screen->is_terminal || screen->is_ours)
		return;
	screen->is_ours = true;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (screen->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	fputs(SCREEN_BEGIN, stdout);
	fflush(stdout);
	measure(screen);
}

void screen_leave(struct screen *screen)
{
	if (!screen->is_ours)
		return;
	screen->is_ours = false;
	fputs(SCREEN_END, stdout);
	fflush(stdout);
	if (screen->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen->termios);
}

/* Those that would end us, but for those that are ignored; and, of a terminal, those that change it. */
static void choose_signals(const struct screen *screen, sigset_t *held)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct sigaction action;
	size_t i;

	sigemptyset(held);
	for (i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		if (!sigaction(deadly[i], NULL, &action) && action.sa_handler != SIG_IGN)
			sigaddset(held, deadly[i]);
	if (!screen->is_terminal)
		return;
	sigaddset(held, SIGWINCH);
	sigaddset(held, SIGTSTP);
}

int screen_init(struct screen *screen, bool is_terminal)
{
	sigset_t held;

	memset(screen, 0, sizeof(*screen));
	screen->is_terminal = is_terminal;
	choose_signals(screen, &held);
	sigprocmask(SIG_BLOCK, &held, &screen->before);
	screen->signals = signalfd(-1, &held, SFD_NONBLOCK | SFD_CLOEXEC);
	if (screen->signals < 0)
		return err_fail("signals", errno);
	screen->has_keys = is_terminal && !tcgetattr(STDIN_FILENO, &screen->termios) &&
			   tcgetpgrp(STDIN_FILENO) == getpgrp();
	screen_enter(screen);
	return STATUS_DONE;
}

void screen_fini(struct screen *screen)
{
	screen_leave(screen);
	if (screen->signals >= 0)
		close(screen->signals);
	sigprocmask(SIG_SETMASK, &screen->before, NULL);
	/* Whoever has called us is to see what it was. */
	if (screen->number)
		raise(screen->number);
}

/* ^Z: the shell has the terminal as it was, until it lets us go on. */
static void stop(struct screen *screen)
{
	screen_leave(screen);
	raise(SIGSTOP);
	screen_enter(screen);
}

static enum screen_event read_signals(struct screen *screen)
{
	enum screen_event event = SCREEN_TIME;
	struct signalfd_siginfo info;

	while (read(screen->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTSTP) {
			stop(screen);
		} else if (info.ssi_signo == SIGWINCH) {
			measure(screen);
		} else {
			screen->number = info.ssi_signo;
			return SCREEN_SIGNAL;
		}
		event = SCREEN_KEY;
	}
	return event;
}

/* Return: SCREEN_QUIT also where there is nobody any more. */
static enum screen_event read_keys(void)
{
	char keys[KEYS];
	ssize_t n = read(STDIN_FILENO, keys, sizeof(keys));

	if (n <= 0)
		return n < 0 && errno == EAGAIN ? SCREEN_KEY : SCREEN_QUIT;
	if (memchr(keys, 'q', n) || memchr(keys, 'Q', n) || memchr(keys, CONTROL_C, n))
		return SCREEN_QUIT;
	return SCREEN_KEY;
}

enum screen_event screen_wait(struct screen *screen, int ms)
{
	struct pollfd ready[] = {
		{ .fd = screen->signals, .events = POLLIN },
		{ .fd = screen->has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};

	if (poll(ready, 2, ms) <= 0)
		return SCREEN_TIME;
	if (ready[0].revents)
		return read_signals(screen);
	return read_keys();
}
