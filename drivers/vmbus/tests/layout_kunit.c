// SPDX-License-Identifier: GPL-2.0-only
/*
 * Size and offsets of every wire structure, against numbers: what the peers
 * use does not change with our headers.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/stddef.h>
#include <vmb/proto/bus.h>
#include <vmb/proto/ring.h>

#define SIZE(type, size) \
	KUNIT_EXPECT_EQ(test, sizeof(struct type), (size_t)(size))
#define AT(type, member, offset) \
	KUNIT_EXPECT_EQ(test, offsetof(struct type, member), (size_t)(offset))

static void layout_synic(struct kunit *test)
{
	SIZE(vmb_hv_post_message, 256);
	AT(vmb_hv_post_message, connection_id, 0);
	AT(vmb_hv_post_message, reserved, 4);
	AT(vmb_hv_post_message, message_type, 8);
	AT(vmb_hv_post_message, payload_size, 12);
	AT(vmb_hv_post_message, payload, 16);

	SIZE(vmb_hv_message, 256);
	AT(vmb_hv_message, message_type, 0);
	AT(vmb_hv_message, payload_size, 4);
	AT(vmb_hv_message, flags, 5);
	AT(vmb_hv_message, reserved, 6);
	AT(vmb_hv_message, sender, 8);
	AT(vmb_hv_message, payload, 16);
}

static void layout_channel(struct kunit *test)
{
	SIZE(vmb_msg_header, 8);
	AT(vmb_msg_header, type, 0);
	AT(vmb_msg_header, padding, 4);

	SIZE(vmb_msg_offer, 196);
	AT(vmb_msg_offer, hdr, 0);
	AT(vmb_msg_offer, class_id, 8);
	AT(vmb_msg_offer, instance_id, 24);
	AT(vmb_msg_offer, reserved1, 40);
	AT(vmb_msg_offer, flags, 56);
	AT(vmb_msg_offer, mmio_megabytes, 58);
	AT(vmb_msg_offer, user, 60);
	AT(vmb_msg_offer, sub_channel_index, 180);
	AT(vmb_msg_offer, reserved2, 182);
	AT(vmb_msg_offer, relid, 184);
	AT(vmb_msg_offer, monitor_id, 188);
	AT(vmb_msg_offer, monitor_allocated, 189);
	AT(vmb_msg_offer, dedicated_interrupt, 190);
	AT(vmb_msg_offer, connection_id, 192);

	SIZE(vmb_msg_relid, 12);
	AT(vmb_msg_relid, hdr, 0);
	AT(vmb_msg_relid, relid, 8);

	SIZE(vmb_msg_open, 148);
	AT(vmb_msg_open, hdr, 0);
	AT(vmb_msg_open, relid, 8);
	AT(vmb_msg_open, open_id, 12);
	AT(vmb_msg_open, ring_gpadl, 16);
	AT(vmb_msg_open, target_vp, 20);
	AT(vmb_msg_open, downstream_page, 24);
	AT(vmb_msg_open, user, 28);

	SIZE(vmb_msg_open_result, 20);
	AT(vmb_msg_open_result, hdr, 0);
	AT(vmb_msg_open_result, relid, 8);
	AT(vmb_msg_open_result, open_id, 12);
	AT(vmb_msg_open_result, status, 16);

	SIZE(vmb_msg_modify_channel, 16);
	AT(vmb_msg_modify_channel, hdr, 0);
	AT(vmb_msg_modify_channel, relid, 8);
	AT(vmb_msg_modify_channel, target_vp, 12);

	SIZE(vmb_msg_modify_channel_response, 16);
	AT(vmb_msg_modify_channel_response, hdr, 0);
	AT(vmb_msg_modify_channel_response, relid, 8);
	AT(vmb_msg_modify_channel_response, status, 12);
}

static void layout_gpadl(struct kunit *test)
{
	SIZE(vmb_msg_gpadl_header, 20);
	AT(vmb_msg_gpadl_header, hdr, 0);
	AT(vmb_msg_gpadl_header, relid, 8);
	AT(vmb_msg_gpadl_header, gpadl, 12);
	AT(vmb_msg_gpadl_header, range_buflen, 16);
	AT(vmb_msg_gpadl_header, range_count, 18);
	AT(vmb_msg_gpadl_header, ranges, 20);

	SIZE(vmb_msg_gpadl_body, 16);
	AT(vmb_msg_gpadl_body, hdr, 0);
	AT(vmb_msg_gpadl_body, number, 8);
	AT(vmb_msg_gpadl_body, gpadl, 12);
	AT(vmb_msg_gpadl_body, ranges, 16);

	SIZE(vmb_msg_gpadl_created, 20);
	AT(vmb_msg_gpadl_created, hdr, 0);
	AT(vmb_msg_gpadl_created, relid, 8);
	AT(vmb_msg_gpadl_created, gpadl, 12);
	AT(vmb_msg_gpadl_created, status, 16);

	SIZE(vmb_msg_gpadl_teardown, 16);
	AT(vmb_msg_gpadl_teardown, hdr, 0);
	AT(vmb_msg_gpadl_teardown, relid, 8);
	AT(vmb_msg_gpadl_teardown, gpadl, 12);

	SIZE(vmb_msg_gpadl_torndown, 12);
	AT(vmb_msg_gpadl_torndown, hdr, 0);
	AT(vmb_msg_gpadl_torndown, gpadl, 8);
}

static void layout_connection(struct kunit *test)
{
	SIZE(vmb_msg_initiate_contact, 40);
	AT(vmb_msg_initiate_contact, hdr, 0);
	AT(vmb_msg_initiate_contact, version, 8);
	AT(vmb_msg_initiate_contact, target_vp, 12);
	AT(vmb_msg_initiate_contact, interrupt_page, 16);
	AT(vmb_msg_initiate_contact, monitor_page, 24);

	SIZE(vmb_msg_version_response, 16);
	AT(vmb_msg_version_response, hdr, 0);
	AT(vmb_msg_version_response, supported, 8);
	AT(vmb_msg_version_response, connection_state, 9);
	AT(vmb_msg_version_response, padding, 10);
	AT(vmb_msg_version_response, msg_conn_id, 12);
}

static void layout_socket(struct kunit *test)
{
	SIZE(vmb_msg_tl_connect_request, 40);
	AT(vmb_msg_tl_connect_request, hdr, 0);
	AT(vmb_msg_tl_connect_request, endpoint_id, 8);
	AT(vmb_msg_tl_connect_request, service_id, 24);

	SIZE(vmb_msg_tl_connect_result, 44);
	AT(vmb_msg_tl_connect_result, hdr, 0);
	AT(vmb_msg_tl_connect_result, endpoint_id, 8);
	AT(vmb_msg_tl_connect_result, service_id, 24);
	AT(vmb_msg_tl_connect_result, status, 40);
}

static void layout_ring(struct kunit *test)
{
	SIZE(vmb_ring_hdr, 4096);
	AT(vmb_ring_hdr, write_index, 0);
	AT(vmb_ring_hdr, read_index, 4);
	AT(vmb_ring_hdr, interrupt_mask, 8);
	AT(vmb_ring_hdr, pending_send_sz, 12);
	AT(vmb_ring_hdr, reserved1, 16);
	AT(vmb_ring_hdr, feature_bits, 64);
	AT(vmb_ring_hdr, reserved2, 68);
}

static void layout_packet(struct kunit *test)
{
	SIZE(vmb_pkt_desc, 16);
	AT(vmb_pkt_desc, type, 0);
	AT(vmb_pkt_desc, offset8, 2);
	AT(vmb_pkt_desc, len8, 4);
	AT(vmb_pkt_desc, flags, 6);
	AT(vmb_pkt_desc, trans_id, 8);

	SIZE(vmb_pkt_gpa_direct, 24);
	AT(vmb_pkt_gpa_direct, desc, 0);
	AT(vmb_pkt_gpa_direct, reserved, 16);
	AT(vmb_pkt_gpa_direct, range_count, 20);

	SIZE(vmb_wire_gpa_range, 8);
	AT(vmb_wire_gpa_range, byte_count, 0);
	AT(vmb_wire_gpa_range, byte_offset, 4);
	AT(vmb_wire_gpa_range, pfn, 8);

	SIZE(vmb_pkt_xfer_pages, 24);
	AT(vmb_pkt_xfer_pages, desc, 0);
	AT(vmb_pkt_xfer_pages, pageset_id, 16);
	AT(vmb_pkt_xfer_pages, sender_owns_set, 18);
	AT(vmb_pkt_xfer_pages, reserved, 19);
	AT(vmb_pkt_xfer_pages, range_count, 20);

	SIZE(vmb_wire_xfer_range, 8);
	AT(vmb_wire_xfer_range, byte_count, 0);
	AT(vmb_wire_xfer_range, byte_offset, 4);
}

/* Numbers that are on the wire, too. */
static void layout_constants(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, VMB_VERSION_0_13, 0x0000000dU);
	KUNIT_EXPECT_EQ(test, VMB_VERSION_5_3, 0x00050003U);
	KUNIT_EXPECT_EQ(test, (int)VMB_MSG_GPADL_HEADER, 8);
	KUNIT_EXPECT_EQ(test, (int)VMB_MSG_INITIATE_CONTACT, 14);
	KUNIT_EXPECT_EQ(test, (int)VMB_MSG_UNLOAD_RESPONSE, 17);
	KUNIT_EXPECT_EQ(test, (int)VMB_MSG_MODIFY_CHANNEL, 22);
	KUNIT_EXPECT_EQ(test, (int)VMB_MSG_MODIFY_CHANNEL_RESPONSE, 24);
	KUNIT_EXPECT_EQ(test, (int)VMB_PKT_INBAND, 6);
	KUNIT_EXPECT_EQ(test, (int)VMB_PKT_XFER_PAGES, 7);
	KUNIT_EXPECT_EQ(test, (int)VMB_PKT_GPA_DIRECT, 9);
	KUNIT_EXPECT_EQ(test, (int)VMB_PKT_COMPLETION, 11);
}

static struct kunit_case layout_cases[] = {
	KUNIT_CASE(layout_synic),
	KUNIT_CASE(layout_channel),
	KUNIT_CASE(layout_gpadl),
	KUNIT_CASE(layout_connection),
	KUNIT_CASE(layout_socket),
	KUNIT_CASE(layout_ring),
	KUNIT_CASE(layout_packet),
	KUNIT_CASE(layout_constants),
	{}
};

static struct kunit_suite layout_suite = {
	.name = "vmb_layout",
	.test_cases = layout_cases,
};

kunit_test_suite(layout_suite);

MODULE_DESCRIPTION("KUnit: wire formats of VMBus");
MODULE_LICENSE("GPL");
