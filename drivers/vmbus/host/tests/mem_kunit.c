// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of guest memory, and the records about connection ids: a bus
 * without a guest is enough for both.
 */
#include <kunit/test.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "../host.h"

struct mem_test {
	struct vmb_partition partition;
	struct vmb_bus *bus;
	/* stands for a VMM's; nobody looks into it */
	struct mm_struct *mm;
};

static const struct config_item_type mem_test_type = {
	.ct_owner = THIS_MODULE,
};

static int mem_test_init(struct kunit *test)
{
	struct mem_test *t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);

	if (!t)
		return -ENOMEM;
	test->priv = t;
	t->mm = kunit_kzalloc(test, sizeof(*t->mm), GFP_KERNEL);
	if (!t->mm)
		return -ENOMEM;
	/* one that is never given back */
	atomic_set(&t->mm->mm_count, 1);
	config_group_init_type_name(&t->partition.group, "p", &mem_test_type);
	mutex_init(&t->partition.lock);
	INIT_LIST_HEAD(&t->partition.devices);
	t->bus = vmb_bus_create(&t->partition, t->mm);
	return PTR_ERR_OR_ZERO(t->bus);
}

static void mem_test_exit(struct kunit *test)
{
	struct mem_test *t = test->priv;

	if (!t || IS_ERR_OR_NULL(t->bus))
		return;
	mutex_lock(&t->partition.lock);
	vmb_bus_destroy(t->bus);
	mutex_unlock(&t->partition.lock);
}

static int add(struct kunit *test, u64 gpa, u64 len, u64 hva, u32 flags)
{
	const struct vmb_mem_region r = { gpa, len, hva, flags };
	struct mem_test *t = test->priv;

	return vmb_mem_add(t->bus, &r);
}

/* Translates, and says how much follows; 0 if there is no such memory. */
static u64 hva(struct kunit *test, u64 gpa, bool write, u64 *avail)
{
	struct mem_test *t = test->priv;
	int idx = srcu_read_lock(&t->bus->mem_srcu);
	u64 addr = vmb_mem_hva(t->bus, gpa, avail, write);

	srcu_read_unlock(&t->bus->mem_srcu, idx);
	return addr;
}

static void mem_overlap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, add(test, 0x10000, 0x4000, 0x700000, 0), 0);
	KUNIT_EXPECT_EQ(test, add(test, 0x10000, 0x4000, 0x700000, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, add(test, 0xf000, 0x2000, 0x1000, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, add(test, 0x13000, 0x1000, 0x1000, 0), -EEXIST);
	KUNIT_EXPECT_EQ(test, add(test, 0x1000, 0x100000, 0x1000, 0), -EEXIST);
	/* neighbours do not overlap */
	KUNIT_EXPECT_EQ(test, add(test, 0x14000, 0x1000, 0x1000, 0), 0);
	KUNIT_EXPECT_EQ(test, add(test, 0xf000, 0x1000, 0x5000, 0), 0);
}

static void mem_translate(struct kunit *test)
{
	u64 avail;

	KUNIT_EXPECT_EQ(test, hva(test, 0, false, &avail), 0);
	KUNIT_ASSERT_EQ(test, add(test, 0x10000, 0x4000, 0x700000, 0), 0);
	KUNIT_ASSERT_EQ(test, add(test, 0x14000, 0x1000, 0x1000, VMB_MEM_READONLY), 0);
	KUNIT_ASSERT_EQ(test, add(test, 0x1000, 0x1000, 0x5000, 0), 0);

	KUNIT_EXPECT_EQ(test, hva(test, 0x13ff8, true, &avail), 0x703ff8);
	KUNIT_EXPECT_EQ(test, avail, 8);
	KUNIT_EXPECT_EQ(test, hva(test, 0x1000, true, &avail), 0x5000);
	KUNIT_EXPECT_EQ(test, avail, 0x1000);
	KUNIT_EXPECT_EQ(test, hva(test, 0x2000, false, &avail), 0);
	KUNIT_EXPECT_EQ(test, hva(test, 0xffff, false, &avail), 0);
	KUNIT_EXPECT_EQ(test, hva(test, 0x15000, false, &avail), 0);
	KUNIT_EXPECT_EQ(test, hva(test, ~0ULL, false, &avail), 0);
	/* read-only memory can be read */
	KUNIT_EXPECT_EQ(test, hva(test, 0x14010, false, &avail), 0x1010);
	KUNIT_EXPECT_EQ(test, hva(test, 0x14010, true, &avail), 0);
}

static void mem_remove(struct kunit *test)
{
	struct mem_test *t = test->priv;
	u64 avail;

	KUNIT_EXPECT_EQ(test, vmb_mem_remove(t->bus, 0x10000, 0x4000), -ENOENT);
	KUNIT_ASSERT_EQ(test, add(test, 0x10000, 0x4000, 0x700000, 0), 0);
	KUNIT_ASSERT_EQ(test, add(test, 0x1000, 0x1000, 0x5000, 0), 0);
	/* as it was added, or not at all */
	KUNIT_EXPECT_EQ(test, vmb_mem_remove(t->bus, 0x10000, 0x1000), -ENOENT);
	KUNIT_EXPECT_EQ(test, vmb_mem_remove(t->bus, 0x11000, 0x3000), -ENOENT);
	KUNIT_EXPECT_EQ(test, vmb_mem_remove(t->bus, 0x10000, 0x4000), 0);
	KUNIT_EXPECT_EQ(test, hva(test, 0x10000, false, &avail), 0);
	KUNIT_EXPECT_EQ(test, hva(test, 0x1000, false, &avail), 0x5000);
	KUNIT_EXPECT_EQ(test, vmb_mem_remove(t->bus, 0x1000, 0x1000), 0);
	KUNIT_EXPECT_EQ(test, add(test, 0x10000, 0x4000, 0x700000, 0), 0);
}

static void mem_many(struct kunit *test)
{
	u64 avail;
	u32 i;

	for (i = 0; i < VMB_MAX_MEM_REGIONS; i++)
		KUNIT_ASSERT_EQ(test, add(test, (u64)i * 0x2000, 0x1000, 0x10000, 0), 0);
	KUNIT_EXPECT_EQ(test, add(test, 0x1000, 0x1000, 0x10000, 0), -ENOSPC);
	KUNIT_EXPECT_EQ(test, hva(test, 77 * 0x2000 + 5, false, &avail), 0x10005);
	KUNIT_EXPECT_EQ(test, hva(test, 77 * 0x2000 + 0x1000, false, &avail), 0);
}

/* A range at @hva of pages whose frames are numbered @pfn(page); there need be none */
static struct vmb_pin *pin_of(struct kunit *test, u64 hva, unsigned long nr,
			      unsigned long (*pfn)(unsigned long page))
{
	struct vmb_pin *pin = kunit_kzalloc(test, sizeof(*pin), GFP_KERNEL);
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, pin);
	pin->nr_pages = nr;
	pin->pfn = kvmalloc_array(nr, sizeof(*pin->pfn), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pin->pfn);
	for (i = 0; i < nr; i++)
		pin->pfn[i] = pfn((hva >> PAGE_SHIFT) + i);
	vmb_pin_compact(pin, hva);
	for (i = 0; i < nr; i++)
		KUNIT_EXPECT_EQ(test, vmb_pin_pfn(pin, (i << PAGE_SHIFT) + 5),
				pfn((hva >> PAGE_SHIFT) + i));
	return pin;
}

/* huge pages, each of which lies before the one before it */
static unsigned long huge_pfn(unsigned long page)
{
	return 0x100000 - (page & ~511UL) + (page & 511);
}

static unsigned long small_pfn(unsigned long page)
{
	return 0x100000 - page;
}

/* all huge but for one page in the middle */
static unsigned long odd_pfn(unsigned long page)
{
	return page == 700 ? 7 : huge_pfn(page);
}

static void pin_entries(struct kunit *test)
{
	static const struct {
		unsigned long (*pfn)(unsigned long page);
		u64 first;
		unsigned long nr;
		unsigned int order;
	} cases[] = {
		{ huge_pfn, 512, 512, 9 },
		{ huge_pfn, 512, 513, 9 },
		{ huge_pfn, 1023, 2, 9 },
		{ huge_pfn, 517, 2000, 9 },
		{ huge_pfn, 600, 1, 9 },
		{ small_pfn, 512, 1, 9 },
		{ small_pfn, 512, 2, 0 },
		{ small_pfn, 511, 2, 9 },
		{ small_pfn, 3, 2000, 0 },
		{ odd_pfn, 517, 183, 9 },
		{ odd_pfn, 517, 184, 0 },
		{ odd_pfn, 517, 2000, 0 },
	};
	struct vmb_pin *pin;
	int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pin = pin_of(test, cases[i].first << PAGE_SHIFT, cases[i].nr,
			     cases[i].pfn);
		KUNIT_EXPECT_EQ_MSG(test, pin->order, cases[i].order, "case %d", i);
		kvfree(pin->pfn);
	}
}

static void signal_records(struct kunit *test)
{
	struct mem_test *t = test->priv;
	struct vmb_record rec;

	KUNIT_EXPECT_FALSE(test, vmb_signal_next_record(t->bus, &rec));
	vmb_signal_want(t->bus, 5, true);
	KUNIT_EXPECT_TRUE(test, vmb_signal_has_record(t->bus));
	KUNIT_ASSERT_TRUE(test, vmb_signal_next_record(t->bus, &rec));
	KUNIT_EXPECT_EQ(test, rec.type, VMB_RECORD_ASSIGN);
	KUNIT_EXPECT_EQ(test, rec.connection_id, vmb_signal_connection_id(5));
	KUNIT_EXPECT_FALSE(test, vmb_signal_next_record(t->bus, &rec));

	/* one that could not be handed over comes again */
	vmb_signal_return_record(t->bus, &rec);
	KUNIT_EXPECT_TRUE(test, vmb_signal_next_record(t->bus, &rec));

	/* what changes back before it is told was nothing */
	vmb_signal_want(t->bus, 5, false);
	vmb_signal_want(t->bus, 5, true);
	KUNIT_EXPECT_FALSE(test, vmb_signal_has_record(t->bus));
	vmb_signal_want(t->bus, 5, false);
	KUNIT_ASSERT_TRUE(test, vmb_signal_next_record(t->bus, &rec));
	KUNIT_EXPECT_EQ(test, rec.type, VMB_RECORD_DROP);
	KUNIT_EXPECT_EQ(test, rec.connection_id, vmb_signal_connection_id(5));
}

static struct kunit_case mem_cases[] = {
	KUNIT_CASE(mem_overlap),
	KUNIT_CASE(mem_translate),
	KUNIT_CASE(mem_remove),
	KUNIT_CASE_SLOW(mem_many),
	KUNIT_CASE(pin_entries),
	KUNIT_CASE(signal_records),
	{}
};

static struct kunit_suite mem_suite = {
	.name = "vmb_host_mem",
	.init = mem_test_init,
	.exit = mem_test_exit,
	.test_cases = mem_cases,
};

kunit_test_suite(mem_suite);

MODULE_DESCRIPTION("KUnit tests of the table of guest memory");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
