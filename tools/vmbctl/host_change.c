// SPDX-License-Identifier: GPL-2.0-only
/* Changing something on the host, and showing how. */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host_change.h"
#include "util.h"

/* A word as a shell reads it; what has to be expanded stays as it is. */
static void put_word(FILE *file, const char *word)
{
	const char *p = word;

	while (isalnum((unsigned char)*p) || (*p && strchr("_-+=:,./%@", *p)))
		p++;
	if (!strncmp(word, "\"$(", 3) || !strcmp(word, ">") || (*word && !*p)) {
		fputs(word, file);
		return;
	}
	putc('\'', file);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\'", file);
		putc(*word, file);
	}
	putc('\'', file);
}

/**
 * change_later - a word that is not known before it has come to that
 * @dir: directory of the attribute that will have it
 * @name: its name there
 *
 * Return: what stands for it in a shell; to be freed.
 */
char *change_later(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name), *text;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		err(EXIT_FAILED, NULL);
	fputs("\"$(cat ", file);
	put_word(file, path);
	fputs(")\"", file);
	fclose(file);
	free(path);
	return text;
}

static void put_words(FILE *file, const char *const *words)
{
	for (; *words; words++) {
		put_word(file, *words);
		putc(words[1] ? ' ' : '\n', file);
	}
}

/* Shown where the output of the program is not; returns whether to go on. */
static bool show(const struct change *c, const char *const *words)
{
	if (c->failed)
		return false;
	if (c->dry)
		put_words(stdout, words);
	else if (c->verbose)
		put_words(stderr, words);
	return !c->dry;
}

/* Ordinary users have no sbin in their PATH, and may look. */
static void find_programs(void)
{
	static bool done;
	char *path;

	if (done)
		return;
	path = xasprintf("%s:/usr/sbin:/sbin", getenv("PATH") ?: "/usr/bin:/bin");
	setenv("PATH", path, 1);
	free(path);
	done = true;
}

extern char **environ;

static pid_t start(const char *const *words, int out)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int ret;

	find_programs();
	posix_spawn_file_actions_init(&actions);
	if (out >= 0)
		posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	ret = posix_spawnp(&pid, words[0], &actions, NULL, (char *const *)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (!ret)
		return pid;
	if (ret == ENOENT)
		warnx("there is no program '%s': install iproute2", words[0]);
	else
		warnx("%s: %s", words[0], strerror(ret));
	return -1;
}

static bool went_well(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			err(EXIT_FAILED, "waitpid");
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/**
 * change_run - run a program
 * @c: how
 * @words: its name and arguments, NULL-terminated
 *
 * It says itself what is wrong; here it is said what it was to do.
 */
void change_run(struct change *c, const char *const *words)
{
	pid_t pid;

	if (!show(c, words))
		return;
	fflush(stdout);
	pid = start(words, -1);
	if (pid >= 0 && went_well(pid))
		return;
	c->failed = true;
	if (pid >= 0) {
		fprintf(stderr, "vmbctl: this failed: ");
		put_words(stderr, words);
	}
}

/**
 * change_output - what a program prints
 * @words: its name and arguments, NULL-terminated
 *
 * Return: its output, to be freed, or NULL when it has been said what is wrong.
 */
char *change_output(const char *const *words)
{
	size_t len = 0, size = 0;
	char *text = NULL;
	ssize_t n;
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		err(EXIT_FAILED, "pipe");
	pid = start(words, fd[1]);
	close(fd[1]);
	do {
		if (size - len < 4096) {
			size = size * 2 + 16384;
			text = xrealloc(text, size, 1);
		}
		n = pid < 0 ? 0 : read(fd[0], text + len, size - len - 1);
		if (n > 0)
			len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd[0]);
	text[len] = '\0';
	if (pid >= 0 && went_well(pid))
		return text;
	if (pid >= 0) {
		fprintf(stderr, "vmbctl: this failed: ");
		put_words(stderr, words);
	}
	free(text);
	return NULL;
}

/**
 * change_write - write an attribute
 * @c: how
 * @dir: its directory
 * @name: its name there
 * @value: without the end of the line
 */
void change_write(struct change *c, const char *dir, const char *name, const char *value)
{
	char *path = xasprintf("%s/%s", dir, name), *line = xasprintf("%s\n", value);
	ssize_t len = strlen(line);
	int fd;

	if (show(c, (const char *const []){ "echo", value, ">", path, NULL })) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || write(fd, line, len) != len) {
			warn("%s does not take '%s'", path, value);
			fprintf(stderr, "The kernel's log may say more: 'dmesg | tail'.\n");
			c->failed = true;
		}
		if (fd >= 0)
			close(fd);
	}
	free(line);
	free(path);
}

/**
 * change_mkdir - make a directory
 * @c: how
 * @path: of it
 */
void change_mkdir(struct change *c, const char *path)
{
	if (show(c, (const char *const []){ "mkdir", path, NULL }) && mkdir(path, 0755)) {
		warn("cannot make %s", path);
		c->failed = true;
	}
}

/**
 * change_rmdir - remove a directory
 * @c: how
 * @path: of it
 */
void change_rmdir(struct change *c, const char *path)
{
	if (show(c, (const char *const []){ "rmdir", path, NULL }) && rmdir(path)) {
		warn("cannot remove %s", path);
		c->failed = true;
	}
}
