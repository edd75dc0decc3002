// SPDX-License-Identifier: GPL-2.0-only
/*
 * The handshake with hosts that are old, that refuse, and that are gone.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "handshake.h"

/**
 * struct host - the host that is played
 * @hs: what is tested
 * @wire: set by it
 * @oldest: first version that it speaks
 * @newest: last one
 * @bytes: of its largest command
 * @refuse: operation that it refuses, or -1
 * @gone: operation at which nobody answers, or -1
 * @asked: how often
 * @ops: what for
 * @sizes: how long the packets were
 * @wrong: requests that make no sense
 */
struct host {
	struct vsc_handshake hs;
	struct vsc_wire wire;
	u16 oldest;
	u16 newest;
	u32 bytes;
	int refuse;
	int gone;
	unsigned int asked;
	u32 ops[16];
	u32 sizes[16];
	unsigned int wrong;
};

static int host_ask(struct vsc_handshake *hs, struct vmb_stor_packet *pkt)
{
	struct host *host = container_of(hs, struct host, hs);
	u32 op = le32_to_cpu(pkt->operation), status = 0;
	u16 version = le16_to_cpu(pkt->version.major_minor);

	if (host->asked == ARRAY_SIZE(host->ops))
		return -ENOSPC;
	host->ops[host->asked] = op;
	host->sizes[host->asked++] = host->wire.packet_bytes;
	if (pkt->flags != cpu_to_le32(VMB_STOR_REQUEST_COMPLETION) || pkt->status)
		host->wrong++;
	if (op != VMB_STOR_OP_QUERY_PROTOCOL_VERSION) {
		/* nothing of an earlier answer comes back to the host */
		if (memchr_inv(pkt->body, 0, sizeof(pkt->body)))
			host->wrong++;
	} else if (version < host->oldest || version > host->newest) {
		status = VMB_STOR_STATUS_REVISION_MISMATCH;
	}
	if (op == host->gone)
		return -ENODEV;
	if (op == host->refuse)
		status = 0xc0000001;

	*pkt = (struct vmb_stor_packet){
		.operation = cpu_to_le32(VMB_STOR_OP_COMPLETE_IO),
		.status = cpu_to_le32(status),
	};
	if (op == VMB_STOR_OP_QUERY_PROPERTIES) {
		pkt->properties.flags = cpu_to_le32(VMB_STOR_PROP_MULTI_CHANNEL);
		pkt->properties.max_sub_channels = cpu_to_le16(3);
		pkt->properties.max_transfer_bytes = cpu_to_le32(host->bytes);
	}
	return 0;
}

static int host_init(struct kunit *test)
{
	struct host *host = kunit_kzalloc(test, sizeof(*host), GFP_KERNEL);
	struct device *dev = kunit_device_register(test, "vsc_handshake");

	if (!host || IS_ERR(dev))
		return -ENOMEM;
	host->hs = (struct vsc_handshake){
		.dev = dev, .level = KERN_INFO, .wire = &host->wire, .ask = host_ask,
	};
	host->newest = U16_MAX;
	host->bytes = 0x40000;
	host->refuse = -1;
	host->gone = -1;
	test->priv = host;
	return 0;
}

static void handshake_newest(struct kunit *test)
{
	static const u32 ops[] = {
		VMB_STOR_OP_BEGIN_INIT, VMB_STOR_OP_QUERY_PROTOCOL_VERSION,
		VMB_STOR_OP_QUERY_PROPERTIES, VMB_STOR_OP_END_INIT,
	};
	struct vsc_wire_properties props;
	struct host *host = test->priv;

	KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), 0);
	KUNIT_EXPECT_EQ(test, host->wire.version, VMB_STOR_VERSION_6_2);
	KUNIT_EXPECT_EQ(test, props.max_sub_channels, 3);
	KUNIT_EXPECT_EQ(test, props.max_transfer, 0x40000);
	KUNIT_EXPECT_EQ(test, host->asked, ARRAY_SIZE(ops));
	KUNIT_EXPECT_MEMEQ(test, host->ops, ops, sizeof(ops));
	KUNIT_EXPECT_EQ(test, host->wrong, 0);
}

/* Each version is found, and spoken from then on. */
static void handshake_older(struct kunit *test)
{
	struct vsc_wire_properties props;
	struct host *host = test->priv;
	unsigned int i;

	for (i = 0; i < vsc_wire_nr_versions; i++) {
		host->oldest = vsc_wire_versions[i];
		host->newest = vsc_wire_versions[i];
		host->asked = 0;
		KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), 0);
		KUNIT_EXPECT_EQ(test, host->wire.version, vsc_wire_versions[i]);
		KUNIT_EXPECT_EQ(test, host->asked, 4 + i);
		KUNIT_EXPECT_EQ(test, host->sizes[0], VMB_STOR_PACKET_BYTES);
		KUNIT_EXPECT_EQ(test, host->sizes[3 + i], host->wire.packet_bytes);
	}
	KUNIT_EXPECT_EQ(test, host->wire.packet_bytes, VMB_STOR_PACKET_BYTES_V1);
	KUNIT_EXPECT_EQ(test, host->wrong, 0);

	host->oldest = U16_MAX;
	host->newest = U16_MAX;
	host->asked = 0;
	KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), -EPROTONOSUPPORT);
	KUNIT_EXPECT_EQ(test, host->asked, 1 + vsc_wire_nr_versions);
}

/* What fails ends it, with nothing asked behind it. */
static void handshake_fails(struct kunit *test)
{
	static const struct {
		int op;
		unsigned int asked;
	} cases[] = {
		{ VMB_STOR_OP_BEGIN_INIT, 1 },
		{ VMB_STOR_OP_QUERY_PROPERTIES, 3 },
		{ VMB_STOR_OP_END_INIT, 4 },
	};
	struct vsc_wire_properties props;
	struct host *host = test->priv;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		host->refuse = cases[i].op;
		host->asked = 0;
		KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), -EIO);
		KUNIT_EXPECT_EQ(test, host->asked, cases[i].asked);
		host->refuse = -1;
		host->gone = cases[i].op;
		host->asked = 0;
		KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), -ENODEV);
		KUNIT_EXPECT_EQ(test, host->asked, cases[i].asked);
		host->gone = -1;
	}
	/* one that does not answer is not asked for another version */
	host->gone = VMB_STOR_OP_QUERY_PROTOCOL_VERSION;
	host->asked = 0;
	KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), -ENODEV);
	KUNIT_EXPECT_EQ(test, host->asked, 2);
	host->gone = -1;

	host->bytes = 4095;
	host->asked = 0;
	KUNIT_EXPECT_EQ(test, vsc_handshake(&host->hs, &props), -EPROTO);
	KUNIT_EXPECT_EQ(test, host->asked, 3);
}

static struct kunit_case handshake_cases[] = {
	KUNIT_CASE(handshake_newest),
	KUNIT_CASE(handshake_older),
	KUNIT_CASE(handshake_fails),
	{}
};

static struct kunit_suite handshake_suite = {
	.name = "vsc_handshake",
	.init = host_init,
	.test_cases = handshake_cases,
};

kunit_test_suite(handshake_suite);

MODULE_DESCRIPTION("KUnit: handshake of the storage protocol in a guest");
MODULE_LICENSE("GPL");
