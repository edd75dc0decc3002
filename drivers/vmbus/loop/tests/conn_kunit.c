// SPDX-License-Identifier: GPL-2.0-only
/*
 * The connection, and channels that come and go.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <vmb/host_local.h>

#include "device.h"

static const u32 versions[] = {
	VMB_VERSION_2_4, VMB_VERSION_3_0, VMB_VERSION_4_0, VMB_VERSION_4_1,
	VMB_VERSION_5_0, VMB_VERSION_5_1, VMB_VERSION_5_2, VMB_VERSION_5_3,
};

static void works(struct kunit *test, unsigned int nr)
{
	struct guest_chan *c = &gs.chan[nr][0];

	KUNIT_ASSERT_TRUE(test, chan_opened(c));
	KUNIT_EXPECT_EQ(test, chan_send(c, 100), 100);
	KUNIT_EXPECT_TRUE(test, chan_answered(c));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->wrong), 0);
}

/* The guest asks for one version, and gets it. */
static void conn_versions(struct kunit *test)
{
	struct vmb_loop *loop;
	int i;

	dev_add(test, 0);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		loop = dev_start(test, versions[i]);
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
		KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(loop->guest), versions[i]);
		works(test, 0);
		dev_stop(test);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.opens), ARRAY_SIZE(versions));
}

/* The guest asks for the newest and takes what the host has. */
static void conn_step_down(struct kunit *test)
{
	struct vmb_loop *loop;
	char text[16];
	int i;

	dev_add(test, 0);
	for (i = 0; i < ARRAY_SIZE(versions); i++) {
		snprintf(text, sizeof(text), "%u.%u", versions[i] >> 16, versions[i] & 0xffff);
		KUNIT_ASSERT_EQ(test, env_write(ENV_DIR "/max_version", text), 0);
		loop = dev_start(test, 0);
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
		KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(loop->guest), versions[i]);
		works(test, 0);
		dev_stop(test);
	}
	/* older than anything that the guest knows */
	KUNIT_ASSERT_EQ(test, env_write(ENV_DIR "/max_version", "1.1"), 0);
	loop = dev_start(test, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_connect(loop->guest), -ECONNREFUSED);
}

static void conn_bound(struct kunit *test)
{
	char state[32];

	KUNIT_ASSERT_EQ(test, file_read(ENV_DIR "/state", state, sizeof(state)), 0);
	KUNIT_EXPECT_STREQ(test, state, "free");
	dev_connect(test);
	KUNIT_ASSERT_EQ(test, file_read(ENV_DIR "/state", state, sizeof(state)), 0);
	KUNIT_EXPECT_STREQ(test, state, "connected 5.3");
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vmb_loop_create(ENV_PARTITION, 0)), -EBUSY);
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(vmb_loop_create("nobody", 0)), -ENOENT);
	dev_stop(test);
	KUNIT_ASSERT_EQ(test, file_read(ENV_DIR "/state", state, sizeof(state)), 0);
	KUNIT_EXPECT_STREQ(test, state, "free");
}

static void conn_storm(struct kunit *test)
{
	struct guest_chan *c = &gs.chan[0][0];
	struct vmb_guest_channel *ch;
	int i, n = env_times(200);

	dev_add(test, 0);
	dev_connect(test);
	works(test, 0);
	ch = c->ch;
	for (i = 0; i < n; i++) {
		/* some with answers under way */
		KUNIT_EXPECT_EQ(test, chan_send(c, i % 5), i % 5);
		if (i & 1)
			KUNIT_EXPECT_TRUE(test, chan_answered(c));
		chan_close(c);
		KUNIT_ASSERT_EQ(test, chan_open(ch), 0);
	}
	works(test, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.opens), n + 1);
}

static void conn_channels(struct kunit *test)
{
	int i, j, k, times = env_times(50);

	hs.subs = DEV_CHANNELS - 1;
	for (i = 0; i < DEV_MAX; i++)
		dev_add(test, i);
	dev_connect(test);
	KUNIT_ASSERT_TRUE(test, env_wait(atomic_read(&hs.opens) == DEV_MAX * DEV_CHANNELS));
	for (i = 0; i < DEV_MAX; i++)
		for (j = 0; j < DEV_CHANNELS; j++)
			KUNIT_ASSERT_TRUE(test, chan_opened(&gs.chan[i][j]));
	for (k = 0; k < times; k++)
		for (i = 0; i < DEV_MAX; i++)
			for (j = 0; j < DEV_CHANNELS; j++)
				KUNIT_EXPECT_EQ(test, chan_send(&gs.chan[i][j], 10), 10);
	for (i = 0; i < DEV_MAX; i++) {
		for (j = 0; j < DEV_CHANNELS; j++) {
			KUNIT_EXPECT_TRUE(test, chan_answered(&gs.chan[i][j]));
			KUNIT_EXPECT_EQ(test, atomic_read(&gs.chan[i][j].wrong), 0);
		}
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&hs.packets), DEV_MAX * DEV_CHANNELS * times * 10);
}

static void conn_add_remove(struct kunit *test)
{
	int i;

	dev_connect(test);
	for (i = 0; i < 4; i++) {
		dev_add(test, i);
		works(test, i);
	}
	for (i = 0; i < 4; i++) {
		vmb_host_device_withdraw(hs.dev[i]);
		KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&gs.removes) == i + 1));
	}
	for (i = 0; i < 4; i++) {
		KUNIT_ASSERT_EQ(test, vmb_host_device_offer(hs.dev[i]), 0);
		works(test, i);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.probes), 8);
}

/* A device that comes back waits until the guest has let go of the old one. */
static void conn_released(struct kunit *test)
{
	dev_add(test, 0);
	dev_connect(test);
	works(test, 0);
	gs.block_remove = true;
	vmb_host_device_withdraw(hs.dev[0]);
	KUNIT_ASSERT_EQ(test, vmb_host_device_offer(hs.dev[0]), 0);
	/* nothing to wait for: it does not come */
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.probes), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.removes), 0);
	/* another device is not held up */
	dev_add(test, 1);
	works(test, 1);
	gs.block_remove = false;
	complete(&gs.go);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&gs.probes) == 3));
	works(test, 0);
}

static void conn_reconnect(struct kunit *test)
{
	struct vmb_loop *loop;
	int i;

	dev_add(test, 0);
	dev_add(test, 1);
	loop = dev_start(test, 0);
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
	works(test, 0);
	KUNIT_EXPECT_EQ(test, vmb_guest_bus_connect(loop->guest), -EISCONN);
	for (i = 0; i < 10; i++) {
		dev_stop(test);
		dev_connect(test);
		works(test, 0);
		works(test, 1);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.probes), 22);
}

/* The machine sleeps, and finds the same device. */
static void conn_sleep(struct kunit *test)
{
	struct guest_chan *c = &gs.chan[0][0];
	struct vmb_guest_channel *ch;
	struct vmb_loop *loop;
	int i;

	dev_add(test, 0);
	loop = dev_start(test, 0);
	KUNIT_ASSERT_EQ(test, vmb_guest_bus_connect(loop->guest), 0);
	works(test, 0);
	ch = c->ch;
	for (i = 0; i < 5; i++) {
		/* what the driver does when it is suspended */
		chan_close(c);
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_suspend(loop->guest), 0);
		KUNIT_EXPECT_EQ(test, vmb_guest_bus_version(loop->guest), 0);
		if (i & 1) {
			vmb_guest_bus_synic_off(loop->guest);
			KUNIT_ASSERT_EQ(test, vmb_guest_bus_synic_on(loop->guest), 0);
		}
		KUNIT_ASSERT_EQ(test, vmb_guest_bus_resume(loop->guest), 0);
		KUNIT_ASSERT_EQ(test, chan_open(ch), 0);
		works(test, 0);
	}
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.probes), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&gs.removes), 0);
}

static void kick_work(struct work_struct *work)
{
	host_kick_all();
}

static DECLARE_DELAYED_WORK(kick, kick_work);

/* A device goes when its guest has had its answers. */
static void conn_withdraw_idle(struct kunit *test)
{
	struct guest_chan *c = &gs.chan[0][0];
	unsigned long start;

	KUNIT_ASSERT_EQ(test, env_write(ENV_WITHDRAW_MS, "2000"), 0);
	dev_add(test, 0);
	dev_connect(test);
	works(test, 0);
	gs.block_remove = true;
	WRITE_ONCE(hs.hold, true);
	KUNIT_EXPECT_EQ(test, chan_send(c, 50), 50);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&hs.packets) == 150));
	start = jiffies;
	schedule_delayed_work(&kick, HZ / 5);
	vmb_host_device_withdraw(hs.dev[0]);
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, start + HZ / 5));
	KUNIT_EXPECT_EQ(test, atomic_read(&c->answers), 150);
	KUNIT_EXPECT_TRUE(test, env_wait(atomic_read(&c->rescinds)));
	flush_delayed_work(&kick);
	gs.block_remove = false;
	complete(&gs.go);
}

static void no_interrupt(void *priv, u32 vp)
{
}

static int eom_thread(void *bus)
{
	while (!kthread_should_stop()) {
		vmb_local_eom(bus, 0);
		cond_resched();
	}
	return 0;
}

/*
 * Those who say again and again that the message slot is free, which it is not. Each
 * time the VP's thread is told to look, and it may do so while it is still being told:
 * with several CPUs, or when who tells it is preempted.
 */
static void conn_eom_storm(struct kunit *test)
{
	static const struct vmb_local_ops ops = { .interrupt = no_interrupt };
	struct vmb_msg_initiate_contact m = {
		.hdr.type = cpu_to_le32(VMB_MSG_INITIATE_CONTACT),
		.version = cpu_to_le32(VMB_VERSION_5_3),
		.interrupt_page = cpu_to_le64(VMB_SINT),
	};
	struct task_struct *task[3] = {};
	struct vmb_hv_message *slot;
	struct vmb_bus *bus;
	void *msg, *evt;
	int i;

	bus = vmb_local_bind(ENV_PARTITION, &ops, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bus));
	msg = (void *)get_zeroed_page(GFP_KERNEL);
	evt = (void *)get_zeroed_page(GFP_KERNEL);
	if (!msg || !evt || vmb_local_vp_add(bus, 0)) {
		KUNIT_FAIL(test, "no VP");
		goto unbind;
	}
	KUNIT_EXPECT_EQ(test, vmb_local_set_synic(bus, 0, VMB_SYNIC_ENABLE,
						  __pa(msg) | VMB_SYNIC_ENABLE,
						  __pa(evt) | VMB_SYNIC_ENABLE), 0);
	slot = (struct vmb_hv_message *)msg + VMB_SINT;
	WRITE_ONCE(slot->message_type, cpu_to_le32(VMB_MSG_TYPE_CHANNEL));
	KUNIT_EXPECT_EQ(test, vmb_local_post(bus, VMB_CONN_MESSAGE_MULTI, &m, sizeof(m)),
			VMB_HV_SUCCESS);
	for (i = 0; i < ARRAY_SIZE(task); i++) {
		task[i] = kthread_run(eom_thread, bus, "eom/%d", i);
		KUNIT_EXPECT_FALSE(test, IS_ERR(task[i]));
	}
	msleep(1000);
	for (i = 0; i < ARRAY_SIZE(task); i++)
		if (!IS_ERR(task[i]))
			kthread_stop(task[i]);
	/* all of them were told */
	KUNIT_EXPECT_TRUE(test, env_wait(READ_ONCE(slot->flags) & VMB_MSG_FLAG_PENDING));
	/* it is free */
	WRITE_ONCE(slot->message_type, cpu_to_le32(VMB_MSG_TYPE_NONE));
	vmb_local_eom(bus, 0);
	KUNIT_EXPECT_TRUE(test, env_wait(READ_ONCE(slot->message_type)));
	KUNIT_EXPECT_EQ(test, ((struct vmb_msg_header *)slot->payload)->type,
			cpu_to_le32(VMB_MSG_VERSION_RESPONSE));
unbind:
	vmb_local_unbind(bus);
	free_page((unsigned long)msg);
	free_page((unsigned long)evt);
}

static struct kunit_case conn_cases[] = {
	KUNIT_CASE(conn_versions),
	KUNIT_CASE(conn_step_down),
	KUNIT_CASE(conn_bound),
	KUNIT_CASE(conn_storm),
	KUNIT_CASE(conn_channels),
	KUNIT_CASE(conn_add_remove),
	KUNIT_CASE(conn_released),
	KUNIT_CASE(conn_reconnect),
	KUNIT_CASE(conn_sleep),
	KUNIT_CASE(conn_withdraw_idle),
	KUNIT_CASE(conn_eom_storm),
	{}
};

static struct kunit_suite conn_suite = {
	.name = "vmb_loop_conn",
	.init = dev_init,
	.exit = dev_exit,
	.test_cases = conn_cases,
};

kunit_test_suite(conn_suite);

MODULE_DESCRIPTION("KUnit tests of both ends of VMBus");
MODULE_LICENSE("GPL");
