/* cli/tools/cmd_completion.c -- `bounced completion bash|zsh`: a script that completes commands, their words, options and what those take.
 * Knows: how arguments are written in commands.def. */
#include "cli/command/command_line.h"
#include "cli/command/command_table.h"
#include "cli/command/commands.h"
#include "core/buf.h"

#include <stdio.h>
#include <string.h>

enum { SCRIPT_BYTES = 256 << 10, WORDS_BYTES = 8 << 10 };

static bool is_lower(struct str word)
{
	return word.n && word.p[0] >= 'a' && word.p[0] <= 'z' &&
	       str_span(word, "abcdefghijklmnopqrstuvwxyz0123456789-|") == word.n;
}

/* "a|b" as " a b", each once. */
static void put_words(struct buf *words, struct str text)
{
	struct str word;

	while (str_next_word(&text, "|", &word)) {
		struct buf padded = BUF_INIT(WORDS_BYTES);

		buf_printf(&padded, " %.*s ", STR_ARG(word));
		buf_putc(words, ' ');
		if (str_find(buf_str(words), buf_str(&padded)) == STR_NPOS)
			buf_put(words, word);
		else
			words->n--;
		buf_release(&padded);
	}
}

/* One case of `before` for each option with a value: its words, or none (a file, a number, a name). */
static void put_value(struct buf *values, struct str option, struct str value)
{
	struct buf words = BUF_INIT(WORDS_BYTES);

	if (is_lower(value))
		put_words(&words, value);
	buf_printf(values, "\t\t%.*s) words=\"%.*s\"; files=%s ;;\n", STR_ARG(option),
		STR_ARG(str_trim(buf_str(&words))),
		str_eq(value, STR("FILE")) || str_eq(value, STR("DIR")) ? "1" : "");
	buf_release(&words);
}

/* Words stand first, or behind a bar; a value behind its option, without a bracket between. */
static void read_arguments(struct str text, struct buf *words, struct buf *values)
{
	struct str token, option = STR_EMPTY;
	bool word_may_come = true;

	while (str_next_word(&text, " ", &token)) {
		bool ends = str_ends(token, STR("]")) || str_ends(token, STR(","));
		struct str bare = token;

		while (bare.n && strchr("[],", bare.p[0]))
			bare = str_skip(bare, 1);
		while (bare.n && strchr("[],.", bare.p[bare.n - 1]))
			bare = str_head(bare, bare.n - 1);
		if (option.n && !str_eq(bare, STR("|")) && !str_starts(bare, STR("--")))
			put_value(values, option, bare);
		else if (word_may_come && is_lower(bare))
			put_words(words, bare);
		if (str_starts(bare, STR("--")))
			put_words(words, bare);
		word_may_come = str_eq(token, STR("|"));
		option = str_starts(bare, STR("--")) && !ends ? bare : STR_EMPTY;
	}
}

static void put_command(struct buf *script, const struct command *command)
{
	struct buf words = BUF_INIT(WORDS_BYTES), values = BUF_INIT(WORDS_BYTES);

	read_arguments(str_c(command->arguments), &words, &values);
	put_words(&words, STR("--help"));
	buf_printf(script, "\t%s) case $before in\n%.*s\t\t*) words=\"%.*s\" ;;\n\t\tesac ;;\n",
		command->name, STR_ARG(buf_str(&values)), STR_ARG(str_trim(buf_str(&words))));
	buf_release(&words);
	buf_release(&values);
}

/* No shell takes a hyphen in every place. */
static void put_function_name(struct buf *script)
{
	buf_putc(script, '_');
	for (const char *c = command_program(); *c; c++)
		buf_putc(script, *c == '-' ? '_' : *c);
}

static void put_script(struct buf *script, const char *shell)
{
	const char *program = command_program();

	buf_printf(script, "# Completion of %s for %s, by `%s completion %s`.\n", program, shell,
		program, shell);
	if (!strcmp(shell, "zsh"))
		buf_put(script, STR("autoload -U +X bashcompinit && bashcompinit\n"));
	put_function_name(script);
	buf_put(script, STR("() {\n"
			    "\tlocal word=${COMP_WORDS[COMP_CWORD]} "
			    "before=${COMP_WORDS[COMP_CWORD-1]} words= files=\n"
			    "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\""));
	for (size_t i = 0; command_at(i); i++)
		buf_printf(script, "%s%s", i ? " " : "", command_at(i)->name);
	buf_put(script, STR("\"\n\telse case ${COMP_WORDS[1]} in\n"));
	for (size_t i = 0; command_at(i); i++)
		put_command(script, command_at(i));
	buf_put(script,
		STR("\tesac; fi\n"
		    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
		    "\tif [ -n \"$files\" ] || { [ ${#COMPREPLY[@]} -eq 0 ] && [ \"${word#-}\" "
		    "= \"$word\" ]; }; then\n"
		    "\t\tCOMPREPLY+=($(compgen -f -- \"$word\"))\n\tfi\n}\n"
		    "complete -F "));
	put_function_name(script);
	buf_printf(script, " %s\n", program);
}

int cmd_completion(int argc, char **argv)
{
	struct buf script = BUF_INIT(SCRIPT_BYTES);
	bool help;
	int code = EXIT_CODE_OK;

	if (!command_options(argc, argv, NULL, 0, &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc != 2 || (strcmp(argv[1], "bash") && strcmp(argv[1], "zsh")))
		return command_misused("completion", "bash or zsh is needed");
	put_script(&script, argv[1]);
	fwrite(script.p, 1, script.n, stdout);
	if (buf_check(&script) || fflush(stdout))
		code = command_failed("cannot write to standard output");
	buf_release(&script);
	return code;
}
