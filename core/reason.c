#include "core/reason.h"

#include "core/names_priv.h"

static const struct {
	enum reason_class class;
	enum reason_about about;
	struct str meaning;
	struct str other[TAXONOMY_COUNT];
} reason_table[REASON_COUNT] = {
	[REASON_NONE] = { .class = CLASS_NONE },
#define REASON(                                                                                    \
	id, name, cls, abt, mean, sisimai, pmta, kumo, sparkpost, ses, postmark, sendgrid, mg)     \
	[REASON_##id] = {                                                                          \
		CLASS_##cls,                                                                       \
		ABOUT_##abt,                                                                       \
		STR_INIT(mean),                                                                    \
		{ STR_INIT(sisimai), STR_INIT(pmta), STR_INIT(kumo), STR_INIT(sparkpost),          \
			STR_INIT(ses), STR_INIT(postmark), STR_INIT(sendgrid), STR_INIT(mg) },     \
	},
#include "core/reason.def"
};
static const struct str reason_names[REASON_COUNT] = {
#define REASON(id, name, ...) [REASON_##id] = STR_INIT(name),
#include "core/reason.def"
};
static const struct str class_names[CLASS_COUNT] = {
	[CLASS_HARD] = STR_INIT("hard"),
	[CLASS_SOFT] = STR_INIT("soft"),
	[CLASS_BLOCK] = STR_INIT("block"),
};
static const struct str about_names[ABOUT_COUNT] = {
	[ABOUT_RECIPIENT] = STR_INIT("recipient"),
	[ABOUT_DOMAIN] = STR_INIT("domain"),
	[ABOUT_NETWORK] = STR_INIT("network"),
	[ABOUT_CONTENT] = STR_INIT("content"),
	[ABOUT_SENDER] = STR_INIT("sender"),
	[ABOUT_UNKNOWN] = STR_INIT("unknown"),
};
static const struct str taxonomy_names[TAXONOMY_COUNT] = {
	STR_INIT("sisimai"),
	STR_INIT("powermta"),
	STR_INIT("kumomta"),
	STR_INIT("sparkpost"),
	STR_INIT("ses"),
	STR_INIT("postmark"),
	STR_INIT("sendgrid"),
	STR_INIT("mailgun"),
};

struct str reason_name(enum reason reason)
{
	return reason_names[reason];
}

bool reason_from_name(struct str name, enum reason *ret_reason)
{
	size_t i;

	if (!name_index(reason_names, REASON_COUNT, name, &i))
		return false;
	*ret_reason = (enum reason)i;
	return true;
}

enum reason_class reason_class(enum reason reason)
{
	return reason_table[reason].class;
}

enum reason_about reason_about(enum reason reason)
{
	return reason_table[reason].about;
}

struct str reason_meaning(enum reason reason)
{
	return reason_table[reason].meaning;
}

struct str reason_in_taxonomy(enum reason reason, enum taxonomy taxonomy)
{
	return reason_table[reason].other[taxonomy];
}

struct str reason_class_name(enum reason_class class)
{
	return class_names[class];
}

bool reason_class_from_name(struct str name, enum reason_class *ret_class)
{
	size_t i;

	if (!name_index(class_names, CLASS_COUNT, name, &i))
		return false;
	*ret_class = (enum reason_class)i;
	return true;
}

struct str reason_about_name(enum reason_about about)
{
	return about_names[about];
}

struct str taxonomy_name(enum taxonomy taxonomy)
{
	return taxonomy_names[taxonomy];
}

bool taxonomy_from_name(struct str name, enum taxonomy *ret_taxonomy)
{
	size_t i;

	if (!name_index(taxonomy_names, TAXONOMY_COUNT, name, &i))
		return false;
	*ret_taxonomy = (enum taxonomy)i;
	return true;
}
