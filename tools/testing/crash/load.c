// SPDX-License-Identifier: GPL-2.0-only
/*
 * crash_load fill DISK SEED: every sector gets what a parent has
 *
 * crash_load run DISK SEED BATCHES DEVICE: writes, by several threads at once,
 * one of which also flushes. After each batch all is flushed, and then the log
 * of DEVICE, a name of dm-log-writes, gets a mark with the batch's number, from 1.
 *
 * crash_load check DISK SEED DONE [parent]: of DONE batches everything has to be
 * there; what the next one writes may be, each sector for itself.
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "mark.h"
#include "ops.h"

#define THREADS	4U
#define PIECE	(1U << 20)
/* Of a sector that the next batch leaves alone */
#define NO_GEN	UINT32_MAX
/* Of so many bad sectors it is said what they have. */
#define COMPLAINTS 8

static const char *path;
static int disk;
static uint64_t seed;
static uint32_t sectors;

static void disk_open(int flags)
{
	uint64_t bytes;

	disk = open(path, flags);
	if (disk < 0 || ioctl(disk, BLKGETSIZE64, &bytes))
		err(1, "%s", path);
	sectors = bytes / SECTOR;
}

static void *buffer(void)
{
	void *buf;

	if (posix_memalign(&buf, 4096, PIECE))
		errx(1, "no memory");
	return buf;
}

static void flush(void)
{
	if (fsync(disk))
		err(1, "fsync of %s", path);
}

static void do_op(const struct op *op, uint8_t *buf)
{
	uint64_t pos = (uint64_t)op->sector * SECTOR;
	size_t len = op->count * SECTOR;
	uint32_t i;

	if (op->gen == GEN_ZERO) {
		if (fallocate(disk, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, pos, len))
			err(1, "zeros at sector %u", op->sector);
		return;
	}
	for (i = 0; i < op->count; i++)
		sector_fill(seed, op->sector + i, op->gen, buf + i * SECTOR);
	if (pwrite(disk, buf, len, pos) != (ssize_t)len)
		err(1, "sector %u", op->sector);
}

/**
 * struct part - of a batch, what a thread does
 * @thread: which does
 * @ops: all of the batch
 * @first: its first; then every %THREADS-th
 */
struct part {
	pthread_t thread;
	const struct op *ops;
	uint32_t first;
};

static void *do_part(void *arg)
{
	struct part *p = arg;
	void *buf = buffer();
	uint32_t i;

	for (i = p->first; i < BATCH_OPS; i += THREADS) {
		do_op(&p->ops[i], buf);
		/* in the middle of what the others do */
		if (i == THREADS)
			flush();
	}
	free(buf);
	return NULL;
}

static void do_batch(uint32_t batch)
{
	struct part parts[THREADS];
	struct op ops[BATCH_OPS];
	uint32_t i;

	ops_batch(seed, batch, sectors, ops);
	for (i = 0; i < THREADS; i++) {
		parts[i].ops = ops;
		parts[i].first = i;
		if (pthread_create(&parts[i].thread, NULL, do_part, &parts[i]))
			errx(1, "no thread");
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(parts[i].thread, NULL);
}

static void run(uint32_t batches, const char *device)
{
	int control = mark_open();
	uint32_t batch;

	disk_open(O_RDWR | O_DIRECT);
	for (batch = 0; batch < batches; batch++) {
		do_batch(batch);
		flush();
		mark_put(control, device, batch + 1);
	}
}

static void fill(void)
{
	uint8_t *buf = buffer();
	uint32_t sector, i, n;

	disk_open(O_RDWR);
	for (sector = 0; sector < sectors; sector += n) {
		n = sectors - sector < PIECE / SECTOR ? sectors - sector : PIECE / SECTOR;
		for (i = 0; i < n; i++)
			sector_fill(seed, sector + i, GEN_PARENT, buf + i * SECTOR);
		if (write(disk, buf, n * SECTOR) != (ssize_t)(n * SECTOR))
			err(1, "sector %u", sector);
	}
	flush();
	free(buf);
}

static uint32_t *gens(uint32_t gen)
{
	uint32_t *list = malloc(sectors * sizeof(*list)), i;

	if (!list)
		errx(1, "no memory");
	for (i = 0; i < sectors; i++)
		list[i] = gen;
	return list;
}

static void gens_after(uint32_t *list, uint32_t batch)
{
	struct op ops[BATCH_OPS];
	uint32_t i, k;

	ops_batch(seed, batch, sectors, ops);
	for (i = 0; i < BATCH_OPS; i++)
		for (k = 0; k < ops[i].count; k++)
			list[ops[i].sector + k] = ops[i].gen;
}

static bool good(uint32_t sector, const uint8_t *buf, uint32_t old, uint32_t new)
{
	return sector_is(seed, sector, old, buf) ||
	       (new != NO_GEN && sector_is(seed, sector, new, buf));
}

/* A sector that was written has its number in the low half, who wrote it in the high one. */
static void complain(uint32_t sector, const uint8_t *buf, uint32_t old, uint32_t new)
{
	uint64_t is;

	memcpy(&is, buf, sizeof(is));
	printf("sector %u begins with %#llx and should have %u", sector, (unsigned long long)is,
	       old);
	if (new != NO_GEN)
		printf(" or %u", new);
	printf("\n");
}

static uint32_t check(uint32_t done, uint32_t first)
{
	uint32_t *old, *new, sector, batch, bad = 0, i, n;
	uint8_t *buf = buffer();

	disk_open(O_RDONLY);
	old = gens(first);
	new = gens(NO_GEN);
	for (batch = 0; batch < done; batch++)
		gens_after(old, batch);
	gens_after(new, done);
	for (sector = 0; sector < sectors; sector += n) {
		n = sectors - sector < PIECE / SECTOR ? sectors - sector : PIECE / SECTOR;
		if (read(disk, buf, n * SECTOR) != (ssize_t)(n * SECTOR))
			err(1, "sector %u", sector);
		for (i = 0; i < n; i++) {
			if (good(sector + i, buf + i * SECTOR, old[sector + i], new[sector + i]))
				continue;
			if (bad++ < COMPLAINTS)
				complain(sector + i, buf + i * SECTOR, old[sector + i],
					 new[sector + i]);
		}
	}
	free(old);
	free(new);
	free(buf);
	return bad;
}

int main(int argc, char **argv)
{
	uint32_t bad;

	if (argc < 4)
		errx(2, "usage: crash_load fill|run|check DISK SEED ...");
	path = argv[2];
	seed = strtoull(argv[3], NULL, 0);
	if (!strcmp(argv[1], "fill") && argc == 4) {
		fill();
	} else if (!strcmp(argv[1], "run") && argc == 6) {
		run(strtoul(argv[4], NULL, 0), argv[5]);
	} else if (!strcmp(argv[1], "check") && argc >= 5) {
		bad = check(strtoul(argv[4], NULL, 0), argc > 5 ? GEN_PARENT : GEN_ZERO);
		if (bad)
			errx(1, "%u sectors of %u have what they should not", bad, sectors);
	} else {
		errx(2, "usage: crash_load fill|run|check DISK SEED ...");
	}
	return 0;
}
