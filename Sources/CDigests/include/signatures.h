#ifndef SWITCHYARD_CSIGNATURES_H
#define SWITCHYARD_CSIGNATURES_H

#include <stddef.h>
#include <stdint.h>

/* A public key of libcrypto; it may be used by several threads at once. */
typedef struct evp_pkey_st switchyard_public_key;

/* The key of P-256 at a point of the curve; NULL if the coordinates name none. */
switchyard_public_key *switchyard_p256_key(const uint8_t x[32], const uint8_t y[32]);

/* The RSA key of a modulus and an exponent, big-endian; NULL if it is weaker than 2048 bits, longer than 8192, or malformed. */
switchyard_public_key *switchyard_rsa_key(const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent, size_t exponent_count);

/* Releases a key. */
void switchyard_release_key(switchyard_public_key *key);

/* Whether r and s are a signature by ECDSA with SHA-256. */
int switchyard_verify_es256(switchyard_public_key *key, const uint8_t signature[64], const uint8_t *bytes, size_t count);

/* Whether a signature is one by RSA, PKCS #1 v1.5, with SHA-256; it has as many bytes as the modulus. */
int switchyard_verify_rs256(
    switchyard_public_key *key, const uint8_t *signature, size_t signature_count, const uint8_t *bytes, size_t count);

#endif
