/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows as a page is written. What others have written is escaped, and never cut in a letter. */
#ifndef MAGLEVD_PAGE_TEXT_H
#define MAGLEVD_PAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <maglev/env.h>

/* All zero: empty. What is added after there was no memory is lost. */
struct page_text {
	char *at; /* ended by NUL, once there is any */
	size_t len, capacity;
	bool has_failed;
};

/* HTML, or JSON, that is ours. */
void page_put(struct page_text *text, const char *html);
__attribute__((format(printf, 2, 3))) void page_add(struct page_text *text, const char *format,
						    ...);

/* Anybody's words, in HTML's text or an attribute in double quotes; what is no UTF-8 becomes '?'. */
void page_escape(struct page_text *text, const char *words);

/* The same as a JSON string, with its quotes. */
void page_json(struct page_text *text, const char *words);

/* Three digits and k, M, G or T: 999, 1.23 k. */
void page_number(struct page_text *text, double value);

/* 12 s, 3 min, 2 h 5 min, 3 d 4 h. */
void page_duration(struct page_text *text, u64 seconds);

/* Return: the text, to be freed; NULL if there was no memory. */
char *page_text_take(struct page_text *text);

#endif
