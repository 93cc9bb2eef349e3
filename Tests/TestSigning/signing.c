#include "signing.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

test_private_key *test_make_p256_key(void) { return EVP_EC_gen("P-256"); }

test_private_key *test_make_rsa_key(int bits) { return EVP_RSA_gen((unsigned int)bits); }

void test_release_key(test_private_key *key) { EVP_PKEY_free(key); }

static size_t number(EVP_PKEY *key, const char *name, uint8_t *bytes, size_t capacity, size_t padded) {
    BIGNUM *value = NULL;
    size_t count = 0;
    if (EVP_PKEY_get_bn_param(key, name, &value) == 1) {
        count = padded > 0 ? padded : (size_t)BN_num_bytes(value);
        if (count > capacity || BN_bn2binpad(value, bytes, (int)count) < 0) count = 0;
    }
    BN_free(value);
    return count;
}

int test_p256_coordinates(test_private_key *key, uint8_t x[32], uint8_t y[32]) {
    return number(key, OSSL_PKEY_PARAM_EC_PUB_X, x, 32, 32) == 32 && number(key, OSSL_PKEY_PARAM_EC_PUB_Y, y, 32, 32) == 32;
}

size_t test_rsa_modulus(test_private_key *key, uint8_t *modulus, size_t capacity) {
    return number(key, OSSL_PKEY_PARAM_RSA_N, modulus, capacity, 0);
}

size_t test_sign(test_private_key *key, const uint8_t *bytes, size_t count, uint8_t *signature, size_t capacity) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t length = capacity;
    if (context == NULL || EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &length, bytes, count) != 1) {
        length = 0;
    }
    EVP_MD_CTX_free(context);
    if (length == 0 || !EVP_PKEY_is_a(key, "EC")) return length;
    const unsigned char *der = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)length);
    int is_written = pair != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
                     BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32;
    ECDSA_SIG_free(pair);
    return is_written ? 64 : 0;
}
