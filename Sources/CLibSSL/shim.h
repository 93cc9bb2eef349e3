#ifndef SWITCHYARD_CLIBSSL_SHIM_H
#define SWITCHYARD_CLIBSSL_SHIM_H

#include <openssl/err.h>
#include <openssl/ssl.h>

/* Much of libssl is macros, and so does not reach Swift. */

/* Chooses HTTP/1.1; a client that offers other protocols alone is refused (RFC 7301). */
static inline int switchyard_tls_choose_protocol(SSL *ssl, const unsigned char **chosen, unsigned char *count,
                                                 const unsigned char *offered, unsigned int offered_count, void *context) {
    static const unsigned char http[] = "\x08http/1.1";
    (void)ssl;
    (void)context;
    return SSL_select_next_proto((unsigned char **)chosen, count, http, sizeof http - 1, offered, offered_count)
            == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Otherwise libssl would ask for the password of a key on the terminal. */
static inline int switchyard_tls_no_password(char *buffer, int size, int is_writing, void *context) {
    (void)buffer;
    (void)size;
    (void)is_writing;
    (void)context;
    return -1;
}

/* A server's context: TLS 1.2 with forward secrecy or TLS 1.3, no renegotiation, no compression, no store of sessions. */
static inline SSL_CTX *switchyard_tls_new_context(void) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL) return NULL;
    if (!SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION)
        || !SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20")) {
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_passwd_cb(context, switchyard_tls_no_password);
    SSL_CTX_set_alpn_select_cb(context, switchyard_tls_choose_protocol, NULL);
    return context;
}

/* Whether a certificate with its chain, and its key, could be read, and belong together. */
static inline int switchyard_tls_load(SSL_CTX *context, const char *certificate, const char *key) {
    ERR_clear_error();
    return SSL_CTX_use_certificate_chain_file(context, certificate) == 1
        && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 && SSL_CTX_check_private_key(context) == 1;
}

/* Why the last call failed; NULL if libssl does not say. */
static inline const char *switchyard_tls_error(void) { return ERR_reason_error_string(ERR_peek_last_error()); }

/* The server's side of a connection, whose bytes come from memory and go to memory. */
static inline SSL *switchyard_tls_new(SSL_CTX *context) {
    SSL *ssl = SSL_new(context);
    BIO *input = BIO_new(BIO_s_mem());
    BIO *output = BIO_new(BIO_s_mem());
    if (ssl == NULL || input == NULL || output == NULL) {
        BIO_free(input);
        BIO_free(output);
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_bio(ssl, input, output);
    SSL_set_accept_state(ssl);
    return ssl;
}

static inline int switchyard_tls_is_established(const SSL *ssl) { return SSL_is_init_finished(ssl); }

#endif
