/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included in front of ringtest's main.c, which stays as it is: times the
 * messages where it learns that they have been used.
 *
 * ringtest passes the same pointer every time and nobody looks at what it points
 * to. With DATA, each message has that many bytes of its own, copied in by the
 * one side and out by the other, as in a ring that carries data.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <string.h>

#include "chunks.h"

int add_inbuf(unsigned int len, void *buf, void *data);
void *get_buf(unsigned int *len, void **buf);
bool use_buf(unsigned int *len, void **buf);

static inline void *timed_get_buf(unsigned int *len, void **buf)
{
	void *data = get_buf(len, buf);

	if (data)
		chunks_count();
	return data;
}

static void __attribute__((destructor)) timed_print(void)
{
	chunks_print();
}

#define get_buf timed_get_buf

#ifdef DATA
/*
 * A message is copied out after it has been given back. Before the next one
 * is taken, the other side cannot be a whole ring ahead of it.
 */
#define SLOTS	512
static char slots[SLOTS][DATA] __attribute__((aligned(64)));
static char data_in[DATA], data_out[DATA];

static inline int data_add_inbuf(unsigned int len, void *buf, void *data)
{
	static unsigned int next;
	static bool copied;
	char *slot = slots[next % SLOTS];

	(void)len;
	(void)buf;
	if (!copied) {
		data_in[0] = next;
		memcpy(slot, data_in, DATA);
	}
	/* the ring may be full: not to be copied again then */
	copied = add_inbuf(DATA, slot, data);
	if (copied)
		return -1;
	next++;
	return 0;
}

static inline bool data_use_buf(unsigned int *len, void **buf)
{
	static unsigned char next;

	if (!use_buf(len, buf))
		return false;
	memcpy(data_out, *buf, DATA);
	__asm__ __volatile__("" : : "r" (data_out) : "memory");
	if ((unsigned char)data_out[0] != next++)
		exit(4);
	return true;
}

#define add_inbuf data_add_inbuf
#define use_buf data_use_buf
#endif
