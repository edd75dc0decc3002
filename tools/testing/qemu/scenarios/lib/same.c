// SPDX-License-Identifier: GPL-2.0
/*
 * same [-n BYTES] FILE FILE [FROM [FROM]]: whether two files are the same, as cmp says it,
 * of so many bytes, from there on.
 * same -s FILE...: a sum of each.
 *
 * cmp and md5sum read 4 KiB at a time, and in User Mode Linux a system call takes longer
 * than to look at these.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BYTES	(1 << 20)

static unsigned char a[BYTES], b[BYTES];

static int open_at(const char *name, const char *from)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY) : STDIN_FILENO;

	if (fd < 0 || (from && lseek(fd, strtoull(from, NULL, 0), SEEK_SET) < 0)) {
		perror(name);
		exit(2);
	}
	return fd;
}

/* less than @len at the end only */
static size_t get(int fd, unsigned char *to, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = read(fd, to + have, len - have);
		if (n < 0) {
			perror("read");
			exit(2);
		}
		if (!n)
			break;
		have += n;
	}
	return have;
}

static int sums(char **names)
{
	for (; *names; names++) {
		int fd = open_at(*names, NULL);
		uint64_t sum = 0, word, len = 0;
		size_t n, i;

		while ((n = get(fd, a, sizeof(a)))) {
			memset(a + n, 0, -n % sizeof(word));
			for (i = 0; i < n; i += sizeof(word)) {
				memcpy(&word, a + i, sizeof(word));
				sum = (sum ^ word) * 0x9e3779b97f4a7c15;
				sum ^= sum >> 29;
			}
			len += n;
		}
		printf("%016jx %ju %s\n", (uintmax_t)sum, (uintmax_t)len, *names);
		close(fd);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t at = 0, left = UINT64_MAX;
	size_t want, n, m, i;
	int fd[2];

	if (argc > 2 && !strcmp(argv[1], "-s"))
		return sums(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "-n")) {
		left = strtoull(argv[2], NULL, 0);
		argv += 2;
		argc -= 2;
	}
	if (argc < 3 || argc > 5) {
		fprintf(stderr, "usage: same [-n BYTES] FILE FILE [FROM [FROM]], or -s FILE...\n");
		return 2;
	}
	fd[0] = open_at(argv[1], argc > 3 ? argv[3] : NULL);
	fd[1] = open_at(argv[2], argc > 4 ? argv[4] : NULL);
	while (left) {
		want = left < BYTES ? left : BYTES;
		n = get(fd[0], a, want);
		m = get(fd[1], b, want);
		if (n != m || memcmp(a, b, n)) {
			for (i = 0; i < n && i < m && a[i] == b[i]; i++)
				;
			printf("%s %s differ: byte %ju%s\n", argv[1], argv[2], (uintmax_t)(at + i),
			       i == n || i == m ? ", where one ends" : "");
			return 1;
		}
		if (n < want)
			break;
		at += n;
		left -= n;
	}
	return 0;
}
