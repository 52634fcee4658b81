#define _GNU_SOURCE
#include "ingest/smtp/smtp_tls.h"

#include "core/buf.h"
#include "core/limits.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CIPHER_NAMES_BYTES = 16 << 10 };

struct smtp_tls {
	SSL_CTX *context;
};

/* A passphrase would be asked for on a terminal that nobody sits at. */
static int no_passphrase(char *room, int bytes, int writing, void *argument)
{
	(void)room;
	(void)bytes;
	(void)writing;
	(void)argument;
	return -1;
}

static void say_trouble(char trouble[static SMTP_TLS_TROUBLE_BYTES], const char *what)
{
	unsigned long number = ERR_peek_last_error();
	const char *reason = number ? ERR_reason_error_string(number) : NULL;

	snprintf(trouble, SMTP_TLS_TROUBLE_BYTES, "%s%s%s", what, reason ? ": " : "",
		reason ? reason : "");
	ERR_clear_error();
}

static bool use_chain(SSL_CTX *context, struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, no_passphrase, NULL) : NULL, *next;
	bool good = leaf && SSL_CTX_use_certificate(context, leaf) == 1;

	while (good && (next = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL))) {
		good = SSL_CTX_add0_chain_cert(context, next) == 1;
		if (!good)
			X509_free(next);
	}
	/* The end of the text is an error to OpenSSL; anything else is one to us. */
	if (good && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		good = false;
	if (good)
		ERR_clear_error();
	X509_free(leaf);
	BIO_free(bio);
	return good;
}

static enum err use_key(
	SSL_CTX *context, struct str pem, char trouble[static SMTP_TLS_TROUBLE_BYTES])
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;
	enum err err = ERR_OK;

	if (!key) {
		err = ERR_SYNTAX;
		say_trouble(trouble, "the key cannot be read");
	} else if (SSL_CTX_use_PrivateKey(context, key) != 1 ||
		   SSL_CTX_check_private_key(context) != 1) {
		err = ERR_CONFLICT;
		say_trouble(trouble, "the key does not belong to the certificate");
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	return err;
}

/* Elliptic curves alone. A peer may ask for a finite field of 8192 bits, which costs us 7 ms a step in the loop that
 * all sessions share, and the peer nothing: it need not compute its own key share. The first name is newer than some
 * OpenSSL that we are built with. */
static void choose_groups(SSL_CTX *context)
{
	char newest[] = "X25519MLKEM768:X25519:P-256:P-384:P-521";
	char *known = newest + sizeof "X25519MLKEM768";

	if (SSL_CTX_set1_groups_list(context, newest) != 1 &&
		SSL_CTX_set1_groups_list(context, known) != 1)
		abort(); /* out of memory */
}

/* A session whose secret went under the certificate's key can be read by whoever gets that key later: RFC 9325 4.1
 * has such suites not negotiated. */
static void leave_out_key_transport(SSL_CTX *context)
{
	STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(context);
	struct buf names = BUF_INIT(CIPHER_NAMES_BYTES);

	for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++) {
		const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(ciphers, i);

		if (SSL_CIPHER_get_kx_nid(cipher) != NID_kx_rsa)
			buf_printf(&names, "%s:", SSL_CIPHER_get_name(cipher));
	}
	buf_putc(&names, '\0');
	/* Those of TLS 1.3 are not concerned, and stay where no other is left. */
	if (!buf_check(&names) && SSL_CTX_set_cipher_list(context, names.p) != 1)
		ERR_clear_error();
	buf_release(&names);
}

static SSL_CTX *make_context(void)
{
	static const unsigned char session_context[] = "bounced";
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	if (!context || SSL_CTX_set_session_id_context(
				context, session_context, sizeof session_context - 1) != 1)
		abort(); /* out of memory */
	/* Tickets need no memory of ours, a cache does. Renegotiation is a way to make us work. */
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(context,
		SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	/* A FIN without close_notify is an end like any other: a command, a dot and a chunk have ends of their own, so that
	 * nothing that was cut is taken for whole, and the peer may still listen. */
	SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	choose_groups(context);
	/* What the operator's own configuration says to all programs stands above that. */
	SSL_CTX_config(context, "system_default");
	if (SSL_CTX_get_min_proto_version(context) < TLS1_2_VERSION)
		SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	leave_out_key_transport(context);
	ERR_clear_error();
	return context;
}

void smtp_tls_prepare(void)
{
	SSL_CTX_free(make_context());
}

enum err smtp_tls_new(struct str chain_pem, struct str key_pem,
	char trouble[static SMTP_TLS_TROUBLE_BYTES], struct smtp_tls **ret_tls)
{
	SSL_CTX *context = make_context();
	struct smtp_tls *tls;
	enum err err = ERR_OK;

	ERR_clear_error();
	if (!use_chain(context, chain_pem)) {
		say_trouble(trouble, "the certificate cannot be read");
		err = ERR_SYNTAX;
	} else {
		err = use_key(context, key_pem, trouble);
	}
	if (err) {
		SSL_CTX_free(context);
		return err;
	}
	tls = malloc(sizeof *tls);
	if (!tls)
		abort();
	tls->context = context;
	*ret_tls = tls;
	return ERR_OK;
}

/* Behind it a NUL; -1: too long, or not to be read. */
static ssize_t read_file(int fd, char *room)
{
	size_t n = 0;

	while (n < LIMIT_PEM_BYTES) {
		ssize_t got = pread(fd, room + n, LIMIT_PEM_BYTES - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (!got)
			return (ssize_t)n;
		n += (size_t)got;
	}
	errno = EFBIG;
	return -1;
}

enum err smtp_tls_load(int chain_fd, int key_fd, char trouble[static SMTP_TLS_TROUBLE_BYTES],
	struct smtp_tls **ret_tls)
{
	char *chain = malloc(LIMIT_PEM_BYTES), *key = malloc(LIMIT_PEM_BYTES);
	ssize_t n_chain, n_key = -1;
	enum err err = ERR_IO;

	if (!chain || !key)
		abort();
	n_chain = read_file(chain_fd, chain);
	if (n_chain >= 0)
		n_key = read_file(key_fd, key);
	if (n_key < 0)
		snprintf(trouble, SMTP_TLS_TROUBLE_BYTES, "the %s cannot be read: %s",
			n_chain < 0 ? "certificate" : "key", strerror(errno));
	else
		err = smtp_tls_new(str_from(chain, (size_t)n_chain), str_from(key, (size_t)n_key),
			trouble, ret_tls);
	explicit_bzero(key, n_key > 0 ? (size_t)n_key : 0);
	free(chain);
	free(key);
	return err;
}

void smtp_tls_free(struct smtp_tls *tls)
{
	if (!tls)
		return;
	SSL_CTX_free(tls->context);
	free(tls);
}

int64_t smtp_tls_until_s(const struct smtp_tls *tls)
{
	const X509 *leaf = SSL_CTX_get0_certificate(tls->context);
	struct tm ends;

	if (!leaf || ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &ends) != 1)
		return 0;
	return (int64_t)timegm(&ends);
}

struct ssl_st *smtp_tls_accept(struct smtp_tls *tls)
{
	SSL *ssl = SSL_new(tls->context);

	if (!ssl)
		abort(); /* out of memory */
	return ssl;
}

struct str smtp_tls_describe(const struct ssl_st *ssl, char room[static SMTP_TLS_TEXT_BYTES])
{
	snprintf(
		room, SMTP_TLS_TEXT_BYTES, "%s %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
	return str_c(room);
}

void smtp_tls_bye(struct ssl_st *ssl)
{
	ERR_clear_error();
	SSL_shutdown(ssl);
	ERR_clear_error();
}

struct str smtp_tls_error(unsigned long number)
{
	const char *reason = number ? ERR_reason_error_string(number) : NULL;

	return reason ? str_c(reason) : STR("connection lost");
}
