/* SPDX-License-Identifier: GPL-2.0-only */
/* Small drawings in SVG, of what a history holds. Colours are the style's, by class. */
#ifndef MAGLEVD_PAGE_DRAW_H
#define MAGLEVD_PAGE_DRAW_H

#include "history.h"
#include "page_text.h"

enum page_value {
	PAGE_PACKETS,
	PAGE_BITS,
	PAGE_FLOWS_NEW,
	PAGE_FLOWS,
};

/* Return: the value of a sample. */
double page_value(const struct history_sample *sample, enum page_value value);

/* A figure: a curve of the whole ring; @what says of what and when. */
void page_draw_curve(struct page_text *text, const struct history_ring *ring, enum page_value value,
		     const char *what);

/* How many backends were up, over the whole ring. */
void page_draw_up(struct page_text *text, const struct history_ring *ring, const char *when);

/* States of a backend, whose state is @state, in the last hour. */
void page_draw_states(struct page_text *text, const struct history_backend *backend, u32 state,
		      u64 now);

#endif
