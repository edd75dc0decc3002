// SPDX-License-Identifier: GPL-2.0
/*
 * rr PORT: answer, a byte for a byte, one connection after the other.
 * rr ADDRESS PORT SECONDS: ask, and print how many answers came per second: one
 * transaction at a time, as in netperf's TCP_RR.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int serve(int fd, struct sockaddr_in *addr)
{
	int on = 1, conn;
	char byte;

	addr->sin_addr.s_addr = htonl(INADDR_ANY);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)addr, sizeof(*addr)) || listen(fd, 4))
		return fail("listen");
	while ((conn = accept(fd, NULL, NULL)) >= 0) {
		setsockopt(conn, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		while (read(conn, &byte, 1) == 1 && write(conn, &byte, 1) == 1)
			;
		close(conn);
	}
	return fail("accept");
}

static int ask(int fd, struct sockaddr_in *addr, double seconds)
{
	unsigned long answers = 0;
	double start, end;
	char byte = 'x';
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, (struct sockaddr *)addr, sizeof(*addr)))
		return fail("connect");
	start = now();
	do {
		if (write(fd, &byte, 1) != 1 || read(fd, &byte, 1) != 1)
			return fail("no answer");
		answers++;
		end = now();
	} while (end - start < seconds);
	printf("%.0f\n", answers / (end - start));
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return fail("socket");
	if (argc == 2) {
		addr.sin_port = htons(atoi(argv[1]));
		return serve(fd, &addr);
	}
	if (argc != 4 || !inet_aton(argv[1], &addr.sin_addr)) {
		fprintf(stderr, "usage: rr PORT | rr ADDRESS PORT SECONDS\n");
		return 2;
	}
	addr.sin_port = htons(atoi(argv[2]));
	return ask(fd, &addr, atof(argv[3]));
}
