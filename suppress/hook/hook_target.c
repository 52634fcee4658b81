#include "suppress/hook/hook_target.h"

#include "suppress/list/option.h"

#include <glib.h>
#include <string.h>

enum { TARGET_NAME_BYTES = 64, TARGET_URL_BYTES = 1024, SECRET_LEAST_BYTES = 24 };

/* Standard Webhooks: "whsec_" and base64 of 24 to 64 bytes. */
static bool read_secret(struct hook_target *target, struct str value)
{
	const struct str prefix = STR("whsec_");
	char text[128];
	gsize n = 0;
	guchar *bytes;

	if (!str_starts(value, prefix) || value.n >= sizeof text)
		return false;
	value = str_skip(value, prefix.n);
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	bytes = g_base64_decode(text, &n);
	if (n >= SECRET_LEAST_BYTES && n <= HOOK_SECRET_BYTES) {
		memcpy(target->secret, bytes, n);
		target->secret_n = n;
	}
	g_free(bytes);
	return target->secret_n > 0;
}

static bool read_url(struct hook_target *target, struct str value)
{
	target->url = value;
	return value.n < TARGET_URL_BYTES &&
	       (str_istarts(value, STR("https://")) || str_istarts(value, STR("http://")));
}

static bool read_kind(struct hook_target *target, struct str value)
{
	target->kind = str_eq(value, STR("listmonk")) ? HOOK_LISTMONK : HOOK_GENERIC;
	return target->kind == HOOK_LISTMONK || str_eq(value, STR("generic"));
}

static bool read_tell(struct hook_target *target, struct str value)
{
	struct str item;

	while (str_next_word(&value, ",", &item)) {
		if (str_eq(item, STR("events")))
			target->tell |= HOOK_EVENTS;
		else if (str_eq(item, STR("suppressions")))
			target->tell |= HOOK_SUPPRESSIONS;
		else
			return false;
	}
	return target->tell != 0;
}

static bool read_user(struct hook_target *target, struct str value)
{
	target->user = value;
	return str_chr(value, ':') != STR_NPOS;
}

static bool read_private(struct hook_target *target, struct str value)
{
	target->private_too = str_eq(value, STR("allowed"));
	return target->private_too;
}

static const struct {
	struct str key;
	bool (*read)(struct hook_target *target, struct str value);
	const char *wanted;
} target_options[] = {
	{ STR_INIT("url"), read_url, "an https URL" },
	{ STR_INIT("kind"), read_kind, "generic or listmonk" },
	{ STR_INIT("tell"), read_tell, "events, suppressions, or both with a comma" },
	{ STR_INIT("secret"), read_secret, "whsec_ and base64 of 24 to 64 bytes" },
	{ STR_INIT("user"), read_user, "NAME:TOKEN" },
	{ STR_INIT("private"), read_private, "allowed" },
};

static enum err refuse(struct arena *arena, const struct hook_target *target, struct str what,
	const char *why, struct str *ret_trouble)
{
	*ret_trouble = arena_printf(arena, "webhook.targets: \"%.*s\": %.*s: %s",
		STR_ARG(target->name), STR_ARG(what), why);
	return ERR_SYNTAX;
}

static enum err take_option(struct arena *arena, struct hook_target *target, struct str key,
	struct str value, struct str *ret_trouble)
{
	for (size_t i = 0; i < ARRAY_LEN(target_options); i++) {
		if (!str_eq(key, target_options[i].key))
			continue;
		return target_options[i].read(target, value)
			       ? ERR_OK
			       : refuse(arena, target, key,
					 arena_c(arena, arena_printf(arena, "wanted: %s",
								target_options[i].wanted)),
					 ret_trouble);
	}
	return refuse(arena, target, key, "no target has such an option", ret_trouble);
}

static bool is_name(struct str name)
{
	return name.n && name.n <= TARGET_NAME_BYTES &&
	       str_span(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       name.n;
}

static enum err read_target(
	struct arena *arena, struct str text, struct hook_target *target, struct str *ret_trouble)
{
	struct str key, value;
	enum err err = ERR_OK;

	*target = (struct hook_target){ .url = STR_EMPTY, .user = STR_EMPTY };
	if (!option_next(&text, &target->name, &value) || !is_name(target->name) || value.n)
		return refuse(arena, target, STR("name"), "letters, digits, - and _ stand first",
			ret_trouble);
	while (!err && option_next(&text, &key, &value))
		err = take_option(arena, target, key, value, ret_trouble);
	if (err)
		return err;
	if (!target->url.n)
		return refuse(arena, target, STR("url"), "is missing", ret_trouble);
	if (!target->private_too && !str_istarts(target->url, STR("https://")))
		return refuse(arena, target, STR("url"),
			"without TLS only private networks are told: private=allowed", ret_trouble);
	if (!target->tell)
		target->tell = target->kind == HOOK_LISTMONK ? HOOK_EVENTS
							     : HOOK_EVENTS | HOOK_SUPPRESSIONS;
	if (target->kind == HOOK_LISTMONK && target->tell != HOOK_EVENTS)
		return refuse(
			arena, target, STR("tell"), "listmonk takes events alone", ret_trouble);
	return ERR_OK;
}

enum err hook_targets_read(struct arena *arena, struct str text,
	struct hook_target ret_targets[static HOOK_TARGETS], size_t *ret_n, struct str *ret_trouble)
{
	struct str one;
	size_t n = 0;
	enum err err = ERR_OK;

	while (!err && option_next_group(&text, &one)) {
		if (!one.n)
			continue;
		if (n == HOOK_TARGETS) {
			*ret_trouble = arena_printf(
				arena, "webhook.targets: over %d targets", HOOK_TARGETS);
			return ERR_LIMIT;
		}
		err = read_target(arena, one, &ret_targets[n], ret_trouble);
		for (size_t i = 0; i < n && !err; i++)
			if (str_eq(ret_targets[i].name, ret_targets[n].name))
				err = refuse(arena, &ret_targets[n], STR("name"), "is there twice",
					ret_trouble);
		n += !err;
	}
	*ret_n = n;
	return err;
}
