// SPDX-License-Identifier: Apache-2.0
//
// TLS over a socket that does not block. A session reads and writes like recv and send: bytes,
// 0 at the end, -1 with errno (EAGAIN: later). Without TLS the session is NULL and the two calls
// are recv and send.
#ifndef MOCKLLM_TLS_H
#define MOCKLLM_TLS_H

#include <sys/types.h>

#include "bytes.h"

typedef struct Tls Tls;
typedef struct TlsSession TlsSession;

// From PEM files, or with both "" a key and certificate made on the spot, for a name that is not
// this host's and signed by nobody. NULL: a line on standard error says why.
Tls *tls_open(const char *certificate, const char *key);
void tls_close(Tls *tls);

TlsSession *tls_accept(Tls *tls, int fd);
void tls_end(TlsSession *session);  // NULL is fine
ssize_t tls_read(TlsSession *session, int fd, char *out, size_t room);
ssize_t tls_write(TlsSession *session, int fd, Str bytes);

#endif
