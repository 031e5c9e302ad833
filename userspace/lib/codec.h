/* SPDX-License-Identifier: GPL-2.0-only */
/* Attribute sets as tables: one encoder, one decoder and one printer serve all of them. */
#ifndef MAGLEV_LIB_CODEC_H
#define MAGLEV_LIB_CODEC_H

#include <maglev/tuple.h>

struct nlmsghdr;

/**
 * MAGLEV_LIB_HAS() - the bit of a member in "has"
 * @name: of the attribute, without MAGLEV_A_: MAGLEV_LIB_HAS(BACKEND_SHARE)
 */
#define MAGLEV_LIB_HAS(name) (1ULL << MAGLEV_A_##name)

/**
 * struct maglev_lib_addr - an address
 * @len: MAGLEV_IPV4_BYTES or MAGLEV_IPV6_BYTES
 * @byte: network order
 */
struct maglev_lib_addr {
	u32 len;
	u8 byte[MAGLEV_IPV6_BYTES];
};

/**
 * struct maglev_lib_bytes - bytes of somebody else's
 * @at: in the message they came with, which soon goes away; aligned to 4
 * @len: how many
 */
struct maglev_lib_bytes {
	const void *at;
	u32 len;
};

/**
 * struct maglev_lib_names - the words of an enum
 * @words: by value, of flags by bit; NULL where there is none
 * @n: how many
 */
struct maglev_lib_names {
	const char *const *words;
	u32 n;
};

/**
 * enum maglev_lib_kind - what an attribute holds
 * @MAGLEV_LIB_NOTHING: no attribute of ours
 * @MAGLEV_LIB_U16: a number
 * @MAGLEV_LIB_U32: a number
 * @MAGLEV_LIB_U64: a number
 * @MAGLEV_LIB_PORT: __be16
 * @MAGLEV_LIB_ADDR: struct maglev_lib_addr
 * @MAGLEV_LIB_FIXED: just so many bytes
 * @MAGLEV_LIB_BYTES: struct maglev_lib_bytes
 * @MAGLEV_LIB_TEXT: an array of characters, ended by NUL; what does not fit is cut off
 * @MAGLEV_LIB_NEST: the struct of another set
 * @MAGLEV_LIB_NESTS: any number of those, not in the struct: maglev_lib_next()
 */
enum maglev_lib_kind {
	MAGLEV_LIB_NOTHING,
	MAGLEV_LIB_U16,
	MAGLEV_LIB_U32,
	MAGLEV_LIB_U64,
	MAGLEV_LIB_PORT,
	MAGLEV_LIB_ADDR,
	MAGLEV_LIB_FIXED,
	MAGLEV_LIB_BYTES,
	MAGLEV_LIB_TEXT,
	MAGLEV_LIB_NEST,
	MAGLEV_LIB_NESTS,
};

/**
 * enum maglev_lib_show - how people want to see a number
 * @MAGLEV_LIB_NUMBER: decimal
 * @MAGLEV_LIB_HEX: hexadecimal
 * @MAGLEV_LIB_WORD: as a word of the field's names
 * @MAGLEV_LIB_FLAGS: as a word for each bit
 */
enum maglev_lib_show {
	MAGLEV_LIB_NUMBER,
	MAGLEV_LIB_HEX,
	MAGLEV_LIB_WORD,
	MAGLEV_LIB_FLAGS,
};

/**
 * struct maglev_lib_field - an attribute and the member that holds it
 * @name: as in the spec, which is the key in JSON
 * @nest: the set inside
 * @names: for words and flags
 * @offset: of the member
 * @size: of the member
 * @kind: enum maglev_lib_kind
 * @show: enum maglev_lib_show
 */
struct maglev_lib_field {
	const char *name;
	const struct maglev_lib_object *nest;
	const struct maglev_lib_names *names;
	u16 offset;
	u16 size;
	u8 kind;
	u8 show;
};

/**
 * struct maglev_lib_object - an attribute set and its struct, whose first member is "u64 has"
 * @name: as in the spec
 * @fields: by attribute number
 * @n: how many
 * @size: of the struct
 */
struct maglev_lib_object {
	const char *name;
	const struct maglev_lib_field *fields;
	u32 n;
	u32 size;
};

/**
 * maglev_lib_field() - a field by its attribute's number
 * @object: the set
 * @type: the number
 *
 * Return: the field, or NULL if we know none.
 */
static inline const struct maglev_lib_field *
maglev_lib_field(const struct maglev_lib_object *object, u32 type)
{
	return type < object->n && object->fields[type].kind ? &object->fields[type] : NULL;
}

/**
 * maglev_lib_word() - the word for a value
 * @names: of the enum
 * @value: a value, or a bit's number
 *
 * Return: the word, or NULL if we know none.
 */
const char *maglev_lib_word(const struct maglev_lib_names *names, u32 value);

/**
 * maglev_lib_value() - the value of a word
 * @names: of the enum
 * @word: exactly as in the spec
 * @value: written if there is one
 *
 * Return: is there one?
 */
bool maglev_lib_value(const struct maglev_lib_names *names, const char *word, u32 *value);

/**
 * maglev_lib_encode() - append what a struct has to a message
 * @nlh: the message
 * @size: bytes there is room for, the message included
 * @object: of which set the struct is
 * @from: the struct; members that "has" does not name are not read
 *
 * Return: 0; -EMSGSIZE if there is no room; -E2BIG if a nest exceeds what its length can
 * say; -EINVAL if an address has a wrong length. On failure @nlh is as before.
 */
int maglev_lib_encode(struct nlmsghdr *nlh, size_t size, const struct maglev_lib_object *object,
		      const void *from);

/**
 * maglev_lib_decode() - read attributes into a struct
 * @to: the struct, written whole; what is absent is 0
 * @object: of which set the struct is
 * @attributes: the first one, aligned to 4
 * @len: bytes of all
 *
 * Attributes we do not know are passed over.
 *
 * Return: 0, or -EBADMSG if lengths contradict each other or the spec.
 */
int maglev_lib_decode(void *to, const struct maglev_lib_object *object, const void *attributes,
		      size_t len);

#endif
