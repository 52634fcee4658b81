/* tests/fuzz/replay.c -- main() of a fuzz target without a fuzzer: every file of the folders and files
 * named is one input. So each crash that a fuzzer ever found is tried again by plain ctest. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static size_t replay_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *bytes;
	size_t n;
	struct stat st;

	if (!file || fstat(fileno(file), &st)) {
		perror(path);
		exit(1);
	}
	bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		abort();
	n = fread(bytes, 1, (size_t)st.st_size, file);
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, n);
	free(bytes);
	return 1;
}

static size_t replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	size_t n = 0;

	if (!dir)
		return replay_file(folder);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
			n += replay_file(path);
		}
	closedir(dir);
	return n;
}

int main(int argc, char **argv)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += replay_folder(argv[i]);
	printf("%zu inputs\n", n);
	return n ? 0 : 1; /* a target without a seed tests nothing */
}
