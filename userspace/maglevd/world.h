/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What runs: the services of a configuration, their members, and the streams of probes that say
 * how those are. A new configuration makes a new world, which inherits from the one before what is
 * in both; nothing in a world comes or goes while it runs.
 */
#ifndef MAGLEVD_WORLD_H
#define MAGLEVD_WORLD_H

#include "config.h"
#include "endpoint.h"
#include "load.h"
#include "load_gauge.h"
#include "probe.h"
#include "seen.h"
#include "way.h"

enum {
	INDEX_NONE = 0xffffffff,
	SHARE_WHOLE = 100,
};

/* What a check says of a backend. */
enum opinion {
	OPINION_NONE, /* nothing yet */
	OPINION_UP,
	OPINION_DOWN,
};

/* What peers that were asked say of a backend. */
struct votes {
	u32 heard; /* those that answered, and have the service too */
	u32 failing; /* of these: it fails */
	u32 awaited; /* have neither answered nor failed to */
};

/* Whose checks fail goes down once there is no doubt, and stays in service until then. */
enum doubt {
	DOUBT_NONE, /* they do not fail, or nobody is to be asked */
	DOUBT_ASKING, /* peers are being asked */
	DOUBT_OUTVOTED, /* too few of them see it fail */
	DOUBT_SETTLED, /* enough do, or nobody could be asked */
};

struct checker;

/*
 * A check at a backend, through the tunnel of one service or directly for all that have it.
 * The first members name it; streams are ordered by them.
 */
struct stream {
	const struct check *check;
	struct service_key service; /* all 0: direct */
	struct endpoint backend;
	u16 port;

	struct checker *checker;
	struct ev_timer timer;
	struct probe *probe;
	u64 due; /* ns: the grid's time of the next start, before jitter */
	u64 planned; /* ns: of the next start, jitter included */
	u64 started;
	u32 index; /* of the pair to ask, INDEX_NONE: none or direct */
	u32 streak; /* results in a row that contradict the opinion */
	enum opinion opinion;
	bool is_draining; /* an agent says so */
	u32 percent; /* of the share that an agent allows */
	double endpoint_weight; /* that the last answer carried; less than 0: none */
	u64 answered_at; /* ns: when that was; 0: never */
	struct load_gauge time; /* that answers take */
	u32 overhead; /* bytes of the tunnel, 0: direct */
	struct way way; /* towards the backend; source.len 0: not asked yet */
	char why[PROBE_WHY]; /* of the last result */
	struct service **user; /* each once */
	u32 n_users;
};

/* What the module has counted of a backend's packets. */
struct traffic {
	u64 begun, answered, reset; /* flows */
	u64 unreachable; /* times */
	bool is_known;
};

/* A backend of a service. */
struct member {
	struct endpoint backend;
	u32 weight;
	u32 drain_ms; /* as configured */
	u64 drain_until; /* ns; 0: as long as its flows last */
	u32 index;
	struct stream **stream; /* by check of the service */
	u32 n_streams;
	bool is_sorry; /* it takes over while the others are down, and is not checked */

	u32 health; /* as the kernel has it: MAGLEV_NL_STATE_* */
	u32 share; /* the same */
	u32 wanted; /* what health is to be, while a service is judged */
	u64 since; /* ns: of health */
	u64 rising; /* ns: since when its share grows; 0: it does not */
	u64 held_until; /* ns: not to come up before */
	u32 hold_ms; /* for how long it was held last; 0: it did not flap */
	bool is_kept; /* it would be down but for panic, peers or fail-open */
	bool was_up; /* it has passed before: fail-open may count on it */
	struct traffic traffic; /* as it was weighed last */
	struct load load;
	struct votes votes; /* as they are now, while it is in doubt */
	enum doubt doubt;
	u64 outvoted; /* ns: since when; 0: it is not */
	bool is_told; /* that it is */
};

struct service {
	const struct config_service *config;
	struct service_key key;
	struct member *member; /* ordered */
	size_t n;
	bool is_dirty;
	bool in_panic;
	bool is_open; /* all are down, and treated as up, or others take over */
	u32 n_doubted; /* members that peers are asked about */
	u64 load_turn; /* ns: when shares may move next */
};

struct world {
	const struct config *config;
	struct service *service; /* ordered */
	size_t n_services;
	struct stream *stream; /* ordered */
	size_t n_streams;
	struct member *members; /* of all services, one array */
	size_t n_members;
	void *pointers; /* of members to streams, and of streams to services */
};

/*
 * world_create: what @config asks for; members of external services are those that @seen has.
 *
 * Return: it, which reads @config as long as it is there; NULL without memory.
 */
struct world *world_create(const struct config *config, const struct seen *seen);

/* Take over what is known of what is in both. @old must not run any more. */
void world_inherit(struct world *world, const struct world *old);

/* Checks of what the kernel has, and the @old world, if any, had not, begin with its state there. */
void world_adopt(struct world *world, const struct seen *seen, const struct world *old);

/* Take over states, shares and indices of backends as the kernel has them. */
void world_sync(struct world *world, const struct seen *seen);

/* @world may be NULL. */
void world_destroy(struct world *world);

struct service *world_find_service(const struct world *world, const struct service_key *key);
struct member *service_find_member(const struct service *service, const struct endpoint *backend);

/* world_find_stream: the one that is in @world what @wanted is in another. Return: NULL: none. */
struct stream *world_find_stream(const struct world *world, const struct stream *wanted);

#endif
