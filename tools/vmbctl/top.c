// SPDX-License-Identifier: GPL-2.0-only
/* vmbctl top: what partitions and channels do, round by round. */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "host.h"
#include "json.h"
#include "rate.h"
#include "text.h"
#include "util.h"

enum { DELAY, ROUNDS };

const struct command_option top_options[] = {
	[DELAY] = { "delay", 'd', "SECONDS", NULL, "length of a round, 1 unless given" },
	[ROUNDS] = { "rounds", 'n', "ROUNDS", NULL, "end after so many" },
	{ }
};

/* longest round: a day */
#define DELAY_MAX	86400

static struct termios saved_terminal;
static volatile sig_atomic_t interrupted;

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* @line counts what is left on a screen; a negative one never runs out. */
static bool room(int *line)
{
	if (!*line)
		return false;
	if (*line > 0)
		--*line;
	return true;
}

static void print_rate(const struct rate *r, bool latency, const char *end)
{
	char n[7][TEXT_MAX];

	printf("%8s %11s %8s %8s %6llu %9s %9s %9s  ", text_count(n[0], r->ios),
	       text_bytes(n[1], r->bytes), text_count(n[2], r->signals),
	       text_count(n[3], r->interrupts), (unsigned long long)r->in_flight,
	       text_time(n[4], latency ? rate_mean_ns(r) : -1),
	       text_time(n[5], latency ? rate_percentile_ns(r, 50) : -1),
	       text_time(n[6], latency ? rate_percentile_ns(r, 99) : -1));
	fputs(end, stdout);
}

static void partition_rate(struct rate *sum, const struct host *before,
			   const struct host_partition *p, double seconds)
{
	struct rate r;
	int i;

	*sum = (struct rate){};
	for (i = 0; i < p->nr_channels; i++) {
		rate_channel(&r, rate_find(before, p->name, &p->channel[i]),
			     &p->channel[i], seconds);
		rate_add(sum, &r);
	}
}

static void print_text(const struct host *before, const struct host *now, double seconds,
		       bool latency, int lines, const char *eol)
{
	struct rate r;
	char *name;
	int i, k;

	if (!room(&lines))
		return;
	printf("%8s %11s %8s %8s %6s %9s %9s %9s  %s%s", "IO/S", "BYTES/S", "SIGNAL/S",
	       "INTR/S", "QUEUE", "MEAN", "50%", "99%", "PARTITION, DEVICE/CHANNEL", eol);
	for (i = 0; i < now->nr; i++) {
		const struct host_partition *p = &now->partition[i];

		if (!room(&lines))
			return;
		partition_rate(&r, before, p, seconds);
		print_rate(&r, latency, "");
		name = text_name(p->name);
		printf("%s (%s)%s", name, p->state, eol);
		free(name);
		for (k = 0; k < p->nr_channels; k++) {
			const struct host_channel *ch = &p->channel[k];

			if (!room(&lines))
				return;
			rate_channel(&r, rate_find(before, p->name, ch), ch, seconds);
			print_rate(&r, latency, "  ");
			name = text_name(ch->device ?: "(gone)");
			printf("%s/%llu", name, (unsigned long long)ch->index);
			free(name);
			if (ch->vp >= 0)
				printf(" vp %d, %s", ch->vp, ch->place ?: "-");
			else
				printf(" %s", ch->state ?: "-");
			printf("%s%s", ch->broken ? ", BROKEN" : "", eol);
		}
	}
}

static void json_latency(struct json *j, const char *key, double ns)
{
	if (ns < 0)
		json_null(j, key);
	else
		json_double(j, key, ns);
}

static void json_rate(struct json *j, const struct rate *r)
{
	json_double(j, "ios_per_s", r->ios);
	json_double(j, "bytes_per_s", r->bytes);
	json_double(j, "signals_per_s", r->signals);
	json_double(j, "interrupts_per_s", r->interrupts);
	json_u64(j, "in_flight", r->in_flight);
	json_latency(j, "latency_mean_ns", rate_mean_ns(r));
	json_latency(j, "latency_p50_ns", rate_percentile_ns(r, 50));
	json_latency(j, "latency_p99_ns", rate_percentile_ns(r, 99));
}

static void print_json(const struct host *before, const struct host *now, double seconds)
{
	struct json j = { .file = stdout };
	struct rate r;
	int i, k;

	json_open(&j, NULL, '{');
	json_double(&j, "seconds", seconds);
	json_open(&j, "partitions", '[');
	for (i = 0; i < now->nr; i++) {
		const struct host_partition *p = &now->partition[i];

		json_open(&j, NULL, '{');
		json_string(&j, "name", p->name);
		json_string(&j, "state", p->state);
		partition_rate(&r, before, p, seconds);
		json_rate(&j, &r);
		json_open(&j, "channels", '[');
		for (k = 0; k < p->nr_channels; k++) {
			const struct host_channel *ch = &p->channel[k];

			json_open(&j, NULL, '{');
			json_u64(&j, "relid", ch->relid);
			json_string(&j, "device", ch->device);
			json_u64(&j, "index", ch->index);
			json_string(&j, "place", ch->place);
			rate_channel(&r, rate_find(before, p->name, ch), ch, seconds);
			json_rate(&j, &r);
			json_close(&j, '}');
		}
		json_close(&j, ']');
		json_close(&j, '}');
	}
	json_close(&j, ']');
	json_close(&j, '}');
}

static void on_signal(int sig)
{
	interrupted = sig;
}

static void restore_terminal(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
	/* the cursor is shown, and what comes next is on a line of its own */
	fputs("\033[?25h\n", stdout);
	fflush(stdout);
}

/* Keys are read as they come; signals end the round, so that all is put back. */
static void prepare_terminal(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &saved_terminal))
		err(EXIT_FAILED, "the terminal");
	raw = saved_terminal;
	raw.c_lflag &= ~(ICANON | ECHO);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	atexit(restore_terminal);
	fputs("\033[?25l", stdout);
}

static int screen_lines(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 3)
		return 22;
	/* but for the heading, and the line that the cursor is on */
	return size.ws_row - 2;
}

/* Returns false when it is over. */
static bool sleep_until(double end, bool live)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	double left;
	char key;

	while ((left = end - now_s()) > 0 && !interrupted) {
		if (poll(&fd, live, (int)(left * 1000) + 1) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q')
			return false;
	}
	return !interrupted;
}

static bool parse_delay(const char *text, double *delay)
{
	char *end;

	errno = 0;
	*delay = strtod(text, &end);
	return !errno && end != text && !*end && *delay >= 0.01 && *delay <= DELAY_MAX;
}

static bool parse_rounds(const char *text, long *rounds)
{
	char *end;

	errno = 0;
	*rounds = strtol(text, &end, 10);
	return !errno && end != text && !*end && *rounds > 0;
}

static void print_round(const struct args *args, bool live, bool latency,
			const struct host *before, const struct host *now, double seconds)
{
	if (args->json) {
		print_json(before, now, seconds);
	} else if (live) {
		printf("\033[Hvmbctl top: %.1f s, q ends\033[K\n", seconds);
		/* a line that is too long is cut, not continued below */
		fputs("\033[?7l", stdout);
		print_text(before, now, seconds, latency, screen_lines() - 1, "\033[K\n");
		fputs("\033[?7h\033[J", stdout);
	} else {
		print_text(before, now, seconds, latency, -1, "\n");
		putchar('\n');
	}
	fflush(stdout);
}

/**
 * top_run - vmbctl top
 * @args: what was given
 *
 * Return: an exit code.
 */
int top_run(const struct args *args)
{
	bool live = !args->json && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	double delay = 1, then, next, t;
	struct host before, now;
	long rounds = -1;
	int measure, ret;

	if (args->value[DELAY] && !parse_delay(args->value[DELAY], &delay)) {
		warnx("--delay is '%s': give seconds, from 0.01 to %d", args->value[DELAY],
		      DELAY_MAX);
		return EXIT_USAGE;
	}
	if (args->value[ROUNDS] && !parse_rounds(args->value[ROUNDS], &rounds)) {
		warnx("--rounds is '%s': give a number above 0", args->value[ROUNDS]);
		return EXIT_USAGE;
	}

	ret = host_read(&before, NULL);
	if (!ret && before.uncounted) {
		host_warn_uncounted(&before);
		host_free(&before);
		return EXIT_FAILED;
	}
	if (ret)
		return ret;
	measure = host_measure_latency();
	if (live) {
		prepare_terminal();
		fputs("\033[2J", stdout);
		/* a round that began before there was anything to see */
		fputs("\033[H", stdout);
	}
	fflush(stdout);

	then = now_s();
	next = then;
	while (rounds && !ret) {
		next += delay;
		if (!sleep_until(next, live))
			break;
		ret = host_read(&now, NULL);
		t = now_s();
		/* a machine that was suspended, or is slower than that */
		if (t - next > delay)
			next = t;
		if (!ret)
			print_round(args, live, measure >= 0, &before, &now, t - then);
		host_free(&before);
		before = now;
		then = t;
		if (rounds > 0)
			rounds--;
		if (ferror(stdout))
			break;
	}
	host_free(&before);
	if (measure >= 0)
		close(measure);
	return ret;
}
