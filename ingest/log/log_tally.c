#define _GNU_SOURCE
#include "ingest/log/log_tally.h"

#include "core/arena.h"
#include "core/limits.h"
#include "core/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROWS = 1024, CAMPAIGN_BYTES = 256 };

struct log_tally {
	struct arena *texts;
	size_t n, cap;  /* of rows; there are twice as many slots */
	uint32_t *slot; /* of a row and 1; 0: free */
	uint32_t *hash;
	struct log_tally_row *row;
};

static void *grow(void *p, size_t n, size_t bytes)
{
	p = reallocarray(p, n, bytes);
	if (!p)
		abort();
	return p;
}

static void put_slot(struct log_tally *tally, uint32_t number)
{
	uint32_t hash = tally->hash[number - 1], at = hash ^ hash >> 16;

	while (tally->slot[at % (2 * tally->cap)])
		at++;
	tally->slot[at % (2 * tally->cap)] = number;
}

static void make_room(struct log_tally *tally)
{
	if (tally->n < tally->cap)
		return;
	tally->cap = tally->cap ? 2 * tally->cap : FIRST_ROWS;
	tally->row = grow(tally->row, tally->cap, sizeof *tally->row);
	tally->hash = grow(tally->hash, tally->cap, sizeof *tally->hash);
	tally->slot = grow(tally->slot, 2 * tally->cap, sizeof *tally->slot);
	memset(tally->slot, 0, 2 * tally->cap * sizeof *tally->slot);
	for (uint32_t i = 1; i <= tally->n; i++)
		put_slot(tally, i);
}

struct log_tally *log_tally_new(void)
{
	struct log_tally *tally = calloc(1, sizeof *tally);

	if (!tally)
		abort();
	tally->texts = arena_new();
	return tally;
}

void log_tally_free(struct log_tally *tally)
{
	if (!tally)
		return;
	arena_free(tally->texts);
	free(tally->slot);
	free(tally->hash);
	free(tally->row);
	free(tally);
}

static bool domain_byte(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || (unsigned char)c >= 0x80 || c == '-' ||
	       c == '.' || c == '_';
}

bool log_domain(struct str domain, char room[static LOG_DOMAIN_ROOM], struct str *ret_domain)
{
	bool literal = domain.n > 2 && domain.p[0] == '[' && domain.p[domain.n - 1] == ']';

	if (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	if (!domain.n || domain.n > LIMIT_DOMAIN_BYTES || domain.p[0] == '.' || !utf8_valid(domain))
		return false;
	for (size_t i = 0; i < domain.n; i++) {
		if (!domain_byte(domain.p[i]) && !(literal && memchr("[]:", domain.p[i], 3)))
			return false;
		room[i] = ascii_lower(domain.p[i]);
	}
	*ret_domain = str_from(room, domain.n);
	return true;
}

static uint32_t mix(uint32_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * 16777619u;
	return hash * 31 + 7;
}

static bool is_row(const struct log_tally_row *row, const struct log_tally_row *key)
{
	return row->at_us == key->at_us && str_eq(row->domain, key->domain) &&
	       str_eq(row->stream, key->stream) && str_eq(row->campaign, key->campaign);
}

static struct log_tally_row *take_row(struct log_tally *tally, const struct log_tally_row *key)
{
	uint32_t hash = mix(
		mix(mix((uint32_t)(key->at_us / TIMESTAMP_MINUTE_US), key->domain), key->stream),
		key->campaign);
	uint32_t at = hash ^ hash >> 16;
	struct log_tally_row *row;

	make_room(tally);
	for (uint32_t number; (number = tally->slot[at % (2 * tally->cap)]); at++)
		if (tally->hash[number - 1] == hash && is_row(&tally->row[number - 1], key))
			return &tally->row[number - 1];
	row = &tally->row[tally->n];
	tally->hash[tally->n] = hash;
	tally->slot[at % (2 * tally->cap)] = (uint32_t)++tally->n;
	*row = (struct log_tally_row){ .at_us = key->at_us,
		.stream = arena_dup(tally->texts, key->stream),
		.campaign = arena_dup(tally->texts, key->campaign),
		.domain = arena_dup(tally->texts, key->domain) };
	return row;
}

void log_tally_add(struct log_tally *tally, const struct delivery *delivery, struct str stream,
	struct str domain)
{
	struct log_tally_row key = { .at_us = timestamp_floor(
					     delivery->at_us, 15 * TIMESTAMP_MINUTE_US),
		.stream = stream,
		.campaign = utf8_head(delivery->campaign, CAMPAIGN_BYTES),
		.domain = domain };
	struct log_tally_row *row;

	if (delivery->again)
		return;
	if (!utf8_valid(key.campaign))
		key.campaign = STR_EMPTY;
	row = take_row(tally, &key);
	if (delivery->counted) {
		row->attempted += delivery->attempted;
		row->accepted += delivery->accepted;
		row->deferred += delivery->deferred;
		return;
	}
	row->attempted += delivery->outcome != DELIVERY_DEFERRED;
	row->accepted += delivery->outcome == DELIVERY_ACCEPTED;
	row->deferred += delivery->outcome == DELIVERY_DEFERRED;
}

bool log_tally_full(const struct log_tally *tally)
{
	return tally->n >= LIMIT_VOLUME_ROWS;
}

const struct log_tally_row *log_tally_rows(const struct log_tally *tally, size_t *ret_n)
{
	*ret_n = tally->n;
	return tally->row;
}

void log_tally_reset(struct log_tally *tally)
{
	if (!tally->n)
		return;
	arena_reset(tally->texts);
	tally->n = 0;
	if (tally->cap > 8 * LIMIT_VOLUME_ROWS) { /* what one hostile line made is not kept */
		free(tally->slot);
		free(tally->hash);
		free(tally->row);
		tally->slot = tally->hash = NULL;
		tally->row = NULL;
		tally->cap = 0;
		return;
	}
	memset(tally->slot, 0, 2 * tally->cap * sizeof *tally->slot);
}
