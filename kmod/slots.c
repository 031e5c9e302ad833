// SPDX-License-Identifier: GPL-2.0-only
#include "slots.h"

#include "net.h"
#include "publish.h"
#include "service.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/overflow.h>

static bool is_counted(const struct maglev_service *service)
{
	const struct maglev_generation *generation;
	bool counted;

	if (!service->slots)
		return false;
	rcu_read_lock();
	generation = rcu_dereference(service->generation);
	counted = service->slots->generation == (generation ? generation->number : 0);
	rcu_read_unlock();
	return counted;
}

static void count(struct maglev_slots *slots, const struct maglev_view *view)
{
	u32 slot;

	slots->n = view->n;
	for (slot = 0; slots->n && slot < view->size; slot++) {
		slots->count[view->base[slot]].base++;
		if (view->live[slot] != MAGLEV_EMPTY)
			slots->count[view->live[slot]].live++;
	}
}

const struct maglev_slots *maglev_slots_count(struct maglev_service *service)
{
	const struct maglev_generation *generation;
	u32 room = service->n_pairs;
	struct maglev_slots *slots;

	lockdep_assert_held(&service->mnet->lock);
	if (is_counted(service))
		return service->slots;
	slots = kvzalloc(struct_size(slots, count, room), GFP_KERNEL);
	if (!slots)
		return ERR_PTR(-ENOMEM);
	rcu_read_lock();
	generation = rcu_dereference(service->generation);
	/* With backends that went since, it is to be replaced in a moment. */
	if (generation && generation->view.n <= room) {
		slots->generation = generation->number;
		count(slots, &generation->view);
	}
	rcu_read_unlock();
	kvfree(service->slots);
	service->slots = slots;
	return slots;
}
