// SPDX-License-Identifier: GPL-2.0-only
#include "grace.h"

void grace_begin(struct graces *graces, struct grace *grace, void (*release)(struct grace *grace))
{
	grace->moment = data_moment();
	grace->release = release;
	grace->next = NULL;
	if (graces->last)
		graces->last->next = grace;
	else
		graces->first = grace;
	graces->last = grace;
}

static void release_first(struct graces *graces)
{
	struct grace *grace = graces->first;

	graces->first = grace->next;
	if (!graces->first)
		graces->last = NULL;
	grace->release(grace);
}

void grace_poll(struct graces *graces)
{
	while (graces->first && data_is_past(graces->first->moment))
		release_first(graces);
}

void grace_end(struct graces *graces)
{
	while (graces->first)
		release_first(graces);
}
