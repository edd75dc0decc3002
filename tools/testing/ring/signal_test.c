// SPDX-License-Identifier: GPL-2.0-only
/*
 * When an end has to signal the other: every combination that matters, in one
 * thread. hammer_test.c has two threads, model.c all interleavings.
 */
#include "test.h"

static u64 buf[512];

/*
 * A signal is due when nothing was left unread of what had been published
 * before, and the consumer does not mask.
 */
static const char *publish_case(struct rig *rig, u32 at, u32 before, u32 read,
				u32 batch)
{
	static const u32 masks[] = { 0, 1, 2, 0x80000000, U32_MAX };
	struct vmb_packet pkt;
	bool want;
	size_t m;
	u32 i;

	for (m = 0; m < ARRAY_SIZE(masks); m++) {
		rig_start(rig, at);
		for (i = 0; i < before; i++)
			CHECK(!vmb_ring_put(&rig->p, 6, 0, i, NULL, NULL));
		CHECK(vmb_ring_publish(&rig->p) == (before > 0));
		for (i = 0; i < read; i++)
			CHECK(!vmb_ring_get(&rig->c, buf, sizeof(buf), &pkt));
		vmb_ring_release(&rig->c);
		rig->hdr->interrupt_mask = cpu_to_le32(masks[m]);
		for (i = 0; i < batch; i++)
			CHECK(!vmb_ring_put(&rig->p, 6, 0, i, NULL, NULL));
		want = batch && read == before && !masks[m];
		CHECK(vmb_ring_publish(&rig->p) == want);
	}
	return NULL;
}

static const char *signal_publish(void)
{
	u32 at, before, read, batch;
	struct rig rig;

	rig_map(&rig, 4096);
	for (at = 0; at < 4096; at += 8)
		for (before = 0; before <= 3; before++)
			for (read = 0; read <= before; read++)
				for (batch = 0; batch <= 2; batch++)
					TRY(publish_case(&rig, at, before, read, batch));
	rig_unmap(&rig);
	return NULL;
}

/* What was got and not released still counts as unread. */
static const char *signal_publish_unreleased(void)
{
	struct vmb_packet pkt;
	struct rig rig;

	rig_map(&rig, 4096);
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	CHECK(vmb_ring_publish(&rig.p));
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	CHECK(!vmb_ring_publish(&rig.p));
	CHECK(!vmb_ring_release(&rig.c));
	CHECK(vmb_ring_readable(&rig.c));

	/* nonsense in the consumer's index is not the empty ring */
	rig.hdr->read_index = cpu_to_le32(0xfffffff0);
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	CHECK(!vmb_ring_publish(&rig.p));
	rig_unmap(&rig);
	return NULL;
}

/*
 * All fill levels and all releases of a small ring, with the lengths waited for
 * around both ends of each. The rule is written here in another way than in
 * the code: the producer could not go on before and can now.
 */
static const char *release_case(struct rig *rig, u32 used, u32 released)
{
	u32 before = 4096 - used, after = before + released;
	u32 at = (used * 31 + released * 17) / 8 * 8 % 4096;
	const u32 pending[] = {
		0, 1, before - 1, before, before + 1, after - 1, after,
		after + 1, U32_MAX,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pending); i++) {
		bool could = before > pending[i], can = after > pending[i];

		rig->hdr->pending_send_sz = cpu_to_le32(pending[i]);
		rig->hdr->write_index = cpu_to_le32((at + used) % 4096);
		rig->c.published = at;
		rig->c.index = (at + released) % 4096;
		CHECK(vmb_ring_release(&rig->c) == (pending[i] && !could && can));
		CHECK(le32_to_cpu(rig->hdr->read_index) == (at + released) % 4096);
		/* the second time there is nothing to release */
		CHECK(!vmb_ring_release(&rig->c));
	}
	return NULL;
}

static const char *signal_release(void)
{
	u32 used, released;
	struct rig rig;

	rig_map(&rig, 4096);
	for (used = 8; used < 4096; used += 8)
		for (released = 8; released <= used; released += 8)
			TRY(release_case(&rig, used, released));
	rig_unmap(&rig);
	return NULL;
}

/* A producer that does not announce the feature does not wait by it. */
static const char *signal_release_feature(void)
{
	static const u32 features[] = { 0, 2, 0xfffffffe };
	struct vmb_packet pkt;
	struct rig rig;
	size_t i;

	rig_map(&rig, 4096);
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		rig_start(&rig, 0);
		CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
		vmb_ring_publish(&rig.p);
		rig.hdr->pending_send_sz = cpu_to_le32(4096 - 24);
		rig.hdr->feature_bits = cpu_to_le32(features[i]);
		CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
		CHECK(!vmb_ring_release(&rig.c));
		CHECK(rig.hdr->read_index == cpu_to_le32(24));
	}
	/* nonsense in the write index: no signal, and get tells */
	rig_start(&rig, 0);
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	vmb_ring_publish(&rig.p);
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
	rig.hdr->pending_send_sz = cpu_to_le32(4096 - 24);
	rig.hdr->write_index = cpu_to_le32(4096);
	CHECK(!vmb_ring_release(&rig.c));
	CHECK(vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt) == -EBADMSG);
	rig_unmap(&rig);
	return NULL;
}

/* The producer's side of waiting, for each space and each length. */
static const char *signal_wait_space(void)
{
	u32 used, want, space;
	struct rig rig;

	rig_map(&rig, 4096);
	for (used = 0; used < 4096; used += 8) {
		rig_start(&rig, 4096 - 64);
		rig.p.index = (4096 - 64 + used) % 4096;
		rig.p.published = rig.p.index;
		space = 4096 - 8 - used;
		CHECK(vmb_ring_space(&rig.p) == space);
		for (want = 24; want <= 4088; want += 8) {
			CHECK(vmb_ring_wait_space(&rig.p, want) == (want <= space));
			CHECK(rig.hdr->pending_send_sz == cpu_to_le32(want));
		}
		vmb_ring_end_wait(&rig.p);
		CHECK(!rig.hdr->pending_send_sz);
	}
	rig.hdr->read_index = cpu_to_le32(4);
	CHECK(vmb_ring_wait_space(&rig.p, 24));
	rig_unmap(&rig);
	return NULL;
}

/* Both ends: whatever the producer waits for, exactly one release signals. */
static const char *signal_wait_crossing(void)
{
	u32 want, signals, freed, i;
	struct vmb_packet pkt;
	struct rig rig;

	rig_map(&rig, 4096);
	for (want = 24; want <= 4088; want += 8) {
		rig_start(&rig, want);
		while (!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL))
			;
		vmb_ring_publish(&rig.p);
		freed = vmb_ring_space(&rig.p);
		if (vmb_ring_wait_space(&rig.p, want))
			continue;
		signals = 0;
		for (i = 0; !vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt); i++) {
			bool signal = vmb_ring_release(&rig.c);

			freed += 24;
			CHECK(signal == (freed >= want && freed - 24 < want));
			signals += signal;
		}
		CHECK(signals == 1);
	}
	rig_unmap(&rig);
	return NULL;
}

/* The same with a consumer that releases a quarter of the ring at a time. */
static const char *signal_wait_quarters(void)
{
	u32 want, signals, got;
	struct vmb_packet pkt;
	struct rig rig;

	rig_map(&rig, 4096);
	for (want = 24; want <= 4088; want += 8) {
		rig_start(&rig, want);
		while (!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL))
			;
		vmb_ring_publish(&rig.p);
		if (vmb_ring_wait_space(&rig.p, want))
			continue;
		signals = 0;
		got = 0;
		while (!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt)) {
			got += 24;
			CHECK(vmb_ring_unreleased(&rig.c) == got);
			if (got < 1024)
				continue;
			signals += vmb_ring_release(&rig.c);
			CHECK(!vmb_ring_unreleased(&rig.c));
			CHECK(signals == (vmb_ring_space(&rig.p) >= want));
			got = 0;
		}
		signals += vmb_ring_release(&rig.c);
		CHECK(signals == 1);
	}
	rig_unmap(&rig);
	return NULL;
}

static const char *signal_mask(void)
{
	struct vmb_packet pkt;
	struct rig rig;

	rig_map(&rig, 4096);
	vmb_ring_mask(&rig.c);
	CHECK(rig.hdr->interrupt_mask == cpu_to_le32(1));
	CHECK(!vmb_ring_unmask(&rig.c));
	CHECK(!rig.hdr->interrupt_mask);

	vmb_ring_mask(&rig.c);
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	CHECK(!vmb_ring_publish(&rig.p));
	CHECK(vmb_ring_unmask(&rig.c));
	CHECK(!vmb_ring_get(&rig.c, buf, sizeof(buf), &pkt));
	vmb_ring_release(&rig.c);
	CHECK(!vmb_ring_unmask(&rig.c));
	CHECK(!vmb_ring_put(&rig.p, 6, 0, 0, NULL, NULL));
	CHECK(vmb_ring_publish(&rig.p));

	rig.hdr->write_index = cpu_to_le32(3);
	CHECK(vmb_ring_unmask(&rig.c));
	rig_unmap(&rig);
	return NULL;
}

const struct test signal_tests[] = {
	{ "signal_publish", signal_publish },
	{ "signal_publish_unreleased", signal_publish_unreleased },
	{ "signal_release", signal_release },
	{ "signal_release_feature", signal_release_feature },
	{ "signal_wait_space", signal_wait_space },
	{ "signal_wait_crossing", signal_wait_crossing },
	{ "signal_wait_quarters", signal_wait_quarters },
	{ "signal_mask", signal_mask },
	{ 0 }
};
