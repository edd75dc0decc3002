// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the outcome of a command means: from SRB status, SAM status, sense data
 * and length, as the device tells them, to what the mid-layer is told.
 *
 * Pure functions. Codes are those of srb.h in the Windows driver kits; what they
 * mean to Linux follows what its own driver for Hyper-V makes of them, except
 * where the mid-layer has something better by now.
 */
#include <linux/minmax.h>
#include <kunit/visibility.h>
#include <scsi/scsi.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <scsi/scsi_status.h>

#include "port.h"

/* struct meaning.flags */
#define STATUS	BIT(0)	/* it is the SAM status that counts */
#define BUSY	BIT(1)	/* again later, as with the SAM status BUSY */
#define ILLEGAL	BIT(2)	/* ILLEGAL REQUEST, if there is no sense data */
#define VANISHED BIT(3)	/* the logical unit may be no more */
#define NO_LUN	BIT(4)	/* and the target is there all the same */
#define REFUSE	BIT(5)	/* not an outcome */

struct meaning {
	u8 host_byte;
	u8 flags;
};

/* What is not named here, or is but DID_OK, is a plain error: tried a few times. */
static const struct meaning meanings[STORPORT_SRB_CODE_MASK + 1] = {
	[STORPORT_SRB_PENDING]			= { DID_ERROR, REFUSE },
	[STORPORT_SRB_SUCCESS]			= { DID_OK, STATUS },
	[STORPORT_SRB_DATA_OVERRUN]		= { DID_OK, STATUS },
	/* by somebody else: ours the mid-layer has given up by then */
	[STORPORT_SRB_ABORTED]			= { DID_SOFT_ERROR },
	[STORPORT_SRB_BUS_RESET]		= { DID_RESET },
	[STORPORT_SRB_PARITY_ERROR]		= { DID_PARITY },
	/* never begun */
	[STORPORT_SRB_REQUEST_FLUSHED]		= { DID_REQUEUE },
	[STORPORT_SRB_LINK_DOWN]		= { DID_TRANSPORT_DISRUPTED },
	[STORPORT_SRB_BUSY]			= { DID_OK, BUSY },
	[STORPORT_SRB_ERROR_RECOVERY]		= { DID_OK, BUSY },
	[STORPORT_SRB_INSUFFICIENT_RESOURCES]	= { DID_OK, BUSY },
	[STORPORT_SRB_THROTTLED_REQUEST]	= { DID_OK, BUSY },
	/* sending the same again leads nowhere */
	[STORPORT_SRB_INVALID_REQUEST]		= { DID_OK, ILLEGAL },
	[STORPORT_SRB_BAD_FUNCTION]		= { DID_OK, ILLEGAL },
	[STORPORT_SRB_INVALID_PARAMETER]	= { DID_OK, ILLEGAL },
	[STORPORT_SRB_INVALID_LUN]		= { DID_NO_CONNECT, VANISHED | NO_LUN },
	[STORPORT_SRB_NO_DEVICE]		= { DID_NO_CONNECT, VANISHED },
	[STORPORT_SRB_SELECTION_TIMEOUT]	= { DID_NO_CONNECT, VANISHED },
	[STORPORT_SRB_NO_HBA]			= { DID_NO_CONNECT, VANISHED },
	[STORPORT_SRB_NOT_POWERED]		= { DID_NO_CONNECT, VANISHED },
	[STORPORT_SRB_INVALID_PATH_ID]		= { DID_BAD_TARGET, VANISHED },
	[STORPORT_SRB_INVALID_TARGET_ID]	= { DID_BAD_TARGET, VANISHED },
};

static bool known_sam_status(u8 status)
{
	switch (status) {
	case SAM_STAT_GOOD:
	case SAM_STAT_CHECK_CONDITION:
	case SAM_STAT_CONDITION_MET:
	case SAM_STAT_BUSY:
	case SAM_STAT_INTERMEDIATE:
	case SAM_STAT_INTERMEDIATE_CONDITION_MET:
	case SAM_STAT_RESERVATION_CONFLICT:
	case SAM_STAT_COMMAND_TERMINATED:
	case SAM_STAT_TASK_SET_FULL:
	case SAM_STAT_ACA_ACTIVE:
	case SAM_STAT_TASK_ABORTED:
		return true;
	default:
		return false;
	}
}

/* Says more than an error without sense data does. */
static bool telling_sam_status(u8 status)
{
	return status != SAM_STAT_GOOD && status != SAM_STAT_CHECK_CONDITION;
}

/* What sense data asks of the port layer, whoever gets it to see besides. */
static unsigned long sense_todo(const struct scsi_sense_hdr *hdr)
{
	if (hdr->sense_key == ILLEGAL_REQUEST)
		/* LOGICAL UNIT NOT SUPPORTED */
		return hdr->asc == 0x25 ? STORPORT_OUTCOME_VERIFY : 0;
	if (hdr->sense_key != UNIT_ATTENTION)
		return 0;
	if (hdr->asc == 0x2a && (hdr->ascq == 0x01 || hdr->ascq == 0x09))
		/* MODE PARAMETERS or CAPACITY DATA HAVE CHANGED */
		return STORPORT_OUTCOME_RESCAN;
	if (hdr->asc == 0x3f && hdr->ascq == 0x0e)
		/* REPORTED LUNS DATA HAS CHANGED */
		return STORPORT_OUTCOME_SCAN;
	if (hdr->asc == 0x3f)
		/* operating conditions, of which INQUIRY DATA HAS CHANGED is one */
		return STORPORT_OUTCOME_VERIFY | STORPORT_OUTCOME_RESCAN;
	return 0;
}

static bool standard_inquiry(const u8 *cdb)
{
	return cdb[0] == INQUIRY && !(cdb[1] & 1);
}

static void refuse(struct storport_outcome *out, enum storport_counter why)
{
	out->result = DID_ERROR << 16;
	out->refused = why;
}

/**
 * storport_status_judge() - what the outcome of a command means
 * @cmd: what is to be known of the command
 * @c: its outcome, as the device tells it
 * @out: what the mid-layer is to be told
 *
 * A length that exceeds that of the data, sense data that exceeds what the
 * device may hand in, and a status that is none are refused: the command has
 * failed, whatever the rest says.
 *
 * Context: any.
 */
void storport_status_judge(const struct storport_command *cmd,
			   const struct storport_completion *c,
			   struct storport_outcome *out)
{
	const struct meaning *m = &meanings[c->srb_status & STORPORT_SRB_CODE_MASK];
	struct scsi_sense_hdr hdr = {};
	bool sense = false, moved;

	*out = (struct storport_outcome){ .refused = -1 };

	if (m->flags & REFUSE || !known_sam_status(c->scsi_status))
		return refuse(out, STORPORT_CNT_BAD_STATUS);
	if (c->transferred > cmd->data_length)
		return refuse(out, STORPORT_CNT_BAD_LENGTH);
	if (c->srb_status & STORPORT_SRB_AUTOSENSE_VALID) {
		if (c->sense_length > min(cmd->max_sense, STORPORT_MAX_SENSE) ||
		    (c->sense_length && !c->sense))
			return refuse(out, STORPORT_CNT_BAD_SENSE);
		sense = !telling_sam_status(c->scsi_status) && c->sense_length &&
			scsi_normalize_sense(c->sense, c->sense_length, &hdr);
	}

	if (m->flags & BUSY) {
		out->result = telling_sam_status(c->scsi_status) ?
			      c->scsi_status : SAM_STAT_BUSY;
		return;
	}

	if (sense) {
		/* with these two the command has done its work */
		moved = hdr.sense_key == RECOVERED_ERROR ||
			hdr.sense_key == NO_SENSE;
		out->result = SAM_STAT_CHECK_CONDITION;
		out->transferred = moved ? c->transferred : 0;
		out->sense_length = c->sense_length;
		out->todo = sense_todo(&hdr);
		return;
	}

	if (m->flags & NO_LUN && standard_inquiry(cmd->cdb)) {
		out->absent = true;
		return;
	}
	if (m->flags & VANISHED) {
		out->result = m->host_byte << 16;
		/* the answer to "is it there?" raises no new question */
		if (!standard_inquiry(cmd->cdb))
			out->todo = STORPORT_OUTCOME_VERIFY;
		return;
	}

	if (telling_sam_status(c->scsi_status)) {
		out->result = c->scsi_status;
		return;
	}

	if (m->flags & STATUS && c->scsi_status == SAM_STAT_GOOD) {
		out->transferred = c->transferred;
		/* else the mid-layer would ask for the rest for ever */
		if (c->transferred < cmd->underflow)
			out->result = DID_ERROR << 16;
		return;
	}

	if (m->flags & ILLEGAL) {
		out->illegal = true;
		out->result = SAM_STAT_CHECK_CONDITION;
		return;
	}

	/*
	 * An error without sense data. With the status alone the mid-layer
	 * would start error handling to ask for sense data that there is not.
	 */
	if (cmd->cdb[0] == ATA_12 || cmd->cdb[0] == ATA_16)
		out->result = DID_PASSTHROUGH << 16 | SAM_STAT_CHECK_CONDITION;
	else
		out->result = (m->host_byte == DID_OK ? DID_ERROR : m->host_byte) << 16 |
			      c->scsi_status;
}
EXPORT_SYMBOL_IF_KUNIT(storport_status_judge);
