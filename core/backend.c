// SPDX-License-Identifier: GPL-2.0-only
/* Who a backend is, and what follows from it under a key (design, section 3). */
#include <maglev/table.h>

enum {
	IDENTITY_BYTES = 24,
	IDENTITY_PORT = 16, /* behind the address; then 5 zero bytes */
	IDENTITY_TAG = 23,
};

enum identity_tag {
	TAG_ID = 0,
	TAG_OFFSET = 1,
	TAG_SKIP = 2,
	TAG_SEED = 3,
};

static const u8 v4_mapped[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

static u64 hash_identity(const struct maglev_backend *backend, const struct maglev_key *key,
			 enum identity_tag tag)
{
	u8 identity[IDENTITY_BYTES] = {};

	memcpy(identity, backend->addr, sizeof(backend->addr));
	memcpy(identity + IDENTITY_PORT, &backend->port, sizeof(backend->port));
	identity[IDENTITY_TAG] = tag;
	return maglev_siphash24(key, identity, sizeof(identity));
}

void maglev_backend_init(struct maglev_backend *backend, u32 addr_len, const void *addr,
			 __be16 port)
{
	memset(backend, 0, sizeof(*backend));
	if (addr_len == MAGLEV_IPV4_BYTES)
		memcpy(backend->addr, v4_mapped, sizeof(v4_mapped));
	memcpy(backend->addr + sizeof(backend->addr) - addr_len, addr, addr_len);
	backend->port = port;
	backend->state = MAGLEV_UP;
	backend->share = MAGLEV_SHARE_MAX;
}

int maglev_backend_cmp(const struct maglev_backend *a, const struct maglev_backend *b)
{
	int order = memcmp(a->addr, b->addr, sizeof(a->addr));

	return order ? order : memcmp(&a->port, &b->port, sizeof(a->port));
}

void maglev_backend_derive(struct maglev_backend *backend, const struct maglev_key *key, u32 size)
{
	backend->id = hash_identity(backend, key, TAG_ID);
	backend->seed = hash_identity(backend, key, TAG_SEED);
	backend->offset = maglev_mod64(hash_identity(backend, key, TAG_OFFSET), size);
	backend->skip = maglev_mod64(hash_identity(backend, key, TAG_SKIP), size - 1) + 1;
}
