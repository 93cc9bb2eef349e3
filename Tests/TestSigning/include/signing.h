#ifndef SWITCHYARD_TEST_SIGNING_H
#define SWITCHYARD_TEST_SIGNING_H

#include <stddef.h>
#include <stdint.h>

/* A private key of libcrypto. */
typedef struct evp_pkey_st test_private_key;

/* A new key of P-256. */
test_private_key *test_make_p256_key(void);

/* A new RSA key of so many bits. */
test_private_key *test_make_rsa_key(int bits);

/* Releases a key. */
void test_release_key(test_private_key *key);

/* The two coordinates of a key of P-256; 0 if that fails. */
int test_p256_coordinates(test_private_key *key, uint8_t x[32], uint8_t y[32]);

/* The modulus of an RSA key, and how many bytes it has; 0 if that fails. */
size_t test_rsa_modulus(test_private_key *key, uint8_t *modulus, size_t capacity);

/* A signature with SHA-256: r and s for P-256, PKCS #1 v1.5 for RSA; its length, or 0. */
size_t test_sign(test_private_key *key, const uint8_t *bytes, size_t count, uint8_t *signature, size_t capacity);

#endif
