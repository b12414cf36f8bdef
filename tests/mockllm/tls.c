// SPDX-License-Identifier: Apache-2.0
#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/socket.h>

struct Tls {
    SSL_CTX *context;
};

struct TlsSession {
    SSL *ssl;
};

static X509 *self_signed(EVP_PKEY *key) {
    X509 *certificate = X509_new();
    if (!certificate) return NULL;
    X509_NAME *name = X509_get_subject_name(certificate);
    bool ok = X509_set_version(certificate, 2) && ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
              X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) &&
              X509_gmtime_adj(X509_getm_notAfter(certificate), 86400L * 365) &&
              X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"elsewhere.invalid", -1, -1, 0) &&
              X509_set_issuer_name(certificate, name) && X509_set_pubkey(certificate, key) &&
              X509_sign(certificate, key, EVP_sha256());
    if (ok) return certificate;
    X509_free(certificate);
    return NULL;
}

static bool use_self_signed(SSL_CTX *context) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = key ? self_signed(key) : NULL;
    bool ok = certificate && SSL_CTX_use_certificate(context, certificate) == 1 && SSL_CTX_use_PrivateKey(context, key) == 1;
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

Tls *tls_open(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    bool ok = context != NULL;
    if (ok && *certificate)
        ok = SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
    else if (ok) ok = use_self_signed(context);
    if (!ok) {
        fprintf(stderr, "mockllm: TLS: %s\n", ERR_reason_error_string(ERR_get_error()));
        SSL_CTX_free(context);
        return NULL;
    }
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    Tls *tls = mem_zeroed(1, sizeof *tls);
    tls->context = context;
    return tls;
}

void tls_close(Tls *tls) {
    if (!tls) return;
    SSL_CTX_free(tls->context);
    free(tls);
}

TlsSession *tls_accept(Tls *tls, int fd) {
    TlsSession *session = mem_zeroed(1, sizeof *session);
    session->ssl = SSL_new(tls->context);
    if (session->ssl) {
        SSL_set_fd(session->ssl, fd);
        SSL_set_accept_state(session->ssl);
    }
    return session;
}

void tls_end(TlsSession *session) {
    if (!session) return;
    SSL_free(session->ssl);
    free(session);
}

// The result of an SSL call in the words of recv and send.
static ssize_t plain_result(SSL *ssl, int result) {
    int error = SSL_get_error(ssl, result);
    ERR_clear_error();
    if (error == SSL_ERROR_ZERO_RETURN) return 0;
    errno = error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? EAGAIN : ECONNRESET;
    return -1;
}

static int bounded(size_t n) { return n < (1 << 30) ? (int)n : 1 << 30; }

ssize_t tls_read(TlsSession *session, int fd, char *out, size_t room) {
    if (!session) return recv(fd, out, room, 0);
    if (!session->ssl) return 0;
    int n = SSL_read(session->ssl, out, bounded(room));
    return n > 0 ? n : plain_result(session->ssl, n);
}

ssize_t tls_write(TlsSession *session, int fd, Str bytes) {
    if (!session) return send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
    int n = session->ssl ? SSL_write(session->ssl, bytes.ptr, bounded(bytes.len)) : 0;
    if (n > 0) return n;
    if (session->ssl && plain_result(session->ssl, n) < 0) return -1;
    errno = ECONNRESET;
    return -1;
}
