// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coordinates are small integers, and what is equal beside each other is one shape, so that a page
 * of many services stays small. A column of a curve is the greatest of the samples it stands for.
 */
#include "page_draw.h"

#include <linux/ip_vs_maglev.h>

enum {
	COLUMNS = 120,
	HEIGHT = 24,
	BITS = 8,
	HOUR_S = 3600,
	STATE_STEPS = 240, /* of an hour */
	UNKNOWN = -1,
};

static const u64 SECOND = 1000000000;

double page_value(const struct history_sample *sample, enum page_value value)
{
	switch (value) {
	case PAGE_PACKETS:
		return sample->packets;
	case PAGE_BITS:
		return sample->bytes * BITS;
	case PAGE_FLOWS_NEW:
		return sample->flows_new;
	case PAGE_FLOWS:
		break;
	}
	return sample->flows;
}

/* Samples from *@first back to *@last stand in a column; the newest is at the right. */
static void find_samples(const struct history_ring *ring, u32 column, u32 *first, u32 *last)
{
	*first = ring->size * (COLUMNS - column) / COLUMNS;
	*last = ring->size * (COLUMNS - column - 1) / COLUMNS;
}

static double find_column(const struct history_ring *ring, u32 column, enum page_value value)
{
	const struct history_sample *sample;
	double most = UNKNOWN, here;
	u32 back, last;

	for (find_samples(ring, column, &back, &last); back-- > last;) {
		sample = history_at(ring, back);
		here = sample ? page_value(sample, value) : UNKNOWN;
		if (here > most)
			most = here;
	}
	return most;
}

/* One path, that begins anew behind each gap; with @is_area, down to the ground. */
static void draw_path(struct page_text *text, const double *column, double most, bool is_area)
{
	bool is_on = false;
	u32 x, start = 0;
	int y;

	page_add(text, "<path class=%s d=\"", is_area ? "a" : "l");
	for (x = 0; x <= COLUMNS; x++) {
		if (x == COLUMNS || column[x] < 0) {
			if (is_on && is_area)
				page_add(text, "V%dH%uZ", HEIGHT, start);
			is_on = false;
			continue;
		}
		y = HEIGHT - 1 - (int)(column[x] / most * (HEIGHT - 2) + .5);
		if (!is_on)
			start = x;
		page_add(text, "%c%u %d", is_on ? 'L' : 'M', x, y);
		if (!is_on && !is_area)
			page_put(text, "h.5");
		is_on = true;
	}
	page_put(text, "\"/>");
}

void page_draw_curve(struct page_text *text, const struct history_ring *ring, enum page_value value,
		     const char *what)
{
	double column[COLUMNS], most = 0;
	u32 x;

	for (x = 0; x < COLUMNS; x++) {
		column[x] = find_column(ring, x, value);
		if (column[x] > most)
			most = column[x];
	}
	page_add(text, "<figure><figcaption>%s <small>max ", what);
	page_number(text, most);
	page_add(text,
		 "</small></figcaption><svg class=c viewBox=\"0 0 %d %d\" preserveAspectRatio=none role=img aria-label=\"%s\">",
		 COLUMNS - 1, HEIGHT, what);
	draw_path(text, column, most ?: 1, true);
	draw_path(text, column, most ?: 1, false);
	page_put(text, "</svg></figure>");
}

/* The worst of a column: the sample with the least part of backends up. */
static const struct history_sample *find_worst(const struct history_ring *ring, u32 column)
{
	const struct history_sample *worst = NULL, *sample;
	u32 back, last;

	for (find_samples(ring, column, &back, &last); back-- > last;) {
		sample = history_at(ring, back);
		if (sample && (!worst || sample->up * worst->n < worst->up * sample->n))
			worst = sample;
	}
	return worst;
}

static void draw_rect(struct page_text *text, const char *class, u32 x, int y, u32 width,
		      int height)
{
	if (width && height)
		page_add(text, "<rect class=%s x=%u y=%d width=%u height=%d />", class, x, y, width,
			 height);
}

/* Those that are not up hang from above; some is seen, however few of many it is. */
static void draw_part(struct page_text *text, const struct history_sample *sample, u32 x, u32 width)
{
	int down;

	if (!sample || !sample->n)
		return;
	down = (sample->n - sample->up) * HEIGHT / sample->n;
	if (sample->up < sample->n && down < HEIGHT / 4)
		down = HEIGHT / 4;
	if (sample->up && down > HEIGHT * 3 / 4)
		down = HEIGHT * 3 / 4;
	draw_rect(text, "d", x, 0, width, down);
	draw_rect(text, "u", x, down, width, HEIGHT - down);
}

static bool is_same(const struct history_sample *a, const struct history_sample *b)
{
	return a && b ? a->up == b->up && a->n == b->n : a == b;
}

void page_draw_up(struct page_text *text, const struct history_ring *ring, const char *when)
{
	const struct history_sample *before = NULL, *here;
	u32 x, start = 0;

	page_add(text,
		 "<svg class=b viewBox=\"0 0 %d %d\" preserveAspectRatio=none role=img><title>backends up, %s</title>",
		 COLUMNS, HEIGHT, when);
	for (x = 0; x <= COLUMNS; x++) {
		here = x < COLUMNS ? find_worst(ring, x) : NULL;
		if (x && x < COLUMNS && is_same(here, before))
			continue;
		if (x)
			draw_part(text, before, start, x - start);
		start = x;
		before = here;
	}
	page_put(text, "</svg>");
}

static const char *class_of(int state)
{
	switch (state) {
	case MAGLEV_NL_STATE_UP:
		return "u";
	case MAGLEV_NL_STATE_DRAIN:
		return "r";
	case MAGLEV_NL_STATE_DOWN:
		return "d";
	}
	return "x";
}

/* Where in the band a time is. */
static u32 step_at(u32 at_s, u32 now_s)
{
	u32 back = now_s - at_s;

	return back >= HOUR_S ? 0 : (u64)(HOUR_S - back) * STATE_STEPS / HOUR_S;
}

void page_draw_states(struct page_text *text, const struct history_backend *backend, u32 state,
		      u64 now)
{
	u32 now_s = now / SECOND, begin = now_s > HOUR_S ? now_s - HOUR_S : 0, x = 0, i, end;
	int here;

	if (begin < backend->since_s)
		begin = backend->since_s;
	here = history_state_at(backend, state, begin);
	x = step_at(begin, now_s);
	page_add(text,
		 "<svg class=b viewBox=\"0 0 %d 1\" preserveAspectRatio=none role=img><title>states, last hour; changes while watched: %u</title>",
		 STATE_STEPS, backend->total);
	for (i = 0; i <= backend->n; i++) {
		if (i < backend->n && backend->turn[i].at_s <= begin)
			continue;
		end = i < backend->n ? step_at(backend->turn[i].at_s, now_s) : STATE_STEPS;
		/* A short time, too, is to be seen. */
		if (i < backend->n && end <= x && i && x < STATE_STEPS)
			end = x + 1;
		draw_rect(text, class_of(here), x, 0, end - x, 1);
		x = end;
		if (i < backend->n)
			here = backend->turn[i].to;
	}
	page_put(text, "</svg>");
}
