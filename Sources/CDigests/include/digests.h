#ifndef SWITCHYARD_CDIGESTS_H
#define SWITCHYARD_CDIGESTS_H

#include <stddef.h>
#include <stdint.h>

#include "signatures.h"

/* SHA-256 of two byte strings one after the other; 0 if libcrypto fails. */
int switchyard_sha256(const void *first, size_t first_count, const void *second, size_t second_count, uint8_t digest[32]);

/* SHA-1 of a byte string; 0 if libcrypto fails. */
int switchyard_sha1(const void *bytes, size_t count, uint8_t digest[20]);

/* HMAC-SHA256 of a byte string; 0 if libcrypto fails. */
int switchyard_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t code[32]);

/* HMAC-SHA1 of a byte string; 0 if libcrypto fails. */
int switchyard_hmac_sha1(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t code[20]);

/* scrypt (RFC 7914) into the buffer; 0 for parameters that are not allowed or need more than the given memory. */
int switchyard_scrypt(const void *password, size_t password_count, const void *salt, size_t salt_count, uint64_t cost,
                      uint64_t block_size, uint64_t parallelization, uint64_t memory, uint8_t *derived, size_t derived_count);

/* Random bytes of the system; 0 if libcrypto fails. */
int switchyard_random(uint8_t *bytes, size_t count);

/* Whether two byte strings of the same length are equal, in a time that depends on the length only. */
int switchyard_equal(const void *left, const void *right, size_t count);

#endif
