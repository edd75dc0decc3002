// SPDX-License-Identifier: GPL-2.0-only
/*
 * All orders of a few events, and very long random ones, against a model of
 * libata and of the host. What has to hold:
 *
 * - a command ends once, and all do;
 * - data commands are never under way on both paths, but those that the channel
 *   failed to do or could not carry: so no flush passes a write on the other;
 * - what is taken back is on neither path then.
 */
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/string.h>

#include "path.h"

#define NR_CMDS		4
/* events in all orders; events of a random walk, and how many of those */
#define DEPTH		5
#define STEPS		1000
#define WALKS		3000

enum where {
	ABOVE,		/* not sent yet, or held, or given back */
	ENTERING,
	REGISTERS,
	CHANNEL,
	ENDED,
};

struct model_cmd {
	enum vsc_ide_kind kind;
	enum where where;
	/* may be on the registers while others are on the channel */
	bool apart;
	u64 id;
	/* of an earlier time on the channel */
	u64 old_id;
	unsigned int ends;
};

struct world {
	struct vsc_ide_path path;
	struct model_cmd cmd[NR_CMDS];
	const char *wrong;
};

enum event {
	SUBMIT,
	SUBMIT_LAST = SUBMIT + NR_CMDS - 1,
	LIBATA_TAKES,
	LIBATA_REFUSES,
	REGISTERS_END,
	HOST_ANSWERS,
	HOST_FAILS,
	HOST_ANSWERS_TWICE,
	WANT_CHANNEL,
	WANT_REGISTERS,
	LOST,
	FINISH,
	NR_EVENTS,
};

static unsigned int count(const struct world *w, enum where where)
{
	unsigned int i, nr = 0;

	for (i = 0; i < NR_CMDS; i++)
		nr += w->cmd[i].where == where;
	return nr;
}

static struct model_cmd *first(struct world *w, enum where where)
{
	unsigned int i;

	for (i = 0; i < NR_CMDS; i++)
		if (w->cmd[i].where == where)
			return &w->cmd[i];
	return NULL;
}

static bool others_on_registers(const struct world *w)
{
	unsigned int i;

	for (i = 0; i < NR_CMDS; i++)
		if ((w->cmd[i].where == ENTERING || w->cmd[i].where == REGISTERS) &&
		    !w->cmd[i].apart)
			return true;
	return false;
}

static void end(struct world *w, struct model_cmd *cmd)
{
	cmd->where = ENDED;
	if (cmd->ends++)
		w->wrong = "a command ended twice";
}

static void submit(struct world *w, struct model_cmd *cmd)
{
	bool fits = cmd->kind != VSC_IDE_OTHER;

	switch (vsc_ide_path_submit(&w->path, cmd->kind, fits, cmd - w->cmd, cmd, &cmd->id)) {
	case VSC_IDE_BY_REGISTERS:
		cmd->where = ENTERING;
		cmd->apart = cmd->kind == VSC_IDE_OTHER;
		if (!cmd->apart && count(w, CHANNEL))
			w->wrong = "by the registers beside the channel";
		break;
	case VSC_IDE_BY_CHANNEL:
		cmd->where = CHANNEL;
		if (others_on_registers(w))
			w->wrong = "over the channel beside the registers";
		break;
	case VSC_IDE_HOLD:
		break;
	}
}

static void host_answers(struct world *w, bool ended)
{
	struct model_cmd *cmd = first(w, CHANNEL);

	if (!cmd)
		return;
	if (vsc_ide_path_answer(&w->path, cmd->id, ended) != cmd)
		w->wrong = "answered for another command";
	cmd->old_id = cmd->id;
	if (ended) {
		end(w, cmd);
		return;
	}
	cmd->where = ENTERING;
	cmd->apart = true;
}

static void finish(struct world *w)
{
	enum vsc_ide_state state = w->path.state;
	struct model_cmd *cmd;

	/* the channel is closed first, in an orderly way or not */
	if (state == VSC_IDE_LOST)
		while ((cmd = vsc_ide_path_take_back(&w->path))) {
			if (cmd->where != CHANNEL)
				w->wrong = "taken back from nowhere";
			cmd->where = ABOVE;
			cmd->old_id = cmd->id;
		}
	if (!vsc_ide_path_finish(&w->path, count(w, REGISTERS)))
		return;
	if (state == VSC_IDE_TO_CHANNEL && count(w, REGISTERS) + count(w, ENTERING))
		w->wrong = "cut over with the registers busy";
	if (state != VSC_IDE_TO_CHANNEL && count(w, CHANNEL))
		w->wrong = "cut back with the channel busy";
}

static void apply(struct world *w, enum event event)
{
	struct model_cmd *cmd;
	unsigned int i;

	switch (event) {
	case SUBMIT ... SUBMIT_LAST:
		cmd = &w->cmd[event - SUBMIT];
		if (cmd->where == ABOVE)
			submit(w, cmd);
		break;
	case LIBATA_TAKES:
		cmd = first(w, ENTERING);
		if (cmd) {
			vsc_ide_path_entered(&w->path, true);
			cmd->where = REGISTERS;
		}
		break;
	case LIBATA_REFUSES:
		cmd = first(w, ENTERING);
		if (cmd) {
			vsc_ide_path_entered(&w->path, false);
			cmd->where = ABOVE;
		}
		break;
	case REGISTERS_END:
		cmd = first(w, REGISTERS);
		if (cmd)
			end(w, cmd);
		break;
	case HOST_ANSWERS:
		host_answers(w, true);
		break;
	case HOST_FAILS:
		host_answers(w, false);
		break;
	case HOST_ANSWERS_TWICE:
		for (i = 0; i < NR_CMDS; i++)
			if (w->cmd[i].old_id &&
			    vsc_ide_path_answer(&w->path, w->cmd[i].old_id, true))
				w->wrong = "answered twice";
		break;
	case WANT_CHANNEL:
		vsc_ide_path_want_channel(&w->path);
		break;
	case WANT_REGISTERS:
		vsc_ide_path_want_registers(&w->path);
		break;
	case LOST:
		vsc_ide_path_lost(&w->path);
		break;
	case FINISH:
		finish(w);
		break;
	case NR_EVENTS:
		break;
	}
	if (w->path.inflight != count(w, CHANNEL) || w->path.entering != count(w, ENTERING))
		w->wrong = "miscounted";
}

static void world_init(struct world *w)
{
	static const enum vsc_ide_kind kinds[NR_CMDS] = {
		VSC_IDE_WRITE, VSC_IDE_WRITE, VSC_IDE_FLUSH, VSC_IDE_OTHER,
	};
	unsigned int i;

	memset(w, 0, sizeof(*w));
	vsc_ide_path_init(&w->path);
	for (i = 0; i < NR_CMDS; i++)
		w->cmd[i].kind = kinds[i];
}

/* Nothing more happens but what has to: does all come to its end? */
static void settle(struct world *w)
{
	unsigned int round, event;

	for (round = 0; round < 8 && !w->wrong; round++) {
		for (event = SUBMIT; event <= LIBATA_TAKES; event++)
			apply(w, event);
		for (event = 0; event < NR_CMDS; event++) {
			apply(w, LIBATA_TAKES);
			apply(w, REGISTERS_END);
			apply(w, HOST_ANSWERS);
		}
		apply(w, FINISH);
	}
	if (!w->wrong && count(w, ENDED) != NR_CMDS)
		w->wrong = "a command did not end";
	if (!w->wrong && w->path.state != VSC_IDE_REGISTERS && w->path.state != VSC_IDE_CHANNEL)
		w->wrong = "a move did not end";
}

/* Commands are in the world: what a copy has for cookies is the original's. */
static void copy(struct world *to, const struct world *from)
{
	unsigned int i;

	*to = *from;
	for (i = 0; i < NR_CMDS; i++)
		if (to->path.slots[i].cookie)
			to->path.slots[i].cookie = &to->cmd[i];
}

static u64 explored;

static bool explore(struct kunit *test, struct world *stack, unsigned int depth)
{
	struct world *w = stack + 1;
	unsigned int event;

	explored++;
	if (!depth) {
		copy(w, stack);
		settle(w);
		if (w->wrong)
			kunit_err(test, "%s\n", w->wrong);
		return !w->wrong;
	}
	for (event = 0; event < NR_EVENTS; event++) {
		copy(w, stack);
		apply(w, event);
		if (w->wrong) {
			kunit_err(test, "%s after %u\n", w->wrong, event);
			return false;
		}
		if (!explore(test, w, depth - 1)) {
			kunit_err(test, "after %u\n", event);
			return false;
		}
	}
	return true;
}

/* From every state that there is, with commands where they can be. */
static void model_all_orders(struct kunit *test)
{
	static const enum event begins[][8] = {
		{ NR_EVENTS },
		{ SUBMIT, LIBATA_TAKES, NR_EVENTS },
		{ WANT_CHANNEL, FINISH, NR_EVENTS },
		{ WANT_CHANNEL, FINISH, SUBMIT, SUBMIT + 1, NR_EVENTS },
		{ WANT_CHANNEL, FINISH, SUBMIT, SUBMIT + 1, WANT_REGISTERS, NR_EVENTS },
		{ WANT_CHANNEL, FINISH, SUBMIT, SUBMIT + 1, SUBMIT + 2, LOST, NR_EVENTS },
	};
	struct world *stack = kunit_kzalloc(test, (DEPTH + 2) * sizeof(*stack), GFP_KERNEL);
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, stack);
	explored = 0;
	for (i = 0; i < ARRAY_SIZE(begins); i++) {
		world_init(stack);
		for (j = 0; begins[i][j] != NR_EVENTS; j++)
			apply(stack, begins[i][j]);
		KUNIT_ASSERT_NULL(test, stack->wrong);
		KUNIT_ASSERT_TRUE_MSG(test, explore(test, stack, DEPTH), "begin %u", i);
	}
	kunit_info(test, "%llu worlds\n", explored);
	KUNIT_EXPECT_GT(test, explored, 1000000);
}

static u32 next_random(u32 *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

/* Commands that have ended come again. */
static void model_random_walks(struct kunit *test)
{
	struct world *w = kunit_kzalloc(test, sizeof(*w), GFP_KERNEL);
	u64 overs = 0, backs = 0, reissues = 0;
	unsigned int walk, step, i;
	u32 seed = 1;

	KUNIT_ASSERT_NOT_NULL(test, w);
	for (walk = 0; walk < WALKS; walk++) {
		world_init(w);
		for (step = 0; step < STEPS; step++) {
			apply(w, next_random(&seed) % NR_EVENTS);
			KUNIT_ASSERT_NULL_MSG(test, w->wrong, "%s: walk %u, step %u", w->wrong,
					      walk, step);
			for (i = 0; i < NR_CMDS; i++)
				if (w->cmd[i].where == ENDED && !(next_random(&seed) % 4)) {
					w->cmd[i].where = ABOVE;
					w->cmd[i].apart = false;
					w->cmd[i].ends = 0;
				}
		}
		settle(w);
		KUNIT_ASSERT_NULL_MSG(test, w->wrong, "%s: walk %u", w->wrong, walk);
		overs += w->path.counts.cut_overs;
		backs += w->path.counts.cut_backs;
		reissues += w->path.counts.reissues;
	}
	kunit_info(test, "%llu cut-overs, %llu cut-backs, %llu re-issues\n", overs, backs,
		   reissues);
	KUNIT_EXPECT_GT(test, overs, WALKS);
	KUNIT_EXPECT_GT(test, backs, WALKS);
	KUNIT_EXPECT_GT(test, reissues, WALKS);
}

static struct kunit_case model_cases[] = {
	KUNIT_CASE_SLOW(model_all_orders),
	KUNIT_CASE(model_random_walks),
	{}
};

static struct kunit_suite model_suite = {
	.name = "vsc_ide_model",
	.test_cases = model_cases,
};

kunit_test_suite(model_suite);
