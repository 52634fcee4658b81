#include "core/utf8.h"
#include "suppress/list/list_json_reader_priv.h"

#include <stdlib.h>
#include <string.h>

enum json_state {
	JSON_VALUE, /* a value is to come */
	JSON_FIRST, /* a value or the end of an array, behind its bracket */
	JSON_KEY,   /* a key, or behind the bracket the end of an object */
	JSON_COLON,
	JSON_BEHIND, /* a comma or the end of what is open */
	JSON_STRING,
	JSON_ESCAPE,
	JSON_HEX,
	JSON_WORD, /* a number, true, false, null */
	JSON_SKIP, /* to the end of the line, behind what was no JSON */
};

/* What is open. */
struct level {
	bool object, found; /* an address stood in it, or in what it held */
	bool wanted;        /* an array whose texts are addresses */
	bool holds;         /* something was opened in it */
	uint64_t line;
	struct list_facts facts;
	struct arena *arena; /* of facts */
};

struct list_json {
	const struct list_sink *sink;
	enum json_state state;
	bool after_comma, key_string, stopped, long_text;
	struct level levels[LIST_JSON_DEPTH];
	size_t depth;
	char role, text[LIST_JSON_TEXT_BYTES];
	size_t n;
	bool key_wanted; /* the key before named an array of addresses */
	unsigned long hex, surrogate;
	unsigned hex_digits;
	uint64_t line;
	struct arena *arena; /* of one entry */
};

/* Keys, by the letters of list_source.def. */
static const struct {
	struct str key;
	char role;
} list_keys[] = {
	{ STR_INIT("address"), 'a' },
	{ STR_INIT("email"), 'a' },
	{ STR_INIT("EmailAddress"), 'a' },
	{ STR_INIT("recipient"), 'a' },
	{ STR_INIT("error"), 'd' },
	{ STR_INIT("diagnostic"), 'd' },
	{ STR_INIT("description"), 'd' },
	{ STR_INIT("reason"), 'R' },
	{ STR_INIT("SuppressionReason"), 'w' },
	{ STR_INIT("source"), 'w' },
	{ STR_INIT("status"), 's' },
	{ STR_INIT("code"), 'c' },
	{ STR_INIT("created"), 't' },
	{ STR_INIT("created_at"), 't' },
	{ STR_INIT("CreatedAt"), 't' },
	{ STR_INIT("LastUpdateTime"), 't' },
	{ STR_INIT("first_seen"), 'f' },
	{ STR_INIT("last_seen"), 'l' },
	{ STR_INIT("expires_at"), 'x' },
	{ STR_INIT("scope"), 'o' },
	{ STR_INIT("state"), 'z' },
	{ STR_INIT("count"), 'n' },
};

struct list_json *list_json_new(const struct list_sink *sink)
{
	struct list_json *json = calloc(1, sizeof *json);

	if (!json)
		abort();
	json->sink = sink;
	json->state = JSON_BEHIND;
	json->arena = arena_new();
	return json;
}

void list_json_free(struct list_json *json)
{
	if (!json)
		return;
	for (size_t i = 0; i < LIST_JSON_DEPTH; i++)
		arena_free(json->levels[i].arena);
	arena_free(json->arena);
	free(json);
}

static void fail(struct list_json *json, enum list_flaw flaw)
{
	json->sink->flaw(json->sink->context, json->line, flaw);
	json->state = JSON_SKIP;
	json->depth = 0;
}

/* ---- what is found ---- */

static struct level *top(struct list_json *json)
{
	return json->depth ? &json->levels[json->depth - 1] : NULL;
}

static void found(struct list_json *json, const struct list_facts *facts, uint64_t line)
{
	struct list_entry entry = { .line = line };
	enum list_flaw flaw = list_entry_make(json->arena, facts, &entry);

	if (flaw)
		json->sink->flaw(json->sink->context, line, flaw);
	else
		json->stopped = !json->sink->entry(json->sink->context, &entry);
	for (size_t i = 0; i < json->depth; i++)
		json->levels[i].found = true;
	arena_reset(json->arena);
}

/* A text or number in an object. "reason" is a word of the service, a name of ours, or what a server said. */
static void take_member(struct list_json *json, struct level *level, struct str value)
{
	enum reason reason;

	value = arena_dup(level->arena, value);
	if (json->role != 'R') {
		list_facts_set(&level->facts, json->role, value);
		return;
	}
	list_facts_set(&level->facts, reason_from_name(value, &reason) ? 'r' : 'w', value);
	if (str_chr(value, ' ') != STR_NPOS)
		list_facts_set(&level->facts, 'd', value);
}

static void take_value(struct list_json *json, bool is_string)
{
	struct str value = str_from(json->text, json->n);
	struct level *level = top(json);

	json->state = JSON_BEHIND;
	if (!level)
		return;
	if (json->long_text && (json->role == 'a' || level->wanted)) {
		level->found = true;
		json->sink->flaw(json->sink->context, json->line, LINE_LONG);
	} else if (level->object && json->role == '@' && is_string) {
		list_facts_set(&level->facts, 'd', arena_dup(level->arena, value));
		found(json, &level->facts, json->line);
		level->facts = (struct list_facts){ 0 };
	} else if (level->object && json->role && json->role != '@') {
		take_member(json, level, value);
	} else if (!level->object && level->wanted && is_string) {
		found(json, &(struct list_facts){ .address = value }, json->line);
	}
}

/* The key of a member: a role, an array of addresses, or an address itself, in a map from them. */
static void take_key(struct list_json *json)
{
	struct str key = str_from(json->text, json->n);
	struct level *level = top(json);

	json->state = JSON_COLON;
	json->role = 0;
	json->key_wanted = str_eq(key, STR("recipient_emails"));
	for (size_t i = 0; i < ARRAY_LEN(list_keys); i++)
		if (str_ieq(key, list_keys[i].key))
			json->role = list_keys[i].role;
	if (json->role || json->depth != 1 || str_chr(key, '@') == STR_NPOS)
		return;
	json->role = '@';
	arena_reset(level->arena);
	level->facts = (struct list_facts){ .address = arena_dup(level->arena, key) };
}

/* ---- brackets ---- */

static void open_level(struct list_json *json, bool object)
{
	struct level *level = top(json);
	bool wanted = !object && (json->depth ? level->object && json->key_wanted : true);

	if (json->depth == LIST_JSON_DEPTH) {
		fail(json, LINE_JSON);
		return;
	}
	if (level)
		level->holds = true;
	level = &json->levels[json->depth++];
	if (!level->arena)
		level->arena = arena_new();
	arena_reset(level->arena);
	*level = (struct level){
		.object = object, .wanted = wanted, .line = json->line, .arena = level->arena
	};
	json->role = 0;
	json->key_wanted = false;
	json->after_comma = false;
	json->state = object ? JSON_KEY : JSON_FIRST;
}

static void close_level(struct list_json *json, bool object)
{
	struct level *level = top(json);
	bool listed =
		json->depth == 1 || (json->depth > 1 && !json->levels[json->depth - 2].object);

	if (!level || level->object != object) {
		fail(json, LINE_JSON);
		return;
	}
	json->state = JSON_BEHIND;
	if (object && level->facts.address.n)
		found(json, &level->facts, level->line);
	else if (object && listed && !level->found && !level->holds)
		json->sink->flaw(json->sink->context, level->line, LINE_EMPTY);
	json->depth--;
	json->after_comma = false;
}

/* ---- octets ---- */

static void put(struct list_json *json, struct str octets)
{
	if (octets.n > sizeof json->text - json->n) {
		json->long_text = true;
		return;
	}
	memcpy(json->text + json->n, octets.p, octets.n);
	json->n += octets.n;
}

static void start_text(struct list_json *json, enum json_state state)
{
	json->n = 0;
	json->long_text = false;
	json->surrogate = 0;
	json->state = state;
}

static void put_code_point(struct list_json *json, unsigned long code)
{
	char room[4];
	size_t n;

	if (code >= 0xdc00 && code <= 0xdfff && json->surrogate)
		code = 0x10000 + ((json->surrogate - 0xd800) << 10) + (code - 0xdc00);
	json->surrogate = 0;
	if (code >= 0xd800 && code <= 0xdbff) {
		json->surrogate = code;
		return;
	}
	if (!code) {
		put(json, str_from("", 1));
		return;
	}
	n = utf8_put(code >= 0xdc00 && code <= 0xdfff ? 0xfffd : code, room);
	put(json, str_from(room, n));
}

static void in_string(struct list_json *json, char c)
{
	if (c == '\\') {
		json->state = JSON_ESCAPE;
	} else if (c == '"' && json->key_string) {
		take_key(json);
	} else if (c == '"') {
		take_value(json, true);
	} else if ((unsigned char)c < ' ') {
		fail(json, c ? LINE_JSON : LINE_NUL);
	} else {
		put(json, str_from(&c, 1));
	}
}

static void in_escape(struct list_json *json, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t i = c ? str_chr(STR(from), c) : STR_NPOS;

	json->state = JSON_STRING;
	if (c == 'u') {
		json->state = JSON_HEX;
		json->hex = json->hex_digits = 0;
	} else if (i == STR_NPOS) {
		fail(json, LINE_JSON);
	} else {
		put(json, str_from(&to[i], 1));
	}
}

static void in_hex(struct list_json *json, char c)
{
	unsigned digit;

	c = ascii_lower(c);
	if (ascii_digit(c))
		digit = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		digit = (unsigned)(c - 'a') + 10;
	else {
		fail(json, LINE_JSON);
		return;
	}
	json->hex = json->hex * 16 + digit;
	if (++json->hex_digits < 4)
		return;
	json->state = JSON_STRING;
	put_code_point(json, json->hex);
}

static bool is_word(struct str word)
{
	return str_eq(word, STR("true")) || str_eq(word, STR("false")) || str_eq(word, STR("null"));
}

static bool is_number(struct str word)
{
	return word.n && str_span(word, "+-0123456789.eE") == word.n &&
	       str_span(str_head(word, 1), "-0123456789");
}

static bool in_word(struct list_json *json, char c)
{
	struct str word = str_from(json->text, json->n);

	if (ascii_alpha(c) || ascii_digit(c) || c == '+' || c == '-' || c == '.') {
		put(json, str_from(&c, 1));
		return true;
	}
	if (json->long_text || (!is_word(word) && !is_number(word))) {
		fail(json, LINE_JSON);
		return false;
	}
	if (is_word(word))
		json->n = 0;
	take_value(json, false);
	return false;
}

static void start_value(struct list_json *json, char c)
{
	if (c == '{' || c == '[') {
		open_level(json, c == '{');
	} else if (c == '"') {
		json->key_string = false;
		start_text(json, JSON_STRING);
	} else if (json->depth && (ascii_alpha(c) || ascii_digit(c) || c == '-')) {
		start_text(json, JSON_WORD);
		put(json, str_from(&c, 1));
	} else {
		fail(json, c ? LINE_JSON : LINE_NUL);
	}
}

static void behind_value(struct list_json *json, char c)
{
	struct level *level = top(json);

	if (!level) {
		start_value(json, c); /* the next document */
	} else if (c == ',') {
		json->after_comma = true;
		json->role = 0;
		json->state = level->object ? JSON_KEY : JSON_VALUE;
	} else if (c == '}' || c == ']') {
		close_level(json, c == '}');
	} else {
		fail(json, c ? LINE_JSON : LINE_NUL);
	}
}

static void at_key(struct list_json *json, char c)
{
	if (c == '"') {
		json->key_string = true;
		start_text(json, JSON_STRING);
	} else if (c == '}' && !json->after_comma) {
		close_level(json, true);
	} else {
		fail(json, c ? LINE_JSON : LINE_NUL);
	}
}

static void between(struct list_json *json, char c)
{
	if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
		return;
	switch (json->state) {
	case JSON_FIRST:
		if (c == ']')
			close_level(json, false);
		else
			start_value(json, c);
		break;
	case JSON_VALUE:
		start_value(json, c);
		break;
	case JSON_KEY:
		at_key(json, c);
		break;
	case JSON_COLON:
		json->state = JSON_VALUE;
		if (c != ':')
			fail(json, c ? LINE_JSON : LINE_NUL);
		break;
	default:
		behind_value(json, c);
	}
}

static void step(struct list_json *json, char c)
{
	switch (json->state) {
	case JSON_STRING:
		in_string(json, c);
		break;
	case JSON_ESCAPE:
		in_escape(json, c);
		break;
	case JSON_HEX:
		in_hex(json, c);
		break;
	case JSON_WORD:
		if (!in_word(json, c) && json->state != JSON_SKIP)
			between(json, c);
		break;
	case JSON_SKIP:
		break;
	default:
		between(json, c);
	}
}

bool list_json_feed(struct list_json *json, struct str bytes, uint64_t line)
{
	json->line = line;
	for (size_t i = 0; i < bytes.n && !json->stopped; i++) {
		step(json, bytes.p[i]);
		if (bytes.p[i] != '\n')
			continue;
		json->line++;
		if (json->state == JSON_SKIP)
			json->state = JSON_BEHIND;
	}
	return !json->stopped;
}

void list_json_finish(struct list_json *json)
{
	if (!json->stopped && json->state != JSON_SKIP &&
		(json->depth || json->state != JSON_BEHIND))
		fail(json, LINE_JSON);
}
