#ifndef SWITCHYARD_CLIBCURL_SHIM_H
#define SWITCHYARD_CLIBCURL_SHIM_H

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

/* libcurl's setters take a variable number of arguments, and so do not reach Swift: one function for each kind of value. */
static inline CURLcode switchyard_curl_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode switchyard_curl_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode switchyard_curl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

/* Constants that are enumerations in older releases of libcurl, and numbers in newer ones. */
static const long switchyard_curl_tls_1_2 = CURL_SSLVERSION_TLSv1_2;
static const long switchyard_curl_starttls_if_offered = CURLUSESSL_TRY;
static const long switchyard_curl_starttls = CURLUSESSL_ALL;
static const long switchyard_curl_http = CURLPROTO_HTTP | CURLPROTO_HTTPS;
static const long switchyard_curl_smtp = CURLPROTO_SMTP | CURLPROTO_SMTPS;

/* Called with bytes that arrive or that are wanted; the last argument is the pointer that was set with the callback. */
typedef size_t (*switchyard_curl_bytes)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode switchyard_curl_on_body(CURL *easy, switchyard_curl_bytes callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, context);
}

static inline CURLcode switchyard_curl_on_upload(CURL *easy, switchyard_curl_bytes callback, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_READFUNCTION, callback);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_READDATA, context);
}

/* Has libcurl copy a request body of `count` bytes. */
static inline CURLcode switchyard_curl_set_body(CURL *easy, const void *bytes, size_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)count);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, bytes);
}

/* Makes the socket for an address; it is closed in child processes, such as the embedded PostgreSQL. */
static inline curl_socket_t switchyard_curl_new_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* The socket address, which may be longer than its type. */
static inline const void *switchyard_curl_address(const struct curl_sockaddr *address) { return &address->addr; }

/* Called with the address of a connection, new or kept, before a request goes over it; returns one of the two constants. */
typedef int (*switchyard_curl_use_connection)(void *context, char *address, char *local, int port, int local_port);
static const int switchyard_curl_use = 0;
static const int switchyard_curl_refuse = 1;

/* Has `open` make each socket, and `use` called before each request. libcurl before 7.80 cannot do the second: there a
   request gets a connection of its own. */
static inline CURLcode switchyard_curl_guard_connections(
    CURL *easy, curl_opensocket_callback open, switchyard_curl_use_connection use, void *context) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, context);
#if LIBCURL_VERSION_NUM >= 0x075000
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, use);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_PREREQDATA, context);
#else
    (void)use;
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
#endif
}

/* Allows the schemes `names` (separated by commas) and no others; libcurl before 7.85 takes them as bits. */
static inline CURLcode switchyard_curl_allow_schemes(CURL *easy, const char *names, long bits) {
#if LIBCURL_VERSION_NUM >= 0x075500
    (void)bits;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, names);
#else
    (void)names;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, bits);
#endif
}

/* Called with each socket that libcurl waits for, and what for. */
static inline CURLMcode switchyard_curl_on_socket(CURLM *multi, curl_socket_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, callback);
    return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}

/* Called with the milliseconds after which libcurl wants to be called without an event; -1: not at all. */
static inline CURLMcode switchyard_curl_on_timer(CURLM *multi, curl_multi_timer_callback callback, void *context) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, callback);
    return code != CURLM_OK ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

static inline CURLMcode switchyard_curl_keep_connections(CURLM *multi, long count) {
    return curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, count);
}

static inline CURLcode switchyard_curl_response_code(CURL *easy, long *code) {
    return curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, code);
}

#endif
