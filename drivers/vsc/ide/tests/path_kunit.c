// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way commands take: each state, each change.
 */
#include <kunit/test.h>
#include <linux/module.h>

#include "path.h"

MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);

static const enum vsc_ide_kind data_kinds[] = {
	VSC_IDE_READ, VSC_IDE_WRITE, VSC_IDE_FLUSH, VSC_IDE_TRIM,
};

/* Cookies are addresses in here. */
static u8 cmds[VSC_IDE_DEPTH];

static enum vsc_ide_route submit(struct vsc_ide_path *path, enum vsc_ide_kind kind,
				 unsigned int tag, u64 *id)
{
	return vsc_ide_path_submit(path, kind, true, tag, &cmds[tag], id);
}

static void to_channel(struct kunit *test, struct vsc_ide_path *path)
{
	KUNIT_ASSERT_TRUE(test, vsc_ide_path_want_channel(path));
	KUNIT_ASSERT_TRUE(test, vsc_ide_path_finish(path, false));
	KUNIT_ASSERT_EQ(test, path->state, VSC_IDE_CHANNEL);
}

static void path_begins_on_registers(struct kunit *test)
{
	struct vsc_ide_path path;
	unsigned int i;
	u64 id = 7;

	vsc_ide_path_init(&path);
	for (i = 0; i < ARRAY_SIZE(data_kinds); i++) {
		KUNIT_EXPECT_EQ(test, submit(&path, data_kinds[i], i, &id),
				VSC_IDE_BY_REGISTERS);
		KUNIT_EXPECT_EQ(test, path.entering, i + 1);
	}
	KUNIT_EXPECT_EQ(test, id, 7);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
	while (i--)
		vsc_ide_path_entered(&path, i != 0);
	KUNIT_EXPECT_EQ(test, path.entering, 0);
	KUNIT_EXPECT_EQ(test, path.counts.registers, 3);
}

static void path_waits_for_registers(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id;

	vsc_ide_path_init(&path);
	submit(&path, VSC_IDE_WRITE, 0, &id);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_want_channel(&path));
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_want_channel(&path));
	/* on its way into libata, which has not got it yet */
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_finish(&path, false));
	vsc_ide_path_entered(&path, true);
	/* libata has it */
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_finish(&path, true));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_TO_CHANNEL);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_finish(&path, false));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_CHANNEL);
	KUNIT_EXPECT_EQ(test, path.counts.cut_overs, 1);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_finish(&path, false));
	KUNIT_EXPECT_EQ(test, path.counts.cut_overs, 1);
}

/* A flush on the channel must not pass a write on the registers. */
static void path_holds_all_while_draining(struct kunit *test)
{
	struct vsc_ide_path path;
	unsigned int i;
	u64 id;

	vsc_ide_path_init(&path);
	vsc_ide_path_want_channel(&path);
	for (i = 0; i < ARRAY_SIZE(data_kinds); i++)
		KUNIT_EXPECT_EQ(test, submit(&path, data_kinds[i], i, &id), VSC_IDE_HOLD);
	/* or the registers might never be idle */
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_OTHER, 9, &id), VSC_IDE_HOLD);
	KUNIT_EXPECT_EQ(test, path.entering, 0);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
	KUNIT_EXPECT_EQ(test, path.counts.held, 5);
}

static void path_uses_channel(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 ids[ARRAY_SIZE(data_kinds)], id;
	unsigned int i;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	for (i = 0; i < ARRAY_SIZE(data_kinds); i++) {
		KUNIT_EXPECT_EQ(test, submit(&path, data_kinds[i], i, &ids[i]),
				VSC_IDE_BY_CHANNEL);
		KUNIT_EXPECT_NE(test, ids[i], 0);
		KUNIT_EXPECT_EQ(test, ids[i] >> 63, 0);
		KUNIT_EXPECT_TRUE(test, vsc_ide_path_has(&path, i, &cmds[i]));
		KUNIT_ASSERT_NOT_NULL(test, vsc_ide_path_find(&path, ids[i]));
		KUNIT_EXPECT_EQ(test, vsc_ide_path_find(&path, ids[i])->kind, data_kinds[i]);
	}
	KUNIT_EXPECT_EQ(test, path.inflight, i);
	/* what it cannot carry */
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_OTHER, 10, &id), VSC_IDE_BY_REGISTERS);
	KUNIT_EXPECT_EQ(test, vsc_ide_path_submit(&path, VSC_IDE_WRITE, false, 11, &cmds[11], &id),
			VSC_IDE_BY_REGISTERS);
	/* a tag that is none, and one that is taken */
	KUNIT_EXPECT_EQ(test, vsc_ide_path_submit(&path, VSC_IDE_READ, true, VSC_IDE_DEPTH,
						  &cmds[0], &id), VSC_IDE_BY_REGISTERS);
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_READ, 0, &id), VSC_IDE_BY_REGISTERS);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_has(&path, 11, &cmds[11]));
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_has(&path, 0, &cmds[1]));
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_has(&path, VSC_IDE_DEPTH, &cmds[0]));
}

static void path_takes_an_answer_once(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id, next;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	submit(&path, VSC_IDE_READ, 3, &id);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, 0, true));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id ^ 1, true));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id + VSC_IDE_DEPTH, true));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id | BIT_ULL(63), true));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, 3, true));
	KUNIT_EXPECT_EQ(test, path.counts.strangers, 5);
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_answer(&path, id, true), (void *)&cmds[3]);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id, true));
	KUNIT_EXPECT_EQ(test, path.inflight, 0);

	/* the next with the same tag is another */
	submit(&path, VSC_IDE_READ, 3, &next);
	KUNIT_EXPECT_NE(test, id, next);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id, true));
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_answer(&path, next, true), (void *)&cmds[3]);
	KUNIT_EXPECT_EQ(test, path.counts.reissues, 0);
}

/* However often the sequence number comes round, no id is 0 or has bit 63. */
static void path_sequence_wraps(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id, last = 0;
	unsigned int i;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	path.seq = U32_MAX - 3;
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test, submit(&path, VSC_IDE_READ, 0, &id), VSC_IDE_BY_CHANNEL);
		KUNIT_EXPECT_NE(test, id, 0);
		KUNIT_EXPECT_NE(test, id, last);
		KUNIT_EXPECT_EQ(test, id >> 63, 0);
		KUNIT_EXPECT_NOT_NULL(test, vsc_ide_path_answer(&path, id, true));
		last = id;
	}
}

static void path_unsends(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	submit(&path, VSC_IDE_WRITE, 1, &id);
	vsc_ide_path_unsend(&path, id);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
	KUNIT_EXPECT_EQ(test, path.counts.channel, 0);
	vsc_ide_path_unsend(&path, id);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id, true));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_take_back(&path));
}

static void path_failed_goes_by_registers(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	submit(&path, VSC_IDE_WRITE, 1, &id);
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_answer(&path, id, false), (void *)&cmds[1]);
	KUNIT_EXPECT_EQ(test, path.entering, 1);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
	KUNIT_EXPECT_EQ(test, path.counts.reissues, 1);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, id, false));
	KUNIT_EXPECT_EQ(test, path.entering, 1);
	vsc_ide_path_entered(&path, true);
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_CHANNEL);
}

static void path_drains_channel(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 a, b, id;

	vsc_ide_path_init(&path);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_want_registers(&path));
	to_channel(test, &path);
	submit(&path, VSC_IDE_WRITE, 0, &a);
	submit(&path, VSC_IDE_WRITE, 1, &b);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_want_registers(&path));
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_want_registers(&path));
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_FLUSH, 2, &id), VSC_IDE_HOLD);
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_OTHER, 3, &id), VSC_IDE_BY_REGISTERS);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_finish(&path, false));
	vsc_ide_path_answer(&path, b, true);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_drained(&path, false));
	vsc_ide_path_answer(&path, a, true);
	/* what the registers do meanwhile does not matter */
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_drained(&path, true));
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_finish(&path, true));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_REGISTERS);
	KUNIT_EXPECT_EQ(test, path.counts.cut_backs, 1);
	KUNIT_EXPECT_EQ(test, path.counts.reissues, 0);
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_FLUSH, 2, &id), VSC_IDE_BY_REGISTERS);
}

/* Every subset of eight commands answered before the channel is lost. */
static void path_lost_sends_again_once(struct kunit *test)
{
	unsigned int set, i, nr, seen;
	struct vsc_ide_path path;
	u64 ids[8], id;
	u8 *cmd;

	for (set = 0; set < 256; set++) {
		vsc_ide_path_init(&path);
		to_channel(test, &path);
		for (i = 0; i < 8; i++)
			submit(&path, VSC_IDE_WRITE, i, &ids[i]);
		for (i = 0; i < 8; i++)
			if (set & BIT(i))
				KUNIT_ASSERT_PTR_EQ(test, vsc_ide_path_answer(&path, ids[i], true),
						    (void *)&cmds[i]);
		KUNIT_ASSERT_TRUE(test, vsc_ide_path_lost(&path));
		KUNIT_ASSERT_EQ(test, submit(&path, VSC_IDE_READ, 9, &id), VSC_IDE_HOLD);
		if (set != 255)
			KUNIT_ASSERT_FALSE(test, vsc_ide_path_finish(&path, false));
		for (nr = 0, seen = set; (cmd = vsc_ide_path_take_back(&path)); nr++) {
			KUNIT_ASSERT_FALSE(test, seen & BIT(cmd - cmds));
			seen |= BIT(cmd - cmds);
		}
		KUNIT_ASSERT_EQ(test, seen, 255);
		KUNIT_ASSERT_EQ(test, path.counts.reissues, nr);
		for (i = 0; i < 8; i++)
			KUNIT_ASSERT_NULL(test, vsc_ide_path_answer(&path, ids[i], true));
		KUNIT_ASSERT_TRUE(test, vsc_ide_path_finish(&path, false));
		KUNIT_ASSERT_EQ(test, path.state, VSC_IDE_REGISTERS);
	}
}

/* The host goes on answering while it is being left. */
static void path_answer_between_lost_and_close(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 a, b;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	submit(&path, VSC_IDE_WRITE, 0, &a);
	submit(&path, VSC_IDE_WRITE, 1, &b);
	vsc_ide_path_lost(&path);
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_answer(&path, a, true), (void *)&cmds[0]);
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_take_back(&path), (void *)&cmds[1]);
	KUNIT_EXPECT_NULL(test, vsc_ide_path_take_back(&path));
	KUNIT_EXPECT_NULL(test, vsc_ide_path_answer(&path, b, true));
}

static void path_lost_while_leaving(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	submit(&path, VSC_IDE_WRITE, 0, &id);
	vsc_ide_path_want_registers(&path);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_lost(&path));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_LOST);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_lost(&path));
	/* there is no orderly way any more, and none to the channel */
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_want_registers(&path));
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_want_channel(&path));
	KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_take_back(&path), (void *)&cmds[0]);
	KUNIT_EXPECT_TRUE(test, vsc_ide_path_finish(&path, true));
	KUNIT_EXPECT_EQ(test, path.counts.cut_backs, 1);
}

static void path_gives_up_a_move(struct kunit *test)
{
	struct vsc_ide_path path;
	u64 id;

	vsc_ide_path_init(&path);
	vsc_ide_path_want_channel(&path);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_want_registers(&path));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_REGISTERS);
	vsc_ide_path_want_channel(&path);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_lost(&path));
	KUNIT_EXPECT_EQ(test, path.state, VSC_IDE_REGISTERS);
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_lost(&path));
	KUNIT_EXPECT_FALSE(test, vsc_ide_path_finish(&path, false));
	KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_WRITE, 0, &id), VSC_IDE_BY_REGISTERS);
	KUNIT_EXPECT_EQ(test, path.counts.cut_overs, 0);
	KUNIT_EXPECT_EQ(test, path.counts.cut_backs, 0);
}

static void path_depth(struct kunit *test)
{
	u64 ids[VSC_IDE_DEPTH];
	struct vsc_ide_path path;
	unsigned int i;

	vsc_ide_path_init(&path);
	to_channel(test, &path);
	for (i = 0; i < VSC_IDE_DEPTH; i++)
		KUNIT_EXPECT_EQ(test, submit(&path, VSC_IDE_READ, i, &ids[i]),
				VSC_IDE_BY_CHANNEL);
	KUNIT_EXPECT_EQ(test, path.inflight, VSC_IDE_DEPTH);
	/* in another order */
	for (i = 0; i < VSC_IDE_DEPTH; i++)
		KUNIT_EXPECT_PTR_EQ(test, vsc_ide_path_answer(&path, ids[i ^ 21], true),
				    (void *)&cmds[i ^ 21]);
	KUNIT_EXPECT_EQ(test, path.inflight, 0);
}

static void path_names(struct kunit *test)
{
	KUNIT_EXPECT_STREQ(test, vsc_ide_path_state_name(VSC_IDE_REGISTERS), "registers");
	KUNIT_EXPECT_STREQ(test, vsc_ide_path_state_name(VSC_IDE_CHANNEL), "vmbus");
	KUNIT_EXPECT_STREQ(test, vsc_ide_path_state_name(VSC_IDE_LOST), "lost");
}

static struct kunit_case path_cases[] = {
	KUNIT_CASE(path_begins_on_registers),
	KUNIT_CASE(path_waits_for_registers),
	KUNIT_CASE(path_holds_all_while_draining),
	KUNIT_CASE(path_uses_channel),
	KUNIT_CASE(path_takes_an_answer_once),
	KUNIT_CASE(path_sequence_wraps),
	KUNIT_CASE(path_unsends),
	KUNIT_CASE(path_failed_goes_by_registers),
	KUNIT_CASE(path_drains_channel),
	KUNIT_CASE(path_lost_sends_again_once),
	KUNIT_CASE(path_answer_between_lost_and_close),
	KUNIT_CASE(path_lost_while_leaving),
	KUNIT_CASE(path_gives_up_a_move),
	KUNIT_CASE(path_depth),
	KUNIT_CASE(path_names),
	{}
};

static struct kunit_suite path_suite = {
	.name = "vsc_ide_path",
	.test_cases = path_cases,
};

kunit_test_suite(path_suite);

MODULE_DESCRIPTION("KUnit tests of the path of IDE disks");
MODULE_LICENSE("GPL");
