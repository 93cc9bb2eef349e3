#include "signatures.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

static EVP_PKEY *public_key(const char *type, OSSL_PARAM *parameters) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return key;
}

switchyard_public_key *switchyard_p256_key(const uint8_t x[32], const uint8_t y[32]) {
    unsigned char point[65] = {POINT_CONVERSION_UNCOMPRESSED};
    memcpy(point + 1, x, 32);
    memcpy(point + 33, y, 32);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = public_key("EC", parameters);
    EVP_PKEY_CTX *context = key == NULL ? NULL : EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (context == NULL || EVP_PKEY_public_check(context) != 1) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return key;
}

switchyard_public_key *switchyard_rsa_key(
    const uint8_t *modulus, size_t modulus_count, const uint8_t *exponent, size_t exponent_count) {
    if (modulus_count > 1024 || exponent_count > 8) return NULL;
    BIGNUM *n = BN_bin2bn(modulus, (int)modulus_count, NULL);
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_count, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    EVP_PKEY *key = NULL;
    if (n != NULL && e != NULL && builder != NULL && BN_num_bits(n) >= 2048 && BN_is_odd(n) && BN_is_odd(e) &&
        BN_num_bits(e) >= 2 && BN_num_bits(e) <= 33 && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) != NULL) {
        key = public_key("RSA", parameters);
    }
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    BN_free(e);
    BN_free(n);
    ERR_clear_error();
    return key;
}

void switchyard_release_key(switchyard_public_key *key) { EVP_PKEY_free(key); }

static int verify(EVP_PKEY *key, const uint8_t *signature, size_t signature_count, const uint8_t *bytes, size_t count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int is_valid = context != NULL && EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
                   EVP_DigestVerify(context, signature, signature_count, bytes, count) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return is_valid;
}

int switchyard_verify_es256(switchyard_public_key *key, const uint8_t signature[64], const uint8_t *bytes, size_t count) {
    if (!EVP_PKEY_is_a(key, "EC")) return 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL);
    BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(pair);
        return 0;
    }
    unsigned char *der = NULL;
    int der_count = i2d_ECDSA_SIG(pair, &der);
    int is_valid = der_count > 0 && verify(key, der, (size_t)der_count, bytes, count);
    OPENSSL_free(der);
    ECDSA_SIG_free(pair);
    return is_valid;
}

int switchyard_verify_rs256(
    switchyard_public_key *key, const uint8_t *signature, size_t signature_count, const uint8_t *bytes, size_t count) {
    /* The usual padding of an RSA key is PKCS #1 v1.5. */
    return EVP_PKEY_is_a(key, "RSA") && (size_t)EVP_PKEY_get_size(key) == signature_count &&
           verify(key, signature, signature_count, bytes, count);
}
