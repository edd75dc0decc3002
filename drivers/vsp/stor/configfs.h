/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configuration, in two files: controllers and logical units.
 */
#ifndef VSP_STOR_CONFIGFS_H
#define VSP_STOR_CONFIGFS_H

#include <linux/cleanup.h>
#include <linux/mutex.h>
#include <linux/printk.h>

#include "stor.h"

/* What an attribute says that can only change while the thing is disabled. */
static inline int vsp_stor_conf_busy(const struct vsp_stor_ctrl *ctrl,
				     const char *attr)
{
	pr_warn("%s: %s: cannot change while enabled: write 0 to enable first\n",
		ctrl->name, attr);
	return -EBUSY;
}

/*
 * The end of a store of such an attribute: change it under the lock, or refuse.
 * @_enabled is looked at, and either @_busy or @_change done, with @_lock held.
 * What it is worth is for the store to return: @_count, or what @_busy is.
 */
#define vsp_stor_conf_change(_lock, _enabled, _busy, _count, _change)	\
({									\
	ssize_t _ret = (_count);					\
									\
	guard(mutex)(_lock);						\
	if (_enabled) {							\
		_ret = (_busy);						\
	} else {							\
		_change;						\
	}								\
	_ret;								\
})

/* configfs.c */
void vsp_stor_derive_guid(guid_t *guid, const char *name, int lun);

/* configfs_lun.c */
struct config_group *vsp_stor_lun_make(struct vsp_stor_ctrl *ctrl, u8 number,
				       const char *name);
void vsp_stor_lun_drop(struct config_item *item);

#endif /* VSP_STOR_CONFIGFS_H */
