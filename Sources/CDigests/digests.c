#include "digests.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>

/* Algorithms are looked up by name, which takes longer than a digest, so once; and each thread keeps its context. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static EVP_MD *sha1;
static pthread_key_t contexts;
static int is_ready;

static void free_context(void *context) { EVP_MD_CTX_free(context); }

static void prepare(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    is_ready = sha256 != NULL && sha1 != NULL && pthread_key_create(&contexts, free_context) == 0;
}

static EVP_MD_CTX *context(void) {
    pthread_once(&once, prepare);
    if (!is_ready) return NULL;
    EVP_MD_CTX *own = pthread_getspecific(contexts);
    if (own != NULL) return own;
    own = EVP_MD_CTX_new();
    if (own != NULL && pthread_setspecific(contexts, own) != 0) {
        EVP_MD_CTX_free(own);
        return NULL;
    }
    return own;
}

int switchyard_sha256(const void *first, size_t first_count, const void *second, size_t second_count, uint8_t digest[32]) {
    EVP_MD_CTX *own = context();
    return own != NULL && EVP_DigestInit_ex2(own, sha256, NULL) && EVP_DigestUpdate(own, first, first_count) &&
           EVP_DigestUpdate(own, second, second_count) && EVP_DigestFinal_ex(own, digest, NULL);
}

int switchyard_sha1(const void *bytes, size_t count, uint8_t digest[20]) {
    EVP_MD_CTX *own = context();
    return own != NULL && EVP_DigestInit_ex2(own, sha1, NULL) && EVP_DigestUpdate(own, bytes, count) &&
           EVP_DigestFinal_ex(own, digest, NULL);
}

int switchyard_hmac_sha256(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t code[32]) {
    return context() != NULL && key_count <= INT_MAX &&
           HMAC(sha256, key_count > 0 ? key : "", (int)key_count, bytes, count, code, NULL) != NULL;
}

int switchyard_hmac_sha1(const void *key, size_t key_count, const void *bytes, size_t count, uint8_t code[20]) {
    return context() != NULL && key_count <= INT_MAX &&
           HMAC(sha1, key_count > 0 ? key : "", (int)key_count, bytes, count, code, NULL) != NULL;
}

int switchyard_scrypt(const void *password, size_t password_count, const void *salt, size_t salt_count, uint64_t cost,
                      uint64_t block_size, uint64_t parallelization, uint64_t memory, uint8_t *derived, size_t derived_count) {
    /* libcrypto takes a missing password for a question about the parameters. */
    return EVP_PBE_scrypt(password_count > 0 ? password : "", password_count, salt_count > 0 ? salt : (const void *)"", salt_count, cost,
                          block_size, parallelization, memory, derived, derived_count) == 1;
}

int switchyard_random(uint8_t *bytes, size_t count) { return count <= INT_MAX && RAND_bytes(bytes, (int)count) == 1; }

int switchyard_equal(const void *left, const void *right, size_t count) { return CRYPTO_memcmp(left, right, count) == 0; }
