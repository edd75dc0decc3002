// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and rescinds, devices and their drivers, what is seen of them in sysfs,
 * and a sleep of the machine.
 */
#include <linux/module.h>

#include "../../tests/file.h"
#include "fake.h"

#define DEVICES "/sys/bus/vmb/devices/"
/* of device number 1, offered by fake_offer() */
#define DEVICE1 "kunit-00000001-0000-0000-0000-0000000000aa"

static int offer_test_init(struct kunit *test)
{
	struct fake *f = fake_create(test);

	test->priv = f;
	KUNIT_ASSERT_EQ(test, vmb_guest_driver_register(&test_driver), 0);
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	return 0;
}

static void offer_test_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fake_destroy(test->priv);
	KUNIT_EXPECT_EQ(test, test_dev.probes, test_dev.removes);
	vmb_guest_driver_unregister(&test_driver);
}

static void offer_good(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_dev *vdev;

	fake_offer(f, 7, 1, 0);
	settle(f);
	vdev = fake_device(f, 1);
	KUNIT_ASSERT_NOT_NULL(test, vdev);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_PTR_EQ(test, test_dev.dev, &vdev->pub);
	KUNIT_EXPECT_EQ(test, vdev->pub.primary->relid, 7);
	KUNIT_EXPECT_EQ(test, vdev->pub.primary->index, 0);
	KUNIT_EXPECT_PTR_EQ(test, vdev->pub.primary->dev, &vdev->pub);
	KUNIT_EXPECT_EQ(test, vdev->pub.version, VMB_VERSION_5_3);
	KUNIT_EXPECT_EQ(test, vdev->pub.user[3], 1);
	KUNIT_EXPECT_EQ(test, vdev->pub.offer_flags, VMB_OFFER_ENUMERATE_DEVICE_INTERFACE);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

/* Offers made while the bus connects are there when it is connected. */
static void two_offers(struct fake *f)
{
	fake_offer(f, 1, 1, 0);
	fake_offer(f, 2, 2, 0);
}

static void offer_requested(struct kunit *test)
{
	struct fake *f = test->priv;

	vmb_guest_bus_unload(f->bus);
	f->offers = two_offers;
	KUNIT_ASSERT_EQ(test, fake_connect(f), 0);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 2);
}

static void refused(struct kunit *test, struct vmb_msg_offer *m)
{
	struct fake *f = test->priv;
	u64 bad = fake_bad(f);

	fake_send(f, m, sizeof(*m));
	settle(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), bad + 1);
}

static void offer_refused(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_msg_offer m;

	fake_offer(f, 1, 1, 0);
	m = fake_offer_of(0, 2, 0);
	refused(test, &m);
	m = fake_offer_of(VMB_EVENT_FLAGS, 2, 0);
	refused(test, &m);
	m = fake_offer_of(U32_MAX, 2, 0);
	refused(test, &m);
	/* an id that is taken, a device that is there */
	m = fake_offer_of(1, 2, 0);
	refused(test, &m);
	m = fake_offer_of(2, 1, 0);
	refused(test, &m);
	/* how should it be signalled? */
	m = fake_offer_of(2, 2, 0);
	m.dedicated_interrupt = 0;
	refused(test, &m);
	m = fake_offer_of(2, 2, 0);
	m.connection_id = 0;
	refused(test, &m);
	m = fake_offer_of(2, 2, 0);
	m.connection_id = cpu_to_le32(VMB_CONN_MASK + 1);
	refused(test, &m);
	m = fake_offer_of(2, 2, 0);
	m.class_id = guid_null;
	refused(test, &m);
	m = fake_offer_of(2, 2, 0);
	m.instance_id = guid_null;
	refused(test, &m);
	/* sub-channels of no device, of one of another class, twice */
	m = fake_offer_of(2, 2, 1);
	refused(test, &m);
	m = fake_offer_of(2, 1, 1);
	m.class_id.b[0]++;
	refused(test, &m);
	fake_offer(f, 3, 1, 5);
	m = fake_offer_of(4, 1, 5);
	refused(test, &m);

	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_EQ(test, test_dev.nr_sub, 1);
	/* the highest id is one */
	fake_offer(f, VMB_EVENT_FLAGS - 1, 9, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 2);
}

/* More in a row than are queued: none is lost. */
static void offer_burst(struct kunit *test)
{
	struct fake *f = test->priv;
	u32 i;

	f->hold = true;
	for (i = 0; i < 250; i++)
		fake_offer(f, 1000 + i, i, 0);
	f->hold = false;
	/* all in one interrupt, and the work that takes them waits for that CPU */
	fake_offer(f, 1250, 250, 0);
	KUNIT_EXPECT_TRUE(test, f->stalled);
	settle(f);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 251);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&f->out));
}

static void rescind_idle(struct kunit *test)
{
	struct vmb_msg_relid *m;
	struct fake *f = test->priv;
	int i;

	m = (void *)f->last[VMB_MSG_RELID_RELEASED];
	for (i = 1; i <= 3; i++) {
		/* the same id again, and again */
		fake_offer(f, 7, 1, 0);
		settle(f);
		KUNIT_EXPECT_EQ(test, test_dev.probes, i);
		fake_rescind(f, 7);
		settle(f);
		KUNIT_EXPECT_EQ(test, test_dev.removes, i);
		KUNIT_EXPECT_NULL(test, fake_device(f, 1));
		KUNIT_EXPECT_NULL(test, xa_load(&f->bus->chans, 7));
		KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], i);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(m->relid), 7);
	}
	/* nothing was open */
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 0);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 0);
}

/* Offered and taken back before anybody has looked. */
static void rescind_at_once(struct kunit *test)
{
	struct fake *f = test->priv;

	f->hold = true;
	fake_offer(f, 7, 1, 0);
	fake_rescind(f, 7);
	f->hold = false;
	fake_offer(f, 8, 2, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	KUNIT_EXPECT_NULL(test, fake_device(f, 1));
	KUNIT_EXPECT_NOT_NULL(test, fake_device(f, 2));
	KUNIT_EXPECT_EQ(test, test_dev.probes, test_dev.removes + 1);
}

/* A probe that waits for an answer of a host that goes away: it is woken. */
static void rescind_in_probe(struct kunit *test)
{
	struct fake *f = test->priv;
	unsigned long begin;

	test_dev.open_in_probe = true;
	test_dev.wait_in_probe = true;
	fake_offer(f, 7, 1, 0);
	KUNIT_ASSERT_NE(test, wait_for_completion_timeout(&test_dev.probing, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 0);
	begin = jiffies;
	fake_rescind(f, 7);
	settle(f);
	KUNIT_EXPECT_LT(test, jiffies_to_msecs(jiffies - begin), 1000);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 1);
	KUNIT_EXPECT_EQ(test, test_dev.open_ret, -ENODEV);
	KUNIT_EXPECT_NULL(test, fake_device(f, 1));
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 0);
	vmb_gpadl_free(&f->gpadl[0]);
	/* it was never bound */
	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 0);
	test_dev.probes = 0;
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

static void rescind_unknown(struct kunit *test)
{
	struct fake *f = test->priv;

	fake_rescind(f, 0);
	fake_rescind(f, 5);
	fake_rescind(f, VMB_EVENT_FLAGS);
	fake_rescind(f, U32_MAX);
	settle(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 4);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 0);
	/* twice */
	fake_offer(f, 5, 1, 0);
	settle(f);
	f->hold = true;
	fake_rescind(f, 5);
	fake_rescind(f, 5);
	f->hold = false;
	fake_offer(f, 6, 2, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 5);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
}

static void sub_channels(struct kunit *test)
{
	struct fake *f = test->priv;
	char buf[64];
	u32 i;

	test_dev.open_in_probe = true;
	test_dev.open_subs = true;
	fake_offer(f, 10, 1, 0);
	settle(f);
	for (i = 1; i <= 3; i++)
		fake_offer(f, 10 + i, 1, i);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.nr_sub, 3);
	KUNIT_EXPECT_EQ(test, test_dev.open_ret, 0);
	for (i = 1; i <= 3; i++) {
		u32 index = test_dev.sub[i - 1]->index;

		KUNIT_EXPECT_EQ(test, test_dev.sub[i - 1]->relid, 10 + index);
		KUNIT_EXPECT_PTR_EQ(test, test_dev.sub[i - 1]->dev, test_dev.dev);
		KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 10 + i));
	}
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channels/12/subchannel_id",
					buf, sizeof(buf)), 0);
	KUNIT_EXPECT_STREQ(test, buf, "2");

	/* one goes, the others stay */
	fake_rescind(f, 12);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 0);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channels/12/subchannel_id",
					buf, sizeof(buf)), -ENOENT);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 0);

	/* the device goes: the driver leaves its channels open, and they are closed */
	fake_rescind(f, 10);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 1);
	KUNIT_EXPECT_EQ(test, test_chan.rescinds, 2);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 2);
	KUNIT_EXPECT_NULL(test, fake_chan(f, 11));
	KUNIT_EXPECT_NULL(test, fake_chan(f, 13));
	/* their ids are still the host's to take */
	fake_rescind(f, 11);
	fake_rescind(f, 13);
	settle(f);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 4);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->bus->chans));
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

/* Offered anew while the old one cannot go: it comes when that has gone. */
static void sub_channel_again(struct kunit *test)
{
	struct fake *f = test->priv;
	u32 i;

	test_dev.open_in_probe = true;
	test_dev.open_subs = true;
	fake_offer(f, 10, 1, 0);
	settle(f);
	fake_offer(f, 11, 1, 1);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.nr_sub, 1);

	device_lock(&test_dev.dev->dev);
	for (i = 12; i < 15; i++) {
		fake_rescind(f, i - 1);
		fake_offer(f, i, 1, 1);
	}
	settle_messages(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
	/* those that never were one may have gone at once */
	KUNIT_EXPECT_NOT_NULL(test, xa_load(&f->bus->chans, 11));
	KUNIT_EXPECT_EQ(test, test_dev.nr_sub, 1);
	device_unlock(&test_dev.dev->dev);
	settle(f);
	/* of those that were taken back at once it never heard */
	KUNIT_ASSERT_EQ(test, test_dev.nr_sub, 2);
	KUNIT_EXPECT_EQ(test, test_dev.sub[1]->relid, 14);
	KUNIT_EXPECT_EQ(test, test_dev.open_ret, 0);
	KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 14));
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 3);
	/* one that is there is still the only one */
	fake_offer(f, 15, 1, 1);
	settle(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 1);
}

static void device_again(struct kunit *test)
{
	struct fake *f = test->priv;
	struct device *dev;

	test_dev.open_in_probe = true;
	fake_offer(f, 10, 1, 0);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.probes, 1);

	dev = get_device(&test_dev.dev->dev);
	device_lock(dev);
	fake_rescind(f, 10);
	fake_offer(f, 11, 1, 0);
	fake_rescind(f, 11);
	fake_offer(f, 12, 1, 0);
	/* of the new one, of which nobody has heard */
	fake_offer(f, 13, 1, 1);
	settle_messages(f);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 0);
	device_unlock(dev);
	put_device(dev);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.probes, test_dev.removes + 1);
	KUNIT_EXPECT_EQ(test, test_dev.dev->primary->relid, 12);
	KUNIT_EXPECT_EQ(test, test_dev.open_ret, 0);
	KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 12));
	KUNIT_EXPECT_EQ(test, test_dev.nr_sub, 1);
	KUNIT_EXPECT_PTR_EQ(test, test_dev.sub[0]->dev, test_dev.dev);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 2);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
}

static void driver_comes_and_goes(struct kunit *test)
{
	struct fake *f = test->priv;

	test_dev.open_in_probe = true;
	fake_offer(f, 1, 1, 0);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 1));
	vmb_guest_driver_unregister(&test_driver);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 1);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_GPADL_TEARDOWN], 1);
	/* the device is there all the same */
	KUNIT_EXPECT_NOT_NULL(test, fake_device(f, 1));
	memset(&test_driver.driver, 0, sizeof(test_driver.driver));
	KUNIT_ASSERT_EQ(test, vmb_guest_driver_register(&test_driver), 0);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 2);
	KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 1));
}

/* A probe that fails leaves nothing open. */
static void probe_fails(struct kunit *test)
{
	struct fake *f = test->priv;

	test_dev.open_ret = -ENXIO;
	fake_offer(f, 1, 1, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	KUNIT_EXPECT_NOT_NULL(test, fake_device(f, 1));
	KUNIT_EXPECT_NULL(test, fake_device(f, 1)->pub.dev.driver);
	fake_rescind(f, 1);
	settle(f);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
	/* no remove is due for it */
	test_dev.probes = 0;
}

static void sysfs_files(struct kunit *test)
{
	static const struct {
		const char *name;
		const char *value;
	} files[] = {
		{ "id", "7" },
		{ "state", "3" },
		{ "class_id", "{1e57c1a5-0001-0002-0304-05060708090a}" },
		{ "device_id", "{00000001-0000-0000-0000-0000000000aa}" },
		{ "modalias", "vmbus:a5c1571e01000200030405060708090a" },
		{ "vendor", "0x1414" },
		{ "device", "0x10" },
		{ "driver_override", "(null)" },
		{ "out_intr_mask", "0" },
		{ "out_write_index", "0" },
		{ "out_write_bytes_avail", "16384" },
		{ "in_read_bytes_avail", "0" },
		{ "in_write_bytes_avail", "8192" },
		{ "channels/7/in_mask", "0" },
		{ "channels/7/out_mask", "0" },
		{ "channels/7/read_avail", "0" },
		{ "channels/7/write_avail", "16384" },
		{ "channels/7/interrupts", "0" },
		{ "channels/7/events", "0" },
		{ "channels/7/intr_in_full", "0" },
		{ "channels/7/intr_out_empty", "0" },
		{ "channels/7/out_full_first", "0" },
		{ "channels/7/out_full_total", "0" },
		{ "channels/7/subchannel_id", "0" },
	};
	struct fake *f = test->priv;
	char path[160], buf[256], want[16];
	unsigned int cpu;
	int i;

	test_dev.open_in_probe = true;
	fake_offer(f, 7, 1, 0);
	settle(f);
	KUNIT_ASSERT_EQ(test, test_dev.open_ret, 0);
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), DEVICES DEVICE1 "/%s", files[i].name);
		KUNIT_ASSERT_EQ_MSG(test, file_read(path, buf, sizeof(buf)), 0, "%s", path);
		KUNIT_EXPECT_STREQ_MSG(test, buf, files[i].value, "%s", path);
	}
	cpu = test_dev.dev->primary->cpu;
	snprintf(want, sizeof(want), "%u", cpu);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channels/7/cpu", buf, sizeof(buf)), 0);
	KUNIT_EXPECT_STREQ(test, buf, want);
	snprintf(want, sizeof(want), "7:%u", cpu);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channel_vp_mapping", buf,
					sizeof(buf)), 0);
	KUNIT_EXPECT_STREQ(test, buf, want);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/uevent", buf, sizeof(buf)), 0);
	KUNIT_EXPECT_NOT_NULL(test, strstr(buf,
					   "MODALIAS=vmbus:a5c1571e01000200030405060708090a"));
	/* rings that are not there have no indices */
	vmb_guest_close(test_dev.dev->primary);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/in_read_index", buf, sizeof(buf)),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channels/7/out_mask", buf,
					sizeof(buf)), -EINVAL);
}

static void driver_override(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_dev *vdev;

	/* no class of this driver's */
	struct vmb_msg_offer m = fake_offer_of(1, 1, 0);

	m.class_id.b[1]++;
	fake_send(f, &m, sizeof(m));
	settle(f);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 0);
	vdev = fake_device(f, 1);
	KUNIT_ASSERT_NOT_NULL(test, vdev);
	vdev->driver_override = kstrdup("vmb_guest_kunit", GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, device_attach(&vdev->pub.dev), 1);
	KUNIT_EXPECT_EQ(test, test_dev.probes, 1);
	device_release_driver(&vdev->pub.dev);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 1);
	kfree(vdev->driver_override);
	vdev->driver_override = kstrdup("uio", GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, device_attach(&vdev->pub.dev), 0);
}

static void offers_after_sleep(struct fake *f)
{
	/* the first under another id, the second not at all, and a third */
	fake_offer(f, 20, 1, 0);
	fake_offer(f, 21, 3, 0);
}

static void sleep_and_wake(struct kunit *test)
{
	struct fake *f = test->priv;
	struct vmb_guest_dev *first;
	char buf[64];

	test_dev.open_subs = true;
	fake_offer(f, 1, 1, 0);
	fake_offer(f, 2, 2, 0);
	settle(f);
	fake_offer(f, 3, 1, 1);
	settle(f);
	first = fake_device(f, 1);
	KUNIT_ASSERT_NOT_NULL(test, first);
	KUNIT_ASSERT_EQ(test, vmb_guest_open(first->pub.primary, &test_args), 0);

	KUNIT_EXPECT_EQ(test, vmb_guest_bus_suspend(f->bus), 0);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_UNLOAD], 1);
	/* all was closed before, but the host has taken nothing away */
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_CLOSE], 2);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 0);
	KUNIT_EXPECT_TRUE(test, xa_empty(&f->bus->chans));
	KUNIT_EXPECT_EQ(test, vmb_guest_open(first->pub.primary, &test_args), -ESHUTDOWN);
	vmb_guest_bus_synic_off(f->bus);
	KUNIT_EXPECT_EQ(test, f->enabled, 0);

	f->offers = offers_after_sleep;
	f->max_version = VMB_VERSION_5_1;
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_synic_on(f->bus), 0);
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_resume(f->bus), 0);
	settle(f);
	KUNIT_EXPECT_PTR_EQ(test, fake_device(f, 1), first);
	KUNIT_EXPECT_EQ(test, first->pub.primary->relid, 20);
	KUNIT_EXPECT_EQ(test, first->pub.version, VMB_VERSION_5_1);
	KUNIT_EXPECT_NULL(test, fake_device(f, 2));
	KUNIT_EXPECT_NOT_NULL(test, fake_device(f, 3));
	KUNIT_EXPECT_EQ(test, test_dev.probes, 3);
	KUNIT_EXPECT_EQ(test, test_dev.removes, 1);
	KUNIT_EXPECT_EQ(test, fake_bad(f), 0);
	/* it works under its new id */
	KUNIT_EXPECT_EQ(test, vmb_guest_open(first->pub.primary, &test_args), 0);
	KUNIT_EXPECT_NOT_NULL(test, fake_chan(f, 20));
	KUNIT_EXPECT_EQ(test, file_read(DEVICES DEVICE1 "/channels/20/cpu", buf, sizeof(buf)), 0);
	fake_rescind(f, 20);
	settle(f);
	KUNIT_EXPECT_EQ(test, f->seen[VMB_MSG_RELID_RELEASED], 1);
}

static void sleep_for_good(struct kunit *test)
{
	struct fake *f = test->priv;

	fake_offer(f, 1, 1, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_suspend(f->bus), 0);
	/* the host is gone: the bus can be ended */
	f->mute = U32_MAX;
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_resume(f->bus), -ETIMEDOUT);
}

/* The machine wakes up without its interrupts: the bus can be ended, too. */
static void sleep_without_synic(struct kunit *test)
{
	struct fake *f = test->priv;

	fake_offer(f, 1, 1, 0);
	settle(f);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_suspend(f->bus), 0);
	vmb_guest_bus_synic_off(f->bus);
	f->enable_ret = -EIO;
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_synic_on(f->bus), -EIO);
	KUNIT_EXPECT_EQ(test, f->enabled, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_connect(f->bus), -ENODEV);
}

static struct kunit_case offer_cases[] = {
	KUNIT_CASE(offer_good),
	KUNIT_CASE(offer_requested),
	KUNIT_CASE(offer_refused),
	KUNIT_CASE(offer_burst),
	KUNIT_CASE(rescind_idle),
	KUNIT_CASE(rescind_at_once),
	KUNIT_CASE(rescind_in_probe),
	KUNIT_CASE(rescind_unknown),
	KUNIT_CASE(sub_channels),
	KUNIT_CASE(sub_channel_again),
	KUNIT_CASE(device_again),
	KUNIT_CASE(driver_comes_and_goes),
	KUNIT_CASE(probe_fails),
	KUNIT_CASE(sysfs_files),
	KUNIT_CASE(driver_override),
	KUNIT_CASE(sleep_and_wake),
	KUNIT_CASE(sleep_for_good),
	KUNIT_CASE(sleep_without_synic),
	{ }
};

static struct kunit_suite offer_suite = {
	.name = "vmb_guest_offer",
	.init = offer_test_init,
	.exit = offer_test_exit,
	.test_cases = offer_cases,
};

kunit_test_suite(offer_suite);
