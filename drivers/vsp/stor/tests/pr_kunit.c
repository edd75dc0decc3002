// SPDX-License-Identifier: GPL-2.0-only
/*
 * Persistent reservations in memory: three guests on one disk.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/unaligned.h>
#include <scsi/scsi_proto.h>

#include "scsi.h"

#define READS	VSP_STOR_CMD_PR_READ
#define WRITES	VSP_STOR_CMD_PR_WRITE

#define REG_PREEMPTED	BIT(VSP_STOR_UA_PR_REG_PREEMPTED)
#define PREEMPTED	BIT(VSP_STOR_UA_PR_PREEMPTED)
#define RELEASED	BIT(VSP_STOR_UA_PR_RELEASED)

struct pr_test {
	struct vsp_stor_pr pr;
	struct vsp_stor_pr_nexus n[3];
	unsigned long ua[3];
	u8 buf[256];
};

static int pr_init(struct kunit *test)
{
	struct pr_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	int i;

	if (!t)
		return -ENOMEM;
	test->priv = t;
	vsp_stor_pr_init(&t->pr);
	for (i = 0; i < 3; i++) {
		t->n[i].ua = &t->ua[i];
		t->n[i].address = 0x3000000000000000 + i;
		vsp_stor_pr_attach(&t->pr, &t->n[i]);
	}
	return 0;
}

static int out(struct pr_test *t, int who, u8 sa, u8 type, u64 key, u64 sark)
{
	u8 cdb[16] = { PERSISTENT_RESERVE_OUT, sa, type }, list[24] = {};

	put_unaligned_be64(key, list);
	put_unaligned_be64(sark, list + 8);
	return vsp_stor_pr_out(&t->n[who], cdb, list, sizeof(list));
}

static int in(struct pr_test *t, u8 sa)
{
	u8 cdb[16] = { PERSISTENT_RESERVE_IN, sa };

	return vsp_stor_pr_in(&t->n[0], cdb, t->buf, sizeof(t->buf));
}

static u8 allowed(struct pr_test *t, int who)
{
	return (vsp_stor_pr_allows(&t->n[who], READS) ? READS : 0) |
	       (vsp_stor_pr_allows(&t->n[who], WRITES) ? WRITES : 0);
}

static void reg(struct kunit *test, int who)
{
	KUNIT_ASSERT_EQ(test, out(test->priv, who, VSP_STOR_PR_REGISTER, 0, 0,
				  10 + who), 0);
}

static void registration(struct kunit *test)
{
	struct pr_test *t = test->priv;

	/* a key that it does not have; no key to no key */
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 5, 10),
			VSP_STOR_PR_CONFLICT);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 0, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.generation, 0);

	reg(test, 0);
	reg(test, 1);
	KUNIT_EXPECT_EQ(test, t->pr.generation, 2);
	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_KEYS), 8 + 2 * 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(t->buf), 2);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(t->buf + 4), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 8), 10);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 16), 11);

	/* change a key: only its owner, unless told to ignore it */
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 0, 20),
			VSP_STOR_PR_CONFLICT);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 10, 20), 0);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER_IGNORE, 0, 99, 30), 0);
	KUNIT_EXPECT_EQ(test, t->n[0].key, 30);

	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 30, 0), 0);
	KUNIT_EXPECT_FALSE(test, t->n[0].registered);
	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_KEYS), 8 + 8);

	/* nothing else without a registration, or with another's key */
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 1, 0, 0),
			VSP_STOR_PR_CONFLICT);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_RESERVE, 1, 30, 0),
			VSP_STOR_PR_CONFLICT);
}

struct access_case {
	u8 type;
	/* what the holder, a registrant and somebody else may do */
	u8 holder, registrant, other;
};

static const struct access_case access_cases[] = {
	{ 1, READS | WRITES, READS, READS },
	{ 3, READS | WRITES, 0, 0 },
	{ 5, READS | WRITES, READS | WRITES, READS },
	{ 6, READS | WRITES, READS | WRITES, 0 },
	{ 7, READS | WRITES, READS | WRITES, READS },
	{ 8, READS | WRITES, READS | WRITES, 0 },
};

static void access_desc(const struct access_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "type %u", c->type);
}

KUNIT_ARRAY_PARAM(access, access_cases, access_desc);

static void access_by_type(struct kunit *test)
{
	const struct access_case *c = test->param_value;
	struct pr_test *t = test->priv;
	bool all = c->type >= 7;

	reg(test, 0);
	reg(test, 1);
	KUNIT_EXPECT_EQ(test, allowed(t, 2), READS | WRITES);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, c->type, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, allowed(t, 0), c->holder);
	KUNIT_EXPECT_EQ(test, allowed(t, 1), c->registrant);
	KUNIT_EXPECT_EQ(test, allowed(t, 2), c->other);
	/* what neither reads nor writes goes on */
	KUNIT_EXPECT_TRUE(test, vsp_stor_pr_allows(&t->n[2], VSP_STOR_CMD_IN));

	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_RESERVATION), 24);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 8), all ? 0 : 10);
	KUNIT_EXPECT_EQ(test, t->buf[21], c->type);

	/* again is fine for who holds it, another type is not */
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, c->type, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_RESERVE, c->type, 11, 0),
			all ? 0 : VSP_STOR_PR_CONFLICT);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE,
				  c->type == 1 ? 3 : 1, 10, 0), VSP_STOR_PR_CONFLICT);

	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RELEASE,
				  c->type == 1 ? 3 : 1, 10, 0), VSP_STOR_BAD_RELEASE);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RELEASE, c->type, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, allowed(t, 2), READS | WRITES);
	/* registrants that it mattered to are told */
	KUNIT_EXPECT_EQ(test, t->ua[0], 0);
	KUNIT_EXPECT_EQ(test, t->ua[1], c->type >= 5 ? RELEASED : 0);
	KUNIT_EXPECT_EQ(test, t->ua[2], 0);
	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_RESERVATION), 8);
}

static void release_by_others(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	/* there is nothing to release, or it is not theirs: no error */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_RELEASE, 1, 11, 0), 0);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 1, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_RELEASE, 1, 11, 0), 0);
	KUNIT_EXPECT_EQ(test, allowed(t, 1), READS);
}

static void holder_unregisters(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 5, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 0);
	KUNIT_EXPECT_EQ(test, t->ua[1], RELEASED);

	/* one that all hold lasts until the last of them */
	reg(test, 0);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 8, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_REGISTER, 0, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 8);
	KUNIT_EXPECT_EQ(test, allowed(t, 0), 0);
	KUNIT_EXPECT_EQ(test, allowed(t, 1), READS | WRITES);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_REGISTER, 0, 11, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 0);
}

static void clear(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 3, 10, 0), 0);
	/* a registrant may, though it does not hold it */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_CLEAR, 0, 11, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 0);
	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_KEYS), 8);
	KUNIT_EXPECT_EQ(test, t->ua[0], PREEMPTED);
	KUNIT_EXPECT_EQ(test, t->ua[1], 0);
	KUNIT_EXPECT_EQ(test, t->ua[2], 0);
	KUNIT_EXPECT_EQ(test, t->pr.generation, 3);
}

static void preempt_holder(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	reg(test, 2);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 5, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 3, 11, 10), 0);
	KUNIT_EXPECT_PTR_EQ(test, t->pr.holder, &t->n[1]);
	KUNIT_EXPECT_EQ(test, t->pr.type, 3);
	KUNIT_EXPECT_FALSE(test, t->n[0].registered);
	KUNIT_EXPECT_FALSE(test, t->n[0].drain);
	KUNIT_EXPECT_EQ(test, t->ua[0], REG_PREEMPTED);
	KUNIT_EXPECT_EQ(test, t->ua[1], 0);
	KUNIT_EXPECT_EQ(test, t->ua[2], RELEASED);
	KUNIT_EXPECT_EQ(test, allowed(t, 0), 0);

	/* who was preempted can do no more */
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_PREEMPT, 3, 10, 11),
			VSP_STOR_PR_CONFLICT);
}

static void preempt_registrant(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	reg(test, 2);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 1, 10, 0), 0);
	/* the reservation stays as it is; the type does not matter */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT_ABORT, 0, 11, 12), 0);
	KUNIT_EXPECT_PTR_EQ(test, t->pr.holder, &t->n[0]);
	KUNIT_EXPECT_EQ(test, t->pr.type, 1);
	KUNIT_EXPECT_FALSE(test, t->n[2].registered);
	KUNIT_EXPECT_TRUE(test, t->n[2].drain);
	KUNIT_EXPECT_EQ(test, t->ua[2], REG_PREEMPTED);
	/* a key that nobody has, and no key */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 1, 11, 99),
			VSP_STOR_PR_CONFLICT);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 1, 11, 0),
			VSP_STOR_BAD_PARAM(8));
	/* for the reservation, the type does matter */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 2, 11, 10),
			VSP_STOR_BAD_CDB(2));
	KUNIT_EXPECT_TRUE(test, t->n[0].registered);
}

static void preempt_all_registrants(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	reg(test, 2);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 7, 10, 0), 0);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 3, 11, 12), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 7);
	KUNIT_EXPECT_FALSE(test, t->n[2].registered);
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 3, 11, 0), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 3);
	KUNIT_EXPECT_PTR_EQ(test, t->pr.holder, &t->n[1]);
	KUNIT_EXPECT_FALSE(test, t->n[0].registered);
	/* of itself, to change the type */
	KUNIT_EXPECT_EQ(test, out(t, 1, VSP_STOR_PR_PREEMPT, 1, 11, 11), 0);
	KUNIT_EXPECT_EQ(test, t->pr.type, 1);
	KUNIT_EXPECT_TRUE(test, t->n[1].registered);
}

static void malformed(struct kunit *test)
{
	struct pr_test *t = test->priv;
	u8 cdb[16] = { PERSISTENT_RESERVE_OUT }, list[24] = {};

	KUNIT_EXPECT_EQ(test, vsp_stor_pr_out(&t->n[0], cdb, list, 23),
			VSP_STOR_BAD_LIST_LEN);
	/* other ports; surviving power loss */
	list[20] = 0x08;
	KUNIT_EXPECT_EQ(test, vsp_stor_pr_out(&t->n[0], cdb, list, 24),
			VSP_STOR_BAD_PARAM(20));
	list[20] = 0x01;
	KUNIT_EXPECT_EQ(test, vsp_stor_pr_out(&t->n[0], cdb, list, 24),
			VSP_STOR_BAD_PARAM(20));
	reg(test, 0);
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 2, 10, 0),
			VSP_STOR_BAD_CDB(2));
	KUNIT_EXPECT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 0x11, 10, 0),
			VSP_STOR_BAD_CDB(2));
	KUNIT_EXPECT_EQ(test, out(t, 0, 7, 1, 10, 0), VSP_STOR_BAD_CDB(1));
	KUNIT_EXPECT_EQ(test, in(t, 4), VSP_STOR_BAD_CDB(1));
}

static void full_status(struct kunit *test)
{
	struct pr_test *t = test->priv;
	u8 cdb[16] = { PERSISTENT_RESERVE_IN, VSP_STOR_PR_READ_FULL_STATUS };

	reg(test, 0);
	reg(test, 2);
	KUNIT_ASSERT_EQ(test, out(t, 2, VSP_STOR_PR_RESERVE, 3, 12, 0), 0);
	KUNIT_EXPECT_EQ(test, in(t, VSP_STOR_PR_READ_FULL_STATUS), 8 + 2 * 48);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 8), 10);
	KUNIT_EXPECT_EQ(test, t->buf[8 + 12], 0);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 8 + 48), 12);
	KUNIT_EXPECT_EQ(test, t->buf[8 + 48 + 12], 1);
	KUNIT_EXPECT_EQ(test, t->buf[8 + 48 + 13], 3);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(t->buf + 8 + 48 + 20), 24);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(t->buf + 8 + 48 + 28),
			t->n[2].address);

	/* too much for the buffer: tells how much there is, writes what fits */
	memset(t->buf, 0xee, sizeof(t->buf));
	KUNIT_EXPECT_EQ(test, vsp_stor_pr_in(&t->n[0], cdb, t->buf, 60), 60);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(t->buf + 4), 96);
	KUNIT_EXPECT_EQ(test, t->buf[56], 0xee);
	memset(t->buf, 0xee, sizeof(t->buf));
	cdb[1] = VSP_STOR_PR_READ_KEYS;
	KUNIT_EXPECT_EQ(test, vsp_stor_pr_in(&t->n[0], cdb, t->buf, 16), 16);
	KUNIT_EXPECT_EQ(test, get_unaligned_be32(t->buf + 4), 16);
	KUNIT_EXPECT_EQ(test, t->buf[16], 0xee);

	cdb[1] = VSP_STOR_PR_REPORT_CAPABILITIES;
	KUNIT_EXPECT_EQ(test, vsp_stor_pr_in(&t->n[0], cdb, t->buf, 60), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(t->buf), 8);
	KUNIT_EXPECT_EQ(test, get_unaligned_be16(t->buf + 4), 0xea01);
}

static void detach(struct kunit *test)
{
	struct pr_test *t = test->priv;

	reg(test, 0);
	reg(test, 1);
	KUNIT_ASSERT_EQ(test, out(t, 0, VSP_STOR_PR_RESERVE, 6, 10, 0), 0);
	vsp_stor_pr_detach(&t->n[0]);
	KUNIT_EXPECT_EQ(test, t->pr.type, 0);
	KUNIT_EXPECT_EQ(test, t->pr.generation, 3);
	KUNIT_EXPECT_EQ(test, t->ua[1], RELEASED);
	KUNIT_EXPECT_EQ(test, allowed(t, 2), READS | WRITES);
	vsp_stor_pr_attach(&t->pr, &t->n[0]);
	KUNIT_EXPECT_FALSE(test, t->n[0].registered);
}

static struct kunit_case pr_cases[] = {
	KUNIT_CASE(registration),
	KUNIT_CASE_PARAM(access_by_type, access_gen_params),
	KUNIT_CASE(release_by_others),
	KUNIT_CASE(holder_unregisters),
	KUNIT_CASE(clear),
	KUNIT_CASE(preempt_holder),
	KUNIT_CASE(preempt_registrant),
	KUNIT_CASE(preempt_all_registrants),
	KUNIT_CASE(malformed),
	KUNIT_CASE(full_status),
	KUNIT_CASE(detach),
	{}
};

static struct kunit_suite pr_suite = {
	.name = "vsp_stor_pr",
	.init = pr_init,
	.test_cases = pr_cases,
};

kunit_test_suite(pr_suite);

MODULE_DESCRIPTION("KUnit: persistent reservations in memory");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
