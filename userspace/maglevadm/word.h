/* SPDX-License-Identifier: GPL-2.0-only */
/* How each kind of word of a balancer's command is read: the functions of a command's parts. */
#ifndef MAGLEVADM_WORD_H
#define MAGLEVADM_WORD_H

#include "order.h"

enum {
	EVENT_FIRST = MAGLEV_CMD_SERVICE_ADD_NTF, /* bit 0 of an order's events */
};

/* All Return: STATUS_DONE, or what has been said. @part->number is in brackets. */

/* Names. */
int read_service(struct order *order, const struct part *part);
int read_backend(struct order *order, const struct part *part);
int read_tuple(struct order *order, const struct part *part);

/* What is set of a service. */
int read_table_size(struct order *order, const struct part *part);
int read_mode(struct order *order, const struct part *part);
int read_timeout(struct order *order, const struct part *part);

/* What is set of a backend. */
int read_backend_state(struct order *order, const struct part *part); /* [MAGLEV_NL_STATE_*] */
int read_deadline(struct order *order, const struct part *part);
int read_weight(struct order *order, const struct part *part);
int read_share(struct order *order, const struct part *part);
int read_own_weight(struct order *order, const struct part *part);
int read_tunnel(struct order *order, const struct part *part);
int read_checksum(struct order *order, const struct part *part);
int read_fragments(struct order *order, const struct part *part);

/* What is asked of flows and of a packet. */
int read_flow_state(struct order *order, const struct part *part);
int read_flags(struct order *order, const struct part *part);
int read_mark(struct order *order, const struct part *part);
int read_length(struct order *order, const struct part *part);

/* Changes of a preview. */
int read_change(struct order *order, const struct part *part); /* [MAGLEV_NL_OP_*] */
int read_change_state(struct order *order, const struct part *part); /* [MAGLEV_NL_STATE_*] */
int read_change_weight(struct order *order, const struct part *part);
int read_change_share(struct order *order, const struct part *part);
int read_change_size(struct order *order, const struct part *part);

/* Settings. */
int read_key_file(struct order *order, const struct part *part);
int read_settings_size(struct order *order, const struct part *part);
int read_flows(struct order *order, const struct part *part);
int read_settings_mark(struct order *order, const struct part *part); /* [MAGLEV_A_SETTINGS_*] */
int read_source(struct order *order, const struct part *part); /* [MAGLEV_A_SETTINGS_*] */
int read_probe(struct order *order, const struct part *part);
int read_rebuild_delay(struct order *order, const struct part *part);
int read_hook(struct order *order, const struct part *part);

/* What else is asked. */
int read_event(struct order *order, const struct part *part); /* [MAGLEV_CMD_*_NTF] */
int read_all(struct order *order, const struct part *part);
int read_directory(struct order *order, const struct part *part);
int read_file(struct order *order, const struct part *part);
int read_force(struct order *order, const struct part *part);
int read_wait(struct order *order, const struct part *part);
int read_interval(struct order *order, const struct part *part);
int read_count(struct order *order, const struct part *part);

#endif
