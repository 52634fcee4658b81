#include "api/http_tls_priv.h"

#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char http_tls_priorities[] =
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-DHE-DSS:%SERVER_PRECEDENCE";

struct pair {
	gnutls_pcert_st chain[TLS_CHAIN];
	unsigned n;
	gnutls_privkey_t key;
	int64_t until_s;
	struct pair *before; /* what it replaced */
	time_t retired_s;
};

static struct {
	_Atomic(struct pair *) now;
	pthread_mutex_t lock; /* of those before it */
} tls = { NULL, PTHREAD_MUTEX_INITIALIZER };

static void pair_free(struct pair *pair)
{
	for (unsigned i = 0; i < pair->n; i++)
		gnutls_pcert_deinit(&pair->chain[i]);
	if (pair->key)
		gnutls_privkey_deinit(pair->key);
	free(pair);
}

static int64_t until_of(gnutls_pcert_st *leaf)
{
	gnutls_x509_crt_t crt;
	time_t until;

	if (gnutls_pcert_export_x509(leaf, &crt))
		return 0;
	until = gnutls_x509_crt_get_expiration_time(crt);
	gnutls_x509_crt_deinit(crt);
	return until == (time_t)-1 ? 0 : (int64_t)until;
}

static gnutls_datum_t datum(struct str pem)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)pem.p, (unsigned)pem.n };
}

/* 0, or GnuTLS' number of what is wrong. */
static int read_pair(struct str chain, struct str key, struct pair *pair)
{
	gnutls_datum_t chain_pem = datum(chain), key_pem = datum(key);
	unsigned n = TLS_CHAIN;
	int failed = gnutls_pcert_list_import_x509_raw(
		pair->chain, &n, &chain_pem, GNUTLS_X509_FMT_PEM, 0);

	if (failed < 0)
		return failed;
	pair->n = n;
	failed = gnutls_privkey_init(&pair->key);
	if (!failed)
		failed = gnutls_privkey_import_x509_raw(
			pair->key, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	pair->until_s = until_of(&pair->chain[0]);
	return failed;
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* Frees what was replaced so long ago that no handshake is left of it. */
static void put(struct pair *pair)
{
	struct pair **place = &pair->before;
	time_t now = now_s();

	pthread_mutex_lock(&tls.lock);
	pair->before = atomic_load(&tls.now);
	if (pair->before)
		pair->before->retired_s = now;
	atomic_store(&tls.now, pair);
	while (*place && now - (*place)->retired_s < TLS_RETIRE_S)
		place = &(*place)->before;
	while (*place) {
		struct pair *old = *place;

		*place = old->before;
		pair_free(old);
	}
	pthread_mutex_unlock(&tls.lock);
}

enum err http_tls_use(struct str chain, struct str key, struct buf *problem)
{
	struct pair *pair = calloc(1, sizeof *pair);
	int failed;

	if (!pair)
		abort();
	failed = read_pair(chain, key, pair);
	if (failed < 0) {
		buf_printf(
			problem, "certificate or key cannot be read: %s", gnutls_strerror(failed));
		pair_free(pair);
		return ERR_SYNTAX;
	}
	put(pair);
	return ERR_OK;
}

int http_tls_choose(gnutls_session_t session, const gnutls_datum_t *authorities, int n_authorities,
	const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **ret_chain,
	unsigned *ret_n, gnutls_privkey_t *ret_key)
{
	struct pair *pair = atomic_load(&tls.now);

	(void)session;
	(void)authorities;
	(void)n_authorities;
	(void)algorithms;
	(void)n_algorithms;
	if (!pair)
		return -1;
	*ret_chain = pair->chain;
	*ret_n = pair->n;
	*ret_key = pair->key;
	return 0;
}

int64_t http_tls_until_s(void)
{
	const struct pair *pair = atomic_load(&tls.now);

	return pair ? pair->until_s : 0;
}
