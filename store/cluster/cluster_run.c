#define _GNU_SOURCE /* pipe2, posix_spawn_file_actions_addchdir_np */
#include "store/cluster/cluster_run.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char *const *cluster_vector(struct arena *arena, const char *const *texts, size_t n)
{
	char **vector = arena_calloc(arena, n + 1, sizeof *vector);

	for (size_t i = 0; i < n; i++) {
		size_t bytes = strlen(texts[i]) + 1;

		vector[i] = memcpy(arena_alloc(arena, bytes), texts[i], bytes);
	}
	return vector;
}

static void read_output(int fd, struct buf *output)
{
	char room[1024];
	ssize_t n;

	while ((n = read(fd, room, sizeof room)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_put(output, str_from(room, (size_t)n));
}

static enum err wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ERR_IO;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK : ERR_IO;
}

static void put_streams(
	posix_spawn_file_actions_t *actions, const struct cluster_place *place, int end)
{
	posix_spawn_file_actions_init(actions);
	if (place->in_fd < 0)
		posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	else
		posix_spawn_file_actions_adddup2(actions, place->in_fd, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(
		actions, place->out_fd < 0 ? end : place->out_fd, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(actions, end, STDERR_FILENO);
	if (place->dir)
		posix_spawn_file_actions_addchdir_np(actions, place->dir);
}

enum err cluster_run_at(
	const struct cluster_place *place, char *const *argv, char *const *envp, struct buf *output)
{
	posix_spawn_file_actions_t actions;
	enum err err = ERR_IO;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return ERR_IO;
	put_streams(&actions, place, ends[1]);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, envp) == 0) {
		close(ends[1]);
		read_output(ends[0], output);
		err = wait_for(pid);
	} else {
		close(ends[1]);
	}
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

enum err cluster_run(char *const *argv, char *const *envp, struct buf *output)
{
	return cluster_run_at(&(struct cluster_place){ -1, -1, NULL }, argv, envp, output);
}
